//! What a server makes of those who mean it ill: each class of attack on DHCP servers by name.

use std::collections::{BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use lessor_config::Config;
use lessor_lease::{Outcome as Stored, StoreBatch};
use lessor_policy::Topology;
use lessor_server::{
    Counters, Event, Input, Limits, Output, Ports, Server, Setup, StoreMode, turn,
};
use lessor_types::{
    Datagram, Destination, HwAddr, Link, LinkId, Links, Mono, Now, Seed, Wall, Xid,
};
use lessor_wire::v4::{Message, MessageType, Op, RelayAgent, code};

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const RELAY: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 1);

/// Two subnets, the second behind [`RELAY`].
const TWO: &str = r#"{ "Dhcp4": { "interfaces-config": { "interfaces": [ "lan0" ] }, "subnet4": [
    { "id": 1, "subnet": "10.0.0.0/24", "pools": [ { "pool": "10.0.0.10 - 10.0.0.99" } ] },
    { "id": 2, "subnet": "10.2.0.0/24", "pools": [ { "pool": "10.2.0.10 - 10.2.0.99" } ] } ] } }"#;

struct Sink {
    sent: Vec<(Message, Destination)>,
    batches: VecDeque<StoreBatch>,
    events: Counters,
    ended: usize,
}

impl Ports for Sink {
    fn put(&mut self, output: Output) {
        match output {
            Output::Send(transmit) => {
                let message = Message::decode(&transmit.payload).expect("we understand ourselves");
                self.sent.push((message, transmit.to));
            }
            Output::Store(batch) => self.batches.push_back(batch),
            Output::Event(event) => {
                self.ended += usize::from(matches!(event, Event::Ended { .. }));
                self.events.count(&event);
            }
            _ => {}
        }
    }
}

/// A server with a store that keeps everything at once.
struct Scene {
    server: Server,
    now: Now,
    sink: Sink,
}

impl Scene {
    fn new(config: &str, limits: Limits) -> Self {
        let (config, _) = Config::parse(config, "t").unwrap_or_else(|it| panic!("{it}"));
        let now = Now { mono: Mono::ZERO, wall: Wall::from_secs(1_000_000) };
        let lan = Link { id: LinkId(1), name: "lan0".into(), addrs: vec![(SERVER, 24)] };
        let setup = Setup {
            topology: Arc::new(Topology::new(Arc::new(config))),
            links: Arc::new(Links(vec![lan])),
            seed: Seed(1),
            limits,
            store: StoreMode::Exclusive,
            leases: Default::default(),
            past: Default::default(),
            defect: Default::default(),
        };
        let sink = Sink {
            sent: Vec::new(),
            batches: VecDeque::new(),
            events: Counters::default(),
            ended: 0,
        };
        Self { server: Server::recover(setup, now), now, sink }
    }

    fn wait(&mut self, length: Duration) {
        self.now.mono = self.now.mono.after(length);
        self.now.wall = self.now.wall.after(length);
        self.feed(Input::Deadline);
    }

    fn feed(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while turn(&mut self.server, self.now, &mut inputs, &mut self.sink) == Some(self.now.mono) {
        }
    }

    fn store(&mut self) {
        while let Some(batch) = self.sink.batches.pop_front() {
            let outcomes = vec![Stored::Done; batch.changes.len()];
            self.feed(Input::Stored { first: batch.first, outcomes });
        }
    }

    /// What comes of octets from `source`: each packet ends once, whatever it is.
    fn octets(&mut self, source: SocketAddr, dest: Ipv4Addr, payload: Vec<u8>) -> Vec<Message> {
        let (sent, ended) = (self.sink.sent.len(), self.sink.ended);
        let dest = IpAddr::V4(dest);
        self.feed(Input::Packet(Datagram { link: LinkId(1), source, dest, payload }));
        self.store();
        assert_eq!(self.sink.ended, ended + 1, "a packet ends once");
        self.sink.sent[sent..].iter().map(|(message, _)| message.clone()).collect()
    }

    fn send(&mut self, message: &Message) -> Option<Message> {
        let source = match (message.giaddr, message.ciaddr) {
            (Ipv4Addr::UNSPECIFIED, own) => SocketAddr::from((own, 68)),
            (relay, _) => SocketAddr::from((relay, 67)),
        };
        let unicast = !message.ciaddr.is_unspecified();
        let dest = if unicast { SERVER } else { Ipv4Addr::BROADCAST };
        self.octets(source, dest, message.encode(1500).octets).pop()
    }

