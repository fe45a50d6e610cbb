//! What the service manager hears.

use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use crate::process::{Daemon, Site};

const NOBODY: &str = r#""interfaces-config": { "interfaces": [ "absent0" ] }"#;

/// The service manager's end.
struct Ear(UnixDatagram);

impl Ear {
    /// The next message that begins so.
    fn hear(&self, beginning: &str) -> String {
        let until = Instant::now() + Duration::from_secs(20);
        let mut octets = [0; 512];
        while Instant::now() < until {
            let Ok(read) = self.0.recv(&mut octets) else {
                continue;
            };
            let told = String::from_utf8_lossy(&octets[..read]).into_owned();
            if told.starts_with(beginning) {
                return told;
            }
        }
        panic!("{beginning} was not heard");
    }
}

#[test]
fn the_service_manager_is_told_of_every_state() {
    let site = Site::new(NOBODY);
    let ear = UnixDatagram::bind(site.path("notify")).expect("a writable directory");
    ear.set_read_timeout(Some(Duration::from_millis(100))).expect("it is open");
    let ear = Ear(ear);
    let mut command = site.serve();
    command.env("NOTIFY_SOCKET", site.path("notify")).env("WATCHDOG_USEC", "400000");
    let mut daemon = Daemon::start(command);
    assert_eq!(ear.hear("READY=1"), "READY=1\nSTATUS=no interface is served");
    assert!(site.path("control").exists(), "ready means that commands are taken");
    // The loop comes round on its own, with nothing to do.
    let begun = Instant::now();
    for _ in 0..4 {
        ear.hear("WATCHDOG=1");
    }
    assert!(begun.elapsed() < Duration::from_secs(5));
    daemon.signal("HUP");
    assert!(ear.hear("RELOADING=1").contains("\nMONOTONIC_USEC="));
    ear.hear("READY=1");
    site.write("lessor.conf", "{");
    daemon.signal("HUP");
    ear.hear("RELOADING=1");
    ear.hear("READY=1");

    // A process that does not come round says nothing.
    daemon.signal("STOP");
    let mut octets = [0; 512];
    while ear.0.recv(&mut octets).is_ok() {}
    std::thread::sleep(Duration::from_millis(600));
    assert!(ear.0.recv(&mut octets).is_err());
    daemon.signal("CONT");
    ear.hear("WATCHDOG=1");

    daemon.signal("TERM");
    ear.hear("STOPPING=1");
    assert_eq!(daemon.wait().code(), Some(0));
}
