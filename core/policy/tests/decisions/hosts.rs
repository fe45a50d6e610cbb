//! Reservations and shared networks: who is known, which classes that gives, and what wins.

use std::net::Ipv4Addr;

use lessor_policy::{Decision, DropReason, Query, decide};
use lessor_types::{HwAddr, Now, Wall, Xid};
use lessor_wire::v4::{Message, MessageType, Op, RelayAgent, code};

use crate::world::{NOW, World, datagram, links};

/// What a DISCOVER, made by `edit`, is answered under these members of `Dhcp4`.
fn offer(dhcp4: &str, edit: impl Fn(&mut Message)) -> Result<Message, DropReason> {
    let hw = HwAddr::ethernet([2, 0, 0, 0, 0, 7]);
    let mut message = Message::new(Op::Request, Xid(42), hw);
    message.set_message_type(MessageType::Discover);
    message.options.insert(code::PARAMETER_LIST, [code::ROUTERS, code::DOMAIN_NAME_SERVERS, 15]);
    edit(&mut message);
    let query = Query::read(&datagram(&message, Ipv4Addr::BROADCAST))?;
    let now = Now { wall: Wall::from_secs(NOW), ..Now::default() };
    let world = World::new(dhcp4);
    match decide(&world, &world.topology, &links(), &query, now) {
        Decision::Do(plan) => Ok(plan.answer.expect("an answer").message),
        Decision::Drop(reason) => Err(reason),
        other => panic!("everything is known: {other:?}"),
    }
}

fn yiaddr(dhcp4: &str, edit: impl Fn(&mut Message)) -> String {
    match offer(dhcp4, edit) {
        Ok(message) => message.yiaddr.to_string(),
        Err(reason) => reason.id().to_owned(),
    }
}

/// One subnet with these reservations.
fn reserved(reservations: &str) -> String {
    format!(
        r#""host-reservation-identifiers": [ "circuit-id", "duid", "client-id", "hw-address" ],
        "subnet4": [ {{ "id": 1, "subnet": "10.0.0.0/24",
        "pools": [ {{ "pool": "10.0.0.100-10.0.0.199" }} ], "reservations": [ {reservations} ] }} ]"#
    )
}

#[test]
fn each_identifier_finds_its_reservation_in_the_order_configured() {
    let config = reserved(
        r#"{ "hw-address": "02:00:00:00:00:07", "ip-address": "10.0.0.2" },
        { "client-id": "01:02:03", "ip-address": "10.0.0.3" },
        { "duid": "00:01:0a", "ip-address": "10.0.0.4" },
        { "circuit-id": "'port 7'", "ip-address": "10.0.0.5" }"#,
    );
    let id = |octets: &'static [u8]| {
        move |message: &mut Message| {
            message.options.insert(code::CLIENT_ID, octets);
        }
    };
    assert_eq!(yiaddr(&config, |_| {}), "10.0.0.2");
    assert_eq!(yiaddr(&config, id(&[1, 2, 3])), "10.0.0.3");
    assert_eq!(yiaddr(&config, id(&[1, 2, 4])), "10.0.0.2");
    // RFC 4361 §6.1: type, IAID, DUID.
    assert_eq!(yiaddr(&config, id(&[255, 9, 9, 9, 9, 0, 1, 10])), "10.0.0.4");
    assert_eq!(yiaddr(&config, id(&[255, 9, 9])), "10.0.0.2");
    let relayed = |message: &mut Message| {
        id(&[1, 2, 3])(message);
        message.giaddr = Ipv4Addr::new(10, 0, 0, 9);
        let subs: [(u8, &[u8]); 1] = [(code::relay::CIRCUIT_ID, b"port 7")];
        message.set_relay_agent(&RelayAgent::from_subs(&subs).expect("short"));
    };
    assert_eq!(yiaddr(&config, relayed), "10.0.0.5");
}

#[test]
fn a_reservation_wins_over_everything_else() {
    let config = format!(
        r#""option-data": [ {{ "name": "routers", "data": "10.0.0.251" }} ],
        "next-server": "10.0.0.252", "boot-file-name": "global",
        "client-classes": [ {{ "name": "gold", "boot-file-name": "gold", "next-server": "10.0.0.253",
            "option-data": [ {{ "name": "domain-name-servers", "data": "10.0.0.254" }} ] }} ],
        {}"#,
        reserved(
            r#"{ "hw-address": "02:00:00:00:00:07", "client-classes": [ "gold" ],
            "next-server": "10.0.0.2", "server-hostname": "own",
            "option-data": [ { "name": "routers", "data": "10.0.0.3" } ] }"#
        )
    );
    let message = offer(&config, |_| {}).expect("an offer");
    assert_eq!(message.yiaddr.to_string(), "10.0.0.100");
    assert_eq!(message.options.ipv4(code::ROUTERS), Some(Ipv4Addr::new(10, 0, 0, 3)));
    let dns = Some(Ipv4Addr::new(10, 0, 0, 254));
    assert_eq!(message.options.ipv4(code::DOMAIN_NAME_SERVERS), dns);
    assert_eq!(message.siaddr, Ipv4Addr::new(10, 0, 0, 2));
    assert_eq!(message.sname, b"own");
    assert_eq!(message.file, b"gold");
}

