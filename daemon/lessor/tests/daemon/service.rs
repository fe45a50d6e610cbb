//! `start`, `stop`, `reload` and `status`.

use std::fs;
use std::process::{Child, Command};

use crate::process::{Daemon, Site};

const NOBODY: &str = r#""interfaces-config": { "interfaces": [ "absent0" ] }"#;

/// Stops what a test that fails leaves behind.
struct Stopped<'a>(&'a Site);

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        self.0.say(&["stop"]);
    }
}

#[test]
fn a_server_is_started_told_of_reloaded_and_stopped() {
    let site = Site::new(NOBODY);
    let status = site.say(&["status"]);
    assert_eq!((status.code, status.out.trim()), (Some(3), "not running"));
    assert_eq!(site.say(&["stop"]).code, Some(0));
    assert_eq!(site.say(&["reload"]).code, Some(7));

    let _stopped = Stopped(&site);
    let started = site.say(&["start"]);
    assert_eq!(started.code, Some(0), "{}", started.err);
    let pid = fs::read_to_string(site.path("lessor.kea-dhcp4.pid")).expect("it is there");
    let pid = pid.trim();
    assert_eq!(started.out, format!("started: process {pid}, no interface is served\n"));
    // A session of its own: it outlives the one that it was started from.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split(' ').collect();
    assert_eq!(fields.get(4), Some(&pid), "{stat}");
    let again = site.say(&["start"]);
    assert_eq!((again.code, again.out), (Some(0), format!("running already: process {pid}\n")));

    let status = site.say(&["status"]);
    assert_eq!(status.code, Some(0), "{}", status.err);
    let version = env!("CARGO_PKG_VERSION");
    assert!(
        status.out.starts_with(&format!("running {version}: process {pid}\n")),
        "{}",
        status.out
    );
    for line in ["leases: 0\n", "interfaces: retrying\n", "for: "] {
        assert!(status.out.contains(line), "{line}: {}", status.out);
    }

    let reload = site.say(&["reload"]);
    assert_eq!((reload.code, reload.out.trim()), (Some(0), "Configuration successful."));
    let lawful = fs::read_to_string(site.path("lessor.conf")).expect("it is there");
    // Lawful, and not to be had without a new start.
    site.write("lessor.conf", &lawful.replace("leases.csv", "others.csv"));
    let refused = site.say(&["reload"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("takes effect only at a start"), "{}", refused.err);
    site.write("lessor.conf", "{ \"Dhcp4\": 7 }");
    let refused = site.say(&["reload"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("the old configuration stays:"), "{}", refused.err);
    assert_eq!(site.say(&["status"]).code, Some(0));
    site.write("lessor.conf", &lawful);

    let stopped = site.say(&["stop"]);
    assert_eq!((stopped.code, stopped.out.trim()), (Some(0), "stopped"), "{}", stopped.err);
    assert!(!site.path("lessor.kea-dhcp4.pid").exists());
    assert_eq!(site.say(&["status"]).code, Some(3));
}

#[test]
fn what_does_not_start_says_why() {
    let site = Site::new(NOBODY);
    fs::create_dir(site.path("leases.csv")).expect("a writable directory");
    let started = site.say(&["start"]);
    assert_eq!(started.code, Some(1));
    assert!(started.err.contains("it did not start (exit status: 1)"), "{}", started.err);
    assert!(started.err.contains("leases.csv"), "{}", started.err);
    assert_eq!(site.say(&["status"]).code, Some(3));
}

/// A process that is none of ours, ended when dropped.
struct Stranger(Child);

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_number_that_is_another_programs_by_now_is_left_alone() {
    let site = Site::new(NOBODY);
    let mut stranger = Stranger(Command::new("sleep").arg("60").spawn().expect("it is there"));
    site.write("lessor.kea-dhcp4.pid", &stranger.0.id().to_string());
    let status = site.say(&["status"]);
    assert_eq!(status.code, Some(1));
    assert!(status.out.contains("was left behind"), "{}", status.out);
    assert_eq!(site.say(&["stop"]).code, Some(0));
    assert_eq!(site.say(&["reload"]).code, Some(7));
    assert!(stranger.0.try_wait().expect("it is our child").is_none(), "nobody ended it");
    // Nor does it keep a server from starting.
    let mut daemon = Daemon::start(site.serve());
    daemon.wait_for("DHCP4_STARTED");
    let pid = fs::read_to_string(site.path("lessor.kea-dhcp4.pid")).expect("it is there");
    assert_eq!(pid.trim(), daemon.pid().to_string());
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0));
}
