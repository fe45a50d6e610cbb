//! What is remembered of earlier answers makes no difference to later ones.

use std::net::Ipv4Addr;

use lessor_policy::{Assembled, Decision, decide};
use lessor_types::{HwAddr, Now, Wall, Xid};
use lessor_wire::v4::code;
use lessor_wire::v4::{Message, MessageType, Op, vendor};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::world::{self, NOW, World, links};

/// The classes that options are tagged with, one of them without a definition.
const TAGS: [&str; 5] = ["phones", "ALL", "UNKNOWN", "VENDOR_CLASS_pc", "SPAWN_model_7"];
/// What clients say of their vendors.
const VENDORS: [&str; 4] = ["", "phone/7", "pc", "phone/8"];

/// One entry of `option-data`, and the scope that it is for, of five.
fn option() -> impl Strategy<Value = (usize, String)> {
    let names = ["routers", "domain-name", "log-servers", "host-name", "classless-static-route"];
    let names = [&names[..], &["vivso-suboptions", "v6-only-preferred", "auto-config"]].concat();
    let sending = [r#""always-send": true,"#, r#""never-send": true,"#, "", "", ""].to_vec();
    let tags = prop_oneof![3 => Just(Vec::new()), 1 => subsequence(TAGS.to_vec(), 1..3)];
    (0_usize..5, select(names), 1_u8..4, select(sending), tags).prop_map(
        |(scope, name, number, sending, tags)| {
            let data = match name {
                "domain-name" | "host-name" => format!("name-{number}"),
                "classless-static-route" => format!("10.{number}.0.0/16 - 10.0.0.1"),
                "vivso-suboptions" => number.to_string(),
                "v6-only-preferred" => format!("{}", 300 * u32::from(number)),
                "auto-config" => "0".to_owned(),
                _ => format!("10.0.0.{number}"),
            };
            let tags: Vec<String> = tags.iter().map(|tag| format!("\"{tag}\"")).collect();
            let tags = tags.join(", ");
            let text = format!(
                r#"{{ "name": "{name}", {sending} "client-classes": [ {tags} ], "data": "{data}" }}"#
            );
            (scope, text)
        },
    )
}

/// The members of `Dhcp4`.
fn config() -> impl Strategy<Value = String> {
    let options = proptest::collection::vec(option(), 4..20);
    let switches = (any::<[bool; 6]>(), 0_usize..3);
    (options, switches).prop_map(|(options, ([boots, lists, host, amends, nests, nets], classes))| {
        let of = |scope: usize| {
            let own = options.iter().filter(|(of, _)| *of == scope).map(|(_, text)| text.as_str());
            let nested = (nests && scope < 2).then_some(
                r#"{ "code": 1, "space": "vendor-encapsulated-options-space", "csv-format": false,
                "data": "0A0B", "always-send": true }"#,
            );
            let vendors = (nests && scope == 4).then_some(
                r#"{ "code": 1, "space": "vendor-2", "csv-format": false, "data": "0C",
                "always-send": true }"#,
            );
            own.chain(nested).chain(vendors).collect::<Vec<_>>().join(", ")
        };
        let boot = if boots { r#""next-server": "10.0.0.9", "boot-file-name": "x","# } else { "" };
        let all = [
            format!(
                r#"{{ "name": "phones", "test": "substring(option[60].text, 0, 5) == 'phone'",
                {boot} "option-data": [ {} ] }}"#,
                of(2)
            ),
            r#"{ "name": "model", "template-test": "split(option[60].text, '/', 2)" }"#.to_owned(),
            r#"{ "name": "late", "only-in-additional-list": true, "test": "member('ALL')",
            "option-data": [ { "name": "time-servers", "data": "10.0.0.7", "always-send": true } ] }"#
                .to_owned(),
        ];
        let classes = all[..classes + 1].join(", ");
        let late = if lists { r#""evaluate-additional-classes": [ "late" ],"# } else { "" };
        let reserved = match (host, boots) {
            (false, _) => "",
            (_, true) => r#"{ "hw-address": "02:00:00:00:00:01", "hostname": "kept" }"#,
            _ => {
                r#"{ "hw-address": "02:00:00:00:00:01", "option-data": [
                { "name": "routers", "data": "10.0.0.99" } ] }"#
            }
        };
        let hooks = if amends {
            r#""hooks-libraries": [ { "library": "libdhcp_flex_option.so", "parameters": {
            "options": [ { "code": 15, "supersede": "'it-is-' + option[60].text" } ] } } ],"#
        } else {
            ""
        };
        let subnet = format!(
            r#"{{ "id": 1, "subnet": "10.0.0.0/24", "option-data": [ {} ], {late}
            "reservations": [ {reserved} ],
            "pools": [ {{ "pool": "10.0.0.10 - 10.0.0.19", "option-data": [ {} ] }},
            {{ "pool": "10.0.0.20 - 10.0.0.29" }} ] }}"#,
            of(1),
            of(0),
        );
        let place = if nets {
            format!(
                r#""shared-networks": [ {{ "name": "n", "option-data": [ {} ],
                "subnet4": [ {subnet} ] }} ]"#,
                of(3)
            )
        } else {
            format!(r#""subnet4": [ {subnet} ]"#)
        };
        format!(r#"{hooks} "client-classes": [ {classes} ], "option-data": [ {} ], {place}"#, of(4))
    })
}

