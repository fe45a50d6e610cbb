//! What a client or relay sends, made from a line.
//!
//! `a > TYPE FIELD…`: TYPE is a message type's name, `BOOTREQUEST` for none, `again` for what was
//! sent before, or `octets` with one field `0x…` for the whole message. Fields besides those of
//! [`field`](crate::field) (options are sent in the order of the line, as often as they are named):
//!
//! ```text
//! bcast                      the broadcast flag
//! hw=b | hw=02:00:…          somebody else's hardware address (own: 02:00:00:00:00:61 for a)
//! on=lan1                    the link (default lan0)
//! from=ADDR[:PORT]           source (default: ciaddr or 0.0.0.0, port 68; giaddr, port 67)
//! unicast | dst=ADDR         destination (default broadcast; from a relay: us)
//! circuit=T remote=T subscriber=T link=ADDR override=ADDR relayport sub.N=0x…
//!                            sub-options of option 82, which goes last
//! file/NAME=… sname/NAME=…   the option lies in that field, not among the options
//! cookie=0x…                 another magic cookie
//! noend                      no end option
//! tail=0x…                   octets after the options, before the end
//! cut=N                      only so many octets of the message
//! ```
//!
//! A REQUEST with `sid` keeps the transaction of the client's last message; all else begins a new
//! one, unless `xid` is named.

use std::net::{Ipv4Addr, SocketAddrV4};

use lessor_wire::v4::{CLIENT_PORT, MAGIC_COOKIE, SERVER_PORT, code};

use crate::field::{Header, Key, Names};
use crate::subject::{EVERYBODY, LINKS, Packet};

/// The link-layer address of relays.
const RELAY_HW: [u8; 6] = [2, 0, 0, 0, 0xff, 1];

/// Message types by name.
pub(crate) const TYPES: [(&str, u8); 8] = [
    ("DISCOVER", 1),
    ("OFFER", 2),
    ("REQUEST", 3),
    ("DECLINE", 4),
    ("ACK", 5),
    ("NAK", 6),
    ("RELEASE", 7),
    ("INFORM", 8),
];

/// What is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// A message with option 53, or without.
    Message(Option<u8>),
    /// The client's last packet.
    Again,
    /// Octets as they are.
    Octets,
}

/// A line that sends.
#[derive(Clone, Debug)]
pub struct Line {
    /// Who sends.
    pub client: char,
    /// What.
    pub what: What,
    /// With what.
    pub fields: Vec<Field>,
}

/// One `key=value` or word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    place: Place,
    name: String,
    value: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Options,
    File,
    Sname,
}

/// Sub-options of option 82 by name.
const SUBS: [(&str, u8); 6] = [
    ("circuit", code::relay::CIRCUIT_ID),
    ("remote", code::relay::REMOTE_ID),
    ("subscriber", code::relay::SUBSCRIBER_ID),
    ("link", code::relay::LINK_SELECTION),
    ("override", code::relay::SERVER_ID_OVERRIDE),
    ("relayport", code::relay::RELAY_PORT),
];

/// Words that are neither header fields nor options.
const WORDS: [&str; 11] =
    ["bcast", "hw", "on", "from", "unicast", "dst", "cookie", "noend", "tail", "cut", "octets"];

impl Line {
    /// Reads a line from its words.
    ///
    /// # Errors
    /// The first word that means nothing.
    pub fn parse(client: &str, what: &str, fields: &[&str]) -> Result<Self, String> {
        let what = match what {
            "again" => What::Again,
            "octets" => What::Octets,
            "BOOTREQUEST" => What::Message(None),
            name => {
                let found = TYPES.iter().find(|(it, _)| *it == name);
                let (_, octet) = found.ok_or_else(|| format!("clients don't send {name}"))?;
                What::Message(Some(*octet))
            }
        };
        let field = |word: &&str| match what {
            What::Octets => Ok(Field::new(Place::Options, "octets", word)),
            _ => Field::parse(word),
        };
        Ok(Self {
            client: client_name(client)?,
            what,
            fields: fields.iter().map(field).collect::<Result<_, _>>()?,
        })
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.name == name).map(|field| field.value.as_str())
    }

    fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }
}

impl Field {
    /// Its name as written.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn new(place: Place, name: &str, value: &str) -> Self {
        Self { place, name: name.to_owned(), value: value.to_owned() }
    }

    fn parse(word: &str) -> Result<Self, String> {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let (place, name) = match key.split_once('/') {
            None => (Place::Options, key),
            Some(("file", name)) => (Place::File, name),
            Some(("sname", name)) => (Place::Sname, name),
            Some(_) => return Err(format!("`{key}` is no place")),
        };
        let known = WORDS.contains(&name) || sub(name).is_some() || Key::by_name(name).is_some();
        if !known {
            return Err(format!("`{name}` is no field"));
        }
        Ok(Self::new(place, name, value))
    }
}

/// A client's letter.
pub(crate) fn client_name(word: &str) -> Result<char, String> {
    match word.as_bytes() {
        [letter @ b'a'..=b'z'] => Ok(char::from(*letter)),
        _ => Err(format!("`{word}` is no client")),
    }
}

