//! One line of the log.

use std::fmt::{self, Write as _};

use lessor_messages::Message;
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
    pub(super) const fn message(&self) -> Message {
        match &self.what {
            What::Event(event) => event.message(),
            What::Notice(notice) => notice.message(),
        }
    }

    /// Appends the words behind the id. Control characters are written out, and further lines of
    /// the text are indented, so that nobody outside can forge the beginning of one.
    pub(super) fn words(&self, into: &mut String) {
        let start = into.len();
        // Writing to a string cannot fail.
        let _ = match &self.what {
            What::Event(event) => write!(into, "{event}"),
            What::Notice(notice) => write!(into, "{notice}"),
        };
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
    }
}

/// A line that is ready to be laid out.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) at: Wall,
    pub(super) message: Message,
    pub(super) words: &'a str,
}

impl Said<'_> {
    /// Appends `2026-11-21T12:00:00.000Z INFO  ID words` and a line end.
    pub(super) fn print(&self, into: &mut String) {
        let Self { at, message, words } = self;
        let _ = writeln!(into, "{} {:5} {message} {words}", Stamp(*at), message.level());
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
        let mut words = String::new();
        let what = What::Notice(Notice::SendFailed("a\nb\r\u{1b}[0m".to_owned()));
        let line = Line { at: Wall::from_secs(0), what };
        line.words(&mut words);
        let mut text = String::new();
        Said { at: line.at, message: line.message(), words: &words }.print(&mut text);
        assert_eq!(
            text,
            "1970-01-01T00:00:00.000Z WARN  DHCP4_SEND_FAILED \
             not sent: a\n    b\\r\\u{1b}[0m\n"
        );
    }
}
