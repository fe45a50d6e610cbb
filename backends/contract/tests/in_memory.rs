//! The suite can be passed, and notices stores that break a promise.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use lessor_lease::store::needs_reclaim;
use lessor_lease::{Candidate, Change, FetchError, Found, Lease, Lookup, Outcome, Table};
use lessor_store_contract::{Kind, Subject, run};
use lessor_types::{Unit, Wall};

/// What a broken store does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Flaw {
    None,
    ForgetsTheLastBatch,
    ForgetsContexts,
    IgnoresConditions,
    StopsAtAConflict,
    IgnoresTheMargin,
    IgnoresWhereToBegin,
    OffersDeclined,
    /// A page does not begin behind the last one.
    BeginsPagesAnew,
}

struct InMemory {
    kind: Kind,
    flaw: Flaw,
    rows: Table,
    durable: Table,
}

impl InMemory {
    fn new(kind: Kind, flaw: Flaw) -> Self {
        Self { kind, flaw, rows: Table::new(), durable: Table::new() }
    }

    fn change(&mut self, change: &Change) -> Outcome {
        let current = self.rows.row(change.unit);
        let checked = self.kind == Kind::Shared && self.flaw != Flaw::IgnoresConditions;
        if checked && current != change.from {
            return Outcome::Conflict(current);
        }
        match &change.to {
            None => self.rows.remove(change.unit),
            Some(row) if self.flaw == Flaw::ForgetsContexts => {
                self.rows.put(&Lease { context: None, ..row.as_ref().clone() })
            }
            Some(row) => self.rows.put(row),
        };
        Outcome::Done
    }

    fn reusable(&self, row: &Lease, wall: Wall) -> bool {
        match self.flaw {
            Flaw::IgnoresTheMargin => row.expires <= wall && !row.valid.is_infinite(),
            Flaw::OffersDeclined if row.holder.is_nobody() => true,
            _ => row.is_reusable(wall),
        }
    }

    fn free_in(&self, (first, last, from): (Unit, Unit, Unit), count: u16, wall: Wall) -> Found {
        let number = |unit: Unit| unit.v4().map_or(0, u32::from);
        let from = match self.flaw {
            Flaw::IgnoresWhereToBegin => first,
            _ => from,
        };
        let around = (number(from)..=number(last)).chain(number(first)..number(from));
        let candidate = |number: u32| {
            let unit = Unit::V4(number.into());
            let row = self.rows.row(unit);
            let free = row.as_ref().is_none_or(|row| self.reusable(row, wall));
            free.then_some(Candidate { unit, row })
        };
        Found::Free(around.filter_map(candidate).take(count.into()).collect())
    }
}

impl Subject for InMemory {
    fn commit(&mut self, batch: &[Change]) -> Vec<Outcome> {
        if self.flaw == Flaw::ForgetsTheLastBatch {
            self.durable = self.rows.clone();
        }
        let mut stopped = false;
        let mut outcomes = Vec::new();
        for change in batch {
            let outcome = match stopped {
                true => Outcome::Conflict(None),
                false => self.change(change),
            };
            stopped |= self.flaw == Flaw::StopsAtAConflict && outcome != Outcome::Done;
            outcomes.push(outcome);
        }
        if self.flaw != Flaw::ForgetsTheLastBatch {
            self.durable = self.rows.clone();
        }
        outcomes
    }

    fn crash_and_reopen(&mut self) {
        self.rows = self.durable.clone();
    }

    fn rows(&mut self) -> Vec<Arc<Lease>> {
        self.rows.rows().collect()
    }

    fn promises(&self) -> Kind {
        self.kind
    }

    fn fetch(&mut self, lookups: &[Lookup]) -> Result<Vec<Found>, FetchError> {
        let answer = |lookup: &Lookup| match lookup {
            Lookup::Unit(unit) => Found::Row(self.rows.row(*unit)),
            Lookup::Holder(holder) => Found::Rows(self.rows.rows_of(holder)),
            Lookup::FreeIn { first, last, from, count, wall } => {
                self.free_in((*first, *last, *from), *count, *wall)
            }
            Lookup::Lapsed { count, wall, held_back } => {
                let lapsed = |row: &Arc<Lease>| needs_reclaim(row, *wall, *held_back);
                let rows = self.rows.rows().filter(lapsed);
                Found::Rows(rows.take(usize::from(*count)).collect())
            }
            Lookup::HwAddr(hw) => {
                Found::Rows(self.rows.rows().filter(|row| row.holder.hw == *hw).collect())
            }
            Lookup::ClientId(id) => {
                let has_id = |row: &Arc<Lease>| row.holder.client_id.as_ref() == Some(id);
                Found::Rows(self.rows.rows().filter(has_id).collect())
            }
            Lookup::Page { after, count } => {
                let count = usize::try_from(*count).expect("a page fits");
                let is_behind = |row: &Arc<Lease>| {
                    self.flaw == Flaw::BeginsPagesAnew || Some(row.unit) > *after
                };
                Found::Rows(self.rows.rows().filter(is_behind).take(count).collect())
            }
        };
        Ok(lookups.iter().map(answer).collect())
    }
}

#[test]
fn a_good_store_passes() {
    run(|| InMemory::new(Kind::Log, Flaw::None));
    run(|| InMemory::new(Kind::Shared, Flaw::None));
}

#[test]
fn each_flaw_is_noticed() {
    for (kind, flaw) in [
        (Kind::Log, Flaw::ForgetsTheLastBatch),
        (Kind::Log, Flaw::ForgetsContexts),
        (Kind::Shared, Flaw::IgnoresConditions),
        (Kind::Shared, Flaw::StopsAtAConflict),
        (Kind::Shared, Flaw::IgnoresTheMargin),
        (Kind::Shared, Flaw::IgnoresWhereToBegin),
        (Kind::Shared, Flaw::OffersDeclined),
        (Kind::Shared, Flaw::BeginsPagesAnew),
    ] {
        let ran = catch_unwind(AssertUnwindSafe(|| run(|| InMemory::new(kind, flaw))));
        assert!(ran.is_err(), "{flaw:?} went unnoticed");
    }
}
