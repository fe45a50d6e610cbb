//! Who a client is, derived from its number.

/// The link-layer address of a client: locally administered, unicast, its number in the last four
/// octets.
pub(crate) const fn hardware(number: u32) -> [u8; 6] {
    let [a, b, c, d] = number.to_be_bytes();
    [0x02, 0x4c, a, b, c, d]
}

/// The number behind any six octets; of a client's address, its own.
pub(crate) const fn number(hardware: [u8; 6]) -> u32 {
    let [_, _, a, b, c, d] = hardware;
    u32::from_be_bytes([a, b, c, d])
}

/// Octets of a client identifier.
pub(crate) const CLIENT_ID_LEN: usize = 9;

/// The client identifier, for clients that send one: of type 0, not a link-layer address (RFC 2132
/// §9.14).
pub(crate) const fn client_id(number: u32) -> [u8; CLIENT_ID_LEN] {
    let [a, b, c, d] = number.to_be_bytes();
    [0, b'l', b'o', b'a', b'd', a, b, c, d]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_number_is_one_client(one: u32, other: u32) {
            prop_assert_eq!(number(hardware(one)), one);
            prop_assert_eq!(client_id(one) == client_id(other), one == other);
            let [first, ..] = hardware(one);
            prop_assert_eq!(first & 3, 2, "unicast, locally administered");
        }
    }
}
