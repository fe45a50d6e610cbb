//! Rounds of reclaiming and of removing what was reclaimed.
//!
//! There is one round at a time. It is written slice by slice; between two slices it is asked
//! whether the round may go on.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use lessor_config::Expired;
use lessor_lease::{Change, Lease, Lookup};
use lessor_types::{Mono, Secs, Seed};

use super::Server;
use crate::exchange::{Exchange, Origin, Stage};
use crate::lane::LaneId;
use crate::planted::Planted;
use crate::reclaim::Kind;
use crate::{CommandId, Event, ExchangeId, Reply, reclaim};

/// How many rounds that somebody asked for may wait for the one in work.
const ASKED_MAX: usize = 16;
/// How long a round is put off that would begin while another one is in work.
const PUT_OFF: Duration = Duration::from_secs(1);

/// When rounds are due, and what is left of one.
#[derive(Debug)]
pub(super) struct Sweep {
    reclaim: Option<Mono>,
    flush: Option<Mono>,
    seed: Seed,
    /// How many rounds of each kind were due.
    rounds: [u64; 2],
    round: Option<Round>,
    /// Rounds that operators wait for.
    asked: VecDeque<Asked>,
    /// How many rounds in a row left lapsed leases behind.
    incomplete: u32,
    /// For [`Planted::ReclaimRace`]: what the round before found.
    stale: Vec<Change>,
}

/// A round that somebody asked for: all that lapsed, at once.
#[derive(Clone, Copy, Debug)]
struct Asked {
    id: CommandId,
    remove: bool,
}

/// A round in work.
#[derive(Clone, Copy, Debug)]
struct Round {
    kind: Kind,
    asked: Option<Asked>,
    /// The slice on its way. The round is in work as long as that is parked.
    exchange: ExchangeId,
    began: Mono,
    taken: usize,
    /// Whether the slice has as many rows as it may.
    is_full: bool,
    /// Whether something of it was not written.
    has_failed: bool,
}

impl Sweep {
    pub(super) fn new(now: Mono, seed: Seed, settings: &Expired) -> Self {
        let mut sweep = Self {
            reclaim: None,
            flush: None,
            seed,
            rounds: [0; 2],
            round: None,
            asked: VecDeque::new(),
            incomplete: 0,
            stale: Vec::new(),
        };
        sweep.configure(now, settings);
        sweep
    }

    pub(super) fn configure(&mut self, now: Mono, settings: &Expired) {
        self.reclaim = self.after(now, Kind::Reclaim, settings.reclaim_wait);
        self.flush = self.after(now, Kind::Flush, settings.flush_wait);
    }

    fn after(&self, now: Mono, kind: Kind, wait: Secs) -> Option<Mono> {
        (wait.0 > 0).then(|| {
            // Servers that share a store should not all sweep at once.
            let wait_ms = u64::from(wait.0) * 1000;
            let key = 0x5eed + kind as u64;
            let round = self.rounds[kind as usize];
            let early_ms = self.seed.keyed(key, round).below(wait_ms / 4 + 1);
            now.after(Duration::from_millis(wait_ms - early_ms))
        })
    }

    pub(super) fn is_due(&self, now: Mono) -> bool {
        self.next().is_some_and(|next| next <= now)
    }

    pub(super) fn next(&self) -> Option<Mono> {
        self.reclaim.into_iter().chain(self.flush).min()
    }

    /// What is due, which is due again after its pause.
    fn take_due(&mut self, now: Mono, settings: &Expired) -> Option<Kind> {
        if self.reclaim.is_some_and(|at| at <= now) {
            self.rounds[Kind::Reclaim as usize] += 1;
            self.reclaim = self.after(now, Kind::Reclaim, settings.reclaim_wait);
            Some(Kind::Reclaim)
        } else if self.flush.is_some_and(|at| at <= now) {
            self.rounds[Kind::Flush as usize] += 1;
            self.flush = self.after(now, Kind::Flush, settings.flush_wait);
            Some(Kind::Flush)
        } else {
            None
        }
    }

