//! Everything that an operator may want to know of the host's interfaces.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;

use lessor_types::Interface;

use crate::sys::ifaddrs::{self, Addr, Entry};

/// Describes all interfaces of this network namespace, by ascending index.
///
/// # Errors
/// What the kernel answered.
pub fn describe() -> io::Result<Vec<Interface>> {
    Ok(assemble(ifaddrs::entries()?))
}

fn assemble(entries: Vec<Entry>) -> Vec<Interface> {
    let mut by_name = BTreeMap::new();
    let mut addrs: Vec<(String, IpAddr)> = Vec::new();
    for Entry { name, flags, addr } in entries {
        match addr {
            Addr::Link { index, hardware, hw, has_hw } => {
                let flag = |bit: i32| flags & bit.cast_unsigned() != 0;
                let interface = Interface {
                    name: name.clone(),
                    index,
                    mac: has_hw.then_some(hw),
                    hardware,
                    addrs: Vec::new(),
                    loopback: flag(libc::IFF_LOOPBACK),
                    up: flag(libc::IFF_UP),
                    running: flag(libc::IFF_RUNNING),
                    multicast: flag(libc::IFF_MULTICAST),
                    broadcast: flag(libc::IFF_BROADCAST),
                };
                by_name.insert(name, interface);
            }
            Addr::Inet { addr, .. } => addrs.push((name, addr.into())),
            Addr::Inet6 { addr } => addrs.push((name, addr.into())),
        }
    }
    for (label, addr) in addrs {
        // The label of an address may be `eth0:1`, and no interface's name has a colon.
        let name = label.split(':').next().unwrap_or_default();
        if let Some(interface) = by_name.get_mut(name) {
            interface.addrs.push(addr);
        }
    }
    let mut all: Vec<Interface> = by_name.into_values().collect();
    all.sort_by_key(|interface| interface.index);
    all
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn loopback_is_described() {
        let all = describe().expect("listing needs no privilege");
        let lo = all.iter().find(|it| it.loopback).expect("every host has one");
        assert_eq!((lo.name.as_str(), lo.hardware, lo.broadcast), ("lo", 772, false));
        assert_eq!(lo.mac, Some([0; 6]));
        if lo.up {
            assert!(lo.addrs.contains(&IpAddr::V4(Ipv4Addr::LOCALHOST)), "{:?}", lo.addrs);
        }
    }
}
