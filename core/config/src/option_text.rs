//! Option values as text: what `data` holds, and octets in that form again.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use lessor_wire::name::{self, DomainName};
use lessor_wire::v4::layout::{Element, Psid};
use lessor_wire::v4::{Layout, OptionType, Route};

use crate::{Prefix4, resolver_text};

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

/// The octets of a value, its parts with commas between them.
pub(crate) fn encode(layout: Layout<'_>, text: &str) -> Result<Vec<u8>, Misfit> {
    let whole = |told: &str, hint: &str| Misfit {
        at: 0..text.len(),
        told: told.to_owned(),
        hint: hint.to_owned(),
    };
    match layout.fields {
        [] if text.trim().is_empty() => return Ok(Vec::new()),
        [] => {
            let hint = "expected an empty string, or octets with csv-format false";
            return Err(whole("this option has no value of its own", hint));
        }
        [OptionType::String] if !layout.array => {
            return match text.replace("\\,", ",") {
                empty if empty.is_empty() => Err(whole("no text", "expected at least a letter")),
                text => Ok(text.into_bytes()),
            };
        }
        [OptionType::Binary] if !layout.array => {
            let hint = "expected hexadecimal such as \"C0000201\"";
            return match parse_hex(text) {
                Some(octets) if !octets.is_empty() => Ok(octets),
                _ => Err(whole("not octets", hint)),
            };
        }
        [OptionType::RouteList] => return encode_routes(text),
        [OptionType::DomainList] => return encode_domains(text),
        [OptionType::Dnr] => return resolver_text::encode(text),
        _ => {}
    }
    encode_fields(layout, text)
}

fn encode_fields(layout: Layout<'_>, text: &str) -> Result<Vec<u8>, Misfit> {
    let tokens = tokens(text);
    if tokens.len() < layout.fields.len() {
        let missing = layout.fields.get(tokens.len()).map_or("a value", |kind| describe(*kind));
        return Err(Misfit {
            at: 0..text.len(),
            told: "a field is missing".to_owned(),
            hint: format!("expected {missing} after these"),
        });
    }
    let mut octets = Vec::new();
    for (index, (at, token)) in tokens.into_iter().enumerate() {
        let Some(kind) = layout.kind(index) else {
            let (told, hint) = match layout.fields.len() {
                1 => ("more than one value", "this option has one".to_owned()),
                fields => ("more than all values", format!("this option has {fields}")),
            };
            return Err(Misfit { at, told: told.to_owned(), hint });
        };
        let value = encode_one(kind, &token).ok_or_else(|| misfit(at, &token, describe(kind)))?;
        octets.extend(value);
    }
    Ok(octets)
}

fn misfit(at: Range<usize>, token: &str, expected: &str) -> Misfit {
    Misfit { at, told: format!("`{token}` does not fit"), hint: format!("expected {expected}") }
}

/// One value of a kind whose values stand between commas.
fn encode_one(kind: OptionType, token: &str) -> Option<Vec<u8>> {
    Some(match kind {
        OptionType::Boolean => match token {
            "true" | "1" => vec![1],
            "false" | "0" => vec![0],
            _ => return None,
        },
        OptionType::Uint8 => u8::try_from(integer(token)?).ok()?.to_be_bytes().to_vec(),
        OptionType::Uint16 => u16::try_from(integer(token)?).ok()?.to_be_bytes().to_vec(),
        OptionType::Uint32 => u32::try_from(integer(token)?).ok()?.to_be_bytes().to_vec(),
        OptionType::Int8 => i8::try_from(integer(token)?).ok()?.to_be_bytes().to_vec(),
        OptionType::Int16 => i16::try_from(integer(token)?).ok()?.to_be_bytes().to_vec(),
        OptionType::Int32 => i32::try_from(integer(token)?).ok()?.to_be_bytes().to_vec(),
        OptionType::Ipv4 => token.parse::<Ipv4Addr>().ok()?.octets().to_vec(),
        OptionType::Ipv6 => token.parse::<Ipv6Addr>().ok()?.octets().to_vec(),
        OptionType::Ipv6Prefix => encode_prefix(token)?,
        OptionType::Psid => {
            let (value, len) = token.split_once('/')?;
            Psid::new(value.trim().parse().ok()?, len.trim().parse().ok()?)?.to_octets().to_vec()
        }
        OptionType::Fqdn => name::encode(token).ok()?,
        OptionType::Binary => parse_hex(token)?,
        OptionType::String if !token.is_empty() => token.as_bytes().to_vec(),
        OptionType::Tuple => {
            let len = u8::try_from(token.len()).ok()?;
            [&[len], token.as_bytes()].concat()
        }
        OptionType::LongTuple => {
            let len = u16::try_from(token.len()).ok()?;
            [&len.to_be_bytes(), token.as_bytes()].concat()
        }
        OptionType::String | OptionType::RouteList | OptionType::DomainList | OptionType::Dnr => {
            return None;
        }
    })
}

