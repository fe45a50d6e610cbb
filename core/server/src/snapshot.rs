//! The leases as they were at one moment, read in steps.
//!
//! A snapshot copies nothing when it begins. From then on it is told of each row that is about to
//! change, and remembers what that row was; a step reads the table and puts what it remembers in
//! the place of what is there now.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use lessor_lease::{Lease, Table};
use lessor_types::Unit;

/// Names a snapshot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SnapshotId(pub u64);

/// How many stand at once; the oldest ends when there is one more. Who reads one through is done
/// long before that.
const SNAPSHOTS_MAX: usize = 64;

/// What rows were when a snapshot began; none where there was none.
type Before = BTreeMap<Unit, Option<Arc<Lease>>>;

/// The snapshots that somebody reads. Each remembers at most one row for each unit.
#[derive(Debug, Default)]
pub struct Snapshots {
    standing: BTreeMap<SnapshotId, Before>,
    last: u64,
}

impl Snapshots {
    /// Begins a snapshot of what is so now.
    pub fn begin(&mut self) -> SnapshotId {
        self.last += 1;
        let id = SnapshotId(self.last);
        self.standing.insert(id, Before::new());
        if self.standing.len() > SNAPSHOTS_MAX {
            self.standing.pop_first();
        }
        id
    }

    /// Ends one.
    pub fn end(&mut self, id: SnapshotId) {
        self.standing.remove(&id);
    }

    /// Ends all: the table is about to become another one.
    pub fn end_all(&mut self) {
        self.standing.clear();
    }

    /// Notes that the row of a unit is another one now than `before`.
    pub fn changed(&mut self, unit: Unit, before: Option<&Arc<Lease>>) {
        for rows in self.standing.values_mut() {
            rows.entry(unit).or_insert_with(|| before.cloned());
        }
    }

    /// The rows of a snapshot of `table` whose units come after `after`, by unit; none if it has
    /// ended.
    pub fn rows_after<'a>(
        &'a self,
        id: SnapshotId,
        table: &'a Table,
        after: Option<Unit>,
    ) -> Option<impl Iterator<Item = Arc<Lease>> + use<'a>> {
        let before = self.standing.get(&id)?;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut was = before.range((from, Bound::Unbounded)).peekable();
        let is_as_it_was = |row: &Arc<Lease>| !before.contains_key(&row.unit);
        let mut is = table.rows_after(after).filter(is_as_it_was).peekable();
        Some(std::iter::from_fn(move || {
            loop {
                let first = is.peek().map(|row| row.unit);
                let changed = was.next_if(|(unit, _)| first.is_none_or(|first| **unit < first));
                match changed {
                    Some((_, Some(row))) => return Some(Arc::clone(row)),
                    Some((_, None)) => {}
                    None => return is.next(),
                }
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use lessor_lease::{DnsFlags, State};
    use lessor_types::{Holder, HwAddr, PoolId, Secs, SubnetId, Wall};
    use proptest::prelude::*;

    use super::*;

    fn row(addr: u8, expires: i64) -> Arc<Lease> {
        Arc::new(Lease {
            unit: Unit::V4([10, 0, 0, addr].into()),
            subnet: SubnetId(1),
            pool: PoolId(0),
            holder: Holder { hw: HwAddr::ethernet([2, 0, 0, 0, 0, addr]), client_id: None },
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
        /// Whatever changes between two steps, a snapshot reads as a copy would.
        #[test]
        fn reads_as_a_copy_would(
            first in prop::collection::vec(0_u8..30, 0..30),
            changes in prop::collection::vec((0_u8..30, any::<bool>()), 0..60),
            step in 1_usize..7,
        ) {
            let mut table = Table::new();
            for addr in first {
                table.put(&row(addr, 1));
            }
            let copy: Vec<_> = table.rows().collect();
            let mut snapshots = Snapshots::default();
            let id = snapshots.begin();
            let mut read: Vec<Arc<Lease>> = Vec::new();
            let mut changes = changes.into_iter();
            loop {
                for (addr, keep) in changes.by_ref().take(3) {
                    let new = row(addr, 2);
                    let unit = new.unit;
                    let before = if keep { table.put(&new) } else { table.remove(unit) };
                    snapshots.changed(unit, before.as_ref());
                }
                let after = read.last().map(|row| row.unit);
                let rows = snapshots.rows_after(id, &table, after).expect("it stands");
                let some: Vec<_> = rows.take(step).collect();
                if some.is_empty() {
                    break;
                }
                read.extend(some);
            }
            prop_assert_eq!(read, copy);
            snapshots.end(id);
            prop_assert!(snapshots.rows_after(id, &table, None).is_none());
        }
    }

    #[test]
    fn those_that_nobody_ended_do_not_add_up() {
        let mut snapshots = Snapshots::default();
        let first = snapshots.begin();
        for _ in 0..SNAPSHOTS_MAX {
            snapshots.begin();
        }
        assert!(snapshots.rows_after(first, &Table::new(), None).is_none());
        assert_eq!(snapshots.standing.len(), SNAPSHOTS_MAX);
    }
}
