//! What happened, in one order, with true time and cause.
//!
//! Every run hashes its history; only runs that somebody looks at record it. Recording draws
//! nothing, so it changes nothing.

mod deed;

use std::fmt;
use std::net::Ipv4Addr;

use lessor_lease::Lease;
use lessor_types::stable_hash;
use lessor_wire::v4::MessageType;

use crate::schedule::FaultKind;
use crate::time::{Ns, show};

pub use deed::Deed;

/// How many entries lie between two checkpoints of the hash.
pub const CHECKPOINT_EVERY: u64 = 1000;

/// Why a client no longer has its address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Loss {
    /// It gave it back.
    Released = 1,
    /// Its time was over.
    Expired,
    /// A server refused it.
    Refused,
    /// It found another user.
    Declined,
    /// It lost its memory.
    Forgot,
    /// Nobody answered, and it does not go on alone.
    GaveUp,
    /// It has another one now.
    Replaced,
}

/// A station on the links.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Station {
    /// A server.
    Server(u8),
    /// A client.
    Client(u16),
    /// A relay, by its number.
    Relay(u8),
    /// Somebody who means no good.
    Stranger,
}

impl Station {
    /// A number for keys and hashes.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::Server(server) => server as u32,
            Self::Relay(0) => 100,
            Self::Relay(relay) => 200 + relay as u32,
            Self::Stranger => 101,
            Self::Client(client) => 1000 + client as u32,
        }
    }
}

impl fmt::Display for Station {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(server) => write!(f, "server {server}"),
            Self::Client(client) => write!(f, "client {client}"),
            Self::Relay(relay) => write!(f, "relay {relay}"),
            Self::Stranger => f.write_str("stranger"),
        }
    }
}

/// A message in short.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gist {
    /// What it is; an octet of option 53, 0 for none.
    pub kind: u8,
    /// Its transaction.
    pub xid: u32,
    /// The address that it is about.
    pub addr: Ipv4Addr,
    /// The lifetime in it, in seconds.
    pub secs: u32,
}

impl fmt::Display for Gist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} xid {:08x}", MessageType::from_octet(self.kind), self.addr, self.xid)?;
        if self.secs > 0 {
            write!(f, " for {} s", self.secs)?;
        }
        Ok(())
    }
}

