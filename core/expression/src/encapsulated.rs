//! Options within options.

/// The value of the first sub-option with this code.
///
/// Reading ends at a sub-option that runs past the end.
pub(crate) fn sub_option(octets: &[u8], code: u8) -> Option<&[u8]> {
    let mut rest = octets;
    while let Some((&[at, len], tail)) = rest.split_first_chunk() {
        let (value, tail) = tail.split_at_checked(usize::from(len))?;
        if at == code {
            return Some(value);
        }
        rest = tail;
    }
    None
}

/// The same where code 0 is filler and code 255 the end.
///
/// RFC 2132 §8.4: so it is in option 43 when it holds options.
pub(crate) fn padded_sub_option(octets: &[u8], code: u8) -> Option<&[u8]> {
    let mut rest = octets;
    loop {
        match rest {
            [0, tail @ ..] => rest = tail,
            [255, ..] | [] | [_] => return None,
            [at, len, tail @ ..] => {
                let (value, tail) = tail.split_at_checked(usize::from(*len))?;
                if *at == code {
                    return Some(value);
                }
                rest = tail;
            }
        }
    }
}

/// Enterprise numbers and what each enterprise has to say.
///
/// RFC 3925 §3 and §4: options 124 and 125 are blocks of an enterprise number in four octets, a
/// length in one, and that many octets.
pub(crate) fn blocks(octets: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut rest = octets;
    std::iter::from_fn(move || {
        let (enterprise, tail) = rest.split_first_chunk()?;
        let (len, tail) = tail.split_first()?;
        let (data, tail) = tail.split_at_checked(usize::from(*len))?;
        rest = tail;
        Some((u32::from_be_bytes(*enterprise), data))
    })
}

/// The chunks of data in a block of option 124, each with its length before it (RFC 3925 §3).
pub(crate) fn chunks(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = octets;
    std::iter::from_fn(move || {
        let (len, tail) = rest.split_first()?;
        let (data, tail) = tail.split_at_checked(usize::from(*len))?;
        rest = tail;
        Some(data)
    })
}
