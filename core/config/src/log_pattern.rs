//! What a line of the log looks like: the patterns of log4cplus, as far as they say something here.

use std::fmt;

/// A pattern, as text and in pieces.
#[derive(Clone, Debug)]
pub struct LogPattern {
    text: String,
    pieces: Vec<Piece>,
}

/// A piece of a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// Text as it is.
    Text(String),
    /// Something about the line.
    Field {
        /// What.
        field: Field,
        /// How many letters it takes and may take.
        width: Width,
    },
}

/// How many letters a field takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Width {
    /// At least so many; blanks fill them.
    pub min: usize,
    /// At most so many; what is above is cut from the beginning.
    pub max: Option<usize>,
    /// Whether blanks come behind, and not before.
    pub left: bool,
}

impl Width {
    /// No width may be above this.
    pub const MAX: usize = 255;
}

/// What can be told about a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Field {
    /// When (`%d`, `%D`).
    Date {
        /// In local time, not in UTC.
        local: bool,
        /// How.
        parts: Vec<DatePart>,
    },
    /// The severity (`%p`).
    Level,
    /// The logger (`%c`): the whole name, or so many of its last parts.
    Logger(Option<usize>),
    /// The id and the words (`%m`).
    Message,
    /// A line end (`%n`).
    Newline,
    /// The process number (`%i`).
    Process,
    /// The number of the thread that wrote the line (`%t`).
    Thread,
    /// The thread's name (`%T`).
    ThreadName,
    /// The host's name (`%h`), without or with its domain (`%H`).
    Host {
        /// With its domain.
        full: bool,
    },
    /// Milliseconds since the start (`%r`).
    Elapsed,
}

/// A piece of a date.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DatePart {
    /// Text as it is.
    Text(String),
    /// What `strftime` writes for this letter.
    Standard(char),
    /// Milliseconds, in three digits (`%q`).
    Millis,
    /// Milliseconds with three decimals (`%Q`).
    Micros,
}

/// Something about a pattern that is probably not meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Flaw {
    /// This says nothing here, and is left out.
    Silent(char),
    /// This is not known, and is written as it is.
    Unknown(char),
    /// This is not known in dates, and is written as it is.
    UnknownInDate(char),
    /// A brace is not closed.
    Unclosed,
    /// The message is not part of it.
    NoMessage,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent(letter) => write!(f, "`%{letter}` says nothing here and is left out"),
            Self::Unknown(letter) => write!(f, "`%{letter}` is not known"),
            Self::UnknownInDate(letter) => write!(f, "`%{letter}` is not known in dates"),
            Self::Unclosed => f.write_str("a brace is not closed"),
            Self::NoMessage => f.write_str("no message will be in the log: `%m` is missing"),
        }
    }
}

/// What a date is where nothing is said.
const DATE: &str = "%Y-%m-%d %H:%M:%S";
/// What `strftime` knows, and log4cplus with it.
const DATE_LETTERS: &str = "aAbBcdDeFGgHIjklmMpPrRsSTuUVwWxXyYzZ";
/// What log4cplus knows, and nothing here could tell: places in a source text and its contexts.
const SILENT: &str = "bEFlLMxX";

impl LogPattern {
    /// Kea's for files and terminals.
    pub const USUAL: &'static str = "%D{%Y-%m-%d %H:%M:%S.%q} %-5p [%c/%i.%t] %m\n";
    /// Kea's for the system's log, which knows the rest itself.
    pub const SYSLOG: &'static str = "%-5p [%c.%t] %m\n";

    /// Reads any text, with what is probably not meant.
    #[must_use]
    pub fn parse(text: &str) -> (Self, Vec<Flaw>) {
        let mut reader = Reader { rest: text, pieces: Vec::new(), flaws: Vec::new() };
        reader.read();
        let Reader { pieces, mut flaws, .. } = reader;
        if !pieces.iter().any(|it| matches!(it, Piece::Field { field: Field::Message, .. })) {
            flaws.push(Flaw::NoMessage);
        }
        (Self { text: text.to_owned(), pieces }, flaws)
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it comes to.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }
}

impl PartialEq for LogPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

struct Reader<'a> {
    rest: &'a str,
    pieces: Vec<Piece>,
    flaws: Vec<Flaw>,
}

