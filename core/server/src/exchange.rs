//! One unfinished exchange, and the lot where they are parked.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use lessor_lease::Change;
use lessor_policy::{Answer, Ask, Effect, Probed, Query};
use lessor_types::{FixedMap, Holder, Keyed, KeyedMap, Mono, Seed, Unit, Xid};

use crate::deadlines::Deadlines;
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

/// What a message asks for, as a number.
const fn kind(ask: Ask) -> u8 {
    match ask {
        Ask::Discover => 0,
        Ask::Selecting { .. } => 1,
        Ask::InitReboot { .. } => 2,
        Ask::Extend { .. } => 3,
        Ask::Decline { .. } => 4,
        Ask::Release { .. } => 5,
        Ask::Inform { .. } => 6,
        Ask::Bootp => 7,
    }
}

/// Whether two messages are one and its retransmission.
fn are_twins(a: &Query, b: &Query) -> bool {
    a.message.xid == b.message.xid && kind(a.ask) == kind(b.ask) && a.holder == b.holder
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
    /// When what it is about came at the earliest.
    pub came: Mono,
    /// When it ends at the latest.
    pub give_up: Mono,
    /// How often it was decided.
    pub rounds: u8,
    /// The era under which it was decided last: configuration, contact and ownership.
    pub era: u64,
    /// Goes up each time it is parked: completions for an earlier parking don't count.
    pub parking: u32,
    /// Where its client is.
    pub place: Quarter,
    /// What its client is found by in the lot.
    pub tag: Tag,
    /// What was found out for it; nothing, where everything is known beforehand.
    pub findings: Option<Box<Findings>>,
    /// Where it stands.
    pub stage: Stage,
}

/// What an exchange found out.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// What it fetched.
    pub gathered: Gathered,
    /// What its probes found.
    pub probes: BTreeMap<Unit, Probed>,
}

/// Nothing found out.
pub static NO_FINDINGS: Findings = Findings { gathered: Gathered::NONE, probes: BTreeMap::new() };

impl Exchange {
    /// An era that never is: an exchange of it is decided again before anything is answered.
    pub const STALE: u64 = u64::MAX;

    /// What was found out so far.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        self.findings.as_deref().unwrap_or(&NO_FINDINGS)
    }

    /// What was found out, to be added to.
    pub fn learn(&mut self) -> &mut Findings {
        self.findings.get_or_insert_default()
    }

    /// Forgets what was fetched.
    pub fn forget_fetched(&mut self) {
        if let Some(findings) = &mut self.findings {
            findings.gathered = Gathered::NONE;
        }
    }
}

/// A number that a message and its retransmission have in common, and hardly any others.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Tag(u64);

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
    /// The names are the server's own, so nobody can choose them badly.
    parked: FixedMap<ExchangeId, Exchange>,
    twins: KeyedMap<Tag, ExchangeId>,
    keyed: Keyed,
    /// How many are of clients in each place.
    places: KeyedMap<Quarter, usize>,
    ends: Deadlines<ExchangeId>,
    max: usize,
}

impl Lot {
    /// An empty lot for `max` exchanges.
    #[must_use]
    pub fn new(max: usize, seed: Seed) -> Self {
        let keyed = Keyed::of(seed, 1);
        Self {
            parked: FixedMap::default(),
            twins: KeyedMap::new(keyed),
            keyed,
            places: KeyedMap::new(keyed),
            ends: Deadlines::default(),
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

    /// What a query is found by.
    #[must_use]
    pub fn tag(&self, query: &Query) -> Tag {
        let Holder { hw, client_id } = &query.holder;
        let id = client_id.as_ref().map_or(&[][..], |id| id.octets());
        let xid = query.message.xid.0.to_ne_bytes();
        Tag(self.keyed.octets(&[&xid, &[kind(query.ask)], hw.octets(), id]))
    }

    /// Whether an exchange works on the same message.
    #[must_use]
    pub fn has_twin(&self, tag: Tag, query: &Query) -> bool {
        let twin = self.twins.get(&tag).and_then(|id| self.parked.get(id));
        twin.is_some_and(|twin| match &twin.origin {
            Origin::Client(other) => are_twins(query, other),
            Origin::Reclaim | Origin::Quarantine => false,
        })
    }

    /// Parks an exchange.
    pub fn park(&mut self, exchange: Exchange) {
        if matches!(exchange.origin, Origin::Client(_)) {
            self.twins.insert(exchange.tag, exchange.id);
            *self.places.or_insert_with(exchange.place, || 0) += 1;
        }
        self.ends.push(exchange.give_up, exchange.id);
        self.parked.insert(exchange.id, exchange);
    }

    /// Looks at an exchange.
    pub fn get_mut(&mut self, id: ExchangeId) -> Option<&mut Exchange> {
        self.parked.get_mut(&id)
    }

    /// Takes an exchange out.
    pub fn take(&mut self, id: ExchangeId) -> Option<Exchange> {
        let exchange = self.parked.remove(&id)?;
        if matches!(exchange.origin, Origin::Client(_)) {
            self.twins.remove(&exchange.tag);
            if let Some(taken) = self.places.get_mut(&exchange.place) {
                *taken = taken.saturating_sub(1);
                if *taken == 0 {
                    self.places.remove(&exchange.place);
                }
            }
        }
        let parked = &self.parked;
        self.ends.trim(parked.len(), |_, id| parked.contains_key(&id));
        Some(exchange)
    }

    /// The first exchange whose time is up.
    #[must_use]
    pub fn overdue(&self, now: Mono) -> Option<ExchangeId> {
        self.ends.first().filter(|(at, _)| *at <= now).map(|(_, id)| id)
    }

    /// When the next one's time is up.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        self.ends.first().map(|(at, _)| at)
    }

    /// Everything that is parked, by age.
    pub fn iter(&self) -> impl Iterator<Item = Parked> + '_ {
        let mut parked: Vec<&Exchange> = self.parked.values().collect();
        parked.sort_unstable_by_key(|exchange| exchange.id);
        parked.into_iter().map(|exchange| Parked {
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
