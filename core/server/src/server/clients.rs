//! Packets, and the exchanges that they begin.

use std::sync::Arc;

use lessor_lease::{FetchError, Found, Lookup, StoreFailure};
use lessor_policy::limits::rates;
use lessor_policy::{Answer, Decision, DropReason, Effect, Plan, Query, decide};
use lessor_types::{Datagram, Seq, Transmit, Unit};
use lessor_wire::v4::code;

use super::Server;
use crate::exchange::{Exchange, Origin, Stage, Tag};
use crate::lane::{Lane, LaneId};
use crate::planted::Planted;
use crate::quarter::Quarter;
use crate::view::View;
use crate::{Event, ExchangeId, FetchId, Outcome, Output, StoreMode};

impl Server {
    pub(super) fn on_packet(&mut self, datagram: &Datagram) {
        let id = self.next_exchange();
        let query = match Query::read_by(self.topology.config().as_ref().into(), datagram) {
            Ok(query) => query.renamed(&self.topology, &self.links).unwrap_or(query),
            Err(reason) => return self.ended(id, None, Outcome::Dropped(reason)),
        };
        if self.stopping {
            return self.ended(id, Some(&query), Outcome::Dropped(DropReason::ShuttingDown));
        }
        if !self.service.is_on() && !self.defect.is(Planted::ServedWhileOff) {
            return self.ended(id, Some(&query), Outcome::Dropped(DropReason::ServiceDisabled));
        }
        let limits = rates(&self.topology, &query, &self.links);
        if !self.rates.admit(self.now.mono, &limits) {
            return self.ended(id, Some(&query), Outcome::Dropped(DropReason::RateLimited));
        }
        let tag = self.lot.tag(&query);
        if self.lot.has_twin(tag, &query) && !self.defect.is(Planted::TwinAnswered) {
            if self.defect.is(Planted::TwinSwallowed) {
                return;
            }
            return self.ended(id, Some(&query), Outcome::Dropped(DropReason::DuplicateParked));
        }
        let bounded = !self.defect.is(Planted::LotUnbounded);
        if bounded && !self.lot.has_room(query.ask) {
            return self.ended(id, Some(&query), Outcome::Dropped(DropReason::LotFull));
        }
        let place = Quarter::of(&query);
        if bounded && !self.lot.has_room_of(place, query.ask) {
            return self.ended(id, Some(&query), Outcome::Dropped(DropReason::PlaceLimit));
        }
        let exchange = self.exchange(id, Origin::Client(Arc::new(query)));
        self.decide_exchange(Exchange { place, tag, ..exchange });
    }

    /// An exchange that begins now.
    pub(super) fn exchange(&self, id: ExchangeId, origin: Origin) -> Exchange {
        Exchange {
            id,
            origin,
            since: self.now.mono,
            came: match self.store {
                StoreMode::Shared => self.hearing.came_after(),
                StoreMode::Exclusive => self.now.mono,
            },
            give_up: self.now.mono.after(self.limits.parked_for_max),
            rounds: 0,
            era: self.era,
            parking: 0,
            place: Quarter::NOWHERE,
            tag: Tag::default(),
            findings: None,
            stage: Stage::Ready,
        }
    }

    pub(super) fn on_fetched(&mut self, fetch: FetchId, result: Result<Vec<Found>, FetchError>) {
        if self.answer_command(fetch, &result) {
            return;
        }
        let Some((id, lookups)) = self.fetches.remove(&fetch) else {
            return;
        };
        let Some(exchange) = self.lot.get_mut(id) else {
            return;
        };
        if !matches!(exchange.stage, Stage::Fetching(waiting) if waiting == fetch) {
            return;
        }
        let Ok(found) = result else {
            return self.drop_exchange(id, DropReason::StoreUnavailable);
        };
        for (lookup, found) in lookups.into_iter().zip(found) {
            exchange.learn().gathered.learn(lookup, found);
        }
        self.ready.push_back(id);
    }

    /// Decides, once each, what became ready.
    pub(super) fn decide_ready(&mut self) {
        while let Some(id) = self.ready.pop_front() {
            if let Some(exchange) = self.lot.take(id) {
                self.decide_exchange(exchange);
            }
        }
    }

