//! Databases that `lessor admin` makes, and Debian's Kea that serves from them.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use lessor_testbed::{Database, Engine, Server};

use crate::client;
use crate::namespaces::{CLIENT_LINK, Net};
use crate::process::{Daemon, Said, said};

/// The program under the name of Kea's tool.
fn admin(folder: &Path, database: &Database<'_>, words: &[&str]) -> Said {
    let name = folder.join("kea-admin");
    if !name.exists() {
        symlink(env!("CARGO_BIN_EXE_lessor"), &name).expect("a link");
    }
    let (backend, place) = match database.server().engine() {
        Engine::PostgreSql => ("pgsql", database.server().folder().to_owned()),
        Engine::MariaDb => ("mysql", database.server().socket()),
    };
    let mut command = Command::new(name);
    let (task, more) = words.split_first().expect("a task");
    command.args([task, backend, "-u", "lessor", "-p", "", "-n", database.name(), "-h"]);
    command.arg(place).args(more);
    said(command)
}

#[test]
fn postgresql_is_administered_under_kea_admins_name() {
    administered(&Server::shared(Engine::PostgreSql).fresh_database(), "13.0", "34.0");
}

#[test]
fn mariadb_is_administered_under_kea_admins_name() {
    administered(&Server::shared(Engine::MariaDb).fresh_database(), "14.0", "35.0");
}

fn administered(database: &Database<'_>, old: &str, newest: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let admin = |words: &[&str]| admin(folder.path(), database, words);
    let nothing = admin(&["db-version"]);
    assert_eq!(nothing.code, Some(1));
    assert!(nothing.err.contains("kea-admin: ") && nothing.err.contains("db-init"), "{nothing:?}");

    let made = admin(&["db-init", "--schema", old]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert_eq!(admin(&["db-version"]).out, format!("{old}\n"));
    assert_eq!(admin(&["db-init"]).code, Some(1), "it is not empty");

    let file = folder.path().join("leases.csv");
    let path = file.to_str().expect("plain");
    let lines = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,\
                 hostname,state,user_context\n10.0.0.1,01:02,,60,100,1,0,0,,0,\n";
    fs::write(&file, lines).expect("a file");
    let uploaded = admin(&["lease-upload", "-4", "-i", path]);
    assert_eq!(uploaded.out, format!("1 leases from {path}\n"), "{uploaded:?}");

    let upgraded = admin(&["db-upgrade"]);
    assert_eq!(upgraded.code, Some(0), "{upgraded:?}");
    assert!(upgraded.out.contains("back it up first"), "{}", upgraded.out);
    assert_eq!(admin(&["db-version"]).out, format!("{newest}\n"));
    assert_eq!(admin(&["stats-recount"]).code, Some(0));

    let kept = admin(&["lease-dump", "-4", "-o", path]);
    assert!(kept.code == Some(1) && kept.err.contains("-y"), "{kept:?}");
    assert_eq!(admin(&["lease-dump", "-4", "-o", path, "-y"]).code, Some(0));
    let dumped = fs::read_to_string(&file).expect("a file");
    let expected = lines.replace("user_context\n", "user_context,pool_id\n");
    assert_eq!(dumped, expected.replace(",0,\n", ",0,,0\n"));

    let wrong = admin(&["db-init", "--schema", "33.0"]);
    assert_eq!(wrong.code, Some(1));
}

#[test]
fn a_file_needs_no_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("leases.db");
    let name = file.to_str().expect("plain");
    let lessor = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lessor"));
        command.arg("admin").args(words);
        said(command)
    };
    let none = lessor(&["db-version", "sqlite", "-n", name]);
    assert!(none.code == Some(1) && !file.exists(), "{none:?}");
    let made = lessor(&["db-init", "sqlite", "-n", name]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert_eq!(lessor(&["db-version", "sqlite", "-n", name]).out, "35.0\n");

    let leases = folder.path().join("kea-leases4.csv");
    let csv = leases.to_str().expect("plain");
    assert_eq!(lessor(&["lease-dump", "sqlite", "-n", name, "-4", "-o", csv]).code, Some(0));
    assert_eq!(lessor(&["db-version", "memfile", "-n", csv]).out, "3.0\n");
    let unasked = lessor(&["db-init", "memfile", "-n", csv]);
    assert!(unasked.code == Some(1) && unasked.err.contains("by the server"), "{unasked:?}");
}

