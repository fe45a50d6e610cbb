//! The simulated world: seeds, faults, clients and checkers around the production machines.
//!
//! # Map
//! - [`schedule`]: a seed made explicit: everything that will be done to the world, as data.
//! - [`swarm`]: from a seed to a schedule.
//! - [`run`]: one schedule, run once.
//! - [`layer`]: what of a schedule each way of running it can do.
//! - [`field`]: all that is around a server which runs elsewhere.
//! - `world`: the event heap and everything in it.
//! - `node`: a server as the world holds it, and its lease file.
//! - `client`: models of RFC 2131 stacks.
//! - `lan`, `plan`: the links, and the addresses on them.
//! - [`store`], `partner`: what servers share, and whom they tell.
//! - [`history`]: what happened, hashed, and recorded when somebody looks.
//! - [`check`]: the invariants.
//! - [`campaign`], [`report`], [`cli`]: many seeds, what they found, the command line.
//! - [`story`], [`timeline`]: one history told in sentences, and drawn.
//! - [`selfcheck`], [`hunt`]: the simulator judged: determinism, and the search for planted bugs.
//! - [`shrink`], [`bugbase`]: failing schedules made small, and kept.
//! - [`coverage`]: which faults took effect, and which rare things happened.
//! - [`planted`]: known defects, to see whether anybody notices.
//! - [`visit`]: one server of the world, for somebody with packets of his own.
//! - [`time`], [`draw`], `queue`: true time and clocks, keyed draws, the heap.
//!
//! # Does not
//! Decide anything that a server decides: servers are driven through `lessor_server::turn` alone.
//! Run the daemon's own code, or more than one thread in one world.
//!
//! # Invariants
//! - The same schedule gives the same history, in any process, recorded or not.
//! - Deleting an operation or a fault from a schedule changes no other draw.
#![forbid(unsafe_code)]

pub mod bugbase;
pub mod campaign;
pub mod check;
pub mod cli;
mod client;
pub mod coverage;
pub mod draw;
pub mod field;
pub mod history;
pub mod hunt;
mod lan;
pub mod layer;
mod node;
mod partner;
mod plan;
pub mod planted;
mod queue;
pub mod report;
pub mod run;
pub mod schedule;
pub mod selfcheck;
pub mod shrink;
pub mod store;
pub mod story;
pub mod swarm;
pub mod time;
pub mod timeline;
pub mod visit;
mod world;
