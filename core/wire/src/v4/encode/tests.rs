//! Order, limits and fields; and that what was encoded is decoded to itself.

use std::net::Ipv4Addr;

use lessor_types::{HwAddr, Xid};
use proptest::prelude::*;

use super::super::{Area, MessageType, Op, Options, View};
use super::*;

fn offer(options: impl IntoIterator<Item = (u8, Vec<u8>)>) -> Message {
    let mut message = Message::new(Op::Reply, Xid(42), HwAddr::ethernet([2, 0, 0, 0, 0, 1]));
    message.options = options.into_iter().collect();
    message.set_message_type(MessageType::Offer);
    message.options.insert(code::SERVER_ID, [10, 0, 0, 1]);
    message
}

/// Code and area of each option as it lies in the octets.
fn places(octets: &[u8]) -> Vec<(u8, Area)> {
    let view = View::parse(octets).expect("a message");
    assert_eq!(view.truncated(), None);
    view.options().map(|option| (option.code, option.area)).collect()
}

fn codes(octets: &[u8]) -> Vec<u8> {
    places(octets).into_iter().map(|(code, _)| code).collect()
}

#[test]
fn an_offer_is_laid_out_octet_by_octet() {
    let mut message = offer([(82, vec![1, 1, 7]), (3, vec![10, 0, 0, 1])]);
    message.yiaddr = Ipv4Addr::new(10, 0, 0, 5);
    message.giaddr = Ipv4Addr::new(10, 0, 0, 1);
    message.set_broadcast(true);
    message.sname = b"boot".to_vec();
    message.file = b"/img".to_vec();
    let octets = message.encode(576).octets;
    let header = [
        2, 1, 6, 0, 0, 0, 0, 42, 0, 0, 0x80, 0, 0, 0, 0, 0, 10, 0, 0, 5, 0, 0, 0, 0, 10, 0, 0, 1,
        2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, b'b', b'o', b'o', b't', 0,
    ];
    assert_eq!(octets[..header.len()], header);
    assert_eq!(octets[FILE_AT..FILE_AT + 5], *b"/img\0");
    let options =
        [99, 130, 83, 99, 53, 1, 2, 54, 4, 10, 0, 0, 1, 3, 4, 10, 0, 0, 1, 82, 3, 1, 1, 7, 255, 0];
    assert_eq!(octets[236..262], options);
    // RFC 1542 §2.1.
    assert_eq!(octets.len(), 300);
}

// RFC 2132 §3.3: V4-018; RFC 3046 §2.1.
#[test]
fn the_order_is_identity_then_the_callers_then_the_relays() {
    let four = || vec![0; 4];
    let message =
        offer([(82, four()), (6, four()), (3, four()), (51, four()), (42, four()), (1, four())]);
    let encoded = message.encode(576);
    assert_eq!(codes(&encoded.octets), [53, 54, 51, 6, 1, 3, 42, 82]);
    for apart in [vec![], vec![(6, four())]] {
        let message = offer([(1, four())].into_iter().chain(apart).chain([(3, four())]));
        let sent = codes(&message.encode(576).octets);
        assert_eq!((sent[2], sent.last()), (1, Some(&3)));
    }
}

// RFC 3396: V4-025.
#[test]
fn a_long_value_is_split_into_consecutive_pieces() {
    let value: Vec<u8> = (0..=255).cycle().take(600).collect();
    let message = offer([(119, value.clone())]);
    let encoded = message.encode(1500);
    assert!(encoded.left_out.is_empty());
    let view = View::parse(&encoded.octets).expect("a message");
    let lens: Vec<usize> =
        view.options().filter(|o| o.code == 119).map(|o| o.value.len()).collect();
    assert_eq!(lens, [255, 255, 90]);
    assert_eq!(view.option(119).as_deref(), Some(value.as_slice()));
}

// V4-020: the datagram limit counts headers, and is never less than 576.
#[test]
fn the_limit_is_kept_to_the_octet() {
    // 53 and 54 take 9, the end 1.
    let room = 576 - 28 - 240 - 10;
    let message = offer([(200, vec![1; 200]), (201, vec![2; room - 202 - 2])]);
    for limit in [0, 300, 576] {
        let encoded = message.encode(limit);
        assert_eq!(encoded.octets.len(), 548);
        assert!(encoded.left_out.is_empty());
        assert_eq!(places(&encoded.octets).last(), Some(&(201, Area::Options)));
    }
    let message = offer([(200, vec![1; 200]), (201, vec![2; room - 202 - 1])]);
    assert_eq!(places(&message.encode(576).octets).last(), Some(&(201, Area::File)));
    assert_eq!(message.encode(577).octets.len(), 549);
    assert_eq!(message.encode(usize::MAX).octets.len(), 549);
}