/// A number in decimal, or in hexadecimal after `0x`.
fn integer(token: &str) -> Option<i64> {
    let digits = token.strip_prefix("0x").or_else(|| token.strip_prefix("0X"));
    match digits {
        Some(digits) if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
            i64::from_str_radix(digits, 16).ok()
        }
        Some(_) => None,
        None => token.parse().ok(),
    }
}

/// The length in bits, and as many octets of the address as it covers.
fn encode_prefix(token: &str) -> Option<Vec<u8>> {
    let (addr, len) = token.split_once('/')?;
    let addr: Ipv6Addr = addr.trim().parse().ok()?;
    let len: u8 = len.trim().parse().ok()?;
    let unused = 128_u32.checked_sub(len.into())?;
    let mask = u128::MAX.checked_shl(unused).unwrap_or(0);
    let octets = (addr.to_bits() & mask).to_be_bytes();
    let significant = octets.iter().take(usize::from(len.div_ceil(8)));
    Some([len].iter().chain(significant).copied().collect())
}

fn encode_domains(text: &str) -> Result<Vec<u8>, Misfit> {
    let mut names = Vec::new();
    for (at, token) in tokens(text) {
        let name = if token.is_empty() { None } else { DomainName::parse(&token).ok() };
        names.push(name.ok_or_else(|| misfit(at, &token, describe(OptionType::DomainList)))?);
    }
    Ok(name::encode_list(&names))
}

/// Routes with a dash between destination and router. Up to version 2.5.5 of Kea they were written
/// as three addresses each: network, mask and router.
fn encode_routes(text: &str) -> Result<Vec<u8>, Misfit> {
    let tokens = tokens(text);
    let addrs: Option<Vec<Ipv4Addr>> = tokens.iter().map(|(_, it)| it.parse().ok()).collect();
    if let Some((triples @ [_, ..], [])) = addrs.as_deref().map(<[Ipv4Addr]>::as_chunks::<3>) {
        let routes: Option<Vec<Route>> = triples
            .iter()
            .map(|[network, mask, router]| Route::new(*network, mask_len(*mask)?, *router))
            .collect();
        if let Some(routes) = routes {
            return Ok(Route::list_octets(&routes));
        }
    }
    let mut routes = Vec::new();
    for (at, token) in tokens {
        let route = parse_route(&token);
        routes.push(route.ok_or_else(|| misfit(at, &token, describe(OptionType::RouteList)))?);
    }
    Ok(Route::list_octets(&routes))
}

fn mask_len(mask: Ipv4Addr) -> Option<u8> {
    let bits = mask.to_bits();
    let is_mask = bits.leading_ones() + bits.trailing_zeros() >= 32;
    is_mask.then(|| u8::try_from(bits.leading_ones()).ok())?
}

fn parse_route(token: &str) -> Option<Route> {
    let (destination, router) = token.split_once('-')?;
    let destination: Prefix4 = destination.trim().parse().ok()?;
    Route::new(destination.addr(), destination.len(), router.trim().parse().ok()?)
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
        OptionType::Ipv6 => "an IPv6 address such as 2001:db8::1",
        OptionType::Ipv6Prefix => "an IPv6 prefix such as 2001:db8::/32",
        OptionType::Psid => "a port set identifier and its length in bits such as 3/4",
        OptionType::Fqdn | OptionType::DomainList => "a domain name such as example.org",
        OptionType::RouteList => "a route such as 198.51.100.0/24 - 192.0.2.1",
        OptionType::Dnr => resolver_text::FORM,
        OptionType::Binary => "hexadecimal such as C0000201",
        OptionType::String => "text",
        OptionType::Tuple => "text of at most 255 octets",
        OptionType::LongTuple => "text of at most 65535 octets",
    }
}

