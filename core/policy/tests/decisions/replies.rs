//! What replies carry and where they go: one client, one pool, one row at most.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use lessor_lease::{DnsFlags, Lease, State};
use lessor_policy::{Answer, Decision, DropReason, Effect, Hold, Plan, Query, decide};
use lessor_types::{
    Datagram, Destination, Holder, HwAddr, LinkId, Now, PoolId, Secs, SubnetId, Unit, Wall, Xid,
};
use lessor_wire::v4::{Message, MessageType, Op, RelayAgent, code};

use crate::world::{ADDR, CLIENT, NOW, SERVER, World, datagram, links, message, request};

/// One row and one offer at most.
#[derive(Default)]
struct One {
    row: Option<Arc<Lease>>,
    hold: Option<Hold>,
}

/// Decides under `Dhcp4` settings, of which `subnet` ones go into the subnet.
fn ask(global: &str, subnet: &str, facts: &One, message: &Message) -> Decision {
    let world = World {
        row: facts.row.clone(),
        hold: facts.hold.clone(),
        reuses: true,
        ..World::new(&format!(
            r#"{global} "subnet4": [ {{ "id": 1, "subnet": "10.0.0.0/24", {subnet}
            "pools": [ {{ "pool": "10.0.0.10 - 10.0.0.20" }} ] }} ]"#
        ))
    };
    let source = SocketAddr::from((message.giaddr, 1067));
    let datagram = Datagram { source, ..datagram(message, Ipv4Addr::BROADCAST) };
    let query = match Query::read(&datagram) {
        Ok(query) => query,
        Err(reason) => return Decision::Drop(reason),
    };
    let now = Now { wall: Wall::new(NOW, 300_000_000), ..Now::default() };
    decide(&world, &world.topology, &links(), &query, now)
}

fn plan(decision: Decision) -> Plan {
    match decision {
        Decision::Do(plan) => plan,
        other => panic!("no plan: {other:?}"),
    }
}

fn answer(decision: Decision) -> Answer {
    *plan(decision).answer.expect("an answer")
}

fn row(age: i64, valid: u32) -> Arc<Lease> {
    Arc::new(Lease {
        unit: Unit::V4(ADDR),
        subnet: SubnetId(1),
        pool: PoolId(0),
        holder: Holder { hw: HwAddr::ethernet(CLIENT), client_id: None },
        state: State::Assigned,
        valid: Secs(valid),
        expires: Wall::from_secs(NOW - age + i64::from(valid)),
        hostname: None,
        dns: DnsFlags::default(),
        context: None,
        promises: None,
    })
}

#[test]
fn an_offer_has_what_every_offer_must_have() {
    let got = answer(ask("", "", &One::default(), &message(MessageType::Discover)));
    let reply = &got.message;
    assert_eq!(reply.message_type(), Some(MessageType::Offer));
    assert_eq!((reply.op, reply.xid, reply.hops, reply.secs), (Op::Reply, Xid(42), 0, 0));
    assert_eq!((reply.yiaddr, reply.ciaddr), (ADDR, Ipv4Addr::UNSPECIFIED));
    assert_eq!(reply.server_id(), Some(SERVER));
    assert_eq!(reply.options.u32(code::LEASE_TIME), Some(7200));
    assert_eq!(reply.options.ipv4(code::SUBNET_MASK), Some(Ipv4Addr::new(255, 255, 255, 0)));
    // V4-041: not calculated unless asked to; V4-017: nothing of the client's own.
    for absent in [code::RENEWAL_TIME, code::REBINDING_TIME, code::REQUESTED_ADDRESS] {
        assert!(!reply.options.contains(absent), "{absent}");
    }
    let station = SocketAddr::from((ADDR, 68));
    assert_eq!(got.to, Destination::Station { addr: station, hw: HwAddr::ethernet(CLIENT) });
    assert_eq!((got.link, got.source), (LinkId(1), SERVER));
}

#[test]
fn options_come_from_pool_subnet_and_global_and_as_asked() {
    let global = r#""option-data": [
        { "name": "ntp-servers", "data": "192.0.2.1" },
        { "name": "domain-name-servers", "data": "192.0.2.2" },
        { "name": "log-servers", "data": "192.0.2.3", "always-send": true } ],"#;
    let subnet = r#""option-data": [ { "name": "domain-name-servers", "data": "192.0.2.4" } ],"#;
    let mut asked = message(MessageType::Discover);
    let unasked = answer(ask(global, subnet, &One::default(), &asked)).message;
    assert_eq!(unasked.options.get(code::NTP_SERVERS), None);
    assert_eq!(unasked.options.ipv4(code::DOMAIN_NAME_SERVERS), Some(Ipv4Addr::new(192, 0, 2, 4)));
    assert_eq!(unasked.options.ipv4(code::LOG_SERVERS), Some(Ipv4Addr::new(192, 0, 2, 3)));
    asked.options.insert(code::PARAMETER_LIST, [code::NTP_SERVERS, code::LEASE_TIME]);
    let reply = answer(ask(global, subnet, &One::default(), &asked)).message;
    assert_eq!(reply.options.ipv4(code::NTP_SERVERS), Some(Ipv4Addr::new(192, 0, 2, 1)));
}

