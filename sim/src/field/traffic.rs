//! Packets, from clients to the server and back.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use lessor_server::ProbeId;
use lessor_types::{Datagram, Destination, Holder, Transmit};
use lessor_wire::v4::{CLIENT_PORT, DATAGRAM_MIN, Message, MessageType, SERVER_PORT};

use super::{Field, HEARD_MAX};
use crate::check::{Invariant, conformance};
use crate::client::{Action, Client};
use crate::coverage::Goal;
use crate::history::{Gist, Loss, Station, What};
use crate::lan::Cargo;
use crate::plan;
use crate::schedule::{Hostility, OpKind};
use crate::time::Ns;
use crate::world::ops::hostile;
use crate::world::packets::{gist_of, gist_of_octets, who};

/// The head of a parcel, in octets.
const HEAD: usize = 28;
/// The number of no client.
const NOBODY: u16 = u16::MAX;

/// A packet, as an engine carries it.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// How late it sets out.
    pub after: Ns,
    /// Where it goes.
    pub to: Station,
    /// What the engine's own network carries: the packet, behind a head with its addresses.
    pub octets: Vec<u8>,
}

/// The head of a parcel: what IP and UDP would say, and what the history wants to know.
#[derive(Clone, Copy, Debug)]
struct Head {
    cause: u64,
    from: u32,
    client: u16,
    source: (Ipv4Addr, u16),
    dest: Ipv4Addr,
    /// The relay that it goes through, where one does.
    relay: u32,
}

impl Head {
    fn seal(self, payload: &[u8]) -> Vec<u8> {
        let mut octets = Vec::with_capacity(HEAD + payload.len());
        octets.extend(self.cause.to_be_bytes());
        octets.extend(self.from.to_be_bytes());
        octets.extend(self.client.to_be_bytes());
        octets.extend(self.source.0.octets());
        octets.extend(self.source.1.to_be_bytes());
        octets.extend(self.dest.octets());
        octets.extend(self.relay.to_be_bytes());
        octets.extend(payload);
        octets
    }

    fn open(octets: &[u8]) -> Option<(Self, &[u8])> {
        let (head, payload) = octets.split_at_checked(HEAD)?;
        let take = |at: usize| head.get(at).copied().unwrap_or(0);
        let addr = |at| Ipv4Addr::new(take(at), take(at + 1), take(at + 2), take(at + 3));
        let short = |at| u16::from_be_bytes([take(at), take(at + 1)]);
        let head = Self {
            cause: (0..8).fold(0, |sum, at| sum << 8 | u64::from(take(at))),
            from: u32::from(addr(8)),
            client: short(12),
            source: (addr(14), short(18)),
            dest: addr(20),
            relay: u32::from(addr(24)),
        };
        Some((head, payload))
    }

    fn client(&self) -> Option<u16> {
        Some(self.client).filter(|client| *client != NOBODY)
    }
}

/// Where a parcel goes to, whatever it carries: the client that a host with several gives it to.
#[must_use]
pub fn client_of(octets: &[u8]) -> Option<u16> {
    Head::open(octets).and_then(|(head, _)| head.client())
}

impl Field {
    // --- clients ---

    /// How many clients there are.
    #[must_use]
    pub fn clients(&self) -> u16 {
        u16::try_from(self.clients.len()).unwrap_or(u16::MAX)
    }

    /// When a client does something without being asked.
    #[must_use]
    pub fn deadline(&self, client: u16) -> Option<Ns> {
        self.clients.get(usize::from(client)).and_then(Client::deadline)
    }

    /// A client's deadline has come.
    pub fn due(&mut self, t: Ns, client: u16) -> Vec<Parcel> {
        self.at(t);
        let t = self.t;
        let place = usize::from(client);
        if self.deadline(client).is_none_or(|at| at > t) {
            return Vec::new();
        }
        let probed = self.clients.get(place).and_then(Client::probes);
        let conflict = probed.is_some_and(|addr| self.answers(addr, Some(client)));
        self.with_client(client, None, |it, out| it.on_deadline(t, conflict, out))
    }

