use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::net::UnixDatagram;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use lessor_config::Config;
use lessor_policy::Effect;
use lessor_server::{ExchangeId, Outcome};
use lessor_types::Unit;

use super::*;
use crate::System;

/// Takes a write only when it is allowed to.
struct Slow {
    allowed: Receiver<()>,
    text: Arc<Mutex<String>>,
}

impl Write for Slow {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let _ = self.allowed.recv();
        let mut text = self.text.lock().expect("nobody panics with it");
        text.push_str(&String::from_utf8_lossy(octets));
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn slow(least: Level) -> (Telemetry, Sender<()>, Arc<Mutex<String>>) {
    let (allow, allowed) = channel();
    let text = Arc::new(Mutex::new(String::new()));
    let out = Slow { allowed, text: Arc::clone(&text) };
    let clock = Arc::new(System::start());
    let usual = Usual { least, verbose: false };
    let telemetry = Telemetry::start(out, usual, Places::default(), clock).expect("a thread");
    (telemetry, allow, text)
}

#[test]
fn a_reader_that_stalls_costs_lines_and_they_are_counted() {
    let (telemetry, allow, text) = slow(Level::Info);
    for _ in 0..2 * LINES_MAX {
        telemetry.note(Notice::Stopping);
    }
    let lost = telemetry.lines_lost();
    assert!(lost > 0 && lost < 2 * LINES_MAX as u64, "{lost}");
    drop(allow);
    telemetry.flush();
    let text = text.lock().expect("nobody panics with it");
    let told = text.lines().filter(|line| line.contains("DHCP4_STOPPING"));
    assert_eq!(told.count() as u64 + lost, 2 * LINES_MAX as u64);
    assert!(text.contains(&format!("LOG_LINES_LOST {lost} lines are missing")));
}

#[test]
fn what_is_below_the_level_is_not_said() {
    let (telemetry, allow, text) = slow(Level::Warn);
    drop(allow);
    telemetry.note(Notice::Stopping);
    telemetry.note(Notice::NotListening);
    telemetry.event(Wall::default(), Event::ConfigApplied { subnets: 1 });
    telemetry.event(Wall::default(), Event::ClockLeapt(5));
    telemetry.flush();
    let text = text.lock().expect("nobody panics with it");
    let ids: Vec<_> = text.lines().filter_map(|l| l.split_whitespace().nth(2)).collect();
    assert_eq!(ids, ["DHCP4_NOT_LISTENING", "CLOCK_LEAPT"]);
}

/// A log whose places are in a folder of its own, and what went to the console.
struct Desk {
    dir: tempfile::TempDir,
    telemetry: Telemetry,
    console: Arc<Mutex<String>>,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let console = Arc::new(Mutex::new(String::new()));
        // Nobody allows anything, and nobody has to.
        let (_, allowed) = channel();
        let out = Slow { allowed, text: Arc::clone(&console) };
        let usual = Usual { least: Level::Info, verbose: false };
        let places = Places {
            log_dir: dir.path().to_owned(),
            syslog: dir.path().join("syslog"),
            journal: dir.path().join("journal"),
        };
        let clock = Arc::new(System::start());
        let telemetry = Telemetry::start(out, usual, places, clock).expect("a thread");
        Self { dir, telemetry, console }
    }

    fn configure(&self, loggers: &str) {
        let text = format!(r#"{{"Dhcp4": {{"loggers": [{loggers}]}}}}"#);
        let (config, _) = Config::parse(&text, "t").expect("lawful");
        self.telemetry.configure(&config.loggers);
    }

    fn file(&self, name: &str) -> String {
        self.telemetry.flush();
        fs::read_to_string(self.dir.path().join(name)).unwrap_or_default()
    }

    fn console(&self) -> String {
        self.telemetry.flush();
        self.console.lock().expect("nobody panics with it").clone()
    }

    fn released(&self) {
        let outcome = Outcome::Done(Effect::Released(Unit::V4(Ipv4Addr::new(192, 0, 2, 1))));
        let ended = Event::Ended { exchange: ExchangeId(1), client: None, ask: None, outcome };
        self.telemetry.event(Wall::from_secs(1), ended);
    }
}

#[test]
fn loggers_say_what_goes_to_which_file_and_how_it_looks() {
    let desk = Desk::new();
    desk.configure(
        r#"{"name": "kea-dhcp4", "severity": "WARN", "output-options":
            [{"output": "all", "pattern": "%-5p [%c] %m"}]},
        {"name": "kea-dhcp4.leases", "output-options":
            [{"output": "leases", "pattern": "%d{%s} %m\n"}, {"output": "all"}]}"#,
    );
    desk.released();
    desk.telemetry.note(Notice::Stopping);
    desk.telemetry.note(Notice::NotListening);
    assert_eq!(desk.file("leases"), "1 DHCP4_LEASE_RELEASED somebody: released 192.0.2.1\n");
    let all = desk.file("all");
    let lines: Vec<&str> = all.lines().collect();
    let [leases, rest] = lines[..] else { panic!("{all}") };
    assert!(leases.contains(" INFO  [kea-dhcp4.leases/"), "{leases}");
    assert!(rest.starts_with("WARN  [kea-dhcp4.dhcp4] DHCP4_NOT_LISTENING "), "{rest}");
    assert_eq!(desk.console(), "");
    // And other loggers from now on.
    desk.configure("");
    desk.telemetry.note(Notice::Stopping);
    assert!(desk.console().contains("DHCP4_STOPPING"));
    assert_eq!(desk.file("all"), all);
}

