//! The system's log, by datagrams as libc sends them (RFC 3164).

use std::fmt::Write as _;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process;
use std::time::Duration;

use lessor_config::Syslog;
use lessor_config::log_pattern::DatePart;
use lessor_messages::Level;
use lessor_messages::logger::ROOT;
use lessor_types::Wall;

use super::date::Date;

/// What is sent at once; the usual daemons take no more.
const OCTETS_MAX: usize = 8192;
/// How long a daemon that does not read is waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// A connection to the system's log.
pub(super) struct SystemLog {
    place: PathBuf,
    socket: UnixDatagram,
    label: Syslog,
    date: Date,
    datagram: String,
}

/// The number that syslog has for a level (RFC 3164 §4.1.1).
pub(super) const fn severity(level: Level) -> u8 {
    match level {
        Level::Fatal => 2,
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug => 7,
    }
}

/// A socket for datagrams to a place.
pub(super) fn connect(place: &Path) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(PATIENCE))?;
    socket.connect(place)?;
    Ok(socket)
}

/// Sends, over a new connection if whoever listened has started again meanwhile.
pub(super) fn send(socket: &mut UnixDatagram, place: &Path, octets: &[u8]) -> io::Result<()> {
    match socket.send(octets) {
        Ok(_) => Ok(()),
        Err(why) if matches!(why.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
            Err(why)
        }
        Err(_) => {
            *socket = connect(place)?;
            socket.send(octets).map(|_| ())
        }
    }
}

impl SystemLog {
    pub(super) fn connect(place: &Path, label: Syslog) -> io::Result<Self> {
        let text = |text: &str| DatePart::Text(text.to_owned());
        let standard = DatePart::Standard;
        let date = [standard('b'), text(" "), standard('e'), text(" "), standard('T')];
        Ok(Self {
            socket: connect(place)?,
            place: place.to_owned(),
            label,
            date: Date::new(true, &date),
            datagram: String::new(),
        })
    }

    /// Sends one line. Line ends within it become blanks: a datagram is one line.
    pub(super) fn send(&mut self, at: Wall, level: Level, text: &str) -> io::Result<()> {
        let Self { label, datagram, .. } = self;
        datagram.clear();
        // Writing to a string cannot fail.
        let _ = write!(datagram, "<{}>", label.facility.number() * 8 + severity(level));
        self.date.print(at, datagram);
        let tag = label.tag.as_deref().unwrap_or(ROOT);
        let _ = write!(datagram, " {tag}[{}]: ", process::id());
        for (index, line) in text.trim_end().lines().enumerate() {
            if index > 0 {
                datagram.push(' ');
            }
            datagram.push_str(line.trim_start());
        }
        let end = datagram.floor_char_boundary(OCTETS_MAX);
        send(&mut self.socket, &self.place, &datagram.as_bytes()[..end])
    }
}

#[cfg(test)]
mod tests {
    use lessor_config::Facility;

    use super::*;

    fn received(socket: &UnixDatagram) -> String {
        let mut octets = [0; 2 * OCTETS_MAX];
        let count = socket.recv(&mut octets).expect("a datagram");
        String::from_utf8(octets[..count].to_vec()).expect("text")
    }

    #[test]
    fn a_line_is_a_datagram_with_priority_date_and_tag() {
        let dir = tempfile::tempdir().expect("a folder");
        let place = dir.path().join("log");
        let daemon = UnixDatagram::bind(&place).expect("a socket");
        let mut log = SystemLog::connect(&place, Syslog::default()).expect("a connection");
        let at = Wall::from_secs(1_709_251_199);
        log.send(at, Level::Warn, "WARN  X a\n    b\n").expect("room");
        let told = received(&daemon);
        let rest = told.strip_prefix("<132>").expect("local0.warning");
        // `Feb 29 23:59:59`, in whatever zone the test is run.
        let (date, rest) = rest.split_at(15);
        assert!(date.as_bytes()[3] == b' ' && date.as_bytes()[12] == b':', "{date}");
        assert_eq!(rest, format!(" kea-dhcp4[{}]: WARN  X a b", process::id()));

        let facility = Facility::parse("daemon").expect("a facility");
        let label = Syslog { facility, tag: Some("me".to_owned()) };
        let mut log = SystemLog::connect(&place, label).expect("a connection");
        log.send(at, Level::Info, &"é".repeat(OCTETS_MAX)).expect("room");
        let told = received(&daemon);
        assert!(told.starts_with("<30>") && told.contains(" me["), "{told}");
        assert!(told.len() <= OCTETS_MAX && told.len() > OCTETS_MAX - 2);
    }

    #[test]
    fn a_daemon_that_starts_again_is_found_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let place = dir.path().join("log");
        let daemon = UnixDatagram::bind(&place).expect("a socket");
        let mut log = SystemLog::connect(&place, Syslog::default()).expect("a connection");
        drop(daemon);
        std::fs::remove_file(&place).expect("a socket");
        assert!(log.send(Wall::from_secs(0), Level::Info, "lost").is_err());
        let daemon = UnixDatagram::bind(&place).expect("a socket");
        log.send(Wall::from_secs(0), Level::Info, "found").expect("room");
        assert!(received(&daemon).ends_with(": found"));
    }
}
