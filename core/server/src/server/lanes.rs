//! Changes on their way to the store and to the partner, and what their settlement opens.

use std::sync::Arc;

use lessor_lease::{Change, Outcome, Refusal, Rows, State, StoreBatch, StoreFailure};
use lessor_policy::DropReason;
use lessor_types::{Seq, Unit};

use super::Server;
use crate::exchange::{Exchange, Origin, Stage};
use crate::lane::Ticket;
use crate::planted::Planted;
use crate::{Event, Output, PeerFrame, PeerOutcome, PeerUpdate};

/// What the settlement of one change means to those who wait for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verdict {
    /// As wished.
    Settled,
    /// Not so, but a decision on fresh facts may find another way.
    Again,
    /// Not so, and nothing can be done about it now.
    Lost(DropReason),
}

impl Server {
    /// Hands a change to every lane.
    pub(super) fn submit(&mut self, mut change: Change) {
        if self.defect.is(Planted::DeclinedReused)
            && let Some(row) = &mut change.to
            && row.state == State::Declined
        {
            Arc::make_mut(row).state = State::Reclaimed;
        }
        self.remember.changed();
        if self.in_contact {
            let seq = self.to_partner.push(change.clone());
            self.ledger.tell(&change, seq);
        }
        let seq = self.to_store.push(change.clone());
        self.ledger.submit(&self.topology, change, seq);
    }

    /// Tells the partner of a row that it may lack, unless it is being told of one.
    pub(super) fn remind_partner(&mut self, unit: Unit) {
        let is_busy = !self.ledger.is_settled(unit);
        if !self.in_contact || is_busy || !self.ledger.owes(unit) {
            return;
        }
        let change = Change { unit, from: None, to: self.ledger.row(unit) };
        let seq = self.to_partner.push(change.clone());
        self.ledger.tell(&change, seq);
    }

    pub(super) fn seal_lanes(&mut self) {
        if self.store_open {
            while let Some((first, changes)) = self.to_store.seal() {
                self.outputs.push_back(Output::Store(StoreBatch { first, changes }));
            }
        }
        while let Some((first, changes)) = self.to_partner.seal() {
            let update = PeerUpdate { session: self.session, first, changes };
            self.outputs.push_back(Output::Peer(update));
        }
    }

    pub(super) fn on_stored(&mut self, first: Seq, outcomes: Vec<Outcome>) {
        let Some(length) = self.to_store.land(first) else {
            return;
        };
        if !self.is_shared()
            && outcomes.contains(&Outcome::Unknown)
            && !self.defect.is(Planted::UnknownIsFailure)
        {
            // Nothing more may go there until it has been read again.
            self.store_open = false;
        }
        let mut outcomes = outcomes.into_iter();
        let mut seq = first;
        for _ in 0..length {
            // A store that reports too little has not said what became of the rest.
            let outcome = outcomes.next().unwrap_or(Outcome::Unknown);
            let verdict = self.judge(&outcome);
            if let Some((unit, waiters)) = self.to_store.settle(seq) {
                let keep = verdict == Verdict::Settled && !self.is_shared();
                self.ledger.settle(&self.topology, unit, seq, keep);
                if !keep && !self.is_shared() {
                    // The partner was told of a change that did not come to be.
                    self.remind_partner(unit);
                }
                for ticket in waiters {
                    self.on_settled(ticket, verdict);
                }
            }
            seq = seq.next();
        }
    }

    fn judge(&self, outcome: &Outcome) -> Verdict {
        match outcome {
            Outcome::Done => Verdict::Settled,
            Outcome::Unknown if self.defect.is(Planted::UnknownIsSuccess) => Verdict::Settled,
            Outcome::Unknown if self.defect.is(Planted::UnknownIsFailure) => {
                Verdict::Lost(DropReason::StoreRefused)
            }
            // Only a read can tell; an exclusive store is read as a whole when it is open again.
            Outcome::Unknown if self.is_shared() => Verdict::Again,
            Outcome::Unknown => Verdict::Lost(DropReason::StoreUnavailable),
            Outcome::Conflict(_) | Outcome::Refused(Refusal::Retry) => Verdict::Again,
            Outcome::Refused(Refusal::Unavailable) => Verdict::Lost(DropReason::StoreUnavailable),
            Outcome::Refused(_) => Verdict::Lost(DropReason::StoreRefused),
        }
    }

