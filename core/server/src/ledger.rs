//! What is known of leases: settled rows, changes on their way, and offers.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lessor_lease::{Change, Lease, Rows, Standing, Table};
use lessor_policy::limits::{self, Counted};
use lessor_policy::{Hold, PoolKey, PoolUse, Topology};
use lessor_types::{Holder, Keyed, KeyedMap, Mono, PoolId, Prng, Seed, Seq, SubnetId, Unit, Wall};

use crate::census::{Census, Count};
use crate::confirmed::Confirmed;
use crate::deadlines::Deadlines;
use crate::lane::LaneId;
use crate::occupancy::{Occupancy, Use};
use crate::quarter::Quarter;
use crate::shares::Shares;
use crate::snapshot::{SnapshotId, Snapshots};
use crate::tally::Tally;
use crate::underway::{Pending, Underway, names};

/// The first place in the order of lapses.
const BEGINNING: (i64, Unit) = (i64::MIN, Unit::V4(std::net::Ipv4Addr::UNSPECIFIED));
/// How many units may lapse in one turn; the rest follow in the next.
const LAPSES_PER_TURN: usize = 1000;

/// An offer with its end.
#[derive(Clone, Debug)]
struct Offer {
    hold: Hold,
    until: Mono,
    /// Where the client is.
    place: Quarter,
}

/// Where changes of a unit are not settled, in the order in which they were noted; hardly ever in
/// more than one place.
#[derive(Clone, Debug)]
struct Places {
    first: (LaneId, Seq),
    others: Vec<(LaneId, Seq)>,
}

/// What a server knows of leases.
///
/// Rows in [`Ledger::table`] are settled. A change on its way lies over them until it is settled,
/// and then becomes part of them or vanishes, so nothing has ever to be undone.
#[derive(Debug)]
pub struct Ledger {
    table: Table,
    pending: Underway,
    unsettled: KeyedMap<Unit, Places>,
    /// What the partner was told and has not answered, by its number.
    told: BTreeMap<Seq, Option<Arc<Lease>>>,
    /// What the partner is known to hold.
    acked: BTreeMap<Unit, Option<Arc<Lease>>>,
    offers: KeyedMap<Unit, Offer>,
    /// By what their clients may be found by.
    offered_to: KeyedMap<u64, Unit>,
    offer_ends: Deadlines<Unit>,
    keyed: Keyed,
    /// Made of the offers when it is asked for, which is when something runs out, and kept up from
    /// then on as long as there are any.
    shares: OnceCell<Shares>,
    offers_max: usize,
    confirmed: Confirmed,
    occupancy: Occupancy,
    tally: Tally,
    census: Census,
    snapshots: Snapshots,
    /// For [`crate::Planted::LimitRaced`].
    settled_only: bool,
    lapsed_to: (i64, Unit),
    /// The second up to which everything has lapsed that can.
    lapsed_until: Option<i64>,
    judged: Wall,
}

impl Ledger {
    /// A ledger of these settled rows, which may be none where the store is shared.
    #[must_use]
    pub fn new(
        topology: &Topology,
        rows: Rows,
        judged: Wall,
        offers_max: usize,
        seed: Seed,
    ) -> Self {
        let keyed = Keyed::of(seed, 2);
        let mut ledger = Self {
            table: rows.into(),
            pending: Underway::new(keyed),
            unsettled: KeyedMap::new(keyed),
            told: BTreeMap::new(),
            acked: BTreeMap::new(),
            offers: KeyedMap::new(keyed),
            offered_to: KeyedMap::new(keyed),
            offer_ends: Deadlines::default(),
            keyed,
            shares: OnceCell::new(),
            offers_max,
            confirmed: Confirmed::new(keyed),
            occupancy: Occupancy::default(),
            tally: Tally::default(),
            census: Census::default(),
            snapshots: Snapshots::default(),
            settled_only: false,
            lapsed_to: BEGINNING,
            lapsed_until: None,
            judged,
        };
        ledger.census.found(ledger.table.standings().map(|(_, row)| row));
        ledger.settle_in(topology);
        ledger
    }

