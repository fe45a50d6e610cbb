//! A session, and what is looked at when a store is opened.

use std::path::Path;
use std::time::Duration;

use lessor_sql::dialect::{Dialect, Reuse, Verdict, Walk};
use lessor_sql::{Access, Class, Counted, Failure, Opened, Question, Row, Shape, Window, Write};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _, SqliteConnection};

use crate::fault::failure;
use crate::transaction::{self, IDIOM, number, read};

/// Which part of the time for an answer a writer waits for another one: it may have to three times.
const SHARE: u32 = 4;

/// SQLite, as a kind of database.
#[derive(Clone, Debug)]
pub struct Sqlite {
    options: SqliteConnectOptions,
    /// The file, for words.
    place: String,
    shape: Option<Shape>,
}

impl Sqlite {
    /// Looks at the tables in the file that `access` names, with a connection that is closed again.
    ///
    /// # Errors
    /// [`Failure`]: the file can't be opened, or the tables are not there.
    pub async fn open(access: &Access) -> Result<(Self, Shape, Opened), Failure> {
        if !Path::new(&access.name).exists() {
            let what = format!("`{}` is not there; `lessor admin db-init` makes it", access.name);
            return Err(Failure::new(Class::Schema, what));
        }
        let patience: Duration = access.limits.answer_within / SHARE;
        let options = SqliteConnectOptions::new()
            .filename(&access.name)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(patience)
            .foreign_keys(true);
        let mut dialect = Self { options, place: format!("`{}`", access.name), shape: None };
        let connecting = dialect.connect();
        let mut connection = access.limits.connect(connecting, &dialect.place).await?;
        let looked = look(&mut connection, &dialect.place).await;
        dialect.close(connection).await;
        let (shape, opened) = looked.map_err(Failure::before_writing)?;
        dialect.shape = Some(shape);
        Ok((dialect, shape, opened))
    }

    fn shape(&self) -> Result<&Shape, Failure> {
        let unknown = || Failure::new(Class::Schema, "the tables were not looked at");
        self.shape.as_ref().ok_or_else(unknown)
    }

    async fn rows(
        &self,
        connection: &mut SqliteConnection,
        sql: String,
    ) -> Result<Vec<Row>, Failure> {
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(connection).await;
        let rows = rows.and_then(|rows| rows.iter().map(read).collect());
        rows.map_err(|error| failure(&error))
    }
}

/// Version and columns of the tables.
async fn look(connection: &mut SqliteConnection, place: &str) -> Result<(Shape, Opened), Failure> {
    let missing = |error: &sqlx::Error| match failure(error) {
        Failure { class: Class::Schema, what } => {
            let hint = "`lessor admin db-init` makes the tables";
            Failure::new(Class::Schema, format!("{place} has no lease tables: {what}; {hint}"))
        }
        other => other,
    };
    let version = sqlx::raw_sql("SELECT version, minor FROM schema_version")
        .fetch_all(&mut *connection)
        .await
        .map_err(|error| missing(&error))?;
    let part = |row: &sqlx::sqlite::SqliteRow, at: usize| {
        let number = number(row, at).map_err(|error| failure(&error))?;
        Ok::<u32, Failure>(number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0))
    };
    let version = match version.as_slice() {
        [row] => (part(row, 0)?, part(row, 1)?),
        rows => {
            let what = format!("{place}: schema_version has {} rows where it has one", rows.len());
            return Err(Failure::new(Class::Schema, what));
        }
    };
    let states = sqlx::raw_sql("SELECT max(state) FROM lease_state")
        .fetch_all(&mut *connection)
        .await
        .map_err(|error| missing(&error))?;
    let state_max = states.first().map_or(Ok(0), |row| part(row, 0))?;
    let columns = sqlx::raw_sql("SELECT name FROM pragma_table_info('lease4')")
        .fetch_all(&mut *connection)
        .await
        .map_err(|error| missing(&error))?;
    let has = |name: &str| {
        columns.iter().any(|row| row.try_get_unchecked::<String, _>(0).is_ok_and(|it| it == name))
    };
    let shape = Shape {
        time_min: 0,
        time_max: i64::MAX / 2,
        state_max: u8::try_from(state_max).unwrap_or(u8::MAX),
        client_id_max: 255,
        hostname_max: usize::MAX,
        context_max: 1 << 20,
        has_pool: has("pool_id"),
        zero_in_text: false,
    };
    Ok((shape, Opened { version, weaknesses: Vec::new() }))
}

impl Dialect for Sqlite {
    type Connection = SqliteConnection;

    fn place(&self) -> &str {
        &self.place
    }

    async fn connect(&self) -> Result<SqliteConnection, Failure> {
        let place = |error: &sqlx::Error| {
            let Failure { class, what } = failure(error);
            Failure::new(class, format!("{}: {what}", self.place))
        };
        self.options.connect().await.map_err(|error| place(&error))
    }

    async fn close(&self, connection: SqliteConnection) {
        // What was committed is in the file, whatever closing it comes to.
        let _ = connection.close().await;
    }

    async fn ping(&self, connection: &mut SqliteConnection) -> Result<(), Failure> {
        let asked = sqlx::raw_sql("SELECT version FROM schema_version").fetch_all(connection).await;
        asked.map(|_| ()).map_err(|error| failure(&error))
    }

    async fn ask(
        &self,
        connection: &mut SqliteConnection,
        asked: &Question,
    ) -> Result<Vec<Row>, Failure> {
        self.rows(connection, IDIOM.ask(self.shape()?, asked)).await
    }

    async fn walk(
        &self,
        connection: &mut SqliteConnection,
        windows: &[Window],
        reuse: &[Reuse],
    ) -> Result<Walk, Failure> {
        let sql = IDIOM.walk(self.shape()?, windows, reuse);
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(connection).await;
        let rows = rows.map_err(|error| failure(&error))?;
        let mut walk = Walk::for_windows(windows.len());
        for row in &rows {
            let numbers: sqlx::Result<Vec<Option<i64>>> =
                (0..5).map(|at| number(row, at)).collect();
            walk.add(&numbers.map_err(|error| failure(&error))?);
        }
        Ok(walk.in_order())
    }

    async fn page(
        &self,
        connection: &mut SqliteConnection,
        from: u32,
        count: u32,
    ) -> Result<Vec<Row>, Failure> {
        self.rows(connection, IDIOM.page(self.shape()?, from, count)).await
    }

    async fn write(
        &self,
        connection: &mut SqliteConnection,
        shape: &Shape,
        writes: &[Write],
        _counted: &[Counted],
    ) -> Result<Vec<Verdict>, Failure> {
        transaction::run(connection, shape, writes).await
    }
}
