//! One unfinished exchange, and the lot where they are parked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use lessor_lease::Change;
use lessor_policy::{Answer, Ask, Effect, Probed, Query};
use lessor_types::{Holder, Mono, Unit, Xid};

use crate::gathered::Gathered;
use crate::quarter::Quarter;
use crate::{FetchId, ProbeId};

/// Names an exchange; never used twice by one server.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ExchangeId(pub u64);

impl fmt::Display for ExchangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Two messages with the same key are one and its retransmission.
pub type TwinKey = (Holder, Xid, u8);

/// The key of a query.
#[must_use]
pub fn twin_key(query: &Query) -> TwinKey {
    let kind = match query.ask {
        Ask::Discover => 0,
        Ask::Selecting { .. } => 1,
        Ask::InitReboot { .. } => 2,
        Ask::Extend { .. } => 3,
        Ask::Decline { .. } => 4,
        Ask::Release { .. } => 5,
        Ask::Inform { .. } => 6,
        Ask::Bootp => 7,
    };
    (query.holder.clone(), query.message.xid, kind)
}

/// Whom an exchange serves.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A client.
    Client(Arc<Query>),
    /// A round of reclaiming.
    Reclaim,
    /// Nobody: an address is put on probation.
    Quarantine,
}

/// Where an exchange stands. A closed set of places to be.
#[derive(Clone, Debug)]
pub enum Stage {
    /// About to be decided.
    Ready,
    /// Asks a shared store.
    Fetching(FetchId),
    /// Probes an address.
    Probing(ProbeId),
    /// Another exchange's change of the same unit must be settled first.
    Behind,
    /// Everything is on its way to where it must be before the answer may leave.
    Settling {
        /// The answer, if the protocol has one.
        answer: Option<Box<Answer>>,
        /// What it amounts to.
        effect: Effect,
        /// How many changes are not settled yet.
        waits: usize,
    },
    /// Reclaiming: nothing is answered, but each change has an outcome.
    Sweeping {
        /// The changes that were written.
        changes: Vec<Change>,
        /// How many are not settled yet.
        waits: usize,
    },
}

impl Stage {
    const fn name(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Fetching(_) => "fetching",
            Self::Probing(_) => "probing",
            Self::Behind => "behind another change",
            Self::Settling { .. } => "settling",
            Self::Sweeping { .. } => "sweeping",
        }
    }
}

/// An unfinished exchange.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Its name.
    pub id: ExchangeId,
    /// Whom it serves.
    pub origin: Origin,
    /// When it began.
    pub since: Mono,
    /// When it ends at the latest.
    pub give_up: Mono,
    /// How often it was decided.
    pub rounds: u8,
    /// The era under which it was decided last: configuration, contact and ownership.
    pub era: u64,
    /// Goes up each time it is parked: completions for an earlier parking don't count.
    pub parking: u32,
    /// What it fetched.
    pub gathered: Gathered,
    /// What its probes found.
    pub probes: BTreeMap<Unit, Probed>,
    /// Where it stands.
    pub stage: Stage,
}

/// A parked exchange as an operator or a checker sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parked {
    /// Its name.
    pub id: ExchangeId,
    /// The client, if it serves one.
    pub client: Option<(Holder, Xid)>,
    /// Since when.
    pub since: Mono,
    /// What it waits for.
    pub stage: &'static str,
}

/// Where unfinished exchanges are parked.
#[derive(Debug)]
pub struct Lot {
    parked: BTreeMap<ExchangeId, Exchange>,
    twins: BTreeMap<TwinKey, ExchangeId>,
    /// How many are of clients in each place.
    places: BTreeMap<Quarter, usize>,
    ends: BTreeSet<(Mono, ExchangeId)>,
    max: usize,
}

impl Lot {
    /// An empty lot for `max` exchanges.
    #[must_use]
    pub const fn new(max: usize) -> Self {
        Self {
            parked: BTreeMap::new(),
            twins: BTreeMap::new(),
            places: BTreeMap::new(),
            ends: BTreeSet::new(),
            max,
        }
    }

    /// Changes the size; what is parked stays.
    pub const fn resize(&mut self, max: usize) {
        self.max = max;
    }

    /// How many are parked.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parked.len()
    }

    /// Whether none are.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parked.is_empty()
    }

    /// Whether there is room for another; an eighth is kept for clients that have an address.
    #[must_use]
    pub fn has_room(&self, ask: Ask) -> bool {
        self.parked.len() < self.max_for(ask)
    }

    /// Whether there is room for another of a place. One place may take seven times what it leaves
    /// free: nearly all if it is alone, and there is always something left for the next.
    #[must_use]
    pub fn has_room_of(&self, place: Quarter, ask: Ask) -> bool {
        let taken = self.places.get(&place).copied().unwrap_or(0);
        taken < 7 * self.max_for(ask).saturating_sub(self.parked.len())
    }

    const fn max_for(&self, ask: Ask) -> usize {
        if matches!(ask, Ask::Discover) { self.max - self.max / 8 } else { self.max }
    }

    /// The exchange that works on the same message.
    #[must_use]
    pub fn twin(&self, key: &TwinKey) -> Option<ExchangeId> {
        self.twins.get(key).copied()
    }

    /// Parks an exchange.
    pub fn park(&mut self, exchange: Exchange) {
        if let Origin::Client(query) = &exchange.origin {
            self.twins.insert(twin_key(query), exchange.id);
            *self.places.entry(Quarter::of(query)).or_default() += 1;
        }
        self.ends.insert((exchange.give_up, exchange.id));
        self.parked.insert(exchange.id, exchange);
    }

    /// Looks at an exchange.
    pub fn get_mut(&mut self, id: ExchangeId) -> Option<&mut Exchange> {
        self.parked.get_mut(&id)
    }

    /// Takes an exchange out.
    pub fn take(&mut self, id: ExchangeId) -> Option<Exchange> {
        let exchange = self.parked.remove(&id)?;
        if let Origin::Client(query) = &exchange.origin {
            self.twins.remove(&twin_key(query));
            let place = Quarter::of(query);
            if let Some(taken) = self.places.get_mut(&place) {
                *taken = taken.saturating_sub(1);
                if *taken == 0 {
                    self.places.remove(&place);
                }
            }
        }
        self.ends.remove(&(exchange.give_up, id));
        Some(exchange)
    }

    /// The first exchange whose time is up.
    #[must_use]
    pub fn overdue(&self, now: Mono) -> Option<ExchangeId> {
        self.ends.first().filter(|(at, _)| *at <= now).map(|(_, id)| *id)
    }

    /// When the next one's time is up.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        self.ends.first().map(|(at, _)| *at)
    }

    /// Everything that is parked, by age.
    pub fn iter(&self) -> impl Iterator<Item = Parked> + '_ {
        self.parked.values().map(|exchange| Parked {
            id: exchange.id,
            client: match &exchange.origin {
                Origin::Client(query) => Some((query.holder.clone(), query.message.xid)),
                Origin::Reclaim | Origin::Quarantine => None,
            },
            since: exchange.since,
            stage: match exchange.origin {
                Origin::Quarantine => "quarantining",
                _ => exchange.stage.name(),
            },
        })
    }
}
