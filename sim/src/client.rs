//! A client: a model of an RFC 2131 stack.
//!
//! It is a state machine of its own: packets, deadlines and operations in, [`Action`]s out. Its
//! clock is as wrong as its specification says; all times here are true times already.

pub(crate) mod message;
mod sending;

use std::net::Ipv4Addr;

use lessor_types::{Holder, Prng, Seed, Xid};
use lessor_wire::v4::{Message, MessageType, code};

use crate::draw::{self, Kind, between};
use crate::history::Loss;
use crate::schedule::ClientSpec;
use crate::time::{Clock, ClockSpec, MS, Ns, SEC};

/// How often a first request is repeated before the client begins anew.
const TRIES_MAX: u32 = 4;
/// RFC 2131 §3.1, step 5: how long a client waits after a DECLINE.
const AFTER_DECLINE: Ns = 10 * SEC;
/// RFC 2131 §4.4.5: the least time between two renewals.
const RENEW_MIN: Ns = 60 * SEC;

/// What a client causes.
#[derive(Debug)]
pub(crate) enum Action {
    /// A message to everybody on the link.
    Broadcast(Message),
    /// A message to one server, from the client's own address.
    Unicast(Ipv4Addr, Message),
    /// It has an address until a true time.
    Bound(Ipv4Addr, Ns),
    /// It has it no longer.
    Unbound(Ipv4Addr, Loss),
}

/// A lease as its client knows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) addr: Ipv4Addr,
    pub(crate) server: Ipv4Addr,
    t1: Ns,
    t2: Ns,
    pub(crate) until: Ns,
}

/// A request that is repeated until it is answered.
#[derive(Clone, Copy, Debug)]
struct Request {
    xid: Xid,
    /// When the first message of this transaction was sent.
    first_sent: Ns,
    tries: u32,
    repeat: Ns,
}

#[derive(Clone, Copy, Debug)]
struct Offer {
    addr: Ipv4Addr,
    server: Ipv4Addr,
}

/// Where a client stands (RFC 2131 §4.4, figure 5).
#[derive(Clone, Copy, Debug)]
enum State {
    Off,
    Init { until: Ns },
    Selecting { request: Request, offer: Option<Offer>, choose: Option<Ns> },
    Requesting { request: Request, offer: Offer },
    Rebooting { request: Request },
    Probing { until: Ns },
    Bound,
    Renewing { request: Request },
    Rebinding { request: Request },
}

#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) id: u16,
    pub(crate) spec: ClientSpec,
    pub(crate) who: Holder,
    pub(crate) lan: u8,
    clock: Clock,
    seed: Seed,
    /// The moment of what it does now, and how often it has drawn since.
    now: Ns,
    draws: u64,
    state: State,
    lease: Option<Held>,
    /// Offers it waits for nothing else than its next deadline.
    since: Ns,
    /// For [`crate::planted::Bug::TakesAnything`].
    pub(crate) takes_anything: bool,
}

impl Client {
    pub(crate) fn new(id: u16, spec: &ClientSpec, seed: Seed) -> Self {
        Self {
            id,
            who: message::holder(spec),
            lan: spec.lan,
            clock: Clock::new(ClockSpec { rate_ppm: spec.rate_ppm, ..ClockSpec::default() }),
            spec: spec.clone(),
            seed,
            now: 0,
            draws: 0,
            state: State::Off,
            lease: None,
            since: 0,
            takes_anything: false,
        }
    }

    /// Something is about to happen to it.
    pub(crate) const fn begin(&mut self, t: Ns) {
        if self.now != t {
            self.now = t;
            self.draws = 0;
        }
    }

    fn draw(&mut self) -> Prng {
        self.draws += 1;
        let count = u32::try_from(self.draws).unwrap_or(u32::MAX);
        draw::draw(self.seed, Kind::Client, u32::from(self.id), count, self.now)
    }

