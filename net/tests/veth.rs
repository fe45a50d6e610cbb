//! The sockets of a server on a real link: a veth pair between two network namespaces.
//!
//! Needs root and iproute2; where they are missing, each test says that it was skipped.

#[path = "veth/bench.rs"]
mod bench;
#[path = "veth/changes.rs"]
mod changes;
#[path = "veth/vlan.rs"]
mod vlan;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::{Duration, Instant};

use bench::{Bench, CLIENT, ETHERNET, SERVER, packet};
use lessor_net::counters::MalformedCounters;
use lessor_net::frame::{self, Trust};
use lessor_net::{SendError, SkipReason, SocketType, Sockets};
use lessor_types::{Datagram, Destination, HwAddr, Transmit};

const ALL: [u8; 6] = [0xff; 6];
const ANY: Ipv4Addr = Ipv4Addr::UNSPECIFIED;
const BROADCAST: Ipv4Addr = Ipv4Addr::BROADCAST;
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);

/// What arrives until `count` datagrams are there, and in a moment after, so that one too many
/// shows.
fn arrivals(sockets: &mut Sockets, count: usize) -> Vec<Datagram> {
    let mut got = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(3);
    while got.len() < count && Instant::now() < deadline {
        sockets.receive(&mut got).expect("reads");
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(Duration::from_millis(50));
    sockets.receive(&mut got).expect("reads");
    got
}

#[test]
fn what_clients_and_relays_send_arrives_once() {
    let Some(bench) = Bench::new() else { return };
    let mut sockets = bench.sockets(SocketType::Raw);
    let link = sockets.links().0.first().expect("srv0 is served").id;
    let mut wire = bench.wire();
    let station = bench.server_hw;
    let relay = Ipv4Addr::new(172, 16, 0, 1);
    for (what, hw, source, dest) in [
        ("DISCOVER", ALL, ANY, BROADCAST),
        ("DISCOVER to the station", station, ANY, BROADCAST),
        ("REBIND", ALL, CLIENT, BROADCAST),
        ("REBIND from another subnet", ALL, relay, BROADCAST),
        ("RENEW", station, CLIENT, SERVER),
        ("relayed, through a router", station, relay, SERVER),
        ("subnet broadcast", ALL, CLIENT, Ipv4Addr::new(192, 0, 2, 255)),
    ] {
        wire.send(hw, source, dest, what.as_bytes());
        let expected = Datagram {
            link,
            source: SocketAddr::from((source, 68)),
            dest: IpAddr::V4(dest),
            payload: what.as_bytes().to_vec(),
        };
        assert_eq!(arrivals(&mut sockets, 1), [expected], "{what}");
    }
    assert_eq!(wire.rest(), Vec::<Vec<u8>>::new(), "nobody answers \"port unreachable\"");
    let counters = sockets.counters();
    assert_eq!(counters.malformed, MalformedCounters::default());
    assert_eq!(counters.unclaimed, 0, "the kernel kept duplicates from the UDP socket");
}

#[test]
fn two_interfaces_are_told_apart() {
    let Some(bench) = Bench::new() else { return };
    let other = Ipv4Addr::new(203, 0, 113, 1);
    bench.second_link(other);
    let mut sockets = bench.sockets(SocketType::Raw);
    assert_eq!(sockets.fds().len(), 3, "two raw sockets and UDP");
    let links = sockets.links();
    let [first, second] = [links.0[0].id, links.0[1].id];
    let mut wires = [bench.wire(), bench.wire_on("cli1")];

    wires[0].send(ALL, ANY, BROADCAST, b"on the first");
    wires[1].send(ALL, ANY, BROADCAST, b"on the second");
    let got = arrivals(&mut sockets, 2);
    let mut seen: Vec<_> = got.iter().map(|d| (d.link, &d.payload[..])).collect();
    seen.sort();
    assert_eq!(seen, [(first, &b"on the first"[..]), (second, b"on the second")]);

    // To the second interface's address by way of the first.
    wires[0].send(bench.server_hw, CLIENT, other, b"across");
    let got = arrivals(&mut sockets, 1);
    assert_eq!(got.iter().map(|d| (d.link, d.dest)).collect::<Vec<_>>(), [(first, other.into())]);

    for (link, wire) in [first, second].into_iter().zip(&mut wires) {
        let packet = Transmit { link, ..transmit(&sockets, Destination::Broadcast { port: 68 }) };
        assert_eq!(sockets.send(&[packet]).sent, 1);
        assert!(wire.receive().is_some(), "its own wire has it");
    }
    assert_eq!(wires.map(|mut wire| wire.rest().len()), [0, 0], "and no other");
}

/// With many interfaces, asking each socket for each packet would cost more than the packet.
#[test]
fn only_sockets_that_were_woken_are_read() {
    let Some(bench) = Bench::new() else { return };
    bench.second_link(Ipv4Addr::new(203, 0, 113, 1));
    let mut sockets = bench.sockets(SocketType::Raw);
    assert!(!sockets.drained(), "nobody has looked yet");
    let mut got = Vec::new();
    sockets.receive_woken(&mut got).expect("reads");
    assert!(got.is_empty() && sockets.drained());
    bench.wire().send(ALL, ANY, BROADCAST, b"on the first");
    bench.wire_on("cli1").send(ALL, ANY, BROADCAST, b"on the second");
    std::thread::sleep(Duration::from_millis(50));
    sockets.receive_woken(&mut got).expect("reads");
    assert!(got.is_empty());
    sockets.wake(1);
    assert!(!sockets.drained());
    sockets.receive_woken(&mut got).expect("reads");
    assert_eq!(got.iter().map(|it| &it.payload[..]).collect::<Vec<_>>(), [b"on the second"]);
    sockets.wake(99);
    assert_eq!(arrivals(&mut sockets, 1).len(), 1);
}

/// Checksums of packets between namespaces are left to hardware that is not there.
#[test]
fn checksums_that_no_wire_needed_are_not_missed() {
    let Some(bench) = Bench::new() else { return };
    let mut sockets = bench.sockets(SocketType::Raw);
    bench.ip_client("route add default dev cli0");
    let client = bench.client_udp(68);
    for dest in [BROADCAST, SERVER] {
        client.send_to(b"offloaded", (dest, 67)).expect("sends");
        let got = arrivals(&mut sockets, 1);
        let dests: Vec<_> = got.iter().map(|datagram| datagram.dest).collect();
        assert_eq!(dests, [IpAddr::V4(dest)]);
        assert_eq!(got[0].source, SocketAddr::from((CLIENT, 68)));
        assert_eq!(got[0].payload, b"offloaded");
    }
}

#[test]
fn an_address_added_later_is_served_by_udp() {
    let Some(bench) = Bench::new() else { return };
    let mut sockets = bench.sockets(SocketType::Raw);
    bench.ip_server("addr add 198.51.100.1/32 dev lo");
    bench.wire().send(bench.server_hw, CLIENT, ELSEWHERE, b"to a new address");
    let got = arrivals(&mut sockets, 1);
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].dest, IpAddr::V4(ELSEWHERE));
    assert_eq!(got[0].link, sockets.links().0[0].id);
}

