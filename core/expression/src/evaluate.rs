//! What a tree says of a packet.

use std::net::{Ipv4Addr, Ipv6Addr};

use lessor_wire::v4::code;
use lessor_wire::v4::vendor::blocks;

use crate::VALUE_MAX;
use crate::encapsulated::{chunks, padded_sub_option, sub_option};
use crate::error::EvaluationError;
use crate::facts::Facts;
use crate::octets::Octets;
use crate::tree::{Case, Enterprise, Field, Number, Place, Root, Test, Value};

impl Test {
    /// Whether it is true; a part that does not matter is not evaluated.
    pub(crate) fn holds(&self, packet: &(impl Facts + ?Sized)) -> Result<bool, EvaluationError> {
        Ok(match self {
            Self::Or(parts) => {
                for part in parts {
                    if part.holds(packet)? {
                        return Ok(true);
                    }
                }
                false
            }
            Self::And(parts) => {
                for part in parts {
                    if !part.holds(packet)? {
                        return Ok(false);
                    }
                }
                true
            }
            Self::Not(inner) => !inner.holds(packet)?,
            Self::Equal(sides) => sides.0.on(packet)?.as_ref() == sides.1.on(packet)?.as_ref(),
            Self::Matches(parts) => parts.0.matches(parts.1.on(packet)?.as_ref()),
            Self::Member(class) => packet.is_member(class),
            Self::Exists(place) => place.find(packet).is_some(),
            Self::Vendor(enterprise) => {
                block(packet, code::VIVSO_SUBOPTIONS, *enterprise).is_some()
            }
            Self::VendorClass(enterprise) => {
                block(packet, code::VIVCO_SUBOPTIONS, *enterprise).is_some()
            }
        })
    }
}

impl Value {
    /// Its octets.
    pub(crate) fn on<'a>(
        &'a self,
        packet: &'a (impl Facts + ?Sized),
    ) -> Result<Octets<'a>, EvaluationError> {
        Ok(match self {
            Self::Text(text) => Octets::Borrowed(text.as_bytes()),
            Self::Hex(octets) => Octets::Borrowed(octets),
            Self::Address(address) => Octets::address(*address),
            Self::Integer(number) => {
                let [.., a, b, c, d] = number.to_be_bytes();
                Octets::number(u32::from_be_bytes([a, b, c, d]))
            }
            Self::Option(place) => place.find(packet).map_or(Octets::EMPTY, Octets::Borrowed),
            Self::OptionText(place) => {
                let octets = place.find(packet).unwrap_or_default();
                let len = octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
                Octets::Borrowed(octets).part(0..len)
            }
            Self::Field(field) => field.on(packet),
            Self::VendorEnterprise => enterprise(packet, code::VIVSO_SUBOPTIONS),
            Self::VendorClassEnterprise => enterprise(packet, code::VIVCO_SUBOPTIONS),
            Self::VendorClassData(enterprise, index) => {
                block(packet, code::VIVCO_SUBOPTIONS, *enterprise)
                    .and_then(|data| chunks(data).nth(usize::try_from(*index).ok()?))
                    .map_or(Octets::EMPTY, Octets::Borrowed)
            }
            Self::Concat(parts) => concat(parts, packet)?,
            Self::IfElse(branches) => {
                let (condition, yes, no) = &**branches;
                if condition.holds(packet)? { yes.on(packet)? } else { no.on(packet)? }
            }
            Self::Substring { of, start, length } => substring(of.on(packet)?, *start, *length),
            Self::Split { of, delimiters, field } => {
                split(of.on(packet)?, delimiters.on(packet)?.as_ref(), *field)
            }
            Self::HexString(parts) => {
                hex_string(parts.0.on(packet)?.as_ref(), parts.1.on(packet)?.as_ref())?
            }
            Self::Cased(case, of) => {
                let mut octets = of.on(packet)?.into_vec();
                match case {
                    Case::Lower => octets.make_ascii_lowercase(),
                    Case::Upper => octets.make_ascii_uppercase(),
                }
                Octets::Owned(octets)
            }
            Self::AddressText(of) => address_text(of.on(packet)?.as_ref())?,
            Self::NumberText(number, of) => match &**of {
                // A literal was checked against the range when it was read; its width is four
                // octets only for want of a better one.
                Self::Integer(literal) => Octets::Owned(literal.to_string().into_bytes()),
                of => number_text(*number, of.on(packet)?.as_ref())?,
            },
        })
    }
}

impl Field {
    fn on<'a>(self, packet: &'a (impl Facts + ?Sized)) -> Octets<'a> {
        match self {
            Self::Mac => Octets::Borrowed(packet.hw().octets()),
            Self::Hlen => {
                Octets::number(u32::try_from(packet.hw().octets().len()).unwrap_or(u32::MAX))
            }
            Self::Htype => Octets::number(packet.hw().htype().into()),
            Self::Ciaddr => Octets::address(packet.ciaddr().into()),
            Self::Giaddr => Octets::address(packet.giaddr().into()),
            Self::Yiaddr => Octets::address(packet.yiaddr().into()),
            Self::Siaddr => Octets::address(packet.siaddr().into()),
            Self::MessageType => Octets::number(packet.message_type().into()),
            Self::TransactionId => Octets::number(packet.xid().0),
            Self::Interface => Octets::Borrowed(packet.interface().as_bytes()),
            Self::Source => Octets::address(packet.source()),
            Self::Destination => Octets::address(packet.destination()),
            Self::Length => Octets::number(packet.length()),
        }
    }
}

