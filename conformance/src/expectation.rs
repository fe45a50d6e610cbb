//! What must come, and what was wrong with what came.
//!
//! `a < TYPE CHECK…`: TYPE is a message type's name, or `BOOTREPLY` for a message without one. That
//! transaction and hardware address are the request's goes without saying. Checks, besides
//! `KEY=VALUE`, `KEY!=VALUE`, `KEY<=VALUE`, `KEY>=VALUE` and `KEY^=VALUE` (begins with) with the
//! keys and values of [`field`](crate::field):
//!
//! ```text
//! to=station                 to the address given, at the client's link-layer address, port 68
//! to=broadcast               to 255.255.255.255, port 68
//! to=everybody               the same, and at the link-layer address of everybody
//! to=ADDR[:PORT]             to this address (default port 68; 67 if it is giaddr)
//! from=us on=lan1            address of the sender; the link (default: the query's)
//! KEY=echo                   as in what the client sent last
//! KEY=ADDR-ADDR              an address of this range
//! KEY, !KEY                  there, not there
//! as-offered                 header and options are those of the client's last OFFER, but for type
//! only=53,54,…               no other options than these
//! order=1<3                  the first one comes before the second one
//! last=82                    nothing but the end comes after it, and it lies among the options
//! in.12=file                 where an option lies: options, file, sname
//! size<=576 len>=300         octets of the datagram with its headers, and of the message
//! ```

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddrV4};

use lessor_wire::v4::{Area, CLIENT_PORT, Message, SERVER_PORT, View, code};

use crate::field::{Header, Key, Names};
use crate::packet::{TYPES, client_name};
use crate::subject::{EVERYBODY, LINKS, Packet, Reply};

/// IP and UDP headers, in octets.
const HEADERS: usize = 28;

/// What one client must get.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Who.
    pub client: char,
    /// The message type; none for BOOTP.
    pub kind: Option<u8>,
    /// Whether nothing at all will do as well.
    pub may_lack: bool,
    checks: Vec<Check>,
}

#[derive(Clone, Debug)]
enum Check {
    To(String),
    From(String),
    On(String),
    Compare(Key, Comparison, String),
    Present(Key),
    Absent(Key),
    AsOffered,
    Only(Vec<u8>),
    Order(u8, u8),
    Last(u8),
    In(u8, Area),
    Size(Comparison, usize),
    Len(Comparison, usize),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Comparison {
    Equal,
    Unequal,
    AtMost,
    AtLeast,
    Begins,
}

impl Comparison {
    fn holds<T: PartialOrd>(self, found: &T, wanted: &T) -> bool {
        match self {
            Self::Equal => found == wanted,
            Self::Unequal => found != wanted,
            Self::AtMost => found <= wanted,
            Self::AtLeast => found >= wanted,
            Self::Begins => false,
        }
    }

    const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Unequal => "!=",
            Self::AtMost => "<=",
            Self::AtLeast => ">=",
            Self::Begins => "^=",
        }
    }
}

/// What a reply is held against.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// What the client sent last.
    pub query: &'a Packet,
    /// The last OFFER that the client got.
    pub offer: Option<&'a Reply>,
    /// What names stand for.
    pub names: &'a Names,
}

impl Expected {
    /// Reads an expectation from its words.
    ///
    /// # Errors
    /// The first word that means nothing.
    pub fn parse(client: &str, words: &[&str]) -> Result<Self, String> {
        let (kind, checks) = words.split_first().ok_or("what must come?")?;
        let kind = match *kind {
            "BOOTREPLY" => None,
            name => {
                let found = TYPES.iter().find(|(it, _)| *it == name);
                Some(found.ok_or_else(|| format!("servers don't send {name}"))?.1)
            }
        };
        let checks = checks.iter().map(|word| Check::parse(word)).collect::<Result<_, _>>()?;
        Ok(Self { client: client_name(client)?, kind, may_lack: false, checks })
    }