    pub(super) fn on_peer(&mut self, frame: PeerFrame) {
        let PeerFrame::Settled { session, first, outcomes } = frame;
        if session != self.session || !self.in_contact {
            return;
        }
        let Some(length) = self.to_partner.land(first) else {
            return;
        };
        let mut outcomes = outcomes.into_iter();
        let mut seq = first;
        for _ in 0..length {
            let acked = outcomes.next() == Some(PeerOutcome::Acked)
                || self.defect.is(Planted::RejectionIgnored);
            if let Some((unit, waiters)) = self.to_partner.settle(seq) {
                self.ledger.acknowledge(unit, seq, acked);
                if acked {
                    // What it acknowledged may not have come to be here.
                    self.remind_partner(unit);
                }
                let verdict = if acked {
                    Verdict::Settled
                } else {
                    Verdict::Lost(DropReason::PartnerRefused)
                };
                for ticket in waiters {
                    self.on_settled(ticket, verdict);
                }
            }
            seq = seq.next();
        }
    }

    pub(super) fn on_contact(&mut self, contact: bool) {
        if contact == self.in_contact {
            return;
        }
        self.in_contact = contact;
        // Whatever waits was decided for another state of the pair: it is decided again.
        self.era += 1;
        if contact {
            self.session += 1;
            self.event(Event::ContactBegan);
            return;
        }
        for (seq, unit, waiters) in self.to_partner.abandon() {
            self.ledger.acknowledge(unit, seq, false);
            for ticket in waiters {
                self.on_settled(ticket, Verdict::Settled);
            }
        }
        self.event(Event::ContactEnded);
    }

    pub(super) fn on_store_lost(&mut self, failure: StoreFailure) {
        if self.defect.is(Planted::UnknownIsFailure) {
            return;
        }
        self.event(Event::StoreLost(failure));
        self.close_store();
    }

    /// A change that an exchange waited for will not be.
    pub(super) fn on_lost(&mut self, ticket: Ticket, reason: DropReason) {
        self.on_settled(ticket, Verdict::Lost(reason));
    }

    pub(super) fn on_store_reopened(&mut self, rows: Rows) {
        if self.defect.is(Planted::UnknownIsFailure) {
            return;
        }
        self.store_open = true;
        self.era += 1;
        let found = rows.len();
        if !self.is_shared() {
            for (_, row) in rows.standings() {
                self.calendar.granted(row.valid);
            }
            self.ledger.replace(&self.topology, rows);
        }
        self.event(Event::StoreReopened(found));
        self.look_over();
    }

    /// One change that an exchange waited for is settled.
    fn on_settled(&mut self, (id, parking): Ticket, verdict: Verdict) {
        let era = self.era;
        let Some(exchange) = self.lot.get_mut(id) else {
            return;
        };
        if exchange.parking != parking {
            return;
        }
        match &mut exchange.stage {
            // Whatever became of the change ahead, there is something new to decide on.
            Stage::Behind => self.again(id),
            Stage::Settling { waits, .. } => {
                *waits = waits.saturating_sub(1);
                let stale = exchange.era != era && !self.defect.is(Planted::StaleRelease);
                match verdict {
                    Verdict::Settled if *waits > 0 => {}
                    Verdict::Settled if stale => self.again(id),
                    Verdict::Settled => self.open(id),
                    Verdict::Again => self.again(id),
                    Verdict::Lost(reason) => self.drop_exchange(id, reason),
                }
            }
            Stage::Sweeping { .. } => self.on_swept(id, verdict == Verdict::Settled),
            Stage::Ready | Stage::Fetching(_) | Stage::Probing(_) => {}
        }
    }

    /// Everything that the answer rests on is settled, and nothing else has changed.
    fn open(&mut self, id: crate::ExchangeId) {
        if let Some(Exchange {
            origin: Origin::Client(query),
            stage: Stage::Settling { answer, effect, .. },
            ..
        }) = self.lot.take(id)
        {
            self.conclude(id, &query, answer.as_deref(), effect);
        }
    }

    /// Decides an exchange again, on fresh facts.
    fn again(&mut self, id: crate::ExchangeId) {
        if let Some(exchange) = self.lot.get_mut(id) {
            exchange.forget_fetched();
            exchange.stage = Stage::Ready;
            self.ready.push_back(id);
        }
    }
}
