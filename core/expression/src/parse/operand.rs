//! Literals, parentheses, classes, options and fields.

use lessor_wire::v4::code;

use super::{Parsed, Parser, Part, Tree};
use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::pattern::Pattern;
use crate::token::{Kind, Sign};
use crate::tree::{Enterprise, Field, Place, Root, Test, Value};

/// What an error says is missing where an operand should begin.
pub(super) const OPERAND: &str = "a test or a value";

impl<'a> Parser<'a> {
    pub(super) fn operand(&mut self) -> Parsed<Part> {
        let start = self.next.span.start;
        let value = match self.next.kind {
            Kind::Text(text) => Value::Text(text.to_owned()),
            Kind::Hex(digits) => Value::Hex(octets(digits)),
            Kind::Integer(number) => Value::Integer(number),
            Kind::Address(address) => Value::Address(address),
            Kind::Word(word) => {
                let tree = self.word(word)?;
                return Ok(self.part(start, tree));
            }
            Kind::Sign(Sign::Open) => {
                self.advance()?;
                let inner = self.any()?;
                self.sign(Sign::Close)?;
                return Ok(self.part(start, inner.tree));
            }
            Kind::Sign(_) | Kind::End => return Err(self.unexpected(OPERAND)),
        };
        self.advance()?;
        Ok(self.part(start, Tree::Value(value)))
    }

    fn word(&mut self, word: &'a str) -> Parsed<Tree> {
        let refused = match word {
            "pkt6" | "relay6" => Some(SyntaxErrorKind::OtherFamily(word.to_owned())),
            _ => None,
        };
        if let Some(kind) = refused {
            return Err(SyntaxError::new(self.next.span.clone(), kind));
        }
        match word {
            "member" | "known" | "unknown" => self.membership(word).map(Tree::Test),
            "match" => self.pattern().map(Tree::Test),
            "option" | "relay4" => self.option(word),
            "vendor" => self.vendor(),
            "vendor-class" => self.vendor_class(),
            "pkt" | "pkt4" => self.field(word).map(Tree::Value),
            _ => self.function(word).map(Tree::Value),
        }
    }

    fn membership(&mut self, word: &str) -> Parsed<Test> {
        self.advance()?;
        let class = if word == "member" {
            self.sign(Sign::Open)?;
            let Kind::Text(class) = self.next.kind else {
                return Err(self.unexpected("the name of a class in quotes"));
            };
            self.advance()?;
            self.sign(Sign::Close)?;
            class
        } else {
            "KNOWN"
        };
        if !self.classes.iter().any(|named| named == class) {
            self.classes.push(class.to_owned());
        }
        let member = Test::Member(class.to_owned());
        Ok(if word == "unknown" { Test::Not(Box::new(member)) } else { member })
    }

    fn pattern(&mut self) -> Parsed<Test> {
        self.advance()?;
        self.sign(Sign::Open)?;
        let Kind::Text(text) = self.next.kind else {
            return Err(self.unexpected("a regular expression in quotes"));
        };
        let pattern = Pattern::parse(text).map_err(|why| {
            SyntaxError::new(self.next.span.clone(), SyntaxErrorKind::Pattern(why))
        })?;
        self.advance()?;
        self.sign(Sign::Comma)?;
        let of = self.any()?.value()?;
        self.sign(Sign::Close)?;
        Ok(Test::Matches(Box::new((pattern, of))))
    }

    fn option(&mut self, word: &str) -> Parsed<Tree> {
        self.advance()?;
        let path = if word == "relay4" {
            vec![code::RELAY_AGENT, self.sub_option_code()?]
        } else {
            vec![self.option_code()?]
        };
        self.place(Place { root: Root::Message, path })
    }

    /// What is asked of an option whose code was just read.
    fn place(&mut self, mut place: Place) -> Parsed<Tree> {
        const WHAT: &str = "`hex`, `text`, `exists` or `option`";
        loop {
            self.sign(Sign::Dot)?;
            let Kind::Word(word) = self.next.kind else { return Err(self.unexpected(WHAT)) };
            let tree = match word {
                "option" => {
                    self.advance()?;
                    place.path.push(self.sub_option_code()?);
                    continue;
                }
                "hex" => Tree::Value(Value::Option(place)),
                "text" => Tree::Value(Value::OptionText(place)),
                "exists" => Tree::Test(Test::Exists(place)),
                _ => return Err(self.unexpected(WHAT)),
            };
            self.advance()?;
            return Ok(tree);
        }
    }

