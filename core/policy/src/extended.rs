//! What a lease remembers of the relay that its client came through (`store-extended-info`).
//!
//! It is kept in the lease's user context, in Kea's form:
//! `{ "ISC": { "relay-agent-info": { "sub-options": "0x…", "remote-id": "…", "relay-id": "…" } } }`.
//! Versions before 2.3 had the option as one text, with its code and length in front. Both are read.

use lessor_config::InfoCheck;
use lessor_config::json::{Map, Member, Node, Value};
use lessor_wire::v4::{RelayAgent, code};

use crate::lease_context::{member, owned, put, put_owned, read, with_member};

/// The member for the relay agent information option (RFC 3046).
const AGENT: &str = "relay-agent-info";
/// What Kea writes there.
const KNOWN: [&str; 3] = ["sub-options", "remote-id", "relay-id"];

/// The relay agent information that a lease's context holds.
#[must_use]
pub fn relay_agent(context: Option<&str>) -> Option<RelayAgent<'static>> {
    agent(&member(context, AGENT)?)
}

/// What either form says.
fn agent(info: &Value) -> Option<RelayAgent<'static>> {
    let octets = match &info.node {
        Node::Map(map) => from_hex(map.get("sub-options")?.as_text()?)?,
        Node::Text(text) => {
            let octets = from_hex(text)?;
            match octets.as_slice() {
                [code, length, rest @ ..]
                    if *code == code::RELAY_AGENT && usize::from(*length) == rest.len() =>
                {
                    rest.to_vec()
                }
                _ => octets,
            }
        }
        _ => return None,
    };
    Some(RelayAgent::parse(&octets).into_owned())
}

/// `context` with this relay agent information instead of what it held; the text stays as it is
/// where it holds just that. What is not a JSON map stays as it is too.
#[must_use]
pub fn with_relay_agent(context: Option<&str>, agent: &RelayAgent<'_>) -> Option<Box<str>> {
    if relay_agent(context).as_ref() == Some(agent) {
        return context.map(Box::from);
    }
    with_member(context, AGENT, info(agent).into())
}

/// What a stored context becomes when it is looked over; none if it stays as it is.
///
/// A context that is no JSON map, or one without relay agent information, stays as it is.
#[must_use]
pub fn checked(context: &str, level: InfoCheck) -> Option<Option<Box<str>>> {
    if level == InfoCheck::None || !context.contains(AGENT) {
        return None;
    }
    let mut root = read(context)?;
    let mut part = owned(&root);
    let found = part.get(AGENT)?;
    let to = match (&found.node, agent(found)) {
        (Node::Map(found), Some(agent)) => agreeing(found, &agent, level),
        (_, Some(agent)) => Some(info(&agent)),
        (_, None) if level < InfoCheck::Strict => return None,
        (_, None) => None,
    };
    match to {
        Some(info) if found.as_map() == Some(&info) => return None,
        Some(info) => put(&mut part, AGENT, info.into()),
        None => part.0.retain(|member| member.key != AGENT),
    }
    Some(put_owned(&mut root, part))
}

/// A map of relay agent information that agrees with its sub-options, as far as is looked.
fn agreeing(found: &Map, agent: &RelayAgent<'_>, level: InfoCheck) -> Option<Map> {
    let right = info(agent);
    let is_right = |member: &Member| {
        let text = right.get(&member.key).and_then(Value::as_text);
        let has = member.value.as_text();
        text.zip(has).is_some_and(|(text, has)| text.eq_ignore_ascii_case(has))
    };
    let is_known = |member: &&Member| KNOWN.contains(&member.key.as_str());
    let agrees = found.0.iter().filter(is_known).all(is_right)
        && right.0.iter().all(|member| found.get(&member.key).is_some());
    match level {
        InfoCheck::Strict if !agrees => {
            let others = found.0.iter().filter(|member| !is_known(member)).cloned();
            Some(Map(right.0.into_iter().chain(others).collect()))
        }
        InfoCheck::Pedantic if !agrees || found.0.len() != right.0.len() => Some(right),
        _ => Some(found.clone()),
    }
}

