//! IPv4 networks.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

/// An IPv4 network: an address without host bits, and a length.
///
/// *Range*: length 0 to 32 bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Prefix4 {
    addr: Ipv4Addr,
    len: u8,
}

/// Why text is not a network.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotAPrefix;

impl fmt::Display for NotAPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an IPv4 address, a slash and a length of 0 to 32")
    }
}

impl std::error::Error for NotAPrefix {}

impl Prefix4 {
    /// Every address.
    pub const ALL: Self = Self { addr: Ipv4Addr::UNSPECIFIED, len: 0 };

    /// The network of this length that holds `addr`; host bits are cleared.
    ///
    /// `None` for a length over 32.
    #[must_use]
    pub fn holding(addr: Ipv4Addr, len: u8) -> Option<Self> {
        (len <= 32).then(|| Self { addr: Ipv4Addr::from_bits(addr.to_bits() & bits(len)), len })
    }

    /// The first address, with all host bits clear.
    #[must_use]
    pub const fn addr(self) -> Ipv4Addr {
        self.addr
    }

    /// The length in bits.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a prefix length, not a count of things")]
    pub const fn len(self) -> u8 {
        self.len
    }

    /// The subnet mask.
    #[must_use]
    pub fn mask(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(bits(self.len))
    }

    /// The last address, with all host bits set.
    #[must_use]
    pub fn broadcast(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.addr.to_bits() | !bits(self.len))
    }

    /// Whether `addr` lies in this network.
    #[must_use]
    pub fn contains(self, addr: Ipv4Addr) -> bool {
        addr.to_bits() & bits(self.len) == self.addr.to_bits()
    }

    /// Whether an address lies in both networks.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.contains(other.addr) || other.contains(self.addr)
    }
}

/// The mask of a length, which is at most 32.
fn bits(len: u8) -> u32 {
    u32::MAX.checked_shl(32_u32.saturating_sub(u32::from(len))).unwrap_or(0)
}

impl FromStr for Prefix4 {
    type Err = NotAPrefix;

    /// Reads `address/length`, with blanks around either; host bits are cleared.
    fn from_str(text: &str) -> Result<Self, NotAPrefix> {
        let (addr, len) = text.split_once('/').ok_or(NotAPrefix)?;
        let len = len.trim();
        let digits = !len.is_empty() && len.bytes().all(|octet| octet.is_ascii_digit());
        if !digits {
            return Err(NotAPrefix);
        }
        let addr = addr.trim().parse().map_err(|_| NotAPrefix)?;
        let len = len.parse().map_err(|_| NotAPrefix)?;
        Self::holding(addr, len).ok_or(NotAPrefix)
    }
}

impl fmt::Display for Prefix4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.addr, self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ends_and_mask() {
        let prefix: Prefix4 = "192.0.2.130/25".parse().expect("a prefix");
        assert_eq!(prefix.to_string(), "192.0.2.128/25");
        assert_eq!(prefix.mask(), Ipv4Addr::new(255, 255, 255, 128));
        assert_eq!(prefix.broadcast(), Ipv4Addr::new(192, 0, 2, 255));
        let all: Prefix4 = "0.0.0.0/0".parse().expect("a prefix");
        assert_eq!(all.broadcast(), Ipv4Addr::BROADCAST);
        assert!(all.contains(Ipv4Addr::BROADCAST));
    }

    #[test]
    fn other_text_is_refused() {
        for bad in ["192.0.2.0", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/+8", "192.0.2/24", "/24"]
        {
            assert_eq!(bad.parse::<Prefix4>(), Err(NotAPrefix), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn containing_is_between_the_ends(net: u32, len in 0_u8..=32, addr: u32) {
            let prefix = Prefix4::holding(Ipv4Addr::from_bits(net), len).expect("a length");
            let addr = Ipv4Addr::from_bits(addr);
            prop_assert_eq!(
                prefix.contains(addr),
                prefix.addr() <= addr && addr <= prefix.broadcast()
            );
            prop_assert_eq!(prefix.to_string().parse::<Prefix4>(), Ok(prefix));
        }
    }
}
