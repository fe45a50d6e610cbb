//! What is logged where.

use std::fmt;

use crate::UserContext;
use crate::log_pattern::LogPattern;

/// What becomes of the messages of one logger and of those whose names begin with its.
#[derive(Clone, PartialEq, Debug)]
pub struct Logger {
    /// `kea-dhcp4`, or that with a dot and the name of a part, such as `kea-dhcp4.leases`. Other
    /// names are those of other programs; nothing here has them.
    pub name: String,
    /// What is logged.
    pub severity: Severity,
    /// Where; nowhere of its own means where the logger that it is part of does.
    pub outputs: Vec<LogOutput>,
    /// What was noted about it.
    pub context: UserContext,
}

/// The least severe of what a logger logs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Severity {
    /// Nothing is logged.
    None,
    /// What ends the server.
    Fatal,
    /// What somebody must act upon.
    Error,
    /// What is worth a look.
    Warn,
    /// What is worth a line.
    #[default]
    Info,
    /// Everyday detail, up to this level, 0 to 99.
    Debug(u8),
}

impl Severity {
    /// Its word in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Fatal => "FATAL",
            Self::Error => "ERROR",
            Self::Warn => "WARN",
            Self::Info => "INFO",
            Self::Debug(_) => "DEBUG",
        }
    }

    /// The severity of this word, in upper or lower case, with this level of detail.
    #[must_use]
    pub fn parse(word: &str, detail: u8) -> Option<Self> {
        let all = [Self::None, Self::Fatal, Self::Error, Self::Warn, Self::Info];
        let all = all.into_iter().chain([Self::Debug(detail.min(99))]);
        all.into_iter().find(|it| it.word().eq_ignore_ascii_case(word))
    }
}

/// One place where lines go.
#[derive(Clone, PartialEq, Debug)]
pub struct LogOutput {
    /// The place.
    pub to: LogDestination,
    /// Whether each line is handed to the system at once.
    pub flush: bool,
    /// The size in octets at which a file is rotated.
    pub max_size: u64,
    /// How many rotated files are kept, at least 1.
    pub max_files: u32,
    /// What a line looks like; none means as is usual for the place.
    pub pattern: Option<LogPattern>,
}

impl LogOutput {
    /// Files are not rotated at sizes below this, in octets.
    pub const ROTATED_MIN: u64 = 204_800;

    /// A place, with everything else as usual.
    #[must_use]
    pub const fn new(to: LogDestination) -> Self {
        Self { to, flush: true, max_size: 10_240_000, max_files: 1, pattern: None }
    }

    /// The size in octets at which a file is rotated; none if it never is.
    #[must_use]
    pub fn rotated_at(&self) -> Option<u64> {
        (self.max_size >= Self::ROTATED_MIN).then_some(self.max_size)
    }
}

/// Where lines go.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LogDestination {
    /// The standard output.
    Stdout,
    /// The standard error.
    Stderr,
    /// The system's log.
    Syslog(Syslog),
    /// The journal of systemd, in its own protocol.
    Journald,
    /// A file; one without a directory is in that for logs.
    File(String),
}

/// How lines are labelled in the system's log.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Syslog {
    /// The facility.
    pub facility: Facility,
    /// The program that the lines come from; none means this one's name.
    pub tag: Option<String>,
}

impl LogDestination {
    /// What a file says after `output`; none if that is nothing at all.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "" => return None,
            "stdout" => Self::Stdout,
            "stderr" => Self::Stderr,
            "journald" => Self::Journald,
            "syslog" => Self::Syslog(Syslog::default()),
            _ => match text.strip_prefix("syslog:") {
                Some("") => Self::Syslog(Syslog::default()),
                Some(label) => Self::Syslog(match Facility::parse(label) {
                    Some(facility) => Syslog { facility, tag: None },
                    None => Syslog { tag: Some(label.to_owned()), ..Syslog::default() },
                }),
                None => Self::File(text.to_owned()),
            },
        })
    }
}

impl fmt::Display for LogDestination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdout => f.write_str("stdout"),
            Self::Stderr => f.write_str("stderr"),
            Self::Journald => f.write_str("journald"),
            Self::Syslog(Syslog { tag: Some(tag), .. }) => write!(f, "syslog:{tag}"),
            Self::Syslog(syslog) if syslog.facility == Facility::default() => f.write_str("syslog"),
            Self::Syslog(syslog) => write!(f, "syslog:{}", syslog.facility.name()),
            Self::File(path) => f.write_str(path),
        }
    }
}

/// A facility of the system's log, by its number (RFC 3164 §4.1.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Facility(u8);

impl Facility {
    /// All of them, by name.
    const NAMES: [(&'static str, Self); 20] = [
        ("kern", Self(0)),
        ("user", Self(1)),
        ("mail", Self(2)),
        ("daemon", Self(3)),
        ("auth", Self(4)),
        ("syslog", Self(5)),
        ("lpr", Self(6)),
        ("news", Self(7)),
        ("uucp", Self(8)),
        ("cron", Self(9)),
        ("authpriv", Self(10)),
        ("ftp", Self(11)),
        ("local0", Self(16)),
        ("local1", Self(17)),
        ("local2", Self(18)),
        ("local3", Self(19)),
        ("local4", Self(20)),
        ("local5", Self(21)),
        ("local6", Self(22)),
        ("local7", Self(23)),
    ];

    /// The facility of this name, in upper or lower case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let named = Self::NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, facility)| *facility)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        let named = Self::NAMES.iter().find(|(_, facility)| *facility == self);
        named.map_or("local0", |(name, _)| name)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl Default for Facility {
    fn default() -> Self {
        Self(16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_written_as_it_is_read() {
        for text in ["stdout", "stderr", "journald", "syslog", "syslog:daemon", "syslog:x", "/a b"]
        {
            let read = LogDestination::parse(text);
            assert_eq!(read.map(|it| it.to_string()).as_deref(), Some(text));
        }
        assert_eq!(LogDestination::parse(""), None);
        assert_eq!(
            LogDestination::parse("syslog:LOCAL7"),
            Some(LogDestination::Syslog(Syslog { facility: Facility(23), tag: None }))
        );
    }

    #[test]
    fn severities_have_words() {
        assert_eq!(Severity::parse("debug", 40), Some(Severity::Debug(40)));
        assert_eq!(Severity::parse("DEBUG", 200), Some(Severity::Debug(99)));
        assert_eq!(Severity::parse("Warn", 7), Some(Severity::Warn));
        assert_eq!(Severity::parse("NOTICE", 7), None);
    }
}
