//! The world: one event heap, everything in it, and the loop.
//!
//! - `packets`, `damage`: from client to server and back, over links and relays.
//! - `servers`: turns, what comes out of them, going down and starting.
//! - `judgement`: what answers and rows are held against.
//! - `disk`, `shared`, `partners`: the three kinds of store traffic.
//! - `probes`: echo requests, and who answers them.
//! - `faults`, `healing`: what goes wrong, and the end of it.
//! - `orders`: what operators want of servers, and what they are told.
//! - `ops`: what clients are made to do, and strangers.
//! - `visit`: somebody from outside, instead of clients.

mod damage;
mod disk;
mod faults;
mod healing;
mod judgement;
pub(crate) mod ops;
mod orders;
pub(crate) mod packets;
mod partners;
mod probes;
mod servers;
mod shared;
mod visit;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::sync::Arc;

use lessor_lease::StoreBatch;
use lessor_policy::Topology as Indexes;
use lessor_server::{FetchId, Input, PeerUpdate, ProbeId};
use lessor_types::{Datagram, FixedMap, Holder, Prng, Seed};
use lessor_wire::v4::Message;

use crate::check::clients::Holdings;
use crate::check::conformance::{Declined, Offers};
use crate::check::durability::Lately;
use crate::check::liveness::{End, SERVED_WITHIN};
use crate::check::probed::Probed;
use crate::check::{Broken, Findings, Invariant, Verdict};
use crate::client::Client;
use crate::coverage::{Coverage, Goal};
use crate::draw::{self, Kind};
use crate::history::{Gist, History, Station, What};
use crate::lan::Lan;
use crate::node::file::FileStore;
use crate::node::{Node, Outbox};
use crate::partner::Partner;
use crate::plan::{self, read_config};
use crate::planted::Bug;
use crate::schedule::{FaultKind, Order, Schedule, Topology};
use crate::store::SimStore;
use crate::time::{Clock, MS, Ns, SEC};

/// Events of one run that are certainly too many.
const EVENTS_MAX: u64 = 20_000_000;
/// Entries in the heap that are certainly too many.
const QUEUE_MAX: usize = 200_000;
/// The time between two looks at servers that have nothing to do.
const AUDIT_EVERY: Ns = 240 * SEC;

/// A packet on its last hop to a server.
#[derive(Clone, Debug)]
struct Mail {
    datagram: Datagram,
    from: Station,
    client: Option<u16>,
    gist: Gist,
    cause: u64,
}

/// A packet that carries a message from or for a client.
#[derive(Clone, Debug)]
struct Letter {
    message: Rc<Message>,
    client: u16,
    gist: Gist,
    cause: u64,
}

#[derive(Clone, Copy, Debug)]
enum DiskStep {
    Append,
    Sync,
    Reopen,
    Rotate,
    Compact,
}

#[derive(Debug)]
enum Event {
    ToServer(u8, Box<Mail>),
    ToRelay(u8, Letter, bool),
    ToClient(Letter, Station),
    Client(u16, u64),
    Turn(u8, u64),
    Disk(u8, u32, DiskStep),
    Write(u8, u32, Box<StoreBatch>),
    LateWrite(u8, Box<StoreBatch>),
    Ask(u8, u32, FetchId, Vec<lessor_lease::Lookup>),
    Peer(u32, Box<PeerUpdate>),
    /// An echo request reaches an address; the server and its life.
    Echo(u8, u32, ProbeId, Ipv4Addr),
    /// An answer to one reaches a life of a server.
    Answered(u8, u32, ProbeId, Ipv4Addr),
    /// An input for one life of a server.
    Input(u8, u32, Box<Input>),
    Contact(u32, bool),
    Configure(u8, usize),
    Restart(u8, u32),
    Op(usize),
    /// An operator's order, by the operation's number and the server.
    Order(u32, u8, Order),
    /// The next page of what somebody reads.
    Page(Box<orders::Walk>),
    /// The time is up that a life of a server had to stop in order; how long it stays down.
    Stopped(u8, u32, Ns),
    Fault(usize, bool),
    Audit,
    Heal,
    End,
}

/// What counts up to name events and draws.
#[derive(Debug, Default)]
struct Counts {
    inputs: u64,
    restarts: u64,
    audits: u64,
    disk: u64,
    asks: u64,
    peers: u64,
    hostile: u64,
    echoes: u64,
}

