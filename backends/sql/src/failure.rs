//! What went wrong between this server and a database, and what follows from it.

use std::fmt;

use lessor_lease::{Outcome, Refusal};

/// What follows from a failure. The driver's words and codes are in [`Failure::what`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Class {
    /// A race was lost inside the database (serialization, deadlock, a lock waited for too long):
    /// nothing was written, and the same again may succeed.
    Retry,
    /// No database to talk to; what was asked was certainly not done.
    Unavailable,
    /// No room, or a database that takes no writes.
    Full,
    /// The database refuses what was asked of it, now and ever: a row that it cannot keep.
    Invalid,
    /// The database refuses us: user, password, or a right that is missing.
    Denied,
    /// The tables are not what they must be.
    Schema,
    /// The connection was lost after something was sent and before it was answered.
    Unknown,
}

impl Class {
    /// What becomes of the changes of a transaction that failed so.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        Outcome::Refused(match self {
            Self::Retry => Refusal::Retry,
            Self::Unavailable | Self::Denied | Self::Schema => Refusal::Unavailable,
            Self::Full => Refusal::Full,
            Self::Invalid => Refusal::Invalid,
            Self::Unknown => return Outcome::Unknown,
        })
    }

    /// Whether the connection is of no more use.
    #[must_use]
    pub const fn is_loss(self) -> bool {
        matches!(self, Self::Unavailable | Self::Unknown)
    }
}

/// One failure, as an operator should read it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct Failure {
    /// What follows from it.
    pub class: Class,
    /// What failed, in words, with the database's own code where it gave one. No secrets.
    pub what: String,
}

impl Failure {
    /// A failure of a class.
    #[must_use]
    pub fn new(class: Class, what: impl Into<String>) -> Self {
        Self { class, what: what.into() }
    }

    /// The same failure where nothing that matters can have happened: a lost connection is then
    /// no riddle.
    #[must_use]
    pub fn before_writing(self) -> Self {
        match self.class {
            Class::Unknown => Self { class: Class::Unavailable, ..self },
            _ => self,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}
