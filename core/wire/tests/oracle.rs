//! An independent codec, dhcproto, reads what this one writes, and the other way round.
//!
//! It knows nothing of overloading and keeps a repeated option only if its pieces are adjacent;
//! the messages here stay within what both promise to keep.

use std::net::Ipv4Addr;

use dhcproto::v4::{self as theirs, Decodable, DhcpOption, Encodable, HType, OptionCode};
use lessor_types::{HwAddr, Xid};
use lessor_wire::v4::{Message, Op, OptionType, code, definition};
use proptest::collection::vec;
use proptest::prelude::*;

/// Options that dhcproto keeps as they are: addresses, numbers, and codes that nobody defines.
fn options() -> impl Strategy<Value = Vec<(u8, Vec<u8>)>> {
    let addresses = || vec(any::<[u8; 4]>(), 1..9).prop_map(|addresses| addresses.concat());
    let four = || any::<[u8; 4]>().prop_map(Vec::from);
    let text = || "[a-z0-9.-]{1,40}".prop_map(String::into_bytes);
    let option = prop_oneof![
        (
            prop::sample::select(vec![
                code::SUBNET_MASK,
                code::BROADCAST_ADDRESS,
                code::REQUESTED_ADDRESS,
                code::SERVER_ID,
                code::LEASE_TIME,
                code::RENEWAL_TIME,
                code::REBINDING_TIME,
            ]),
            four()
        ),
        (
            prop::sample::select(vec![
                code::ROUTERS,
                code::DOMAIN_NAME_SERVERS,
                code::NTP_SERVERS,
                code::NETBIOS_NAME_SERVERS,
            ]),
            addresses()
        ),
        (prop::sample::select(vec![code::HOST_NAME, code::DOMAIN_NAME, code::ROOT_PATH]), text()),
        (Just(code::CLIENT_ID), vec(any::<u8>(), 2..20)),
        (Just(code::CLASS_ID), vec(any::<u8>(), 1..20)),
        (Just(code::MAX_SIZE), any::<[u8; 2]>().prop_map(Vec::from)),
        (Just(code::PARAMETER_LIST), vec(1..255_u8, 1..20)),
        // dhcproto writes no option that it does not know and that is empty.
        (224..=254_u8, vec(any::<u8>(), 1..=255)),
    ];
    vec(option, 0..12)
}

fn messages() -> impl Strategy<Value = Message> {
    (
        (any::<bool>(), any::<u8>(), any::<u32>(), any::<u16>(), any::<u16>()),
        vec(any::<u8>(), 0..=16),
        any::<[u32; 4]>(),
        ("[!-~]{0,60}", "[!-~]{0,120}"),
        1..=8_u8,
        options(),
    )
        .prop_map(
            |((reply, hops, xid, secs, flags), hw, addrs, (sname, file), kind, options)| {
                let hw = HwAddr::new(HwAddr::ETHERNET, &hw).expect("16 octets at most");
                let op = if reply { Op::Reply } else { Op::Request };
                let [ciaddr, yiaddr, siaddr, giaddr] = addrs.map(Ipv4Addr::from_bits);
                let mut message = Message {
                    hops,
                    secs,
                    flags,
                    ciaddr,
                    yiaddr,
                    siaddr,
                    giaddr,
                    sname: sname.into_bytes(),
                    file: file.into_bytes(),
                    options: options.into_iter().collect(),
                    ..Message::new(op, Xid(xid), hw)
                };
                message.options.insert(code::MESSAGE_TYPE, [kind]);
                message
            },
        )
}

fn read_theirs(octets: &[u8]) -> theirs::Message {
    theirs::Message::decode(&mut dhcproto::decoder::Decoder::new(octets)).expect("decodes")
}

/// The octets that dhcproto gives one option, without codes and lengths.
fn their_value(option: &DhcpOption) -> Vec<u8> {
    let mut octets = Vec::new();
    option.encode(&mut dhcproto::encoder::Encoder::new(&mut octets)).expect("encodes");
    let mut value = Vec::new();
    let mut rest = octets.as_slice();
    while let [_, len, tail @ ..] = rest {
        let (piece, tail) = tail.split_at(usize::from(*len));
        value.extend_from_slice(piece);
        rest = tail;
    }
    value
}

/// They count the terminating zero as part of the text.
fn text(field: Option<&[u8]>) -> &[u8] {
    let field = field.unwrap_or_default();
    field.strip_suffix(&[0]).unwrap_or(field)
}

