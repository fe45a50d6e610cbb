//! A whole server is fed packets (some of them any octets), commands, outcomes, time and
//! configuration in any order: each packet ends once, nothing grows past its bound, and no ACK
//! leaves before the store has settled its batch.
#![no_main]

use std::collections::{BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use lessor_config::Config;
use lessor_lease::{FetchError, Lost, Outcome, Refusal, StoreBatch, StoreFailure};
use lessor_policy::Topology;
use lessor_server::planted::Defect;
use lessor_server::{
    Command, CommandId, Event, FetchId, Heard, Input, LeaseQuery, Limits, Origin, Output,
    PeerFrame, PeerOutcome, PeerUpdate, Ports, ProbeId, Server, Setup, SnapshotId, StoreMode, turn,
};
use lessor_types::{Datagram, HwAddr, Link, LinkId, Links, Mono, Now, Secs, Seed, Unit, Wall, Xid};
use lessor_wire::v4::{Message, MessageType, Op, code};
use libfuzzer_sys::fuzz_target;

const CONFIGS: [&str; 4] = [
    r#"{ "Dhcp4": { "hooks-libraries": [ { "library": "libdhcp_ping_check.so" } ],
        "parked-packet-limit": 8, "valid-lifetime": 60, "subnet4": [
        { "id": 1, "subnet": "10.0.0.0/24", "pools": [ { "pool": "10.0.0.10 - 10.0.0.12" } ] } ] } }"#,
    r#"{ "Dhcp4": { "authoritative": true, "subnet4": [
        { "id": 1, "subnet": "10.0.0.0/24", "pools": [ { "pool": "10.0.0.12 - 10.0.0.15" } ] } ] } }"#,
    // What reads most of a message: classes, reservations, relays, names, stored offers.
    r#"{ "Dhcp4": { "offer-lifetime": 20, "store-extended-info": true, "stash-agent-options": true,
        "ddns-replace-client-name": "when-not-present", "ddns-qualifying-suffix": "example.org",
        "compatibility": { "lenient-option-parsing": true }, "rapid-commit": true,
        "hooks-libraries": [ { "library": "libdhcp_bootp.so" },
            { "library": "libdhcp_flex_id.so", "parameters": { "replace-client-id": true,
                "identifier-expression": "ifelse(member('named'), option[12].hex, relay4[1].hex)" } },
            { "library": "libdhcp_flex_option.so", "parameters": { "options": [
                { "code": 67, "supersede": "option[12].hex + option[81].hex" },
                { "code": 6, "add": "option[12].text", "csv-format": true },
                { "code": 119, "remove": "option[60].exists" },
                { "code": 43, "add": "option[43].hex" },
                { "code": 43, "sub-options": [ { "code": 1, "supersede": "option[60].hex" },
                    { "code": 2, "remove": "member('ALL')" } ] },
                { "code": 125, "add": "option[125].hex" },
                { "code": 125, "sub-options": [
                    { "space": "vendor-4491", "code": 2, "add": "option[12].hex" } ] } ] } } ],
        "host-reservation-identifiers": [ "flex-id", "circuit-id", "duid", "client-id", "hw-address" ],
        "client-classes": [
            { "name": "named", "test": "match('[a-z]+.*', option[12].text) or option[81].exists" },
            { "name": "vendors", "template-test": "substring(option[60].hex, 0, 3)" },
            { "name": "relayed", "test": "relay4[1].hex == 0x07 or vendor[4491].option[2].exists" },
            { "name": "few", "test": "member('KNOWN') and pkt4.hlen == 6" } ],
        "option-data": [ { "name": "domain-search", "data": "a.example, b.example" },
            { "name": "v6-only-preferred", "data": "300", "client-classes": [ "named" ] } ],
        "shared-networks": [ { "name": "n", "interface": "lan0", "subnet4": [
            { "id": 1, "subnet": "10.0.0.0/24", "client-class": "few", "reservations": [
                { "hw-address": "02:00:00:00:00:03", "ip-address": "10.0.0.14" },
                { "flex-id": "08", "ip-address": "10.0.0.12" },
                { "circuit-id": "07", "ip-address": "10.0.0.20", "hostname": "port" } ],
              "pools": [ { "pool": "10.0.0.10 - 10.0.0.12" } ] },
            { "id": 2, "subnet": "10.1.0.0/24", "pools": [ { "pool": "10.1.0.10 - 10.1.0.11" } ] }
        ] } ] } }"#,
    r#"{ "Dhcp4": { "allocator": "random", "cache-threshold": 0.5, "match-client-id": false,
        "compatibility": { "ignore-dhcp-server-identifier": true }, "echo-client-id": false,
        "subnet4": [ { "id": 1, "subnet": "10.0.0.0/24", "reservations": [
            { "hw-address": "02:00:00:00:00:01", "ip-address": "10.0.0.11" } ],
          "pools": [ { "pool": "10.0.0.10 - 10.0.0.17" } ] } ] } }"#,
];
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

