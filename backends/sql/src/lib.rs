//! What lease stores in databases share: rows, batches, lookups, free addresses.
//!
//! # Map
//! - [`store`]: a lease store, whatever the database: fetch, commit, page, ping.
//! - [`dialect`]: what a database's own crate does.
//! - [`row`]: a lease as the columns of Kea's tables say it, and back.
//! - [`batch`]: changes as conditional writes, sorted by key.
//! - [`question`]: what lookups ask, and how rows answer them.
//! - [`text`]: statements as text, for databases that take no arrays.
//! - [`vacancy`]: which addresses are believed to be free.
//! - [`pool`]: a bounded number of connections.
//! - [`access`]: where a database is, and who asks.
//! - [`failure`]: what went wrong, and what follows from it.
//!
//! # Does not
//! Speak SQL (the databases' own crates), make tables (`lessor-schema`), or decide when to
//! reconnect: each exchange tries, and the shell hears what came of it.
//!
//! # Invariants
//! - A change is made only where the row still is what it replaces: end, client and state.
//! - `Refused` means: not written. Where that is not certain the outcome is `Unknown`.
//! - What is proposed as free was read as free in the same fetch, never only believed.
//! - A row that cannot be read costs nobody but itself: it is reported, and left alone.
//! - No statement asks the database for the time.
#![forbid(unsafe_code)]

pub mod access;
pub mod batch;
pub mod dialect;
pub mod failure;
pub mod pool;
pub mod question;
pub mod row;
pub mod store;
pub mod text;
pub mod vacancy;

pub use access::{Access, Opened, Tls, TlsMode, Weakness};
pub use batch::{Act, Batch, Counted, Write};
pub use dialect::{Dialect, LOOKED_AT, Reuse, Verdict, Walk};
pub use failure::{Class, Failure};
pub use pool::{Health, Limits};
pub use question::{Lapsed, Question};
pub use row::{Guard, Quarantined, Row, RowError, Shape};
pub use store::{Committed, Fetched, Page, Store};
pub use vacancy::Window;
