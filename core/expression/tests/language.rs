//! What each word of the language says: expression, packet, result.

mod packets;

use lessor_expression::{EvaluationError, Expression};

use Is::{Fails, False, Octets, Text, True};
use On::{Bare, Phone};

enum On {
    Phone,
    Bare,
}

enum Is {
    True,
    False,
    Text(&'static str),
    Octets(&'static [u8]),
    /// No value: a test is false, a string is empty.
    Fails(EvaluationError),
}

const EMPTY: Is = Text("");
const NOT_AN_ADDRESS: EvaluationError = EvaluationError::NotAnAddress { got: 2 };
const NOT_AN_OCTET: EvaluationError =
    EvaluationError::NotANumber { conversion: "uint8totext", got: 4 };

#[rustfmt::skip]
const ROWS: &[(&str, On, Is)] = &[
    // Literals. Numbers have four octets, addresses four or sixteen.
    ("'text'", Bare, Text("text")),
    ("''", Bare, EMPTY),
    ("'not and (or) \" == é'", Bare, Text("not and (or) \" == é")),
    ("0x5a7d", Bare, Text("Z}")),
    ("0XABC", Bare, Octets(&[0x0a, 0xbc])),
    ("10.0.0.1", Bare, Octets(&[10, 0, 0, 1])),
    ("::1", Bare, Octets(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])),
    ("substring(2001:db8::1, 0, 4)", Bare, Octets(&[0x20, 0x01, 0x0d, 0xb8])),
    ("substring(::ffff:10.0.0.1, 10, all)", Bare, Octets(&[0xff, 0xff, 10, 0, 0, 1])),
    ("123", Bare, Octets(&[0, 0, 0, 0x7b])),
    ("4294967295", Bare, Octets(&[255, 255, 255, 255])),
    ("-1", Bare, Octets(&[255, 255, 255, 255])),
    ("-2147483648", Bare, Octets(&[0x80, 0, 0, 0])),

    // Comparison is of octets.
    ("match('a+', 'aaa')", Bare, True),
    ("match('a+', 'aab')", Bare, False),
    ("match('a+', 'b') or not match('[0-9]{4}', 0x31323334)", Bare, False),
    ("match('..', 0xffff)", Bare, True),
    ("'a' == 'a'", Bare, True),
    ("'a' == 'A'", Bare, False),
    ("'a'==0x61", Bare, True),
    ("'' == ''", Bare, True),
    ("1 == 0x00000001", Bare, True),
    ("1 == 0x01", Bare, False),
    ("1 == '1'", Bare, False),
    ("10.0.0.1 == 0x0a000001", Bare, True),
    ("10.0.0.1 == 167772161", Bare, True),
    (" \t\r\n'a'\n==\t'a' ", Bare, True),

    // Logic: `not` before `and` before `or`; `==` before all of them.
    ("not 'a' == 'b'", Bare, True),
    ("not not 'a' == 'a'", Bare, True),
    ("not ('a' == 'b' or 'a' == 'a')", Bare, False),
    ("'a' == 'a' and 'a' == 'b'", Bare, False),
    ("'a' == 'b' or 'a' == 'a'", Bare, True),
    ("'a' == 'a' or 'a' == 'a' and 'a' == 'b'", Bare, True),
    ("('a' == 'a' or 'a' == 'a') and 'a' == 'b'", Bare, False),
    ("not 'a' == 'a' or 'a' == 'a'", Bare, True),
    ("not ('a' == 'b') and (('c' == 'c'))", Bare, True),
    ("('a') == ('a')", Bare, True),

    // Classes.
    ("member('ALL')", Bare, True),
    ("member('phones')", Phone, True),
    ("member('phones')", Bare, False),
    ("member('phones') and not member('laptops')", Phone, True),
    ("member('')", Phone, False),
    ("known", Phone, True),
    ("known", Bare, False),
    ("unknown", Phone, False),
    ("unknown", Bare, True),

    // Options.
    ("option[60].exists", Phone, True),
    ("option[60].exists", Bare, False),
    ("option[80].exists", Phone, True),
    ("option[80].hex == ''", Phone, True),
    ("option[vendor-class-identifier].exists", Phone, True),
    ("option[60].hex", Phone, Text("Aastra 6731i")),
    ("option[60].hex", Bare, EMPTY),
    ("option[60].text", Bare, EMPTY),
    ("option[host-name].hex", Phone, Octets(b"Phone-1\0\0")),
    ("option[host-name].text", Phone, Text("Phone-1")),
    ("option[80].text", Phone, EMPTY),
    ("option[61].hex", Phone, Octets(&[1, 2, 0, 0, 0, 0, 10])),
    ("option[93].hex == 0x0007", Phone, True),
    ("option[93].hex == 7", Phone, False),
    ("option [ 93 ] . exists", Phone, True),
    ("option[0].exists", Phone, False),
    ("option[255].exists", Phone, False),
    ("option[dhcp-requested-address].hex == 10.0.0.20", Phone, True),

    // Options within options.
    ("option[43].option[1].hex", Phone, Text("ab")),
    ("option[43].option[2].option[5].text", Phone, Text("xy")),
    ("option[43].option[2].option[6].exists", Phone, False),
    ("option[43].option[0].exists", Phone, False),
    ("option[43].option[9].exists", Phone, False),
    ("option[43].option[1].exists", Bare, False),
    ("option[60].option[1].hex", Phone, EMPTY),
    ("option[82].option[1].hex", Phone, Text("p/1")),
    ("relay4[1].hex", Phone, Text("p/1")),
    ("relay4[1].text", Phone, Text("p/1")),
    ("relay4[1].exists", Phone, True),
    ("relay4[2].exists", Phone, True),
    ("relay4[2].hex", Phone, EMPTY),
    ("relay4[3].exists", Phone, False),
    ("relay4[9].option[7].hex", Phone, Text("hi")),
    ("relay4[1].exists", Bare, False),
    ("relay4[1].hex", Bare, EMPTY),

    // Fields of the message; numbers have four octets.
    ("pkt4.mac", Phone, Octets(&[2, 0, 0, 0, 0, 10])),
    ("pkt4.mac == 0x02000000000a", Phone, True),
    ("pkt4.mac", Bare, EMPTY),
    ("pkt4.hlen", Phone, Octets(&[0, 0, 0, 6])),
    ("pkt4.hlen == 0", Bare, True),
    ("pkt4.hlen == 0x06", Phone, False),
    ("pkt4.htype == 1", Phone, True),
    ("pkt4.htype == 6", Bare, True),
    ("pkt4.ciaddr == 10.0.0.7", Phone, True),
    ("pkt4.giaddr == 10.0.0.1", Phone, True),
    ("pkt4.giaddr == 0.0.0.0", Bare, True),
    ("pkt4.yiaddr == 10.0.0.8", Phone, True),
    ("pkt4.siaddr == 10.0.0.9", Phone, True),
    ("pkt4.msgtype", Phone, Octets(&[0, 0, 0, 1])),
    ("pkt4.msgtype == 1", Phone, True),
    ("pkt4.msgtype == 0", Bare, True),
    ("pkt4.transid == 305419896", Phone, True),
    ("pkt4.transid", Phone, Octets(&[0x12, 0x34, 0x56, 0x78])),

    // The arrival.
    ("pkt.iface == 'eth0'", Phone, True),
    ("pkt.iface", Bare, EMPTY),
    ("pkt.src == 10.0.0.1", Phone, True),
    ("pkt.dst == 255.255.255.255", Bare, True),
    ("pkt.len == 548", Phone, True),

    // Vendors' blocks: 125 has sub-options, 124 chunks of data.
    ("vendor[*].exists", Phone, True),
    ("vendor[*].exists", Bare, False),
    ("vendor[0].exists", Phone, True),
    ("vendor[4491].exists", Phone, True),
    ("vendor[3561].exists", Phone, True),
    ("vendor[9].exists", Phone, False),
    ("vendor.enterprise == 4491", Phone, True),
    ("vendor.enterprise", Bare, EMPTY),
    ("vendor[4491].option[1].hex", Phone, Text("cm")),
    ("vendor[4491].option[1].exists", Phone, True),
    ("vendor[4491].option[2].option[5].hex", Phone, Text("k")),
    ("vendor[*].option[1].text", Phone, Text("cm")),
    ("vendor[*].option[4].exists", Phone, False),
    ("vendor[3561].option[4].hex", Phone, Text("q")),
    ("vendor[9].option[1].hex", Phone, EMPTY),
    ("option[125].option[1].hex", Phone, Text("cm")),
    ("vendor-class[*].exists", Phone, True),
    ("vendor-class[4491].exists", Phone, True),
    ("vendor-class[9].exists", Phone, False),
    ("vendor-class[*].exists", Bare, False),
    ("vendor-class.enterprise == 4491", Phone, True),
    ("vendor-class.enterprise", Bare, EMPTY),
    ("vendor-class[4491].data", Phone, Text("docsis3.0")),
    ("vendor-class[4491].data[0]", Phone, Text("docsis3.0")),
    ("vendor-class[4491].data[1]", Phone, EMPTY),
    ("vendor-class[*].data[2]", Phone, Text("eRouter")),
    ("vendor-class[4491].data[3]", Phone, EMPTY),
    ("vendor-class[3561].data", Phone, Text("tr")),

    // Parts of a string.
    ("substring('foobar', 0, 6)", Bare, Text("foobar")),
    ("substring('foobar', 3, 3)", Bare, Text("bar")),
    ("substring('foobar', 3, all)", Bare, Text("bar")),
    ("substring('foobar', 1, 4)", Bare, Text("ooba")),
    ("substring('foobar', -5, 4)", Bare, Text("ooba")),
    ("substring('foobar', -1, -3)", Bare, Text("oba")),
    ("substring('foobar', 4, -2)", Bare, Text("ob")),
    ("substring('foobar', 10, 2)", Bare, EMPTY),
    ("substring('foobar', 6, 1)", Bare, EMPTY),
    ("substring('foobar', -6, all)", Bare, Text("foobar")),
    ("substring('foobar', -7, all)", Bare, EMPTY),
    ("substring('foobar', 2, -9)", Bare, Text("fo")),
    ("substring('foobar', 0, -1)", Bare, EMPTY),
    ("substring('foobar', 2, 0)", Bare, EMPTY),
    ("substring('foobar', 4, 2147483647)", Bare, Text("ar")),
    ("substring('foobar', -2147483648, -2147483648)", Bare, EMPTY),
    ("substring('', 0, all)", Bare, EMPTY),
    ("substring(option[60].hex, 0, 6) == 'Aastra'", Phone, True),
    ("substring(option[60].hex, 0, 6) == 'Aastra'", Bare, False),
    ("substring(pkt4.mac, -3, all)", Phone, Octets(&[0, 0, 10])),
    ("substring(pkt4.transid, 1, 2)", Phone, Octets(&[0x34, 0x56])),
    ("split ('one.two..four', '.', 1)", Bare, Text("one")),
    ("split('one.two..four', '.', 2)", Bare, Text("two")),
    ("split('one.two..four', '.', 3)", Bare, EMPTY),
    ("split('one.two..four', '.', 4)", Bare, Text("four")),
    ("split('one.two..four', '.', 5)", Bare, EMPTY),
    ("split('one.two', '.', 0)", Bare, EMPTY),
    ("split('one.two', '.', -1)", Bare, EMPTY),
    ("split('one.two', '', 7)", Bare, Text("one.two")),
    ("split('', '.', 1)", Bare, EMPTY),
    ("split('a-b.c', '.-', 3)", Bare, Text("c")),
    ("split(relay4[1].hex, '/', 2)", Phone, Text("1")),

    // Strings made of strings.
    ("concat('foo', 'bar')", Bare, Text("foobar")),
    ("'abc' + 'def' + 'ghi'", Bare, Text("abcdefghi")),
    ("concat('a', 'b' + 'c') + ''", Bare, Text("abc")),
    ("'a' + 'b' == 'ab'", Bare, True),
    ("ifelse(option[60].exists, option[60].hex, 'none')", Phone, Text("Aastra 6731i")),
    ("ifelse(option[60].exists, option[60].hex, 'none')", Bare, Text("none")),
    ("ifelse(known and not member('x'), 'a', 'b')", Phone, Text("a")),
    ("hexstring(pkt4.mac, ':')", Phone, Text("02:00:00:00:00:0a")),
    ("hexstring(0xAB01, '')", Bare, Text("ab01")),
    ("hexstring('foo', ', ')", Bare, Text("66, 6f, 6f")),
    ("hexstring('', ':')", Bare, EMPTY),
    ("lcase('LoWeR É')", Bare, Text("lower É")),
    ("ucase('uPpEr é')", Bare, Text("UPPER é")),
    ("ucase(option[host-name].text) == 'PHONE-1'", Phone, True),

    // Numbers and addresses as text: the width has to be right, nothing stays nothing.
    ("addrtotext(192.10.0.1)", Bare, Text("192.10.0.1")),
    ("addrtotext(2003:db8::)", Bare, Text("2003:db8::")),
    ("addrtotext(option[50].hex)", Phone, Text("10.0.0.20")),
    ("addrtotext(option[50].hex)", Bare, EMPTY),
    ("addrtotext(option[93].hex)", Phone, Fails(NOT_AN_ADDRESS)),
    ("int8totext(-1)", Bare, Text("-1")),
    ("int8totext(0xff)", Bare, Text("-1")),
    ("int8totext(0x7f)", Bare, Text("127")),
    ("int16totext(0x8000)", Bare, Text("-32768")),
    ("int32totext(-1)", Bare, Text("-1")),
    ("int32totext(0xfffffffe)", Bare, Text("-2")),
    ("uint8totext(255)", Bare, Text("255")),
    ("uint8totext(0xff)", Bare, Text("255")),
    ("uint8totext(option[53].hex)", Phone, Text("1")),
    ("uint8totext(option[53].hex)", Bare, EMPTY),
    ("uint8totext(pkt4.hlen)", Phone, Fails(NOT_AN_OCTET)),
    ("uint16totext(option[93].hex)", Phone, Text("7")),
    ("uint32totext(4294967295)", Bare, Text("4294967295")),
    ("uint32totext(pkt.len)", Phone, Text("548")),

    // What has no value makes a test false, whichever way round, unless it does not matter.
    ("uint8totext(pkt4.hlen) == '6'", Phone, Fails(NOT_AN_OCTET)),
    ("not uint8totext(pkt4.hlen) == '6'", Phone, Fails(NOT_AN_OCTET)),
    ("known or uint8totext(pkt4.hlen) == '6'", Phone, True),
    ("unknown and uint8totext(pkt4.hlen) == '6'", Phone, False),
    ("ifelse(known, 'a', uint8totext(pkt4.hlen))", Phone, Text("a")),
];

#[test]
fn each_row_holds() {
    let (phone, bare) = (packets::phone(), packets::bare());
    for (text, on, is) in ROWS {
        let sample = match on {
            Phone => &phone,
            Bare => &bare,
        };
        let is_test = match is {
            True | False => true,
            Text(_) | Octets(_) => false,
            Fails(_) => text.contains("=="),
        };
        let parse = if is_test { Expression::parse_bool } else { Expression::parse_string };
        let expression = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        sample.ask(|packet| match is {
            True => assert_eq!(expression.try_matches(packet), Ok(true), "{text}"),
            False => assert_eq!(expression.try_matches(packet), Ok(false), "{text}"),
            Text(value) => {
                assert_eq!(expression.try_value(packet), Ok(value.as_bytes().to_vec()), "{text}");
            }
            Octets(value) => {
                assert_eq!(expression.try_value(packet), Ok(value.to_vec()), "{text}");
            }
            Fails(why) => {
                assert_eq!(expression.try_value(packet), Err(*why), "{text}");
                assert!(!expression.matches(packet), "{text}");
                assert!(expression.value(packet).is_empty(), "{text}");
            }
        });
        assert_eq!(parse(&expression.to_string()).as_ref(), Ok(&expression), "{text}");
    }
}

#[test]
fn one_spelling_is_printed() {
    for (text, printed) in [
        ("((option[host-name].hex)=='a')", "option[12].hex == 'a'"),
        ("option[82].option[1].exists", "relay4[1].exists"),
        ("member('KNOWN') and not known", "known and unknown"),
        ("known and (known and (known or unknown))", "known and known and (known or unknown)"),
        ("not (known or known)", "not (known or known)"),
        ("concat('a', concat(0xABC, -1)) == 10.0.0.1", "'a' + 0x0abc + -1 == 10.0.0.1"),
        (
            "vendor[0].exists or vendor-class[ 7 ].data == ''",
            "vendor[*].exists or vendor-class[7].data[0] == ''",
        ),
    ] {
        let expression = Expression::parse_bool(text).expect("lawful");
        assert_eq!(expression.to_string(), printed);
    }
}

#[test]
fn classes_are_named_once_in_order() {
    let text = "member('b') and (unknown or member('a')) and not member('b') and known";
    let expression = Expression::parse_bool(text).expect("lawful");
    assert_eq!(expression.depends_on().collect::<Vec<_>>(), ["b", "KNOWN", "a"]);
    let template = Expression::parse_string("ifelse(member('x'), 'y', 'z')").expect("lawful");
    assert_eq!(template.depends_on().collect::<Vec<_>>(), ["x"]);
}

#[test]
fn options_of_ones_own_have_names() {
    let code_of = |name: &str| (name == "my-own").then_some(224);
    let expression = Expression::parse_string_with("option[my-own].hex", &code_of).expect("lawful");
    assert_eq!(packets::phone().ask(|packet| expression.value(packet)), b"own");
    assert!(Expression::parse_bool("option[my-own].exists").is_err());
    assert!(Expression::parse_bool_with("option[host-name].exists", &code_of).is_err());
}

#[test]
fn either_type_can_be_asked_for_the_other() {
    let test = Expression::parse_bool("known").expect("lawful");
    let value = Expression::parse_string("ifelse(known, 'true', 'yes')").expect("lawful");
    packets::phone().ask(|packet| {
        assert_eq!(test.value(packet), b"true");
        assert!(value.matches(packet));
    });
    packets::bare().ask(|packet| {
        assert_eq!(test.value(packet), b"false");
        assert!(!value.matches(packet));
    });
}

#[test]
fn a_value_does_not_grow_beyond_its_bound() {
    let mut text = "pkt4.mac".to_owned();
    for _ in 0..32 {
        text = format!("hexstring({text}, '--')");
    }
    let expression = Expression::parse_string(&text).expect("lawful");
    let value = packets::phone().ask(|packet| expression.try_value(packet));
    assert_eq!(value, Err(EvaluationError::TooLong));
}
