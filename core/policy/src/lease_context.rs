//! The part of a lease's user context that servers keep for themselves: `{ "ISC": { … } }`, as Kea.

use lessor_config::json::{self, Map, Member, Node, Value};
use lessor_config::source::{Source, Sources};

/// The member of a context under which servers keep what is theirs.
const OWNER: &str = "ISC";

/// The map that a context is, if it is one.
pub(crate) fn read(text: &str) -> Option<Map> {
    let mut sources = Sources::default();
    let file = sources.add(Source::new("user-context", text))?;
    match json::parse(&mut sources, file, None).ok()?.0.node {
        Node::Map(map) => Some(map),
        _ => None,
    }
}

/// What the servers' part of a context says under a key.
pub(crate) fn member(context: Option<&str>, key: &str) -> Option<Value> {
    // Most contexts that there are say nothing of it.
    let root = context.filter(|text| text.contains(key)).and_then(read)?;
    owned(&root).get(key).cloned()
}

/// A context in which the servers' part says `value` under a key; the text as it is where it is no
/// JSON map, since it is somebody else's.
pub(crate) fn with_member(context: Option<&str>, key: &str, value: Value) -> Option<Box<str>> {
    match context.map_or_else(|| Some(Map::default()), read) {
        Some(mut root) => {
            let mut part = owned(&root);
            put(&mut part, key, value);
            put_owned(&mut root, part)
        }
        None => context.map(Box::from),
    }
}

/// The servers' part of a context.
pub(crate) fn owned(root: &Map) -> Map {
    root.get(OWNER).and_then(Value::as_map).cloned().unwrap_or_default()
}

/// The text of a context with this for the servers' part; no text if nothing is left.
pub(crate) fn put_owned(root: &mut Map, part: Map) -> Option<Box<str>> {
    if part.0.is_empty() {
        root.0.retain(|member| member.key != OWNER);
    } else {
        put(root, OWNER, part.into());
    }
    (!root.0.is_empty()).then(|| Value::from(std::mem::take(root)).to_string().into())
}

/// Sets a member in its place, or at the end.
pub(crate) fn put(map: &mut Map, key: &str, value: Value) {
    match map.0.iter_mut().find(|member: &&mut Member| member.key == key) {
        Some(member) => member.value = value,
        None => *map = std::mem::take(map).with(key, value),
    }
}
