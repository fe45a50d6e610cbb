//! What one exchange fetched from a shared store.
//!
//! It is true of the moment of the fetch only: writes say what they replace, and a lost race throws
//! all of it away.

use std::collections::BTreeMap;
use std::sync::Arc;

use lessor_lease::{Candidate, Found, Lease, Lookup};
use lessor_types::{Holder, Unit};

/// Fetched facts, by what was asked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Gathered {
    rows: BTreeMap<Unit, Option<Arc<Lease>>>,
    holders: BTreeMap<Holder, Vec<Arc<Lease>>>,
    /// By the first unit of the range.
    free: BTreeMap<Unit, Vec<Candidate>>,
    lapsed: Option<Vec<Arc<Lease>>>,
}

impl Gathered {
    /// Nothing fetched.
    pub const NONE: Self = Self {
        rows: BTreeMap::new(),
        holders: BTreeMap::new(),
        free: BTreeMap::new(),
        lapsed: None,
    };

    /// Keeps an answer. An answer of another kind than its question is a defect of the store and
    /// teaches nothing.
    pub fn learn(&mut self, lookup: Lookup, found: Found) {
        match (lookup, found) {
            (Lookup::Unit(unit), Found::Row(row)) => {
                self.rows.insert(unit, row);
            }
            (Lookup::Holder(holder), Found::Rows(rows)) => {
                for row in &rows {
                    self.rows.insert(row.unit, Some(Arc::clone(row)));
                }
                self.holders.insert(holder, rows);
            }
            (Lookup::FreeIn { first, .. }, Found::Free(candidates)) => {
                for candidate in &candidates {
                    self.rows.insert(candidate.unit, candidate.row.clone());
                }
                self.free.insert(first, candidates);
            }
            (Lookup::Lapsed { .. }, Found::Rows(rows)) => self.lapsed = Some(rows),
            _ => {}
        }
    }

    /// The row of a unit, if it was fetched.
    #[must_use]
    pub fn row(&self, unit: Unit) -> Option<&Option<Arc<Lease>>> {
        self.rows.get(&unit)
    }

    /// The rows of a client, if they were fetched.
    #[must_use]
    pub fn rows_of(&self, holder: &Holder) -> Option<&Vec<Arc<Lease>>> {
        self.holders.get(holder)
    }

    /// The free units found in the range that begins at `first`, if any were looked for.
    #[must_use]
    pub fn free(&self, first: Unit) -> Option<&[Candidate]> {
        self.free.get(&first).map(Vec::as_slice)
    }

    /// The lapsed rows, if they were looked for.
    pub fn take_lapsed(&mut self) -> Option<Vec<Arc<Lease>>> {
        self.lapsed.take()
    }
}
