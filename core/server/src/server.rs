//! The composition: what each input does.

mod backends;
mod clients;
mod commands;
mod hold_off;
mod lanes;
mod load;
mod probing;
mod sweep;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use lessor_config::{Config, LeaseStore, Recovery};
use lessor_lease::{Lease, Lookup, Past, Rows, Standing, State};
use lessor_policy::{Assembled, Topology};
use lessor_types::{Links, Mono, Now, PoolId, Seed, SubnetId, Unit, Wall};

use crate::calendar::Calendar;
use crate::exchange::Lot;
use crate::hearing::Hearing;
use crate::hold_off::HoldOff;
use crate::lane::Lane;
use crate::ledger::Ledger;
use crate::planted::{Defect, Planted};
use crate::probes::Probes;
use crate::rates::Rates;
use crate::recovery::{Backend, Backends, Reach};
use crate::service::{Origin, Service};
use crate::throttle::{Rate, Throttle};
use crate::{Count, Event, ExchangeId, FetchId, Input, Output, Parked};

/// Bounds on everything that can grow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Inputs in one turn.
    pub inputs_per_turn_max: usize,
    /// Changes in one batch.
    pub batch_changes_max: usize,
    /// Batches on their way to a shared store; an exclusive one takes them one at a time.
    pub batches_in_flight_max: usize,
    /// Offers that stand at once.
    pub offers_max: usize,
    /// How long an offer stands.
    pub offer_hold: Duration,
    /// Unfinished exchanges. A configuration may allow more, not fewer: most of them only wait for
    /// the sync that many share.
    pub parked_max: usize,
    /// How long an exchange may be parked. Clients ask again after four seconds (RFC 2131 §4.1).
    pub parked_for_max: Duration,
    /// How often an exchange is decided before it is given up.
    pub rounds_max: u8,
    /// How often leases may be given up from one place.
    pub releases: Rate,
    /// How often addresses may be declined from one place.
    pub declines: Rate,
    /// How many places are told apart when counting these.
    pub places_max: usize,
    /// Leases in one page of a command.
    pub page_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            inputs_per_turn_max: 256,
            batch_changes_max: 1024,
            batches_in_flight_max: 4,
            offers_max: 65_536,
            offer_hold: Duration::from_secs(30),
            parked_max: 16_384,
            parked_for_max: Duration::from_secs(8),
            rounds_max: 8,
            // More than an office gives up when it closes; and declines are rare.
            releases: Rate { every: Duration::from_millis(10), burst: 1000 },
            declines: Rate { every: Duration::from_secs(1), burst: 32 },
            places_max: 4096,
            page_max: 10_000,
        }
    }
}

impl Limits {
    fn lot_for(&self, config: &Config) -> usize {
        usize::try_from(config.parked_max).unwrap_or(usize::MAX).max(self.parked_max)
    }
}

/// How long everybody counts as confirmed a moment ago, after a start.
const FRESH: Duration = Duration::from_secs(2);

/// Who writes the lease store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StoreMode {
    /// This server alone: its table is the truth, the store its log.
    Exclusive,
    /// Others too: the store is the truth, asked for each exchange.
    Shared,
}

/// What a server begins with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The configuration in effect.
    pub topology: Arc<Topology>,
    /// The interfaces that are served.
    pub links: Arc<Links>,
    /// The source of all draws.
    pub seed: Seed,
    /// Bounds.
    pub limits: Limits,
    /// Who writes the store.
    pub store: StoreMode,
    /// All rows of an exclusive store; nothing for a shared one.
    pub leases: Rows,
    /// What is known of former lives with that store; nothing where it is shared.
    pub past: Past,
    /// A defect to show, in simulations.
    pub defect: Defect,
}

