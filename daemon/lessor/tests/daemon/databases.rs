//! Leases in databases, and databases that go and come back.

use std::time::{Duration, Instant};

use lessor_schema::{Dialect, Revision, create};
use lessor_testbed::{Database, Engine, Server, Setup};
use serde_json::{Value, json};

use crate::process::{Daemon, Site};

const PATIENCE: Duration = Duration::from_secs(20);

/// A site whose leases are in a database, with one subnet and no interface.
fn site(database: &Value) -> Site {
    let site = Site::new("");
    let config = json!({ "Dhcp4": {
        "interfaces-config": { "interfaces": [] },
        "control-sockets": [ { "socket-type": "unix", "socket-name": site.path("control") } ],
        "lease-database": database,
        "subnet4": [ { "id": 1, "subnet": "10.0.0.0/24", "pools": [ { "pool": "10.0.0.0/24" } ] } ],
    }});
    site.write("lessor.conf", &config.to_string());
    site
}

/// Makes Kea's tables, with a lease that somebody else wrote.
fn fill(database: &Database<'_>, dialect: Dialect) {
    let statements = create(dialect, Revision::NEWEST).into_iter();
    let (begin, end) = match dialect {
        // Routines have semicolons inside.
        Dialect::MySql => ("DELIMITER $$$\n", "\n$$$\n"),
        _ => ("", ";\n"),
    };
    let text: String = statements.map(|statement| statement.sql + end).collect();
    database.query(&format!("{begin}{text}")).expect("tables");
    let (hwaddr, ends) = match dialect {
        Dialect::PostgreSql => ("'\\x020000000061'", "to_timestamp(4000000000)"),
        _ => ("x'020000000061'", "from_unixtime(2000000000)"),
    };
    database
        .query(&format!(
            "INSERT INTO lease4 (address, hwaddr, valid_lifetime, expire, subnet_id, fqdn_fwd, \
             fqdn_rev, hostname, state) VALUES (167772170, {hwaddr}, 3600, {ends}, 1, false, \
             false, '', 0)"
        ))
        .expect("a lease");
}

/// What `status-get` says of the one database.
fn status(site: &Site) -> Value {
    site.ask(&json!({ "command": "status-get" }))["arguments"]["lessor"]["databases"][0].clone()
}

fn wait_for_status(site: &Site, wanted: &str) -> Value {
    let begun = Instant::now();
    loop {
        let status = status(site);
        if status["status"] == wanted {
            return status;
        }
        assert!(begun.elapsed() < PATIENCE, "not {wanted}: {status}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn leases(site: &Site) -> Value {
    site.ask(&json!({ "command": "lease4-get-all" }))
}

#[test]
fn a_lease_database_that_goes_away_is_waited_for() {
    for (engine, dialect, kind) in [
        (Engine::PostgreSql, Dialect::PostgreSql, "postgresql"),
        (Engine::MariaDb, Dialect::MySql, "mysql"),
    ] {
        let mut server = Server::start(Setup::new(engine)).expect("a server");
        let name = {
            let database = server.fresh_database();
            fill(&database, dialect);
            database.name().to_owned()
        };
        let host = match engine {
            Engine::PostgreSql => server.folder().to_owned(),
            Engine::MariaDb => server.socket(),
        };
        let site = site(&json!({
            "type": kind, "name": name, "host": host, "user": "lessor",
            "max-reconnect-tries": 100, "reconnect-wait-time": 100, "on-fail": "stop-retry-exit",
        }));
        let mut daemon = Daemon::start(site.serve());
        daemon.wait_for("DATABASE_OPENED");
        let found = leases(&site);
        assert_eq!(found["arguments"]["leases"][0]["ip-address"], "10.0.0.10", "{kind}: {found}");
        assert_eq!(found["text"], "1 IPv4 lease(s) found.");
        let by_address = site.ask(&json!({
            "command": "lease4-get", "arguments": { "ip-address": "10.0.0.10" },
        }));
        assert_eq!(by_address["arguments"]["hw-address"], "02:00:00:00:00:61", "{by_address}");

        // Nobody asks, and it is noticed all the same.
        server.kill();
        let lost = wait_for_status(&site, "lost");
        assert!(lost["why"].as_str().is_some_and(|why| !why.is_empty()), "{lost}");
        let status = site.ask(&json!({ "command": "status-get" }));
        let state = &status["arguments"]["dhcp-state"];
        assert_eq!(state["disabled-by-db-connection"], json!([3001]), "{status}");
        assert_eq!(leases(&site)["result"], 1, "it is said that they cannot be had");

        server.start_again().expect("the server again");
        wait_for_status(&site, "connected");
        assert_eq!(leases(&site)["text"], "1 IPv4 lease(s) found.");
        daemon.signal("TERM");
        assert_eq!(daemon.wait().code(), Some(0), "{kind}");
    }
}

#[test]
fn a_start_without_the_lease_database_fails_in_words() {
    let site = site(&json!({
        "type": "postgresql", "name": "kea", "host": "/no/such/folder", "user": "lessor",
    }));
    let mut daemon = Daemon::start(site.serve());
    let said = daemon.wait_for("DATABASE_GIVEN_UP");
    assert!(said.contains("/no/such/folder"), "{said}");
    assert_eq!(daemon.wait().code(), Some(1));
}

#[test]
fn a_file_of_sqlite_without_tables_is_told_how_to_be_made() {
    let place = tempfile::tempdir().expect("a directory");
    let file = place.path().join("leases.db");
    let site = site(&json!({ "type": "sqlite", "name": file }));
    for _ in 0..2 {
        let mut daemon = Daemon::start(site.serve());
        let said = daemon.wait_for("DATABASE_GIVEN_UP");
        assert!(said.contains("db-init"), "{said}");
        assert_eq!(daemon.wait().code(), Some(1));
        // It is not enough that it is there.
        std::fs::write(&file, "").expect("a writable directory");
    }
}
