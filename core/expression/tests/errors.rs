//! What is not in the language: expression, where, why.

use lessor_expression::{DEPTH_MAX, Expression, SyntaxError, SyntaxErrorKind, TEXT_MAX};

/// The offending text is between the guillemets, which are not part of the expression.
#[rustfmt::skip]
const TESTS: &[(&str, &str)] = &[
    // Nothing, or not enough.
    ("«»", "expected a test or a value, found the end"),
    ("  «»", "expected a test or a value, found the end"),
    ("known and«»", "expected a test or a value, found the end"),
    ("(known«»", "expected `)`, found the end"),
    ("'a' == «»", "expected a test or a value, found the end"),
    ("option[12]«»", "expected `.`, found the end"),
    ("option[12].«»", "expected `hex`, `text`, `exists` or `option`, found the end"),
    ("option[12«»", "expected `]`, found the end"),
    ("'a' == «'b»", "expected `'` after text, found the end"),

    // Too much.
    ("known «known»", "expected `and`, `or` or the end, found `known`"),
    ("known«)»", "expected `and`, `or` or the end, found `)`"),
    ("'a' «'b'»", "expected `==`, `+` or the end, found `'b'`"),
    ("'a' == 'b' «==» 'c'", "expected `and`, `or` or the end, found `==`"),
    ("known and «or» known", "expected a test or a value, found `or`"),
    ("'a' == «not» known", "expected a test or a value, found `not`"),

    // Types.
    ("«'a'»", "expected true or false, found an expression that is a string"),
    ("«option[61].hex»", "expected true or false, found an expression that is a string"),
    ("known and «pkt4.mac»", "expected true or false, found an expression that is a string"),
    ("«'a' + 'b'» or known", "expected true or false, found an expression that is a string"),
    ("not «'a'»", "expected true or false, found an expression that is a string"),
    ("not «('a')» and known", "expected true or false, found an expression that is a string"),
    ("«known» == 'a'", "expected a string, found an expression that is true or false"),
    ("'a' == «known»", "expected a string, found an expression that is true or false"),
    ("'a' + «option[1].exists» == ''", "expected a string, found an expression that is true or false"),
    ("lcase(«'a' == 'b'») == ''", "expected a string, found an expression that is true or false"),
    ("ifelse(«'a'», 'b', 'c') == 'b'", "expected true or false, found an expression that is a string"),
    ("ifelse(known, «known», 'c') == 'b'", "expected a string, found an expression that is true or false"),

    // Words.
    ("«foo»", "expected a test or a value, found `foo`"),
    ("«Option»[1].exists", "expected a test or a value, found `Option`"),
    ("'a' == «all»", "expected a test or a value, found `all`"),
    ("option[1].«exist»", "expected `hex`, `text`, `exists` or `option`, found `exist`"),
    ("pkt.«mac» == ''", "expected `iface`, `src`, `dst` or `len`, found `mac`"),
    ("pkt4.«iface» == ''", "expected `mac`, `hlen`, `htype`, `ciaddr`, `giaddr`, `yiaddr`, `siaddr`, `msgtype` or `transid`, found `iface`"),
    ("vendor.«exists»", "expected `enterprise`, found `exists`"),
    ("vendor[1].«enterprise» == 1", "expected `exists` or `option`, found `enterprise`"),
    ("vendor[«x»].exists", "expected an enterprise number or `*`, found `x`"),
    ("vendor-class[1].«option»[1].exists", "expected `exists` or `data`, found `option`"),
    ("vendor-class[1].data[«*»] == ''", "expected the index of a chunk of data, found `*`"),

    // Calls.
    ("member«[»'a']", "expected `(`, found `[`"),
    ("member(«a»)", "expected the name of a class in quotes, found `a`"),
    ("substring('a', 1«)» == ''", "expected `,`, found `)`"),
    ("substring('a', 1, «some») == ''", "expected a length or `all`, found `some`"),
    ("substring('a', «all», 1) == ''", "expected a position, found `all`"),
    ("substring('a', «0x01», 1) == ''", "expected a position, found `0x01`"),
    ("split('a', '.', «'1'») == ''", "expected the number of a field, found `'1'`"),
    ("concat('a'«)» == ''", "expected `,`, found `)`"),
    ("concat('a', 'b'«,» 'c') == ''", "expected `)`, found `,`"),
    ("lcase(«)» == ''", "expected a test or a value, found `)`"),

    // Codes, names and numbers.
    ("option[«256»].exists", "expected a number from 0 to 255, found `256`"),
    ("option[«-1»].exists", "expected a number from 0 to 255, found `-1`"),
    ("option[«'a'»].exists", "expected the code or the name of an option, found `'a'`"),
    ("option[«no-such»].exists", "no option is named `no-such`"),
    ("option[43].option[«vlan»].exists", "expected the code of a sub-option, found `vlan`"),
    ("relay4[«circuit-id»].exists", "expected the code of a sub-option, found `circuit-id`"),
    ("relay4[«300»].exists", "expected a number from 0 to 255, found `300`"),
    ("vendor[«-5»].exists", "expected a number from 0 to 4294967295, found `-5`"),
    ("pkt.len == «4294967296»", "expected a number from -2147483648 to 4294967295, found `4294967296`"),
    ("pkt.len == «-2147483649»", "expected a number from -2147483648 to 4294967295, found `-2147483649`"),
    ("pkt.len == «99999999999999999999»", "expected a number from -2147483648 to 4294967295, found `99999999999999999999`"),
    ("substring('a', «3000000000», 1) == ''", "expected a number from -2147483648 to 2147483647, found `3000000000`"),
    ("uint8totext(«256») == ''", "expected a number from 0 to 255, found `256`"),
    ("int8totext(«-129») == ''", "expected a number from -128 to 127, found `-129`"),

    // Literals and signs.
    ("'a' == «0x»", "expected hexadecimal digits after `0x`, found `0x`"),
    ("'a' == «0xgg»", "expected hexadecimal digits after `0x`, found `0xgg`"),
    ("pkt.src == «10.0.0»", "expected an IP address, found `10.0.0`"),
    ("pkt.src == «010.0.0.1»", "expected an IP address, found `010.0.0.1`"),
    ("pkt.src == «10.0.0.256»", "expected an IP address, found `10.0.0.256`"),
    ("pkt.src == «2001:db8:::1»", "expected an IP address, found `2001:db8:::1`"),
    ("'a' «=» 'a'", "expected `==`, found `=`"),
    ("'a' «!=» 'a'", "expected `==` (and `not` before it), found `!=`"),
    ("«\"»a\" == 'a'", "expected `'` around text, found `\"`"),
    ("pkt.len == «-» 1", "expected digits after `-`, found `-`"),
    ("known «&»& known", "expected a word, a literal or a sign, found `&`"),
    ("'é' == «é»", "expected a word, a literal or a sign, found `é`"),

    // Patterns.
    ("match(«option»[60].hex, 'a')", "expected a regular expression in quotes, found `option`"),
    ("match(«'(a'», 'a')", "not a regular expression: found open group without closing ')'"),
    ("match('a', «known»)", "expected a string, found an expression that is true or false"),

    // Elsewhere.
    ("«pkt6».msgtype == 5", "DHCPv6 expression in a DHCPv4 class: `pkt6`"),
    ("known or «relay6»[0].option[1].exists", "DHCPv6 expression in a DHCPv4 class: `relay6`"),
];

