//! Golden bytes, and each way in which octets can be wrong.

use proptest::prelude::*;

use super::super::Options;
use super::*;

/// A DISCOVER as a Linux client sends it, octet by octet.
fn discover() -> Vec<u8> {
    let mut octets = vec![
        1, 1, 6, 0, // op, htype, hlen, hops
        0x39, 0x03, 0xf3, 0x26, // xid
        0, 7, 0x80, 0, // secs, flags
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // ciaddr, yiaddr, siaddr
        10, 0, 0, 1, // giaddr
        0x02, 0, 0, 0, 0, 0x2a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // chaddr
    ];
    octets.extend([0; 64 + 128]);
    octets.extend([99, 130, 83, 99]);
    octets.extend([53, 1, 1]);
    octets.extend([61, 7, 1, 0x02, 0, 0, 0, 0, 0x2a]);
    octets.extend([50, 4, 10, 0, 0, 5]);
    octets.extend([12, 6, b'l', b'a', b'p', b't', b'o', b'p']);
    octets.extend([55, 4, 1, 3, 6, 15]);
    octets.push(255);
    octets
}

/// A request's header and `options`, with `file` and `sname` in their fields.
fn message(options: &[u8], file: &[u8], sname: &[u8]) -> Vec<u8> {
    let mut octets = discover();
    octets.truncate(HEADER_LEN);
    octets[FILE_AT..FILE_AT + file.len()].copy_from_slice(file);
    octets[SNAME_AT..SNAME_AT + sname.len()].copy_from_slice(sname);
    octets.extend_from_slice(options);
    octets
}

fn decoded(octets: &[u8]) -> Options {
    Message::decode(octets).expect("lawful header").options
}

#[test]
fn a_discover_is_read_field_by_field() {
    let octets = discover();
    let view = View::parse(&octets).expect("a message");
    assert_eq!((view.op(), view.htype(), view.hlen(), view.hops()), (1, 1, 6, 0));
    assert_eq!(view.xid(), Xid(0x3903_f326));
    assert_eq!((view.secs(), view.flags(), view.broadcast()), (7, 0x8000, true));
    assert_eq!(view.giaddr(), Ipv4Addr::new(10, 0, 0, 1));
    assert_eq!(view.chaddr(), [2, 0, 0, 0, 0, 0x2a]);
    assert_eq!(view.truncated(), None);
    let first = view.options().next().expect("option 53");
    assert_eq!(first, RawOption { code: 53, value: &[1], at: 240, area: Area::Options });

    let message = view.to_message().expect("lawful");
    assert_eq!(message.message_type(), Some(MessageType::Discover));
    assert_eq!(message.hw, HwAddr::ethernet([2, 0, 0, 0, 0, 0x2a]));
    assert_eq!(message.requested_address(), Some(Ipv4Addr::new(10, 0, 0, 5)));
    assert_eq!(message.client_id().map(|id| id.octets().len()), Some(7));
    assert_eq!(message.parameter_list(), [1, 3, 6, 15]);
    assert_eq!(message.options.get(12), Some(&b"laptop"[..]));
    assert_eq!(message.datagram_max(), 576);
    assert!(message.sname.is_empty() && message.file.is_empty());
}

// RFC 2131 §3: V4-027.
#[test]
fn what_is_too_short_or_has_no_cookie_is_not_dhcp() {
    let octets = discover();
    for len in [0, 1, 239] {
        let error = View::parse(&octets[..len]).expect_err("too short");
        assert_eq!(error, DecodeError { at: len, kind: DecodeErrorKind::TooShort });
    }
    assert!(View::parse(&octets[..240]).is_ok());
    let mut bootp = octets;
    bootp[239] = 0;
    let error = View::parse(&bootp).expect_err("no cookie");
    assert_eq!(error.to_string(), "magic cookie is 63825300 at octet 236");
}

// V4-028: a view shows what a value cannot be.
#[test]
fn an_unlawful_header_is_seen_but_makes_no_value() {
    let mut octets = discover();
    octets[2] = 17;
    let view = View::parse(&octets).expect("a view");
    assert_eq!((view.hlen(), view.chaddr().len()), (17, 16));
    assert_eq!(
        view.to_message(),
        Err(DecodeError { at: 2, kind: DecodeErrorKind::HardwareLength(17) })
    );
    octets[2] = 0;
    assert!(Message::decode(&octets).is_ok_and(|message| message.hw.is_empty()));
    octets[0] = 3;
    assert_eq!(
        Message::decode(&octets),
        Err(DecodeError { at: 0, kind: DecodeErrorKind::Operation(3) })
    );
}

// V4-026: lenient about the end, never beyond it.
#[test]
fn a_missing_end_is_accepted() {
    let octets = message(&[53, 1, 1, 12, 1, b'x'], &[], &[]);
    let view = View::parse(&octets).expect("a view");
    assert_eq!(view.truncated(), None);
    assert_eq!(decoded(&octets).get(12), Some(&b"x"[..]));
}

#[test]
fn an_option_past_the_end_ends_the_area() {
    for tail in [&[12, 5, b'x'][..], &[12], &[12, 1]] {
        let octets = message(&[&[53, 1, 1, 0, 0], tail].concat(), &[], &[]);
        let view = View::parse(&octets).expect("a view");
        assert_eq!(view.truncated(), Some(245), "{tail:?}");
        assert_eq!(view.message_type(), Some(MessageType::Discover));
        assert_eq!(decoded(&octets).len(), 1);
    }
}