/// How a server is, for commands and checkers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
    /// Settled rows in memory.
    pub leases: usize,
    /// Offers that stand.
    pub offers: usize,
    /// Unfinished exchanges.
    pub parked: usize,
    /// Changes that the store has not settled.
    pub unsettled: usize,
    /// Whether the store can be written.
    pub store_open: bool,
    /// Who has switched the service off.
    pub disabled_by: Vec<Origin>,
    /// Whether there is contact with the partner, where one is waited for.
    pub in_contact: bool,
    /// The hold-off, while one lasts.
    pub hold_off: Option<HoldOff>,
    /// The databases that are used.
    pub backends: Vec<Reach>,
}

/// A DHCP server, without the world around it.
///
/// *Order*: [`Server::handle`] for each input, [`Server::heard_all`] when there are no more,
/// [`Server::seal`] once, then [`Server::poll_output`] until it is empty; [`crate::turn`] does just
/// that.
#[derive(Debug)]
pub struct Server {
    topology: Arc<Topology>,
    /// What was assembled for clients under it.
    assembled: Assembled,
    links: Arc<Links>,
    seed: Seed,
    limits: Limits,
    store: StoreMode,
    store_open: bool,
    defect: Defect,
    /// Both clocks, as far as the calendar believes them.
    now: Now,
    calendar: Calendar,
    hold_off: Option<HoldOff>,
    remember: hold_off::Remember,
    ledger: Ledger,
    lot: Lot,
    releases: Throttle,
    declines: Throttle,
    /// Exchanges to decide before this input is done with.
    ready: VecDeque<ExchangeId>,
    to_store: Lane,
    to_partner: Lane,
    in_contact: bool,
    session: u64,
    /// Goes up with configuration, contact and ownership: what was decided before is decided again.
    era: u64,
    next_exchange: u64,
    next_fetch: u64,
    /// Who asked what.
    fetches: BTreeMap<FetchId, (ExchangeId, Vec<Lookup>)>,
    /// Commands that a shared store is to answer.
    asking: BTreeMap<FetchId, commands::Asking>,
    probes: Probes,
    rates: Rates,
    outputs: VecDeque<Output>,
    fresh_until: Mono,
    hearing: Hearing,
    sweep: sweep::Sweep,
    service: Service,
    backends: Backends,
    lapses_left: bool,
    stopping: bool,
}

impl Server {
    /// A server that starts now, with what its store holds.
    #[must_use]
    pub fn recover(mut setup: Setup, now: Now) -> Self {
        if setup.defect.is(Planted::ProbationForgotten) {
            let declined =
                |(unit, row): (_, Standing)| (row.state == State::Declined).then_some(unit);
            let declined: Vec<Unit> = setup.leases.standings().filter_map(declined).collect();
            declined.into_iter().for_each(|unit| setup.leases.remove(unit));
        }
        if setup.defect.is(Planted::PastForgotten) {
            setup.past = Past { floor: setup.past.floor, ..Past::default() };
        }
        let (mut calendar, leapt) = calendar_of(&setup, now);
        let now = calendar.believe(now);
        calendar.observe(now);
        let config = setup.topology.config();
        let judged = calendar.judged();
        let in_flight = match setup.store {
            // One at a time: while it is synced, the next one grows.
            StoreMode::Exclusive => 1,
            StoreMode::Shared => setup.limits.batches_in_flight_max,
        };
        let offers_max = setup.limits.offers_max;
        let mut ledger = Ledger::new(&setup.topology, setup.leases, judged, offers_max, setup.seed);
        if setup.defect.is(Planted::LimitRaced) {
            ledger.count_settled_only();
        }
        let batch_max = setup.limits.batch_changes_max;
        let backends = wanted(config);
        let store_open = backends.iter().all(|(backend, _)| *backend != Backend::Leases);
        let mut server = Self {
            releases: Throttle::new(setup.limits.releases, setup.limits.places_max),
            declines: Throttle::new(setup.limits.declines, setup.limits.places_max),
            lot: Lot::new(setup.limits.lot_for(config), setup.seed),
            ledger,
            sweep: sweep::Sweep::new(now.mono, setup.seed, &config.expired),
            assembled: Assembled::under(&setup.topology),
            topology: setup.topology,
            links: setup.links,
            seed: setup.seed,
            limits: setup.limits,
            store: setup.store,
            store_open,
            defect: setup.defect,
            now,
            calendar,
            hold_off: None,
            remember: hold_off::Remember::at_once(now.mono),
            ready: VecDeque::new(),
            to_store: Lane::new(in_flight, batch_max),
            to_partner: Lane::new(setup.limits.batches_in_flight_max, batch_max),
            in_contact: false,
            session: 0,
            era: 0,
            next_exchange: 0,
            next_fetch: 0,
            fetches: BTreeMap::new(),
            asking: BTreeMap::new(),
            probes: Probes::default(),
            rates: Rates::default(),
            outputs: VecDeque::new(),
            fresh_until: now.mono.after(FRESH),
            hearing: Hearing::new(now.mono),
            service: Service::default(),
            backends: Backends::new(backends, setup.seed),
            lapses_left: false,
            stopping: false,
        };
        server.tend_backends();
        server.look_back(&setup.past, leapt);
        server.look_over();
        server
    }

