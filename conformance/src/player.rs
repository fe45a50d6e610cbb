//! Plays a scenario with a subject.

use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;
use std::time::Duration;

use lessor_wire::v4::{MessageType, Op, View, code};

use crate::expectation::{Context, Expected, describe};
use crate::field::{Key, Names};
use crate::packet::{self, Line, What};
use crate::script::{Deed, Scenario, Step};
use crate::subject::{Packet, Reply, Subject};

/// What came of a scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// All was as it must be.
    Passes,
    /// It was not; where and what.
    Fails(String),
    /// The subject cannot do what the scenario needs.
    Skipped(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passes => f.write_str("passes"),
            Self::Fails(what) => write!(f, "fails: {what}"),
            Self::Skipped(why) => write!(f, "skipped: {why}"),
        }
    }
}

/// Plays a scenario from its beginning to its end, or to the first thing that is wrong.
pub fn play(scenario: &Scenario, subject: &mut impl Subject) -> Verdict {
    let missing: Vec<String> = scenario
        .needs
        .iter()
        .filter(|need| !subject.can(**need))
        .map(|need| format!("needs {need}"))
        .collect();
    if !missing.is_empty() {
        return Verdict::Skipped(missing.join(", "));
    }
    let played = subject.start(&scenario.config).map_err(|why| format!("does not start: {why}"));
    let played = played.and_then(|()| Player::new(subject).steps(&scenario.steps));
    match played {
        Ok(()) => Verdict::Passes,
        Err(what) => Verdict::Fails(what),
    }
}

struct Player<'s, S> {
    subject: &'s mut S,
    now: Duration,
    clients: BTreeMap<char, Client>,
    names: Names,
    xid: u32,
    /// Who was told to hold which address, and until when.
    held: BTreeMap<Ipv4Addr, (Vec<u8>, Duration)>,
}

struct Client {
    xid: u32,
    last: Packet,
    offer: Option<Reply>,
}

impl<'s, S: Subject> Player<'s, S> {
    fn new(subject: &'s mut S) -> Self {
        Self {
            subject,
            now: Duration::ZERO,
            clients: BTreeMap::new(),
            names: Names::default(),
            xid: 0x1000,
            held: BTreeMap::new(),
        }
    }

    fn steps(&mut self, steps: &[Step]) -> Result<(), String> {
        for step in steps {
            let at = |what: String| format!("line {}: {what}", step.line);
            self.subject.wait_until(step.at).map_err(at)?;
            self.now = step.at;
            match &step.deed {
                Deed::Send(line) => self.send(line).map_err(at)?,
                Deed::Gets(line, range) => self.gets(line, range).map_err(at)?,
                Deed::Act(act) => self.subject.act(act).map_err(at)?,
                Deed::Corpus(octets) => self.corpus(octets).map_err(at)?,
            }
            if let Some(expected) = &step.expected {
                let expected: Vec<_> = expected.iter().map(|(line, it)| (*line, it)).collect();
                self.expect(step.line, &expected)?;
            }
        }
        Ok(())
    }

    fn send(&mut self, line: &Line) -> Result<(), String> {
        if line.what == What::Again {
            let client = self.clients.get(&line.client).ok_or("nothing was sent before")?;
            return self.subject.send(&client.last);
        }
        let goes_on = matches!(line.what, What::Message(Some(3)))
            && line.fields.iter().any(|field| field.is("sid"));
        let known = self.clients.get(&line.client).map(|client| client.xid);
        let xid = known.filter(|_| goes_on).unwrap_or_else(|| {
            self.xid += 1;
            self.xid
        });
        let packet = packet::build(line, xid, &self.names)?;
        let xid = View::parse(&packet.octets).map_or(xid, |view| view.xid().0);
        self.gives_up(&packet);
        self.subject.send(&packet)?;
        match self.clients.get_mut(&line.client) {
            Some(client) => {
                client.xid = xid;
                client.last = packet;
            }
            None => {
                self.clients.insert(line.client, Client { xid, last: packet, offer: None });
            }
        }
        Ok(())
    }

    /// The four messages.
    fn gets(&mut self, line: &Line, range: &str) -> Result<(), String> {
        let client = line.client.to_string();
        let got = format!("yiaddr={range}");
        self.send(line)?;
        let offer = Expected::parse(&client, &["OFFER", &got])?;
        self.expect(0, &[(0, &offer)])?;
        let offer = self.clients.get(&line.client).and_then(|client| client.offer.as_ref());
        let view = offer.and_then(|offer| View::parse(&offer.octets).ok()).ok_or("no offer")?;
        let server = view.option(code::SERVER_ID).ok_or("an offer without server identifier")?;
        let server: Vec<String> = server.iter().map(|octet| format!("{octet:02x}")).collect();
        let server = format!("sid=0x{}", server.concat());
        let addr = format!("req=${client}");
        let mut request = Line::parse(&client, "REQUEST", &[&server, &addr])?;
        let others = line.fields.iter().filter(|field| !field.is("req")).cloned();
        request.fields.extend(others);
        self.send(&request)?;
        let ack = Expected::parse(&client, &["ACK", &format!("yiaddr=${client}")])?;
        self.expect(0, &[(0, &ack)])
    }

