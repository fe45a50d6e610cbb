//! The store that several servers share, as it is when nothing is wrong. What goes wrong on the way
//! there and back is the world's business.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::Ipv4Addr;
use std::ops::Bound;
use std::sync::Arc;

use lessor_lease::store::needs_reclaim;
use lessor_lease::{Candidate, Change, Found, Lease, Lookup, Outcome, State};
use lessor_types::{ClientId, Holder, HwAddr, Unit, Wall};

use crate::time::{Ns, SEC};

/// How long it is known what a commit replaced.
const LOG_FOR: Ns = 15 * SEC;
/// How long a row that cannot be read is left alone, in seconds.
const QUARANTINE_SECS: i64 = 1_000_000_000;

/// A commit that may still be lost, or that replicas don't have yet.
#[derive(Clone, Debug)]
struct Commit {
    at: Ns,
    unit: Unit,
    before: Option<Arc<Lease>>,
}

/// A table of leases whose writes are conditional on the whole row that they replace.
#[derive(Clone, Debug, Default)]
pub struct SimStore {
    rows: BTreeMap<Unit, Arc<Lease>>,
    /// The same by when they end.
    ends: BTreeSet<(Wall, Unit)>,
    /// The same by link-layer address, and by client identifier.
    by_hw: BTreeMap<HwAddr, BTreeSet<Unit>>,
    by_client_id: BTreeMap<ClientId, BTreeSet<Unit>>,
    /// The true time.
    now: Ns,
    /// What was committed lately.
    log: VecDeque<Commit>,
    /// Rows that cannot be read, as whoever reads the others shows them: nobody's, and nobody is to
    /// have them.
    bad: BTreeMap<Unit, Arc<Lease>>,
}

