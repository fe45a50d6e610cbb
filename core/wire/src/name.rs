//! Domain names in their DNS wire form (RFC 1035 §3.1, §4.1.4), as options carry them.

use std::collections::BTreeMap;
use std::fmt;

/// The longest name in octets, lengths and root included.
const NAME_MAX: usize = 255;
/// The longest label in octets.
const LABEL_MAX: usize = 63;
/// How much a list may unfold to, in octets: a few compressed ones could fill a log otherwise.
const LIST_MAX: usize = 4096;

/// Why text is not a domain name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum NameError {
    /// A label without octets, as between two dots.
    EmptyLabel,
    /// A label of more than 63 octets.
    LongLabel,
    /// More than 255 octets in wire form.
    LongName,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmptyLabel => "a label is empty",
            Self::LongLabel => "a label is longer than 63 octets",
            Self::LongName => "a name is longer than 255 octets",
        })
    }
}

impl std::error::Error for NameError {}

/// A domain name, whole or the beginning of one.
///
/// Labels have 1 to 63 octets of any value, and the whole no more than 255 in wire form.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct DomainName {
    labels: Vec<Vec<u8>>,
    complete: bool,
}

impl DomainName {
    /// A name of these labels; `complete` if it ends at the root.
    ///
    /// # Errors
    /// [`NameError`].
    pub fn new(
        labels: impl IntoIterator<Item = impl Into<Vec<u8>>>,
        complete: bool,
    ) -> Result<Self, NameError> {
        let labels: Vec<Vec<u8>> = labels.into_iter().map(Into::into).collect();
        let mut len = 1;
        for label in &labels {
            match label.len() {
                0 => return Err(NameError::EmptyLabel),
                1..=LABEL_MAX => len += 1 + label.len(),
                _ => return Err(NameError::LongLabel),
            }
        }
        if len > NAME_MAX { Err(NameError::LongName) } else { Ok(Self { labels, complete }) }
    }

    /// The name that text such as `example.org` means: complete with a dot at its end, partial
    /// without one. Empty text is a partial name without labels, and `.` is the root.
    ///
    /// # Errors
    /// [`NameError`], whoever wrote the text.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let (relative, complete) = match text.strip_suffix('.') {
            Some(relative) => (relative, true),
            None => (text, false),
        };
        if relative.is_empty() {
            return Ok(Self { labels: Vec::new(), complete });
        }
        Self::new(relative.split('.'), complete)
    }

    /// Reads wire form without compression; a name that does not end at the root is partial. None
    /// if the octets are not exactly one name.
    #[must_use]
    pub fn from_wire(octets: &[u8]) -> Option<Self> {
        let mut labels = Vec::new();
        let mut rest = octets;
        while let Some((len, tail)) = rest.split_first() {
            if *len == 0 {
                return if tail.is_empty() { Self::new(labels, true).ok() } else { None };
            }
            let (label, tail) = tail.split_at_checked(usize::from(*len))?;
            labels.push(label.to_vec());
            if labels.len() > NAME_MAX {
                return None;
            }
            rest = tail;
        }
        Self::new(labels, false).ok()
    }

    /// Wire form without compression; the root's empty label only if the name is complete.
    #[must_use]
    pub fn to_wire(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        for label in &self.labels {
            octets.push(u8::try_from(label.len()).unwrap_or(0));
            octets.extend_from_slice(label);
        }
        if self.complete {
            octets.push(0);
        }
        octets
    }

    /// The labels, that of the host first.
    #[must_use]
    pub fn labels(&self) -> &[Vec<u8>] {
        &self.labels
    }

    /// Whether the name ends at the root, so that nothing is to be added.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.complete
    }
}

/// Text with a dot at its end if the name is complete; what is not a letter, digit, `-` or `_`
/// comes out as `\DDD`.
impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.labels.iter().for_each(|label| push_label(&mut text, label));
        match (self.complete, self.labels.is_empty()) {
            (true, true) => f.write_str("."),
            (true, false) => f.write_str(&text),
            (false, _) => f.write_str(text.strip_suffix('.').unwrap_or(&text)),
        }
    }
}

