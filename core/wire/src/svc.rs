//! Service parameters (RFC 9460), as the options for encrypted resolvers carry them.

use std::fmt::{self, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr};

const MANDATORY: u16 = 0;
const ALPN: u16 = 1;
const NO_DEFAULT_ALPN: u16 = 2;
const PORT: u16 = 3;
const IPV4_HINT: u16 = 4;
const IPV6_HINT: u16 = 6;
const DOH_PATH: u16 = 7;
const OHTTP: u16 = 8;

/// Keys by their names (RFC 9460 §14.3.2, RFC 9461, RFC 9540).
const NAMES: [(&str, u16); 9] = [
    ("mandatory", MANDATORY),
    ("alpn", ALPN),
    ("no-default-alpn", NO_DEFAULT_ALPN),
    ("port", PORT),
    ("ipv4hint", IPV4_HINT),
    ("ech", 5),
    ("ipv6hint", IPV6_HINT),
    ("dohpath", DOH_PATH),
    ("ohttp", OHTTP),
];

/// Keys and values, by ascending key, each once (RFC 9460 §2.2).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SvcParams(Vec<(u16, Vec<u8>)>);

/// Why text is not service parameters: which part, and what is wrong with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotParams {
    /// The part as it was written.
    pub part: String,
    /// What is wrong with it.
    pub told: &'static str,
}

impl fmt::Display for NotParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.part, self.told)
    }
}

impl std::error::Error for NotParams {}

impl SvcParams {
    /// Reads wire form; none if it is malformed or its keys do not ascend.
    #[must_use]
    pub fn parse(octets: &[u8]) -> Option<Self> {
        let mut params: Vec<(u16, Vec<u8>)> = Vec::new();
        let mut rest = octets;
        while !rest.is_empty() {
            let (key, tail) = rest.split_first_chunk::<2>()?;
            let (len, tail) = tail.split_first_chunk::<2>()?;
            let (value, tail) = tail.split_at_checked(u16::from_be_bytes(*len).into())?;
            let key = u16::from_be_bytes(*key);
            if params.last().is_some_and(|(last, _)| *last >= key) {
                return None;
            }
            params.push((key, value.to_vec()));
            rest = tail;
        }
        Some(Self(params))
    }

    /// Wire form (RFC 9460 §2.2).
    #[must_use]
    pub fn to_octets(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        for (key, value) in &self.0 {
            // Every value came from a length of two octets, or was checked against it.
            let len = u16::try_from(value.len()).unwrap_or(u16::MAX);
            octets.extend(key.to_be_bytes());
            octets.extend(len.to_be_bytes());
            octets.extend(value.iter().take(len.into()));
        }
        octets
    }

    /// Reads text such as `alpn=dot,h2 port=8853`, with blanks between parameters.
    ///
    /// # Errors
    /// [`NotParams`].
    pub fn parse_text(text: &str) -> Result<Self, NotParams> {
        let mut params: Vec<(u16, Vec<u8>)> = Vec::new();
        for part in text.split_ascii_whitespace() {
            let refuse = |told| NotParams { part: part.to_owned(), told };
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (part, None),
            };
            let key = key(name).ok_or_else(|| refuse("no known key"))?;
            let octets = value_octets(key, value).ok_or_else(|| refuse("not its kind of value"))?;
            if u16::try_from(octets.len()).is_err() {
                return Err(refuse("too long"));
            }
            match params.binary_search_by_key(&key, |(key, _)| *key) {
                Ok(_) => return Err(refuse("the key is there twice")),
                Err(place) => params.insert(place, (key, octets)),
            }
        }
        Ok(Self(params))
    }

    /// Keys and values, by ascending key.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &[u8])> + '_ {
        self.0.iter().map(|(key, value)| (*key, value.as_slice()))
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether addresses are among them, which option 162 has a field for (RFC 9463 §5.1).
    #[must_use]
    pub fn has_hints(&self) -> bool {
        self.iter().any(|(key, _)| matches!(key, IPV4_HINT | IPV6_HINT))
    }
}

