//! Leases by unit, packed.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::Arc;

use lessor_types::Unit;

use crate::arena::{Arena, Slot};
use crate::record::{Record, pack};
use crate::sheet::Sheet;
use crate::{Lease, Standing};

/// Leases, each at most once by unit, in little memory: some thirty octets for a usual one.
///
/// What a start reads is gathered here; a [`Table`](crate::Table) is made of it.
#[derive(Clone, Default)]
pub struct Rows {
    v4: Sheet,
    others: BTreeMap<Unit, Slot>,
    arena: Arena,
    /// For packing.
    draft: Vec<u8>,
}

impl Rows {
    /// No rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.v4.len() + self.others.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.others.is_empty()
    }

    fn slot(&self, unit: Unit) -> Option<Slot> {
        match unit {
            Unit::V4(addr) => self.v4.get(addr.into()),
            unit => self.others.get(&unit).copied(),
        }
    }

    pub(crate) fn record(&self, unit: Unit) -> Option<Record<'_>> {
        self.slot(unit).map(|slot| Record::of(self.arena.get(slot)))
    }

    /// The row of `unit`.
    #[must_use]
    pub fn row(&self, unit: Unit) -> Option<Arc<Lease>> {
        self.record(unit).map(|record| record.shared(unit))
    }

    /// How the row of `unit` stands, for less than the row itself.
    #[must_use]
    pub fn standing(&self, unit: Unit) -> Option<Standing> {
        self.record(unit).map(|record| record.standing)
    }

    pub(crate) fn records(
        &self,
        after: Option<Unit>,
    ) -> impl Iterator<Item = (Unit, Record<'_>)> + Clone + '_ {
        let (v4, others) = match after {
            None => (None, Bound::Unbounded),
            Some(Unit::V4(addr)) => (Some(addr.into()), Bound::Unbounded),
            Some(unit) => (Some(u32::MAX), Bound::Excluded(unit)),
        };
        let v4 = self.v4.iter(v4).map(|(addr, slot)| (Unit::V4(addr.into()), slot));
        let others = self.others.range((others, Bound::Unbounded));
        let others = others.map(|(unit, slot)| (*unit, *slot));
        v4.chain(others).map(|(unit, slot)| (unit, Record::of(self.arena.get(slot))))
    }

    /// All rows, by unit.
    pub fn iter(&self) -> impl Iterator<Item = Lease> + '_ {
        self.records(None).map(|(unit, record)| record.lease(unit))
    }

    /// How all rows stand, by unit.
    pub fn standings(&self) -> impl Iterator<Item = (Unit, Standing)> + '_ {
        self.records(None).map(|(unit, record)| (unit, record.standing))
    }

    /// Puts a row in the place of the one that its unit had.
    pub fn put(&mut self, row: &Lease) {
        self.draft.clear();
        pack(row, &mut self.draft);
        let slot = self.arena.put(&self.draft);
        let before = match row.unit {
            Unit::V4(addr) => self.v4.insert(addr.into(), slot),
            unit => self.others.insert(unit, slot),
        };
        if let Some(before) = before {
            self.arena.remove(before);
        }
    }

    /// Removes the row of `unit`, if it has one.
    pub fn remove(&mut self, unit: Unit) {
        let slot = match unit {
            Unit::V4(addr) => self.v4.remove(addr.into()),
            unit => self.others.remove(&unit),
        };
        if let Some(slot) = slot {
            self.arena.remove(slot);
        }
    }
}

impl PartialEq for Rows {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Rows {}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl FromIterator<Arc<Lease>> for Rows {
    fn from_iter<T: IntoIterator<Item = Arc<Lease>>>(rows: T) -> Self {
        let mut gathered = Self::new();
        rows.into_iter().for_each(|row| gathered.put(&row));
        gathered
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::tests::lease;

    proptest! {
        /// Rows are what an ordered map of leases would be.
        #[test]
        fn are_an_ordered_map(leases in prop::collection::vec(lease(), 0..12), removed in 0..12_usize) {
            let mut rows = Rows::new();
            let mut map = BTreeMap::new();
            for lease in &leases {
                rows.put(lease);
                map.insert(lease.unit, lease.clone());
            }
            if let Some(lease) = leases.get(removed) {
                rows.remove(lease.unit);
                map.remove(&lease.unit);
            }
            prop_assert_eq!(rows.len(), map.len());
            prop_assert!(rows.iter().eq(map.values().cloned()));
            for lease in &leases {
                let after = rows.records(Some(lease.unit)).map(|(unit, _)| unit);
                let range = map.range((Bound::Excluded(lease.unit), Bound::Unbounded));
                prop_assert!(after.eq(range.map(|(unit, _)| *unit)));
                let row = rows.row(lease.unit);
                prop_assert_eq!(row.as_deref(), map.get(&lease.unit));
                prop_assert_eq!(rows.standing(lease.unit), map.get(&lease.unit).map(Lease::standing));
            }
        }
    }
}
