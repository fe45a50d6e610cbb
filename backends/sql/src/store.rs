//! A lease store in a database that others use too.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use lessor_lease::{Change, Lease, Outcome};
use lessor_types::Unit;

use crate::batch::Batch;
use crate::dialect::{Dialect, Verdict};
use crate::failure::{Class, Failure};
use crate::pool::{Health, Limits, Pool};
use crate::question::{Leases, Question};
use crate::row::{Quarantined, RowError, Shape};
use crate::vacancy::Vacancy;

mod fetch;

pub use fetch::Fetched;

/// How often a part of a batch is tried that lost a race inside the database.
const TRIES_MAX: u8 = 3;

/// A lease store in a database.
pub struct Store<D: Dialect> {
    pool: Pool<D>,
    shape: Shape,
    vacancy: Mutex<Vacancy>,
    opened: Instant,
}

/// What became of a batch.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Committed {
    /// An outcome for each change, in their order.
    pub outcomes: Vec<Outcome>,
    /// What went wrong, where not all were done and no other writer was the reason; the first of it.
    pub failure: Option<Failure>,
    /// The changes that the table cannot keep, and why; the first of them.
    pub refused: Vec<(Unit, RowError)>,
    /// Rows that stood in the way and cannot be read.
    pub quarantined: Vec<Quarantined>,
}

/// A part of the table, by unit.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Page {
    /// The leases that can be read.
    pub leases: Vec<Arc<Lease>>,
    /// The rows that cannot.
    pub quarantined: Vec<Quarantined>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<Unit>,
}

/// A part of a batch that is still to be tried.
struct Part {
    range: std::ops::Range<usize>,
    tries: u8,
}

impl<D: Dialect> fmt::Debug for Store<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("shape", &self.shape).finish_non_exhaustive()
    }
}

impl<D: Dialect> Store<D> {
    /// A store of this shape.
    #[must_use]
    pub fn new(dialect: D, limits: Limits, shape: Shape) -> Self {
        Self {
            pool: Pool::new(dialect, limits),
            shape,
            vacancy: Mutex::new(Vacancy::new()),
            opened: Instant::now(),
        }
    }

    /// What its table can keep.
    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// How it stands between this server and the database.
    #[must_use]
    pub fn health(&self) -> Health {
        self.pool.health()
    }

