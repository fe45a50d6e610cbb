//! Addresses that are probed before they are offered (V4-042).

use lessor_lease::Change;
use lessor_policy::{DropReason, Probe, Probed, Query, probation};

use super::Server;
use crate::exchange::{Exchange, Origin, Stage};
use crate::lane::LaneId;
use crate::planted::Planted;
use crate::probes::{Due, Probing};
use crate::{Event, Heard, Outcome, Output, ProbeId};

/// How many addresses may turn out to be in use before a client's DISCOVER is given up.
const IN_USE_MAX: usize = 4;

impl Server {
    /// Parks an exchange until it is known whether somebody uses what is meant for its client. The
    /// unit is kept for the client meanwhile.
    pub(super) fn probe(&mut self, mut exchange: Exchange, query: &Query, probe: Probe) {
        let in_use = exchange.findings().probes.values().filter(|probed| probed.answered).count();
        if in_use >= IN_USE_MAX {
            let outcome = Outcome::Dropped(DropReason::AddressesInUse);
            return self.ended(exchange.id, Some(query), outcome);
        }
        if !self.store_open {
            let outcome = Outcome::Dropped(DropReason::StoreUnavailable);
            return self.ended(exchange.id, Some(query), outcome);
        }
        if !self.defect.is(Planted::OfferTwice) {
            let until = self.offer_clock().after(self.limits.offer_hold);
            self.ledger.offer(&self.topology, probe.unit, &query.holder, exchange.place, until);
        }
        let id = self.probes.begin(self.now.mono, exchange.id, probe.clone());
        exchange.stage = Stage::Probing(id);
        self.lot.park(exchange);
        self.ask(id, &probe);
    }

    fn ask(&mut self, id: ProbeId, probe: &Probe) {
        self.outputs.push_back(Output::Probe { probe: id, unit: probe.unit, link: probe.link });
    }

    /// What came of a probe before its time was up.
    pub(super) fn on_probed(&mut self, probe: ProbeId, heard: Heard) {
        let Some(probing) = self.probes.end(probe) else {
            if heard == Heard::Answer {
                self.on_late_answer(probe);
            }
            return;
        };
        match heard {
            Heard::Answer => self.in_use(&probing, false),
            Heard::Nobody => self.silent(&probing),
            Heard::Unsent => {
                self.event(Event::ProbeUnsent(probing.probe.unit));
                self.silent(&probing);
            }
        }
    }

    /// Somebody answered when the time was up. As long as the client has heard nothing, that counts
    /// too: its exchange may wait for a slow store.
    fn on_late_answer(&mut self, probe: ProbeId) {
        let Some(probing) = self.probes.answered_late(probe) else {
            return;
        };
        let unit = probing.probe.unit;
        let waits = self.lot.get_mut(probing.exchange).is_some_and(|exchange| {
            exchange.findings().probes.get(&unit).is_some_and(|probed| !probed.answered)
        });
        if waits {
            self.in_use(&probing, true);
        }
    }

    /// No input is left. Ends the probes whose time is up: an answer that has arrived counts,
    /// however late this server got round to it.
    pub fn heard_all(&mut self) {
        self.hearing.heard_all();
        while let Some(due) = self.probes.next_due(self.now.mono) {
            match due {
                Due::Ask(id, probe) => self.ask(id, &probe),
                Due::Silent(probing) => self.silent(&probing),
            }
        }
        self.decide_ready();
    }

    fn silent(&mut self, probing: &Probing) {
        self.learn(probing, Some(false), false);
    }

    fn in_use(&mut self, probing: &Probing, is_late: bool) {
        if self.defect.is(Planted::ProbeIgnored) {
            return self.learn(probing, Some(false), is_late);
        }
        let probe = &probing.probe;
        let is_as_it_was = self.ledger.is_settled(probe.unit)
            && (self.is_shared() || self.ledger.row(probe.unit) == probe.row);
        if !is_as_it_was {
            // It has become somebody's since it was probed, and that client may be who answered.
            return self.learn(probing, None, is_late);
        }
        self.event(Event::AddressInUse(probe.unit));
        if let Some(exchange) = self.lot.get_mut(probing.exchange)
            && let Origin::Client(query) = &exchange.origin
        {
            let holder = query.holder.clone();
            self.ledger.withdraw(&self.topology, &holder);
        }
        self.learn(probing, Some(true), is_late);
        // Whoever else has asked knows too.
        for other in self.probes.end_all(probe.unit) {
            self.learn(&other, Some(true), false);
        }
        if probe.quarantines {
            let change = probation(&self.topology, probe.unit, probe.row.clone(), self.now);
            if let Some(change) = change {
                self.quarantine(change);
            }
        }
    }

    /// Writes that a unit is on probation; no client waits for it.
    fn quarantine(&mut self, change: Change) {
        let id = self.next_exchange();
        let unit = change.unit;
        self.submit(change.clone());
        let mut waits = 0;
        let places = self.ledger.unsettled(unit);
        for (_, seq) in places.filter(|(lane, _)| *lane == LaneId::Store) {
            waits += usize::from(self.to_store.wait(seq, (id, 1)));
        }
        let stage = Stage::Sweeping { changes: vec![change], waits };
        self.lot.park(Exchange { parking: 1, stage, ..self.exchange(id, Origin::Quarantine) });
    }

    /// Tells an exchange what its probe found, if that says anything, and has it decided again; late:
    /// it does not wait for that any more.
    fn learn(&mut self, probing: &Probing, answered: Option<bool>, is_late: bool) {
        let at = self.now.mono;
        if let Some(exchange) = self.lot.get_mut(probing.exchange) {
            let probed = answered.map(|answered| (probing.probe.unit, Probed { answered, at }));
            exchange.learn().probes.extend(probed);
            if is_late {
                // It has gone on without. Whatever it waits for, it is decided again after that.
                exchange.era = Exchange::STALE;
                return;
            }
            exchange.stage = Stage::Ready;
            // What was fetched is older than the probe.
            exchange.forget_fetched();
            self.ready.push_back(probing.exchange);
        }
    }
}
