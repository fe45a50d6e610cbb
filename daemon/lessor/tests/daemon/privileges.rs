//! What the process may do while it serves.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};

use crate::process::{Daemon, Site, said};

const NOBODY: &str = r#""interfaces-config": { "interfaces": [ "absent0" ] }"#;
/// Any user but root will do; this one is everywhere.
const OTHER: u32 = 65534;

const DAC_OVERRIDE: u64 = 1 << 1;
const NET_BIND_SERVICE: u64 = 1 << 10;
const NET_RAW: u64 = 1 << 13;

/// A set of the process's, in hexadecimal, from its status.
fn set(pid: u32, name: &str) -> u64 {
    u64::from_str_radix(&field(pid, name), 16).expect("hexadecimal")
}

fn field(pid: u32, name: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.expect("the kernel tells").trim().to_owned()
}

fn is_root() -> bool {
    let root = fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0);
    if !root {
        let told = writeln!(io::stderr(), "SKIPPED: what root gives up, since this is not root");
        told.expect("there is a standard error");
    }
    root
}

#[test]
fn root_keeps_what_serving_takes() {
    if !is_root() {
        return;
    }
    let had = set(std::process::id(), "CapPrm");
    let site = Site::new(NOBODY);
    let daemon = Daemon::start(site.serve());
    daemon.wait_for("DHCP4_STARTED");
    for name in ["CapPrm", "CapEff", "CapBnd"] {
        assert_eq!(set(daemon.pid(), name), had & (NET_BIND_SERVICE | NET_RAW), "{name}");
    }
    for name in ["CapInh", "CapAmb"] {
        assert_eq!(set(daemon.pid(), name), 0, "{name}");
    }
    assert_eq!(field(daemon.pid(), "NoNewPrivs"), "1");
    // The threads that were started later too.
    for task in fs::read_dir(format!("/proc/{}/task", daemon.pid())).expect("it runs") {
        let status = fs::read_to_string(task.expect("an entry").path().join("status"));
        let status = status.expect("it runs");
        assert!(status.contains("NoNewPrivs:\t1"), "{status}");
    }
}

#[test]
fn root_keeps_the_files_of_others_only_where_there_are_some() {
    if !is_root() {
        return;
    }
    let had = set(std::process::id(), "CapPrm");
    let site = Site::new(NOBODY);
    site.write("leases.csv", "");
    chown(site.path("leases.csv"), Some(OTHER), Some(OTHER)).expect("we are root");
    fs::set_permissions(site.path("leases.csv"), fs::Permissions::from_mode(0o600))
        .expect("we are root");
    let daemon = Daemon::start(site.serve());
    daemon.wait_for("DHCP4_STARTED");
    let kept = had & (NET_BIND_SERVICE | NET_RAW | DAC_OVERRIDE);
    assert_eq!(set(daemon.pid(), "CapEff"), kept);
}

#[test]
fn root_becomes_another_user_and_keeps_the_network() {
    if !is_root() {
        return;
    }
    let had = set(std::process::id(), "CapPrm");
    let site = Site::new(NOBODY);
    let dir = site.path("lessor.conf");
    let dir = dir.parent().expect("a directory");
    chown(dir, Some(OTHER), Some(OTHER)).expect("we are root");
    let mut command = site.serve();
    command.args(["--user", "nobody"]);
    let mut daemon = Daemon::start(command);
    daemon.wait_for("DHCP4_STARTED");
    assert!(field(daemon.pid(), "Uid").split('\t').all(|uid| uid == OTHER.to_string()));
    assert_eq!(set(daemon.pid(), "CapEff"), had & (NET_BIND_SERVICE | NET_RAW));
    assert_eq!(fs::metadata(site.path("leases.csv")).expect("it is there").uid(), OTHER);
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0));

    let mut command = site.serve();
    command.args(["--user", "no-such-user"]);
    let said = said(command);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("there is no user no-such-user"), "{}", said.err);
}
