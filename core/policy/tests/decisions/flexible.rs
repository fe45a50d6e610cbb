//! What expressions make of a query: an identifier (`libdhcp_flex_id`), and options of its reply
//! (`libdhcp_flex_option`).

use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_lease::{DnsFlags, Lease, State};
use lessor_policy::{Decision, Plan, Query, decide};
use lessor_types::{
    ClientId, Holder, HwAddr, Identifier, IdentifierKind, Now, PoolId, Secs, SubnetId, Unit, Wall,
};
use lessor_wire::v4::{Message, MessageType, RelayAgent, code};

use crate::world::{ADDR, CLIENT, NOW, SERVER, World, links, message, query, request};

fn plan(world: &World, query: &Query) -> Plan {
    let now = Now { wall: Wall::from_secs(NOW), ..Now::default() };
    // As the server does with each packet.
    let renamed = query.renamed(&world.topology, &links());
    let query = renamed.as_ref().unwrap_or(query);
    match decide(world, &world.topology, &links(), query, now) {
        Decision::Do(plan) => plan,
        other => panic!("no plan: {other:?}"),
    }
}

fn answer(world: &World, message: &Message) -> Message {
    plan(world, &query(message, Ipv4Addr::BROADCAST)).answer.expect("an answer").message
}

fn circuit(message: &mut Message, octets: &[u8]) {
    let subs = [(code::relay::CIRCUIT_ID, octets)];
    message.set_relay_agent(&RelayAgent::from_subs(&subs).expect("short"));
}

/// A library with these parameters, and one subnet.
fn with_library(library: &str, parameters: &str, more: &str) -> World {
    World::new(&format!(
        r#""hooks-libraries": [ {{ "library": "{library}", "parameters": {{ {parameters} }} }} ],
        {more} "subnet4": [ {{ "id": 1, "subnet": "10.0.0.0/24",
        "pools": [ {{ "pool": "10.0.0.10-10.0.0.99" }} ], "reservations": [
            {{ "flex-id": "'port-7'", "ip-address": "10.0.0.107" }},
            {{ "client-id": "'xme'", "ip-address": "10.0.0.108" }},
            {{ "client-id": "00:70:6f:72:74:2d:38", "ip-address": "10.0.0.109" }} ] }} ]"#
    ))
}

