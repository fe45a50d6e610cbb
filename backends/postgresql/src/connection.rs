//! A session, and what is looked at when a store is opened.

use std::collections::BTreeSet;

use lessor_sql::dialect::{Dialect, Reuse, Verdict, Walk};
use lessor_sql::{
    Access, Class, Counted, Failure, Opened, Question, Row, Shape, TlsMode, Weakness, Window, Write,
};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{Connection as _, PgConnection, Row as _};

use crate::fault::failure;
use crate::reading::Reading;
use crate::writing::Writing;

/// What every session is told. A plan is made once for each statement, and goes by keys whatever
/// the statistics of a young table say; with prices like that, compiling it would always seem to
/// pay.
const SESSION: &str = "SET TIME ZONE 'UTC'; SET plan_cache_mode = force_generic_plan; \
     SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; \
     SET jit = off; SET default_transaction_isolation = 'read committed'";

/// PostgreSQL, as a kind of database.
#[derive(Clone, Debug)]
pub struct PostgreSql {
    options: PgConnectOptions,
    /// What and where, for words.
    place: String,
    reading: Reading,
    writing: Writing,
}

impl PostgreSql {
    /// Looks at the tables that `access` names, with a connection that is closed again.
    ///
    /// # Errors
    /// [`Failure`]: the server can't be reached or refuses us, or the tables are not there.
    pub async fn open(access: &Access) -> Result<(Self, Shape, Opened), Failure> {
        let mut dialect = Self {
            options: options(access),
            place: access.to_string(),
            reading: Reading::default(),
            writing: Writing::default(),
        };
        let connecting = dialect.connect();
        let mut connection = access.limits.connect(connecting, &dialect.place).await?;
        let looked = look(&mut connection, &dialect.place).await;
        dialect.close(connection).await;
        let (shape, opened) = looked.map_err(Failure::before_writing)?;
        dialect.reading = Reading::of(&shape);
        dialect.writing = Writing::of(&shape);
        Ok((dialect, shape, opened))
    }
}

fn options(access: &Access) -> PgConnectOptions {
    let host = if access.host.is_empty() { "localhost" } else { &access.host };
    let port = if access.port == 0 { 5432 } else { access.port };
    let mut options = PgConnectOptions::new_without_pgpass()
        .host(host)
        .port(port)
        .username(&access.user)
        .database(&access.name)
        .application_name("lessor")
        .ssl_mode(match access.tls.mode {
            TlsMode::Disable => PgSslMode::Disable,
            TlsMode::Prefer => PgSslMode::Prefer,
            TlsMode::Require => PgSslMode::Require,
            TlsMode::VerifyCa => PgSslMode::VerifyCa,
            TlsMode::VerifyFull => PgSslMode::VerifyFull,
        });
    if host.starts_with('/') {
        options = options.socket(host);
    }
    if !access.password.is_empty() {
        options = options.password(&access.password);
    }
    if let Some(file) = &access.tls.trust_anchor {
        options = options.ssl_root_cert(file);
    }
    if let Some(file) = &access.tls.cert_file {
        options = options.ssl_client_cert(file);
    }
    if let Some(file) = &access.tls.key_file {
        options = options.ssl_client_key(file);
    }
    options
}