/// One world.
pub(crate) struct World<'a> {
    schedule: &'a Schedule,
    bug: Option<Bug>,
    seed: Seed,
    pub(crate) t: Ns,
    queue: crate::queue::Queue<Event>,
    pub(crate) history: History,
    lan: Lan,
    nodes: Vec<Node>,
    clients: Vec<Client>,
    holders: Vec<Holder>,
    /// The clients' numbers, by who they are.
    places: FixedMap<Holder, u16>,
    client_gens: Vec<u64>,
    outbox: Outbox,
    visitor: Option<visit::Visitor>,
    // Stores.
    store: SimStore,
    partner: Partner,
    partner_held: Vec<(u32, PeerUpdate)>,
    // Faults.
    active: Vec<usize>,
    configs: Vec<Arc<Indexes>>,
    config: usize,
    longest: Ns,
    /// Whether lease files are ever restored from copies.
    is_restorable: bool,
    squatted: BTreeMap<Ipv4Addr, usize>,
    healed: bool,
    /// Whether the partner is silent for ever.
    alone: bool,
    /// Addresses about which the store has lost commits, and until when nobody can be blamed.
    forgiven: BTreeMap<Ipv4Addr, Ns>,
    // Checkers.
    holdings: Holdings,
    probed: Probed,
    offers: Offers,
    declined: Declined,
    lately: Lately,
    last_holder: BTreeMap<Ipv4Addr, u16>,
    changed: BTreeMap<Ipv4Addr, Ns>,
    exhausted: bool,
    asked: orders::Asked,
    pub(crate) findings: Findings,
    // Books.
    pub(crate) coverage: Coverage,
    took_effect: Vec<bool>,
    pub(crate) events: u64,
    pub(crate) client_packets: u64,
    counts: Counts,
}

impl<'a> World<'a> {
    /// A world at its beginning.
    ///
    /// # Errors
    /// A configuration of the schedule that is not lawful.
    pub(crate) fn new(
        schedule: &'a Schedule,
        bug: Option<Bug>,
        recording: bool,
    ) -> Result<Self, String> {
        let seed = Seed(schedule.seed);
        let configs =
            schedule.configs.iter().map(|text| read_config(text)).collect::<Result<Vec<_>, _>>()?;
        let first = configs.first().ok_or("no configuration")?;
        let longest = u64::from(plan::longest(&configs));
        let has_files = schedule.topology != Topology::Shared;
        let nodes = (0_u8..).zip(&schedule.servers).map(|(id, spec)| {
            let disk = draw::draw(seed, Kind::Disk, u32::from(id), 0, 0).next_u64();
            let file = has_files.then(|| FileStore::new(Seed(disk), bug));
            Node::new(id, Clock::new(*spec), Arc::clone(first), file)
        });
        let clients: Vec<Client> = (0_u16..)
            .zip(&schedule.clients)
            .map(|(id, spec)| {
                let mut client = Client::new(id, spec, seed);
                client.takes_anything = bug == Some(Bug::TakesAnything);
                client
            })
            .collect();
        Ok(Self {
            seed,
            bug,
            t: 0,
            queue: crate::queue::Queue::new(seed),
            history: History::new(recording),
            lan: Lan::new(seed, schedule.lan, schedule.safety_ms * MS),
            nodes: nodes.collect(),
            holders: clients.iter().map(|client| client.who.clone()).collect(),
            // Where several are the same, the first.
            places: clients.iter().rev().map(|client| (client.who.clone(), client.id)).collect(),
            client_gens: vec![0; clients.len()],
            clients,
            outbox: Outbox::default(),
            visitor: None,
            store: SimStore::new(),
            partner: Partner::default(),
            partner_held: Vec::new(),
            active: Vec::new(),
            configs,
            config: 0,
            longest: longest * SEC,
            is_restorable: schedule.faults.iter().any(|fault| {
                matches!(fault.kind, FaultKind::Restore { .. } | FaultKind::Rot { .. })
            }) || orders::may_hold_off(schedule),
            squatted: BTreeMap::new(),
            healed: false,
            alone: false,
            forgiven: BTreeMap::new(),
            holdings: Holdings::default(),
            probed: Probed::default(),
            offers: Offers::default(),
            declined: Declined::default(),
            lately: Lately::default(),
            last_holder: BTreeMap::new(),
            changed: BTreeMap::new(),
            exhausted: false,
            asked: orders::Asked::default(),
            findings: Findings::default(),
            coverage: Coverage::default(),
            took_effect: vec![false; schedule.faults.len()],
            events: 0,
            client_packets: 0,
            counts: Counts::default(),
            schedule,
        })
    }

