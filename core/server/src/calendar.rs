//! The wall clock, judged with suspicion.
//!
//! Leases end at a wall time, but clients count seconds. When the wall clock leaps forward, leases
//! granted before the leap look over although their clients still hold them. So lapses are judged
//! by a clock that lags behind by the size of the leap, until the longest lease granted before it
//! must be over. A leap backward makes leases look longer than they are, which is safe; but the
//! leap that takes it back is one forward. Leaps are remembered across restarts, and one that
//! happened while the server was down is found by comparing both clocks with what was noted.
//!
//! A clock that shows less than it can is not believed at all: dates go on from the last one known,
//! until the clock is set. What it is set forward by then is a leap like any other.

use std::time::Duration;

use lessor_config::Config;
use lessor_lease::{Longest, Memory, Past};
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
    /// The longest lifetime that any lease may have been granted for, but for endless ones.
    longest: Duration,
    /// Whether a lease may have no end.
    endless: bool,
    /// The latest date that was believed.
    seen: Wall,
    /// No clock is right that shows less.
    floor: Wall,
    /// Whether the clock showed less when it was last looked at.
    unset: bool,
}

impl Calendar {
    /// A calendar that trusts the clock as it is at the start, unless it shows less than `floor`:
    /// then it goes on from `known`, the last date that anything tells of.
    #[must_use]
    pub fn new(mut now: Now, floor: Wall, known: Wall) -> Self {
        let unset = now.wall < floor;
        if unset {
            now.wall = floor.max(known);
        }
        Self {
            now,
            start: now,
            reference: 0,
            leaps: Vec::new(),
            longest: Duration::ZERO,
            endless: false,
            seen: now.wall,
            floor,
            unset,
        }
    }

    /// The clocks as far as they are to be believed.
    #[must_use]
    pub fn believe(&self, now: Now) -> Now {
        if now.wall >= self.floor {
            return now;
        }
        Now { wall: self.now.wall.after(now.mono.since(self.now.mono)), ..now }
    }

    /// Notes what the wall clock shows; returns whether it is believed where it was not before, or
    /// the other way round.
    pub fn look(&mut self, wall: Wall) -> bool {
        let before = std::mem::replace(&mut self.unset, wall < self.floor);
        before != self.unset
    }

    /// Whether the wall clock shows less than it can.
    #[must_use]
    pub const fn is_unset(&self) -> bool {
        self.unset
    }

    /// Notes a date that a row has.
    pub fn dated(&mut self, wall: Wall) {
        self.seen = self.seen.max(wall);
    }

    /// Notes a length of time that was granted or found.
    pub fn granted(&mut self, valid: Secs) {
        if valid.is_infinite() {
            self.endless = true;
        } else {
            self.longest = self.longest.max(valid.duration());
        }
    }

    /// Takes up what a former life left, when all that is known to be granted has been noted.
    /// Returns the nanoseconds of a leap since that is worth a word.
    pub fn recall(&mut self, past: &Past) -> Option<i128> {
        let memory = past.memory.as_ref()?;
        self.seen = self.seen.max(memory.seen);
        if past.lost.is_some() || memory.hold_off.is_some() {
            match memory.longest {
                Longest::For(longest) => self.longest = self.longest.max(longest),
                Longest::Endless => self.endless = true,
            }
        }
        let elapsed = past.elapsed(self.now.mono);
        for (size, left) in &memory.leaps {
            let left = left.saturating_sub(elapsed.unwrap_or_default());
            if !left.is_zero() {
                self.leaps.push((*size, self.now.mono.after(left)));
            }
        }
        // How far a guess was off, and how long ago it was made, cannot be told apart.
        let guessed = memory.unset && !self.unset;
        let elapsed = elapsed.or_else(|| guessed.then_some(Duration::ZERO));
        let passed = i128::try_from(elapsed?.as_nanos()).unwrap_or(0);
        let leap = self.now.wall.nanos_since(memory.at.wall) - passed;
        if leap > TOLERANCE_NS {
            self.remember(Duration::from_nanos(u64::try_from(leap).unwrap_or(u64::MAX)));
        }
        (leap.abs() >= NOTABLE_NS).then_some(leap)
    }

    /// The longest that a lease may last which was granted until now, its margin included.
    #[must_use]
    pub fn longest(&self) -> Longest {
        if self.endless { Longest::Endless } else { Longest::For(self.outlived()) }
    }

    /// The latest date that was believed.
    #[must_use]
    pub const fn seen(&self) -> Wall {
        self.seen
    }