#[test]
fn who_is_known_opens_pools_and_drops() {
    let config = |host: &str| {
        format!(
            r#""client-classes": [ {{ "name": "guests", "test": "unknown" }},
            {{ "name": "late", "test": "member('guests')" }} ],
            "subnet4": [ {{ "id": 1, "subnet": "10.0.0.0/24", "reservations": [ {host} ], "pools": [
            {{ "pool": "10.0.0.10-10.0.0.19", "client-class": "KNOWN" }},
            {{ "pool": "10.0.0.20-10.0.0.29", "client-class": "late" }} ] }} ]"#
        )
    };
    assert_eq!(yiaddr(&config(""), |_| {}), "10.0.0.20");
    let host = r#"{ "hw-address": "02:00:00:00:00:07" }"#;
    assert_eq!(yiaddr(&config(host), |_| {}), "10.0.0.10");
    let banned = format!(
        r#""client-classes": [ {{ "name": "DROP", "test": "member('KNOWN')" }} ], {}"#,
        reserved(host)
    );
    assert_eq!(yiaddr(&banned, |_| {}), "DHCP4_CLASS_DROP");
}

#[test]
fn global_reservations_count_where_they_are_looked_for() {
    let config = |flags: &str, guard: &str| {
        format!(
            r#"{flags} "client-classes": [ {{ "name": "gold" }} ],
            "reservations": [ {{ "hw-address": "02:00:00:00:00:07", "ip-address": "10.0.0.5",
            "client-classes": [ "gold" ] }} ],
            "subnet4": [ {{ "id": 1, "subnet": "10.0.0.0/24", {guard}
            "pools": [ {{ "pool": "10.0.0.10-10.0.0.19" }} ] }} ]"#
        )
    };
    let guard = r#""client-class": "gold","#;
    let global = r#""reservations-global": true,"#;
    let early = r#""reservations-global": true, "early-global-reservations-lookup": true,"#;
    assert_eq!(yiaddr(&config("", ""), |_| {}), "10.0.0.10");
    assert_eq!(yiaddr(&config(global, ""), |_| {}), "10.0.0.5");
    // A subnet is selected before reservations are known, unless global ones are looked up early.
    assert_eq!(yiaddr(&config(global, guard), |_| {}), "DHCP4_NO_SUBNET");
    assert_eq!(yiaddr(&config(early, guard), |_| {}), "10.0.0.5");
    // Who was found early is known, though the subnet itself looks for no global reservation.
    let known = r#""early-global-reservations-lookup": true,
        "client-classes": [ { "name": "DROP", "test": "member('UNKNOWN')" } ],
        "reservations": [ { "hw-address": "02:00:00:00:00:07" } ],
        "subnet4": [ { "id": 1, "subnet": "10.0.0.0/24",
            "pools": [ { "pool": "10.0.0.10-10.0.0.19" } ] } ]"#;
    assert_eq!(yiaddr(known, |_| {}), "10.0.0.10");
    let old = r#""reservation-mode": "global","#;
    assert_eq!(yiaddr(&config(old, ""), |_| {}), "10.0.0.5");
}

#[test]
fn a_network_admits_and_gives_to_its_subnets() {
    let config = |guard: &str| {
        format!(
            r#""client-classes": [ {{ "name": "phones", "test": "option[60].text == 'phone'" }},
            {{ "name": "more", "only-in-additional-list": true, "test": "member('ALL')",
               "option-data": [ {{ "name": "domain-name", "data": "more" }} ] }} ],
            "shared-networks": [ {{ "name": "n", "interface": "lan0", "client-class": "{guard}",
            "evaluate-additional-classes": [ "more" ],
            "option-data": [ {{ "name": "routers", "data": "10.1.0.3" }},
                             {{ "name": "domain-name-servers", "data": "10.1.0.4" }} ],
            "subnet4": [ {{ "id": 1, "subnet": "10.1.0.0/24",
            "option-data": [ {{ "name": "routers", "data": "10.1.0.1" }} ],
            "pools": [ {{ "pool": "10.1.0.10-10.1.0.19" }} ] }} ] }} ]"#
        )
    };
    assert_eq!(yiaddr(&config("phones"), |_| {}), "DHCP4_NO_SUBNET");
    let message = offer(&config(""), |_| {}).expect("an offer");
    assert_eq!(message.options.ipv4(code::ROUTERS), Some(Ipv4Addr::new(10, 1, 0, 1)));
    let dns = Some(Ipv4Addr::new(10, 1, 0, 4));
    assert_eq!(message.options.ipv4(code::DOMAIN_NAME_SERVERS), dns);
    assert_eq!(message.options.get(15), Some(&b"more"[..]));
}
