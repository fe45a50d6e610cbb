//! The shared store: round trips, and what goes wrong on them.

use std::net::Ipv4Addr;

use lessor_lease::{FetchError, Found, Lookup, Outcome, Refusal, State, StoreBatch};
use lessor_server::planted::Planted;
use lessor_server::{FetchId, Input};
use lessor_types::Prng;

use super::{Event, World};
use crate::coverage::Goal;
use crate::draw::{self, Kind, between, log_between};
use crate::history::What;
use crate::planted::Bug;
use crate::schedule::FaultKind;
use crate::store::SimStore;
use crate::time::{MS, Ns, SEC, US};

/// After how long a connection that is not answered is given up.
const CONNECT_MAX: Ns = 3 * SEC;
/// After how long a write or a question that is not answered is given up.
const ANSWER_MAX: Ns = 10 * SEC;
/// How long a write waits for somebody's lock at most.
const LOCK_MAX: Ns = 5 * SEC;
/// How long somebody waits for a connection from the pool at most.
const POOL_MAX: Ns = 8 * SEC;

/// What becomes of a write on its way.
#[derive(Clone, Copy, Debug)]
enum Trip {
    /// It certainly does not take effect: why, and after how long that is known.
    Refused(&'static str, Refusal, Ns),
    /// Nobody knows whether it takes effect.
    Unknown(&'static str, Ns),
    /// It gets there and back.
    Works,
}

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
        let (what, outcome, wait) = match self.trip(&mut rng) {
            Trip::Refused(what, refusal, wait) => (what, Some(Outcome::Refused(refusal)), wait),
            Trip::Unknown(what, wait) => {
                self.ambiguous(server, life, &batch, &mut rng);
                (what, Some(Outcome::Unknown), wait)
            }
            Trip::Works => ("takes", None, self.way(&mut rng)),
        };
        let outcomes = match outcome {
            Some(outcome) => vec![outcome; batch.changes.len()],
            None => self.apply(server, &batch),
        };
        self.note(None, What::Store(id, what, first.0));
        let stored = Input::Stored { first, outcomes };
        self.answer(server, life, wait, stored);
    }

    /// What becomes of a write on its way.
    fn trip(&mut self, rng: &mut Prng) -> Trip {
        if self.is_out(rng) {
            let wait = between(rng, 0, CONNECT_MAX);
            return Trip::Refused("is out of reach for", Refusal::Unavailable, wait);
        }
        if let Some(wait) = self.hang() {
            return Trip::Unknown("hangs on", wait);
        }
        if let Some(wait) = self.wait_in_vain(rng) {
            return Trip::Refused("has no connection for", Refusal::Unavailable, wait);
        }
        if self.strikes(rng, |kind| match kind {
            FaultKind::StoreCutBefore { ppm } => Some(*ppm),
            _ => None,
        }) {
            return Trip::Refused("was cut before", Refusal::Unavailable, 0);
        }
        if let Some(refusal) = self.takes_no_writes() {
            return Trip::Refused("takes no writes", refusal, self.way(rng));
        }
        if self.strikes(rng, |kind| match kind {
            FaultKind::StoreRetry { ppm } => Some(*ppm),
            _ => None,
        }) {
            let wait = self.way(rng);
            return Trip::Refused("rolls back", Refusal::Retry, wait);
        }
        if self.strikes(rng, |kind| match kind {
            FaultKind::StoreBusy { ppm } => Some(*ppm),
            _ => None,
        }) {
            self.reach(Goal::LockTimeout);
            let wait = between(rng, SEC, LOCK_MAX);
            return Trip::Refused("waited for a lock for", Refusal::Retry, wait);
        }
        if self.strikes(rng, |kind| match kind {
            FaultKind::StoreCutAfter { ppm } => Some(*ppm),
            _ => None,
        }) {
            return Trip::Unknown("was cut after", between(rng, 0, 200 * MS));
        }
        Trip::Works
    }