    /// What the next life has to know of the clocks.
    #[must_use]
    pub fn memory(&self) -> Memory {
        let left = |(size, until): &(Duration, Mono)| (*size, until.since(self.now.mono));
        Memory {
            at: self.now,
            unset: self.unset,
            seen: self.seen,
            longest: self.longest(),
            leaps: self.leaps.iter().map(left).collect(),
            hold_off: None,
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
        self.now = self.believe(now);
        let now = self.now;
        self.seen = self.seen.max(now.wall);
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

    fn outlived(&self) -> Duration {
        // The margin that every lease has, and the second that dates are rounded up by.
        self.longest + self.longest / 4096 + Duration::from_secs(2)
    }

    fn remember(&mut self, size: Duration) {
        self.leaps.push((size, self.now.mono.after(self.outlived())));
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

    fn begun(now: Now) -> Calendar {
        Calendar::new(now, Wall::default(), Wall::default())
    }

    /// A machine that runs on while the server is started again `secs` later.
    fn again(calendar: &Calendar, now: Now, secs: u64) -> (Calendar, Option<i128>) {
        let memory = calendar.memory();
        let noted = Some(memory.at.mono.since(Mono::ZERO));
        let past = Past { memory: Some(memory), noted, ..Past::default() };
        let mut next = begun(now);
        next.granted(Secs(4096));
        assert_eq!(past.elapsed(now.mono), Some(Duration::from_secs(secs)));
        let leap = next.recall(&past);
        (next, leap)
    }

    #[test]
    fn a_leap_is_remembered_across_a_restart() {
        let mut calendar = begun(at(0, 1_000_000));
        calendar.granted(Secs(4096));
        calendar.observe(at(10_000, 8_010_000));
        let (mut next, leap) = again(&calendar, at(30_000, 8_030_000), 20);
        assert_eq!(leap, None);
        assert_eq!(next.judged(), Wall::from_secs(1030));
        next.observe(at(4_108_000, 12_108_000));
        assert_eq!(next.judged(), Wall::from_secs(5108));
        next.observe(at(4_109_000, 12_109_000));
        assert_eq!(next.judged(), Wall::from_secs(12_109));
    }

    #[test]
    fn a_leap_while_the_server_was_down_is_found() {
        let mut calendar = begun(at(0, 1_000_000));
        calendar.granted(Secs(4096));
        calendar.observe(at(10_000, 1_010_000));
        let (next, leap) = again(&calendar, at(30_000, 8_030_000), 20);
        assert_eq!(leap, Some(7_000_000_000_000));
        assert_eq!(next.judged(), Wall::from_secs(1030));
        let (next, leap) = again(&calendar, at(30_000, 530_000), 20);
        assert_eq!(leap, Some(-500_000_000_000));
        assert_eq!(next.judged(), Wall::from_secs(530));
    }

    #[test]
    fn a_machine_that_was_started_anew_tells_by_its_wall_clock() {
        let mut calendar = begun(at(0, 1_000_000));
        calendar.granted(Secs(4096));
        calendar.observe(at(10_000, 8_010_000));
        let past = Past { memory: Some(calendar.memory()), ..Past::default() };
        let mut next = begun(at(5000, 9_000_000));
        assert_eq!(next.recall(&past), None);
        // What time was left for the leap is left for it still.
        assert_eq!(next.judged(), Wall::from_secs(2000));
        next.observe(at(4_104_000, 13_099_000));
        assert_eq!(next.judged(), Wall::from_secs(13_099));
    }

    #[test]
    fn a_clock_that_was_never_set_goes_on_from_what_is_known() {
        let known = Wall::from_secs(5000);
        let mut calendar = Calendar::new(at(0, 7000), Wall::from_secs(4000), known);
        calendar.granted(Secs(4096));
        assert_eq!(calendar.believe(at(0, 7000)).wall, known);
        assert_eq!(calendar.observe(at(60_000, 67_000)), None);
        assert_eq!(calendar.judged(), Wall::from_secs(5060));
        // It is set: the time that the machine was off is a leap now.
        assert_eq!(calendar.observe(at(61_000, 9_061_000)), Some(4_000_000_000_000));
        assert_eq!(calendar.judged(), Wall::from_secs(5061));
        // And lost again: the calendar is not.
        calendar.observe(at(62_000, 1000));
        assert_eq!(calendar.believe(at(63_000, 2000)).wall, Wall::from_secs(9063));
    }

    #[test]
    fn a_guess_that_the_machine_did_not_outlive_is_a_leap() {
        let floor = Wall::from_secs(4000);
        let mut calendar = Calendar::new(at(0, 7000), floor, Wall::from_secs(5000));
        calendar.granted(Secs(4096));
        calendar.observe(at(60_000, 67_000));
        let past = Past { memory: Some(calendar.memory()), ..Past::default() };
        let mut next = Calendar::new(at(0, 90_000_000), floor, Wall::default());
        next.granted(Secs(4096));
        assert_eq!(next.recall(&past), Some(84_940_000_000_000));
        assert_eq!(next.judged(), Wall::from_secs(5060));
    }

    #[test]
    fn a_leap_forward_counts_until_the_longest_lease_is_over() {
        let mut calendar = begun(at(0, 1_000_000));
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
        let mut calendar = begun(at(0, 1_000_000));
        calendar.granted(Secs(100));
        assert_eq!(calendar.observe(at(1000, 500_000)), Some(-501_000_000_000));
        assert_eq!(calendar.judged(), Wall::from_secs(500));
        assert_eq!(calendar.observe(at(2000, 1_002_000)), Some(501_000_000_000));
        assert_eq!(calendar.judged(), Wall::from_secs(501));
    }

    #[test]
    fn small_steps_add_up() {
        let mut calendar = begun(at(0, 0));
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
        let mut calendar = begun(at(0, 0));
        for step in 1..1000_u64 {
            let jitter = i64::try_from(step % 7).expect("small");
            calendar.observe(at(step * 10, i64::try_from(step * 10).expect("small") + jitter));
        }
        assert!(calendar.leaps.is_empty());
    }
}
