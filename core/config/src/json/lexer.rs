//! Text to tokens, across included files.

use std::sync::Arc;

use super::parser::{INCLUDE_DEPTH_MAX, INCLUDES_MAX, Loader};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Source, Sources, Span};

/// What stands for octets that are not UTF-8. A comment may hold any; a string would mean something
/// else than its author wrote.
const UNREADABLE: char = char::REPLACEMENT_CHARACTER;

/// The smallest part that means something.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Token {
    OpenMap,
    CloseMap,
    OpenList,
    CloseList,
    Colon,
    Comma,
    Text(String),
    Int(i64),
    Real(f64),
    True,
    False,
    Null,
    End,
}

impl Token {
    /// What it is, for a reader. Never the contents of a string, which may be a password.
    pub(super) const fn describe(&self) -> &'static str {
        match self {
            Self::OpenMap => "`{`",
            Self::CloseMap => "`}`",
            Self::OpenList => "`[`",
            Self::CloseList => "`]`",
            Self::Colon => "`:`",
            Self::Comma => "`,`",
            Self::Text(_) => "a string",
            Self::Int(_) | Self::Real(_) => "a number",
            Self::True => "`true`",
            Self::False => "`false`",
            Self::Null => "`null`",
            Self::End => "the end of the text",
        }
    }
}

/// One text, and how far it was read.
struct Reading {
    file: FileId,
    text: Arc<str>,
    at: usize,
    /// Where it is included; nothing for the outermost.
    included_at: Option<Span>,
}

impl Reading {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn span(&self, start: usize) -> Span {
        let octet = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { file: self.file, start: octet(start), end: octet(self.at) }
    }

    fn fail(&self, start: usize, found: &str, expected: &str) -> Diagnostic {
        Diagnostic::error(self.span(start), "", format!("found {found}"))
            .hint(format!("expected {expected}"))
    }

