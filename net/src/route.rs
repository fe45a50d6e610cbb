//! Whether an address can be reached by way of one interface, as the host's routing sees it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;

use lessor_types::LinkId;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

/// Answers that are remembered. Relays are few.
const KNOWN_MAX: usize = 4096;

// linux/rtnetlink.h and linux/netlink.h.
const RTM_NEWROUTE: u16 = 24;
const RTM_GETROUTE: u16 = 26;
const NLM_F_REQUEST: u16 = 1;
/// The route that was found is wanted, and none that the kernel makes up.
const RTM_F_FIB_MATCH: u32 = 0x2000;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
/// A gateway or a neighbour, and not this host or a black hole.
const RTN_UNICAST: u8 = 1;
const REQUEST_LEN: usize = 16 + 12 + 8 + 8;
/// Where the type of a route is in an answer.
const TYPE_AT: usize = 16 + 7;

/// Asks the kernel, and remembers the answers until it is told to forget them.
pub struct Routes {
    socket: Option<OwnedFd>,
    known: RefCell<BTreeMap<(LinkId, Ipv4Addr), bool>>,
}

impl Routes {
    /// Nothing has been asked. Where the kernel cannot be asked, no route is known.
    #[must_use]
    pub fn new() -> Self {
        Self { socket: connect().ok(), known: RefCell::default() }
    }

    /// Whether a route to `dest` leaves by `link`.
    #[must_use]
    pub fn leads(&self, link: LinkId, dest: Ipv4Addr) -> bool {
        let mut known = self.known.borrow_mut();
        if let Some(&leads) = known.get(&(link, dest)) {
            return leads;
        }
        let leads = self.socket.as_ref().is_some_and(|socket| ask(socket, link, dest));
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert((link, dest), leads);
        leads
    }

    /// Ask again from now on.
    pub fn forget(&self) {
        self.known.borrow_mut().clear();
    }
}

impl Default for Routes {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes").field("known", &self.known).finish_non_exhaustive()
    }
}

fn connect() -> io::Result<OwnedFd> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
    // Zero is the kernel.
    rustix::net::connect(&socket, &SocketAddrNetlink::new(0, 0))?;
    Ok(socket)
}

/// The kernel has answered when the request is sent: nothing here waits.
fn ask(socket: &OwnedFd, link: LinkId, dest: Ipv4Addr) -> bool {
    let request = request(link, dest);
    if rustix::net::send(socket, &request, SendFlags::DONTWAIT).is_err() {
        return false;
    }
    let mut answer = [0; 512];
    match rustix::net::recv(socket, &mut answer, RecvFlags::DONTWAIT) {
        Ok((length, _)) => answer.get(..length).is_some_and(is_route),
        Err(_) => false,
    }
}

fn request(link: LinkId, dest: Ipv4Addr) -> [u8; REQUEST_LEN] {
    let mut octets = [0; REQUEST_LEN];
    octets[0] = u8::try_from(REQUEST_LEN).expect("it is short");
    if cfg!(target_endian = "big") {
        octets[..4].reverse();
    }
    octets[4..6].copy_from_slice(&RTM_GETROUTE.to_ne_bytes());
    octets[6..8].copy_from_slice(&NLM_F_REQUEST.to_ne_bytes());
    // Family and length of the destination; then the flags, the last of the route's header.
    octets[16] = u8::try_from(libc::AF_INET).expect("families are small numbers");
    octets[17] = 32;
    octets[24..28].copy_from_slice(&RTM_F_FIB_MATCH.to_ne_bytes());
    let attributes = [(RTA_DST, dest.octets()), (RTA_OIF, link.0.to_ne_bytes())];
    for (room, (kind, value)) in octets[28..].chunks_exact_mut(8).zip(attributes) {
        room[..2].copy_from_slice(&8_u16.to_ne_bytes());
        room[2..4].copy_from_slice(&kind.to_ne_bytes());
        room[4..].copy_from_slice(&value);
    }
    octets
}

/// Whether an answer is a route that leads away from this host, and no error.
fn is_route(answer: &[u8]) -> bool {
    answer.get(4..6) == Some(&RTM_NEWROUTE.to_ne_bytes())
        && answer.get(TYPE_AT) == Some(&RTN_UNICAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_interface_leads_to_no_other_host() {
        let routes = Routes::new();
        let lo = LinkId(1);
        assert!(!routes.leads(lo, Ipv4Addr::new(203, 0, 113, 9)));
        assert!(!routes.leads(LinkId(0x7fff_fff0), Ipv4Addr::new(203, 0, 113, 9)));
        assert_eq!(routes.known.borrow().len(), 2);
        routes.forget();
        assert!(routes.known.borrow().is_empty());
    }

    #[test]
    fn what_is_no_answer_is_no_route() {
        assert!(!is_route(&[]));
        let mut octets = [0; 32];
        octets[4..6].copy_from_slice(&RTM_NEWROUTE.to_ne_bytes());
        assert!(!is_route(&octets), "of no type");
        octets[TYPE_AT] = RTN_UNICAST;
        assert!(is_route(&octets));
        assert!(!is_route(&octets[..TYPE_AT]));
        octets[4] = 2;
        assert!(!is_route(&octets), "an error");
    }
}
