//! The links: who loses what, and how late the rest arrives.
//!
//! Servers and some clients are on one link, more clients behind relays on others. A packet is never
//! later than [`LATE_MAX`] from end to end, copies included: servers may rely on packets not
//! overtaking each other by more than two seconds. What a clog holds is later than that, but keeps
//! its place; what must not come so late ([`Cargo::Brief`]) is lost there.

use lessor_types::{FixedMap, Seed};

use crate::draw::{self, Kind, between};
use crate::history::Station;
use crate::schedule::{Core, Fault, FaultKind, LanSpec};
use crate::time::{MS, Ns, US};

/// The greatest delay from end to end.
pub(crate) const LATE_MAX: Ns = 1500 * MS;
/// How late the second copy of a packet may be.
const COPY_LATE_MAX: Ns = 700 * MS;

/// What becomes of one packet on one hop.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fate {
    /// The delay of each copy.
    pub(crate) copies: [Option<Ns>; 2],
    /// How many packets have gone this way, this one included.
    pub(crate) number: u64,
    /// Whether octets of it change on the way.
    pub(crate) damaged: bool,
    /// Whether it comes before one that was sent before it.
    pub(crate) overtakes: bool,
}

/// What a packet carries, as far as the way cares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cargo {
    /// Something that does no harm however late it comes.
    Lasting,
    /// Something that must not be minutes late: what gives an address up carries nothing that
    /// orders it against what its client said afterwards.
    Brief,
}

/// How one way from a station to another was used.
#[derive(Clone, Copy, Debug, Default)]
struct Used {
    /// How many packets have gone it.
    count: u64,
    /// When the last one did.
    last: Ns,
    /// How many have at that moment.
    at_once: u64,
    /// When the latest of them arrives.
    arrives: Ns,
}

#[derive(Debug)]
pub(crate) struct Lan {
    seed: Seed,
    spec: LanSpec,
    sent: FixedMap<(u32, u32), Used>,
    faults: Vec<InEffect>,
    /// When all of it works again at the latest.
    heals_at: Ns,
    /// What works from then on, if not everything.
    core: Option<Core>,
}

/// A fault in effect.
#[derive(Clone, Copy, Debug)]
struct InEffect {
    /// Its place in the schedule.
    place: usize,
    kind: FaultKind,
    id: u32,
    begins: Ns,
    ends: Ns,
}

impl Lan {
    pub(crate) fn new(seed: Seed, spec: LanSpec, heals_at: Ns) -> Self {
        let sent = FixedMap::default();
        Self { seed, spec, sent, faults: Vec::new(), heals_at, core: None }
    }

    pub(crate) fn begin(&mut self, place: usize, fault: &Fault) {
        let begins = fault.at_ms * MS;
        let ends = (begins + fault.for_ms * MS).min(self.heals_at);
        self.faults.push(InEffect { place, kind: fault.kind, id: fault.id, begins, ends });
    }

    pub(crate) fn end(&mut self, place: usize) {
        self.faults.retain(|fault| fault.place != place);
    }

    /// Nothing goes wrong any more, not even the ordinary losses; but what is not in the core stays
    /// cut off.
    pub(crate) fn heal(&mut self, core: Option<Core>) {
        self.faults.clear();
        self.spec.loss_ppm = 0;
        self.spec.duplicate_ppm = 0;
        self.core = core;
    }

    fn is_outside(&self, station: Station) -> bool {
        self.core.is_some_and(|core| match station {
            Station::Client(client) => !core.has(client),
            Station::Server(server) => core.cut == Some(server),
            Station::Relay(_) | Station::Stranger => false,
        })
    }