#[test]
fn a_place_that_is_not_there_costs_no_line_and_is_told_once() {
    let desk = Desk::new();
    desk.configure(r#"{"name": "kea-dhcp4", "output-options": [{"output": "./no/such/a.log"}]}"#);
    desk.telemetry.note(Notice::Stopping);
    desk.telemetry.note(Notice::NotListening);
    let console = desk.console();
    let ids: Vec<_> = console.lines().filter_map(|it| it.split_whitespace().nth(2)).collect();
    assert!(ids.contains(&"DHCP4_STOPPING") && ids.contains(&"DHCP4_NOT_LISTENING"), "{console}");
    assert_eq!(ids.iter().filter(|id| **id == "LOG_PLACE_FAILED").count(), 1, "{console}");
    assert!(console.contains("./no/such/a.log: No such file or directory"), "{console}");
    assert_eq!(desk.telemetry.lines_lost(), 0);
}

#[test]
fn a_file_that_was_moved_away_is_opened_anew_when_asked() {
    let desk = Desk::new();
    desk.configure(
        r#"{"name": "kea-dhcp4", "output-options": [{"output": "a", "pattern": "%m"}]}"#,
    );
    desk.telemetry.note(Notice::Stopping);
    assert_eq!(desk.file("a").lines().count(), 1);
    fs::rename(desk.dir.path().join("a"), desk.dir.path().join("b")).expect("a file");
    desk.telemetry.note(Notice::Stopping);
    assert_eq!(desk.file("b").lines().count(), 2);
    desk.telemetry.reopen();
    desk.telemetry.note(Notice::Stopping);
    assert_eq!(desk.file("a").lines().count(), 1);
    assert_eq!(desk.file("b").lines().count(), 2);
}

#[test]
fn a_file_is_rotated_at_its_size() {
    let desk = Desk::new();
    desk.configure(
        r#"{"name": "kea-dhcp4", "output-options": [{"output": "a", "pattern": "%m",
            "maxsize": 204800, "maxver": 2}]}"#,
    );
    let line = Notice::SendFailed("x".repeat(1000));
    for _ in 0..1000 {
        desk.telemetry.note(line.clone());
    }
    let sizes = ["a", "a.1", "a.2", "a.3"].map(|name| desk.file(name).len());
    assert!(sizes[0] > 0 && sizes[0] <= 204_800, "{sizes:?}");
    assert!(sizes[1] > 100_000 && sizes[1] <= 204_800, "{sizes:?}");
    assert!(sizes[2] > 100_000 && sizes[2] <= 204_800, "{sizes:?}");
    assert_eq!(sizes[3], 0);
    assert_eq!(desk.telemetry.lines_lost(), 0);
}

#[test]
fn syslog_and_the_journal_get_datagrams() {
    let desk = Desk::new();
    let bound = |name| UnixDatagram::bind(desk.dir.path().join(name)).expect("a socket");
    let (syslog, journal) = (bound("syslog"), bound("journal"));
    desk.configure(
        r#"{"name": "kea-dhcp4", "output-options": [{"output": "syslog:daemon"},
            {"output": "journald"}]}"#,
    );
    desk.telemetry.note(Notice::SendFailed("a\u{1b}\nb".to_owned()));
    desk.telemetry.flush();
    let text = |socket: &UnixDatagram| {
        let mut octets = [0; 4096];
        let count = socket.recv(&mut octets).expect("a datagram");
        String::from_utf8_lossy(&octets[..count]).into_owned()
    };
    let told = text(&syslog);
    let pid = std::process::id();
    assert!(told.starts_with("<28>"), "{told}");
    let expected =
        format!(" kea-dhcp4[{pid}]: WARN  [kea-dhcp4.packets.{pid}] DHCP4_SEND_FAILED not sent: ");
    assert!(told.ends_with(&format!("{expected}a\\u{{1b}} b")), "{told}");
    let told = text(&journal);
    assert!(told.contains("DHCP4_SEND_FAILED not sent: a\\u{1b}\n    b\nPRIORITY=4\n"), "{told}");
    assert!(told.contains("\nLESSOR_ID=DHCP4_SEND_FAILED\n"), "{told}");
}

#[test]
fn what_need_not_be_flushed_is_written_when_there_is_nothing_else_to_do() {
    let desk = Desk::new();
    desk.configure(
        r#"{"name": "kea-dhcp4", "output-options": [{"output": "a", "pattern": "%m",
            "flush": false}]}"#,
    );
    desk.telemetry.note(Notice::Stopping);
    let read = || fs::read_to_string(desk.dir.path().join("a")).unwrap_or_default();
    for _ in 0..300 {
        if read().lines().count() == 1 {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{}", read());
}