    fn corpus(&mut self, all: &[Vec<u8>]) -> Result<(), String> {
        let line = Line::parse("z", "DISCOVER", &[])?;
        let mut packet = packet::build(&line, 0, &self.names)?;
        for octets in all {
            packet.octets.clone_from(octets);
            self.subject.send(&packet)?;
        }
        self.subject.replies(0).map(drop)
    }

    fn expect(&mut self, line: usize, expected: &[(usize, &Expected)]) -> Result<(), String> {
        let place = |number: usize| match number {
            0 => String::new(),
            number => format!("line {number}: "),
        };
        let count = expected.iter().filter(|(_, it)| !it.may_lack).count();
        let mut replies = self.subject.replies(count).map_err(|it| place(line) + &it)?;
        for (number, expected) in expected {
            let client = self.clients.get(&expected.client);
            let client = client.ok_or_else(|| place(*number) + "the client sent nothing")?;
            let found = replies.iter().position(|reply| belongs(reply, client));
            if found.is_none() && expected.may_lack {
                continue;
            }
            let reply = found.map(|found| replies.remove(found)).ok_or_else(|| {
                let (who, what) = (expected.client, expected.kind_name());
                let others: Vec<String> = replies.iter().map(describe).collect();
                let instead = if others.is_empty() { "silence".into() } else { others.join("; ") };
                format!("{}{who} gets {instead} instead of {what}", place(*number))
            })?;
            let offer = client.offer.as_ref();
            let context = Context { query: &client.last, offer, names: &self.names };
            let wrong = expected.judge(&reply, &context);
            if !wrong.is_empty() {
                return Err(format!("{}{}", place(*number), wrong.join("; ")));
            }
            self.take(expected.client, reply).map_err(|what| place(*number) + &what)?;
        }
        match replies.as_slice() {
            [] => Ok(()),
            others => {
                let others: Vec<String> = others.iter().map(describe).collect();
                Err(format!("{}nobody expected {}", place(line), others.join("; ")))
            }
        }
    }

    /// Remembers what a reply told its client.
    fn take(&mut self, name: char, reply: Reply) -> Result<(), String> {
        let Ok(view) = View::parse(&reply.octets) else {
            return Ok(());
        };
        let (kind, addr) = (view.message_type(), view.yiaddr());
        let mut held = Ok(());
        if !addr.is_unspecified() {
            self.names.addrs.insert(name, addr);
        }
        if kind == Some(MessageType::Ack) && !addr.is_unspecified() {
            let lease = view.option(code::LEASE_TIME).and_then(|it| (*it).try_into().ok());
            let lease = lease.map_or(u32::MAX, u32::from_be_bytes);
            let until = self.now + Duration::from_secs(lease.into());
            let who = identity(&view);
            match self.held.insert(addr, (who.clone(), until)) {
                Some((other, end)) if other != who && end > self.now => {
                    held = Err(format!("{addr} belongs to another client"));
                }
                _ => {}
            }
        }
        let Some(client) = self.clients.get_mut(&name) else {
            return held;
        };
        match kind {
            // RFC 2131 §3.1: who gets a NAK begins anew.
            Some(MessageType::Nak) => {
                let query = View::parse(&client.last.octets);
                let who = query.map(|query| identity(&query)).unwrap_or_default();
                self.held.retain(|_, (holder, _)| *holder != who);
            }
            Some(MessageType::Offer) => client.offer = Some(reply),
            _ => {}
        }
        held
    }

    /// Whoever declines or releases an address does not hold it any more.
    fn gives_up(&mut self, packet: &Packet) {
        let Ok(view) = View::parse(&packet.octets) else {
            return;
        };
        let addr = match view.message_type() {
            Some(MessageType::Release) => Some(view.ciaddr()),
            Some(MessageType::Decline) => view
                .option(code::REQUESTED_ADDRESS)
                .and_then(|it| <[u8; 4]>::try_from(&*it).ok())
                .map(Ipv4Addr::from),
            _ => None,
        };
        if let Some(addr) = addr
            && self.held.get(&addr).is_some_and(|(who, _)| *who == identity(&view))
        {
            self.held.remove(&addr);
        }
    }
}

/// What a client is known by (RFC 2131 §4.2): its identifier, or else its hardware address.
fn identity(view: &View<'_>) -> Vec<u8> {
    match view.option(code::CLIENT_ID) {
        Some(id) => [&[0xff], &*id].concat(),
        None => [&[view.htype()], view.chaddr()].concat(),
    }
}

fn belongs(reply: &Reply, client: &Client) -> bool {
    let (reply, query) = (View::parse(&reply.octets), View::parse(&client.last.octets));
    match (reply, query) {
        (Ok(reply), Ok(query)) => {
            Op::from_octet(reply.op()) == Some(Op::Reply)
                && reply.xid().0 == client.xid
                && reply.chaddr() == query.chaddr()
        }
        _ => false,
    }
}

impl packet::Field {
    fn is(&self, name: &str) -> bool {
        let key = Key::by_name(self.name());
        key.is_some() && key == Key::by_name(name)
    }
}
