//! Client class expressions: text, tree, and what it says of a packet.
//!
//! The language is Kea's, for DHCPv4: `substring(option[60].hex, 0, 6) == 'Aastra'`. Values are
//! octets; tests are true or false; a part that would need the other type is refused when the text
//! is read, not when a packet arrives.
//!
//! # Map
//! - [`error`]: why a text is not an expression, and why an expression has no value.
//! - [`facts`]: what an expression may ask of a packet.
//! - [`packet`]: the facts of a message and its arrival.
//! - `token`: text into words, literals and signs.
//! - `parse`: tokens into a checked tree.
//! - `tree`: the checked tree.
//! - `pattern`: regular expressions on octets.
//! - `evaluate`: what a tree says of a packet.
//! - `octets`: values on their way through an evaluation.
//! - `encapsulated`: options within options.
//! - `print`: a tree as text.
//!
//! # Does not
//! Know which classes are defined, in which order they are tested, or what follows from being in
//! one. DHCPv6 (`pkt6`, `relay6`) is refused by name.
//!
//! # Invariants
//! No text and no packet makes it panic; trees are at most [`DEPTH_MAX`] levels deep; a printed
//! expression reads back as itself.
#![forbid(unsafe_code)]

mod encapsulated;
pub mod error;
mod evaluate;
pub mod facts;
mod octets;
pub mod packet;
mod parse;
mod pattern;
mod print;
mod token;
mod tree;

use lessor_wire::v4::definition;

pub use error::{EvaluationError, SyntaxError, SyntaxErrorKind, Type};
pub use facts::Facts;
pub use packet::{Arrival, Packet};

use tree::{Test, Value};

/// How deep parentheses, functions and `not` may be nested.
pub const DEPTH_MAX: usize = 64;
/// The longest text read, in octets.
pub const TEXT_MAX: usize = 65_536;
/// The longest value that a function may make, in octets.
pub const VALUE_MAX: usize = 65_536;

/// An expression, read and checked.
///
/// It prints in one canonical spelling: options by code, no needless parentheses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expression {
    root: Root,
    classes: Vec<String>,
}

/// An expression as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Root {
    Test(Test),
    Value(Value),
}

impl Expression {
    /// Reads an expression that is true or false, as a class's `test` is.
    ///
    /// Options may be named by the names of the standard ones.
    ///
    /// # Errors
    /// The first thing that is wrong with the text.
    pub fn parse_bool(text: &str) -> Result<Self, SyntaxError> {
        Self::parse_bool_with(text, &standard)
    }

    /// Reads an expression whose value is a string, as a `template-test` is.
    ///
    /// # Errors
    /// The first thing that is wrong with the text.
    pub fn parse_string(text: &str) -> Result<Self, SyntaxError> {
        Self::parse_string_with(text, &standard)
    }

    /// Reads as [`Expression::parse_bool`] does; `code_of` tells the code of a named option.
    ///
    /// # Errors
    /// The first thing that is wrong with the text.
    pub fn parse_bool_with(
        text: &str,
        code_of: &dyn Fn(&str) -> Option<u8>,
    ) -> Result<Self, SyntaxError> {
        let (test, classes) = parse::test(text, code_of)?;
        Ok(Self { root: Root::Test(test), classes })
    }

    /// Reads as [`Expression::parse_string`] does; `code_of` tells the code of a named option.
    ///
    /// # Errors
    /// The first thing that is wrong with the text.
    pub fn parse_string_with(
        text: &str,
        code_of: &dyn Fn(&str) -> Option<u8>,
    ) -> Result<Self, SyntaxError> {
        let (value, classes) = parse::value(text, code_of)?;
        Ok(Self { root: Root::Value(value), classes })
    }

    /// Whether it is true of the packet; what cannot be evaluated is not.
    #[must_use]
    pub fn matches(&self, packet: &(impl Facts + ?Sized)) -> bool {
        self.try_matches(packet).unwrap_or(false)
    }

    /// Its value on the packet; what cannot be evaluated is empty.
    #[must_use]
    pub fn value(&self, packet: &(impl Facts + ?Sized)) -> Vec<u8> {
        self.try_value(packet).unwrap_or_default()
    }

    /// Whether it is true of the packet. A string is true if it is `true`.
    ///
    /// # Errors
    /// Why it can not be evaluated.
    pub fn try_matches(&self, packet: &(impl Facts + ?Sized)) -> Result<bool, EvaluationError> {
        match &self.root {
            Root::Test(test) => test.holds(packet),
            Root::Value(value) => Ok(value.on(packet)?.as_ref() == b"true"),
        }
    }

    /// Its value on the packet. A test's is `true` or `false`.
    ///
    /// # Errors
    /// Why it can not be evaluated.
    pub fn try_value(&self, packet: &(impl Facts + ?Sized)) -> Result<Vec<u8>, EvaluationError> {
        match &self.root {
            Root::Test(test) => Ok(test.holds(packet)?.to_string().into_bytes()),
            Root::Value(value) => Ok(value.on(packet)?.into_vec()),
        }
    }

    /// The classes whose members it asks for, each once, in the order of the text.
    ///
    /// `known` and `unknown` ask for the members of `KNOWN`.
    pub fn depends_on(&self) -> impl Iterator<Item = &str> {
        self.classes.iter().map(String::as_str)
    }
}

fn standard(name: &str) -> Option<u8> {
    definition::by_name(name).map(|definition| definition.code)
}
