//! Texts that are no configuration.

use lessor_config::Config;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Pieces of real files in any order: each text gives a configuration or findings.
    #[test]
    fn no_text_is_too_broken(pieces in vec(piece(), 0..40), dhcp4 in any::<bool>()) {
        let body = pieces.concat();
        let text = if dhcp4 { format!("{{\"Dhcp4\": {{{body}}}}}") } else { body };
        match Config::parse(&text, "t") {
            Ok((_, findings)) => prop_assert!(!findings.has_errors()),
            Err(findings) => prop_assert!(findings.has_errors()),
        }
    }

    /// Known keys with values of any kind: the tree is always readable, and so findings are all
    /// there is to fear.
    #[test]
    fn no_value_is_too_strange(members in vec((key(), value(3)), 0..6)) {
        let members: Vec<String> = members
            .iter()
            .map(|(key, value)| format!("\"{key}\": {value}"))
            .collect();
        let text = format!("{{\"Dhcp4\": {{{}}}}}", members.join(", "));
        if let Err(findings) = Config::parse(&text, "t") {
            prop_assert!(findings.has_errors());
            prop_assert!(findings.iter().all(|it| it.path.starts_with("Dhcp4")));
        }
    }
}

fn key() -> impl Strategy<Value = &'static str> {
    let names: Vec<&str> = lessor_config::keys::KEYS.iter().map(|key| key.name).collect();
    proptest::sample::select(names)
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        key().prop_map(|key| format!("\"{key}\": ")),
        "[\\[\\]{},:\"\\\\#/*0-9 .-]{1,3}",
        Just("\"192.0.2.0/24\"".to_owned()),
        Just("<?include \"x\"?>".to_owned()),
        Just("true, ".to_owned()),
        "\\PC{0,6}",
    ]
}

/// A value as text, up to some depth.
fn value(depth: u32) -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        Just("null"),
        Just("true"),
        Just("-1"),
        Just("0"),
        Just("7"),
        Just("4294967295"),
        Just("99999999999"),
        Just("0.5"),
        Just("1e300"),
        Just("\"\""),
        Just("\"routers\""),
        Just("\"memfile\""),
        Just("\"unix\""),
        Just("\"10.0.0.0/8\""),
        Just("\"10.0.0.1 - 10.0.0.9\""),
        Just("\"10.0.0.1/0\""),
        Just("\"é,\\\\,'\""),
    ]
    .prop_map(str::to_owned);
    if depth == 0 {
        return leaf.boxed();
    }
    let map = btree_map(key(), value(depth - 1), 0..4).prop_map(|members| {
        let members: Vec<String> =
            members.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
        format!("{{{}}}", members.join(", "))
    });
    let map = map.boxed();
    let list = vec(value(depth - 1), 0..3).prop_map(|values| format!("[{}]", values.join(", ")));
    let maps = vec(map.clone(), 0..4).prop_map(|values| format!("[{}]", values.join(", ")));
    prop_oneof![leaf, map, list, maps].boxed()
}
