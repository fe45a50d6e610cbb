//! The highest rate at which next to nothing is lost, found by trying.

/// A search that doubles until it fails, and then halves what is between.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Search {
    /// The highest rate that went well; zero if none did yet.
    good: u32,
    /// The lowest that did not, if any.
    bad: Option<u32>,
    first: u32,
}

impl Search {
    /// One that begins at this rate.
    pub(crate) fn new(first: u32) -> Self {
        Self { good: 0, bad: None, first: first.max(1) }
    }

    /// The next rate to try; none when it is known to a twentieth.
    pub(crate) fn next(&self) -> Option<u32> {
        let next = match self.bad {
            None if self.good == 0 => self.first,
            None => self.good.saturating_mul(2),
            Some(bad) => self.good + (bad - self.good) / 2,
        };
        let near = self.bad.is_some_and(|bad| bad - self.good <= (bad / 20).max(1));
        (next > self.good && !near).then_some(next)
    }

    /// How it went at the rate that was tried.
    pub(crate) fn tried(&mut self, rate: u32, well: bool) {
        if well {
            self.good = self.good.max(rate);
        } else {
            self.bad = Some(self.bad.map_or(rate, |bad| bad.min(rate)));
        }
    }

    /// The highest rate that went well.
    pub(crate) const fn good(&self) -> u32 {
        self.good
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_limit_is_found_to_a_twentieth(first in 1..100_000_u32, limit in 0..5_000_000_u32) {
            let mut search = Search::new(first);
            let mut tries = 0;
            while let Some(rate) = search.next() {
                search.tried(rate, rate <= limit);
                tries += 1;
                prop_assert!(tries < 50);
            }
            let found = search.good();
            prop_assert!(found <= limit && limit - found <= (limit / 19).max(1), "{}", found);
        }
    }
}
