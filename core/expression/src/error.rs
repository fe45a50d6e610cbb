//! Why a text is not an expression, and why an expression has no value.

use std::fmt;
use std::ops::Range;

/// Why a text is not an expression of the type asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxError {
    /// The octets of the text that the error is about; empty at its end if something is missing.
    pub span: Range<usize>,
    /// What is wrong with them.
    pub kind: SyntaxErrorKind,
}

/// What is wrong with a text.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SyntaxErrorKind {
    /// Something else should be here.
    Unexpected {
        /// What is here, as written; none at the end of the text.
        found: Option<String>,
        /// What should be here.
        expected: &'static str,
    },
    /// A part has the wrong type.
    Type {
        /// The type that it has.
        found: Type,
        /// The type that is wanted in its place.
        expected: Type,
    },
    /// A number is too small or too large for its place.
    Range {
        /// The number as written.
        found: String,
        /// The least number allowed.
        min: i64,
        /// The greatest number allowed.
        max: i64,
    },
    /// No option has this name.
    UnknownOption(String),
    /// A word that belongs to expressions on DHCPv6 messages.
    OtherFamily(String),
    /// A text that is no regular expression, and why.
    Pattern(String),
    /// More than [`crate::DEPTH_MAX`] levels.
    TooDeep,
    /// More than [`crate::TEXT_MAX`] octets.
    TooLong {
        /// How many octets there are.
        got: usize,
    },
}

/// What a part of an expression stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    /// True or false.
    Bool,
    /// Octets.
    String,
}

impl SyntaxError {
    pub(crate) const fn new(span: Range<usize>, kind: SyntaxErrorKind) -> Self {
        Self { span, kind }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "true or false",
            Self::String => "a string",
        })
    }
}

impl fmt::Display for SyntaxErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unexpected { found: Some(found), expected } => {
                write!(f, "expected {expected}, found `{found}`")
            }
            Self::Unexpected { found: None, expected } => {
                write!(f, "expected {expected}, found the end")
            }
            Self::Type { found, expected } => {
                write!(f, "expected {expected}, found an expression that is {found}")
            }
            Self::Range { found, min, max } => {
                write!(f, "expected a number from {min} to {max}, found `{found}`")
            }
            Self::UnknownOption(name) => write!(f, "no option is named `{name}`"),
            Self::OtherFamily(word) => {
                write!(f, "DHCPv6 expression in a DHCPv4 class: `{word}`")
            }
            Self::Pattern(why) => write!(f, "not a regular expression: {why}"),
            Self::TooDeep => write!(f, "more than {} levels of nesting", crate::DEPTH_MAX),
            Self::TooLong { got } => {
                write!(f, "an expression of {got} octets where {} are allowed", crate::TEXT_MAX)
            }
        }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for SyntaxError {}

/// Why an expression has no value on a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum EvaluationError {
    /// `addrtotext` was given something that is not 4 or 16 octets.
    NotAnAddress {
        /// How many octets it was given.
        got: usize,
    },
    /// A conversion such as `uint8totext` was given octets of another width.
    NotANumber {
        /// The conversion.
        conversion: &'static str,
        /// How many octets it was given.
        got: usize,
    },
    /// A value of more than [`crate::VALUE_MAX`] octets.
    TooLong,
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnAddress { got } => write!(f, "addrtotext of {got} octets"),
            Self::NotANumber { conversion, got } => write!(f, "{conversion} of {got} octets"),
            Self::TooLong => write!(f, "a value of more than {} octets", crate::VALUE_MAX),
        }
    }
}

impl std::error::Error for EvaluationError {}