/// The hardware address of a client, by its letter.
pub(crate) fn hardware(client: char) -> [u8; 6] {
    [2, 0, 0, 0, 0, u8::try_from(client).unwrap_or(0)]
}

fn sub(name: &str) -> Option<u8> {
    let named = SUBS.iter().find(|(it, _)| *it == name).map(|(_, code)| *code);
    named.or_else(|| name.strip_prefix("sub.")?.parse().ok())
}

/// A line's message under construction.
struct Draft {
    header: [u8; 236],
    cookie: Vec<u8>,
    options: Vec<u8>,
    file: Vec<u8>,
    sname: Vec<u8>,
    relay: Vec<u8>,
    tail: Vec<u8>,
}

/// Makes the packet of a line; `xid` is its transaction unless it names one.
///
/// # Errors
/// A value that is none.
pub fn build(line: &Line, xid: u32, names: &Names) -> Result<Packet, String> {
    let link = match line.value("on") {
        None => 0,
        Some(name) => {
            let found = LINKS.iter().position(|(it, ..)| *it == name);
            found.ok_or_else(|| format!("`{name}` is no link"))?
        }
    };
    let us = LINKS.get(link).map(|(_, us, _)| *us);
    let names = Names { us, addrs: names.addrs.clone() };
    let hw = hardware_of(line)?;
    let mut draft = Draft::new(line, xid, hw);
    for field in &line.fields {
        draft.add(field, &names).map_err(|why| format!("{}: {why}", field.name))?;
    }
    let addr = |at: usize| {
        let octets: [u8; 4] = draft.header[at..at + 4].try_into().unwrap_or_default();
        Ipv4Addr::from(octets)
    };
    let (ciaddr, giaddr) = (addr(Header::Ciaddr.place().0), addr(Header::Giaddr.place().0));
    let relayed = !giaddr.is_unspecified();
    let (source, port) = if relayed { (giaddr, SERVER_PORT) } else { (ciaddr, CLIENT_PORT) };
    let source = match line.value("from") {
        None => SocketAddrV4::new(source, port),
        Some(from) => match from.split_once(':') {
            None => SocketAddrV4::new(names.addr(from)?, port),
            Some((addr, port)) => {
                let port = port.parse().map_err(|_| format!("`{port}` is no port"))?;
                SocketAddrV4::new(names.addr(addr)?, port)
            }
        },
    };
    let dest = match line.value("dst") {
        Some(addr) => names.addr(addr)?,
        None if relayed || line.has("unicast") => names.addr("us")?,
        None => Ipv4Addr::BROADCAST,
    };
    let octets = match line.what {
        What::Octets => Key::Option(0).value(line.value("octets").unwrap_or_default(), &names)?,
        _ => draft.finish(line)?,
    };
    Ok(Packet { link, hw: if relayed { RELAY_HW } else { hw }, source, dest, octets })
}

fn hardware_of(line: &Line) -> Result<[u8; 6], String> {
    let Some(text) = line.value("hw") else {
        return Ok(hardware(line.client));
    };
    if let Ok(other) = client_name(text) {
        return Ok(hardware(other));
    }
    let octets: Option<Vec<u8>> =
        text.split(':').map(|it| u8::from_str_radix(it, 16).ok()).collect();
    octets
        .and_then(|it| it.try_into().ok())
        .ok_or_else(|| format!("`{text}` is no hardware address"))
}

impl Draft {
    fn new(line: &Line, xid: u32, hw: [u8; 6]) -> Self {
        let mut header = [0; 236];
        header[..3].copy_from_slice(&[1, 1, 6]);
        header[4..8].copy_from_slice(&xid.to_be_bytes());
        header[28..34].copy_from_slice(&hw);
        let mut draft = Self {
            header,
            cookie: MAGIC_COOKIE.to_vec(),
            options: Vec::new(),
            file: Vec::new(),
            sname: Vec::new(),
            relay: Vec::new(),
            tail: Vec::new(),
        };
        if let What::Message(Some(kind)) = line.what {
            option(&mut draft.options, code::MESSAGE_TYPE, &[kind]);
        }
        draft
    }

    fn add(&mut self, field: &Field, names: &Names) -> Result<(), String> {
        if let Some(code) = sub(&field.name) {
            let key = match code {
                code::relay::LINK_SELECTION | code::relay::SERVER_ID_OVERRIDE => {
                    Key::Header(Header::Giaddr)
                }
                _ => Key::Header(Header::File),
            };
            let value = match field.value.as_str() {
                "" => Vec::new(),
                text => key.value(text, names)?,
            };
            let len = u8::try_from(value.len()).map_err(|_| "too long")?;
            self.relay.extend([code, len]);
            self.relay.extend(value);
            return Ok(());
        }
        let octets = |text: &str| Key::Option(0).value(text, names);
        match field.name.as_str() {
            "bcast" => self.header[10] |= 0x80,
            "cookie" => self.cookie = octets(&field.value)?,
            "tail" => self.tail = octets(&field.value)?,
            name if WORDS.contains(&name) => {}
            name => match Key::by_name(name) {
                Some(Key::Header(header)) => {
                    let value = Key::Header(header).value(&field.value, names)?;
                    let (at, len) = header.place();
                    let to = self.header.iter_mut().skip(at).take(len);
                    to.zip(value).for_each(|(to, from)| *to = from);
                }
                Some(Key::Option(code)) => {
                    let value = match field.value.as_str() {
                        "" => Vec::new(),
                        text => Key::Option(code).value(text, names)?,
                    };
                    let area = match field.place {
                        Place::Options => &mut self.options,
                        Place::File => &mut self.file,
                        Place::Sname => &mut self.sname,
                    };
                    option(area, code, &value);
                }
                None => return Err("no such field".into()),
            },
        }
        Ok(())
    }

