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

/// What a walk over windows found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Walk {
    /// For each window the rows in it, in the order of addresses, as many as it allows; only what
    /// tells whether a row may be replaced has to be filled in.
    pub windows: Vec<Vec<Row>>,
    /// Whole rows that may be replaced, for all [`Reuse`] questions together.
    pub reusable: Vec<Row>,
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

    /// Walks over windows, and looks for rows that may be replaced.
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