    /// A client's lease, by four messages.
    fn lease(&mut self, client: &Client) -> Option<Ipv4Addr> {
        let offer = self.send(&client.message(MessageType::Discover))?;
        let mut request = client.message(MessageType::Request);
        request.options.insert(code::REQUESTED_ADDRESS, offer.yiaddr.octets());
        request.options.insert(code::SERVER_ID, SERVER.octets());
        let ack = self.send(&request)?;
        (ack.message_type() == Some(MessageType::Ack)).then_some(ack.yiaddr)
    }
}

#[derive(Clone, Copy)]
struct Client {
    number: u32,
    relay: Option<(Ipv4Addr, &'static [u8])>,
}

impl Client {
    const fn direct(number: u32) -> Self {
        Self { number, relay: None }
    }

    const fn behind(number: u32, port: &'static [u8]) -> Self {
        Self { number, relay: Some((RELAY, port)) }
    }

    fn message(self, kind: MessageType) -> Message {
        let [a, b, c, d] = self.number.to_be_bytes();
        let hw = HwAddr::ethernet([2, 0, a, b, c, d]);
        let mut message = Message::new(Op::Request, Xid(self.number), hw);
        message.set_message_type(kind);
        if let Some((relay, port)) = self.relay {
            message.giaddr = relay;
            message.set_relay_agent(&RelayAgent::from_subs(&[(1, port)]).expect("short"));
        }
        message
    }

    fn gives_up(self, kind: MessageType, addr: Ipv4Addr) -> Message {
        let mut message = self.message(kind);
        message.options.insert(code::SERVER_ID, SERVER.octets());
        match kind {
            MessageType::Release => message.ciaddr = addr,
            _ => message.options.insert(code::REQUESTED_ADDRESS, addr.octets()),
        }
        message
    }
}

fn discover(with: impl FnOnce(&mut Message)) -> Message {
    let mut message = Client::direct(1).message(MessageType::Discover);
    with(&mut message);
    message
}

/// A hardware address of no octets, or of more than there is room for.
#[test]
fn hardware_addresses_without_length() {
    let mut scene = Scene::new(TWO, Limits::default());
    let anonymous = discover(|it| it.hw = HwAddr::default());
    assert_eq!(scene.send(&anonymous), None);
    let named = discover(|it| {
        it.hw = HwAddr::default();
        it.options.insert(code::CLIENT_ID, b"\x01abc");
    });
    assert!(scene.send(&named).is_some(), "its identifier is enough (V4-028)");
    assert_eq!(scene.sink.sent[0].1, Destination::Broadcast { port: 68 });
    let source = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 68));
    for hlen in 17..=255 {
        let mut octets = discover(|_| {}).encode(576).octets;
        octets[2] = hlen;
        assert!(scene.octets(source, Ipv4Addr::BROADCAST, octets).is_empty());
    }
}

