//! How long syncs take.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The bounds of the classes that durations are counted in, in microseconds; the last class has
/// none.
const BOUNDS: [u64; Pace::CLASSES - 1] =
    [100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000];

/// How long syncs took so far, counted by one thread and read by others.
#[derive(Debug, Default)]
pub struct Pace {
    classes: [AtomicU64; Self::CLASSES],
    nanos: AtomicU64,
    changes: AtomicU64,
}

/// A [`Pace`] at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Paced {
    /// How many syncs took at most so long, not counting those before; none is any time.
    pub classes: [(Option<Duration>, u64); Pace::CLASSES],
    /// How long all of them took.
    pub whole: Duration,
    /// How many lease changes they made durable.
    pub changes: u64,
}

impl Pace {
    /// How many classes there are.
    pub const CLASSES: usize = 14;

    /// Counts a sync that took so long and covered so many changes.
    pub(crate) fn count(&self, took: Duration, changes: usize) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let class = BOUNDS.partition_point(|bound| *bound < micros);
        if let Some(class) = self.classes.get(class) {
            class.fetch_add(1, Ordering::Relaxed);
        }
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
        let changes = u64::try_from(changes).unwrap_or(u64::MAX);
        self.changes.fetch_add(changes, Ordering::Relaxed);
    }

    /// How it is now.
    #[must_use]
    pub fn now(&self) -> Paced {
        let mut bounds = BOUNDS.iter().copied().map(Duration::from_micros);
        Paced {
            classes: self.classes.each_ref().map(|it| (bounds.next(), it.load(Ordering::Relaxed))),
            whole: Duration::from_nanos(self.nanos.load(Ordering::Relaxed)),
            changes: self.changes.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_in_the_first_class_that_has_room() {
        let pace = Pace::default();
        for micros in [0, 100, 101, 1_000_000, 1_000_001] {
            pace.count(Duration::from_micros(micros), 2);
        }
        let now = pace.now();
        let counts = now.classes.map(|(_, count)| count);
        assert_eq!(counts, [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert_eq!(now.classes[0].0, Some(Duration::from_micros(100)));
        assert_eq!(now.classes[Pace::CLASSES - 1].0, None);
        assert_eq!((now.whole, now.changes), (Duration::from_micros(2_000_202), 10));
    }
}