#[test]
fn kea_serves_from_our_postgresql() {
    kea_serves(&Server::shared(Engine::PostgreSql).fresh_database(), "13.0");
}

#[test]
fn kea_serves_from_our_mariadb() {
    kea_serves(&Server::shared(Engine::MariaDb).fresh_database(), "14.0");
}

/// Kea 2.2 asks for exactly this version, and for each statement that it prepares.
fn kea_serves(database: &Database<'_>, version: &str) {
    let net = match Net::new() {
        Ok(net) => net,
        Err(why) => {
            let told = writeln!(io::stderr(), "SKIPPED: no network namespaces here: {why}");
            return told.expect("there is a standard error");
        }
    };
    let folder = tempfile::tempdir().expect("a folder");
    let made = admin(folder.path(), database, &["db-init", "--schema", version]);
    assert_eq!(made.code, Some(0), "{made:?}");

    let mut kea = Daemon::start(net.at_server(&kea(folder.path(), database)));
    kea.wait_for("DHCP4_STARTED");
    let lease = |number| client::leased(net.at_clients(&client::command(CLIENT_LINK, number)));
    let (first, second) = (lease(1), lease(2));
    assert_eq!(lease(1), first, "its own address again");
    let counted = "SELECT subnet_id, state, leases FROM lease4_stat";
    assert_eq!(database.query(counted).expect("rows"), "1\t0\t2\n", "Kea's leases are counted");
    kea.signal("TERM");
    assert!(kea.wait().success());

    // What Kea wrote is read, and its tables are upgraded with its leases in them.
    let file = folder.path().join("leases.csv");
    let dump = ["lease-dump", "-4", "-y", "-o", file.to_str().expect("plain")];
    let dumped = || {
        let said = admin(folder.path(), database, &dump);
        assert_eq!(said.code, Some(0), "{said:?}");
        fs::read_to_string(&file).expect("a file")
    };
    let before = dumped();
    for (address, number) in [(first, 1), (second, 2)] {
        assert!(before.contains(&format!("\n{address},02:00:00:00:01:0{number},,")), "{before}");
    }
    assert_eq!(admin(folder.path(), database, &["db-upgrade"]).code, Some(0));
    let without_pools = dumped().replace(",pool_id\n", "\n").replace(",0\n", "\n");
    assert_eq!(without_pools, before.replace(",0\n", "\n"));
    let pools = "SELECT subnet_id, pool_id, state, leases FROM lease4_pool_stat";
    assert_eq!(database.query(pools).expect("rows"), "1\t0\t0\t2\n");
}

/// Debian's server on a database.
fn kea(folder: &Path, database: &Database<'_>) -> Command {
    let server = database.server();
    let (kind, host) = match server.engine() {
        Engine::PostgreSql => ("postgresql", server.folder().display().to_string()),
        Engine::MariaDb => ("mysql", "localhost".to_owned()),
    };
    let config = format!(
        r#"{{ "Dhcp4": {{
            "interfaces-config": {{ "interfaces": [ "served0" ] }},
            "lease-database": {{ "type": "{kind}", "name": "{}", "host": "{host}",
                "user": "lessor", "password": "" }},
            "loggers": [ {{ "name": "kea-dhcp4", "severity": "INFO",
                "output_options": [ {{ "output": "stderr", "flush": true }} ] }} ],
            "subnet4": [ {{ "id": 1, "subnet": "192.0.2.0/24",
                "pools": [ {{ "pool": "192.0.2.10-192.0.2.99" }} ] }} ] }} }}"#,
        database.name()
    );
    let file = folder.join("kea.conf");
    fs::write(&file, config).expect("a file");
    let program = ["/usr/sbin/kea-dhcp4", "/usr/local/sbin/kea-dhcp4"];
    let program = program.iter().find(|program| Path::new(program).exists());
    let program = program.expect("install Debian's package `kea-dhcp4-server`");
    let mut command = Command::new(program);
    command.args(["-c".as_ref(), file.as_os_str()] as [&OsStr; 2]);
    command.env("KEA_PIDFILE_DIR", folder).env("KEA_LOCKFILE_DIR", folder);
    // Where MySQL's client library looks for `localhost`.
    command.env("MYSQL_UNIX_PORT", server.socket());
    command
}
