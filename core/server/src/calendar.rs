//! The wall clock, judged with suspicion.
//!
//! Leases end at a wall time, but clients count seconds. When the wall clock leaps forward, leases
//! granted before the leap look over although their clients still hold them. So lapses are judged
//! by a clock that lags behind by the size of the leap, until the longest lease granted before it
//! must be over. A leap backward makes leases look longer than they are, which is safe; but the
//! leap that takes it back is one forward.

use std::time::Duration;

use lessor_config::Config;
use lessor_types::{Mono, Now, Secs, Wall};

/// How far the clocks may part before it counts as a leap. Well below the second that every lease
/// has as a margin, and above what two clock readings in a row differ by.
const TOLERANCE_NS: i128 = 50_000_000;
/// From where on a leap is worth a word.
const NOTABLE_NS: i128 = 500_000_000;
/// How many leaps are remembered apart.
const LEAPS_MAX: usize = 64;

/// Judges lapses.
#[derive(Clone, Debug)]
pub struct Calendar {
    now: Now,
    start: Now,
    /// How far the wall clock was ahead of the monotonic one, both counted from the start, when
    /// they were last found apart; never more than it is now. Nanoseconds.
    reference: i128,
    /// Leaps not yet outlived: how far, and until when they count.
    leaps: Vec<(Duration, Mono)>,
    /// The longest lifetime that any lease may have been granted for.
    longest: Duration,
}

impl Calendar {
    /// A calendar that trusts the clock as it is at the start.
    #[must_use]
    pub const fn new(now: Now) -> Self {
        Self { now, start: now, reference: 0, leaps: Vec::new(), longest: Duration::ZERO }
    }

    /// Notes a length of time that was granted or found.
    pub fn granted(&mut self, valid: Secs) {
        if !valid.is_infinite() {
            self.longest = self.longest.max(valid.duration());
        }
    }

    /// Notes the lifetimes and the probation that a configuration grants.
    pub fn configured(&mut self, config: &Config) {
        let subnets = config.subnets.iter().map(|subnet| subnet.lifetime.max);
        let classes = config.classes.iter().filter_map(|class| class.lifetime);
        let lifetimes = subnets.chain(classes.map(|lifetime| lifetime.max));
        for length in lifetimes.chain([config.decline_probation]) {
            self.granted(length);
        }
    }

    /// Compares the clocks; returns the nanoseconds of a leap that is worth a word.
    pub fn observe(&mut self, now: Now) -> Option<i128> {
        self.now = now;
        self.leaps.retain(|(_, until)| *until > now.mono);
        let passed = i128::try_from(now.mono.since(self.start.mono).as_nanos()).unwrap_or(0);
        let ahead = now.wall.nanos_since(self.start.wall) - passed;
        let leap = ahead - self.reference;
        if leap > TOLERANCE_NS {
            self.remember(Duration::from_nanos(u64::try_from(leap).unwrap_or(u64::MAX)));
            self.reference = ahead;
        } else {
            // Small steps forward add up against the lowest point.
            self.reference = self.reference.min(ahead);
        }
        (leap.abs() >= NOTABLE_NS).then_some(leap)
    }

    fn remember(&mut self, size: Duration) {
        // The margin that every lease has, and the second that dates are rounded up by.
        let outlived = self.longest + self.longest / 4096 + Duration::from_secs(2);
        self.leaps.push((size, self.now.mono.after(outlived)));
        if self.leaps.len() > LEAPS_MAX {
            let (oldest, _) = self.leaps.remove(0);
            // Counted longer than it must be, which is safe.
            if let Some((next, _)) = self.leaps.first_mut() {
                *next += oldest;
            }
        }
    }

    /// The time by which leases lapse.
    #[must_use]
    pub fn judged(&self) -> Wall {
        self.now.wall.before(self.leaps.iter().map(|(size, _)| *size).sum())
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

    fn at(mono_ms: u64, wall_ms: i64) -> Now {
        let part = u32::try_from(wall_ms.rem_euclid(1000)).expect("below a thousand");
        let wall = Wall::new(wall_ms.div_euclid(1000), part * 1_000_000);
        Now { mono: Mono::from_nanos(mono_ms * 1_000_000), wall }
    }

    #[test]
    fn a_leap_forward_counts_until_the_longest_lease_is_over() {
        let mut calendar = Calendar::new(at(0, 1_000_000));
        calendar.granted(Secs(4096));
        assert_eq!(calendar.observe(at(10_000, 1_010_000)), None);
        assert_eq!(calendar.observe(at(11_000, 8_011_000)), Some(7_000_000_000_000));
        assert_eq!(calendar.judged(), Wall::from_secs(1011));
        calendar.observe(at(4_109_000, 12_109_000));
        assert_eq!(calendar.judged(), Wall::from_secs(5109));
        calendar.observe(at(4_110_000, 12_110_000));
        assert_eq!(calendar.judged(), Wall::from_secs(12_110));
    }

    #[test]
    fn a_leap_backward_is_followed_and_its_undoing_is_a_leap() {
        let mut calendar = Calendar::new(at(0, 1_000_000));
        calendar.granted(Secs(100));
        assert_eq!(calendar.observe(at(1000, 500_000)), Some(-501_000_000_000));
        assert_eq!(calendar.judged(), Wall::from_secs(500));
        assert_eq!(calendar.observe(at(2000, 1_002_000)), Some(501_000_000_000));
        assert_eq!(calendar.judged(), Wall::from_secs(501));
    }

    #[test]
    fn small_steps_add_up() {
        let mut calendar = Calendar::new(at(0, 0));
        calendar.granted(Secs(100_000));
        for step in 1..=100_i64 {
            let mono = u64::try_from(step).expect("positive") * 1000;
            assert_eq!(calendar.observe(at(mono, step * 1000 + step * 30)), None);
        }
        let lag = at(0, 103_000).wall.nanos_since(calendar.judged());
        assert!((3_000_000_000 - TOLERANCE_NS..=3_000_000_000).contains(&lag), "{lag}");
        assert!(calendar.leaps.len() <= LEAPS_MAX);
    }

    #[test]
    fn clocks_that_are_read_one_after_the_other_are_not_leaping() {
        let mut calendar = Calendar::new(at(0, 0));
        for step in 1..1000_u64 {
            let jitter = i64::try_from(step % 7).expect("small");
            calendar.observe(at(step * 10, i64::try_from(step * 10).expect("small") + jitter));
        }
        assert!(calendar.leaps.is_empty());
    }
}
