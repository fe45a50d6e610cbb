//! When the next deed begins.

const NANOS: u128 = 1_000_000_000;

/// Who sets the pace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pace {
    /// The clock: so many a second, answered or not.
    Open {
        /// Beginnings per second, above zero.
        rate: u32,
    },
    /// The server: so many wait for answers at any time.
    Closed {
        /// How many, above zero.
        window: usize,
    },
}

impl Pace {
    /// When the deed after `begun` others is due, in nanoseconds since the first; none while too
    /// many wait.
    pub(crate) fn due(self, begun: u64, waiting: usize, now: u64) -> Option<u64> {
        match self {
            Self::Open { rate } => {
                let due = u128::from(begun) * NANOS / u128::from(rate.max(1));
                u64::try_from(due).ok()
            }
            Self::Closed { window } => (waiting < window).then_some(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_does_not_wait_for_answers_and_the_window_does() {
        let open = Pace::Open { rate: 3 };
        let due: Vec<_> = (0..4).map(|begun| open.due(begun, 1_000, 7)).collect();
        assert_eq!(due, [0, 333_333_333, 666_666_666, 1_000_000_000].map(Some));
        let closed = Pace::Closed { window: 2 };
        assert_eq!(closed.due(9, 1, 7), Some(7));
        assert_eq!(closed.due(9, 2, 7), None);
    }
}
