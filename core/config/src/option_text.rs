//! Option values as text: what `data` holds, and octets in that form again.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::ops::Range;

use lessor_wire::name;
use lessor_wire::v4::OptionType;

use crate::Prefix4;

/// Why text is not a value of its option.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Misfit {
    /// The part of the text that is wrong, in octets.
    pub(crate) at: Range<usize>,
    /// What is wrong with it.
    pub(crate) told: String,
    /// What would be right.
    pub(crate) hint: String,
}

/// The octets of a value, or of several with commas between them.
pub(crate) fn encode(kind: OptionType, array: bool, text: &str) -> Result<Vec<u8>, Misfit> {
    let whole = |told: &str, hint: &str| Misfit {
        at: 0..text.len(),
        told: told.to_owned(),
        hint: hint.to_owned(),
    };
    match kind {
        OptionType::Empty if text.trim().is_empty() => return Ok(Vec::new()),
        OptionType::Empty => {
            let hint = "expected an empty string, or octets with csv-format false";
            return Err(whole("this option has no value of its own", hint));
        }
        OptionType::String if !array => {
            return match text.replace("\\,", ",") {
                empty if empty.is_empty() => Err(whole("no text", "expected at least a letter")),
                text => Ok(text.into_bytes()),
            };
        }
        OptionType::Binary if !array => {
            let hint = "expected hexadecimal such as \"C0000201\"";
            return match parse_hex(text) {
                Some(octets) if !octets.is_empty() => Ok(octets),
                _ => Err(whole("not octets", hint)),
            };
        }
        _ => {}
    }
    let many = array || matches!(kind, OptionType::RouteList | OptionType::DomainList);
    let mut octets = Vec::new();
    for (index, (at, token)) in tokens(text).into_iter().enumerate() {
        if index > 0 && !many {
            return Err(Misfit {
                at,
                told: "more than one value".to_owned(),
                hint: "this option has one".to_owned(),
            });
        }
        let value = encode_one(kind, &token).ok_or_else(|| Misfit {
            at,
            told: format!("`{token}` does not fit"),
            hint: format!("expected {}", describe(kind)),
        })?;
        octets.extend(value);
    }
    Ok(octets)
}

/// One value of a kind whose values stand between commas.
fn encode_one(kind: OptionType, token: &str) -> Option<Vec<u8>> {
    Some(match kind {
        OptionType::Boolean => match token {
            "true" | "1" => vec![1],
            "false" | "0" => vec![0],
            _ => return None,
        },
        OptionType::Uint8 => token.parse::<u8>().ok()?.to_be_bytes().to_vec(),
        OptionType::Uint16 => token.parse::<u16>().ok()?.to_be_bytes().to_vec(),
        OptionType::Uint32 => token.parse::<u32>().ok()?.to_be_bytes().to_vec(),
        OptionType::Int8 => token.parse::<i8>().ok()?.to_be_bytes().to_vec(),
        OptionType::Int16 => token.parse::<i16>().ok()?.to_be_bytes().to_vec(),
        OptionType::Int32 => token.parse::<i32>().ok()?.to_be_bytes().to_vec(),
        OptionType::Ipv4 => token.parse::<Ipv4Addr>().ok()?.octets().to_vec(),
        OptionType::Fqdn | OptionType::DomainList => name::encode(token).ok()?,
        OptionType::RouteList => encode_route(token)?,
        OptionType::Binary => parse_hex(token)?,
        OptionType::String if !token.is_empty() => token.as_bytes().to_vec(),
        OptionType::String | OptionType::Empty | OptionType::Internal => return None,
    })
}

/// RFC 3442: the prefix length, as many octets of the destination as it covers, the router.
fn encode_route(token: &str) -> Option<Vec<u8>> {
    let (destination, router) = token.split_once('-')?;
    let destination: Prefix4 = destination.trim().parse().ok()?;
    let router: Ipv4Addr = router.trim().parse().ok()?;
    let mut octets = vec![destination.len()];
    let significant = usize::from(destination.len().div_ceil(8));
    octets.extend(destination.addr().octets().iter().take(significant));
    octets.extend(router.octets());
    Some(octets)
}