impl Reader<'_> {
    fn read(&mut self) {
        while let Some(letter) = self.take() {
            if letter == '%' {
                self.field();
            } else {
                self.text(letter);
            }
        }
    }

    fn take(&mut self) -> Option<char> {
        let letter = self.rest.chars().next()?;
        self.rest = &self.rest[letter.len_utf8()..];
        Some(letter)
    }

    fn take_if(&mut self, wanted: char) -> bool {
        let Some(rest) = self.rest.strip_prefix(wanted) else {
            return false;
        };
        self.rest = rest;
        true
    }

    fn number(&mut self) -> Option<usize> {
        let digits =
            self.rest.len() - self.rest.trim_start_matches(|it: char| it.is_ascii_digit()).len();
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        (digits > 0).then(|| number.parse().unwrap_or(Width::MAX).min(Width::MAX))
    }

    fn text(&mut self, letter: char) {
        if let Some(Piece::Text(text)) = self.pieces.last_mut() {
            text.push(letter);
        } else {
            self.pieces.push(Piece::Text(letter.to_string()));
        }
    }

    /// What stands in braces behind a letter.
    fn braces(&mut self) -> Option<String> {
        let inside = self.rest.strip_prefix('{')?;
        let (inside, rest) = inside.split_once('}').unwrap_or_else(|| {
            self.flaws.push(Flaw::Unclosed);
            (inside, "")
        });
        self.rest = rest;
        Some(inside.to_owned())
    }

    /// What follows a percent sign.
    fn field(&mut self) {
        let left = self.take_if('-');
        let min = self.number().unwrap_or(0);
        let max = if self.take_if('.') { self.number() } else { None };
        let Some(letter) = self.take() else {
            return self.text('%');
        };
        let field = match letter {
            '%' => return self.text('%'),
            'd' | 'D' => {
                let format = self.braces();
                let parts = self.date(format.as_deref().unwrap_or(DATE));
                Field::Date { local: letter == 'D', parts }
            }
            'p' => Field::Level,
            'c' => Field::Logger(self.braces().and_then(|it| it.parse().ok()).filter(|it| *it > 0)),
            'm' => Field::Message,
            'n' => Field::Newline,
            'i' => Field::Process,
            't' => Field::Thread,
            'T' => Field::ThreadName,
            'h' => Field::Host { full: false },
            'H' => Field::Host { full: true },
            'r' => Field::Elapsed,
            silent if SILENT.contains(silent) => {
                self.braces();
                return self.flaws.push(Flaw::Silent(silent));
            }
            unknown => {
                self.flaws.push(Flaw::Unknown(unknown));
                self.text('%');
                return self.text(unknown);
            }
        };
        self.pieces.push(Piece::Field { field, width: Width { min, max, left } });
    }

    fn date(&mut self, format: &str) -> Vec<DatePart> {
        let mut parts: Vec<DatePart> = Vec::new();
        let text = |parts: &mut Vec<DatePart>, letter: char| match parts.last_mut() {
            Some(DatePart::Text(text)) => text.push(letter),
            _ => parts.push(DatePart::Text(letter.to_string())),
        };
        let mut letters = format.chars();
        while let Some(letter) = letters.next() {
            match (letter, if letter == '%' { letters.next() } else { None }) {
                ('%', Some('%') | None) => text(&mut parts, '%'),
                ('%', Some('q')) => parts.push(DatePart::Millis),
                ('%', Some('Q')) => parts.push(DatePart::Micros),
                ('%', Some(it)) if DATE_LETTERS.contains(it) => parts.push(DatePart::Standard(it)),
                ('%', Some(unknown)) => {
                    self.flaws.push(Flaw::UnknownInDate(unknown));
                    text(&mut parts, '%');
                    text(&mut parts, unknown);
                }
                _ => text(&mut parts, letter),
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(field: Field) -> Piece {
        Piece::Field { field, width: Width::default() }
    }

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    #[test]
    fn the_usual_pattern_is_understood() {
        let (pattern, flaws) = LogPattern::parse(LogPattern::USUAL);
        assert_eq!(flaws, []);
        let standard = DatePart::Standard;
        let gap = |text: &str| DatePart::Text(text.to_owned());
        let parts = vec![
            standard('Y'),
            gap("-"),
            standard('m'),
            gap("-"),
            standard('d'),
            gap(" "),
            standard('H'),
            gap(":"),
            standard('M'),
            gap(":"),
            standard('S'),
            gap("."),
            DatePart::Millis,
        ];
        let left = Width { min: 5, max: None, left: true };
        let expected = [
            plain(Field::Date { local: true, parts }),
            text(" "),
            Piece::Field { field: Field::Level, width: left },
            text(" ["),
            plain(Field::Logger(None)),
            text("/"),
            plain(Field::Process),
            text("."),
            plain(Field::Thread),
            text("] "),
            plain(Field::Message),
            text("\n"),
        ];
        assert_eq!(pattern.pieces(), expected);
        assert_eq!(pattern.text(), LogPattern::USUAL);
        assert_eq!(LogPattern::parse(LogPattern::SYSLOG).1, []);
    }

    #[test]
    fn widths_precisions_and_percent_signs() {
        let (pattern, flaws) = LogPattern::parse("100%% %10.30c{1}%.3m%999h%n%");
        assert_eq!(flaws, []);
        let width = |min, max| Width { min, max, left: false };
        let expected = [
            text("100% "),
            Piece::Field { field: Field::Logger(Some(1)), width: width(10, Some(30)) },
            Piece::Field { field: Field::Message, width: width(0, Some(3)) },
            Piece::Field { field: Field::Host { full: false }, width: width(Width::MAX, None) },
            plain(Field::Newline),
            text("%"),
        ];
        assert_eq!(pattern.pieces(), expected);
    }

    #[test]
    fn what_cannot_be_meant_is_told() {
        let flaws = |text| {
            let (_, flaws) = LogPattern::parse(text);
            flaws.iter().map(Flaw::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            flaws("%d{%y %é} %k %F{1} %m"),
            [
                "`%é` is not known in dates",
                "`%k` is not known",
                "`%F` says nothing here and is left out",
            ]
        );
        assert_eq!(
            flaws("%D{%Y"),
            ["a brace is not closed", "no message will be in the log: `%m` is missing",]
        );
    }
}
