//! Regular expressions on octets.
//!
//! Each octet is one character, so that no value is too strange to be matched: a pattern's letters
//! beyond ASCII stand for the octets that they are written with.

use std::fmt;

use regex_lite::{Regex, RegexBuilder};

/// How much memory a compiled pattern may take, in octets: thousands of times what people write.
const SIZE_MAX: usize = 1 << 20;
/// How deep groups may be nested.
const NEST_MAX: u32 = 64;

/// A regular expression that a whole value matches or not.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    text: String,
    regex: Regex,
}

impl Pattern {
    /// Reads a pattern; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let letters = latin(text.as_bytes());
        // By itself first: in a group, a parenthesis too many would close that.
        compile(&letters)?;
        let regex = compile(&format!("^(?:{letters})$"))?;
        Ok(Self { text: text.to_owned(), regex })
    }

    /// Whether all of these octets are as the pattern says. The time is proportional to the length
    /// of the octets times the size of the pattern.
    pub(crate) fn matches(&self, octets: &[u8]) -> bool {
        self.regex.is_match(&latin(octets))
    }
}

fn compile(letters: &str) -> Result<Regex, String> {
    let mut builder = RegexBuilder::new(letters);
    let regex = builder.size_limit(SIZE_MAX).nest_limit(NEST_MAX).build();
    regex.map_err(|error| error.to_string())
}

fn latin(octets: &[u8]) -> String {
    octets.iter().map(|octet| char::from(*octet)).collect()
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

/// As it was written.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_for_the_whole_value() {
        for (pattern, octets, expected) in [
            ("abc", &b"abc"[..], true),
            ("abc", b"abcd", false),
            ("a|bc", b"bc", true),
            ("a|bc", b"ac", false),
            ("port-[0-9]{1,2}", b"port-42", true),
            (r"\w+\.example", b"www.example", true),
            ("é", "é".as_bytes(), true),
            ("..", "é".as_bytes(), true),
            (".", &[0xff], true),
            ("", b"", true),
        ] {
            let found = Pattern::parse(pattern).expect(pattern).matches(octets);
            assert_eq!(found, expected, "{pattern}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for pattern in ["(", "a{9999999}", "[z-a]", "a)|(b", r"(a)\1", &"(".repeat(1000)] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
    }
}
