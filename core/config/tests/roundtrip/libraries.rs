//! What hooks libraries configure.

use lessor_config::option_set::Space;
use lessor_config::{
    Feature, FlexAction, FlexChange, FlexId, FlexOption, FlexSubOption, FlexValue, Hook, Hooks,
    Limits, PingCheck, Rate, hooks,
};
use lessor_expression::Expression;
use lessor_types::Secs;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

pub(crate) fn ping_check() -> impl Strategy<Value = PingCheck> {
    (any::<bool>(), 1_u32..=9, 1_u32..=u32::MAX, any::<u32>()).prop_map(
        |(enabled, requests, reply_timeout_ms, cltt)| PingCheck {
            enabled,
            requests,
            reply_timeout_ms,
            cltt: Secs(cltt),
        },
    )
}

pub(crate) fn limits() -> impl Strategy<Value = Limits> {
    let span = proptest::sample::select(hooks::Span::ALL.to_vec());
    let rate = (any::<u32>(), span).prop_map(|(packets, (per, _))| Rate { packets, per });
    (option::of(any::<u32>()), option::of(rate))
        .prop_map(|(addresses, rate)| Limits { addresses, rate })
}

pub(crate) fn flex_action() -> impl Strategy<Value = FlexAction> {
    let expression = Expression::parse_string("ifelse(member('ALL'), pkt4.mac, 'x')");
    let expression = expression.expect("a value");
    let value = move |csv| FlexValue { expression: expression.clone(), csv };
    let test = Expression::parse_bool("member('ALL')").expect("a test");
    prop_oneof![
        any::<bool>().prop_map(value.clone()).prop_map(FlexAction::Add),
        any::<bool>().prop_map(value).prop_map(FlexAction::Supersede),
        Just(FlexAction::Remove(test)),
    ]
}

pub(crate) fn flex_class() -> impl Strategy<Value = Option<String>> {
    option::of(Just("ALL".to_owned()))
}

/// One option, or one or two within one.
pub(crate) fn flex_option() -> impl Strategy<Value = FlexOption> {
    let whole = (prop_oneof![Just(3), Just(67)], flex_action())
        .prop_map(|(code, action)| (code, FlexChange::Whole(action)));
    // Sub-options whose form is known, and what holds them.
    let places = prop_oneof![
        Just((43, Space::parse(Space::VENDOR_ENCAPSULATED), any::<u8>().boxed())),
        Just((125, Space::Vendor(4491), Just(2_u8).boxed())),
    ];
    let within = places.prop_flat_map(|(code, space, codes)| {
        let known = matches!(space, Space::Vendor(_));
        let sub = (codes, flex_class(), flex_action(), any::<[bool; 2]>());
        let sub = sub.prop_map(move |(code, class, action, [container_add, container_remove])| {
            let space = space.clone();
            // The form of the others is not known.
            let action = match action {
                FlexAction::Add(value) => {
                    FlexAction::Add(FlexValue { csv: value.csv && known, ..value })
                }
                FlexAction::Supersede(value) => {
                    FlexAction::Supersede(FlexValue { csv: value.csv && known, ..value })
                }
                remove @ FlexAction::Remove(_) => remove,
            };
            FlexSubOption { space, code, class, action, container_add, container_remove }
        });
        (Just(code), vec(sub, 1..3).prop_map(FlexChange::Within))
    });
    (prop_oneof![whole, within], flex_class()).prop_map(|((code, change), class)| FlexOption {
        code,
        class,
        change,
    })
}

/// Some libraries, each once.
pub(crate) fn libraries() -> impl Strategy<Value = Hooks> {
    let all = |(ping_check, replace_client_id, options)| {
        let identifier = Expression::parse_string("relay4[2].hex + pkt4.mac").expect("a value");
        vec![
            ("/usr/lib/libdhcp_lease_cmds.so", Feature::BuiltIn),
            ("libdhcp_bootp", Feature::Bootp),
            ("libdhcp_flex_id.so", Feature::FlexId(FlexId { identifier, replace_client_id })),
            ("/libdhcp_flex_option.so", Feature::FlexOption(options)),
            ("libdhcp_limits.so", Feature::Limits),
            ("libdhcp_ping_check.so", Feature::PingCheck(ping_check)),
        ]
    };
    (ping_check(), any::<bool>(), vec(flex_option(), 0..4))
        .prop_map(all)
        .prop_flat_map(|all| proptest::sample::subsequence(all, 0..=6))
        .prop_map(|some| {
            let hook =
                |(library, feature): (&str, _)| Hook { library: library.to_owned(), feature };
            Hooks(some.into_iter().map(hook).collect())
        })
}