fn info(agent: &RelayAgent<'_>) -> Map {
    Map::default()
        .with("sub-options", format!("0x{}", hex(agent.octets())))
        .with_some("remote-id", agent.remote_id().map(hex))
        .with_some("relay-id", agent.relay_id().map(hex))
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs
        .map(|pair| {
            let [high, low] = pair else { return None };
            let digit = |octet: u8| char::from(octet).to_digit(16);
            u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent() -> RelayAgent<'static> {
        let subs: [(u8, &[u8]); 3] = [(1, b"p1"), (2, &[0xAB]), (12, &[0, 3])];
        RelayAgent::from_subs(&subs).expect("short")
    }

    #[test]
    fn what_is_written_is_read_and_the_rest_stays() {
        let first = with_relay_agent(None, &agent()).expect("a context");
        assert_eq!(
            &*first,
            r#"{"ISC": {"relay-agent-info": {"sub-options": "0x010270310201AB0C020003", "remote-id": "AB", "relay-id": "0003"}}}"#
        );
        assert_eq!(relay_agent(Some(&first)), Some(agent()));
        let foreign = r#"{ "note": 7, "ISC": { "client-info": {} } }"#;
        let both = with_relay_agent(Some(foreign), &agent()).expect("a context");
        assert!(both.starts_with(r#"{"note": 7, "ISC": {"client-info": {}, "relay-agent-info""#));
        assert_eq!(relay_agent(Some(&both)), Some(agent()));
    }

    #[test]
    fn what_holds_it_already_keeps_its_letters() {
        let text = r#"{"ISC":{"relay-agent-info":{"sub-options":"0x010270310201ab0c020003"}}}"#;
        assert_eq!(with_relay_agent(Some(text), &agent()).as_deref(), Some(text));
    }

    #[test]
    fn the_older_form_is_read() {
        for text in ["0x52040102AABB", "0x0102AABB", "0102aabb"] {
            let context = format!(r#"{{"ISC":{{"relay-agent-info":"{text}"}}}}"#);
            let found = relay_agent(Some(&context)).expect("an agent");
            assert_eq!(found.circuit_id(), Some(&[0xAA, 0xBB][..]), "{text}");
        }
    }

    #[test]
    fn what_is_not_there_or_not_lawful_is_nothing() {
        for text in [
            "",
            "[]",
            "{",
            "{}",
            r#"{"ISC":7}"#,
            r#"{"ISC":{"relay-agent-info":7}}"#,
            r#"{"ISC":{"relay-agent-info":"0x1"}}"#,
            r#"{"ISC":{"relay-agent-info":"xy"}}"#,
            r#"{"ISC":{"relay-agent-info":"é1"}}"#,
            r#"{"ISC":{"relay-agent-info":{"remote-id":"AB"}}}"#,
            r#"<?include "/etc/passwd"?>"#,
        ] {
            assert_eq!(relay_agent(Some(text)), None, "{text}");
        }
        assert_eq!(with_relay_agent(Some("[]"), &agent()).as_deref(), Some("[]"));
    }

    /// What each level makes of a context: what it becomes, "" for nothing left, none for no change.
    #[test]
    fn each_level_puts_more_right() {
        let new =
            r#"{"ISC": {"relay-agent-info": {"sub-options": "0x0201AB", "remote-id": "AB"}}}"#;
        let noted = format!(r#"{{"n": 1, "ISC": {}"#, new.trim_start_matches(r#"{"ISC": "#));
        let alike = r#"{"ISC":{"relay-agent-info":{"sub-options":"0x0201ab","remote-id":"ab"}}}"#;
        let older = r#"{"ISC":{"relay-agent-info":"0x52030201AB"}}"#;
        let older_noted = r#"{"n":1,"ISC":{"relay-agent-info":"0x52030201AB"}}"#;
        let wrong = r#"{"ISC":{"relay-agent-info":{"sub-options":"0x0201AB","remote-id":"CD"}}}"#;
        let partly = r#"{"ISC":{"relay-agent-info":{"sub-options":"0x0201AB"}}}"#;
        let more =
            r#"{"ISC":{"relay-agent-info":{"sub-options":"0x0201AB","remote-id":"AB","x":1}}}"#;
        let broken = r#"{"ISC":{"relay-agent-info":"0x5"}}"#;
        let cases: [(&str, [Option<&str>; 3]); 9] = [
            (new, [None, None, None]),
            (alike, [None, None, None]),
            (older, [Some(new), Some(new), Some(new)]),
            (older_noted, [Some(&noted), Some(&noted), Some(&noted)]),
            (wrong, [None, Some(new), Some(new)]),
            (partly, [None, Some(new), Some(new)]),
            (more, [None, None, Some(new)]),
            (broken, [None, Some(""), Some("")]),
            (r#"{"n":1}"#, [None, None, None]),
        ];
        for (context, expected) in cases {
            assert_eq!(checked(context, InfoCheck::None), None, "{context}");
            let levels = [InfoCheck::Fix, InfoCheck::Strict, InfoCheck::Pedantic];
            for (level, expected) in levels.into_iter().zip(expected) {
                let found = checked(context, level).map(Option::unwrap_or_default);
                assert_eq!(found.as_deref(), expected, "{context} {level:?}");
            }
        }
    }
}
