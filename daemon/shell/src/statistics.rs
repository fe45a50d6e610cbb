//! Kea's statistics: a fold over events and over the counts of leases.
//!
//! What cannot be counted here is not listed. A statistic keeps its last values with the times at
//! which they came about; what happens within a tenth of a second is one value.

mod names;
mod series;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use lessor_config::{Config, Pool, Samples, Subnet};
use lessor_policy::{Ask, DropReason, Effect, Topology};
use lessor_server::{Count, Event, Outcome};
use lessor_types::{PoolId, SubnetId, Unit, Wall};

pub use names::{Key, Name};
pub use series::{Sample, Series};

/// How many statistics one answer has: copying them takes the loop's time.
const PAGE_MAX: usize = 4096;

/// What is asked of statistics.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Query {
    /// One of them.
    One(String),
    /// Some, by key, behind the given one.
    Page(Option<Key>),
    /// How large subnets and pools are and what is counted there: some, by the key of
    /// [`Name::TotalAddresses`], behind the given one.
    Places(Option<Key>),
    /// Begin again at zero: one, or all.
    Reset(Option<String>),
    /// Forget: one, or all. They come back with the next value.
    Remove(Option<String>),
    /// How many values to keep: of one, or of all, those to come too.
    Keep(Option<String>, Samples),
}

/// What is told of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Told {
    /// Statistics with their values, newest first.
    Series(Vec<(Key, Vec<Sample>)>),
    /// Subnets and pools with their sizes and counts.
    Places(Vec<(Key, u64, Count)>),
    /// Done.
    Done,
    /// There is none of that name.
    Unknown,
}

/// Sums since the start, by the number of the [`Name`]; what is no sum is zero.
pub type Totals = [u64; Name::ALL.len()];

/// All statistics of a server.
#[derive(Debug)]
pub struct Statistics {
    series: BTreeMap<Key, Series>,
    keep: Samples,
    /// What happened since values were last taken, by the number of the name.
    fresh: [u64; Name::ALL.len()],
    /// What happened since the start, by the number of the name. Nobody resets it.
    totals: Totals,
    /// The same for subnets and pools.
    moved: BTreeSet<Key>,
    /// The configured subnets and pools, by their [`Name::TotalAddresses`], with those.
    places: BTreeMap<Key, u64>,
    /// Whether somebody began some anew or removed them since there was a configuration: those of
    /// places may not be what they count.
    disturbed: bool,
    /// What is counted in each pool, and in each subnet together.
    pools: BTreeMap<(SubnetId, PoolId), Count>,
    subnets: BTreeMap<SubnetId, Count>,
    all: Count,
}

impl Statistics {
    /// Statistics of a server that begins at `at`, everything at zero.
    #[must_use]
    pub fn new(config: &Config, at: Wall) -> Self {
        let mut statistics = Self {
            series: BTreeMap::new(),
            keep: config.samples,
            fresh: [0; Name::ALL.len()],
            totals: [0; Name::ALL.len()],
            moved: BTreeSet::new(),
            places: BTreeMap::new(),
            disturbed: false,
            pools: BTreeMap::new(),
            subnets: BTreeMap::new(),
            all: Count::default(),
        };
        for name in Name::ALL.iter().copied().filter(|name| *name != Name::TotalAddresses) {
            statistics.set(Key::Global(name), 0);
        }
        statistics.configured(config);
        statistics.seal(at);
        statistics
    }

    /// Has statistics of the subnets and pools of this configuration and of no others. What was
    /// counted for those that stay, stays.
    pub fn configured(&mut self, config: &Config) {
        self.keep = config.samples;
        let before = std::mem::replace(&mut self.places, places_of(config));
        let disturbed = std::mem::take(&mut self.disturbed);
        if before == self.places && !disturbed {
            return;
        }
        let places = std::mem::take(&mut self.places);
        let is_there = |key: &Key| places.contains_key(&key.named(Name::TotalAddresses));
        if !before.keys().all(is_there) {
            self.series.retain(|key, _| key.is_global() || is_there(key));
        }
        for (place, total) in &places {
            if disturbed || before.get(place) != Some(total) {
                self.begin_at(*place, *total);
            }
        }
        self.places = places;
    }