// RFC 2132 §9.3: V4-021.
#[test]
fn options_overflow_into_file_then_sname() {
    let message = offer([
        (200, vec![1; 200]),
        (201, vec![2; 100]),
        (202, vec![3; 80]),
        (203, vec![4; 60]),
        (204, vec![5; 20]),
        (82, vec![6; 4]),
    ]);
    let encoded = message.encode(576);
    assert!(encoded.left_out.is_empty());
    let places = places(&encoded.octets);
    let within = |area: Area| -> Vec<u8> {
        places.iter().filter(|(_, at)| *at == area).map(|(code, _)| *code).collect()
    };
    assert_eq!(within(Area::Options), [53, 54, 200, 202, 52, 82]);
    assert_eq!(within(Area::File), [201, 204]);
    assert_eq!(within(Area::Sname), [203]);
    // Each area has its own end: 102 and 22 octets in file, 62 in sname.
    assert_eq!(encoded.octets[FILE_AT + 124..FILE_AT + FILE_LEN], [255, 0, 0, 0]);
    assert_eq!(encoded.octets[SNAME_AT + 62..SNAME_AT + SNAME_LEN], [255, 0]);
    assert_eq!(Message::decode(&encoded.octets), Ok(message));
}

#[test]
fn boot_fields_in_use_are_left_alone() {
    let long = || vec![(200, vec![1; 200]), (201, vec![2; 100])];
    let mut message = offer(long());
    message.file = b"/img".to_vec();
    message.sname = b"boot".to_vec();
    let encoded = message.encode(576);
    assert_eq!(encoded.left_out, [201]);
    let decoded = Message::decode(&encoded.octets).expect("lawful");
    assert_eq!((decoded.file, decoded.sname), (message.file, message.sname));

    let mut message = offer([(200, vec![1; 240]), (201, vec![2; 60])]);
    message.file = b"/img".to_vec();
    let encoded = message.encode(576);
    assert_eq!(places(&encoded.octets).last(), Some(&(201, Area::Sname)));
    assert_eq!(Message::decode(&encoded.octets), Ok(message));
}

#[test]
fn a_long_value_may_be_split_over_the_fields_and_a_short_one_never() {
    let value: Vec<u8> = (0..=255).cycle().take(400).collect();
    let message = offer([(119, value)]);
    let encoded = message.encode(576);
    assert!(encoded.left_out.is_empty());
    assert_eq!(places(&encoded.octets).last(), Some(&(119, Area::File)));
    assert_eq!(Message::decode(&encoded.octets), Ok(message));

    let message = offer([(200, vec![1; 200]), (201, vec![2; 150])]);
    assert_eq!(message.encode(576).left_out, [201]);
}

#[test]
fn the_last_are_left_out_first_and_each_is_named() {
    let options = (1..=9).map(|i| (200 + i, vec![i; 100]));
    let message = offer(options.chain([(51, vec![0; 4])]));
    let encoded = message.encode(576);
    assert_eq!(encoded.left_out, [204, 205, 206, 207, 208, 209]);
    let sent = codes(&encoded.octets);
    assert_eq!(sent, [53, 54, 51, 201, 202, 52, 203]);
}

#[test]
fn relay_information_is_echoed_whole_or_reported() {
    // Two tags, for it takes two pieces; 53, 54 and 52 take 12, the end 1.
    let most = 576 - 28 - 240 - 4 - 13;
    let mut message = offer([(82, vec![7; most]), (12, vec![b'x'; 100]), (15, vec![b'y'; 20])]);
    let encoded = message.encode(576);
    assert_eq!(encoded.left_out, []);
    assert_eq!(places(&encoded.octets).last(), Some(&(15, Area::File)));
    assert_eq!(Message::decode(&encoded.octets), Ok(message.clone()));

    // Without room for 52 it is worth more than what 52 would make room for.
    message.options.insert(82, vec![7; most + 3]);
    assert_eq!(message.encode(576).left_out, [12, 15]);
    message.options.insert(82, vec![7; most + 4]);
    assert_eq!(message.encode(576).left_out, [82]);
    assert_eq!(message.encode(1500).left_out, []);
}

