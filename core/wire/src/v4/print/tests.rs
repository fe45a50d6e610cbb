//! What the printer says of each kind of value.

use lessor_types::Xid;

use super::super::MessageType;
use super::*;

fn discover() -> Message {
    let hw = HwAddr::ethernet([2, 0, 0, 0, 0, 1]);
    let mut message = Message::new(Op::Request, Xid(42), hw);
    message.set_message_type(MessageType::Discover);
    message.set_broadcast(true);
    message.giaddr = Ipv4Addr::new(10, 0, 0, 1);
    message.options.insert(code::REQUESTED_ADDRESS, [10, 0, 0, 5]);
    message.options.insert(code::HOST_NAME, *b"lap\"top\n");
    message.options.insert(code::PARAMETER_LIST, [1, 3, 6]);
    message.options.insert(224, [0xde, 0xad]);
    message.options.insert(code::RELAY_AGENT, [1, 1, 0x70, 5, 4, 10, 1, 0, 0, 19, 0, 200, 1, 0]);
    message
}

fn value(code: u8, value: &[u8]) -> String {
    ValueText { code, value }.to_string()
}

#[test]
fn a_message_is_one_line() {
    assert_eq!(
        discover().to_string(),
        "DISCOVER xid=0000002a hw=02:00:00:00:00:01 secs=0 broadcast giaddr=10.0.0.1 \
         dhcp-requested-address=10.0.0.5 host-name=\"lap\\\"top\\x0a\" \
         dhcp-parameter-request-list=1,3,6 [224]=0xdead \
         dhcp-agent-options={circuit-id=0x70 link-selection=10.1.0.0 relay-port=0x [200]=0x00}"
    );
}

#[test]
fn a_message_is_one_fact_a_line() {
    let mut message = discover();
    message.options.remove(code::RELAY_AGENT);
    message.file = b"/img".to_vec();
    assert_eq!(
        message.pretty().to_string(),
        "DISCOVER
  xid       0000002a
  hw        02:00:00:00:00:01
  secs      0
  broadcast
  giaddr    10.0.0.1
  file      \"/img\"
  [50] dhcp-requested-address 10.0.0.5
  [12] host-name \"lap\\\"top\\x0a\"
  [55] dhcp-parameter-request-list 1,3,6
  [224] option 0xdead"
    );
}

#[test]
fn the_header_is_told_where_it_says_something() {
    let hw = HwAddr::new(32, &[]).expect("no octets");
    let mut message = Message::new(Op::Reply, Xid(1), hw);
    assert_eq!(message.to_string(), "BOOTREPLY xid=00000001 hw=32/-");
    message.flags = 0x4001;
    message.hops = 2;
    message.set_message_type(MessageType::Request);
    assert_eq!(message.to_string(), "REQUEST op=reply xid=00000001 hw=32/- hops=2 flags=0x4001");
    message.options.insert(code::MESSAGE_TYPE, [1, 2]);
    assert_eq!(
        message.to_string(),
        "BOOTREPLY xid=00000001 hw=32/- hops=2 flags=0x4001 dhcp-message-type=0x0102"
    );
}

#[test]
fn values_are_printed_by_type() {
    assert_eq!(value(3, &[10, 0, 0, 1, 10, 0, 0, 2]), "10.0.0.1,10.0.0.2");
    assert_eq!(value(2, &[0xff, 0xff, 0xff, 0xff]), "-1");
    assert_eq!(value(51, &[0, 0, 14, 16]), "3600");
    assert_eq!(value(57, &[5, 220]), "1500");
    assert_eq!(value(19, &[1]), "true");
    assert_eq!(value(15, b"example.org"), "\"example.org\"");
    assert_eq!(value(119, b"\x01a\x03org\0\x01b\xc0\x02"), "a.org.,b.org.");
    assert_eq!(value(137, b"\x01a\x03org\0"), "a.org.");
    assert_eq!(
        value(121, &[24, 10, 1, 2, 10, 0, 0, 1, 0, 10, 0, 0, 2]),
        "10.1.2.0/24-10.0.0.1,0.0.0.0/0-10.0.0.2"
    );
}

#[test]
fn a_value_that_is_not_of_its_type_is_hexadecimal() {
    for (code, octets) in [
        (1, &[255, 255, 0][..]),
        (1, &[0; 8]),
        (3, &[]),
        (19, &[2]),
        (119, &[0xc0, 0]),
        (137, b"\x01a\0\x01b\0"),
        (121, &[33, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        (121, &[24, 10]),
        (82, &[1, 9]),
        (43, &[1, 0]),
    ] {
        assert!(value(code, octets).starts_with("0x"), "{code}: {}", value(code, octets));
    }
}

#[test]
fn no_control_character_comes_out() {
    let mut message = discover();
    let all: Vec<u8> = (0..=255).collect();
    message.file = all.clone();
    for code in 1..=254 {
        message.options.insert(code, all.as_slice());
    }
    assert!(message.to_string().bytes().all(|octet| (b' '..=b'~').contains(&octet)));
    let pretty = message.pretty().to_string();
    assert!(pretty.bytes().all(|octet| octet == b'\n' || (b' '..=b'~').contains(&octet)));
}
