//! Kea's tables in PostgreSQL, MySQL and SQLite, version by version, as text.
//!
//! Tables are data: each column and each key says in which revisions of the schema it is there.
//! What makes a database new, and what takes it from one revision to the next, both follow from
//! that; what cannot follow from it (how old values become new ones) stands beside it.
//!
//! # Map
//! - [`revision`]: the schema's history, and each database's version numbers for it.
//! - [`dialect`]: the kinds of database.
//! - [`form`]: what a revision means for whoever reads and writes rows.
//! - [`table`]: what a table is made of.
//! - [`tables`]: all of them.
//! - [`statement`]: what is sent to a database, with a name for messages.
//! - [`create`]: a new database of any revision.
//! - [`upgrade`]: from one revision to the next.
//! - `conversions`: what old values become.
//! - `routines`: what a database does by itself.
//!
//! # Does not
//! Speak to a database, or know whether one is there.
//!
//! # Invariants
//! - A new database of a revision is the same as an older one that was upgraded to it.
//! - A database that says its version is whole: the version is written last.
//! - Names and types are those that Kea looks for; every sentence and every routine is ours.
#![forbid(unsafe_code)]

mod conversions;
pub mod create;
pub mod dialect;
pub mod form;
pub mod revision;
mod routines;
pub mod statement;
pub mod table;
pub mod tables;
pub mod upgrade;

pub use create::create;
pub use dialect::Dialect;
pub use form::Form;
pub use revision::{Revision, UnknownVersion, Version};
pub use statement::Statement;
pub use upgrade::{Upgrade, upgrade};
