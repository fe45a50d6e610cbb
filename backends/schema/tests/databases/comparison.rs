//! Our databases and those that Kea's own `kea-admin` makes have the same things in them, and do
//! the same by themselves.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use lessor_schema::{Dialect, Revision, create};
use lessor_testbed::{Database, Engine, Server};

use crate::{behaviour, catalogue};

#[test]
fn postgresql_13_is_what_kea_admin_makes() {
    same_as_kea(Engine::PostgreSql, Dialect::PostgreSql, "pgsql");
}

#[test]
fn mysql_14_is_what_kea_admin_makes() {
    same_as_kea(Engine::MariaDb, Dialect::MySql, "mysql");
}

fn same_as_kea(engine: Engine, dialect: Dialect, backend: &str) {
    let server = Server::shared(engine);
    let theirs = server.fresh_database();
    kea_admin(&theirs, "db-init", backend);
    let ours = server.fresh_database();
    catalogue::run(&ours, &create(dialect, Revision::BASE));
    assert_same(&catalogue::of(&theirs), &catalogue::of(&ours));
    behaviour::assert_same(&theirs, &ours);
}

fn assert_same(theirs: &BTreeSet<String>, ours: &BTreeSet<String>) {
    let missing: Vec<String> = theirs.difference(ours).map(|line| format!("\n- {line}")).collect();
    let more: Vec<String> = ours.difference(theirs).map(|line| format!("\n+ {line}")).collect();
    assert!(missing.is_empty() && more.is_empty(), "{}{}", missing.concat(), more.concat());
    assert!(ours.len() > 500, "{} lines are not the whole", ours.len());
}

/// Debian's program, which speaks to databases through their own clients.
fn kea_admin(database: &Database<'_>, command: &str, backend: &str) {
    let server = database.server();
    let mut admin = Command::new("/usr/sbin/kea-admin");
    admin.args([command, backend, "-n", database.name(), "-u", "lessor"]);
    match server.engine() {
        Engine::PostgreSql => admin.arg("-h").arg(server.folder()).args(["-p", "any"]),
        Engine::MariaDb => admin
            .args(["-h", "localhost", "-p", ""])
            .args(["-x", &format!("--socket={}", server.socket().display())]),
    };
    let output = admin.stdin(Stdio::null()).output();
    let output = output.expect("kea-admin is missing: install Debian's package `kea-admin`");
    assert!(
        output.status.success(),
        "kea-admin {command}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
