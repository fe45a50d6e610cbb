//! Which packets the programs accept, shown by an interpreter of the few instructions they use.

use std::net::SocketAddrV4;

use lessor_types::{Link, LinkId};
use proptest::prelude::*;

use super::*;
use crate::frame::{self, Udp};

/// What the kernel knows about a packet beside its octets.
struct Seen<'a> {
    packet_type: u32,
    interface: u32,
    /// From the IPv4 header on.
    packet: &'a [u8],
    /// Where the program's offset zero is in `packet`.
    origin: usize,
}

impl Seen<'_> {
    fn load(&self, offset: u32, octets: usize) -> Option<u32> {
        let at = match offset {
            PACKET_TYPE => return Some(self.packet_type),
            INTERFACE => return Some(self.interface),
            NETWORK_HEADER..PACKET_TYPE => (offset - NETWORK_HEADER) as usize,
            _ => self.origin + offset as usize,
        };
        let octets = self.packet.get(at..at + octets)?;
        Some(octets.iter().fold(0, |word, octet| word << 8 | u32::from(*octet)))
    }

    /// How many octets the program lets through. A load beyond the packet ends it with none, as
    /// in the kernel.
    fn run(&self, program: &Program) -> u32 {
        self.step_through(program).unwrap_or(0)
    }

    fn step_through(&self, program: &Program) -> Option<u32> {
        let (mut accumulator, mut x, mut at) = (0, 0, 0);
        loop {
            let Instruction { code, jt, jf, k } = program.0[at];
            at += 1;
            let mut branch = |test: bool| at += usize::from(if test { jt } else { jf });
            match code {
                LOAD_BYTE => accumulator = self.load(k, 1)?,
                LOAD_HALF => accumulator = self.load(k, 2)?,
                LOAD_WORD => accumulator = self.load(k, 4)?,
                LOAD_HALF_AT_X => accumulator = self.load(k + x, 2)?,
                LOAD_X_HEADER_LEN => x = (self.load(k, 1)? & 0x0f) * 4,
                AND => accumulator &= k,
                JUMP_EQUAL => branch(accumulator == k),
                JUMP_GREATER => branch(accumulator > k),
                JUMP_ANY_BIT => branch(accumulator & k != 0),
                JUMP => at += k as usize,
                RETURN => return Some(k),
                other => panic!("unknown instruction {other:#x}"),
            }
        }
    }
}

fn link(index: u32, addrs: &[&str]) -> Link {
    Link {
        id: LinkId(index),
        name: format!("eth{index}").into(),
        addrs: addrs.iter().map(|addr| (addr.parse().expect("an address"), 24)).collect(),
    }
}

fn packet(source: &str, dest: &str) -> Vec<u8> {
    let payload = b"anything";
    let datagram = Udp {
        source: SocketAddrV4::new(source.parse().expect("an address"), 68),
        dest: dest.parse().expect("an address and port"),
        payload,
    };
    [&frame::headers(&datagram).expect("short enough")[..], payload].concat()
}

fn raw_accepts(packet: &[u8], packet_type: u32, interface: u32) -> bool {
    let claim = Claim::new(&link(7, &["192.0.2.1"]));
    let seen = Seen { packet_type, interface, packet, origin: 0 };
    match seen.run(&packets(7, 67, &claim)) {
        0 => false,
        octets => {
            assert_eq!(octets, WHOLE_PACKET);
            true
        }
    }
}

fn udp_accepts(served: &[Served], packet: &[u8], interface: u32) -> bool {
    let seen = Seen { packet_type: 0, interface, packet, origin: 20 };
    seen.run(&datagrams(served)) != 0
}