    /// Asks whether the database is there; a loss is noticed so without a client.
    ///
    /// # Errors
    /// [`Failure`], in words.
    pub async fn ping(&self) -> Result<(), Failure> {
        let mut loan = self.pool.lend().await?;
        let result = self.pool.answer(self.pool.dialect().ping(&mut loan.connection)).await;
        self.pool.give_back(loan, &result);
        result.map_err(Failure::before_writing)
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Up to `count` rows from a unit on, by unit.
    ///
    /// # Errors
    /// [`Failure`], in words.
    pub async fn page(&self, from: Unit, count: u32) -> Result<Page, Failure> {
        let from = from.v4().map_or(0, u32::from);
        let mut loan = self.pool.lend().await?;
        let page = self.pool.dialect().page(&mut loan.connection, from, count);
        let result = self.pool.answer(page).await;
        self.pool.give_back(loan, &result);
        let rows = result.map_err(Failure::before_writing)?;
        let mut leases = Leases::default();
        leases.add(&rows, &self.shape);
        let last = rows.last().and_then(|row| u32::try_from(row.address).ok());
        let next = last.filter(|_| rows.len() >= count as usize).and_then(|key| key.checked_add(1));
        let bad = leases.bad;
        let readable = leases.by_key.into_iter().filter(|(key, _)| !bad.contains_key(key));
        Ok(Page {
            leases: readable.map(|(_, lease)| lease).collect(),
            next: next.map(|key| Unit::V4(key.into())),
            quarantined: bad.into_values().collect(),
        })
    }

    /// Makes changes, each on the condition that the store still holds what it replaces.
    ///
    /// They share transactions, sorted by key. If one fails for a row that the database refuses, it
    /// is halved until that row is alone: it costs only its own change.
    pub async fn commit(&self, changes: &[Change]) -> Committed {
        let mut batch = Batch::of(changes, &self.shape);
        let mut committed = Committed::default();
        let mut parts = vec![Part { range: 0..batch.len(), tries: 0 }];
        while let Some(part) = parts.pop() {
            if part.range.is_empty() {
                continue;
            }
            match self.write(&batch, part.range.clone()).await {
                Ok(verdicts) => {
                    self.settle(&mut batch, part.range, &verdicts, &mut committed).await;
                }
                Err(failure) => {
                    fail(&mut batch, part, failure.class, &mut parts);
                    committed.failure.get_or_insert(failure);
                }
            }
        }
        committed.refused.append(&mut batch.refused);
        committed.outcomes = batch.outcomes();
        self.learn_from(changes, &committed.outcomes);
        committed
    }

    async fn write(
        &self,
        batch: &Batch,
        part: std::ops::Range<usize>,
    ) -> Result<Vec<Verdict>, Failure> {
        let counted = batch.counted(part.clone());
        let writes = batch.writes.get(part).unwrap_or_default();
        loop {
            let mut loan = self.pool.lend().await?;
            let was_idle = loan.was_idle;
            let dialect = self.pool.dialect();
            let write = dialect.write(&mut loan.connection, &self.shape, writes, &counted);
            let result = self.pool.answer(write).await;
            self.pool.give_back(loan, &result);
            match result {
                // The server had gone away before, and nothing was written: another connection may
                // find it again. All idle ones are gone by now, so this happens once.
                Err(failure) if failure.class == Class::Unavailable && was_idle => {}
                result => return result,
            }
        }
    }

    async fn settle(
        &self,
        batch: &mut Batch,
        part: std::ops::Range<usize>,
        verdicts: &[Verdict],
        committed: &mut Committed,
    ) {
        let mut stood = Vec::new();
        for (write, verdict) in part.zip(verdicts) {
            match verdict {
                Verdict::Done => batch.settle(write, Outcome::Done),
                Verdict::Stood => stood.push(write),
            }
        }
        if stood.is_empty() {
            return;
        }
        let keys = stood.iter().filter_map(|write| batch.writes.get(*write).map(|it| it.key));
        let question = Question { keys: keys.collect(), ..Question::default() };
        match self.ask(&question).await {
            Ok(leases) => {
                batch.conflicts(&stood, &leases.by_key);
                committed.quarantined.extend(leases.bad.into_values());
            }
            // What stands there can't be said now; that nothing was written is certain.
            Err(failure) => {
                for write in stood {
                    batch.settle(write, Class::Retry.outcome());
                }
                committed.failure.get_or_insert(failure);
            }
        }
    }

    fn learn_from(&self, changes: &[Change], outcomes: &[Outcome]) {
        let mut known: BTreeMap<Unit, Option<&Lease>> = BTreeMap::new();
        let mut wall = None;
        for (change, outcome) in changes.iter().zip(outcomes) {
            match outcome {
                Outcome::Done => {
                    let to = change.to.as_deref();
                    // The newest confirmation of the batch is the time, near enough for a belief.
                    wall = wall.max(to.map(Lease::confirmed));
                    known.insert(change.unit, to);
                }
                Outcome::Conflict(current) => {
                    known.insert(change.unit, current.as_deref());
                }
                _ => {}
            }
        }
        let wall = wall.unwrap_or_default();
        self.learn(known.iter().map(|(unit, row)| (*unit, *row)), wall);
    }

    fn vacancy(&self) -> MutexGuard<'_, Vacancy> {
        self.vacancy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What follows from a failed part: it is tried again, halved, or given up.
fn fail(batch: &mut Batch, part: Part, class: Class, parts: &mut Vec<Part>) {
    let Part { range, tries } = part;
    match class {
        Class::Retry if tries + 1 < TRIES_MAX => {
            // Halves stand less in the way of whoever won.
            parts.push(Part { range, tries: tries + 1 });
        }
        Class::Invalid if range.len() > 1 => {
            let middle = range.start + range.len() / 2;
            parts.push(Part { range: middle..range.end, tries });
            parts.push(Part { range: range.start..middle, tries });
        }
        _ => {
            for write in range {
                batch.settle(write, class.outcome());
            }
            if !matches!(class, Class::Invalid | Class::Retry | Class::Unknown) {
                // It would be the same for all others.
                for part in parts.drain(..) {
                    for write in part.range {
                        batch.settle(write, class.outcome());
                    }
                }
            }
        }
    }
}
