//! What clients were told a moment ago that they have.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;

use lessor_types::{Keyed, KeyedMap, Mono, Unit};

/// How long a confirmation counts as recent: longer than packets overtake each other.
const RECENT: Duration = Duration::from_secs(2);

/// The units that clients were told they have, for as long as that is recent.
///
/// Hardly anybody ever asks for one, so they wait in a queue, and are made easy to find only when
/// somebody does.
#[derive(Debug)]
pub struct Confirmed {
    /// Until when each is recent, in the order of that. A unit may be there more than once.
    queue: VecDeque<(Mono, Unit)>,
    /// How many have left the queue.
    gone: u64,
    index: RefCell<Index>,
}

/// Some of the queue, by unit.
#[derive(Debug)]
struct Index {
    until: KeyedMap<Unit, Mono>,
    /// How many have been put in here, from the first that there ever was.
    taken: u64,
}

impl Confirmed {
    /// None yet.
    #[must_use]
    pub fn new(keyed: Keyed) -> Self {
        let index = Index { until: KeyedMap::new(keyed), taken: 0 };
        Self { queue: VecDeque::new(), gone: 0, index: RefCell::new(index) }
    }

    /// Notes that a client is being told that it has the unit.
    pub fn note(&mut self, unit: Unit, now: Mono) {
        let entry = (now.after(RECENT), unit);
        if self.queue.back() != Some(&entry) {
            self.queue.push_back(entry);
        }
    }

    /// Whether it was told so a moment ago.
    #[must_use]
    pub fn is_recent(&self, unit: Unit, now: Mono) -> bool {
        let mut index = self.index.borrow_mut();
        let known = usize::try_from(index.taken.saturating_sub(self.gone)).unwrap_or(usize::MAX);
        for (until, unit) in self.queue.range(known.min(self.queue.len())..) {
            index.until.insert(*unit, *until);
        }
        index.taken = self.gone + self.queue.len() as u64;
        index.until.get(&unit).is_some_and(|until| *until > now)
    }

    /// Forgets what is not recent any more.
    pub fn advance(&mut self, now: Mono) {
        while let Some((until, unit)) = self.queue.pop_front_if(|(until, _)| *until <= now) {
            self.gone += 1;
            let index = self.index.get_mut();
            if index.taken >= self.gone && index.until.get(&unit) == Some(&until) {
                index.until.remove(&unit);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use lessor_types::Seed;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whenever somebody asks, it is as if each unit's last confirmation were known by its name.
        #[test]
        fn each_is_recent_for_as_long_as_it_should(
            steps in prop::collection::vec((0_u64..900, 0_u8..6, 0_u8..4), 0..300),
        ) {
            let mut confirmed = Confirmed::new(Keyed::of(Seed(1), 0));
            let mut last: BTreeMap<Unit, Mono> = BTreeMap::new();
            let mut now = Mono::ZERO;
            for (millis, addr, what) in steps {
                let unit = Unit::V4([10, 0, 0, addr].into());
                match what {
                    0 => now = now.after(Duration::from_millis(millis)),
                    1 => confirmed.advance(now),
                    2 => {
                        confirmed.note(unit, now);
                        last.insert(unit, now);
                    }
                    _ => {
                        let recent = last.get(&unit).is_some_and(|at| at.after(RECENT) > now);
                        prop_assert_eq!(confirmed.is_recent(unit, now), recent);
                    }
                }
            }
            confirmed.advance(now.after(RECENT));
            prop_assert!(confirmed.queue.is_empty());
            prop_assert!(confirmed.index.borrow().until.is_empty());
        }
    }
}