#[test]
fn the_raw_socket_takes_what_it_claims() {
    for (source, dest) in [
        ("0.0.0.0", "255.255.255.255:67"),
        ("192.0.2.9", "255.255.255.255:67"),
        ("192.0.2.9", "192.0.2.1:67"),
        ("172.16.0.1", "192.0.2.1:67"),
        ("192.0.2.9", "192.0.2.255:67"),
    ] {
        assert!(raw_accepts(&packet(source, dest), 1, 7), "{source} to {dest}");
    }
    for (source, dest) in [
        ("0.0.0.0", "255.255.255.255:68"),
        ("192.0.2.9", "192.0.2.1:53"),
        ("192.0.2.9", "192.0.2.2:67"),
        ("192.0.2.9", "198.51.100.255:67"),
    ] {
        assert!(!raw_accepts(&packet(source, dest), 0, 7), "{source} to {dest}");
    }
}

#[test]
fn only_what_came_in_for_us_on_this_interface() {
    let good = packet("0.0.0.0", "255.255.255.255:67");
    assert!(raw_accepts(&good, 0, 7), "host");
    assert!(raw_accepts(&good, 1, 7), "broadcast");
    for other in [2, 3, 4, 5] {
        assert!(!raw_accepts(&good, other, 7), "multicast, other host, outgoing, loopback");
    }
    assert!(!raw_accepts(&good, 0, 8), "of a VLAN interface above");
}

#[test]
fn only_whole_ipv4_packets_with_udp() {
    let good = packet("0.0.0.0", "255.255.255.255:67");
    for (at, value, what) in [
        (0, 0x65, "version 6"),
        (6, 0x20, "first fragment"),
        (7, 0x01, "later fragment"),
        (9, 6, "TCP"),
    ] {
        let mut bad = good.clone();
        bad[at] = value;
        assert!(!raw_accepts(&bad, 0, 7), "{what}");
    }
    assert!(!raw_accepts(&good[..23], 0, 7), "cut before the port");

    let mut with_options = [&good[..20], &[1, 1, 1, 0], &good[20..]].concat();
    with_options[0] = 0x46;
    assert!(raw_accepts(&with_options, 0, 7), "header options");
}

#[test]
fn the_udp_socket_takes_the_rest_of_the_served_interfaces() {
    let many: Vec<String> = (0..250).map(|i| format!("10.0.{i}.1")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let raw = |link: Link| Served { claim: Some(Claim::new(&link)), link };
    let served = [
        raw(link(6, &many)),
        raw(link(7, &["192.0.2.1"])),
        Served { link: link(8, &["198.51.100.1"]), claim: None },
    ];
    let takes = |source, dest, interface| udp_accepts(&served, &packet(source, dest), interface);
    assert!(!takes("192.0.2.9", "192.0.2.1:67", 7), "raw has it");
    assert!(!takes("0.0.0.0", "255.255.255.255:67", 7), "raw has it");
    assert!(takes("192.0.2.9", "10.0.3.1:67", 7), "another interface's address");
    assert!(takes("0.0.0.0", "255.255.255.255:67", 8), "no raw socket here");
    assert!(takes("192.0.2.9", "198.51.100.1:67", 8), "no raw socket here");
    assert!(!takes("192.0.2.9", "192.0.2.1:67", 9), "not served");
    assert!(takes("192.0.2.9", "192.0.2.1:67", 6), "far jump, not taken");
    assert!(!takes("192.0.2.9", "10.0.249.255:67", 6), "far jump, taken");
}

proptest! {
    /// Both programs agree with the claim, so that each packet passes exactly one.
    #[test]
    fn one_of_the_two_filters_passes(
        source in prop_oneof![Just(0), any::<u32>()],
        dest in prop_oneof![
            Just(u32::MAX), Just(0xc000_0201), Just(0xc000_02ff), any::<u32>(),
        ],
    ) {
        let datagram = Udp {
            source: SocketAddrV4::new(source.into(), 68),
            dest: SocketAddrV4::new(dest.into(), 67),
            payload: &[],
        };
        let packet = frame::headers(&datagram).expect("short enough");
        let link = link(7, &["192.0.2.1"]);
        let claim = Claim::new(&link);
        let covered = claim.covers(source.into(), dest.into());
        let served = [Served { link, claim: Some(claim) }];
        prop_assert_eq!(raw_accepts(&packet, 0, 7), covered);
        prop_assert_eq!(udp_accepts(&served, &packet, 7), !covered);
    }
}
