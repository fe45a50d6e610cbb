//! Interfaces that come, go and change under open sockets.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsRawFd as _;
use std::time::{Duration, Instant};

use lessor_net::{Demand, Options, SkipReason, SocketType, Sockets, Watch};
use lessor_types::{Datagram, Destination};

use super::bench::Bench;
use super::{ALL, ANY, BROADCAST, arrivals, transmit};

fn named(names: &[&str]) -> Options {
    let interfaces = names.iter().map(|&name| name.to_owned()).collect();
    Options { interfaces, ..Options::default() }
}

fn open(bench: &Bench, options: &Options) -> Sockets {
    bench.at_server(|| Sockets::open(options)).expect("opens")
}

/// Follows the interfaces as a server does; what sockets had that are closed now.
fn follow(bench: &Bench, sockets: &mut Sockets, options: &Options) -> Vec<Datagram> {
    let mut left = Vec::new();
    bench.at_server(|| {
        let change = sockets.change(options, Demand::Possible, &mut left).expect("follows");
        assert!(change.report.failed.is_empty());
    });
    left
}

fn skipped(sockets: &Sockets) -> Vec<(&str, SkipReason)> {
    sockets.skipped().iter().map(|it| (&*it.name, it.why)).collect()
}

fn descriptors(sockets: &Sockets) -> Vec<i32> {
    sockets.fds().iter().map(|fd| fd.as_raw_fd()).collect()
}

