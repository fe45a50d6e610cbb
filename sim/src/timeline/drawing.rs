//! A history as lanes, bars, bands and entries.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use lessor_lease::{Lease, State};
use lessor_types::Holder;
use lessor_wire::v4::MessageType;
use serde::Serialize;
use serde::ser::{SerializeTuple, Serializer};

use crate::client::message;
use crate::history::{Deed, Gist, Loss, Record, Station};
use crate::planted::Bug;
use crate::run::Outcome;
use crate::schedule::{FaultKind, Schedule, Topology};
use crate::time::{MS, Ns, SEC, US};

/// All that the page shows. Times are true times in microseconds.
#[derive(Serialize, Debug)]
pub(super) struct Drawing {
    title: String,
    drawn: Vec<String>,
    end: u64,
    /// The number of the first entry.
    first: u64,
    lanes: Vec<Lane>,
    addresses: Vec<Ipv4Addr>,
    /// The names of message types by octet.
    messages: Vec<String>,
    entries: Vec<Entry>,
    leases: Vec<Held>,
    stored: Vec<Stored>,
    faults: Vec<Band>,
    down: Vec<Down>,
    broken: Option<Broken>,
}

#[derive(Serialize, Debug)]
struct Lane {
    name: String,
    kind: &'static str,
}

/// One entry of the history. It is written as a list, since there may be very many.
#[derive(Debug)]
struct Entry {
    at: u64,
    cause: i64,
    lane: i64,
    to: i64,
    kind: u8,
    message: u8,
    client: i64,
    addr: i64,
    text: String,
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_tuple(9)?;
        list.serialize_element(&self.at)?;
        list.serialize_element(&self.cause)?;
        list.serialize_element(&self.lane)?;
        list.serialize_element(&self.to)?;
        list.serialize_element(&self.kind)?;
        list.serialize_element(&self.message)?;
        list.serialize_element(&self.client)?;
        list.serialize_element(&self.addr)?;
        list.serialize_element(&self.text)?;
        list.end()
    }
}

/// A lease as its client sees it.
#[derive(Serialize, Debug)]
struct Held {
    lane: i64,
    client: u16,
    addr: i64,
    from: u64,
    to: u64,
    why: Option<&'static str>,
    /// Whether somebody else has the address at the same time.
    clash: bool,
}

/// A row as stable storage has it.
#[derive(Serialize, Debug)]
struct Stored {
    lane: i64,
    client: i64,
    addr: i64,
    from: u64,
    to: u64,
    state: &'static str,
}

#[derive(Serialize, Debug)]
struct Band {
    id: u32,
    name: &'static str,
    text: String,
    from: u64,
    to: u64,
    /// The lane that it strikes; below zero: all of them.
    lane: i64,
}

#[derive(Serialize, Debug)]
struct Down {
    lane: i64,
    from: u64,
    to: u64,
}

#[derive(Serialize, Debug)]
struct Broken {
    at: u64,
    invariant: &'static str,
    what: String,
    client: i64,
    addr: String,
}

/// Which lane is whose.
struct Lanes {
    all: Vec<Lane>,
    places: BTreeMap<Whose, i64>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Whose {
    Station(Station),
    Disk(u8),
    SharedStore,
    Partner,
}

/// More relays than any world has; those that do nothing are not drawn.
const RELAYS: u8 = 8;

impl Lanes {
    fn of(schedule: &Schedule) -> Self {
        let mut lanes = Self { all: Vec::new(), places: BTreeMap::new() };
        let servers = (0_u8..).take(schedule.servers.len());
        for server in servers {
            let whose = Whose::Station(Station::Server(server));
            lanes.add(whose, format!("server {server}"), "server");
            if schedule.topology != Topology::Shared {
                lanes.add(Whose::Disk(server), format!("disk of server {server}"), "store");
            }
        }
        match schedule.topology {
            Topology::Shared => lanes.add(Whose::SharedStore, "shared store".to_owned(), "store"),
            Topology::Partner => lanes.add(Whose::Partner, "partner".to_owned(), "store"),
            _ => {}
        }
        for relay in 0..RELAYS {
            let station = Station::Relay(relay);
            lanes.add(Whose::Station(station), station.to_string(), "other");
        }
        lanes.add(Whose::Station(Station::Stranger), "strangers".to_owned(), "other");
        for client in (0_u16..).take(schedule.clients.len()) {
            let whose = Whose::Station(Station::Client(client));
            lanes.add(whose, format!("client {client}"), "client");
        }
        lanes
    }

