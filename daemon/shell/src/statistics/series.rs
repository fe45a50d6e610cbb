//! One statistic over time.

use std::collections::VecDeque;

use lessor_config::Samples;
use lessor_types::Wall;

use crate::utc::Utc;

/// A value, and when it came about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sample {
    /// The value.
    pub value: u64,
    /// When.
    pub at: Wall,
}

impl Sample {
    /// When it came about: `YYYY-MM-DD hh:mm:ss.ffffff`, in UTC.
    #[must_use]
    pub fn stamp(&self) -> String {
        let Utc { year, month, day, hour, minute, second, nanos } = self.at.into();
        let micros = nanos / 1000;
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{micros:06}")
    }
}

/// The last values of a statistic. There is always one.
#[derive(Clone, Debug)]
pub struct Series {
    value: u64,
    /// Oldest first.
    samples: VecDeque<Sample>,
    keep: Samples,
}

impl Series {
    /// A statistic at zero, without a sample yet.
    #[must_use]
    pub const fn new(keep: Samples) -> Self {
        Self { value: 0, samples: VecDeque::new(), keep }
    }

    /// Its value now.
    #[must_use]
    pub const fn value(&self) -> u64 {
        self.value
    }

    /// Counts so many more.
    pub const fn add(&mut self, by: u64) {
        self.value = self.value.saturating_add(by);
    }

    /// Has another value now.
    pub const fn set(&mut self, value: u64) {
        self.value = value;
    }

    /// Takes the value down.
    pub fn take_value(&mut self, at: Wall) {
        self.samples.push_back(Sample { value: self.value, at });
        self.shorten();
    }

    /// Begins again at zero, with no memory.
    pub fn reset(&mut self, at: Wall) {
        self.value = 0;
        self.samples.clear();
        self.take_value(at);
    }

    /// Keeps so many values from now on.
    pub fn keep(&mut self, keep: Samples) {
        self.keep = keep;
        self.shorten();
    }

    /// The values, newest first.
    pub fn samples(&self) -> impl Iterator<Item = Sample> + '_ {
        self.samples.iter().rev().copied()
    }

    fn shorten(&mut self) {
        let Some(newest) = self.samples.back().map(|newest| newest.at.secs()) else {
            return;
        };
        let keep = self.keep;
        let is_kept = |oldest: &Sample, len: usize| match keep {
            Samples::Count(count) => len <= usize::try_from(count).unwrap_or(usize::MAX),
            // Whatever a clock that leapt says, memory has an end.
            Samples::Age(age) => {
                let age = i64::from(age.0);
                len <= Samples::MAX && newest.saturating_sub(oldest.at.secs()) <= age
            }
        };
        while let Some(oldest) = self.samples.front()
            && self.samples.len() > 1
            && !is_kept(oldest, self.samples.len())
        {
            self.samples.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use lessor_types::Secs;

    use super::*;

    fn values(series: &Series) -> Vec<u64> {
        series.samples().map(|sample| sample.value).collect()
    }

    #[test]
    fn the_last_values_are_kept_by_number_or_by_age() {
        let mut series = Series::new(Samples::Count(3));
        for secs in 0..6 {
            series.add(2);
            series.take_value(Wall::from_secs(secs));
        }
        assert_eq!(values(&series), [12, 10, 8]);
        series.keep(Samples::Age(Secs(1)));
        assert_eq!(values(&series), [12, 10]);
        series.take_value(Wall::from_secs(100));
        assert_eq!(values(&series), [12]);
        series.keep(Samples::Age(Secs(u32::MAX)));
        for _ in 0..2 * Samples::MAX {
            series.take_value(Wall::from_secs(100));
        }
        assert_eq!(series.samples().count(), Samples::MAX);
        series.reset(Wall::from_secs(101));
        assert_eq!(values(&series), [0]);
    }

    #[test]
    fn stamps_have_microseconds() {
        let sample = Sample { value: 1, at: Wall::new(951_782_400, 7_000) };
        assert_eq!(sample.stamp(), "2000-02-29 00:00:00.000007");
    }
}