#[derive(Default)]
struct Sink {
    batches: VecDeque<StoreBatch>,
    questions: VecDeque<(FetchId, usize)>,
    updates: VecDeque<PeerUpdate>,
    ended: BTreeSet<u64>,
    acks: Vec<Ipv4Addr>,
    probes: Vec<ProbeId>,
}

impl Ports for Sink {
    fn put(&mut self, output: Output) {
        match output {
            Output::Store(batch) => self.batches.push_back(batch),
            Output::Fetch { fetch, lookups } => self.questions.push_back((fetch, lookups.len())),
            Output::Peer(update) => self.updates.push_back(update),
            Output::Probe { probe, .. } => self.probes.push(probe),
            Output::Event(Event::Ended { exchange, .. }) => {
                assert!(self.ended.insert(exchange.0), "exchange {exchange} ended twice");
            }
            Output::Send(transmit) => {
                let message = Message::decode(&transmit.payload).expect("we understand ourselves");
                if message.message_type() == Some(MessageType::Ack)
                    && !message.yiaddr.is_unspecified()
                {
                    self.acks.push(message.yiaddr);
                }
            }
            Output::Reply(..)
            | Output::Connect(_)
            | Output::Exit
            | Output::Remember(_)
            | Output::Event(_) => {}
        }
    }
}

fn topology(which: u8) -> Arc<Topology> {
    let text = CONFIGS[usize::from(which) % CONFIGS.len()];
    let (config, _) = Config::parse(text, "fuzz").expect("the constants are lawful");
    Arc::new(Topology::new(Arc::new(config)))
}

/// A message with fields from a few octets, so that the deep states are reached often.
fn packet(a: u8, b: u8, c: u8) -> Datagram {
    let mut message =
        Message::new(Op::Request, Xid(u32::from(b & 3)), HwAddr::ethernet([2, 0, 0, 0, 0, a & 7]));
    let kinds = [
        MessageType::Discover,
        MessageType::Request,
        MessageType::Request,
        MessageType::Request,
        MessageType::Decline,
        MessageType::Release,
        MessageType::Inform,
        MessageType::Ack,
    ];
    let which = usize::from(b >> 5);
    message.set_message_type(kinds[which]);
    let addr = Ipv4Addr::new(10, 0, 0, 10 + (c & 7));
    if matches!(which, 1 | 2 | 4) {
        message.options.insert(code::REQUESTED_ADDRESS, addr.octets());
    }
    if matches!(which, 1 | 4 | 5) && c & 8 == 0 {
        message.options.insert(code::SERVER_ID, SERVER.octets());
    }
    if matches!(which, 3 | 5 | 6) {
        message.ciaddr = addr;
    }
    if c & 16 != 0 {
        message.options.insert(code::CLIENT_ID, [1, a & 1]);
    }
    Datagram {
        link: LinkId(u32::from(c >> 7) + 1),
        source: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 68)),
        dest: IpAddr::V4(Ipv4Addr::BROADCAST),
        payload: message.encode(576).octets,
    }
}

/// A message of any octets, but for what makes it a message at all.
fn raw(octets: &[u8], c: u8) -> Datagram {
    let mut payload = octets.to_vec();
    if c & 1 == 0 {
        payload.resize(payload.len().max(240), 0);
        payload[0] = 1;
        payload[236..240].copy_from_slice(&[99, 130, 83, 99]);
    }
    if c & 2 == 0
        && let Some(hw) = payload.get_mut(1..3)
    {
        hw.copy_from_slice(&[1, 6]);
    }
    let relay = if c & 4 == 0 { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::new(10, 1, 0, 9) };
    Datagram {
        link: LinkId(1),
        source: SocketAddr::from((relay, 68 - u16::from(c & 4 != 0))),
        dest: IpAddr::V4(if c & 8 == 0 { Ipv4Addr::BROADCAST } else { SERVER }),
        payload,
    }
}

fn command(a: u8, b: u8) -> Command {
    let unit = Unit::V4(Ipv4Addr::new(10, 0, 0, b));
    let snapshot = SnapshotId(u64::from(b & 3));
    let query = match b % 3 {
        0 => LeaseQuery::All(snapshot),
        1 => LeaseQuery::Unit(unit),
        _ => LeaseQuery::HwAddr(HwAddr::ethernet([2, 0, 0, 0, 0, b & 7])),
    };
    match a % 8 {
        0..3 => Command::Leases { query, after: (b & 8 == 0).then_some(unit), limit: a.into() },
        3 => Command::Snapshot,
        4 => Command::EndSnapshot(snapshot),
        5 => Command::Reclaim { remove: b & 1 == 0 },
        6 if b & 3 == 0 => {
            Command::Disable { origin: Origin::USER, period: (b & 4 == 0).then(|| Secs(b.into())) }
        }
        6 => Command::Enable { origin: Origin::USER },
        _ => Command::Status,
    }
}