    /// When it does something without being asked.
    pub(crate) fn deadline(&self) -> Option<Ns> {
        let lease = self.lease;
        let until = |at: Ns| lease.map_or(at, |lease| at.min(lease.until));
        Some(match self.state {
            State::Off => return None,
            State::Init { until: at } => at,
            State::Selecting { request, choose, .. } => {
                choose.map_or(request.repeat, |at| at.min(request.repeat))
            }
            State::Requesting { request, .. } | State::Rebooting { request } => request.repeat,
            State::Probing { until: at } => until(at),
            State::Bound => {
                let lease = lease?;
                match (self.spec.ignores_t1, self.spec.ignores_t2) {
                    (false, _) => lease.t1,
                    (true, false) => lease.t2,
                    (true, true) => lease.until,
                }
            }
            State::Renewing { request } => match self.spec.ignores_t2 {
                false => until(lease?.t2.min(request.repeat)),
                true => until(request.repeat),
            },
            State::Rebinding { request } => until(request.repeat),
        })
    }

    /// The address that it uses now: the one it answers ARP for.
    pub(crate) fn uses(&self) -> Option<Ipv4Addr> {
        match self.state {
            State::Bound | State::Renewing { .. } | State::Rebinding { .. } => {
                self.lease.map(|lease| lease.addr)
            }
            _ => None,
        }
    }

    /// The lease that it may still come back to.
    pub(crate) const fn lease(&self) -> Option<Held> {
        self.lease
    }

    /// The address that it looks for other users of.
    pub(crate) fn probes(&self) -> Option<Ipv4Addr> {
        match self.state {
            State::Probing { .. } => self.lease.map(|lease| lease.addr),
            _ => None,
        }
    }

    /// Whether it is on and has no address that it can use.
    pub(crate) const fn is_wanting(&self) -> bool {
        !matches!(
            self.state,
            State::Off
                | State::Probing { .. }
                | State::Bound
                | State::Renewing { .. }
                | State::Rebinding { .. }
        )
    }

    pub(crate) const fn is_rebooting(&self) -> bool {
        matches!(self.state, State::Rebooting { .. })
    }

    pub(crate) const fn is_off(&self) -> bool {
        matches!(self.state, State::Off)
    }

    /// Since when it is in want, or not.
    pub(crate) const fn since(&self) -> Ns {
        self.since
    }

    fn enter(&mut self, t: Ns, state: State) {
        let wanted = self.is_wanting();
        self.state = state;
        if self.is_wanting() != wanted {
            self.since = t;
        }
    }

    // --- operations ---

    pub(crate) fn switch_on(&mut self, t: Ns, out: &mut Vec<Action>) {
        if !self.is_off() {
            return;
        }
        self.expire(t, out);
        if self.lease.is_some() && self.spec.reboots {
            return self.reboot(t, out);
        }
        self.drop_lease(Loss::GaveUp, out);
        self.init(t, 3 * SEC);
    }

    pub(crate) fn switch_off(&mut self, t: Ns) {
        self.enter(t, State::Off);
    }

    pub(crate) fn forget(&mut self, t: Ns, out: &mut Vec<Action>) {
        self.drop_lease(Loss::Forgot, out);
        self.enter(t, State::Off);
    }

    /// Returns whether it had an address to give back.
    pub(crate) fn release(&mut self, t: Ns, again: bool, out: &mut Vec<Action>) -> bool {
        if self.uses().is_none() {
            return false;
        }
        let Some(lease) = self.lease else {
            return false;
        };
        let xid = self.xid();
        let mut release = message::begin(&self.spec, &self.who, MessageType::Release, xid);
        release.set_broadcast(false);
        release.ciaddr = lease.addr;
        message::choose(&mut release, lease.server);
        out.push(Action::Unicast(lease.server, release));
        self.drop_lease(Loss::Released, out);
        if again {
            self.init(t, 50 * MS);
        } else {
            self.enter(t, State::Off);
        }
        true
    }

    pub(crate) fn inform(&mut self, out: &mut Vec<Action>) -> bool {
        let Some(addr) = self.uses() else {
            return false;
        };
        let xid = self.xid();
        let mut inform = message::begin(&self.spec, &self.who, MessageType::Inform, xid);
        inform.ciaddr = addr;
        out.push(Action::Broadcast(inform));
        true
    }

