//! Functions and their arguments.

use super::operand::OPERAND;
use super::{Parsed, Parser};
use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::token::{Kind, Sign};
use crate::tree::{Case, Number, Value};

impl Parser<'_> {
    pub(super) fn function(&mut self, name: &str) -> Parsed<Value> {
        match name {
            "substring" => self.substring(),
            "split" => self.split(),
            "concat" => {
                let [left, right] = self.arguments()?;
                Ok(Value::concat(vec![left, right]))
            }
            "hexstring" => {
                let [of, separator] = self.arguments()?;
                Ok(Value::HexString(Box::new((of, separator))))
            }
            "ifelse" => self.if_else(),
            "addrtotext" => {
                let [of] = self.arguments()?;
                Ok(Value::AddressText(Box::new(of)))
            }
            _ => {
                if let Some(case) = Case::spelled(name) {
                    let [of] = self.arguments()?;
                    Ok(Value::Cased(case, Box::new(of)))
                } else if let Some(number) = Number::spelled(name) {
                    self.number_text(number)
                } else {
                    Err(self.unexpected(OPERAND))
                }
            }
        }
    }

    /// The function's name and all its arguments, each a value.
    fn arguments<const N: usize>(&mut self) -> Parsed<[Value; N]> {
        self.advance()?;
        self.sign(Sign::Open)?;
        let mut arguments = [const { Value::Integer(0) }; N];
        for (i, argument) in arguments.iter_mut().enumerate() {
            if i > 0 {
                self.sign(Sign::Comma)?;
            }
            *argument = self.any()?.value()?;
        }
        self.sign(Sign::Close)?;
        Ok(arguments)
    }

    fn substring(&mut self) -> Parsed<Value> {
        self.advance()?;
        self.sign(Sign::Open)?;
        let of = Box::new(self.any()?.value()?);
        self.sign(Sign::Comma)?;
        let start = self.number("a position")?;
        self.sign(Sign::Comma)?;
        let length = if self.next.kind == Kind::Word("all") {
            self.advance()?;
            None
        } else {
            Some(self.number("a length or `all`")?)
        };
        self.sign(Sign::Close)?;
        Ok(Value::Substring { of, start, length })
    }

    fn split(&mut self) -> Parsed<Value> {
        self.advance()?;
        self.sign(Sign::Open)?;
        let of = Box::new(self.any()?.value()?);
        self.sign(Sign::Comma)?;
        let delimiters = Box::new(self.any()?.value()?);
        self.sign(Sign::Comma)?;
        let field = self.number("the number of a field")?;
        self.sign(Sign::Close)?;
        Ok(Value::Split { of, delimiters, field })
    }

    fn if_else(&mut self) -> Parsed<Value> {
        self.advance()?;
        self.sign(Sign::Open)?;
        let condition = self.any()?.test()?;
        self.sign(Sign::Comma)?;
        let yes = self.any()?.value()?;
        self.sign(Sign::Comma)?;
        let no = self.any()?.value()?;
        self.sign(Sign::Close)?;
        Ok(Value::IfElse(Box::new((condition, yes, no))))
    }

    fn number_text(&mut self, number: Number) -> Parsed<Value> {
        self.advance()?;
        self.sign(Sign::Open)?;
        let argument = self.any()?;
        let span = argument.span.clone();
        let of = argument.value()?;
        let (min, max) = number.range();
        if let Value::Integer(literal) = of
            && !(min..=max).contains(&literal)
        {
            let found = literal.to_string();
            return Err(SyntaxError::new(span, SyntaxErrorKind::Range { found, min, max }));
        }
        self.sign(Sign::Close)?;
        Ok(Value::NumberText(number, Box::new(of)))
    }
}
