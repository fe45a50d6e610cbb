//! The interfaces of the host.

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;

use lessor_types::{Link, LinkId};

use crate::sys::ifaddrs::{self, Addr, Entry};

/// An interface as the kernel describes it at one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interface {
    /// Index, name and IPv4 addresses.
    pub link: Link,
    /// The link-layer address; zeros where there is none of six octets.
    pub hw: [u8; 6],
    /// Whether its frames are Ethernet's.
    pub ethernet: bool,
    /// Whether the administrator has switched it on.
    pub up: bool,
    /// Whether it has a carrier.
    pub running: bool,
    /// Whether it is the loopback interface.
    pub loopback: bool,
}

/// Lists the interfaces of this network namespace, by ascending index.
///
/// # Errors
/// What the kernel answered.
pub fn list() -> io::Result<Vec<Interface>> {
    Ok(assemble(ifaddrs::entries()?))
}

fn assemble(entries: Vec<Entry>) -> Vec<Interface> {
    let mut by_name = BTreeMap::new();
    let mut addrs: Vec<(String, (Ipv4Addr, u8))> = Vec::new();
    for Entry { name, flags, addr } in entries {
        match addr {
            Addr::Link { index, hardware, hw, .. } => {
                let flag = |bit: i32| flags & bit.cast_unsigned() != 0;
                let interface = Interface {
                    link: Link { id: LinkId(index), name: name.as_str().into(), addrs: Vec::new() },
                    hw,
                    ethernet: hardware == libc::ARPHRD_ETHER,
                    up: flag(libc::IFF_UP),
                    running: flag(libc::IFF_RUNNING),
                    loopback: flag(libc::IFF_LOOPBACK),
                };
                by_name.insert(name, interface);
            }
            Addr::Inet { addr, mask } => {
                addrs.push((name, (addr, prefix_len(mask))));
            }
            Addr::Inet6 { .. } => {}
        }
    }
    for (label, addr) in addrs {
        // The label of an address may be `eth0:1`, and no interface's name has a colon.
        let name = label.split(':').next().unwrap_or_default();
        if let Some(interface) = by_name.get_mut(name) {
            interface.link.addrs.push(addr);
        }
    }
    let mut all: Vec<_> = by_name.into_values().collect();
    all.sort_by_key(|interface| interface.link.id);
    all
}

fn prefix_len(mask: Ipv4Addr) -> u8 {
    // At most 32.
    u8::try_from(mask.to_bits().leading_ones()).unwrap_or(32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_found() {
        let all = list().expect("listing needs no privilege");
        let lo = all.iter().find(|i| i.loopback).expect("every host has one");
        assert_eq!(&*lo.link.name, "lo");
        assert!(!lo.ethernet);
        assert!(all.is_sorted_by_key(|i| i.link.id));
    }

    #[test]
    fn labelled_addresses_go_to_their_interface() {
        let link = |name: &str, index, flags| Entry {
            name: name.to_owned(),
            flags,
            addr: Addr::Link {
                index,
                hardware: libc::ARPHRD_ETHER,
                hw: [2, 0, 0, 0, 0, 1],
                has_hw: true,
            },
        };
        let inet = |name: &str, addr: [u8; 4], mask: [u8; 4]| Entry {
            name: name.to_owned(),
            flags: 0,
            addr: Addr::Inet { addr: addr.into(), mask: mask.into() },
        };
        let all = assemble(vec![
            link("eth1", 9, 0),
            link("eth0", 2, 0x1 | 0x40),
            inet("eth0", [192, 0, 2, 1], [255, 255, 255, 0]),
            inet("eth0:1", [10, 0, 0, 1], [255, 255, 255, 255]),
            inet("gone", [10, 0, 0, 2], [0, 0, 0, 0]),
        ]);
        let seen: Vec<_> = all.iter().map(|i| (&*i.link.name, i.up, i.running)).collect();
        assert_eq!(seen, [("eth0", true, true), ("eth1", false, false)]);
        let addrs = [([192, 0, 2, 1].into(), 24), ([10, 0, 0, 1].into(), 32)];
        assert_eq!(all[0].link.addrs, addrs);
    }
}