    const fn put_off(&mut self, kind: Kind, until: Mono) {
        match kind {
            Kind::Reclaim => self.reclaim = Some(until),
            Kind::Flush => self.flush = Some(until),
        }
    }

    /// Notes how a round ended; after how many incomplete ones it is time to warn, if it is.
    fn ended(&mut self, has_left: bool, settings: &Expired) -> Option<u32> {
        self.incomplete = if has_left { self.incomplete.saturating_add(1) } else { 0 };
        let due = settings.unwarned_cycles > 0 && self.incomplete >= settings.unwarned_cycles;
        due.then(|| std::mem::take(&mut self.incomplete))
    }
}

impl Server {
    pub(super) fn begin_sweep(&mut self) {
        let settings = self.topology.config().expired;
        let Some(kind) = self.sweep.take_due(self.now.mono, &settings) else {
            return;
        };
        if self.has_round() {
            return self.sweep.put_off(kind, self.now.mono.after(PUT_OFF));
        }
        // A lease that looks lapsed may have been renewed where leases are missing.
        if !self.store_open || self.held_off().is_some() {
            return;
        }
        self.begin_round(kind, None);
    }

    /// Reclaims all that lapsed, as soon as the round that is in work is over.
    pub(super) fn reclaim_now(&mut self, id: CommandId, remove: bool) {
        let is_full = self.sweep.asked.len() >= ASKED_MAX || self.held_off().is_some();
        if !self.store_open || self.stopping || is_full {
            return self.reply(id, Reply::Reclaimed(false));
        }
        self.sweep.asked.push_back(Asked { id, remove });
        if !self.has_round() {
            self.begin_asked();
        }
    }

    fn begin_asked(&mut self) {
        while let Some(asked) = self.sweep.asked.pop_front() {
            if self.store_open && !self.stopping {
                return self.begin_round(Kind::Reclaim, Some(asked));
            }
            self.reply(asked.id, Reply::Reclaimed(false));
        }
    }

    fn has_round(&mut self) -> bool {
        let current = self.sweep.round.map(|round| round.exchange);
        current.is_some_and(|id| self.lot.get_mut(id).is_some())
    }

    fn begin_round(&mut self, kind: Kind, asked: Option<Asked>) {
        self.begin_slice(Round {
            kind,
            asked,
            exchange: ExchangeId::default(),
            began: self.now.mono,
            taken: 0,
            is_full: false,
            has_failed: false,
        });
    }

    /// What a round goes by: the configuration, unless somebody asked for it.
    fn settings(&self, asked: Option<Asked>) -> Expired {
        let configured = self.topology.config().expired;
        match asked {
            None => configured,
            Some(Asked { remove, .. }) => Expired {
                max_reclaim_leases: 0,
                max_reclaim_time_ms: 0,
                hold_reclaimed: if remove {
                    Secs(0)
                } else {
                    configured.hold_reclaimed.max(Secs(1))
                },
                ..configured
            },
        }
    }

    fn begin_slice(&mut self, mut round: Round) {
        let settings = self.settings(round.asked);
        let id = self.next_exchange();
        let exchange = Exchange { parking: 1, ..self.exchange(id, Origin::Reclaim) };
        round.exchange = id;
        self.sweep.round = Some(round);
        let count = reclaim::slice_max(round.kind, &settings, round.taken);
        if self.is_shared() {
            let lookup = Lookup::Lapsed {
                count: u16::try_from(count).unwrap_or(u16::MAX),
                wall: self.judged(),
                held_back: reclaim::held_back(round.kind, &settings),
            };
            return self.fetch(exchange, vec![lookup]);
        }
        let changes = reclaim::slice(round.kind, &self.ledger, &settings, self.judged(), count);
        self.sweep(exchange, changes);
    }

    /// Goes on with a slice whose rows have been fetched.
    pub(super) fn continue_sweep(&mut self, mut exchange: Exchange) {
        let settings = self.settings(self.sweep.round.and_then(|round| round.asked));
        let rows = exchange.learn().gathered.take_lapsed().unwrap_or_default();
        let changes = rows
            .iter()
            .filter(|row| self.ledger.is_settled(row.unit))
            .map(|row| reclaim::end_of(row, &settings))
            .collect();
        self.sweep(exchange, changes);
    }

