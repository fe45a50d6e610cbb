//! Every fault that can be provoked on a real server, and what follows from it.

use std::time::Duration;

use lessor_lease::Lookup;
use lessor_mysql::{Leases, open};
use lessor_schema::Revision;
use lessor_sql::{Access, Limits};
use lessor_store_contract::rows::{insert, lease, replace, unit};
use lessor_testbed::{Database, Engine, Server, Setup};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection};
use tokio::runtime::Runtime;

use crate::ground;

/// What follows from each fault, as it was found.
const FOUND: &str = "\
nobody listens: open Unavailable
wrong password: open Denied
no such database: open Schema
no tables: open Schema
no more connections: open Unavailable
no right to write: commit Denied Refused(Unavailable), fetch ok
read-only: commit Full Refused(Full), fetch ok
a lock for too long: commit Retry Refused(Retry), fetch ok
a statement for too long: commit Retry Refused(Retry), fetch ok
a deadlock: commit Retry Done, fetch ok
ended while idle: fetch ok
ended while idle: commit Unknown Unknown, fetch ok
ended in a write: commit Unavailable Refused(Unavailable), fetch ok
killed: commit Unknown Unknown, fetch Unavailable
gone: commit Unavailable Refused(Unavailable), fetch Unavailable
back again: commit Done, fetch ok
silent: commit Unknown Unknown, fetch Unavailable
heard again: commit Done, fetch ok
";

struct Bench {
    runtime: Runtime,
    lines: String,
    /// The next address for a row that is not there yet.
    next: u8,
}

impl Bench {
    fn note(&mut self, fault: &str, what: &str) {
        self.lines += &format!("{fault}: {what}\n");
    }

    fn open(&mut self, fault: &str, access: &Access) {
        let opened = self.runtime.block_on(open(access));
        let what = match opened {
            Ok(_) => "open ok".to_owned(),
            Err(failure) => format!("open {:?}", failure.class),
        };
        self.note(fault, &what);
    }

    fn fetch(&self, store: &Leases) -> String {
        match self.runtime.block_on(store.fetch(&[Lookup::Unit(unit(1))])) {
            Ok(_) => "fetch ok".to_owned(),
            Err(failure) => format!("fetch {:?}", failure.class),
        }
    }

    /// Commits a new row, then asks for another one.
    fn try_both(&mut self, fault: &str, store: &Leases) {
        self.next += 1;
        let change = insert(lease(self.next, self.next));
        let committed = self.runtime.block_on(store.commit(&[change]));
        let failure = committed.failure.map(|failure| format!("{:?} ", failure.class));
        let failure = failure.unwrap_or_default();
        let outcome = committed.outcomes.first().expect("an outcome");
        let fetched = self.fetch(store);
        self.note(fault, &format!("commit {failure}{outcome:?}, {fetched}"));
    }

    /// Commits a change of the row that `holder` has locked, while it holds it.
    fn try_locked(&mut self, fault: &str, store: &Leases, meanwhile: impl Future<Output = ()>) {
        let change = replace(&lease(1, 1), lease(1, 2));
        let change = [change];
        let both = async { tokio::join!(store.commit(&change), meanwhile) };
        let (committed, ()) = self.runtime.block_on(both);
        let class = committed.failure.map(|failure| failure.class);
        let outcome = committed.outcomes.first().expect("an outcome");
        let fetched = self.fetch(store);
        let class = class.map(|class| format!("{class:?} ")).unwrap_or_default();
        self.note(fault, &format!("commit {class}{outcome:?}, {fetched}"));
    }

    fn store(&self, access: &Access) -> Leases {
        self.runtime.block_on(open(access)).expect("a store").0
    }

    fn raw(&self, database: &Database<'_>) -> MySqlConnection {
        let url = database.url();
        self.runtime.block_on(MySqlConnection::connect(&url)).expect("a connection")
    }

    fn say(&self, connection: &mut MySqlConnection, sql: &str) {
        let said = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection);
        self.runtime.block_on(said).expect("the server obeys");
    }
}

