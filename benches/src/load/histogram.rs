//! How values are spread, in buckets of constant relative width.

/// Buckets to each doubling: what is read back is at most a 128th too large.
const FINE: u64 = 1 << FINE_BITS;
const FINE_BITS: u32 = 7;
/// The shift of the largest numbers leaves eight bits of them.
const SHIFT_MAX: usize = 64 - FINE_BITS as usize - 1;
const BUCKETS: usize = (SHIFT_MAX + 2) << FINE_BITS;

/// Counts of numbers, which are not kept themselves.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
    sum: u128,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0, sum: 0, max: 0 }
    }
}

impl Histogram {
    /// Takes one more.
    pub(crate) fn record(&mut self, value: u64) {
        if let Some(count) = self.counts.get_mut(bucket(value)) {
            *count += 1;
        }
        self.total += 1;
        self.sum += u128::from(value);
        self.max = self.max.max(value);
    }

    /// How many there are.
    #[cfg(test)]
    pub(crate) const fn total(&self) -> u64 {
        self.total
    }

    /// The mean, rounded down; zero if there is none.
    pub(crate) fn mean(&self) -> u64 {
        let mean = self.sum / u128::from(self.total.max(1));
        // No mean is above the largest.
        u64::try_from(mean).unwrap_or(self.max)
    }

    /// The largest, exactly; zero if there is none.
    pub(crate) const fn max(&self) -> u64 {
        self.max
    }

    /// A number that at least `per_mille` thousandths do not exceed; zero if there is none.
    pub(crate) fn quantile(&self, per_mille: u64) -> u64 {
        let rank = (u128::from(self.total) * u128::from(per_mille)).div_ceil(1000).max(1);
        let mut seen = 0;
        for (bucket, count) in (0..).zip(&self.counts) {
            seen += u128::from(*count);
            if seen >= rank {
                return last_of(bucket).min(self.max);
            }
        }
        self.max
    }
}

fn bucket(value: u64) -> usize {
    // Below two rows of buckets each number has its own.
    let shift = (value | FINE).ilog2() - FINE_BITS;
    let row = u64::from(shift) * FINE;
    usize::try_from(row + (value >> shift)).unwrap_or(BUCKETS)
}

/// The largest number of a bucket.
fn last_of(bucket: u64) -> u64 {
    let shift = (bucket / FINE).saturating_sub(1);
    let first = bucket - shift * FINE;
    // In this order, since the end of the last bucket is the largest number that there is.
    (first << shift) + ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ends_have_their_buckets() {
        assert_eq!((bucket(0), bucket(u64::MAX)), (0, BUCKETS - 1));
        assert_eq!(last_of(BUCKETS as u64 - 1), u64::MAX);
        assert_eq!(Histogram::default().quantile(999), 0);
    }

    proptest! {
        #[test]
        fn a_bucket_is_narrow_and_neighbours_touch(value: u64, shift in 0..64u32) {
            let value = value >> shift;
            let last = last_of(bucket(value) as u64);
            prop_assert!(last >= value && last - value <= value / FINE);
            prop_assert_eq!(bucket(last), bucket(value));
            if last < u64::MAX {
                prop_assert_eq!(bucket(last + 1), bucket(value) + 1);
            }
        }

        #[test]
        fn quantiles_are_those_of_the_sorted_list(
            mut values in proptest::collection::vec(0..1_000_000_000_u64, 1..200),
            per_mille in 1..=1000_u64,
        ) {
            let mut histogram = Histogram::default();
            values.iter().for_each(|value| histogram.record(*value));
            values.sort_unstable();
            let rank = (values.len() * usize::try_from(per_mille)?).div_ceil(1000);
            let exact = values[rank - 1];
            let read = histogram.quantile(per_mille);
            prop_assert!(read >= exact && read - exact <= exact / FINE, "{} for {}", read, exact);
            prop_assert_eq!(histogram.total(), values.len() as u64);
            let sum: u64 = values.iter().sum();
            prop_assert_eq!(histogram.mean(), sum / values.len() as u64);
            prop_assert_eq!(histogram.max(), *values.last().unwrap_or(&0));
        }
    }
}
