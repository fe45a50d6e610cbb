//! What a database's own crate does: four questions and a write, each in one round trip or two.

use std::future::Future;

use crate::batch::{Counted, Write};
use crate::failure::Failure;
use crate::question::Question;
use crate::row::{Row, Shape};
use crate::vacancy::Window;

/// Which rows of a range may be replaced, by the index of ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reuse {
    /// The first address.
    pub first: u32,
    /// The last address.
    pub last: u32,
    /// How many to find at most.
    pub count: u16,
    /// The time at which to judge, in seconds since 1970.
    pub at: i64,
}

/// How many rows the search for what may be replaced looks at in each state: enough where little
/// lapses, and a bound where all of it is elsewhere.
pub const LOOKED_AT: u32 = 256;

/// What a walk over windows found. Of its rows only what tells whether they may be replaced has to
/// be filled in: key, lifetime, end and state.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Walk {
    /// For each window the rows in it, in the order of addresses, as many as it allows.
    pub windows: Vec<Vec<Row>>,
    /// Rows that may be replaced, for all [`Reuse`] questions together.
    pub reusable: Vec<Row>,
}

impl Walk {
    /// Nothing found yet in so many windows.
    #[must_use]
    pub fn for_windows(count: usize) -> Self {
        Self { windows: vec![Vec::new(); count], reusable: Vec::new() }
    }

    /// Adds a row as five numbers: its window's, from one on, or 0 for what may be replaced; key,
    /// lifetime, end, state.
    pub fn add(&mut self, numbers: &[Option<i64>]) {
        let [Some(window), Some(address), valid_lifetime, expire, state] = *numbers else {
            return;
        };
        let state = state.unwrap_or(-1);
        let row = Row { address, valid_lifetime, expire, state, ..Row::default() };
        let window = usize::try_from(window - 1).ok();
        match window.and_then(|window| self.windows.get_mut(window)) {
            Some(window) => window.push(row),
            None => self.reusable.push(row),
        }
    }

    /// With the rows of each window in the order of addresses.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        for window in &mut self.windows {
            window.sort_by_key(|row| row.address);
        }
        self
    }
}

/// What a transaction did with each write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Written, and durable as far as the database is set to be.
    Done,
    /// Not written: the row was not as expected.
    Stood,
}

/// One kind of database.
///
/// *Order*: a connection is asked one thing at a time. One that failed with a loss
/// ([`crate::Class::is_loss`]), or whose future was dropped, is not used again.
pub trait Dialect: Send + Sync + 'static {
    /// A connection.
    type Connection: Send + 'static;

    /// What and where, for words.
    fn place(&self) -> &str;

    /// Opens a connection and sets its session up.
    fn connect(&self) -> impl Future<Output = Result<Self::Connection, Failure>> + Send;

    /// Says goodbye.
    fn close(&self, connection: Self::Connection) -> impl Future<Output = ()> + Send;

    /// Asks whether the database is there.
    fn ping(
        &self,
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// The rows that answer a question, in any order, none forgotten; a row may come twice.
    fn ask(
        &self,
        connection: &mut Self::Connection,
        question: &Question,
    ) -> impl Future<Output = Result<Vec<Row>, Failure>> + Send;

    /// Walks over windows, and looks among the first [`LOOKED_AT`] to end of each state for rows
    /// that may be replaced.
    fn walk(
        &self,
        connection: &mut Self::Connection,
        windows: &[Window],
        reuse: &[Reuse],
    ) -> impl Future<Output = Result<Walk, Failure>> + Send;

    /// Up to `count` rows with keys of at least `from`, by key.
    fn page(
        &self,
        connection: &mut Self::Connection,
        from: u32,
        count: u32,
    ) -> impl Future<Output = Result<Vec<Row>, Failure>> + Send;

    /// Makes writes in one transaction, each on its own condition, and says what became of each.
    /// They come sorted by key, at most one a key, with the statistics that they change in the
    /// order of locking.
    ///
    /// # Errors
    /// None of them was made, unless the class is [`crate::Class::Unknown`].
    fn write(
        &self,
        connection: &mut Self::Connection,
        shape: &Shape,
        writes: &[Write],
        counted: &[Counted],
    ) -> impl Future<Output = Result<Vec<Verdict>, Failure>> + Send;
}
