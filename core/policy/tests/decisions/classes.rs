//! Classes: who is in them, which subnets and pools they open, and what they give.

use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_lease::{DnsFlags, Lease, State};
use lessor_policy::{Classes, Decision, DropReason, Effect, Query, decide};
use lessor_types::{Holder, HwAddr, Now, PoolId, Secs, SubnetId, Unit, Wall, Xid};
use lessor_wire::v4::{Message, MessageType, Op, RelayAgent, code};

use crate::world::{self, CLIENT, NOW, SERVER, World, links};

impl World {
    /// A world of these classes, and one subnet with these members and two pools of which the
    /// first has these members.
    fn with(classes: &str, subnet: &str, pool: &str) -> Self {
        Self::new(&format!(
            r#""client-classes": [ {classes} ], "subnet4": [ {{ "id": 1, "subnet": "10.0.0.0/24",
            {subnet} "pools": [ {{ {pool} "pool": "10.0.0.10 - 10.0.0.19" }},
            {{ "pool": "10.0.0.20 - 10.0.0.29" }} ] }} ]"#
        ))
    }

    fn ask(&self, message: &Message) -> Decision {
        let now = Now { wall: Wall::from_secs(NOW), ..Now::default() };
        decide(self, &self.topology, &links(), &query(message), now)
    }

    /// The message that answers.
    fn answer(&self, message: &Message) -> Message {
        match self.ask(message) {
            Decision::Do(plan) => plan.answer.expect("an answer").message,
            other => panic!("no plan: {other:?}"),
        }
    }

    fn effect(&self, message: &Message) -> Effect {
        match self.ask(message) {
            Decision::Do(plan) => plan.effect,
            other => panic!("no plan: {other:?}"),
        }
    }

    fn classes(&self, message: &Message) -> String {
        let (query, links) = (query(message), links());
        let classes = Classes::of(&self.topology, &query, &links).with_hosts(std::iter::empty());
        classes.names().collect::<Vec<_>>().join(" ")
    }
}

fn query(message: &Message) -> Query {
    world::query(message, Ipv4Addr::BROADCAST)
}

/// A DISCOVER of a client of some vendor class.
fn discover(vendor: &str) -> Message {
    let mut message = Message::new(Op::Request, Xid(42), HwAddr::ethernet(CLIENT));
    message.set_message_type(MessageType::Discover);
    if !vendor.is_empty() {
        message.options.insert(code::CLASS_ID, vendor.as_bytes());
    }
    message
}

/// A renewal of an address.
fn renew(vendor: &str, addr: [u8; 4]) -> Message {
    let mut message = discover(vendor);
    message.set_message_type(MessageType::Request);
    message.ciaddr = addr.into();
    message
}

fn row(addr: [u8; 4]) -> Arc<Lease> {
    Arc::new(Lease {
        unit: Unit::V4(addr.into()),
        subnet: SubnetId(1),
        pool: PoolId(0),
        holder: Holder { hw: HwAddr::ethernet(CLIENT), client_id: None },
        state: State::Assigned,
        valid: Secs(7200),
        expires: Wall::from_secs(NOW + 3600),
        hostname: None,
        dns: DnsFlags::default(),
        context: None,
        promises: None,
    })
}

fn ip(addr: [u8; 4]) -> Option<Ipv4Addr> {
    Some(addr.into())
}

const PHONES: &str = r#"{ "name": "phones", "test": "option[60].text == 'phone'" }"#;

#[test]
fn classes_are_found_in_order() {
    let world = World::with(
        r#"{ "name": "first", "test": "pkt4.msgtype == 1 and pkt.iface == 'lan0'" },
        { "name": "model", "template-test": "split(option[60].text, '/', 1)" },
        { "name": "late", "only-in-additional-list": true, "test": "member('ALL')" },
        { "name": "given" },
        { "name": "both", "test": "member('first') and member('SPAWN_model_phone') and unknown" },
        { "name": "none", "test": "known or member('late') or member('given')" },
        { "name": "long", "test": "pkt.dst == 255.255.255.255" }"#,
        "",
        "",
    );
    let all = world.classes(&discover("phone/7"));
    assert_eq!(all, "ALL VENDOR_CLASS_phone/7 first SPAWN_model_phone model long UNKNOWN both");
    assert_eq!(world.classes(&renew("", [10, 0, 0, 10])), "ALL long UNKNOWN");
}

