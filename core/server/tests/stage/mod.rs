//! The stage on which scenario files are played: one server, clients that do as they are told, and
//! a store and a partner that answer when they are told to.

mod options;
mod print;
mod store;

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lessor_config::Config;
use lessor_lease::{FetchError, Lookup, Lost, Memory, Past, StoreBatch, StoreFailure};
use lessor_policy::Topology;
use lessor_server::recovery::News;
use lessor_server::{
    Backend, Command, CommandId, FetchId, Heard, Input, LeaseQuery, Limits, Origin, Output,
    PeerFrame, PeerOutcome, PeerUpdate, Ports, ProbeId, Server, Setup, SnapshotId, StoreMode, turn,
};
use lessor_types::{Datagram, HwAddr, Link, LinkId, Links, Mono, Now, Secs, Seed, Unit, Wall, Xid};
use lessor_wire::v4::{Message, MessageType, Op, RelayAgent, code};

use store::Rows;

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const START: i64 = 1_000_000;

/// Plays a scenario; its text with everything that happened under each step.
pub(crate) fn play(text: &str, configs: &Path) -> String {
    let mut stage = Stage::new(configs.to_owned());
    let mut played = String::new();
    for line in text.lines().filter(|line| !line.starts_with(' ')) {
        writeln!(played, "{line}").expect("strings take everything");
        let step = line.split('#').next().unwrap_or_default();
        let words: Vec<&str> = step.split_whitespace().collect();
        for happened in stage.step(&words) {
            writeln!(played, "    {happened}").expect("strings take everything");
        }
    }
    played
}

struct Stage {
    configs: PathBuf,
    topology: Option<Arc<Topology>>,
    mode: StoreMode,
    server: Option<Server>,
    started: Mono,
    now: Now,
    leap: i64,
    rows: Rows,
    batches: VecDeque<StoreBatch>,
    questions: VecDeque<(FetchId, Vec<Lookup>)>,
    updates: VecDeque<PeerUpdate>,
    probes: Vec<(ProbeId, Unit)>,
    /// What the server wanted to be remembered last.
    memory: Option<Memory>,
    /// Whether the machine has been started anew since.
    rebooted: bool,
    /// Why the next server is told that leases may be missing.
    lost: Option<Lost>,
    /// The rows of a backup.
    backup: Option<Rows>,
    /// No wall clock is right that shows less.
    floor: Wall,
    xids: BTreeMap<char, u32>,
    /// Whether the options of answers are shown, as they lie in the message.
    shows_options: bool,
}

/// Keeps outputs in the order in which they came.
struct Kept(Vec<Output>);

impl Ports for Kept {
    fn put(&mut self, output: Output) {
        self.0.push(output);
    }
}

fn command(command: Command) -> Input {
    Input::Command(CommandId(0), command)
}

fn origin(number: &str) -> Origin {
    Origin(number.parse().expect("a number"))
}

impl Stage {
    fn new(configs: PathBuf) -> Self {
        Self {
            configs,
            topology: None,
            mode: StoreMode::Exclusive,
            server: None,
            started: Mono::ZERO,
            now: Now { mono: Mono::ZERO, wall: Wall::from_secs(START) },
            leap: 0,
            rows: Rows::default(),
            batches: VecDeque::new(),
            questions: VecDeque::new(),
            updates: VecDeque::new(),
            probes: Vec::new(),
            memory: None,
            rebooted: false,
            lost: None,
            backup: None,
            floor: Wall::default(),
            xids: BTreeMap::new(),
            shows_options: false,
        }
    }

