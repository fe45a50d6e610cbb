//! What clients are made to do, and what strangers send.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use lessor_types::{Datagram, HwAddr, LinkId, Prng, Seed, Xid};
use lessor_wire::v4::code::relay::CIRCUIT_ID;
use lessor_wire::v4::{CLIENT_PORT, DATAGRAM_MIN, Message, MessageType, Op, RelayAgent};

use super::packets::gist_of_octets;
use super::{Mail, World};
use crate::client::message;
use crate::draw::{self, Kind, between};
use crate::history::{Station, What};
use crate::plan;
use crate::schedule::{Hostility, OpKind};

impl World<'_> {
    pub(super) fn on_op(&mut self, place: usize) {
        let Some(op) = self.schedule.ops.get(place).filter(|_| !self.healed) else {
            return;
        };
        let (t, id) = (self.t, op.id);
        let relayed = self.schedule.relays.iter().map(|relay| relay.lan).max();
        let links = 1 + relayed.unwrap_or(0);
        self.note(None, What::Op(id, op.kind.name()));
        match op.kind {
            OpKind::On { client } => {
                self.with_client(client.into(), |it, out| it.switch_on(t, out));
            }
            OpKind::Off { client } => {
                self.with_client(client.into(), |it, _| it.switch_off(t));
            }
            OpKind::Forget { client } => {
                self.with_client(client.into(), |it, out| it.forget(t, out));
            }
            OpKind::Reboot { client } => self.with_client(client.into(), |it, out| {
                it.switch_off(t);
                it.switch_on(t, out);
            }),
            OpKind::Release { client, again } => self.with_client(client.into(), |it, out| {
                it.release(t, again, out);
            }),
            OpKind::Inform { client } => self.with_client(client.into(), |it, out| {
                it.inform(out);
            }),
            OpKind::Move { client } => self.with_client(client.into(), |it, out| {
                it.replug(t, links, out);
            }),
            OpKind::Hostile { server, what } => self.attack(id, server, what),
            OpKind::Order { server, order } => self.on_order(id, usize::from(server), order),
        }
    }

    fn attack(&mut self, id: u32, server: u8, what: Hostility) {
        for payload in hostile(self.seed, id, server, what) {
            let link = match what {
                Hostility::Elsewhere => plan::UNSERVED,
                _ => plan::LINK,
            };
            self.throw(server, link, payload);
        }
    }

    fn throw(&mut self, server: u8, link: LinkId, payload: Vec<u8>) {
        let gist = gist_of_octets(&payload);
        let cause = self.note(None, What::Sent(Station::Stranger, None, gist));
        self.counts.hostile += 1;
        let mail = Mail {
            datagram: Datagram {
                link,
                source: SocketAddr::from((Ipv4Addr::UNSPECIFIED, CLIENT_PORT)),
                dest: IpAddr::V4(Ipv4Addr::BROADCAST),
                payload,
            },
            from: Station::Stranger,
            client: None,
            gist,
            cause,
        };
        self.post(Station::Stranger, server, 1, &mail);
    }
}

/// What strangers send to a server.
pub(crate) fn hostile(seed: Seed, id: u32, server: u8, what: Hostility) -> Vec<Vec<u8>> {
    let mut rng = draw::draw(seed, Kind::Hostile, id, 0, 0);
    let mine = HwAddr::ethernet([6, 6, 6, 0, 0, u8::try_from(rng.below(8)).unwrap_or(0)]);
    let victim = plan::addr(0, plan::POOL_FIRST + u8::try_from(rng.below(12)).unwrap_or(0));
    let us = plan::server(server);
    let xid = Xid(u32::try_from(rng.next_u64() >> 32).unwrap_or(0));
    let lie = |kind: MessageType, hw: HwAddr| {
        let mut lie = Message::new(Op::Request, xid, hw);
        lie.set_message_type(kind);
        lie
    };
    let mut packets = Vec::new();
    match what {
        Hostility::Noise => {
            let len = between(&mut rng, 0, 600);
            let octets = (0..len).map(|_| rng.next_u64().to_be_bytes()[0]);
            packets.push(octets.collect());
        }
        Hostility::Damaged => {
            let mut octets = encode(&lie(MessageType::Request, mine));
            damage(&mut octets, &mut rng);
            packets.push(octets);
        }
        Hostility::Release => {
            let mut release = lie(MessageType::Release, mine);
            release.ciaddr = victim;
            message::choose(&mut release, us);
            packets.push(encode(&release));
        }
        Hostility::Decline => {
            let mut decline = lie(MessageType::Decline, mine);
            message::request(&mut decline, victim);
            message::choose(&mut decline, us);
            packets.push(encode(&decline));
        }
        Hostility::Request => {
            let mut request = lie(MessageType::Request, mine);
            message::request(&mut request, victim);
            if rng.chance_ppm(500_000) {
                message::choose(&mut request, us);
            }
            packets.push(encode(&request));
        }
        Hostility::Flood(count) => {
            for number in 0..count {
                packets.push(encode(&lie(MessageType::Discover, plan::passing(id, number))));
            }
        }
        Hostility::Storm(count) => {
            for number in 0..count {
                let mut discover = lie(MessageType::Discover, plan::passing(id, number));
                discover.giaddr = plan::RELAY;
                if let Ok(agent) = RelayAgent::from_subs(&[(CIRCUIT_ID, plan::STORMY_PORT)]) {
                    discover.set_relay_agent(&agent);
                }
                packets.push(encode(&discover));
            }
        }
        Hostility::Answer => {
            let mut offer = Message::new(Op::Reply, xid, mine);
            offer.set_message_type(MessageType::Offer);
            offer.yiaddr = victim;
            packets.push(encode(&offer));
        }
        Hostility::Nobody => {
            packets.push(encode(&lie(MessageType::Discover, HwAddr::default())));
        }
        Hostility::Elsewhere => packets.push(encode(&lie(MessageType::Discover, mine))),
        Hostility::Inform => {
            let mut inform = lie(MessageType::Inform, mine);
            inform.ciaddr = Ipv4Addr::new(198, 51, 100, 7);
            packets.push(encode(&inform));
        }
    }
    packets
}

fn encode(message: &Message) -> Vec<u8> {
    message.encode(DATAGRAM_MIN).octets
}

/// Cuts octets off, or changes some. The hardware address stays the stranger's.
fn damage(octets: &mut Vec<u8>, rng: &mut Prng) {
    if rng.chance_ppm(500_000) {
        let len = usize::try_from(rng.below(octets.len() as u64)).unwrap_or(0);
        octets.truncate(len);
        return;
    }
    for _ in 0..between(rng, 1, 8) {
        let at = usize::try_from(rng.below(octets.len() as u64)).unwrap_or(0);
        if let Some(octet) = octets.get_mut(at).filter(|_| !(28..34).contains(&at)) {
            *octet = rng.next_u64().to_be_bytes()[0];
        }
    }
}
