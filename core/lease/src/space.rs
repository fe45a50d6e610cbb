//! A set of small numbers in which the next member is found at the same cost however many there are.
//!
//! A pool keeps its free addresses in one. The set is a tree of 64-bit words: a bit of an upper
//! level says whether the word below has any bit set, so a search reads at most two words a level,
//! four levels for 2^24 addresses, whether the pool is empty or full.

/// A set of numbers below a fixed bound.
///
/// *Memory*: one bit and a 63rd of a bit for each number below the bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    bound: u64,
    members: u64,
    /// `levels[0]` has a bit for each number; each further level a bit for each word below it.
    levels: Vec<Vec<u64>>,
}

const BITS: u64 = 64;

impl Space {
    /// An empty set of numbers below `bound`.
    #[must_use]
    pub fn empty(bound: u64) -> Self {
        let mut levels = Vec::new();
        let mut bits = bound.max(1);
        loop {
            let words = bits.div_ceil(BITS);
            levels.push(vec![0; usize::try_from(words).unwrap_or(usize::MAX)]);
            if words == 1 {
                break;
            }
            bits = words;
        }
        Self { bound, members: 0, levels }
    }

    /// The set of all numbers below `bound`.
    #[must_use]
    pub fn full(bound: u64) -> Self {
        let mut set = Self::empty(bound);
        let mut bits = bound;
        for level in &mut set.levels {
            for (i, word) in (0_u64..).zip(level.iter_mut()) {
                let below = bits.saturating_sub(i * BITS);
                *word = if below >= BITS { u64::MAX } else { (1_u64 << below) - 1 };
            }
            bits = bits.div_ceil(BITS);
        }
        set.members = bound;
        set
    }

    /// The bound: numbers from it on can't be members.
    #[must_use]
    pub const fn bound(&self) -> u64 {
        self.bound
    }

    /// How many members there are.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.members
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.members == 0
    }

    /// Whether `number` is a member.
    #[must_use]
    pub fn contains(&self, number: u64) -> bool {
        number < self.bound && self.word(0, number / BITS) & bit(number) != 0
    }

    /// Adds `number`; false if it is one already, or not below the bound.
    pub fn insert(&mut self, number: u64) -> bool {
        if number >= self.bound || self.contains(number) {
            return false;
        }
        let mut at = number;
        for level in &mut self.levels {
            let Some(word) = level.get_mut(index(at / BITS)) else {
                break;
            };
            let was_empty = *word == 0;
            *word |= bit(at);
            if !was_empty {
                break;
            }
            at /= BITS;
        }
        self.members += 1;
        true
    }

    /// Takes `number` out; false if it is no member.
    pub fn remove(&mut self, number: u64) -> bool {
        if !self.contains(number) {
            return false;
        }
        let mut at = number;
        for level in &mut self.levels {
            let Some(word) = level.get_mut(index(at / BITS)) else {
                break;
            };
            *word &= !bit(at);
            if *word != 0 {
                break;
            }
            at /= BITS;
        }
        self.members -= 1;
        true
    }

    /// The smallest member that is not below `from`.
    #[must_use]
    pub fn next(&self, from: u64) -> Option<u64> {
        let mut at = from;
        let mut level = 0;
        // Up, until a word has a member at or behind the place …
        loop {
            let words = self.levels.get(level)?;
            let word = words.get(index(at / BITS))?;
            let rest = word & (u64::MAX << (at % BITS));
            if rest != 0 {
                at = at / BITS * BITS + u64::from(rest.trailing_zeros());
                break;
            }
            at = at / BITS + 1;
            level += 1;
        }
        // … and down again to the number.
        while level > 0 {
            level -= 1;
            at = at * BITS + u64::from(self.word(level, at).trailing_zeros());
        }
        Some(at)
    }

    /// The smallest member from `from` on, and around to the ones below it.
    #[must_use]
    pub fn next_around(&self, from: u64) -> Option<u64> {
        self.next(from).or_else(|| self.next(0))
    }

    fn word(&self, level: usize, at: u64) -> u64 {
        self.levels.get(level).and_then(|words| words.get(index(at))).copied().unwrap_or(0)
    }
}

const fn bit(at: u64) -> u64 {
    1 << (at % BITS)
}

fn index(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The tree agrees with an ordered set through any sequence of changes.
        #[test]
        fn agrees_with_an_ordered_set(
            bound in 1_u64..5000,
            start_full in any::<bool>(),
            steps in prop::collection::vec((any::<bool>(), 0_u64..5100, 0_u64..5100), 1..200),
        ) {
            let mut set = if start_full { Space::full(bound) } else { Space::empty(bound) };
            let mut naive: BTreeSet<u64> = if start_full { (0..bound).collect() } else { BTreeSet::new() };
            for (add, number, from) in steps {
                if add {
                    prop_assert_eq!(set.insert(number), number < bound && naive.insert(number));
                } else {
                    prop_assert_eq!(set.remove(number), naive.remove(&number));
                }
                prop_assert_eq!(set.next(from), naive.range(from..).next().copied());
                prop_assert_eq!(set.len(), naive.len() as u64);
            }
            prop_assert_eq!(set.next_around(bound), naive.first().copied());
        }
    }

    #[test]
    fn a_full_set_has_each_number_and_none_beyond() {
        for bound in [1, 63, 64, 65, 4096, 4097, 262_145] {
            let set = Space::full(bound);
            assert_eq!(set.len(), bound);
            assert_eq!(set.next(bound - 1), Some(bound - 1));
            assert_eq!(set.next(bound), None, "{bound}");
        }
        assert_eq!(Space::full(0).next(0), None);
    }
}
