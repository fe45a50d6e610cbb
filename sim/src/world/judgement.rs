//! What answers and rows are held against.

use std::sync::Arc;

use lessor_lease::State;
use lessor_types::{Holder, Unit};
use lessor_wire::v4::{Message, MessageType};

use super::World;
use super::packets::who;
use crate::check::clients::Writer;
use crate::check::durability::Told;
use crate::check::{Invariant, conformance};
use crate::coverage::Goal;
use crate::history::{Gist, What};

impl World<'_> {
    /// What an answer must keep, judged as it leaves.
    pub(super) fn judge_answer(
        &mut self,
        server: usize,
        client: Option<u16>,
        message: &Message,
        gist: Gist,
    ) {
        let t = self.t;
        let Some(node) = self.nodes.get(server) else {
            return;
        };
        let number = node.id;
        let config = Arc::clone(node.topology.config());
        let who = who(message);
        let is_wanted = conformance::serves(&config, &who.hw)
            .and_then(|()| node.serves(node.heard(gist.xid).unwrap_or(t)));
        if let Err(broken) = is_wanted {
            return self.judge(broken.invariant, Err(broken));
        }
        let lan = conformance::link_of(&config, message);
        let addr = message.yiaddr;
        match message.message_type() {
            Some(MessageType::Offer) => {
                let in_pool = conformance::in_pool(&config, lan, addr)
                    .and_then(|()| conformance::is_for(&config, &who.hw, addr));
                // A client's own lease may be offered to it whoever else was offered it before;
                // a shared store may have shown it a moment ago, before it was gone.
                let unit = Unit::V4(addr);
                let now = match &node.file {
                    Some(file) => file.fold.row(unit),
                    None => self.store.row(unit),
                };
                let is_own = now
                    .into_iter()
                    .chain(self.lately.rows_of(t, unit))
                    .any(|row| row.state == State::Assigned && row.holder.same_client(&who));
                let checked = config.pool_of(addr).is_some_and(|(it, _)| it.ping_check.is_some());
                if checked && !is_own {
                    let verdict = self.probed.offered(t, number, addr);
                    self.judge(Invariant::Probed, verdict);
                }
                let Some(node) = self.nodes.get(server) else {
                    return;
                };
                let heard = node.heard(gist.xid).unwrap_or(t);
                let verdict = self.offers.offered(t, number, &who, addr, heard);
                self.judge(Invariant::OfferHeld, if is_own { Ok(()) } else { verdict });
                self.judge(Invariant::Conformance, in_pool);
            }
            Some(MessageType::Ack) if gist.secs > 0 => {
                if let Some(file) = node.file.as_ref().filter(|_| !node.has_leapt)
                    && let Some(subnet) = config.subnets.iter().find(|it| it.prefix.contains(addr))
                {
                    let wall = node.wall(t);
                    let verdict = conformance::in_limit(subnet, wall, file.fold.rows());
                    self.judge(Invariant::Limits, verdict);
                }
                let Some(node) = self.nodes.get(server) else {
                    return;
                };
                let heard = node.heard(gist.xid).unwrap_or(t);
                let lawful = conformance::in_pool(&config, lan, addr)
                    .and_then(|()| conformance::is_for(&config, &who.hw, addr));
                self.judge(Invariant::Conformance, lawful);
                let given = self.declined.given(t, addr, heard);
                if given == Ok(true) {
                    self.reach(Goal::DeclinedBack);
                }
                self.judge(Invariant::DeclinedKept, given.map(|_| ()));
                self.judge_told(server, client, &who, gist);
                if !message.giaddr.is_unspecified() {
                    self.reach(Goal::Relayed);
                }
                let second = crate::plan::second_of(lan);
                if config.pool_of(addr).is_some_and(|(subnet, _)| subnet.id.0 == second) {
                    self.reach(Goal::OtherSubnet);
                }
            }
            _ => {}
        }
    }

    /// I2 alone, of an answer to nobody whom the world knows.
    pub(super) fn judge_durable(&mut self, server: usize, message: &Message, gist: Gist) {
        if message.message_type() == Some(MessageType::Ack) && gist.secs > 0 {
            self.judge_told(server, None, &who(message), gist);
        }
    }

    /// I2: what a lease rests on.
    fn judge_told(&mut self, server: usize, client: Option<u16>, who: &Holder, gist: Gist) {
        let Some(node) = self.nodes.get(server) else {
            return;
        };
        let t = self.t;
        let heard = node.heard(gist.xid).unwrap_or(t);
        let told = Told {
            unit: Unit::V4(gist.addr),
            who: who.clone(),
            life: gist.secs,
            wall: node.wall(t),
            age: t - heard,
            leapt: node.misleads(t),
        };
        let mut verdict = Ok(());
        if let Some(file) = &node.file {
            let row = file.fold.row(told.unit);
            if !row.is_some_and(|row| told.is_kept_by(row)) {
                verdict = Err(told.broken("stable storage", row));
            }
        } else {
            let row = self.store.row(told.unit);
            let kept = row.into_iter().chain(self.lately.rows_of(t, told.unit));
            if !kept.into_iter().any(|row| told.is_kept_by(row)) {
                verdict = Err(told.broken("the shared store", row));
            }
        }
        if verdict.is_ok() && node.in_contact {
            let row = self.partner.row(told.unit);
            if !row.is_some_and(|row| told.is_kept_by(row)) {
                verdict = Err(told.broken("the partner, with which there is contact,", row));
            }
        }
        if let (Err(broken), Some(client)) = (&mut verdict, client) {
            broken.client = Some(client);
        }
        self.judge(Invariant::DurableAck, verdict);
    }

    /// I3 and I4, and the books about rows.
    pub(super) fn judge_row(&mut self, server: usize, change: &lessor_lease::Change) {
        let Some(node) = self.nodes.get(server) else {
            return;
        };
        let Some(addr) = change.unit.v4() else {
            return;
        };
        let by = Writer { server: node.id, wall: node.wall(self.t), leapt: node.misleads(self.t) };
        let row = change.to.as_deref();
        let number = node.id;
        self.note(None, What::Row(number, addr, row));
        self.changed.insert(addr, self.t);
        let verdict = self.holdings.committed(self.t, by, addr, row, &self.holders);
        let invariant = match row {
            Some(row) if row.state == State::Assigned => Invariant::ToldLifetime,
            _ => Invariant::SafeFree,
        };
        self.judge(invariant, verdict);
    }
}
