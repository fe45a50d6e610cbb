//! Options within options.

use lessor_wire::v4::vendor;

/// The value of the first sub-option with this code.
///
/// Reading ends at a sub-option that runs past the end.
pub(crate) fn sub_option(octets: &[u8], code: u8) -> Option<&[u8]> {
    vendor::sub_options(octets).find(|(at, _)| *at == code).map(|(_, value)| value)
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
