//! What a store shows of itself to be judged.

use std::sync::Arc;

use lessor_lease::{Change, FetchError, Found, Lease, Lookup, Outcome};
use lessor_types::Wall;

/// What a store promises.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// One writer owns it: changes are made whatever their `from` says.
    Log,
    /// Several writers use it: a change is made only where the store still holds its `from`.
    Shared,
}

/// A store under test. Without faults other than those that the suite asks for, it answers every
/// change with `Done` or, where it is shared, `Conflict`.
pub trait Subject {
    /// Commits a batch and waits for the outcomes, one for each change in order.
    fn commit(&mut self, batch: &[Change]) -> Vec<Outcome>;

    /// The same through another connection, where there can be one.
    fn commit_from_another(&mut self, batch: &[Change]) -> Vec<Outcome> {
        self.commit(batch)
    }

    /// Two batches at the same time, through two connections, where there can be two.
    fn race(&mut self, mine: &[Change], theirs: &[Change]) -> (Vec<Outcome>, Vec<Outcome>) {
        let first = self.commit(mine);
        (first, self.commit_from_another(theirs))
    }

    /// Loses everything that was not promised to be durable, as brutally as the store allows, and
    /// opens the store again.
    fn crash_and_reopen(&mut self);

    /// All rows, by unit.
    fn rows(&mut self) -> Vec<Arc<Lease>>;

    /// Which promises it makes.
    fn promises(&self) -> Kind;

    /// Answers lookups; only asked of shared stores.
    ///
    /// # Errors
    /// [`FetchError`]; the suite does not expect one.
    fn fetch(&mut self, lookups: &[Lookup]) -> Result<Vec<Found>, FetchError> {
        let _ = lookups;
        Err(FetchError::Unavailable)
    }

    /// The last time that it can keep.
    fn last_time(&self) -> Wall {
        Wall::from_secs(1 << 40)
    }

    /// Whether it can keep this lease; an old table may have no room for all of it.
    fn keeps(&self, lease: &Lease) -> bool {
        let _ = lease;
        true
    }

    /// How many random histories to try.
    fn histories(&self) -> u32 {
        32
    }

    /// How many steps the long walk takes, which also asks.
    fn steps(&self) -> u32 {
        1000
    }
}
