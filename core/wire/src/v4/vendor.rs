//! Options in options, and vendors' blocks of them (options 43, 124 and 125; RFC 3925).

/// The longest value that a length octet can state.
const LEN_MAX: usize = 255;

/// Codes and values of sub-options, up to the first that runs past the end.
pub fn sub_options(octets: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = octets;
    std::iter::from_fn(move || {
        let (&[code, len], tail) = rest.split_first_chunk()?;
        let (value, tail) = tail.split_at_checked(usize::from(len))?;
        rest = tail;
        Some((code, value))
    })
}

/// Appends a sub-option; false, and nothing is appended, if it is longer than 255 octets.
pub fn push_sub_option(octets: &mut Vec<u8>, code: u8, value: &[u8]) -> bool {
    let Ok(len) = u8::try_from(value.len()) else {
        return false;
    };
    octets.extend([code, len]);
    octets.extend_from_slice(value);
    true
}

/// Enterprise numbers and what each has to say, in the order of the option, up to the first block
/// that runs past the end (RFC 3925 §3, §4).
pub fn blocks(octets: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut rest = octets;
    std::iter::from_fn(move || {
        let (enterprise, tail) = rest.split_first_chunk()?;
        let (len, tail) = tail.split_first()?;
        let (data, tail) = tail.split_at_checked(usize::from(*len))?;
        rest = tail;
        Some((u32::from_be_bytes(*enterprise), data))
    })
}

/// Appends an enterprise's sub-options: in several blocks if one cannot hold them, and in one
/// without any if there are none. What is longer than a block by itself is left out.
pub fn push_blocks(octets: &mut Vec<u8>, enterprise: u32, subs: &[(u8, Vec<u8>)]) {
    let mut full: Vec<Vec<u8>> = Vec::new();
    let mut data: Vec<u8> = Vec::new();
    for (code, value) in subs.iter().filter(|(_, value)| value.len() + 2 <= LEN_MAX) {
        if data.len() + value.len() + 2 > LEN_MAX {
            full.push(std::mem::take(&mut data));
        }
        push_sub_option(&mut data, *code, value);
    }
    for data in full.iter().chain([&data]) {
        octets.extend(enterprise.to_be_bytes());
        octets.push(u8::try_from(data.len()).unwrap_or(0));
        octets.extend_from_slice(data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 3925 §4: enterprise number, length, sub-options.
    #[test]
    fn blocks_hold_sub_options() {
        let mut octets = Vec::new();
        push_blocks(&mut octets, 4491, &[(2, vec![192, 0, 2, 1]), (1, vec![])]);
        push_blocks(&mut octets, 9, &[]);
        assert_eq!(octets, b"\0\0\x11\x8b\x08\x02\x04\xc0\0\x02\x01\x01\0\0\0\0\x09\0");
        let found: Vec<_> = blocks(&octets).collect();
        assert_eq!(found.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [4491, 9]);
        let subs: Vec<_> = sub_options(found[0].1).collect();
        assert_eq!(subs, [(2, &[192, 0, 2, 1][..]), (1, &[])]);
        octets.pop();
        assert_eq!(blocks(&octets).count(), 1);
    }

    #[test]
    fn what_one_block_cannot_hold_goes_into_more() {
        let mut octets = Vec::new();
        let subs: Vec<(u8, Vec<u8>)> = (1..=3).map(|code| (code, vec![code; 120])).collect();
        push_blocks(&mut octets, 7, &subs);
        push_blocks(&mut octets, 8, &[(1, vec![0; 254])]);
        let found: Vec<_> = blocks(&octets).map(|(number, data)| (number, data.len())).collect();
        assert_eq!(found, [(7, 244), (7, 122), (8, 0)]);
        assert!(!push_sub_option(&mut octets, 1, &[0; 256]));
    }
}
