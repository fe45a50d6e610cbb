//! Packets: from client to server and back, over links and relay.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;

use lessor_types::{Datagram, Destination, Holder, Transmit};
use lessor_wire::v4::{CLIENT_PORT, DATAGRAM_MIN, Message, MessageType, SERVER_PORT, View, code};

use super::{Event, Letter, Mail, World};
use crate::check::{Invariant, conformance};
use crate::client::Action;
use crate::coverage::Goal;
use crate::history::{Gist, Loss, Station, What};
use crate::lan::{Cargo, Fate};
use crate::plan;
use crate::schedule::RelaySpec;
use crate::time::Ns;

impl World<'_> {
    // --- clients ---

    /// Lets a client act, and does what it causes.
    pub(super) fn with_client(
        &mut self,
        client: usize,
        act: impl FnOnce(&mut crate::client::Client, &mut Vec<Action>),
    ) {
        let cause = None;
        let mut actions = Vec::new();
        if let Some(client) = self.clients.get_mut(client) {
            client.begin(self.t);
            act(client, &mut actions);
        }
        self.perform(client, actions, cause);
    }

    fn perform(&mut self, place: usize, actions: Vec<Action>, cause: Option<u64>) {
        let Some(id) = self.clients.get(place).map(|client| client.id) else {
            return;
        };
        for action in actions {
            match action {
                Action::Broadcast(message) => self.send_up(id, None, message, cause),
                Action::Unicast(server, message) => self.send_up(id, Some(server), message, cause),
                Action::Bound(addr, until) => {
                    self.note(cause, What::Bound(id, addr, until));
                    let verdict = self.holdings.bound(self.t, id, addr, until);
                    self.judge(Invariant::Uniqueness, verdict);
                    if self.last_holder.insert(addr, id).is_some_and(|last| last != id) {
                        self.reach(Goal::Reused);
                    }
                }
                Action::Unbound(addr, why) => {
                    self.note(cause, What::Unbound(id, addr, why));
                    self.holdings.unbound(id, addr);
                    if why == Loss::Refused {
                        self.reach(Goal::Refused);
                    }
                }
            }
        }
        self.set_alarm(place);
    }

    fn set_alarm(&mut self, place: usize) {
        let Some(client) = self.clients.get(place) else {
            return;
        };
        let (id, deadline) = (client.id, client.deadline());
        let Some(number) = self.client_gens.get_mut(place) else {
            return;
        };
        *number += 1;
        let number = *number;
        if let Some(at) = deadline {
            self.push(at, (5, u32::from(id), number), Event::Client(id, number));
        }
    }

    pub(super) fn on_client(&mut self, place: usize, number: u64) {
        if self.client_gens.get(place) != Some(&number) {
            return;
        }
        let probed = self.clients.get(place).and_then(|client| client.probes());
        let conflict = probed.is_some_and(|addr| self.answers_arp(place, addr));
        let t = self.t;
        self.with_client(place, |client, out| client.on_deadline(t, conflict, out));
    }

    /// Whether a station other than the client answers for an address.
    fn answers_arp(&mut self, place: usize, addr: Ipv4Addr) -> bool {
        if let Some(fault) = self.squatted.get(&addr).copied() {
            self.effect(fault);
            return true;
        }
        let others = self.clients.iter().enumerate();
        others.filter(|(other, _)| *other != place).any(|(_, client)| client.uses() == Some(addr))
    }

    // --- up ---

    fn send_up(&mut self, id: u16, server: Option<Ipv4Addr>, message: Message, cause: Option<u64>) {
        self.client_packets += 1;
        let gist = gist_of(&message);
        let from = Station::Client(id);
        let cause = self.note(cause, What::Sent(from, Some(id), gist));
        let lan = self.clients.get(usize::from(id)).map_or(0, |it| it.lan);
        if let Some(addr) = server {
            let Some(server) = plan::server_at(addr, self.nodes.len()) else {
                return;
            };
            let mail = Mail {
                datagram: datagram(message.ciaddr, CLIENT_PORT, addr, &message),
                from,
                client: Some(id),
                gist,
                cause,
            };
            return self.post(from, server, 1, &mail);
        }
        if lan == 0 {
            let mail = Mail {
                datagram: datagram(message.ciaddr, CLIENT_PORT, Ipv4Addr::BROADCAST, &message),
                from,
                client: Some(id),
                gist,
                cause,
            };
            for server in (0..).take(self.nodes.len()) {
                self.post(from, server, 1, &mail);
            }
            return;
        }
        let letter = Letter { message: Rc::new(message), client: id, gist, cause };
        for (relay, _) in self.relays_of(lan) {
            self.hand_over(from, Station::Relay(relay), &letter);
        }
    }

    /// Puts a packet on its hop to a server.
    pub(super) fn post(&mut self, from: Station, server: u8, hops: u64, mail: &Mail) {
        let to = Station::Server(server);
        let fate = self.carry(from, to, hops, mail.gist, mail.cause);
        let mail = if fate.damaged { &self.damaged(mail, from, fate.number) } else { mail };
        for (copy, delay) in copies(fate) {
            let name = (6, from.number() << 12 | to.number(), fate.number * 2 + copy);
            let event = Event::ToServer(server, Box::new(mail.clone()));
            self.push(self.t + delay, name, event);
        }
    }

    /// Puts a packet on a hop to or from a relay, or to a client.
    fn hand_over(&mut self, from: Station, to: Station, letter: &Letter) {
        let relayed = matches!(from, Station::Relay(_)) || matches!(to, Station::Relay(_));
        let hops = if relayed { 2 } else { 1 };
        let fate = self.carry(from, to, hops, letter.gist, letter.cause);
        let damaged = fate.damaged.then(|| self.damaged_letter(letter, from, fate.number));
        let Some(letter) = damaged.as_ref().map_or(Some(letter), Option::as_ref) else {
            self.note(Some(letter.cause), What::Lost(from, to, letter.gist));
            return;
        };
        for (copy, delay) in copies(fate) {
            let name = (7, from.number() << 12 | to.number(), fate.number * 2 + copy);
            let event = match to {
                Station::Relay(relay) => {
                    Event::ToRelay(relay, letter.clone(), matches!(from, Station::Client(_)))
                }
                _ => Event::ToClient(letter.clone(), from),
            };
            self.push(self.t + delay, name, event);
        }
    }

    /// What becomes of a packet on a hop.
    fn carry(&mut self, from: Station, to: Station, hops: u64, gist: Gist, cause: u64) -> Fate {
        let mut effects = Vec::new();
        let cargo = match MessageType::from_octet(gist.kind) {
            MessageType::Release | MessageType::Decline => Cargo::Brief,
            // While leases may be missing, whoever says that he uses an address is believed.
            MessageType::Request if self.is_restorable => Cargo::Brief,
            _ => Cargo::Lasting,
        };
        let fate = self.lan.carry(self.t, (from, to), hops, cargo, |place| effects.push(place));
        effects.into_iter().for_each(|place| self.effect(place));
        if fate.copies == [None, None] {
            self.note(Some(cause), What::Lost(from, to, gist));
        }
        if fate.overtakes {
            self.reach(Goal::Overtaken);
        }
        fate
    }

    /// The relays of a link, with their numbers.
    fn relays_of(&self, lan: u8) -> Vec<(u8, RelaySpec)> {
        let relays = (0..).zip(self.schedule.relays.iter().copied());
        relays.filter(|(_, relay)| relay.lan == lan).collect()
    }

    pub(super) fn on_relay(&mut self, relay: u8, letter: &Letter, up: bool) {
        let station = Station::Relay(relay);
        let what = What::Arrived(station, Some(letter.client), letter.gist);
        let cause = self.note(Some(letter.cause), what);
        if !up {
            let to = Station::Client(letter.client);
            let mut letter = letter.clone();
            letter.cause = cause;
            return self.hand_over(station, to, &letter);
        }
        let Some(spec) = self.schedule.relays.get(usize::from(relay)).copied() else {
            return;
        };
        let mut message = Message::clone(&letter.message);
        message.giaddr = spec.addr;
        message.hops = message.hops.saturating_add(1);
        if let Some(agent) = plan::agent(spec, letter.client) {
            message.set_relay_agent(&agent);
        }
        for server in (0..).take(self.nodes.len()) {
            let mail = Mail {
                datagram: datagram(spec.addr, SERVER_PORT, plan::server(server), &message),
                from: station,
                client: Some(letter.client),
                gist: letter.gist,
                cause,
            };
            self.post(station, server, 2, &mail);
        }
    }

    pub(super) fn on_mail(&mut self, server: usize, mail: Mail) {
        let t = self.t;
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        let to = Station::Server(node.id);
        if !node.is_up() {
            self.note(Some(mail.cause), What::Lost(mail.from, to, mail.gist));
            return;
        }
        node.hears(mail.gist.xid, t);
        node.inputs.push_back(lessor_server::Input::Packet(mail.datagram));
        let cause =
            self.history.note(t, Some(mail.cause), What::Arrived(to, mail.client, mail.gist));
        node.cause = Some(cause);
        if let Some(who) = mail.client.and_then(|id| self.holders.get(usize::from(id)))
            && let Station::Server(server) = to
        {
            if mail.gist.kind == MessageType::Discover.octet() {
                let relay = match mail.from {
                    Station::Relay(relay) => self.schedule.relays.get(usize::from(relay)),
                    _ => None,
                };
                self.offers.sought(server, who, relay.map_or(0, RelaySpec::subnet));
            } else {
                self.offers.asked(t, server, who);
            }
        }
        self.wake(server, t + self.pause_before_turn(server));
    }

    // --- down ---

    /// A server sends a packet.
    pub(super) fn send_down(&mut self, server: usize, transmit: &Transmit) {
        let Ok(message) = Message::decode(&transmit.payload) else {
            return;
        };
        let Some(node) = self.nodes.get(server) else {
            return;
        };
        let (number, cause) = (node.id, node.cause);
        let from = Station::Server(number);
        let client = self.client_of(&message);
        let gist = gist_of(&message);
        let cause = self.note(cause, What::Sent(from, client, gist));
        if let Some(visitor) = &mut self.visitor {
            visitor.sent.push(transmit.clone());
            // Whether the rest of the answer is right is for the visitor to say.
            return self.judge_durable(server, &message, gist);
        }
        self.judge_answer(server, client, &message, gist);
        let message = Rc::new(message);
        let letter = |client: u16| Letter { message: Rc::clone(&message), client, gist, cause };
        match transmit.to {
            Destination::Routed(addr) if self.relay_at(addr.ip()).is_some() => {
                let Some((relay, spec)) = self.relay_at(addr.ip()) else {
                    return;
                };
                let stations = self.stations(spec.lan, &message);
                // What a relay has said of a client comes back as it was (RFC 3046 §2.2).
                if let Some(client) = client {
                    let agent = plan::agent(spec, client);
                    let verdict = conformance::echoes(agent.as_ref(), &message);
                    self.judge(Invariant::Conformance, verdict.map_err(|it| it.client(client)));
                    if self.relays_of(spec.lan).len() > 1 {
                        self.reach(Goal::DoubledRelay);
                    }
                }
                for place in stations {
                    self.hand_over(from, Station::Relay(relay), &letter(place));
                }
            }
            Destination::Routed(addr) => {
                let users = self.clients.iter();
                let user = users
                    .filter(|client| client.uses().map(IpAddr::V4) == Some(addr.ip()))
                    .map(|client| client.id)
                    .collect::<Vec<_>>();
                for place in user {
                    self.hand_over(from, Station::Client(place), &letter(place));
                }
            }
            Destination::Station { .. } | Destination::Broadcast { .. } => {
                for place in self.stations(0, &message) {
                    self.hand_over(from, Station::Client(place), &letter(place));
                }
            }
        }
    }

    /// The relay with an address.
    fn relay_at(&self, addr: IpAddr) -> Option<(u8, RelaySpec)> {
        let mut relays = (0..).zip(self.schedule.relays.iter().copied());
        relays.find(|(_, relay)| IpAddr::V4(relay.addr) == addr)
    }

    /// The clients of a link with the link-layer address that a message names. (Others would
    /// ignore it, broadcast or not.)
    fn stations(&self, lan: u8, message: &Message) -> Vec<u16> {
        let clients = self.clients.iter();
        clients
            .filter(|client| client.lan == lan && client.who.hw == message.hw)
            .map(|client| client.id)
            .collect()
    }

    fn client_of(&self, message: &Message) -> Option<u16> {
        self.place_of(&who(message))
    }

    /// The client with this identity.
    pub(super) fn place_of(&self, who: &Holder) -> Option<u16> {
        self.places.get(who).copied()
    }

    pub(super) fn on_letter(&mut self, letter: &Letter, from: Station) {
        let to = Station::Client(letter.client);
        let place = usize::from(letter.client);
        let t = self.t;
        // It may have been plugged in elsewhere meanwhile.
        let lan = match from {
            Station::Relay(relay) => {
                self.schedule.relays.get(usize::from(relay)).map_or(1, |relay| relay.lan)
            }
            _ => 0,
        };
        let Some(client) = self.clients.get_mut(place) else {
            return;
        };
        let direct = letter.message.ciaddr.is_unspecified();
        if client.is_off() || (direct && client.lan != lan) {
            self.note(Some(letter.cause), What::Lost(from, to, letter.gist));
            return;
        }
        let mut actions = Vec::new();
        let rebooting = client.is_rebooting();
        client.begin(t);
        client.on_message(t, &letter.message, &mut actions);
        let rebooted = rebooting && (client.uses().is_some() || client.probes().is_some());
        let what = What::Arrived(to, Some(letter.client), letter.gist);
        let cause = self.note(Some(letter.cause), what);
        if rebooted {
            self.reach(Goal::Rebooted);
        }
        if !actions.is_empty() || letter.gist.kind == MessageType::Offer.octet() {
            self.perform(place, actions, Some(cause));
        }
    }
}

