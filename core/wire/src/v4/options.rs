//! The options of one message.

use std::fmt;
use std::net::Ipv4Addr;

use super::{Codes, code, print};

/// Options by code, each once and whole, in the order in which they came.
///
/// A value may be longer than 255 octets: encoding splits it, decoding joins what was split
/// (RFC 3396). Pad (0), end (255) and overload (52) are framing, not content, and are never kept.
///
/// The order is the order to send in, and the order of importance when not everything fits; two
/// sets with the same values are equal in whatever order.
///
/// They lie in one run of octets, as they do on the wire, since a message is made and thrown away
/// with each packet.
#[derive(Clone, Default)]
pub struct Options {
    /// Which there are: most of those that are asked for are not.
    codes: Codes,
    /// Code, length and value of each.
    run: Vec<u8>,
    /// The values that are longer than a length octet can state. In the run, empty ones stand for
    /// them.
    long: Vec<(u8, Vec<u8>)>,
}

/// The longest value that a length octet can state.
const SHORT_MAX: usize = 255;
/// Code and length.
const TAG: usize = 2;

impl Options {
    /// No options.
    #[must_use]
    pub const fn new() -> Self {
        Self { codes: Codes::from_bits([0; 4]), run: Vec::new(), long: Vec::new() }
    }

    /// No options, and room for ones that take this many octets, their tags included.
    #[must_use]
    pub fn with_room(octets: usize) -> Self {
        Self { run: Vec::with_capacity(octets), ..Self::new() }
    }

    /// Options that lie in `run` as on the wire: those of `codes`, each once, and nothing else.
    pub(crate) fn from_run(codes: Codes, run: &[u8]) -> Self {
        Self { codes, run: run.to_vec(), long: Vec::new() }
    }

    /// The options as they lie on the wire, if none has to be split.
    pub(crate) fn as_run(&self) -> Option<&[u8]> {
        self.long.is_empty().then_some(self.run.as_slice())
    }

    /// Where the tag of an option is in the run.
    fn place(&self, code: u8) -> Option<usize> {
        if !self.codes.contains(code) {
            return None;
        }
        let mut at = 0;
        while let Some((&[own, len], _)) = self.run.get(at..)?.split_first_chunk() {
            if own == code {
                return Some(at);
            }
            at += TAG + usize::from(len);
        }
        None
    }

    /// The value that a tag and what lies behind it stand for.
    fn whole<'a>(&'a self, code: u8, short: &'a [u8]) -> &'a [u8] {
        let long = if short.is_empty() { self.long.as_slice() } else { &[] };
        long.iter().find(|(own, _)| *own == code).map_or(short, |(_, value)| value)
    }

    /// The value of an option.
    #[must_use]
    pub fn get(&self, code: u8) -> Option<&[u8]> {
        let (&[_, len], rest) = self.run.get(self.place(code)?..)?.split_first_chunk()?;
        Some(self.whole(code, rest.get(..usize::from(len))?))
    }

    /// Whether an option is there, if only with an empty value.
    #[must_use]
    pub const fn contains(&self, code: u8) -> bool {
        self.codes.contains(code)
    }

    /// The codes of those that are there.
    #[must_use]
    pub const fn codes(&self) -> Codes {
        self.codes
    }

    /// Sets an option; one that is there already keeps its place. Framing codes are not kept.
    pub fn insert(&mut self, code: u8, value: impl AsRef<[u8]>) {
        if is_framing(code) {
            return;
        }
        let value = value.as_ref();
        let (len, short) = match u8::try_from(value.len()) {
            Ok(len) => (len, value),
            Err(_) => (0, &[][..]),
        };
        match self.place(code) {
            Some(at) => {
                self.long.retain(|(own, _)| *own != code);
                let end = self.end_of(at);
                let octets = [code, len].into_iter().chain(short.iter().copied());
                self.run.splice(at..end, octets);
            }
            None => {
                self.codes.insert(code);
                self.run.reserve(TAG + short.len());
                self.run.extend_from_slice(&[code, len]);
                self.run.extend_from_slice(short);
            }
        }
        if value.len() > SHORT_MAX {
            self.long.push((code, value.to_vec()));
        }
    }

    /// Where what a tag stands for ends in the run.
    fn end_of(&self, at: usize) -> usize {
        let len = self.run.get(at + 1).copied().map_or(0, usize::from);
        (at + TAG + len).min(self.run.len())
    }

    /// Adds those of `other` that are not there, in their order.
    pub fn append(&mut self, other: &Self) {
        if self.codes.meets(&other.codes) {
            for (code, value) in other.iter().filter(|(code, _)| !self.codes.contains(*code)) {
                self.run.extend([code, u8::try_from(value.len()).unwrap_or(0)]);
                match value.len() {
                    ..=SHORT_MAX => self.run.extend_from_slice(value),
                    _ => self.long.push((code, value.to_vec())),
                }
            }
        } else {
            self.run.extend_from_slice(&other.run);
            self.long.extend_from_slice(&other.long);
        }
        self.codes = self.codes.with(other.codes);
    }