    fn step(&mut self, words: &[&str]) -> Vec<String> {
        match words {
            [] => Vec::new(),
            ["config", name] => {
                self.topology = Some(self.load(name));
                Vec::new()
            }
            ["clock", "floor", secs] => {
                self.floor = Wall::from_secs(START + secs.parse::<i64>().expect("seconds"));
                Vec::new()
            }
            ["show", "options"] => {
                self.shows_options = true;
                Vec::new()
            }
            ["store", "shared"] => {
                self.mode = StoreMode::Shared;
                Vec::new()
            }
            ["at", time, rest @ ..] => {
                let secs: f64 = time.parse().unwrap_or_else(|_| panic!("no time: {words:?}"));
                let elapsed = Duration::from_secs_f64(secs);
                assert!(Mono::ZERO.after(elapsed) >= self.now.mono, "time goes on: {words:?}");
                self.now.mono = Mono::ZERO.after(elapsed);
                self.now.wall = Wall::from_secs(START + self.leap).after(elapsed);
                self.at(rest)
            }
            _ => panic!("not a step: {words:?}"),
        }
    }

    fn at(&mut self, words: &[&str]) -> Vec<String> {
        let input = match words {
            [client, ">", kind, fields @ ..] => Some(self.packet(client, kind, fields)),
            ["store", "lost"] => Some(Input::StoreLost(StoreFailure { what: "told to".into() })),
            ["store", "reopened"] => {
                self.batches.clear();
                let rows = match self.mode {
                    StoreMode::Exclusive => self.rows.all(),
                    StoreMode::Shared => lessor_lease::Rows::new(),
                };
                Some(Input::StoreReopened(rows))
            }
            ["database", how, why @ ..] => {
                let failure = || StoreFailure { what: why.join(" ") };
                let news = match *how {
                    "opened" => News::Opened,
                    "lost" => News::Lost(failure()),
                    "unreachable" => News::Unreachable(failure()),
                    other => panic!("no database is {other}"),
                };
                Some(Input::Backend(Backend::Leases, news))
            }
            ["store", how] => {
                let Some(batch) = self.batches.pop_front() else {
                    return vec!["(no batch is on its way)".into()];
                };
                let outcomes = self.rows.settle(&batch, how, self.mode == StoreMode::Shared);
                Some(Input::Stored { first: batch.first, outcomes })
            }
            ["fetched"] => {
                let Some((fetch, lookups)) = self.questions.pop_front() else {
                    return vec!["(no question is open)".into()];
                };
                Some(Input::Fetched { fetch, result: Ok(self.rows.answer(&lookups)) })
            }
            ["fetch", "fails"] => {
                let Some((fetch, _)) = self.questions.pop_front() else {
                    return vec!["(no question is open)".into()];
                };
                Some(Input::Fetched { fetch, result: Err(FetchError::Unavailable) })
            }
            ["row", addr, client, life, "context", text] => {
                let life = life.parse().expect("a number of seconds");
                let addr = addr.parse().expect("an address");
                self.rows.write(addr, hw(client), life, self.now.wall);
                self.rows.remark(addr, text);
                return Vec::new();
            }
            ["row", addr, client, life] => {
                let life = life.parse().expect("a number of seconds");
                self.rows.write(addr.parse().expect("an address"), hw(client), life, self.now.wall);
                return Vec::new();
            }
            ["probe", addr, how] => {
                let unit = Unit::V4(addr.parse().expect("an address"));
                let heard = match *how {
                    "answered" => Some(Heard::Answer),
                    "nobody" => Some(Heard::Nobody),
                    "unsent" => Some(Heard::Unsent),
                    // The server's own clock tells.
                    "silent" => None,
                    other => panic!("a probe is not {other}"),
                };
                let Some(at) = self.probes.iter().rposition(|(_, other)| *other == unit) else {
                    return vec!["(no such probe was made)".into()];
                };
                let (probe, _) = self.probes.remove(at);
                heard.map(|heard| Input::Probed { probe, heard })
            }
            ["partner", "on"] => Some(Input::Contact(true)),
            ["partner", "off"] => {
                self.updates.clear();
                Some(Input::Contact(false))
            }
            ["partner", how] => {
                let Some(update) = self.updates.pop_front() else {
                    return vec!["(no update is on its way)".into()];
                };
                let outcome = match *how {
                    "acks" => PeerOutcome::Acked,
                    "rejects" => PeerOutcome::Rejected,
                    other => panic!("a partner doesn't {other}"),
                };
                let outcomes = vec![outcome; update.changes.len()];
                let (session, first) = (update.session, update.first);
                Some(Input::Peer(PeerFrame::Settled { session, first, outcomes }))
            }
            ["config", name] => {
                self.topology = Some(self.load(name));
                Some(Input::Config(Arc::clone(self.topology.as_ref().expect("just set"))))
            }
            ["wall", seconds] => {
                let leap: i64 = seconds.parse().expect("a number of seconds");
                self.leap += leap;
                self.now.wall = self.now.wall.plus_secs(leap);
                None
            }
            ["backup"] => {
                self.backup = Some(self.rows.clone());
                return Vec::new();
            }
            ["restore"] => {
                self.rows = self.backup.take().expect("a backup");
                self.lost = Some(Lost::Older);
                return self.at(&["crash"]);
            }
            ["reboot"] => {
                self.rebooted = true;
                return self.at(&["crash"]);
            }
            ["hold-off", period] => {
                let period = Some(Secs(period.parse().expect("seconds")));
                Some(command(Command::BeginHoldOff { period }))
            }
            ["end-hold-off"] => Some(command(Command::EndHoldOff)),
            ["crash"] => {
                self.server = None;
                self.batches.clear();
                self.questions.clear();
                self.updates.clear();
                self.probes.clear();
                return Vec::new();
            }
            ["reclaim"] => Some(command(Command::Reclaim { remove: false })),
            ["reclaim", "remove"] => Some(command(Command::Reclaim { remove: true })),
            ["disable", origin, period @ ..] => {
                let period = period.first().map(|it| Secs(it.parse().expect("seconds")));
                Some(command(Command::Disable { origin: self::origin(origin), period }))
            }
            ["leases", what @ ..] => {
                let (query, after) = match *what {
                    ["hw", client] => (LeaseQuery::HwAddr(hw(client)), None),
                    ["after", addr] => {
                        let after = Unit::V4(addr.parse().expect("an address"));
                        (LeaseQuery::All(SnapshotId(0)), Some(after))
                    }
                    _ => (LeaseQuery::All(SnapshotId(0)), None),
                };
                Some(command(Command::Leases { query, after, limit: 2 }))
            }
            ["enable", origin] => Some(command(Command::Enable { origin: self::origin(origin) })),
            ["stop"] => Some(Input::Stop),
            ["tick"] => None,
            _ => panic!("not a step: {words:?}"),
        };
        self.turn(input)
    }

