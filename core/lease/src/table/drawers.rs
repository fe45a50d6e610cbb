//! Keys by a hash, some of which may have the same.

use std::collections::BTreeSet;
use std::ops::Bound;

use super::index::Key;

/// How many entries a drawer has on the average before there is one more.
const FILL: usize = 32;
/// How many entries a drawer takes. Hashes that fall evenly never come near.
const FULL: usize = 8 * FILL;
/// How far from where an entry should be it is looked for one by one.
const NEAR: usize = 16;
/// By how many entries the room of a drawer grows.
const STEP: usize = 8;

/// A multimap of hashes to keys, for millions of entries in little more room than they need.
///
/// Entries lie in drawers, in order, by the low bits of their hashes. There is one more drawer now and
/// then, whose entries all come out of one other (linear hashing), so that no change ever costs more
/// than a few hundred entries, however many there are. Who chooses hashes so that they fall into one
/// drawer gains nothing: what it has no room for is kept aside, in a tree.
#[derive(Clone, Debug)]
pub(super) struct Drawers<K> {
    /// At least one.
    drawers: Vec<Vec<(u32, K)>>,
    aside: BTreeSet<(u32, K)>,
    /// How many entries there are in drawers.
    len: usize,
}

impl<K> Default for Drawers<K> {
    fn default() -> Self {
        Self { drawers: vec![Vec::new()], aside: BTreeSet::new(), len: 0 }
    }
}

/// The drawer of a hash among so many: by as many low bits as it takes to number them, or by one less
/// where that one is not there yet.
const fn place(hash: u32, drawers: usize) -> usize {
    let mask = drawers.next_power_of_two() - 1;
    let at = hash as usize & mask;
    if at < drawers { at } else { at & (mask >> 1) }
}

/// Where the first entry is, in order, that does not come before this one.
fn first<K: Key>(drawer: &[(u32, K)], entry: (u32, K)) -> usize {
    // The high bits fall evenly as well, so they tell about where; and what is there lies in one line
    // of the cache or two, where a search that halves looks into several.
    let guess = ((drawer.len() as u64 * u64::from(entry.0)) >> u32::BITS) as usize;
    let (below, above) = drawer.split_at_checked(guess).unwrap_or((drawer, &[]));
    let over = below.iter().rev().take(NEAR).take_while(|other| **other >= entry).count();
    if over > 0 && over < NEAR {
        return guess - over;
    }
    let under = above.iter().take(NEAR).take_while(|other| **other < entry).count();
    if over == 0 && under < NEAR {
        return guess + under;
    }
    drawer.partition_point(|other| *other < entry)
}

impl<K: Key> Drawers<K> {
    /// Puts an entry in, unless it is there.
    pub(super) fn insert(&mut self, entry: (u32, K)) {
        let at = place(entry.0, self.drawers.len());
        let Some(drawer) = self.drawers.get_mut(at) else {
            return;
        };
        let place = first(drawer, entry);
        if drawer.get(place) == Some(&entry) {
            return;
        }
        if drawer.len() >= FULL {
            self.aside.insert(entry);
            return;
        }
        if !self.aside.is_empty() && self.aside.contains(&entry) {
            return;
        }
        if drawer.len() == drawer.capacity() {
            drawer.reserve_exact(STEP);
        }
        drawer.insert(place, entry);
        self.len += 1;
        if self.len > FILL * self.drawers.len() {
            self.add_drawer();
        }
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, entry: (u32, K)) {
        let at = place(entry.0, self.drawers.len());
        let Some(drawer) = self.drawers.get_mut(at) else {
            return;
        };
        let place = first(drawer, entry);
        if drawer.get(place) != Some(&entry) {
            self.aside.remove(&entry);
            return;
        }
        drawer.remove(place);
        self.len -= 1;
        if drawer.capacity() > drawer.len() + 3 * STEP {
            drawer.shrink_to(drawer.len() + STEP);
        }
    }

    /// The keys of a hash, behind one or all of them, in order.
    pub(super) fn matching(
        &self,
        hash: u32,
        behind: Option<K>,
    ) -> impl Iterator<Item = K> + use<'_, K> {
        let drawer = self.drawers.get(place(hash, self.drawers.len()));
        let drawer = drawer.map_or(&[][..], Vec::as_slice);
        let from = first(drawer, (hash, behind.unwrap_or(K::FIRST)));
        let rest = drawer.get(from..).unwrap_or_default().iter();
        let drawn = rest.map_while(move |(other, key)| (*other == hash).then_some(*key));
        let drawn = drawn.skip_while(move |key| Some(*key) == behind);
        let aside = (!self.aside.is_empty()).then(|| self.aside_of(hash, behind));
        super::merged(drawn, aside.into_iter().flatten())
    }

    fn aside_of(&self, hash: u32, behind: Option<K>) -> impl Iterator<Item = K> + use<'_, K> {
        let from = match behind {
            None => Bound::Included((hash, K::FIRST)),
            Some(key) => Bound::Excluded((hash, key)),
        };
        let rest = self.aside.range((from, Bound::Unbounded));
        rest.map_while(move |(other, key)| (*other == hash).then_some(*key))
    }

    /// Adds a drawer, and puts into it what belongs there.
    fn add_drawer(&mut self) {
        let new = self.drawers.len();
        let mask = (new + 1).next_power_of_two() - 1;
        let Some(source) = self.drawers.get_mut(new & (mask >> 1)) else {
            return;
        };
        let belongs = |entry: &(u32, K)| entry.0 as usize & mask == new;
        let moved: Vec<(u32, K)> = source.iter().copied().filter(belongs).collect();
        source.retain(|entry| !belongs(entry));
        source.shrink_to(source.len() + STEP);
        self.drawers.push(moved);
    }
}

