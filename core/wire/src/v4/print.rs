//! The printer that logs, snapshots and tools share.
//!
//! Octets from outside come out as hexadecimal or escaped; a control character never does.

use std::fmt::{self, Display, Write};
use std::net::Ipv4Addr;

use lessor_types::HwAddr;

use super::layout::Element;
use super::{BROADCAST, Fqdn, Layout, Message, Op, OptionType, RelayAgent, code, definition};

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
        let text = match self.code {
            code::RELAY_AGENT => relay_agent(self.value),
            code::FQDN => client_fqdn(self.value),
            code => definition::by_code(code).and_then(|it| typed(it.layout, self.value)),
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
fn typed(layout: Layout<'_>, value: &[u8]) -> Option<String> {
    if let [OptionType::Binary] | [] = layout.fields {
        return None;
    }
    let text = |element: Element<'_>| match (element.text(), element.kind) {
        (Some(text), _) => Some(Quoted(text).to_string()),
        (None, OptionType::Binary) => Some(Octets(element.octets).to_string()),
        (None, OptionType::RouteList) => {
            Some(element.plain()?.replace(", ", ",").replace(" - ", "-"))
        }
        (None, _) => Some(element.plain()?.replace(", ", ",")),
    };
    let texts: Option<Vec<String>> = layout.elements(value)?.into_iter().map(text).collect();
    Some(texts?.join(","))
}

/// What a client or a server says of the client's name: the flags that are set, and the name.
fn client_fqdn(value: &[u8]) -> Option<String> {
    let Fqdn { flags, name, .. } = Fqdn::parse(value)?;
    let letters = [(flags.n, 'N'), (flags.e, 'E'), (flags.o, 'O'), (flags.s, 'S')];
    let set: String = letters.iter().filter(|(on, _)| *on).map(|(_, letter)| *letter).collect();
    Some(format!("{{{set}}} {}", Quoted(name.to_string().as_bytes())))
}

fn relay_agent(value: &[u8]) -> Option<String> {
    let agent = RelayAgent::parse(value);
    if !agent.is_well_formed() {
        return None;
    }
    let mut text = "{".to_owned();
    for (i, (code, value)) in agent.iter().enumerate() {
        let gap = if i == 0 { "" } else { " " };
        let known = definition::relay_by_code(code);
        let shown = known.and_then(|definition| typed(definition.layout, value));
        let shown = shown.unwrap_or_else(|| Octets(value).to_string());
        // Writing to a string cannot fail.
        let _ = match known {
            None => write!(text, "{gap}[{code}]={shown}"),
            Some(definition) => write!(text, "{gap}{}={shown}", definition.name),
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
