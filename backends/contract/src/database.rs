//! A store in a database, as a subject.

use std::sync::Arc;

use lessor_lease::{Change, FetchError, Found, Lease, Lookup, Outcome};
use lessor_sql::{Committed, Dialect, Fetched, Store};
use lessor_types::{Unit, Wall};
use tokio::runtime::Runtime;

use crate::{Kind, Subject};

/// How many rows a page has: few, so that pages are turned.
const PAGE: u32 = 700;

/// Opens a store on the database of a subject.
pub type Open<'a, D> = Box<dyn Fn(&Runtime) -> Store<D> + 'a>;

/// Two stores on one database.
pub struct Database<'a, D: Dialect> {
    runtime: &'a Runtime,
    open: Open<'a, D>,
    stores: [Store<D>; 2],
}

impl<'a, D: Dialect> Database<'a, D> {
    /// A subject of a database that is empty.
    pub fn new(runtime: &'a Runtime, open: Open<'a, D>) -> Self {
        let stores = [open(runtime), open(runtime)];
        Self { runtime, open, stores }
    }

    /// Answers lookups, with what was noticed besides.
    ///
    /// # Panics
    /// If the database does not answer.
    pub fn fetch_all(&self, lookups: &[Lookup]) -> Fetched {
        self.runtime.block_on(self.store().fetch(lookups)).expect("the database answers")
    }

    /// Commits, with what was noticed besides.
    pub fn commit_batch(&self, batch: &[Change]) -> Committed {
        self.runtime.block_on(self.store().commit(batch))
    }

    /// One of the stores, for what the suite does not ask.
    #[must_use]
    pub fn store(&self) -> &Store<D> {
        let [one, _] = &self.stores;
        one
    }
}

impl<D: Dialect> Subject for Database<'_, D> {
    fn commit(&mut self, batch: &[Change]) -> Vec<Outcome> {
        self.runtime.block_on(self.store().commit(batch)).outcomes
    }

    fn commit_from_another(&mut self, batch: &[Change]) -> Vec<Outcome> {
        let [_, another] = &self.stores;
        self.runtime.block_on(another.commit(batch)).outcomes
    }

    fn race(&mut self, mine: &[Change], theirs: &[Change]) -> (Vec<Outcome>, Vec<Outcome>) {
        let [one, another] = &self.stores;
        let both = async { tokio::join!(one.commit(mine), another.commit(theirs)) };
        let (mine, theirs) = self.runtime.block_on(both);
        (mine.outcomes, theirs.outcomes)
    }

    /// Without a goodbye: what the database holds is durable, and its clients lose no more than
    /// their connections.
    fn crash_and_reopen(&mut self) {
        self.stores = [(self.open)(self.runtime), (self.open)(self.runtime)];
    }

    fn rows(&mut self) -> Vec<Arc<Lease>> {
        let mut rows = Vec::new();
        let mut from = Some(Unit::V4([0, 0, 0, 0].into()));
        while let Some(unit) = from {
            let page = self.runtime.block_on(self.store().page(unit, PAGE)).expect("a page");
            assert_eq!(page.quarantined, [], "every row can be read");
            rows.extend(page.leases);
            from = page.next;
        }
        rows
    }

    fn promises(&self) -> Kind {
        Kind::Shared
    }

    fn fetch(&mut self, lookups: &[Lookup]) -> Result<Vec<Found>, FetchError> {
        let fetched = self.runtime.block_on(self.store().fetch(lookups));
        Ok(fetched.expect("the database answers").found)
    }

    /// The last that the seconds of a lease can be, however far the columns reach.
    fn last_time(&self) -> Wall {
        Wall::from_secs(1 << 40)
    }

    fn keeps(&self, lease: &Lease) -> bool {
        self.store().shape().encode(lease).is_ok()
    }

    fn histories(&self) -> u32 {
        16
    }

    /// The gate takes few; `LESSOR_CONTRACT_STEPS` takes as many as it says.
    fn steps(&self) -> u32 {
        let asked = std::env::var("LESSOR_CONTRACT_STEPS").ok();
        asked.and_then(|steps| steps.parse().ok()).unwrap_or(400)
    }
}
