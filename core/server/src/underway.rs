//! Changes that are on their way to the store, by unit and by client.

use std::collections::BTreeSet;
use std::sync::Arc;

use lessor_lease::{Change, Lease};
use lessor_types::{Holder, Keyed, KeyedMap, Seq, Unit};

/// A change that the store has not settled.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Its number.
    pub seq: Seq,
    /// The change.
    pub change: Change,
}

/// The changes on their way, at most one for each unit.
#[derive(Debug)]
pub struct Underway {
    changes: KeyedMap<Unit, Pending>,
    /// The units of the rows to be, by what their clients may be found by.
    clients: KeyedMap<u64, Units>,
    keyed: Keyed,
}

/// Units, of which there is hardly ever more than one.
#[derive(Debug)]
enum Units {
    One(Unit),
    Some(BTreeSet<Unit>),
}

impl Units {
    fn add(&mut self, unit: Unit) {
        match self {
            Self::One(one) => *self = Self::Some([*one, unit].into()),
            Self::Some(units) => {
                units.insert(unit);
            }
        }
    }

    /// Takes a unit out; whether none are left.
    fn remove(&mut self, unit: Unit) -> bool {
        match self {
            Self::One(one) => *one == unit,
            Self::Some(units) => {
                units.remove(&unit);
                units.is_empty()
            }
        }
    }

    fn iter(&self) -> impl Iterator<Item = Unit> + '_ {
        let (one, some) = match self {
            Self::One(one) => (Some(*one), None),
            Self::Some(units) => (None, Some(units)),
        };
        one.into_iter().chain(some.into_iter().flatten().copied())
    }
}

impl Underway {
    /// None yet.
    #[must_use]
    pub fn new(keyed: Keyed) -> Self {
        Self { changes: KeyedMap::new(keyed), clients: KeyedMap::new(keyed), keyed }
    }

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

    /// The units that have one, in their order.
    #[must_use]
    pub fn units(&self) -> Vec<Unit> {
        self.changes.sorted_keys()
    }

    /// Adds a change.
    pub fn insert(&mut self, pending: Pending) {
        let unit = pending.change.unit;
        self.remove(unit);
        if let Some(row) = &pending.change.to {
            for name in names(self.keyed, &row.holder).into_iter().flatten() {
                match self.clients.get_mut(&name) {
                    Some(units) => units.add(unit),
                    None => drop(self.clients.insert(name, Units::One(unit))),
                }
            }
        }
        self.changes.insert(unit, pending);
    }

    /// Takes the change of a unit out.
    pub fn remove(&mut self, unit: Unit) -> Option<Pending> {
        let pending = self.changes.remove(&unit)?;
        if let Some(row) = &pending.change.to {
            for name in names(self.keyed, &row.holder).into_iter().flatten() {
                if self.clients.get_mut(&name).is_some_and(|units| units.remove(unit)) {
                    self.clients.remove(&name);
                }
            }
        }
        Some(pending)
    }

    /// Adds the rows to be of a client, by unit.
    pub fn add_rows_of(&self, holder: &Holder, rows: &mut Vec<Arc<Lease>>) {
        let mut names = names(self.keyed, holder).into_iter().flatten();
        let [first, second] = [names.next(), names.next()].map(|name| self.clients.get(&name?));
        let row = |unit: Unit| {
            let row = self.get(unit)?.change.to.as_ref()?;
            row.holder.same_client(holder).then(|| Arc::clone(row))
        };
        match (first, second) {
            (None, None) => {}
            (Some(Units::One(unit)), None) | (None, Some(Units::One(unit))) => {
                rows.extend(row(*unit));
            }
            (first, second) => {
                let units = first.into_iter().chain(second).flat_map(Units::iter);
                let units: BTreeSet<Unit> = units.collect();
                rows.extend(units.into_iter().filter_map(row));
            }
        }
    }
}

/// What a client may be found by: its identifier, and its link-layer address alone, since a subnet
/// may be told to count only that.
#[must_use]
pub fn names(keyed: Keyed, holder: &Holder) -> [Option<u64>; 2] {
    let id = holder.client_id.as_ref().map(|id| keyed.octets(&[id.octets()]));
    let hw = (!holder.hw.is_empty()).then(|| keyed.octets(&[holder.hw.octets()]));
    // Where both are the same octets they are one name.
    [id, hw.filter(|hw| id != Some(*hw))]
}

#[cfg(test)]
mod tests {
    use lessor_lease::{DnsFlags, State};
    use lessor_types::{ClientId, HwAddr, PoolId, Secs, Seed, SubnetId, Wall};
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
            let mut underway = Underway::new(Keyed::of(Seed(1), 0));
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
                let units = underway.units();
                let rows = units.iter().filter_map(|unit| underway.get(*unit)?.change.to.clone());
                let scan: Vec<_> = rows.filter(|row| row.holder.same_client(&asked)).collect();
                let mut found = Vec::new();
                underway.add_rows_of(&asked, &mut found);
                prop_assert_eq!(found, scan);
            }
            let units = underway.units();
            units.into_iter().for_each(|unit| drop(underway.remove(unit)));
            prop_assert!(underway.is_empty() && underway.clients.is_empty());
        }
    }
}