    fn vendor(&mut self) -> Parsed<Tree> {
        self.advance()?;
        if self.next.kind == Kind::Sign(Sign::Dot) {
            self.advance()?;
            self.keyword("enterprise", "`enterprise`")?;
            return Ok(Tree::Value(Value::VendorEnterprise));
        }
        let enterprise = self.enterprise()?;
        self.sign(Sign::Dot)?;
        if self.next.kind == Kind::Word("exists") {
            self.advance()?;
            return Ok(Tree::Test(Test::Vendor(enterprise)));
        }
        self.keyword("option", "`exists` or `option`")?;
        let path = vec![self.sub_option_code()?];
        self.place(Place { root: Root::Vendor(enterprise), path })
    }

    fn vendor_class(&mut self) -> Parsed<Tree> {
        self.advance()?;
        if self.next.kind == Kind::Sign(Sign::Dot) {
            self.advance()?;
            self.keyword("enterprise", "`enterprise`")?;
            return Ok(Tree::Value(Value::VendorClassEnterprise));
        }
        let enterprise = self.enterprise()?;
        self.sign(Sign::Dot)?;
        if self.next.kind == Kind::Word("exists") {
            self.advance()?;
            return Ok(Tree::Test(Test::VendorClass(enterprise)));
        }
        self.keyword("data", "`exists` or `data`")?;
        let mut index = 0;
        if self.next.kind == Kind::Sign(Sign::OpenSquare) {
            self.advance()?;
            index = self.number("the index of a chunk of data")?;
            self.sign(Sign::CloseSquare)?;
        }
        Ok(Tree::Value(Value::VendorClassData(enterprise, index)))
    }

    fn field(&mut self, word: &str) -> Parsed<Value> {
        self.advance()?;
        self.sign(Sign::Dot)?;
        let field = match self.next.kind {
            Kind::Word(name) => Field::spelled(&format!("{word}.{name}")),
            _ => None,
        };
        let Some(field) = field else {
            return Err(self.unexpected(if word == "pkt" {
                "`iface`, `src`, `dst` or `len`"
            } else {
                "`mac`, `hlen`, `htype`, `ciaddr`, `giaddr`, `yiaddr`, `siaddr`, `msgtype` or \
                 `transid`"
            }));
        };
        self.advance()?;
        Ok(Value::Field(field))
    }

    fn option_code(&mut self) -> Parsed<u8> {
        self.sign(Sign::OpenSquare)?;
        let code = if let Kind::Word(name) = self.next.kind {
            let Some(code) = (self.names)(name) else {
                let kind = SyntaxErrorKind::UnknownOption(name.to_owned());
                return Err(SyntaxError::new(self.next.span.clone(), kind));
            };
            self.advance()?;
            code
        } else {
            self.number("the code or the name of an option")?
        };
        self.sign(Sign::CloseSquare)?;
        Ok(code)
    }

    fn sub_option_code(&mut self) -> Parsed<u8> {
        self.sign(Sign::OpenSquare)?;
        let code = self.number("the code of a sub-option")?;
        self.sign(Sign::CloseSquare)?;
        Ok(code)
    }

    /// An enterprise number; `*` and 0 stand for any.
    fn enterprise(&mut self) -> Parsed<Enterprise> {
        self.sign(Sign::OpenSquare)?;
        let number = if self.next.kind == Kind::Sign(Sign::Star) {
            self.advance()?;
            0
        } else {
            self.number("an enterprise number or `*`")?
        };
        self.sign(Sign::CloseSquare)?;
        Ok(Enterprise(Some(number).filter(|number| *number != 0)))
    }
}

/// Pairs of hexadecimal digits; the first may lack its zero.
fn octets(digits: &str) -> Vec<u8> {
    let nibbles: Vec<u8> = digits
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .filter_map(|digit| u8::try_from(digit).ok())
        .collect();
    let (lone, pairs) = nibbles.as_rchunks::<2>();
    let pairs = pairs.iter().map(|[high, low]| high << 4 | low);
    lone.iter().copied().chain(pairs).collect()
}