    fn turn(&mut self, input: Option<Input>) -> Vec<String> {
        let mut server = self.server.take().unwrap_or_else(|| self.start());
        let mut inputs: VecDeque<Input> = input.into_iter().collect();
        let mut kept = Kept(Vec::new());
        while turn(&mut server, self.now, &mut inputs, &mut kept) == Some(self.now.mono) {
            assert!(kept.0.len() < 10_000, "the server does not come to rest");
        }
        let shown = |output: &Output| self.shows_options.then(|| options::all(output))?;
        let mut lines = Vec::new();
        for output in kept.0.iter().filter(|it| !matches!(it, Output::Remember(_))) {
            lines.push(print::output(output));
            lines.extend(shown(output));
        }
        for output in kept.0 {
            match output {
                Output::Store(batch) => self.batches.push_back(batch),
                Output::Fetch { fetch, lookups } => self.questions.push_back((fetch, lookups)),
                Output::Probe { probe, unit, .. } => self.probes.push((probe, unit)),
                Output::Peer(update) => self.updates.push_back(update),
                Output::Remember(memory) => self.memory = Some(*memory),
                Output::Send(_)
                | Output::Reply(..)
                | Output::Connect(_)
                | Output::Exit
                | Output::Event(_) => {}
            }
        }
        self.server = Some(server);
        lines
    }