#[test]
fn times_are_clipped_and_calculated() {
    let global = r#""min-valid-lifetime": 100, "valid-lifetime": 1000, "max-valid-lifetime": 2000,
        "calculate-tee-times": true,"#;
    for (wanted, given) in [(None, 1000), (Some(1_u32), 100), (Some(u32::MAX), 2000)] {
        let mut asked = message(MessageType::Discover);
        if let Some(secs) = wanted {
            asked.options.insert(code::LEASE_TIME, secs.to_be_bytes());
        }
        let options = answer(ask(global, "", &One::default(), &asked)).message.options;
        assert_eq!(options.u32(code::LEASE_TIME), Some(given));
        assert_eq!(options.u32(code::RENEWAL_TIME), Some(given / 2));
        assert_eq!(options.u32(code::REBINDING_TIME), Some(given * 7 / 8));
    }
}

#[test]
fn a_lease_is_kept_to_the_end_that_its_client_counts_to() {
    let plan = plan(ask("", "", &One::default(), &request()));
    let [change] = plan.changes.as_slice() else { panic!("one change: {:?}", plan.changes) };
    let lease = change.to.as_deref().expect("a row");
    // The time is 0.3 s into a second: a row that began at its start would end too soon.
    assert_eq!(lease.expires, Wall::from_secs(NOW + 1 + 7200));
    assert_eq!(plan.effect, Effect::Leased(Unit::V4(ADDR), Secs(7200)));
    assert_eq!(plan.read, Some(Unit::V4(ADDR)));
}

#[test]
fn a_shorter_lifetime_does_not_take_back_what_the_client_was_told() {
    let facts = One { row: Some(row(10, 100_000)), hold: None };
    let plan = plan(ask("", "", &facts, &request()));
    let lease = plan.changes.first().and_then(|change| change.to.clone()).expect("a row");
    assert_eq!(plan.effect, Effect::Leased(Unit::V4(ADDR), Secs(7200)));
    assert_eq!(lease.expires, Wall::from_secs(NOW - 10 + 100_000));
}

