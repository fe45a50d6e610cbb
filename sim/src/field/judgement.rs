//! What answers, rows and events are held against.

use std::sync::Arc;

use lessor_lease::{Change, Lease, Rows, State};
use lessor_policy::Effect;
use lessor_server::{Event, Level, Outcome};
use lessor_types::{Holder, Unit};
use lessor_wire::v4::{Message, MessageType};

use super::Field;
use crate::check::clients::Writer;
use crate::check::durability::Told;
use crate::check::liveness::{End, SERVED_WITHIN};
use crate::check::{Broken, Invariant, conformance};
use crate::coverage::Goal;
use crate::history::{Gist, What};
use crate::time::Ns;
use crate::world::packets::who;

impl Field {
    // --- lives of the server ---

    /// The server starts with a configuration of the schedule, on these rows. I16: they are what
    /// was durable. I2: what clients hold is among them.
    pub fn server_starts(&mut self, t: Ns, config: usize, rows: &Rows) {
        self.at(t);
        if let Some(topology) = self.configs.get(config) {
            self.topology = Arc::clone(topology);
        }
        self.is_up = true;
        self.leaps.restarted();
        self.note(None, What::Server(0, true));
        let verdict = self.fold.recovered(rows);
        self.judge(Invariant::RecoveredFold, verdict);
        let by = self.writer();
        let mut verdict = Ok(());
        for (addr, _) in self.holdings.all(self.t) {
            let row = self.fold.row(addr.into());
            let row = row.map(|row| &**row);
            if let Err(broken) = self.holdings.committed(self.t, by, addr, row, &self.holders) {
                let what = format!("after a crash: {}", broken.what);
                verdict = Err(Broken { invariant: Invariant::DurableAck, what, ..broken });
                break;
            }
        }
        self.judge(Invariant::DurableAck, verdict);
    }

    /// The server goes down, however that came about.
    pub fn server_falls(&mut self, t: Ns) {
        self.at(t);
        if !std::mem::replace(&mut self.is_up, false) {
            return;
        }
        self.note(None, What::Server(0, false));
        self.coming.clear();
        self.unsynced.clear();
        self.failed.clear();
        self.heard.clear();
        self.cause = None;
        self.packets = 0;
        self.ended = 0;
        self.offers.restarted(0);
        self.probed.restarted(0);
    }