    fn finish(mut self, line: &Line) -> Result<Vec<u8>, String> {
        for (header, area) in [(Header::File, &self.file), (Header::Sname, &self.sname)] {
            let (at, len) = header.place();
            if area.len() >= len {
                return Err("too much for its field".into());
            }
            if !area.is_empty() {
                let closed = area.iter().copied().chain([code::END]);
                let to = self.header.iter_mut().skip(at).take(len);
                to.zip(closed).for_each(|(to, from)| *to = from);
            }
        }
        if !self.relay.is_empty() {
            option(&mut self.options, code::RELAY_AGENT, &self.relay);
        }
        let mut octets = self.header.to_vec();
        octets.extend(self.cookie);
        octets.extend(self.options);
        octets.extend(self.tail);
        if !line.has("noend") {
            octets.push(code::END);
            // RFC 1542 §2.1: some servers drop what is shorter than a BOOTP message.
            octets.resize(octets.len().max(300), 0);
        }
        if let Some(cut) = line.value("cut") {
            octets.truncate(cut.parse().map_err(|_| "`cut` takes a number")?);
        }
        Ok(octets)
    }
}

/// Appends an option, in pieces of at most 255 octets (RFC 3396).
fn option(area: &mut Vec<u8>, code: u8, value: &[u8]) {
    let empty: &[u8] = &[];
    for piece in value.chunks(255).chain(value.is_empty().then_some(empty)) {
        area.extend([code, u8::try_from(piece.len()).unwrap_or(u8::MAX)]);
        area.extend(piece);
    }
}

/// The link-layer address that a packet goes to: everybody's, or that of the server.
#[must_use]
pub fn destination_hw(packet: &Packet, server: [u8; 6]) -> [u8; 6] {
    if packet.dest.is_broadcast() { EVERYBODY } else { server }
}

#[cfg(test)]
mod tests {
    use lessor_wire::v4::{Message, MessageType, View};

    use super::*;

    fn built(what: &str, fields: &str) -> Packet {
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let line = Line::parse("a", what, &fields).expect("a line");
        build(&line, 7, &Names::default()).expect("a packet")
    }

    #[test]
    fn a_line_becomes_a_message() {
        let packet = built("REQUEST", "bcast req=10.0.0.9 sid=us prl=1,3 circuit=port1 relayport");
        let message = Message::decode(&packet.octets).expect("lawful");
        assert_eq!(message.message_type(), Some(MessageType::Request));
        assert_eq!(message.hw.octets(), [2, 0, 0, 0, 0, 0x61]);
        assert_eq!(message.server_id(), Some(Ipv4Addr::new(10, 0, 0, 1)));
        assert_eq!(message.requested_address(), Some(Ipv4Addr::new(10, 0, 0, 9)));
        assert!(message.broadcast());
        let agent = message.relay_agent().expect("there");
        assert_eq!(agent.circuit_id(), Some(&b"port1"[..]));
        assert!(agent.relay_port());
        assert_eq!(packet.dest, Ipv4Addr::BROADCAST);
        assert_eq!(packet.source.to_string(), "0.0.0.0:68");
    }

    #[test]
    fn relays_speak_from_their_own_address_and_port() {
        let packet = built("DISCOVER", "gi=10.2.0.1 on=lan1");
        assert_eq!(packet.source.to_string(), "10.2.0.1:67");
        assert_eq!((packet.dest, packet.link), (Ipv4Addr::new(10, 1, 0, 1), 1));
        assert_eq!(built("DISCOVER", "gi=10.2.0.1 from=10.2.0.2:999").source.port(), 999);
    }

    #[test]
    fn options_can_lie_anywhere_and_be_cut_off() {
        let packet = built("DISCOVER", "52=3 file/host=x sname/12=y 12=a 12=b");
        let view = View::parse(&packet.octets).expect("lawful");
        assert_eq!(view.option(12).as_deref(), Some(&b"abxy"[..]));
        assert_eq!(built("DISCOVER", "cut=200").octets.len(), 200);
        assert!(View::parse(&built("DISCOVER", "cookie=0x00000000").octets).is_err());
        let unended = built("DISCOVER", "noend tail=0x0c09").octets;
        assert_eq!(unended.last_chunk(), Some(&[12, 9]));
        assert_eq!(built("octets", "0x0102").octets, [1, 2]);
    }
}
