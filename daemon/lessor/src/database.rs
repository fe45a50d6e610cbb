//! Leases in a database: from its configuration to the lane that the loop asks.

use std::collections::BTreeSet;
use std::fs;
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lessor_config::{Database, DatabaseTls, Engine, Password, SslMode};
use lessor_lease::{Change, Found, Lookup, Outcome};
use lessor_shell::database::{Connector, Lane, LeaseDatabase, Trouble};
use lessor_shell::system::networked;
use lessor_shell::{Notice, Telemetry};
use lessor_sql::{
    Access, Class, Dialect, Failure, Limits, Opened, Quarantined, Store, Tls, TlsMode,
};
use lessor_types::Unit;

/// How many rows that cannot be read are told of in one life; the rest would only repeat it.
const ROWS_TOLD_MAX: usize = 100;

/// The lane to a database of leases, which runs from now on.
///
/// # Errors
/// There is no thread to be had.
pub(crate) fn lane(database: &Database, telemetry: &Telemetry) -> Result<Lane, String> {
    match database.engine {
        Engine::Postgresql => run::<PostgreSql>(database, telemetry),
        Engine::Mysql => run::<MySql>(database, telemetry),
        Engine::Sqlite => run::<Sqlite>(database, telemetry),
    }
}

fn run<K: Kind>(database: &Database, telemetry: &Telemetry) -> Result<Lane, String> {
    let way =
        Way::<K> { database: database.clone(), telemetry: telemetry.clone(), kind: PhantomData };
    let place = access(database, database.hosts.first(), String::new()).to_string();
    let (lane, worker) = Lane::new(place, way);
    networked("leases", worker)
        .map_err(|why| format!("cannot start the thread that asks the lease database: {why}"))?;
    Ok(lane)
}

/// A kind of database.
trait Kind: Send + Sync + 'static {
    type Dialect: Dialect;

    fn open(
        access: &Access,
    ) -> impl Future<Output = Result<(Store<Self::Dialect>, Opened), Failure>> + Send;
}

struct PostgreSql;
struct MySql;
struct Sqlite;

impl Kind for PostgreSql {
    type Dialect = lessor_postgresql::PostgreSql;

    async fn open(access: &Access) -> Result<(Store<Self::Dialect>, Opened), Failure> {
        lessor_postgresql::open(access).await
    }
}

impl Kind for MySql {
    type Dialect = lessor_mysql::MySql;

    async fn open(access: &Access) -> Result<(Store<Self::Dialect>, Opened), Failure> {
        lessor_mysql::open(access).await
    }
}

impl Kind for Sqlite {
    type Dialect = lessor_sqlite::Sqlite;

    async fn open(access: &Access) -> Result<(Store<Self::Dialect>, Opened), Failure> {
        lessor_sqlite::open(access).await
    }
}

/// The way to a database, which may have several hosts.
struct Way<K> {
    database: Database,
    telemetry: Telemetry,
    kind: PhantomData<K>,
}

impl<K: Kind> Connector for Way<K> {
    type Store = Kept<K::Dialect>;

    /// The first host that can be used is taken; where none can, all are named.
    async fn connect(&self) -> Result<Self::Store, Trouble> {
        let password = password(&self.database.password)?;
        let hosts = &self.database.hosts;
        let hosts = if hosts.is_empty() { vec![None] } else { hosts.iter().map(Some).collect() };
        let mut met = Vec::new();
        for host in hosts {
            let access = access(&self.database, host, password.clone());
            match K::open(&access).await {
                Ok((store, opened)) => {
                    tell(&self.telemetry, &access, &opened);
                    return Ok(Kept {
                        store,
                        telemetry: self.telemetry.clone(),
                        told: Mutex::default(),
                    });
                }
                Err(failure) => met.push(failure.what),
            }
        }
        Err(Trouble { what: met.join("; "), lost: true })
    }
}

fn tell(telemetry: &Telemetry, access: &Access, opened: &Opened) {
    let (version, minor) = opened.version;
    telemetry.note(Notice::DatabaseFound(format!("{access} has schema {version}.{minor}")));
    for weakness in &opened.weaknesses {
        telemetry.note(Notice::DatabaseWeak(format!("{access}: {weakness}")));
    }
}

