//! IPv4 packets that carry UDP: headers built and parsed.
//!
//! The link-layer header is not here: [`raw`](crate::raw) leaves it to the kernel.

use std::net::{Ipv4Addr, SocketAddrV4};

use crate::checksum::internet;

/// Octets of the headers that [`headers`] builds: IPv4 without options, and UDP.
pub const HEADERS_LEN: usize = IP_LEN + UDP_LEN;
/// The largest payload, in octets, that fits an IPv4 packet behind those headers.
pub const PAYLOAD_MAX: usize = 0xffff - HEADERS_LEN;

const IP_LEN: usize = 20;
const UDP_LEN: usize = 8;
const PROTOCOL_UDP: u8 = 17;
const DONT_FRAGMENT: u16 = 0x4000;
const TTL: u8 = 64;

/// A UDP datagram with its addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Udp<'a> {
    /// Where it came from.
    pub source: SocketAddrV4,
    /// Where it was sent.
    pub dest: SocketAddrV4,
    /// What it carries.
    pub payload: &'a [u8],
}

/// Who vouches for the UDP checksum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trust {
    /// Nobody: it is verified here, unless the sender left it out.
    Nobody,
    /// The kernel: it has verified the checksum, or the packet never saw a wire and its checksum
    /// was not computed yet.
    Kernel,
}

/// Why octets are not a UDP datagram in an IPv4 packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Malformed {
    /// Fewer octets than the headers need.
    #[error("too short for its headers")]
    Short,
    /// Not IPv4, an impossible header length, a fragment, or not UDP.
    #[error("not an unfragmented IPv4 packet with UDP in it")]
    Header,
    /// Fewer octets than the headers announce.
    #[error("shorter than it says")]
    Truncated,
    /// The checksum of the IPv4 header is wrong.
    #[error("bad checksum of the IPv4 header")]
    IpChecksum,
    /// The length in the UDP header does not fit the packet.
    #[error("bad UDP length")]
    UdpLength,
    /// The UDP checksum is wrong.
    #[error("bad UDP checksum")]
    UdpChecksum,
}

/// Parses an IPv4 packet that carries UDP. Octets behind the packet (link-layer padding) are
/// ignored.
///
/// # Errors
/// [`Malformed`], by the first test that fails.
pub fn parse(packet: &[u8], trust: Trust) -> Result<Udp<'_>, Malformed> {
    let (ip, _) = packet.split_first_chunk::<IP_LEN>().ok_or(Malformed::Short)?;
    let header_len = usize::from(ip[0] & 0x0f) * 4;
    let fragment = u16::from_be_bytes([ip[6], ip[7]]) & !DONT_FRAGMENT;
    if ip[0] >> 4 != 4 || header_len < IP_LEN || fragment != 0 || ip[9] != PROTOCOL_UDP {
        return Err(Malformed::Header);
    }
    let (header, _) = packet.split_at_checked(header_len).ok_or(Malformed::Short)?;
    if internet(&[header]) != 0 {
        return Err(Malformed::IpChecksum);
    }
    let total = usize::from(u16::from_be_bytes([ip[2], ip[3]]));
    let datagram = packet
        .get(..total)
        .ok_or(Malformed::Truncated)?
        .get(header_len..)
        .ok_or(Malformed::Header)?;

    let (udp, _) = datagram.split_first_chunk::<UDP_LEN>().ok_or(Malformed::Short)?;
    let len = usize::from(u16::from_be_bytes([udp[4], udp[5]]));
    let datagram = datagram.get(..len).ok_or(Malformed::UdpLength)?;
    let payload = datagram.get(UDP_LEN..).ok_or(Malformed::UdpLength)?;

    let source = Ipv4Addr::new(ip[12], ip[13], ip[14], ip[15]);
    let dest = Ipv4Addr::new(ip[16], ip[17], ip[18], ip[19]);
    // RFC 768: an all-zero checksum means that the sender computed none.
    let unchecked = trust == Trust::Kernel || udp[6..8] == [0, 0];
    if !unchecked && internet(&[&pseudo_header(source, dest, [udp[4], udp[5]]), datagram]) != 0 {
        return Err(Malformed::UdpChecksum);
    }
    Ok(Udp {
        source: SocketAddrV4::new(source, u16::from_be_bytes([udp[0], udp[1]])),
        dest: SocketAddrV4::new(dest, u16::from_be_bytes([udp[2], udp[3]])),
        payload,
    })
}

