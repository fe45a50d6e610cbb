//! Decides, purely, what a query is answered and what has to be written first.
//!
//! # Map
//! - [`assembled`]: what was assembled for clients before.
//! - [`query`]: a client's message, lawful, with what the socket knew.
//! - [`classify`]: which classes a query is in.
//! - [`names`]: what a client is called, and what it is told of it.
//! - [`topology`]: which subnet and pool an address, a relay or a link belongs to.
//! - [`facts`]: what a decision may ask about leases, and how it says that it does not know.
//! - [`plan`]: what a decision says.
//! - [`decide`]: the decision, message by message.
//! - `given`: what the configuration gives a client.
//! - [`options`]: which configured options an answer carries.
//! - [`reply`]: the answer's fields, options and times, and where it goes.
//! - [`reason`]: why a query got no answer.
//! - `flex_id`: the identifier that an expression makes of a query.
//! - `flex_option`: what expressions do to the options of a reply.
//! - [`limits`]: what counts against limits.
//! - [`members`]: which classes a lease's client was in.
//! - `lease_context`: the part of a lease's user context that servers keep for themselves.
//! - [`extended`]: what a lease remembers of its client's relay.
//!
//! # Does not
//! Keep anything between calls, wait, write, send, or know a clock beyond its arguments.
//!
//! # Invariants
//! The same facts, query and time give the same decision, so that a decision may be run again.
#![forbid(unsafe_code)]

pub mod assembled;
pub mod classify;
pub mod decide;
pub mod extended;
pub mod facts;
mod flex_id;
mod flex_option;
mod given;
mod lease_context;
pub mod limits;
pub mod members;
pub mod names;
pub mod options;
pub mod plan;
pub mod query;
pub mod reason;
pub mod reply;
pub mod topology;

pub use assembled::Assembled;
pub use classify::Classes;
pub use decide::{decide, probation};
pub use facts::{Facts, Hold, PoolUse, Probed};
pub use plan::{Answer, Decision, Effect, Plan, Probe};
pub use query::{Ask, Query};
pub use reason::DropReason;
pub use topology::{PoolKey, Topology, Whence};
