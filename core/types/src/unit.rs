//! What a lease is for, and where it belongs.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The thing leased: the family is decided here, and nowhere above.
///
/// *Order*: IPv4 addresses, IPv6 addresses, prefixes; within a family by address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address.
    V6(Ipv6Addr),
    /// A delegated prefix with its length in bits.
    Prefix(Ipv6Addr, u8),
}

impl Unit {
    /// The IPv4 address, if it is one.
    #[must_use]
    pub const fn v4(self) -> Option<Ipv4Addr> {
        match self {
            Self::V4(addr) => Some(addr),
            Self::V6(_) | Self::Prefix(..) => None,
        }
    }
}

impl Ord for Unit {
    fn cmp(&self, other: &Self) -> Ordering {
        // By numbers: comparing octets is a call, and maps compare many times with each packet.
        let rank = |unit: &Self| match *unit {
            Self::V4(addr) => (0_u8, u128::from(addr.to_bits()), 0),
            Self::V6(addr) => (1, addr.to_bits(), 0),
            Self::Prefix(addr, len) => (2, addr.to_bits(), len),
        };
        match (self, other) {
            (Self::V4(own), Self::V4(other)) => own.to_bits().cmp(&other.to_bits()),
            _ => rank(self).cmp(&rank(other)),
        }
    }
}

impl PartialOrd for Unit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Unit {
    /// By numbers, as they are compared.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (addr, len) = match self {
            Self::V4(addr) => return state.write_u32(addr.to_bits()),
            Self::V6(addr) => (addr, u8::MAX),
            Self::Prefix(addr, len) => (addr, *len),
        };
        state.write(&addr.octets());
        state.write_u8(len);
    }
}

impl From<Ipv4Addr> for Unit {
    fn from(addr: Ipv4Addr) -> Self {
        Self::V4(addr)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(addr) => addr.fmt(f),
            Self::V6(addr) => addr.fmt(f),
            Self::Prefix(addr, len) => write!(f, "{addr}/{len}"),
        }
    }
}

/// A subnet's number in the configuration.
///
/// *Range*: 1 to 4294967294; 0 is "none given" in files and commands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct SubnetId(pub u32);

impl fmt::Display for SubnetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A pool's number as lease files carry it; 0 where none is configured.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct PoolId(pub u32);

impl fmt::Display for PoolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The place of one lease change in its lane.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Seq(pub u64);

impl Seq {
    /// The place after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}