/// Builds the IPv4 and UDP headers that go before the payload; `None` if the payload is longer
/// than [`PAYLOAD_MAX`].
#[must_use]
pub fn headers(datagram: &Udp<'_>) -> Option<[u8; HEADERS_LEN]> {
    let total = u16::try_from(HEADERS_LEN + datagram.payload.len()).ok()?;
    let udp_len = u16::try_from(UDP_LEN + datagram.payload.len()).ok()?;
    let (source, dest) = (datagram.source, datagram.dest);

    let mut ip = [0; IP_LEN];
    ip[0] = 0x45;
    ip[2..4].copy_from_slice(&total.to_be_bytes());
    // RFC 6864 §4.1: with "don't fragment" set, the identification means nothing and may be zero.
    ip[6..8].copy_from_slice(&DONT_FRAGMENT.to_be_bytes());
    ip[8] = TTL;
    ip[9] = PROTOCOL_UDP;
    ip[12..16].copy_from_slice(&source.ip().octets());
    ip[16..20].copy_from_slice(&dest.ip().octets());
    let sum = internet(&[&ip]);
    ip[10..12].copy_from_slice(&sum.to_be_bytes());

    let mut udp = [0; UDP_LEN];
    udp[0..2].copy_from_slice(&source.port().to_be_bytes());
    udp[2..4].copy_from_slice(&dest.port().to_be_bytes());
    udp[4..6].copy_from_slice(&udp_len.to_be_bytes());
    let pseudo = pseudo_header(*source.ip(), *dest.ip(), udp_len.to_be_bytes());
    let sum = match internet(&[&pseudo, &udp, datagram.payload]) {
        // RFC 768: a sum that comes out as zero is sent as its other representation.
        0 => 0xffff,
        sum => sum,
    };
    udp[6..8].copy_from_slice(&sum.to_be_bytes());

    let mut both = [0; HEADERS_LEN];
    both[..IP_LEN].copy_from_slice(&ip);
    both[IP_LEN..].copy_from_slice(&udp);
    Some(both)
}