    /// An operation, by its place in the schedule. What strangers do goes to the server.
    pub fn op(&mut self, t: Ns, place: usize) -> Vec<Parcel> {
        self.at(t);
        let t = self.t;
        let Some(op) = self.schedule.ops.get(place).filter(|_| !self.healed).cloned() else {
            return Vec::new();
        };
        let links = 1 + self.schedule.relays.iter().map(|relay| relay.lan).max().unwrap_or(0);
        self.note(None, What::Op(op.id, op.kind.name()));
        match op.kind {
            OpKind::On { client } => self.with_client(client, None, |it, out| it.switch_on(t, out)),
            OpKind::Off { client } => self.with_client(client, None, |it, _| it.switch_off(t)),
            OpKind::Forget { client } => {
                self.with_client(client, None, |it, out| it.forget(t, out))
            }
            OpKind::Reboot { client } => self.with_client(client, None, |it, out| {
                it.switch_off(t);
                it.switch_on(t, out);
            }),
            OpKind::Release { client, again } => self.with_client(client, None, |it, out| {
                it.release(t, again, out);
            }),
            OpKind::Inform { client } => self.with_client(client, None, |it, out| {
                it.inform(out);
            }),
            OpKind::Move { client } => self.with_client(client, None, |it, out| {
                it.replug(t, links, out);
            }),
            OpKind::Hostile { what, .. } => self.attack(op.id, what),
            // These layers have an operator of their own, who talks to the control server.
            OpKind::Order { .. } => Vec::new(),
        }
    }

    /// All clients fall silent. What they hold, they hold.
    pub fn hush(&mut self, t: Ns) {
        self.at(t);
        let t = self.t;
        self.note(None, What::Phase("silence"));
        for client in &mut self.clients {
            client.begin(t);
            client.switch_off(t);
        }
    }

    fn with_client(
        &mut self,
        client: u16,
        cause: Option<u64>,
        act: impl FnOnce(&mut Client, &mut Vec<Action>),
    ) -> Vec<Parcel> {
        let mut actions = Vec::new();
        if let Some(client) = self.clients.get_mut(usize::from(client)) {
            client.begin(self.t);
            act(client, &mut actions);
        }
        self.perform(client, actions, cause)
    }

    fn perform(&mut self, id: u16, actions: Vec<Action>, cause: Option<u64>) -> Vec<Parcel> {
        let mut parcels = Vec::new();
        for action in actions {
            match action {
                Action::Broadcast(message) => self.send_up(id, None, &message, cause, &mut parcels),
                Action::Unicast(server, message) => {
                    self.send_up(id, Some(server), &message, cause, &mut parcels);
                }
                Action::Bound(addr, until) => {
                    self.note(cause, What::Bound(id, addr, until));
                    let verdict = self.holdings.bound(self.t, id, addr, until);
                    self.judge(Invariant::Uniqueness, verdict);
                }
                Action::Unbound(addr, why) => {
                    self.note(cause, What::Unbound(id, addr, why));
                    self.holdings.unbound(id, addr);
                    if why == Loss::Refused {
                        self.coverage.reach(Goal::Refused);
                    }
                }
            }
        }
        parcels
    }

    /// Whether a station, other than a client that asks, uses an address.
    fn answers(&mut self, addr: Ipv4Addr, asks: Option<u16>) -> bool {
        if let Some(fault) = self.squatted.get(&addr).copied() {
            self.effect(fault);
            return true;
        }
        let mut others = self.clients.iter().filter(|other| Some(other.id) != asks);
        others.any(|other| other.uses() == Some(addr))
    }

    // --- up ---

    fn send_up(
        &mut self,
        id: u16,
        server: Option<Ipv4Addr>,
        message: &Message,
        cause: Option<u64>,
        parcels: &mut Vec<Parcel>,
    ) {
        self.client_packets += 1;
        let gist = gist_of(message);
        let from = Station::Client(id);
        let cause = self.note(cause, What::Sent(from, Some(id), gist));
        let lan = self.clients.get(usize::from(id)).map_or(0, |it| it.lan);
        let dest = server.unwrap_or(Ipv4Addr::BROADCAST);
        let ways: Vec<(Station, u64, u32)> = match server {
            Some(addr) if plan::server_at(addr, 1).is_some() => vec![(Station::Server(0), 1, 0)],
            Some(_) => Vec::new(),
            None if lan == 0 => vec![(Station::Server(0), 1, 0)],
            None => {
                let relays = (0_u8..).zip(&self.schedule.relays);
                let own = relays.filter(|(_, relay)| relay.lan == lan);
                own.map(|(number, _)| (Station::Relay(number), 2, u32::from(number))).collect()
            }
        };
        let payload = message.encode(DATAGRAM_MIN).octets;
        for (to, hops, relay) in ways {
            let source = (message.ciaddr, CLIENT_PORT);
            let head = Head { cause, from: from.number(), client: id, source, dest, relay };
            self.carry((from, to), hops, gist, cause, &head.seal(&payload), parcels);
        }
    }