    fn add(&mut self, whose: Whose, name: String, kind: &'static str) {
        self.places.insert(whose, place(self.all.len()));
        self.all.push(Lane { name, kind });
    }

    fn of_station(&self, station: Station) -> i64 {
        self.find(Whose::Station(station))
    }

    fn of_store(&self, server: u8) -> i64 {
        let disk = self.find(Whose::Disk(server));
        if disk < 0 { self.find(Whose::SharedStore) } else { disk }
    }

    fn find(&self, whose: Whose) -> i64 {
        self.places.get(&whose).copied().unwrap_or(NONE)
    }
}

/// What stands where there is nothing.
const NONE: i64 = -1;

fn place(place: usize) -> i64 {
    i64::try_from(place).unwrap_or(NONE)
}

impl Drawing {
    pub(super) fn of(schedule: &Schedule, bug: Option<Bug>, outcome: &Outcome) -> Self {
        let lanes = Lanes::of(schedule);
        let records = &outcome.records;
        let mut addresses: Vec<Ipv4Addr> =
            records.iter().filter_map(|record| record.addr).collect();
        addresses.sort_unstable();
        addresses.dedup();
        let end = records.last().map_or(outcome.lasted, |last| last.at.max(outcome.lasted)) / US;
        let bug = bug.map(|bug| format!(" with the bug {}", bug.name())).unwrap_or_default();
        let first = records.first().map_or(0, |record| record.number);
        Self {
            title: format!("Seed {:#x}, {}{bug}", schedule.seed, schedule.topology.name()),
            drawn: schedule.drawn.clone(),
            end,
            first,
            messages: (0..=8).map(|octet| MessageType::from_octet(octet).to_string()).collect(),
            entries: records.iter().map(|it| entry(it, first, &lanes, &addresses)).collect(),
            leases: leases(records, &lanes, &addresses, end),
            stored: stored(records, schedule, &lanes, &addresses, end),
            faults: bands(records, schedule, &lanes, end),
            down: down(records, &lanes, end),
            broken: outcome.broken.as_ref().map(|(at, broken)| Broken {
                at: at / US,
                invariant: broken.invariant.name(),
                what: broken.what.clone(),
                client: broken.client.map_or(NONE, i64::from),
                addr: broken.addr.map(|addr| addr.to_string()).unwrap_or_default(),
            }),
            addresses,
            lanes: lanes.all,
        }
    }
}

fn address(addresses: &[Ipv4Addr], addr: Option<Ipv4Addr>) -> i64 {
    let found = addr.and_then(|addr| addresses.binary_search(&addr).ok());
    found.map_or(NONE, place)
}

fn entry(record: &Record, first: u64, lanes: &Lanes, addresses: &[Ipv4Addr]) -> Entry {
    let message = |gist: &Gist| gist.kind.min(9);
    let client = record.client.map_or(NONE, |it| lanes.of_station(Station::Client(it)));
    let server = |server: u8| lanes.of_station(Station::Server(server));
    let (kind, lane, to, message) = match &record.deed {
        Deed::Sent(from, gist) => (0, lanes.of_station(*from), NONE, message(gist)),
        Deed::Arrived(to, gist) => (1, lanes.of_station(*to), NONE, message(gist)),
        Deed::Lost(from, to, gist) => {
            (2, lanes.of_station(*from), lanes.of_station(*to), message(gist))
        }
        Deed::Bound(_) => (3, client, NONE, 0),
        Deed::Unbound(_) => (4, client, NONE, 0),
        Deed::Event(it, _) => (5, server(*it), NONE, 0),
        Deed::Row(it, _) => (6, lanes.of_store(*it), NONE, 0),
        Deed::Store(it, ..) => (7, lanes.of_store(*it), NONE, 0),
        Deed::Partner(..) => (8, lanes.find(Whose::Partner), NONE, 0),
        Deed::Server(it, true) => (9, server(*it), NONE, 0),
        Deed::Server(it, false) => (10, server(*it), NONE, 0),
        Deed::Fault(_, _, true) => (11, NONE, NONE, 0),
        Deed::Fault(_, _, false) => (12, NONE, NONE, 0),
        Deed::Op(..) => (13, NONE, NONE, 0),
        Deed::Phase(_) => (14, NONE, NONE, 0),
    };
    Entry {
        at: record.at / US,
        cause: record
            .cause
            .and_then(|cause| i64::try_from(cause.checked_sub(first)?).ok())
            .unwrap_or(NONE),
        lane,
        to,
        kind,
        message,
        client: record.client.map_or(NONE, i64::from),
        addr: address(addresses, record.addr),
        text: record.text.clone(),
    }
}

const fn reason(why: Loss) -> &'static str {
    match why {
        Loss::Released => "released",
        Loss::Expired => "expired",
        Loss::Refused => "refused",
        Loss::Declined => "declined",
        Loss::Forgot => "forgotten",
        Loss::GaveUp => "given up",
        Loss::Replaced => "replaced",
    }
}