const STRINGS: &[(&str, &str)] = &[
    ("«known»", "expected a string, found an expression that is true or false"),
    ("«pkt4.mac == 'a'»", "expected a string, found an expression that is true or false"),
    ("«pkt4.mac» and known", "expected true or false, found an expression that is a string"),
    ("pkt4.mac «option»[1].hex", "expected `==`, `+` or the end, found `option`"),
    ("«»", "expected a test or a value, found the end"),
];

#[test]
fn each_row_is_refused_where_and_why() {
    check(TESTS, Expression::parse_bool);
    check(STRINGS, Expression::parse_string);
}

fn check(rows: &[(&str, &str)], parse: fn(&str) -> Result<Expression, SyntaxError>) {
    for (marked, message) in rows {
        let start = marked.find('«').expect("marked");
        let end = marked.find('»').expect("marked") - '«'.len_utf8();
        let text = marked.replace(['«', '»'], "");
        match parse(&text) {
            Ok(expression) => panic!("{marked}: read as {expression}"),
            Err(error) => {
                assert_eq!(error.to_string(), *message, "{marked}");
                assert_eq!(error.span, start..end, "{marked}");
            }
        }
    }
}

#[test]
fn nesting_is_bounded() {
    let parentheses = |levels| format!("{}known{}", "(".repeat(levels), ")".repeat(levels));
    assert!(Expression::parse_bool(&parentheses(DEPTH_MAX)).is_ok());
    let error = Expression::parse_bool(&parentheses(DEPTH_MAX + 1)).expect_err("too deep");
    assert_eq!(error.to_string(), "more than 64 levels of nesting");
    assert_eq!(error.span, DEPTH_MAX + 1..DEPTH_MAX + 6);

    let negations = |levels| format!("{}known", "not ".repeat(levels));
    assert!(Expression::parse_bool(&negations(DEPTH_MAX)).is_ok());
    let error = Expression::parse_bool(&negations(DEPTH_MAX + 1)).expect_err("too deep");
    assert_eq!(error.kind, SyntaxErrorKind::TooDeep);

    let calls = |levels| format!("{}'a'{}", "lcase(".repeat(levels), ")".repeat(levels));
    assert!(Expression::parse_string(&calls(DEPTH_MAX)).is_ok());
    assert!(Expression::parse_string(&calls(DEPTH_MAX + 1)).is_err());
}

#[test]
fn a_chain_is_no_nesting() {
    let chain = vec!["known"; 5_000].join(" and ");
    let expression = Expression::parse_bool(&chain).expect("short enough");
    assert_eq!(expression.to_string(), chain);
}

#[test]
fn length_is_bounded() {
    let padded = |len: usize| format!("known{}", " ".repeat(len - 5));
    assert!(Expression::parse_bool(&padded(TEXT_MAX)).is_ok());
    let error = Expression::parse_bool(&padded(TEXT_MAX + 1)).expect_err("too long");
    assert_eq!(error.kind, SyntaxErrorKind::TooLong { got: TEXT_MAX + 1 });
    assert_eq!(error.to_string(), "an expression of 65537 octets where 65536 are allowed");
}