// RFC 4390 §2.1.
#[test]
fn an_address_too_long_for_the_header_is_sent_as_none() {
    let hw = HwAddr::new(32, &[9; 20]).expect("20 octets");
    let octets = Message::new(Op::Reply, Xid(1), hw).encode(576).octets;
    assert_eq!(octets[..4], [2, 32, 0, 0]);
    assert_eq!(octets[28..44], [0; 16]);
}

fn messages() -> impl Strategy<Value = Message> {
    let text = |max| {
        proptest::collection::vec(any::<u8>(), 0..=max).prop_map(|mut text: Vec<u8>| {
            while text.last() == Some(&0) {
                text.pop();
            }
            text
        })
    };
    let value = prop_oneof![
        8 => proptest::collection::vec(any::<u8>(), 0..40),
        1 => proptest::collection::vec(any::<u8>(), 200..800),
    ];
    let header =
        (any::<bool>(), any::<u8>(), any::<u8>(), any::<u32>(), any::<u16>(), any::<u16>());
    (
        header,
        proptest::collection::vec(any::<u8>(), 0..=16),
        any::<[u32; 4]>(),
        prop_oneof![Just(Vec::new()), text(SNAME_LEN)],
        prop_oneof![Just(Vec::new()), text(FILE_LEN)],
        proptest::collection::vec((1..255_u8, value), 0..20),
    )
        .prop_map(
            |((reply, htype, hops, xid, secs, flags), chaddr, addrs, sname, file, options)| {
                let hw = HwAddr::new(htype.into(), &chaddr).expect("16 octets at most");
                let op = if reply { Op::Reply } else { Op::Request };
                let [ciaddr, yiaddr, siaddr, giaddr] = addrs.map(Ipv4Addr::from_bits);
                Message {
                    hops,
                    secs,
                    flags,
                    ciaddr,
                    yiaddr,
                    siaddr,
                    giaddr,
                    sname,
                    file,
                    options: options.into_iter().collect::<Options>(),
                    ..Message::new(op, Xid(xid), hw)
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_short_way_leads_to_the_same_octets(message in messages(), limit in 576..1600_usize) {
        let room = limit - HEADERS - HEADER_LEN;
        let layout = Layout::best(&message, room);
        let encoded = message.encode(limit);
        if layout.left_out.is_empty() && layout.file.octets.is_empty() && layout.sname.octets.is_empty() {
            let options = layout.options.octets;
            let (own, rest) = encoded.octets[HEADER_LEN..].split_at(options.len());
            prop_assert_eq!(own, options);
            prop_assert_eq!(rest[0], code::END);
            prop_assert!(rest[1..].iter().all(|octet| *octet == 0));
        }
        if message.options.contains(code::MESSAGE_TYPE) {
            prop_assert_eq!(encoded.left_out, layout.left_out);
        }
    }

    #[test]
    fn what_is_encoded_decodes_to_itself(message in messages(), limit in 576..1600_usize) {
        let encoded = message.encode(limit);
        prop_assert!(encoded.octets.len() >= 300);
        prop_assert!(encoded.octets.len() + 28 <= limit);
        let mut expected = message;
        for code in &encoded.left_out {
            prop_assert!(expected.options.remove(*code).is_some());
        }
        let decoded = Message::decode(&encoded.octets);
        prop_assert_eq!(decoded.as_ref(), Ok(&expected));
        let again = expected.encode(65_535);
        prop_assert_eq!(again.left_out, Vec::<u8>::new());
        prop_assert_eq!(Message::decode(&again.octets), Ok(expected));
    }

    #[test]
    fn relay_information_is_last_in_the_options_field(message in messages(), relay in any::<[u8; 9]>()) {
        let mut message = message;
        message.options.insert(code::RELAY_AGENT, relay);
        let encoded = message.encode(576);
        let placed = places(&encoded.octets);
        let last = placed.iter().rfind(|(_, area)| *area == Area::Options);
        prop_assert_eq!(last, Some(&(code::RELAY_AGENT, Area::Options)));
    }
}
