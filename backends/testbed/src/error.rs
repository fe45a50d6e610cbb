//! Why there is no server.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why there is no server, or why it did not do as it was told.
#[derive(Debug, Error)]
pub enum Error {
    /// A program is not on this machine.
    #[error(
        "`{program}` is missing: install Debian's package `{package}`, or run `cargo xtask test`, \
         which does"
    )]
    Missing {
        /// The program.
        program: &'static str,
        /// The package that brings it.
        package: &'static str,
    },
    /// A file or a process could not be had.
    #[error("{what}: {why}")]
    System {
        /// What was tried.
        what: String,
        /// What the system said.
        why: io::Error,
    },
    /// A program ended with an error.
    #[error("{program} failed ({status}):\n{said}")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: String,
        /// The end of what it printed.
        said: String,
    },
    /// The server does not answer.
    #[error("no answer on {socket} within {seconds} s; the server's log ends:\n{log}")]
    Silent {
        /// Where an answer was expected.
        socket: PathBuf,
        /// How long it was waited for, in seconds.
        seconds: u64,
        /// The end of the server's log.
        log: String,
    },
}

/// Says what was tried when the system refused.
pub(crate) trait Tried<T> {
    fn tried(self, what: impl FnOnce() -> String) -> Result<T, Error>;
}

impl<T> Tried<T> for io::Result<T> {
    fn tried(self, what: impl FnOnce() -> String) -> Result<T, Error> {
        self.map_err(|why| Error::System { what: what(), why })
    }
}

impl<T> Tried<T> for rustix::io::Result<T> {
    fn tried(self, what: impl FnOnce() -> String) -> Result<T, Error> {
        self.map_err(|why| Error::System { what: what(), why: why.into() })
    }
}