    /// Has all statistics of a subnet or pool, as they are.
    fn begin_at(&mut self, place: Key, total: u64) {
        let reclaimed = [(Name::ReclaimedLeases, 0), (Name::ReclaimedDeclined, 0)];
        let values = gauges(self.count_at(place)).into_iter().chain(reclaimed);
        for (name, value) in values.chain([(Name::TotalAddresses, total)]) {
            let key = place.named(name);
            let is_so = |series: &Series| name.is_sum() || series.value() == value;
            if !self.series.get(&key).is_some_and(is_so) {
                self.set(key, value);
            }
        }
    }

    /// Counts what happened.
    pub fn event(&mut self, event: &Event, topology: &Topology) {
        match event {
            Event::Ended { ask, outcome, .. } => self.ended(*ask, *outcome),
            Event::Reclaimed(unit) => self.reclaimed(*unit, &[Name::ReclaimedLeases], topology),
            Event::ProbationEnded(unit) => {
                let names = [Name::ReclaimedLeases, Name::ReclaimedDeclined];
                self.reclaimed(*unit, &names, topology);
            }
            _ => {}
        }
    }

    fn ended(&mut self, ask: Option<Ask>, outcome: Outcome) {
        self.happened(Name::Received);
        match ask {
            Some(Ask::Discover) => self.happened(Name::DiscoverReceived),
            Some(Ask::Selecting { .. } | Ask::InitReboot { .. } | Ask::Extend { .. }) => {
                self.happened(Name::RequestReceived);
            }
            Some(Ask::Decline { .. }) => self.happened(Name::DeclineReceived),
            Some(Ask::Release { .. }) => self.happened(Name::ReleaseReceived),
            Some(Ask::Inform { .. }) => self.happened(Name::InformReceived),
            Some(Ask::Bootp) | None => {}
        }
        match outcome {
            Outcome::Answered(effect) => {
                self.happened(Name::Sent);
                if let Some(name) = answer(ask, effect) {
                    self.happened(name);
                }
                match effect {
                    Effect::Reused(..) => self.happened(Name::LeaseReuses),
                    Effect::NoneFree => self.happened(Name::AllocationFail),
                    _ => {}
                }
            }
            Outcome::Done(_) => {}
            Outcome::Dropped(reason) => {
                self.happened(Name::ReceiveDrop);
                if let Some(name) = drop_name(reason) {
                    self.happened(name);
                }
                if is_shortage(reason) {
                    self.happened(Name::AllocationFail);
                }
            }
        }
    }

    fn reclaimed(&mut self, unit: Unit, names: &[Name], topology: &Topology) {
        let pool = topology.pool_at(unit).and_then(|key| topology.pool(key));
        let around = || unit.v4().and_then(|addr| topology.subnet_around(addr));
        let subnet = pool.map(|(subnet, _)| subnet).or_else(around).map(|subnet| subnet.id);
        for name in names {
            self.happened(*name);
            if let Some(subnet) = subnet {
                self.add(Key::Subnet(subnet, *name), 1);
            }
            if let Some((subnet, pool)) = pool {
                self.add(Key::Pool(subnet.id, pool.id, *name), 1);
            }
        }
    }

    /// Takes up how many leases there are in a pool.
    pub fn counted(&mut self, subnet: SubnetId, pool: PoolId, count: Count) {
        let before = self.pools.insert((subnet, pool), count).unwrap_or_default();
        let sum = self.subnets.entry(subnet).or_default();
        *sum = moved(*sum, before, count);
        let sum = *sum;
        self.all = moved(self.all, before, count);
        self.count(Key::Global(Name::AssignedAddresses), self.all, before, count);
        self.count(Key::Subnet(subnet, Name::AssignedAddresses), sum, before, count);
        self.count(Key::Pool(subnet, pool, Name::AssignedAddresses), count, before, count);
    }

