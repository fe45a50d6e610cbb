//! Leases by unit, by client and by the time at which they end.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use lessor_types::{ClientId, Holder, HwAddr, Unit, Wall, stable_hash};

use crate::{Lease, State};

/// The settled leases of one server.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: BTreeMap<Unit, Arc<Lease>>,
    by_client_id: BTreeSet<(u64, Unit)>,
    by_hw: BTreeSet<(u64, Unit)>,
    /// Assigned and declined rows by the second at which they lapse; infinite ones are absent.
    by_lapse: BTreeSet<(i64, Unit)>,
    /// Reclaimed and released rows by the second at which they ended.
    by_end: BTreeSet<(i64, Unit)>,
}

impl Table {
    /// A table without leases.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many rows there are, of any state.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row of `unit`.
    #[must_use]
    pub fn row(&self, unit: Unit) -> Option<&Arc<Lease>> {
        self.rows.get(&unit)
    }

    /// All rows, by unit.
    pub fn rows(&self) -> impl Iterator<Item = &Arc<Lease>> {
        self.rows.values()
    }

    /// The rows whose units come after `unit`, by unit; all of them for `None`.
    pub fn rows_after(&self, unit: Option<Unit>) -> impl Iterator<Item = &Arc<Lease>> {
        let from = unit.map_or(Bound::Unbounded, Bound::Excluded);
        self.rows.range((from, Bound::Unbounded)).map(|(_, row)| row)
    }

    /// The rows behind `after` whose holder has this link-layer address, by unit.
    pub fn rows_with_hw<'a>(
        &'a self,
        hw: &'a HwAddr,
        after: Option<Unit>,
    ) -> impl Iterator<Item = &'a Arc<Lease>> {
        matching_after(&self.by_hw, stable_hash(hw.octets()), after)
            .filter_map(|unit| self.rows.get(&unit))
            .filter(|row| row.holder.hw.octets() == hw.octets())
    }

    /// The rows behind `after` whose holder has this identifier, by unit.
    pub fn rows_with_client_id<'a>(
        &'a self,
        id: &'a ClientId,
        after: Option<Unit>,
    ) -> impl Iterator<Item = &'a Arc<Lease>> {
        matching_after(&self.by_client_id, stable_hash(id.octets()), after)
            .filter_map(|unit| self.rows.get(&unit))
            .filter(|row| row.holder.client_id.as_ref() == Some(id))
    }

    /// The rows that belong to `holder`, by unit.
    #[must_use]
    pub fn rows_of(&self, holder: &Holder) -> Vec<Arc<Lease>> {
        let mut units = BTreeSet::new();
        if let Some(id) = &holder.client_id {
            units.extend(matching(&self.by_client_id, stable_hash(id.octets())));
        }
        if !holder.hw.is_empty() {
            units.extend(matching(&self.by_hw, stable_hash(holder.hw.octets())));
        }
        units
            .iter()
            .filter_map(|unit| self.rows.get(unit))
            .filter(|row| row.holder.same_client(holder))
            .cloned()
            .collect()
    }

    /// The assigned and declined units that lapse behind the place `from` and not after `until`,
    /// with their places.
    pub fn lapsing(&self, from: (i64, Unit), until: Wall) -> impl Iterator<Item = &(i64, Unit)> {
        self.by_lapse
            .range((Bound::Excluded(from), Bound::Unbounded))
            .take_while(move |(at, _)| *at <= until.secs())
    }

    /// The assigned and declined rows that lapsed by `until`, the longest ago first.
    pub fn lapsed(&self, until: Wall) -> impl Iterator<Item = &Arc<Lease>> {
        self.by_lapse
            .iter()
            .take_while(move |(at, _)| *at <= until.secs())
            .filter_map(|(_, unit)| self.rows.get(unit))
    }

    /// The reclaimed and released rows that ended by `until`, the longest ago first.
    pub fn ended(&self, until: Wall) -> impl Iterator<Item = &Arc<Lease>> {
        self.by_end
            .iter()
            .take_while(move |(at, _)| *at <= until.secs())
            .filter_map(|(_, unit)| self.rows.get(unit))
    }

    /// Puts a row in the place of the one that its unit had.
    pub fn put(&mut self, row: Arc<Lease>) -> Option<Arc<Lease>> {
        let before = self.remove(row.unit);
        let keys = Keys::of(&row);
        self.by_client_id.extend(keys.client_id);
        self.by_hw.extend(keys.hw);
        self.by_lapse.extend(keys.lapse);
        self.by_end.extend(keys.end);
        self.rows.insert(row.unit, row);
        before
    }

    /// Removes the row of `unit`.
    pub fn remove(&mut self, unit: Unit) -> Option<Arc<Lease>> {
        let row = self.rows.remove(&unit)?;
        let keys = Keys::of(&row);
        keys.client_id.map(|key| self.by_client_id.remove(&key));
        keys.hw.map(|key| self.by_hw.remove(&key));
        keys.lapse.map(|key| self.by_lapse.remove(&key));
        keys.end.map(|key| self.by_end.remove(&key));
        Some(row)
    }
}

