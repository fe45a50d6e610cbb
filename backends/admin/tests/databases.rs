//! Real databases, through everything that is done to them.

use lessor_admin::{Connection, Error, Family, Place, Target};
use lessor_schema::{Dialect, Revision, Version};
use lessor_testbed::{Database, Engine, Server};

/// What each kind of database is put through.
async fn looked_after(target: &Target) {
    let mut connection = Connection::open(target).await.expect("the database is there");
    let dialect = target.dialect;
    let missing = lessor_admin::version(&mut connection).await;
    assert!(matches!(missing, Err(Error::NoSchema { .. })), "{missing:?}");

    let first = if dialect == Dialect::Sqlite { Revision::NEWEST } else { Revision::BASE };
    let tables = lessor_admin::init(&mut connection, first).await.expect("it is empty");
    assert!(tables > 50, "{tables} tables");
    let version = lessor_admin::version(&mut connection).await.expect("it says its version");
    assert_eq!(version, first.version(dialect));
    let again = lessor_admin::init(&mut connection, first).await.expect_err("it is not empty");
    assert!(again.to_string().contains(&format!("of schema {version}")), "{again}");

    filled(&mut connection).await;
    if dialect != Dialect::Sqlite {
        upgraded(&mut connection).await;
    }
    refused(&mut connection).await;
    connection.close().await;
}

const FOUR: &str = "\
10.0.0.1,01:02:03:04:05:06,01:aa:bb,3600,1767225600,1,1,0,a&#x2cb,0,{ \"ISC\": { \
\"client-classes\": [ \"x\"&#x2c \"x\" ] } }
10.0.0.2,01:02:03:04:05:07,,4294967295,6062192895,1,0,0,,1,
255.255.255.255,,ff:00,7200,2147483647,4294967295,0,1,z,2,
";
const SIX: &str = "\
2001:db8::1,00:01:02,3600,1767225600,1,1800,0,4294967295,128,1,1,h,0a:0b,0,,1,2
2001:db8:1::,00:01:03,3600,1767225600,1,1800,2,7,56,0,0,,,1,,,
";
const NAMES4: &str = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,\
                      hostname,state,user_context";
const NAMES6: &str = "address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,\
                      prefix_len,fqdn_fwd,fqdn_rev,hostname,hwaddr,state,user_context,hwtype,\
                      hwaddr_source";

/// A lease file goes in and comes out as it was.
async fn filled(connection: &mut Connection) {
    for (family, names, rows) in [(Family::V4, NAMES4, FOUR), (Family::V6, NAMES6, SIX)] {
        let text = format!("{names}\n{rows}");
        let count = lessor_admin::upload(connection, family, &text).await.expect("lawful lines");
        assert_eq!(count, rows.lines().count());
        let twice = lessor_admin::upload(connection, family, &text).await;
        let twice = twice.expect_err("they are there already").to_string();
        assert!(twice.starts_with("line "), "{twice}");
        assert_eq!(sorted(&dumped(connection, family).await), sorted(rows), "as it went in");
    }
    let unlawful = format!("{NAMES4}\n10.0.0.7,,,60,100,1,0,0,,9,\n");
    let refused = lessor_admin::upload(connection, Family::V4, &unlawful).await;
    assert!(refused.is_err(), "there is no state 9");
    assert_eq!(dumped(connection, Family::V4).await, FOUR, "all or nothing");
}

/// Without the pool, which not every version has.
async fn dumped(connection: &mut Connection, family: Family) -> String {
    let lines = lessor_admin::dump(connection, family).await.expect("leases");
    let columns = if family == Family::V4 { 11 } else { 17 };
    let cut = |line: &String| {
        let cells: Vec<&str> = line.split(',').take(columns).collect();
        cells.join(",") + "\n"
    };
    lines[1..].iter().map(cut).collect()
}

/// Addresses that are stored as text sort as text.
fn sorted(lines: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.sort_unstable();
    lines
}

async fn upgraded(connection: &mut Connection) {
    let dialect = connection.dialect();
    let mut steps = Vec::new();
    let newest = lessor_admin::upgrade(connection, Revision::NEWEST, |from, to| {
        steps.push((from, to));
    });
    let newest = newest.await.expect("every step");
    assert_eq!(newest, Revision::NEWEST.version(dialect));
    assert_eq!(steps.first().map(|step| step.0), Some(Revision::BASE.version(dialect)));
    assert!(steps.windows(2).all(|pair| pair[0].1 == pair[1].0), "{steps:?}");
    assert_eq!(dumped(connection, Family::V4).await, FOUR, "leases are kept");
    assert_eq!(sorted(&dumped(connection, Family::V6).await), sorted(SIX));
    let nothing = lessor_admin::upgrade(connection, Revision::NEWEST, |_, _| panic!("a step"));
    assert_eq!(nothing.await.expect("it is the newest"), newest);
}

