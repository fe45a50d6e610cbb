//! What went wrong, and what to do.

use lessor_schema::{UnknownVersion, Version};
use thiserror::Error;

/// Why a database could not be worked on.
#[derive(Debug, Error)]
pub enum Error {
    /// No connection.
    #[error("cannot connect to {place}: {why}")]
    Connect {
        /// Where the database is.
        place: String,
        /// What the driver said.
        why: sqlx::Error,
    },
    /// A statement failed.
    #[error("{about}: {why}")]
    Statement {
        /// What it was about.
        about: String,
        /// What the database said.
        why: sqlx::Error,
    },
    /// There is no schema in it.
    #[error(
        "database {name} has no schema: there is no table `schema_version` (`lessor admin db-init` \
         makes it)"
    )]
    NoSchema {
        /// The database.
        name: String,
    },
    /// The version's table is there and empty: something was left in the middle.
    #[error(
        "database {name} says no version: it was not made to the end; drop it and make it anew"
    )]
    Unfinished {
        /// The database.
        name: String,
    },
    /// A new schema goes into an empty database alone.
    #[error("database {name} is not empty: it has {tables} tables{version}")]
    NotEmpty {
        /// The database.
        name: String,
        /// How many tables there are.
        tables: u64,
        /// What it says of itself, in words to be added.
        version: String,
    },
    /// A version that is not known.
    #[error("database {name}: {why}")]
    Version {
        /// The database.
        name: String,
        /// What is wrong with its version.
        why: UnknownVersion,
    },
    /// The version changed between two looks.
    #[error("schema {expected} became another meanwhile: somebody else upgrades this database")]
    Raced {
        /// What it was.
        expected: Version,
    },
    /// An upgrade stopped.
    #[error("upgrade from {from} to {to} stopped: {why}\n{state}")]
    Upgrade {
        /// The version before the step.
        from: Version,
        /// The version that it was to become.
        to: Version,
        /// Why.
        why: Box<Self>,
        /// What the database is like now, and what to do.
        state: &'static str,
    },
    /// A line of a lease file is not one.
    #[error("line {line}: {what}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
}

impl Error {
    pub(crate) fn statement(about: impl Into<String>, why: sqlx::Error) -> Self {
        Self::Statement { about: about.into(), why }
    }
}