    /// Counts every pool anew: after a start, a reload, or when the store was read again.
    pub fn settle_in(&mut self, topology: &Topology) {
        let mut occupancy = Occupancy::new(topology);
        let has_queues = occupancy.has_queues();
        let mut tally = Tally::default();
        let mut mark = |unit| {
            if topology.config().hooks.limits() {
                tally.set(unit, self.counted(unit));
            }
            if let Some((pool, what)) = self.use_of(topology, unit) {
                occupancy.mark(pool, unit, what);
            }
        };
        let leased = self.table.standings().map(|(unit, _)| unit);
        let units = leased
            .chain(self.pending.units())
            .chain(self.offers.sorted_keys())
            .chain(topology.reserved());
        if has_queues {
            // They go by when a unit was freed. A row tells; a unit without one was freed before,
            // or never leased, and comes first.
            let mut units: Vec<Unit> = units.collect();
            units.sort_by_cached_key(|unit| {
                (self.standing(*unit).and_then(|it| it.lapses()), *unit)
            });
            units.dedup();
            units.into_iter().for_each(&mut mark);
        } else {
            units.for_each(&mut mark);
        }
        (self.occupancy, self.tally) = (occupancy, tally);
        self.shares = OnceCell::new();
    }

    /// Replaces all settled rows by what the store was found to hold.
    pub fn replace(&mut self, topology: &Topology, rows: Rows) {
        self.table = rows.into();
        self.census.found(self.table.standings().map(|(_, row)| row));
        self.snapshots.end_all();
        self.lapsed_to = BEGINNING;
        self.lapsed_until = None;
        self.settle_in(topology);
    }

    /// The settled rows.
    #[must_use]
    pub const fn table(&self) -> &Table {
        &self.table
    }

    /// What is counted in pools otherwise than when this was last asked.
    pub fn recounted(&mut self) -> Vec<(SubnetId, PoolId, Count)> {
        self.census.take_changed()
    }

    /// The snapshots that are read.
    pub const fn snapshots(&mut self) -> &mut Snapshots {
        &mut self.snapshots
    }

    /// The settled rows after a unit as they were when a snapshot began; none if it has ended.
    #[must_use]
    pub fn rows_then(
        &self,
        snapshot: SnapshotId,
        after: Option<Unit>,
    ) -> Option<impl Iterator<Item = Arc<Lease>>> {
        self.snapshots.rows_after(snapshot, &self.table, after)
    }