async fn refused(connection: &mut Connection) {
    set_version(connection, "UPDATE schema_version SET version = 99").await;
    let newer = lessor_admin::upgrade(connection, Revision::NEWEST, |_, _| panic!("a step")).await;
    let newer = newer.expect_err("nobody knows it").to_string();
    assert!(newer.contains("schema 99.0 is newer"), "{newer}");
    assert_eq!(lessor_admin::version(connection).await.expect("as before"), Version::new(99, 0));
    set_version(connection, "DELETE FROM schema_version").await;
    let unfinished = lessor_admin::version(connection).await;
    assert!(matches!(unfinished, Err(Error::Unfinished { .. })), "{unfinished:?}");
}

async fn set_version(connection: &mut Connection, sql: &str) {
    let statement =
        lessor_schema::Statement { about: "the version".to_owned(), sql: sql.to_owned() };
    assert_eq!(connection.run(&statement).await.expect("it has a version"), 1);
}

fn target(database: &Database<'_>) -> Target {
    let server = database.server();
    let (dialect, path) = match server.engine() {
        Engine::PostgreSql => (Dialect::PostgreSql, server.folder().to_owned()),
        Engine::MariaDb => (Dialect::MySql, server.socket()),
    };
    Target {
        dialect,
        place: Place::Socket(path),
        user: "lessor".to_owned(),
        password: String::new(),
        name: database.name().to_owned(),
    }
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

/// A recount puts right what somebody wrote into the tables of counts.
async fn counted_anew(target: &Target, database: Option<&Database<'_>>) {
    let mut connection = Connection::open(target).await.expect("the database is there");
    lessor_admin::init(&mut connection, Revision::NEWEST).await.expect("it is empty");
    let text = format!("{NAMES4}\n{FOUR}");
    lessor_admin::upload(&mut connection, Family::V4, &text).await.expect("lawful lines");
    let text = format!("{NAMES6}\n{SIX}");
    lessor_admin::upload(&mut connection, Family::V6, &text).await.expect("lawful lines");
    let before = database.map(counts);
    let twice = before.as_ref().is_none_or(|counts| counts.contains("x\t2"));
    assert!(twice, "a class that is named twice counts twice: {before:?}");
    for table in ["lease4_stat", "lease6_pool_stat", "lease4_stat_by_client_class"] {
        let sql = format!("UPDATE {table} SET leases = 77");
        let statement = lessor_schema::Statement { about: table.to_owned(), sql };
        assert!(connection.run(&statement).await.expect("rows") > 0, "{table} has rows");
    }
    assert!(before.is_none() || database.map(counts) != before, "the counts are wrong now");
    lessor_admin::recount(&mut connection).await.expect("leases are counted");
    assert_eq!(database.map(counts), before, "as the triggers had counted");
    connection.close().await;
}

fn counts(database: &Database<'_>) -> String {
    let question = "SELECT subnet_id, state, leases FROM lease4_stat WHERE leases > 0 ORDER BY 1, 2; \
                    SELECT subnet_id, pool_id, state, leases FROM lease4_pool_stat WHERE leases > 0 \
                    ORDER BY 1, 3; SELECT lease_type, state, leases FROM lease6_pool_stat WHERE \
                    leases > 0 ORDER BY 1, 2; SELECT client_class, leases FROM \
                    lease4_stat_by_client_class WHERE leases > 0 ORDER BY 1";
    database.query(question).unwrap_or_else(|why| panic!("{why}"))
}

#[test]
fn postgresql_is_looked_after() {
    let server = Server::shared(Engine::PostgreSql);
    wait(looked_after(&target(&server.fresh_database())));
    let database = server.fresh_database();
    wait(counted_anew(&target(&database), Some(&database)));
}

#[test]
fn mariadb_is_looked_after() {
    let server = Server::shared(Engine::MariaDb);
    wait(looked_after(&target(&server.fresh_database())));
    let database = server.fresh_database();
    wait(counted_anew(&target(&database), Some(&database)));
}

#[test]
fn sqlite_is_looked_after() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = |name: &str| Target {
        dialect: Dialect::Sqlite,
        place: Place::Host(String::new(), None),
        user: String::new(),
        password: String::new(),
        name: folder.path().join(name).display().to_string(),
    };
    wait(looked_after(&target("first")));
    wait(counted_anew(&target("second"), None));
}

#[test]
fn who_cannot_connect_hears_where() {
    let nowhere = Target {
        dialect: Dialect::PostgreSql,
        place: Place::Socket("/nonexistent".into()),
        user: "kea".to_owned(),
        password: "secret".to_owned(),
        name: "leases".to_owned(),
    };
    let why = wait(Connection::open(&nowhere)).expect_err("nobody is there").to_string();
    assert!(why.contains("database leases as user kea at /nonexistent"), "{why}");
    assert!(!why.contains("secret"), "{why}");
}