    /// After how long whoever asks now gives up, if the store takes everything and answers nothing.
    fn hang(&mut self) -> Option<Ns> {
        let hangs =
            self.active(|kind| matches!(kind, FaultKind::StoreHang).then_some(())).into_iter();
        let mut wait = None;
        for (place, ()) in hangs {
            self.effect(place);
            let fault = self.schedule.faults.get(place);
            let ends = fault.map_or(0, |fault| (fault.at_ms + fault.for_ms) * MS);
            wait = wait.max(Some(ends.saturating_sub(self.t).min(ANSWER_MAX)));
        }
        if wait.is_some() {
            self.reach(Goal::StoreHung);
        }
        wait
    }

    /// How long somebody waits for a connection that does not come, if none does.
    fn wait_in_vain(&mut self, rng: &mut Prng) -> Option<Ns> {
        let struck = self.strikes(rng, |kind| match kind {
            FaultKind::StorePool { ppm } => Some(*ppm),
            _ => None,
        });
        struck.then(|| between(rng, CONNECT_MAX, POOL_MAX))
    }

    /// Why the store takes no writes, if it takes none.
    fn takes_no_writes(&mut self) -> Option<Refusal> {
        let locked = self.active(|kind| match kind {
            FaultKind::StoreReadOnly { full } => Some(*full),
            _ => None,
        });
        locked.iter().for_each(|(place, _)| self.effect(*place));
        let (_, full) = locked.first()?;
        self.reach(Goal::StoreReadOnly);
        Some(if *full { Refusal::Full } else { Refusal::Unavailable })
    }

    /// A replica takes over that lacks the last commits. No server can know: who holds one of the
    /// addresses they were about is not judged until the longest lease is over.
    pub(super) fn fail_over(&mut self, place: usize, commits: u32) {
        self.store.pass(self.t);
        let lost = self.store.lose(commits);
        let until = self.t + self.longest + self.longest / 1000 + 120 * SEC;
        for addr in lost.iter().filter_map(|unit| unit.v4()) {
            self.forgiven.insert(addr, until);
            self.changed.insert(addr, self.t);
        }
        if !lost.is_empty() {
            self.effect(place);
            self.reach(Goal::CommitsLost);
        }
    }

    /// A row cannot be read from now on.
    pub(super) fn spoil(&mut self, place: usize, addr: Ipv4Addr) {
        if self.store.spoil(addr.into()) {
            self.effect(place);
        }
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
        self.store.pass(self.t);
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
        } else if let Some(wait) = self.hang().or_else(|| self.wait_in_vain(&mut rng)) {
            (Err(FetchError::Unavailable), wait)
        } else {
            let found = self.find(asked);
            (Ok(found), self.way(&mut rng))
        };
        self.answer(server, life, wait, Input::Fetched { fetch, result });
    }

    /// Answers a question, perhaps from a replica that lags.
    fn find(&mut self, asked: &[Lookup]) -> Vec<Found> {
        let look_up = |store: &SimStore| asked.iter().map(|it| store.look_up(it)).collect();
        let found: Vec<Found> = look_up(&self.store);
        let lagging = self.active(|kind| match kind {
            FaultKind::StoreStale { by_ms } => Some(*by_ms),
            _ => None,
        });
        let Some((place, by_ms)) = lagging.into_iter().max_by_key(|(_, by_ms)| *by_ms) else {
            return found;
        };
        self.store.pass(self.t);
        let Some(then) = self.store.as_of(self.t.saturating_sub(by_ms * MS)) else {
            return found;
        };
        let stale: Vec<Found> = look_up(&then);
        if stale != found {
            self.effect(place);
            self.reach(Goal::StaleRead);
        }
        stale
    }

    fn answer(&mut self, server: usize, life: u32, wait: Ns, input: Input) {
        if self.nodes.get(server).is_some_and(|node| node.life == life) {
            self.deliver(self.t + wait, server, input);
        }
    }
}