#[test]
fn what_is_not_ours_does_not_even_wake_us() {
    let Some(bench) = Bench::new() else { return };
    let mut sockets = bench.sockets(SocketType::Raw);
    let wire = bench.wire();
    let good = packet(ANY, SocketAddrV4::new(BROADCAST, 67), b"payload");
    let dns = packet(CLIENT, SocketAddrV4::new(SERVER, 53), b"payload");
    let reply = packet(SERVER, SocketAddrV4::new(BROADCAST, 68), b"payload");
    let with = |at: usize, value: u8| {
        let mut packet = good.clone();
        packet[at] = value;
        packet
    };
    wire.send_packet(ALL, &dns);
    wire.send_packet(ALL, &reply);
    wire.send_packet(ALL, &with(9, 6));
    wire.send_packet(ALL, &with(9, 1));
    wire.send_packet(ALL, &with(6, 0x20));
    wire.send_packet([2, 9, 9, 9, 9, 9], &good);
    let forwarded = packet(CLIENT, SocketAddrV4::new(ELSEWHERE, 67), b"for another server");
    wire.send_packet(bench.server_hw, &forwarded);
    assert_eq!(arrivals(&mut sockets, 0), []);
    let counters = sockets.counters();
    assert_eq!(counters.malformed, MalformedCounters::default());
    assert_eq!(counters.unclaimed, 0);
}

#[test]
fn damaged_packets_are_counted_and_dropped() {
    let Some(bench) = Bench::new() else { return };
    let mut sockets = bench.sockets(SocketType::Raw);
    let wire = bench.wire();
    let good = packet(ANY, SocketAddrV4::new(BROADCAST, 67), &[0; 300]);
    let with = |at: usize, value: u8| {
        let mut packet = good.clone();
        packet[at] = value;
        packet
    };
    wire.send_packet(ALL, &with(100, 1));
    wire.send_packet(ALL, &with(8, 1));
    wire.send_packet(ALL, &with(24, 9));
    wire.send_packet(ALL, &good[..200]);
    wire.send_packet(ALL, &good);
    assert_eq!(arrivals(&mut sockets, 1).len(), 1);
    let expected = MalformedCounters {
        udp_checksum: 1,
        ip_checksum: 1,
        udp_length: 1,
        truncated: 1,
        ..MalformedCounters::default()
    };
    assert_eq!(sockets.counters().malformed, expected);
}