/// Version and columns of the tables, and settings that make promises weaker.
async fn look(connection: &mut PgConnection, place: &str) -> Result<(Shape, Opened), Failure> {
    let missing = |error: &sqlx::Error| match failure(error) {
        Failure { class: Class::Schema, what } => {
            let hint = "`lessor admin db-init` makes the tables";
            Failure::new(Class::Schema, format!("{place} has no lease tables: {what}; {hint}"))
        }
        other => other,
    };
    let version = sqlx::query("SELECT version, minor FROM schema_version")
        .fetch_all(&mut *connection)
        .await
        .map_err(|error| missing(&error))?;
    let number = |row: &sqlx::postgres::PgRow, at: usize| {
        let number: i32 = row.try_get(at).map_err(|error| failure(&error))?;
        Ok::<u32, Failure>(u32::try_from(number).unwrap_or(0))
    };
    let version = match version.as_slice() {
        [row] => (number(row, 0)?, number(row, 1)?),
        rows => {
            let what = format!("{place}: schema_version has {} rows where it has one", rows.len());
            return Err(Failure::new(Class::Schema, what));
        }
    };
    let states = sqlx::query("SELECT max(state) FROM lease_state")
        .fetch_all(&mut *connection)
        .await
        .map_err(|error| missing(&error))?;
    let state_max: Option<i64> =
        states.first().map_or(Ok(None), |row| row.try_get(0)).map_err(|error| failure(&error))?;
    let columns = sqlx::query(
        "SELECT column_name::text FROM information_schema.columns \
         WHERE table_name = 'lease4' AND table_schema = ANY (current_schemas(false))",
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(|error| failure(&error))?;
    let columns: BTreeSet<String> =
        columns.iter().filter_map(|row| row.try_get::<String, _>(0).ok()).collect();
    let shape = Shape {
        time_min: 0,
        // The year 294246, well within what a timestamp holds.
        time_max: 9_223_372_036_000,
        state_max: u8::try_from(state_max.unwrap_or(0)).unwrap_or(u8::MAX),
        client_id_max: 255,
        hostname_max: 255,
        context_max: usize::MAX,
        has_pool: columns.contains("pool_id"),
        zero_in_text: false,
    };
    let weaknesses = weaknesses(connection).await?;
    Ok((shape, Opened { version, weaknesses }))
}

async fn weaknesses(connection: &mut PgConnection) -> Result<Vec<Weakness>, Failure> {
    let asked = [
        (
            "synchronous_commit",
            &["on", "local", "remote_write", "remote_apply"][..],
            "a lease that was confirmed can be lost when the database or its machine goes down; \
             set it to `on`",
        ),
        (
            "fsync",
            &["on"][..],
            "everything can be lost when the database's machine goes down; set it to `on`",
        ),
        (
            "full_page_writes",
            &["on"][..],
            "tables can be damaged when the database's machine goes down; set it to `on`",
        ),
    ];
    let row = sqlx::query(
        "SELECT current_setting('synchronous_commit'), current_setting('fsync'), \
         current_setting('full_page_writes')",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(|error| failure(&error))?;
    let mut weak = Vec::new();
    for (at, (setting, strong, what)) in asked.into_iter().enumerate() {
        let value: String = row.try_get(at).map_err(|error| failure(&error))?;
        if !strong.contains(&value.as_str()) {
            weak.push(Weakness { setting, value, what });
        }
    }
    Ok(weak)
}

impl Dialect for PostgreSql {
    type Connection = PgConnection;

    fn place(&self) -> &str {
        &self.place
    }

    async fn connect(&self) -> Result<PgConnection, Failure> {
        let place = |error: &sqlx::Error| {
            let Failure { class, what } = failure(error);
            Failure::new(class, format!("{}: {what}", self.place))
        };
        let mut connection =
            PgConnection::connect_with(&self.options).await.map_err(|error| place(&error))?;
        let set = sqlx::raw_sql(SESSION).execute(&mut connection).await;
        set.map_err(|error| place(&error))?;
        let row = sqlx::query("SELECT pg_is_in_recovery()").fetch_one(&mut connection).await;
        let is_standby = row.and_then(|row| row.try_get::<bool, _>(0));
        if is_standby.map_err(|error| place(&error))? {
            let what = format!("{} is a standby, which takes no leases", self.place);
            return Err(Failure::new(Class::Unavailable, what));
        }
        Ok(connection)
    }

    async fn close(&self, connection: PgConnection) {
        // A server that is gone needs no goodbye.
        let _ = connection.close().await;
    }

    async fn ping(&self, connection: &mut PgConnection) -> Result<(), Failure> {
        connection.ping().await.map_err(|error| failure(&error))
    }

    async fn ask(
        &self,
        connection: &mut PgConnection,
        asked: &Question,
    ) -> Result<Vec<Row>, Failure> {
        self.reading.ask(connection, asked).await.map_err(|error| failure(&error))
    }

    async fn walk(
        &self,
        connection: &mut PgConnection,
        windows: &[Window],
        reuse: &[Reuse],
    ) -> Result<Walk, Failure> {
        self.reading.walk(connection, windows, reuse).await.map_err(|error| failure(&error))
    }

    async fn page(
        &self,
        connection: &mut PgConnection,
        from: u32,
        count: u32,
    ) -> Result<Vec<Row>, Failure> {
        self.reading.page(connection, from, count).await.map_err(|error| failure(&error))
    }

    async fn write(
        &self,
        connection: &mut PgConnection,
        _shape: &Shape,
        writes: &[Write],
        counted: &[Counted],
    ) -> Result<Vec<Verdict>, Failure> {
        let written = self.writing.write(connection, writes, counted).await;
        written.map_err(|error| failure(&error))
    }
}
