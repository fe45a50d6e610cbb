//! The journal of systemd, in its own protocol: a datagram of fields for each line.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use lessor_messages::Message;

use super::syslog::{connect, send, severity};

/// Larger datagrams might not be taken, and no line here needs more.
const WORDS_MAX: usize = 32 * 1024;
/// By this name the lines are found.
const IDENTIFIER: &str = "lessor";

/// A connection to the journal.
pub(super) struct Journal {
    place: PathBuf,
    socket: UnixDatagram,
    fields: Vec<u8>,
}

/// Whether the standard error is the journal's: the process's environment says which device and
/// file that would be.
pub(super) fn is_stderr() -> bool {
    let Ok(named) = std::env::var("JOURNAL_STREAM") else {
        return false;
    };
    let found = rustix::fs::fstat(io::stderr());
    found.is_ok_and(|found| named == format!("{}:{}", found.st_dev, found.st_ino))
}

impl Journal {
    pub(super) fn connect(place: &Path) -> io::Result<Self> {
        Ok(Self { socket: connect(place)?, place: place.to_owned(), fields: Vec::new() })
    }

    /// Sends one line.
    pub(super) fn send(&mut self, message: Message, text: &str) -> io::Result<()> {
        let fields = &mut self.fields;
        fields.clear();
        let text = text.trim_end();
        field(fields, "MESSAGE", &text[..text.floor_char_boundary(WORDS_MAX)]);
        field(fields, "PRIORITY", &severity(message.level()).to_string());
        field(fields, "SYSLOG_IDENTIFIER", IDENTIFIER);
        field(fields, "LESSOR_ID", message.id());
        field(fields, "LESSOR_LOGGER", message.logger().full_name());
        send(&mut self.socket, &self.place, fields)
    }
}

/// A value with line ends comes behind its length, as eight octets in little-endian order.
fn field(into: &mut Vec<u8>, name: &str, value: &str) {
    into.extend(name.as_bytes());
    if value.contains('\n') {
        into.push(b'\n');
        into.extend(u64::try_from(value.len()).unwrap_or(u64::MAX).to_le_bytes());
    } else {
        into.push(b'=');
    }
    into.extend(value.as_bytes());
    into.push(b'\n');
}

#[cfg(test)]
mod tests {
    use lessor_messages as messages;

    use super::*;

    #[test]
    fn a_line_has_fields() {
        let dir = tempfile::tempdir().expect("a folder");
        let place = dir.path().join("socket");
        let daemon = UnixDatagram::bind(&place).expect("a socket");
        let mut journal = Journal::connect(&place).expect("a connection");
        journal.send(messages::STORE_LOST, "STORE_LOST a\n    b\n").expect("room");
        let mut octets = [0; 4096];
        let count = daemon.recv(&mut octets).expect("a datagram");
        let mut expected = b"MESSAGE\n\x12\0\0\0\0\0\0\0STORE_LOST a\n    b\n".to_vec();
        expected.extend(b"PRIORITY=3\nSYSLOG_IDENTIFIER=lessor\nLESSOR_ID=STORE_LOST\n");
        expected.extend(b"LESSOR_LOGGER=kea-dhcp4.dhcpsrv\n");
        assert_eq!(octets[..count], expected);

        journal.send(messages::STORE_LOST, &"x".repeat(1 << 20)).expect("room");
        let mut octets = vec![0; 2 * WORDS_MAX];
        let count = daemon.recv(&mut octets).expect("a datagram");
        assert!(octets.starts_with(b"MESSAGE=xxx") && count < WORDS_MAX + 200, "{count}");
    }
}
