//! What surrounds the server machine in a daemon: its loop, its disk, its commands and its voice.
//!
//! # Map
//! - [`reactor`]: the loop: gathers inputs, takes turns, hands outputs on.
//! - [`packets`]: the trait through which packets come and go.
//! - `hearing`: what an operator should know about who is heard.
//! - [`journal`]: the lease file, with a worker of its own.
//! - [`database`]: leases in a database, asked by a worker of its own.
//! - [`control`]: Kea's commands on UNIX sockets.
//! - [`http`]: figures and health, for those who watch.
//! - `door`: letting in those who connect to either.
//! - [`request`]: what the control sockets and signals ask of the loop.
//! - [`config_file`]: the configuration as a file that may be read again.
//! - [`supervisor`]: what the service manager is told.
//! - [`version`]: what this program is.
//! - [`statistics`]: Kea's statistics: a fold over events and over the counts of leases.
//! - [`telemetry`]: events and notices as lines, written by a thread of its own.
//! - [`notice`]: what the shell itself has to say, with stable ids.
//! - [`system`]: the operating system as a world for all of it.
//! - [`bell`]: wakers that remember: who was not woken need not be asked.
//! - `alarm`: one timer for whatever is due next.
//! - `waiting`: for time to pass, in whatever world.
//! - `utc`: the wall clock as people write it.
//!
//! # Does not
//! Decide anything about clients or leases (`lessor-server`), open network sockets
//! (`daemon/lessor` does, by the trait in [`packets`]), or choose where files are.
//!
//! # Invariants
//! - The loop never waits for a disk, for a reader of the log or for an operator.
//! - Inputs of one source reach the server in their order, and none is dropped or made up.
//! - Every queue has a bound.
#![forbid(unsafe_code)]

mod alarm;
pub mod bell;
pub mod config_file;
pub mod control;
pub mod database;
mod door;
mod hearing;
pub mod http;
pub mod journal;
pub mod notice;
pub mod packets;
pub mod reactor;
pub mod request;
pub mod statistics;
pub mod supervisor;
pub mod system;
pub mod telemetry;
#[cfg(test)]
mod testbed;
mod utc;
pub mod version;
mod waiting;

pub use config_file::{ConfigFile, LoadError};
pub use control::Control;
pub use http::Http;
pub use journal::Journal;
pub use notice::Notice;
pub use packets::{Listening, PacketIo, Undelivered};
pub use reactor::{Ending, Parts, Reactor, Timing};
pub use request::{Report, Request};
pub use supervisor::Supervisor;
pub use system::System;
pub use telemetry::Telemetry;
