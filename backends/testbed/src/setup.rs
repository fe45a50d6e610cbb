//! What kind of server is wanted.

/// Whose server it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Engine {
    /// PostgreSQL, the newest that is installed.
    PostgreSql,
    /// MariaDB, which MySQL's clients speak to as well.
    MariaDb,
}

impl Engine {
    /// Both.
    pub const ALL: [Self; 2] = [Self::PostgreSql, Self::MariaDb];

    /// Its name in file names.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PostgreSql => "postgresql",
            Self::MariaDb => "mariadb",
        }
    }
}

/// What kind of server is wanted.
#[derive(Clone, Debug)]
pub struct Setup {
    pub(crate) engine: Engine,
    pub(crate) tcp: bool,
    pub(crate) durable: bool,
    pub(crate) settings: Vec<(String, String)>,
}

impl Setup {
    /// A server on a UNIX socket alone, which does not sync: what it commits survives its own
    /// end, not the machine's.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self { engine, tcp: false, durable: false, settings: Vec::new() }
    }

    /// Also listens on a free port of 127.0.0.1, where a password is asked for.
    #[must_use]
    pub fn with_tcp(mut self) -> Self {
        self.tcp = true;
        self
    }

    /// Syncs as the engine does by default: for measurements, and for tests of durability checks.
    #[must_use]
    pub fn durable(mut self) -> Self {
        self.durable = true;
        self
    }

    /// Sets one of the engine's own settings (`log_statement`, `max-connections`), after all that
    /// this crate sets.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }
}
