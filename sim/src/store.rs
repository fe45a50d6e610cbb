//! The store that several servers share, as it is when nothing is wrong. What goes wrong on the way
//! there and back is the world's business.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_lease::store::needs_reclaim;
use lessor_lease::{Candidate, Change, Found, Lease, Lookup, Outcome};
use lessor_types::Unit;

/// A table of leases whose writes are conditional on the whole row that they replace.
#[derive(Clone, Debug, Default)]
pub struct SimStore {
    rows: BTreeMap<Unit, Arc<Lease>>,
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

    /// Makes one change if the store still holds what it replaces.
    pub fn apply(&mut self, change: &Change) -> Outcome {
        let current = self.rows.get(&change.unit);
        if current != change.from.as_ref() {
            return Outcome::Conflict(current.cloned());
        }
        self.put(change);
        Outcome::Done
    }

    /// Makes one change whatever the store holds (a planted bug).
    pub fn put(&mut self, change: &Change) {
        match &change.to {
            Some(row) => self.rows.insert(change.unit, Arc::clone(row)),
            None => self.rows.remove(&change.unit),
        };
    }

    /// Answers a lookup.
    #[must_use]
    pub fn look_up(&self, lookup: &Lookup) -> Found {
        match lookup {
            Lookup::Unit(unit) => Found::Row(self.row(*unit).cloned()),
            Lookup::Holder(holder) => {
                let rows = self.rows.values().filter(|row| row.holder.same_client(holder));
                Found::Rows(rows.cloned().collect())
            }
            Lookup::FreeIn { first, last, from, count, wall } => {
                let free = |unit: &Unit| {
                    let row = self.rows.get(unit);
                    row.is_none_or(|row| row.is_reusable(*wall))
                };
                let found = around(*first, *last, *from).filter(free).take(usize::from(*count));
                let candidate = |unit| Candidate { unit, row: self.rows.get(&unit).cloned() };
                Found::Free(found.map(candidate).collect())
            }
            Lookup::Lapsed { count, wall, held_back } => {
                let lapsed = self.rows.values().filter(|row| needs_reclaim(row, *wall, *held_back));
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
