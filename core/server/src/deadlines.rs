//! Deadlines in order, most of which are set in order and never come.

use std::collections::VecDeque;

use lessor_types::Mono;

/// How many entries that count for nothing may be kept beside the others.
const DEAD_MAX: usize = 64;

/// When something ends, for each of many things.
///
/// A queue: nearly always the next deadline is behind all others, and nearly always what it is of
/// ends before it. What ended is not looked for. It is passed over when it comes to the front; so
/// whoever ends something says so at once, by [`Deadlines::trim`], and the first deadline is one that
/// counts.
#[derive(Clone, Debug)]
pub struct Deadlines<T> {
    queue: VecDeque<(Mono, T)>,
}

impl<T> Default for Deadlines<T> {
    fn default() -> Self {
        Self { queue: VecDeque::new() }
    }
}

impl<T: Copy> Deadlines<T> {
    /// Sets a deadline. It comes behind those of the same moment.
    pub fn push(&mut self, at: Mono, what: T) {
        if self.queue.back().is_none_or(|(last, _)| *last <= at) {
            self.queue.push_back((at, what));
        } else {
            let place = self.queue.partition_point(|(other, _)| *other <= at);
            self.queue.insert(place, (at, what));
        }
    }

    /// Forgets what ended without its deadline, as far as it has to; `live` things are left.
    pub fn trim(&mut self, live: usize, counts: impl Fn(Mono, T) -> bool) {
        while self.queue.front().is_some_and(|(at, what)| !counts(*at, *what)) {
            self.queue.pop_front();
        }
        if self.queue.len() > 2 * live + DEAD_MAX {
            self.queue.retain(|(at, what)| counts(*at, *what));
        }
    }

    /// The first deadline, and whose it is.
    #[must_use]
    pub fn first(&self) -> Option<(Mono, T)> {
        self.queue.front().copied()
    }

    /// Those of the same moment as the first, which are due at once.
    pub fn due(&self, now: Mono) -> impl Iterator<Item = (Mono, T)> + '_ {
        self.queue.iter().copied().take_while(move |(at, _)| *at <= now)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The first deadline is always that of an ordered set, and nothing piles up.
        #[test]
        fn agrees_with_an_ordered_set(
            steps in prop::collection::vec((0_u64..1000, 0_u32..200, any::<bool>()), 0..600),
        ) {
            let mut deadlines = Deadlines::default();
            let mut ends: BTreeMap<u32, Mono> = BTreeMap::new();
            for (at, what, set) in steps {
                if set {
                    let at = Mono::from_nanos(at);
                    ends.insert(what, at);
                    deadlines.push(at, what);
                } else {
                    ends.remove(&what);
                }
                deadlines.trim(ends.len(), |at, what| ends.get(&what) == Some(&at));
                let first = ends.values().min().copied();
                prop_assert_eq!(deadlines.first().map(|(at, _)| at), first);
                prop_assert!(deadlines.queue.len() <= 2 * ends.len() + DEAD_MAX);
            }
            let order: BTreeSet<(Mono, u32)> = ends.iter().map(|(what, at)| (*at, *what)).collect();
            let mut due: Vec<_> = deadlines.due(Mono::from_nanos(1000)).collect();
            due.retain(|(at, what)| ends.get(what) == Some(at));
            due.sort_unstable();
            due.dedup();
            prop_assert_eq!(due, order.into_iter().collect::<Vec<_>>());
        }
    }
}