    /// Puts copies of a packet on their hop, as many as get through.
    fn carry(
        &mut self,
        (from, to): (Station, Station),
        hops: u64,
        gist: Gist,
        cause: u64,
        octets: &[u8],
        parcels: &mut Vec<Parcel>,
    ) {
        let mut effects = Vec::new();
        let cargo = match MessageType::from_octet(gist.kind) {
            MessageType::Release | MessageType::Decline => Cargo::Brief,
            _ => Cargo::Lasting,
        };
        let fate = self.lan.carry(self.t, (from, to), hops, cargo, |place| effects.push(place));
        effects.into_iter().for_each(|place| self.effect(place));
        if fate.copies == [None, None] {
            self.note(Some(cause), What::Lost(from, to, gist));
        }
        let copies = fate.copies.into_iter().flatten();
        parcels.extend(copies.map(|after| Parcel { after, to, octets: octets.to_vec() }));
    }

    /// The relay hears something, from either side.
    pub fn relay_hears(&mut self, t: Ns, octets: &[u8]) -> Vec<Parcel> {
        self.at(t);
        let mut parcels = Vec::new();
        let Some((head, payload)) = Head::open(octets) else {
            return parcels;
        };
        let (Some(client), Ok(mut message)) = (head.client(), Message::decode(payload)) else {
            return parcels;
        };
        let gist = gist_of(&message);
        let number = u8::try_from(head.relay).unwrap_or(u8::MAX);
        let Some(spec) = self.schedule.relays.get(usize::from(number)).copied() else {
            return parcels;
        };
        let station = Station::Relay(number);
        let heard = What::Arrived(station, Some(client), gist);
        let cause = self.note(Some(head.cause), heard);
        if head.from == Station::Server(0).number() {
            let (from, to) = (station, Station::Client(client));
            let head = Head { cause, from: from.number(), ..head };
            self.carry((from, to), 2, gist, cause, &head.seal(payload), &mut parcels);
            return parcels;
        }
        message.giaddr = spec.addr;
        message.hops = message.hops.saturating_add(1);
        if let Some(agent) = plan::agent(spec, client) {
            message.set_relay_agent(&agent);
        }
        let head = Head {
            cause,
            from: station.number(),
            client,
            source: (spec.addr, SERVER_PORT),
            dest: plan::server(0),
            relay: head.relay,
        };
        let octets = head.seal(&message.encode(DATAGRAM_MIN).octets);
        self.carry((station, Station::Server(0)), 2, gist, cause, &octets, &mut parcels);
        parcels
    }

    /// The server takes a packet from its socket.
    pub fn server_hears(&mut self, t: Ns, octets: &[u8]) -> Option<Datagram> {
        self.at(t);
        let (head, payload) = Head::open(octets)?;
        let gist = gist_of_octets(payload);
        let what = What::Arrived(Station::Server(0), head.client(), gist);
        let cause = self.note(Some(head.cause), what);
        self.cause = Some(cause);
        self.packets += 1;
        if self.heard.len() >= HEARD_MAX {
            self.heard.clear();
        }
        self.heard.entry(gist.xid).or_insert(self.t);
        if gist.kind != MessageType::Discover.octet()
            && let Some(who) = head.client().and_then(|id| self.holders.get(usize::from(id)))
        {
            self.offers.asked(self.t, 0, who);
        }
        Some(Datagram {
            link: plan::LINK,
            source: SocketAddr::from(head.source),
            dest: IpAddr::V4(head.dest),
            payload: payload.to_vec(),
        })
    }

    // --- down ---

    /// The server sends a packet, which is judged here.
    pub fn server_sends(&mut self, t: Ns, transmit: &Transmit) -> Vec<Parcel> {
        self.at(t);
        let mut parcels = Vec::new();
        let Ok(message) = Message::decode(&transmit.payload) else {
            return parcels;
        };
        let from = Station::Server(0);
        let who = who(&message);
        let client = self.place_of(&who);
        let gist = gist_of(&message);
        let cause = self.note(self.cause, What::Sent(from, client, gist));
        self.judge_answer(client, &message, gist);
        let is_on = |lan: u8| move |client: &&Client| client.lan == lan && client.who.hw == who.hw;
        let ids = |clients: Vec<&Client>| -> Vec<u16> { clients.iter().map(|it| it.id).collect() };
        let all = self.clients.iter();
        let relays = (0_u8..).zip(self.schedule.relays.iter().copied());
        let relay_at = |addr: IpAddr| relays.clone().find(|(_, it)| IpAddr::V4(it.addr) == addr);
        let (relay, stations) = match transmit.to {
            Destination::Routed(addr) => match relay_at(addr.ip()) {
                Some((number, spec)) => {
                    (Some((number, spec)), ids(all.filter(is_on(spec.lan)).collect()))
                }
                None => {
                    let uses = |it: &&Client| it.uses().map(IpAddr::V4) == Some(addr.ip());
                    (None, ids(all.filter(uses).collect()))
                }
            },
            _ => (None, ids(all.filter(is_on(0)).collect())),
        };
        if let Some((spec, client)) = relay.map(|(_, spec)| spec).zip(client) {
            // What a relay has said of a client comes back as it was (RFC 3046 §2.2).
            let agent = plan::agent(spec, client);
            let verdict = conformance::echoes(agent.as_ref(), &message);
            self.judge(Invariant::Conformance, verdict.map_err(|it| it.client(client)));
        }
        for client in stations {
            let (to, hops, number) = match relay {
                Some((number, _)) => (Station::Relay(number), 2, u32::from(number)),
                None => (Station::Client(client), 1, 0),
            };
            let head = Head {
                cause,
                from: from.number(),
                client,
                source: (plan::server(0), SERVER_PORT),
                dest: Ipv4Addr::BROADCAST,
                relay: number,
            };
            let octets = head.seal(&transmit.payload);
            self.carry((from, to), hops, gist, cause, &octets, &mut parcels);
        }
        parcels
    }

