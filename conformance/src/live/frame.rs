//! Ethernet frames: what is sent and what is understood of what comes.

use std::net::{Ipv4Addr, SocketAddrV4};

/// A station's link-layer address.
pub(super) type Hw = [u8; 6];

const ETHERTYPE_IPV4: [u8; 2] = [0x08, 0x00];
const ETHERTYPE_ARP: [u8; 2] = [0x08, 0x06];
const PROTOCOL_ICMP: u8 = 1;
const PROTOCOL_UDP: u8 = 17;
const IP: usize = 20;
const UDP: usize = 8;

/// What a frame is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Frame {
    /// A UDP datagram.
    Udp { to: Hw, source: SocketAddrV4, dest: SocketAddrV4, payload: Vec<u8> },
    /// Somebody asks who has an address.
    WhoHas { asker: Hw, asker_addr: Ipv4Addr, addr: Ipv4Addr },
    /// Somebody pings an address: the ICMP message.
    Ping { from: Hw, source: Ipv4Addr, dest: Ipv4Addr, message: Vec<u8> },
}

/// Reads a frame; none if it is of no interest, or broken.
pub(super) fn parse(frame: &[u8]) -> Option<Frame> {
    let (to, rest) = frame.split_first_chunk::<6>()?;
    let (from, rest) = rest.split_first_chunk::<6>()?;
    let (kind, body) = rest.split_first_chunk::<2>()?;
    match *kind {
        ETHERTYPE_ARP => who_has(body),
        ETHERTYPE_IPV4 => packet(*to, *from, body),
        _ => None,
    }
}

fn who_has(body: &[u8]) -> Option<Frame> {
    const REQUEST: [u8; 8] = [0, 1, 8, 0, 6, 4, 0, 1];
    let rest = body.strip_prefix(&REQUEST)?;
    let (asker, rest) = rest.split_first_chunk::<6>()?;
    let (asker_addr, rest) = rest.split_first_chunk::<4>()?;
    let addr = rest.get(6..)?.first_chunk::<4>()?;
    Some(Frame::WhoHas { asker: *asker, asker_addr: (*asker_addr).into(), addr: (*addr).into() })
}

fn packet(to: Hw, from: Hw, body: &[u8]) -> Option<Frame> {
    let header = body.first_chunk::<IP>()?;
    let total = usize::from(u16::from_be_bytes([header[2], header[3]]));
    let length = usize::from(header[0] & 0x0f) * 4;
    // A header with a wrong sum would be dropped by any client.
    if header[0] >> 4 != 4 || sum(body.get(..length)?) != 0 {
        return None;
    }
    let addr =
        |at: usize| Ipv4Addr::new(header[at], header[at + 1], header[at + 2], header[at + 3]);
    let (source, dest) = (addr(12), addr(16));
    let content = body.get(length..total)?;
    match header[9] {
        PROTOCOL_UDP => {
            let udp = content.first_chunk::<UDP>()?;
            let port = |at: usize| u16::from_be_bytes([udp[at], udp[at + 1]]);
            Some(Frame::Udp {
                to,
                source: SocketAddrV4::new(source, port(0)),
                dest: SocketAddrV4::new(dest, port(2)),
                payload: content.get(UDP..usize::from(port(4)))?.to_vec(),
            })
        }
        PROTOCOL_ICMP if content.first() == Some(&8) => {
            Some(Frame::Ping { from, source, dest, message: content.to_vec() })
        }
        _ => None,
    }
}

