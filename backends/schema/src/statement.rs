//! What is sent to a database, with a name for messages.

/// One statement. It may have semicolons inside (a routine's): it is not to be cut at them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it is about, for messages: `table lease4`.
    pub about: String,
    /// The statement, without a semicolon at its end.
    pub sql: String,
}

impl Statement {
    pub(crate) fn new(about: impl Into<String>, sql: impl Into<String>) -> Self {
        Self { about: about.into(), sql: sql.into() }
    }
}