/// One thing that happened.
#[derive(Clone, Copy, Debug)]
pub enum What<'a> {
    /// A station sent a message; `client` is the one it serves.
    Sent(Station, Option<u16>, Gist),
    /// A message was lost between two stations.
    Lost(Station, Station, Gist),
    /// A message arrived.
    Arrived(Station, Option<u16>, Gist),
    /// A client has an address until a true time.
    Bound(u16, Ipv4Addr, Ns),
    /// A client has it no longer.
    Unbound(u16, Ipv4Addr, Loss),
    /// A server said what happened in it, and to which client.
    Event(u8, Option<u16>, &'a lessor_server::Event),
    /// A row is on stable storage, or gone from there.
    Row(u8, Ipv4Addr, Option<&'a Lease>),
    /// A server's store did something.
    Store(u8, &'static str, u64),
    /// The partner did something.
    Partner(&'static str, u64),
    /// A server started (true), or went down.
    Server(u8, bool),
    /// A fault began (true), or ended.
    Fault(u32, &'a FaultKind, bool),
    /// A client or a stranger was made to do something.
    Op(u32, &'static str),
    /// The world entered a phase.
    Phase(&'static str),
    /// The engine that runs the server did something.
    Engine(&'static str, u64),
}

impl What<'_> {
    /// The client and the address that it is about.
    #[must_use]
    pub fn about(&self) -> (Option<u16>, Option<Ipv4Addr>) {
        let some = |addr: Ipv4Addr| Some(addr).filter(|addr| !addr.is_unspecified());
        match self {
            Self::Sent(_, client, gist) | Self::Arrived(_, client, gist) => {
                (*client, some(gist.addr))
            }
            Self::Lost(from, to, gist) => {
                let client = [from, to].into_iter().find_map(|station| match station {
                    Station::Client(client) => Some(*client),
                    _ => None,
                });
                (client, some(gist.addr))
            }
            Self::Bound(client, addr, _) | Self::Unbound(client, addr, _) => {
                (Some(*client), some(*addr))
            }
            Self::Row(_, addr, _) => (None, some(*addr)),
            Self::Event(_, client, event) => (*client, event_addr(event)),
            _ => (None, None),
        }
    }

    /// Whether it matters whatever one looks for.
    #[must_use]
    pub const fn is_general(&self) -> bool {
        match self {
            Self::Server(..) | Self::Fault(..) | Self::Phase(..) | Self::Engine(..) => true,
            Self::Event(_, _, event) => !matches!(
                event,
                lessor_server::Event::Ended { .. }
                    | lessor_server::Event::Reclaimed(_)
                    | lessor_server::Event::Removed(_)
            ),
            _ => false,
        }
    }

    fn words(&self) -> [u64; 4] {
        let station = |station: &Station| u64::from(station.number());
        let client = |client: &Option<u16>| client.map_or(0xffff, u64::from);
        let addr = |addr: &Ipv4Addr| u64::from(addr.to_bits());
        let gist = |gist: &Gist| {
            (u64::from(gist.kind) << 32 | u64::from(gist.xid))
                ^ (addr(&gist.addr) << 20)
                ^ (u64::from(gist.secs) << 40)
        };
        match self {
            Self::Sent(from, about, it) => [1, station(from), client(about), gist(it)],
            Self::Lost(from, to, it) => [2, station(from), station(to), gist(it)],
            Self::Arrived(to, about, it) => [3, station(to), client(about), gist(it)],
            Self::Bound(client, at, until) => [4, u64::from(*client), addr(at), *until],
            Self::Unbound(client, at, why) => [5, u64::from(*client), addr(at), *why as u64],
            Self::Event(server, about, event) => {
                let at = event_addr(event).map_or(0, |at| addr(&at));
                let id = stable_hash(event.id().as_bytes());
                [6, u64::from(*server) << 32 | client(about), at, id]
            }
            Self::Row(server, at, row) => {
                let row = row.map_or(0, |row| {
                    let expires = row.expires.secs().unsigned_abs();
                    row.holder.stable_hash() ^ expires ^ (u64::from(row.state.number()) << 60)
                });
                [7, u64::from(*server), addr(at), row]
            }
            Self::Store(server, what, n) => {
                [8, u64::from(*server), stable_hash(what.as_bytes()), *n]
            }
            Self::Partner(what, n) => [9, stable_hash(what.as_bytes()), *n, 0],
            Self::Server(server, up) => [10, u64::from(*server), u64::from(*up), 0],
            Self::Fault(id, _, on) => [11, u64::from(*id), u64::from(*on), 0],
            Self::Op(id, _) => [12, u64::from(*id), 0, 0],
            Self::Phase(name) => [13, stable_hash(name.as_bytes()), 0, 0],
            Self::Engine(what, n) => [14, stable_hash(what.as_bytes()), *n, 0],
        }
    }
}

fn event_addr(event: &lessor_server::Event) -> Option<Ipv4Addr> {
    use lessor_policy::Effect;
    use lessor_server::{Event, Outcome};
    let unit = match event {
        Event::Ended { outcome: Outcome::Answered(effect) | Outcome::Done(effect), .. } => {
            match effect {
                Effect::Offered(unit)
                | Effect::Leased(unit, _)
                | Effect::Reused(unit, _)
                | Effect::Refused(unit)
                | Effect::Declined(unit)
                | Effect::Released(unit) => *unit,
                Effect::Informed | Effect::NoneFree | Effect::V6Only | Effect::LetGo => {
                    return None;
                }
            }
        }
        Event::Reclaimed(unit) | Event::Removed(unit) | Event::ReclaimFailed(unit) => *unit,
        _ => return None,
    };
    unit.v4()
}

impl fmt::Display for What<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent(from, _, gist) => write!(f, "{from} sends {gist}"),
            Self::Lost(from, to, gist) => write!(f, "lost from {from} to {to}: {gist}"),
            Self::Arrived(to, _, gist) => write!(f, "{to} hears {gist}"),
            Self::Bound(client, addr, until) => {
                write!(f, "client {client} HAS {addr} until {}", show(*until))
            }
            Self::Unbound(client, addr, why) => {
                write!(f, "client {client} has {addr} no longer: {why:?}")
            }
            Self::Event(server, _, event) => write!(f, "server {server}: {} {event}", event.id()),
            Self::Row(_, addr, None) => write!(f, "stored: no row of {addr}"),
            Self::Row(server, _, Some(row)) => write!(f, "stored by server {server}: {row}"),
            Self::Store(server, what, n) => write!(f, "store of server {server}: {what} {n}"),
            Self::Partner(what, n) => write!(f, "partner: {what} {n}"),
            Self::Server(server, true) => write!(f, "server {server} STARTS"),
            Self::Server(server, false) => write!(f, "server {server} GOES DOWN"),
            Self::Fault(id, kind, true) => write!(f, "fault {id} begins: {kind:?}"),
            Self::Fault(id, kind, false) => write!(f, "fault {id} ends: {kind:?}"),
            Self::Op(id, name) => write!(f, "op {id}: {name}"),
            Self::Phase(name) => write!(f, "--- {name} ---"),
            Self::Engine(what, n) => write!(f, "engine: {what} {n}"),
        }
    }
}

/// One recorded entry.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its place in the one order.
    pub number: u64,
    /// True time.
    pub at: Ns,
    /// The entry that caused it, where one did.
    pub cause: Option<u64>,
    /// The client that it is about.
    pub client: Option<u16>,
    /// The address that it is about.
    pub addr: Option<Ipv4Addr>,
    /// Whether it matters whatever one looks for.
    pub general: bool,
    /// In words.
    pub text: String,
    /// As data.
    pub deed: Deed,
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>7} {:>12}", self.number, show(self.at))?;
        match self.cause {
            Some(cause) => write!(f, " (by {cause:>6})")?,
            None => f.write_str("            ")?,
        }
        write!(f, "  {}", self.text)
    }
}

