//! Leases in an SQLite file, in Kea's tables.
//!
//! # Map
//! - [`connection`]: a session, and what is looked at when a store is opened.
//! - `transaction`: a batch as a transaction.
//! - `fault`: what follows from SQLite's errors.
//!
//! # Does not
//! Make or upgrade tables, or decide what to do without the file.
//!
//! # Invariants
//! - `Done` means: synced. The log is synced with every commit (`synchronous = FULL`).
//! - A transaction that writes says so at its beginning: none has to give up in the middle because
//!   another was first.
#![forbid(unsafe_code)]

pub mod connection;
mod fault;
mod transaction;

use lessor_sql::{Access, Failure, Opened, Store};

pub use connection::Sqlite;

/// A lease store in an SQLite file.
pub type Leases = Store<Sqlite>;

/// Opens the lease store whose file `access` names; the rest of it is for servers.
///
/// # Errors
/// [`Failure`]: the file can't be opened, or the tables are not there.
pub async fn open(access: &Access) -> Result<(Leases, Opened), Failure> {
    let (dialect, shape, opened) = Sqlite::open(access).await?;
    Ok((Store::new(dialect, access.limits, shape), opened))
}
