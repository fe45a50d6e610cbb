//! Tokens into a checked tree.
//!
//! From the loosest to the tightest: `or`, `and`, `not`, `==`, `+`. One grammar reads both types;
//! each operator asks its operands for the type that it needs. What stands between operators is in
//! `operand`, functions are in `function`.

use std::ops::Range;

use crate::error::{SyntaxError, SyntaxErrorKind, Type};
use crate::token::{Kind, Sign, Token, Tokens};
use crate::tree::{Test, Value};
use crate::{DEPTH_MAX, TEXT_MAX};

mod function;
mod operand;

type Parsed<T> = Result<T, SyntaxError>;

/// How the code of a named option is found.
type Names<'a> = &'a dyn Fn(&str) -> Option<u8>;

/// Reads a whole text as a test, and the classes that it depends on.
pub(crate) fn test(text: &str, names: Names<'_>) -> Parsed<(Test, Vec<String>)> {
    let mut parser = Parser::new(text, names)?;
    let test = parser.whole()?.test()?;
    Ok((test, parser.classes))
}

/// Reads a whole text as a value, and the classes that it depends on.
pub(crate) fn value(text: &str, names: Names<'_>) -> Parsed<(Value, Vec<String>)> {
    let mut parser = Parser::new(text, names)?;
    let value = parser.whole()?.value()?;
    Ok((value, parser.classes))
}

/// A part of the expression before anybody has asked for its type.
struct Part {
    tree: Tree,
    span: Range<usize>,
}

enum Tree {
    Test(Test),
    Value(Value),
}

impl Part {
    fn test(self) -> Parsed<Test> {
        match self.tree {
            Tree::Test(test) => Ok(test),
            Tree::Value(_) => Err(mistyped(self.span, Type::String, Type::Bool)),
        }
    }

    fn value(self) -> Parsed<Value> {
        match self.tree {
            Tree::Value(value) => Ok(value),
            Tree::Test(_) => Err(mistyped(self.span, Type::Bool, Type::String)),
        }
    }
}

const fn mistyped(span: Range<usize>, found: Type, expected: Type) -> SyntaxError {
    SyntaxError::new(span, SyntaxErrorKind::Type { found, expected })
}

