//! Options and their definitions.

use lessor_config::option_set::{Given, Sending, Space};
use lessor_config::{OptionDef, OptionSet};
use lessor_wire::v4::OptionType;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use crate::{context, names};

/// Spaces that options can stand in.
pub(crate) fn space() -> impl Strategy<Value = Space> {
    prop_oneof![
        4 => Just(Space::Dhcp4),
        1 => Just(Space::Vendor(4491)),
        1 => Just(Space::parse("vendor-encapsulated-options-space")),
        1 => Just(Space::parse("inner")),
    ]
}

/// Options that a file can set.
pub(crate) fn options() -> impl Strategy<Value = OptionSet> {
    let octets = prop_oneof![
        vec(any::<u8>(), 0..9),
        "[a-z0-9.,\\\\ ]{1,9}".prop_map(String::into_bytes),
        vec(Just(1_u8), 4),
    ];
    let sending = prop_oneof![Just(Sending::Asked), Just(Sending::Always), Just(Sending::Never)];
    // The same code stands twice only for different classes.
    let told = (octets, sending, context());
    btree_map((space(), 1_u8..=254, names()), told, 0..5).prop_map(|options| {
        let given = |((space, code, classes), (octets, sending, context))| Given {
            space,
            sending,
            classes,
            context,
            ..Given::new(code, octets)
        };
        options.into_iter().map(given).collect()
    })
}

/// Definitions of options that no standard knows.
pub(crate) fn option_defs() -> impl Strategy<Value = Vec<OptionDef>> {
    let kind = || {
        let named: Vec<_> = OptionType::names().filter_map(OptionType::parse).collect();
        proptest::sample::select(named)
    };
    let fields = (vec(kind(), 0..4), any::<bool>()).prop_map(|(mut fields, array)| {
        let last = fields.len().saturating_sub(1);
        let mut at = 0..;
        fields.retain(|kind| at.next() == Some(last) || !kind.is_open());
        let array = array && fields.last().is_some_and(|kind| !kind.is_open());
        (fields, array)
    });
    let space =
        prop_oneof![Just(Space::Dhcp4), Just(Space::Vendor(4491)), Just(Space::parse("inner"))];
    let defs = btree_map((space, 224_u8..=254), (fields, any::<bool>(), context()), 0..4);
    defs.prop_map(|defs| {
        let mut made = Vec::new();
        for ((space, code), ((fields, array), holds, context)) in defs {
            let holds = holds && !array && space == Space::Dhcp4;
            let encapsulates = holds.then(|| Space::parse("inner"));
            let name = format!("own-{code}");
            made.push(OptionDef { space, code, name, fields, array, encapsulates, context });
        }
        made
    })
}
