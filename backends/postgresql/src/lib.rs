//! Leases in PostgreSQL, in Kea's tables.
//!
//! # Map
//! - [`connection`]: a session, and what is looked at when a store is opened.
//! - `reading`: questions, windows and pages, one statement each.
//! - `writing`: a batch as one statement, which is a transaction of its own.
//! - `fault`: what follows from PostgreSQL's errors.
//!
//! # Does not
//! Make or upgrade tables, or decide what to do without the database.
//!
//! # Invariants
//! - What a fetch asks goes in one statement; so does what a batch writes.
//! - A batch locks leases in the order of their keys, then statistics in theirs.
//! - Times cross as numbers; no session's zone has a say.
#![forbid(unsafe_code)]

pub mod connection;
mod fault;
mod reading;
mod writing;

use lessor_sql::{Access, Failure, Opened, Store};

pub use connection::PostgreSql;

/// A lease store in PostgreSQL.
pub type Leases = Store<PostgreSql>;

/// Opens the lease store that `access` names.
///
/// # Errors
/// [`Failure`]: the server can't be reached or refuses us, or the tables are not there.
pub async fn open(access: &Access) -> Result<(Leases, Opened), Failure> {
    let (dialect, shape, opened) = PostgreSql::open(access).await?;
    Ok((Store::new(dialect, access.limits, shape), opened))
}
