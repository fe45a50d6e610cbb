//! The printer that logs, snapshots and tools share.
//!
//! Octets from outside come out as hexadecimal or escaped; a control character never does.

use std::fmt::{self, Display, Write};
use std::net::Ipv4Addr;

use lessor_types::HwAddr;

use super::definition::{self, OptionType};
use super::{BROADCAST, Message, Op, RelayAgent, code};
use crate::name;

/// Prints a message on several lines, one fact a line, without a final line break.
#[derive(Clone, Copy, Debug)]
pub struct Pretty<'a>(pub(crate) &'a Message);

/// Prints one option as `name=value`, or `[code]=value` if the code has no name.
#[derive(Clone, Copy, Debug)]
pub struct OptionText<'a> {
    /// The option code.
    pub code: u8,
    /// The whole value.
    pub value: &'a [u8],
}

/// Prints an option's value by the type of its code; as hexadecimal if it is not of that type.
#[derive(Clone, Copy, Debug)]
pub struct ValueText<'a> {
    /// The option code.
    pub code: u8,
    /// The whole value.
    pub value: &'a [u8],
}

/// `DISCOVER xid=0000002a hw=02:00:00:00:00:01 secs=0 broadcast giaddr=10.0.0.1 …`: what is zero
/// or empty is not said, but for a request's `secs`.
impl Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Title(self))?;
        fields(self, &mut |name, value| match value {
            None => write!(f, " {name}"),
            Some(value) => write!(f, " {name}={value}"),
        })?;
        for (code, value) in shown_options(self) {
            write!(f, " {}", OptionText { code, value })?;
        }
        Ok(())
    }
}

impl Display for Pretty<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.0;
        write!(f, "{}", Title(message))?;
        fields(message, &mut |name, value| match value {
            None => write!(f, "\n  {name}"),
            Some(value) => write!(f, "\n  {name:<9} {value}"),
        })?;
        for (code, value) in shown_options(message) {
            let name = definition::by_code(code).map_or("option", |definition| definition.name);
            write!(f, "\n  [{code}] {name} {}", ValueText { code, value })?;
        }
        Ok(())
    }
}

impl Display for OptionText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, value } = *self;
        match definition::by_code(code) {
            Some(definition) => f.write_str(definition.name)?,
            None => write!(f, "[{code}]")?,
        }
        write!(f, "={}", ValueText { code, value })
    }
}

impl Display for ValueText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if self.code == code::RELAY_AGENT {
            relay_agent(self.value)
        } else {
            definition::by_code(self.code)
                .and_then(|definition| typed(definition.kind, definition.array, self.value))
        };
        match text {
            Some(text) => f.write_str(&text),
            None => Octets(self.value).fmt(f),
        }
    }
}

/// The message type, or BOOTP's word for a message without one.
struct Title<'a>(&'a Message);

impl Display for Title<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.message_type(), self.0.op) {
            (Some(kind), op) if kind.op() == Some(op) => kind.fmt(f),
            (Some(kind), Op::Request) => write!(f, "{kind} op=request"),
            (Some(kind), Op::Reply) => write!(f, "{kind} op=reply"),
            (None, Op::Request) => f.write_str("BOOTREQUEST"),
            (None, Op::Reply) => f.write_str("BOOTREPLY"),
        }
    }
}

/// Names the header fields that say something, in the order of the header.
fn fields(
    message: &Message,
    put: &mut dyn FnMut(&str, Option<&dyn Display>) -> fmt::Result,
) -> fmt::Result {
    put("xid", Some(&message.xid))?;
    put("hw", Some(&Hardware(&message.hw)))?;
    if message.hops != 0 {
        put("hops", Some(&message.hops))?;
    }
    if message.secs != 0 || message.op == Op::Request {
        put("secs", Some(&message.secs))?;
    }
    if message.broadcast() {
        put("broadcast", None)?;
    }
    if message.flags & !BROADCAST != 0 {
        put("flags", Some(&format_args!("0x{:04x}", message.flags)))?;
    }
    for (name, addr) in [
        ("ciaddr", message.ciaddr),
        ("yiaddr", message.yiaddr),
        ("siaddr", message.siaddr),
        ("giaddr", message.giaddr),
    ] {
        if addr != Ipv4Addr::UNSPECIFIED {
            put(name, Some(&addr))?;
        }
    }
    for (name, text) in [("sname", &message.sname), ("file", &message.file)] {
        if !text.is_empty() {
            put(name, Some(&Quoted(text)))?;
        }
    }
    Ok(())
}

/// The options that the title does not tell already.
fn shown_options(message: &Message) -> impl Iterator<Item = (u8, &[u8])> {
    let titled = message.message_type().is_some();
    message.options.iter().filter(move |(code, _)| !(titled && *code == code::MESSAGE_TYPE))
}