/// What stands between commas, without blanks around it. A comma after a backslash is text.
pub(crate) fn tokens(text: &str) -> Vec<(Range<usize>, String)> {
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
pub(crate) fn print(layout: Layout<'_>, octets: &[u8]) -> Option<String> {
    if let [OptionType::Binary] | [] = layout.fields {
        return None;
    }
    let text = |element: Element<'_>| match (element.text(), element.kind) {
        (Some(text), _) => Some(std::str::from_utf8(text).ok()?.replace(',', "\\,")),
        (None, OptionType::Binary) => Some(hex(element.octets)),
        (None, OptionType::Dnr) => resolver_text::print(element.octets),
        (None, _) => element.plain(),
    };
    let texts: Option<Vec<String>> = layout.elements(octets)?.into_iter().map(text).collect();
    let text = texts?.join(", ");
    // Escapes, compression and stray lengths have no text: only what reads back is one.
    (encode(layout, &text).as_deref() == Ok(octets)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lessor_wire::v4::definition;
    use proptest::prelude::*;

    fn one(kind: OptionType) -> Layout<'static> {
        let known = definition::all().iter().map(|it| it.layout);
        let custom = [OptionType::Int8, OptionType::Ipv6Prefix, OptionType::Tuple].map(|kind| {
            let fields: &'static [OptionType] = match kind {
                OptionType::Int8 => &[OptionType::Int8],
                OptionType::Tuple => &[OptionType::Tuple],
                _ => &[OptionType::Ipv6Prefix],
            };
            Layout { fields, array: false }
        });
        let mut layouts = known.chain(custom).filter(|it| it.fields == [kind] && !it.array);
        layouts.next().expect("some option has this type")
    }

    #[test]
    fn types_that_no_standard_option_has() {
        for (kind, text, octets) in [
            (OptionType::Int8, "-1", &b"\xff"[..]),
            (OptionType::Int8, "0x7f", b"\x7f"),
            (OptionType::Ipv6Prefix, "2001:db8::/32", b"\x20\x20\x01\x0d\xb8"),
            (OptionType::Ipv6Prefix, "2001:db8:8000::/33", b"\x21\x20\x01\x0d\xb8\x80"),
            (OptionType::Ipv6Prefix, "::/0", b"\0"),
            (OptionType::Tuple, "a\\,b", b"\x03a,b"),
        ] {
            assert_eq!(encode(one(kind), text).as_deref(), Ok(octets), "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_place() {
        let addrs = Layout { fields: &[OptionType::Ipv4], array: true };
        let misfit = encode(addrs, "192.0.2.1,  x ").expect_err("x");
        assert_eq!((misfit.at, misfit.told.as_str()), (12..13, "`x` does not fit"));
        let misfit = encode(one(OptionType::Uint8), "1, 2").expect_err("two");
        assert_eq!((misfit.at, misfit.told.as_str()), (3..4, "more than one value"));
        let record = Layout { fields: &[OptionType::Uint8, OptionType::Boolean], array: false };
        assert_eq!(encode(record, "1").expect_err("one").told, "a field is missing");
        assert_eq!(encode(record, "1, 1, 1").expect_err("three").at, 6..7);
        for (kind, text) in [
            (OptionType::Uint8, "256"),
            (OptionType::Uint8, "0x100"),
            (OptionType::Uint8, "0x+1"),
            (OptionType::Uint8, ""),
            (OptionType::Boolean, "yes"),
            (OptionType::Ipv4, "192.0.2"),
            (OptionType::Fqdn, "a..b"),
            (OptionType::Ipv6Prefix, "2001:db8::/129"),
            (OptionType::RouteList, "10.0.0.0/33 - 192.0.2.1"),
            (OptionType::RouteList, "10.0.0.0, 255.0.255.0, 192.0.2.1"),
            (OptionType::String, ""),
            (OptionType::Binary, "0g"),
            (OptionType::Dnr, "1"),
        ] {
            assert!(encode(one(kind), text).is_err(), "{kind:?} {text}");
        }
        assert!(encode(Layout { fields: &[], array: false }, "x").is_err());
        assert!(encode(one(OptionType::Tuple), &"x".repeat(256)).is_err());
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
            if let Some(text) = print(known.layout, &octets) {
                prop_assert_eq!(encode(known.layout, &text), Ok(octets));
            }
        }

        #[test]
        fn hexadecimal_reads_back(octets in proptest::collection::vec(any::<u8>(), 0..12)) {
            prop_assert_eq!(parse_hex(&hex(&octets)), Some(octets));
        }

        #[test]
        fn records_read_back_as_they_were_printed(
            fields in proptest::collection::vec(
                proptest::sample::select(OptionType::names().collect::<Vec<_>>()), 1..4),
            array in any::<bool>(),
            octets in proptest::collection::vec(prop_oneof![0_u8..5, any::<u8>()], 0..16),
            text in "[0-9a-fx.,:'\\\\ /é-]{0,20}",
        ) {
            let fields: Vec<OptionType> =
                fields.into_iter().filter_map(OptionType::parse).collect();
            let layout = Layout { fields: &fields, array };
            if layout.is_lawful() {
                if let Some(text) = print(layout, &octets) {
                    prop_assert_eq!(encode(layout, &text), Ok(octets));
                }
                match encode(layout, &text) {
                    // What was read can be taken apart again.
                    Ok(octets) => prop_assert!(layout.elements(&octets).is_some(), "{:?}", octets),
                    Err(misfit) => prop_assert!(text.get(misfit.at).is_some()),
                }
            }
        }

        #[test]
        fn any_text_is_octets_or_a_misfit_inside_it(
            index in 0_usize..definition::all().len(),
            text in "[0-9a-fx.,:'\\\\ /é-]{0,20}",
        ) {
            let known = definition::all()[index];
            if let Err(misfit) = encode(known.layout, &text) {
                prop_assert!(text.get(misfit.at).is_some());
            }
        }
    }
}