/// Encodes text such as `example.org`; a trailing dot makes no difference, and `.` is the root.
///
/// # Errors
/// [`NameError`], whoever wrote the text.
pub fn encode(text: &str) -> Result<Vec<u8>, NameError> {
    let relative = text.strip_suffix('.').unwrap_or(text);
    let mut octets = Vec::with_capacity(relative.len() + 2);
    if text != "." {
        for label in relative.split('.') {
            if label.is_empty() {
                return Err(NameError::EmptyLabel);
            }
            let len = u8::try_from(label.len()).map_err(|_| NameError::LongLabel)?;
            if label.len() > LABEL_MAX {
                return Err(NameError::LongLabel);
            }
            octets.push(len);
            octets.extend_from_slice(label.as_bytes());
        }
    }
    octets.push(0);
    if octets.len() > NAME_MAX { Err(NameError::LongName) } else { Ok(octets) }
}

/// Encodes names one after another, the end of each that was there before as a pointer back to it
/// (RFC 1035 §4.1.4, RFC 3397 §2).
#[must_use]
pub fn encode_list(names: &[DomainName]) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut places: BTreeMap<&[Vec<u8>], usize> = BTreeMap::new();
    for name in names {
        let mut labels = name.labels();
        loop {
            if let Some(place) = places.get(labels) {
                octets.extend((0xc000 | u16::try_from(*place).unwrap_or(0)).to_be_bytes());
                break;
            }
            // A pointer has 14 bits.
            if !labels.is_empty() && octets.len() < 0x4000 {
                places.insert(labels, octets.len());
            }
            let Some((label, rest)) = labels.split_first() else {
                octets.push(0);
                break;
            };
            octets.push(u8::try_from(label.len()).unwrap_or(0));
            octets.extend_from_slice(label);
            labels = rest;
        }
    }
    octets
}

/// How many octets the uncompressed name at the beginning takes; none if there is no such name.
pub(crate) fn wire_len(octets: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < NAME_MAX {
        match *octets.get(at)? {
            0 => return Some(at + 1),
            len @ 1..=0x3f => at += 1 + usize::from(len),
            _ => return None,
        }
    }
    None
}

/// Decodes one name or more, which may point back into the list (RFC 3397 §2), as text with a
/// trailing dot each; none if the octets are not exactly that.
///
/// What is not a letter, digit, `-` or `_` is printed as `\DDD`, so the text holds no control
/// characters and each dot in it is a separator.
#[must_use]
pub fn decode_list(octets: &[u8]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut unfolded = 0;
    let mut at = 0;
    while at < octets.len() {
        let (name, len, next) = decode_one(octets, at)?;
        unfolded += len;
        if unfolded > LIST_MAX {
            return None;
        }
        names.push(name);
        at = next;
    }
    if names.is_empty() { None } else { Some(names) }
}

/// The name at `start`, its uncompressed length and the place after it.
fn decode_one(octets: &[u8], start: usize) -> Option<(String, usize, usize)> {
    let mut name = String::new();
    let mut len = 1;
    let mut at = start;
    // A pointer has to go before where the labels that led to it began, so there is no circle.
    let mut floor = start;
    let mut after = None;
    loop {
        let head = *octets.get(at)?;
        match head {
            0 => break,
            1..=0x3f => {
                let end = at + 1 + usize::from(head);
                push_label(&mut name, octets.get(at + 1..end)?);
                len += 1 + usize::from(head);
                at = end;
            }
            0xc0.. => {
                let low = *octets.get(at + 1)?;
                let target = usize::from(u16::from_be_bytes([head & 0x3f, low]));
                if target >= floor {
                    return None;
                }
                after = after.or(Some(at + 2));
                floor = target;
                at = target;
            }
            _ => return None,
        }
        if len > NAME_MAX {
            return None;
        }
    }
    if name.is_empty() {
        name.push('.');
    }
    Some((name, len, after.unwrap_or(at + 1)))
}

