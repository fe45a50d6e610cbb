//! Our server in this process, with a store in memory.

use std::collections::{BTreeMap, VecDeque};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use lessor_config::{Config, Level};
use lessor_conformance::{Act, Need, Packet, Reply, StoreMood, Subject};
use lessor_lease::{Lease, Outcome, Refusal, StoreBatch};
use lessor_policy::Topology;
use lessor_server::{Heard, Input, Limits, Output, Ports, Server, Setup, StoreMode, turn};
use lessor_types::{Mono, Now, Seed, Unit, Wall};

use crate::datagrams::{datagram, links, reply};

const START: i64 = 1_790_000_000;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// Turns without input that are certainly too many.
const TURNS_MAX: usize = 10_000;

/// The server and all that it knows of the world.
pub(crate) struct InProcess {
    server: Option<Server>,
    topology: Option<Arc<Topology>>,
    now: Now,
    leapt: i64,
    mood: StoreMood,
    rows: BTreeMap<Unit, Arc<Lease>>,
    batches: VecDeque<StoreBatch>,
    replies: Vec<Reply>,
    stations: Vec<Ipv4Addr>,
}

struct Kept(Vec<Output>);

impl Ports for Kept {
    fn put(&mut self, output: Output) {
        self.0.push(output);
    }
}

impl InProcess {
    pub(crate) fn new() -> Self {
        Self {
            server: None,
            topology: None,
            now: Now { mono: Mono::ZERO, wall: Wall::from_secs(START) },
            leapt: 0,
            mood: StoreMood::Works,
            rows: BTreeMap::new(),
            batches: VecDeque::new(),
            replies: Vec::new(),
            stations: Vec::new(),
        }
    }

    fn recover(&mut self) {
        let Some(topology) = &self.topology else {
            return;
        };
        self.batches.clear();
        let setup = Setup {
            topology: Arc::clone(topology),
            links: Arc::new(links()),
            seed: Seed(1),
            limits: Limits::default(),
            store: StoreMode::Exclusive,
            leases: self.rows.values().cloned().collect(),
            past: Default::default(),
            defect: Default::default(),
        };
        self.server = Some(Server::recover(setup, self.now));
    }

    /// Gives the server an input, and everything that comes of it, until it rests.
    fn feed(&mut self, input: Option<Input>) {
        let mut inputs: VecDeque<Input> = input.into_iter().collect();
        for _ in 0..TURNS_MAX {
            let Some(server) = &mut self.server else {
                return;
            };
            let mut kept = Kept(Vec::new());
            let next = turn(server, self.now, &mut inputs, &mut kept);
            kept.0.into_iter().for_each(|output| self.take(output, &mut inputs));
            self.settle(&mut inputs);
            if inputs.is_empty() && next.is_none_or(|next| next > self.now.mono) {
                return;
            }
        }
        panic!("the server does not come to rest");
    }

    fn take(&mut self, output: Output, inputs: &mut VecDeque<Input>) {
        match output {
            Output::Probe { probe, unit, .. }
                if unit.v4().is_some_and(|addr| self.stations.contains(&addr)) =>
            {
                inputs.push_back(Input::Probed { probe, heard: Heard::Answer });
            }
            Output::Send(transmit) => self.replies.push(reply(&transmit)),
            Output::Store(batch) => self.batches.push_back(batch),
            _ => {}
        }
    }

    fn settle(&mut self, inputs: &mut VecDeque<Input>) {
        if self.mood == StoreMood::Waits {
            return;
        }
        while let Some(batch) = self.batches.pop_front() {
            let outcome = match self.mood {
                StoreMood::Fails => Outcome::Refused(Refusal::Full),
                _ => Outcome::Done,
            };
            for change in batch.changes.iter().filter(|_| outcome == Outcome::Done) {
                match &change.to {
                    Some(row) => self.rows.insert(change.unit, Arc::clone(row)),
                    None => self.rows.remove(&change.unit),
                };
            }
            let outcomes = vec![outcome; batch.changes.len()];
            inputs.push_back(Input::Stored { first: batch.first, outcomes });
        }
    }

    fn load(&mut self, config: &str) -> Result<Arc<Topology>, String> {
        let (config, _) = Config::parse(config, "scenario").map_err(|found| {
            let told: Vec<String> = found
                .iter()
                .filter(|it| it.level == Level::Error)
                .map(|it| it.message.clone())
                .collect();
            format!("the configuration is refused: {}", told.join("; "))
        })?;
        let topology = Arc::new(Topology::new(Arc::new(config)));
        self.topology = Some(Arc::clone(&topology));
        Ok(topology)
    }

    fn at(&mut self, elapsed: Duration) {
        self.now.mono = Mono::ZERO.after(elapsed);
        self.now.wall = Wall::from_secs(START + self.leapt).after(elapsed);
    }
}

impl Subject for InProcess {
    fn can(&self, need: Need) -> bool {
        need != Need::File
    }

    fn start(&mut self, config: &str) -> Result<(), String> {
        self.load(config)?;
        self.recover();
        self.feed(None);
        Ok(())
    }

    fn send(&mut self, packet: &Packet) -> Result<(), String> {
        self.feed(Some(Input::Packet(datagram(packet))));
        Ok(())
    }

    fn replies(&mut self, count: usize) -> Result<Vec<Reply>, String> {
        // An answer may wait for what only time brings, such as that nobody answers a ping.
        let until = self.now.mono.after(PATIENCE);
        while self.replies.len() < count
            && let Some(due) = self.server.as_ref().and_then(Server::next_deadline)
            && due <= until
        {
            self.at(due.max(self.now.mono).since(Mono::ZERO));
            self.feed(None);
        }
        Ok(std::mem::take(&mut self.replies))
    }

    fn wait_until(&mut self, elapsed: Duration) -> Result<(), String> {
        let until = Mono::ZERO.after(elapsed);
        loop {
            let due = self.server.as_ref().and_then(Server::next_deadline);
            let Some(due) = due.filter(|due| *due < until) else {
                break;
            };
            self.at(due.max(self.now.mono).since(Mono::ZERO));
            self.feed(None);
        }
        self.at(elapsed.max(self.now.mono.since(Mono::ZERO)));
        self.feed(None);
        Ok(())
    }

    fn act(&mut self, act: &Act) -> Result<(), String> {
        match act {
            Act::Reload(config) => {
                let topology = self.load(config)?;
                self.feed(Some(Input::Config(topology)));
            }
            Act::Kill => {
                self.recover();
                self.feed(None);
            }
            Act::Restart => {
                self.feed(Some(Input::Stop));
                self.recover();
                self.feed(None);
            }
            Act::KillAndAppend(_) => return Err("there is no file".into()),
            Act::Wall(seconds) => {
                self.leapt += seconds;
                self.at(self.now.mono.since(Mono::ZERO));
                self.feed(None);
            }
            Act::Store(mood) => {
                self.mood = *mood;
                let mut inputs = VecDeque::new();
                self.settle(&mut inputs);
                inputs.into_iter().for_each(|input| self.feed(Some(input)));
            }
            Act::Station(addr) => self.stations.push(*addr),
        }
        Ok(())
    }
}
