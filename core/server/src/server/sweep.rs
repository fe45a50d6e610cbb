//! Rounds of reclaiming.

use std::time::Duration;

use lessor_config::Expired;
use lessor_lease::{Change, Lookup};
use lessor_types::{Mono, Seed};

use super::Server;
use crate::exchange::{Exchange, Origin, Stage};
use crate::gathered::Gathered;
use crate::lane::LaneId;
use crate::planted::Planted;
use crate::{Event, ExchangeId, reclaim};

/// When the next round is due, and what is left of one.
#[derive(Debug)]
pub(super) struct Sweep {
    next: Option<Mono>,
    seed: Seed,
    round: u64,
    /// For [`Planted::ReclaimRace`]: what the round before found.
    stale: Vec<Change>,
}

impl Sweep {
    pub(super) fn new(now: Mono, seed: Seed, settings: &Expired) -> Self {
        let mut sweep = Self { next: None, seed, round: 0, stale: Vec::new() };
        sweep.configure(now, settings);
        sweep
    }

    pub(super) fn configure(&mut self, now: Mono, settings: &Expired) {
        self.next = (settings.reclaim_wait.0 > 0).then(|| {
            // Servers that share a store should not all sweep at once.
            let wait_ms = u64::from(settings.reclaim_wait.0) * 1000;
            let early_ms = self.seed.keyed(0x5eed, self.round).below(wait_ms / 4 + 1);
            now.after(Duration::from_millis(wait_ms - early_ms))
        });
    }

    pub(super) fn is_due(&self, now: Mono) -> bool {
        self.next.is_some_and(|next| next <= now)
    }

    pub(super) const fn next(&self) -> Option<Mono> {
        self.next
    }
}

impl Server {
    pub(super) fn begin_sweep(&mut self) {
        let settings = self.topology.config().expired;
        self.sweep.round += 1;
        self.sweep.configure(self.now.mono, &settings);
        if !self.store_open {
            return;
        }
        let id = self.next_exchange();
        let give_up = self.now.mono.after(self.limits.parked_for_max);
        let exchange = Exchange {
            id,
            origin: Origin::Reclaim,
            since: self.now.mono,
            give_up,
            rounds: 0,
            era: self.era,
            parking: 1,
            gathered: Gathered::default(),
            stage: Stage::Ready,
        };
        if self.is_shared() {
            let lookup = Lookup::Lapsed {
                count: u16::try_from(reclaim::round_max(&settings)).unwrap_or(u16::MAX),
                wall: self.judged(),
                held_back: i64::from(settings.hold_reclaimed.0),
            };
            return self.fetch(exchange, vec![lookup]);
        }
        let mut changes = reclaim::round(&self.ledger, &settings, self.judged());
        if self.defect.is(Planted::ReclaimRace) {
            std::mem::swap(&mut changes, &mut self.sweep.stale);
        }
        self.sweep(exchange, changes);
    }

    /// Goes on with a round whose rows have been fetched.
    pub(super) fn continue_sweep(&mut self, mut exchange: Exchange) {
        let rows = exchange.gathered.take_lapsed().unwrap_or_default();
        let mut changes: Vec<Change> = rows
            .iter()
            .filter(|row| self.ledger.unsettled(row.unit).is_empty())
            .map(reclaim::end_of)
            .collect();
        if self.defect.is(Planted::ReclaimRace) {
            std::mem::swap(&mut changes, &mut self.sweep.stale);
        }
        self.sweep(exchange, changes);
    }

    fn sweep(&mut self, mut exchange: Exchange, changes: Vec<Change>) {
        if changes.is_empty() || !self.store_open {
            return;
        }
        let ticket = (exchange.id, exchange.parking);
        let mut waits = 0;
        for change in &changes {
            self.submit(change.clone());
            let places = self.ledger.unsettled(change.unit).to_vec();
            for (_, seq) in places.into_iter().filter(|(lane, _)| *lane == LaneId::Store) {
                waits += usize::from(self.to_store.wait(seq, ticket));
            }
        }
        exchange.stage = Stage::Sweeping { changes, waits };
        self.lot.park(exchange);
    }

    /// One change of a round is settled. What was not written is found again in a later round.
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
        let event = changes.get(at).map(|change| match (&change.to, done) {
            (_, false) => Event::ReclaimFailed(change.unit),
            (Some(_), true) => Event::Reclaimed(change.unit),
            (None, true) => Event::Removed(change.unit),
        });
        *waits -= 1;
        if *waits == 0 {
            self.lot.take(id);
        }
        if let Some(event) = event {
            self.event(event);
        }
    }
}