/// Where a row stands in the indexes.
struct Keys {
    client_id: Option<(u64, Unit)>,
    hw: Option<(u64, Unit)>,
    lapse: Option<(i64, Unit)>,
    end: Option<(i64, Unit)>,
}

impl Keys {
    fn of(row: &Lease) -> Self {
        let hw = row.holder.hw.octets();
        let id = row.holder.client_id.as_ref();
        let has_ended = matches!(row.state, State::Reclaimed | State::Released);
        let place = row.lapses().map(|at| (at.secs(), row.unit));
        Self {
            client_id: id.map(|id| (stable_hash(id.octets()), row.unit)),
            hw: (!hw.is_empty()).then(|| (stable_hash(hw), row.unit)),
            lapse: place.filter(|_| !has_ended),
            end: place.filter(|_| has_ended),
        }
    }
}

fn matching(index: &BTreeSet<(u64, Unit)>, hash: u64) -> impl Iterator<Item = Unit> {
    let first = Unit::V4(std::net::Ipv4Addr::UNSPECIFIED);
    index.range((hash, first)..).take_while(move |(other, _)| *other == hash).map(|(_, unit)| *unit)
}

fn matching_after(
    index: &BTreeSet<(u64, Unit)>,
    hash: u64,
    after: Option<Unit>,
) -> impl Iterator<Item = Unit> {
    matching(index, hash).filter(move |unit| Some(*unit) > after)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use lessor_types::{ClientId, HwAddr, PoolId, Secs, SubnetId};
    use proptest::prelude::*;

    use super::*;
    use crate::DnsFlags;

    fn row(addr: u8, hw: u8, id: Option<u8>, expires: i64) -> Arc<Lease> {
        Arc::new(Lease {
            unit: Unit::V4(Ipv4Addr::new(10, 0, 0, addr)),
            subnet: SubnetId(1),
            pool: PoolId(0),
            holder: Holder {
                hw: HwAddr::ethernet([2, 0, 0, 0, 0, hw]),
                client_id: id.and_then(|id| ClientId::new(&[1, id]).ok()),
            },
            state: State::Assigned,
            valid: Secs(100),
            expires: Wall::from_secs(expires),
            hostname: None,
            dns: DnsFlags::default(),
            context: None,
            promises: None,
        })
    }

    proptest! {
        /// Every index answers as a scan of the rows would.
        #[test]
        fn indexes_agree_with_a_scan(
            steps in prop::collection::vec(
                (0_u8..20, 0_u8..6, prop::option::of(0_u8..6), 0_i64..50, any::<bool>()), 1..80),
            hw in 0_u8..6, id in prop::option::of(0_u8..6), until in 0_i64..60,
        ) {
            let mut table = Table::new();
            for (addr, hw, id, expires, keep) in steps {
                let row = row(addr, hw, id, expires);
                if keep { table.put(row); } else { table.remove(row.unit); }
            }
            let asked = row(0, hw, id, 0).holder.clone();
            let scan: Vec<_> =
                table.rows().filter(|row| row.holder.same_client(&asked)).cloned().collect();
            prop_assert_eq!(table.rows_of(&asked), scan);
            let start = (i64::MIN, Unit::V4(Ipv4Addr::UNSPECIFIED));
            let lapsing = table.lapsing(start, Wall::from_secs(until)).count();
            let scan = table.rows().filter(|row| row.is_reusable(Wall::from_secs(until))).count();
            prop_assert_eq!(lapsing, scan);
            let by_hw: Vec<_> = table.rows_with_hw(&asked.hw, None).cloned().collect();
            let scan: Vec<_> =
                table.rows().filter(|row| row.holder.hw == asked.hw).cloned().collect();
            prop_assert_eq!(by_hw, scan);
            if let Some(id) = &asked.client_id {
                let behind = Some(row(9, 0, None, 0).unit);
                let by_id: Vec<_> = table.rows_with_client_id(id, behind).cloned().collect();
                let has_id = |row: &&Arc<Lease>| row.holder.client_id.as_ref() == Some(id);
                let scan: Vec<_> = table.rows_after(behind).filter(has_id).cloned().collect();
                prop_assert_eq!(by_id, scan);
            }
            let after = table.rows_after(Some(row(9, 0, None, 0).unit)).count();
            prop_assert_eq!(after, table.rows().filter(|r| r.unit > row(9, 0, None, 0).unit).count());
        }
    }
}
