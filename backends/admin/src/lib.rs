//! Databases of leases and hosts: made, upgraded, dumped, filled and counted anew.
//!
//! What Kea's `kea-admin` does, on a connection of its own. A server uses the same functions where
//! it finds no schema.
//!
//! # Map
//! - [`target`]: which database, and as whom.
//! - [`connection`]: statements and answers, whatever the kind of database.
//! - [`upkeep`]: a schema's version, a new schema, an upgrade.
//! - [`leases`]: leases out of the tables and into them, as lines of Kea's lease file.
//! - [`recount`]: statistics from the leases themselves.
//! - [`error`]: what went wrong, and what to do.
//!
//! # Does not
//! Serve leases (the stores do), read configurations, print, or decide whether an upgrade is
//! wanted.
//!
//! # Invariants
//! - Nothing is changed in a database whose version is not known.
//! - What PostgreSQL and SQLite can do whole or not at all, they do so.
#![forbid(unsafe_code)]

pub mod connection;
pub mod error;
pub mod leases;
pub mod recount;
pub mod target;
pub mod upkeep;

pub use connection::Connection;
pub use error::Error;
pub use leases::{Family, dump, file_version, upload};
pub use recount::recount;
pub use target::{Place, Target};
pub use upkeep::{init, revision, upgrade, version};
