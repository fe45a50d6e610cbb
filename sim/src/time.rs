//! True time, and the clocks that nodes see instead of it.

use lessor_types::{Mono, Now, Wall};
use serde::{Deserialize, Serialize};

/// True time, in nanoseconds since the world began.
pub type Ns = u64;

/// One second of true time.
pub const SEC: Ns = 1_000_000_000;
/// One millisecond of true time.
pub const MS: Ns = 1_000_000;
/// One microsecond of true time.
pub const US: Ns = 1_000;
/// What the wall clocks show when the world begins: some day in 2026.
pub const EPOCH_SECS: i64 = 1_790_000_000;
const MILLION: i64 = 1_000_000;

/// How a node's clocks begin, as a schedule says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockSpec {
    /// How much faster the oscillator runs than true time, in parts of a million (-100 to 100).
    pub rate_ppm: i64,
    /// What the monotonic clock shows at the beginning, in milliseconds.
    pub phase_ms: u64,
    /// How far ahead the wall clock is at the beginning, in milliseconds.
    pub skew_ms: i64,
    /// Whether the wall clock is kept at true time (plus skew) by a time service.
    pub disciplined: bool,
}

/// A node's clocks.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    spec: ClockSpec,
    /// What jumps have added to the wall clock, in nanoseconds.
    jumped: i128,
}

impl Clock {
    /// Clocks that begin as the specification says.
    #[must_use]
    pub const fn new(spec: ClockSpec) -> Self {
        Self { spec, jumped: 0 }
    }

    /// What its oscillator has counted: in 64 bits, for the years that worlds last.
    fn elapsed(&self, t: Ns) -> i64 {
        let t = i64::try_from(t).unwrap_or(i64::MAX / 1000);
        t + t.saturating_mul(self.spec.rate_ppm) / MILLION
    }

    fn phase(&self) -> i64 {
        i64::try_from(self.spec.phase_ms * MS).unwrap_or(0)
    }

    /// The monotonic clock.
    #[must_use]
    pub fn mono(&self, t: Ns) -> Mono {
        Mono::from_nanos(u64::try_from(self.phase() + self.elapsed(t)).unwrap_or(0))
    }

    /// The wall clock.
    #[must_use]
    pub fn wall(&self, t: Ns) -> Wall {
        let ran = if self.spec.disciplined { i128::from(t) } else { i128::from(self.elapsed(t)) };
        let nanos = ran + i128::from(self.spec.skew_ms) * i128::from(MS) + self.jumped;
        let sec = i128::from(SEC);
        let secs = i64::try_from(nanos.div_euclid(sec)).unwrap_or(0);
        let rest = u32::try_from(nanos.rem_euclid(sec)).unwrap_or(0);
        Wall::new(EPOCH_SECS + secs, rest)
    }

    /// Both.
    #[must_use]
    pub fn now(&self, t: Ns) -> Now {
        Now { mono: self.mono(t), wall: self.wall(t) }
    }

    /// The first true time at which the monotonic clock shows `mono` or more.
    #[must_use]
    pub fn when(&self, mono: Mono) -> Ns {
        let local = i64::try_from(mono.as_nanos()).unwrap_or(i64::MAX) - self.phase();
        if local <= 0 {
            return 0;
        }
        let rate = self.spec.rate_ppm;
        let gained =
            local / (MILLION + rate) * rate + local % (MILLION + rate) * rate / (MILLION + rate);
        let guess = local - gained;
        let mut t = u64::try_from(guess).unwrap_or(0).saturating_sub(3);
        while self.elapsed(t) < local {
            t += 1;
        }
        t
    }

    /// How much true time passes while this node's oscillator counts `local` nanoseconds.
    #[must_use]
    pub fn true_length(&self, local: Ns) -> Ns {
        let million = i128::from(MILLION);
        let length = i128::from(local) * million / (million + i128::from(self.spec.rate_ppm));
        u64::try_from(length).unwrap_or(u64::MAX)
    }

    /// Lets the wall clock begin with 1970; what takes that back is returned, in milliseconds.
    pub fn lose(&mut self, t: Ns) -> i64 {
        let by_ms = self.wall(t).secs().saturating_mul(1000);
        self.jump(-by_ms);
        by_ms
    }

    /// Lets the wall clock jump.
    pub fn jump(&mut self, by_ms: i64) {
        self.jumped += i128::from(by_ms) * i128::from(MS);
    }
}

/// A true time for people: seconds with three digits.
#[must_use]
pub fn show(t: Ns) -> String {
    format!("{}.{:03}", t / SEC, t % SEC / MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_is_the_first_moment_that_shows_it() {
        for rate_ppm in [-100, -1, 0, 7, 100] {
            let clock =
                Clock::new(ClockSpec { rate_ppm, phase_ms: 12_345, ..ClockSpec::default() });
            for t in [1, 999, SEC, 3600 * SEC + 17] {
                let at = clock.when(clock.mono(t));
                assert!(clock.mono(at) >= clock.mono(t));
                assert!(at == 0 || clock.mono(at - 1) < clock.mono(t));
            }
        }
    }

    #[test]
    fn a_fast_clock_gets_through_a_lifetime_sooner() {
        let fast = Clock::new(ClockSpec { rate_ppm: 100, ..ClockSpec::default() });
        assert!(fast.true_length(3600 * SEC) < 3600 * SEC);
        assert!(fast.true_length(3600 * SEC) > 3599 * SEC);
    }

    #[test]
    fn jumps_move_the_wall_clock_alone() {
        let mut clock = Clock::new(ClockSpec::default());
        let before = clock.now(SEC);
        clock.jump(-2500);
        let after = clock.now(SEC);
        assert_eq!(before.mono, after.mono);
        assert_eq!(after.wall.nanos_since(before.wall), -2_500_000_000);
    }
}