    fn start(&mut self) -> Server {
        self.started = self.now.mono;
        let leases = match self.mode {
            StoreMode::Exclusive => self.rows.all(),
            StoreMode::Shared => lessor_lease::Rows::new(),
        };
        let lan = Link { id: LinkId(1), name: "lan0".into(), addrs: vec![(SERVER, 24)] };
        let setup = Setup {
            topology: Arc::clone(self.topology.as_ref().expect("a config line comes first")),
            links: Arc::new(Links(vec![lan])),
            seed: Seed(1),
            limits: Limits::default(),
            store: self.mode,
            leases,
            past: Past {
                noted: self.memory.as_ref().filter(|_| !self.rebooted).map(noted),
                ahead: Duration::ZERO,
                memory: self.memory.take(),
                lost: self.lost.take(),
                latest: None,
                floor: self.floor,
            },
            defect: Default::default(),
        };
        self.rebooted = false;
        Server::recover(setup, self.now)
    }

    fn load(&self, name: &str) -> Arc<Topology> {
        let file = self.configs.join(format!("{name}.json"));
        let text = std::fs::read_to_string(&file).expect("the configuration exists");
        let parsed = Config::parse(&text, name);
        let (config, _) = parsed.unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
        Arc::new(Topology::new(Arc::new(config)))
    }

    fn packet(&mut self, client: &str, kind: &str, fields: &[&str]) -> Input {
        let name = client.chars().next().expect("a client has a name");
        let kind = match kind {
            "DISCOVER" => MessageType::Discover,
            "REQUEST" => MessageType::Request,
            "DECLINE" => MessageType::Decline,
            "RELEASE" => MessageType::Release,
            "INFORM" => MessageType::Inform,
            // Without a type; the number is any.
            "BOOTREQUEST" => MessageType::from_octet(0),
            other => panic!("clients don't send {other}"),
        };
        let last = self.xids.entry(name).or_insert(0);
        let mut message = Message::new(Op::Request, Xid(*last), hw(client));
        if kind != MessageType::from_octet(0) {
            message.set_message_type(kind);
        }
        let mut from = None;
        let mut dest = Ipv4Addr::BROADCAST;
        for field in fields {
            let (key, value) = field.split_once('=').unwrap_or((field, ""));
            let addr = || match value {
                "us" => SERVER,
                addr => addr.parse().unwrap_or_else(|_| panic!("no address: {field}")),
            };
            match key {
                "req" => message.options.insert(code::REQUESTED_ADDRESS, addr().octets()),
                "sid" => message.options.insert(code::SERVER_ID, addr().octets()),
                "name" => message.options.insert(code::HOST_NAME, value.as_bytes()),
                "vc" => message.options.insert(code::CLASS_ID, value.as_bytes()),
                "cid" => message.options.insert(code::CLIENT_ID, value.as_bytes()),
                "want" => {
                    let secs: u32 = value.parse().expect("a number of seconds");
                    message.options.insert(code::LEASE_TIME, secs.to_be_bytes());
                }
                "ci" => message.ciaddr = addr(),
                "gi" => message.giaddr = addr(),
                "circuit" => {
                    let subs = [(code::relay::CIRCUIT_ID, value.as_bytes())];
                    message.set_relay_agent(&RelayAgent::from_subs(&subs).expect("short"));
                }
                "xid" => {
                    message.xid = Xid(value.parse().expect("a number"));
                    *last = message.xid.0;
                }
                "bcast" => message.set_broadcast(true),
                "unicast" => dest = SERVER,
                "from" => from = Some(addr()),
                "no-hw" => message.hw = HwAddr::default(),
                _ if options::set(&mut message, key, value) => {}
                _ => panic!("not a field: {field}"),
            }
        }
        let source = match (message.giaddr, message.ciaddr) {
            (Ipv4Addr::UNSPECIFIED, own) => SocketAddr::from((from.unwrap_or(own), 68)),
            (relay, _) => SocketAddr::from((relay, 67)),
        };
        Input::Packet(Datagram {
            link: LinkId(1),
            source,
            dest: IpAddr::V4(dest),
            payload: message.encode(1500).octets,
        })
    }
}

/// What the machine's clock showed then; it starts with the scenario.
fn noted(memory: &Memory) -> Duration {
    memory.at.mono.since(Mono::ZERO)
}

/// The link-layer address of a client, by its letter.
fn hw(client: &str) -> HwAddr {
    let letter = client.bytes().next().unwrap_or(b'a');
    HwAddr::ethernet([2, 0, 0, 0, 0, letter])
}