/// `alpn=dot,h2 port=8853`: what is not printable, and what would end a value, as `\DDD`.
impl fmt::Display for SvcParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, value)) in self.iter().enumerate() {
            if index > 0 {
                f.write_char(' ')?;
            }
            match value_text(key, value) {
                Some(text) => {
                    f.write_str(&key_name(key))?;
                    if !text.is_empty() {
                        write!(f, "={text}")?;
                    }
                }
                None => write!(f, "key{key}={}", escaped(value))?,
            }
        }
        Ok(())
    }
}

fn key(name: &str) -> Option<u16> {
    if let Some((_, key)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Some(*key);
    }
    let digits = name.strip_prefix("key").filter(|it| it.bytes().all(|c| c.is_ascii_digit()))?;
    digits.parse().ok()
}

fn key_name(key: u16) -> String {
    let known = NAMES.iter().find(|(_, known)| *known == key);
    known.map_or_else(|| format!("key{key}"), |(name, _)| (*name).to_owned())
}

fn value_octets(key: u16, value: Option<&str>) -> Option<Vec<u8>> {
    match key {
        NO_DEFAULT_ALPN | OHTTP => value.is_none().then(Vec::new),
        MANDATORY => {
            let mut keys: Vec<u16> = value?.split(',').map(self::key).collect::<Option<_>>()?;
            keys.sort_unstable();
            let is_lawful = keys.windows(2).all(|pair| pair.first() != pair.last());
            is_lawful.then(|| keys.into_iter().flat_map(u16::to_be_bytes).collect())
        }
        ALPN => {
            let mut octets = Vec::new();
            for id in value?.split(',') {
                let id = unescaped(id)?;
                octets.push(u8::try_from(id.len()).ok().filter(|len| *len > 0)?);
                octets.extend(id);
            }
            Some(octets)
        }
        PORT => Some(value?.parse::<u16>().ok()?.to_be_bytes().to_vec()),
        IPV4_HINT => {
            let addrs = value?.split(',').map(|addr| addr.parse::<Ipv4Addr>().ok());
            Some(addrs.collect::<Option<Vec<_>>>()?.iter().flat_map(Ipv4Addr::octets).collect())
        }
        IPV6_HINT => {
            let addrs = value?.split(',').map(|addr| addr.parse::<Ipv6Addr>().ok());
            Some(addrs.collect::<Option<Vec<_>>>()?.iter().flat_map(Ipv6Addr::octets).collect())
        }
        _ => unescaped(value.unwrap_or_default()),
    }
}

/// The text that [`value_octets`] reads; none if the octets are not a value of the key.
fn value_text(key: u16, value: &[u8]) -> Option<String> {
    Some(match key {
        NO_DEFAULT_ALPN | OHTTP => value.is_empty().then(String::new)?,
        MANDATORY => {
            let (keys, []) = value.as_chunks::<2>() else {
                return None;
            };
            let names: Vec<_> = keys.iter().map(|key| key_name(u16::from_be_bytes(*key))).collect();
            (!names.is_empty()).then(|| names.join(","))?
        }
        ALPN => {
            let mut ids = Vec::new();
            let mut rest = value;
            while let Some((len, tail)) = rest.split_first() {
                let (id, tail) = tail.split_at_checked(usize::from(*len))?;
                ids.push(escaped(id));
                rest = tail;
            }
            (!ids.is_empty()).then(|| ids.join(","))?
        }
        PORT => u16::from_be_bytes(value.try_into().ok()?).to_string(),
        IPV4_HINT => match value.as_chunks::<4>() {
            (addrs @ [_, ..], []) => {
                addrs.iter().map(|it| Ipv4Addr::from(*it).to_string()).collect::<Vec<_>>().join(",")
            }
            _ => return None,
        },
        IPV6_HINT => match value.as_chunks::<16>() {
            (addrs @ [_, ..], []) => {
                addrs.iter().map(|it| Ipv6Addr::from(*it).to_string()).collect::<Vec<_>>().join(",")
            }
            _ => return None,
        },
        _ => escaped(value),
    })
}