    /// It is plugged in at the next of so many links.
    pub(crate) fn replug(&mut self, t: Ns, links: u8, out: &mut Vec<Action>) -> bool {
        if self.is_off() {
            return false;
        }
        self.lan = (self.lan + 1) % links.max(1);
        self.enter(t, State::Off);
        self.switch_on(t, out);
        true
    }

    fn reboot(&mut self, t: Ns, out: &mut Vec<Action>) {
        let request = self.request(t);
        self.enter(t, State::Rebooting { request });
        self.send_reboot(t, out);
    }

    // --- deadlines ---

    /// Its deadline has come; `conflict`: somebody else answers for the address that it probes.
    pub(crate) fn on_deadline(&mut self, t: Ns, conflict: bool, out: &mut Vec<Action>) {
        if self.expire(t, out) {
            return self.init(t, SEC);
        }
        match self.state {
            State::Off => {}
            State::Init { .. } => {
                let request = self.request(t);
                let state = State::Selecting { request, offer: None, choose: None };
                self.enter(t, state);
                self.send_discover(t, out);
            }
            State::Selecting { offer: Some(offer), choose: Some(at), .. } if at <= t => {
                self.take(t, offer, out)
            }
            State::Selecting { request, .. } if request.tries >= TRIES_MAX => self.init(t, SEC),
            State::Selecting { .. } => self.send_discover(t, out),
            State::Requesting { request, .. } if request.tries >= TRIES_MAX => self.init(t, SEC),
            State::Requesting { .. } => self.send_selecting(t, out),
            State::Rebooting { request } if request.tries >= TRIES_MAX - 1 => {
                if self.spec.keeps_on_silence {
                    return self.enter(t, State::Bound);
                }
                self.drop_lease(Loss::GaveUp, out);
                self.init(t, SEC);
            }
            State::Rebooting { .. } => self.send_reboot(t, out),
            State::Probing { .. } if conflict => self.decline(t, out),
            State::Probing { .. } => self.enter(t, State::Bound),
            State::Bound => self.renew(t, out),
            State::Renewing { .. } => {
                let rebind = self.lease.is_some_and(|lease| lease.t2 <= t);
                if rebind && !self.spec.ignores_t2 {
                    let request = self.request(t);
                    self.enter(t, State::Rebinding { request });
                }
                self.send_extend(t, out);
            }
            State::Rebinding { .. } => self.send_extend(t, out),
        }
    }

    fn renew(&mut self, t: Ns, out: &mut Vec<Action>) {
        let Some(lease) = self.lease else {
            return self.init(t, SEC);
        };
        let request = self.request(t);
        let state =
            if t >= lease.t2 { State::Rebinding { request } } else { State::Renewing { request } };
        self.enter(t, state);
        self.send_extend(t, out);
    }

    fn decline(&mut self, t: Ns, out: &mut Vec<Action>) {
        let Some(lease) = self.lease else {
            return;
        };
        let xid = self.xid();
        let mut decline = message::begin(&self.spec, &self.who, MessageType::Decline, xid);
        message::request(&mut decline, lease.addr);
        message::choose(&mut decline, lease.server);
        out.push(Action::Broadcast(decline));
        self.drop_lease(Loss::Declined, out);
        let until = t + self.clock.true_length(AFTER_DECLINE);
        self.enter(t, State::Init { until });
    }

    // --- packets ---

    /// A message from a server arrived on its link.
    pub(crate) fn on_message(&mut self, t: Ns, message: &Message, out: &mut Vec<Action>) {
        if message.hw != self.who.hw {
            return;
        }
        // RFC 6842: a reply that carries an identifier carries the client's.
        let echoed = message.client_id();
        if echoed.is_some() && echoed != self.who.client_id && !self.takes_anything {
            return;
        }
        match message.message_type() {
            Some(MessageType::Offer) => self.on_offer(t, message, out),
            Some(MessageType::Ack) => self.on_ack(t, message, out),
            Some(MessageType::Nak) => self.on_nak(t, message, out),
            _ => {}
        }
    }

