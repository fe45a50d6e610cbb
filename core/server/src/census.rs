//! How many leases there are in each pool, counted as settled rows change.

use std::collections::{BTreeMap, BTreeSet};

use lessor_lease::{Lease, Standing, State};
use lessor_types::{PoolId, SubnetId};

/// The leases of the pools of one subnet that share a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Count {
    /// Held by clients or on probation; lapsed ones too until they are reclaimed.
    pub assigned: u64,
    /// Those of them that are on probation.
    pub declined: u64,
    /// How many were granted since the start, renewals aside.
    pub granted: u64,
}

/// Leases by subnet and pool.
#[derive(Clone, Debug, Default)]
pub struct Census {
    counts: BTreeMap<(SubnetId, PoolId), Count>,
    /// What is counted otherwise than when it was last asked for.
    changed: BTreeSet<(SubnetId, PoolId)>,
}

impl Census {
    /// Counts rows that were there before anybody counted.
    pub fn found(&mut self, rows: impl Iterator<Item = Standing>) {
        for count in self.counts.values_mut() {
            *count = Count { granted: count.granted, ..Count::default() };
        }
        self.changed = self.counts.keys().copied().collect();
        for row in rows {
            self.enter(&row, 1);
        }
    }

    /// Counts a row that took the place of another.
    pub fn changed(&mut self, before: Option<&Lease>, after: Option<&Lease>) {
        let is_granted = after.is_some_and(|after| {
            after.state == State::Assigned
                && !before.is_some_and(|before| {
                    before.state == State::Assigned && before.holder.same_client(&after.holder)
                })
        });
        let (before, after) = (before.map(Lease::standing), after.map(Lease::standing));
        let place = |row: Standing| (row.subnet, row.pool, row.state);
        if before.map(place) != after.map(place) {
            if let Some(row) = &before {
                self.enter(row, -1);
            }
            if let Some(row) = &after {
                self.enter(row, 1);
            }
        }
        if is_granted && let Some(row) = &after {
            self.count(row).granted += 1;
        }
    }

    fn enter(&mut self, row: &Standing, by: i64) {
        let is_declined = row.state == State::Declined;
        if is_declined || row.state == State::Assigned {
            let count = self.count(row);
            count.assigned = count.assigned.saturating_add_signed(by);
            if is_declined {
                count.declined = count.declined.saturating_add_signed(by);
            }
        }
    }

    fn count(&mut self, row: &Standing) -> &mut Count {
        let place = (row.subnet, row.pool);
        self.changed.insert(place);
        self.counts.entry(place).or_default()
    }

    /// What is counted otherwise than when this was last asked.
    pub fn take_changed(&mut self) -> Vec<(SubnetId, PoolId, Count)> {
        let changed = std::mem::take(&mut self.changed);
        let count = |place: &(SubnetId, PoolId)| self.counts.get(place).copied();
        changed.iter().map(|place| (place.0, place.1, count(place).unwrap_or_default())).collect()
    }
}

#[cfg(test)]
mod tests {
    use lessor_lease::DnsFlags;
    use lessor_types::{Holder, HwAddr, Secs, Unit, Wall};
    use proptest::prelude::*;

    use super::*;

    fn row(addr: u8, hw: u8, subnet: u32, state: State) -> Lease {
        Lease {
            unit: Unit::V4([10, 0, 0, addr].into()),
            subnet: SubnetId(subnet),
            pool: PoolId(0),
            holder: Holder { hw: HwAddr::ethernet([2, 0, 0, 0, 0, hw]), client_id: None },
            state,
            valid: Secs(100),
            expires: Wall::from_secs(1),
            hostname: None,
            dns: DnsFlags::default(),
            context: None,
            promises: None,
        }
    }

    #[test]
    fn a_renewal_is_no_grant() {
        let mut census = Census::default();
        let first = row(1, 1, 7, State::Assigned);
        let other = row(1, 2, 7, State::Assigned);
        census.changed(None, Some(&first));
        census.changed(Some(&first), Some(&first));
        census.changed(Some(&first), Some(&other));
        let count = Count { assigned: 1, declined: 0, granted: 2 };
        assert_eq!(census.take_changed(), [(SubnetId(7), PoolId(0), count)]);
        assert_eq!(census.take_changed(), []);
        census.found(std::iter::empty());
        let count = Count { granted: 2, ..Count::default() };
        assert_eq!(census.take_changed(), [(SubnetId(7), PoolId(0), count)]);
    }

    proptest! {
        /// The counts are those of a scan, after any changes.
        #[test]
        fn agrees_with_a_scan(
            steps in prop::collection::vec((0_u8..6, 0_u8..3, 1_u32..3, prop::option::of(0_u32..4)), 0..60),
        ) {
            let mut census = Census::default();
            let mut rows: BTreeMap<u8, Lease> = BTreeMap::new();
            for (addr, hw, subnet, state) in steps {
                let new = state
                    .and_then(State::from_number)
                    .map(|state| row(addr, hw, subnet, state));
                census.changed(rows.get(&addr), new.as_ref());
                match new {
                    Some(new) => rows.insert(addr, new),
                    None => rows.remove(&addr),
                };
            }
            for (subnet, _, count) in census.take_changed() {
                let in_state = |state| {
                    rows.values().filter(|it| it.subnet == subnet && it.state == state).count() as u64
                };
                prop_assert_eq!(count.declined, in_state(State::Declined));
                let assigned = in_state(State::Assigned) + in_state(State::Declined);
                prop_assert_eq!(count.assigned, assigned);
            }
        }
    }
}
