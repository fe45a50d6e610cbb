//! The UDP socket on the loopback interface, which needs no privilege.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use lessor_net::{Options, SendError, SocketType, Sockets};
use lessor_types::{Datagram, Destination, LinkId, Transmit};

/// Sockets on `lo` with a port that nobody else uses.
fn open(socket_type: SocketType) -> (Sockets, u16) {
    let port = UdpSocket::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .expect("loopback is up")
        .port();
    let options =
        Options { interfaces: vec!["lo".to_owned()], port, socket_type, ..Options::default() };
    (Sockets::open(&options).expect("opens without privilege"), port)
}

fn receive(sockets: &mut Sockets, count: usize) -> Vec<Datagram> {
    let mut got = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(5);
    while got.len() < count && Instant::now() < deadline {
        sockets.receive(&mut got).expect("reads");
        std::thread::sleep(Duration::from_millis(1));
    }
    got
}

fn transmit(link: LinkId, to: Destination) -> Transmit {
    Transmit { link, source: Ipv4Addr::LOCALHOST, to, payload: b"answer".to_vec() }
}

#[test]
fn a_question_and_its_answer() {
    // Raw sockets make no sense on loopback; asking for them gives UDP there.
    for socket_type in [SocketType::Udp, SocketType::Raw] {
        let (mut sockets, port) = open(socket_type);
        assert_eq!(sockets.fds().len(), 1);
        let client = UdpSocket::bind("127.0.0.2:0").expect("binds");
        client.set_read_timeout(Some(Duration::from_secs(5))).expect("an option");
        client.send_to(b"question", ("127.0.0.3", port)).expect("sends");

        let got = receive(&mut sockets, 1);
        let link = sockets.links().0.first().expect("lo is served").id;
        let expected = Datagram {
            link,
            source: client.local_addr().expect("bound"),
            dest: Ipv4Addr::new(127, 0, 0, 3).into(),
            payload: b"question".to_vec(),
        };
        assert_eq!(got, [expected]);

        let report = sockets.send(&[transmit(link, Destination::Routed(got[0].source))]);
        assert_eq!((report.sent, report.queued, report.failed.len()), (1, 0, 0));
        let mut answer = [0; 64];
        let (len, from) = client.recv_from(&mut answer).expect("an answer");
        assert_eq!(&answer[..len], b"answer");
        assert_eq!(from, SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    }
}

#[test]
fn a_flood_is_read_in_bounded_calls() {
    let (mut sockets, port) = open(SocketType::Udp);
    let client = UdpSocket::bind("127.0.0.1:0").expect("binds");
    for number in 0..1000_u32 {
        client.send_to(&number.to_be_bytes(), (Ipv4Addr::LOCALHOST, port)).expect("sends");
    }
    let mut got = Vec::new();
    sockets.receive(&mut got).expect("reads");
    assert_eq!(got.len(), lessor_net::sockets::RECEIVE_MAX);
    assert!(!sockets.drained());
    sockets.receive(&mut got).expect("reads");
    assert!(sockets.drained());
    let numbers: Vec<_> = got.iter().map(|datagram| datagram.payload.clone()).collect();
    let expected: Vec<_> = (0..1000_u32).map(|number| number.to_be_bytes().to_vec()).collect();
    assert_eq!(numbers, expected, "all, once, in order");
    assert_eq!(sockets.counters().received, 1000);
}

#[test]
fn one_bad_packet_does_not_spoil_the_batch() {
    let (mut sockets, _) = open(SocketType::Udp);
    let link = sockets.links().0[0].id;
    let client = UdpSocket::bind("127.0.0.1:0").expect("binds");
    client.set_read_timeout(Some(Duration::from_secs(5))).expect("an option");
    let to = Destination::Routed(client.local_addr().expect("bound"));
    let good = || transmit(link, to);
    let too_long = Transmit { payload: vec![0; 70_000], ..transmit(link, to) };
    let elsewhere = transmit(LinkId(9999), to);
    let ipv6 = transmit(link, Destination::Routed("[::1]:68".parse().expect("an address")));

    let report = sockets.send(&[good(), too_long, elsewhere, ipv6, good()]);
    assert_eq!((report.sent, report.queued), (2, 0));
    assert_eq!(report.failed.len(), 3);
    let failed =
        |test: fn(&SendError) -> bool| report.failed.iter().filter(|f| test(&f.error)).count();
    assert_eq!(failed(|e| matches!(e, SendError::UnknownLink(LinkId(9999)))), 1);
    assert_eq!(failed(|e| matches!(e, SendError::NotIpv4)), 1);
    assert_eq!(failed(|e| matches!(e, SendError::Kernel(_))), 1);
    for _ in 0..2 {
        assert_eq!(client.recv(&mut [0; 64]).expect("a packet"), 6);
    }
    let counters = sockets.counters();
    assert_eq!((counters.sent, counters.send_failed), (2, 3));
}

#[test]
fn an_oversized_packet_is_counted_and_dropped() {
    let (mut sockets, port) = open(SocketType::Udp);
    let client = UdpSocket::bind("127.0.0.1:0").expect("binds");
    client.send_to(&[0; 5000], (Ipv4Addr::LOCALHOST, port)).expect("sends");
    client.send_to(&[0; 4000], (Ipv4Addr::LOCALHOST, port)).expect("sends");
    let got = receive(&mut sockets, 1);
    assert_eq!(got.iter().map(|d| d.payload.len()).collect::<Vec<_>>(), [4000]);
    assert_eq!(sockets.counters().malformed.truncated, 1);
}

#[test]
fn nothing_to_serve_is_not_an_error() {
    let options = Options { interfaces: vec!["nonesuch0".to_owned()], ..Options::default() };
    let mut sockets = Sockets::open(&options).expect("nothing to refuse");
    assert!(sockets.fds().is_empty());
    assert_eq!(sockets.skipped().len(), 1);
    let mut got = Vec::new();
    assert!(sockets.receive(&mut got).is_ok() && got.is_empty() && sockets.drained());
    let to = Destination::Broadcast { port: 68 };
    assert_eq!(sockets.send(&[transmit(LinkId(1), to)]).failed.len(), 1);
    let busy = UdpSocket::bind("127.0.0.1:0").expect("binds");
    let port = busy.local_addr().expect("bound").port();
    let refused = Sockets::open(&Options {
        interfaces: vec!["lo".to_owned()],
        port,
        socket_type: SocketType::Udp,
        ..Options::default()
    })
    .expect_err("the port is not shared");
    let lessor_net::OpenError::Udp { why, .. } = refused else {
        panic!("{refused}");
    };
    assert_eq!(why.kind(), ErrorKind::AddrInUse);
}
