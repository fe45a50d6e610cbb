//! Tokens to a tree.

use std::collections::BTreeMap;

use super::lexer::{Lexer, Token};
use super::{Map, Member, Node, Value};
use crate::diagnostic::Diagnostic;
use crate::path::Path;
use crate::source::{FileId, Sources, Span};

/// The most levels of maps and lists within each other.
pub const DEPTH_MAX: usize = 64;
/// The most levels of files that include each other.
pub const INCLUDE_DEPTH_MAX: usize = 10;
/// The most includes in one configuration.
pub const INCLUDES_MAX: usize = 1000;

/// Fetches the text of an included file by the name that the configuration gives it, or says why
/// not.
pub type Loader<'a> = dyn FnMut(&str) -> Result<String, String> + 'a;

/// Reads a text that was added to `sources`, and adds those that it includes.
///
/// Beside the tree come findings that do not keep it from being read. Errors: keys given twice, of
/// which the tree holds the first. Warnings: commas after last elements, and numbers that begin
/// with zeros.
///
/// # Errors
/// The first thing that is not JSON.
pub fn parse(
    sources: &mut Sources,
    file: FileId,
    loader: Option<&mut Loader<'_>>,
) -> Result<(Value, Vec<Diagnostic>), Diagnostic> {
    let mut parser = Parser {
        lexer: Lexer::new(sources, file, loader),
        findings: Vec::new(),
        commas: Vec::new(),
    };
    let first = parser.next(&Path::ROOT)?;
    let root = parser.value(first, &Path::ROOT, 0)?;
    match parser.next(&Path::ROOT)? {
        (Token::End, _) => Ok((root, parser.findings())),
        other => Err(unexpected(&other, &Path::ROOT, "nothing more")),
    }
}

struct Parser<'a, 'l> {
    lexer: Lexer<'a, 'l>,
    findings: Vec<Diagnostic>,
    /// The commas after last elements, and of what.
    commas: Vec<(Span, String)>,
}

type Placed = (Token, Span);

fn unexpected((token, span): &Placed, path: &Path<'_>, expected: &str) -> Diagnostic {
    Diagnostic::error(*span, path, format!("found {}", token.describe()))
        .hint(format!("expected {expected}"))
}

impl Parser<'_, '_> {
    fn next(&mut self, path: &Path<'_>) -> Result<Placed, Diagnostic> {
        self.lexer.next().map_err(|mut finding| {
            finding.path = path.into();
            finding
        })
    }

    /// The value that begins with `first`.
    fn value(&mut self, first: Placed, path: &Path<'_>, depth: usize) -> Result<Value, Diagnostic> {
        let (token, span) = first;
        let node = match token {
            Token::OpenMap | Token::OpenList if depth >= DEPTH_MAX => {
                return Err(Diagnostic::error(span, path, "nested too deeply")
                    .hint(format!("at most {DEPTH_MAX} levels of maps and lists")));
            }
            Token::OpenMap => return self.map(span, path, depth),
            Token::OpenList => return self.list(span, path, depth),
            Token::Text(text) => Node::Text(text),
            Token::Int(number) => {
                self.check_zeros(span, path);
                Node::Int(number)
            }
            Token::Real(number) => {
                self.check_zeros(span, path);
                Node::Real(number)
            }
            Token::True => Node::Bool(true),
            Token::False => Node::Bool(false),
            Token::Null => Node::Null,
            other => return Err(unexpected(&(other, span), path, "a value")),
        };
        Ok(Value { span, node })
    }

    /// Who writes 010 may mean 8.
    fn check_zeros(&mut self, number: Span, path: &Path<'_>) {
        let written = self.lexer.written(number);
        let digits = written.strip_prefix('-').unwrap_or(written);
        let zeros = digits.strip_prefix('0').is_some_and(|rest| rest.starts_with(is_digit));
        if zeros {
            let told = format!("{written} begins with zeros");
            self.findings
                .push(Diagnostic::warning(number, path, told).hint("read as a decimal number"));
        }
    }