const fn describe(kind: OptionType) -> &'static str {
    match kind {
        OptionType::Boolean => "true or false",
        OptionType::Uint8 => "an integer from 0 to 255",
        OptionType::Uint16 => "an integer from 0 to 65535",
        OptionType::Uint32 => "an integer from 0 to 4294967295",
        OptionType::Int8 => "an integer from -128 to 127",
        OptionType::Int16 => "an integer from -32768 to 32767",
        OptionType::Int32 => "an integer from -2147483648 to 2147483647",
        OptionType::Ipv4 => "an IPv4 address such as 192.0.2.1",
        OptionType::Fqdn | OptionType::DomainList => "a domain name such as example.org",
        OptionType::RouteList => "a route such as 198.51.100.0/24 - 192.0.2.1",
        OptionType::Binary => "hexadecimal such as C0000201",
        OptionType::String => "text",
        OptionType::Empty | OptionType::Internal => "nothing",
    }
}

/// What stands between commas, without blanks around it. A comma after a backslash is text.
fn tokens(text: &str) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    let mut start = 0;
    for end in bare_commas(text).chain([text.len()]) {
        let part = text.get(start..end).unwrap_or_default();
        let from = start + part.len() - part.trim_start().len();
        let token = part.trim();
        found.push((from..from + token.len(), token.replace("\\,", ",")));
        start = end + 1;
    }
    found
}

fn bare_commas(text: &str) -> impl Iterator<Item = usize> + '_ {
    text.match_indices(',')
        .map(|(at, _)| at)
        .filter(|at| !text.get(..*at).is_some_and(|before| before.ends_with('\\')))
}

/// Whether Kea would see two values in what is meant to be one text.
pub(crate) fn has_bare_comma(text: &str) -> bool {
    bare_commas(text).next().is_some()
}

/// Octets written as hexadecimal digits, in pairs with blanks or colons between them or without,
/// perhaps after `0x`; or as text in single quotes.
pub(crate) fn parse_hex(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let quoted = text.strip_prefix('\'').and_then(|it| it.strip_suffix('\''));
    if let Some(quoted) = quoted {
        return Some(quoted.as_bytes().to_vec());
    }
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    if digits.is_empty() {
        return Some(Vec::new());
    }
    let octet = |digits: &str| {
        let lawful = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        lawful.then(|| u8::from_str_radix(digits, 16).ok())?
    };
    if digits.contains([':', ' ']) {
        return digits.split([':', ' ']).map(octet).collect();
    }
    // An odd number of digits lacks the zero in front.
    let padded = if digits.len() % 2 == 1 { format!("0{digits}") } else { digits.to_owned() };
    let pairs = (0..padded.len()).step_by(2);
    pairs.map(|at| octet(padded.get(at..at + 2)?)).collect()
}

/// Hexadecimal digits without anything between them.
pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        let _infallible = write!(text, "{octet:02X}");
        text
    })
}

/// The text that [`encode`] turns into these octets, if there is one.
pub(crate) fn print(kind: OptionType, array: bool, octets: &[u8]) -> Option<String> {
    let text = match kind {
        OptionType::Empty | OptionType::Internal | OptionType::Binary => None,
        OptionType::String => Some(std::str::from_utf8(octets).ok()?.replace(',', "\\,")),
        OptionType::Boolean => match octets {
            [0] => Some("false".to_owned()),
            [1] => Some("true".to_owned()),
            _ => None,
        },
        OptionType::Uint8 => print_each(octets, u8::from_be_bytes),
        OptionType::Uint16 => print_each(octets, u16::from_be_bytes),
        OptionType::Uint32 => print_each(octets, u32::from_be_bytes),
        OptionType::Int8 => print_each(octets, i8::from_be_bytes),
        OptionType::Int16 => print_each(octets, i16::from_be_bytes),
        OptionType::Int32 => print_each(octets, i32::from_be_bytes),
        OptionType::Ipv4 => print_each(octets, |octets: [u8; 4]| Ipv4Addr::from(octets)),
        OptionType::Fqdn | OptionType::DomainList => Some(name::decode_list(octets)?.join(", ")),
        OptionType::RouteList => print_routes(octets),
    }?;
    // Escapes, compression and stray lengths have no text: only what reads back is one.
    (encode(kind, array, &text).as_deref() == Ok(octets)).then_some(text)
}

/// Values of one size with commas between them.
fn print_each<const N: usize, T: ToString>(
    octets: &[u8],
    read: impl Fn([u8; N]) -> T,
) -> Option<String> {
    let values: Option<Vec<String>> =
        octets.chunks(N).map(|chunk| Some(read(chunk.try_into().ok()?).to_string())).collect();
    Some(values?.join(", "))
}

