//! Where a database is, who asks, and what was found on opening it.

use std::fmt;
use std::path::PathBuf;

use crate::pool::Limits;

/// Where a database is, and as whom to ask.
#[derive(Clone, Default)]
pub struct Access {
    /// The database; for SQLite the file.
    pub name: String,
    /// The server's name or address, or the folder (PostgreSQL) or file (MySQL) of its socket; empty
    /// is `localhost`.
    pub host: String,
    /// The server's port; 0 is its kind's own.
    pub port: u16,
    /// The user.
    pub user: String,
    /// The user's password; empty for none.
    pub password: String,
    /// How the connection is protected.
    pub tls: Tls,
    /// How many connections, and how patient.
    pub limits: Limits,
}

impl fmt::Debug for Access {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("name", &self.name)
            .field("host", &self.host)
            .field("port", &self.port)
            .field("user", &self.user)
            .field("tls", &self.tls)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Access {
    /// As an operator looks for it: what, where, as whom.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, host, port, user, .. } = self;
        let host = if host.is_empty() { "localhost" } else { host };
        write!(f, "`{name}` at {host}")?;
        if *port != 0 {
            write!(f, " port {port}")?;
        }
        write!(f, " as `{user}`")
    }
}

/// How a connection is protected. What is required is never done without.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tls {
    /// How much is asked for.
    pub mode: TlsMode,
    /// The authorities that may vouch for the server.
    pub trust_anchor: Option<PathBuf>,
    /// Our certificate.
    pub cert_file: Option<PathBuf>,
    /// The key of our certificate.
    pub key_file: Option<PathBuf>,
}

/// How much protection is asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum TlsMode {
    /// None.
    #[default]
    Disable,
    /// If the server offers it.
    Prefer,
    /// Encrypted, whoever the server is.
    Require,
    /// Encrypted, by a server that an authority vouches for.
    VerifyCa,
    /// Encrypted, by the server of this name.
    VerifyFull,
}

/// What was found on opening a store.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Opened {
    /// The version of the schema, and its minor part.
    pub version: (u32, u32),
    /// What the database does less well than leases need.
    pub weaknesses: Vec<Weakness>,
}

/// A setting of the database that makes a promise weaker.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Weakness {
    /// The setting.
    pub setting: &'static str,
    /// What it is set to.
    pub value: String,
    /// What may happen, and what to set instead.
    pub what: &'static str,
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is `{}`: {}", self.setting, self.value, self.what)
    }
}