#[test]
fn nothing_is_read_after_the_end() {
    let octets = message(&[53, 1, 1, 255, 12, 9, b'x'], &[], &[]);
    assert_eq!(View::parse(&octets).expect("a view").truncated(), None);
    assert_eq!(decoded(&octets).len(), 1);
}

// V4-030: empty values are values; what they mean is for others to say.
#[test]
fn empty_values_are_kept() {
    let options = decoded(&message(&[53, 0, 12, 0, 55, 0, 61, 0, 82, 0, 255], &[], &[]));
    for code in [53, 12, 55, 61, 82] {
        assert_eq!(options.get(code), Some(&[][..]), "{code}");
    }
    let message = Message::decode(&message(&[53, 0, 61, 0, 255], &[], &[])).expect("lawful");
    assert_eq!(message.message_type(), None);
    assert_eq!(message.client_id(), None);
}

// RFC 2132 §9.3, RFC 2131 §4.1: V4-022.
#[test]
fn overloaded_fields_are_read_as_52_says() {
    let file = [15, 1, b'f', 255];
    let sname = [66, 1, b's', 255];
    for (overload, in_file, in_sname) in
        [(1, true, false), (2, false, true), (3, true, true), (0, false, false), (4, false, false)]
    {
        let octets = message(&[53, 1, 1, 52, 1, overload, 255], &file, &sname);
        let message = Message::decode(&octets).expect("lawful");
        assert_eq!(message.options.contains(15), in_file, "52={overload}");
        assert_eq!(message.options.contains(66), in_sname, "52={overload}");
        assert_eq!(message.file.is_empty(), in_file, "52={overload}");
        assert_eq!(message.sname.is_empty(), in_sname, "52={overload}");
        assert!(!message.options.contains(52));
    }
}

// V4-023.
#[test]
fn an_overload_within_an_overloaded_field_means_nothing() {
    let octets = message(&[52, 1, 1, 255], &[52, 1, 3, 255], &[66, 1, b's', 255]);
    let view = View::parse(&octets).expect("a view");
    assert!(view.file_overloaded() && !view.sname_overloaded());
    assert!(!decoded(&octets).contains(66));
}

// RFC 3396 §7: V4-024; the order is options, file, sname, which is not that of the octets.
#[test]
fn pieces_are_joined_across_fields() {
    let octets = message(
        &[119, 2, b'a', b'b', 52, 1, 3, 119, 1, b'c', 255],
        &[119, 1, b'd', 255],
        &[119, 1, b'e', 255],
    );
    assert_eq!(decoded(&octets).get(119), Some(&b"abcde"[..]));
    let view = View::parse(&octets).expect("a view");
    assert_eq!(view.option(119).as_deref(), Some(&b"abcde"[..]));
    assert_eq!(view.option(120), None);
    let areas: Vec<Area> = view.options().map(|option| option.area).collect();
    assert_eq!(areas, [Area::Options, Area::Options, Area::Options, Area::File, Area::Sname]);
}

#[test]
fn an_overloaded_field_may_lack_its_end_or_break_off() {
    let mut file = [0; FILE_LEN];
    file[..2].copy_from_slice(&[15, 126]);
    let octets = message(&[52, 1, 1, 255], &file, &[]);
    assert_eq!(View::parse(&octets).expect("a view").truncated(), None);
    assert_eq!(decoded(&octets).get(15).map(<[u8]>::len), Some(126));
    file[1] = 127;
    let octets = message(&[52, 1, 1, 12, 0, 255], &file, &[]);
    assert_eq!(View::parse(&octets).expect("a view").truncated(), Some(FILE_AT));
    assert!(decoded(&octets).contains(12));
}

#[test]
fn a_repeated_82_is_one_option() {
    let octets = message(&[53, 1, 1, 82, 3, 1, 1, b'a', 82, 3, 2, 1, b'b', 255], &[], &[]);
    let message = Message::decode(&octets).expect("lawful");
    let agent = message.relay_agent().expect("option 82");
    assert_eq!(agent.circuit_id(), Some(&b"a"[..]));
    assert_eq!(agent.remote_id(), Some(&b"b"[..]));
    assert_eq!(agent.octets(), [1, 1, b'a', 2, 1, b'b']);
}

#[test]
fn text_fields_lose_their_filling_only() {
    let octets = message(&[255], b"a\0b\0", &[b'n'; 64]);
    let message = Message::decode(&octets).expect("lawful");
    assert_eq!(message.file, b"a\0b");
    assert_eq!(message.sname, [b'n'; 64]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_never_panic(
        octets in proptest::collection::vec(any::<u8>(), 0..700),
        cookie in any::<bool>(),
        overload in any::<u8>(),
    ) {
        let mut octets = octets;
        if cookie && octets.len() >= HEADER_LEN + 3 {
            octets[0] = 1 + (octets[0] & 1);
            octets[2] &= 15;
            octets[236..240].copy_from_slice(&MAGIC_COOKIE);
            octets[240..243].copy_from_slice(&[52, 1, overload & 3]);
        }
        if let Ok(view) = View::parse(&octets) {
            let _ = view.message_type();
            if let Ok(message) = view.to_message() {
                let _ = (message.to_string(), message.pretty().to_string());
                let encoded = message.encode(65_535);
                prop_assert_eq!(encoded.left_out, Vec::<u8>::new());
                prop_assert_eq!(Message::decode(&encoded.octets), Ok(message));
            }
        }
    }
}
