//! The options of one message.

use std::fmt;
use std::net::Ipv4Addr;

use super::{code, print};

/// Options by code, each once and whole, in the order in which they came.
///
/// A value may be longer than 255 octets: encoding splits it, decoding joins what was split
/// (RFC 3396). Pad (0), end (255) and overload (52) are framing, not content, and are never kept.
///
/// The order is the order to send in, and the order of importance when not everything fits; two
/// sets with the same values are equal in whatever order.
#[derive(Clone, Default)]
pub struct Options(Vec<(u8, Vec<u8>)>);

impl Options {
    /// No options.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The value of an option.
    #[must_use]
    pub fn get(&self, code: u8) -> Option<&[u8]> {
        self.iter().find(|(at, _)| *at == code).map(|(_, value)| value)
    }

    /// Whether an option is there, if only with an empty value.
    #[must_use]
    pub fn contains(&self, code: u8) -> bool {
        self.get(code).is_some()
    }

    /// Sets an option; one that is there already keeps its place. Framing codes are not kept.
    pub fn insert(&mut self, code: u8, value: impl Into<Vec<u8>>) {
        if is_framing(code) {
            return;
        }
        let value = value.into();
        match self.0.iter_mut().find(|(at, _)| *at == code) {
            Some((_, old)) => *old = value,
            None => self.0.push((code, value)),
        }
    }

    /// Takes an option out.
    pub fn remove(&mut self, code: u8) -> Option<Vec<u8>> {
        let index = self.0.iter().position(|(at, _)| *at == code)?;
        Some(self.0.remove(index).1)
    }

    /// Codes and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &[u8])> + '_ {
        self.0.iter().map(|(code, value)| (*code, value.as_slice()))
    }

    /// How many options there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A value that is exactly one octet.
    #[must_use]
    pub fn u8(&self, code: u8) -> Option<u8> {
        self.fixed(code).map(u8::from_be_bytes)
    }

    /// A value that is exactly two octets.
    #[must_use]
    pub fn u16(&self, code: u8) -> Option<u16> {
        self.fixed(code).map(u16::from_be_bytes)
    }

    /// A value that is exactly four octets.
    #[must_use]
    pub fn u32(&self, code: u8) -> Option<u32> {
        self.fixed(code).map(u32::from_be_bytes)
    }

    /// A value that is exactly one address.
    #[must_use]
    pub fn ipv4(&self, code: u8) -> Option<Ipv4Addr> {
        self.fixed::<4>(code).map(Ipv4Addr::from)
    }

    fn fixed<const N: usize>(&self, code: u8) -> Option<[u8; N]> {
        self.get(code)?.try_into().ok()
    }
}

/// Joins the pieces of split options in the order in which they are given (RFC 3396 §7).
///
/// One step per piece, however many distinct codes there are.
pub(crate) fn join<'a>(pieces: impl Iterator<Item = (u8, &'a [u8])>) -> Options {
    let mut options = Options::new();
    let mut places = [None; 256];
    for (code, piece) in pieces.filter(|(code, _)| !is_framing(*code)) {
        let place = &mut places[usize::from(code)];
        match place.and_then(|index: usize| options.0.get_mut(index)) {
            Some((_, value)) => value.extend_from_slice(piece),
            None => {
                *place = Some(options.0.len());
                options.0.push((code, piece.to_vec()));
            }
        }
    }
    options
}

const fn is_framing(code: u8) -> bool {
    matches!(code, code::PAD | code::OVERLOAD | code::END)
}

impl PartialEq for Options {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(code, value)| other.get(code) == Some(value))
    }
}

impl Eq for Options {}

impl<V: Into<Vec<u8>>> FromIterator<(u8, V)> for Options {
    fn from_iter<I: IntoIterator<Item = (u8, V)>>(from: I) -> Self {
        let mut options = Self::new();
        for (code, value) in from {
            options.insert(code, value);
        }
        options
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (i, (code, value)) in self.iter().enumerate() {
            let gap = if i == 0 { "" } else { " " };
            write!(f, "{gap}{}", print::OptionText { code, value })?;
        }
        f.write_str("}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_value_keeps_its_place() {
        let mut options = Options::new();
        options.insert(3, [10, 0, 0, 1]);
        options.insert(6, *b"x");
        options.insert(3, [10, 0, 0, 2]);
        assert_eq!(options.iter().map(|(code, _)| code).collect::<Vec<_>>(), [3, 6]);
        assert_eq!(options.ipv4(3), Some(Ipv4Addr::new(10, 0, 0, 2)));
        assert_eq!(options.remove(3), Some(vec![10, 0, 0, 2]));
        assert!(!options.contains(3));
    }

    #[test]
    fn typed_getters_want_the_exact_length() {
        let options: Options =
            [(51, vec![0, 0, 14, 16]), (57, vec![5, 220]), (12, vec![])].into_iter().collect();
        assert_eq!(options.u32(51), Some(3600));
        assert_eq!(options.u16(57), Some(1500));
        assert_eq!(options.u32(57), None);
        assert_eq!(options.u8(12), None);
    }

    #[test]
    fn framing_is_not_content() {
        let mut options = Options::new();
        for code in [0, 52, 255] {
            options.insert(code, [1]);
        }
        assert!(options.is_empty());
    }

    #[test]
    fn equality_ignores_the_order() {
        let a: Options = [(1, [0]), (2, [1])].into_iter().collect();
        let b: Options = [(2, [1]), (1, [0])].into_iter().collect();
        let c: Options = [(2, [1]), (3, [0])].into_iter().collect();
        assert_eq!(a, b);
        assert_ne!(a, c);
    }

    #[test]
    fn pieces_are_joined_where_the_first_one_was() {
        let pieces: [(u8, &[u8]); 5] = [(82, b"a"), (1, b"b"), (52, b"x"), (82, b"c"), (82, b"")];
        let options = join(pieces.into_iter());
        assert_eq!(options.iter().collect::<Vec<_>>(), [(82, &b"ac"[..]), (1, &b"b"[..])]);
    }
}