/// A frame with a UDP datagram.
pub(super) fn udp(
    (from, to): (Hw, Hw),
    source: SocketAddrV4,
    dest: SocketAddrV4,
    payload: &[u8],
) -> Vec<u8> {
    let length = u16::try_from(UDP + payload.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut content = [&source.port().to_be_bytes()[..], &dest.port().to_be_bytes()].concat();
    content.extend(length);
    content.extend([0, 0]);
    content.extend(payload);
    let pseudo = [&source.ip().octets()[..], &dest.ip().octets(), &[0, PROTOCOL_UDP], &length];
    let checksum = match sum(&[&pseudo.concat()[..], &content].concat()) {
        0 => 0xffff,
        sum => sum,
    };
    content[6..8].copy_from_slice(&checksum.to_be_bytes());
    ip((from, to), (*source.ip(), *dest.ip()), PROTOCOL_UDP, &content)
}

/// The answer to a ping.
pub(super) fn pong((from, to): (Hw, Hw), addrs: (Ipv4Addr, Ipv4Addr), ping: &[u8]) -> Vec<u8> {
    let mut message = ping.to_vec();
    message[0] = 0;
    message[2..4].fill(0);
    let checksum = sum(&message).to_be_bytes();
    message[2..4].copy_from_slice(&checksum);
    ip((from, to), addrs, PROTOCOL_ICMP, &message)
}

/// The answer to who has an address: we do.
pub(super) fn is_at(hw: Hw, addr: Ipv4Addr, asker: Hw, asker_addr: Ipv4Addr) -> Vec<u8> {
    let head = [&asker[..], &hw, &ETHERTYPE_ARP, &[0, 1, 8, 0, 6, 4, 0, 2]].concat();
    [&head[..], &hw, &addr.octets(), &asker, &asker_addr.octets()].concat()
}

fn ip(
    (from, to): (Hw, Hw),
    (source, dest): (Ipv4Addr, Ipv4Addr),
    protocol: u8,
    content: &[u8],
) -> Vec<u8> {
    let total = u16::try_from(IP + content.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut header = [0; IP];
    header[0] = 0x45;
    header[2..4].copy_from_slice(&total);
    header[8] = 64;
    header[9] = protocol;
    header[12..16].copy_from_slice(&source.octets());
    header[16..20].copy_from_slice(&dest.octets());
    let checksum = sum(&header).to_be_bytes();
    header[10..12].copy_from_slice(&checksum);
    [&to[..], &from, &ETHERTYPE_IPV4, &header, content].concat()
}

/// The Internet checksum (RFC 1071); 0 over what has its checksum in it.
fn sum(octets: &[u8]) -> u16 {
    let (pairs, rest) = octets.as_chunks::<2>();
    let mut sum: u32 = pairs.iter().map(|pair| u32::from(u16::from_be_bytes(*pair))).sum();
    sum += rest.first().map_or(0, |last| u32::from(*last) << 8);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Hw = [2, 0, 0, 0, 0, 1];
    const B: Hw = [2, 0, 0, 0, 0, 2];
    /// Octets of an Ethernet header.
    const ETHERNET: usize = 14;

    #[test]
    fn a_datagram_is_read_as_it_was_written() {
        let source = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1), 67);
        let dest = SocketAddrV4::new(Ipv4Addr::BROADCAST, 68);
        let frame = udp((A, B), source, dest, b"payload");
        let payload = b"payload".to_vec();
        assert_eq!(parse(&frame), Some(Frame::Udp { to: B, source, dest, payload }));
        let mut damaged = frame.clone();
        damaged[ETHERNET + 8] ^= 1;
        assert_eq!(parse(&damaged), None);
        assert_eq!(parse(&frame[..30]), None);
    }

    #[test]
    fn questions_are_understood() {
        let (ours, theirs) = (Ipv4Addr::new(10, 0, 0, 10), Ipv4Addr::new(10, 0, 0, 1));
        let mut question = is_at(A, theirs, B, ours);
        question[ETHERNET + 7] = 1;
        let asked = Frame::WhoHas { asker: A, asker_addr: theirs, addr: ours };
        assert_eq!(parse(&question), Some(asked));
        let ping = ip((A, B), (theirs, ours), PROTOCOL_ICMP, &[8, 0, 0, 0, 1, 2, 3, 4]);
        let Some(Frame::Ping { from, message, .. }) = parse(&ping) else {
            panic!("a ping");
        };
        assert_eq!(from, A);
        let pong = pong((B, A), (ours, theirs), &message);
        assert_eq!(parse(&pong), None, "an answer is no question");
    }
}
