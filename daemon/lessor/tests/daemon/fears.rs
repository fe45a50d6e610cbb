//! What an operator fears, as far as one process shows it.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::process::{Daemon, Site, said};

const NOWHERE: &str = r#"
    "interfaces-config": { "interfaces": [ ] },
    "subnet4": [ { "id": 1, "subnet": "10.0.0.0/8", "pools": [ { "pool": "10.0.0.0/8" } ] } ]"#;
/// The first lines of lease files: of Kea 0.8, 1.0, 1.4 (and 2.2), and 2.3.8 (and later).
const HEADERS: [&str; 4] = [
    "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname",
    "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state",
    "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,\
     user_context",
    "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,\
     user_context,pool_id",
];
/// As many columns as the first version has.
const COLUMNS: usize = 9;
const PATIENCE: Duration = Duration::from_secs(30);

/// A lease file of a version, with so many leases that go on until 2060.
fn lease_file(version: usize, count: u32) -> String {
    let mut text = format!("{}\n", HEADERS[version]);
    let more: String = [",0", ",", ",0"][..version].concat();
    for number in 0..count {
        let addr = std::net::Ipv4Addr::from(0x0a00_0000 + number);
        let [a, b, c, d] = number.to_be_bytes();
        let hw = format!("02:00:{a:02x}:{b:02x}:{c:02x}:{d:02x}");
        let row = format!("{addr},{hw},,2000000000,2840140800,1,0,0,host{more}");
        assert_eq!(row.split(',').count(), COLUMNS + version);
        writeln!(text, "{row}").expect("strings take everything");
    }
    text
}

/// Every lease, by page.
fn leases(site: &Site) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    let mut from = "start".to_owned();
    loop {
        let page = site.ask(&json!({ "command": "lease4-get-page",
                                     "arguments": { "from": from, "limit": 5000 } }));
        let page = page["arguments"]["leases"].as_array().cloned().unwrap_or_default();
        match page.last().and_then(|lease| lease["ip-address"].as_str()) {
            Some(last) => last.clone_into(&mut from),
            None => return all,
        }
        all.extend(page);
    }
}

fn stop(mut daemon: Daemon) {
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0));
}

#[test]
fn a_lease_file_and_a_second_server_meet_once() {
    let site = Site::new(NOWHERE);
    let daemon = Daemon::start(site.serve());
    daemon.wait_for("DHCP4_STARTED");
    let elsewhere = tempfile::tempdir().expect("a directory");
    let mut second = site.serve();
    second.env("KEA_PIDFILE_DIR", elsewhere.path());
    let second = said(second);
    assert_eq!(second.code, Some(1), "{}", second.err);
    assert!(second.err.contains("belongs to another server that is running"), "{}", second.err);
    stop(daemon);
}

#[test]
fn a_million_leases_are_read_paged_and_compacted() {
    let count = if cfg!(debug_assertions) { 30_000 } else { 1_000_000 };
    let site = Site::new(NOWHERE);
    site.write("leases.csv", &lease_file(3, count));
    let daemon = Daemon::start(site.serve());
    daemon.wait_for(&format!("with {count} leases"));
    let begun = site.ask(&json!({ "command": "kea-lfc-start" }));
    assert_eq!(begun["result"], 0, "{begun}");
    assert_eq!(leases(&site).len(), count as usize);
    daemon.wait_for("JOURNAL_COMPACTED");
    stop(daemon);
    let daemon = Daemon::start(site.serve());
    daemon.wait_for(&format!("with {count} leases"));
    stop(daemon);
}

#[test]
fn lease_files_of_all_versions_go_to_kea_and_back() {
    for version in 0..HEADERS.len() {
        let site = Site::new(NOWHERE);
        site.write("leases.csv", &lease_file(version, 3));
        let daemon = Daemon::start(site.serve());
        daemon.wait_for("with 3 leases");
        let told = leases(&site);
        assert_eq!(told.len(), 3, "version {version}");
        stop(daemon);
        let written = std::fs::read_to_string(site.path("leases.csv")).expect("it is there");
        assert_eq!(written.lines().next(), Some(HEADERS[3]), "version {version}");
        let Some(kea) = kea() else {
            let told = writeln!(io::stderr(), "SKIPPED in part: no kea-dhcp4 here");
            told.expect("there is a standard error");
            continue;
        };
        assert_eq!(kea_leases(&kea, &site), addresses(&told), "version {version}");
        // Kea changed no lease, and compacted the file: nothing tells that from a backup.
        std::fs::remove_file(site.path("leases.csv.past")).expect("the note");
        let daemon = Daemon::start(site.serve());
        daemon.wait_for("with 3 leases");
        assert_eq!(leases(&site), told, "version {version}");
        stop(daemon);
    }
}

fn addresses(leases: &[Value]) -> Vec<String> {
    let address = |lease: &Value| lease["ip-address"].as_str().map(str::to_owned);
    leases.iter().filter_map(address).collect()
}

/// Kea's library of lease commands, if Kea is there.
fn kea() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten();
    let mut libraries = folders.map(|entry| entry.path().join("kea/hooks/libdhcp_lease_cmds.so"));
    libraries.find(|it| it.is_file() && Path::new("/usr/sbin/kea-dhcp4").is_file())
}

/// What Kea finds in the lease file of a site; its compaction is over then.
fn kea_leases(library: &Path, site: &Site) -> Vec<String> {
    let config = json!({ "Dhcp4": {
        "interfaces-config": { "interfaces": [] },
        "lease-database": { "type": "memfile", "name": site.path("leases.csv") },
        "control-socket": { "socket-type": "unix", "socket-name": site.path("control") },
        "hooks-libraries": [ { "library": library } ],
        "subnet4": [ { "id": 1, "subnet": "10.0.0.0/8", "pools": [ { "pool": "10.0.0.0/8" } ] } ],
    }});
    site.write("kea.conf", &config.to_string());
    let mut kea = Command::new("/usr/sbin/kea-dhcp4");
    kea.arg("-c").arg(site.path("kea.conf")).stdout(Stdio::null()).stderr(Stdio::null());
    for variable in ["KEA_LOCKFILE_DIR", "KEA_PIDFILE_DIR"] {
        kea.env(variable, site.path(""));
    }
    let mut kea = kea.spawn().expect("Kea can be run");
    let begun = Instant::now();
    // The socket of the server before is still there as a file.
    while std::os::unix::net::UnixStream::connect(site.path("control")).is_err() {
        assert!(begun.elapsed() < PATIENCE, "Kea does not serve");
        std::thread::sleep(Duration::from_millis(20));
    }
    let found = site.ask(&json!({ "command": "lease4-get-all" }));
    while site.path("leases.csv.pid").exists() || site.path("leases.csv.1").exists() {
        assert!(begun.elapsed() < PATIENCE, "kea-lfc does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = kea.kill();
    let _ = kea.wait();
    // A compaction that it was about to begin still has its sockets, for a moment.
    while std::os::unix::net::UnixStream::connect(site.path("control")).is_ok() {
        assert!(begun.elapsed() < PATIENCE, "what Kea left behind does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
    let leases = found["arguments"]["leases"].as_array().cloned().unwrap_or_default();
    let mut found = addresses(&leases);
    found.sort();
    found
}
