//! Where the rows of IPv4 addresses lie, found at the same cost however many there are.
//!
//! Addresses that are leased lie side by side: a leaf has the slots of 64 of them, and a branch the
//! leaves of 65,536. That is some four octets for each address of a full pool, and at worst 264 for
//! one that is alone.

use std::collections::BTreeMap;

use crate::arena::Slot;

/// Addresses in one leaf.
const LEAF: u32 = 64;
/// Leaves in one branch.
const LEAVES: usize = 1024;

/// Slots by address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sheet {
    /// By the first half of the address.
    branches: BTreeMap<u16, Box<Branch>>,
}

#[derive(Clone, Debug)]
struct Branch {
    leaves: [Option<Box<Leaf>>; LEAVES],
    /// How many addresses have slots in them.
    count: usize,
}

#[derive(Clone, Debug)]
struct Leaf {
    slots: [Slot; LEAF as usize],
    /// Which of them count.
    present: u64,
}

/// Where an address is: its branch, its leaf in that, and its place in that.
const fn whereabouts(addr: u32) -> (u16, usize, usize) {
    let [high, low, ..] = addr.to_be_bytes();
    let leaf = (addr & 0xffff) / LEAF;
    (u16::from_be_bytes([high, low]), leaf as usize, (addr % LEAF) as usize)
}

impl Sheet {
    /// How many addresses have a slot.
    pub(crate) fn len(&self) -> usize {
        self.branches.values().map(|branch| branch.count).sum()
    }

    /// Whether none have.
    pub(crate) fn is_empty(&self) -> bool {
        self.branches.is_empty()
    }

    /// The slot of an address.
    pub(crate) fn get(&self, addr: u32) -> Option<Slot> {
        let (branch, leaf, place) = whereabouts(addr);
        let leaf = self.branches.get(&branch)?.leaves[leaf].as_ref()?;
        (leaf.present >> place & 1 != 0).then(|| leaf.slots[place])
    }

    /// Gives an address a slot; the one that it had.
    pub(crate) fn insert(&mut self, addr: u32, slot: Slot) -> Option<Slot> {
        let (branch, leaf, place) = whereabouts(addr);
        let branch = self.branches.entry(branch).or_insert_with(Branch::new);
        let leaf = branch.leaves[leaf].get_or_insert_with(|| Leaf::new(slot));
        let before = std::mem::replace(&mut leaf.slots[place], slot);
        let was_there = leaf.present >> place & 1 != 0;
        leaf.present |= 1 << place;
        branch.count += usize::from(!was_there);
        was_there.then_some(before)
    }

    /// Takes the slot of an address away.
    pub(crate) fn remove(&mut self, addr: u32) -> Option<Slot> {
        let (key, at, place) = whereabouts(addr);
        let branch = self.branches.get_mut(&key)?;
        let leaf = branch.leaves[at].as_mut()?;
        if leaf.present >> place & 1 == 0 {
            return None;
        }
        let slot = leaf.slots[place];
        leaf.present &= !(1 << place);
        if leaf.present == 0 {
            branch.leaves[at] = None;
        }
        branch.count -= 1;
        if branch.count == 0 {
            self.branches.remove(&key);
        }
        Some(slot)
    }

    /// The addresses that have slots, behind `after`, in their order.
    pub(crate) fn iter(
        &self,
        after: Option<u32>,
    ) -> impl Iterator<Item = (u32, Slot)> + Clone + '_ {
        let from = after.map_or(Some(0), |addr| addr.checked_add(1));
        from.into_iter().flat_map(|from| {
            let (first, ..) = whereabouts(from);
            self.branches.range(first..).flat_map(move |(key, branch)| {
                let base = u32::from(*key) << 16;
                branch.iter(base, from.max(base))
            })
        })
    }
}

impl Branch {
    fn new() -> Box<Self> {
        Box::new(Self { leaves: [const { None }; LEAVES], count: 0 })
    }

    /// The slots of the branch whose first address is `base`, from an address in it on.
    fn iter(&self, base: u32, from: u32) -> impl Iterator<Item = (u32, Slot)> + Clone + '_ {
        let (_, first, _) = whereabouts(from);
        let bases = (0..).map(move |number: u32| base + number * LEAF);
        let leaves = self.leaves.iter().zip(bases).skip(first);
        leaves.filter_map(|(leaf, base)| Some((base, leaf.as_deref()?))).flat_map(
            move |(base, leaf)| {
                let mut left = leaf.present & (u64::MAX << from.saturating_sub(base));
                std::iter::from_fn(move || {
                    let place = left.trailing_zeros();
                    let slot = leaf.slots.get(place as usize)?;
                    left &= left - 1;
                    Some((base + place, *slot))
                })
            },
        )
    }
}

impl Leaf {
    /// One in which nothing counts yet; what is in it does not matter.
    fn new(slot: Slot) -> Box<Self> {
        Box::new(Self { slots: [slot; LEAF as usize], present: 0 })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::arena::Arena;

    fn addr() -> impl Strategy<Value = u32> {
        prop_oneof![
            0_u32..200,
            0x0a00_ffc0_u32..0x0a01_0040,
            u32::MAX - 70..=u32::MAX,
            any::<u32>(),
        ]
    }

    proptest! {
        /// A sheet is an ordered map of addresses.
        #[test]
        fn is_an_ordered_map(
            steps in prop::collection::vec((addr(), any::<bool>()), 0..200),
            after in addr(),
        ) {
            let (mut sheet, mut map, mut arena) = (Sheet::default(), BTreeMap::new(), Arena::default());
            for (addr, put) in steps {
                if put {
                    let slot = arena.put(&addr.to_le_bytes());
                    prop_assert_eq!(sheet.insert(addr, slot), map.insert(addr, slot));
                } else {
                    prop_assert_eq!(sheet.remove(addr), map.remove(&addr));
                }
                prop_assert_eq!(sheet.get(addr), map.get(&addr).copied());
                prop_assert_eq!((sheet.len(), sheet.is_empty()), (map.len(), map.is_empty()));
            }
            prop_assert!(sheet.iter(None).eq(map.iter().map(|(addr, slot)| (*addr, *slot))));
            let behind = map.iter().filter(|(addr, _)| **addr > after);
            prop_assert!(sheet.iter(Some(after)).eq(behind.map(|(addr, slot)| (*addr, *slot))));
            prop_assert!(sheet.iter(Some(u32::MAX)).next().is_none());
            for addr in map.keys() {
                sheet.remove(*addr);
            }
            prop_assert!(sheet.branches.is_empty());
        }
    }
}