    /// The bounds.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The configuration in effect.
    #[must_use]
    pub const fn topology(&self) -> &Arc<Topology> {
        &self.topology
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Now, input: Input) {
        self.now = self.believe(now);
        match input {
            Input::Deadline => self.on_deadline(now.wall),
            Input::Packet(datagram) => self.on_packet(&datagram),
            Input::Stored { first, outcomes } => self.on_stored(first, outcomes),
            Input::StoreLost(failure) => self.on_store_lost(failure),
            Input::StoreReopened(rows) => self.on_store_reopened(rows),
            Input::Backend(backend, news) => self.on_backend(backend, news),
            Input::LeasesMissing(why) => self.begin_hold_off(why, None),
            Input::Fetched { fetch, result } => self.on_fetched(fetch, result),
            Input::Probed { probe, heard } => self.on_probed(probe, heard),
            Input::Peer(frame) => self.on_peer(frame),
            Input::Contact(contact) => self.on_contact(contact),
            Input::Command(id, command) => self.on_command(id, command),
            Input::Config(topology) => self.on_config(topology),
            Input::Links(links) => {
                self.links = links;
                self.era += 1;
            }
            Input::Stop => {
                self.stopping = true;
                self.remember.now();
            }
        }
        self.decide_ready();
    }

    /// Closes the growing batches that have a free way. Once a turn, after its inputs.
    pub fn seal(&mut self) {
        self.seal_lanes();
        self.remember_if_due();
    }