fn push_label(name: &mut String, label: &[u8]) {
    for octet in label {
        if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_') {
            name.push(char::from(*octet));
        } else {
            name.push_str(&format!("\\{octet:03}"));
        }
    }
    name.push('.');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for (text, octets) in [
            (".", &b"\0"[..]),
            ("org.", b"\x03org\0"),
            ("a.example-1.org.", b"\x01a\x09example-1\x03org\0"),
        ] {
            assert_eq!(encode(text).as_deref(), Ok(octets));
            assert_eq!(decode_list(octets), Some(vec![text.to_owned()]));
        }
        assert_eq!(encode("org"), encode("org."));
    }

    #[test]
    fn a_partial_name_is_not_complete() {
        for (text, octets) in [
            ("a.org.", &b"\x01a\x03org\0"[..]),
            ("a.org", b"\x01a\x03org"),
            ("", b""),
            (".", b"\0"),
        ] {
            let name = DomainName::parse(text).expect("lawful");
            assert_eq!(
                (name.to_wire(), name.is_complete()),
                (octets.to_vec(), text.ends_with('.'))
            );
            assert_eq!(DomainName::from_wire(octets), Some(name.clone()));
            assert_eq!(name.to_string(), text);
        }
        for octets in [&b"\x01a\0\0"[..], b"\x02a", b"\xc0\0", b"\x40a"] {
            assert_eq!(DomainName::from_wire(octets), None, "{octets:?}");
        }
        assert_eq!(DomainName::from_wire(&[1; 256]), None);
        assert_eq!(DomainName::parse("a..b"), Err(NameError::EmptyLabel));
    }

    #[test]
    fn lengths_are_bounded() {
        assert_eq!(encode("a..b"), Err(NameError::EmptyLabel));
        assert_eq!(encode(""), Err(NameError::EmptyLabel));
        assert_eq!(encode(&"a".repeat(64)), Err(NameError::LongLabel));
        assert_eq!(encode(&"a".repeat(300)), Err(NameError::LongLabel));
        assert_eq!(encode(&"a.".repeat(127)).map(|name| name.len()), Ok(255));
        assert_eq!(encode(&"a.".repeat(128)), Err(NameError::LongName));
    }

    // RFC 3397 §2: the example of that section.
    #[test]
    fn pointers_lead_back_into_the_list() {
        let list = b"\x03eng\x05apple\x03com\0\x09marketing\xc0\x04";
        let names = decode_list(list).expect("well formed");
        assert_eq!(names, ["eng.apple.com.", "marketing.apple.com."]);
    }

    // RFC 3397 §2: the same example, written.
    #[test]
    fn a_list_is_written_with_pointers() {
        let names = ["eng.apple.com.", "marketing.apple.com.", "com", "."]
            .map(|text| DomainName::parse(text).expect("lawful"));
        let list = b"\x03eng\x05apple\x03com\0\x09marketing\xc0\x04\xc0\x0a\0";
        assert_eq!(encode_list(&names), list);
        let texts = decode_list(list).expect("well formed");
        assert_eq!(texts, ["eng.apple.com.", "marketing.apple.com.", "com.", "."]);
    }

    #[test]
    fn what_is_malformed_is_no_list() {
        for octets in [
            &b""[..],
            b"\x03or",
            b"\x03org",
            b"\xc0\x00",
            b"\x01a\xc0\x00",
            b"\x01a\0\xc0",
            b"\x01a\0\xc0\x05",
            b"\x40a\0",
        ] {
            assert_eq!(decode_list(octets), None, "{octets:?}");
        }
    }

    #[test]
    fn a_list_unfolds_to_a_bounded_length() {
        let mut list = encode(&"a.".repeat(127)).expect("short enough");
        list.extend([0xc0, 0].repeat(15));
        assert_eq!(decode_list(&list).map(|names| names.len()), Some(16));
        list.extend([0xc0, 0]);
        assert_eq!(decode_list(&list), None);
    }

    #[test]
    fn text_shows_no_control_character() {
        assert_eq!(decode_list(b"\x04a.\n\xff\0"), Some(vec!["a\\046\\010\\255.".to_owned()]));
    }
}
