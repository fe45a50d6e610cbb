//! Checksums, and which single bit explains a wrong one.

/// The polynomial of CRC-32 (IEEE 802.3), lowest power first.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// The CRC-32 of some octets.
pub(super) fn crc(octets: &[u8]) -> u32 {
    crc32fast::hash(octets)
}

/// The one bit whose change makes `octets` what `expected` is the checksum of: the place of its
/// octet, and the bit itself. There is one at most: in runs shorter than half a gigabyte no two
/// single bits change a CRC-32 alike.
pub(super) fn changed_bit(octets: &[u8], expected: u32) -> Option<(usize, u8)> {
    let wanted = crc(octets) ^ expected;
    // What a change of each bit of an octet does to the checksum, with more and more octets behind
    // it: a checksum is linear, so the other octets do not matter.
    let mut effects = [0_u32; 8];
    for (bit, effect) in (0..8).zip(&mut effects) {
        *effect = over_octet(1 << bit);
    }
    for place in (0..octets.len()).rev() {
        for (bit, effect) in (0_u8..).zip(&mut effects) {
            if *effect == wanted {
                return Some((place, 1 << bit));
            }
            *effect = over_octet(*effect);
        }
    }
    None
}

/// What eight steps of the register make of a difference.
fn over_octet(difference: u32) -> u32 {
    (0..8).fold(difference, |register, _| {
        let carried = if register & 1 == 1 { POLYNOMIAL } else { 0 };
        (register >> 1) ^ carried
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_single_bit_is_found() {
        let octets: Vec<u8> = (0..300_u32).map(|n| (n * 37 % 251) as u8).collect();
        let right = crc(&octets);
        assert_eq!(changed_bit(&octets, right), None);
        for place in 0..octets.len() {
            for bit in 0..8 {
                let mut changed = octets.clone();
                changed[place] ^= 1 << bit;
                assert_eq!(changed_bit(&changed, right), Some((place, 1 << bit)));
            }
        }
    }

    #[test]
    fn two_bits_are_not_taken_for_one() {
        let octets = vec![b'x'; 4096];
        let right = crc(&octets);
        for (one, other) in [(0, 4095), (17, 18), (1000, 3000)] {
            let mut changed = octets.clone();
            changed[one] ^= 1;
            changed[other] ^= 0x80;
            assert_eq!(changed_bit(&changed, right), None);
        }
    }
}
