//! `reservations`, and how they are looked for.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use lessor_types::{Identifier, IdentifierKind, SubnetId};

use super::Words;
use super::classes;
use super::option_data;
use super::section::{Section, addr};
use crate::Prefix4;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::host::{Host, HostLookup, HostScopes, Hosts};
use crate::json::Value;
use crate::model::Pool;
use crate::source::Span;

/// The subnet that reservations stand in.
#[derive(Clone, Copy)]
pub(super) struct Home<'a> {
    pub(super) id: SubnetId,
    pub(super) prefix: Option<(Prefix4, Span)>,
    pub(super) pools: &'a [Pool],
    pub(super) scopes: HostScopes,
}

/// The reservations read so far, with their places.
#[derive(Default)]
pub(super) struct Reservations {
    hosts: Hosts,
    clients: BTreeMap<(Option<SubnetId>, Identifier), Span>,
    addrs: BTreeMap<(Option<SubnetId>, Ipv4Addr), Span>,
}

impl Reservations {
    /// All of them.
    pub(super) fn into_hosts(self) -> Hosts {
        self.hosts
    }

    /// Adds the reservations of a subnet, or the global ones.
    pub(super) fn read(
        &mut self,
        owner: &Section<'_>,
        home: Option<Home<'_>>,
        words: Words<'_>,
        out: &mut Diagnostics,
    ) {
        let list = owner.path.key("reservations");
        let values = owner.list("reservations");
        if let Some(first) = values.first()
            && home.is_some_and(|home| !home.scopes.in_subnet)
        {
            out.push(
                Diagnostic::warning(first.span, list, "nobody looks for these reservations")
                    .hint("`reservations-in-subnet` is false here"),
            );
        }
        for (index, value) in values.iter().enumerate() {
            let Some(map) = value.as_map() else {
                continue;
            };
            let section = Section::new(map, value.span, list.index(index));
            let identifier = read_identifier(&section, out);
            let addr = read_addr(&section, home, out);
            let options = option_data::read(&section, words.vocabulary, out);
            let classes = classes::read_joined(&section, words.classes, out);
            let text = |key| section.text(key).filter(|text| !text.is_empty()).map(str::to_owned);
            let next_server = section.value("next-server").and_then(self::addr);
            // Without an identifier there was an error, and no configuration comes of this.
            let Some((identifier, place)) = identifier else {
                continue;
            };
            let subnet = home.map(|home| home.id);
            self.place(&section, subnet, &identifier, place, out);
            if let Some((addr, place)) = addr.filter(|_| words.host_lookup.unique_addrs) {
                self.place_addr(&section, subnet, addr, place, out);
            }
            self.hosts.add(Host {
                addr: addr.map(|(addr, _)| addr),
                hostname: text("hostname"),
                classes,
                next_server: next_server.filter(|it| !it.is_unspecified()),
                server_hostname: text("server-hostname"),
                boot_file_name: text("boot-file-name"),
                options,
                context: section.context(),
                ..Host::new(subnet, identifier)
            });
        }
    }

    /// Notes whom a reservation is for; two of one client in one place are an error.
    fn place(
        &mut self,
        section: &Section<'_>,
        subnet: Option<SubnetId>,
        identifier: &Identifier,
        place: Span,
        out: &mut Diagnostics,
    ) {
        let key = (subnet, identifier.clone());
        if let Some(earlier) = self.clients.get(&key) {
            let path = section.path.key(identifier.kind.name());
            out.push(
                Diagnostic::error(place, path, "this client has another reservation here")
                    .hint("one reservation for each client, with all that it gets")
                    .related(*earlier, "the other reservation"),
            );
        }
        self.clients.entry(key).or_insert(place);
    }

    /// Notes what is reserved; two reservations of one address are an error.
    fn place_addr(
        &mut self,
        section: &Section<'_>,
        subnet: Option<SubnetId>,
        addr: Ipv4Addr,
        place: Span,
        out: &mut Diagnostics,
    ) {
        let key = (subnet, addr);
        if let Some(earlier) = self.addrs.get(&key) {
            let told = format!("{addr} is reserved for another client too");
            out.push(
                Diagnostic::error(place, section.path.key("ip-address"), told)
                    .hint("`ip-reservations-unique` false allows several clients in turn")
                    .related(*earlier, "the other reservation"),
            );
        }
        self.addrs.entry(key).or_insert(place);
    }
}

