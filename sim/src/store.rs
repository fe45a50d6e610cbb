//! The store that several servers share, as it is when nothing is wrong. What goes wrong on the way
//! there and back is the world's business.

use std::collections::{BTreeMap, VecDeque};
use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_lease::store::needs_reclaim;
use lessor_lease::{Candidate, Change, Found, Lease, Lookup, Outcome, State};
use lessor_types::{Holder, Unit};

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

    /// The store as it was at a time, up to 15 seconds ago: what a replica that lags shows.
    #[must_use]
    pub fn as_of(&self, then: Ns) -> Self {
        let mut old = self.clone();
        for commit in self.log.iter().rev().take_while(|commit| commit.at > then) {
            old.set(commit.unit, commit.before.clone());
        }
        old
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
        match row {
            Some(row) => self.rows.insert(unit, row),
            None => self.rows.remove(&unit),
        };
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
            Lookup::Holder(holder) => {
                let rows = self.rows.values().filter(|row| row.holder.same_client(holder));
                let rows = rows.filter(|row| !self.bad.contains_key(&row.unit));
                Found::Rows(rows.cloned().collect())
            }
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
                let lapsed = self.rows.values().filter(|row| needs_reclaim(row, *wall, *held_back));
                let lapsed = lapsed.filter(|row| !self.bad.contains_key(&row.unit));
                Found::Rows(lapsed.take(usize::from(*count)).cloned().collect())
            }
        }
    }
}

/// The units of a range, beginning at `from`. (IPv4 only: it is what the world leases.)
fn around(first: Unit, last: Unit, from: Unit) -> impl Iterator<Item = Unit> {
    let number = |unit: Unit| unit.v4().map_or(0, u32::from);
    let (first, last, from) = (number(first), number(last), number(from));
    let from = from.clamp(first, last);
    (from..=last).chain(first..from).map(|number| Unit::V4(Ipv4Addr::from(number)))
}
