//! What clients are called: what overrides what, and what is refused.

use lessor_config::{Config, Level, Replace};

fn errors(text: &str) -> Vec<String> {
    match Config::parse(text, "t") {
        Ok((config, _)) => panic!("{config:?}"),
        Err(findings) => findings
            .iter()
            .filter(|it| it.level == Level::Error)
            .map(|it| format!("{}: {}", it.path, it.message))
            .collect(),
    }
}

#[test]
fn each_scope_overrides_the_one_around_it() {
    let text = r#"{ "Dhcp4": {
        "dhcp-ddns": { "enable-updates": false, "generated-prefix": "old", "qualifying-suffix": "a" },
        "ddns-qualifying-suffix": "b",
        "ddns-replace-client-name": true,
        "shared-networks": [ { "name": "n", "hostname-char-set": "", "subnet4": [
            { "id": 1, "subnet": "10.0.0.0/24", "ddns-replace-client-name": "Always", "pools": [
                { "pool": "10.0.0.1 - 10.0.0.9" },
                { "pool": "10.0.0.20 - 10.0.0.29", "hostname-char-set": "[_]" } ] } ] } ],
        "subnet4": [ { "id": 2, "subnet": "10.2.0.0/24" } ] } }"#;
    let (config, findings) = Config::parse(text, "t").expect("lawful");
    assert_eq!(findings.iter().filter(|it| it.message.contains("not in effect")).count(), 0);
    let [one, two] = &config.subnets[..] else { panic!("two subnets") };
    let [first, second] = &one.pools[..] else { panic!("two pools") };
    assert_eq!(two.naming, config.naming);
    assert_eq!(two.naming.replace, Replace::WhenPresent);
    // What Kea up to 2.4 has in `dhcp-ddns` counts where the newer key is not there.
    assert_eq!((&*two.naming.generated_prefix, &*two.naming.qualifying_suffix), ("old", "b"));
    assert_eq!(first.naming, one.naming);
    assert_eq!(one.naming.replace, Replace::Always);
    assert_eq!(one.naming.char_set, None);
    assert_eq!(second.naming.char_set.as_ref().map(|set| set.text()), Some("[_]"));
    assert_eq!(second.naming.replace, Replace::Always);
}

#[test]
fn what_is_no_name_and_no_set_is_told_where_it_stands_and_once() {
    let text = r#"{ "Dhcp4": { "hostname-char-set": "a+", "ddns-qualifying-suffix": "a..b", "subnet4": [
        { "id": 1, "subnet": "10.0.0.0/24", "hostname-char-set": "[z-a]", "pools": [
            { "pool": "10.0.0.1 - 10.0.0.9", "ddns-generated-prefix": "a..b" } ] },
        { "id": 2, "subnet": "10.2.0.0/24" } ] } }"#;
    assert_eq!(
        errors(text),
        [
            "Dhcp4.hostname-char-set: not a set of characters in brackets",
            "Dhcp4.ddns-qualifying-suffix: \"a..b\" is not a name: a label is empty",
            "Dhcp4.subnet4[0].hostname-char-set: the range z-a goes backwards",
            "Dhcp4.subnet4[0].pools[0].ddns-generated-prefix: \"a..b\" is not a name: a label is empty",
        ]
    );
}
