//! Servers: turns, what comes out of them, going down and starting.

use std::sync::Arc;
use std::time::Duration;

use lessor_lease::{Lost, Past, Rows};
use lessor_policy::{DropReason, Effect};
use lessor_server::throttle::Rate;
use lessor_server::{Event as Said, Input, Limits, Outcome, Output, Server, Setup, StoreMode};
use lessor_types::{Holder, Secs, Seed, Unit};

use super::{Event, World};
use crate::check::{Broken, Invariant};
use crate::coverage::Goal;
use crate::draw::{self, Kind, between};
use crate::history::What;
use crate::node::Outbox;
use crate::node::file::{Opened, Rot};
use crate::plan;
use crate::schedule::Topology;
use crate::time::{MS, Ns, SEC, US};

impl World<'_> {
    // --- turns ---

    /// A server's next turn is at `at`, or earlier.
    pub(super) fn wake(&mut self, server: usize, at: Ns) {
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        let at = at.max(self.t);
        if !node.is_up() || node.turn_at.is_some_and(|other| other <= at) {
            return;
        }
        node.turn_at = Some(at);
        self.look_at(server, at);
    }

    /// Sees to it that somebody looks at `at` at the latest whether a turn is due. Most turns are
    /// put off by others before they come, so that an early look is cheaper than an event for each.
    fn look_at(&mut self, server: usize, at: Ns) {
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        if node.looks.last().is_some_and(|(look, _)| *look <= at) {
            return;
        }
        node.looks_made += 1;
        let (id, number) = (node.id, node.looks_made);
        node.looks.push((at, number));
        self.push(at, (8, u32::from(id), number), Event::Turn(id, number));
    }

    /// How long it takes a server to get round to what has arrived.
    pub(super) fn pause_before_turn(&self, server: usize) -> Ns {
        let Some(node) = self.nodes.get(server) else {
            return 0;
        };
        let mut rng = draw::draw(self.seed, Kind::Turn, u32::from(node.id), node.life, self.t);
        between(&mut rng, 20 * US, 400 * US)
    }

    pub(super) fn on_turn(&mut self, server: usize, number: u64) {
        let t = self.t;
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        if node.looks.last().is_none_or(|(_, look)| *look != number) {
            return;
        }
        node.looks.pop();
        let Some(due) = node.turn_at else {
            return;
        };
        if due > t {
            return self.look_at(server, due);
        }
        self.take_turn(server);
    }

    /// A server's turn has come, unless it stands still.
    pub(super) fn take_turn(&mut self, server: usize) {
        let t = self.t;
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        node.turn_at = None;
        if node.paused_until > t {
            let until = node.paused_until;
            return self.wake(server, until);
        }
        let now = node.clock.now(t);
        let Some(machine) = &mut node.server else {
            return;
        };
        let packets = |inputs: &std::collections::VecDeque<Input>| {
            let packets = inputs.iter();
            packets.filter(|input| matches!(input, Input::Packet(_))).count()
        };
        let before = packets(&node.inputs);
        let mut outbox = std::mem::take(&mut self.outbox);
        let next = lessor_server::turn(machine, now, &mut node.inputs, &mut outbox);
        node.books.took((before - packets(&node.inputs)).try_into().unwrap_or(0));
        let count = outbox.0.len();
        let life = self.nodes.get(server).map(|node| node.life);
        for (taken, output) in outbox.0.drain(..).enumerate() {
            if taken > 0 {
                self.crash_between_outputs(server);
            }
            // What comes after a crash never was.
            if self.nodes.get(server).map(|node| node.life) != life {
                break;
            }
            self.take_output(server, output);
        }
        self.outbox = Outbox(outbox.0);
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        if let Some(machine) = &node.server {
            let verdict = node.books.turned(t, machine, count);
            let at = next.map(|mono| node.clock.when(mono));
            self.judge(Invariant::Bounded, Ok(()));
            self.judge(Invariant::OneOutcome, verdict);
            if let Some(at) = at {
                self.wake(server, at);
            }
        }
    }

    /// Takes a server down if that is what the next output was waited for.
    fn crash_between_outputs(&mut self, server: usize) {
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        let Some(armed) = &mut node.armed_turn else {
            return;
        };
        if armed.outputs > 0 {
            armed.outputs -= 1;
            return;
        }
        let armed = *armed;
        // Not the machine while a leap forward is noted nowhere: see `strike_down`.
        if node.is_up() && !(armed.power && node.leap_open) {
            self.effect(armed.place);
            self.reach(Goal::CrashBetweenOutputs);
            self.crash(server, armed.power, armed.down_for);
        }
    }

    fn take_output(&mut self, server: usize, output: Output) {
        match output {
            Output::Send(transmit) => self.send_down(server, &transmit),
            Output::Store(batch) => self.take_batch(server, batch),
            Output::Fetch { fetch, lookups } => self.take_fetch(server, fetch, lookups),
            Output::Peer(update) => self.take_update(server, update),
            Output::Probe { probe, unit, .. } => self.take_probe(server, probe, unit),
            Output::Event(event) => self.take_event(server, &event),
            Output::Remember(memory) => self.take_memory(server, *memory),
            Output::Reply(id, reply) => self.on_reply(server, id, reply),
            // Servers of the world are always connected: what is lost there is each answer.
            Output::Connect(_) | Output::Exit => {}
        }
    }

    fn take_event(&mut self, server: usize, event: &Said) {
        let (t, longest) = (self.t, self.longest);
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        let (id, cause, may_err) = (node.id, node.cause, node.may_err);
        let verdict = node.books.event(event, may_err);
        self.coverage.said.count(event);
        match event {
            Said::ContactBegan => node.in_contact = true,
            Said::ContactEnded => node.in_contact = false,
            Said::HoldOffBegan { .. } | Said::HoldOffContinued(_) => node.holds_off_until = Ns::MAX,
            Said::HoldOffEnded => node.holds_off_until = t,
            // It may notice long after the clock was set, when it starts.
            Said::ClockLeapt(ms) if *ms > 0 => {
                node.slow_until = t + longest + longest / 1000 + 10 * SEC;
            }
            Said::ConfigApplied { .. } => {
                if let Some(topology) = node.coming.pop_front() {
                    let lot = topology.config().parked_max.max(self.schedule.bounds.parked);
                    node.books.allow(lot);
                    node.topology = topology;
                }
            }
            _ => {}
        }
        self.judge(Invariant::NoError, verdict);
        let about = match event {
            Said::Ended { client: Some((who, _)), .. } => self.place_of(who),
            _ => None,
        };
        self.history.note(t, cause, What::Event(id, about, event));
        match event {
            Said::Ended { client, outcome, .. } => {
                self.on_ended(server, client.as_ref().map(|(who, _)| who), *outcome)
            }
            Said::Reclaimed(_) => self.reach(Goal::Reclaimed),
            Said::Quarantined(unit) => {
                self.reach(Goal::Quarantined);
                self.begin_probation(server, *unit);
            }
            Said::ClockLeapt(ms) if *ms > 0 => self.reach(Goal::LeaptForward),
            Said::ClockLeapt(_) => self.reach(Goal::LeaptBackward),
            Said::ClockUnset(_) => self.reach(Goal::ClockUnset),
            Said::HoldOffBegan { why: Lost::Told, .. } => self.reach(Goal::HeldOffByOrder),
            Said::HoldOffBegan { .. } => self.reach(Goal::HoldOffBegan),
            Said::ServiceEnabled(_) => self.on_enabled(server),
            Said::HoldOffEnded => self.reach(Goal::HoldOffEnded),
            _ => {}
        }
    }

    fn on_ended(&mut self, server: usize, who: Option<&Holder>, outcome: Outcome) {
        let Some(node) = self.nodes.get(server) else {
            return;
        };
        let id = node.id;
        let subnet = node.topology.config().subnets.first();
        let stores_offers = subnet.is_some_and(|subnet| subnet.offer_lifetime.0 > 0);
        let is_short = |secs: Secs| {
            let adapts = subnet.filter(|subnet| subnet.adaptive_threshold_ppm < 1_000_000);
            adapts.is_some_and(|it| secs == it.lifetime.min && secs < it.lifetime.default)
        };
        if let Outcome::Answered(Effect::Leased(_, secs)) = outcome
            && is_short(secs)
        {
            self.reach(Goal::ShortLease);
        }
        match outcome {
            Outcome::Answered(Effect::Reused(..)) => self.reach(Goal::CachedRenewal),
            Outcome::Answered(Effect::Offered(_)) if stores_offers => {
                self.reach(Goal::OfferStored);
            }
            Outcome::Answered(Effect::Leased(..)) if self.exhausted => {
                self.exhausted = false;
                self.reach(Goal::ExhaustedThenServed);
            }
            Outcome::Done(Effect::Declined(unit)) => self.begin_probation(server, unit),
            Outcome::Dropped(reason) => match reason {
                DropReason::NoFreeAddress => self.exhausted = true,
                DropReason::LimitReached => self.reach(Goal::LimitReached),
                DropReason::DuplicateParked => self.reach(Goal::DuplicateParked),
                DropReason::ReleaseOvertaken => self.reach(Goal::ReleaseOvertaken),
                DropReason::LotFull => self.reach(Goal::LotFull),
                DropReason::GaveUp => self.reach(Goal::GaveUp),
                DropReason::PartnerRefused => self.reach(Goal::PartnerRejected),
                DropReason::FromServer => self.reach(Goal::ServersMessage),
                DropReason::NoIdentity => self.reach(Goal::Nobody),
                DropReason::UnknownLink => self.reach(Goal::UnservedLink),
                DropReason::NotServed => self.reach(Goal::NotServed),
                DropReason::ClassDrop => self.reach(Goal::ClassDropped),
                DropReason::RateLimited => self.reach(Goal::RateLimited),
                DropReason::SurrenderLimit => self.reach(Goal::SurrenderLimited),
                DropReason::PlaceLimit => self.reach(Goal::PlaceLimited),
                DropReason::AddressesInUse => self.reach(Goal::AllInUse),
                DropReason::ServiceDisabled => self.reach(Goal::SwitchedOff),
                DropReason::ShuttingDown => self.reach(Goal::Stopping),
                _ => {}
            },
            _ => {}
        }
        if !matches!(outcome, Outcome::Answered(Effect::Offered(_)))
            && let Some(who) = who
        {
            self.offers.settled(id, who);
        }
    }

    /// An address was taken out of use: for as long as its row says, which must be about as long as
    /// the configuration says.
    fn begin_probation(&mut self, server: usize, unit: Unit) {
        let Some(node) = self.nodes.get(server) else {
            return;
        };
        let row = match &node.file {
            Some(file) => file.fold.row(unit),
            None => self.store.row(unit),
        };
        let Some((row, addr)) = row.zip(unit.v4()) else {
            return;
        };
        if row.holder.is_nobody() {
            let left = row.expires.nanos_since(node.wall(self.t));
            let left = Ns::try_from(left).unwrap_or(0);
            self.declined.declined(self.t, addr, left);
        }
    }

    // --- configuration ---

    pub(super) fn on_configure(&mut self, server: usize, config: usize) {
        let Some(topology) = self.configs.get(config).cloned() else {
            return;
        };
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        if !node.is_up() {
            node.topology = topology;
            return;
        }
        let waiting = node.parked() > 0;
        node.coming.push_back(Arc::clone(&topology));
        node.inputs.push_back(Input::Config(topology));
        if waiting {
            self.reach(Goal::ConfigWhileWaiting);
        }
        self.wake(server, self.t);
    }

    // --- down and up ---

    /// A server goes down, and is started again after a while.
    pub(super) fn crash(&mut self, server: usize, power: bool, down_for: Ns) {
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        if !node.is_up() {
            return;
        }
        let parked = node.parked() > 0;
        let compacting = node.file.as_ref().is_some_and(|file| file.is_compacting());
        // What had not yet taken effect is what it will start with.
        if let Some(topology) = node.coming.back() {
            node.topology = Arc::clone(topology);
        }
        node.go_down(power);
        let id = node.id;
        self.note(None, What::Server(id, false));
        self.offers.restarted(id);
        self.probed.restarted(id);
        if parked {
            self.reach(Goal::CrashWhileParked);
        }
        if compacting {
            self.reach(Goal::CompactionInterrupted);
        }
        self.restart_after(server, down_for);
    }

    pub(super) fn restart_after(&mut self, server: usize, wait: Ns) {
        let Some(node) = self.nodes.get(server) else {
            return;
        };
        let (id, life) = (node.id, node.life);
        self.counts.restarts += 1;
        let number = self.counts.restarts;
        let name = (9, u32::from(id), number);
        self.push(self.t + wait, name, Event::Restart(id, life));
    }

    pub(super) fn on_restart(&mut self, server: usize, life: u32) {
        let due = self.nodes.get(server);
        if due.is_some_and(|node| node.life == life && !node.is_up() && !node.is_gone) {
            self.start(server);
        }
    }

    /// Starts a server on what its store holds.
    pub(super) fn start(&mut self, server: usize) {
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        let (leases, past) = match &mut node.file {
            None => (Rows::new(), Past::default()),
            Some(file) => match file.open() {
                Opened::Rows { rows, past, torn, rot, verdict } => {
                    self.judge(Invariant::RecoveredFold, verdict);
                    self.note_rot(rot);
                    if torn {
                        self.reach(Goal::TornTail);
                    }
                    (rows, *past)
                }
                Opened::Crashed => {
                    self.reach(Goal::RecoveryInterrupted);
                    return self.recovery_failed(server, true);
                }
                Opened::Failed => return self.recovery_failed(server, false),
            },
        };
        self.judge_recovered(server);
        self.go_up(server, leases, past);
    }

    /// What checksums told at a recovery.
    pub(super) fn note_rot(&mut self, rot: Rot) {
        if rot.mended {
            self.reach(Goal::RotMended);
        }
        if rot.damaged {
            self.reach(Goal::RotNoticed);
        }
    }

    fn recovery_failed(&mut self, server: usize, crashed: bool) {
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        let armed = node.armed;
        if crashed {
            node.go_down(true);
        }
        self.disk_failed(server);
        if let Some(armed) = armed.filter(|_| crashed) {
            self.effect(armed.place);
        }
        let mut rng = draw::draw(self.seed, Kind::Restart, 0, 0, self.t);
        let wait = between(&mut rng, 100 * MS, 4 * SEC);
        self.restart_after(server, wait);
    }

    fn go_up(&mut self, server: usize, leases: Rows, past: Past) {
        let (t, bounds, shared) =
            (self.t, self.schedule.bounds, self.schedule.topology == Topology::Shared);
        let defect = self.bug.map(crate::planted::Bug::defect);
        let visited = self.visitor.as_ref().map(|visitor| visitor.links.clone());
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        let links = visited.unwrap_or_else(|| plan::links(node.id));
        let id = u32::from(node.id);
        let seed = draw::draw(self.seed, Kind::Server, id, node.life, 0).next_u64();
        let mut limits = Limits {
            inputs_per_turn_max: bounds.inputs_per_turn,
            batch_changes_max: bounds.batch_changes,
            batches_in_flight_max: bounds.batches_in_flight,
            parked_max: usize::try_from(bounds.parked).unwrap_or(usize::MAX),
            ..Limits::default()
        };
        if let Some(burst) = bounds.surrenders {
            limits.releases = Rate { every: Duration::from_secs(5), burst };
            limits.declines = Rate { every: Duration::from_secs(30), burst };
        }
        let setup = Setup {
            topology: Arc::clone(&node.topology),
            links: Arc::new(links),
            seed: Seed(seed),
            limits,
            store: if shared { StoreMode::Shared } else { StoreMode::Exclusive },
            leases,
            past,
            defect: defect.unwrap_or_default(),
        };
        let lot = node.topology.config().parked_max.max(bounds.parked);
        node.books.allow(lot);
        node.server = Some(Server::recover(setup, node.clock.now(t)));
        if node.powered_off && node.slow_until > node.noted_at {
            // Nobody can tell how long a machine was off: what was left of a leap is left still.
            node.slow_until += t - node.noted_at;
        }
        node.powered_off = false;
        // It says so if it goes on.
        node.holds_off_until = node.holds_off_until.min(t);
        let (id, life) = (node.id, node.life);
        self.note(None, What::Server(id, true));
        self.wake(server, t);
        self.begin_compaction_timer(server);
        if self.schedule.topology == Topology::Partner {
            self.seek_contact(life);
        }
    }

    /// I2 across a crash: whatever clients hold is in the table that was recovered.
    fn judge_recovered(&mut self, server: usize) {
        let Some(node) = self.nodes.get(server) else {
            return;
        };
        let Some(file) = node.file.as_ref().filter(|_| self.t >= node.restored_until) else {
            return;
        };
        let by = crate::check::clients::Writer {
            server: node.id,
            wall: node.wall(self.t),
            leapt: node.misleads(self.t),
        };
        let mut verdict = Ok(());
        for (addr, _) in self.holdings.all(self.t) {
            let row = file.fold.row(addr.into());
            let kept =
                self.holdings.committed(self.t, by, addr, row.map(|row| &**row), &self.holders);
            if let Err(broken) = kept {
                let what = format!("after a crash: {}", broken.what);
                verdict = Err(Broken { invariant: Invariant::DurableAck, what, ..broken });
                break;
            }
        }
        self.judge(Invariant::DurableAck, verdict);
    }
}