    /// Keeps in mind that there was a comma before the end of a map or a list.
    fn check_comma(&mut self, last: Option<Span>, path: &Path<'_>) {
        self.commas.extend(last.map(|comma| (comma, path.into())));
    }

    /// What there is to say of a text that was read. Whoever puts commas after last elements does
    /// so throughout: once is enough.
    fn findings(mut self) -> Vec<Diagnostic> {
        let count = self.commas.len();
        if let Some((comma, path)) = self.commas.into_iter().next() {
            let mut told = "a comma after the last element".to_owned();
            if count > 1 {
                let s = if count > 2 { "s" } else { "" };
                told.push_str(&format!(", here and in {} other place{s}", count - 1));
            }
            self.findings.push(Diagnostic::warning(comma, path, told));
        }
        self.findings
    }

    fn list(&mut self, open: Span, path: &Path<'_>, depth: usize) -> Result<Value, Diagnostic> {
        let mut values = Vec::new();
        let mut comma = None;
        loop {
            let index = values.len();
            let here = path.index(index);
            let first = self.next(&here)?;
            if first.0 == Token::CloseList {
                self.check_comma(comma, path);
                return Ok(closed(open, first.1, Node::List(values)));
            }
            values.push(self.value(first, &here, depth + 1)?);
            let next = self.next(&here)?;
            match next.0 {
                Token::Comma => comma = Some(next.1),
                Token::CloseList => return Ok(closed(open, next.1, Node::List(values))),
                _ => return Err(unexpected(&next, path, "`,` or `]`")),
            }
        }
    }

    fn map(&mut self, open: Span, path: &Path<'_>, depth: usize) -> Result<Value, Diagnostic> {
        let mut map = Map::default();
        let mut places = Places::default();
        let mut comma = None;
        loop {
            let (token, key_span) = self.next(path)?;
            let key = match token {
                Token::Text(key) => key,
                Token::CloseMap => {
                    self.check_comma(comma, path);
                    return Ok(closed(open, key_span, Node::Map(map)));
                }
                other => {
                    return Err(unexpected(&(other, key_span), path, "a key in quotes or `}`"));
                }
            };
            let here = path.key(&key);
            let colon = self.next(&here)?;
            if colon.0 != Token::Colon {
                return Err(unexpected(&colon, &here, "`:`"));
            }
            let first = self.next(&here)?;
            let value = self.value(first, &here, depth + 1)?;
            if let Some(earlier) = places.of(&map, &key) {
                self.findings.push(
                    Diagnostic::error(key_span, here, "given twice")
                        .hint("a key stands once in a map")
                        .related(earlier, "the first time"),
                );
            } else {
                map.0.push(Member { key, key_span, value });
            }
            let next = self.next(path)?;
            match next.0 {
                Token::Comma => comma = Some(next.1),
                Token::CloseMap => return Ok(closed(open, next.1, Node::Map(map))),
                _ => return Err(unexpected(&next, path, "`,` or `}`")),
            }
        }
    }
}

/// Where the keys of a map are: in the map itself, as long as it is quickly looked through.
#[derive(Default)]
struct Places {
    /// Those of the first members.
    known: BTreeMap<String, Span>,
    /// How many members these are.
    count: usize,
}

impl Places {
    /// How many members are looked through.
    const FEW: usize = 32;

    /// Where a key of a map is, if it has it.
    fn of(&mut self, map: &Map, key: &str) -> Option<Span> {
        let mut others = map.0.get(self.count..).unwrap_or_default();
        if others.len() > Self::FEW {
            let places = others.iter().map(|member| (member.key.clone(), member.key_span));
            self.known.extend(places);
            self.count = map.0.len();
            others = &[];
        }
        let other = others.iter().find(|member| member.key == key);
        other.map(|member| member.key_span).or_else(|| self.known.get(key).copied())
    }
}

fn is_digit(letter: char) -> bool {
    letter.is_ascii_digit()
}

/// A map or list from its first bracket to its last; only the first if the last is in another file.
const fn closed(open: Span, close: Span, node: Node) -> Value {
    let end = if open.file.0 == close.file.0 { close.end } else { open.end };
    Value { span: Span { end, ..open }, node }
}
