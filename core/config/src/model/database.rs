//! Databases, and what becomes of the server when one is lost.

use std::fmt;
use std::time::Duration;

use lessor_types::Secs;

/// A database and the way to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Database {
    /// Whose it is.
    pub engine: Engine,
    /// Its name; the file of an SQLite database.
    pub name: String,
    /// The hosts to try, in this order; none is the engine's usual local one. What begins with `/`
    /// is the place of a UNIX socket.
    pub hosts: Vec<String>,
    /// The TCP port; 0 is the engine's usual one.
    pub port: u16,
    /// Who the server is to the database.
    pub user: String,
    /// How it shows that.
    pub password: Password,
    /// How long things may take.
    pub timeouts: DatabaseTimeouts,
    /// How the connection is protected.
    pub tls: DatabaseTls,
    /// What is done when it is lost.
    pub recovery: Recovery,
}

/// The kinds of databases.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Engine {
    /// MySQL or MariaDB.
    Mysql,
    /// PostgreSQL.
    Postgresql,
    /// A file of SQLite.
    Sqlite,
}

impl Engine {
    /// The words of configuration files.
    pub const WORDS: [(&'static str, Self); 3] =
        [("mysql", Self::Mysql), ("postgresql", Self::Postgresql), ("sqlite", Self::Sqlite)];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mysql => "mysql",
            Self::Postgresql => "postgresql",
            Self::Sqlite => "sqlite",
        }
    }
}

/// How the server shows who it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Password {
    /// By this.
    Given(Secret),
    /// By what this file says when a connection is made.
    InFile(String),
}

impl Default for Password {
    fn default() -> Self {
        Self::Given(Secret::default())
    }
}

/// Text that is never shown.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "\"\"" } else { "\"*****\"" })
    }
}

/// How long things may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DatabaseTimeouts {
    /// To connect, at least a second.
    pub connect: Secs,
    /// To hear an answer (MySQL); 0 is for ever.
    pub read: Secs,
    /// To be rid of a question (MySQL); 0 is for ever.
    pub write: Secs,
    /// To have what was sent acknowledged by the other host (PostgreSQL); 0 is what the system says.
    pub tcp_user: Secs,
}

impl Default for DatabaseTimeouts {
    fn default() -> Self {
        Self { connect: Secs(5), read: Secs(0), write: Secs(0), tcp_user: Secs(0) }
    }
}

/// How a connection is protected. All files are PEM.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DatabaseTls {
    /// What is asked of the database; without it, what the other settings imply.
    pub mode: Option<SslMode>,
    /// The file of those who may vouch for the database.
    pub trust_anchor: Option<String>,
    /// The server's certificate.
    pub cert_file: Option<String>,
    /// The key to it.
    pub key_file: Option<String>,
    /// Which ciphers may be used (MySQL), in OpenSSL's words.
    pub cipher_list: Option<String>,
}

/// How much of a database's protection must be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum SslMode {
    /// None.
    Disable,
    /// Some, where the database offers it.
    Prefer,
    /// Nobody else can read along.
    Require,
    /// Besides, somebody trusted vouches for the database.
    VerifyCa,
    /// Besides, it is the host that was asked for.
    VerifyFull,
}

impl SslMode {
    /// The words of configuration files.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("disable", Self::Disable),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

impl DatabaseTls {
    /// What is asked of the database.
    ///
    /// Whoever names an authority wants it to be asked; whoever has a certificate wants to show it.
    #[must_use]
    pub fn mode(&self) -> SslMode {
        let implied = match (&self.trust_anchor, &self.cert_file) {
            (Some(_), _) => SslMode::VerifyCa,
            (None, Some(_)) => SslMode::Require,
            (None, None) => SslMode::Prefer,
        };
        self.mode.unwrap_or(implied)
    }
}

/// What is done when a database is lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Recovery {
    /// How often to try to connect; 0 is not to try.
    pub tries_max: u32,
    /// The pause between two tries, in milliseconds; 0 is not to try.
    pub wait: u32,
    /// Whether clients are served meanwhile, and what comes at the end of it.
    pub on_fail: OnFail,
    /// Whether the same holds while the server starts; else a start without the database fails.
    pub at_start: bool,
}

impl Recovery {
    /// Whether there is any.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.tries_max > 0 && self.wait > 0
    }

    /// The pause between two tries.
    #[must_use]
    pub const fn pause(&self) -> Duration {
        Duration::from_millis(self.wait as u64)
    }
}

/// What a lost database means to clients, and to the server where it does not come back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum OnFail {
    /// Nobody is served meanwhile; at the end the server exits.
    #[default]
    StopRetryExit,
    /// Clients are served as far as that goes; at the end the server exits.
    ServeRetryExit,
    /// Clients are served as far as that goes, also when all tries were in vain.
    ServeRetryContinue,
}

impl OnFail {
    /// The words of configuration files.
    pub const WORDS: [(&'static str, Self); 3] = [
        ("stop-retry-exit", Self::StopRetryExit),
        ("serve-retry-exit", Self::ServeRetryExit),
        ("serve-retry-continue", Self::ServeRetryContinue),
    ];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::StopRetryExit => "stop-retry-exit",
            Self::ServeRetryExit => "serve-retry-exit",
            Self::ServeRetryContinue => "serve-retry-continue",
        }
    }

    /// Whether nobody is served while the database is away.
    #[must_use]
    pub const fn stops(self) -> bool {
        matches!(self, Self::StopRetryExit)
    }

    /// Whether the server exits when the database does not come back.
    #[must_use]
    pub const fn exits(self) -> bool {
        !matches!(self, Self::ServeRetryContinue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        let password = Password::Given(Secret("hunter2".to_owned()));
        assert_eq!(format!("{password:?}"), "Given(\"*****\")");
    }

    #[test]
    fn what_is_asked_of_a_database_follows_from_what_is_given() {
        let some = || Some("x".to_owned());
        let bare = DatabaseTls::default();
        let shown = DatabaseTls { cert_file: some(), key_file: some(), ..bare.clone() };
        let trusted = DatabaseTls { trust_anchor: some(), ..shown.clone() };
        let told = DatabaseTls { mode: Some(Disable), ..trusted.clone() };
        let modes = [bare, shown, trusted, told].map(|tls| tls.mode());
        use SslMode::{Disable, Prefer, Require, VerifyCa};
        assert_eq!(modes, [Prefer, Require, VerifyCa, Disable]);
    }
}
