//! Any octets are viewed; what is lawful is printed, encoded and decoded to itself.
#![no_main]

use lessor_wire::name::{self, DomainName};
use lessor_wire::svc::SvcParams;
use lessor_wire::v4::{Area, Dnr, Fqdn, Message, Route, View, code, definition, vendor};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(view) = View::parse(octets) else {
        return;
    };
    let _ = (view.chaddr(), view.message_type(), view.truncated());
    let Ok(message) = view.to_message() else {
        return;
    };

    let line = message.to_string();
    assert!(line.bytes().all(|octet| (b' '..=b'~').contains(&octet)), "{line:?}");
    let pretty = message.pretty().to_string();
    assert!(pretty.bytes().all(|octet| octet == b'\n' || (b' '..=b'~').contains(&octet)));
    if let Some(agent) = message.relay_agent() {
        assert_eq!(Some(agent.octets()), message.options.get(code::RELAY_AGENT));
    }

    for (code, value) in message.options.iter() {
        check_value(code, value);
    }

    for limit in [576, 1500, 65_535] {
        let encoded = message.encode(limit);
        assert!(encoded.octets.len() >= 300 && encoded.octets.len() + 28 <= limit);
        let mut expected = message.clone();
        for code in &encoded.left_out {
            assert!(expected.options.remove(*code).is_some(), "{code} left out twice");
        }
        assert_eq!(Message::decode(&encoded.octets).as_ref(), Ok(&expected));

        let again = View::parse(&encoded.octets).expect("just encoded");
        assert_eq!(again.truncated(), None);
        if expected.options.contains(code::RELAY_AGENT) {
            let last = again.options().filter(|option| option.area == Area::Options).last();
            assert_eq!(last.map(|option| option.code), Some(code::RELAY_AGENT));
        }
    }
});

/// What is read of a value is the whole of it, and is written as it was read.
fn check_value(code: u8, value: &[u8]) {
    if let Some(elements) = definition::by_code(code).and_then(|it| it.layout.elements(value)) {
        let all: Vec<u8> = elements.iter().flat_map(|it| it.octets).copied().collect();
        assert_eq!(all, value);
    }
    if let Some(fqdn) = Fqdn::parse(value) {
        assert_eq!(Fqdn::parse(&fqdn.to_octets()), Some(fqdn));
    }
    if let Some(found) = Dnr::parse_list(value) {
        assert_eq!(Dnr::list_octets(&found).as_deref(), Some(value));
    }
    if let Some(params) = SvcParams::parse(value) {
        assert_eq!(params.to_octets(), value);
        assert!(params.to_string().is_ascii());
    }
    if let Some(routes) = Route::parse_list(value) {
        assert_eq!(Route::parse_list(&Route::list_octets(&routes)), Some(routes));
    }
    if let Some(name) = DomainName::from_wire(value) {
        assert_eq!(name.to_wire(), value);
        let list = name::encode_list(&[name.clone(), name]);
        assert_eq!(name::decode_list(&list).map(|names| names.len()), Some(2));
    }
    for (_, data) in vendor::blocks(value) {
        assert!(vendor::sub_options(data).all(|(_, sub)| sub.len() <= data.len()));
    }
}
