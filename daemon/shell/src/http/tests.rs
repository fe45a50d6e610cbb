use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use http_body_util::BodyExt as _;
use hyper::{Method, StatusCode};
use lessor_config::Config;
use lessor_policy::{DropReason, Effect};
use lessor_server::server::Status;
use lessor_server::{Count, Counters, Event, ExchangeId, Outcome};
use lessor_types::{Link, LinkId, Links, PoolId, SubnetId, Unit, Wall};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::metrics::{self, Figures};
use super::*;
use crate::System;
use crate::journal::Pace;
use crate::packets::Listening;
use crate::request::Report;
use crate::statistics::{Key, Name};
use crate::testbed::{Client, Hands, Home};

/// Sends octets and reads until the other side closes.
async fn exchange(at: SocketAddr, octets: &[u8]) -> String {
    let mut stream = TcpStream::connect(at).await.expect("a listener");
    stream.write_all(octets).await.expect("room");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).expect("text")
}

/// The status line and the body.
async fn get(at: SocketAddr, path: &str) -> (String, String) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    let answer = exchange(at, request.as_bytes()).await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.lines().next().unwrap_or_default().to_owned(), body.to_owned())
}

/// Where the log says that figures are told.
async fn told(home: &Home) -> SocketAddr {
    home.log.wait_for("HTTP_OPENED").await;
    let log = home.log.text();
    let line = log.lines().rfind(|line| line.contains("HTTP_OPENED")).expect("it is there");
    line.rsplit("http://").next().and_then(|it| it.parse().ok()).expect("an address")
}

const ON: &str = r#""user-context": { "lessor": { "metrics": { "port": 0 } } },"#;

