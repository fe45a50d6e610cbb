//! A session, and what is looked at when a store is opened.

use std::collections::BTreeMap;

use lessor_sql::dialect::{Dialect, Reuse, Verdict, Walk};
use lessor_sql::{
    Access, Class, Counted, Failure, Opened, Question, Row, Shape, TlsMode, Weakness, Window, Write,
};
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, Row as _};

use crate::fault::failure;
use crate::transaction::{IDIOM, Transaction, number, read};

/// What every session is told. Locks are taken on rows that are there, not on the gaps between: a
/// gap may be as wide as a pool. MariaDB would make a table of long lists and join it.
const SESSION: &str = "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'; \
     SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
     SET SESSION wait_timeout = 2592000; SET autocommit = 1; \
     SET /*!99999 @lessor = 1, *//*M! SESSION in_predicate_conversion_threshold = 0, */ @lessor = 1";

/// Where Debian's servers have their socket, for `localhost` as MySQL's own clients take it.
const SOCKET: &str = "/run/mysqld/mysqld.sock";

/// MySQL or MariaDB, as a kind of database.
#[derive(Clone, Debug)]
pub struct MySql {
    options: MySqlConnectOptions,
    /// What and where, for words.
    place: String,
    shape: Option<Shape>,
    packet_max: usize,
}

impl MySql {
    /// Looks at the tables that `access` names, with a connection that is closed again.
    ///
    /// # Errors
    /// [`Failure`]: the server can't be reached or refuses us, or the tables are not there.
    pub async fn open(access: &Access) -> Result<(Self, Shape, Opened), Failure> {
        let place = access.to_string();
        let mut dialect = Self { options: options(access), place, shape: None, packet_max: 0 };
        let connecting = dialect.connect();
        let mut connection = access.limits.connect(connecting, &dialect.place).await?;
        let looked = look(&mut connection, &dialect.place).await;
        dialect.close(connection).await;
        let (shape, opened, packet_max) = looked.map_err(Failure::before_writing)?;
        dialect.shape = Some(shape);
        dialect.packet_max = packet_max;
        Ok((dialect, shape, opened))
    }

    fn shape(&self) -> Result<&Shape, Failure> {
        let unknown = || Failure::new(Class::Schema, "the tables were not looked at");
        self.shape.as_ref().ok_or_else(unknown)
    }

    async fn rows(
        &self,
        connection: &mut MySqlConnection,
        sql: String,
    ) -> Result<Vec<Row>, Failure> {
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(connection).await;
        let rows = rows.and_then(|rows| rows.iter().map(read).collect());
        rows.map_err(|error| failure(&error))
    }
}

fn options(access: &Access) -> MySqlConnectOptions {
    let mut options = MySqlConnectOptions::new()
        .username(&access.user)
        .database(&access.name)
        .charset("utf8mb4")
        .timezone(Some("+00:00".to_owned()))
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .ssl_mode(match access.tls.mode {
            TlsMode::Disable => MySqlSslMode::Disabled,
            TlsMode::Prefer => MySqlSslMode::Preferred,
            TlsMode::Require => MySqlSslMode::Required,
            TlsMode::VerifyCa => MySqlSslMode::VerifyCa,
            TlsMode::VerifyFull => MySqlSslMode::VerifyIdentity,
        });
    if access.port != 0 {
        options = options.port(access.port);
    }
    options = match access.host.as_str() {
        path if path.starts_with('/') => options.socket(path),
        "" | "localhost" if access.port == 0 && std::path::Path::new(SOCKET).exists() => {
            options.socket(SOCKET)
        }
        "" => options.host("localhost"),
        host => options.host(host),
    };
    if !access.password.is_empty() {
        options = options.password(&access.password);
    }
    if let Some(file) = &access.tls.trust_anchor {
        options = options.ssl_ca(file);
    }
    if let Some(file) = &access.tls.cert_file {
        options = options.ssl_client_cert(file);
    }
    if let Some(file) = &access.tls.key_file {
        options = options.ssl_client_key(file);
    }
    options
}

async fn texts(
    connection: &mut MySqlConnection,
    sql: &'static str,
) -> Result<Vec<Vec<String>>, Failure> {
    let rows = sqlx::raw_sql(sql).fetch_all(connection).await.map_err(|error| failure(&error))?;
    let text = |row: &sqlx::mysql::MySqlRow, at: usize| {
        let octets = row.try_get_unchecked::<Option<Vec<u8>>, _>(at);
        let octets = octets.map_err(|error| failure(&error))?.unwrap_or_default();
        Ok::<_, Failure>(String::from_utf8_lossy(&octets).into_owned())
    };
    rows.iter().map(|row| (0..row.len()).map(|at| text(row, at)).collect()).collect()
}

