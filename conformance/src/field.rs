//! `key=value` in scenario files: names, types and values.
//!
//! Values are octets once they are read. A value is text by the type of its option: addresses,
//! numbers, `true`, plain text; `0x…` stands for octets whatever the type, and `0x61*300` for the
//! same octets many times over. `us` is the server's address, `$a` the address that client `a` was
//! last offered or given.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use lessor_wire::v4::{OptionType, code, definition};

/// A field of the header, or an option.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Key {
    /// A field of the fixed header.
    Header(Header),
    /// An option by its code.
    Option(u8),
}

/// A field of the fixed header.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[expect(missing_docs, reason = "the names are those of RFC 2131 §2")]
pub enum Header {
    Op,
    Htype,
    Hlen,
    Hops,
    Xid,
    Secs,
    Flags,
    Ciaddr,
    Yiaddr,
    Siaddr,
    Giaddr,
    Chaddr,
    Sname,
    File,
}

impl Header {
    /// Offset and length in the message.
    #[must_use]
    pub const fn place(self) -> (usize, usize) {
        match self {
            Self::Op => (0, 1),
            Self::Htype => (1, 1),
            Self::Hlen => (2, 1),
            Self::Hops => (3, 1),
            Self::Xid => (4, 4),
            Self::Secs => (8, 2),
            Self::Flags => (10, 2),
            Self::Ciaddr => (12, 4),
            Self::Yiaddr => (16, 4),
            Self::Siaddr => (20, 4),
            Self::Giaddr => (24, 4),
            Self::Chaddr => (28, 16),
            Self::Sname => (44, 64),
            Self::File => (108, 128),
        }
    }

    const fn kind(self) -> OptionType {
        match self {
            Self::Op | Self::Htype | Self::Hlen | Self::Hops => OptionType::Uint8,
            Self::Secs | Self::Flags => OptionType::Uint16,
            Self::Xid => OptionType::Uint32,
            Self::Ciaddr | Self::Yiaddr | Self::Siaddr | Self::Giaddr => OptionType::Ipv4,
            Self::Chaddr => OptionType::Binary,
            Self::Sname | Self::File => OptionType::String,
        }
    }
}

/// Short names of what scenarios speak of most.
const SHORT: [(&str, u8); 14] = [
    ("req", code::REQUESTED_ADDRESS),
    ("sid", code::SERVER_ID),
    ("cid", code::CLIENT_ID),
    ("want", code::LEASE_TIME),
    ("lease", code::LEASE_TIME),
    ("t1", code::RENEWAL_TIME),
    ("t2", code::REBINDING_TIME),
    ("vc", code::CLASS_ID),
    ("host", code::HOST_NAME),
    ("prl", code::PARAMETER_LIST),
    ("mask", code::SUBNET_MASK),
    ("dns", code::DOMAIN_NAME_SERVERS),
    ("rai", code::RELAY_AGENT),
    ("type", code::MESSAGE_TYPE),
];

const HEADERS: [(&str, Header); 16] = [
    ("op", Header::Op),
    ("htype", Header::Htype),
    ("hlen", Header::Hlen),
    ("hops", Header::Hops),
    ("xid", Header::Xid),
    ("secs", Header::Secs),
    ("flags", Header::Flags),
    ("ciaddr", Header::Ciaddr),
    ("yiaddr", Header::Yiaddr),
    ("siaddr", Header::Siaddr),
    ("giaddr", Header::Giaddr),
    ("ci", Header::Ciaddr),
    ("gi", Header::Giaddr),
    ("chaddr", Header::Chaddr),
    ("sname", Header::Sname),
    ("file", Header::File),
];