struct Parser<'a> {
    tokens: Tokens<'a>,
    next: Token<'a>,
    /// Where the last token taken ended.
    end: usize,
    depth: usize,
    names: Names<'a>,
    classes: Vec<String>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, names: Names<'a>) -> Parsed<Self> {
        if text.len() > TEXT_MAX {
            let kind = SyntaxErrorKind::TooLong { got: text.len() };
            return Err(SyntaxError::new(0..text.len(), kind));
        }
        let mut tokens = Tokens::new(text);
        let next = tokens.token()?;
        Ok(Self { tokens, next, end: 0, depth: 0, names, classes: Vec::new() })
    }

    fn whole(&mut self) -> Parsed<Part> {
        let part = self.any()?;
        match (&self.next.kind, &part.tree) {
            (Kind::End, _) => Ok(part),
            (_, Tree::Test(_)) => Err(self.unexpected("`and`, `or` or the end")),
            (_, Tree::Value(_)) => Err(self.unexpected("`==`, `+` or the end")),
        }
    }

    fn any(&mut self) -> Parsed<Part> {
        self.deeper(|parser| parser.chain("or", Self::all_of, Test::any))
    }

    fn all_of(&mut self) -> Parsed<Part> {
        self.chain("and", Self::negation, Test::all)
    }

    /// One operand, or several tests with the same word between them.
    fn chain(
        &mut self,
        word: &str,
        operand: fn(&mut Self) -> Parsed<Part>,
        join: fn(Vec<Test>) -> Test,
    ) -> Parsed<Part> {
        let first = operand(self)?;
        if self.next.kind != Kind::Word(word) {
            return Ok(first);
        }
        let start = first.span.start;
        let mut tests = vec![first.test()?];
        while self.next.kind == Kind::Word(word) {
            self.advance()?;
            tests.push(operand(self)?.test()?);
        }
        Ok(self.part(start, Tree::Test(join(tests))))
    }

    fn negation(&mut self) -> Parsed<Part> {
        if self.next.kind != Kind::Word("not") {
            return self.comparison();
        }
        let start = self.advance()?.span.start;
        let inner = self.deeper(Self::negation)?.test()?;
        Ok(self.part(start, Tree::Test(Test::Not(Box::new(inner)))))
    }

    fn comparison(&mut self) -> Parsed<Part> {
        let left = self.sum()?;
        if self.next.kind != Kind::Sign(Sign::Equal) {
            return Ok(left);
        }
        let start = left.span.start;
        let left = left.value()?;
        self.advance()?;
        let right = self.sum()?.value()?;
        Ok(self.part(start, Tree::Test(Test::Equal(Box::new((left, right))))))
    }

    fn sum(&mut self) -> Parsed<Part> {
        let first = self.operand()?;
        if self.next.kind != Kind::Sign(Sign::Plus) {
            return Ok(first);
        }
        let start = first.span.start;
        let mut values = vec![first.value()?];
        while self.next.kind == Kind::Sign(Sign::Plus) {
            self.advance()?;
            values.push(self.operand()?.value()?);
        }
        Ok(self.part(start, Tree::Value(Value::concat(values))))
    }

    fn advance(&mut self) -> Parsed<Token<'a>> {
        let next = self.tokens.token()?;
        self.end = self.next.span.end;
        Ok(std::mem::replace(&mut self.next, next))
    }

    fn sign(&mut self, sign: Sign) -> Parsed<()> {
        if self.next.kind != Kind::Sign(sign) {
            return Err(self.unexpected(sign.quoted()));
        }
        self.advance().map(drop)
    }

    fn keyword(&mut self, word: &str, expected: &'static str) -> Parsed<()> {
        if self.next.kind != Kind::Word(word) {
            return Err(self.unexpected(expected));
        }
        self.advance().map(drop)
    }

    /// A number that fits.
    fn number<T: Bounded>(&mut self, expected: &'static str) -> Parsed<T> {
        let Kind::Integer(number) = self.next.kind else { return Err(self.unexpected(expected)) };
        let Ok(fitting) = T::try_from(number) else {
            let found = self.tokens.written(&self.next.span).to_owned();
            let kind = SyntaxErrorKind::Range { found, min: T::LEAST, max: T::GREATEST };
            return Err(SyntaxError::new(self.next.span.clone(), kind));
        };
        self.advance()?;
        Ok(fitting)
    }

    fn unexpected(&self, expected: &'static str) -> SyntaxError {
        let span = self.next.span.clone();
        let found = (!span.is_empty()).then(|| self.tokens.written(&span).to_owned());
        SyntaxError::new(span, SyntaxErrorKind::Unexpected { found, expected })
    }

    /// The part from `start` to the last token taken.
    const fn part(&self, start: usize, tree: Tree) -> Part {
        Part { tree, span: start..self.end }
    }

    fn deeper(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<Part>) -> Parsed<Part> {
        // The expression itself is no level of nesting.
        if self.depth > DEPTH_MAX {
            return Err(SyntaxError::new(self.next.span.clone(), SyntaxErrorKind::TooDeep));
        }
        self.depth += 1;
        let part = parse(self);
        self.depth -= 1;
        part
    }
}

/// Numbers with known bounds.
trait Bounded: TryFrom<i64> {
    const LEAST: i64;
    const GREATEST: i64;
}

impl Bounded for u8 {
    const LEAST: i64 = 0;
    const GREATEST: i64 = 255;
}

impl Bounded for i32 {
    const LEAST: i64 = -0x8000_0000;
    const GREATEST: i64 = 0x7fff_ffff;
}

impl Bounded for u32 {
    const LEAST: i64 = 0;
    const GREATEST: i64 = 0xffff_ffff;
}