    /// Sets what changed at one place. Leases of no configured subnet have no statistics but the
    /// global ones.
    fn count(&mut self, place: Key, sum: Count, before: Count, now: Count) {
        if !place.is_global() && !self.places.contains_key(&place.named(Name::TotalAddresses)) {
            return;
        }
        let changes = gauges(before).into_iter().zip(gauges(now));
        for (((name, before), (_, now)), (_, value)) in changes.zip(gauges(sum)) {
            if before == now {
                continue;
            }
            match name.is_sum() {
                // What was reset goes on from there.
                true => self.add(place.named(name), now.saturating_sub(before)),
                false => self.set(place.named(name), value),
            }
        }
    }

    fn count_at(&self, place: Key) -> Count {
        let count = match place {
            Key::Global(_) => Some(self.all),
            Key::Subnet(subnet, _) => self.subnets.get(&subnet).copied(),
            Key::Pool(subnet, pool, _) => self.pools.get(&(subnet, pool)).copied(),
        };
        count.unwrap_or_default()
    }

    /// Takes values: everything counted since the last time was so at `at`.
    pub fn seal(&mut self, at: Wall) {
        for (name, by) in Name::ALL.iter().zip(std::mem::replace(&mut self.fresh, [0; _])) {
            if by > 0 {
                self.totals[*name as usize] += by;
                self.add(Key::Global(*name), by);
            }
        }
        for key in std::mem::take(&mut self.moved) {
            if let Some(series) = self.series.get_mut(&key) {
                series.take_value(at);
            }
        }
    }

    /// Sums since the start.
    #[must_use]
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Answers a query at `at`.
    pub fn ask(&mut self, query: &Query, at: Wall) -> Told {
        match query {
            Query::One(name) => match self.find(name) {
                Some((key, series)) => Told::Series(vec![(key, series.samples().collect())]),
                None => Told::Unknown,
            },
            Query::Page(after) => {
                let from = after.map_or(Bound::Unbounded, Bound::Excluded);
                let some = self.series.range((from, Bound::Unbounded)).take(PAGE_MAX);
                Told::Series(some.map(|(key, it)| (*key, it.samples().collect())).collect())
            }
            Query::Places(after) => {
                let from = after.map_or(Bound::Unbounded, Bound::Excluded);
                let some = self.places.range((from, Bound::Unbounded)).take(PAGE_MAX);
                let told = some.map(|(place, size)| (*place, *size, self.count_at(*place)));
                Told::Places(told.collect())
            }
            Query::Reset(name) => {
                self.disturbed = true;
                self.each(name.as_deref(), |series| series.reset(at))
            }
            Query::Keep(name, keep) => {
                if name.is_none() {
                    self.keep = *keep;
                }
                self.each(name.as_deref(), |series| series.keep(*keep))
            }
            Query::Remove(None) => {
                self.disturbed = true;
                self.series.clear();
                Told::Done
            }
            Query::Remove(Some(name)) => {
                self.disturbed = true;
                let key = self.find(name).map(|(key, _)| key);
                match key.and_then(|key| self.series.remove(&key)) {
                    Some(_) => Told::Done,
                    None => Told::Unknown,
                }
            }
        }
    }

    fn find(&self, name: &str) -> Option<(Key, &Series)> {
        let key = name.parse().ok()?;
        self.series.get(&key).map(|series| (key, series))
    }

    fn each(&mut self, name: Option<&str>, change: impl Fn(&mut Series)) -> Told {
        match name {
            None => {
                self.series.values_mut().for_each(change);
                Told::Done
            }
            Some(name) => match name.parse().ok().and_then(|key| self.series.get_mut(&key)) {
                Some(series) => {
                    change(series);
                    Told::Done
                }
                None => Told::Unknown,
            },
        }
    }

