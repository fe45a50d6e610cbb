//! Leases in MySQL or MariaDB, in Kea's tables.
//!
//! # Map
//! - [`connection`]: a session, and what is looked at when a store is opened.
//! - `transaction`: a batch as a transaction of one round trip or two.
//! - `fault`: what follows from the server's errors.
//!
//! # Does not
//! Make or upgrade tables, or decide what to do without the database.
//!
//! # Invariants
//! - A batch locks leases in the order of their keys, then statistics in theirs.
//! - Statements go as text in which every value is a number or hexadecimal.
//! - Times cross as numbers, in a session whose zone is UTC.
#![forbid(unsafe_code)]

pub mod connection;
mod fault;
mod transaction;

use lessor_sql::{Access, Failure, Opened, Store};

pub use connection::MySql;

/// A lease store in MySQL or MariaDB.
pub type Leases = Store<MySql>;

/// Opens the lease store that `access` names.
///
/// # Errors
/// [`Failure`]: the server can't be reached or refuses us, or the tables are not there.
pub async fn open(access: &Access) -> Result<(Leases, Opened), Failure> {
    let (dialect, shape, opened) = MySql::open(access).await?;
    Ok((Store::new(dialect, access.limits, shape), opened))
}