fn flex_id(parameters: &str, kinds: &str) -> World {
    let more = format!(r#""host-reservation-identifiers": [ {kinds} ],"#);
    with_library("libdhcp_flex_id.so", parameters, &more)
}

const BY_CIRCUIT: &str =
    r#""identifier-expression": "ifelse(member('ALL'), relay4[1].hex, 'none')""#;

#[test]
fn reservations_are_found_by_what_an_expression_makes() {
    let replaced = format!(r#"{BY_CIRCUIT}, "replace-client-id": true"#);
    for (parameters, kinds, circuit_id, addr) in [
        (BY_CIRCUIT, r#""flex-id""#, Some("port-7"), "10.0.0.107"),
        (BY_CIRCUIT, r#""flex-id", "client-id""#, Some("port-7"), "10.0.0.107"),
        (BY_CIRCUIT, r#""client-id", "flex-id""#, Some("port-7"), "10.0.0.108"),
        // Only where it is listed.
        (BY_CIRCUIT, r#""hw-address""#, Some("port-7"), "10.0.0.10"),
        // Another value, or none.
        (BY_CIRCUIT, r#""flex-id""#, Some("port-9"), "10.0.0.10"),
        (BY_CIRCUIT, r#""flex-id""#, None, "10.0.0.10"),
        // What cannot be evaluated is empty.
        (
            r#""identifier-expression": "uint8totext('port-7')""#,
            r#""flex-id""#,
            Some("port-7"),
            "10.0.0.10",
        ),
        // What takes the place of the client identifier finds reservations as one.
        (&replaced, r#""client-id""#, Some("port-8"), "10.0.0.109"),
        (&replaced, r#""client-id""#, None, "10.0.0.108"),
    ] {
        let world = flex_id(parameters, kinds);
        let mut asked = message(MessageType::Discover);
        asked.options.insert(code::CLIENT_ID, b"xme");
        circuit_id.inspect(|id| circuit(&mut asked, id.as_bytes()));
        let reply = answer(&world, &asked);
        assert_eq!(reply.yiaddr.to_string(), addr, "{parameters} {kinds} {circuit_id:?}");
        assert_eq!(reply.options.get(code::CLIENT_ID), Some(&b"xme"[..]), "as it was sent");
    }
}

#[test]
fn leases_go_by_what_replaces_the_client_identifier() {
    for (replace, circuit_id, own, kept) in [
        ("true", &b"\x05"[..], &b"xme"[..], Some(&b"\0\x05"[..])),
        ("true", b"\x05", b"", Some(b"\0\x05")),
        ("true", b"", b"xme", Some(b"xme")),
        ("false", b"\x05", b"xme", Some(b"xme")),
        ("false", b"\x05", b"", None),
    ] {
        let parameters = format!(r#"{BY_CIRCUIT}, "replace-client-id": {replace}"#);
        let world = flex_id(&parameters, r#""flex-id""#);
        let mut asked = request();
        if !own.is_empty() {
            asked.options.insert(code::CLIENT_ID, own);
        }
        if !circuit_id.is_empty() {
            circuit(&mut asked, circuit_id);
        }
        let plan = plan(&world, &query(&asked, Ipv4Addr::BROADCAST));
        let [change] = plan.changes.as_slice() else { panic!("one: {:?}", plan.changes) };
        let row = change.to.as_ref().expect("a row");
        assert_eq!(row.holder.client_id.as_ref().map(ClientId::octets), kept);
        let reply = plan.answer.expect("an answer").message;
        assert_eq!(reply.options.get(code::CLIENT_ID).unwrap_or_default(), own);
    }
}

#[test]
fn an_identifier_is_made_again_where_the_configuration_is_another() {
    let replaced = format!(r#"{BY_CIRCUIT}, "replace-client-id": true"#);
    let with = flex_id(&replaced, r#""flex-id""#).topology;
    let without = World::new("").topology;
    let mut asked = request();
    circuit(&mut asked, b"port-7");
    let plain = query(&asked, Ipv4Addr::BROADCAST);
    assert_eq!(plain.renamed(&without, &links()), None);
    let renamed = plain.renamed(&with, &links()).expect("another name");
    assert_eq!(renamed.flex_id, Identifier::new(IdentifierKind::FlexId, b"port-7"));
    assert_eq!(renamed.holder.client_id, ClientId::new(b"\0port-7").ok());
    assert_eq!(renamed.renamed(&with, &links()), None);
    assert_eq!(renamed.renamed(&without, &links()), Some(plain));
    // The longest client identifier has room for one octet less.
    circuit(&mut asked, &[7; 253]);
    let long = r#""identifier-expression": "relay4[1].hex + 'ab'", "replace-client-id": true"#;
    let long = flex_id(long, r#""flex-id""#).topology;
    let renamed = query(&asked, Ipv4Addr::BROADCAST).renamed(&long, &links()).expect("a name");
    assert_eq!(renamed.flex_id.map(|id| id.octets().len()), Some(255));
    assert_eq!(renamed.holder.client_id, None);
}

#[test]
fn a_client_that_renews_past_its_relay_keeps_its_identifier() {
    let replaced = format!(r#"{BY_CIRCUIT}, "replace-client-id": true"#);
    let more = r#""stash-agent-options": true, "store-extended-info": true,"#;
    let mut world = with_library("libdhcp_flex_id.so", &replaced, more);
    let holder =
        Holder { hw: HwAddr::ethernet(CLIENT), client_id: ClientId::new(b"\0port-9").ok() };
    let context = r#"{"ISC": {"relay-agent-info": {"sub-options": "0x0106706F72742D39"}}}"#;
    world.row = Some(Arc::new(Lease {
        unit: Unit::V4(ADDR),
        subnet: SubnetId(1),
        pool: PoolId(0),
        holder: holder.clone(),
        state: State::Assigned,
        valid: Secs(600),
        expires: Wall::from_secs(NOW + 300),
        hostname: None,
        dns: DnsFlags::default(),
        context: Some(context.into()),
        promises: None,
    }));
    let mut asked = message(MessageType::Request);
    asked.ciaddr = ADDR;
    asked.options.insert(code::CLIENT_ID, b"xme");
    let plan = plan(&world, &query(&asked, SERVER));
    let [change] = plan.changes.as_slice() else { panic!("one: {:?}", plan.changes) };
    assert_eq!(change.to.as_ref().map(|row| &row.holder), Some(&holder));
}

/// The options of a message that the configuration could give, as `code=hex`.
fn shown(message: &Message) -> String {
    const OTHERS: [u8; 5] = [
        code::MESSAGE_TYPE,
        code::SERVER_ID,
        code::LEASE_TIME,
        code::SUBNET_MASK,
        code::RELAY_AGENT,
    ];
    let options = message.options.iter().filter(|(code, _)| !OTHERS.contains(code));
    let hex = |value: &[u8]| value.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
    let shown: Vec<String> =
        options.map(|(code, value)| format!("{code}={}", hex(value))).collect();
    shown.join(" ")
}

const GIVEN: &str = r#"
    "client-classes": [ { "name": "ports", "test": "relay4[1].exists" } ],
    "option-def": [
        { "name": "boxes", "code": 230, "type": "empty", "encapsulate": "box" },
        { "name": "edge", "code": 1, "space": "box", "type": "uint16" },
        { "name": "lid", "code": 2, "space": "box", "type": "uint8" } ],
    "option-data": [
        { "name": "routers", "data": "10.0.0.1" },
        { "name": "edge", "space": "box", "data": "7", "always-send": true } ],"#;

#[test]
fn each_action_does_to_the_reply_what_it_says() {
    for (entry, after) in [
        // Nothing of the kind.
        (r#"{ "code": 67, "add": "''" }"#, "3=0a000001 230=01020007"),
        (r#"{ "code": 67, "add": "'a'" }"#, "3=0a000001 230=01020007 67=61"),
        (
            r#"{ "code": 67, "add": "substring(relay4[1].hex, 0, 4)" }"#,
            "3=0a000001 230=01020007 67=706f7274",
        ),
        (r#"{ "code": 3, "add": "'a'" }"#, "3=0a000001 230=01020007"),
        (r#"{ "name": "routers", "supersede": "''" }"#, "3=0a000001 230=01020007"),
        (r#"{ "name": "routers", "supersede": "0x0a0000fe" }"#, "3=0a0000fe 230=01020007"),
        (r#"{ "code": 67, "supersede": "'a'" }"#, "3=0a000001 230=01020007 67=61"),
        (r#"{ "code": 3, "remove": "relay4[1].hex == 'port-7'" }"#, "230=01020007"),
        (r#"{ "code": 3, "remove": "relay4[1].hex == 'port-8'" }"#, "3=0a000001 230=01020007"),
        (r#"{ "code": 67, "remove": "member('ALL')" }"#, "3=0a000001 230=01020007"),
        // Text in the option's form; what does not have it changes nothing.
        (
            r#"{ "code": 3, "supersede": "'10.0.0.' + '2, 10.0.0.3'", "csv-format": true }"#,
            "3=0a0000020a000003 230=01020007",
        ),
        (
            r#"{ "code": 3, "supersede": "'10.0.0.'", "csv-format": true }"#,
            "3=0a000001 230=01020007",
        ),
        (r#"{ "code": 67, "add": "0xff", "csv-format": true }"#, "3=0a000001 230=01020007"),
        // For members of classes, and in the order of the file.
        (
            r#"{ "code": 67, "add": "'a'", "client-class": "ports" },
            { "code": 67, "add": "'b'" }"#,
            "3=0a000001 230=01020007 67=61",
        ),
        (
            r#"{ "code": 67, "add": "'a'", "client-class": "KNOWN" },
            { "code": 67, "add": "'b'" }"#,
            "3=0a000001 230=01020007 67=62",
        ),
    ] {
        let parameters = format!(r#""options": [ {entry} ]"#);
        let world = with_library("libdhcp_flex_option.so", &parameters, GIVEN);
        for mut asked in [message(MessageType::Discover), request()] {
            circuit(&mut asked, b"port-7");
            assert_eq!(shown(&answer(&world, &asked)), after, "{entry}");
        }
    }
}

#[test]
fn each_action_does_to_sub_options_what_it_says() {
    let in_boxes = |sub: &str| format!(r#"{{ "name": "boxes", "sub-options": [ {sub} ] }}"#);
    let in_43 = |sub: &str| format!(r#"{{ "code": 43, "sub-options": [ {sub} ] }}"#);
    let in_125 = |sub: &str| {
        let seven = r#"{ "space": "vendor-7", "code": 1, "add": "'s'" }"#;
        format!(r#"{{ "code": 125, "sub-options": [ {seven}, {sub} ] }}"#)
    };
    let seven = "125=0000000703010173";
    for (entry, boxes, others) in [
        (in_boxes(r#"{ "code": 2, "add": "0x09" }"#), "230=01020007020109", ""),
        (
            in_boxes(r#"{ "name": "lid", "add": "'9'", "csv-format": true }"#),
            "230=01020007020109",
            "",
        ),
        (in_boxes(r#"{ "name": "lid", "add": "'900'", "csv-format": true }"#), "230=01020007", ""),
        (in_boxes(r#"{ "code": 1, "add": "0x09" }"#), "230=01020007", ""),
        (in_boxes(r#"{ "code": 1, "supersede": "0x09" }"#), "230=010109", ""),
        (in_boxes(r#"{ "code": 1, "supersede": "''" }"#), "230=01020007", ""),
        (
            in_boxes(r#"{ "code": 2, "supersede": "0x09", "client-class": "KNOWN" }"#),
            "230=01020007",
            "",
        ),
        (in_boxes(r#"{ "code": 1, "remove": "member('KNOWN')" }"#), "230=01020007", ""),
        (in_boxes(r#"{ "code": 1, "remove": "member('ALL')" }"#), "", ""),
        (
            in_boxes(r#"{ "code": 1, "remove": "member('ALL')", "container-remove": false }"#),
            "230=",
            "",
        ),
        (
            in_boxes(r#"{ "code": 2, "add": "0x09" }, { "code": 1, "remove": "member('ALL')" }"#),
            "230=020109",
            "",
        ),
        // What holds it is there, even empty.
        (
            in_boxes(
                r#"{ "code": 1, "remove": "member('ALL')", "container-remove": false },
            { "code": 2, "add": "0x09", "container-add": false }"#,
            ),
            "230=020109",
            "",
        ),
        (in_43(r#"{ "code": 5, "add": "'x'" }"#), "230=01020007", "43=050178"),
        (in_43(r#"{ "code": 5, "supersede": "'x'" }"#), "230=01020007", "43=050178"),
        (in_43(r#"{ "code": 5, "add": "'x'", "container-add": false }"#), "230=01020007", ""),
        (in_43(r#"{ "code": 5, "remove": "member('ALL')" }"#), "230=01020007", ""),
        (
            in_125(
                r#"{ "space": "vendor-4491", "code": 2, "add": "'192.0.2.1'", "csv-format": true }"#,
            ),
            "230=01020007",
            "125=00000007030101730000118b060204c0000201",
        ),
        (
            in_125(r#"{ "space": "vendor-9", "code": 2, "add": "'x'", "container-add": false }"#),
            "230=01020007",
            seven,
        ),
        (
            in_125(r#"{ "space": "vendor-7", "code": 2, "add": "'x'", "container-add": false }"#),
            "230=01020007",
            "125=0000000706010173020178",
        ),
        (
            in_125(r#"{ "space": "vendor-9", "code": 1, "remove": "member('ALL')" }"#),
            "230=01020007",
            seven,
        ),
        (
            in_125(r#"{ "space": "vendor-7", "code": 1, "remove": "member('ALL')" }"#),
            "230=01020007",
            "",
        ),
        (
            in_125(
                r#"{ "space": "vendor-7", "code": 1, "remove": "member('ALL')", "container-remove": false }"#,
            ),
            "230=01020007",
            "125=0000000700",
        ),
    ] {
        let parameters = format!(r#""options": [ {entry} ]"#);
        let world = with_library("libdhcp_flex_option.so", &parameters, GIVEN);
        let parts = ["3=0a000001", boxes, others].into_iter().filter(|part| !part.is_empty());
        let after = parts.collect::<Vec<_>>().join(" ");
        assert_eq!(shown(&answer(&world, &message(MessageType::Discover))), after, "{entry}");
    }
}

#[test]
fn what_cannot_hold_sub_options_stays_as_it_is() {
    let long = "pkt4.mac + ".repeat(42) + "pkt4.mac";
    for (first, sub) in [
        // Not made up of sub-options from its beginning to its end.
        (
            r#"{ "code": 43, "add": "0x0501" }"#,
            r#"{ "code": 43, "sub-options": [ { "code": 6, "add": "'x'" } ] }"#,
        ),
        (
            r#"{ "code": 43, "add": "0x050178ff" }"#,
            r#"{ "code": 43, "sub-options": [ { "code": 5, "remove": "member('ALL')" } ] }"#,
        ),
        (
            r#"{ "code": 125, "add": "0x0000000901" }"#,
            r#"{ "code": 125, "sub-options": [ { "space": "vendor-7", "code": 1, "add": "'x'" } ] }"#,
        ),
        // Longer than a length field can state.
        (
            r#"{ "code": 43, "add": "0x050178" }"#,
            &format!(
                r#"{{ "code": 43, "sub-options": [ {{ "code": 5, "supersede": "{long}" }} ] }}"#
            ),
        ),
        (
            r#"{ "code": 125, "add": "0x0000000903050178" }"#,
            &format!(
                r#"{{ "code": 125, "sub-options": [ {{ "space": "vendor-9", "code": 5, "supersede": "substring({long}, 0, 254)" }} ] }}"#
            ),
        ),
    ] {
        let world = |entries: &str| {
            let parameters = format!(r#""options": [ {entries} ]"#);
            with_library("libdhcp_flex_option.so", &parameters, GIVEN)
        };
        let asked = message(MessageType::Discover);
        let before = shown(&answer(&world(first), &asked));
        assert_eq!(shown(&answer(&world(&format!("{first}, {sub}")), &asked)), before, "{sub}");
    }
}

#[test]
fn a_refusal_has_nothing_but_what_it_must_have() {
    let parameters = r#""options": [ { "code": 67, "add": "'a'" } ]"#;
    let world = with_library("libdhcp_flex_option.so", parameters, "");
    let mut asked = request();
    asked.options.insert(code::REQUESTED_ADDRESS, [192, 0, 2, 1]);
    let reply = answer(&world, &asked);
    assert_eq!(reply.message_type(), Some(MessageType::Nak));
    assert_eq!(shown(&reply), "");
    let mut inform = message(MessageType::Inform);
    inform.ciaddr = ADDR;
    assert_eq!(shown(&answer(&world, &inform)), "67=61");
}
