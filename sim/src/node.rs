//! A server as the world holds it: the machine, its clocks, its inbox and its files.

pub(crate) mod file;

use std::collections::VecDeque;
use std::sync::Arc;

use lessor_policy::Topology;
use lessor_server::{Input, Output, Ports, Server};
use lessor_types::{FixedMap, Wall};

use crate::check::accounting::Books;
use crate::check::{Broken, Invariant, Verdict};
use crate::time::{Clock, Ns, show};
use file::FileStore;

/// How many requests a node remembers the arrival of.
const HEARD_MAX: usize = 4096;

/// Takes a turn's outputs.
#[derive(Debug, Default)]
pub(crate) struct Outbox(pub(crate) Vec<Output>);

impl Ports for Outbox {
    fn put(&mut self, output: Output) {
        self.0.push(output);
    }
}

/// How a server is to go down when its disk reaches a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Armed {
    pub(crate) place: usize,
    pub(crate) power: bool,
    pub(crate) down_for: Ns,
}

/// How a server is to go down between two outputs of a turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ArmedTurn {
    pub(crate) place: usize,
    pub(crate) power: bool,
    pub(crate) down_for: Ns,
    /// How many outputs before.
    pub(crate) outputs: u64,
}

/// One server and the machine that it runs on.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) id: u8,
    pub(crate) clock: Clock,
    /// None while it is down.
    pub(crate) server: Option<Server>,
    /// Goes up with each crash: what belongs to an earlier life is void.
    pub(crate) life: u32,
    pub(crate) inputs: VecDeque<Input>,
    /// When the next turn is due.
    pub(crate) turn_at: Option<Ns>,
    /// The events that look whether it is, with their numbers; the next is the last.
    pub(crate) looks: Vec<(Ns, u64)>,
    pub(crate) looks_made: u64,
    pub(crate) paused_until: Ns,
    pub(crate) books: Books,
    pub(crate) file: Option<FileStore>,
    /// The configuration in effect, and those on their way.
    pub(crate) topology: Arc<Topology>,
    pub(crate) coming: VecDeque<Arc<Topology>>,
    pub(crate) in_contact: bool,
    /// Until when dates mislead after a leap forward.
    pub(crate) leapt_until: Ns,
    /// Whether its wall clock has ever jumped, or its lease file was restored.
    pub(crate) has_leapt: bool,
    /// Whether a leap forward is noted nowhere yet.
    pub(crate) leap_open: bool,
    /// Until when there may be leases that no row tells of.
    pub(crate) restored_until: Ns,
    /// Whether the whole machine is down, and not only the process.
    pub(crate) powered_off: bool,
    /// What sets a lost clock right, in milliseconds.
    pub(crate) clock_lost: Option<i64>,
    /// When requests first arrived, by transaction.
    heard: FixedMap<u32, Ns>,
    /// The last entry of the history that reached it.
    pub(crate) cause: Option<u64>,
    /// Until when it gives addresses only to those who use them already.
    pub(crate) holds_off_until: Ns,
    /// Until when it judges lapses by the slower clock.
    pub(crate) slow_until: Ns,
    /// When its server last noted what its next life has to know.
    pub(crate) noted_at: Ns,
    pub(crate) armed: Option<Armed>,
    pub(crate) armed_turn: Option<ArmedTurn>,
    /// The fault that wants its lease file compacted.
    pub(crate) ordered: Option<usize>,
    /// Whether a fault was injected that may make it cry for an operator.
    pub(crate) may_err: bool,
    /// Whether it stays down.
    pub(crate) is_gone: bool,
    /// Since when an operator wants nobody served, and until when at least.
    pub(crate) off: Option<(Ns, Ns)>,
    /// When it was switched on again.
    pub(crate) on_since: Ns,
    /// Since when it is stopping.
    pub(crate) stopping: Option<Ns>,
    /// How often its store was opened anew, and what it had read with it.
    pub(crate) reopened: u64,
}

impl Node {
    pub(crate) fn new(
        id: u8,
        clock: Clock,
        topology: Arc<Topology>,
        file: Option<FileStore>,
    ) -> Self {
        Self {
            id,
            clock,
            server: None,
            life: 0,
            inputs: VecDeque::new(),
            turn_at: None,
            looks: Vec::new(),
            looks_made: 0,
            paused_until: 0,
            books: Books::default(),
            file,
            topology,
            coming: VecDeque::new(),
            in_contact: false,
            leapt_until: 0,
            has_leapt: false,
            leap_open: false,
            restored_until: 0,
            powered_off: false,
            clock_lost: None,
            heard: FixedMap::default(),
            cause: None,
            holds_off_until: 0,
            slow_until: 0,
            noted_at: 0,
            armed: None,
            armed_turn: None,
            ordered: None,
            may_err: false,
            is_gone: false,
            off: None,
            on_since: 0,
            stopping: None,
            reopened: 0,
        }
    }

    /// The wall clock as the server takes it.
    pub(crate) fn wall(&self, t: Ns) -> Wall {
        let now = self.clock.now(t);
        self.server.as_ref().map_or(now.wall, |server| server.date(now))
    }

    /// Whether dates in its store, or their absence, may mislead.
    pub(crate) const fn misleads(&self, t: Ns) -> bool {
        t < self.leapt_until || t < self.restored_until
    }

    /// Whether it had reason, after `t`, to keep addresses back that seem free.
    pub(crate) const fn is_cautious(&self, t: Ns) -> bool {
        self.misleads(t) || t < self.holds_off_until || t < self.slow_until
    }

    /// Nobody is served whose first message arrived, at `heard`, after an operator forbade it.
    pub(crate) fn serves(&self, heard: Ns) -> Verdict {
        let since = self.off.map(|(since, _)| since).into_iter().chain(self.stopping).min();
        match since {
            Some(since) if heard > since => {
                let (heard, since) = (show(heard), show(since));
                let what = format!(
                    "a client that was heard at {heard} is served, and the service was switched off at {since}"
                );
                Err(Broken::new(Invariant::Commands, what))
            }
            _ => Ok(()),
        }
    }

    pub(crate) const fn is_up(&self) -> bool {
        self.server.is_some()
    }

    /// A request arrived.
    pub(crate) fn hears(&mut self, xid: u32, t: Ns) {
        if self.heard.len() >= HEARD_MAX {
            self.heard.clear();
        }
        self.heard.entry(xid).or_insert(t);
    }

    /// When the first message of a transaction arrived.
    pub(crate) fn heard(&self, xid: u32) -> Option<Ns> {
        self.heard.get(&xid).copied()
    }

    /// How many clients' exchanges are parked.
    pub(crate) fn parked(&self) -> usize {
        let server = self.server.as_ref();
        server.map_or(0, |server| {
            let clients = server.parked().filter(|it| it.client.is_some());
            clients.count()
        })
    }

    /// The machine or the process goes down.
    pub(crate) fn go_down(&mut self, power: bool) {
        self.server = None;
        self.life += 1;
        self.powered_off = power;
        self.inputs.clear();
        self.coming.clear();
        self.turn_at = None;
        self.looks.clear();
        self.books = Books::default();
        self.in_contact = false;
        self.off = None;
        self.stopping = None;
        self.heard.clear();
        self.armed = None;
        self.armed_turn = None;
        self.ordered = None;
        if let Some(file) = &mut self.file {
            file.crash(power);
        }
    }
}
