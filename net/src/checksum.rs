//! The Internet checksum (RFC 1071).

/// The checksum of `parts` one after the other, as it goes into a header whose checksum field
/// counted as zero.
///
/// Only the last part may have an odd number of octets. Over data that includes its right
/// checksum the result is zero.
#[must_use]
pub fn internet(parts: &[&[u8]]) -> u16 {
    // RFC 1071 §2: the sum may be taken over wider words and folded at the end. 2^32 words of 32
    // bits fit in 64 bits, and no packet comes near that.
    let sum: u64 = parts.iter().copied().map(wide_sum).sum();
    // As RFC 1071 §2 (B) says, the order of octets matters only for the result.
    !u16::from_be(fold(sum))
}

fn wide_sum(octets: &[u8]) -> u64 {
    let (words, rest) = octets.as_chunks::<4>();
    let whole: u64 = words.iter().map(|w| u64::from(u32::from_ne_bytes(*w))).sum();
    let mut last = [0; 4];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    whole + u64::from(u32::from_ne_bytes(last))
}

fn fold(mut sum: u64) -> u16 {
    loop {
        match u16::try_from(sum) {
            Ok(folded) => return folded,
            Err(_) => sum = (sum & 0xffff) + (sum >> 16),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sixteen bits at a time with the carry added at once, to the letter of RFC 1071 §1.
    fn naive(octets: &[u8]) -> u16 {
        let mut sum: u16 = 0;
        for pair in octets.chunks(2) {
            let word = u16::from(pair[0]) << 8 | pair.get(1).map_or(0, |&low| u16::from(low));
            let (added, carry) = sum.overflowing_add(word);
            sum = added + u16::from(carry);
        }
        !sum
    }

    #[test]
    fn the_example_of_rfc_1071() {
        let octets = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(internet(&[&octets]), !0xddf2);
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(
            head in proptest::collection::vec(any::<[u8; 2]>(), 0..40),
            tail in proptest::collection::vec(any::<u8>(), 0..1600),
        ) {
            let head = head.concat();
            let whole = [head.as_slice(), tail.as_slice()].concat();
            prop_assert_eq!(internet(&[&head, &tail]), naive(&whole));
        }

        #[test]
        fn is_zero_over_data_with_its_checksum(words in proptest::collection::vec(any::<[u8; 2]>(), 1..99)) {
            let data = words.concat();
            let sum = internet(&[&data]).to_be_bytes();
            prop_assert_eq!(internet(&[&data, &sum]), 0);
        }
    }
}
