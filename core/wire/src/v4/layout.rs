//! How the values of options are made up, and values taken apart.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::dnr::Dnr;
use super::route::Route;
use crate::name;

/// How one field of a value is made up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum OptionType {
    /// Octets, to the end of the value.
    Binary,
    /// One octet, 0 or 1.
    Boolean,
    /// One octet.
    Uint8,
    /// Two octets, most significant first.
    Uint16,
    /// Four octets, most significant first.
    Uint32,
    /// One octet, two's complement.
    Int8,
    /// Two octets, two's complement.
    Int16,
    /// Four octets, two's complement.
    Int32,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// A length in bits, and as many octets of an IPv6 address as it covers.
    Ipv6Prefix,
    /// The ports that a client may use of a shared address: a length in bits, and two octets whose
    /// first bits are the identifier of the set (RFC 7597 §5.1, RFC 7618).
    Psid,
    /// Text without a terminator, to the end of the value.
    String,
    /// Text with its length in one octet before it.
    Tuple,
    /// Text with its length in two octets before it.
    LongTuple,
    /// A domain name in DNS wire form, uncompressed.
    Fqdn,
    /// Destinations and their routers (RFC 3442); a value by itself.
    RouteList,
    /// Domain names, which may be compressed (RFC 3397); a value by itself.
    DomainList,
    /// Encrypted resolvers (RFC 9463); a value by itself.
    Dnr,
}

/// Those that a configuration can name, by their names there.
const NAMED: [(&str, OptionType); 15] = [
    ("binary", OptionType::Binary),
    ("boolean", OptionType::Boolean),
    ("uint8", OptionType::Uint8),
    ("uint16", OptionType::Uint16),
    ("uint32", OptionType::Uint32),
    ("int8", OptionType::Int8),
    ("int16", OptionType::Int16),
    ("int32", OptionType::Int32),
    ("ipv4-address", OptionType::Ipv4),
    ("ipv6-address", OptionType::Ipv6),
    ("ipv6-prefix", OptionType::Ipv6Prefix),
    ("psid", OptionType::Psid),
    ("string", OptionType::String),
    ("tuple", OptionType::Tuple),
    ("fqdn", OptionType::Fqdn),
];

impl OptionType {
    /// The type of this name in configuration files.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        NAMED.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// Its name in configuration files, if it has one.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        NAMED.iter().find(|(_, kind)| *kind == self).map(|(name, _)| *name)
    }

    /// The names of all types that have one.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMED.iter().map(|(name, _)| *name)
    }

    /// Whether a value of this type goes on to the end, so that nothing can follow it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Binary | Self::String | Self::RouteList | Self::DomainList | Self::Dnr)
    }

    /// How many of these octets one value takes; none if they do not begin with one.
    fn len(self, octets: &[u8]) -> Option<usize> {
        let first = || octets.first().copied().map(usize::from);
        let len = match self {
            Self::Boolean | Self::Uint8 | Self::Int8 => 1,
            Self::Uint16 | Self::Int16 => 2,
            Self::Psid => 3,
            Self::Uint32 | Self::Int32 | Self::Ipv4 => 4,
            Self::Ipv6 => 16,
            Self::Ipv6Prefix => 1 + first()?.div_ceil(8),
            Self::Tuple => 1 + first()?,
            Self::LongTuple => 2 + usize::from(u16::from_be_bytes(*octets.first_chunk::<2>()?)),
            Self::Fqdn => name::wire_len(octets)?,
            Self::Binary | Self::String | Self::RouteList | Self::DomainList | Self::Dnr => {
                octets.len()
            }
        };
        (len <= octets.len()).then_some(len)
    }
}

/// How a value is made up: fields one after another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Layout<'a> {
    /// The types of the fields; none for a value that is empty but for sub-options.
    pub fields: &'a [OptionType],
    /// Whether the last field may be there several times.
    pub array: bool,
}

impl<'a> Layout<'a> {
    /// Whether each value can be taken apart again: only the last field is open, and only a closed
    /// one repeats.
    #[must_use]
    pub fn is_lawful(self) -> bool {
        match self.fields.split_last() {
            None => !self.array,
            Some((last, before)) => {
                let is_closed = |kind: &OptionType| !kind.is_open();
                before.iter().all(is_closed) && (!self.array || is_closed(last))
            }
        }
    }

    /// The type of the `at`th element, counted from 0.
    #[must_use]
    pub fn kind(self, at: usize) -> Option<OptionType> {
        let last = self.fields.last().copied().filter(|_| self.array);
        self.fields.get(at).copied().or(last)
    }

    /// The elements of a value; none if the octets are not exactly such a value.
    #[must_use]
    pub fn elements<'o>(self, octets: &'o [u8]) -> Option<Vec<Element<'o>>> {
        let mut rest = octets;
        let mut elements = Vec::new();
        while elements.len() < self.fields.len() || !rest.is_empty() {
            let kind = self.kind(elements.len())?;
            let (value, tail) = rest.split_at_checked(kind.len(rest)?)?;
            elements.push(Element { kind, octets: value });
            rest = tail;
        }
        Some(elements)
    }
}

/// One field of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Element<'a> {
    /// Its type.
    pub kind: OptionType,
    /// Its octets, with the length where the type has one.
    pub octets: &'a [u8],
}