    fn decide_exchange(&mut self, mut exchange: Exchange) {
        let Origin::Client(query) = &exchange.origin else {
            return self.continue_sweep(exchange);
        };
        let mut query = Arc::clone(query);
        if exchange.era != self.era {
            // Under another configuration, the client may go by another identifier, and what was
            // fetched may be no answer.
            if let Some(renamed) = query.renamed(&self.topology, &self.links) {
                exchange.tag = self.lot.tag(&renamed);
                query = Arc::new(renamed);
                exchange.origin = Origin::Client(Arc::clone(&query));
            }
            exchange.era = self.era;
            exchange.forget_fetched();
        }
        if exchange.rounds >= self.limits.rounds_max {
            let outcome = Outcome::Dropped(DropReason::TooManyRounds);
            return self.ended(exchange.id, Some(&query), outcome);
        }
        exchange.rounds += 1;
        let view = self.view(&exchange);
        let unguarded = self.defect.unguarded(&self.topology, query.ask);
        let topology = unguarded.as_ref().unwrap_or(&self.topology);
        let decision = decide(&view, topology, &self.links, &query, self.now);
        match decision {
            Decision::Drop(reason) => {
                self.ended(exchange.id, Some(&query), Outcome::Dropped(reason));
            }
            Decision::Need(lookups) => {
                let lookups = view.foresee(&query, &self.links, lookups);
                self.fetch(exchange, lookups);
            }
            Decision::Probe(probe) => self.probe(exchange, &query, probe),
            Decision::Do(plan) => self.carry_out(exchange, &query, plan),
        }
    }

    fn view<'a>(&'a self, exchange: &'a Exchange) -> View<'a> {
        let findings = exchange.findings();
        View {
            ledger: &self.ledger,
            gathered: &findings.gathered,
            probes: &findings.probes,
            came: self.now.wall.before(self.now.mono.since(exchange.came)),
            topology: &self.topology,
            assembled: &self.assembled,
            store: self.store,
            now: self.now,
            judged: self.judged(),
            seed: self.seed,
            attempt: match &exchange.origin {
                Origin::Client(query) => u64::from(query.message.xid.0),
                Origin::Reclaim | Origin::Quarantine => 0,
            },
            fresh: exchange.since < self.fresh_until,
            hold_off: self.held_off(),
            place: exchange.place,
            defect: self.defect,
        }
    }

    /// Parks an exchange until the store has answered.
    pub(super) fn fetch(&mut self, mut exchange: Exchange, lookups: Vec<Lookup>) {
        let fetch = self.next_fetch();
        exchange.stage = Stage::Fetching(fetch);
        self.fetches.insert(fetch, (exchange.id, lookups.clone()));
        let id = exchange.id;
        self.lot.park(exchange);
        if !self.store_open {
            return self.drop_exchange(id, DropReason::StoreUnavailable);
        }
        self.outputs.push_back(Output::Fetch { fetch, lookups });
    }

    fn carry_out(&mut self, mut exchange: Exchange, query: &Query, mut plan: Plan) {
        self.defect.spoil(&mut plan);
        if self.defect.is(Planted::AlarmWithoutCause) && matches!(plan.effect, Effect::Refused(_)) {
            let what = "a client was refused".to_owned();
            self.event(Event::StoreLost(StoreFailure { what }));
        }
        let needs_store = plan.effect.concerns_leases();
        if needs_store && !self.store_open {
            let outcome = Outcome::Dropped(DropReason::StoreUnavailable);
            return self.ended(exchange.id, Some(query), outcome);
        }
        if let Some((lane, seq)) = self.ahead(&plan) {
            exchange.stage = Stage::Behind;
            exchange.parking += 1;
            let ticket = (exchange.id, exchange.parking);
            self.lot.park(exchange);
            self.lane(lane).wait(seq, ticket);
            return;
        }
        if !self.may_surrender(exchange.place, plan.effect) {
            let outcome = Outcome::Dropped(DropReason::SurrenderLimit);
            return self.ended(exchange.id, Some(query), outcome);
        }
        if let Some(unit) = plan.missed {
            self.event(Event::ReservationMissed(unit));
        }
        if plan.unhold {
            self.ledger.withdraw(&self.topology, &query.holder);
        }
        if let Some(unit) = plan.hold {
            let until = self.offer_clock().after(self.limits.offer_hold);
            if !self.defect.is(Planted::OfferTwice) {
                self.ledger.offer(&self.topology, unit, &query.holder, exchange.place, until);
            }
        }
        exchange.parking += 1;
        let ticket = (exchange.id, exchange.parking);
        for change in plan.changes {
            self.submit(change);
        }
        let mut waits = 0;
        if let Some(unit) = plan.read {
            if rests_on(&plan.effect) {
                self.remind_partner(unit);
            }
            for (lane, seq) in self.ledger.unsettled(unit) {
                waits += usize::from(self.lane(lane).wait(seq, ticket));
            }
        }
        if self.defect.is(Planted::AnswerBeforeSettlement)
            || (self.defect.is(Planted::TwinAnswered) && self.lot.has_twin(exchange.tag, query))
        {
            waits = 0;
        }
        let mut answer = plan.answer;
        if self.defect.is(Planted::CachedLeaseShort)
            && let (Effect::Reused(unit, _), Some(answer)) = (plan.effect, &mut answer)
            && let Some(row) = self.ledger.row(unit)
        {
            answer.message.options.insert(code::LEASE_TIME, row.valid.0.to_be_bytes());
        }
        if waits == 0 {
            return self.conclude(exchange.id, query, answer.as_deref(), plan.effect);
        }
        exchange.stage = Stage::Settling { answer, effect: plan.effect, waits };
        self.lot.park(exchange);
    }