    fn on_offer(&mut self, t: Ns, message: &Message, out: &mut Vec<Action>) {
        let State::Selecting { request, offer: None, .. } = self.state else {
            return;
        };
        let Some(server) = message.server_id().filter(|_| request.xid == message.xid) else {
            return;
        };
        let offer = Offer { addr: message.yiaddr, server };
        if self.spec.patience_ms == 0 {
            return self.take(t, offer, out);
        }
        self.state = State::Selecting {
            request,
            offer: Some(offer),
            choose: Some(t + self.clock.true_length(self.spec.patience_ms * MS)),
        };
    }

    fn take(&mut self, t: Ns, offer: Offer, out: &mut Vec<Action>) {
        let request = self.request(t);
        self.enter(t, State::Requesting { request, offer });
        self.send_selecting(t, out);
    }

    fn on_ack(&mut self, t: Ns, message: &Message, out: &mut Vec<Action>) {
        let (request, is_new) = match self.state {
            State::Requesting { request, .. } => (request, true),
            State::Rebooting { request } => (request, true),
            State::Renewing { request } | State::Rebinding { request } => (request, false),
            _ => return,
        };
        let is_ours = self.takes_anything || request.xid == message.xid;
        let Some(server) = message.server_id().filter(|_| is_ours) else {
            return;
        };
        let Some(life) = message.options.u32(code::LEASE_TIME) else {
            return;
        };
        // RFC 2131 §4.4.1: counted from when the original request was sent.
        let local = |secs: u32| request.first_sent + self.clock.true_length(u64::from(secs) * SEC);
        let share = |code: u8, eighths: u64| {
            let told = message.options.u32(code).filter(|secs| *secs <= life);
            let own = u32::try_from(u64::from(life) * eighths / 8).unwrap_or(life);
            local(told.unwrap_or(own))
        };
        let held = Held {
            addr: message.yiaddr,
            server,
            t1: share(code::RENEWAL_TIME, 4),
            t2: share(code::REBINDING_TIME, 7),
            until: local(life),
        };
        if self.lease.is_some_and(|lease| lease.addr != held.addr) {
            self.drop_lease(Loss::Replaced, out);
        }
        self.lease = Some(held);
        out.push(Action::Bound(held.addr, held.until));
        if is_new && self.spec.probes {
            let wait = between(&mut self.draw(), 0, SEC);
            self.enter(t, State::Probing { until: t + wait });
        } else {
            self.enter(t, State::Bound);
        }
    }

    fn on_nak(&mut self, t: Ns, message: &Message, out: &mut Vec<Action>) {
        let request = match self.state {
            State::Requesting { request, offer } => {
                // Another server's refusal says nothing about this one's offer.
                if message.server_id() != Some(offer.server) {
                    return;
                }
                request
            }
            State::Rebooting { request }
            | State::Renewing { request }
            | State::Rebinding { request } => request,
            _ => return,
        };
        if request.xid != message.xid {
            return;
        }
        self.drop_lease(Loss::Refused, out);
        self.init(t, SEC);
    }

    fn request(&mut self, t: Ns) -> Request {
        Request { xid: self.xid(), first_sent: t, tries: 0, repeat: t }
    }

    fn xid(&mut self) -> Xid {
        Xid(u32::try_from(self.draw().next_u64() >> 32).unwrap_or(0))
    }

    fn init(&mut self, t: Ns, wait_max: Ns) {
        let until = t + between(&mut self.draw(), 0, wait_max);
        self.enter(t, State::Init { until });
    }

    /// Ends a lease whose time is over; whether it did.
    fn expire(&mut self, t: Ns, out: &mut Vec<Action>) -> bool {
        let over = self.lease.is_some_and(|lease| lease.until <= t);
        if over {
            self.drop_lease(Loss::Expired, out);
        }
        over && !self.is_off()
    }

    fn drop_lease(&mut self, why: Loss, out: &mut Vec<Action>) {
        if let Some(lease) = self.lease.take() {
            out.push(Action::Unbound(lease.addr, why));
        }
    }
}