    /// What is wrong with a reply, in words; empty: nothing.
    #[must_use]
    pub fn judge(&self, reply: &Reply, context: &Context<'_>) -> Vec<String> {
        let view = match View::parse(&reply.octets) {
            Ok(view) => view,
            Err(why) => return vec![format!("not a DHCP message: {why}")],
        };
        let mut wrong = Vec::new();
        let kind = view.option(code::MESSAGE_TYPE).and_then(|value| value.first().copied());
        if kind != self.kind {
            wrong.push(format!("a message of type {}", type_name(kind)));
        }
        let bench = Bench { reply, view, context };
        for check in &self.checks {
            match bench.check(check) {
                Ok(None) => {}
                Ok(Some(what)) | Err(what) => wrong.push(what),
            }
        }
        if !self.checks.iter().any(|check| matches!(check, Check::On(_)))
            && reply.link != context.query.link
        {
            wrong.push(format!("it left on {}", link_name(reply.link)));
        }
        wrong
    }

    /// The expectation's message type, as people call it.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        type_name(self.kind)
    }
}

/// A message type's name.
pub(crate) fn type_name(kind: Option<u8>) -> &'static str {
    let Some(kind) = kind else {
        return "BOOTREPLY";
    };
    TYPES.iter().find(|(_, octet)| *octet == kind).map_or("unknown", |(name, _)| name)
}

/// A reply in a few words, for people.
#[must_use]
pub fn describe(reply: &Reply) -> String {
    let Ok(view) = View::parse(&reply.octets) else {
        return "octets that are no message".to_owned();
    };
    let kind = view.option(code::MESSAGE_TYPE).and_then(|value| value.first().copied());
    let mut text = type_name(kind).to_owned();
    if !view.yiaddr().is_unspecified() {
        // Strings take everything.
        let _ = write!(text, " yiaddr={}", view.yiaddr());
    }
    let _ = write!(text, " to {}", reply.dest);
    if let Some(hw) = reply.hw {
        let _ = write!(text, " at {}", station(hw));
    }
    text
}

fn station(hw: [u8; 6]) -> String {
    hw.map(|octet| format!("{octet:02x}")).join(":")
}

fn link_name(link: usize) -> &'static str {
    LINKS.get(link).map_or("no link", |(name, ..)| name)
}

impl Check {
    fn parse(word: &str) -> Result<Self, String> {
        if word == "as-offered" {
            return Ok(Self::AsOffered);
        }
        if let Some(pair) = word.strip_prefix("order=") {
            let (first, second) = pair.split_once('<').ok_or("`order=FIRST<SECOND`")?;
            return Ok(Self::Order(option_code(first)?, option_code(second)?));
        }
        let signs = [
            ("!=", Comparison::Unequal),
            ("<=", Comparison::AtMost),
            (">=", Comparison::AtLeast),
            ("^=", Comparison::Begins),
            ("=", Comparison::Equal),
        ];
        let parted = signs
            .iter()
            .filter_map(|(sign, how)| {
                let at = word.find(sign)?;
                Some((at, &word[..at], *how, &word[at + sign.len()..]))
            })
            .min_by_key(|(at, _, how, _)| (*at, *how == Comparison::Equal));
        let Some((_, name, how, value)) = parted else {
            return match word.strip_prefix('!') {
                Some(name) => key(name).map(Self::Absent),
                None => key(word).map(Self::Present),
            };
        };
        let number = || value.parse().map_err(|_| format!("`{value}` is no number"));
        Ok(match name {
            "to" => Self::To(value.to_owned()),
            "from" => Self::From(value.to_owned()),
            "on" => Self::On(value.to_owned()),
            "only" => Self::Only(value.split(',').map(option_code).collect::<Result<_, _>>()?),
            "last" => Self::Last(option_code(value)?),
            "size" => Self::Size(how, number()?),
            "len" => Self::Len(how, number()?),
            _ => match name.strip_prefix("in.") {
                Some(name) => Self::In(option_code(name)?, area(value)?),
                None => Self::Compare(key(name)?, how, value.to_owned()),
            },
        })
    }
}

