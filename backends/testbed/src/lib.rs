//! Private PostgreSQL and MariaDB servers for tests.
//!
//! A test asks for [`Server::shared`] and gets a server of its own process, on a UNIX socket in a
//! temporary folder, with a [`Database`] for each case. Nothing of the machine's own databases is
//! touched. Where each test is a process of its own (nextest), a binary had best have one test for
//! each engine, with its cases inside: a start costs some tenths of a second.
//!
//! # Map
//! - [`setup`]: what kind of server is wanted.
//! - [`server`]: a server that runs: its sockets, its databases, its end.
//! - [`trouble`]: what can be done to it: killed, paused, started again.
//! - [`database`]: a database in it, and questions through the engine's own client program.
//! - [`programs`]: where the engines' programs are, and as whom they run.
//! - `template`: data folders that are made once and copied for each server.
//! - `guardian`: ends the server when this process ends, however it ends.
//! - [`error`]: why there is no server.
//!
//! # Does not
//! Speak to servers by any library: a test brings its own. Install anything: `cargo xtask test`
//! does. Get into anything that is shipped.
//!
//! # Invariants
//! - A server ends, and its folder goes, with the process that started it, even by kill -9.
//! - Only processes of the server's own folder are ever signalled.
//! - A server that cannot be had is an error that says what to install, never a test left out.
#![forbid(unsafe_code)]

pub mod database;
pub mod error;
mod guardian;
pub mod programs;
pub mod server;
pub mod setup;
mod template;
pub mod trouble;

pub use database::Database;
pub use error::Error;
pub use server::Server;
pub use setup::{Engine, Setup};
