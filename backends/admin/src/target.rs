//! Which database, and as whom.

use std::fmt;
use std::path::{Path, PathBuf};

use lessor_schema::Dialect;

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// By name or address, and port.
    Host(String, Option<u16>),
    /// On a UNIX socket: MySQL's file, or the folder of PostgreSQL's.
    Socket(PathBuf),
}

/// Which database, and as whom.
#[derive(Clone)]
pub struct Target {
    /// Whose language it speaks.
    pub dialect: Dialect,
    /// Where the server is; SQLite has none.
    pub place: Place,
    /// Who connects.
    pub user: String,
    /// The password; empty for none.
    pub password: String,
    /// The database; with SQLite, its file.
    pub name: String,
}

/// Where MySQL's clients look for a server on this host.
const SOCKETS: [&str; 3] =
    ["/run/mysqld/mysqld.sock", "/var/run/mysqld/mysqld.sock", "/tmp/mysql.sock"];

impl Target {
    /// As administrators write it: a path is a socket, and `localhost` is MySQL's own socket if
    /// there is one, as its clients have it.
    #[must_use]
    pub fn place(dialect: Dialect, host: &str, port: Option<u16>) -> Place {
        let host = if host.is_empty() { "localhost" } else { host };
        if host.starts_with('/') {
            return Place::Socket(PathBuf::from(host));
        }
        let local = dialect == Dialect::MySql && host == "localhost" && port.is_none();
        let socket = SOCKETS.iter().map(Path::new).find(|socket| local && socket.exists());
        match socket {
            Some(socket) => Place::Socket(socket.to_owned()),
            None => Place::Host(host.to_owned(), port),
        }
    }
}

/// Says where, never the password.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.dialect == Dialect::Sqlite {
            return write!(f, "the file {}", self.name);
        }
        write!(f, "database {} as user {}", self.name, self.user)?;
        match &self.place {
            Place::Host(host, None) => write!(f, " at {host}"),
            Place::Host(host, Some(port)) => write!(f, " at {host}, port {port}"),
            Place::Socket(path) => write!(f, " at {}", path.display()),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_socket_and_a_port_is_a_host() {
        let place = |host, port| Target::place(Dialect::MySql, host, port);
        assert_eq!(place("/run/x", None), Place::Socket("/run/x".into()));
        assert_eq!(place("", Some(3307)), Place::Host("localhost".to_owned(), Some(3307)));
        assert_eq!(place("db", None), Place::Host("db".to_owned(), None));
    }

    #[test]
    fn a_password_is_not_said() {
        let target = Target {
            dialect: Dialect::PostgreSql,
            place: Place::Host("db".to_owned(), Some(5433)),
            user: "kea".to_owned(),
            password: "secret".to_owned(),
            name: "leases".to_owned(),
        };
        assert_eq!(target.to_string(), "database leases as user kea at db, port 5433");
        assert!(!format!("{target:?}").contains("secret"));
    }
}