/// The delays of the copies of a packet that get through, each with its number.
fn copies(fate: Fate) -> impl Iterator<Item = (u64, Ns)> {
    let copies = (0..).zip(fate.copies);
    copies.filter_map(|(copy, delay)| Some((copy, delay?)))
}

/// Whom a server's message is for.
pub(crate) fn who(message: &Message) -> Holder {
    Holder { hw: message.hw, client_id: message.client_id() }
}

/// What a message says in short.
pub(crate) fn gist_of(message: &Message) -> Gist {
    let addrs = [
        message.yiaddr,
        message.requested_address().unwrap_or(Ipv4Addr::UNSPECIFIED),
        message.ciaddr,
    ];
    let addr = addrs.into_iter().find(|addr| !addr.is_unspecified());
    Gist {
        kind: message.options.u8(code::MESSAGE_TYPE).unwrap_or(0),
        xid: message.xid.0,
        addr: addr.unwrap_or(Ipv4Addr::UNSPECIFIED),
        secs: message.options.u32(code::LEASE_TIME).unwrap_or(0),
    }
}

/// The gist of octets that may be anything.
pub(crate) fn gist_of_octets(octets: &[u8]) -> Gist {
    let nothing = Gist { kind: 0, xid: 0, addr: Ipv4Addr::UNSPECIFIED, secs: 0 };
    let message = View::parse(octets).and_then(|view| view.to_message());
    message.map_or(nothing, |message| gist_of(&message))
}

fn datagram(source: Ipv4Addr, port: u16, dest: Ipv4Addr, message: &Message) -> Datagram {
    Datagram {
        link: plan::LINK,
        source: SocketAddr::from((source, port)),
        dest: IpAddr::V4(dest),
        payload: message.encode(DATAGRAM_MIN).octets,
    }
}
