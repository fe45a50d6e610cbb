//! Any text and any packet.

use std::net::Ipv4Addr;

use lessor_expression::{Arrival, Expression, Packet, SyntaxError};
use lessor_types::{HwAddr, Xid};
use lessor_wire::v4::{Message, Op};
use proptest::prelude::*;

/// Words, signs and literals in any order, most of it nonsense.
fn soup() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "(",
        ")",
        "[",
        "]",
        ",",
        ".",
        "+",
        "*",
        "==",
        "=",
        "'",
        "'a'",
        "''",
        "0x",
        "0xa",
        "1",
        "-1",
        "256",
        "10.0.0.1",
        "::1",
        ":",
        "not",
        "and",
        "or",
        "member",
        "known",
        "unknown",
        "option",
        "relay4",
        "hex",
        "text",
        "exists",
        "host-name",
        "pkt",
        "pkt4",
        "mac",
        "msgtype",
        "iface",
        "vendor",
        "vendor-class",
        "enterprise",
        "data",
        "substring",
        "all",
        "split",
        "concat",
        "ifelse",
        "hexstring",
        "lcase",
        "addrtotext",
        "uint8totext",
        "match",
        "é",
        "\"",
    ]);
    let gap = prop::sample::select(vec!["", " "]);
    prop::collection::vec((token, gap), 0..24)
        .prop_map(|parts| parts.into_iter().map(|(token, gap)| format!("{token}{gap}")).collect())
}

/// The text of a string.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "'[ -&(-~é]{0,6}'",
        "0[xX][0-9a-fA-F]{1,9}",
        any::<u32>().prop_map(|number| number.to_string()),
        any::<i32>().prop_map(|number| number.to_string()),
        any::<[u8; 4]>().prop_map(|octets| Ipv4Addr::from(octets).to_string()),
        any::<[u8; 16]>().prop_map(|octets| std::net::Ipv6Addr::from(octets).to_string()),
        "(option|relay4)\\[[0-9]{1,2}\\](\\.option\\[[0-9]\\]){0,2}\\.(hex|text)",
        "option\\[(43|82|124|125)\\]\\.option\\[[0-3]\\]\\.hex",
        "vendor\\[(\\*|[0-3])\\]\\.option\\[[0-3]\\]\\.hex",
        "vendor-class\\[(\\*|[0-3])\\]\\.data(\\[[0-3]\\])?",
        "vendor(-class)?\\.enterprise",
        "pkt4\\.(mac|hlen|htype|ciaddr|giaddr|yiaddr|siaddr|msgtype|transid)",
        "pkt\\.(iface|src|dst|len)",
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} + {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("concat({a}, {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("hexstring({a},{b})")),
            (inner.clone(), any::<i8>(), any::<i8>())
                .prop_map(|(a, start, length)| format!("substring({a}, {start}, {length})")),
            (inner.clone(), -9..9).prop_map(|(a, start)| format!("substring({a}, {start}, all)")),
            (inner.clone(), inner.clone(), -1..4)
                .prop_map(|(a, b, field)| format!("split({a}, {b}, {field})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("ifelse({a} == {b} or known, {b}, {c})")),
            ("lcase|ucase|addrtotext", inner.clone()).prop_map(|(f, a)| format!("{f}({a})")),
            // A literal may be too large for the width, so there is none to look at here.
            ("u?int(8|16|32)totext", inner.clone()).prop_map(|(f, a)| format!("{f}({a} + '')")),
            inner.prop_map(|a| format!("({a})")),
        ]
    })
}

/// The text of a test.
fn test() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (value(), value()).prop_map(|(a, b)| format!("{a} == {b}")),
        "known|unknown|member\\('[A-Za-z ]{0,5}'\\)",
        "option\\[[0-9]{1,2}\\](\\.option\\[[0-9]\\]){0,2}\\.exists",
        "vendor(-class)?\\[(\\*|[0-3])\\]\\.exists",
    ];
    leaf.prop_recursive(4, 24, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} and {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} or {b}")),
            inner.clone().prop_map(|a| format!("not {a}")),
            inner.prop_map(|a| format!("({a})")),
        ]
    })
}

/// Octets that are often small numbers, so that lengths and codes fit now and then.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![0_u8..4, any::<u8>()], 0..24)
}

fn message() -> impl Strategy<Value = Message> {
    let code = prop_oneof![prop::sample::select(vec![43, 53, 60, 82, 124, 125]), any::<u8>()];
    (
        any::<u32>(),
        prop::collection::vec(any::<u8>(), 0..=20),
        prop::collection::vec((code, octets()), 0..8),
    )
        .prop_map(|(xid, hw, options)| {
            let hw = HwAddr::new(1, &hw).expect("short enough");
            let mut message = Message::new(Op::Request, Xid(xid), hw);
            message.options = options.into_iter().collect();
            message
        })
}

fn read_back(
    text: &str,
    parse: fn(&str) -> Result<Expression, SyntaxError>,
) -> Result<(), TestCaseError> {
    match parse(text) {
        Ok(expression) => {
            let printed = expression.to_string();
            prop_assert_eq!(parse(&printed), Ok(expression), "{}", printed);
        }
        Err(error) => {
            prop_assert!(text.get(error.span.clone()).is_some(), "{:?} in {:?}", error, text);
            prop_assert!(!error.to_string().is_empty());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in prop_oneof![any::<String>(), soup()]) {
        read_back(&text, Expression::parse_bool)?;
        read_back(&text, Expression::parse_string)?;
    }

    #[test]
    fn what_is_printed_reads_back(test in test(), value in value()) {
        prop_assert!(Expression::parse_bool(&test).is_ok(), "{}", test);
        prop_assert!(Expression::parse_string(&value).is_ok(), "{}", value);
        read_back(&test, Expression::parse_bool)?;
        read_back(&value, Expression::parse_string)?;
    }

    #[test]
    fn any_packet_can_be_asked(test in test(), value in value(), message in message(), member: bool) {
        let arrival = Arrival {
            interface: "eth0",
            source: Ipv4Addr::LOCALHOST,
            destination: Ipv4Addr::BROADCAST,
            length: usize::MAX,
        };
        let packet = Packet { message: &message, arrival, classes: &|_| member };
        let test = Expression::parse_bool(&test).expect("lawful");
        let value = Expression::parse_string(&value).expect("lawful");
        // The same again from what was printed: printing keeps the meaning.
        let printed = Expression::parse_bool(&test.to_string()).expect("printed");
        prop_assert_eq!(test.try_matches(&packet), printed.try_matches(&packet));
        prop_assert_eq!(test.matches(&packet), test.try_matches(&packet) == Ok(true));
        prop_assert_eq!(value.value(&packet), value.try_value(&packet).unwrap_or_default());
    }
}
