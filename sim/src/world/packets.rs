//! Packets: from client to server and back, over links and relay.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;

use lessor_types::{Datagram, Destination, Holder, Transmit};
use lessor_wire::v4::code::relay::CIRCUIT_ID;
use lessor_wire::v4::{
    CLIENT_PORT, DATAGRAM_MIN, Message, MessageType, RelayAgent, SERVER_PORT, View, code,
};

use super::{Event, Letter, Mail, World};
use crate::check::Invariant;
use crate::client::Action;
use crate::coverage::Goal;
use crate::history::{Gist, Loss, Station, What};
use crate::plan;
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
        self.hand_over(from, Station::Relay(0), &letter);
    }

    /// Puts a packet on its hop to a server.
    pub(super) fn post(&mut self, from: Station, server: u8, hops: u64, mail: &Mail) {
        let to = Station::Server(server);
        let (copies, number) = self.carry(from, to, hops, mail.gist, mail.cause);
        for (copy, delay) in copies {
            let name = (6, from.number() << 12 | to.number(), number * 2 + copy);
            let event = Event::ToServer(server, Box::new(mail.clone()));
            self.push(self.t + delay, name, event);
        }
    }

    /// Puts a packet on a hop to or from the relay, or to a client.
    fn hand_over(&mut self, from: Station, to: Station, letter: &Letter) {
        let relayed = matches!(from, Station::Relay(_)) || matches!(to, Station::Relay(_));
        let hops = if relayed { 2 } else { 1 };
        let (copies, number) = self.carry(from, to, hops, letter.gist, letter.cause);
        for (copy, delay) in copies {
            let name = (7, from.number() << 12 | to.number(), number * 2 + copy);
            let event = match to {
                Station::Relay(_) => {
                    Event::ToRelay(letter.clone(), matches!(from, Station::Client(_)))
                }
                _ => Event::ToClient(letter.clone(), from),
            };
            self.push(self.t + delay, name, event);
        }
    }

    /// The delays of the copies that get through, each with its number, and the packet's number.
    fn carry(
        &mut self,
        from: Station,
        to: Station,
        hops: u64,
        gist: Gist,
        cause: u64,
    ) -> (Vec<(u64, Ns)>, u64) {
        let mut effects = Vec::new();
        let fate = self.lan.carry(self.t, (from, to), hops, |place| effects.push(place));
        effects.into_iter().for_each(|place| self.effect(place));
        if fate.copies == [None, None] {
            self.note(Some(cause), What::Lost(from, to, gist));
        }
        let copies = (0..).zip(fate.copies);
        let copies = copies.filter_map(|(copy, delay)| Some((copy, delay?)));
        (copies.collect(), fate.number)
    }

    pub(super) fn on_relay(&mut self, letter: &Letter, up: bool) {
        let what = What::Arrived(Station::Relay(0), Some(letter.client), letter.gist);
        let cause = self.note(Some(letter.cause), what);
        if !up {
            let to = Station::Client(letter.client);
            let mut letter = letter.clone();
            letter.cause = cause;
            return self.hand_over(Station::Relay(0), to, &letter);
        }
        let mut message = Message::clone(&letter.message);
        message.giaddr = plan::RELAY;
        message.hops += 1;
        let port = letter.client.to_be_bytes();
        if let Ok(agent) = RelayAgent::from_subs(&[(CIRCUIT_ID, &port)]) {
            message.set_relay_agent(&agent);
        }
        for server in (0..).take(self.nodes.len()) {
            let mail = Mail {
                datagram: datagram(plan::RELAY, SERVER_PORT, plan::server(server), &message),
                from: Station::Relay(0),
                client: Some(letter.client),
                gist: letter.gist,
                cause,
            };
            self.post(Station::Relay(0), server, 2, &mail);
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
        if mail.gist.kind != MessageType::Discover.octet()
            && let Some(who) = mail.client.and_then(|id| self.holders.get(usize::from(id)))
            && let Station::Server(server) = to
        {
            self.offers.asked(t, server, who);
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
            Destination::Routed(addr) if addr.ip() == IpAddr::V4(plan::RELAY) => {
                for place in self.stations(1, &message) {
                    self.hand_over(from, Station::Relay(0), &letter(place));
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
        let place = self.holders.iter().position(|holder| holder == who)?;
        u16::try_from(place).ok()
    }

    pub(super) fn on_letter(&mut self, letter: &Letter, from: Station) {
        let to = Station::Client(letter.client);
        let place = usize::from(letter.client);
        let t = self.t;
        // It may have been plugged in elsewhere meanwhile.
        let lan = u8::from(matches!(from, Station::Relay(_)));
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

/// Whom a server's message is for.
pub(super) fn who(message: &Message) -> Holder {
    Holder { hw: message.hw, client_id: message.client_id() }
}

fn gist_of(message: &Message) -> Gist {
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
pub(super) fn gist_of_octets(octets: &[u8]) -> Gist {
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