impl SimStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All rows, by unit.
    pub fn rows(&self) -> impl Iterator<Item = &Arc<Lease>> {
        self.rows.values()
    }

    /// The row of a unit.
    #[must_use]
    pub fn row(&self, unit: Unit) -> Option<&Arc<Lease>> {
        self.rows.get(&unit)
    }

    /// True time passes.
    pub fn pass(&mut self, now: Ns) {
        self.now = now;
        while self.log.front().is_some_and(|commit| commit.at + LOG_FOR < now) {
            self.log.pop_front();
        }
    }

    /// The store as it was at a time, up to 15 seconds ago: what a replica that lags shows. None if
    /// that is what it is still.
    #[must_use]
    pub fn as_of(&self, then: Ns) -> Option<Self> {
        let mut later = self.log.iter().rev().take_while(|commit| commit.at > then).peekable();
        later.peek()?;
        let mut old = self.clone();
        for commit in later {
            old.set(commit.unit, commit.before.clone());
        }
        Some(old)
    }

    /// Loses the last commits, up to `count` and 15 seconds; returns what they were about.
    pub fn lose(&mut self, count: u32) -> Vec<Unit> {
        let lost: Vec<Commit> = (0..count).filter_map(|_| self.log.pop_back()).collect();
        for commit in &lost {
            self.set(commit.unit, commit.before.clone());
        }
        lost.into_iter().map(|commit| commit.unit).collect()
    }

    /// The row of a unit, if it has one, cannot be read from now on; whether it has one.
    pub fn spoil(&mut self, unit: Unit) -> bool {
        let Some(row) = self.rows.get(&unit) else {
            return false;
        };
        let mut shown = Lease::clone(row);
        shown.holder = Holder::default();
        shown.state = State::Declined;
        shown.expires = shown.expires.plus_secs(QUARANTINE_SECS);
        self.bad.insert(unit, Arc::new(shown));
        true
    }

    /// The row of a unit can be read again.
    pub fn restore_row(&mut self, unit: Unit) {
        self.bad.remove(&unit);
    }

    /// All rows can be read again.
    pub fn restore_rows(&mut self) {
        self.bad.clear();
    }

    fn set(&mut self, unit: Unit, row: Option<Arc<Lease>>) {
        if let Some(row) = &row {
            self.ends.insert((row.expires, unit));
            self.by_hw.entry(row.holder.hw).or_default().insert(unit);
            if let Some(id) = &row.holder.client_id {
                self.by_client_id.entry(id.clone()).or_default().insert(unit);
            }
        }
        let before = match row.clone() {
            Some(row) => self.rows.insert(unit, row),
            None => self.rows.remove(&unit),
        };
        let Some(before) = before else {
            return;
        };
        let now = row.as_deref();
        if now.is_none_or(|row| row.expires != before.expires) {
            self.ends.remove(&(before.expires, unit));
        }
        let (hw, client_id) = (&before.holder.hw, &before.holder.client_id);
        if now.is_none_or(|row| row.holder.hw != *hw) {
            self.by_hw.entry(*hw).or_default().remove(&unit);
        }
        if let Some(id) = client_id
            && now.is_none_or(|row| row.holder.client_id.as_ref() != Some(id))
        {
            self.by_client_id.entry(id.clone()).or_default().remove(&unit);
        }
    }

    /// The rows of a client, by unit.
    fn rows_of(&self, holder: &Holder) -> Vec<Arc<Lease>> {
        let id = holder.client_id.as_ref().and_then(|id| self.by_client_id.get(id));
        let hw = self.by_hw.get(&holder.hw);
        let units: BTreeSet<&Unit> = id.into_iter().chain(hw).flatten().collect();
        let rows = units.into_iter().filter_map(|unit| self.rows.get(unit));
        let rows = rows.filter(|row| row.holder.same_client(holder));
        rows.filter(|row| !self.bad.contains_key(&row.unit)).cloned().collect()
    }

    /// Rows that are to be reclaimed, by unit.
    fn lapsed(&self, count: u16, wall: Wall, held_back: i64) -> Vec<Arc<Lease>> {
        let over = self.ends.iter().take_while(|(end, _)| *end <= wall);
        let rows = over.filter_map(|(_, unit)| self.rows.get(unit));
        let rows = rows.filter(|row| needs_reclaim(row, wall, held_back));
        let mut rows: Vec<_> =
            rows.filter(|row| !self.bad.contains_key(&row.unit)).cloned().collect();
        rows.sort_by_key(|row| row.unit);
        rows.truncate(usize::from(count));
        rows
    }

    /// A row as readers are shown it.
    fn shown(&self, unit: Unit) -> Option<&Arc<Lease>> {
        self.bad.get(&unit).or_else(|| self.rows.get(&unit))
    }

    /// Makes one change if the store still holds what it replaces.
    pub fn apply(&mut self, change: &Change) -> Outcome {
        if let Some(bad) = self.bad.get(&change.unit) {
            return Outcome::Conflict(Some(Arc::clone(bad)));
        }
        let current = self.rows.get(&change.unit);
        if current != change.from.as_ref() {
            return Outcome::Conflict(current.cloned());
        }
        self.put(change);
        Outcome::Done
    }

    /// Makes one change whatever the store holds (a planted bug).
    pub fn put(&mut self, change: &Change) {
        let before = self.rows.get(&change.unit).cloned();
        self.log.push_back(Commit { at: self.now, unit: change.unit, before });
        self.set(change.unit, change.to.clone());
    }

    /// Answers a lookup.
    #[must_use]
    pub fn look_up(&self, lookup: &Lookup) -> Found {
        match lookup {
            Lookup::Unit(unit) => Found::Row(self.shown(*unit).cloned()),
            Lookup::Holder(holder) => Found::Rows(self.rows_of(holder)),
            Lookup::FreeIn { first, last, from, count, wall } => {
                let free = |unit: &Unit| {
                    let row = self.shown(*unit);
                    row.is_none_or(|row| row.is_reusable(*wall))
                };
                let found = around(*first, *last, *from).filter(free).take(usize::from(*count));
                let candidate = |unit| Candidate { unit, row: self.rows.get(&unit).cloned() };
                Found::Free(found.map(candidate).collect())
            }
            Lookup::Lapsed { count, wall, held_back } => {
                Found::Rows(self.lapsed(*count, *wall, *held_back))
            }
            Lookup::HwAddr(hw) => self.found(|row| row.holder.hw == *hw),
            Lookup::ClientId(id) => self.found(|row| row.holder.client_id.as_ref() == Some(id)),
            Lookup::Page { after, count } => {
                let count = usize::try_from(*count).unwrap_or(usize::MAX);
                let from = after.map_or(Bound::Unbounded, Bound::Excluded);
                let rows = self.rows.range((from, Bound::Unbounded)).map(|(_, row)| row);
                let rows = rows.filter(|row| !self.bad.contains_key(&row.unit));
                Found::Rows(rows.take(count).cloned().collect())
            }
        }
    }

    /// Rows that can be read.
    fn found(&self, is_meant: impl Fn(&Lease) -> bool) -> Found {
        let rows = self.rows.values().filter(|row| is_meant(row));
        Found::Rows(rows.filter(|row| !self.bad.contains_key(&row.unit)).cloned().collect())
    }
}

/// The units of a range, beginning at `from`. (IPv4 only: it is what the world leases.)
fn around(first: Unit, last: Unit, from: Unit) -> impl Iterator<Item = Unit> {
    let number = |unit: Unit| unit.v4().map_or(0, u32::from);
    let (first, last, from) = (number(first), number(last), number(from));
    let from = from.clamp(first, last);
    (from..=last).chain(first..from).map(|number| Unit::V4(Ipv4Addr::from(number)))
}
