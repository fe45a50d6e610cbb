//! Why files could not be read or written.

use std::io;

use lessor_env::files::Files;
use lessor_lease::{Refusal, StoreFailure};

use crate::csv::{HeaderError, RowError};
use crate::journal::Finding;

/// A call to the system that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} {file}: {source}")]
pub struct IoFailure {
    /// The verb.
    pub what: &'static str,
    /// The file, with its directory.
    pub file: String,
    /// What the system said.
    pub source: io::Error,
}

impl IoFailure {
    /// For `map_err`: the call `what`, done to the file `name`.
    pub(crate) fn on<F: Files>(
        files: &F,
        what: &'static str,
        name: &str,
    ) -> impl FnOnce(io::Error) -> Self {
        move |source| Self { what, file: files.display(name), source }
    }

    /// How a store refuses what it could not write for this reason.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        match self.source.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Refusal::Full,
            _ => Refusal::Unavailable,
        }
    }
}

impl From<IoFailure> for StoreFailure {
    fn from(failure: IoFailure) -> Self {
        Self { what: failure.to_string() }
    }
}

/// Why a lease file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The system could not.
    #[error(transparent)]
    Io(#[from] IoFailure),
    /// It is not a lease file of this family.
    #[error("{file}, line 1: {why}")]
    Header {
        /// The file, with its directory.
        file: String,
        /// What is wrong with its first line.
        why: HeaderError,
    },
    /// More rows are bad than are allowed to be.
    #[error("more than {allowed} bad rows, the last one: {last}")]
    TooManyBadRows {
        /// How many were allowed.
        allowed: u32,
        /// The row that was one too many.
        last: Finding,
    },
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process, or another store of this one, has it open.
    #[error("{file} belongs to another server that is running")]
    Locked {
        /// The lease file, with its directory.
        file: String,
    },
    /// A compaction of it is running; it may be tried again when that has ended.
    #[error("{file} is being compacted")]
    Compacting {
        /// The lease file, with its directory.
        file: String,
    },
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What was read could not be made durable.
    #[error(transparent)]
    Write(#[from] IoFailure),
}

/// Why changes were not appended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteFailed {
    /// One of them has no row. Nothing was written.
    #[error("change {index} of the batch cannot be kept: {why}")]
    Invalid {
        /// Its place in the batch.
        index: usize,
        /// What is wrong with it.
        why: RowError,
    },
    /// The store was closed before. Nothing was written.
    #[error("the lease file is closed: {}", .0.what)]
    Closed(StoreFailure),
    /// The system could not. What had been written was taken back, durably; the store is open.
    #[error("{failure}")]
    Undone {
        /// How to answer.
        refusal: Refusal,
        /// What failed.
        failure: StoreFailure,
    },
    /// The system could not, nor could what had been written be taken back: perhaps it is there.
    /// The store is closed.
    #[error("{}", .0.what)]
    Lost(StoreFailure),
}

/// Why the journal was not rotated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RotateError {
    /// Everything is as it was, and the store is open.
    #[error(transparent)]
    Before(IoFailure),
    /// The store is closed.
    #[error("{}", .0.what)]
    Closed(StoreFailure),
}

/// Why a compaction ended early. What it had begun is safe to leave and safe to begin again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompactionError {
    /// Another one is running, or the store is being opened.
    #[error("{file} is already being compacted or opened")]
    Running {
        /// The lease file, with its directory.
        file: String,
    },
    /// It failed in an earlier step. Another one must be begun.
    #[error("the compaction has failed before")]
    Ended,
    /// An input could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The disk has changed an input. Nothing is lost by waiting: leases are in memory, and the
    /// files stay.
    #[error("{0}: restart the server, which reads the file with care")]
    Damaged(Finding),
    /// The output could not be written or put in place.
    #[error(transparent)]
    Write(#[from] IoFailure),
}
