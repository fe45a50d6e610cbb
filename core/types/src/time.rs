//! The two clocks and the lengths measured with them.

use std::fmt;
use std::time::Duration;

/// A point on the monotonic clock, for deadlines; never stored and never sent.
///
/// *Units*: nanoseconds since an arbitrary start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mono(u64);

impl Mono {
    /// The clock's start.
    pub const ZERO: Self = Self(0);

    /// A point this many nanoseconds after the start.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the start.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// This point and `length` more; saturates at the end of the clock (some 584 years).
    #[must_use]
    pub fn after(self, length: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// How long ago `earlier` was; zero if it lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Mono {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000_000, self.0 % 1_000_000_000 / 1000)
    }
}

/// A point on the wall clock, for lease times; stored, and allowed to jump.
///
/// *Units*: seconds since 1970-01-01 UTC (64 bits: good past 2038 and 2106) and nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Wall {
    secs: i64,
    nanos: u32,
}

impl Wall {
    /// A whole second.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self { secs, nanos: 0 }
    }

    /// A second and a part of it; whole seconds in `nanos` are carried over.
    #[must_use]
    pub const fn new(secs: i64, nanos: u32) -> Self {
        Self {
            secs: secs.saturating_add((nanos / 1_000_000_000) as i64),
            nanos: nanos % 1_000_000_000,
        }
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn secs(self) -> i64 {
        self.secs
    }

    /// The part of a second, in nanoseconds.
    #[must_use]
    pub const fn subsec_nanos(self) -> u32 {
        self.nanos
    }

    /// The first whole second that is not before this point.
    ///
    /// Lease files and tables keep whole seconds. Rounding down would let the server's copy of a
    /// lease end before the client's.
    #[must_use]
    pub const fn ceil(self) -> Self {
        if self.nanos == 0 { self } else { Self { secs: self.secs.saturating_add(1), nanos: 0 } }
    }

    /// This point and `secs` seconds more (or less, when negative), saturating.
    #[must_use]
    pub const fn plus_secs(self, secs: i64) -> Self {
        Self { secs: self.secs.saturating_add(secs), nanos: self.nanos }
    }

    /// This point and `length` more, saturating.
    #[must_use]
    pub fn after(self, length: Duration) -> Self {
        let secs = i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
        Self::new(self.secs.saturating_add(secs), self.nanos + length.subsec_nanos())
    }

    /// This point and `length` less, saturating.
    #[must_use]
    pub fn before(self, length: Duration) -> Self {
        let secs = i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
        let borrowed = length.subsec_nanos() > self.nanos;
        let nanos = self.nanos + u32::from(borrowed) * 1_000_000_000 - length.subsec_nanos();
        Self::new(self.secs.saturating_sub(secs).saturating_sub(i64::from(borrowed)), nanos)
    }

    /// Nanoseconds from `earlier` to this point, negative if it lies ahead.
    #[must_use]
    pub fn nanos_since(self, earlier: Self) -> i128 {
        (i128::from(self.secs) - i128::from(earlier.secs)) * 1_000_000_000
            + (i128::from(self.nanos) - i128::from(earlier.nanos))
    }

    /// Whole seconds from this point until `later`, rounded down, never negative.
    #[must_use]
    pub fn secs_until(self, later: Self) -> u64 {
        u64::try_from(later.nanos_since(self) / 1_000_000_000).unwrap_or(0)
    }
}

impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.secs)?;
        if self.nanos != 0 {
            write!(f, ".{:03}", self.nanos / 1_000_000)?;
        }
        Ok(())
    }
}

/// Both clocks, sampled once per turn by the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Now {
    /// Orders deadlines.
    pub mono: Mono,
    /// Dates leases.
    pub wall: Wall,
}

/// A lifetime as DHCP carries it.
///
/// *Units*: seconds; `u32::MAX` means for ever (RFC 2131 §3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Secs(pub u32);

impl Secs {
    /// A lifetime without end.
    pub const INFINITE: Self = Self(u32::MAX);

    /// Whether this lifetime has no end.
    #[must_use]
    pub const fn is_infinite(self) -> bool {
        self.0 == u32::MAX
    }

    /// As a length of time.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0 as u64)
    }
}

impl fmt::Display for Secs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_infinite() { f.write_str("infinite") } else { write!(f, "{}", self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceil_never_goes_back() {
        assert_eq!(Wall::new(7, 0).ceil(), Wall::from_secs(7));
        assert_eq!(Wall::new(7, 1).ceil(), Wall::from_secs(8));
        assert_eq!(Wall::new(-1, 5).ceil(), Wall::from_secs(0));
    }

    #[test]
    fn whole_seconds_in_nanos_are_carried() {
        assert_eq!(Wall::new(1, 2_000_000_001), Wall::new(3, 1));
        assert_eq!(Wall::new(1, 999_999_999).after(Duration::from_nanos(1)), Wall::from_secs(2));
    }

    #[test]
    fn before_undoes_after() {
        let point = Wall::new(7, 300);
        for length in [Duration::ZERO, Duration::from_nanos(301), Duration::new(9, 999_999_999)] {
            assert_eq!(point.after(length).before(length), point);
            assert_eq!(point.before(length).after(length), point);
        }
    }

    #[test]
    fn time_past_2106_is_kept() {
        let far = Wall::from_secs(1 << 33);
        assert_eq!(Wall::from_secs(0).secs_until(far), 1 << 33);
        assert_eq!(far.secs_until(Wall::from_secs(0)), 0);
    }
}