impl<'a> Element<'a> {
    /// What is text in it, if it is of a type that holds text of any kind.
    #[must_use]
    pub const fn text(self) -> Option<&'a [u8]> {
        match (self.kind, self.octets) {
            (OptionType::String, text)
            | (OptionType::Tuple, [_, text @ ..])
            | (OptionType::LongTuple, [_, _, text @ ..]) => Some(text),
            _ => None,
        }
    }

    /// Numbers, addresses and names as they are written; none for text and binary, and for octets
    /// that mean nothing in this type. Several parts of one value have `, ` between them.
    #[must_use]
    pub fn plain(self) -> Option<String> {
        let octets = self.octets;
        Some(match self.kind {
            OptionType::Binary | OptionType::String | OptionType::Tuple | OptionType::LongTuple => {
                return None;
            }
            OptionType::Boolean => match octets {
                [0] => "false".to_owned(),
                [1] => "true".to_owned(),
                _ => return None,
            },
            OptionType::Uint8 => u8::from_be_bytes(octets.try_into().ok()?).to_string(),
            OptionType::Uint16 => u16::from_be_bytes(octets.try_into().ok()?).to_string(),
            OptionType::Uint32 => u32::from_be_bytes(octets.try_into().ok()?).to_string(),
            OptionType::Int8 => i8::from_be_bytes(octets.try_into().ok()?).to_string(),
            OptionType::Int16 => i16::from_be_bytes(octets.try_into().ok()?).to_string(),
            OptionType::Int32 => i32::from_be_bytes(octets.try_into().ok()?).to_string(),
            OptionType::Ipv4 => Ipv4Addr::from(<[u8; 4]>::try_from(octets).ok()?).to_string(),
            OptionType::Ipv6 => Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?).to_string(),
            OptionType::Ipv6Prefix => ipv6_prefix(octets)?,
            OptionType::Psid => Psid::from_octets(octets)?.to_string(),
            OptionType::Fqdn => match name::decode_list(octets)?.as_slice() {
                [one] => one.clone(),
                _ => return None,
            },
            OptionType::DomainList => name::decode_list(octets)?.join(", "),
            OptionType::RouteList => joined(&Route::parse_list(octets)?, ", "),
            OptionType::Dnr => joined(&Dnr::parse_list(octets)?, " | "),
        })
    }
}

fn joined(parts: &[impl fmt::Display], gap: &str) -> String {
    parts.iter().map(ToString::to_string).collect::<Vec<_>>().join(gap)
}

fn ipv6_prefix(octets: &[u8]) -> Option<String> {
    let (len, significant) = octets.split_first()?;
    let mut addr = [0; 16];
    addr.get_mut(..significant.len())?.copy_from_slice(significant);
    (*len <= 128).then(|| format!("{}/{len}", Ipv6Addr::from(addr)))
}

/// The ports that a client may use of a shared address (RFC 7597 §5.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Psid {
    value: u16,
    len: u8,
}

impl Psid {
    /// The identifier `value` of `len` bits; none if it has more bits, or more than 16.
    #[must_use]
    pub fn new(value: u16, len: u8) -> Option<Self> {
        (len <= 16 && u32::from(value) >> len == 0).then_some(Self { value, len })
    }

    fn from_octets(octets: &[u8]) -> Option<Self> {
        let [len, high, low] = *octets else {
            return None;
        };
        let unused = 16_u32.checked_sub(len.into())?;
        let field = u32::from(u16::from_be_bytes([high, low]));
        let value = u16::try_from(field >> unused).ok()?;
        let psid = Self::new(value, len)?;
        (psid.to_octets() == octets).then_some(psid)
    }

    /// The length in bits, and the identifier in the first bits of two octets.
    #[must_use]
    pub fn to_octets(self) -> [u8; 3] {
        let unused = 16_u32.saturating_sub(self.len.into());
        let field = u16::try_from(u32::from(self.value) << unused).unwrap_or(0);
        let [high, low] = field.to_be_bytes();
        [self.len, high, low]
    }
}

/// `3/4`: the identifier and its length in bits.
impl fmt::Display for Psid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.value, self.len)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::v4::definition;

    #[test]
    fn records_are_taken_apart() {
        let layout = Layout { fields: &[OptionType::Uint8, OptionType::Tuple], array: true };
        let elements = layout.elements(b"\x07\x02ab\0").expect("well formed");
        let texts: Vec<_> = elements.iter().map(|it| (it.plain(), it.text())).collect();
        assert_eq!(
            texts,
            [(Some("7".to_owned()), None), (None, Some(&b"ab"[..])), (None, Some(&b""[..]))]
        );
        for malformed in [&b""[..], b"\x07", b"\x07\x02a", b"\x07\x01a\x02"] {
            assert_eq!(layout.elements(malformed), None, "{malformed:?}");
        }
        let none = Layout { fields: &[], array: false };
        assert_eq!((none.elements(b""), none.elements(b"x")), (Some(Vec::new()), None));
    }

    #[test]
    fn a_set_of_ports_has_up_to_16_bits() {
        for (value, len, octets) in
            [(3, 4, [4, 0x30, 0]), (0, 0, [0, 0, 0]), (0xffff, 16, [16, 0xff, 0xff])]
        {
            let psid = Psid::new(value, len).expect("lawful");
            assert_eq!(psid.to_octets(), octets);
            assert_eq!(Psid::from_octets(&octets), Some(psid));
        }
        assert_eq!((Psid::new(16, 4), Psid::new(0, 17)), (None, None));
        assert_eq!(
            (Psid::from_octets(&[17, 0, 0]), Psid::from_octets(&[4, 0x38, 0])),
            (None, None)
        );
    }

    proptest! {
        #[test]
        fn elements_are_the_whole_value(
            index in 0_usize..definition::all().len(),
            octets in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            let layout = definition::all()[index].layout;
            if let Some(elements) = layout.elements(&octets) {
                let all: Vec<u8> = elements.iter().flat_map(|it| it.octets).copied().collect();
                prop_assert_eq!(&all, &octets);
                for element in elements {
                    let text = element.plain().unwrap_or_default();
                    prop_assert!(text.bytes().all(|c| (b' '..=b'~').contains(&c)), "{:?}", text);
                }
            }
        }
    }
}
