//! Lease records, the table that holds them, allocation, and the store contract.
//!
//! # Map
//! - [`lease`]: one lease, its states and its times.
//! - [`past`]: what a server knows of its former lives.
//! - [`promises`]: what a lease must remember for safety between partners.
//! - [`store`]: what a store is asked and what it answers.
//! - [`rows`]: leases by unit, packed (`record`) into few octets, side by side (`arena`), and found
//!   by address (`sheet`).
//! - [`table`]: leases by unit, by client and by end.
//! - [`queue`]: freed units in the order in which they were freed.
//! - [`space`]: the free units of a pool, found at a cost that does not depend on fill.
//!
//! # Does not
//! Choose who gets what (`lessor-policy`), or write anything anywhere (`backends`).
//!
//! # Invariants
//! The table holds settled leases only; what is on its way to a store is the server's business.
#![forbid(unsafe_code)]

mod arena;
pub mod lease;
pub mod past;
pub mod promises;
pub mod queue;
mod record;
pub mod rows;
mod sheet;
pub mod space;
pub mod store;
pub mod table;

pub use lease::{DnsFlags, Lease, Standing, State};
pub use past::{Longest, Lost, Memory, Past};
pub use promises::Promises;
pub use queue::Queue;
pub use rows::Rows;
pub use space::Space;
pub use store::{
    Candidate, Change, FetchError, Found, Lookup, Outcome, Refusal, StoreBatch, StoreFailure,
};
pub use table::Table;
