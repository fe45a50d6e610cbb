//! A tree as text, in one spelling.

use std::fmt;

use lessor_wire::v4::code;

use crate::tree::{Enterprise, Place, Root as PlaceRoot, Test, Value};
use crate::{Expression, Root};

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.root {
            Root::Test(test) => test.fmt(f),
            Root::Value(value) => value.fmt(f),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Or(parts) => joined(f, parts, " or "),
            Self::And(parts) => {
                for (i, part) in parts.iter().enumerate() {
                    f.write_str(if i == 0 { "" } else { " and " })?;
                    match part {
                        Self::Or(_) => write!(f, "({part})")?,
                        _ => part.fmt(f)?,
                    }
                }
                Ok(())
            }
            Self::Not(inner) => match &**inner {
                Self::Member(class) if class == "KNOWN" => f.write_str("unknown"),
                Self::Or(_) | Self::And(_) => write!(f, "not ({inner})"),
                _ => write!(f, "not {inner}"),
            },
            Self::Equal(sides) => write!(f, "{} == {}", sides.0, sides.1),
            Self::Matches(parts) => write!(f, "match('{}', {})", parts.0, parts.1),
            Self::Member(class) if class == "KNOWN" => f.write_str("known"),
            Self::Member(class) => write!(f, "member('{class}')"),
            Self::Exists(place) => write!(f, "{place}.exists"),
            Self::Vendor(enterprise) => write!(f, "vendor[{enterprise}].exists"),
            Self::VendorClass(enterprise) => write!(f, "vendor-class[{enterprise}].exists"),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "'{text}'"),
            Self::Hex(octets) => {
                f.write_str("0x")?;
                octets.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
            Self::Address(address) => address.fmt(f),
            Self::Integer(number) => number.fmt(f),
            Self::Option(place) => write!(f, "{place}.hex"),
            Self::OptionText(place) => write!(f, "{place}.text"),
            Self::Field(field) => field.fmt(f),
            Self::VendorEnterprise => f.write_str("vendor.enterprise"),
            Self::VendorClassEnterprise => f.write_str("vendor-class.enterprise"),
            Self::VendorClassData(enterprise, index) => {
                write!(f, "vendor-class[{enterprise}].data[{index}]")
            }
            Self::Concat(parts) => joined(f, parts, " + "),
            Self::IfElse(branches) => {
                let (condition, yes, no) = &**branches;
                write!(f, "ifelse({condition}, {yes}, {no})")
            }
            Self::Substring { of, start, length: Some(length) } => {
                write!(f, "substring({of}, {start}, {length})")
            }
            Self::Substring { of, start, length: None } => {
                write!(f, "substring({of}, {start}, all)")
            }
            Self::Split { of, delimiters, field } => {
                write!(f, "split({of}, {delimiters}, {field})")
            }
            Self::HexString(parts) => write!(f, "hexstring({}, {})", parts.0, parts.1),
            Self::Cased(case, of) => write!(f, "{case}({of})"),
            Self::AddressText(of) => write!(f, "addrtotext({of})"),
            Self::NumberText(number, of) => write!(f, "{number}({of})"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = match (self.root, self.path.as_slice()) {
            (PlaceRoot::Vendor(enterprise), [code, rest @ ..]) => {
                write!(f, "vendor[{enterprise}].option[{code}]")?;
                rest
            }
            (PlaceRoot::Message, [code::RELAY_AGENT, sub, rest @ ..]) => {
                write!(f, "relay4[{sub}]")?;
                rest
            }
            (PlaceRoot::Message, [code, rest @ ..]) => {
                write!(f, "option[{code}]")?;
                rest
            }
            (_, []) => &[],
        };
        rest.iter().try_for_each(|code| write!(f, ".option[{code}]"))
    }
}

impl fmt::Display for Enterprise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(number) => number.fmt(f),
            None => f.write_str("*"),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[impl fmt::Display], between: &str) -> fmt::Result {
    for (i, part) in parts.iter().enumerate() {
        f.write_str(if i == 0 { "" } else { between })?;
        part.fmt(f)?;
    }
    Ok(())
}