/// What a file says may end with the line that it is written in.
fn password(password: &Password) -> Result<String, Trouble> {
    match password {
        Password::Given(secret) => Ok(secret.0.clone()),
        Password::InFile(file) => match fs::read_to_string(file) {
            Ok(text) => Ok(text.trim_end_matches(['\r', '\n']).to_owned()),
            Err(why) => {
                let what = format!("the password cannot be read from {file}: {why}");
                Err(Trouble { what, lost: true })
            }
        },
    }
}

fn access(database: &Database, host: Option<&String>, password: String) -> Access {
    let connect = Duration::from_secs(u64::from(database.timeouts.connect.0));
    let patience = [database.timeouts.read, database.timeouts.write, database.timeouts.tcp_user];
    let patience = patience.into_iter().filter(|secs| secs.0 > 0).max();
    let usual = Limits::default();
    Access {
        name: database.name.clone(),
        host: host.cloned().unwrap_or_default(),
        port: database.port,
        user: database.user.clone(),
        password,
        tls: tls(&database.tls),
        limits: Limits {
            connect_within: connect,
            answer_within: patience.map_or(usual.answer_within, |secs| secs.duration()),
            ..usual
        },
    }
}

fn tls(tls: &DatabaseTls) -> Tls {
    let path = |file: &Option<String>| file.as_ref().map(Into::into);
    Tls {
        mode: match tls.mode() {
            SslMode::Disable => TlsMode::Disable,
            SslMode::Prefer => TlsMode::Prefer,
            SslMode::Require => TlsMode::Require,
            SslMode::VerifyCa => TlsMode::VerifyCa,
            SslMode::VerifyFull => TlsMode::VerifyFull,
        },
        trust_anchor: path(&tls.trust_anchor),
        cert_file: path(&tls.cert_file),
        key_file: path(&tls.key_file),
    }
}

/// A database that is connected to.
struct Kept<D: Dialect> {
    store: Store<D>,
    telemetry: Telemetry,
    /// Rows that were told of.
    told: Mutex<BTreeSet<Unit>>,
}

impl<D: Dialect> Kept<D> {
    fn tell_rows<'a>(&self, rows: impl IntoIterator<Item = (Unit, String)> + 'a) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        for (unit, what) in rows {
            if told.len() < ROWS_TOLD_MAX && told.insert(unit) {
                self.telemetry.note(Notice::DatabaseRow(format!("{unit}: {what}")));
            }
        }
    }

    fn tell_quarantined(&self, rows: &[Quarantined]) {
        let told = |row: &Quarantined| {
            (row.unit, format!("the row cannot be read, and is left alone: {}", row.error))
        };
        self.tell_rows(rows.iter().map(told));
    }

    fn trouble(&self, failure: Failure) -> Trouble {
        let lost = failure.class.is_loss() || failure.class == Class::Denied;
        if !lost && failure.class != Class::Retry {
            self.telemetry.note(Notice::DatabaseTrouble(failure.what.clone()));
        }
        Trouble { what: failure.what, lost }
    }
}

impl<D: Dialect> LeaseDatabase for Kept<D> {
    async fn fetch(&self, lookups: &[Lookup]) -> Result<Vec<Found>, Trouble> {
        match self.store.fetch(lookups).await {
            Ok(fetched) => {
                self.tell_quarantined(&fetched.quarantined);
                Ok(fetched.found)
            }
            Err(failure) => Err(self.trouble(failure)),
        }
    }

    async fn commit(&self, changes: &[Change]) -> (Vec<Outcome>, Option<Trouble>) {
        let committed = self.store.commit(changes).await;
        self.tell_quarantined(&committed.quarantined);
        let refused = committed.refused.iter();
        self.tell_rows(
            refused.map(|(unit, error)| (*unit, format!("the lease cannot be written: {error}"))),
        );
        (committed.outcomes, committed.failure.map(|failure| self.trouble(failure)))
    }

    async fn ping(&self) -> Result<(), Trouble> {
        self.store.ping().await.map_err(|failure| self.trouble(failure))
    }
}
