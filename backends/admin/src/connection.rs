//! Statements and answers, whatever the kind of database.

use std::time::Duration;

use lessor_schema::{Dialect, Statement};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlRow};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};

use crate::{Error, Place, Target};

/// A server that does not let anybody in takes its time to say so.
const CONNECT_SECONDS: u64 = 15;

/// A connection to one database.
#[derive(Debug)]
pub struct Connection {
    inner: Inner,
    target: Target,
}

#[derive(Debug)]
enum Inner {
    PostgreSql(PgConnection),
    MySql(MySqlConnection),
    Sqlite(SqliteConnection),
}

/// Runs the same expression on whatever connection it is.
macro_rules! on {
    ($inner:expr, $connection:ident => $body:expr) => {
        match $inner {
            Inner::PostgreSql($connection) => $body,
            Inner::MySql($connection) => $body,
            Inner::Sqlite($connection) => $body,
        }
    };
}

/// A row of texts.
pub type Texts = Vec<Option<String>>;

impl Connection {
    /// Connects. A file of SQLite's is made if it is not there.
    ///
    /// # Errors
    /// [`Error::Connect`].
    pub async fn open(target: &Target) -> Result<Self, Error> {
        let refused = |why| Error::Connect { place: target.to_string(), why };
        let opening = async {
            Ok(match target.dialect {
                Dialect::PostgreSql => Inner::PostgreSql(postgresql(target).connect().await?),
                Dialect::MySql => Inner::MySql(mysql(target).connect().await?),
                Dialect::Sqlite => Inner::Sqlite(sqlite(target).connect().await?),
            })
        };
        let limit = Duration::from_secs(CONNECT_SECONDS);
        let opened = tokio_timeout(limit, opening).await;
        Ok(Self { inner: opened.map_err(refused)?, target: target.clone() })
    }

    /// Whose language it speaks.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.target.dialect
    }

    /// The database's name, for messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.target.name
    }

    /// Runs one statement, whatever it has inside; gives back how many rows it changed.
    ///
    /// # Errors
    /// [`Error::Statement`].
    pub async fn run(&mut self, statement: &Statement) -> Result<u64, Error> {
        self.execute(&statement.about, &statement.sql).await
    }

    pub(crate) async fn execute(&mut self, about: &str, sql: &str) -> Result<u64, Error> {
        let query = sqlx::raw_sql(AssertSqlSafe(sql));
        let done = on!(&mut self.inner, connection => {
            query.execute(connection).await.map(|done| done.rows_affected())
        });
        done.map_err(|why| Error::statement(about, why))
    }

    /// Asks a question whose answer is texts, each by a cast if it is none.
    pub(crate) async fn ask(&mut self, about: &str, sql: &str) -> Result<Vec<Texts>, Error> {
        let query = sqlx::raw_sql(AssertSqlSafe(sql));
        let rows = match &mut self.inner {
            Inner::PostgreSql(connection) => {
                query.fetch_all(connection).await.and_then(|rows| rows.iter().map(pg).collect())
            }
            Inner::MySql(connection) => {
                query.fetch_all(connection).await.and_then(|rows| rows.iter().map(my).collect())
            }
            Inner::Sqlite(connection) => {
                query.fetch_all(connection).await.and_then(|rows| rows.iter().map(lite).collect())
            }
        };
        rows.map_err(|why| Error::statement(about, why))
    }

    /// Runs a statement with texts in its places.
    pub(crate) async fn put(
        &mut self,
        about: &str,
        sql: &str,
        values: &[Option<String>],
    ) -> Result<(), Error> {
        let done = on!(&mut self.inner, connection => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for value in values {
                query = query.bind(value.clone());
            }
            query.execute(connection).await.map(drop)
        });
        done.map_err(|why| Error::statement(about, why))
    }

    /// Begins a transaction, which MySQL ends by itself where tables are changed.
    pub(crate) async fn begin(&mut self) -> Result<(), Error> {
        let sql = match self.dialect() {
            // Nobody else shall write between our look and our own writing.
            Dialect::Sqlite => "BEGIN IMMEDIATE",
            Dialect::PostgreSql | Dialect::MySql => "BEGIN",
        };
        self.execute("transaction", sql).await.map(drop)
    }

    /// Ends a transaction as it came out; the first error counts.
    pub(crate) async fn end<T>(&mut self, outcome: Result<T, Error>) -> Result<T, Error> {
        match outcome {
            Ok(value) => self.execute("commit", "COMMIT").await.map(|_| value),
            Err(why) => {
                // The connection may be gone, which rolls back as well.
                let _ = self.execute("rollback", "ROLLBACK").await;
                Err(why)
            }
        }
    }

    /// Says goodbye; a server would count it as a client that vanished otherwise.
    pub async fn close(self) {
        // There is nothing left to lose.
        let _ = on!(self.inner, connection => connection.close().await);
    }
}

fn pg(row: &PgRow) -> sqlx::Result<Texts> {
    (0..row.len()).map(|index| row.try_get_unchecked(index)).collect()
}

fn my(row: &MySqlRow) -> sqlx::Result<Texts> {
    (0..row.len()).map(|index| row.try_get_unchecked(index)).collect()
}

fn lite(row: &SqliteRow) -> sqlx::Result<Texts> {
    (0..row.len()).map(|index| row.try_get_unchecked(index)).collect()
}

fn postgresql(target: &Target) -> PgConnectOptions {
    let options = PgConnectOptions::new_without_pgpass()
        .username(&target.user)
        .password(&target.password)
        .database(&target.name)
        .application_name("lessor-admin")
        .options([("timezone", "UTC")]);
    match &target.place {
        Place::Socket(folder) => options.socket(folder),
        Place::Host(host, port) => options.host(host).port(port.unwrap_or(5432)),
    }
}

fn mysql(target: &Target) -> MySqlConnectOptions {
    // Times are as in Greenwich, and nothing that does not fit is cut to fit.
    let options = MySqlConnectOptions::new()
        .username(&target.user)
        .database(&target.name)
        .timezone(Some("+00:00".to_owned()));
    let options =
        if target.password.is_empty() { options } else { options.password(&target.password) };
    match &target.place {
        Place::Socket(path) => options.socket(path),
        Place::Host(host, port) => options.host(host).port(port.unwrap_or(3306)),
    }
}

fn sqlite(target: &Target) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(&target.name).create_if_missing(true).foreign_keys(true)
}

/// Like the runtime's own, with the driver's error.
async fn tokio_timeout<T>(
    limit: Duration,
    work: impl Future<Output = sqlx::Result<T>>,
) -> sqlx::Result<T> {
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result,
        Err(_) => Err(sqlx::Error::Io(std::io::Error::new(
            std::io::ErrorKind::TimedOut,
            format!("no answer within {} s", limit.as_secs()),
        ))),
    }
}