    /// The free units of a pool, in the order of its allocator.
    pub fn free<'a>(
        &'a self,
        pool: PoolKey,
        chance: &Prng,
    ) -> impl Iterator<Item = Unit> + use<'a> {
        self.occupancy.free(pool, chance)
    }

    /// How much of a pool is in use.
    #[must_use]
    pub fn in_use(&self, pool: PoolKey) -> Option<PoolUse> {
        self.occupancy.in_use(pool)
    }

    /// The row of a unit as it will be, if a change of it is on its way.
    #[must_use]
    pub fn row_to_be(&self, unit: Unit) -> Option<Option<&Arc<Lease>>> {
        self.pending.get(unit).map(|pending| pending.change.to.as_ref())
    }

    /// The row of a unit, with changes on their way.
    #[must_use]
    pub fn row(&self, unit: Unit) -> Option<Arc<Lease>> {
        self.row_to_be(unit).map_or_else(|| self.table.row(unit), Option::<&_>::cloned)
    }

    /// How it stands.
    fn standing(&self, unit: Unit) -> Option<Standing> {
        let to_be = |row: Option<&Arc<Lease>>| row.map(|row| row.standing());
        self.row_to_be(unit).map_or_else(|| self.table.standing(unit), to_be)
    }

    /// `rows` with the changes that are on their way to rows of this client.
    #[must_use]
    pub fn overlay(&self, holder: &Holder, mut rows: Vec<Arc<Lease>>) -> Vec<Arc<Lease>> {
        if !self.pending.is_empty() {
            rows.retain(|row| self.pending.get(row.unit).is_none());
            self.pending.add_rows_of(holder, &mut rows);
        }
        rows
    }

    /// The number under which a change of this unit is on its way to the store.
    fn pending(&self, unit: Unit) -> Option<Seq> {
        self.pending.get(unit).map(|pending| pending.seq)
    }

    /// Notes a change on its way to the store.
    pub fn submit(&mut self, topology: &Topology, change: Change, seq: Seq) {
        let unit = change.unit;
        self.pending.insert(Pending { seq, change });
        self.note(LaneId::Store, unit, seq);
        self.mark(topology, unit);
    }

    /// The change is settled: it becomes part of the rows if `keep`, else it never was.
    pub fn settle(&mut self, topology: &Topology, unit: Unit, seq: Seq, keep: bool) {
        self.unnote(LaneId::Store, unit, seq);
        if self.pending(unit) != Some(seq) {
            return;
        }
        let Some(Pending { change, .. }) = self.pending.remove(unit).filter(|_| keep) else {
            return self.mark(topology, unit);
        };
        let before = match &change.to {
            Some(row) => self.table.put(row),
            None => self.table.remove(unit),
        };
        self.census.changed(before.as_deref(), change.to.as_deref());
        self.snapshots.changed(unit, before.as_ref());
        self.mark_as(topology, unit, change.to.as_deref().map(Lease::standing));
    }

    /// Notes that a change of `unit` is not settled in a lane.
    pub fn note(&mut self, lane: LaneId, unit: Unit, seq: Seq) {
        let place = (lane, seq);
        match self.unsettled.get_mut(&unit) {
            Some(places) => places.others.push(place),
            None => drop(self.unsettled.insert(unit, Places { first: place, others: Vec::new() })),
        }
    }

    /// Notes that it is.
    pub fn unnote(&mut self, lane: LaneId, unit: Unit, seq: Seq) {
        let Some(places) = self.unsettled.get_mut(&unit) else {
            return;
        };
        if places.first != (lane, seq) {
            places.others.retain(|place| *place != (lane, seq));
        } else if places.others.is_empty() {
            self.unsettled.remove(&unit);
        } else {
            places.first = places.others.remove(0);
        }
    }

    /// Where changes of a unit are not settled.
    pub fn unsettled(&self, unit: Unit) -> impl Iterator<Item = (LaneId, Seq)> + use<> {
        let places = self.unsettled.get(&unit).cloned();
        let (first, others) = places.map(|places| (places.first, places.others)).unzip();
        first.into_iter().chain(others.into_iter().flatten())
    }

    /// Whether no change of a unit is on its way.
    #[must_use]
    pub fn is_settled(&self, unit: Unit) -> bool {
        !self.unsettled.contains_key(&unit)
    }

    /// Notes what the partner is told under a number.
    pub fn tell(&mut self, change: &Change, seq: Seq) {
        self.note(LaneId::Partner, change.unit, seq);
        self.told.insert(seq, change.to.clone());
    }

    /// Notes that the partner has settled what it was told under a number, and how.
    pub fn acknowledge(&mut self, unit: Unit, seq: Seq, acked: bool) {
        self.unnote(LaneId::Partner, unit, seq);
        match self.told.remove(&seq) {
            Some(row) if acked => self.acked.insert(unit, row),
            _ => self.acked.remove(&unit),
        };
    }

    /// Whether the partner must be told of a unit: the last that it was told is not what is so
    /// here. That happens to what was written out of contact or before the start, to what it
    /// refused, and to what the store here refused after it was told.
    #[must_use]
    pub fn owes(&self, unit: Unit) -> bool {
        let is_partner = |place: &(LaneId, Seq)| place.0 == LaneId::Partner;
        let last = self.unsettled(unit).filter(is_partner).last();
        let told = match last {
            Some((_, seq)) => self.told.get(&seq),
            None => self.acked.get(&unit),
        };
        told != Some(&self.row(unit))
    }

    /// Keeps a unit for a client in a place, and what was kept for it before no longer.
    ///
    /// Where there is no room for another offer, one ends that is of where there are the most.
    pub fn offer(
        &mut self,
        topology: &Topology,
        unit: Unit,
        holder: &Holder,
        place: Quarter,
        until: Mono,
    ) {
        self.withdraw(topology, holder);
        if self.offers.len() >= self.offers_max {
            let spare = self.shares(topology).greediest().or_else(|| self.oldest_offer());
            if let Some(spare) = spare {
                self.end_offer(topology, spare);
            }
        }
        self.end_offer(topology, unit);
        let hold = Hold { unit, holder: holder.clone() };
        for name in names(self.keyed, holder).into_iter().flatten() {
            self.offered_to.insert(name, unit);
        }
        self.offer_ends.push(until, unit);
        self.offers.insert(unit, Offer { hold, until, place });
        if let Some(pool) = topology.pool_at(unit) {
            if let Some(shares) = self.shares.get_mut() {
                shares.add(pool, place, until, unit);
            }
            self.occupancy.move_on(pool, unit);
        }
        self.mark(topology, unit);
    }

    /// The offer that ends first.
    fn oldest_offer(&self) -> Option<Unit> {
        let (until, _) = self.offer_ends.first()?;
        let ends = self.offer_ends.due(until).filter(|(until, unit)| self.ends(*until, *unit));
        ends.map(|(_, unit)| unit).min()
    }

    /// Whether the offer of a unit ends at this moment.
    fn ends(&self, until: Mono, unit: Unit) -> bool {
        self.offers.get(&unit).is_some_and(|offer| offer.until == until)
    }

    /// Whose offers stand where.
    fn shares(&self, topology: &Topology) -> &Shares {
        self.shares.get_or_init(|| {
            let mut shares = Shares::default();
            for unit in self.offers.sorted_keys() {
                if let (Some(pool), Some(offer)) = (topology.pool_at(unit), self.offers.get(&unit))
                {
                    shares.add(pool, offer.place, offer.until, unit);
                }
            }
            shares
        })
    }

    /// Ends a client's offer.
    pub fn withdraw(&mut self, topology: &Topology, holder: &Holder) {
        if let Some(unit) = self.offer_to(holder).map(|hold| hold.unit) {
            self.end_offer(topology, unit);
        }
    }

    /// The offer of a unit.
    #[must_use]
    pub fn offer_of(&self, unit: Unit) -> Option<&Hold> {
        self.offers.get(&unit).map(|offer| &offer.hold)
    }

    /// The offer to a client.
    #[must_use]
    pub fn offer_to(&self, holder: &Holder) -> Option<&Hold> {
        if self.offers.is_empty() {
            return None;
        }
        names(self.keyed, holder).into_iter().flatten().find_map(|name| {
            let unit = self.offered_to.get(&name)?;
            self.offer_of(*unit).filter(|hold| hold.holder.same_client(holder))
        })
    }

    /// Units of a pool that are offered to clients in another place, and that a client in `place`
    /// may have instead, because that one holds so much more.
    pub fn spare(
        &self,
        topology: &Topology,
        pool: PoolKey,
        place: Quarter,
    ) -> impl Iterator<Item = Unit> + '_ {
        self.shares(topology).spare(pool, place)
    }

    /// How many offers stand.
    #[must_use]
    pub fn offers_len(&self) -> usize {
        self.offers.len()
    }

    fn end_offer(&mut self, topology: &Topology, unit: Unit) {
        let Some(offer) = self.offers.remove(&unit) else {
            return;
        };
        let offers = &self.offers;
        self.offer_ends.trim(offers.len(), |until, unit| {
            offers.get(&unit).is_some_and(|offer| offer.until == until)
        });
        if self.offers.is_empty() {
            self.shares = OnceCell::new();
        } else if let (Some(shares), Some(pool)) = (self.shares.get_mut(), topology.pool_at(unit)) {
            shares.remove(pool, offer.place, offer.until, unit);
        }
        for name in names(self.keyed, &offer.hold.holder).into_iter().flatten() {
            if self.offered_to.get(&name) == Some(&unit) {
                self.offered_to.remove(&name);
            }
        }
        self.mark(topology, unit);
    }

    /// Notes that a client is being told that it has the unit.
    pub fn confirm(&mut self, unit: Unit, now: Mono) {
        self.confirmed.note(unit, now);
    }

    /// Whether it was told so a moment ago.
    #[must_use]
    pub fn confirmed_just_now(&self, unit: Unit, now: Mono) -> bool {
        self.confirmed.is_recent(unit, now)
    }

    /// Lets what has an end, end; `judged` is the time by which leases lapse. Returns whether more
    /// lapses are due at once.
    pub fn advance(&mut self, topology: &Topology, now: Mono, judged: Wall) -> bool {
        if self.offer_ends.first().is_some_and(|(until, _)| until <= now) {
            let mut due: Vec<(Mono, Unit)> = self.offer_ends.due(now).collect();
            due.sort_unstable();
            for (until, unit) in due {
                if self.ends(until, unit) {
                    self.end_offer(topology, unit);
                }
            }
        }
        self.confirmed.advance(now);
        self.judged = judged;
        if self.lapsed_until == Some(judged.secs()) {
            return false;
        }
        if judged.secs() < self.lapsed_to.0 {
            // Back behind places that were passed: the rows there lapse once more.
            self.lapsed_to = (judged.secs(), BEGINNING.1);
        }
        let due: Vec<(i64, Unit)> =
            self.table.lapsing(self.lapsed_to, judged).take(LAPSES_PER_TURN).collect();
        for place in &due {
            self.lapsed_to = *place;
            self.mark(topology, place.1);
        }
        let is_more_due = due.len() == LAPSES_PER_TURN;
        self.lapsed_until = (!is_more_due).then_some(judged.secs());
        is_more_due
    }

    /// When an offer ends.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        self.offer_ends.first().map(|(until, _)| until)
    }

    /// Under what a unit is counted. A change on its way counts beside what it replaces: it may
    /// become the row, or not.
    fn counted(&self, unit: Unit) -> BTreeSet<Counted> {
        let pending = self.row_to_be(unit).flatten().filter(|_| !self.settled_only);
        let rows = self.table.row(unit).into_iter().chain(pending.cloned());
        rows.flat_map(|row| limits::counts(&row, self.judged).collect::<Vec<_>>()).collect()
    }

    /// How many leases there are under a subnet or a class, where there are limits.
    #[must_use]
    pub fn leased(&self, under: &Counted) -> u64 {
        self.tally.of(under)
    }

    /// From now on, what is on its way is not counted, in simulations.
    pub const fn count_settled_only(&mut self) {
        self.settled_only = true;
    }

    /// Records in its pool what a unit is now.
    fn mark(&mut self, topology: &Topology, unit: Unit) {
        if topology.config().hooks.limits() {
            self.tally.set(unit, self.counted(unit));
        }
        if let Some((pool, what)) = self.use_of(topology, unit) {
            self.occupancy.mark(pool, unit, what);
        }
    }

    /// The same, where it is known how its row stands.
    fn mark_as(&mut self, topology: &Topology, unit: Unit, row: Option<Standing>) {
        if topology.config().hooks.limits() {
            self.tally.set(unit, self.counted(unit));
        }
        if let Some(pool) = topology.pool_at(unit) {
            let what = self.what(topology, unit, || row);
            self.occupancy.mark(pool, unit, what);
        }
    }

    /// What its pool may do with a unit, if it is in one.
    fn use_of(&self, topology: &Topology, unit: Unit) -> Option<(PoolKey, Use)> {
        let pool = topology.pool_at(unit)?;
        Some((pool, self.what(topology, unit, || self.standing(unit))))
    }

    /// What a pool may do with a unit whose row stands so.
    fn what(&self, topology: &Topology, unit: Unit, row: impl FnOnce() -> Option<Standing>) -> Use {
        if self.offers.contains_key(&unit) || topology.is_kept(unit) {
            return Use::Taken;
        }
        match row() {
            None => Use::Vacant,
            Some(row) if row.is_reusable(self.judged) => Use::Reusable,
            Some(_) => Use::Taken,
        }
    }
}
