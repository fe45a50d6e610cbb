//! Kea's dialect of JSON as a tree whose every value knows its place.
//!
//! The dialect adds to JSON: comments (`#`, `//`, `/* */`), a comma after the last element,
//! numbers such as `.5`, `1.` and `007`, and `<?include "file"?>` wherever a token may start.

mod lexer;
mod parser;
mod printer;

use crate::source::Span;

pub use parser::{DEPTH_MAX, INCLUDE_DEPTH_MAX, INCLUDES_MAX, Loader, parse};

/// A value and its place. What it holds may be a secret: only `Display` it to who may see it.
#[derive(Clone, PartialEq, Debug)]
pub struct Value {
    /// From its first octet to its last, brackets included.
    pub span: Span,
    /// What it is.
    pub node: Node,
}

/// What a value is.
#[derive(Clone, PartialEq, Debug)]
pub enum Node {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without point and exponent.
    Int(i64),
    /// Any other number; finite.
    Real(f64),
    /// Text, with escapes resolved.
    Text(String),
    /// Values in order.
    List(Vec<Value>),
    /// Named values.
    Map(Map),
}

/// Named values in the order of the file. The parser sees to it that no two have one name.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Map(pub Vec<Member>);

/// A named value.
#[derive(Clone, PartialEq, Debug)]
pub struct Member {
    /// The name.
    pub key: String,
    /// Where the name is.
    pub key_span: Span,
    /// The value.
    pub value: Value,
}

/// A number in a tree is finite, and so equal to itself.
impl Eq for Value {}
impl Eq for Node {}
impl Eq for Map {}
impl Eq for Member {}

impl Map {
    /// The value of this name.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.member(key).map(|member| &member.value)
    }

    /// The member of this name.
    #[must_use]
    pub fn member(&self, key: &str) -> Option<&Member> {
        self.0.iter().find(|member| member.key == key)
    }

    /// Adds a member that has no place, for trees that are made to be printed.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.push(Member { key: key.to_owned(), key_span: Span::default(), value: value.into() });
        self
    }

    /// Adds a member as [`Map::with`] does, if there is a value.
    #[must_use]
    pub fn with_some(self, key: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }
}

impl Value {
    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.node {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is a whole one.
    #[must_use]
    pub const fn as_int(&self) -> Option<i64> {
        match self.node {
            Node::Int(number) => Some(number),
            _ => None,
        }
    }

    /// The number, whole or not.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share or a percentage; above 2^53 only the magnitude matters"
    )]
    pub const fn as_real(&self) -> Option<f64> {
        match self.node {
            Node::Int(number) => Some(number as f64),
            Node::Real(number) => Some(number),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        match self.node {
            Node::Bool(truth) => Some(truth),
            _ => None,
        }
    }

    /// The elements, if it is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        match &self.node {
            Node::List(values) => Some(values),
            _ => None,
        }
    }

    /// The members, if it is a map.
    #[must_use]
    pub const fn as_map(&self) -> Option<&Map> {
        match &self.node {
            Node::Map(map) => Some(map),
            _ => None,
        }
    }

    /// What kind of value it is, never its contents.
    #[must_use]
    pub const fn describe(&self) -> &'static str {
        match self.node {
            Node::Null => "null",
            Node::Bool(_) => "a boolean",
            Node::Int(_) => "an integer",
            Node::Real(_) => "a number with a fraction or an exponent",
            Node::Text(_) => "a string",
            Node::List(_) => "a list",
            Node::Map(_) => "a map",
        }
    }
}

impl From<Node> for Value {
    fn from(node: Node) -> Self {
        Self { span: Span::default(), node }
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Node::Bool(truth).into()
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Node::Int(i64::from(number)).into()
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Node::Real(number).into()
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Node::Text(text).into()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Node::Map(map).into()
    }
}

impl<V: Into<Self>> FromIterator<V> for Value {
    fn from_iter<I: IntoIterator<Item = V>>(values: I) -> Self {
        Node::List(values.into_iter().map(Into::into).collect()).into()
    }
}

#[cfg(test)]
mod tests;