impl Place {
    /// The value of the option, if it is there.
    fn find<'a>(&self, packet: &'a (impl Facts + ?Sized)) -> Option<&'a [u8]> {
        let (first, inner) = self.path.split_first()?;
        let (octets, inner) = match (self.root, *first, inner) {
            (Root::Vendor(enterprise), first, inner) => {
                let data = block(packet, code::VIVSO_SUBOPTIONS, enterprise)?;
                (sub_option(data, first)?, inner)
            }
            (Root::Message, code::VENDOR_OPTIONS, [second, inner @ ..]) => {
                (padded_sub_option(packet.option(code::VENDOR_OPTIONS)?, *second)?, inner)
            }
            (Root::Message, code::VIVSO_SUBOPTIONS, [second, inner @ ..]) => {
                let data = block(packet, code::VIVSO_SUBOPTIONS, Enterprise(None))?;
                (sub_option(data, *second)?, inner)
            }
            (Root::Message, first, inner) => (packet.option(first)?, inner),
        };
        inner.iter().try_fold(octets, |octets, code| sub_option(octets, *code))
    }
}

/// The first block of an enterprise in option 124 or 125.
fn block(packet: &(impl Facts + ?Sized), option: u8, enterprise: Enterprise) -> Option<&[u8]> {
    let found = blocks(packet.option(option)?).find(|(number, _)| enterprise.admits(*number))?;
    Some(found.1)
}

fn enterprise(packet: &(impl Facts + ?Sized), option: u8) -> Octets<'_> {
    let first = packet.option(option).and_then(|octets| blocks(octets).next());
    first.map_or(Octets::EMPTY, |(number, _)| Octets::number(number))
}

fn concat<'a>(
    parts: &'a [Value],
    packet: &'a (impl Facts + ?Sized),
) -> Result<Octets<'a>, EvaluationError> {
    let mut octets = Vec::new();
    for part in parts {
        let part = part.on(packet)?;
        bounded(octets.len() + part.as_ref().len())?;
        octets.extend_from_slice(part.as_ref());
    }
    Ok(Octets::Owned(octets))
}

fn substring(of: Octets<'_>, start: i32, length: Option<i32>) -> Octets<'_> {
    let len = of.as_ref().len();
    let offset = usize::try_from(start.unsigned_abs()).unwrap_or(usize::MAX);
    let start = if start < 0 { len.checked_sub(offset) } else { Some(offset) };
    let Some(start) = start.filter(|start| *start < len) else {
        return Octets::EMPTY;
    };
    let Some(length) = length else {
        return of.part(start..len);
    };
    let count = usize::try_from(length.unsigned_abs()).unwrap_or(usize::MAX);
    if length < 0 {
        of.part(start.saturating_sub(count)..start)
    } else {
        of.part(start..start.saturating_add(count).min(len))
    }
}

fn split<'a>(of: Octets<'a>, delimiters: &[u8], field: i32) -> Octets<'a> {
    if delimiters.is_empty() {
        return of;
    }
    let Some(index) = field.checked_sub(1).and_then(|index| usize::try_from(index).ok()) else {
        return Octets::EMPTY;
    };
    let range = {
        let octets = of.as_ref();
        let mut start = 0;
        octets
            .split(|octet| delimiters.contains(octet))
            .map(|field| {
                let range = start..start + field.len();
                start = range.end + 1;
                range
            })
            .nth(index)
    };
    range.map_or(Octets::EMPTY, |range| of.part(range))
}

fn hex_string<'a>(octets: &[u8], separator: &[u8]) -> Result<Octets<'a>, EvaluationError> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bounded(octets.len().saturating_mul(separator.len().saturating_add(2)))?;
    let mut text = Vec::with_capacity(octets.len() * (separator.len() + 2));
    for (i, octet) in octets.iter().enumerate() {
        if i > 0 {
            text.extend_from_slice(separator);
        }
        let (high, low) = (usize::from(octet >> 4), usize::from(octet & 15));
        text.extend([DIGITS[high], DIGITS[low]]);
    }
    Ok(Octets::Owned(text))
}

fn address_text<'a>(octets: &[u8]) -> Result<Octets<'a>, EvaluationError> {
    let text = match octets.len() {
        0 => return Ok(Octets::EMPTY),
        4 => octets.try_into().map(|octets: [u8; 4]| Ipv4Addr::from(octets).to_string()),
        _ => octets.try_into().map(|octets: [u8; 16]| Ipv6Addr::from(octets).to_string()),
    };
    text.map(|text| Octets::Owned(text.into_bytes()))
        .map_err(|_| EvaluationError::NotAnAddress { got: octets.len() })
}

fn number_text<'a>(number: Number, octets: &[u8]) -> Result<Octets<'a>, EvaluationError> {
    match octets.len() {
        0 => Ok(Octets::EMPTY),
        len if len == number.octets() => {
            Ok(Octets::Owned(number.read(octets).to_string().into_bytes()))
        }
        got => Err(EvaluationError::NotANumber { conversion: number.spelling(), got }),
    }
}

/// Functions can be nested so that each multiplies what the one within it made.
const fn bounded(len: usize) -> Result<(), EvaluationError> {
    if len > VALUE_MAX { Err(EvaluationError::TooLong) } else { Ok(()) }
}