fuzz_target!(|octets: &[u8]| {
    let [mode, steps @ ..] = octets else { return };
    let store = if mode & 1 == 0 { StoreMode::Exclusive } else { StoreMode::Shared };
    let mut now = Now { mono: Mono::from_nanos(1), wall: Wall::from_secs(1_000_000) };
    let lan = Link { id: LinkId(1), name: "lan0".into(), addrs: vec![(SERVER, 24)] };
    let setup = Setup {
        topology: topology(0),
        links: Arc::new(Links(vec![lan])),
        seed: Seed(u64::from(*mode)),
        limits: Limits { offers_max: 3, parked_max: 8, ..Limits::default() },
        store,
        leases: lessor_lease::Rows::new(),
        past: Default::default(),
        defect: Defect::default(),
    };
    let mut server = Server::recover(setup, now);
    let (mut sink, mut packets, mut inputs) = (Sink::default(), 0, VecDeque::new());
    let mut rest = steps;
    for _ in 0..200 {
        let [what, a, b, c, tail @ ..] = rest else { break };
        let (what, a, b, c) = (*what, *a, *b, *c);
        rest = tail;
        let mut durable = BTreeSet::new();
        let input = match what % 17 {
            0..4 => {
                packets += 1;
                Some(Input::Packet(packet(a, b, c)))
            }
            4 => {
                packets += 1;
                let (octets, after) = tail.split_at(tail.len().min(usize::from(a) * 2));
                rest = after;
                Some(Input::Packet(raw(octets, c)))
            }
            5 => Some(Input::Command(CommandId(u64::from(c)), command(a, b))),
            6 | 7 => sink.batches.pop_front().map(|batch| {
                let outcome = match a % 6 {
                    0..3 => Outcome::Done,
                    3 => Outcome::Unknown,
                    4 => Outcome::Refused(Refusal::Retry),
                    _ => Outcome::Conflict(None),
                };
                if outcome == Outcome::Done {
                    durable.extend(batch.changes.iter().filter_map(|change| change.unit.v4()));
                }
                // One outcome too few, now and then.
                let count = batch.changes.len() - usize::from(b == 0).min(batch.changes.len());
                Input::Stored { first: batch.first, outcomes: vec![outcome; count] }
            }),
            8 => sink.questions.pop_front().map(|(fetch, _)| Input::Fetched {
                fetch,
                result: if a & 1 == 0 { Ok(Vec::new()) } else { Err(FetchError::Unavailable) },
            }),
            9 => sink.updates.pop_front().map(|update| {
                Input::Peer(PeerFrame::Settled {
                    session: update.session - u64::from(b == 0),
                    first: update.first,
                    outcomes: vec![
                        if a & 1 == 0 {
                            PeerOutcome::Acked
                        } else {
                            PeerOutcome::Rejected
                        };
                        update.changes.len()
                    ],
                })
            }),
            10 => Some(Input::Contact(a & 1 == 0)),
            11 => Some(Input::Config(topology(a))),
            12 => {
                sink.batches.clear();
                Some(Input::StoreLost(StoreFailure { what: "fuzz".into() }))
            }
            13 if a & 7 == 7 => Some(Input::LeasesMissing(Lost::Damaged)),
            13 => Some(Input::StoreReopened(server.rows().collect())),
            14 => {
                now.mono = now.mono.after(Duration::from_millis(u64::from(a) * 100));
                now.wall = now.wall.after(Duration::from_millis(u64::from(a) * 100));
                None
            }
            15 => sink.probes.pop().map(|probe| Input::Probed {
                probe,
                heard: if a & 1 == 0 { Heard::Answer } else { Heard::Nobody },
            }),
            _ => {
                now.wall = now.wall.plus_secs(i64::from(b) * 100 - 12_800);
                None
            }
        };
        inputs.extend(input);
        turn(&mut server, now, &mut inputs, &mut sink);
        // An ACK in the turn of a packet can only confirm what was settled before.
        for addr in sink.acks.drain(..) {
            let settled = server.rows().any(|row| row.unit.v4() == Some(addr));
            assert!(
                store == StoreMode::Shared || settled || durable.contains(&addr),
                "{addr} acknowledged and not settled"
            );
        }
        let status = server.status();
        assert!(status.offers <= 3);
        assert!(status.parked <= 300);
    }
    // Time alone ends everything that is parked.
    now.mono = now.mono.after(Duration::from_secs(60));
    now.wall = now.wall.after(Duration::from_secs(60));
    inputs.push_back(Input::Stop);
    turn(&mut server, now, &mut inputs, &mut sink);
    now.mono = now.mono.after(Duration::from_secs(60));
    turn(&mut server, now, &mut inputs, &mut sink);
    assert_eq!(server.status().parked, 0);
    assert_eq!(sink.ended.len(), packets, "each packet ends once");
});