    /// Passes over the letters that `wanted` accepts and returns them.
    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &str {
        let start = self.at;
        let rest = self.rest();
        self.at += rest.find(|letter| !wanted(letter)).unwrap_or(rest.len());
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Passes over the octets that `wanted` accepts, which must be ASCII, and returns them: most text
    /// is.
    fn pass(&mut self, wanted: impl Fn(u8) -> bool) -> &str {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        self.at += rest.iter().position(|octet| !wanted(*octet)).unwrap_or(rest.len());
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn eat(&mut self, wanted: &str) -> bool {
        let here = self.rest().starts_with(wanted);
        if here {
            self.at += wanted.len();
        }
        here
    }

    /// Passes over blanks and comments.
    fn skip_blanks(&mut self) -> Result<(), Diagnostic> {
        loop {
            self.pass(|octet| matches!(octet, b' ' | b'\t' | b'\r' | b'\n'));
            let start = self.at;
            match self.text.as_bytes().get(start).copied() {
                Some(b'#' | b'/') => {}
                // Behind a mark of the order of octets there may be more blanks.
                Some(0xef) if self.eat("\u{feff}") => continue,
                _ => return Ok(()),
            }
            if self.eat("#") || self.eat("//") {
                self.take_while(|letter| letter != '\n');
            } else if self.eat("/*") {
                match self.rest().find("*/") {
                    Some(length) => self.at += length + 2,
                    None => {
                        return Err(self.fail(start, "a comment that is not closed", "`*/`"));
                    }
                }
            } else {
                return Ok(());
            }
        }
    }

    /// Reads the rest of `<?include "file"?>`, whose first word was passed over, and returns the
    /// file's name.
    fn include_name(&mut self, start: usize) -> Result<String, Diagnostic> {
        const FORM: &str = "`<?include \"file\"?>`";
        self.take_while(|letter| matches!(letter, ' ' | '\t'));
        if !self.eat("\"") {
            return Err(self.fail(start, "an include without a file", FORM));
        }
        let name = self.take_while(|letter| !matches!(letter, '"' | '\n')).to_owned();
        let closed = self.eat("\"");
        self.take_while(|letter| matches!(letter, ' ' | '\t'));
        if closed && self.eat("?>") {
            Ok(name)
        } else {
            Err(self.fail(start, "an include that is not closed", FORM))
        }
    }

    fn token(&mut self) -> Result<(Token, Span), Diagnostic> {
        let start = self.at;
        let Some(first) = self.rest().chars().next() else {
            return Ok((Token::End, self.span(start)));
        };
        let token = match first {
            '{' => self.mark(Token::OpenMap),
            '}' => self.mark(Token::CloseMap),
            '[' => self.mark(Token::OpenList),
            ']' => self.mark(Token::CloseList),
            ':' => self.mark(Token::Colon),
            ',' => self.mark(Token::Comma),
            '"' => self.string()?,
            '-' | '.' | '0'..='9' => self.number()?,
            'a'..='z' | 'A'..='Z' | '_' => self.word()?,
            other => {
                self.at += other.len_utf8();
                let found = format!("`{}`", other.escape_debug());
                return Err(self.fail(start, &found, "JSON"));
            }
        };
        Ok((token, self.span(start)))
    }

    /// A token of one octet.
    const fn mark(&mut self, token: Token) -> Token {
        self.at += 1;
        token
    }

    fn word(&mut self) -> Result<Token, Diagnostic> {
        let start = self.at;
        let word =
            self.take_while(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-'));
        let token = match word {
            "true" => Token::True,
            "false" => Token::False,
            "null" => Token::Null,
            // The word itself is not shown: it may be a password that lacks its quotes.
            _ => {
                return Err(self.fail(
                    start,
                    "a word without quotes",
                    "a string in double quotes, or `true` or `false` in lower case",
                ));
            }
        };
        Ok(token)
    }

    fn number(&mut self) -> Result<Token, Diagnostic> {
        let start = self.at;
        let digits = |reading: &mut Self| !reading.take_while(|it| it.is_ascii_digit()).is_empty();
        self.eat("-");
        let mut lawful = digits(self);
        let mut whole = true;
        if self.eat(".") {
            whole = false;
            lawful |= digits(self);
        }
        if self.eat("e") || self.eat("E") {
            whole = false;
            let _sign = self.eat("-") || self.eat("+");
            lawful &= digits(self);
        }
        let tail = self.take_while(|it| it.is_alphanumeric() || matches!(it, '.' | '_' | '+'));
        lawful &= tail.is_empty();
        if !lawful {
            return Err(self.fail(start, "a malformed number", "a number such as 7 or 0.5"));
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        let number = if whole {
            text.parse().ok().map(Token::Int)
        } else {
            let real: Option<f64> = text.parse().ok();
            real.filter(|real| real.is_finite()).map(Token::Real)
        };
        number.ok_or_else(|| {
            self.fail(start, "a number that is too large", "one that fits into 64 bits")
        })
    }

    fn string(&mut self) -> Result<Token, Diagnostic> {
        let start = self.at;
        self.at += 1;
        let plain = self.pass(|it| matches!(it, b' '..=b'~') && !matches!(it, b'"' | b'\\'));
        let mut text = String::from(plain);
        loop {
            let plain =
                self.take_while(|it| !matches!(it, '"' | '\\' | '\0'..='\u{1f}' | UNREADABLE));
            text.push_str(plain);
            let here = self.at;
            let Some(letter) = self.rest().chars().next() else {
                return Err(self.fail(start, "a string that is not closed", "`\"`"));
            };
            self.at += letter.len_utf8();
            match letter {
                '"' => return Ok(Token::Text(text)),
                '\\' => text.push(self.escape(here)?),
                '\n' | '\r' => {
                    self.at = here;
                    let found = "a string that is not closed on its line";
                    return Err(self.fail(start, found, "`\"`, or `\\n` for a line break"));
                }
                UNREADABLE => {
                    let found = "octets in a string that are not UTF-8";
                    return Err(self.fail(here, found, "a file in UTF-8"));
                }
                _ => {
                    let found = "a control character in a string";
                    return Err(self.fail(here, found, "an escape such as `\\t` or `\\u0007`"));
                }
            }
        }
    }

    /// The letter that an escape stands for; its backslash, at `start`, was passed over.
    fn escape(&mut self, start: usize) -> Result<char, Diagnostic> {
        let letter = self.rest().chars().next();
        self.at += letter.map_or(0, char::len_utf8);
        Ok(match letter {
            Some(same @ ('"' | '\\' | '/')) => same,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                let first = self.four_digits(start)?;
                // RFC 8259 §7: characters beyond 16 bits are written as two surrogates.
                let code = if (0xd800..0xdc00).contains(&first) && self.eat("\\u") {
                    let second = self.four_digits(start)?;
                    let low = second.wrapping_sub(0xdc00);
                    if low < 0x400 { 0x1_0000 + ((first - 0xd800) << 10) + low } else { first }
                } else {
                    first
                };
                char::from_u32(code)
                    .ok_or_else(|| self.fail(start, "half of a surrogate pair", "both halves"))?
            }
            _ => {
                let expected = "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX";
                return Err(self.fail(start, "an unknown escape", expected));
            }
        })
    }

    fn four_digits(&mut self, start: usize) -> Result<u32, Diagnostic> {
        let digits = self.rest().get(..4).unwrap_or_default();
        let lawful = digits.len() == 4 && digits.bytes().all(|it| it.is_ascii_hexdigit());
        if let (true, Ok(code)) = (lawful, u32::from_str_radix(digits, 16)) {
            self.at += 4;
            return Ok(code);
        }
        Err(self.fail(start, "an unknown escape", "four hexadecimal digits after `\\u`"))
    }
}

/// Tokens of a text and of those that it includes, as one stream.
pub(super) struct Lexer<'a, 'l> {
    sources: &'a mut Sources,
    loader: Option<&'a mut Loader<'l>>,
    main: Reading,
    /// The files whose inclusion is under way, the innermost last.
    included: Vec<Reading>,
    includes: usize,
}

impl<'a, 'l> Lexer<'a, 'l> {
    pub(super) fn new(
        sources: &'a mut Sources,
        file: FileId,
        loader: Option<&'a mut Loader<'l>>,
    ) -> Self {
        let text =
            sources.source(file).map_or_else(|| Arc::from(""), |source| Arc::clone(source.text()));
        Self {
            sources,
            loader,
            main: Reading { file, text, at: 0, included_at: None },
            included: Vec::new(),
            includes: 0,
        }
    }

    /// What a span covers, of a text that was read.
    pub(super) fn written(&self, span: Span) -> &str {
        let index = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
        let source = self.sources.source(span.file);
        source
            .and_then(|source| source.text().get(index(span.start)..index(span.end)))
            .unwrap_or_default()
    }

    /// The next token; [`Token::End`] at the end of the outermost text, for ever.
    pub(super) fn next(&mut self) -> Result<(Token, Span), Diagnostic> {
        loop {
            let reading = self.included.last_mut().unwrap_or(&mut self.main);
            reading.skip_blanks()?;
            let start = reading.at;
            if reading.eat("<?include") {
                let name = reading.include_name(start)?;
                let span = reading.span(start);
                self.include(&name, span)?;
                continue;
            }
            let (token, span) = reading.token()?;
            if token == Token::End && self.included.pop().is_some() {
                continue;
            }
            return Ok((token, span));
        }
    }

    fn include(&mut self, name: &str, span: Span) -> Result<(), Diagnostic> {
        let refuse = |why: String| Diagnostic::error(span, "", why);
        let Some(loader) = self.loader.as_deref_mut() else {
            return Err(refuse(format!("cannot include `{name}`"))
                .hint("text that does not come from a file must be complete in itself"));
        };
        let sources = &*self.sources;
        let name_of = |reading: &Reading| sources.source(reading.file).map_or("", Source::name);
        let within = self.included.iter().position(|reading| name_of(reading) == name);
        if let Some(first) = within {
            let round = self.included.get(first..).unwrap_or_default();
            let names = round.iter().map(|reading| format!("`{}`", name_of(reading)));
            let way: Vec<String> = names.chain([format!("`{name}`")]).collect();
            let mut finding = refuse(format!("`{name}` includes itself: {}", way.join(" → ")));
            for (reading, name) in round.iter().zip(&way) {
                let at = reading.included_at.unwrap_or_default();
                finding = finding.related(at, format!("{name} is included"));
            }
            return Err(finding);
        }
        if self.included.len() >= INCLUDE_DEPTH_MAX {
            return Err(refuse(format!("`{name}` is included too deeply"))
                .hint(format!("at most {INCLUDE_DEPTH_MAX} levels")));
        }
        self.includes += 1;
        if self.includes > INCLUDES_MAX {
            return Err(
                refuse("too many includes".to_owned()).hint(format!("at most {INCLUDES_MAX}"))
            );
        }
        let text = loader(name).map_err(|why| refuse(format!("cannot include `{name}`: {why}")))?;
        let source = Source::new(name, text);
        let text = Arc::clone(source.text());
        let file =
            self.sources.add(source).ok_or_else(|| refuse(format!("`{name}` is too long")))?;
        self.included.push(Reading { file, text, at: 0, included_at: Some(span) });
        Ok(())
    }
}