#[test]
fn a_subnet_is_for_whom_it_admits() {
    let world = World::new(&format!(
        r#""client-classes": [ {PHONES} ], "subnet4": [
        {{ "id": 1, "subnet": "10.0.0.0/24", "client-class": "phones", "interface": "lan0",
           "relay": {{ "ip-addresses": [ "192.0.2.1" ] }},
           "pools": [ {{ "pool": "10.0.0.10 - 10.0.0.19" }} ] }},
        {{ "id": 2, "subnet": "10.2.0.0/24", "client-classes": [ "nobody", "VENDOR_CLASS_pc" ],
           "interface": "lan0", "relay": {{ "ip-addresses": [ "192.0.2.1" ] }},
           "pools": [ {{ "pool": "10.2.0.10 - 10.2.0.19" }} ] }} ]"#
    ));
    let offered = |addr: [u8; 4]| Effect::Offered(Unit::V4(addr.into()));
    assert_eq!(world.effect(&discover("phone")), offered([10, 0, 0, 10]));
    assert_eq!(world.effect(&discover("pc")), offered([10, 2, 0, 10]));
    assert_eq!(world.ask(&discover("")), Decision::Drop(DropReason::NoSubnet));
    // The same behind a relay that both subnets name, and behind one in the first one's prefix.
    let relayed = |vendor, giaddr: [u8; 4]| Message { giaddr: giaddr.into(), ..discover(vendor) };
    assert_eq!(world.effect(&relayed("pc", [192, 0, 2, 1])), offered([10, 2, 0, 10]));
    assert_eq!(world.effect(&relayed("phone", [10, 0, 0, 9])), offered([10, 0, 0, 10]));
    let none = Decision::Drop(DropReason::NoSubnet);
    assert_eq!(world.ask(&relayed("pc", [10, 0, 0, 9])), none);
}

#[test]
fn a_pool_is_for_whom_it_admits() {
    let guarded = r#""client-classes": [ "phones" ],"#;
    let mut world = World::with(PHONES, "", guarded);
    let offered = |addr: [u8; 4]| Effect::Offered(Unit::V4(addr.into()));
    assert_eq!(world.effect(&discover("phone")), offered([10, 0, 0, 10]));
    assert_eq!(world.effect(&discover("pc")), offered([10, 0, 0, 20]));
    let mut wish = discover("pc");
    wish.options.insert(code::REQUESTED_ADDRESS, [10, 0, 0, 11]);
    assert_eq!(world.effect(&wish), offered([10, 0, 0, 20]));

    world.row = Some(row([10, 0, 0, 11]));
    let unit = Unit::V4([10, 0, 0, 11].into());
    let kept = Effect::Leased(unit, Secs(7200));
    assert_eq!(world.effect(&renew("phone", [10, 0, 0, 11])), kept);
    // As though the pool were gone.
    assert_eq!(world.effect(&renew("pc", [10, 0, 0, 11])), Effect::Refused(unit));
    assert_eq!(world.effect(&discover("pc")), offered([10, 0, 0, 20]));
    let mut selecting = discover("pc");
    selecting.set_message_type(MessageType::Request);
    selecting.options.insert(code::SERVER_ID, SERVER.octets());
    selecting.options.insert(code::REQUESTED_ADDRESS, [10, 0, 0, 11]);
    assert_eq!(world.effect(&selecting), Effect::Refused(unit));
    // What it holds, it may report and give back.
    selecting.set_message_type(MessageType::Decline);
    assert_eq!(world.effect(&selecting), Effect::Declined(unit));
    let mut release = renew("pc", [10, 0, 0, 11]);
    release.set_message_type(MessageType::Release);
    release.options.insert(code::SERVER_ID, SERVER.octets());
    assert_eq!(world.effect(&release), Effect::Released(unit));
}

#[test]
fn the_class_drop_gets_no_answer() {
    let world = World::with(r#"{ "name": "DROP", "test": "option[60].text == 'noise'" }"#, "", "");
    assert_eq!(world.ask(&discover("noise")), Decision::Drop(DropReason::ClassDrop));
    assert!(matches!(world.effect(&discover("phone")), Effect::Offered(_)));
}

/// The member that sets options to a server's address.
fn servers(names: &[&str], last: u8) -> String {
    let option = |name: &&str| format!(r#"{{ "name": "{name}", "data": "192.0.2.{last}" }}"#);
    let options: Vec<String> = names.iter().map(option).collect();
    format!(r#""option-data": [ {} ]"#, options.join(", "))
}

#[test]
fn options_come_from_pool_then_subnet_then_classes_then_global() {
    let all = ["time-servers", "name-servers", "domain-name-servers", "log-servers", "lpr-servers"];
    let text = format!(
        r#"{}, "client-classes": [
        {{ "name": "one", "test": "option[60].text == 'phone'", {} }},
        {{ "name": "two", "test": "member('ALL')", {} }} ],
        "subnet4": [ {{ "id": 1, "subnet": "10.0.0.0/24", {},
        "pools": [ {{ "pool": "10.0.0.10 - 10.0.0.19", {} }} ] }} ]"#,
        servers(&all, 1),
        servers(&all[..3], 3),
        servers(&all[..4], 2),
        servers(&all[..2], 4),
        servers(&all[..1], 5),
    );
    let world = World::new(&text);
    let given = |vendor| {
        let mut asked = discover(vendor);
        asked.options.insert(code::PARAMETER_LIST, [4, 5, 6, 7, 9]);
        let options = world.answer(&asked).options;
        [4, 5, 6, 7, 9].map(|code| options.get(code).and_then(|it| it.last().copied()))
    };
    assert_eq!(given("phone"), [Some(5), Some(4), Some(3), Some(2), Some(1)]);
    assert_eq!(given("pc"), [Some(5), Some(4), Some(2), Some(2), Some(1)]);
}

#[test]
fn what_a_class_sends_unasked_is_sent_to_members() {
    let world = World::with(
        r#"{ "name": "VENDOR_CLASS_phone", "option-data": [
        { "name": "tftp-server-name", "data": "boot", "always-send": true } ] }"#,
        "",
        "",
    );
    let unasked = |vendor| world.answer(&discover(vendor)).options.get(66).map(<[u8]>::to_vec);
    assert_eq!(unasked("phone"), Some(b"boot".to_vec()));
    assert_eq!(unasked("pc"), None);
}

