//! How much a message asks of an operator.

use std::fmt;

/// Kea's severities, the least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// Everyday detail.
    Debug,
    /// Worth a line.
    Info,
    /// Worth a look.
    Warn,
    /// Somebody must act.
    Error,
    /// The server ends.
    Fatal,
}

impl Level {
    /// Kea's word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