/// Version and columns of the tables, settings that make promises weaker, the longest statement.
async fn look(
    connection: &mut MySqlConnection,
    place: &str,
) -> Result<(Shape, Opened, usize), Failure> {
    let missing = |failure: Failure| match failure {
        Failure { class: Class::Schema, what } => {
            let hint = "`lessor admin db-init` makes the tables";
            Failure::new(Class::Schema, format!("{place} has no lease tables: {what}; {hint}"))
        }
        other => other,
    };
    let version = texts(connection, "SELECT version, minor FROM schema_version").await;
    let version = version.map_err(missing)?;
    let version = match version.as_slice() {
        [row] => match row.as_slice() {
            [major, minor] => (major.parse().unwrap_or(0), minor.parse().unwrap_or(0)),
            _ => (0, 0),
        },
        rows => {
            let what = format!("{place}: schema_version has {} rows where it has one", rows.len());
            return Err(Failure::new(Class::Schema, what));
        }
    };
    let states = texts(connection, "SELECT max(state) FROM lease_state").await.map_err(missing)?;
    let state_max = states.first().and_then(|row| row.first()?.parse().ok()).unwrap_or(0);
    let columns = texts(
        connection,
        "SELECT column_name, coalesce(character_maximum_length, 0) \
         FROM information_schema.columns \
         WHERE table_schema = database() AND table_name = 'lease4'",
    )
    .await?;
    let columns: BTreeMap<&str, usize> = columns
        .iter()
        .filter_map(|row| Some((row.first()?.as_str(), row.get(1)?.parse().ok()?)))
        .collect();
    let length = |name: &str, or: usize| columns.get(name).copied().unwrap_or(or);
    let shape = Shape {
        time_min: 1,
        time_max: i64::from(i32::MAX),
        state_max,
        client_id_max: length("client_id", 128),
        hostname_max: length("hostname", 255),
        context_max: length("user_context", 65_535),
        has_pool: columns.contains_key("pool_id"),
        zero_in_text: true,
    };
    let (weaknesses, packet_max) = settings(connection, place).await?;
    Ok((shape, Opened { version, weaknesses }, packet_max))
}

async fn settings(
    connection: &mut MySqlConnection,
    place: &str,
) -> Result<(Vec<Weakness>, usize), Failure> {
    let rows = texts(
        connection,
        "SELECT @@global.innodb_flush_log_at_trx_commit, @@global.log_bin, \
         @@global.sync_binlog, @@global.binlog_format, @@global.innodb_doublewrite, \
         @@max_allowed_packet",
    )
    .await?;
    let row = rows.into_iter().next().unwrap_or_default();
    let value = |at: usize| row.get(at).map_or("", String::as_str);
    let has_binlog = value(1) == "1";
    if has_binlog && value(3) == "STATEMENT" {
        let what = format!(
            "{place}: binlog_format is `STATEMENT`, with which rows can't be locked one by one; \
             set it to `ROW` or `MIXED`"
        );
        return Err(Failure::new(Class::Schema, what));
    }
    let lost = "a lease that was confirmed can be lost when the database's machine goes down; \
         set it to `1`";
    let mut weak = Vec::new();
    let mut name = |setting, value: &str, what| {
        weak.push(Weakness { setting, value: value.to_owned(), what });
    };
    if !["1", "3"].contains(&value(0)) {
        name("innodb_flush_log_at_trx_commit", value(0), lost);
    }
    if has_binlog && value(2) != "1" {
        name("sync_binlog", value(2), lost);
    }
    if ["0", "OFF"].contains(&value(4)) {
        let what = "tables can be damaged when the database's machine goes down; set it to `ON`";
        name("innodb_doublewrite", value(4), what);
    }
    // The packet has a head of its own.
    Ok((weak, value(5).parse::<usize>().unwrap_or(1 << 20).saturating_sub(64)))
}

impl Dialect for MySql {
    type Connection = MySqlConnection;

    fn place(&self) -> &str {
        &self.place
    }

    async fn connect(&self) -> Result<MySqlConnection, Failure> {
        let place = |error: &sqlx::Error| {
            let Failure { class, what } = failure(error);
            Failure::new(class, format!("{}: {what}", self.place))
        };
        use sqlx::ConnectOptions as _;
        let mut connection = self.options.connect().await.map_err(|error| place(&error))?;
        let set = sqlx::raw_sql(SESSION).execute(&mut connection).await;
        set.map_err(|error| place(&error))?;
        Ok(connection)
    }

    async fn close(&self, connection: MySqlConnection) {
        // A server that is gone needs no goodbye.
        let _ = connection.close().await;
    }

    async fn ping(&self, connection: &mut MySqlConnection) -> Result<(), Failure> {
        connection.ping().await.map_err(|error| failure(&error))
    }

    async fn ask(
        &self,
        connection: &mut MySqlConnection,
        asked: &Question,
    ) -> Result<Vec<Row>, Failure> {
        self.rows(connection, IDIOM.ask(self.shape()?, asked)).await
    }

    async fn walk(
        &self,
        connection: &mut MySqlConnection,
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
        connection: &mut MySqlConnection,
        from: u32,
        count: u32,
    ) -> Result<Vec<Row>, Failure> {
        self.rows(connection, IDIOM.page(self.shape()?, from, count)).await
    }

    async fn write(
        &self,
        connection: &mut MySqlConnection,
        shape: &Shape,
        writes: &[Write],
        counted: &[Counted],
    ) -> Result<Vec<Verdict>, Failure> {
        let packet_max = self.packet_max;
        Transaction { shape, packet_max, writes, counted }.run(connection).await
    }
}
