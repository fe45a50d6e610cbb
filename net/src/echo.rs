//! ICMP echo requests and their answers (RFC 792), to see whether somebody uses an address.
//!
//! One raw socket for each interface that was asked on, and one for what is routed. The kernel
//! resolves the address; that nobody answers its ARP requests looks the same as silence.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::fd::{AsFd, BorrowedFd};

use lessor_types::LinkId;
use socket2::{Domain, Protocol, Socket, Type};

use crate::checksum;
use crate::sys::option;

const ECHO_REPLY: u8 = 0;
const ECHO_REQUEST: u8 = 8;
/// `ICMP_FILTER` at the level of raw sockets: a bit for each type that is left out.
const ICMP_FILTER: (i32, i32) = (255, 1);
/// The header (RFC 792), the token and the address.
const LENGTH: usize = 8 + 8 + 4;
/// Answers read in one call, so that nobody can keep the server reading.
const ANSWERS_MAX: usize = 256;

/// An answer: somebody has the address, and this is what the request carried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    /// Who answered.
    pub addr: Ipv4Addr,
    /// What the request was named.
    pub token: u64,
}

/// Asks hosts for an echo, and hears of it.
#[derive(Debug)]
pub struct Echo {
    /// Tells our requests from those of other processes on this host.
    id: u16,
    sockets: BTreeMap<Option<LinkId>, Socket>,
}

impl Echo {
    /// Nobody has been asked yet; `id` is unlike that of other processes.
    #[must_use]
    pub const fn new(id: u16) -> Self {
        Self { id, sockets: BTreeMap::new() }
    }

    /// Asks once, on an interface or by route. Returns whether there is a new descriptor to poll.
    ///
    /// # Errors
    /// What the kernel answered: usually that `CAP_NET_RAW` is missing, or that there is no route.
    pub fn ask(&mut self, link: Option<LinkId>, addr: Ipv4Addr, token: u64) -> io::Result<bool> {
        let is_new = !self.sockets.contains_key(&link);
        if is_new {
            self.sockets.insert(link, open(link)?);
        }
        let Some(socket) = self.sockets.get(&link) else {
            return Ok(false);
        };
        let to = SocketAddr::V4(SocketAddrV4::new(addr, 0));
        socket.send_to(&request(self.id, addr, token), &to.into())?;
        Ok(is_new)
    }

    /// Appends the answers that have arrived, without waiting.
    ///
    /// # Errors
    /// What the kernel answered; what could be read is in `into` nonetheless.
    pub fn receive(&self, into: &mut Vec<Answer>) -> io::Result<()> {
        let mut buffer = [0; 512];
        for mut socket in self.sockets.values() {
            for _ in 0..ANSWERS_MAX {
                match socket.read(&mut buffer) {
                    Ok(length) => {
                        into.extend(buffer.get(..length).and_then(|it| answer(self.id, it)))
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// What to poll for answers.
    pub fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.sockets.values().map(AsFd::as_fd)
    }
}

fn open(link: Option<LinkId>) -> io::Result<Socket> {
    let kind = Type::RAW.nonblocking().cloexec();
    let socket = Socket::new(Domain::IPV4, kind, Some(Protocol::ICMPV4))?;
    let (level, filter) = ICMP_FILTER;
    option::set(socket.as_fd(), level, filter, !(1 << ECHO_REPLY))?;
    if let Some(link) = link {
        let index = i32::try_from(link.0).map_err(|_| io::ErrorKind::InvalidInput)?;
        option::set(socket.as_fd(), libc::SOL_SOCKET, libc::SO_BINDTOIFINDEX, index)?;
    }
    Ok(socket)
}

/// A request: type, code, checksum, identifier, number, and data that comes back.
fn request(id: u16, addr: Ipv4Addr, token: u64) -> [u8; LENGTH] {
    let mut octets = [0; LENGTH];
    let parts: [&[u8]; 6] = [
        &[ECHO_REQUEST, 0],
        &[0, 0],
        &id.to_be_bytes(),
        &[0, 0],
        &token.to_be_bytes(),
        &addr.octets(),
    ];
    let mut rest = octets.as_mut_slice();
    for part in parts {
        let (here, after) = rest.split_at_mut(part.len());
        here.copy_from_slice(part);
        rest = after;
    }
    let sum = checksum::internet(&[&octets]).to_be_bytes();
    octets[2..4].copy_from_slice(&sum);
    octets
}

/// The answer in an IPv4 packet, if it is one to us by whom we asked.
fn answer(id: u16, packet: &[u8]) -> Option<Answer> {
    let header = usize::from(packet.first()? & 0x0f) * 4;
    let from: [u8; 4] = packet.get(12..16)?.try_into().ok()?;
    let icmp = packet.get(header..).filter(|_| header >= 20)?;
    let is_ours = icmp.get(..2)? == [ECHO_REPLY, 0] && icmp.get(4..6)? == id.to_be_bytes();
    let token = icmp.get(8..16)?.try_into().ok()?;
    let asked: [u8; 4] = icmp.get(16..20)?.try_into().ok()?;
    (is_ours && asked == from)
        .then_some(Answer { addr: from.into(), token: u64::from_be_bytes(token) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a host makes of a request.
    fn echoed(from: Ipv4Addr, request: &[u8]) -> Vec<u8> {
        let mut packet = vec![0; 20];
        packet[0] = 0x45;
        packet[12..16].copy_from_slice(&from.octets());
        packet.extend_from_slice(request);
        packet[20] = ECHO_REPLY;
        packet
    }

    #[test]
    fn only_our_own_requests_count_and_only_from_whom_they_went_to() {
        let addr = Ipv4Addr::new(192, 0, 2, 9);
        let sent = request(7, addr, 77);
        assert_eq!(checksum::internet(&[&sent]), 0, "the sum over all of it is zero");
        let packet = echoed(addr, &sent);
        assert_eq!(answer(7, &packet), Some(Answer { addr, token: 77 }));
        assert_eq!(answer(8, &packet), None);
        assert_eq!(answer(7, &echoed(Ipv4Addr::new(192, 0, 2, 8), &sent)), None);
        assert_eq!(answer(7, packet.get(..39).expect("longer")), None);
    }

    proptest! {
        #[test]
        fn no_packet_is_too_strange(packet in proptest::collection::vec(any::<u8>(), 0..80)) {
            answer(7, &packet);
        }
    }
}