#[test]
fn a_young_lease_is_confirmed_without_a_write() {
    let young = One { row: Some(row(100, 7200)), hold: None };
    let confirmed = plan(ask("", "", &young, &request()));
    assert_eq!(confirmed.changes, []);
    assert_eq!(confirmed.effect, Effect::Reused(Unit::V4(ADDR), Secs(7099)));
    let off = plan(ask(r#""cache-threshold": 0.0,"#, "", &young, &request()));
    assert_eq!(off.changes.len(), 1);
    let aged = plan(ask(r#""cache-max-age": 50,"#, "", &young, &request()));
    assert_eq!(aged.changes.len(), 1);
    let old = One { row: Some(row(1801, 7200)), hold: None };
    assert_eq!(plan(ask("", "", &old, &request())).changes.len(), 1);
}

#[test]
fn the_server_goes_by_the_name_that_it_is_given() {
    let named = |last: u8| {
        format!(
            r#""option-data": [ {{ "name": "dhcp-server-identifier", "data": "10.0.0.{last}" }} ],"#
        )
    };
    let server = |global: &str, subnet: &str, message: &Message| {
        answer(ask(global, subnet, &One::default(), message)).message.server_id()
    };
    let discover = message(MessageType::Discover);
    let name = |last: u8| Some(Ipv4Addr::new(10, 0, 0, last));
    assert_eq!(server("", "", &discover), Some(SERVER));
    assert_eq!(server(&named(98), "", &discover), name(98));
    assert_eq!(server(&named(98), &named(99), &discover), name(99));
    let mut chosen = request();
    chosen.options.insert(code::SERVER_ID, [10, 0, 0, 99]);
    assert_eq!(server("", &named(99), &chosen), name(99), "it is us");
    // RFC 5107 §4: a relay's word goes before that.
    let mut relayed = discover;
    relayed.giaddr = Ipv4Addr::new(10, 0, 0, 2);
    let agent = RelayAgent::from_subs(&[(11, &[10, 0, 0, 2])]).expect("short");
    relayed.set_relay_agent(&agent);
    assert_eq!(server(&named(98), &named(99), &relayed), name(2));
}

#[test]
fn replies_find_their_way() {
    let mut bcast = message(MessageType::Discover);
    bcast.set_broadcast(true);
    let got = answer(ask("", "", &One::default(), &bcast));
    assert_eq!(got.to, Destination::Broadcast { port: 68 }); // V4-003

    let mut relayed = message(MessageType::Discover);
    relayed.giaddr = Ipv4Addr::new(10, 0, 0, 2);
    relayed.set_broadcast(true);
    let got = answer(ask("", "", &One::default(), &relayed));
    let relay = |port| Destination::Routed(SocketAddr::from((Ipv4Addr::new(10, 0, 0, 2), port)));
    assert_eq!(got.to, relay(67)); // V4-001

    // V4-009: a relay with a port of its own; and option 82 comes back as it was.
    let agent = RelayAgent::from_subs(&[(1, b"port 7"), (19, &[])]).expect("short");
    relayed.set_relay_agent(&agent);
    let got = answer(ask("", "", &One::default(), &relayed));
    assert_eq!(got.to, relay(1067));
    assert_eq!(got.message.relay_agent(), Some(agent));

    let mut renew = message(MessageType::Request);
    renew.ciaddr = ADDR;
    let facts = One { row: Some(row(4000, 7200)), hold: None };
    let got = answer(ask("", "", &facts, &renew));
    assert_eq!(got.to, Destination::Routed(SocketAddr::from((ADDR, 68)))); // V4-002
    assert_eq!(got.message.ciaddr, ADDR); // V4-014

    // V4-005, V4-016: broadcast though ciaddr is set, and without configuration.
    let foreign = One {
        row: Some(Arc::new(Lease { subnet: SubnetId(9), ..Lease::clone(&row(10, 7200)) })),
        hold: None,
    };
    let nak = answer(ask("", "", &foreign, &renew));
    assert_eq!(nak.message.message_type(), Some(MessageType::Nak));
    assert_eq!(nak.to, Destination::Broadcast { port: 68 });
    let codes: Vec<u8> = nak.message.options.iter().map(|(code, _)| code).collect();
    assert_eq!(codes, [code::MESSAGE_TYPE, code::SERVER_ID]);
}

#[test]
fn identities_count_as_the_subnet_says() {
    let mut with_id = message(MessageType::Discover);
    with_id.options.insert(code::CLIENT_ID, *b"\x01other");
    let mine = One { row: Some(row(10, 7200)), hold: None };
    let got = answer(ask("", "", &mine, &with_id));
    // RFC 6842: echoed.
    assert_eq!(got.message.options.get(code::CLIENT_ID), Some(&b"\x01other"[..]));
    let silent = answer(ask(r#""echo-client-id": false,"#, "", &mine, &with_id));
    assert_eq!(silent.message.options.get(code::CLIENT_ID), None);

    let mut taken = request();
    taken.options.insert(code::CLIENT_ID, *b"\x01other");
    let theirs = Arc::new(Lease {
        holder: Holder {
            hw: HwAddr::ethernet(CLIENT),
            client_id: lessor_types::ClientId::new(b"\x01first").ok(),
        },
        ..Lease::clone(&row(10, 7200))
    });
    let facts = One { row: Some(theirs), hold: None };
    let nak = plan(ask("", "", &facts, &taken));
    assert_eq!(nak.effect, Effect::Refused(Unit::V4(ADDR)));
    let same_hw = plan(ask(r#""match-client-id": false,"#, "", &facts, &taken));
    assert!(matches!(same_hw.effect, Effect::Leased(..)), "{:?}", same_hw.effect);
}

#[test]
fn what_no_client_sends_gets_no_answer() {
    let mut from_server = message(MessageType::Discover);
    from_server.op = Op::Reply;
    let drop = |message: &Message| ask("", "", &One::default(), message);
    assert_eq!(drop(&from_server), Decision::Drop(DropReason::FromServer));
    assert_eq!(drop(&message(MessageType::Ack)), Decision::Drop(DropReason::MessageType));
    assert_eq!(drop(&message(MessageType::Decline)), Decision::Drop(DropReason::Malformed));
    assert_eq!(drop(&message(MessageType::Inform)), Decision::Drop(DropReason::Malformed));
    let nobody = Message { hw: HwAddr::default(), ..message(MessageType::Discover) };
    assert_eq!(drop(&nobody), Decision::Drop(DropReason::NoIdentity));
}

// Each space is held by 30 options of the one around it: written out, that would be 30^7 of them.
#[test]
fn spaces_that_unfold_without_end_are_cut_short() {
    let mut defs =
        vec![r#"{"name": "top", "code": 224, "type": "empty", "encapsulate": "s0"}"#.to_owned()];
    for level in 0..6 {
        defs.extend((1..=30).map(|code| {
            format!(
                r#"{{"name": "n{code}", "code": {code}, "space": "s{level}", "type": "empty",
                    "encapsulate": "s{}"}}"#,
                level + 1
            )
        }));
    }
    let global = format!(
        r#""option-def": [{}], "option-data": [
            {{"name": "routers", "data": "10.0.0.1"}},
            {{"code": 1, "space": "s6", "csv-format": false, "data": "01"}}],"#,
        defs.join(",")
    );
    let mut asked = message(MessageType::Discover);
    asked.options.insert(code::PARAMETER_LIST, [224]);
    let reply = answer(ask(&global, "", &One::default(), &asked)).message;
    // What is whole is sent all the same.
    assert_eq!(reply.options.ipv4(code::ROUTERS), Some(Ipv4Addr::new(10, 0, 0, 1)));
    // No length octet could state what lies in the third space from within.
    assert_eq!(reply.options.get(224), None);
}