    /// The next output, until there are none.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When something is due without any input.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        if self.lapses_left {
            return Some(self.now.mono);
        }
        let deadlines = [
            self.lot.next_deadline(),
            self.ledger.next_deadline(),
            self.probes.next_deadline(),
            self.service.next_deadline(),
            self.backends.next_deadline(),
            self.calendar.next_deadline(),
            self.hold_off.and_then(|hold_off| hold_off.until),
            (!self.is_shared()).then(|| self.remember.next()).flatten(),
            (!self.stopping).then(|| self.sweep.next()).flatten(),
            self.is_shared().then(|| self.hearing.next_deadline()).flatten(),
        ];
        deadlines.into_iter().fold(None, sooner)
    }

    /// Everything that is parked.
    pub fn parked(&self) -> impl Iterator<Item = Parked> + '_ {
        self.lot.iter()
    }

    /// The settled rows in memory, for checkers.
    pub fn rows(&self) -> impl Iterator<Item = Arc<Lease>> {
        self.ledger.table().rows()
    }

    /// Whether nothing is in work and nothing on its way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.lot.is_empty() && self.to_store.is_empty()
    }

    /// How the server is.
    #[must_use]
    pub fn status(&self) -> Status {
        Status {
            leases: self.ledger.table().len(),
            offers: self.ledger.offers_len(),
            parked: self.lot.len(),
            unsettled: self.to_store.len(),
            store_open: self.store_open,
            disabled_by: self.service.disabled_by().collect(),
            in_contact: self.in_contact,
            hold_off: self.hold_off,
            backends: self.backends.reach().collect(),
        }
    }

    /// How many leases there are in pools, where that is not what it was when this was last asked.
    pub fn recounted(&mut self) -> Vec<(SubnetId, PoolId, Count)> {
        self.ledger.recounted()
    }

    fn on_deadline(&mut self, clock: Wall) {
        self.hearing.turn(self.now.mono);
        self.look_at_clocks(clock);
        self.end_hold_off_if_due();
        for origin in self.service.advance(self.now.mono) {
            self.event(Event::ServiceEnabled(origin));
        }
        self.backends.advance(self.now.mono);
        self.tend_backends();
        let judged = self.judged();
        self.lapses_left = self.ledger.advance(&self.topology, self.offer_clock(), judged);
        while let Some(id) = self.lot.overdue(self.now.mono) {
            self.give_up(id);
        }
        while !self.stopping && self.sweep.is_due(self.now.mono) {
            self.begin_sweep();
        }
    }

    /// The time by which leases lapse.
    fn judged(&self) -> Wall {
        if self.defect.is(Planted::WallDeadline) { self.now.wall } else { self.calendar.judged() }
    }

    /// The clock that offers end by.
    fn offer_clock(&self) -> Mono {
        if !self.defect.is(Planted::WallDeadline) {
            return self.now.mono;
        }
        let secs = u64::try_from(self.now.wall.secs()).unwrap_or(0);
        Mono::from_nanos(
            secs.saturating_mul(1_000_000_000) + u64::from(self.now.wall.subsec_nanos()),
        )
    }

    fn on_config(&mut self, topology: Arc<Topology>) {
        self.assembled = Assembled::under(&topology);
        self.topology = topology;
        self.era += 1;
        let config = Arc::clone(self.topology.config());
        self.lot.resize(self.limits.lot_for(&config));
        self.calendar.configured(&config);
        self.sweep.configure(self.now.mono, &config.expired);
        self.rates.clear();
        self.service.configured();
        self.backends.configured(wanted(&config));
        self.insist_on_backends();
        self.ledger.settle_in(&self.topology);
        self.event(Event::ConfigApplied { subnets: config.subnets.len() });
        self.look_over();
    }

    fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    const fn next_fetch(&mut self) -> FetchId {
        self.next_fetch += 1;
        FetchId(self.next_fetch)
    }

    const fn next_exchange(&mut self) -> ExchangeId {
        self.next_exchange += 1;
        ExchangeId(self.next_exchange)
    }
}

/// The databases that a configuration uses, and what is done when one is lost.
fn wanted(config: &Config) -> Vec<(Backend, Recovery)> {
    match &config.lease_store {
        LeaseStore::Database(database) => vec![(Backend::Leases, database.recovery)],
        _ => Vec::new(),
    }
}

/// The earlier of two moments.
fn sooner(one: Option<Mono>, other: Option<Mono>) -> Option<Mono> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// The calendar that a server begins with, and the nanoseconds of a leap since its former life.
fn calendar_of(setup: &Setup, now: Now) -> (Calendar, Option<i128>) {
    let confirmed = |(_, row): (Unit, Standing)| row.confirmed();
    let newest = setup.leases.standings().map(confirmed).max().unwrap_or_default();
    // Rows may be dated later than what was noted last, if the clock went back before; and what was
    // noted last is of no use, if the clock went back since.
    let noted = setup.past.memory.as_ref().map(|memory| memory.at.wall);
    let mut calendar =
        Calendar::new(now, setup.past.floor, setup.past.latest.or(noted).unwrap_or(newest));
    calendar.dated(newest);
    for (_, row) in setup.leases.standings() {
        calendar.granted(row.valid);
    }
    calendar.configured(setup.topology.config());
    let leapt = calendar.recall(&setup.past);
    (calendar, leapt)
}
