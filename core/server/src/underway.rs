//! Changes that are on their way to the store, by unit and by client.

use std::collections::BTreeSet;
use std::collections::btree_map::{self, BTreeMap};
use std::sync::Arc;

use lessor_lease::{Change, Lease};
use lessor_types::{Holder, Seq, Unit, stable_hash};

/// A change that the store has not settled.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Its number.
    pub seq: Seq,
    /// The change.
    pub change: Change,
}

/// The changes on their way, at most one for each unit.
#[derive(Debug, Default)]
pub struct Underway {
    changes: BTreeMap<Unit, Pending>,
    /// The units of the rows to be, by what their clients may be found by.
    clients: BTreeSet<(u64, Unit)>,
}

impl Underway {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The change of a unit.
    #[must_use]
    pub fn get(&self, unit: Unit) -> Option<&Pending> {
        self.changes.get(&unit)
    }

    /// The units that have one.
    pub fn units(&self) -> btree_map::Keys<'_, Unit, Pending> {
        self.changes.keys()
    }

    /// Adds a change.
    pub fn insert(&mut self, pending: Pending) {
        let unit = pending.change.unit;
        self.remove(unit);
        let row = pending.change.to.as_ref();
        self.clients
            .extend(row.into_iter().flat_map(|row| names(&row.holder)).map(|it| (it, unit)));
        self.changes.insert(unit, pending);
    }

    /// Takes the change of a unit out.
    pub fn remove(&mut self, unit: Unit) -> Option<Pending> {
        let pending = self.changes.remove(&unit)?;
        for name in pending.change.to.iter().flat_map(|row| names(&row.holder)) {
            self.clients.remove(&(name, unit));
        }
        Some(pending)
    }

    /// The rows to be of a client, by unit.
    #[must_use]
    pub fn rows_of(&self, holder: &Holder) -> Vec<Arc<Lease>> {
        let first = Unit::V4(std::net::Ipv4Addr::UNSPECIFIED);
        let found = names(holder).flat_map(|name| {
            let range = self.clients.range((name, first)..);
            range.take_while(move |(other, _)| *other == name).map(|(_, unit)| *unit)
        });
        let units: BTreeSet<Unit> = found.collect();
        let rows = units.iter().filter_map(|unit| self.get(*unit)?.change.to.as_ref());
        rows.filter(|row| row.holder.same_client(holder)).cloned().collect()
    }
}

/// What a client may be found by: its identifier, and its link-layer address.
fn names(holder: &Holder) -> impl Iterator<Item = u64> {
    let id = holder.client_id.as_ref().map(|id| stable_hash(id.octets()));
    let hw = (!holder.hw.is_empty()).then(|| stable_hash(holder.hw.octets()));
    id.into_iter().chain(hw)
}

#[cfg(test)]
mod tests {
    use lessor_lease::{DnsFlags, State};
    use lessor_types::{ClientId, HwAddr, PoolId, Secs, SubnetId, Wall};
    use proptest::prelude::*;

    use super::*;

    fn row(addr: u8, hw: u8, id: Option<u8>) -> Arc<Lease> {
        Arc::new(Lease {
            unit: Unit::V4([10, 0, 0, addr].into()),
            subnet: SubnetId(1),
            pool: PoolId(0),
            holder: Holder {
                hw: HwAddr::ethernet([2, 0, 0, 0, 0, hw]),
                client_id: id.and_then(|id| ClientId::new(&[1, id]).ok()),
            },
            state: State::Assigned,
            valid: Secs(100),
            expires: Wall::from_secs(1),
            hostname: None,
            dns: DnsFlags::default(),
            context: None,
            promises: None,
        })
    }

    proptest! {
        /// Clients are found as by a scan, whatever came and went.
        #[test]
        fn clients_are_found_as_by_a_scan(
            steps in prop::collection::vec(
                (0_u8..8, 0_u8..4, prop::option::of(0_u8..4), 0_u8..3), 0..40),
        ) {
            let mut underway = Underway::default();
            for (addr, hw, id, what) in steps {
                let row = row(addr, hw, id);
                let (unit, asked) = (row.unit, row.holder.clone());
                let to = (what == 0).then_some(row);
                match what {
                    2 => drop(underway.remove(unit)),
                    _ => underway.insert(Pending {
                        seq: Seq(0),
                        change: Change { unit, from: None, to },
                    }),
                }
                let rows = underway.changes.values().filter_map(|it| it.change.to.clone());
                let scan: Vec<_> = rows.filter(|row| row.holder.same_client(&asked)).collect();
                prop_assert_eq!(underway.rows_of(&asked), scan);
            }
            let units: Vec<Unit> = underway.units().copied().collect();
            units.into_iter().for_each(|unit| drop(underway.remove(unit)));
            prop_assert!(underway.is_empty() && underway.clients.is_empty());
        }
    }
}