    /// Whether the server is up.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        self.is_up
    }

    /// The server has read a configuration of the schedule, which is to take effect.
    pub fn config_read(&mut self, config: usize) {
        self.coming.extend(self.configs.get(config).cloned());
    }

    fn writer(&self) -> Writer {
        Writer { server: 0, wall: self.clock.now(self.t).wall, leapt: self.leaps.mislead(self.t) }
    }

    // --- the lease file ---

    /// Rows were written at the end of the lease file.
    pub fn rows_written(&mut self, t: Ns, changes: Vec<Change>) {
        self.at(t);
        if !self.is_up {
            // A start puts the file in order before anybody counts on it.
            return;
        }
        self.fold.written(&changes);
        self.unsynced.extend(changes);
    }

    /// Rows could not be written; some of them may have been. What comes next at the end of the file
    /// is that they are taken back, or nothing.
    pub fn rows_failed(&mut self, t: Ns, changes: Vec<Change>) {
        self.at(t);
        if self.is_up {
            self.fold.written(&changes);
            self.failed = changes;
        }
    }

    /// The server has read its lease file again, which it had lost. I16.
    pub fn reopened(&mut self, t: Ns, rows: &Rows) {
        self.at(t);
        self.unsynced.clear();
        self.failed.clear();
        self.note(None, What::Store(0, "is open again with rows", rows.len() as u64));
        let verdict = self.fold.recovered(rows);
        self.judge(Invariant::RecoveredFold, verdict);
        self.coverage.reach(Goal::ReopenedAfterFailedSync);
    }

    /// Everything that was written is synced. I3 and I4 are judged of it.
    pub fn rows_synced(&mut self, t: Ns) {
        self.at(t);
        if !self.is_up {
            return;
        }
        self.fold.undone(&std::mem::take(&mut self.failed));
        self.fold.synced();
        for change in std::mem::take(&mut self.unsynced) {
            let Some(addr) = change.unit.v4() else {
                continue;
            };
            let row = change.to.as_deref();
            self.note(None, What::Row(0, addr, row));
            self.changed.insert(addr, self.t);
            let by = self.writer();
            let verdict = self.holdings.committed(self.t, by, addr, row, &self.holders);
            let invariant = match row {
                Some(row) if row.state == State::Assigned => Invariant::ToldLifetime,
                _ => Invariant::SafeFree,
            };
            self.judge(invariant, verdict);
        }
    }

    /// I16: what the server shows of its leases, when it has nothing to do, is what is durable.
    /// Rows are told by what `show` makes of them. Returns whether that was so; what differs may
    /// have been on its way, so only the `last` try is judged.
    pub fn shown<T: Ord + std::fmt::Debug>(
        &mut self,
        t: Ns,
        mut shown: Vec<T>,
        show: impl Fn(&Lease) -> T,
        last: bool,
    ) -> bool {
        self.at(t);
        let mut durable: Vec<T> = self.fold.rows().map(|row| show(row)).collect();
        shown.sort();
        durable.sort();
        let is_so = shown == durable;
        if is_so {
            self.judge(Invariant::RecoveredFold, Ok(()));
        } else if last {
            let extra = shown.iter().find(|item| !durable.contains(item));
            let missing = durable.iter().find(|item| !shown.contains(item));
            let what = format!("a command shows {extra:?} where the lease file has {missing:?}");
            let broken = Broken::new(Invariant::RecoveredFold, what);
            self.judge(Invariant::RecoveredFold, Err(broken));
        }
        is_so
    }

    // --- events ---

    /// The server said what happened in it. I14: nothing ends that never began. I17: no error
    /// without a fault.
    pub fn event(&mut self, t: Ns, event: &Event) {
        self.at(t);
        self.coverage.said.count(event);
        let about = match event {
            Event::Ended { client: Some((who, _)), .. } => self.place_of(who),
            _ => None,
        };
        self.history.note(self.t, self.cause, What::Event(0, about, event));
        let error = event.level() >= Level::Error && !self.may_err;
        let what = || format!("{} {event}, and no fault was injected", event.id());
        let verdict = if error { Err(Broken::new(Invariant::NoError, what())) } else { Ok(()) };
        self.judge(Invariant::NoError, verdict);
        match event {
            Event::ConfigApplied { .. } => {
                if let Some(topology) = self.coming.pop_front() {
                    self.topology = topology;
                }
            }
            Event::Quarantined(unit) => {
                self.coverage.reach(Goal::Quarantined);
                self.begin_probation(*unit);
            }
            Event::HoldOffBegan { .. } | Event::HoldOffContinued(_) => {
                self.leaps.holds_off(Ns::MAX)
            }
            Event::HoldOffEnded => self.leaps.holds_off(self.t),
            // It may notice long after the clock was set, when it starts.
            Event::ClockLeapt(ms) if *ms > 0 => self.leaps.noticed(self.t),
            Event::Reclaimed(_) => self.coverage.reach(Goal::Reclaimed),
            Event::Ended { client, outcome, .. } => {
                self.ended += 1;
                let verdict = self.one_outcome(self.ended > self.packets);
                self.judge(Invariant::OneOutcome, verdict);
                if let Outcome::Done(Effect::Declined(unit)) = outcome {
                    self.begin_probation(*unit);
                }
                if !matches!(outcome, Outcome::Answered(Effect::Offered(_)))
                    && let Some((who, _)) = client
                {
                    self.offers.settled(0, who);
                }
            }
            _ => {}
        }
    }

    fn one_outcome(&self, wrong: bool) -> Result<(), Broken> {
        if !wrong {
            return Ok(());
        }
        let what = format!("{} packets, and {} ended", self.packets, self.ended);
        Err(Broken::new(Invariant::OneOutcome, what))
    }

    fn begin_probation(&mut self, unit: Unit) {
        if let Some((row, addr)) = self.fold.row(unit).zip(unit.v4())
            && row.holder.is_nobody()
        {
            let left = row.expires.nanos_since(self.clock.now(self.t).wall);
            self.declined.declined(self.t, addr, Ns::try_from(left).unwrap_or(0));
        }
    }

    // --- answers ---

    pub(super) fn judge_answer(&mut self, client: Option<u16>, message: &Message, gist: Gist) {
        let config = Arc::clone(self.topology.config());
        let who = who(message);
        let lan = conformance::link_of(&config, message);
        let addr = message.yiaddr;
        let heard = self.heard.get(&gist.xid).copied().unwrap_or(self.t);
        let lawful = || {
            conformance::in_pool(&config, lan, addr)
                .and_then(|()| conformance::is_for(&config, &who.hw, addr))
        };
        match message.message_type() {
            Some(MessageType::Offer) => {
                let row = self.fold.row(Unit::V4(addr));
                let is_own = row.is_some_and(|row| {
                    row.state == State::Assigned && row.holder.same_client(&who)
                });
                let checked = config.pool_of(addr).is_some_and(|(it, _)| it.ping_check.is_some());
                if checked && !is_own {
                    let verdict = self.probed.offered(self.t, 0, addr);
                    self.judge(Invariant::Probed, verdict);
                }
                let verdict = self.offers.offered(self.t, 0, &who, addr, heard);
                self.judge(Invariant::OfferHeld, if is_own { Ok(()) } else { verdict });
                self.judge(Invariant::Conformance, lawful());
            }
            Some(MessageType::Ack) if gist.secs > 0 => {
                let subnet = config.subnets.iter().find(|it| it.prefix.contains(addr));
                if let Some(subnet) = subnet.filter(|_| !self.leaps.ever()) {
                    let wall = self.clock.now(self.t).wall;
                    let verdict = conformance::in_limit(subnet, wall, self.fold.rows());
                    self.judge(Invariant::Limits, verdict);
                }
                self.judge(Invariant::Conformance, lawful());
                let given = self.declined.given(self.t, addr, heard);
                self.judge(Invariant::DeclinedKept, given.map(|_| ()));
                self.judge_told(client, &who, gist, heard);
                if !message.giaddr.is_unspecified() {
                    self.coverage.reach(Goal::Relayed);
                }
            }
            _ => {}
        }
    }

    /// I2: what a lease rests on.
    fn judge_told(&mut self, client: Option<u16>, who: &Holder, gist: Gist, heard: Ns) {
        let told = Told {
            unit: Unit::V4(gist.addr),
            who: who.clone(),
            life: gist.secs,
            wall: self.clock.now(self.t).wall,
            age: self.t.saturating_sub(heard),
            leapt: self.leaps.mislead(self.t),
        };
        let row = self.fold.row(told.unit);
        let mut verdict = Ok(());
        if !row.is_some_and(|row| told.is_kept_by(row)) {
            let mut broken = told.broken("stable storage", row);
            broken.client = client;
            verdict = Err(broken);
        }
        self.judge(Invariant::DurableAck, verdict);
    }

    // --- the end ---

    /// I6, when everybody had the time to be served.
    pub fn judge_liveness(&mut self, t: Ns) {
        self.at(t);
        if !self.is_up {
            let what = "the server does not run although everything is healed".to_owned();
            let broken = Broken::new(Invariant::ClientLiveness, what);
            return self.judge(Invariant::ClientLiveness, Err(broken));
        }
        // For a while after a leap forward lapses are judged with caution.
        if self.leaps.is_cautious(self.t.saturating_sub(SERVED_WITHIN)) {
            return;
        }
        let rows: Vec<Arc<Lease>> = self.fold.rows().cloned().collect();
        let end = End {
            t: self.t,
            config: self.topology.config(),
            wall: self.clock.now(self.t).wall,
            rows: &rows,
            changed: &self.changed,
            clients: &self.clients,
            core: None,
            relays: &self.schedule.relays,
        };
        let verdict = end.judge();
        self.judge(Invariant::ClientLiveness, verdict);
    }

    /// I14, when nothing was sent for longer than anything can be parked: all packets have ended.
    pub fn judge_quiet(&mut self, t: Ns) {
        self.at(t);
        self.note(None, What::Phase("end"));
        let verdict = self.one_outcome(self.is_up && self.packets != self.ended);
        self.judge(Invariant::OneOutcome, verdict);
    }

    /// The engine, or what runs in it, has panicked.
    pub fn panicked(&mut self, what: String) {
        self.judge(Invariant::Bounded, Err(Broken::new(Invariant::Bounded, what)));
    }
}