/// Leases as clients see them: from the first answer to the end, renewals included.
fn leases(records: &[Record], lanes: &Lanes, addresses: &[Ipv4Addr], end: u64) -> Vec<Held> {
    let mut open: BTreeMap<(u16, Ipv4Addr), (u64, u64)> = BTreeMap::new();
    let mut held = Vec::new();
    let mut close = |(client, addr): (u16, Ipv4Addr), from: u64, to: u64, why| {
        held.push(Held {
            lane: lanes.of_station(Station::Client(client)),
            client,
            addr: address(addresses, Some(addr)),
            from,
            to,
            why,
            clash: false,
        });
    };
    for record in records {
        let Some(whose) = record.client.zip(record.addr) else {
            continue;
        };
        let at = record.at / US;
        match record.deed {
            Deed::Bound(until) => match open.get_mut(&whose) {
                Some((_, ends)) if *ends >= at => *ends = until / US,
                known => {
                    // A client that is off does not see its lease end.
                    if let Some((from, ends)) = known.copied() {
                        close(whose, from, ends, Some(reason(Loss::Expired)));
                    }
                    open.insert(whose, (at, until / US));
                }
            },
            Deed::Unbound(why) => {
                if let Some((from, ends)) = open.remove(&whose) {
                    close(whose, from, at.min(ends), Some(reason(why)));
                }
            }
            _ => {}
        }
    }
    for (whose, (from, ends)) in open {
        close(whose, from, ends.min(end), None);
    }
    held.sort_by_key(|held| held.from);
    let spans: Vec<_> = held.iter().map(|it| (it.addr, it.client, it.from, it.to)).collect();
    for held in &mut held {
        held.clash = spans.iter().any(|(addr, client, from, to)| {
            *addr == held.addr && *client != held.client && *from < held.to && *to > held.from
        });
    }
    held
}