    /// Takes an option out.
    pub fn remove(&mut self, code: u8) -> Option<Vec<u8>> {
        let value = self.get(code)?.to_vec();
        let at = self.place(code)?;
        self.run.drain(at..self.end_of(at));
        self.long.retain(|(own, _)| *own != code);
        self.codes.remove(code);
        Some(value)
    }

    /// Codes and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &[u8])> + '_ {
        let mut rest = self.run.as_slice();
        std::iter::from_fn(move || {
            let (&[code, len], tail) = rest.split_first_chunk()?;
            let (short, tail) = tail.split_at_checked(usize::from(len))?;
            rest = tail;
            Some((code, self.whole(code, short)))
        })
    }

    /// How many options there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.run.is_empty()
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
    let mut order: Vec<u8> = Vec::with_capacity(16);
    let mut lens = [0_usize; 256];
    let mut codes = Codes::default();
    for (code, piece) in pieces.clone() {
        if !codes.contains(code) {
            codes.insert(code);
            order.push(code);
        }
        lens[usize::from(code)] += piece.len();
    }
    let mut options = Options { codes, ..Options::new() };
    // By code, where its next piece goes: into the run, or into the long value of this number.
    let mut ways = [0_usize; 256];
    for code in order {
        let len = lens[usize::from(code)];
        let (short, way) = match u8::try_from(len) {
            Ok(short) => (short, options.run.len() + TAG),
            Err(_) => (0, options.long.len()),
        };
        ways[usize::from(code)] = way;
        options.run.extend([code, short]);
        options.run.resize(options.run.len() + usize::from(short), 0);
        if len > SHORT_MAX {
            options.long.push((code, Vec::with_capacity(len)));
        }
    }
    for (code, piece) in pieces {
        let way = &mut ways[usize::from(code)];
        if lens[usize::from(code)] > SHORT_MAX {
            if let Some((_, value)) = options.long.get_mut(*way) {
                value.extend_from_slice(piece);
            }
        } else if let Some(to) = options.run.get_mut(*way..*way + piece.len()) {
            to.copy_from_slice(piece);
            *way += piece.len();
        }
    }
    options
}

const fn is_framing(code: u8) -> bool {
    matches!(code, code::PAD | code::OVERLOAD | code::END)
}

impl PartialEq for Options {
    fn eq(&self, other: &Self) -> bool {
        self.codes == other.codes && self.iter().all(|(code, value)| other.get(code) == Some(value))
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
    use proptest::prelude::*;

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

    /// What can be done to options.
    #[derive(Clone, Debug)]
    enum Step {
        Insert(u8, Vec<u8>),
        Remove(u8),
        Append(Vec<(u8, Vec<u8>)>),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let value = || {
            prop_oneof![
                4 => proptest::collection::vec(any::<u8>(), 0..6),
                1 => proptest::collection::vec(any::<u8>(), 250..260),
            ]
        };
        let option = move || (0_u8..6, value());
        let step = prop_oneof![
            4 => option().prop_map(|(code, value)| Step::Insert(code, value)),
            2 => (0_u8..6).prop_map(Step::Remove),
            1 => proptest::collection::vec(option(), 0..4).prop_map(Step::Append),
        ];
        proptest::collection::vec(step, 0..20)
    }

    proptest! {
        #[test]
        fn options_are_a_list_in_which_each_code_is_once(steps in steps()) {
            let mut options = Options::new();
            let mut list: Vec<(u8, Vec<u8>)> = Vec::new();
            let set = |list: &mut Vec<(u8, Vec<u8>)>, code: u8, value: &[u8], replaces: bool| {
                match list.iter_mut().find(|(own, _)| *own == code) {
                    Some(own) if replaces => own.1 = value.to_vec(),
                    Some(_) => {}
                    None if code == code::PAD => {}
                    None => list.push((code, value.to_vec())),
                }
            };
            for step in steps {
                match step {
                    Step::Insert(code, value) => {
                        options.insert(code, &value);
                        set(&mut list, code, &value, true);
                    }
                    Step::Remove(code) => {
                        let at = list.iter().position(|(own, _)| *own == code);
                        prop_assert_eq!(options.remove(code), at.map(|at| list.remove(at).1));
                    }
                    Step::Append(others) => {
                        let others: Options = others.into_iter().collect();
                        options.append(&others);
                        others.iter().for_each(|(code, value)| set(&mut list, code, value, false));
                    }
                }
                let found: Vec<_> = options.iter().map(|(code, value)| (code, value.to_vec())).collect();
                prop_assert_eq!(&found, &list);
                prop_assert_eq!(options.len(), list.len());
                for code in 0..6 {
                    let value = list.iter().find(|(own, _)| *own == code).map(|(_, it)| &it[..]);
                    prop_assert_eq!(options.get(code), value);
                    prop_assert_eq!(options.contains(code), value.is_some());
                }
            }
        }
    }
}
