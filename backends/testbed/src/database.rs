//! A database in a server, and questions through the engine's own client program.

use std::process::Command;

use crate::server::{PASSWORD, USER};
use crate::{Engine, Error, Server, programs};

/// A database in a server.
#[derive(Clone, Debug)]
pub struct Database<'a> {
    server: &'a Server,
    name: String,
}

impl<'a> Database<'a> {
    pub(crate) fn within(server: &'a Server, name: &str) -> Self {
        Self { server, name: name.to_owned() }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server that it is in.
    #[must_use]
    pub fn server(&self) -> &'a Server {
        self.server
    }

    /// Its address on the UNIX socket, in the form that SQL libraries take.
    #[must_use]
    pub fn url(&self) -> String {
        let Self { server, name } = self;
        match server.engine() {
            Engine::PostgreSql => {
                let port = server.port().unwrap_or(5432);
                format!(
                    "postgres://{USER}@localhost:{port}/{name}?host={}",
                    server.folder().display()
                )
            }
            Engine::MariaDb => {
                format!("mysql://{USER}@localhost/{name}?socket={}", server.socket().display())
            }
        }
    }

    /// Its address on TCP, with the password, if the server was set up with TCP.
    #[must_use]
    pub fn tcp_url(&self) -> Option<String> {
        let port = self.server.port()?;
        let scheme = match self.server.engine() {
            Engine::PostgreSql => "postgres",
            Engine::MariaDb => "mysql",
        };
        Some(format!("{scheme}://{USER}:{PASSWORD}@127.0.0.1:{port}/{}", self.name))
    }

    /// What the engine's own client prints for these statements: a line for each row, columns
    /// parted by tabs, NULL as `NULL`.
    ///
    /// # Errors
    /// If the client is missing, or a statement fails; its words are in the error.
    pub fn query(&self, sql: &str) -> Result<String, Error> {
        let mut client = match self.server.engine() {
            Engine::PostgreSql => self.psql()?,
            Engine::MariaDb => self.mariadb()?,
        };
        programs::run(&mut client, sql)
    }

    fn psql(&self) -> Result<Command, Error> {
        let mut psql = Command::new(programs::find(Engine::PostgreSql, "psql")?);
        psql.args(["-X", "-q", "-A", "-t", "-F", "\t", "-P", "null=NULL"])
            .args(["-v", "ON_ERROR_STOP=1", "-U", USER, "-d", &self.name])
            .args(["-p", &self.server.port().unwrap_or(5432).to_string()])
            .arg("-h")
            .arg(self.server.folder());
        Ok(psql)
    }

    fn mariadb(&self) -> Result<Command, Error> {
        let mut mariadb = Command::new(programs::find(Engine::MariaDb, "mariadb")?);
        mariadb
            .args(["--no-defaults", "--batch", "--raw", "--skip-column-names"])
            .arg(format!("--user={USER}"))
            .arg(format!("--socket={}", self.server.socket().display()))
            .arg(&self.name);
        Ok(mariadb)
    }

    /// A copy, with a name of its own; nobody may be connected to this one. PostgreSQL alone can
    /// do that.
    ///
    /// # Panics
    /// If the server cannot.
    #[must_use]
    pub fn copy(&self) -> Self {
        assert_eq!(self.server.engine(), Engine::PostgreSql, "MariaDB copies no databases");
        self.server.database_like(Some(&self.name))
    }
}