#[tokio::test]
async fn the_pages_tell_how_the_server_is() {
    let home = Home::new();
    home.configure(ON);
    home.run(async |mut hands: Hands| {
        let at = told(&home).await;
        assert!(at.ip().is_loopback());
        assert_eq!(get(at, "/health").await, ("HTTP/1.1 200 OK".to_owned(), "ok\n".to_owned()));
        assert_eq!(get(at, "/ready").await, ("HTTP/1.1 200 OK".to_owned(), "ready\n".to_owned()));
        Client(1).lease(&mut hands).await;
        let (status, figures) = get(at, "/metrics").await;
        assert_eq!(status, "HTTP/1.1 200 OK");
        for line in [
            "lessor_dhcp4_packets_received_total{type=\"discover\"} 1",
            "lessor_dhcp4_packets_received_total{type=\"request\"} 1",
            "lessor_dhcp4_packets_sent_total{type=\"ack\"} 1",
            "lessor_dhcp4_packets_dropped_total{reason=\"DHCP4_NOT_DHCP\"} 0",
            "lessor_dhcp4_events_total{id=\"DHCP4_LEASE_COMMITTED\",level=\"INFO\"} 1",
            "lessor_dhcp4_subnet_assigned_addresses{subnet=\"1\",prefix=\"192.0.2.0/24\"} 1",
            "lessor_dhcp4_pool_addresses{subnet=\"1\",pool=\"0\"} 241",
            "lessor_store_changes_total 1",
            "lessor_store_sync_seconds_count 1",
        ] {
            assert!(figures.lines().any(|it| it == line), "{line}\n{figures}");
        }
        // What an operator resets, a monitor must not see go back.
        home.command("statistic-reset-all").await;
        assert!(get(at, "/metrics").await.1.contains("total{type=\"discover\"} 1\n"));

        home.command("dhcp-disable").await;
        let (status, why) = get(at, "/ready").await;
        assert_eq!(status, "HTTP/1.1 503 Service Unavailable");
        assert_eq!(why, "the service is switched off\n");
        assert_eq!(get(at, "/health").await.0, "HTTP/1.1 200 OK");
        hands.stop(0).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_not_asked_as_it_should_be_is_refused() {
    let home = Home::new();
    home.configure(ON);
    home.run(async |hands: Hands| {
        let at = told(&home).await;
        assert_eq!(get(at, "/").await.0, "HTTP/1.1 404 Not Found");
        let posted = exchange(at, b"POST /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(posted.starts_with("HTTP/1.1 405 ") && posted.contains("allow: GET, HEAD"));
        let head = exchange(at, b"HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
        let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(2 * HEAD_OCTETS_MAX));
        let refused = exchange(at, long.as_bytes()).await;
        assert!(!refused.contains(" 200 "), "{refused}");
        assert!(!exchange(at, b"\x16\x03\x01\r\n\r\n").await.contains(" 200 "));
        // Who is silent does not keep others from being heard.
        let mut silent = Vec::new();
        for _ in 1..CONNECTIONS_MAX {
            silent.push(TcpStream::connect(at).await.expect("a listener"));
        }
        assert_eq!(get(at, "/health").await.0, "HTTP/1.1 200 OK");
        hands.stop(0).await;
    })
    .await;
}

#[tokio::test]
async fn the_listener_comes_and_goes_with_the_configuration() {
    let home = Home::new();
    home.run(async |hands: Hands| {
        home.configure(ON);
        assert_eq!(home.command("config-reload").await["result"], 0);
        let at = told(&home).await;
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = taken.local_addr().expect("a port").port();
        home.configure(&ON.replace(": 0", &format!(": {port}")));
        let refused = home.command("config-reload").await;
        assert_eq!(refused["result"], 1);
        let why = refused["text"].as_str().expect("text");
        assert!(why.contains("cannot tell figures at 127.0.0.1:"), "{why}");
        assert_eq!(get(at, "/health").await.0, "HTTP/1.1 200 OK");
        home.configure("");
        assert_eq!(home.command("config-reload").await["result"], 0);
        tokio::task::yield_now().await;
        assert!(TcpStream::connect(at).await.is_err());
        hands.stop(0).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_does_not_answer_is_not_healthy() {
    let (requests, _unread) = mpsc::channel(1);
    for path in ["/health", "/ready", "/metrics"] {
        let page = pages::answer(&Method::GET, path, &requests, &System::start()).await;
        assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        let body = page.into_body().collect().await.expect("a body").to_bytes();
        assert_eq!(&body[..], b"the server does not answer within 2 s\n");
    }
}

/// Figures of a server that did a little.
fn some() -> Figures {
    let text = r#"{"Dhcp4": {"subnet4": [{"id": 7, "subnet": "192.0.2.0/24", "pools":
        [{"pool": "192.0.2.10 - 192.0.2.19"}]}]}}"#;
    let (config, _) = Config::parse(text, "t").expect("lawful");
    let mut counters = Counters::default();
    let mut count = |outcome| {
        let ended = Event::Ended { exchange: ExchangeId(1), client: None, ask: None, outcome };
        counters.count(&ended);
    };
    count(Outcome::Answered(Effect::Offered(Unit::V4(Ipv4Addr::LOCALHOST))));
    count(Outcome::Dropped(DropReason::NoSubnet));
    counters.count(&Event::ConfigApplied { subnets: 1 });
    let mut totals = [0; Name::ALL.len()];
    totals[Name::Received as usize] = 3;
    totals[Name::DiscoverReceived as usize] = 2;
    totals[Name::Sent as usize] = 1;
    totals[Name::OfferSent as usize] = 1;
    let pace = Pace::default();
    pace.count(Duration::from_micros(300), 4);
    pace.count(Duration::from_secs(2), 1);
    let link = Link { id: LinkId(1), name: "eth0".into(), addrs: Vec::new() };
    let report = Report {
        at: Wall::from_secs(1_700_000_100),
        uptime: Duration::from_millis(200_500),
        configured: Duration::from_secs(100),
        lease_file: Some(PathBuf::from("/x")),
        listening: Listening { links: Arc::new(Links(vec![link])), ..Listening::default() },
        status: Status {
            leases: 5,
            offers: 1,
            parked: 2,
            unsettled: 3,
            store_open: true,
            disabled_by: Vec::new(),
            in_contact: false,
            hold_off: None,
            backends: Vec::new(),
        },
        counters,
        totals,
        pace: Some(pace.now()),
        lines_lost: 9,
        stopping: false,
    };
    let count = Count { assigned: 5, declined: 1, granted: 8 };
    let places = BTreeMap::from([
        (Key::Subnet(SubnetId(7), Name::TotalAddresses), 10),
        (Key::Pool(SubnetId(7), PoolId(0), Name::TotalAddresses), 10),
    ]);
    let places = places.into_iter().map(|(place, size)| (place, size, count)).collect();
    Figures { report: Box::new(report), config: Arc::new(config), places }
}

#[test]
fn the_figures_as_text() {
    let text = metrics::print(&some());
    // Reasons come and go, and most are zero here.
    let is_nothing = |line: &&str| line.contains("_dropped_total{") && line.ends_with(" 0");
    let lines = text.lines().filter(|line| !is_nothing(line));
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/tests/metrics.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(path, &text).expect("a writable tree");
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    assert!(text == expected, "{text}");
    // No family is told twice, and each sample follows its family's head.
    let mut families = Vec::new();
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("# TYPE ") {
            let (name, kind) = head.split_once(' ').expect("a kind");
            assert!(!families.contains(&name), "{name}");
            assert!(kind != "counter" || name.ends_with("_total"), "{name}");
            families.push(name);
        } else if !line.starts_with('#') {
            let family = families.last().expect("a head");
            assert!(line.starts_with(family), "{line}");
        }
    }
}
