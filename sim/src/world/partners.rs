//! The partner: updates on their way to it, its answers, and the contact between the two.

use lessor_server::{Input, PeerFrame, PeerOutcome, PeerUpdate};

use super::{Event, World};
use crate::coverage::Goal;
use crate::draw::{self, Kind, between, log_between};
use crate::history::What;
use crate::schedule::FaultKind;
use crate::time::{MS, SEC, US};

impl World<'_> {
    fn is_silent(&self) -> bool {
        let gone = |kind: &FaultKind| matches!(kind, FaultKind::PartnerGone { .. }).then_some(());
        self.alone || !self.active(gone).is_empty()
    }

    pub(super) fn take_update(&mut self, server: usize, update: PeerUpdate) {
        let Some((id, life)) = self.nodes.get(server).map(|node| (node.id, node.life)) else {
            return;
        };
        self.note(None, What::Partner("is sent", update.first.0));
        self.counts.peers += 1;
        let number = self.counts.peers;
        let mut rng = draw::draw(self.seed, Kind::Peer, u32::from(id), life, self.t);
        let wait = log_between(&mut rng, 100 * US, 4 * MS);
        let name = (14, life, number);
        self.push(self.t + wait, name, Event::Peer(life, Box::new(update)));
    }

    pub(super) fn on_update(&mut self, life: u32, update: PeerUpdate) {
        if self.is_silent() {
            let gone =
                self.active(|kind| matches!(kind, FaultKind::PartnerGone { .. }).then_some(()));
            gone.into_iter().for_each(|(place, ())| self.effect(place));
            self.partner_held.push((life, update));
            return;
        }
        let mut rng = draw::draw(self.seed, Kind::Peer, 9, life, self.t);
        let mut wait = log_between(&mut rng, 100 * US, 4 * MS);
        let slow = self.active(|kind| match kind {
            FaultKind::PartnerSlow { max_ms } => Some(*max_ms),
            _ => None,
        });
        for (place, max_ms) in slow {
            wait += between(&mut rng, 0, max_ms * MS);
            self.effect(place);
        }
        let rejecting = self.active(|kind| match kind {
            FaultKind::PartnerRejects { ppm } => Some(*ppm),
            _ => None,
        });
        let ppm = rejecting.iter().map(|(_, ppm)| *ppm).max().unwrap_or(0);
        let mut outcomes = Vec::with_capacity(update.changes.len());
        for change in &update.changes {
            let outcome = self.partner.take(change, ppm, &mut rng);
            if outcome == PeerOutcome::Rejected {
                rejecting.iter().for_each(|(place, _)| self.effect(*place));
            } else if change.from.is_none() && change.to.as_ref() == self.settled_row(change.unit) {
                self.reach(Goal::PartnerReminded);
            }
            outcomes.push(outcome);
        }
        let rejected = outcomes.contains(&PeerOutcome::Rejected);
        let what = if rejected { "rejects of" } else { "takes" };
        self.note(None, What::Partner(what, update.first.0));
        let frame = PeerFrame::Settled { session: update.session, first: update.first, outcomes };
        if self.nodes.first().is_some_and(|node| node.life == life) {
            self.deliver(self.t + wait, 0, Input::Peer(frame));
        }
    }

    fn settled_row(
        &self,
        unit: lessor_types::Unit,
    ) -> Option<&std::sync::Arc<lessor_lease::Lease>> {
        let file = self.nodes.first()?.file.as_ref()?;
        file.fold.row(unit)
    }

    /// The server looks for its partner.
    pub(super) fn seek_contact(&mut self, life: u32) {
        self.counts.peers += 1;
        let number = self.counts.peers;
        let mut rng = draw::draw(self.seed, Kind::Peer, 1, life, self.t);
        let wait = log_between(&mut rng, 20 * MS, 3 * SEC);
        self.push(self.t + wait, (15, life, number), Event::Contact(life, true));
    }

    /// The partner falls silent.
    pub(super) fn partner_goes(&mut self, detect_ms: u64) {
        let Some(life) = self.nodes.first().map(|node| node.life) else {
            return;
        };
        self.counts.peers += 1;
        let number = self.counts.peers;
        let at = self.t + detect_ms * MS;
        self.push(at, (15, life, number), Event::Contact(life, false));
    }

    /// The partner speaks again.
    pub(super) fn partner_returns(&mut self) {
        if self.is_silent() {
            return;
        }
        // What reached it meanwhile over a connection that nobody gave up.
        for (life, update) in std::mem::take(&mut self.partner_held) {
            self.counts.peers += 1;
            let name = (14, life, self.counts.peers);
            self.push(self.t, name, Event::Peer(life, Box::new(update)));
        }
        if let Some(node) = self.nodes.first() {
            self.seek_contact(node.life);
        }
    }

    pub(super) fn on_contact(&mut self, life: u32, on: bool) {
        let silent = self.is_silent();
        let Some(node) = self.nodes.first_mut() else {
            return;
        };
        if node.life != life || !node.is_up() || on == silent {
            return;
        }
        let waiting = node.parked() > 0;
        node.inputs.push_back(Input::Contact(on));
        if !on {
            self.partner_held.clear();
            if waiting {
                self.reach(Goal::PartnerVanished);
            }
        }
        self.wake(0, self.t);
    }
}
