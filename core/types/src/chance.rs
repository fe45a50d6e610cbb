//! Randomness that is a function of its key.
//!
//! A decision may be run again on fresh facts. If its draws came from a stream, the second run would
//! draw differently; here a draw depends on what it is for.

/// Where all of one machine's randomness comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream for one purpose: same seed and key, same draws.
    #[must_use]
    pub fn keyed(self, key: u64, attempt: u64) -> Prng {
        Prng(mix(self.0 ^ mix(key ^ mix(attempt.wrapping_add(0x9e37_79b9_7f4a_7c15)))))
    }
}

/// A small generator (splitmix64); good enough to spread load, not to keep secrets.
#[derive(Clone, Debug)]
pub struct Prng(u64);

impl Prng {
    /// The next 64 bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.next_u64()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// Whether an event of this probability, in parts of a million, happens.
    pub fn chance_ppm(&mut self, ppm: u32) -> bool {
        self.below(1_000_000) < u64::from(ppm)
    }

    /// One element, or none of an empty slice.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let index = self.below(from.len() as u64);
        from.get(usize::try_from(index).unwrap_or(0))
    }
}

/// A hash that is the same in every process and every release.
#[must_use]
pub fn stable_hash(octets: &[u8]) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    for octet in octets {
        state = (state ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3);
    }
    mix(state)
}

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_draws_the_same_again() {
        let seed = Seed(7);
        assert_eq!(seed.keyed(1, 2).next_u64(), seed.keyed(1, 2).next_u64());
        assert_ne!(seed.keyed(1, 2).next_u64(), seed.keyed(1, 3).next_u64());
        assert_ne!(seed.keyed(1, 2).next_u64(), seed.keyed(2, 1).next_u64());
    }

    #[test]
    fn below_stays_below() {
        let mut rng = Seed(1).keyed(0, 0);
        assert!((0..10_000).all(|_| rng.below(7) < 7));
        assert_eq!(rng.below(0), 0);
        assert_eq!(rng.pick::<u8>(&[]), None);
    }
}