impl<K: Key> FromIterator<(u32, K)> for Drawers<K> {
    /// For less than putting the entries in one by one.
    fn from_iter<I: IntoIterator<Item = (u32, K)>>(entries: I) -> Self {
        let mut entries: Vec<(u32, K)> = entries.into_iter().collect();
        let count = entries.len().div_ceil(FILL).max(1);
        // By drawer, and by entry in each.
        entries.sort_unstable_by_key(|entry| (place(entry.0, count), *entry));
        entries.dedup();
        let mut made = Self { drawers: Vec::with_capacity(count), ..Self::default() };
        let mut rest = entries.as_slice();
        for at in 0..count {
            let end = rest.partition_point(|entry| place(entry.0, count) <= at);
            let (all, others) = rest.split_at_checked(end).unwrap_or_default();
            let (drawer, aside) = all.split_at_checked(FULL).unwrap_or((all, &[]));
            made.drawers.push(drawer.to_vec());
            made.aside.extend(aside);
            made.len += drawer.len();
            rest = others;
        }
        made
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Hashes of which many are equal, many lie in one drawer, and the others anywhere.
    fn hash() -> impl Strategy<Value = u32> {
        prop_oneof![any::<u32>(), (0_u32..4).prop_map(|n| n << 28), 0_u32..40]
    }

    fn agrees(drawers: &Drawers<u32>, naive: &BTreeSet<(u32, u32)>) -> Result<(), TestCaseError> {
        let mut kept: Vec<_> = drawers.drawers.iter().flatten().collect();
        prop_assert_eq!(kept.len(), drawers.len);
        kept.extend(&drawers.aside);
        prop_assert_eq!(kept.len(), naive.len());
        for (hash, key) in naive {
            let behind = |key| naive.range((Bound::Excluded((*hash, key)), Bound::Unbounded));
            let expected: Vec<u32> =
                behind(*key).take_while(|(other, _)| other == hash).map(|(_, key)| *key).collect();
            prop_assert_eq!(drawers.matching(*hash, Some(*key)).collect::<Vec<_>>(), expected);
            prop_assert!(drawers.matching(*hash, None).any(|found| found == *key));
        }
        Ok(())
    }

    proptest! {
        /// They hold what an ordered set would.
        #[test]
        fn agree_with_an_ordered_set(
            begun in prop::collection::vec((hash(), 0_u32..6), 0..200),
            steps in prop::collection::vec((hash(), 0_u32..6, 0_u8..3), 0..600),
        ) {
            let mut naive: BTreeSet<(u32, u32)> = begun.iter().copied().collect();
            let mut drawers: Drawers<u32> = begun.into_iter().collect();
            agrees(&drawers, &naive)?;
            for (hash, key, what) in steps {
                if what == 0 {
                    naive.remove(&(hash, key));
                    drawers.remove((hash, key));
                } else {
                    naive.insert((hash, key));
                    drawers.insert((hash, key));
                }
            }
            agrees(&drawers, &naive)?;
            prop_assert_eq!(drawers.matching(77, None).count(), 0);
        }

        /// Every hash has its place among drawers that there are, whose entries come out of one.
        #[test]
        fn a_new_drawer_takes_from_one(hash in any::<u32>(), drawers in 1_usize..5000) {
            let (before, after) = (place(hash, drawers), place(hash, drawers + 1));
            prop_assert!(before < drawers);
            prop_assert!(after == before || after == drawers);
        }
    }

    #[test]
    fn one_drawer_takes_no_more_than_it_may() {
        let crowd = || (0..2000).map(|key| (64, key));
        let mut drawers = Drawers::default();
        crowd().for_each(|entry| drawers.insert(entry));
        assert!(drawers.drawers.iter().all(|drawer| drawer.len() <= FULL));
        assert!(drawers.matching(64, None).eq(0..2000));
        assert!(crowd().collect::<Drawers<u32>>().matching(64, Some(500)).eq(501..2000));
        crowd().for_each(|entry| drawers.remove(entry));
        assert!(drawers.drawers.iter().all(|drawer| drawer.capacity() <= 3 * STEP));
        assert!(drawers.len == 0 && drawers.aside.is_empty());
    }
}