fn tcp(database: &Database<'_>, user: &str, password: &str) -> Access {
    Access {
        name: database.name().to_owned(),
        host: "127.0.0.1".to_owned(),
        port: database.server().port().expect("a port"),
        user: user.to_owned(),
        password: password.to_owned(),
        ..Access::default()
    }
}

#[test]
fn each_fault_has_its_class() {
    let mut server = Server::start(Setup::new(Engine::MariaDb).with_tcp()).expect("a server");
    let mut bench = Bench { runtime: ground::runtime(), lines: String::new(), next: 100 };
    let name = {
        let empty = server.fresh_database();
        let database = server.fresh_database();
        ground::fill(&database, Revision::NEWEST);
        opening(&mut bench, &empty, &database);
        refusing(&mut bench, &database);
        ending(&mut bench, &database);
        database.name().to_owned()
    };
    dying(&mut bench, &mut server, &name);
    assert_eq!(bench.lines, FOUND);
}

fn opening(bench: &mut Bench, empty: &Database<'_>, database: &Database<'_>) {
    let right = tcp(database, "lessor", lessor_testbed::server::PASSWORD);
    bench.open("nobody listens", &Access { port: 1, ..right.clone() });
    bench.open("wrong password", &Access { password: "guessed".to_owned(), ..right.clone() });
    bench.open("no such database", &Access { name: "nowhere".to_owned(), ..right });
    bench.open("no tables", &ground::access(empty));
    let name = database.name();
    database
        .query(&format!(
            "CREATE USER many@localhost WITH MAX_USER_CONNECTIONS 1; \
             GRANT SELECT ON {name}.* TO many@localhost"
        ))
        .expect("a user");
    let many = Access { user: "many".to_owned(), ..ground::access(database) };
    let url = database.url().replace("lessor@", "many@");
    let held = bench.runtime.block_on(MySqlConnection::connect(&url)).expect("the only one");
    bench.open("no more connections", &many);
    drop(held);
}

fn refusing(bench: &mut Bench, database: &Database<'_>) {
    let name = database.name();
    database
        .query(&format!(
            "CREATE USER reader@localhost; GRANT SELECT ON {name}.* TO reader@localhost"
        ))
        .expect("a user");
    let reader = Access { user: "reader".to_owned(), ..ground::access(database) };
    let store = bench.store(&reader);
    bench.try_both("no right to write", &store);
    database
        .query(&format!(
            "CREATE USER writer@localhost; \
             GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE, TRIGGER ON {name}.* TO writer@localhost; \
             SET GLOBAL read_only = 1"
        ))
        .expect("a user");
    let writer = Access { user: "writer".to_owned(), ..ground::access(database) };
    let store = bench.store(&writer);
    bench.try_both("read-only", &store);
    database.query("SET GLOBAL read_only = 0").expect("set");
    let mut other = bench.raw(database);
    let plain = bench.store(&ground::access(database));
    let batch = [insert(lease(1, 1)), insert(lease(2, 2))];
    let there = bench.runtime.block_on(plain.commit(&batch));
    assert_eq!(there.outcomes, [lessor_lease::Outcome::Done, lessor_lease::Outcome::Done]);
    bench.say(&mut other, "START TRANSACTION; SELECT 1 FROM lease4 FOR UPDATE");
    database.query("SET GLOBAL innodb_lock_wait_timeout = 1").expect("set");
    let store = bench.store(&ground::access(database));
    bench.try_locked("a lock for too long", &store, async {});
    database.query("SET GLOBAL innodb_lock_wait_timeout = 50").expect("set");
    database.query("SET GLOBAL max_statement_time = 0.1").expect("set");
    let store = bench.store(&ground::access(database));
    bench.try_locked("a statement for too long", &store, async {});
    database.query("SET GLOBAL max_statement_time = 0").expect("set");
    bench.say(&mut other, "ROLLBACK");
    deadlock(bench, database, &mut other);
}

