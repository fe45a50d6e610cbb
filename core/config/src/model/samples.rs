//! How many of its last values a statistic keeps.

use lessor_types::Secs;

/// How many of its last values a statistic keeps, or from how long ago.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Samples {
    /// So many; the last one in any case, and never more than [`Samples::MAX`].
    Count(u32),
    /// Those not older than that when the last one came, and never more than [`Samples::MAX`].
    Age(Secs),
}

impl Samples {
    /// How many are kept at most: there are several statistics for each pool.
    pub const MAX: usize = 1024;
}

impl Default for Samples {
    fn default() -> Self {
        Self::Count(20)
    }
}
