//! How many leases there are by subnet and by class, counted as they change.

use std::collections::{BTreeMap, BTreeSet};

use lessor_policy::limits::Counted;
use lessor_types::Unit;

/// Leases by what they count under.
#[derive(Debug, Default)]
pub struct Tally {
    /// Under what each unit is counted now.
    of_unit: BTreeMap<Unit, BTreeSet<Counted>>,
    counts: BTreeMap<Counted, u64>,
}

impl Tally {
    /// Counts a unit under these and nothing else from now on.
    pub fn set(&mut self, unit: Unit, under: BTreeSet<Counted>) {
        let before = if under.is_empty() {
            self.of_unit.remove(&unit)
        } else {
            self.of_unit.insert(unit, under.clone())
        };
        let before = before.unwrap_or_default();
        for gone in before.difference(&under) {
            if let Some(count) = self.counts.get_mut(gone) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.counts.remove(gone);
                }
            }
        }
        for new in under.difference(&before) {
            *self.counts.entry(new.clone()).or_default() += 1;
        }
    }

    /// How many there are.
    #[must_use]
    pub fn of(&self, under: &Counted) -> u64 {
        self.counts.get(under).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use lessor_types::SubnetId;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The counts are those of a scan, after any changes.
        #[test]
        fn agrees_with_a_scan(
            steps in prop::collection::vec((0_u8..6, prop::collection::btree_set(0_u32..4, 0..3)), 0..60),
        ) {
            let mut tally = Tally::default();
            let mut naive: BTreeMap<u8, BTreeSet<u32>> = BTreeMap::new();
            for (unit, under) in steps {
                let counted = under.iter().map(|id| Counted::Subnet(SubnetId(*id))).collect();
                tally.set(Unit::V4(Ipv4Addr::new(10, 0, 0, unit)), counted);
                naive.insert(unit, under);
            }
            for id in 0..4 {
                let scanned = naive.values().filter(|under| under.contains(&id)).count();
                prop_assert_eq!(tally.of(&Counted::Subnet(SubnetId(id))), scanned as u64);
            }
        }
    }
}