    /// What becomes of the next packet from one station to another; `hops` is how many hops its
    /// whole way has. Faults that take effect are named to `effect`.
    pub(crate) fn carry(
        &mut self,
        t: Ns,
        (from, to): (Station, Station),
        hops: u64,
        cargo: Cargo,
        mut effect: impl FnMut(usize),
    ) -> Fate {
        let outside = self.is_outside(from) || self.is_outside(to);
        let (a, b) = (from.number(), to.number());
        let used = self.sent.entry((a, b)).or_default();
        used.count += 1;
        used.at_once = if used.last == t { used.at_once + 1 } else { 0 };
        used.last = t;
        let mut rng = draw::draw(self.seed, Kind::Link, a, b, t ^ (used.at_once << 56));
        let mut lost = rng.chance_ppm(self.spec.loss_ppm);
        let mut doubled = rng.chance_ppm(self.spec.duplicate_ppm);
        let mut delay = between(&mut rng, 20 * US, self.spec.delay_us.max(20) * US);
        let late = COPY_LATE_MAX / hops;
        let copy_delay = draw::log_between(&mut rng, MS, late);
        let (mut damaged, mut held) = (false, 0);
        let relay = matches!(from, Station::Relay(_)) || matches!(to, Station::Relay(_));
        for fault in &self.faults {
            match &fault.kind {
                FaultKind::Loss { ppm } if rng.chance_ppm(*ppm) => lost = true,
                FaultKind::RelayLoss { ppm } if relay && rng.chance_ppm(*ppm) => lost = true,
                FaultKind::Duplicate { ppm } if rng.chance_ppm(*ppm) => doubled = true,
                FaultKind::RelayDuplicate { ppm } if relay && rng.chance_ppm(*ppm) => {
                    doubled = true;
                }
                FaultKind::Delay { max_ms } if *max_ms > 0 => {
                    delay += between(&mut rng, 0, *max_ms * MS);
                }
                FaultKind::Partition { .. } if cuts(&fault.kind, from, to) => lost = true,
                FaultKind::Reorder { ppm } if rng.chance_ppm(*ppm) => {
                    delay += between(&mut rng, 100 * MS, LATE_MAX - COPY_LATE_MAX);
                }
                // What is on its way to a client has a server's checksum.
                FaultKind::Corrupt { ppm, checked } if rng.chance_ppm(*ppm) => {
                    let down = matches!(from, Station::Server(_)) || is_client(to);
                    let discarded = *checked || down;
                    lost |= discarded;
                    damaged |= !discarded;
                }
                FaultKind::Clog { .. } if clogs(&fault.kind, from, to) => {
                    lost |= cargo == Cargo::Brief;
                    held = held.max(fault.ends.saturating_sub(t));
                }
                FaultKind::Swizzle { clients } => {
                    let Some(until) = swizzled(self.seed, fault, *clients, t, (from, to)) else {
                        continue;
                    };
                    lost |= cargo == Cargo::Brief;
                    held = held.max(until.saturating_sub(t));
                }
                _ => continue,
            }
            effect(fault.place);
        }
        lost |= outside;
        let first = held + delay.min((LATE_MAX - COPY_LATE_MAX) / hops);
        let overtakes = !lost && t + first < used.arrives;
        if !lost {
            used.arrives = used.arrives.max(t + first);
        }
        Fate {
            copies: [
                (!lost).then_some(first),
                (doubled && !lost).then_some(first + copy_delay.min(late)),
            ],
            number: used.count,
            damaged: damaged && !lost,
            overtakes,
        }
    }
}

const fn is_client(station: Station) -> bool {
    matches!(station, Station::Client(_))
}

/// Whether a partition cuts the way. (Clients behind the relay are cut off with the relay's hop to
/// the server if any client is named by bit 63.)
pub(crate) fn cuts(fault: &FaultKind, from: Station, to: Station) -> bool {
    let FaultKind::Partition { server, clients, up, down } = *fault else {
        return false;
    };
    is_between(server, clients, (up, down), from, to)
}

/// Whether a clog holds what goes this way.
fn clogs(fault: &FaultKind, from: Station, to: Station) -> bool {
    let FaultKind::Clog { server, clients, up, down } = *fault else {
        return false;
    };
    is_between(server, clients, (up, down), from, to)
}

fn is_between(
    server: u8,
    clients: u64,
    (up, down): (bool, bool),
    from: Station,
    to: Station,
) -> bool {
    let is_server = |station: Station| station == Station::Server(server);
    (up && is_server(to) && is_named(clients, from))
        || (down && is_server(from) && is_named(clients, to))
}

/// Whether a station is one of those that a fault names.
fn is_named(clients: u64, station: Station) -> bool {
    match station {
        Station::Client(client) => clients & (1 << (client % 63)) != 0,
        Station::Relay(_) => clients & (1 << 63) != 0,
        Station::Server(_) | Station::Stranger => false,
    }
}

/// Until when a way is clogged, where links are clogged one by one: each from some moment of the
/// first third until some moment of the last one.
fn swizzled(
    seed: Seed,
    fault: &InEffect,
    clients: u64,
    t: Ns,
    (from, to): (Station, Station),
) -> Option<Ns> {
    let ((Station::Server(server), other) | (other, Station::Server(server))) = (from, to) else {
        return None;
    };
    if !is_named(clients, other) {
        return None;
    }
    let id = u64::from(fault.id);
    let mut rng = draw::draw(seed, Kind::Clog, u32::from(server), other.number(), id);
    let third = fault.ends.saturating_sub(fault.begins) / 3;
    let begins = fault.begins + between(&mut rng, 0, third);
    let ends = fault.ends - between(&mut rng, 0, third);
    (begins..ends).contains(&t).then_some(ends)
}
