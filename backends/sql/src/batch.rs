//! What a batch of changes is to a database: conditional writes, sorted by key.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lessor_lease::{Change, Lease, Outcome, Refusal};
use lessor_types::Unit;

use crate::row::{Guard, Row, RowError, Shape};

/// One conditional write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Write {
    /// The row's key: the address as a number.
    pub key: u32,
    /// What to do there.
    pub act: Act,
}

/// What a write does, and under which condition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Act {
    /// Puts a row where there is none.
    Insert(Row),
    /// Puts a row where the guard finds its own.
    Update(Guard, Row),
    /// Removes the row that the guard knows.
    Delete(Guard),
}

impl Act {
    /// What it expects to find.
    #[must_use]
    pub const fn guard(&self) -> Option<&Guard> {
        match self {
            Self::Insert(_) => None,
            Self::Update(guard, _) | Self::Delete(guard) => Some(guard),
        }
    }

    /// The row that it leaves.
    #[must_use]
    pub const fn row(&self) -> Option<&Row> {
        match self {
            Self::Insert(row) | Self::Update(_, row) => Some(row),
            Self::Delete(_) => None,
        }
    }
}

/// A row of Kea's statistics, which its triggers write with every lease that comes or goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Counted {
    /// The subnet.
    pub subnet: u32,
    /// The state's number.
    pub state: u8,
}

/// The states that statistics count.
const COUNTED: [i64; 2] = [0, 1];

/// One change on its way: where it was in the batch, and what it is to the database.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Planned {
    index: usize,
    counted: [Option<Counted>; 2],
}

/// The writes of a batch, and what became of its changes so far.
#[derive(Debug)]
pub struct Batch {
    /// The writes, by key.
    pub writes: Vec<Write>,
    planned: Vec<Planned>,
    outcomes: Vec<Option<Outcome>>,
    /// The first changes that no table of this shape can keep, with the reason.
    pub refused: Vec<(Unit, RowError)>,
}

/// How many reasons are kept.
const REASONS_MAX: usize = 8;

impl Batch {
    /// The writes for these changes. What the table cannot keep is refused here, so that no
    /// statement fails for it; so is a second change of one unit.
    #[must_use]
    pub fn of(changes: &[Change], shape: &Shape) -> Self {
        let mut batch = Self {
            writes: Vec::with_capacity(changes.len()),
            planned: Vec::with_capacity(changes.len()),
            outcomes: vec![None; changes.len()],
            refused: Vec::new(),
        };
        let mut order: Vec<usize> = (0..changes.len()).collect();
        order.sort_by_key(|index| changes.get(*index).map(|change| change.unit));
        let mut last = None;
        for index in order {
            let Some(change) = changes.get(index) else {
                continue;
            };
            let outcome = if last.replace(change.unit) == Some(change.unit) {
                Some(Outcome::Refused(Refusal::Retry))
            } else {
                batch.plan(index, change, shape)
            };
            if let Some(place) = batch.outcomes.get_mut(index) {
                *place = outcome;
            }
        }
        batch
    }

    /// Plans one change, or says at once what becomes of it.
    fn plan(&mut self, index: usize, change: &Change, shape: &Shape) -> Option<Outcome> {
        let key = change.unit.v4().map(u32::from);
        let row = change.to.as_deref().map(|to| shape.encode(to)).transpose();
        let (key, row) = match (key, row) {
            (Some(key), Ok(row)) => (key, row),
            (key, row) => {
                let other = RowError { column: "address", why: "is of another family".to_owned() };
                let error = row.err().filter(|_| key.is_some()).unwrap_or(other);
                if self.refused.len() < REASONS_MAX {
                    self.refused.push((change.unit, error));
                }
                return Some(Outcome::Refused(Refusal::Invalid));
            }
        };
        let guard = change.from.as_deref().map(|from| shape.guard(from));
        let act = match (guard, row) {
            (None, None) => return Some(Outcome::Done),
            (None, Some(row)) => Act::Insert(row),
            (Some(guard), Some(row)) => Act::Update(guard, row),
            (Some(guard), None) => Act::Delete(guard),
        };
        let was = change.from.as_deref().and_then(|from| counted(from, shape));
        let is = change.to.as_deref().and_then(|to| counted(to, shape));
        let counted = if was == is { [None, None] } else { [was, is] };
        self.writes.push(Write { key, act });
        self.planned.push(Planned { index, counted });
        None
    }

    /// How many writes there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.writes.len()
    }

    /// Whether there is nothing to write.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// The statistics that triggers will change for a part of the writes, in the order in which
    /// everybody locks them.
    #[must_use]
    pub fn counted(&self, part: std::ops::Range<usize>) -> Vec<Counted> {
        let part = self.planned.get(part).unwrap_or_default();
        let all: BTreeSet<Counted> =
            part.iter().flat_map(|planned| planned.counted).flatten().collect();
        all.into_iter().collect()
    }

    /// Says what became of one write.
    pub fn settle(&mut self, write: usize, outcome: Outcome) {
        let place = self.planned.get(write).and_then(|it| self.outcomes.get_mut(it.index));
        if let Some(place) = place {
            *place = Some(outcome);
        }
    }

    /// Says of the writes that found another row which one it was.
    pub fn conflicts(&mut self, writes: &[usize], current: &BTreeMap<u32, Arc<Lease>>) {
        for write in writes {
            let key = self.writes.get(*write).map(|write| write.key);
            let row = key.and_then(|key| current.get(&key).cloned());
            self.settle(*write, Outcome::Conflict(row));
        }
    }

    /// What became of the changes, in their order. What nobody spoke of is unknown.
    #[must_use]
    pub fn outcomes(self) -> Vec<Outcome> {
        self.outcomes.into_iter().map(|outcome| outcome.unwrap_or(Outcome::Unknown)).collect()
    }
}

fn counted(lease: &Lease, shape: &Shape) -> Option<Counted> {
    let state = shape.guard(lease).state;
    let state = COUNTED.contains(&state).then_some(state)?;
    Some(Counted { subnet: lease.subnet.0, state: u8::try_from(state).ok()? })
}