/// Waits until the kernel has told of a change.
fn wait_for_change(watch: &Watch) {
    let until = Instant::now() + Duration::from_secs(3);
    while !watch.changed() {
        assert!(Instant::now() < until, "the kernel is silent");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn one_that_appears_is_served_and_others_are_left_alone() {
    let Some(bench) = Bench::new() else { return };
    let options = named(&["srv0", "srv1"]);
    let mut sockets = open(&bench, &options);
    let watch = bench.at_server(Watch::open).expect("opens");
    assert_eq!(skipped(&sockets), [("srv1", SkipReason::Missing)]);
    let before = descriptors(&sockets);
    assert!(!watch.changed());

    bench.wire().send(ALL, ANY, BROADCAST, b"before");
    bench.second_link(Ipv4Addr::new(203, 0, 113, 1));
    wait_for_change(&watch);
    assert_eq!(follow(&bench, &mut sockets, &options), []);
    assert_eq!(skipped(&sockets), []);
    let after = descriptors(&sockets);
    assert_eq!(after.len(), 3);
    assert!(before.iter().all(|fd| after.contains(fd)), "{before:?} {after:?}");

    bench.wire_on("cli1").send(ALL, ANY, BROADCAST, b"after");
    let mut got = arrivals(&mut sockets, 2);
    got.sort_by_key(|datagram| datagram.link);
    let seen: Vec<_> = got.iter().map(|datagram| &datagram.payload[..]).collect();
    assert_eq!(seen, [&b"before"[..], b"after"]);

    bench.ip_server("link del srv1");
    wait_for_change(&watch);
    follow(&bench, &mut sockets, &options);
    assert_eq!(skipped(&sockets), [("srv1", SkipReason::Missing)]);
    let mut last = descriptors(&sockets);
    last.sort_unstable();
    assert_eq!(last, before);
}

/// An address more makes another claim, and so another socket.
#[test]
fn nothing_that_was_received_is_lost_when_a_socket_is_replaced() {
    let Some(bench) = Bench::new() else { return };
    let options = named(&["srv0"]);
    let mut sockets = open(&bench, &options);
    let wire = bench.wire();
    for number in 0..200_u8 {
        wire.send(ALL, ANY, BROADCAST, &[number]);
    }
    let elsewhere = Ipv4Addr::new(198, 51, 100, 1);
    bench.ip_server("addr add 198.51.100.1/24 dev srv0");
    wire.send(bench.server_hw, ANY, elsewhere, b"to the new one");
    let mut got = follow(&bench, &mut sockets, &options);
    assert!(!got.is_empty());
    got.append(&mut arrivals(&mut sockets, 0));
    assert_eq!(got.len(), 201);
    let in_order = got[..200].iter().zip(0..).all(|(it, number)| it.payload == [number]);
    assert!(in_order, "all, once, in order");
    assert_eq!(sockets.links().0[0].addrs.len(), 2);
    assert_eq!(sockets.counters().received, 201);

    bench.ip_server("addr del 192.0.2.1/24 dev srv0");
    bench.ip_server("addr del 198.51.100.1/24 dev srv0");
    follow(&bench, &mut sockets, &options);
    assert_eq!(skipped(&sockets), [("srv0", SkipReason::NoAddress)]);
    assert!(sockets.fds().is_empty());
    bench.ip_server("addr add 192.0.2.1/24 dev srv0");
    follow(&bench, &mut sockets, &options);
    wire.send(ALL, ANY, BROADCAST, b"again");
    assert_eq!(arrivals(&mut sockets, 1).len(), 1);
}

#[test]
fn another_name_is_another_interface() {
    let Some(bench) = Bench::new() else { return };
    let options = named(&["srv0"]);
    let all = Options::default();
    let (mut one, mut any) = (open(&bench, &options), open(&bench, &all));
    let before = descriptors(&any);
    bench.ip_server("link set srv0 down");
    bench.ip_server("link set srv0 name lan0");
    bench.ip_server("link set lan0 up");
    follow(&bench, &mut one, &options);
    follow(&bench, &mut any, &all);
    assert_eq!(skipped(&one), [("srv0", SkipReason::Missing)]);
    assert_eq!(&*any.links().0[0].name, "lan0");
    assert_eq!(descriptors(&any), before);
    follow(&bench, &mut one, &named(&["lan0"]));
    for sockets in [&mut one, &mut any] {
        bench.wire().send(ALL, ANY, BROADCAST, b"to whom it may concern");
        assert!(!arrivals(sockets, 1).is_empty());
    }
}

/// A socket whose interface was deleted is deaf for good, even if another one gets its number.
#[test]
fn one_that_was_made_again_with_the_same_number_is_served() {
    let Some(bench) = Bench::new() else { return };
    let options = named(&["srv0"]);
    let mut sockets = open(&bench, &options);
    let index = sockets.links().0[0].id.0;
    bench.ip_server("link del srv0");
    bench.make_link(&format!("srv0 index {index}"));
    follow(&bench, &mut sockets, &options);
    assert_eq!(sockets.links().0[0].id.0, index);
    bench.wire().send(ALL, ANY, BROADCAST, b"DISCOVER");
    assert_eq!(arrivals(&mut sockets, 1).len(), 1);
    let to = Destination::Broadcast { port: 68 };
    let transmit = transmit(&sockets, to);
    let mut wire = bench.wire();
    assert_eq!(sockets.send(&[transmit]).sent, 1);
    assert!(wire.receive().is_some());
}

#[test]
fn another_configuration_keeps_what_it_can() {
    let Some(bench) = Bench::new() else { return };
    bench.second_link(Ipv4Addr::new(203, 0, 113, 1));
    let mut sockets = open(&bench, &Options::default());
    assert_eq!(descriptors(&sockets).len(), 3);
    bench.wire().send(ALL, ANY, BROADCAST, b"on the first");
    bench.wire_on("cli1").send(ALL, ANY, BROADCAST, b"on the second");
    let got = follow(&bench, &mut sockets, &named(&["srv1"]));
    assert_eq!(got.iter().map(|it| &it.payload[..]).collect::<Vec<_>>(), [b"on the first"]);
    assert_eq!(arrivals(&mut sockets, 1).len(), 1);

    let udp = Options { socket_type: SocketType::Udp, ..named(&["srv0"]) };
    follow(&bench, &mut sockets, &udp);
    assert_eq!(descriptors(&sockets).len(), 1);
    bench.wire().send(ALL, ANY, BROADCAST, b"by UDP");
    assert_eq!(arrivals(&mut sockets, 1).len(), 1);

    // What cannot be opened changes nothing.
    let _port = bench.at_server(|| std::net::UdpSocket::bind("0.0.0.0:6767")).expect("free");
    let busy = Options { port: 6767, ..named(&["srv1"]) };
    let refused = bench.at_server(|| sockets.change(&busy, Demand::All, &mut Vec::new()));
    assert!(refused.is_err());
    assert_eq!(&*sockets.links().0[0].name, "srv0");
    bench.wire().send(ALL, ANY, BROADCAST, b"as before");
    assert_eq!(arrivals(&mut sockets, 1).len(), 1);
}

/// More changes than the kernel keeps for who does not read: that some were lost is told as well.
#[test]
fn changes_that_were_lost_count() {
    let Some(bench) = Bench::new() else { return };
    let watch = bench.at_server(Watch::open).expect("opens");
    let add = |at: u32| format!("addr add 10.9.{}.{}/32 dev srv0", at / 250, at % 250 + 1);
    bench.ip_server_batch((0..3000).map(add));
    let mut heard = 0;
    while watch.changed() {
        heard += 1;
    }
    assert!(heard > 0);
    bench.ip_server("link set srv0 down");
    wait_for_change(&watch);
}

#[test]
fn who_else_has_the_port_is_found_out() {
    let Some(bench) = Bench::new() else { return };
    bench.second_link(Ipv4Addr::new(203, 0, 113, 1));
    let contested = || {
        let sockets = open(&bench, &Options::default());
        sockets.contested().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(contested(), [""; 0]);
    let one = bench.rival(Some("srv1"));
    assert_eq!(contested(), ["srv1"]);
    drop(one);
    let _all = bench.rival(None);
    assert_eq!(contested(), ["srv0", "srv1"]);
}

#[test]
fn the_address_that_is_named_is_the_one_to_answer_from() {
    let Some(bench) = Bench::new() else { return };
    bench.ip_server("addr add 198.51.100.1/24 dev srv0");
    let first = |entry: &str| {
        let sockets = open(&bench, &named(&[entry]));
        let links = sockets.links().0;
        links.first().map(|link| link.addrs[0].0)
    };
    assert_eq!(first("srv0"), Some(super::SERVER));
    assert_eq!(first("srv0/198.51.100.1"), Some(Ipv4Addr::new(198, 51, 100, 1)));
    assert_eq!(first("srv0/198.51.100.2"), None);
    assert_eq!(first("*"), Some(super::SERVER));
}

#[test]
fn fifty_interfaces_are_told_apart() {
    const COUNT: usize = 50;
    let Some(bench) = Bench::new() else { return };
    bench.many_links(COUNT);
    let wanted: Vec<String> = (0..COUNT).map(|at| format!("many{at}")).collect();
    let options = Options { interfaces: wanted.clone(), ..Options::default() };
    let mut sockets = open(&bench, &options);
    assert_eq!(sockets.fds().len(), COUNT + 1);
    for at in 0..COUNT {
        bench.wire_on(&format!("peer{at}")).send(ALL, ANY, BROADCAST, format!("{at}").as_bytes());
    }
    let got = arrivals(&mut sockets, COUNT);
    assert_eq!(got.len(), COUNT);
    for datagram in &got {
        let link = sockets.links().by_id(datagram.link).expect("served").name.to_string();
        assert_eq!(link, format!("many{}", String::from_utf8_lossy(&datagram.payload)));
    }
    let to = Destination::Broadcast { port: 68 };
    for at in [0, 7, COUNT - 1] {
        let mut wire = bench.wire_on(&format!("peer{at}"));
        let links = sockets.links();
        let link = links.0.iter().find(|link| *link.name == *wanted[at]).expect("served").id;
        let packet = lessor_types::Transmit { link, ..transmit(&sockets, to) };
        assert_eq!(sockets.send(&[packet]).sent, 1);
        assert!(wire.receive().is_some(), "peer{at}");
    }
}

/// Two ways lead to the relay, and the better one is not the one that the query took.
#[test]
fn answers_to_relays_leave_as_the_configuration_says() {
    use lessor_net::Outbound::{SameAsInbound, UseRouting};
    let Some(bench) = Bench::new() else { return };
    bench.second_link(Ipv4Addr::new(203, 0, 113, 1));
    bench.ip_client("addr add 203.0.113.100/24 dev cli1");
    let relay = Destination::Routed(SocketAddr::from(([172, 16, 0, 1], 67)));
    let mut wires = [bench.wire(), bench.wire_on("cli1")];
    let mut ways = |outbound| {
        let mut sockets = open(&bench, &Options { outbound, ..Options::default() });
        let packet = transmit(&sockets, relay);
        assert_eq!(&*sockets.links().by_id(packet.link).expect("served").name, "srv0");
        assert_eq!(sockets.send(&[packet]).sent, 1);
        let until = Instant::now() + Duration::from_secs(3);
        loop {
            let seen = wires.each_mut().map(|wire| !wire.rest().is_empty());
            if seen != [false, false] {
                return seen;
            }
            assert!(Instant::now() < until, "nowhere to be seen");
        }
    };
    bench.ip_server("route add 172.16.0.0/16 via 203.0.113.100 metric 10");
    assert_eq!(ways(SameAsInbound), [false, true], "the only way");
    bench.ip_server("route add 172.16.0.0/16 via 192.0.2.100 metric 20");
    assert_eq!(ways(SameAsInbound), [true, false]);
    assert_eq!(ways(UseRouting), [false, true]);
}