/// A message of one of three clients, one of which may have a reservation.
fn message() -> impl Strategy<Value = Message> {
    // Few different ones, so that much of what is asked was asked before.
    let all = [1, 3, 6, 7, 12, 15, 43, 108, 121, 125];
    let list = prop_oneof![
        4 => Just(all.to_vec()),
        1 => Just(vec![12, 15, 3]),
        1 => subsequence(all.to_vec(), 0..10).prop_shuffle(),
    ];
    let kind = select(vec![MessageType::Discover, MessageType::Inform]);
    (kind, 1_u8..4, select(VENDORS.to_vec()), list, any::<[bool; 5]>()).prop_map(
        |(kind, client, vendor, list, [named, wishes, auto, identified, speaks])| {
            let hw = HwAddr::ethernet([2, 0, 0, 0, 0, client]);
            let mut message = Message::new(Op::Request, Xid(client.into()), hw);
            message.set_message_type(kind);
            let mut put = |on: bool, code: u8, value: &[u8]| {
                if on {
                    message.options.insert(code, value);
                }
            };
            put(!vendor.is_empty(), code::CLASS_ID, vendor.as_bytes());
            put(!list.is_empty(), code::PARAMETER_LIST, &list);
            put(named, code::HOST_NAME, b"Box");
            put(wishes, code::REQUESTED_ADDRESS, &[10, 0, 0, 25]);
            put(auto, code::AUTO_CONFIG, &[1]);
            put(identified, code::CLIENT_ID, &[0, client, 7]);
            let mut spoken = Vec::new();
            vendor::push_blocks(&mut spoken, 2, &[(1, vec![3])]);
            put(speaks, code::VIVSO_SUBOPTIONS, &spoken);
            if kind == MessageType::Inform {
                message.ciaddr = Ipv4Addr::new(10, 0, 0, 15 + client);
            }
            message
        },
    )
}

/// The decision, and the octets of its answer, which show the order of options.
fn decided(world: &World, message: &Message) -> (Decision, Option<Vec<u8>>) {
    let now = Now { wall: Wall::from_secs(NOW), ..Now::default() };
    let query = world::query(message, Ipv4Addr::BROADCAST);
    let decision = decide(world, &world.topology, &links(), &query, now);
    let octets = match &decision {
        Decision::Do(plan) => plan.answer.as_ref().map(|it| it.message.encode(it.limit).octets),
        _ => None,
    };
    (decision, octets)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_remembered_makes_no_difference(
        configs in [config(), config()],
        steps in proptest::collection::vec((0..6_u8, any::<bool>(), message()), 16..48),
    ) {
        let [mut one, mut other] = configs.map(|text| World::new(&text));
        let mut assembled = Assembled::under(&one.topology);
        for (reconfigures, forgets, message) in steps {
            if reconfigures == 0 {
                std::mem::swap(&mut one, &mut other);
                // What another configuration gives is of no use, and does no harm.
                if forgets {
                    assembled = Assembled::under(&one.topology);
                }
            }
            let fresh = decided(&one, &message);
            one.assembled = Some(assembled);
            let remembered = [decided(&one, &message), decided(&one, &message)];
            assembled = one.assembled.take().expect("it was put there");
            prop_assert_eq!(&remembered[0], &fresh);
            prop_assert_eq!(&remembered[1], &fresh);
        }
    }
}
