//! Everything around one server that runs elsewhere: clients, links, checkers and the history.
//!
//! The world of this crate drives the server machine itself. Simulations that run the whole shell
//! have an engine of their own for tasks, sockets and disks; they hand in here what reaches the
//! server and what leaves it, and get back what clients and links make of it. So the clients, the
//! schedule, the history and the invariants are those of the world.
//!
//! - `traffic`: packets, from clients to the server and back.
//! - `judgement`: what answers, rows and events are held against.
//! - `machine`: what happens to the machine that the server runs on.

mod judgement;
mod machine;
mod traffic;

use std::collections::{BTreeMap, VecDeque};
use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_lease::Change;
use lessor_policy::Topology as Indexes;
use lessor_types::{FixedMap, Holder, Now, Seed};

use crate::check::clients::Holdings;
use crate::check::conformance::{Declined, Offers};
use crate::check::durability::Fold;
use crate::check::probed::Probed;
use crate::check::{Broken, Findings, Invariant, Verdict};
use crate::client::Client;
use crate::coverage::Coverage;
use crate::history::{History, What};
use crate::lan::Lan;
use crate::plan;
use crate::planted::Bug;
use crate::run::Outcome;
use crate::schedule::{FaultKind, Flaw, Op, Schedule};
use crate::time::{Clock, ClockSpec, MS, Ns};

use machine::Leaps;
pub use traffic::{Parcel, client_of};

/// How many requests are remembered by their arrival.
const HEARD_MAX: usize = 4096;

/// What is around one server.
#[derive(Debug)]
pub struct Field {
    schedule: Schedule,
    seed: Seed,
    t: Ns,
    history: History,
    lan: Lan,
    clients: Vec<Client>,
    holders: Vec<Holder>,
    squatted: BTreeMap<Ipv4Addr, usize>,
    healed: bool,
    // The server.
    clock: Clock,
    leaps: Leaps,
    /// Whether a fault was injected that may make it cry for an operator.
    may_err: bool,
    configs: Vec<Arc<Indexes>>,
    topology: Arc<Indexes>,
    coming: VecDeque<Arc<Indexes>>,
    is_up: bool,
    heard: FixedMap<u32, Ns>,
    cause: Option<u64>,
    fold: Fold,
    unsynced: Vec<Change>,
    /// Rows of which a part may have been written, and which are to be taken back.
    failed: Vec<Change>,
    packets: u64,
    ended: u64,
    // Checkers.
    holdings: Holdings,
    probed: Probed,
    offers: Offers,
    declined: Declined,
    changed: BTreeMap<Ipv4Addr, Ns>,
    findings: Findings,
    coverage: Coverage,
    took_effect: Vec<bool>,
    client_packets: u64,
}

impl Field {
    /// What is around the server of a schedule at its beginning; the server is down.
    ///
    /// # Errors
    /// A configuration that is not lawful.
    pub fn new(schedule: &Schedule, recording: bool) -> Result<Self, String> {
        let seed = Seed(schedule.seed);
        let configs = schedule
            .configs
            .iter()
            .map(|text| plan::read_config(text))
            .collect::<Result<Vec<_>, _>>()?;
        let first = configs.first().ok_or("no configuration")?;
        let clients: Vec<Client> = (0_u16..)
            .zip(&schedule.clients)
            .map(|(id, spec)| Client::new(id, spec, seed))
            .collect();
        let clock = schedule.servers.first().copied().unwrap_or_else(ClockSpec::default);
        Ok(Self {
            seed,
            t: 0,
            history: History::new(recording),
            lan: Lan::new(seed, schedule.lan, schedule.safety_ms * MS),
            holders: clients.iter().map(|client| client.who.clone()).collect(),
            clients,
            squatted: BTreeMap::new(),
            healed: false,
            clock: Clock::new(clock),
            leaps: Leaps::of(&configs),
            may_err: false,
            topology: Arc::clone(first),
            coming: VecDeque::new(),
            configs,
            is_up: false,
            heard: FixedMap::default(),
            cause: None,
            fold: Fold::default(),
            unsynced: Vec::new(),
            failed: Vec::new(),
            packets: 0,
            ended: 0,
            holdings: Holdings::default(),
            probed: Probed::default(),
            offers: Offers::default(),
            declined: Declined::default(),
            changed: BTreeMap::new(),
            findings: Findings::default(),
            coverage: Coverage::default(),
            took_effect: vec![false; schedule.faults.len()],
            client_packets: 0,
            schedule: schedule.clone(),
        })
    }

    /// Plants a bug in whatever of it is here.
    pub fn plant(&mut self, bug: Bug) {
        for client in &mut self.clients {
            client.takes_anything = bug == Bug::TakesAnything;
        }
    }

