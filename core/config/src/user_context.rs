//! What somebody noted in a configuration: kept and given back.

use crate::json::{Map, Node, Value};

/// The members of a `user-context`, with a `comment` beside it as one of them, as Kea has it.
///
/// The server does not look at them, but where a feature reads its settings there: those are taken
/// out and kept with what they are for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserContext(Map);

impl UserContext {
    /// Nothing noted.
    pub const NONE: Self = Self(Map(Vec::new()));

    /// These members, wherever they stood.
    #[must_use]
    pub fn new(mut members: Map) -> Self {
        forget_places(&mut members);
        Self(members)
    }

    /// Whether there is nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.0.is_empty()
    }

    /// The member of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All members, in the order of the file.
    #[must_use]
    pub const fn members(&self) -> &Map {
        &self.0
    }

    /// What a map of the file notes.
    pub(crate) fn read(map: &Map) -> Self {
        let mut members =
            map.get("user-context").and_then(Value::as_map).cloned().unwrap_or_default();
        if let Some(comment) = map.member("comment").filter(|it| it.value.as_text().is_some()) {
            members.0.retain(|member| member.key != "comment");
            members.0.push(comment.clone());
        }
        Self::new(members)
    }

    /// Takes a member out.
    pub(crate) fn remove(&mut self, name: &str) {
        self.0.0.retain(|member| member.key != name);
    }
}

/// A tree that is kept does not point into texts that are not.
fn forget_places(map: &mut Map) {
    for member in &mut map.0 {
        member.key_span = crate::source::Span::default();
        forget_place(&mut member.value);
    }
}

fn forget_place(value: &mut Value) {
    value.span = crate::source::Span::default();
    match &mut value.node {
        Node::List(values) => values.iter_mut().for_each(forget_place),
        Node::Map(map) => forget_places(map),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;
    use crate::source::{Source, Sources};

    fn read(text: &str) -> String {
        let mut sources = Sources::default();
        let file = sources.add(Source::new("t", text)).expect("room");
        let (value, _) = parse(&mut sources, file, None).expect("JSON");
        let context = UserContext::read(value.as_map().expect("a map"));
        Value::from(context.members().clone()).to_string()
    }

    #[test]
    fn a_comment_is_part_of_the_context() {
        assert_eq!(read("{}"), "{}");
        assert_eq!(read(r#"{"comment": "x"}"#), r#"{"comment": "x"}"#);
        assert_eq!(
            read(r#"{"comment": "x", "user-context": {"a": [1, {"b": 0.5}], "comment": "y"}}"#),
            r#"{"a": [1, {"b": 0.5}], "comment": "x"}"#
        );
    }
}