fn print_routes(mut octets: &[u8]) -> Option<String> {
    let mut routes = Vec::new();
    while let Some((len, rest)) = octets.split_first() {
        let (significant, rest) = rest.split_at_checked(usize::from(len.div_ceil(8)))?;
        let (router, rest) = rest.split_first_chunk::<4>()?;
        let mut destination = [0; 4];
        destination.get_mut(..significant.len())?.copy_from_slice(significant);
        let prefix = Prefix4::holding(destination.into(), *len)?;
        routes.push(format!("{prefix} - {}", Ipv4Addr::from(*router)));
        octets = rest;
    }
    Some(routes.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lessor_wire::v4::definition;
    use proptest::prelude::*;

    #[test]
    fn text_becomes_octets() {
        use OptionType as Type;
        for (kind, array, text, octets) in [
            (Type::Ipv4, true, "192.0.2.1, 192.0.2.2", &b"\xc0\0\x02\x01\xc0\0\x02\x02"[..]),
            (Type::Boolean, false, "true", b"\x01"),
            (Type::Uint16, true, "68,1280", b"\0\x44\x05\0"),
            (Type::Int32, false, "-18000", b"\xff\xff\xb9\xb0"),
            (Type::String, false, "EST5EDT4\\,M3.2.0", b"EST5EDT4,M3.2.0"),
            (Type::Fqdn, false, "a.org", b"\x01a\x03org\0"),
            (Type::DomainList, false, "a.org, b.org.", b"\x01a\x03org\0\x01b\x03org\0"),
            (
                Type::RouteList,
                false,
                "10.0.0.0/8 - 192.0.2.1, 0.0.0.0/0 - 192.0.2.2",
                b"\x08\x0a\xc0\0\x02\x01\0\xc0\0\x02\x02",
            ),
            (Type::Binary, false, "0x0A:ff", b"\x0a\xff"),
            (Type::Empty, false, "", b""),
        ] {
            assert_eq!(encode(kind, array, text).as_deref(), Ok(octets), "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_place() {
        let misfit = encode(OptionType::Ipv4, true, "192.0.2.1,  x ").expect_err("x");
        assert_eq!((misfit.at, misfit.told.as_str()), (12..13, "`x` does not fit"));
        let misfit = encode(OptionType::Uint8, false, "1, 2").expect_err("two");
        assert_eq!((misfit.at, misfit.told.as_str()), (3..4, "more than one value"));
        for (kind, text) in [
            (OptionType::Uint8, "256"),
            (OptionType::Uint8, ""),
            (OptionType::Boolean, "yes"),
            (OptionType::Ipv4, "192.0.2"),
            (OptionType::Fqdn, "a..b"),
            (OptionType::RouteList, "10.0.0.0/33 - 192.0.2.1"),
            (OptionType::String, ""),
            (OptionType::Binary, "0g"),
            (OptionType::Empty, "x"),
        ] {
            assert!(encode(kind, false, text).is_err(), "{kind:?} {text}");
        }
    }

    #[test]
    fn octets_are_written_in_several_ways() {
        for text in ["0A0B", "0a:0b", "0A 0B", "0xA0B", "a:b", "A0B"] {
            assert_eq!(parse_hex(text), Some(vec![10, 11]), "{text}");
        }
        assert_eq!(parse_hex("'a1'"), Some(b"a1".to_vec()));
        assert_eq!(parse_hex(""), Some(Vec::new()));
        for bad in ["0A:", "0A::0B", "0A0G", "100:1", "é", "+1"] {
            assert_eq!(parse_hex(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn printed_text_reads_back(
            index in 0_usize..definition::all().len(),
            octets in proptest::collection::vec(any::<u8>(), 0..12),
        ) {
            let known = definition::all()[index];
            if let Some(text) = print(known.kind, known.array, &octets) {
                prop_assert_eq!(encode(known.kind, known.array, &text), Ok(octets));
            }
        }

        #[test]
        fn hexadecimal_reads_back(octets in proptest::collection::vec(any::<u8>(), 0..12)) {
            prop_assert_eq!(parse_hex(&hex(&octets)), Some(octets));
        }

        #[test]
        fn any_text_is_octets_or_a_misfit_inside_it(
            index in 0_usize..definition::all().len(),
            text in "[0-9a-fx.,:'\\\\ /é-]{0,20}",
        ) {
            let known = definition::all()[index];
            if let Err(misfit) = encode(known.kind, known.array, &text) {
                prop_assert!(text.get(misfit.at).is_some());
            }
        }
    }
}