fn transmit(sockets: &Sockets, to: Destination) -> Transmit {
    Transmit {
        link: sockets.links().0.first().expect("srv0 is served").id,
        source: SERVER,
        to,
        payload: b"an answer of an odd length.".to_vec(),
    }
}

#[test]
fn a_station_without_address_is_answered() {
    let Some(bench) = Bench::new() else { return };
    let mut sockets = bench.sockets(SocketType::Raw);
    let mut wire = bench.wire();
    // An address that nobody has, so that nobody would answer ARP for it.
    let addr = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 55), 68);
    let station = |hw| Destination::Station { addr: SocketAddr::V4(addr), hw };
    let all = SocketAddrV4::new(BROADCAST, 68);
    for (to, frame_dest, dest) in [
        (station(HwAddr::ethernet(bench.client_hw)), bench.client_hw, addr),
        (Destination::Broadcast { port: 68 }, ALL, all),
        (station(HwAddr::default()), ALL, all),
    ] {
        let transmit = transmit(&sockets, to);
        let report = sockets.send(std::slice::from_ref(&transmit));
        assert_eq!((report.sent, report.failed.len()), (1, 0), "{to}");
        let frame = wire.receive().expect("a frame");
        assert_eq!(frame[..6], frame_dest, "{to}");
        assert_eq!(frame[6..12], bench.server_hw);
        assert_eq!(frame[12..ETHERNET], [8, 0]);
        let udp = frame::parse(&frame[ETHERNET..], Trust::Nobody).expect("right checksums");
        assert_eq!(udp.source, SocketAddrV4::new(SERVER, 67));
        assert_eq!(udp.dest, dest, "{to}");
        assert_eq!(udp.payload, transmit.payload);
    }
    // Its own broadcasts do not come back to the server.
    assert_eq!(arrivals(&mut sockets, 0), []);
}

#[test]
fn a_client_and_a_relay_with_addresses_are_answered_by_udp() {
    let Some(bench) = Bench::new() else { return };
    bench.ip_client("addr add 198.51.100.1/32 dev lo");
    bench.ip_server("route add 198.51.100.0/24 via 192.0.2.100");
    let second = Ipv4Addr::new(192, 0, 2, 2);
    bench.ip_server("addr add 192.0.2.2/24 dev srv0");
    let mut sockets = bench.sockets(SocketType::Raw);
    let client = bench.client_udp(1067);
    for (source, addr) in [(SERVER, CLIENT), (second, CLIENT), (second, ELSEWHERE)] {
        let packet = Transmit {
            source,
            ..transmit(&sockets, Destination::Routed(SocketAddr::from((addr, 1067))))
        };
        assert_eq!(sockets.send(std::slice::from_ref(&packet)).sent, 1);
        let mut answer = [0; 64];
        let (len, from) = client.recv_from(&mut answer).expect("an answer");
        assert_eq!(answer[..len], packet.payload);
        assert_eq!(from, SocketAddr::from((source, 67)));
    }
}

/// The route to the client's subnet is by another interface, which counts for relays far away
/// and not for a client on the link.
#[test]
fn an_answer_on_the_link_does_not_follow_the_routing_table() {
    let Some(bench) = Bench::new() else { return };
    bench.ip_server("link add dummy0 type veth peer name dummy1");
    bench.ip_server("link set dummy0 up");
    bench.ip_server("route add 192.0.2.100/32 dev dummy0");
    let mut sockets = bench.sockets(SocketType::Raw);
    let client = bench.client_udp(68);
    let to = Destination::Routed(SocketAddr::from((CLIENT, 68)));
    let transmit = transmit(&sockets, to);
    assert_eq!(sockets.send(&[transmit]).sent, 1);
    client.recv(&mut [0; 64]).expect("it took the link");
}

