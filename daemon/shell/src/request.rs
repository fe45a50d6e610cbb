//! What the control sockets and signals ask of the loop.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lessor_config::Config;
use lessor_server::server::Status;
use lessor_server::{Command, Counters, Reply};
use tokio::sync::oneshot;

use crate::packets::Listening;
use crate::statistics;

/// How many requests may wait for the loop.
pub const REQUESTS_MAX: usize = 64;

/// One request. Who no longer waits for an answer does not get one, and that is all.
#[derive(Debug)]
pub enum Request {
    /// A question to the server machine.
    Ask(Command, oneshot::Sender<Reply>),
    /// How everything is.
    Report(oneshot::Sender<Box<Report>>),
    /// The configuration in effect.
    Config(oneshot::Sender<Arc<Config>>),
    /// Read the configuration file again. The answer is the configuration in effect then, or why
    /// the old one stays.
    Reload(Option<oneshot::Sender<Result<Arc<Config>, String>>>),
    /// Use this configuration from now on. The answer is as that to a reload.
    Configure(String, oneshot::Sender<Result<Arc<Config>, String>>),
    /// A question to the statistics.
    Statistics(statistics::Query, oneshot::Sender<statistics::Told>),
    /// Finish what is in work and end the process with this exit code. A second one does not wait.
    Stop {
        /// The process's exit code.
        exit: u8,
    },
}

/// How everything is.
#[derive(Clone, Debug)]
pub struct Report {
    /// Since the start.
    pub uptime: Duration,
    /// Since a configuration took effect.
    pub configured: Duration,
    /// The lease file; none if leases are not written.
    pub lease_file: Option<PathBuf>,
    /// Where packets are heard.
    pub listening: Listening,
    /// How the server machine is.
    pub status: Status,
    /// How often each event happened.
    pub counters: Counters,
    /// Lines of the log that nobody took in time.
    pub lines_lost: u64,
}
