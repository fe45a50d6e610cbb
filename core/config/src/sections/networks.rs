//! `shared-networks`: what they give to the subnets in them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Words;
use super::leasing;
use super::section::{Chain, Section};
use super::subnets::Subnets;
use super::{classes, naming, option_data, timing};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::Naming;
use crate::network::{Network, NetworkKey};
use crate::source::Span;

/// The shared networks in the order of the file. Their subnets are added to `subnets`.
pub(super) fn read(
    dhcp4: &Section<'_>,
    words: Words<'_>,
    around: &Arc<Naming>,
    subnets: &mut Subnets<'_>,
    out: &mut Diagnostics,
) -> Vec<Network> {
    let list = dhcp4.path.key("shared-networks");
    let mut networks = Vec::new();
    let mut places = BTreeMap::new();
    for (index, value) in dhcp4.list("shared-networks").iter().enumerate() {
        let Some(map) = value.as_map() else {
            continue;
        };
        let section = Section::new(map, value.span, list.index(index));
        let name = read_name(&section, &mut places, out);
        // What clashes among the network's own settings is told once, and without subnets too.
        let chain = [&section, dhcp4];
        timing::read_lifetime(Chain(&chain), out);
        timing::read_tee(Chain(&chain), out);
        leasing::read_allocator(Chain(&chain), out);
        let options = option_data::read(&section, words.vocabulary, out);
        let guards = classes::read_guards(&section, words.classes, out);
        let additional = classes::read_additional(&section, words.classes, out);
        let key = NetworkKey(networks.len());
        let naming = naming::read(&section, around, out);
        subnets.read(&section, Some(key), &naming, out);
        networks.push(Network {
            // Without a name there was an error, and no configuration comes of this.
            name: name.unwrap_or_default().to_owned(),
            options,
            guards,
            additional,
            context: section.context(),
        });
    }
    networks
}

fn read_name<'a>(
    section: &Section<'a>,
    places: &mut BTreeMap<&'a str, Span>,
    out: &mut Diagnostics,
) -> Option<&'a str> {
    let (path, place) = (section.path.key("name"), section.place("name"));
    let name = section.text("name");
    match name.filter(|name| !name.is_empty()) {
        None if name.is_none() && section.value("name").is_some() => {}
        None => out.push(
            Diagnostic::error(place, path, "a shared network has no name")
                .hint("expected a `name`"),
        ),
        Some(name) => {
            if let Some(earlier) = places.get(name) {
                out.push(
                    Diagnostic::error(place, path, format!("`{name}` is another network's name"))
                        .hint("each shared network has its own")
                        .related(*earlier, "the other network"),
                );
            }
            places.entry(name).or_insert(place);
        }
    }
    name
}
