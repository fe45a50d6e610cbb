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
///
/// All values lie in one run of octets, since a message is made and thrown away with each packet.
#[derive(Clone, Default)]
pub struct Options {
    places: Vec<Place>,
    octets: Vec<u8>,
}

/// Where the value of an option lies.
#[derive(Clone, Copy)]
struct Place {
    code: u8,
    start: usize,
    len: usize,
}

impl Options {
    /// No options.
    #[must_use]
    pub const fn new() -> Self {
        Self { places: Vec::new(), octets: Vec::new() }
    }

    /// No options, and room for this many with this many octets in all.
    #[must_use]
    pub fn with_room(count: usize, octets: usize) -> Self {
        Self { places: Vec::with_capacity(count), octets: Vec::with_capacity(octets) }
    }

    fn value(&self, place: &Place) -> &[u8] {
        self.octets.get(place.start..place.start + place.len).unwrap_or(&[])
    }

    /// The value of an option.
    #[must_use]
    pub fn get(&self, code: u8) -> Option<&[u8]> {
        self.places.iter().find(|place| place.code == code).map(|place| self.value(place))
    }

    /// Whether an option is there, if only with an empty value.
    #[must_use]
    pub fn contains(&self, code: u8) -> bool {
        self.places.iter().any(|place| place.code == code)
    }

    /// Sets an option; one that is there already keeps its place. Framing codes are not kept.
    pub fn insert(&mut self, code: u8, value: impl AsRef<[u8]>) {
        if is_framing(code) {
            return;
        }
        let value = value.as_ref();
        let (start, len) = (self.octets.len(), value.len());
        // What another value of the same code leaves behind goes with the message.
        self.octets.extend_from_slice(value);
        match self.places.iter_mut().find(|place| place.code == code) {
            Some(place) => (place.start, place.len) = (start, len),
            None => self.places.push(Place { code, start, len }),
        }
    }

    /// Takes an option out.
    pub fn remove(&mut self, code: u8) -> Option<Vec<u8>> {
        let index = self.places.iter().position(|place| place.code == code)?;
        let place = self.places.remove(index);
        Some(self.value(&place).to_vec())
    }

    /// Codes and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &[u8])> + '_ {
        self.places.iter().map(|place| (place.code, self.value(place)))
    }

    /// How many options there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.places.is_empty()
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
/// Two steps per piece, however many distinct codes there are: the first finds how long each value
/// will be.
pub(crate) fn join<'a>(pieces: impl Iterator<Item = (u8, &'a [u8])> + Clone) -> Options {
    let pieces = pieces.filter(|(code, _)| !is_framing(*code));
    let (mut places, mut end) = (Vec::<Place>::with_capacity(16), 0);
    // By code, the number of its place, counted from one.
    let mut numbers = [0_u8; 256];
    for (code, piece) in pieces.clone() {
        let number = &mut numbers[usize::from(code)];
        if *number == 0 {
            places.push(Place { code, start: 0, len: 0 });
            *number = u8::try_from(places.len()).unwrap_or(u8::MAX);
        }
        if let Some(place) = places.get_mut(usize::from(*number) - 1) {
            place.len += piece.len();
        }
    }
    for place in &mut places {
        place.start = end;
        end += place.len;
        place.len = 0;
    }
    let mut octets = vec![0; end];
    for (code, piece) in pieces {
        let number = usize::from(numbers[usize::from(code)]);
        if let Some(place) = number.checked_sub(1).and_then(|number| places.get_mut(number)) {
            let start = place.start + place.len;
            if let Some(to) = octets.get_mut(start..start + piece.len()) {
                to.copy_from_slice(piece);
                place.len += piece.len();
            }
        }
    }
    Options { places, octets }
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

impl<V: AsRef<[u8]>> FromIterator<(u8, V)> for Options {
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
