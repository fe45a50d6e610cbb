//! The links: who loses what, and how late the rest arrives.
//!
//! Two links: servers and some clients on one, more clients behind a relay on the other. A packet
//! is never later than [`LATE_MAX`] from end to end, copies included: servers may rely on packets
//! not overtaking each other by more than two seconds.

use lessor_types::{FixedMap, Seed};

use crate::draw::{self, Kind, between};
use crate::history::Station;
use crate::schedule::{Fault, FaultKind, LanSpec};
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
}

#[derive(Debug)]
pub(crate) struct Lan {
    seed: Seed,
    spec: LanSpec,
    /// By the way: how many packets have gone it, when the last one did, and how many at that
    /// moment.
    sent: FixedMap<(u32, u32), (u64, Ns, u64)>,
    /// Faults in effect, by their place in the schedule.
    faults: Vec<(usize, FaultKind)>,
}

impl Lan {
    pub(crate) fn new(seed: Seed, spec: LanSpec) -> Self {
        Self { seed, spec, sent: FixedMap::default(), faults: Vec::new() }
    }

    pub(crate) fn begin(&mut self, place: usize, fault: &Fault) {
        self.faults.push((place, fault.kind));
    }

    pub(crate) fn end(&mut self, place: usize) {
        self.faults.retain(|(other, _)| *other != place);
    }

    /// Nothing goes wrong any more, not even the ordinary losses.
    pub(crate) fn heal(&mut self) {
        self.faults.clear();
        self.spec.loss_ppm = 0;
        self.spec.duplicate_ppm = 0;
    }

    /// What becomes of the next packet from one station to another; `hops` is how many hops its
    /// whole way has. Faults that take effect are named to `effect`.
    pub(crate) fn carry(
        &mut self,
        t: Ns,
        (from, to): (Station, Station),
        hops: u64,
        mut effect: impl FnMut(usize),
    ) -> Fate {
        let (a, b) = (from.number(), to.number());
        let (number, last, at_once) = self.sent.entry((a, b)).or_default();
        *number += 1;
        *at_once = if *last == t { *at_once + 1 } else { 0 };
        *last = t;
        let number = *number;
        let mut rng = draw::draw(self.seed, Kind::Link, a, b, t ^ (*at_once << 56));
        let mut lost = rng.chance_ppm(self.spec.loss_ppm);
        let mut doubled = rng.chance_ppm(self.spec.duplicate_ppm);
        let mut delay = between(&mut rng, 20 * US, self.spec.delay_us.max(20) * US);
        let late = COPY_LATE_MAX / hops;
        let copy_delay = draw::log_between(&mut rng, MS, late);
        for (place, fault) in &self.faults {
            let relay = matches!(from, Station::Relay(_)) || matches!(to, Station::Relay(_));
            match fault {
                FaultKind::Loss { ppm } if rng.chance_ppm(*ppm) => lost = true,
                FaultKind::RelayLoss { ppm } if relay && rng.chance_ppm(*ppm) => lost = true,
                FaultKind::Duplicate { ppm } if rng.chance_ppm(*ppm) => doubled = true,
                FaultKind::RelayDuplicate { ppm } if relay && rng.chance_ppm(*ppm) => {
                    doubled = true;
                }
                FaultKind::Delay { max_ms } if *max_ms > 0 => {
                    delay += between(&mut rng, 0, *max_ms * MS);
                }
                FaultKind::Partition { .. } if cuts(fault, from, to) => lost = true,
                _ => continue,
            }
            effect(*place);
        }
        let first = delay.min((LATE_MAX - COPY_LATE_MAX) / hops);
        Fate {
            copies: [
                (!lost).then_some(first),
                (doubled && !lost).then_some(first + copy_delay.min(late)),
            ],
            number,
        }
    }
}

/// Whether a partition cuts the way. (Clients behind the relay are cut off with the relay's hop to
/// the server if any client is named by bit 63.)
pub(crate) fn cuts(fault: &FaultKind, from: Station, to: Station) -> bool {
    let FaultKind::Partition { server, clients, up, down } = *fault else {
        return false;
    };
    let named = |station: Station| match station {
        Station::Client(client) => clients & (1 << (client % 63)) != 0,
        Station::Relay(_) => clients & (1 << 63) != 0,
        Station::Server(_) | Station::Stranger => false,
    };
    let is_server = |station: Station| station == Station::Server(server);
    (up && is_server(to) && named(from)) || (down && is_server(from) && named(to))
}
