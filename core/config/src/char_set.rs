//! Sets of characters, as `hostname-char-set` writes them.

use std::fmt;

/// A set of octets, written as a bracket expression such as `[^A-Za-z0-9.-]`.
///
/// Kea takes any regular expression here. What has a use is one bracket expression, in the form of
/// POSIX: `^` first for all others, ranges, `]` as itself in the first place and `-` in the last,
/// and classes such as `[:alpha:]`. A backslash is one like any other character. Octets beyond
/// ASCII can be meant only by `^`.
#[derive(Clone, PartialEq, Eq)]
pub struct CharSet {
    text: String,
    /// A bit for each octet.
    members: [u64; 4],
}

/// Why text is not a set of characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CharSetError {
    /// It does not begin with `[` and end with the matching `]`.
    NoBrackets,
    /// Something stands behind the closing bracket.
    Trailing,
    /// A range whose end is below its beginning.
    Range(char, char),
    /// A class such as `[:alpha:]` that there is not.
    Class,
    /// A character that is not ASCII.
    NotAscii(char),
}

impl fmt::Display for CharSetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBrackets => f.write_str("not a set of characters in brackets"),
            Self::Trailing => f.write_str("more than one set of characters in brackets"),
            Self::Range(first, last) => write!(f, "the range {first}-{last} goes backwards"),
            Self::Class => f.write_str("no class of characters such as [:alpha:]"),
            Self::NotAscii(other) => write!(f, "`{other}` is not ASCII"),
        }
    }
}

impl std::error::Error for CharSetError {}

impl CharSet {
    /// What Kea replaces without being told: all but letters, digits, dots and hyphens.
    pub const DEFAULT: &'static str = "[^A-Za-z0-9.-]";

    /// Reads a bracket expression.
    ///
    /// # Errors
    /// [`CharSetError`], whoever wrote the text.
    pub fn parse(text: &str) -> Result<Self, CharSetError> {
        if let Some(other) = text.chars().find(|letter| !letter.is_ascii()) {
            return Err(CharSetError::NotAscii(other));
        }
        let inner = text.strip_prefix('[').ok_or(CharSetError::NoBrackets)?;
        let (others, inner) = match inner.strip_prefix('^') {
            Some(inner) => (true, inner),
            None => (false, inner),
        };
        let mut set = Self { text: text.to_owned(), members: [0; 4] };
        set.read(inner.as_bytes())?;
        if others {
            set.members.iter_mut().for_each(|bits| *bits = !*bits);
        }
        Ok(set)
    }

    /// The text that means the set.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether an octet is in the set.
    #[must_use]
    pub fn contains(&self, octet: u8) -> bool {
        let bits = self.members.get(usize::from(octet / 64)).copied().unwrap_or(0);
        bits >> (octet % 64) & 1 == 1
    }

    /// Reads what stands between the brackets, and the closing one.
    fn read(&mut self, inner: &[u8]) -> Result<(), CharSetError> {
        let mut rest = inner;
        loop {
            let is_first = rest.len() == inner.len();
            rest = match rest {
                [] => return Err(CharSetError::NoBrackets),
                [b']'] if !is_first => return Ok(()),
                [b']', ..] if !is_first => return Err(CharSetError::Trailing),
                [b'[', b':', tail @ ..] => {
                    let end = tail.windows(2).position(|two| two == b":]");
                    let end = end.ok_or(CharSetError::Class)?;
                    let (name, tail) = tail.split_at(end);
                    let class = class(name).ok_or(CharSetError::Class)?;
                    (0..128).filter(class).for_each(|octet| self.insert(octet));
                    tail.get(2..).unwrap_or_default()
                }
                [first, b'-', last, tail @ ..] if *last != b']' => {
                    if first > last {
                        return Err(CharSetError::Range(char::from(*first), char::from(*last)));
                    }
                    (*first..=*last).for_each(|octet| self.insert(octet));
                    tail
                }
                [one, tail @ ..] => {
                    self.insert(*one);
                    tail
                }
            };
        }
    }

    fn insert(&mut self, octet: u8) {
        if let Some(bits) = self.members.get_mut(usize::from(octet / 64)) {
            *bits |= 1 << (octet % 64);
        }
    }
}

impl fmt::Debug for CharSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CharSet({})", self.text)
    }
}

fn class(name: &[u8]) -> Option<fn(&u8) -> bool> {
    Some(match name {
        b"alpha" => u8::is_ascii_alphabetic,
        b"digit" => u8::is_ascii_digit,
        b"alnum" => u8::is_ascii_alphanumeric,
        b"upper" => u8::is_ascii_uppercase,
        b"lower" => u8::is_ascii_lowercase,
        b"punct" => u8::is_ascii_punctuation,
        b"cntrl" => u8::is_ascii_control,
        b"graph" => u8::is_ascii_graphic,
        b"print" => |octet| octet.is_ascii_graphic() || *octet == b' ',
        b"space" => |octet| octet.is_ascii_whitespace() || *octet == 0x0b,
        b"blank" => |octet| matches!(octet, b' ' | b'\t'),
        b"xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(text: &str) -> String {
        let set = CharSet::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let printable = (0x20..0x7f).filter(|octet| set.contains(*octet));
        printable.map(char::from).collect()
    }

    #[test]
    fn brackets_are_read_as_posix_has_them() {
        assert_eq!(members("[a-cX]"), "Xabc");
        assert_eq!(members("[]a-]"), "-]a");
        assert_eq!(members("[^ -@[-~]"), "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        assert_eq!(members("[[:digit:]_]"), "0123456789_");
        assert_eq!(members(r"[\.]"), r".\");
        let others = CharSet::parse(CharSet::DEFAULT).expect("lawful");
        for (octet, is_in) in [(b'a', false), (b'.', false), (b'_', true), (0, true), (0xe9, true)]
        {
            assert_eq!(others.contains(octet), is_in, "{octet}");
        }
    }

    #[test]
    fn other_expressions_are_refused() {
        for (text, error) in [
            ("", CharSetError::NoBrackets),
            ("abc", CharSetError::NoBrackets),
            ("[abc", CharSetError::NoBrackets),
            ("[]", CharSetError::NoBrackets),
            ("[^]", CharSetError::NoBrackets),
            ("[a]+", CharSetError::Trailing),
            ("[a]|[b]", CharSetError::Trailing),
            ("[z-a]", CharSetError::Range('z', 'a')),
            ("[[:word:]]", CharSetError::Class),
            ("[[:alpha]", CharSetError::Class),
            ("[^é]", CharSetError::NotAscii('é')),
        ] {
            assert_eq!(CharSet::parse(text), Err(error), "{text}");
        }
    }
}