    /// A client hears something.
    pub fn client_hears(&mut self, t: Ns, octets: &[u8]) -> Vec<Parcel> {
        self.at(t);
        let Some((head, payload)) = Head::open(octets) else {
            return Vec::new();
        };
        let (Some(id), Ok(message)) = (head.client(), Message::decode(payload)) else {
            return Vec::new();
        };
        let gist = gist_of(&message);
        let relay = u8::try_from(head.relay).unwrap_or(u8::MAX);
        let relayed = head.from == Station::Relay(relay).number();
        let from = if relayed { Station::Relay(relay) } else { Station::Server(0) };
        let spec = self.schedule.relays.get(usize::from(relay)).filter(|_| relayed);
        let lan = spec.map_or(0, |spec| spec.lan);
        let to = Station::Client(id);
        let Some(client) = self.clients.get(usize::from(id)) else {
            return Vec::new();
        };
        // It may have been plugged in elsewhere meanwhile.
        let direct = message.ciaddr.is_unspecified();
        if client.is_off() || (direct && client.lan != lan) {
            self.note(Some(head.cause), What::Lost(from, to, gist));
            return Vec::new();
        }
        let cause = self.note(Some(head.cause), What::Arrived(to, Some(id), gist));
        let t = self.t;
        self.with_client(id, Some(cause), |it, out| it.on_message(t, &message, out))
    }

    // --- probes ---

    /// The server asks whether somebody uses an address; how late the answer is, if there is one.
    pub fn probed(&mut self, t: Ns, probe: ProbeId, addr: Ipv4Addr) -> Option<Ns> {
        self.at(t);
        self.probed.asked(self.t, 0, addr, probe);
        if !self.answers(addr, None) {
            return None;
        }
        let host = self.clients.iter().find(|client| client.uses() == Some(addr));
        let host = host.map_or(Station::Stranger, |client| Station::Client(client.id));
        let server = Station::Server(0);
        let brief = Cargo::Brief;
        let there = self.lan.carry(self.t, (server, host), 1, brief, |_| {}).copies;
        let back = self.lan.carry(self.t, (host, server), 1, brief, |_| {}).copies;
        let least = |copies: [Option<Ns>; 2]| copies.into_iter().flatten().min();
        Some(least(there)? + least(back)?)
    }

    /// The server's loop takes the answer to a probe.
    pub fn probe_answered(&mut self, t: Ns, probe: ProbeId, addr: Ipv4Addr) {
        self.at(t);
        self.coverage.reach(Goal::EchoAnswered);
        self.probed.answered(0, addr, probe);
    }

    // --- strangers ---

    fn attack(&mut self, id: u32, what: Hostility) -> Vec<Parcel> {
        let mut parcels = Vec::new();
        for payload in hostile(self.seed, id, 0, what) {
            let gist = gist_of_octets(&payload);
            let cause = self.note(None, What::Sent(Station::Stranger, None, gist));
            let head = Head {
                cause,
                from: Station::Stranger.number(),
                client: NOBODY,
                source: (Ipv4Addr::UNSPECIFIED, CLIENT_PORT),
                dest: Ipv4Addr::BROADCAST,
                relay: 0,
            };
            let way = (Station::Stranger, Station::Server(0));
            self.carry(way, 1, gist, cause, &head.seal(&payload), &mut parcels);
        }
        parcels
    }

    /// The client with this identity.
    pub(super) fn place_of(&self, who: &Holder) -> Option<u16> {
        let place = self.holders.iter().position(|holder| holder == who)?;
        u16::try_from(place).ok()
    }
}
