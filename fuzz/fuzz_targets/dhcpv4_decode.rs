//! Any octets are viewed; what is lawful is printed, encoded and decoded to itself.
#![no_main]

use lessor_wire::v4::{Area, Message, View, code};
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
