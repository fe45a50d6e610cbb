//! From an entry of the history to a sentence.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use lessor_lease::{Lease, State};
use lessor_server::{Event, Outcome};
use lessor_types::Holder;
use lessor_wire::v4::MessageType;

use super::{Followed, Role, Sentence, trouble, words};
use crate::client::message;
use crate::history::{Deed, Gist, Record, Station};
use crate::schedule::{Fault, FaultKind, Schedule, Topology};
use crate::time::{Ns, SEC};

/// Whether an entry is about what is followed, or about an exchange that is.
pub(super) fn concerns(
    record: &Record,
    followed: Followed,
    exchanges: &BTreeSet<(u16, u32)>,
) -> bool {
    let in_exchange =
        |gist: &Gist| record.client.is_some_and(|client| exchanges.contains(&(client, gist.xid)));
    followed.is_about(record)
        || match &record.deed {
            Deed::Sent(_, gist) | Deed::Arrived(_, gist) | Deed::Lost(_, _, gist) => {
                in_exchange(gist)
            }
            Deed::Event(_, event) => match &**event {
                Event::Ended { client: Some((_, xid)), .. } => {
                    record.client.is_some_and(|client| exchanges.contains(&(client, xid.0)))
                }
                _ => false,
            },
            _ => false,
        }
}

