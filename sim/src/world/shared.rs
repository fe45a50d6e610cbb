//! The shared store: round trips, and what goes wrong on them.

use lessor_lease::{FetchError, Lookup, Outcome, Refusal, State, StoreBatch};
use lessor_server::planted::Planted;
use lessor_server::{FetchId, Input};
use lessor_types::Prng;

use super::{Event, World};
use crate::coverage::Goal;
use crate::draw::{self, Kind, between, log_between};
use crate::history::What;
use crate::planted::Bug;
use crate::schedule::FaultKind;
use crate::time::{MS, Ns, SEC, US};

/// After how long a connection that is not answered is given up.
const CONNECT_MAX: Ns = 3 * SEC;

impl World<'_> {
    /// How long one way to or from the store takes now.
    fn way(&mut self, rng: &mut Prng) -> Ns {
        let high = self.schedule.store.latency_us * US;
        let mut wait = log_between(rng, 50 * US, high.max(100 * US));
        let slow = self.active(|kind| match kind {
            FaultKind::StoreSlow { max_ms } => Some(*max_ms),
            _ => None,
        });
        for (place, max_ms) in slow {
            wait += between(rng, 0, max_ms * MS);
            self.effect(place);
        }
        wait
    }

    /// Tells a write from others of its moment, and of others.
    fn mark(&self, batch: &StoreBatch) -> u64 {
        let unit = batch.changes.first().and_then(|change| change.unit.v4());
        self.t ^ unit.map_or(0, |addr| u64::from(addr.to_bits()) << 32)
    }

    /// Tells a question from others of its moment, and of others.
    fn question(&self, lookups: &[Lookup]) -> u64 {
        let holder = lookups.iter().find_map(|lookup| match lookup {
            Lookup::Holder(holder) => Some(holder.stable_hash()),
            _ => None,
        });
        self.t ^ holder.unwrap_or(0)
    }

    /// Whether a fault with a probability strikes now.
    fn strikes(&mut self, rng: &mut Prng, pick: impl Fn(&FaultKind) -> Option<u32>) -> bool {
        let mut struck = false;
        for (place, ppm) in self.active(pick) {
            if rng.chance_ppm(ppm) {
                self.effect(place);
                struck = true;
            }
        }
        struck
    }

    fn is_out(&mut self, rng: &mut Prng) -> bool {
        self.strikes(rng, |kind| matches!(kind, FaultKind::StoreOutage).then_some(1_000_000))
    }

    // --- writes ---

    pub(super) fn send_batch(&mut self, server: usize, batch: StoreBatch) {
        let Some((id, life)) = self.nodes.get(server).map(|node| (node.id, node.life)) else {
            return;
        };
        let mut rng = draw::draw(self.seed, Kind::Write, u32::from(id), life, self.mark(&batch));
        let wait = self.way(&mut rng);
        let name = (11, u32::from(id) << 24 | life, batch.first.0);
        self.push(self.t + wait, name, Event::Write(id, life, Box::new(batch)));
    }

    pub(super) fn on_write(&mut self, server: usize, life: u32, batch: StoreBatch) {
        let Some(id) = self.nodes.get(server).map(|node| node.id) else {
            return;
        };
        let (id32, first) = (u32::from(id), batch.first);
        let mut rng = draw::draw(self.seed, Kind::Write, id32, life | 1 << 20, self.mark(&batch));
        let all = |outcome: Outcome| vec![outcome; batch.changes.len()];
        let (what, outcomes, wait) = if self.is_out(&mut rng) {
            let wait = between(&mut rng, 0, CONNECT_MAX);
            ("is out of reach for", all(Outcome::Refused(Refusal::Unavailable)), wait)
        } else if self.strikes(&mut rng, |kind| match kind {
            FaultKind::StoreCutBefore { ppm } => Some(*ppm),
            _ => None,
        }) {
            ("was cut before", all(Outcome::Refused(Refusal::Unavailable)), 0)
        } else if self.strikes(&mut rng, |kind| match kind {
            FaultKind::StoreRetry { ppm } => Some(*ppm),
            _ => None,
        }) {
            let wait = self.way(&mut rng);
            ("rolls back", all(Outcome::Refused(Refusal::Retry)), wait)
        } else if self.strikes(&mut rng, |kind| match kind {
            FaultKind::StoreCutAfter { ppm } => Some(*ppm),
            _ => None,
        }) {
            self.ambiguous(server, life, &batch, &mut rng);
            ("was cut after", all(Outcome::Unknown), between(&mut rng, 0, 200 * MS))
        } else {
            let outcomes = self.apply(server, &batch);
            let wait = self.way(&mut rng);
            ("takes", outcomes, wait)
        };
        self.note(None, What::Store(id, what, first.0));
        let stored = Input::Stored { first, outcomes };
        self.answer(server, life, wait, stored);
    }

    /// The connection is lost with the write on its way: it may take effect, now or soon.
    fn ambiguous(&mut self, server: usize, life: u32, batch: &StoreBatch, rng: &mut Prng) {
        if !rng.chance_ppm(500_000) {
            return self.reach(Goal::AmbiguousLost);
        }
        self.reach(Goal::AmbiguousApplied);
        if !(self.schedule.store.late_commits && rng.chance_ppm(300_000)) {
            self.apply(server, batch);
            return;
        }
        let Ok(id) = u8::try_from(server) else {
            return;
        };
        let at = self.t + between(rng, 0, 2 * SEC);
        let name = (12, u32::from(id) << 24 | life, batch.first.0);
        self.push(at, name, Event::LateWrite(id, Box::new(batch.clone())));
    }

    pub(super) fn on_late_write(&mut self, server: usize, batch: &StoreBatch) {
        self.reach(Goal::LateCommit);
        self.apply(server, batch);
    }

    fn apply(&mut self, server: usize, batch: &StoreBatch) -> Vec<Outcome> {
        let unconditional = self.bug == Some(Bug::Server(Planted::UnconditionalWrite));
        let mut outcomes = Vec::with_capacity(batch.changes.len());
        for change in &batch.changes {
            let before = self.store.row(change.unit).cloned();
            let outcome = if unconditional {
                self.store.put(change);
                Outcome::Done
            } else {
                self.store.apply(change)
            };
            match &outcome {
                Outcome::Done => {
                    if let Some(row) = &before {
                        self.lately.replaced(self.t, row);
                    }
                    self.judge_row(server, change);
                    self.note_rebind(server, change);
                }
                _ => self.reach(Goal::LostRace),
            }
            outcomes.push(outcome);
        }
        outcomes
    }

    fn note_rebind(&mut self, server: usize, change: &lessor_lease::Change) {
        let (Some(from), Some(to)) = (&change.from, &change.to) else {
            return;
        };
        let extended = to.state == State::Assigned && from.holder == to.holder;
        let place = self.holders.iter().position(|who| *who == to.holder);
        let lease =
            place.and_then(|place| self.clients.get(place)).and_then(|client| client.lease());
        let granted_by = lease.and_then(|lease| {
            crate::plan::server_at(lease.server, self.nodes.len()).map(usize::from)
        });
        if extended && granted_by.is_some_and(|other| other != server) {
            self.reach(Goal::RebindElsewhere);
        }
    }

    // --- questions ---

    pub(super) fn take_fetch(&mut self, server: usize, fetch: FetchId, lookups: Vec<Lookup>) {
        let Some((id, life)) = self.nodes.get(server).map(|node| (node.id, node.life)) else {
            return;
        };
        let mut rng =
            draw::draw(self.seed, Kind::Fetch, u32::from(id), life, self.question(&lookups));
        let wait = self.way(&mut rng);
        let name = (13, u32::from(id) << 24 | life, fetch.0);
        let event = Event::Ask(id, life, fetch, lookups);
        self.push(self.t + wait, name, event);
    }

    pub(super) fn on_ask(&mut self, server: usize, life: u32, fetch: FetchId, asked: &[Lookup]) {
        let Some(id) = self.nodes.get(server).map(|node| node.id) else {
            return;
        };
        let mut rng =
            draw::draw(self.seed, Kind::Fetch, u32::from(id), life | 1 << 20, self.question(asked));
        self.counts.asks += 1;
        let cut = self.is_out(&mut rng)
            || self.strikes(&mut rng, |kind| match kind {
                FaultKind::StoreCutBefore { ppm } | FaultKind::StoreCutAfter { ppm } => Some(*ppm),
                _ => None,
            });
        let (result, wait) = if cut {
            (Err(FetchError::Unavailable), between(&mut rng, 0, CONNECT_MAX))
        } else {
            let found = asked.iter().map(|lookup| self.store.look_up(lookup));
            (Ok(found.collect()), self.way(&mut rng))
        };
        self.answer(server, life, wait, Input::Fetched { fetch, result });
    }

    fn answer(&mut self, server: usize, life: u32, wait: Ns, input: Input) {
        if self.nodes.get(server).is_some_and(|node| node.life == life) {
            self.deliver(self.t + wait, server, input);
        }
    }
}
