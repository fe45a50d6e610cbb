//! What a command looks like, and an answer.

use std::io;

use lessor_config::json::{self, Node};
use lessor_config::source::{Source, Sources};
use serde::Serialize as _;
use serde_json::{Map, Value, json};

/// A lawful command.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// What it is about, of any type.
    pub arguments: Option<Value>,
}

/// An answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// Kea's numbers: see the constants.
    pub result: u8,
    /// What to tell a person; left out when empty.
    pub text: String,
    /// What to tell a program.
    pub arguments: Option<Value>,
}

impl Answer {
    /// Done.
    pub const SUCCESS: u8 = 0;
    /// Not done.
    pub const ERROR: u8 = 1;
    /// There is no such command.
    pub const UNSUPPORTED: u8 = 2;
    /// Nothing found.
    pub const EMPTY: u8 = 3;

    /// Done, with something to tell a person.
    #[must_use]
    pub fn success(text: impl Into<String>) -> Self {
        Self { result: Self::SUCCESS, text: text.into(), arguments: None }
    }

    /// Not done.
    #[must_use]
    pub fn error(text: impl Into<String>) -> Self {
        Self { result: Self::ERROR, ..Self::success(text) }
    }

    /// The same with something for programs.
    #[must_use]
    pub fn with(self, arguments: Value) -> Self {
        Self { arguments: Some(arguments), ..self }
    }

    /// One line in Kea's spacing, keys sorted.
    #[must_use]
    pub fn octets(&self) -> Vec<u8> {
        let mut map = Map::new();
        map.insert("result".to_owned(), json!(self.result));
        if !self.text.is_empty() {
            map.insert("text".to_owned(), json!(self.text));
        }
        if let Some(arguments) = &self.arguments {
            map.insert("arguments".to_owned(), arguments.clone());
        }
        one_line(&Value::Object(map))
    }
}

/// A value on one line in Kea's spacing, keys sorted.
#[must_use]
pub fn one_line(value: &Value) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut writer = serde_json::Serializer::with_formatter(&mut octets, Spaced);
    value.serialize(&mut writer).expect("a tree of values with text keys goes into memory");
    octets
}

/// As [`one_line`], of a tree with places, into `out`.
///
/// # Errors
/// What `out` says.
pub fn write_one_line(value: &json::Value, out: impl io::Write) -> io::Result<()> {
    let mut writer = serde_json::Serializer::with_formatter(out, Spaced);
    Placeless(value).serialize(&mut writer).map_err(io::Error::from)
}

/// A tree whose places do not show, and whose keys are sorted.
struct Placeless<'a>(&'a json::Value);

impl serde::Serialize for Placeless<'_> {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match &self.0.node {
            Node::Null => out.serialize_unit(),
            Node::Bool(truth) => out.serialize_bool(*truth),
            Node::Int(number) => number.serialize(out),
            Node::Real(number) => number.serialize(out),
            Node::Text(text) => out.serialize_str(text),
            Node::List(values) => out.collect_seq(values.iter().map(Placeless)),
            Node::Map(map) => {
                let mut members: Vec<_> = map.0.iter().collect();
                members.sort_by(|one, other| one.key.cmp(&other.key));
                out.collect_map(members.into_iter().map(|it| (&it.key, Placeless(&it.value))))
            }
        }
    }
}

/// A configuration's or a command's tree without its places.
#[must_use]
pub fn without_places(value: &json::Value) -> Value {
    match &value.node {
        Node::Null => Value::Null,
        Node::Bool(truth) => json!(truth),
        Node::Int(number) => json!(number),
        Node::Real(number) => json!(number),
        Node::Text(text) => json!(text),
        Node::List(values) => values.iter().map(without_places).collect(),
        Node::Map(map) => {
            map.0.iter().map(|member| (member.key.clone(), without_places(&member.value))).collect()
        }
    }
}