/// The other one has written much, so the store's transaction is the one to give way.
fn deadlock(bench: &mut Bench, database: &Database<'_>, other: &mut MySqlConnection) {
    let much: Vec<String> = (1..200).map(|n| format!("({n}, 1, 0)")).collect();
    let much = much.join(",");
    bench.say(
        other,
        &format!(
            "START TRANSACTION; INSERT INTO lease4 (address, subnet_id, state) VALUES {much}; \
             SELECT 1 FROM lease4 WHERE address = 3221225986 FOR UPDATE"
        ),
    );
    let store = bench.store(&ground::access(database));
    let renew = |last: u8| replace(&lease(last, last), lease(last, last + 1));
    let batch = [renew(1), renew(2)];
    let both = async {
        tokio::join!(store.commit(&batch), async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let sql = "SELECT 1 FROM lease4 WHERE address = 3221225985 FOR UPDATE; \
                       DELETE FROM lease4 WHERE address < 200; COMMIT";
            sqlx::raw_sql(sql).execute(&mut *other).await.expect("it is the stronger one");
        })
    };
    let (committed, ()) = bench.runtime.block_on(both);
    let class = committed.failure.map(|failure| failure.class);
    assert_eq!(committed.outcomes.first(), committed.outcomes.last());
    let outcome = committed.outcomes.first().expect("an outcome");
    let fetched = bench.fetch(&store);
    let class = class.map(|class| format!("{class:?} ")).unwrap_or_default();
    bench.note("a deadlock", &format!("commit {class}{outcome:?}, {fetched}"));
    let back = |last: u8| replace(&lease(last, last + 1), lease(last, last));
    bench.runtime.block_on(store.commit(&[back(1), back(2)]));
}

/// Ends all sessions of stores but one's own.
fn end(database: &Database<'_>) {
    let listed = "SELECT id FROM information_schema.processlist \
         WHERE user = 'lessor' AND id <> connection_id() AND info IS NULL OR info LIKE '%FOR UPDATE'";
    let listed = database.query(listed).expect("sessions");
    let kills: String = listed.lines().map(|id| format!("KILL {id};")).collect();
    database.query(&kills).expect("sessions end");
}

fn ending(bench: &mut Bench, database: &Database<'_>) {
    let store = bench.store(&ground::access(database));
    assert_eq!(bench.fetch(&store), "fetch ok");
    end(database);
    let fetched = bench.fetch(&store);
    bench.note("ended while idle", &fetched);
    end(database);
    bench.try_both("ended while idle", &store);
    let mut other = bench.raw(database);
    bench.say(&mut other, "START TRANSACTION; UPDATE lease4 SET hostname = 'held'");
    // A new store: what fails on a connection that lay idle is tried once more on another one.
    let store = bench.store(&ground::access(database));
    let waits = "SELECT id FROM information_schema.processlist WHERE info LIKE '%FOR UPDATE'";
    bench.try_locked("ended in a write", &store, async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        tokio::task::block_in_place(|| {
            let listed = database.query(waits).expect("sessions");
            let kills: String = listed.lines().map(|id| format!("KILL {id};")).collect();
            database.query(&kills).expect("sessions end");
        });
    });
    bench.say(&mut other, "ROLLBACK");
}

fn dying(bench: &mut Bench, server: &mut Server, name: &str) {
    let access = ground::access(&server.database(name));
    let store = bench.store(&access);
    assert_eq!(bench.fetch(&store), "fetch ok");
    server.kill();
    bench.try_both("killed", &store);
    bench.try_both("gone", &store);
    assert!(!store.health().is_up);
    server.start_again().expect("it comes back");
    bench.try_both("back again", &store);
    assert!(store.health().is_up);
    let patience = Duration::from_millis(300);
    let limits = Limits { connect_within: patience, answer_within: patience, ..Limits::default() };
    let hasty = bench.store(&Access { limits, ..access });
    assert_eq!(bench.fetch(&hasty), "fetch ok");
    server.pause().expect("it stops");
    bench.try_both("silent", &hasty);
    server.resume().expect("it goes on");
    bench.try_both("heard again", &store);
}