impl Key {
    /// What a name in a scenario stands for: a header field, a short name, Kea's name of an option,
    /// or a code.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        if let Some((_, header)) = HEADERS.iter().find(|(it, _)| *it == name) {
            return Some(Self::Header(*header));
        }
        if let Some((_, code)) = SHORT.iter().find(|(it, _)| *it == name) {
            return Some(Self::Option(*code));
        }
        let named = definition::by_name(name).map(|definition| definition.code);
        named.or_else(|| name.parse().ok()).map(Self::Option)
    }

    const fn is_array_of_octets(self) -> bool {
        matches!(self, Self::Option(code::PARAMETER_LIST))
    }

    fn kind(self) -> OptionType {
        match self {
            Self::Header(header) => header.kind(),
            Self::Option(code::REQUESTED_ADDRESS | code::SERVER_ID | code::SUBNET_SELECTION) => {
                OptionType::Ipv4
            }
            Self::Option(code::LEASE_TIME | code::RENEWAL_TIME | code::REBINDING_TIME) => {
                OptionType::Uint32
            }
            Self::Option(code::V6_ONLY_PREFERRED) => OptionType::Uint32,
            Self::Option(code::MAX_SIZE) => OptionType::Uint16,
            Self::Option(code::MESSAGE_TYPE | code::AUTO_CONFIG | code::OVERLOAD) => {
                OptionType::Uint8
            }
            Self::Option(code::CLASS_ID | code::CLIENT_ID | code::MESSAGE) => OptionType::String,
            Self::Option(code) => match definition::by_code(code).map(|it| it.layout.fields) {
                Some([one]) => *one,
                _ => OptionType::Binary,
            },
        }
    }

    /// Reads a value of this key.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn value(self, text: &str, names: &Names) -> Result<Vec<u8>, String> {
        if let Some(octets) = hexadecimal(text) {
            return octets;
        }
        if self.is_array_of_octets() {
            return numbers(text, |n: u8| vec![n]);
        }
        match self.kind() {
            OptionType::Ipv4 => {
                let addrs = text.split(',').map(|it| names.addr(it).map(|addr| addr.octets()));
                Ok(addrs.collect::<Result<Vec<_>, _>>()?.concat())
            }
            OptionType::Uint8 => numbers(text, |n: u8| vec![n]),
            OptionType::Boolean => match text {
                "true" => Ok(vec![1]),
                "false" => Ok(vec![0]),
                _ => Err(format!("`{text}` is neither true nor false")),
            },
            OptionType::Uint16 => numbers(text, |n: u16| n.to_be_bytes().to_vec()),
            OptionType::Uint32 => numbers(text, |n: u32| n.to_be_bytes().to_vec()),
            OptionType::Int8 => numbers(text, |n: i8| n.to_be_bytes().to_vec()),
            OptionType::Int16 => numbers(text, |n: i16| n.to_be_bytes().to_vec()),
            OptionType::Int32 => numbers(text, |n: i32| n.to_be_bytes().to_vec()),
            _ => Ok(text.as_bytes().to_vec()),
        }
    }
}

/// What names of a scenario stand for at one moment.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The server's address on the link that is spoken of.
    pub us: Option<Ipv4Addr>,
    /// The address that each client was last offered or given.
    pub addrs: BTreeMap<char, Ipv4Addr>,
}

impl Names {
    /// An address in text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn addr(&self, text: &str) -> Result<Ipv4Addr, String> {
        if text == "us" {
            return self.us.ok_or_else(|| "nobody knows `us` here".to_owned());
        }
        let Some(client) = text.strip_prefix('$') else {
            return text.parse().map_err(|_| format!("`{text}` is no address"));
        };
        let client = client.chars().next().unwrap_or(' ');
        self.addrs.get(&client).copied().ok_or_else(|| format!("{client} has no address yet"))
    }
}

fn numbers<N: std::str::FromStr>(
    text: &str,
    octets: impl Fn(N) -> Vec<u8>,
) -> Result<Vec<u8>, String> {
    let number =
        |it: &str| it.parse().map(&octets).map_err(|_| format!("`{it}` is no such number"));
    Ok(text.split(',').map(number).collect::<Result<Vec<_>, _>>()?.concat())
}

/// `0x…`, perhaps with a factor; none if it does not begin like that.
fn hexadecimal(text: &str) -> Option<Result<Vec<u8>, String>> {
    let digits = text.strip_prefix("0x")?;
    let (digits, times) = digits.split_once('*').unwrap_or((digits, "1"));
    Some(hexadecimal_digits(digits, times).ok_or_else(|| format!("`{text}` is no octets")))
}

fn hexadecimal_digits(digits: &str, times: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let octet = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let octets: Option<Vec<u8>> = pairs.iter().map(octet).collect();
    Some(octets?.repeat(times.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(key: &str, text: &str) -> Result<Vec<u8>, String> {
        let addrs = BTreeMap::from([('a', Ipv4Addr::new(10, 0, 0, 9))]);
        let names = Names { us: Some(Ipv4Addr::new(10, 0, 0, 1)), addrs };
        Key::by_name(key).expect("a key").value(text, &names)
    }

    #[test]
    fn values_are_read_by_their_type() {
        assert_eq!(value("req", "$a"), Ok(vec![10, 0, 0, 9]));
        assert_eq!(value("routers", "us,10.0.0.2"), Ok(vec![10, 0, 0, 1, 10, 0, 0, 2]));
        assert_eq!(value("lease", "3600"), Ok(vec![0, 0, 14, 16]));
        assert_eq!(value("prl", "1,3"), Ok(vec![1, 3]));
        assert_eq!(value("host", "pc"), Ok(b"pc".to_vec()));
        assert_eq!(value("200", "0x0102*2"), Ok(vec![1, 2, 1, 2]));
        assert_eq!(value("57", "576"), Ok(vec![2, 64]));
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for (key, text) in [("req", "$b"), ("req", "ten"), ("lease", "-1"), ("host", "0x1")] {
            assert!(value(key, text).is_err(), "{key}={text}");
        }
        assert_eq!(Key::by_name("no-such-option"), None);
    }
}
