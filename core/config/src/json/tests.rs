use proptest::prelude::*;

use super::*;
use crate::diagnostic::Diagnostics;
use crate::source::{FileId, Source, Sources};

/// The tree on one line, or the findings.
fn read(text: &str) -> String {
    read_with(text, None)
}

fn read_with(text: &str, loader: Option<&mut Loader<'_>>) -> String {
    let mut sources = Sources::default();
    let file = sources.add(Source::new("t", text)).expect("room");
    let outcome = parse(&mut sources, file, loader);
    let (root, findings) = match outcome {
        Ok((root, findings)) => (Some(root), findings),
        Err(finding) => (None, vec![finding]),
    };
    let mut diagnostics = Diagnostics::new(sources);
    findings.into_iter().for_each(|it| diagnostics.push(it));
    let printed = root.map(|root| root.to_string()).unwrap_or_default();
    format!("{printed}{}{diagnostics}", if diagnostics.is_empty() { "" } else { "\n" })
        .trim()
        .to_owned()
}

#[test]
fn the_dialect_is_understood() {
    let text = "// first\n{ # second\n\"a\": [1, .5, 1., 5e-1, 007, -3,], /* third\n */ \"b\": {},\r\n\
                \"c\": \"q\\\" \\u00e9\\ud83d\\ude00\\/\\n\", \"d\": true, \"e\": null, }";
    assert_eq!(
        read(text),
        "{\"a\": [1, 0.5, 1.0, 0.5, 7, -3], \"b\": {}, \"c\": \"q\\\" é😀/\\n\", \"d\": true, \"e\": null}\n\
         t:3:24: warning: a[4]: 007 begins with zeros; read as a decimal number\n\
         t:3:31: warning: a: a comma after the last element, here and in 1 other place"
    );
}

#[test]
fn the_indented_form_keeps_plain_lists_on_a_line() {
    let mut sources = Sources::default();
    let text = "{\"a\":[1,2],\"b\":[{\"c\":{}}],\"d\":[]}";
    let file = sources.add(Source::new("t", text)).expect("room");
    let (root, _) = parse(&mut sources, file, None).expect("JSON");
    assert_eq!(
        format!("{root:#}"),
        "{\n  \"a\": [1, 2],\n  \"b\": [\n    {\n      \"c\": {}\n    }\n  ],\n  \"d\": []\n}"
    );
}

