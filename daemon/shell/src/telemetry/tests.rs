use std::sync::Mutex;
use std::sync::mpsc::Sender;
use std::sync::mpsc::channel;

use super::*;
use crate::clock::SystemClock;

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
    let clock = Arc::new(SystemClock::start());
    let telemetry = Telemetry::start(out, least, clock).expect("a thread");
    (telemetry, allow, text)
}

#[test]
fn a_reader_that_stalls_costs_lines_and_they_are_counted() {
    let (telemetry, allow, text) = slow(Level::Info);
    for _ in 0..2 * LINES_MAX {
        telemetry.note(Notice::Stopping);
    }
    let lost = telemetry.lines_lost();
    assert!(lost > 0 && lost <= LINES_MAX as u64, "{lost}");
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