/// RFC 9460, appendix A: blanks, commas, bars, quotes, backslashes and what is not ASCII as `\DDD`.
fn escaped(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        match octet {
            b',' | b'|' | b'"' | b'\\' => {
                let _infallible = write!(text, "\\{octet:03}");
            }
            b'!'..=b'~' => text.push(char::from(*octet)),
            _ => {
                let _infallible = write!(text, "\\{octet:03}");
            }
        }
        text
    })
}

fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((octet, tail)) = rest.split_first() {
        rest = tail;
        if *octet != b'\\' {
            octets.push(*octet);
            continue;
        }
        match tail {
            [a @ b'0'..=b'2', b @ b'0'..=b'9', c @ b'0'..=b'9', tail @ ..] => {
                let digit = |digit: u8| u16::from(digit - b'0');
                octets.push(u8::try_from(100 * digit(*a) + 10 * digit(*b) + digit(*c)).ok()?);
                rest = tail;
            }
            [other, tail @ ..] if !other.is_ascii_digit() => {
                octets.push(*other);
                rest = tail;
            }
            _ => return None,
        }
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // RFC 9460 §2.2 and §7, RFC 9461 §5: key, length, value; keys in ascending order.
    #[test]
    fn text_and_octets_say_the_same() {
        for (text, octets) in [
            ("", &b""[..]),
            ("alpn=h2,dot port=8853", b"\0\x01\0\x07\x02h2\x03dot\0\x03\0\x02\x22\x95"),
            ("dohpath=/dns-query{?dns}", b"\0\x07\0\x10/dns-query{?dns}"),
            ("mandatory=alpn,port", b"\0\0\0\x04\0\x01\0\x03"),
            ("alpn=h2 no-default-alpn", b"\0\x01\0\x03\x02h2\0\x02\0\0"),
            ("ipv4hint=192.0.2.1", b"\0\x04\0\x04\xc0\0\x02\x01"),
            ("key667=hello\\210qoo", b"\x02\x9b\0\x09hello\xd2qoo"),
            ("alpn=f\\092oo\\044bar", b"\0\x01\0\x09\x08f\\oo,bar"),
        ] {
            let params = SvcParams::parse_text(text).expect(text);
            assert_eq!(params.to_octets(), octets, "{text}");
            assert_eq!(SvcParams::parse(octets).as_ref(), Some(&params));
            assert_eq!(params.to_string(), text);
        }
        let swapped = SvcParams::parse_text("port=1 alpn=h2").expect("any order");
        assert_eq!(swapped.to_string(), "alpn=h2 port=1");
    }

    #[test]
    fn what_is_not_lawful_is_refused() {
        for text in [
            "port=x",
            "port",
            "alpn=",
            "alpn=a alpn=b",
            "colour=red",
            "key70000=",
            "ohttp=1",
            "dohpath=\\9",
        ] {
            assert!(SvcParams::parse_text(text).is_err(), "{text}");
        }
        for octets in
            [&b"\0"[..], b"\0\x01\0\x02a", b"\0\x03\0\0\0\x01\0\0", b"\0\x01\0\0\0\x01\0\0"]
        {
            assert_eq!(SvcParams::parse(octets), None, "{octets:?}");
        }
    }

    proptest! {
        #[test]
        fn octets_are_written_as_they_were_read(octets in proptest::collection::vec(prop_oneof![0_u8..9, any::<u8>()], 0..40)) {
            if let Some(params) = SvcParams::parse(&octets) {
                prop_assert_eq!(params.to_octets(), octets);
                prop_assert!(params.to_string().bytes().all(|c| (b' '..=b'~').contains(&c)));
            }
        }

        #[test]
        fn text_that_is_read_says_the_same_again(text in "((alpn|port|mandatory|key9|dohpath|ech)=?[a-z0-9,\\\\/]{0,6} ?){0,3}") {
            if let Ok(params) = SvcParams::parse_text(&text) {
                prop_assert_eq!(SvcParams::parse(&params.to_octets()), Some(params));
            }
        }
    }
}