#[test]
fn a_class_has_lifetimes_and_boot_servers_of_its_own() {
    let world = World::with(
        r#"{ "name": "phones", "test": "option[60].text == 'phone'", "next-server": "192.0.2.9" },
        { "name": "short", "test": "option[60].exists", "min-valid-lifetime": 60,
          "valid-lifetime": 100, "max-valid-lifetime": 200, "next-server": "192.0.2.8",
          "server-hostname": "short", "boot-file-name": "short.img" }"#,
        r#""valid-lifetime": 5000, "next-server": "192.0.2.7", "boot-file-name": "subnet.img","#,
        "",
    );
    for (wanted, given) in [(None, 100), (Some(1_u32), 60), (Some(u32::MAX), 200)] {
        let mut asked = discover("phone");
        if let Some(secs) = wanted {
            asked.options.insert(code::LEASE_TIME, secs.to_be_bytes());
        }
        assert_eq!(world.answer(&asked).options.u32(code::LEASE_TIME), Some(given));
    }
    let phone = world.answer(&discover("phone"));
    assert_eq!(Some(phone.siaddr), ip([192, 0, 2, 9]));
    assert_eq!((&phone.sname[..], &phone.file[..]), (&b"short"[..], &b"short.img"[..]));
    let other = world.answer(&discover(""));
    assert_eq!(Some(other.siaddr), ip([192, 0, 2, 7]));
    assert_eq!((&other.sname[..], &other.file[..]), (&b""[..], &b"subnet.img"[..]));
    assert_eq!(other.options.u32(code::LEASE_TIME), Some(5000));
}

#[test]
fn additional_classes_give_and_select_nothing() {
    let classes = format!(
        r#"{PHONES}, {{ "name": "late", "only-in-additional-list": true,
          "test": "member('phones')", "valid-lifetime": 60, {} }},
        {{ "name": "listed", {} }}, {{ "name": "unlisted", "only-in-additional-list": true,
          "test": "member('ALL')", "boot-file-name": "unlisted.img" }}"#,
        servers(&["log-servers"], 1),
        servers(&["log-servers", "time-servers"], 2),
    );
    let subnet = r#""evaluate-additional-classes": [ "late", "undefined" ],"#;
    let pool = r#""require-client-classes": [ "listed" ],"#;
    let world = World::with(&classes, subnet, pool);
    let given = |vendor| {
        let mut asked = discover(vendor);
        asked.options.insert(code::PARAMETER_LIST, [4, 7]);
        let reply = world.answer(&asked);
        assert_eq!(reply.options.u32(code::LEASE_TIME), Some(7200));
        assert_eq!(reply.file, b"");
        [4, 7].map(|code| reply.options.get(code).and_then(|it| it.last().copied()))
    };
    // The pool's list comes before the subnet's.
    assert_eq!(given("phone"), [Some(2), Some(2)]);
    let only_subnet = World::with(&classes, subnet, "");
    let mut asked = discover("phone");
    asked.options.insert(code::PARAMETER_LIST, [4, 7]);
    let options = only_subnet.answer(&asked).options;
    assert_eq!((options.ipv4(4), options.ipv4(7)), (None, ip([192, 0, 2, 1])));
    assert!(!only_subnet.answer(&discover("pc")).options.contains(7));

    // A guard is asked before additional classes are.
    let guarded = World::with(&classes, r#""client-classes": [ "late" ],"#, "");
    assert_eq!(guarded.ask(&discover("phone")), Decision::Drop(DropReason::NoSubnet));
}

#[test]
fn a_relay_says_where_a_client_is() {
    let world = World::with(
        r#"{ "name": "port-7", "test": "relay4[1].hex == 'port 7' and pkt4.giaddr == 10.0.0.9" }"#,
        "",
        r#""client-classes": [ "port-7" ],"#,
    );
    let mut relayed = Message { giaddr: [10, 0, 0, 9].into(), ..discover("") };
    let offered = |addr: [u8; 4]| Effect::Offered(Unit::V4(addr.into()));
    assert_eq!(world.effect(&relayed), offered([10, 0, 0, 20]));
    relayed.set_relay_agent(&RelayAgent::from_subs(&[(1, b"port 7")]).expect("short"));
    assert_eq!(world.effect(&relayed), offered([10, 0, 0, 10]));
}