/// The history of one run.
#[derive(Debug, Default)]
pub struct History {
    hash: u64,
    count: u64,
    checkpoints: Vec<u64>,
    records: Option<Vec<Record>>,
}

impl History {
    /// An empty history that keeps its entries if `recording`.
    #[must_use]
    pub fn new(recording: bool) -> Self {
        Self { records: recording.then(Vec::new), ..Self::default() }
    }

    /// Adds an entry and returns its number.
    pub fn note(&mut self, at: Ns, cause: Option<u64>, what: What<'_>) -> u64 {
        let number = self.count;
        self.count += 1;
        for word in [at].into_iter().chain(what.words()) {
            self.hash = (self.hash.rotate_left(7) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        if self.count.is_multiple_of(CHECKPOINT_EVERY) {
            self.checkpoints.push(self.hash);
        }
        if let Some(records) = &mut self.records {
            let (client, addr) = what.about();
            records.push(Record {
                number,
                at,
                cause,
                client,
                addr,
                general: what.is_general(),
                text: what.to_string(),
                deed: Deed::from(what),
            });
        }
        number
    }

    /// The rolling hash so far.
    #[must_use]
    pub const fn hash(&self) -> u64 {
        self.hash ^ self.count
    }

    /// How many entries there are.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.count
    }

    /// Whether nothing has happened.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The hash after each [`CHECKPOINT_EVERY`] entries.
    #[must_use]
    pub fn checkpoints(&self) -> &[u64] {
        &self.checkpoints
    }

    /// What was recorded.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        self.records.as_deref().unwrap_or(&[])
    }
}

/// The entries that bear on a client or an address: theirs, what caused them, and what concerns
/// everybody; the last `max` of them.
#[must_use]
pub fn slice(
    records: &[Record],
    client: Option<u16>,
    addr: Option<Ipv4Addr>,
    max: usize,
) -> Vec<String> {
    let is_about = |record: &&Record| {
        record.general
            || (client.is_some() && record.client == client)
            || (addr.is_some() && record.addr == addr)
            || (client.is_none() && addr.is_none())
    };
    let mut lines: Vec<String> =
        records.iter().rev().filter(is_about).take(max).map(ToString::to_string).collect();
    lines.reverse();
    lines
}
