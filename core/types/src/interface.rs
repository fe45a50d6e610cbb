//! Everything that an operator may want to know of one of the host's interfaces.

use std::net::IpAddr;

/// An interface as the kernel describes it at one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Its number.
    pub index: u32,
    /// The link-layer address, where it has one of six octets.
    pub mac: Option<[u8; 6]>,
    /// What it is (`ARPHRD_*`): 1 is Ethernet, 772 loopback.
    pub hardware: u16,
    /// All addresses, in the kernel's order.
    pub addrs: Vec<IpAddr>,
    /// Whether it is the loopback interface.
    pub loopback: bool,
    /// Whether the administrator has switched it on.
    pub up: bool,
    /// Whether it has a carrier.
    pub running: bool,
    /// Whether it takes multicasts.
    pub multicast: bool,
    /// Whether it takes broadcasts.
    pub broadcast: bool,
}