#[test]
fn what_is_not_json_is_named_and_placed() {
    for (text, expected) in [
        ("", "t:1:1: error: found the end of the text; expected a value"),
        ("{\"a\": [1 2]}", "t:1:10: error: a: found a number; expected `,` or `]`"),
        ("{\"a\": 1 \"b\": 2}", "t:1:9: error: found a string; expected `,` or `}`"),
        ("{\"a\" 1}", "t:1:6: error: a: found a number; expected `:`"),
        ("{\"a\":\n  [{\"b\": }]}", "t:2:10: error: a[0].b: found `}`; expected a value"),
        ("{,}", "t:1:2: error: found `,`; expected a key in quotes or `}`"),
        ("{} {}", "t:1:4: error: found `{`; expected nothing more"),
        (
            "[True]",
            "t:1:2: error: [0]: found a word without quotes; expected a string in double \
                    quotes, or `true` or `false` in lower case",
        ),
        ("[+1]", "t:1:2: error: [0]: found `+`; expected JSON"),
        ("[1x]", "t:1:2: error: [0]: found a malformed number; expected a number such as 7 or 0.5"),
        ("[-]", "t:1:2: error: [0]: found a malformed number; expected a number such as 7 or 0.5"),
        (
            "[1.2.3]",
            "t:1:2: error: [0]: found a malformed number; expected a number such as 7 or 0.5",
        ),
        (
            "[99999999999999999999]",
            "t:1:2: error: [0]: found a number that is too large; expected \
                                    one that fits into 64 bits",
        ),
        (
            "[1e999]",
            "t:1:2: error: [0]: found a number that is too large; expected one that fits \
                     into 64 bits",
        ),
        ("[\"a", "t:1:2: error: [0]: found a string that is not closed; expected `\"`"),
        (
            "[\"a\n\"]",
            "t:1:2: error: [0]: found a string that is not closed on its line; expected \
                       `\"`, or `\\n` for a line break",
        ),
        (
            "[\"a\tb\"]",
            "t:1:4: error: [0]: found a control character in a string; expected an \
                        escape such as `\\t` or `\\u0007`",
        ),
        (
            "[\"a\\x\"]",
            "t:1:4: error: [0]: found an unknown escape; expected one of \\\" \\\\ \\/ \
                        \\b \\f \\n \\r \\t \\uXXXX",
        ),
        (
            "[\"\\u12\"]",
            "t:1:3: error: [0]: found an unknown escape; expected four hexadecimal \
                         digits after `\\u`",
        ),
        (
            "[\"\\ud800\"]",
            "t:1:3: error: [0]: found half of a surrogate pair; expected both halves",
        ),
        ("[ /* x", "t:1:3: error: [0]: found a comment that is not closed; expected `*/`"),
        (
            "{\"a\": <?include x?>}",
            "t:1:7: error: a: found an include without a file; expected \
                                    `<?include \"file\"?>`",
        ),
        (
            "{\"a\": <?include \"x?>}",
            "t:1:7: error: a: found an include that is not closed; \
                                      expected `<?include \"file\"?>`",
        ),
        (
            "{\"a\": <?include \"x\"?>}",
            "t:1:7: error: a: cannot include `x`; text that does not \
                                        come from a file must be complete in itself",
        ),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn an_unquoted_password_is_not_shown() {
    let shown = read("{\"password\": hunter2}");
    assert!(shown.starts_with("t:1:14: error: password: "), "{shown}");
    assert!(!shown.contains("hunter"), "{shown}");
}

#[test]
fn a_key_given_twice_is_shown_with_both_places() {
    assert_eq!(
        read("{\"a\": 1,\n \"b\": {\"c\": 2, \"c\": 3},\n \"a\": 4}"),
        "{\"a\": 1, \"b\": {\"c\": 2}}\n\
         t:2:16: error: b.c: given twice; a key stands once in a map\n    t:2:8: the first time\n\
         t:3:2: error: a: given twice; a key stands once in a map\n    t:1:2: the first time"
    );
}

#[test]
fn depth_is_bounded() {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(&nested(DEPTH_MAX)).starts_with("[["));
    let refused = read(&nested(DEPTH_MAX + 1));
    assert!(
        refused.ends_with("nested too deeply; at most 64 levels of maps and lists"),
        "{refused}"
    );
    let refused = read(&"{\"a\":".repeat(200_000));
    assert!(refused.contains("t:1:321: error: a.a."), "{refused}");
}

#[test]
fn includes_may_stand_wherever_a_token_may() {
    let mut files = |name: &str| match name {
        "list" => Ok("1, 2, <?include \"last\"?>".to_owned()),
        "last" => Ok("3 // end".to_owned()),
        "broken" => Ok("\n  4 5".to_owned()),
        "self" => Ok("<?include \"self\"?>".to_owned()),
        _ => Err("no such file".to_owned()),
    };
    assert_eq!(
        read_with("{\"a\": [<?include \"list\"?>], \"b\": 0}", Some(&mut files)),
        "{\"a\": [1, 2, 3], \"b\": 0}"
    );
    assert_eq!(
        read_with("[<?include \"broken\"?>]", Some(&mut files)),
        "broken:2:5: error: found a number; expected `,` or `]`"
    );
    assert_eq!(
        read_with("[<?include \"gone\"?>]", Some(&mut files)),
        "t:1:2: error: [0]: cannot include `gone`: no such file"
    );
    assert_eq!(
        read_with("[<?include \"self\"?>]", Some(&mut files)),
        "self:1:1: error: [0]: `self` includes itself: `self` → `self`\n    t:1:2: `self` is included"
    );
}

#[test]
fn a_round_of_includes_is_named_from_where_it_begins() {
    let mut files = |name: &str| match name {
        "a" => Ok("1, <?include \"b\"?>".to_owned()),
        "b" => Ok("<?include \"c\"?>".to_owned()),
        "c" => Ok("\n<?include \"b\"?>".to_owned()),
        deep => {
            let level: usize = deep.parse().map_err(|_| "no such file".to_owned())?;
            Ok(format!("<?include \"{}\"?>", level + 1))
        }
    };
    assert_eq!(
        read_with("[<?include \"a\"?>]", Some(&mut files)),
        "c:2:1: error: [1]: `b` includes itself: `b` → `c` → `b`\n\
         \x20   a:1:4: `b` is included\n    b:1:1: `c` is included"
    );
    assert_eq!(
        read_with("[<?include \"1\"?>]", Some(&mut files)),
        "10:1:1: error: [0]: `11` is included too deeply; at most 10 levels"
    );
}

#[test]
fn octets_that_are_not_utf8_may_stand_in_comments_alone() {
    let latin1 = String::from_utf8_lossy(b"[ # K\xfcche\n 1, \"\\ufffd\" ]");
    assert_eq!(read(&latin1), "[1, \"\\ufffd\"]");
    let latin1 = String::from_utf8_lossy(b"[ \"K\xfcche\" ]");
    assert_eq!(
        read(&latin1),
        "t:1:5: error: [0]: found octets in a string that are not UTF-8; expected a file in UTF-8"
    );
}

#[test]
fn a_byte_order_mark_and_carriage_returns_are_blanks() {
    assert_eq!(
        read("\u{feff}{\r\n\"a\": 1, # one\r\n\t\"b\": [ ] /* two\r\n */ }\r\n"),
        "{\"a\": 1, \"b\": []}"
    );
    // Places count lines as an editor does.
    assert_eq!(read("\u{feff}{\r\n\"a\": TRUE}").split(": found").next(), Some("t:2:6: error: a"));
}

#[test]
fn the_number_of_includes_is_bounded() {
    let mut two = |name: &str| {
        let next = name.parse::<u8>().expect("a number") + 1;
        Ok(if next > 9 { String::new() } else { format!("<?include \"{next}\"?>").repeat(9) })
    };
    let refused = read_with("[<?include \"0\"?>]", Some(&mut two));
    assert!(refused.ends_with("too many includes; at most 1000"), "{refused}");
}

/// Any tree, without places.
fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::from(Node::Null)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(|number| Node::Int(number).into()),
        proptest::num::f64::NORMAL.prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from_iter),
            proptest::collection::btree_map(".{0,5}", inner, 0..4).prop_map(|members| {
                let map = members
                    .into_iter()
                    .fold(Map::default(), |map, (key, value)| map.with(&key, value));
                Value::from(map)
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_printed_is_read_again(tree in tree()) {
        let line = tree.to_string();
        prop_assert_eq!(read(&line), line.trim());
        prop_assert_eq!(read(&format!("{tree:#}")), line.trim());
    }

    #[test]
    fn any_text_gives_a_tree_or_a_finding(
        text in "([{}\\[\\]:,\"#/*<?.\\\\\\-0-9a-f\n ]|include|true|\\\\u00e9|\"a\"|é){0,80}"
    ) {
        let mut sources = Sources::default();
        let file = sources.add(Source::new("t", text.as_str())).expect("room");
        match parse(&mut sources, file, None) {
            Ok((root, _)) => prop_assert!(spans_nest(&root)),
            Err(finding) => {
                prop_assert_eq!(finding.span.file, FileId(0));
                prop_assert!(usize::try_from(finding.span.end).expect("small") <= text.len());
            }
        }
    }
}

/// Whether each part lies within its whole.
fn spans_nest(value: &Value) -> bool {
    let inside = |span: Span| value.span.start < span.start && span.end < value.span.end;
    match &value.node {
        Node::List(values) => values.iter().all(|it| inside(it.span) && spans_nest(it)),
        Node::Map(map) => map.0.iter().all(|member| {
            inside(member.key_span)
                && member.key_span.end < member.value.span.start
                && inside(member.value.span)
                && spans_nest(&member.value)
        }),
        _ => value.span.start < value.span.end,
    }
}

#[test]
fn a_key_given_twice_is_found_in_a_map_of_any_size() {
    for size in [2, 32, 33, 34, 70] {
        for twice in [0, size / 2, size - 1] {
            let keys = (0..size).chain([twice]).map(|key| format!("\"{key}\": 1"));
            let text = format!("{{ {} }}", keys.collect::<Vec<_>>().join(", "));
            let mut sources = Sources::default();
            let file = sources.add(Source::new("t", &*text)).expect("room");
            let (tree, findings) = parse(&mut sources, file, None).expect("it is JSON");
            assert_eq!(tree.as_map().expect("a map").0.len(), size, "{text}");
            assert_eq!(findings.len(), 1, "{text}");
        }
    }
}
