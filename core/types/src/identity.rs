//! Who a client is.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Why octets or text are not the identifier that they were taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentityError {
    /// More or fewer octets than the field allows.
    Length {
        /// How many there were.
        got: usize,
        /// The largest number allowed.
        max: usize,
    },
    /// Text that is not pairs of hexadecimal digits joined by colons.
    NotHex,
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { got, max } => write!(f, "{got} octets where 1 to {max} are allowed"),
            Self::NotHex => f.write_str("not hexadecimal pairs joined by colons"),
        }
    }
}

impl std::error::Error for IdentityError {}

/// Prints octets as lower-case hexadecimal pairs joined by colons.
#[derive(Clone, Copy, Debug)]
pub struct Hex<'a>(pub &'a [u8]);

impl Hex<'_> {
    /// Reads pairs joined by colons; empty text is no octets.
    ///
    /// # Errors
    /// [`IdentityError::NotHex`] for anything else.
    pub fn parse(text: &str) -> Result<Vec<u8>, IdentityError> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        text.split(':')
            .map(|pair| match pair.as_bytes() {
                [high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    u8::from_str_radix(pair, 16).map_err(|_| IdentityError::NotHex)
                }
                _ => Err(IdentityError::NotHex),
            })
            .collect()
    }
}

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, octet) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(":")?;
            }
            write!(f, "{octet:02x}")?;
        }
        Ok(())
    }
}

/// A link-layer address with its hardware type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HwAddr {
    htype: u16,
    len: u8,
    octets: [u8; Self::MAX],
}

impl HwAddr {
    /// The longest address kept, in octets (InfiniBand has 20; DHCPv4's header carries 16).
    pub const MAX: usize = 20;
    /// Ethernet's hardware type (RFC 1700).
    pub const ETHERNET: u16 = 1;

    /// An address of `octets` (which may be none: some clients have only a client identifier).
    ///
    /// # Errors
    /// [`IdentityError::Length`] for more than [`HwAddr::MAX`] octets.
    pub fn new(htype: u16, octets: &[u8]) -> Result<Self, IdentityError> {
        let too_long = IdentityError::Length { got: octets.len(), max: Self::MAX };
        let len = u8::try_from(octets.len()).map_err(|_| too_long)?;
        let mut kept = [0; Self::MAX];
        kept.get_mut(..octets.len()).ok_or(too_long)?.copy_from_slice(octets);
        Ok(Self { htype, len, octets: kept })
    }

    /// An Ethernet address.
    #[must_use]
    pub fn ethernet(octets: [u8; 6]) -> Self {
        let mut kept = [0; Self::MAX];
        kept[..6].copy_from_slice(&octets);
        Self { htype: Self::ETHERNET, len: 6, octets: kept }
    }

    /// The hardware type (ARP's numbers).
    #[must_use]
    pub const fn htype(&self) -> u16 {
        self.htype
    }

    /// The octets.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets[..usize::from(self.len)]
    }

    /// Whether there are no octets.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl Default for HwAddr {
    fn default() -> Self {
        Self { htype: Self::ETHERNET, len: 0, octets: [0; Self::MAX] }
    }
}

impl fmt::Display for HwAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(self.octets()).fmt(f)
    }
}

impl fmt::Debug for HwAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HwAddr({}, {self})", self.htype)
    }
}

/// A DHCPv4 client identifier (option 61), opaque.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(Arc<[u8]>);

impl ClientId {
    /// The longest identifier, in octets.
    pub const MAX: usize = 255;

    /// An identifier of these octets.
    ///
    /// # Errors
    /// [`IdentityError::Length`] unless there are 1 to [`ClientId::MAX`]. (RFC 2132 §9.14 asks for
    /// two; files and tables of other servers hold shorter ones.)
    pub fn new(octets: &[u8]) -> Result<Self, IdentityError> {
        if octets.is_empty() || octets.len() > Self::MAX {
            return Err(IdentityError::Length { got: octets.len(), max: Self::MAX });
        }
        Ok(Self(octets.into()))
    }

    /// The octets.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for ClientId {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        Self::new(&Hex::parse(text)?)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientId({self})")
    }
}

/// Whom a lease belongs to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Holder {
    /// The link-layer address; may be empty.
    pub hw: HwAddr,
    /// The client identifier, if the client sent one and it counts.
    pub client_id: Option<ClientId>,
}

impl Holder {
    /// Whether both name the same client: by client identifier if both have one, else by
    /// link-layer address (RFC 2131 §4.2).
    #[must_use]
    pub fn same_client(&self, other: &Self) -> bool {
        match (&self.client_id, &other.client_id) {
            (Some(a), Some(b)) => a == b,
            _ => !self.hw.is_empty() && self.hw == other.hw,
        }
    }

    /// Whether nobody is named, as in a declined lease.
    #[must_use]
    pub const fn is_nobody(&self) -> bool {
        self.hw.is_empty() && self.client_id.is_none()
    }

    /// A number that depends on the identity alone, for keyed draws and for sharding.
    #[must_use]
    pub fn stable_hash(&self) -> u64 {
        match &self.client_id {
            Some(id) => crate::stable_hash(id.octets()),
            None => crate::stable_hash(self.hw.octets()),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.client_id, self.hw.is_empty()) {
            (None, true) => f.write_str("nobody"),
            (None, false) => write!(f, "{}", self.hw),
            (Some(id), true) => write!(f, "cid {id}"),
            (Some(id), false) => write!(f, "{} cid {id}", self.hw),
        }
    }
}

/// A transaction identifier (RFC 2131 §2, `xid`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Xid(pub u32);

impl fmt::Display for Xid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(hw: u8, id: Option<&[u8]>) -> Holder {
        Holder {
            hw: HwAddr::ethernet([2, 0, 0, 0, 0, hw]),
            client_id: id.map(|id| ClientId::new(id).expect("short enough")),
        }
    }

    #[test]
    fn the_client_identifier_decides_where_both_have_one() {
        assert!(holder(1, Some(b"a")).same_client(&holder(2, Some(b"a"))));
        assert!(!holder(1, Some(b"a")).same_client(&holder(1, Some(b"b"))));
        assert!(holder(1, None).same_client(&holder(1, Some(b"b"))));
        assert!(!Holder::default().same_client(&Holder::default()));
    }

    #[test]
    fn hex_round_trips_and_refuses() {
        assert_eq!(Hex::parse("0a:ff"), Ok(vec![10, 255]));
        assert_eq!(Hex(&[10, 255]).to_string(), "0a:ff");
        for bad in ["0", "0a:", ":0a", "0g", "+1", "0a0b"] {
            assert_eq!(Hex::parse(bad), Err(IdentityError::NotHex), "{bad}");
        }
    }

    #[test]
    fn lengths_are_bounded() {
        assert!(HwAddr::new(1, &[0; 21]).is_err());
        assert!(HwAddr::new(1, &[]).is_ok_and(|hw| hw.is_empty()));
        assert!(ClientId::new(&[]).is_err());
        assert!(ClientId::new(&[0; 256]).is_err());
    }
}
