//! The wall clock, judged with suspicion.
//!
//! Leases end at a wall time, but clients count seconds. When the wall clock leaps forward, leases
//! granted before the leap look over although their clients still hold them. So lapses are judged
//! by a clock that lags behind by the size of the leap, until the longest lease granted before it
//! must be over. A leap backward makes leases look longer than they are, which is safe.

use std::time::Duration;

use lessor_types::{Mono, Now, Secs, Wall};

/// The least forward difference between the clocks that counts as a leap.
const LEAP_MIN: Duration = Duration::from_secs(2);

/// Judges lapses.
#[derive(Clone, Debug)]
pub struct Calendar {
    last: Now,
    /// Leaps not yet outlived: how far, and until when they count.
    leaps: Vec<(Duration, Mono)>,
    /// The longest lifetime that any lease may have been granted for.
    longest: Duration,
}

impl Calendar {
    /// A calendar that trusts the clock as it is at the start.
    #[must_use]
    pub const fn new(now: Now) -> Self {
        Self { last: now, leaps: Vec::new(), longest: Duration::ZERO }
    }

    /// Notes a lifetime that was granted or found.
    pub fn granted(&mut self, valid: Secs) {
        if !valid.is_infinite() {
            self.longest = self.longest.max(valid.duration());
        }
    }

    /// Compares the clocks; returns the nanoseconds of a leap, if there was one.
    pub fn observe(&mut self, now: Now) -> Option<i128> {
        let passed = i128::try_from(now.mono.since(self.last.mono).as_nanos()).unwrap_or(i128::MAX);
        let leap = now.wall.nanos_since(self.last.wall) - passed;
        self.last = now;
        self.leaps.retain(|(_, until)| *until > now.mono);
        let leap_min = i128::try_from(LEAP_MIN.as_nanos()).unwrap_or(i128::MAX);
        if leap.abs() < leap_min {
            return None;
        }
        if leap > 0 {
            let size = Duration::from_nanos(u64::try_from(leap).unwrap_or(u64::MAX));
            // The margin that every lease has, and the second that dates are rounded up by.
            let outlived = self.longest + self.longest / 4096 + Duration::from_secs(2);
            self.leaps.push((size, now.mono.after(outlived)));
        }
        Some(leap)
    }

    /// The time by which leases lapse.
    #[must_use]
    pub fn judged(&self) -> Wall {
        let back: Duration = self.leaps.iter().map(|(size, _)| *size).sum();
        let secs = i64::try_from(back.as_secs()).unwrap_or(i64::MAX).saturating_add(1);
        // Rounded down, so that what is judged lapsed has lapsed.
        if back.is_zero() { self.last.wall } else { self.last.wall.plus_secs(-secs) }
    }

    /// The time now, both clocks.
    #[must_use]
    pub const fn now(&self) -> Now {
        self.last
    }

    /// When a leap stops to count, if one does.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        self.leaps.iter().map(|(_, until)| *until).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(mono: u64, wall: i64) -> Now {
        Now { mono: Mono::from_nanos(mono * 1_000_000_000), wall: Wall::from_secs(wall) }
    }

    #[test]
    fn a_leap_forward_counts_until_the_longest_lease_is_over() {
        let mut calendar = Calendar::new(at(0, 1000));
        calendar.granted(Secs(4096));
        assert_eq!(calendar.observe(at(10, 1010)), None);
        assert_eq!(calendar.observe(at(11, 8011)), Some(7_000_000_000_000));
        assert_eq!(calendar.judged(), Wall::from_secs(1010));
        calendar.observe(at(4109, 12_109));
        assert_eq!(calendar.judged(), Wall::from_secs(5108));
        calendar.observe(at(4110, 12_110));
        assert_eq!(calendar.judged(), Wall::from_secs(12_110));
    }

    #[test]
    fn a_leap_backward_is_followed() {
        let mut calendar = Calendar::new(at(0, 1000));
        assert_eq!(calendar.observe(at(1, 500)), Some(-501_000_000_000));
        assert_eq!(calendar.judged(), Wall::from_secs(500));
    }
}
