//! Socket addresses and control messages as the kernel lays them out, as octets.
//!
//! Reading and writing octets needs no unsafe code and no trust in lengths; the layouts are the
//! kernel's stable interface.

use std::net::{Ipv4Addr, SocketAddrV4};

use lessor_types::LinkId;

/// Octets of the longer of the two addresses; the kernel accepts the shorter one padded.
pub(crate) const NAME_LEN: usize = 20;
/// Octets of a control message with `struct in_pktinfo`, padded.
pub(crate) const PACKET_INFO_LEN: usize = CONTROL_HEADER_LEN + 12_usize.next_multiple_of(WORD);

const WORD: usize = size_of::<usize>();
const CONTROL_HEADER_LEN: usize = (WORD + 8).next_multiple_of(WORD);

/// `struct sockaddr_in`, padded.
pub(crate) fn inet_name(addr: SocketAddrV4) -> [u8; NAME_LEN] {
    let mut name = [0; NAME_LEN];
    name[..2].copy_from_slice(&family(libc::AF_INET));
    name[2..4].copy_from_slice(&addr.port().to_be_bytes());
    name[4..8].copy_from_slice(&addr.ip().octets());
    name
}

/// The address in a `struct sockaddr_in`.
pub(crate) fn read_inet_name(name: &[u8]) -> Option<SocketAddrV4> {
    let (head, _) = name.split_first_chunk::<8>()?;
    let [f0, f1, p0, p1, a, b, c, d] = *head;
    ([f0, f1] == family(libc::AF_INET))
        .then(|| SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([p0, p1])))
}

/// `struct sockaddr_ll` for IPv4 packets on an interface with 48-bit addresses.
pub(crate) fn link_name(link: LinkId, hw: [u8; 6]) -> [u8; NAME_LEN] {
    let mut name = [0; NAME_LEN];
    name[..2].copy_from_slice(&family(libc::AF_PACKET));
    name[2..4].copy_from_slice(&ETHERTYPE_IPV4.to_be_bytes());
    name[4..8].copy_from_slice(&link.0.to_ne_bytes());
    name[11] = 6;
    name[12..18].copy_from_slice(&hw);
    name
}

/// The interface in a `struct sockaddr_ll`; none if it has no interface any more.
pub(crate) fn link_of(name: &[u8; NAME_LEN]) -> Option<LinkId> {
    let [f0, f1, _, _, a, b, c, d, ..] = *name;
    let index = i32::from_ne_bytes([a, b, c, d]);
    let index = u32::try_from(index).ok().filter(|index| *index > 0)?;
    ([f0, f1] == family(libc::AF_PACKET)).then_some(LinkId(index))
}

const ETHERTYPE_IPV4: u16 = 0x0800;

fn family(number: i32) -> [u8; 2] {
    u16::try_from(number).expect("address families are small numbers").to_ne_bytes()
}

/// A control message: its level, its type and its data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Control<'a> {
    pub(crate) level: i32,
    pub(crate) kind: i32,
    pub(crate) data: &'a [u8],
}

/// The control messages in a buffer that the kernel filled.
pub(crate) fn controls(mut rest: &[u8]) -> impl Iterator<Item = Control<'_>> {
    std::iter::from_fn(move || {
        let (len, after) = rest.split_first_chunk::<WORD>()?;
        let (level, after) = after.split_first_chunk::<4>()?;
        let (kind, _) = after.split_first_chunk::<4>()?;
        let len = usize::from_ne_bytes(*len);
        let data = rest.get(CONTROL_HEADER_LEN..len)?;
        let message =
            Control { level: i32::from_ne_bytes(*level), kind: i32::from_ne_bytes(*kind), data };
        rest = rest.get(len.next_multiple_of(WORD)..).unwrap_or_default();
        Some(message)
    })
}

/// A control message that has a UDP packet sent from `source` and, unless it is zero, by `link`.
pub(crate) fn send_packet_info(link: LinkId, source: Ipv4Addr) -> [u8; PACKET_INFO_LEN] {
    let mut message = [0; PACKET_INFO_LEN];
    message[..WORD].copy_from_slice(&(CONTROL_HEADER_LEN + 12).to_ne_bytes());
    message[WORD..WORD + 4].copy_from_slice(&libc::IPPROTO_IP.to_ne_bytes());
    message[WORD + 4..WORD + 8].copy_from_slice(&libc::IP_PKTINFO.to_ne_bytes());
    let info = &mut message[CONTROL_HEADER_LEN..];
    info[..4].copy_from_slice(&link.0.to_ne_bytes());
    info[4..8].copy_from_slice(&source.octets());
    message
}

/// Where a UDP packet came in and the address it was sent to (`IP_PKTINFO`).
pub(crate) fn packet_info(buffer: &[u8]) -> Option<(LinkId, Ipv4Addr)> {
    let message =
        controls(buffer).find(|c| c.level == libc::IPPROTO_IP && c.kind == libc::IP_PKTINFO)?;
    let (index, rest) = message.data.split_first_chunk::<4>()?;
    let (dest, _) = rest.get(4..)?.split_first_chunk::<4>()?;
    Some((LinkId(u32::from_ne_bytes(*index)), Ipv4Addr::from(*dest)))
}

/// The status word that comes with a packet of an AF_PACKET socket (`PACKET_AUXDATA`).
pub(crate) fn packet_status(buffer: &[u8]) -> Option<u32> {
    let message =
        controls(buffer).find(|c| c.level == libc::SOL_PACKET && c.kind == libc::PACKET_AUXDATA)?;
    let (status, _) = message.data.split_first_chunk::<4>()?;
    Some(u32::from_ne_bytes(*status))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_are_those_of_the_c_library() {
        assert_eq!(NAME_LEN, size_of::<libc::sockaddr_ll>());
        assert!(NAME_LEN >= size_of::<libc::sockaddr_in>());
        assert_eq!(CONTROL_HEADER_LEN, size_of::<libc::cmsghdr>());
    }

    #[test]
    fn names_and_packet_info_read_back() {
        let addr: SocketAddrV4 = "192.0.2.1:67".parse().expect("an address");
        assert_eq!(read_inet_name(&inet_name(addr)), Some(addr));
        assert_eq!(read_inet_name(&link_name(LinkId(1), [0; 6])), None);

        let mut message = send_packet_info(LinkId(5), *addr.ip());
        // The kernel reports the destination behind the field that chooses the source.
        message[CONTROL_HEADER_LEN + 8..CONTROL_HEADER_LEN + 12].copy_from_slice(&[10, 0, 0, 1]);
        let both = [&message[..], &message[..]].concat();
        assert_eq!(controls(&both).count(), 2);
        assert_eq!(packet_info(&both), Some((LinkId(5), Ipv4Addr::new(10, 0, 0, 1))));
        assert_eq!(packet_status(&both), None);
    }

    proptest! {
        #[test]
        fn any_octets_are_safe(octets in proptest::collection::vec(any::<u8>(), 0..100), len in 0usize..80) {
            let mut octets = octets;
            if let Some(first) = octets.first_chunk_mut::<WORD>() {
                *first = len.to_ne_bytes();
            }
            prop_assert!(controls(&octets).count() <= 100);
            let _ = (packet_info(&octets), packet_status(&octets), read_inet_name(&octets));
        }
    }
}
