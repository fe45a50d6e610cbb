//! The list of interface addresses: getifaddrs.

use std::ffi::CStr;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ptr;

/// What one entry of the list says.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The interface's name; for IPv4 entries, the label of the address.
    pub(crate) name: String,
    /// `IFF_*`.
    pub(crate) flags: u32,
    pub(crate) addr: Addr,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Addr {
    /// The interface itself.
    Link {
        index: u32,
        /// `ARPHRD_*`.
        hardware: u16,
        /// Zeros unless the address has six octets.
        hw: [u8; 6],
        /// Whether it has.
        has_hw: bool,
    },
    /// An IPv4 address of it.
    Inet { addr: Ipv4Addr, mask: Ipv4Addr },
    /// An IPv6 address of it.
    Inet6 { addr: Ipv6Addr },
}

/// All entries for interfaces and IP addresses, in the kernel's order.
pub(crate) fn entries() -> io::Result<Vec<Entry>> {
    let mut list = List(ptr::null_mut());
    // SAFETY: the function writes one pointer to the place given.
    if unsafe { libc::getifaddrs(&raw mut list.0) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut entries = Vec::new();
    let mut at = list.0;
    // SAFETY: `at` is null or an entry of the list, which lives until `list` is dropped.
    while let Some(entry) = unsafe { at.as_ref() } {
        // SAFETY: the address and the mask are null or those of an entry of the same list.
        let addr = unsafe { read_addr(entry) };
        if let Some(addr) = addr {
            // SAFETY: each entry's name is a string of C in the list.
            let name = unsafe { CStr::from_ptr(entry.ifa_name) };
            entries.push(Entry {
                name: name.to_string_lossy().into_owned(),
                flags: entry.ifa_flags,
                addr,
            });
        }
        at = entry.ifa_next;
    }
    Ok(entries)
}

/// # Safety
/// The pointers in `entry` must be null or valid for the structure that the address family says.
unsafe fn read_addr(entry: &libc::ifaddrs) -> Option<Addr> {
    // SAFETY: null or valid, by the contract above; every address begins with its family.
    let family = unsafe { entry.ifa_addr.as_ref() }?.sa_family;
    match i32::from(family) {
        libc::AF_PACKET => {
            // SAFETY: the family says which structure it is. It is read by copy, since nothing
            // promises its alignment.
            let link = unsafe { entry.ifa_addr.cast::<libc::sockaddr_ll>().read_unaligned() };
            let [a, b, c, d, e, f, ..] = link.sll_addr;
            Some(Addr::Link {
                index: u32::try_from(link.sll_ifindex).ok()?,
                hardware: link.sll_hatype,
                hw: if link.sll_halen == 6 { [a, b, c, d, e, f] } else { [0; 6] },
                has_hw: link.sll_halen == 6,
            })
        }
        libc::AF_INET => {
            // SAFETY: as above; the mask of an IPv4 address has the same structure.
            let addr = unsafe { read_inet(entry.ifa_addr) }?;
            // SAFETY: as above.
            let mask = unsafe { read_inet(entry.ifa_netmask) }?;
            Some(Addr::Inet { addr, mask })
        }
        libc::AF_INET6 => {
            // SAFETY: the family says which structure it is; read by copy, as above.
            let addr = unsafe { entry.ifa_addr.cast::<libc::sockaddr_in6>().read_unaligned() };
            Some(Addr::Inet6 { addr: addr.sin6_addr.s6_addr.into() })
        }
        _ => None,
    }
}

/// # Safety
/// The pointer must be null or valid for `sockaddr_in`.
unsafe fn read_inet(addr: *const libc::sockaddr) -> Option<Ipv4Addr> {
    if addr.is_null() {
        return None;
    }
    // SAFETY: by the contract above, and not null.
    let addr = unsafe { addr.cast::<libc::sockaddr_in>().read_unaligned() };
    Some(Ipv4Addr::from(addr.sin_addr.s_addr.to_ne_bytes()))
}

/// The list, which is freed when this is dropped.
struct List(*mut libc::ifaddrs);

impl Drop for List {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: the pointer came from getifaddrs and is freed once.
            unsafe { libc::freeifaddrs(self.0) }
        }
    }
}
