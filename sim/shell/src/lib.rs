//! The whole shell in a simulation, whatever engine runs it.
//!
//! Hosts: the server, which is the daemon's own reactor, journal, lease file and control server;
//! two hosts of clients; the relay; an operator. What is around the server is
//! [`lessor_sim::field::Field`], so clients, schedule, history and invariants are those of the world
//! that runs the server machine alone.
//!
//! # Map
//! - [`engine`]: what an engine has to offer.
//! - [`world`]: a world for the shell, made of an engine and of what all hosts share.
//! - [`ground`]: what all hosts of one run share.
//! - [`server`]: one life of the server.
//! - [`watched`]: its lease file, with somebody watching what becomes durable.
//! - [`packets`]: its packets, over the engine's datagrams.
//! - [`stations`]: clients, strangers and the relay.
//! - [`operator`]: commands over the engine's streams.
//! - [`agenda`]: what is to happen when, and what an engine does of it.
//! - [`verdict`]: what came of a run, as data.
//! - [`driver`]: many seeds, each in a process of its own, and the command line.
//! - [`fresh`]: one run in a process of its own.
//! - [`hunting`]: the search for planted bugs.
//!
//! # Does not
//! Name an engine. Draw anything that the schedule does not, but by key from its seed.
//!
//! # Invariants
//! Nothing here waits for anything but the engine, or looks at a clock other than the engine's.
#![forbid(unsafe_code)]

pub mod agenda;
pub mod driver;
pub mod engine;
mod fresh;
pub mod ground;
mod hunting;
pub mod operator;
pub mod packets;
pub mod server;
pub mod stations;
pub mod verdict;
pub mod watched;
pub mod world;

pub use agenda::{Agenda, Cut, Machines};
pub use engine::{Engine, Host, Socket};
pub use ground::Ground;
pub use verdict::Verdict;
pub use world::World;