/// Options within options within options; and the same of what relays add.
#[test]
fn recursive_encapsulation() {
    let test = "option[43].option[43].exists or relay4[1].hex == '' or vendor[*].option[1].exists";
    let config = TWO.replacen(
        r#""subnet4""#,
        &format!(r#""client-classes": [ {{ "name": "deep", "test": "{test}" }} ], "subnet4""#),
        1,
    );
    let mut scene = Scene::new(&config, Limits::default());
    for code in [43_u8, 77, 82, 124, 125, 119] {
        let mut nested = vec![code, 0];
        while nested.len() < 1200 {
            let inner = u8::try_from(nested.len().min(255)).expect("clamped");
            nested.splice(0..0, [code, inner]);
        }
        let message = discover(|it| it.options.insert(code, nested));
        assert!(scene.send(&message).is_some(), "option {code}");
    }
}

/// Options without octets, each alone and all at once.
#[test]
fn empty_options() {
    let mut scene = Scene::new(TWO, Limits::default());
    for kind in [MessageType::Discover, MessageType::Request, MessageType::Inform] {
        for code in (1..=254).filter(|code| ![52, 53].contains(code)) {
            let mut message = Client::direct(u32::from(code)).message(kind);
            message.ciaddr = Ipv4Addr::new(10, 0, 0, 200);
            message.options.insert(code, []);
            scene.send(&message);
        }
    }
    let all = discover(|it| {
        (1..=254).for_each(|code| {
            if code != 53 {
                it.options.insert(code, []);
            }
        })
    });
    scene.send(&all);
    assert!(scene.server.is_idle());
}

/// Names that point at themselves or at one another.
#[test]
fn cyclic_compression() {
    let mut scene = Scene::new(TWO, Limits::default());
    for name in
        [&b"\xc0\x00"[..], b"\x01a\xc0\x00", b"\xc0\x02\xc0\x00", b"\x01a\xc0\x03\x01b\xc0\x00"]
    {
        for code in [code::DOMAIN_SEARCH, code::FQDN, 120, 162] {
            let value =
                if code == code::FQDN { [b"\x04\0\0", name].concat() } else { name.to_vec() };
            let message = discover(|it| {
                it.options.insert(code, value);
                it.options.insert(code::PARAMETER_LIST, [code]);
            });
            assert!(scene.send(&message).is_some(), "{code} {name:?}");
        }
    }
}

/// Relay information that ends before it says what it announces.
#[test]
fn truncated_relay_fields() {
    let mut scene = Scene::new(TWO, Limits::default());
    let whole = [1, 2, b'p', b'1', 5, 4, 10, 2, 0, 0, 11, 4, 10, 2, 0, 254, 19, 0, 12, 2, 0, 3];
    for len in 0..=whole.len() {
        let message = discover(|it| {
            it.giaddr = RELAY;
            it.options.insert(code::RELAY_AGENT, &whole[..len]);
        });
        let offer = scene.send(&message).expect("it is answered");
        assert_eq!(offer.options.get(code::RELAY_AGENT), Some(&whole[..len]), "unchanged");
    }
    let octets = discover(|it| it.giaddr = RELAY).encode(576).octets;
    for len in 0..octets.len() {
        let source = SocketAddr::from((RELAY, 67));
        scene.octets(source, SERVER, octets[..len].to_vec());
    }
}

/// Messages that are broadcast by rights, sent to the server alone; and the other way round.
#[test]
fn unexpected_unicast() {
    let mut scene = Scene::new(TWO, Limits::default());
    let kinds = [1, 3, 4, 7, 8, 10, 0, 255].map(MessageType::from_octet);
    for kind in kinds {
        for source in [Ipv4Addr::UNSPECIFIED, SERVER, Ipv4Addr::LOCALHOST, Ipv4Addr::BROADCAST] {
            for dest in [SERVER, Ipv4Addr::BROADCAST, Ipv4Addr::LOCALHOST] {
                for ciaddr in [Ipv4Addr::UNSPECIFIED, Ipv4Addr::new(8, 8, 8, 8), SERVER] {
                    let mut message = Client::direct(1).message(kind);
                    message.ciaddr = ciaddr;
                    let octets = message.encode(576).octets;
                    scene.octets(SocketAddr::from((source, 68)), dest, octets);
                }
            }
        }
    }
    let is_outside = |to: &Destination| match to {
        Destination::Routed(SocketAddr::V4(to)) => to.ip().octets()[0] != 10,
        _ => false,
    };
    assert!(!scene.sink.sent.iter().any(|(_, to)| is_outside(to)), "nobody else is answered");
}

/// Releases and declines in others' names.
#[test]
fn spoofed_release_and_decline() {
    let limits = Limits::default();
    let mut scene = Scene::new(TWO, limits);
    let victim = Client::direct(1);
    let addr = scene.lease(&victim).expect("a lease");
    scene.wait(Duration::from_secs(60));
    let forger = Client::direct(2);
    for kind in [MessageType::Release, MessageType::Decline] {
        scene.send(&forger.gives_up(kind, addr));
    }
    assert_eq!(scene.sink.events.of("DHCP4_LEASE_RELEASED"), 0);
    assert_eq!(scene.sink.events.of("DHCP4_LEASE_DECLINED"), 0);
    // Who takes addresses only to decline them soon has to wait.
    let mut declined = 0;
    for number in 100..100 + 2 * limits.declines.burst {
        let client = Client::behind(number, b"p1");
        let Some(addr) = scene.lease(&client) else { break };
        scene.send(&client.gives_up(MessageType::Decline, addr));
        declined += 1;
    }
    assert!(declined > limits.declines.burst, "the pool is not what ends it");
    assert_eq!(scene.sink.events.of("DHCP4_LEASE_DECLINED"), u64::from(limits.declines.burst));
    assert!(scene.sink.events.of("DHCP4_SURRENDER_LIMIT") > 0);
    // Another port, and the direct clients, may decline still.
    let other = Client::behind(9000, b"p2");
    let addr = scene.lease(&other).expect("there are addresses left");
    let before = scene.sink.events.of("DHCP4_LEASE_DECLINED");
    scene.send(&other.gives_up(MessageType::Decline, addr));
    assert_eq!(scene.sink.events.of("DHCP4_LEASE_DECLINED"), before + 1);
}

/// Whoever asks under ever new names takes no more from a pool than leaves something for clients
/// at other ports, and nothing from other pools.
#[test]
fn starvation_by_random_macs() {
    let mut scene = Scene::new(TWO, Limits::default());
    for number in 0..5000 {
        scene.send(&Client::behind(number, b"bad").message(MessageType::Discover));
    }
    assert_eq!(scene.server.status().offers, 90, "the pool is the bound");
    let mut leased = BTreeSet::new();
    for number in 10_000..10_040 {
        // The flood goes on.
        for more in 0..20 {
            let number = 20_000 + number * 20 + more;
            scene.send(&Client::behind(number, b"bad").message(MessageType::Discover));
        }
        leased.extend(scene.lease(&Client::behind(number, b"good")));
    }
    assert_eq!(leased.len(), 40, "each got an address of its own");
    assert!(scene.lease(&Client::direct(1)).is_some());
    // Nor do those at one port take from each other: an offer is only taken from who has more.
    let mut scene = Scene::new(TWO, Limits::default());
    let offers: Vec<_> = (0..100)
        .filter_map(|it| scene.send(&Client::behind(it, b"good").message(MessageType::Discover)))
        .collect();
    assert_eq!(offers.len(), 90);
}

/// Offers are bounded, and a flood in a large pool ends its own offers before others'.
#[test]
fn offers_of_a_flood_give_way_first() {
    let limits = Limits { offers_max: 50, ..Limits::default() };
    let mut scene = Scene::new(TWO, limits);
    let client = Client::direct(1);
    let offer = scene.send(&client.message(MessageType::Discover)).expect("an offer");
    for number in 2..500 {
        scene.send(&Client::behind(number, b"bad").message(MessageType::Discover));
        assert!(scene.server.status().offers <= 50);
    }
    let again = scene.send(&client.message(MessageType::Discover)).expect("an offer");
    assert_eq!(again.yiaddr, offer.yiaddr);
    for number in 600..620 {
        let other = Client::direct(number);
        assert_ne!(
            scene.send(&other.message(MessageType::Discover)).map(|it| it.yiaddr),
            Some(offer.yiaddr)
        );
    }
}

/// While a slow store holds up the exchanges of a flood, there is room for others'.
#[test]
fn exchanges_of_a_flood_leave_room() {
    let limits = Limits { parked_max: 512, ..Limits::default() };
    let mut scene = Scene::new(TWO, limits);
    let request = |client: Client, addr: Ipv4Addr| {
        let mut message = client.message(MessageType::Request);
        message.options.insert(code::REQUESTED_ADDRESS, addr.octets());
        message.options.insert(code::SERVER_ID, SERVER.octets());
        let source = client.relay.map_or(Ipv4Addr::UNSPECIFIED, |(relay, _)| relay);
        Input::Packet(Datagram {
            link: LinkId(1),
            source: SocketAddr::from((source, 67)),
            dest: IpAddr::V4(Ipv4Addr::BROADCAST),
            payload: message.encode(1500).octets,
        })
    };
    // All want the same few addresses: one is written, and the rest wait for what becomes of it.
    for number in 0..4000 {
        let addr = Ipv4Addr::new(10, 2, 0, 10 + u8::try_from(number % 90).expect("small"));
        scene.feed(request(Client::behind(number, b"bad"), addr));
    }
    assert!(scene.server.status().parked <= 512 - 64, "{}", scene.server.status().parked);
    for number in 5000..5040 {
        let addr = Ipv4Addr::new(10, 0, 0, 10 + u8::try_from(number % 40).expect("small"));
        scene.feed(request(Client::direct(number), addr));
    }
    scene.store();
    let acks = scene.sink.sent.iter().filter(|(it, _)| it.yiaddr.octets()[1] == 0);
    assert_eq!(acks.filter(|(it, _)| it.message_type() == Some(MessageType::Ack)).count(), 40);
}
