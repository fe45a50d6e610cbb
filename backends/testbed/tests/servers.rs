//! Servers start, answer, live through what is done to them, and leave nothing.

use lessor_testbed::{Engine, Server, Setup};

fn serves(engine: Engine) {
    let mut server = Server::start(Setup::new(engine).with_tcp()).expect("a server");
    let folder = server.folder().to_owned();
    let first = server.fresh_database();
    let name = first.name().to_owned();
    first.query("CREATE TABLE kept (n int); INSERT INTO kept VALUES (1), (NULL);").expect("rows");
    assert_eq!(first.query("SELECT n FROM kept ORDER BY n IS NULL").expect("rows"), "1\nNULL\n");
    let other = server.fresh_database();
    assert_ne!(other.name(), name, "each case has a database of its own");
    let refused = other.query("SELECT n FROM kept").expect_err("it has no such table");
    assert!(refused.to_string().contains("kept"), "{refused}");
    assert!(first.tcp_url().is_some_and(|url| url.contains("127.0.0.1")));

    server.kill();
    server.start_again().expect("it comes back");
    server.restart().expect("it comes back");
    server.pause().expect("it runs");
    server.resume().expect("it runs");
    let again = server.database(&name);
    assert_eq!(again.query("SELECT count(*) FROM kept").expect("rows"), "2\n", "rows are kept");

    drop(server);
    assert!(!folder.exists(), "nothing is left behind");
}

#[test]
fn postgresql_serves_and_leaves_nothing() {
    serves(Engine::PostgreSql);
    let server = Server::shared(Engine::PostgreSql);
    let first = server.fresh_database();
    first.query("CREATE TABLE kept (n int)").expect("a table");
    assert_eq!(first.copy().query("SELECT count(*) FROM kept").expect("the copy has it"), "0\n");
}

#[test]
fn mariadb_serves_and_leaves_nothing() {
    serves(Engine::MariaDb);
}
