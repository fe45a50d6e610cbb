//! Encrypted resolvers (option 162) as text: `100, resolver.example, 192.0.2.1 192.0.2.2, alpn=dot`,
//! with bars between several. Commas within service parameters have a backslash before them.

use std::net::Ipv4Addr;

use lessor_wire::name::DomainName;
use lessor_wire::svc::SvcParams;
use lessor_wire::v4::Dnr;
use lessor_wire::v4::dnr::Reach;

use crate::option_text::{self, Misfit};

/// The form of one resolver, for messages.
pub(crate) const FORM: &str = "priority, name, addresses and service parameters such as \"1, dns.example.org, 192.0.2.1 \
     192.0.2.2, alpn=dot\"";

/// The octets of the option.
pub(crate) fn encode(text: &str) -> Result<Vec<u8>, Misfit> {
    let mut found = Vec::new();
    let mut start = 0;
    for part in text.split('|') {
        found.push(parse(part).map_err(|misfit| Misfit {
            at: start + misfit.at.start..start + misfit.at.end,
            ..misfit
        })?);
        start += part.len() + 1;
    }
    Dnr::list_octets(&found).ok_or_else(|| Misfit {
        at: 0..text.len(),
        told: "too long".to_owned(),
        hint: "a resolver has at most 63 addresses, and all of them 65535 octets".to_owned(),
    })
}

fn parse(text: &str) -> Result<Dnr, Misfit> {
    let refuse = |at, told: String, hint: &str| Misfit { at, told, hint: hint.to_owned() };
    let tokens = option_text::tokens(text);
    let (priority, adn, rest) = match tokens.as_slice() {
        [priority, adn, rest @ ..] if rest.len() <= 2 => (priority, adn, rest),
        _ => return Err(refuse(0..text.len(), "not a resolver".to_owned(), FORM)),
    };
    let (at, token) = priority;
    let priority = token.parse::<u16>().ok().filter(|priority| *priority > 0).ok_or_else(|| {
        refuse(at.clone(), format!("`{token}` is no priority"), "expected 1 to 65535")
    })?;
    let (at, token) = adn;
    let absolute = if token.ends_with('.') { token.clone() } else { format!("{token}.") };
    let name = DomainName::parse(&absolute).ok().filter(|name| !name.labels().is_empty());
    let adn = name.ok_or_else(|| {
        let hint = "expected a domain name such as dns.example.org";
        refuse(at.clone(), format!("`{token}` is no name"), hint)
    })?;
    let [(at, addrs), params @ ..] = rest else {
        return Ok(Dnr { priority, adn, reach: None });
    };
    let parsed: Option<Vec<Ipv4Addr>> =
        addrs.split_ascii_whitespace().map(|addr| addr.parse().ok()).collect();
    let addrs = parsed.filter(|addrs| !addrs.is_empty()).ok_or_else(|| {
        let hint = "expected IPv4 addresses with blanks between them";
        refuse(at.clone(), format!("`{addrs}` is not addresses"), hint)
    })?;
    let params = match params {
        [(at, text), ..] => read_params(text).map_err(|told| {
            refuse(at.clone(), told, "expected parameters such as alpn=dot\\\\,h2 port=8853")
        })?,
        [] => SvcParams::default(),
    };
    Ok(Dnr { priority, adn, reach: Some(Reach { addrs, params }) })
}

fn read_params(text: &str) -> Result<SvcParams, String> {
    let params = SvcParams::parse_text(text).map_err(|told| told.to_string())?;
    if params.has_hints() {
        // RFC 9463 §5.1: the option has a field for addresses.
        return Err("addresses do not belong in parameters".to_owned());
    }
    Ok(params)
}

/// The text of the option, if it has one.
pub(crate) fn print(octets: &[u8]) -> Option<String> {
    let texts: Vec<String> = Dnr::parse_list(octets)?.iter().map(print_one).collect();
    Some(texts.join(" | "))
}

fn print_one(dnr: &Dnr) -> String {
    let mut text = format!("{}, {}", dnr.priority, dnr.adn);
    if let Some(Reach { addrs, params }) = &dnr.reach {
        let addrs: Vec<String> = addrs.iter().map(ToString::to_string).collect();
        text.push_str(", ");
        text.push_str(&addrs.join(" "));
        if !params.is_empty() {
            text.push_str(", ");
            text.push_str(&params.to_string().replace(',', "\\,"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 9463 §5.1: length, priority, name, addresses, parameters.
    #[test]
    fn resolvers_are_written_one_after_another() {
        let text = "100, a.org., 192.0.2.1 192.0.2.2, alpn=dot\\,h2 port=8530 | 200, b.org.";
        let octets = b"\0\x24\0\x64\x07\x01a\x03org\0\x08\xc0\0\x02\x01\xc0\0\x02\x02\
            \0\x01\0\x07\x03dot\x02h2\0\x03\0\x02\x21\x52\
            \0\x0a\0\xc8\x07\x01b\x03org\0";
        assert_eq!(encode(text).as_deref(), Ok(&octets[..]));
        assert_eq!(print(octets).as_deref(), Some(text));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (text, part) in [
            ("1, a.org | x, b.org", "x"),
            ("1, a.org | 0, b.org", "0"),
            ("1, a..org", "a..org"),
            ("1, a.org, 192.0.2", "192.0.2"),
            ("1, a.org, 192.0.2.1, port=x", "port=x"),
            ("1, a.org, 192.0.2.1, ipv4hint=192.0.2.1", "ipv4hint=192.0.2.1"),
            ("1", "1"),
        ] {
            let misfit = encode(text).expect_err(text);
            assert_eq!(text.get(misfit.at), Some(part), "{text}");
        }
    }
}