/// Whom a reservation is for: one identifier.
fn read_identifier(section: &Section<'_>, out: &mut Diagnostics) -> Option<(Identifier, Span)> {
    let given = |kind: &IdentifierKind| section.value(kind.name()).is_some();
    let mut kinds = IdentifierKind::ALL.into_iter().filter(given);
    let Some(kind) = kinds.next() else {
        out.push(
            Diagnostic::error(section.span, section.path, "nobody is named")
                .hint("expected one of hw-address, duid, circuit-id, client-id, flex-id"),
        );
        return None;
    };
    let value = section.value(kind.name())?;
    if let Some(other) = kinds.next() {
        let path = section.path.key(other.name());
        out.push(
            Diagnostic::error(section.place(other.name()), path, "named by two identifiers")
                .hint("one identifier in each reservation")
                .related(value.span, kind.name()),
        );
    }
    let text = value.as_text()?;
    let identifier = octets(text).and_then(|octets| Identifier::new(kind, &octets));
    if identifier.is_none() {
        let path = section.path.key(kind.name());
        let hint = match kind {
            IdentifierKind::HwAddress | IdentifierKind::Duid => {
                "expected hexadecimal octets such as \"00:0c:01:02:03:04\", 1 to 255 of them"
            }
            _ => "expected hexadecimal octets or \"'text'\", 1 to 255 of them",
        };
        out.push(Diagnostic::error(value.span, path, format!("{value} is no {kind}")).hint(hint));
    }
    Some((identifier?, value.span))
}

/// Octets as text in quotes, as groups of hexadecimal digits between colons, dashes or spaces, or
/// as hexadecimal digits in a row, with or without `0x`.
fn octets(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    if let Some(quoted) = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        return Some(quoted.as_bytes().to_vec());
    }
    let pair = |digits: &str| {
        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        (is_hex && !digits.is_empty()).then(|| u8::from_str_radix(digits, 16).ok())?
    };
    if text.contains([':', '-', ' ']) {
        return text.split([':', '-', ' ']).map(pair).collect();
    }
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    // An odd digit at the beginning stands for an octet of its own.
    let (first, rest) = digits.split_at_checked(digits.len() % 2)?;
    let first = (!first.is_empty()).then(|| pair(first));
    let rest = (0..rest.len()).step_by(2).map(|at| pair(rest.get(at..at + 2)?));
    first.into_iter().chain(rest).collect()
}

/// The address that is reserved, which lies in the subnet if there is one.
fn read_addr(
    section: &Section<'_>,
    home: Option<Home<'_>>,
    out: &mut Diagnostics,
) -> Option<(Ipv4Addr, Span)> {
    let value = section.value("ip-address")?;
    let (addr, path) = (addr(value)?, section.path.key("ip-address"));
    if addr.is_unspecified() {
        out.push(
            Diagnostic::error(value.span, path, "0.0.0.0 can not be reserved")
                .hint("leave `ip-address` out for a reservation without an address"),
        );
        return None;
    }
    if let Some((prefix, other)) = home.and_then(|home| home.prefix)
        && !prefix.contains(addr)
    {
        out.push(
            Diagnostic::error(value.span, path, format!("{addr} is not in {prefix}"))
                .hint("a reserved address lies in its subnet")
                .related(other, "the subnet"),
        );
        return None;
    }
    if let Some(home) = home
        && home.scopes.in_subnet
        && home.scopes.out_of_pool
        && home.pools.iter().any(|pool| pool.contains(addr))
    {
        out.push(
            Diagnostic::warning(value.span, path, format!("{addr} is in a pool: it is not kept"))
                .hint("`reservations-out-of-pool` says that no reserved address is in a pool"),
        );
    }
    if let Some((prefix, _)) = home.and_then(|home| home.prefix)
        && prefix.len() <= 30
        && (addr == prefix.addr() || addr == prefix.broadcast())
    {
        let what = if addr == prefix.addr() { "network" } else { "broadcast" };
        out.push(
            Diagnostic::warning(value.span, path, format!("{addr} is the {what} address"))
                .hint("most clients can not use it"),
        );
    }
    Some((addr, value.span))
}

/// How reservations are looked for: `host-reservation-identifiers` and its like.
pub(super) fn read_lookup(dhcp4: &Section<'_>, out: &mut Diagnostics) -> HostLookup {
    let default = HostLookup::default();
    let flag = |key, or| dhcp4.flag(key).unwrap_or(or);
    HostLookup {
        identifiers: read_kinds(dhcp4, out).unwrap_or(default.identifiers),
        early_global: flag("early-global-reservations-lookup", default.early_global),
        unique_addrs: flag("ip-reservations-unique", default.unique_addrs),
    }
}

