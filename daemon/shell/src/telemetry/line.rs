//! One line of the log.

use std::fmt::{self, Write as _};

use lessor_server::Event;
use lessor_types::Wall;

use crate::notice::Notice;
use crate::utc::Utc;

/// What a line says, and when it was so.
pub(super) struct Line {
    pub(super) at: Wall,
    pub(super) what: What,
}

pub(super) enum What {
    Event(Event),
    Notice(Notice),
}

impl Line {
    /// Appends `2026-11-21T12:00:00.000Z INFO  ID text` and a line end. Further lines of the text
    /// are indented, so that nobody outside can forge the beginning of one.
    pub(super) fn print(&self, into: &mut String) {
        let (message, text): (_, &dyn fmt::Display) = match &self.what {
            What::Event(event) => (event.message(), event),
            What::Notice(notice) => (notice.message(), notice),
        };
        // Writing to a string cannot fail.
        let _ = write!(into, "{} {:5} {message} ", Stamp(self.at), message.level());
        let start = into.len();
        let _ = write!(into, "{text}");
        if into[start..].contains(|letter: char| letter.is_control()) {
            let plain = into.split_off(start);
            for letter in plain.trim_end().chars() {
                match letter {
                    '\n' => into.push_str("\n    "),
                    control if control.is_control() => into.extend(control.escape_default()),
                    other => into.push(other),
                }
            }
        }
        into.push('\n');
    }
}

/// A time in UTC, with milliseconds.
struct Stamp(Wall);

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Utc { year, month, day, hour, minute, second, nanos } = self.0.into();
        let millis = nanos / 1_000_000;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_dates() {
        let stamp = |secs| Stamp(Wall::new(secs, 7_000_000)).to_string();
        assert_eq!(stamp(0), "1970-01-01T00:00:00.007Z");
        assert_eq!(stamp(951_782_400), "2000-02-29T00:00:00.007Z");
        assert_eq!(stamp(1_709_251_199), "2024-02-29T23:59:59.007Z");
        assert_eq!(stamp(4_107_542_399), "2100-02-28T23:59:59.007Z");
        assert_eq!(stamp(4_107_542_400), "2100-03-01T00:00:00.007Z");
        assert_eq!(stamp(-1), "1969-12-31T23:59:59.007Z");
    }

    #[test]
    fn no_text_begins_a_line_of_its_own() {
        let mut text = String::new();
        let what = What::Notice(Notice::SendFailed("a\nb\r\u{1b}[0m".to_owned()));
        let at = Wall::from_secs(0);
        Line { at, what }.print(&mut text);
        assert_eq!(
            text,
            "1970-01-01T00:00:00.000Z WARN  DHCP4_SEND_FAILED \
             not sent: a\n    b\\r\\u{1b}[0m\n"
        );
    }
}
