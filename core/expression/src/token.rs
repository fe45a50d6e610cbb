//! Text into words, literals and signs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use crate::error::{SyntaxError, SyntaxErrorKind};

/// One token and where it is.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind<'a>,
    pub(crate) span: Range<usize>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Kind<'a> {
    /// A keyword, or the name of an option.
    Word(&'a str),
    /// What is between the quotes.
    Text(&'a str),
    /// The digits after `0x`; at least one.
    Hex(&'a str),
    Integer(i64),
    Address(IpAddr),
    Sign(Sign),
    End,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Sign {
    Open,
    Close,
    OpenSquare,
    CloseSquare,
    Comma,
    Dot,
    Plus,
    Star,
    Equal,
}

impl Sign {
    /// As error messages name it.
    pub(crate) const fn quoted(self) -> &'static str {
        match self {
            Self::Open => "`(`",
            Self::Close => "`)`",
            Self::OpenSquare => "`[`",
            Self::CloseSquare => "`]`",
            Self::Comma => "`,`",
            Self::Dot => "`.`",
            Self::Plus => "`+`",
            Self::Star => "`*`",
            Self::Equal => "`==`",
        }
    }

    const fn single(c: char) -> Option<Self> {
        match c {
            '(' => Some(Self::Open),
            ')' => Some(Self::Close),
            '[' => Some(Self::OpenSquare),
            ']' => Some(Self::CloseSquare),
            ',' => Some(Self::Comma),
            '.' => Some(Self::Dot),
            '+' => Some(Self::Plus),
            '*' => Some(Self::Star),
            _ => None,
        }
    }
}

/// Reads one token after the other.
#[derive(Clone, Debug)]
pub(crate) struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The text of a span; of none that this reader did not give out.
    pub(crate) fn written(&self, span: &Range<usize>) -> &'a str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// The next token; [`Kind::End`] for ever once the text is over.
    ///
    /// # Errors
    /// A character that no token begins with, or a literal that is not finished.
    pub(crate) fn token(&mut self) -> Result<Token<'a>, SyntaxError> {
        let rest = self.rest().trim_start_matches([' ', '\t', '\r', '\n']);
        self.at = self.text.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            return Ok(self.take(0, Kind::End));
        };
        if let Some(sign) = Sign::single(first) {
            return Ok(self.take(1, Kind::Sign(sign)));
        }
        match first {
            '\'' => self.quoted(),
            '=' if rest.starts_with("==") => Ok(self.take(2, Kind::Sign(Sign::Equal))),
            '=' => Err(self.refuse(1, "`==`")),
            '!' if rest.starts_with("!=") => Err(self.refuse(2, "`==` (and `not` before it)")),
            '"' => Err(self.refuse(1, "`'` around text")),
            '-' => self.negative(),
            ':' | '_' => self.run(),
            _ if first.is_ascii_alphanumeric() => self.run(),
            _ => Err(self.refuse(first.len_utf8(), "a word, a literal or a sign")),
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, len: usize, kind: Kind<'a>) -> Token<'a> {
        let start = self.at;
        self.at += len;
        Token { kind, span: start..self.at }
    }

    fn refuse(&self, len: usize, expected: &'static str) -> SyntaxError {
        let span = self.at..self.at + len;
        let found = Some(self.written(&span).to_owned());
        SyntaxError::new(span, SyntaxErrorKind::Unexpected { found, expected })
    }

    fn quoted(&mut self) -> Result<Token<'a>, SyntaxError> {
        let inner = self.rest().strip_prefix('\'').unwrap_or_default();
        match inner.split_once('\'') {
            Some((text, _)) => Ok(self.take(text.len() + 2, Kind::Text(text))),
            None => {
                let kind = SyntaxErrorKind::Unexpected { found: None, expected: "`'` after text" };
                Err(SyntaxError::new(self.at..self.text.len(), kind))
            }
        }
    }

    fn negative(&mut self) -> Result<Token<'a>, SyntaxError> {
        let rest = self.rest();
        let digits = 1 + length_of(rest.get(1..).unwrap_or_default(), |c| c.is_ascii_digit());
        if digits == 1 { Err(self.refuse(1, "digits after `-`")) } else { self.integer(digits) }
    }

    /// A word, a number, a hexadecimal literal or an address.
    fn run(&mut self) -> Result<Token<'a>, SyntaxError> {
        let rest = self.rest();
        let len = length_of(rest, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        let (word, after) = rest.split_at_checked(len).unwrap_or((rest, ""));
        let is_number = word.bytes().all(|octet| octet.is_ascii_digit());
        if after.starts_with(':') || (is_number && after.starts_with('.')) {
            return self.address();
        }
        if is_number {
            return self.integer(len);
        }
        match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
            None => Ok(self.take(len, Kind::Word(word))),
            Some(digits) if !digits.is_empty() && digits.bytes().all(|o| o.is_ascii_hexdigit()) => {
                Ok(self.take(len, Kind::Hex(digits)))
            }
            Some(_) => Err(self.refuse(len, "hexadecimal digits after `0x`")),
        }
    }

    fn integer(&mut self, len: usize) -> Result<Token<'a>, SyntaxError> {
        let (min, max) = (i64::from(i32::MIN), i64::from(u32::MAX));
        let written = self.written(&(self.at..self.at + len));
        match written.parse() {
            Ok(number) if (min..=max).contains(&number) => {
                Ok(self.take(len, Kind::Integer(number)))
            }
            _ => {
                let kind = SyntaxErrorKind::Range { found: written.to_owned(), min, max };
                Err(SyntaxError::new(self.at..self.at + len, kind))
            }
        }
    }

    fn address(&mut self) -> Result<Token<'a>, SyntaxError> {
        let rest = self.rest();
        let len = length_of(rest, |c| c.is_ascii_alphanumeric() || matches!(c, ':' | '.'));
        let written = rest.get(..len).unwrap_or_default();
        let v4 = written.parse::<Ipv4Addr>().map(IpAddr::V4);
        match v4.or_else(|_| written.parse::<Ipv6Addr>().map(IpAddr::V6)) {
            Ok(address) => Ok(self.take(len, Kind::Address(address))),
            Err(_) => Err(self.refuse(len, "an IP address")),
        }
    }
}

/// How many octets of `text` the characters at its beginning have that `belongs` admits.
fn length_of(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.len() - text.trim_start_matches(belongs).len()
}