/// A value as its type has it; none if its length or content is not of that type.
fn typed(kind: OptionType, array: bool, value: &[u8]) -> Option<String> {
    match kind {
        OptionType::Uint8 => numbers(value, array, |[a]| Some(a.to_string())),
        OptionType::Uint16 => numbers(value, array, |o| Some(u16::from_be_bytes(o).to_string())),
        OptionType::Uint32 => numbers(value, array, |o| Some(u32::from_be_bytes(o).to_string())),
        OptionType::Int8 => numbers(value, array, |o| Some(i8::from_be_bytes(o).to_string())),
        OptionType::Int16 => numbers(value, array, |o| Some(i16::from_be_bytes(o).to_string())),
        OptionType::Int32 => numbers(value, array, |o| Some(i32::from_be_bytes(o).to_string())),
        OptionType::Ipv4 => numbers::<4>(value, array, |o| Some(Ipv4Addr::from(o).to_string())),
        OptionType::Boolean => numbers(value, array, |[octet]| match octet {
            0 => Some("false".to_owned()),
            1 => Some("true".to_owned()),
            _ => None,
        }),
        OptionType::String => Some(Quoted(value).to_string()),
        OptionType::Fqdn => {
            let names = name::decode_list(value)?;
            (array || names.len() == 1).then(|| names.join(","))
        }
        OptionType::DomainList => Some(name::decode_list(value)?.join(",")),
        OptionType::RouteList => routes(value),
        OptionType::Empty | OptionType::Binary | OptionType::Internal => None,
    }
}

/// One element of `N` octets, or several joined by commas where that is allowed.
fn numbers<const N: usize>(
    value: &[u8],
    array: bool,
    text: impl Fn([u8; N]) -> Option<String>,
) -> Option<String> {
    let (elements, rest) = value.as_chunks::<N>();
    if elements.is_empty() || !rest.is_empty() || (elements.len() > 1 && !array) {
        return None;
    }
    let texts: Option<Vec<String>> = elements.iter().map(|element| text(*element)).collect();
    Some(texts?.join(","))
}

/// RFC 3442: a prefix length, as many octets of the prefix as it covers, and the router.
fn routes(value: &[u8]) -> Option<String> {
    let mut rest = value;
    let mut texts = Vec::new();
    while let Some((len, tail)) = rest.split_first() {
        let significant = usize::from(len.div_ceil(8));
        let mut prefix = [0; 4];
        let (octets, tail) = tail.split_at_checked(significant)?;
        prefix.get_mut(..significant)?.copy_from_slice(octets);
        let (router, tail) = tail.split_first_chunk::<4>()?;
        texts.push(format!("{}/{len}-{}", Ipv4Addr::from(prefix), Ipv4Addr::from(*router)));
        rest = tail;
    }
    if texts.is_empty() { None } else { Some(texts.join(",")) }
}

fn relay_agent(value: &[u8]) -> Option<String> {
    let agent = RelayAgent::parse(value);
    if !agent.is_well_formed() {
        return None;
    }
    let mut text = "{".to_owned();
    for (i, (code, value)) in agent.iter().enumerate() {
        let gap = if i == 0 { "" } else { " " };
        let name = match code {
            code::relay::CIRCUIT_ID => "circuit-id",
            code::relay::REMOTE_ID => "remote-id",
            code::relay::LINK_SELECTION => "link-selection",
            code::relay::SUBSCRIBER_ID => "subscriber-id",
            code::relay::SERVER_ID_OVERRIDE => "server-id-override",
            code::relay::RELAY_ID => "relay-id",
            code::relay::RELAY_PORT => "relay-port",
            _ => "",
        };
        let value = match code {
            code::relay::LINK_SELECTION | code::relay::SERVER_ID_OVERRIDE => {
                typed(OptionType::Ipv4, false, value)
            }
            _ => None,
        }
        .unwrap_or_else(|| Octets(value).to_string());
        // Writing to a string cannot fail.
        let _ = match name {
            "" => write!(text, "{gap}[{code}]={value}"),
            name => write!(text, "{gap}{name}={value}"),
        };
    }
    text.push('}');
    Some(text)
}

/// `02:00:00:00:00:01`, or with the type before it if that is not Ethernet; `-` for none.
struct Hardware<'a>(&'a HwAddr);

impl Display for Hardware<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.htype() != HwAddr::ETHERNET {
            write!(f, "{}/", self.0.htype())?;
        }
        if self.0.is_empty() { f.write_str("-") } else { self.0.fmt(f) }
    }
}

/// `0x` and hexadecimal digits.
struct Octets<'a>(&'a [u8]);

impl Display for Octets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

/// Text between quotation marks; what is not printable ASCII as `\xNN`.
struct Quoted<'a>(&'a [u8]);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for octet in self.0 {
            match octet {
                b'"' | b'\\' => write!(f, "\\{}", char::from(*octet))?,
                b' '..=b'~' => f.write_char(char::from(*octet))?,
                _ => write!(f, "\\x{octet:02x}")?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests;