fn read_kinds(dhcp4: &Section<'_>, out: &mut Diagnostics) -> Option<Vec<IdentifierKind>> {
    const KEY: &str = "host-reservation-identifiers";
    const KNOWN: &str = "expected hw-address, duid, circuit-id, client-id or flex-id";
    let list = dhcp4.path.key(KEY);
    let value = dhcp4.value(KEY)?;
    let values = value.as_list()?;
    if values.is_empty() {
        out.push(Diagnostic::error(value.span, list, "no identifier is named").hint(KNOWN));
    }
    let mut kinds: Vec<(IdentifierKind, Span)> = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let Some(name) = value.as_text() else {
            continue;
        };
        // In versions before 1.1, all kinds in the order that is now the default.
        if name == "auto" && values.len() == 1 {
            return None;
        }
        let path = list.index(index);
        let Some(kind) = IdentifierKind::of_name(name) else {
            let told = format!("`{name}` is no kind of identifier");
            out.push(Diagnostic::error(value.span, path, told).hint(KNOWN));
            continue;
        };
        match kinds.iter().find(|(other, _)| *other == kind) {
            Some((_, earlier)) => out.push(
                Diagnostic::error(value.span, path, format!("`{name}` is given twice"))
                    .hint("each kind stands once")
                    .related(*earlier, "the first time"),
            ),
            None => kinds.push((kind, value.span)),
        }
    }
    Some(kinds.into_iter().map(|(kind, _)| kind).collect())
}

/// Which reservations count in the innermost map of `chain`, each flag inherited by itself.
///
/// Up to version 2.4 of Kea, one `reservation-mode` said all three.
pub(super) fn read_scopes(chain: &[&Section<'_>], out: &mut Diagnostics) -> HostScopes {
    let default = HostScopes::default();
    if let Some(section) = chain.first() {
        check_spelling(section, out);
    }
    let pick = |key, of_mode: fn(HostScopes) -> bool| {
        chain.iter().find_map(|section| {
            let mode = || section.text("reservation-mode").map(|mode| of_mode(meaning(mode)));
            section.value(key).and_then(Value::as_bool).or_else(mode)
        })
    };
    HostScopes {
        global: pick("reservations-global", |it| it.global).unwrap_or(default.global),
        in_subnet: pick("reservations-in-subnet", |it| it.in_subnet).unwrap_or(default.in_subnet),
        out_of_pool: pick("reservations-out-of-pool", |it| it.out_of_pool)
            .unwrap_or(default.out_of_pool),
    }
}

/// What `reservation-mode` meant.
fn meaning(mode: &str) -> HostScopes {
    let default = HostScopes::default();
    match mode.to_ascii_lowercase().as_str() {
        "disabled" | "off" => HostScopes { in_subnet: false, ..default },
        "global" => HostScopes { global: true, in_subnet: false, ..default },
        "out-of-pool" => HostScopes { out_of_pool: true, ..default },
        _ => default,
    }
}

/// Says it if a map uses the old and the new spelling.
fn check_spelling(section: &Section<'_>, out: &mut Diagnostics) {
    let Some(mode) = section.value("reservation-mode") else {
        return;
    };
    for key in ["reservations-global", "reservations-in-subnet", "reservations-out-of-pool"] {
        if let Some(new) = section.value(key) {
            let told = format!("the old spelling of `{key}`, which is there too");
            out.push(
                Diagnostic::error(mode.span, section.path.key("reservation-mode"), told)
                    .hint("take `reservation-mode` out")
                    .related(new.span, key),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_have_many_spellings() {
        for (text, expected) in [
            ("01:0a:ff", Some(vec![1, 10, 255])),
            ("1:a:ff", Some(vec![1, 10, 255])),
            ("01-0A-ff", Some(vec![1, 10, 255])),
            ("010aff", Some(vec![1, 10, 255])),
            ("10aff", Some(vec![1, 10, 255])),
            ("0x010aff", Some(vec![1, 10, 255])),
            ("'charter950'", Some(b"charter950".to_vec())),
            ("''", Some(vec![])),
            ("", Some(vec![])),
            ("01:", None),
            ("0g", None),
            ("é", None),
            ("0aé", None),
            ("+1:2", None),
        ] {
            assert_eq!(octets(text), expected, "{text}");
        }
    }
}