    /// The schedule.
    #[must_use]
    pub const fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// The history so far.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// The first invariant that did not hold, and when.
    #[must_use]
    pub const fn broken(&self) -> Option<&(Ns, Broken)> {
        self.findings.broken.as_ref()
    }

    /// How often each invariant was judged, by number.
    #[must_use]
    pub const fn judged(&self) -> &[u64; Invariant::ALL.len()] {
        &self.findings.judged
    }

    /// How far it got.
    #[must_use]
    pub const fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// How many packets clients have sent.
    #[must_use]
    pub const fn client_packets(&self) -> u64 {
        self.client_packets
    }

    /// What the server's clocks show at a true time.
    #[must_use]
    pub fn server_clock(&self, t: Ns) -> Now {
        self.clock.now(t)
    }

    /// The operations of one client, in their order. Those of strangers have none.
    #[must_use]
    pub fn ops_of(&self, client: Option<u16>) -> VecDeque<(Ns, usize)> {
        let ops = self.schedule.ops.iter().enumerate();
        let own = |(_, op): &(usize, &Op)| op.kind.client() == client;
        ops.filter(own).map(|(place, op)| (op.at_ms * MS, place)).collect()
    }

    /// Something happened in the engine: which thing, and a number with it.
    pub fn note_engine(&mut self, t: Ns, what: &'static str, number: u64) {
        self.at(t);
        self.note(None, What::Engine(what, number));
    }

    /// What came of it, when it lasted so long.
    #[must_use]
    pub fn outcome(&self, lasted: Ns) -> Outcome {
        Outcome {
            broken: self.findings.broken.clone(),
            judged: self.findings.judged,
            coverage: self.coverage.clone(),
            events: self.history.len(),
            client_packets: self.client_packets,
            lasted,
            hash: self.history.hash(),
            checkpoints: self.history.checkpoints().to_vec(),
            records: self.history.records().to_vec(),
        }
    }

    // --- faults ---

    /// A fault begins. Those of clients and links take effect here; the engine sees to the others.
    pub fn fault_begins(&mut self, t: Ns, place: usize) {
        self.at(t);
        let Some(fault) = self.schedule.faults.get(place).cloned() else {
            return;
        };
        self.note(None, What::Fault(fault.id, &fault.kind, true));
        if let Some(count) = self.coverage.injected.get_mut(fault.kind.index()) {
            *count += 1;
        }
        match fault.kind {
            kind if kind.is_of_links() => self.lan.begin(place, &fault),
            FaultKind::Squat { addr } => {
                self.squatted.insert(addr, place);
            }
            _ => {}
        }
    }

    /// As [`Field::fault_begins`], of a cut that the engine makes instead of the links here.
    pub fn cut_begins(&mut self, t: Ns, place: usize) {
        self.fault_begins(t, place);
        self.lan.end(place);
    }

    /// A fault is over.
    pub fn fault_ends(&mut self, t: Ns, place: usize) {
        self.at(t);
        let Some(fault) = self.schedule.faults.get(place).cloned() else {
            return;
        };
        self.note(None, What::Fault(fault.id, &fault.kind, false));
        match fault.kind {
            FaultKind::Squat { addr } => {
                self.squatted.remove(&addr);
            }
            _ => self.lan.end(place),
        }
    }

    /// A fault has changed something.
    pub fn effect(&mut self, place: usize) {
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

    /// Nothing goes wrong any more.
    pub fn heal(&mut self, t: Ns) {
        self.at(t);
        self.note(None, What::Phase("liveness"));
        self.healed = true;
        self.lan.heal(None);
        self.squatted.clear();
    }

    /// Whether [`Field::heal`] was called.
    #[must_use]
    pub const fn is_healed(&self) -> bool {
        self.healed
    }

    // --- small things that everything here uses ---

    /// It is `t`, or a moment later: hosts are a tick apart, and the history has one order.
    fn at(&mut self, t: Ns) {
        self.t = self.t.max(t);
    }

    fn note(&mut self, cause: Option<u64>, what: What<'_>) -> u64 {
        self.history.note(self.t, cause, what)
    }

    fn judge(&mut self, invariant: Invariant, verdict: Verdict) {
        self.findings.add(self.t, invariant, verdict);
    }
}

/// A configuration with a flaw.
#[must_use]
pub fn flawed(config: &str, flaw: Flaw) -> String {
    plan::flawed(config, flaw)
}

/// The interfaces that the server has.
#[must_use]
pub fn links() -> lessor_types::Links {
    plan::links(0)
}