    fn sweep(&mut self, mut exchange: Exchange, mut changes: Vec<Change>) {
        let settings = self.settings(self.sweep.round.and_then(|round| round.asked));
        let Some(round) = self.sweep.round.as_mut().filter(|it| it.exchange == exchange.id) else {
            return;
        };
        if self.defect.is(Planted::ReclaimRace) && round.kind == Kind::Reclaim {
            std::mem::swap(&mut changes, &mut self.sweep.stale);
        }
        round.is_full = changes.len() >= reclaim::slice_max(round.kind, &settings, round.taken);
        round.taken += changes.len();
        if changes.is_empty() || !self.store_open {
            return self.end_round();
        }
        let ticket = (exchange.id, exchange.parking);
        let mut waits = 0;
        for change in &changes {
            self.submit(change.clone());
            let places = self.ledger.unsettled(change.unit);
            for (_, seq) in places.filter(|(lane, _)| *lane == LaneId::Store) {
                waits += usize::from(self.to_store.wait(seq, ticket));
            }
        }
        exchange.stage = Stage::Sweeping { changes, waits };
        self.lot.park(exchange);
    }

    /// One change of a slice, or one that puts a unit on probation, is settled. What was not written
    /// is found again in a later round.
    pub(super) fn on_swept(&mut self, id: ExchangeId, done: bool) {
        let Some(exchange) = self.lot.get_mut(id) else {
            return;
        };
        let Stage::Sweeping { changes, waits } = &mut exchange.stage else {
            return;
        };
        let Some(at) = changes.len().checked_sub(*waits) else {
            return;
        };
        let event = changes.get(at).map(|change| reclaim::event(change, done));
        *waits -= 1;
        let is_last = *waits == 0;
        if let Some(event) = event {
            self.event(event);
        }
        if is_last {
            self.lot.take(id);
        }
        if let Some(round) = self.sweep.round.as_mut().filter(|round| round.exchange == id) {
            round.has_failed |= !done;
            if is_last {
                self.end_slice();
            }
        }
    }

    /// A slice is written: the next one, if there is more and the round may go on.
    fn end_slice(&mut self) {
        let Some(round) = self.sweep.round else {
            return;
        };
        let settings = self.settings(round.asked);
        let passed = self.now.mono.since(round.began).as_millis();
        let in_time = match settings.max_reclaim_time_ms {
            0 => true,
            max => round.kind == Kind::Flush || passed < u128::from(max),
        };
        let may_go_on = round.is_full && !round.has_failed && in_time && !self.stopping;
        if may_go_on && reclaim::slice_max(round.kind, &settings, round.taken) > 0 {
            self.begin_slice(round);
        } else {
            self.end_round();
        }
    }

    /// A slice was lost on the way, and its round with it.
    pub(super) fn lose_round(&mut self) {
        if let Some(round) = &mut self.sweep.round {
            round.has_failed = true;
        }
        self.end_round();
    }

    /// A round is over.
    fn end_round(&mut self) {
        if let Some(round) = self.sweep.round.take()
            && round.kind == Kind::Reclaim
        {
            self.judge_round(round);
        }
        self.begin_asked();
    }

    fn judge_round(&mut self, Round { asked, is_full, has_failed, .. }: Round) {
        let settings = self.settings(asked);
        let judged = self.judged();
        if let Some(asked) = asked {
            // A row counts whose end is on its way; one that its client is having again does not.
            let is_ending = |row: Arc<Lease>| {
                self.ledger.row(row.unit).is_none_or(|to_be| to_be.is_reusable(judged))
            };
            let has_left = self.ledger.table().lapsed(judged).any(is_ending);
            return self.reply(asked.id, Reply::Reclaimed(!has_left && !has_failed));
        }
        let has_left = if self.is_shared() {
            is_full
        } else {
            !reclaim::slice(Kind::Reclaim, &self.ledger, &settings, judged, 1).is_empty()
        };
        if let Some(rounds) = self.sweep.ended(has_left, &settings) {
            self.event(Event::ReclaimSlow(rounds));
        }
    }
}
