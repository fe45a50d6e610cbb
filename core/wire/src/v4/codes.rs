//! Sets of option codes.

/// Some option codes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Codes([u64; 4]);

impl Codes {
    /// Those whose bits are set: code 0 is the lowest bit of the first number.
    #[must_use]
    pub const fn from_bits(bits: [u64; 4]) -> Self {
        Self(bits)
    }

    /// Whether a code is among them.
    #[must_use]
    pub const fn contains(&self, code: u8) -> bool {
        self.0[(code >> 6) as usize] & 1 << (code & 63) != 0
    }

    /// Adds a code.
    pub const fn insert(&mut self, code: u8) {
        self.0[(code >> 6) as usize] |= 1 << (code & 63);
    }

    /// Takes a code out.
    pub const fn remove(&mut self, code: u8) {
        self.0[(code >> 6) as usize] &= !(1 << (code & 63));
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        let [a, b, c, d] = self.0;
        (a.count_ones() + b.count_ones() + c.count_ones() + d.count_ones()) as usize
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        matches!(self.0, [0, 0, 0, 0])
    }

    /// These and those.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        let mut all = self;
        all.0.iter_mut().zip(other.0).for_each(|(own, other)| *own |= other);
        all
    }

    /// Whether some code is in both.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).any(|(own, other)| own & other != 0)
    }

    /// The codes, in ascending order.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0_u8..4).zip(self.0).flat_map(|(at, mut word)| {
            std::iter::from_fn(move || {
                let bit = word.trailing_zeros();
                word &= word.wrapping_sub(1);
                u8::try_from(bit).ok().filter(|bit| *bit < 64).map(|bit| at << 6 | bit)
            })
        })
    }
}

impl FromIterator<u8> for Codes {
    fn from_iter<I: IntoIterator<Item = u8>>(from: I) -> Self {
        let mut codes = Self::default();
        from.into_iter().for_each(|code| codes.insert(code));
        codes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_in() {
        let all = [0, 1, 63, 64, 127, 200, 255];
        let mut codes: Codes = all.into_iter().collect();
        assert_eq!(codes.iter().collect::<Vec<_>>(), all);
        assert_eq!((codes.len(), Codes::default().is_empty()), (all.len(), true));
        assert!((0..=255).all(|code| codes.contains(code) == all.contains(&code)));
        codes.remove(64);
        assert!(!codes.contains(64) && codes.contains(63));
        let others: Codes = [64, 128].into_iter().collect();
        assert!(!codes.meets(&others) && codes.with(others).meets(&others));
    }
}
