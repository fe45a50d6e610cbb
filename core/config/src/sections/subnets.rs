//! Subnets: their numbers, their prefixes and all that they inherit.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_types::{Secs, SubnetId};

use super::Words;
use super::classes;
use super::hooks as libraries;
use super::hosts::{self, Home, Reservations};
use super::leasing;
use super::naming;
use super::option_data;
use super::pools;
use super::section::{Chain, Section, addr, ppm, whole};
use super::timing;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::host::Hosts;
use crate::json::Value;
use crate::model::{Naming, Subnet};
use crate::network::NetworkKey;
use crate::source::Span;
use crate::{OptionSet, Prefix4};

/// A prefix as the file gives it, to be compared with all others.
struct Place {
    prefix: Prefix4,
    span: Span,
    path: String,
}

/// The subnets read so far, and what is to be compared across all of them.
pub(super) struct Subnets<'a> {
    dhcp4: &'a Section<'a>,
    words: Words<'a>,
    numbers: Numbers,
    places: Vec<Place>,
    ranges: Vec<pools::Range>,
    subnets: Vec<Subnet>,
    reservations: Reservations,
}

impl<'a> Subnets<'a> {
    /// None yet.
    pub(super) fn new(dhcp4: &'a Section<'a>, words: Words<'a>, out: &mut Diagnostics) -> Self {
        // What clashes among global settings is told once, and without subnets too.
        timing::read_lifetime(Chain(&[dhcp4]), out);
        timing::read_tee(Chain(&[dhcp4]), out);
        leasing::read_allocator(Chain(&[dhcp4]), out);
        let mut reservations = Reservations::default();
        reservations.read(dhcp4, None, words, out);
        Self {
            dhcp4,
            words,
            numbers: Numbers::default(),
            places: Vec::new(),
            ranges: Vec::new(),
            subnets: Vec::new(),
            reservations,
        }
    }

    /// The subnets by ascending number, and all reservations.
    pub(super) fn finish(mut self, out: &mut Diagnostics) -> (Vec<Subnet>, Hosts) {
        check_prefixes(self.places, out);
        pools::check_overlaps(self.ranges, out);
        self.subnets.sort_by_key(|subnet| subnet.id);
        (self.subnets, self.reservations.into_hosts())
    }

    /// Adds the subnets of a shared network, or of none.
    pub(super) fn read(
        &mut self,
        owner: &Section<'_>,
        network: Option<NetworkKey>,
        naming: &Arc<Naming>,
        out: &mut Diagnostics,
    ) {
        let list = owner.path.key("subnet4");
        for (index, value) in owner.list("subnet4").iter().enumerate() {
            let Some(map) = value.as_map() else {
                continue;
            };
            let section = Section::new(map, value.span, list.index(index));
            let chain = [&section, owner, self.dhcp4];
            // Without a network, the owner is the whole.
            let chain = if network.is_some() { &chain[..] } else { &chain[..2] };
            self.read_one(&section, chain, (network, naming), out);
        }
    }