fn key(name: &str) -> Result<Key, String> {
    Key::by_name(name).ok_or_else(|| format!("`{name}` is no field"))
}

fn option_code(name: &str) -> Result<u8, String> {
    match key(name)? {
        Key::Option(code) => Ok(code),
        Key::Header(_) => Err(format!("`{name}` is no option")),
    }
}

fn area(name: &str) -> Result<Area, String> {
    match name {
        "options" => Ok(Area::Options),
        "file" => Ok(Area::File),
        "sname" => Ok(Area::Sname),
        _ => Err(format!("`{name}` is no place")),
    }
}

struct Bench<'a> {
    reply: &'a Reply,
    view: View<'a>,
    context: &'a Context<'a>,
}

/// What is wrong, if anything; an error is an expectation that makes no sense at this moment.
type Finding = Result<Option<String>, String>;

impl Bench<'_> {
    fn check(&self, check: &Check) -> Finding {
        match check {
            Check::To(what) => self.destination(what),
            Check::From(addr) => {
                let (found, wanted) = (self.reply.source, self.names().addr(addr)?);
                let fine = *found.ip() == wanted && found.port() == SERVER_PORT;
                Ok((!fine).then(|| format!("it came from {found}")))
            }
            Check::On(name) => {
                let found = link_name(self.reply.link);
                Ok((found != name).then(|| format!("it left on {found}")))
            }
            Check::Compare(key, how, text) => self.compare(*key, *how, text),
            Check::Present(key) => {
                Ok(self.value(*key).is_none().then(|| format!("no {}", name_of(*key))))
            }
            Check::Absent(key) => Ok(self
                .value(*key)
                .filter(|value| matches!(key, Key::Option(_)) || value.iter().any(|it| *it != 0))
                .map(|value| format!("{}={}", name_of(*key), text_of(*key, &value)))),
            Check::AsOffered => self.as_offered(),
            Check::Only(allowed) => {
                let found = self.view.options().map(|option| option.code);
                let others: Vec<String> = found
                    .filter(|code| !allowed.contains(code))
                    .map(|code| code.to_string())
                    .collect();
                Ok((!others.is_empty()).then(|| format!("options {}", others.join(", "))))
            }
            Check::Order(first, second) => {
                let place = |code: u8| self.view.options().position(|it| it.code == code);
                let fine = matches!((place(*first), place(*second)), (Some(a), Some(b)) if a < b);
                Ok((!fine).then(|| format!("option {first} is not before option {second}")))
            }
            Check::Last(code) => {
                let among = self.view.options().filter(|it| it.area == Area::Options);
                let last = among.last().map(|it| it.code);
                let elsewhere =
                    self.view.options().any(|it| it.code == *code && it.area != Area::Options);
                let fine = last == Some(*code) && !elsewhere;
                Ok((!fine).then(|| format!("option {code} is not the last one")))
            }
            Check::In(code, area) => {
                let found = self.view.options().find(|it| it.code == *code).map(|it| it.area);
                Ok((found != Some(*area)).then(|| format!("option {code} is in {found:?}")))
            }
            Check::Size(how, wanted) => {
                let found = self.reply.octets.len() + HEADERS;
                Ok((!how.holds(&found, wanted)).then(|| format!("a datagram of {found} octets")))
            }
            Check::Len(how, wanted) => {
                let found = self.reply.octets.len();
                Ok((!how.holds(&found, wanted)).then(|| format!("a message of {found} octets")))
            }
        }
    }

    fn names(&self) -> Names {
        let us = LINKS.get(self.context.query.link).map(|(_, us, _)| *us);
        Names { us, addrs: self.context.names.addrs.clone() }
    }

    fn value(&self, key: Key) -> Option<Cow<'_, [u8]>> {
        value_in(&self.view, &self.reply.octets, key)
    }

    fn compare(&self, key: Key, how: Comparison, text: &str) -> Finding {
        let found = self.value(key);
        let told = || match &found {
            Some(value) => format!("{}={}", name_of(key), text_of(key, value)),
            None => format!("no {}", name_of(key)),
        };
        if text == "echo" {
            let query = &self.context.query.octets;
            let view = View::parse(query).map_err(|_| "the query is no message")?;
            let fine = found == value_in(&view, query, key);
            return Ok((!fine).then(told));
        }
        let names = self.names();
        let octets = found.as_deref().unwrap_or_default();
        let fine = match text.split_once('-').map(|(a, b)| (names.addr(a), names.addr(b))) {
            Some((Ok(first), Ok(last))) => {
                let addr: Option<[u8; 4]> = octets.try_into().ok();
                addr.is_some_and(|addr| (first..=last).contains(&Ipv4Addr::from(addr)))
            }
            _ => {
                let wanted = self.padded(key, key.value(text, &names)?);
                match how {
                    Comparison::Equal => found.as_deref() == Some(&*wanted),
                    Comparison::Unequal => found.as_deref() != Some(&*wanted),
                    Comparison::Begins => octets.starts_with(&wanted),
                    _ => octets.len() == wanted.len() && how.holds(&octets, &&*wanted),
                }
            }
        };
        Ok((!fine).then(|| format!("{}, not {}{text}", told(), how.sign())))
    }

    /// Text fields of the header are filled up with zeros.
    fn padded(&self, key: Key, mut value: Vec<u8>) -> Vec<u8> {
        if let Key::Header(header @ (Header::File | Header::Sname | Header::Chaddr)) = key {
            value.resize(header.place().1, 0);
        }
        value
    }

    fn destination(&self, what: &str) -> Finding {
        let Reply { hw, dest, .. } = *self.reply;
        let chaddr = self.view.chaddr();
        let fine = match what {
            "broadcast" => dest == SocketAddrV4::new(Ipv4Addr::BROADCAST, CLIENT_PORT),
            "everybody" => {
                dest == SocketAddrV4::new(Ipv4Addr::BROADCAST, CLIENT_PORT) && hw == Some(EVERYBODY)
            }
            "station" => {
                let addr = match self.view.yiaddr() {
                    Ipv4Addr::UNSPECIFIED => self.view.ciaddr(),
                    addr => addr,
                };
                dest == SocketAddrV4::new(addr, CLIENT_PORT)
                    && hw.is_some_and(|hw| hw.as_slice() == chaddr)
            }
            text => {
                let (addr, port) = text.split_once(':').unwrap_or((text, ""));
                let addr = self.names().addr(addr)?;
                let port = match port {
                    "" if addr == self.view.giaddr() => SERVER_PORT,
                    "" => CLIENT_PORT,
                    port => port.parse().map_err(|_| format!("`{port}` is no port"))?,
                };
                dest == SocketAddrV4::new(addr, port) && hw != Some(EVERYBODY)
            }
        };
        let at = hw.map_or_else(|| "its route".to_owned(), station);
        Ok((!fine).then(|| format!("sent to {dest} at {at}, not to {what}")))
    }

    fn as_offered(&self) -> Finding {
        let offer = self.context.offer.ok_or("the client got no offer")?;
        let read = |reply: &Reply| {
            let mut message = Message::decode(&reply.octets).map_err(|why| why.to_string())?;
            message.options.remove(code::MESSAGE_TYPE);
            Ok::<_, String>(message)
        };
        let (offered, given) = (read(offer)?, read(self.reply)?);
        Ok((offered != given).then(|| format!("offered {offered}, given {given}")))
    }
}