/// Rows as stable storage has them.
fn stored(
    records: &[Record],
    schedule: &Schedule,
    lanes: &Lanes,
    addresses: &[Ipv4Addr],
    end: u64,
) -> Vec<Stored> {
    let holders: Vec<Holder> = schedule.clients.iter().map(message::holder).collect();
    let mut open: BTreeMap<Ipv4Addr, (u64, &Lease)> = BTreeMap::new();
    let mut stored = Vec::new();
    let mut close = |addr: Ipv4Addr, from: u64, row: &Lease, to: u64| {
        let state = match row.state {
            State::Assigned | State::Registered => "assigned",
            State::Declined => "declined",
            // Kept for its client, and free.
            State::Reclaimed | State::Released => return,
        };
        let client = holders.iter().position(|holder| *holder == row.holder).map_or(NONE, place);
        let lane = u16::try_from(client).map_or(NONE, |it| lanes.of_station(Station::Client(it)));
        let lasts = u64::from(row.valid.0) * (SEC / US);
        stored.push(Stored {
            lane,
            client,
            addr: address(addresses, Some(addr)),
            from,
            to: to.min(from + lasts),
            state,
        });
    };
    for record in records {
        let (Deed::Row(_, row), Some(addr)) = (&record.deed, record.addr) else {
            continue;
        };
        let at = record.at / US;
        if let Some((from, before)) = open.remove(&addr) {
            close(addr, from, before, at);
        }
        if let Some(row) = row {
            open.insert(addr, (at, row));
        }
    }
    for (addr, (from, row)) in open {
        close(addr, from, row, end);
    }
    stored.sort_by_key(|stored| stored.from);
    stored
}

/// The server that a fault strikes, if it strikes one.
const fn struck(kind: &FaultKind) -> Option<u8> {
    match kind {
        FaultKind::Pause { server }
        | FaultKind::Crash { server, .. }
        | FaultKind::CrashAtDisk { server, .. }
        | FaultKind::ClockJump { server, .. }
        | FaultKind::DiskSlow { server, .. }
        | FaultKind::DiskFail { server, .. }
        | FaultKind::DiskFull { server, .. }
        | FaultKind::Restore { server }
        | FaultKind::ClockLost { server }
        | FaultKind::Partition { server, .. } => Some(*server),
        _ => None,
    }
}

fn bands(records: &[Record], schedule: &Schedule, lanes: &Lanes, end: u64) -> Vec<Band> {
    let mut bands: Vec<Band> = Vec::new();
    for record in records {
        let Deed::Fault(id, kind, on) = &record.deed else {
            continue;
        };
        let at = record.at / US;
        if !on {
            if let Some(band) = bands.iter_mut().rev().find(|band| band.id == *id) {
                band.to = at;
            }
            continue;
        }
        let name = FaultKind::NAMES.get(kind.index()).copied().unwrap_or("fault");
        let lane = match kind {
            FaultKind::DiskSlow { server, .. }
            | FaultKind::DiskFail { server, .. }
            | FaultKind::DiskFull { server, .. } => lanes.of_store(*server),
            FaultKind::StoreOutage
            | FaultKind::StoreCutBefore { .. }
            | FaultKind::StoreCutAfter { .. }
            | FaultKind::StoreRetry { .. }
            | FaultKind::StoreSlow { .. } => lanes.find(Whose::SharedStore),
            FaultKind::PartnerSlow { .. }
            | FaultKind::PartnerRejects { .. }
            | FaultKind::PartnerGone { .. } => lanes.find(Whose::Partner),
            FaultKind::RelayLoss { .. } | FaultKind::RelayDuplicate { .. } => {
                lanes.of_station(Station::Relay(0))
            }
            other => struck(other).map_or(NONE, |it| lanes.of_station(Station::Server(it))),
        };
        let planned = schedule.faults.iter().find(|fault| fault.id == *id);
        let lasts: Ns = planned.map_or(0, |fault| fault.for_ms * MS);
        bands.push(Band {
            id: *id,
            name,
            text: format!("{kind:?}"),
            from: at,
            to: (at + lasts / US).min(end),
            lane,
        });
    }
    bands
}

fn down(records: &[Record], lanes: &Lanes, end: u64) -> Vec<Down> {
    let mut since: BTreeMap<u8, u64> = BTreeMap::new();
    let mut down = Vec::new();
    let lane = |server: u8| lanes.of_station(Station::Server(server));
    for record in records {
        match record.deed {
            Deed::Server(server, false) => {
                since.insert(server, record.at / US);
            }
            Deed::Server(server, true) => {
                if let Some(from) = since.remove(&server) {
                    down.push(Down { lane: lane(server), from, to: record.at / US });
                }
            }
            _ => {}
        }
    }
    down.extend(since.into_iter().map(|(server, from)| Down { lane: lane(server), from, to: end }));
    down
}