/// What was told so far, as far as the next sentence depends on it.
pub(super) struct Teller<'a> {
    schedule: &'a Schedule,
    followed: Followed,
    holders: Vec<Holder>,
    /// The address of each client, as it sees it.
    has: BTreeMap<u16, Ipv4Addr>,
    /// How often each message was sent: client, transaction, kind.
    sent: BTreeMap<(u16, u32, u8), u32>,
    /// How often each station heard what an entry sent.
    heard: BTreeMap<(Station, Option<u64>), u32>,
    /// The message that was told of last: kind and transaction.
    spoken: Option<(u8, u32)>,
    active: Vec<&'a Fault>,
    /// When each server's store took the batch that it works on.
    batch: BTreeMap<u8, Ns>,
    /// Who holds the followed address by what was stored last.
    stored: BTreeMap<Ipv4Addr, Holder>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(schedule: &'a Schedule, followed: Followed) -> Self {
        Self {
            schedule,
            followed,
            holders: schedule.clients.iter().map(message::holder).collect(),
            has: BTreeMap::new(),
            sent: BTreeMap::new(),
            heard: BTreeMap::new(),
            spoken: None,
            active: Vec::new(),
            batch: BTreeMap::new(),
            stored: BTreeMap::new(),
        }
    }

    /// A sentence about an entry, if it belongs to the story.
    pub(super) fn tell(
        &mut self,
        record: &Record,
        exchanges: &BTreeSet<(u16, u32)>,
        span: Option<(Ns, Ns)>,
    ) -> Option<Sentence> {
        let mine = concerns(record, self.followed, exchanges);
        let (first, last) = span?;
        let then = record.at >= first && record.at <= last;
        let (role, text) = match &record.deed {
            Deed::Sent(from, gist) => {
                let told = self.sent(*from, gist, record).filter(|_| mine)?;
                self.spoken = Some((gist.kind, gist.xid));
                told
            }
            Deed::Arrived(to, gist) => self.arrived(*to, gist, record).filter(|_| mine)?,
            Deed::Lost(from, to, gist) if mine => (Role::Other, self.lost(*from, *to, gist)),
            Deed::Bound(until) => self.bound(record, *until).filter(|_| mine)?,
            Deed::Unbound(why) => {
                let client = record.client?;
                self.has.remove(&client);
                let addr = self.addr(record);
                let text = format!("client {client} no longer had {addr}: {}", words::loss(*why));
                (Role::Other, Some(text).filter(|_| mine)?)
            }
            Deed::Row(server, row) => self.row(*server, row.as_deref(), record).filter(|_| mine)?,
            Deed::Event(server, event) => {
                (Role::Other, self.event(*server, event, mine, then && record.general)?)
            }
            Deed::Store(server, what, _) => {
                match *what {
                    "takes a batch of" => {
                        self.batch.entry(*server).or_insert(record.at);
                        return None;
                    }
                    "appended" | "synced" | "takes" => return None,
                    _ => {}
                }
                let text = format!("the store of server {server} {what}");
                (Role::Other, Some(text).filter(|_| then && !what.ends_with(" of"))?)
            }
            Deed::Server(server, up) => (Role::Other, self.server(*server, *up).filter(|_| then)?),
            Deed::Fault(id, kind, on) => (Role::Other, self.fault(*id, kind, *on, then)?),
            Deed::Op(id, name) => (Role::Other, self.op(*id, name).filter(|_| then)?),
            Deed::Phase("liveness") if then => {
                let text = "all faults were over, and everybody had to be served from then on";
                (Role::Other, text.to_owned())
            }
            _ => return None,
        };
        Some(Sentence { at: record.at, role, text })
    }

    /// The address in words: the one that is followed is known.
    fn addr(&self, record: &Record) -> String {
        self.named(record.addr)
    }

    fn named(&self, addr: Option<Ipv4Addr>) -> String {
        match addr {
            Some(addr) if self.followed == Followed::Addr(addr) => "the address".to_owned(),
            Some(addr) => addr.to_string(),
            None => "an address".to_owned(),
        }
    }

    fn sent(&mut self, from: Station, gist: &Gist, record: &Record) -> Option<(Role, String)> {
        let addr = self.addr(record);
        let kind = words::kind(gist);
        let Station::Client(client) = from else {
            let whom = record.client.map_or_else(|| "somebody".into(), |it| format!("client {it}"));
            let from = words::station(from);
            return Some(match MessageType::from_octet(gist.kind) {
                MessageType::Offer => {
                    (Role::Other, format!("{from} offered {addr} to {whom} ({kind})"))
                }
                MessageType::Ack if gist.secs > 0 => {
                    let life = words::length(u64::from(gist.secs) * SEC);
                    let text =
                        format!("{from} told {whom} that it may keep {addr} for {life} ({kind})");
                    (Role::Grants, text)
                }
                MessageType::Ack => (Role::Other, format!("{from} gave {whom} options ({kind})")),
                MessageType::Nak => (Role::Other, format!("{from} refused {whom} ({kind})")),
                _ => (Role::Other, format!("{from} sent {kind} about {addr}")),
            });
        };
        let times = self.sent.entry((client, gist.xid, gist.kind)).or_default();
        *times += 1;
        let again = if *times > 1 { " again" } else { "" };
        let keeps = record.addr.is_some() && self.has.get(&client).copied() == record.addr;
        Some(match MessageType::from_octet(gist.kind) {
            MessageType::Discover if record.addr.is_some() => (
                Role::Other,
                format!(
                    "client {client} looked for a server{again}, and would like {addr} ({kind})"
                ),
            ),
            MessageType::Discover => {
                (Role::Other, format!("client {client} looked for a server{again} ({kind})"))
            }
            MessageType::Request if keeps => (
                Role::AsksToKeep(client),
                format!("client {client} asked{again} to keep {addr} ({kind})"),
            ),
            MessageType::Request => {
                (Role::Other, format!("client {client} asked for {addr}{again} ({kind})"))
            }
            MessageType::Release => {
                (Role::Other, format!("client {client} gave {addr} back ({kind})"))
            }
            MessageType::Decline => (
                Role::Other,
                format!("client {client} said that somebody else uses {addr} ({kind})"),
            ),
            MessageType::Inform => {
                (Role::Other, format!("client {client} asked for options{again} ({kind})"))
            }
            _ => (Role::Other, format!("client {client} sent {kind}")),
        })
    }

    fn arrived(&mut self, to: Station, gist: &Gist, record: &Record) -> Option<(Role, String)> {
        // What the relay passes on is heard elsewhere, or lost.
        if matches!(to, Station::Relay(_)) {
            return None;
        }
        let times = self.heard.entry((to, record.cause)).or_default();
        *times += 1;
        let again = if *times > 1 { " once more" } else { "" };
        let what = match self.spoken {
            Some((kind, xid)) if (kind, xid) == (gist.kind, gist.xid) => "it".to_owned(),
            _ => format!("the {}", words::kind(gist)),
        };
        Some((Role::Hears, format!("{} heard {what}{again}", words::station(to))))
    }

    fn lost(&self, from: Station, to: Station, gist: &Gist) -> String {
        let why = trouble::why_lost(from, to, &self.active);
        format!(
            "the {} was lost on its way from {} to {}{why}",
            words::kind(gist),
            words::station(from),
            words::station(to)
        )
    }

    fn bound(&mut self, record: &Record, until: Ns) -> Option<(Role, String)> {
        let (client, addr) = (record.client?, record.addr?);
        let had = self.has.insert(client, addr) == Some(addr);
        let others: Vec<String> = self
            .has
            .iter()
            .filter(|(other, theirs)| **other != client && **theirs == addr)
            .map(|(other, _)| format!("client {other}"))
            .collect();
        let until_text = words::moment(until);
        if others.is_empty() && had {
            return Some((Role::Keeps(client, until), format!("it keeps it until {until_text}")));
        }
        let mut text = format!("it has {} until {until_text}", self.named(Some(addr)));
        if others.is_empty() {
            return Some((Role::Keeps(client, until), text));
        }
        text = format!(
            "client {client} has {} until {until_text}, WHILE {} HAS IT TOO",
            self.named(Some(addr)),
            others.join(" and ").to_uppercase()
        );
        Some((Role::Other, text))
    }

    fn row(&mut self, server: u8, row: Option<&Lease>, record: &Record) -> Option<(Role, String)> {
        let took = self.batch.remove(&server).map(|begun| record.at - begun);
        let addr = self.addr(record);
        let place = match self.schedule.topology {
            Topology::Shared => "the shared store",
            _ => "its disk",
        };
        let took =
            took.map(|took| format!(" (synced {} after it was handed over)", words::length(took)));
        let took = took.unwrap_or_default();
        let wrote = |what: String| format!("server {server} had written {what} to {place}{took}");
        let Some(row) = row else {
            if let Some(addr) = record.addr {
                self.stored.remove(&addr);
            }
            return Some((
                Role::Other,
                format!("server {server} had removed the row of {addr} from {place}"),
            ));
        };
        let before = record.addr.and_then(|addr| self.stored.insert(addr, row.holder.clone()));
        let whose = self.whose(&row.holder);
        let life = words::length(u64::from(row.valid.0) * SEC);
        let lease = format!("the lease: {whose} for {life},");
        Some(match row.state {
            State::Assigned if before.as_ref() == Some(&row.holder) => (Role::Kept, wrote(lease)),
            State::Assigned => (Role::Other, wrote(lease)),
            State::Declined => (Role::Other, wrote(format!("{addr} as on probation for {life}"))),
            State::Reclaimed => (Role::Other, wrote(format!("{addr} as lapsed (it was {whose})"))),
            State::Released => {
                (Role::Other, wrote(format!("{addr} as given back (it was {whose})")))
            }
            State::Registered => (Role::Other, wrote(format!("{addr} as registered"))),
        })
    }

    fn whose(&self, holder: &Holder) -> String {
        match self.holders.iter().position(|it| it == holder) {
            Some(client) => format!("client {client}'s"),
            None if holder.is_nobody() => "nobody's".to_owned(),
            None => "a stranger's".to_owned(),
        }
    }

    fn event(&self, server: u8, event: &Event, mine: bool, general: bool) -> Option<String> {
        match event {
            Event::Ended { outcome: Outcome::Dropped(reason), .. } if mine => {
                Some(format!("server {server} did not answer: {reason}"))
            }
            // What an answer says is said by the answer.
            Event::Ended { .. } => None,
            _ if mine || general => Some(format!("server {server} noted: {event}")),
            _ => None,
        }
    }

    fn server(&mut self, server: u8, up: bool) -> Option<String> {
        if up {
            return Some(format!("server {server} started"));
        }
        self.batch.remove(&server);
        let power = self.active.iter().any(|fault| match fault.kind {
            FaultKind::Crash { server: struck, power }
            | FaultKind::CrashAtDisk { server: struck, power, .. } => struck == server && power,
            FaultKind::ClockLost { server: struck } => struck == server,
            _ => false,
        });
        Some(if power {
            format!("power failed at server {server}")
        } else {
            format!("the process of server {server} was killed")
        })
    }

    fn fault(&mut self, id: u32, kind: &FaultKind, on: bool, then: bool) -> Option<String> {
        let told = then && trouble::touches(kind, self.followed);
        if !on {
            self.active.retain(|fault| fault.id != id);
            return trouble::ends(kind).filter(|_| told);
        }
        let fault = self.schedule.faults.iter().find(|fault| fault.id == id)?;
        self.active.push(fault);
        trouble::begins(kind, fault.for_ms).filter(|_| told)
    }

    /// What clients are made to do is told of those that are followed, or have the address.
    fn op(&self, id: u32, name: &str) -> Option<String> {
        let op = self.schedule.ops.iter().find(|op| op.id == id)?;
        let client = op.kind.client()?;
        let told = match self.followed {
            Followed::Client(followed) => followed == client,
            Followed::Addr(addr) => self.has.get(&client) == Some(&addr),
        };
        told.then(|| match name {
            "on" => format!("client {client} was switched on"),
            "off" => format!("client {client} was switched off"),
            "forget" => format!("client {client} was switched off and forgot everything"),
            "reboot" => format!("client {client} was switched off and on"),
            "release" => format!("client {client} was told to give its address back"),
            "inform" => format!("client {client} was told to ask for options"),
            "move" => format!("client {client} was plugged in elsewhere"),
            other => format!("client {client} was made to do this: {other}"),
        })
    }
}