/// Reads a command.
///
/// # Errors
/// The answer to it.
pub fn read(text: &str) -> Result<Call, Answer> {
    let mut fields = match parse(text)? {
        Value::Object(fields) => fields,
        other => {
            let got = kind(&other);
            return Err(invalid(&format!(
                "expected toplevel entry to be a map, got {got} instead"
            )));
        }
    };
    let name =
        fields.remove("command").ok_or_else(|| invalid("does not contain mandatory 'command'"))?;
    let arguments = fields.remove("arguments");
    // Who is asked and from where: a socket of one server has no use for it.
    fields.remove("service");
    fields.remove("remote-address");
    if let Some(key) = fields.keys().next() {
        return Err(invalid(&format!("unsupported parameter '{key}'")));
    }
    match name {
        Value::String(name) => Ok(Call { name, arguments }),
        _ => Err(invalid("expected 'command' to be a string, got map instead")),
    }
}

fn parse(text: &str) -> Result<Value, Answer> {
    let mut sources = Sources::default();
    let file = sources.add(Source::new("<wire>", text)).ok_or_else(|| Answer::error("too long"))?;
    let read = json::parse(&mut sources, file, None);
    let finding = match read {
        Ok((value, repeated)) => match repeated.into_iter().next() {
            None => return Ok(without_places(&value)),
            Some(finding) => finding,
        },
        Err(finding) => finding,
    };
    let place = sources.locate(finding.span);
    let mut told = format!("{place}: {}", finding.message);
    if let Some(hint) = finding.hint {
        told.push_str("; ");
        told.push_str(&hint);
    }
    Err(Answer::error(told))
}

fn invalid(why: &str) -> Answer {
    Answer::error(format!("Error during command processing: invalid command: {why}"))
}

/// What Kea calls a type.
const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "map",
    }
}

/// One blank after opening brackets, commas and colons and before closing brackets.
struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_array<W: io::Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b"[ ")
    }

    fn end_array<W: io::Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b" ]")
    }

    fn begin_array_value<W: io::Write + ?Sized>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        out.write_all(if first { b"" } else { b", " })
    }

    fn begin_object<W: io::Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b"{ ")
    }

    fn end_object<W: io::Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b" }")
    }

    fn begin_object_key<W: io::Write + ?Sized>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        out.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        match read(text) {
            Err(answer) => {
                assert_eq!(answer.result, Answer::ERROR);
                answer.text
            }
            Ok(call) => panic!("{call:?}"),
        }
    }

    #[test]
    fn envelopes_are_refused_in_words_that_clients_know() {
        const WHY: &str = "Error during command processing: invalid command: ";
        for (text, why) in [
            ("[ 1 ]", "expected toplevel entry to be a map, got list instead"),
            ("{}", "does not contain mandatory 'command'"),
            (r#"{"cmd": 1}"#, "does not contain mandatory 'command'"),
            (r#"{"command": 1, "x": 1}"#, "unsupported parameter 'x'"),
            (r#"{"command": 1}"#, "expected 'command' to be a string, got map instead"),
        ] {
            assert_eq!(refused(text), format!("{WHY}{why}"), "{text}");
        }
        assert!(refused("{ \"command\" }").starts_with("<wire>:1:13: "));
    }

    #[test]
    fn comments_and_addressees_are_taken() {
        let call = read(
            "{ # a\n \"command\": \"x\", // b\n \"service\": [\"dhcp4\"],\n /* c */ \
                         \"remote-address\": \"::1\", \"arguments\": 7 }",
        );
        assert_eq!(call, Ok(Call { name: "x".to_owned(), arguments: Some(json!(7)) }));
    }

    #[test]
    fn a_tree_reads_the_same_with_its_places() {
        let text = r#"{ "b": [ 1, -2, 0.25, true, null, "é\n" ], "a": { "z": {}, "y": [] } }"#;
        let mut sources = Sources::default();
        let file = sources.add(Source::new("t", text)).expect("it is short");
        let (tree, _) = json::parse(&mut sources, file, None).expect("JSON");
        let mut written = Vec::new();
        write_one_line(&tree, &mut written).expect("there is room");
        assert_eq!(written, one_line(&without_places(&tree)));
        assert!(written.starts_with(b"{ \"a\": { \"y\": [  ]"));
    }

    #[test]
    fn answers_are_spaced_as_tools_expect() {
        let answer =
            Answer::success("").with(json!({ "b": [], "a": { "x": [1, "é\n"] }, "c": {} }));
        assert_eq!(
            String::from_utf8(answer.octets()).expect("text"),
            "{ \"arguments\": { \"a\": { \"x\": [ 1, \"é\\n\" ] }, \"b\": [  ], \"c\": {  } }, \
             \"result\": 0 }"
        );
    }
}