fn value_in<'a>(view: &View<'a>, octets: &'a [u8], key: Key) -> Option<Cow<'a, [u8]>> {
    match key {
        Key::Option(code) => view.option(code),
        Key::Header(header) => {
            let (at, len) = header.place();
            octets.get(at..at + len).map(Cow::Borrowed)
        }
    }
}

fn name_of(key: Key) -> String {
    match key {
        Key::Header(header) => format!("{header:?}").to_lowercase(),
        Key::Option(code) => format!("option {code}"),
    }
}

fn text_of(key: Key, value: &[u8]) -> String {
    if let Key::Header(Header::Ciaddr | Header::Yiaddr | Header::Siaddr | Header::Giaddr) = key
        && let Ok(octets) = <[u8; 4]>::try_from(value)
    {
        return Ipv4Addr::from(octets).to_string();
    }
    if let Key::Option(code) = key {
        return lessor_wire::v4::print::ValueText { code, value }.to_string();
    }
    let digits: Vec<String> = value.iter().map(|octet| format!("{octet:02x}")).collect();
    format!("0x{}", digits.concat())
}

#[cfg(test)]
mod tests {
    use lessor_types::{HwAddr, Xid};
    use lessor_wire::v4::{MessageType, Op};

    use super::*;

    fn reply() -> Reply {
        let mut message = Message::new(Op::Reply, Xid(1), HwAddr::ethernet([2, 0, 0, 0, 0, 0x61]));
        message.set_message_type(MessageType::Offer);
        message.yiaddr = Ipv4Addr::new(10, 0, 0, 10);
        message.options.insert(code::SERVER_ID, [10, 0, 0, 1]);
        message.options.insert(code::LEASE_TIME, 3600_u32.to_be_bytes());
        Reply {
            link: 0,
            hw: Some([2, 0, 0, 0, 0, 0x61]),
            source: SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1), 67),
            dest: SocketAddrV4::new(message.yiaddr, 68),
            octets: message.encode(576).octets,
        }
    }

    fn wrong(words: &str) -> Vec<String> {
        let words: Vec<&str> = words.split_whitespace().collect();
        let query = Packet {
            link: 0,
            hw: [2, 0, 0, 0, 0, 0x61],
            source: SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 68),
            dest: Ipv4Addr::BROADCAST,
            octets: reply().octets,
        };
        let context = Context { query: &query, offer: None, names: &Names::default() };
        Expected::parse("a", &words).expect("lawful").judge(&reply(), &context)
    }

    #[test]
    fn what_is_as_it_must_be_is_not_complained_of() {
        let all = "OFFER yiaddr=10.0.0.10 yiaddr=10.0.0.9-10.0.0.11 yiaddr!=10.0.0.11 sid=us \
                   lease=3600 lease<=3600 lease>=1 lease^=0x0000 to=station from=us !routers lease giaddr=echo \
                   only=53,54,51 order=53<54 last=51 in.51=options size<=576 len>=300 !siaddr";
        assert_eq!(wrong(all), [""; 0]);
    }

    #[test]
    fn each_check_can_fail() {
        for words in [
            "ACK",
            "OFFER yiaddr=10.0.0.11",
            "OFFER yiaddr=10.0.0.11-10.0.0.12",
            "OFFER yiaddr!=10.0.0.10",
            "OFFER sid=10.0.0.2",
            "OFFER lease<=3599",
            "OFFER lease>=3601",
            "OFFER routers<=10.0.0.1",
            "OFFER to=broadcast",
            "OFFER to=everybody",
            "OFFER lease^=0x01",
            "OFFER to=10.0.0.11",
            "OFFER from=10.0.0.2",
            "OFFER on=lan1",
            "OFFER routers",
            "OFFER !lease",
            "OFFER as-offered",
            "OFFER only=53,54",
            "OFFER order=51<53",
            "OFFER last=54",
            "OFFER in.51=file",
            "OFFER size<=300",
            "OFFER len>=400",
        ] {
            assert_eq!(wrong(words).len(), 1, "{words}: {:?}", wrong(words));
        }
    }
}