    /// Runs to the end, or until an invariant is broken.
    pub(crate) fn run(&mut self) {
        self.begin();
        while let Some((at, event)) = self.queue.pop() {
            self.t = at;
            self.events += 1;
            if matches!(event, Event::End) {
                self.end();
                break;
            }
            self.handle(event);
            if self.events > EVENTS_MAX || self.queue.len() > QUEUE_MAX {
                let what = format!("{} events, {} to come", self.events, self.queue.len());
                self.judge(Invariant::Bounded, Err(Broken::new(Invariant::Bounded, what)));
            }
            if self.findings.broken.is_some() {
                break;
            }
        }
    }

    fn begin(&mut self) {
        self.note(None, What::Phase("safety"));
        for place in 0..self.nodes.len() {
            self.start(place);
        }
        for (place, op) in self.schedule.ops.iter().enumerate() {
            self.push(op.at_ms * MS, (1, op.id, 0), Event::Op(place));
        }
        for (place, fault) in self.schedule.faults.iter().enumerate() {
            let at = fault.at_ms * MS;
            self.push(at, (2, fault.id, 0), Event::Fault(place, true));
            let end = (fault.at_ms + fault.for_ms) * MS;
            self.push(end, (2, fault.id, 1), Event::Fault(place, false));
        }
        let heal = self.schedule.safety_ms * MS;
        self.push(heal, (3, 0, 0), Event::Heal);
        let end = heal + self.schedule.liveness_ms * MS;
        self.push(end, (3, 1, 0), Event::End);
        self.push(AUDIT_EVERY, (3, 2, 0), Event::Audit);
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::ToServer(server, mail) => self.on_mail(usize::from(server), *mail),
            Event::ToRelay(relay, letter, up) => self.on_relay(relay, &letter, up),
            Event::ToClient(letter, from) => self.on_letter(&letter, from),
            Event::Client(client, number) => self.on_client(usize::from(client), number),
            Event::Turn(server, number) => self.on_turn(usize::from(server), number),
            Event::Disk(server, life, step) => self.on_disk(usize::from(server), life, step),
            Event::Write(server, life, batch) => self.on_write(usize::from(server), life, *batch),
            Event::LateWrite(server, batch) => self.on_late_write(usize::from(server), &batch),
            Event::Ask(server, life, fetch, lookups) => {
                self.on_ask(usize::from(server), life, fetch, &lookups);
            }
            Event::Peer(life, update) => self.on_update(life, *update),
            Event::Echo(server, life, probe, addr) => self.on_echo(server, life, probe, addr),
            Event::Answered(server, life, probe, addr) => {
                self.on_answered(server, life, probe, addr);
            }
            Event::Input(server, life, input) => {
                self.on_input(usize::from(server), life, *input);
            }
            Event::Contact(life, on) => self.on_contact(life, on),
            Event::Configure(server, config) => self.on_configure(usize::from(server), config),
            Event::Restart(server, life) => self.on_restart(usize::from(server), life),
            Event::Op(place) => self.on_op(place),
            Event::Order(id, server, order) => self.on_order(id, usize::from(server), order),
            Event::Page(walk) => self.on_page(*walk),
            Event::Stopped(server, life, down_for) => self.on_stopped(server, life, down_for),
            Event::Fault(place, true) => self.on_fault(place),
            Event::Fault(place, false) => self.on_fault_over(place),
            Event::Audit => self.on_audit(),
            Event::Heal => self.on_heal(),
            Event::End => {}
        }
    }

    fn on_audit(&mut self) {
        self.audit();
        self.counts.audits += 1;
        let number = self.counts.audits;
        self.push(self.t + AUDIT_EVERY, (3, 3, number), Event::Audit);
    }

    /// I16: a server that has nothing to do has what its store has.
    fn audit(&mut self) {
        self.judge_unanswered();
        for place in 0..self.nodes.len() {
            let Some(node) = self.nodes.get(place) else {
                continue;
            };
            let (Some(server), Some(file)) = (&node.server, &node.file) else {
                continue;
            };
            let status = server.status();
            let quiet = server.is_idle() && status.store_open && node.inputs.is_empty();
            if quiet && file.fold.doubts() == 0 {
                let verdict = file.fold.equals(server.rows());
                self.judge(Invariant::RecoveredFold, verdict);
            }
        }
    }

    fn end(&mut self) {
        self.note(None, What::Phase("end"));
        self.audit();
        let Some(node) = self.nodes.iter().find(|node| node.is_up()) else {
            // Bits of the first line have changed, and nothing tells which.
            let is_refused = |node: &Node| node.file.as_ref().is_some_and(|file| file.refused);
            if self.nodes.iter().any(is_refused) {
                return;
            }
            let what = "no server runs although everything is healed".to_owned();
            let verdict = Err(Broken::new(Invariant::ClientLiveness, what));
            return self.judge(Invariant::ClientLiveness, verdict);
        };
        if !self.is_served() {
            return;
        }
        let rows: Vec<_> = match &node.server {
            Some(server) if node.file.is_some() => server.rows().collect(),
            _ => self.store.rows().cloned().collect(),
        };
        // For a while after a leap forward lapses are judged with caution; and where leases may be
        // missing, nobody gets an address anew.
        if node.is_cautious(self.t.saturating_sub(SERVED_WITHIN)) {
            return;
        }
        let end = End {
            t: self.t,
            config: node.topology.config(),
            wall: node.wall(self.t),
            rows: &rows,
            changed: &self.changed,
            clients: &self.clients,
            core: self.schedule.core,
            relays: &self.schedule.relays,
        };
        let verdict = end.judge();
        self.judge(Invariant::ClientLiveness, verdict);
    }

    // --- small things that everything here uses ---

    /// Adds an event. Its name (kind, entity, count) tells it from others of its moment.
    fn push(&mut self, at: Ns, name: (u8, u32, u64), event: Event) {
        let (kind, entity, count) = name;
        let id = self.seed.keyed(u64::from(kind) << 32 | u64::from(entity), count);
        let mut id: Prng = id;
        let mut id = id.next_u64();
        if self.bug == Some(Bug::Unsteady) {
            id ^= RandomState::new().hash_one(id);
        }
        self.queue.push(at.max(self.t), id, event);
    }

    fn note(&mut self, cause: Option<u64>, what: What<'_>) -> u64 {
        self.history.note(self.t, cause, what)
    }

    fn judge(&mut self, invariant: Invariant, verdict: Verdict) {
        let verdict = match verdict {
            Err(broken) if self.is_forgiven(&broken) => Ok(()),
            verdict => verdict,
        };
        self.findings.add(self.t, invariant, verdict);
    }

    /// Whether it is about an address whose row the store has lost: no server can know.
    fn is_forgiven(&self, broken: &Broken) -> bool {
        let until = broken.addr.and_then(|addr| self.forgiven.get(&addr));
        broken.invariant.rests_on_store() && until.is_some_and(|until| self.t < *until)
    }

    fn reach(&mut self, goal: Goal) {
        self.coverage.reach(goal);
    }

    /// A fault has changed something.
    fn effect(&mut self, place: usize) {
        let Some(took) = self.took_effect.get_mut(place) else {
            return;
        };
        if !std::mem::replace(took, true)
            && let Some(fault) = self.schedule.faults.get(place)
            && let Some(count) = self.coverage.took_effect.get_mut(fault.kind.index())
        {
            *count += 1;
        }
    }

    /// The active faults that `pick` picks, with what it makes of them.
    fn active<T>(&self, pick: impl Fn(&FaultKind) -> Option<T>) -> Vec<(usize, T)> {
        let picked = self.active.iter().filter_map(|place| {
            let fault = self.schedule.faults.get(*place)?;
            Some((*place, pick(&fault.kind)?))
        });
        picked.collect()
    }

    /// Hands an input to one life of a server.
    fn deliver(&mut self, at: Ns, server: usize, input: Input) {
        let Some(node) = self.nodes.get(server) else {
            return;
        };
        self.counts.inputs += 1;
        let number = self.counts.inputs;
        let event = Event::Input(node.id, node.life, Box::new(input));
        let name = (4, u32::from(node.id), number);
        self.push(at, name, event);
    }

    fn on_input(&mut self, server: usize, life: u32, input: Input) {
        let t = self.t;
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        if node.life == life && node.is_up() {
            node.inputs.push_back(input);
            node.turn_at = Some(t);
            self.take_turn(server);
        }
    }
}