fn assert_same(ours: &Message, theirs: &theirs::Message) {
    assert_eq!(u8::from(theirs.opcode()), ours.op.octet());
    assert_eq!(u16::from(u8::from(theirs.htype())), ours.hw.htype());
    assert_eq!(theirs.chaddr(), ours.hw.octets());
    assert_eq!(theirs.hops(), ours.hops);
    assert_eq!(theirs.xid(), ours.xid.0);
    assert_eq!(theirs.secs(), ours.secs);
    assert_eq!(u16::from(theirs.flags()), ours.flags);
    assert_eq!(theirs.flags().broadcast(), ours.broadcast());
    assert_eq!(theirs.ciaddr(), ours.ciaddr);
    assert_eq!(theirs.yiaddr(), ours.yiaddr);
    assert_eq!(theirs.siaddr(), ours.siaddr);
    assert_eq!(theirs.giaddr(), ours.giaddr);
    assert_eq!(text(theirs.sname()), ours.sname);
    assert_eq!(text(theirs.fname()), ours.file);
    let theirs: Vec<(u8, Vec<u8>)> =
        theirs.opts().iter().map(|(code, option)| ((*code).into(), their_value(option))).collect();
    let mut kept: Vec<(u8, Vec<u8>)> =
        ours.options.iter().map(|(code, value)| (code, value.to_vec())).collect();
    kept.sort();
    assert_eq!(theirs, kept);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn they_read_what_we_write(message in messages()) {
        let encoded = message.encode(65_535);
        prop_assert!(encoded.left_out.is_empty());
        assert_same(&message, &read_theirs(&encoded.octets));
    }

    // Theirs is made from our octets, so the step before is what this one stands on.
    #[test]
    fn we_read_what_they_write(message in messages()) {
        let theirs = read_theirs(&message.encode(65_535).octets);
        let mut octets = Vec::new();
        theirs.encode(&mut dhcproto::encoder::Encoder::new(&mut octets)).expect("encodes");
        prop_assert_eq!(Message::decode(&octets), Ok(message));
    }
}

/// A value built by their API alone, so that no octet of ours is involved.
#[test]
fn we_read_what_they_built() {
    let mut theirs = theirs::Message::new_with_id(
        0x2a,
        Ipv4Addr::UNSPECIFIED,
        Ipv4Addr::new(10, 0, 0, 5),
        Ipv4Addr::new(10, 0, 0, 2),
        Ipv4Addr::new(10, 0, 0, 1),
        &[2, 0, 0, 0, 0, 1],
    );
    theirs
        .set_opcode(theirs::Opcode::BootReply)
        .set_htype(HType::Eth)
        .set_flags(theirs::Flags::default().set_broadcast())
        .set_fname_str("/img");
    let names: Vec<Ipv4Addr> = (0..80).map(|i| Ipv4Addr::new(10, 0, 1, i)).collect();
    let mut agent = theirs::relay::RelayAgentInformation::default();
    agent.insert(theirs::relay::RelayInfo::AgentCircuitId(b"p/1".to_vec()));
    agent.insert(theirs::relay::RelayInfo::LinkSelection(Ipv4Addr::new(10, 9, 0, 0)));
    let opts = theirs.opts_mut();
    opts.insert(DhcpOption::MessageType(theirs::MessageType::Offer));
    opts.insert(DhcpOption::AddressLeaseTime(3600));
    opts.insert(DhcpOption::DomainNameServer(names.clone()));
    opts.insert(DhcpOption::Hostname("laptop".to_owned()));
    opts.insert(DhcpOption::RelayAgentInformation(agent));
    let mut octets = Vec::new();
    theirs.encode(&mut dhcproto::encoder::Encoder::new(&mut octets)).expect("encodes");

    let ours = Message::decode(&octets).expect("lawful");
    assert_same(&ours, &theirs);
    assert_eq!(
        ours.options.get(code::DOMAIN_NAME_SERVERS),
        Some(names.iter().flat_map(Ipv4Addr::octets).collect::<Vec<u8>>().as_slice())
    );
    let agent = ours.relay_agent().expect("option 82");
    assert_eq!(agent.circuit_id(), Some(&b"p/1"[..]));
    assert_eq!(agent.link_selection(), Some(Ipv4Addr::new(10, 9, 0, 0)));
    assert_eq!(ours.options.u32(code::LEASE_TIME), Some(3600));
}

/// Our long values are theirs: the pieces are consecutive.
#[test]
fn they_join_what_we_split() {
    let mut message = Message::new(Op::Reply, Xid(1), HwAddr::default());
    message.options.insert(code::DOMAIN_NAME_SERVERS, vec![10; 600]);
    let theirs = read_theirs(&message.encode(1500).octets);
    let Some(DhcpOption::DomainNameServer(names)) = theirs.opts().get(OptionCode::DomainNameServer)
    else {
        panic!("option 6 is missing");
    };
    assert_eq!(names.len(), 150);
}

/// Where both know a code to carry addresses, both mean the same code.
#[test]
fn they_agree_on_which_options_are_addresses() {
    let mut seen = 0;
    for known in definition::all().iter().filter(|d| d.layout.fields == [OptionType::Ipv4]) {
        // Two for a list: some lists are of pairs.
        let value = [10, 0, 0, 1].repeat(if known.layout.array { 2 } else { 1 });
        let mut message = Message::new(Op::Reply, Xid(1), HwAddr::default());
        message.options.insert(known.code, value);
        let theirs = read_theirs(&message.encode(576).octets);
        let option = theirs.opts().get(OptionCode::from(known.code)).expect(known.name);
        if !matches!(option, DhcpOption::Unknown(_)) {
            assert!(format!("{option:?}").contains("10.0.0.1"), "{}: {option:?}", known.name);
            seen += 1;
        }
    }
    assert!(seen > 20, "only {seen} options compared");
}