    /// Whether what gives a lease up, if it is that, is not one of too many from its place: anybody
    /// can send these in another's name. Only those count that would change something.
    fn may_surrender(&mut self, place: Quarter, effect: Effect) -> bool {
        let now = self.now.mono;
        match effect {
            Effect::Released(_) => self.releases.admit(place, now),
            Effect::Declined(_) => self.declines.admit(place, now),
            _ => true,
        }
    }

    /// What has to be settled before a plan may be carried out. There is one change of a unit at a
    /// time, in every lane, and the next is decided on what becomes of it: nothing then depends on
    /// the order in which a partner takes up what it is told.
    fn ahead(&self, plan: &Plan) -> Option<(LaneId, Seq)> {
        let first = |unit: Unit| self.ledger.unsettled(unit).next();
        let mut written = plan.changes.iter().map(|change| change.unit);
        let mut read =
            plan.read.iter().copied().filter(|unit| {
                rests_on(&plan.effect) && self.in_contact && self.ledger.owes(*unit)
            });
        written.find_map(first).or_else(|| read.find_map(first))
    }

    const fn lane(&mut self, lane: LaneId) -> &mut Lane {
        match lane {
            LaneId::Store => &mut self.to_store,
            LaneId::Partner => &mut self.to_partner,
        }
    }

    /// Sends the answer, if there is one: everything that it rests on is settled.
    pub(super) fn conclude(
        &mut self,
        id: ExchangeId,
        query: &Query,
        answer: Option<&Answer>,
        effect: Effect,
    ) {
        let Some(answer) = answer else {
            return self.ended(id, Some(query), Outcome::Done(effect));
        };
        if let Effect::Leased(unit, _) | Effect::Reused(unit, _) = effect {
            self.ledger.confirm(unit, self.now.mono);
            self.hearing.confirmed(self.now.mono);
        }
        let encoded = answer.message.encode(answer.limit);
        if !encoded.left_out.is_empty() {
            self.event(Event::OptionsLeftOut { exchange: id, codes: encoded.left_out });
        }
        self.outputs.push_back(Output::Send(Transmit {
            link: answer.link,
            source: answer.source,
            to: answer.to,
            payload: encoded.octets,
        }));
        self.ended(id, Some(query), Outcome::Answered(effect));
    }

    /// Takes an exchange out of the lot for good, without an answer.
    pub(super) fn drop_exchange(&mut self, id: ExchangeId, reason: DropReason) {
        let Some(exchange) = self.lot.take(id) else { return };
        match exchange.stage {
            Stage::Fetching(fetch) => {
                self.fetches.remove(&fetch);
            }
            Stage::Probing(probe) => {
                self.probes.end(probe);
            }
            _ => {}
        }
        match &exchange.origin {
            Origin::Client(query) => self.ended(id, Some(query), Outcome::Dropped(reason)),
            Origin::Reclaim => self.lose_round(),
            Origin::Quarantine => {}
        }
    }

    pub(super) fn give_up(&mut self, id: ExchangeId) {
        self.drop_exchange(id, DropReason::GaveUp);
    }

    pub(super) fn ended(&mut self, exchange: ExchangeId, query: Option<&Query>, outcome: Outcome) {
        let client = query.map(|query| (query.holder.clone(), query.message.xid));
        let ask = query.map(|query| query.ask);
        self.event(Event::Ended { exchange, client, ask, outcome });
    }

    /// Whether the store is one that others write too.
    pub(super) fn is_shared(&self) -> bool {
        self.store == StoreMode::Shared
    }
}

/// Whether an answer promises the unit that it read.
const fn rests_on(effect: &Effect) -> bool {
    matches!(effect, Effect::Leased(..) | Effect::Reused(..))
}