#[test]
fn udp_alone_receives_all_and_answers_stations_by_broadcast() {
    let Some(bench) = Bench::new() else { return };
    let mut sockets = bench.sockets(SocketType::Udp);
    assert_eq!(sockets.fds().len(), 1);
    let mut wire = bench.wire();
    wire.send(ALL, ANY, BROADCAST, b"DISCOVER");
    wire.send(bench.server_hw, CLIENT, SERVER, b"RENEW");
    let got = arrivals(&mut sockets, 2);
    let link = sockets.links().0[0].id;
    let seen: Vec<_> = got.iter().map(|d| (d.link, d.source.ip(), d.dest)).collect();
    let expected = [
        (link, IpAddr::V4(ANY), IpAddr::V4(BROADCAST)),
        (link, IpAddr::V4(CLIENT), IpAddr::V4(SERVER)),
    ];
    assert_eq!(seen, expected);

    let to = Destination::Station {
        addr: SocketAddr::from(([192, 0, 2, 55], 68)),
        hw: HwAddr::ethernet(bench.client_hw),
    };
    let transmit = transmit(&sockets, to);
    assert_eq!(sockets.send(&[transmit]).sent, 1);
    let frame = wire.receive().expect("a frame");
    assert_eq!(frame[..6], ALL);
    let udp = frame::parse(&frame[ETHERNET..], Trust::Kernel).expect("a datagram");
    assert_eq!(udp.dest, SocketAddrV4::new(BROADCAST, 68));
    assert_eq!(udp.source, SocketAddrV4::new(SERVER, 67));
}

/// A broadcast leaves on the link that was named, not on that of its source address.
#[test]
fn udp_broadcasts_go_to_the_link_that_is_named() {
    let Some(bench) = Bench::new() else { return };
    bench.second_link(Ipv4Addr::new(203, 0, 113, 1));
    let mut sockets = bench.sockets(SocketType::Udp);
    let mut wire = bench.wire_on("cli1");
    let packet = Transmit {
        link: sockets.links().0[1].id,
        ..transmit(&sockets, Destination::Broadcast { port: 68 })
    };
    assert_eq!(sockets.send(&[packet]).sent, 1);
    assert!(wire.receive().is_some());
}

#[test]
fn an_interface_that_goes_down_comes_back() {
    let Some(bench) = Bench::new() else { return };
    let mut sockets = bench.sockets(SocketType::Raw);
    let skipped: Vec<_> = sockets.skipped().iter().map(|s| (&*s.name, s.why)).collect();
    assert_eq!(skipped, [("lo", SkipReason::Loopback)]);

    bench.ip_server("link set srv0 down");
    assert_eq!(arrivals(&mut sockets, 0), []);
    assert_eq!(sockets.counters().network_down, 1);
    let lost = transmit(&sockets, Destination::Broadcast { port: 68 });
    assert_eq!(sockets.send(&[lost]).failed.len(), 1);

    bench.ip_server("link set srv0 up");
    bench.wire().send(ALL, ANY, BROADCAST, b"DISCOVER");
    assert_eq!(arrivals(&mut sockets, 1).len(), 1);
}

/// A slow link fills the sending buffer; what does not fit waits, and leaves later, in order.
#[test]
fn what_the_kernel_has_no_room_for_waits() {
    let Some(bench) = Bench::new() else { return };
    if let Err(why) = bench.slow_down() {
        return bench::skip(&why);
    }
    let mut sockets = bench.sockets(SocketType::Raw);
    let mut wire = bench.wire();
    let to = Destination::Broadcast { port: 68 };
    let batch: Vec<_> = (0..800_u32)
        .map(|number| Transmit { payload: number.to_be_bytes().to_vec(), ..transmit(&sockets, to) })
        .collect();
    let first = sockets.send(&batch[..700]);
    assert!(first.failed.is_empty());
    assert!(first.queued > 0, "the buffer holds fewer: {} sent", first.sent);
    assert_eq!(first.sent + first.queued, 700);
    let second = sockets.send(&batch[700..]);
    assert!(second.failed.is_empty());
    let waiting = sockets.queued();
    assert_eq!(waiting, 800 - first.sent - second.sent);

    // The queue is bounded, and what it has no room for is lost by name.
    let flood = vec![transmit(&sockets, to); 1100];
    let report = sockets.send(&flood);
    assert!(!report.failed.is_empty());
    assert!(report.failed.iter().all(|f| matches!(f.error, SendError::QueueFull)));
    assert_eq!(sockets.queued(), 1024);

    let mut numbers = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(5);
    while numbers.len() < 800 && Instant::now() < deadline {
        assert!(sockets.flush().failed.is_empty());
        let frame = wire.receive().expect("a frame");
        let udp = frame::parse(&frame[ETHERNET..], Trust::Nobody).expect("a datagram");
        numbers.extend(udp.payload.first_chunk::<4>().map(|n| u32::from_be_bytes(*n)));
    }
    assert!(numbers.iter().copied().eq(0..800), "all, once, in order: {numbers:?}");
}