fn pseudo_header(source: Ipv4Addr, dest: Ipv4Addr, udp_len: [u8; 2]) -> [u8; 12] {
    let mut header = [0; 12];
    header[..4].copy_from_slice(&source.octets());
    header[4..8].copy_from_slice(&dest.octets());
    header[9] = PROTOCOL_UDP;
    header[10..].copy_from_slice(&udp_len);
    header
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packet(payload: &[u8]) -> Vec<u8> {
        let datagram = Udp {
            source: "10.0.0.1:68".parse().expect("an address"),
            dest: "255.255.255.255:67".parse().expect("an address"),
            payload,
        };
        [&headers(&datagram).expect("short enough")[..], payload].concat()
    }

    fn reseal(packet: &mut [u8]) {
        packet[10..12].fill(0);
        let sum = internet(&[&packet[..20]]);
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
    }

    #[test]
    fn each_damage_has_its_name() {
        let whole = packet(b"hello");
        assert_eq!(parse(&whole[..19], Trust::Nobody), Err(Malformed::Short));
        assert_eq!(parse(&whole[..32], Trust::Nobody), Err(Malformed::Truncated));

        let damaged = |at: usize, value: u8, seal: bool| {
            let mut packet = whole.clone();
            packet[at] = value;
            if seal {
                reseal(&mut packet);
            }
            parse(&packet, Trust::Nobody).map(|_| ())
        };
        assert_eq!(damaged(0, 0x65, true), Err(Malformed::Header), "version 6");
        assert_eq!(damaged(0, 0x44, true), Err(Malformed::Header), "16 octets of header");
        assert_eq!(damaged(6, 0x20, true), Err(Malformed::Header), "more fragments");
        assert_eq!(damaged(7, 0x01, true), Err(Malformed::Header), "a later fragment");
        assert_eq!(damaged(9, 6, true), Err(Malformed::Header), "TCP");
        assert_eq!(damaged(3, 19, true), Err(Malformed::Header), "ends inside its header");
        assert_eq!(damaged(3, 27, true), Err(Malformed::Short), "no room for UDP");
        assert_eq!(damaged(8, 1, false), Err(Malformed::IpChecksum));
        assert_eq!(damaged(25, 7, false), Err(Malformed::UdpLength), "less than its header");
        assert_eq!(damaged(25, 200, false), Err(Malformed::UdpLength), "more than there is");
        assert_eq!(damaged(30, 0, false), Err(Malformed::UdpChecksum));
    }

    #[test]
    fn a_checksum_left_out_or_vouched_for_is_not_verified() {
        let mut left_out = packet(b"hello");
        left_out[26..28].fill(0);
        assert!(parse(&left_out, Trust::Nobody).is_ok());
        left_out[26] = 1;
        assert_eq!(parse(&left_out, Trust::Nobody), Err(Malformed::UdpChecksum));
        assert!(parse(&left_out, Trust::Kernel).is_ok());
    }

    #[test]
    fn header_options_and_padding_are_stepped_over() {
        let plain = packet(b"hello");
        let mut packet = [&plain[..20], &[1, 1, 1, 0], &plain[20..], &[0; 13]].concat();
        packet[0] = 0x46;
        packet[3] += 4;
        packet[10..12].fill(0);
        let sum = internet(&[&packet[..24]]);
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(parse(&packet, Trust::Nobody).map(|udp| udp.payload), Ok(&b"hello"[..]));
    }

    #[test]
    fn a_sum_of_zero_is_sent_as_ones() {
        // The payload is chosen so that everything else sums to all ones.
        let sum_at = |packet: &[u8]| u16::from_be_bytes([packet[26], packet[27]]);
        let payload = sum_at(&packet(&[0, 0])).to_be_bytes();
        let packet = packet(&payload);
        assert_eq!(sum_at(&packet), 0xffff);
        assert!(parse(&packet, Trust::Nobody).is_ok());
    }

    #[test]
    fn the_longest_payload_fits_and_no_longer() {
        let datagram = |payload| Udp {
            source: "10.0.0.1:67".parse().expect("an address"),
            dest: "10.0.0.2:68".parse().expect("an address"),
            payload,
        };
        let octets = vec![0; PAYLOAD_MAX + 1];
        assert!(headers(&datagram(&octets[1..])).is_some());
        assert!(headers(&datagram(&octets)).is_none());
    }

    proptest! {
        #[test]
        fn any_octets_are_safe(mut octets in proptest::collection::vec(any::<u8>(), 0..120), seal: bool) {
            if seal && octets.len() >= 20 {
                octets[0] = 0x45;
                octets[6..8].fill(0);
                octets[9] = PROTOCOL_UDP;
                reseal(&mut octets);
            }
            let _ = parse(&octets, Trust::Nobody);
            let _ = parse(&octets, Trust::Kernel);
        }

        #[test]
        fn what_is_built_parses_back(
            source: (u32, u16),
            dest: (u32, u16),
            payload in proptest::collection::vec(any::<u8>(), 0..1500),
            padding in 0usize..20,
        ) {
            let datagram = Udp {
                source: SocketAddrV4::new(source.0.into(), source.1),
                dest: SocketAddrV4::new(dest.0.into(), dest.1),
                payload: &payload,
            };
            let headers = headers(&datagram).expect("short enough");
            let packet = [&headers[..], &payload, &vec![0; padding]].concat();
            prop_assert_eq!(parse(&packet, Trust::Nobody), Ok(datagram));
        }

        #[test]
        fn one_flipped_bit_is_noticed(
            payload in proptest::collection::vec(any::<u8>(), 0..64),
            bit: prop::sample::Index,
        ) {
            let mut packet = packet(&payload);
            let bit = bit.index(packet.len() * 8);
            packet[bit / 8] ^= 1 << (bit % 8);
            // A checksum field that turns into zero would mean "not computed"; one bit cannot do
            // that unless it was the only one set.
            if packet[26..28] != [0, 0] {
                prop_assert!(parse(&packet, Trust::Nobody).is_err());
            }
        }
    }
}