    const fn happened(&mut self, name: Name) {
        self.fresh[name as usize] += 1;
    }

    fn add(&mut self, key: Key, by: u64) {
        self.entry(key).add(by);
    }

    fn set(&mut self, key: Key, value: u64) {
        self.entry(key).set(value);
    }

    fn entry(&mut self, key: Key) -> &mut Series {
        self.moved.insert(key);
        let keep = self.keep;
        self.series.entry(key).or_insert_with(|| Series::new(keep))
    }
}

/// The subnets and pools of a configuration, with their sizes.
fn places_of(config: &Config) -> BTreeMap<Key, u64> {
    let size_of = |subnet: &Subnet| subnet.pools.iter().map(Pool::size).sum();
    let whole = |subnet: &Subnet| (Key::Subnet(subnet.id, Name::TotalAddresses), size_of(subnet));
    let mut places: BTreeMap<Key, u64> = config.subnets.iter().map(whole).collect();
    for subnet in &config.subnets {
        for pool in &subnet.pools {
            let part = Key::Pool(subnet.id, pool.id, Name::TotalAddresses);
            *places.entry(part).or_default() += pool.size();
        }
    }
    places
}

fn gauges(count: Count) -> [(Name, u64); 3] {
    [
        (Name::AssignedAddresses, count.assigned),
        (Name::DeclinedAddresses, count.declined),
        (Name::CumulativeAssigned, count.granted),
    ]
}

/// A sum in which one part was `before` and is `now`.
const fn moved(sum: Count, before: Count, now: Count) -> Count {
    const fn part(sum: u64, before: u64, now: u64) -> u64 {
        sum.saturating_sub(before).saturating_add(now)
    }
    Count {
        assigned: part(sum.assigned, before.assigned, now.assigned),
        declined: part(sum.declined, before.declined, now.declined),
        granted: part(sum.granted, before.granted, now.granted),
    }
}

/// What kind of message an answer was.
const fn answer(ask: Option<Ask>, effect: Effect) -> Option<Name> {
    match (ask, effect) {
        (None | Some(Ask::Bootp), _) => None,
        (_, Effect::Refused(_)) => Some(Name::NakSent),
        (Some(Ask::Discover), Effect::Leased(..) | Effect::Reused(..)) => Some(Name::AckSent),
        (Some(Ask::Discover), _) => Some(Name::OfferSent),
        _ => Some(Name::AckSent),
    }
}

/// What Kea counts a packet under that got no answer, beside all of them.
const fn drop_name(reason: DropReason) -> Option<Name> {
    Some(match reason {
        DropReason::NotDhcp | DropReason::MalformedOption => Name::ParseFailed,
        DropReason::MessageType => Name::UnknownReceived,
        DropReason::FromServer | DropReason::NoIdentity | DropReason::Malformed => {
            Name::RfcViolation
        }
        DropReason::ClassDrop => Name::AdminFiltered,
        DropReason::UnknownLink
        | DropReason::NoSubnet
        | DropReason::NotServed
        | DropReason::OtherServer => Name::NotForUs,
        DropReason::DuplicateParked => Name::Duplicate,
        DropReason::LotFull | DropReason::PlaceLimit => Name::QueueFull,
        DropReason::RateLimited | DropReason::SurrenderLimit | DropReason::LimitReached => {
            Name::LimitExceeded
        }
        DropReason::GaveUp
        | DropReason::StoreRefused
        | DropReason::StoreUnavailable
        | DropReason::PartnerRefused
        | DropReason::TooManyRounds => Name::ProcessingFailed,
        DropReason::ServiceDisabled => Name::ServiceDisabled,
        _ => return None,
    })
}

const fn is_shortage(reason: DropReason) -> bool {
    matches!(
        reason,
        DropReason::NoFreeAddress | DropReason::LimitReached | DropReason::AddressesInUse
    )
}

#[cfg(test)]
mod tests;