    fn read_one(
        &mut self,
        section: &Section<'_>,
        chain: &[&Section<'_>],
        (network, around): (Option<NetworkKey>, &Arc<Naming>),
        out: &mut Diagnostics,
    ) {
        let words = self.words;
        let id = self.numbers.read(section, out);
        let prefix = read_prefix(section, out);
        let located = prefix.map(|prefix| (prefix, section.place("subnet")));
        if let Some((prefix, span)) = located {
            let path = section.path.key("subnet").to_string();
            self.places.push(Place { prefix, span, path });
        }
        let naming = naming::read(section, around, out);
        let pools = pools::read(section, located, (words, &naming), &mut self.ranges, out);
        let options = option_data::read(section, words.vocabulary, out);
        let mut subnet = read_settings(section, Chain(chain), options, out);
        subnet.host_scopes = hosts::read_scopes(chain, out);
        subnet.network = network;
        subnet.naming = naming;
        subnet.pools = pools;
        subnet.guards = classes::read_guards(section, words.classes, out);
        subnet.additional = classes::read_additional(section, words.classes, out);
        subnet.ping_check = libraries::read_ping_check(section, words.hooks, out);
        subnet.limits = libraries::read_limits(section, words.hooks.limits(), out);
        let home = Home { id, prefix: located, pools: &subnet.pools, scopes: subnet.host_scopes };
        self.reservations.read(section, Some(home), words, out);
        // Without a prefix there was an error, and no configuration comes of this.
        if let Some(prefix) = prefix {
            self.subnets.push(Subnet { id, prefix, ..subnet });
        }
    }
}

/// All but number, prefix, pools, reservations and classes.
fn read_settings(
    section: &Section<'_>,
    chain: Chain<'_>,
    options: OptionSet,
    out: &mut Diagnostics,
) -> Subnet {
    let nowhere = Subnet::new(SubnetId(0), Prefix4::ALL);
    let text = |key| chain.pick(key, Value::as_text).unwrap_or_default().to_owned();
    let flag = |key, or| chain.pick(key, Value::as_bool).unwrap_or(or);
    // These say where the clients of a link come from: a network's hold for the subnets in it that
    // name none of their own.
    let relay = chain.0.iter().find(|map| map.value("relay").is_some()).copied();
    let interface = chain.pick("interface", Value::as_text).filter(|name| !name.is_empty());
    Subnet {
        relays: read_relays(&relay.unwrap_or(section).section("relay")),
        interface: interface.map(str::to_owned),
        lifetime: timing::read_lifetime(chain, out),
        offer_lifetime: chain.pick("offer-lifetime", whole).map_or(nowhere.offer_lifetime, Secs),
        allocator: leasing::read_allocator(chain, out),
        adaptive_threshold_ppm: chain
            .pick("adaptive-lease-time-threshold", ppm)
            .unwrap_or(nowhere.adaptive_threshold_ppm),
        tee: timing::read_tee(chain, out),
        authoritative: flag("authoritative", nowhere.authoritative),
        match_client_id: flag("match-client-id", nowhere.match_client_id),
        rapid_commit: flag("rapid-commit", nowhere.rapid_commit),
        cache_threshold_ppm: chain
            .pick("cache-threshold", ppm)
            // A share that rounds up to the whole would reuse a lease at its very end.
            .map_or(nowhere.cache_threshold_ppm, |share| share.min(999_999)),
        cache_max_age: chain.pick("cache-max-age", |value| whole(value).map(Secs)),
        store_extended_info: flag("store-extended-info", nowhere.store_extended_info),
        next_server: chain.pick("next-server", addr).unwrap_or(nowhere.next_server),
        server_hostname: text("server-hostname"),
        boot_file_name: text("boot-file-name"),
        options,
        context: section.context(),
        ..nowhere
    }
}

/// Both spellings: a list, and the one address of old files.
fn read_relays(relay: &Section<'_>) -> Vec<Ipv4Addr> {
    let one = relay.value("ip-address");
    let mut relays = Vec::new();
    for relay in relay.list("ip-addresses").iter().chain(one).filter_map(addr) {
        if !relays.contains(&relay) {
            relays.push(relay);
        }
    }
    relays
}

fn read_prefix(section: &Section<'_>, out: &mut Diagnostics) -> Option<Prefix4> {
    const FORM: &str = "expected a prefix such as \"192.0.2.0/24\"";
    let path = section.path.key("subnet");
    let Some(value) = section.value("subnet") else {
        out.push(Diagnostic::error(section.span, section.path, "`subnet` is missing").hint(FORM));
        return None;
    };
    let text = value.as_text()?;
    let Ok(prefix) = text.parse::<Prefix4>() else {
        out.push(
            Diagnostic::error(value.span, path, format!("{value} is not a prefix")).hint(FORM),
        );
        return None;
    };
    let written = text.split('/').next().and_then(|it| it.trim().parse().ok());
    if written != Some(prefix.addr()) {
        out.push(
            Diagnostic::warning(value.span, path, format!("{value} has host bits"))
                .hint(format!("read as {prefix}")),
        );
    }
    Some(prefix)
}

/// The numbers given so far.
#[derive(Default)]
struct Numbers {
    given: BTreeMap<SubnetId, Span>,
    missing: u32,
}

impl Numbers {
    /// The subnet's number. Up to version 2.4, Kea gave subnets without one the numbers 1, 2, 3
    /// and so on in the order of the file; 0 was the same as none.
    fn read(&mut self, section: &Section<'_>, out: &mut Diagnostics) -> SubnetId {
        let place = section.place("id");
        let path = section.path.key("id");
        let mistyped = section.value("id").is_some() && section.number("id").is_none();
        let id = match section.number("id") {
            Some(number) if number > 0 => SubnetId(number),
            _ if mistyped => return SubnetId(0),
            _ => {
                self.missing += 1;
                out.push(
                    Diagnostic::info(
                        place,
                        path,
                        format!("not given, so this is subnet {}", self.missing),
                    )
                    .hint("leases are kept under this number: give it, and it stays the same"),
                );
                SubnetId(self.missing)
            }
        };
        match self.given.get(&id) {
            Some(earlier) => out.push(
                Diagnostic::error(place, path, format!("{id} is another subnet's number"))
                    .hint("each subnet has its own")
                    .related(*earlier, "the other subnet"),
            ),
            None => {
                self.given.insert(id, place);
            }
        }
        id
    }
}

/// Finds prefixes that are given twice or lie in one another.
fn check_prefixes(mut places: Vec<Place>, out: &mut Diagnostics) {
    places.sort_by_key(|place| (place.prefix.addr(), place.prefix.len(), place.span));
    // Prefixes are nested or apart, so those around the current one form a stack.
    let mut around: Vec<&Place> = Vec::new();
    for place in &places {
        while around.last().is_some_and(|outer| !outer.prefix.contains(place.prefix.addr())) {
            around.pop();
        }
        if let Some(outer) = around.last() {
            let path = place.path.as_str();
            let other = format!("{}: {}", outer.path, outer.prefix);
            let told = if outer.prefix == place.prefix {
                format!("{} is another subnet too", place.prefix)
            } else {
                format!("{} lies in another subnet", place.prefix)
            };
            out.push(
                Diagnostic::error(place.span, path, told)
                    .hint("an address belongs to one subnet")
                    .related(outer.span, other),
            );
        }
        around.push(place);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::source::Sources;

    proptest! {
        #[test]
        fn prefixes_clash_if_two_share_an_address(
            prefixes in proptest::collection::vec((0_u32..8, 27_u8..=32), 0..6),
        ) {
            let prefixes: Vec<Prefix4> = prefixes
                .into_iter()
                .filter_map(|(addr, len)| Prefix4::holding((addr << 2).into(), len))
                .collect();
            let places = prefixes.iter().zip(0..).map(|(prefix, start)| Place {
                prefix: *prefix,
                span: Span { start, ..Span::default() },
                path: String::new(),
            });
            let mut out = Diagnostics::new(Sources::default());
            check_prefixes(places.collect(), &mut out);
            let shared = prefixes.iter().enumerate().any(|(index, one)| {
                prefixes.iter().skip(index + 1).any(|other| one.overlaps(*other))
            });
            prop_assert_eq!(out.has_errors(), shared);
        }
    }
}
