//! Virtual LANs (IEEE 802.1Q): interfaces on an interface.

use std::net::{Ipv4Addr, SocketAddrV4};

use lessor_net::SocketType;
use lessor_types::{Destination, Transmit};

use super::bench::{self, Bench, packet};
use super::{ALL, ANY, BROADCAST, arrivals, transmit};

/// The kernel shows a tagged frame to the sockets of both interfaces.
#[test]
fn tagged_frames_belong_to_the_virtual_interface_alone() {
    let Some(bench) = Bench::new() else { return };
    if let Err(why) = bench.try_ip_server("link add link srv0 name srv0.9 type vlan id 9") {
        return bench::skip(&why);
    }
    for (number, addr) in [(7, "198.51.100.1"), (8, "203.0.113.1")] {
        bench.ip_client(&format!("link add link cli0 name cli0.{number} type vlan id {number}"));
        bench.ip_client(&format!("link set cli0.{number} up"));
        bench.ip_server(&format!("link add link srv0 name srv0.{number} type vlan id {number}"));
        bench.ip_server(&format!("addr add {addr}/24 dev srv0.{number}"));
        bench.ip_server(&format!("link set srv0.{number} up"));
    }
    for socket_type in [SocketType::Raw, SocketType::Udp] {
        let mut sockets = bench.sockets(socket_type);
        let links = sockets.links().0;
        assert_eq!(links.len(), 3);
        for (peer, name) in [("cli0", "srv0"), ("cli0.7", "srv0.7"), ("cli0.8", "srv0.8")] {
            let link = links.iter().find(|link| *link.name == *name).expect("served");
            let mut wire = bench.wire_on(peer);
            wire.send(ALL, ANY, BROADCAST, name.as_bytes());
            let got = arrivals(&mut sockets, 1);
            let seen: Vec<_> = got.iter().map(|it| (it.link, &it.payload[..])).collect();
            assert_eq!(seen, [(link.id, name.as_bytes())], "{socket_type:?}");

            let packet = Transmit {
                link: link.id,
                source: link.addrs[0].0,
                ..transmit(&sockets, Destination::Broadcast { port: 68 })
            };
            assert_eq!(sockets.send(&[packet]).sent, 1);
            assert!(wire.receive().is_some(), "{name} answers, {socket_type:?}");
        }
        // To the address of a virtual interface, by way of the one beneath.
        let station = bench.server_hw;
        let dest = Ipv4Addr::new(198, 51, 100, 1);
        bench.wire().send(station, super::CLIENT, dest, b"across");
        let got = arrivals(&mut sockets, 1);
        assert_eq!(got.len(), 1);
        assert_eq!(&*links.iter().find(|it| it.id == got[0].link).expect("served").name, "srv0");
    }
}

/// Tag 0 is a priority and no LAN. A LAN that the host has no interface for is not its own.
#[test]
fn the_interface_beneath_hears_its_own_lan_alone() {
    let Some(bench) = Bench::new() else { return };
    for socket_type in [SocketType::Raw, SocketType::Udp] {
        let mut sockets = bench.sockets(socket_type);
        let wire = bench.wire();
        let discover = packet(ANY, SocketAddrV4::new(BROADCAST, 67), b"DISCOVER");
        wire.send_tagged(7, ALL, &discover);
        wire.send_tagged(7, bench.server_hw, &discover);
        assert_eq!(arrivals(&mut sockets, 0), [], "{socket_type:?}");
        wire.send_tagged(0xa000, ALL, &discover);
        assert_eq!(arrivals(&mut sockets, 1).len(), 1, "{socket_type:?}");
        assert_eq!(sockets.counters().unclaimed, 0);
    }
}
