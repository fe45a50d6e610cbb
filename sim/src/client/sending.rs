//! What clients send, and when they send it again.

use lessor_types::{Prng, Xid};
use lessor_wire::v4::MessageType;

use super::{Action, Client, RENEW_MIN, State, message};
use crate::draw::between;
use crate::schedule::SecsTold;
use crate::time::{Ns, SEC};

impl Client {
    pub(super) fn send_discover(&mut self, t: Ns, out: &mut Vec<Action>) {
        let xid = self.repeated(t);
        let mut discover = message::begin(&self.spec, &self.who, MessageType::Discover, xid);
        let secs = u16::try_from(t.saturating_sub(self.since) / SEC).unwrap_or(u16::MAX);
        discover.secs = match self.spec.secs {
            SecsTold::True => secs,
            SecsTold::Zero => 0,
            SecsTold::Most => u16::MAX,
            SecsTold::Swapped => secs.swap_bytes(),
        };
        message::want(&mut discover, self.spec.wanted);
        out.push(Action::Broadcast(discover));
    }

    pub(super) fn send_selecting(&mut self, t: Ns, out: &mut Vec<Action>) {
        let State::Requesting { offer, .. } = self.state else {
            return;
        };
        let xid = self.repeated(t);
        let mut request = message::begin(&self.spec, &self.who, MessageType::Request, xid);
        message::request(&mut request, offer.addr);
        message::choose(&mut request, offer.server);
        message::want(&mut request, self.spec.wanted);
        out.push(Action::Broadcast(request));
    }

    pub(super) fn send_reboot(&mut self, t: Ns, out: &mut Vec<Action>) {
        let Some(lease) = self.lease else {
            return;
        };
        let xid = self.repeated(t);
        let mut request = message::begin(&self.spec, &self.who, MessageType::Request, xid);
        message::request(&mut request, lease.addr);
        message::want(&mut request, self.spec.wanted);
        out.push(Action::Broadcast(request));
    }

    pub(super) fn send_extend(&mut self, t: Ns, out: &mut Vec<Action>) {
        let Some(lease) = self.lease else {
            return;
        };
        let xid = self.repeated(t);
        let mut request = message::begin(&self.spec, &self.who, MessageType::Request, xid);
        request.ciaddr = lease.addr;
        message::want(&mut request, self.spec.wanted);
        if matches!(self.state, State::Renewing { .. }) {
            request.set_broadcast(false);
            out.push(Action::Unicast(lease.server, request));
        } else {
            out.push(Action::Broadcast(request));
        }
    }

    /// Counts one more sending of the current request; the transaction to send it under.
    pub(super) fn repeated(&mut self, t: Ns) -> Xid {
        let fresh = self.xid();
        let eager = self.spec.eager;
        let new_xid = self.spec.new_xid;
        let mut rng = self.draw();
        // RFC 2131 §4.1: 4, 8, 16 … 64 seconds, each a second more or less.
        let backoff = |tries: u32, rng: &mut Prng| {
            (SEC << (2 + tries.min(4))) - SEC + between(rng, 0, 2 * SEC)
        };
        let lease = self.lease;
        let (request, limit) = match &mut self.state {
            State::Selecting { request, .. }
            | State::Requesting { request, .. }
            | State::Rebooting { request } => (request, None),
            State::Renewing { request } => (request, lease.map(|lease| lease.t2)),
            State::Rebinding { request } => (request, lease.map(|lease| lease.until)),
            State::Off | State::Init { .. } | State::Probing { .. } | State::Bound => return fresh,
        };
        let wait = match limit {
            // RFC 2131 §4.4.5: half of what is left, but no less than a minute.
            Some(limit) if !eager => (limit.saturating_sub(t) / 2).max(RENEW_MIN),
            _ => backoff(request.tries, &mut rng),
        };
        if new_xid && request.tries > 0 {
            request.xid = fresh;
            request.first_sent = t;
        }
        request.tries += 1;
        request.repeat = t + wait;
        request.xid
    }
}
