//! Any bytes, read as a message without judgement.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use lessor_types::{HwAddr, Xid};

use super::{
    BROADCAST, CHADDR_LEN, Codes, DecodeError, DecodeErrorKind, FILE_AT, FILE_LEN, HEADER_LEN,
    MAGIC_COOKIE, Message, MessageType, Op, Options, SNAME_AT, SNAME_LEN, code, options,
};

/// A message as it lies in its octets.
///
/// Nothing here fails once [`View::parse`] went well; facts that make the message unlawful are
/// there to be looked at.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    header: &'a [u8; HEADER_LEN],
    options: &'a [u8],
    overload: Overload,
    truncated: Option<usize>,
    /// The octets at the beginning of the options field that are all there is, each code once.
    plain: Option<(usize, Codes)>,
}

/// Where an option lies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Area {
    /// The options field.
    Options,
    /// The boot file field.
    File,
    /// The server name field.
    Sname,
}

/// One occurrence of an option, which may be a piece of a split one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RawOption<'a> {
    /// The option code, 1 to 254.
    pub code: u8,
    /// The octets after the length.
    pub value: &'a [u8],
    /// The offset of the code in the message.
    pub at: usize,
    /// The area that it lies in.
    pub area: Area,
}

/// Which fields hold options (RFC 2132 §9.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Overload {
    file: bool,
    sname: bool,
}

impl<'a> View<'a> {
    /// Looks at octets as a message.
    ///
    /// A missing end option is accepted; an option that runs past its area ends that area and is
    /// remembered, see [`View::truncated`].
    ///
    /// # Errors
    /// [`DecodeErrorKind::TooShort`] and [`DecodeErrorKind::MagicCookie`]: not DHCP at all.
    pub fn parse(octets: &'a [u8]) -> Result<Self, DecodeError> {
        let Some((header, options)) = octets.split_first_chunk::<HEADER_LEN>() else {
            return Err(DecodeError { at: octets.len(), kind: DecodeErrorKind::TooShort });
        };
        let mut view = Self { options, ..Self::without_options(header) };
        let cookie = view.field::<{ HEADER_LEN - 4 }, 4>();
        if cookie != MAGIC_COOKIE {
            let kind = DecodeErrorKind::MagicCookie(cookie);
            return Err(DecodeError { at: HEADER_LEN - 4, kind });
        }
        let mut walk = view.walk(Area::Options);
        let (mut overload, mut codes, mut end, mut plain) = (None, Codes::default(), 0, true);
        for option in walk.by_ref() {
            // RFC 2131 §4.1: the options field alone says whether the others hold options; option 52
            // within them means nothing.
            if option.code == code::OVERLOAD {
                overload = overload.or_else(|| Overload::from_value(option.value));
                plain = false;
            }
            // Neither padding before it nor another piece of it.
            plain &= option.at == HEADER_LEN + end && !codes.contains(option.code);
            codes.insert(option.code);
            end = option.at + 2 + option.value.len() - HEADER_LEN;
        }
        view.truncated = walk.broken;
        view.plain = plain.then_some((end, codes));
        if let Some(overload) = overload {
            view.overload = overload;
            let others = view.areas().filter(|area| *area != Area::Options);
            let broken = others.filter_map(|area| view.walk(area).broken_at()).next();
            view.truncated = view.truncated.or(broken);
        }
        Ok(view)
    }

    /// As [`View::parse`], but for a BOOTP client's octets too: what does not begin its options with
    /// the magic cookie has none (RFC 951 §3 leaves that field to everybody's own use).
    ///
    /// # Errors
    /// [`DecodeErrorKind::TooShort`].
    pub fn parse_bootp(octets: &'a [u8]) -> Result<Self, DecodeError> {
        Self::parse(octets).or_else(|error| match octets.first_chunk::<HEADER_LEN>() {
            Some(header) => Ok(Self::without_options(header)),
            None => Err(error),
        })
    }

    const fn without_options(header: &'a [u8; HEADER_LEN]) -> Self {
        let overload = Overload { file: false, sname: false };
        Self { header, options: &[], overload, truncated: None, plain: None }
    }

    /// The operation's number.
    #[must_use]
    pub fn op(&self) -> u8 {
        self.octet::<0>()
    }

    /// The hardware type.
    #[must_use]
    pub fn htype(&self) -> u8 {
        self.octet::<1>()
    }

    /// The stated length of the hardware address; lawful up to 16.
    #[must_use]
    pub fn hlen(&self) -> u8 {
        self.octet::<2>()
    }

    /// How many relays passed the message on.
    #[must_use]
    pub fn hops(&self) -> u8 {
        self.octet::<3>()
    }

    /// The transaction.
    #[must_use]
    pub fn xid(&self) -> Xid {
        Xid(u32::from_be_bytes(self.field::<4, 4>()))
    }

    /// Seconds since the client began, as it counts them.
    #[must_use]
    pub fn secs(&self) -> u16 {
        u16::from_be_bytes(self.field::<8, 2>())
    }

    /// All sixteen flags.
    #[must_use]
    pub fn flags(&self) -> u16 {
        u16::from_be_bytes(self.field::<10, 2>())
    }

    /// Whether the client asks for broadcast replies.
    #[must_use]
    pub fn broadcast(&self) -> bool {
        self.flags() & BROADCAST != 0
    }

    /// The client's address.
    #[must_use]
    pub fn ciaddr(&self) -> Ipv4Addr {
        self.field::<12, 4>().into()
    }

    /// What the server gives.
    #[must_use]
    pub fn yiaddr(&self) -> Ipv4Addr {
        self.field::<16, 4>().into()
    }

    /// The next server in bootstrap.
    #[must_use]
    pub fn siaddr(&self) -> Ipv4Addr {
        self.field::<20, 4>().into()
    }

    /// The first relay's address on the client's link.
    #[must_use]
    pub fn giaddr(&self) -> Ipv4Addr {
        self.field::<24, 4>().into()
    }

    /// The hardware address: as many octets as `hlen` says, at most the 16 that there are.
    #[must_use]
    pub fn chaddr(&self) -> &'a [u8] {
        let field = &self.header[28..28 + CHADDR_LEN];
        field.get(..usize::from(self.hlen())).unwrap_or(field)
    }

    /// The server name field, all 64 octets.
    #[must_use]
    pub fn sname(&self) -> &'a [u8] {
        &self.header[SNAME_AT..SNAME_AT + SNAME_LEN]
    }

    /// The boot file field, all 128 octets.
    #[must_use]
    pub fn file(&self) -> &'a [u8] {
        &self.header[FILE_AT..FILE_AT + FILE_LEN]
    }

    /// Whether the boot file field holds options instead.
    #[must_use]
    pub const fn file_overloaded(&self) -> bool {
        self.overload.file
    }

    /// Whether the server name field holds options instead.
    #[must_use]
    pub const fn sname_overloaded(&self) -> bool {
        self.overload.sname
    }

    /// The offset of the first option that runs past the end of its area, if any does. It and
    /// what follows in that area are not read.
    #[must_use]
    pub const fn truncated(&self) -> Option<usize> {
        self.truncated
    }

    /// Each occurrence of each option: the options field, then file, then sname where they hold
    /// options (RFC 2131 §4.1).
    pub fn options(&self) -> impl Iterator<Item = RawOption<'a>> + Clone + use<'a> {
        let view = *self;
        self.areas().flat_map(move |area| view.walk(area))
    }

    /// An option's value, joined if it was split (RFC 3396 §7).
    #[must_use]
    pub fn option(&self, code: u8) -> Option<Cow<'a, [u8]>> {
        let mut pieces = self.options().filter(|option| option.code == code);
        let mut value = Cow::Borrowed(pieces.next()?.value);
        for piece in pieces {
            value.to_mut().extend_from_slice(piece.value);
        }
        Some(value)
    }

    /// What the message is; none for BOOTP, or if option 53 is not one octet.
    #[must_use]
    pub fn message_type(&self) -> Option<MessageType> {
        match *self.option(code::MESSAGE_TYPE)? {
            [octet] => Some(MessageType::from_octet(octet)),
            _ => None,
        }
    }

    /// The message as a value: split options joined, unknown ones kept, what was truncated left
    /// out.
    ///
    /// # Errors
    /// [`DecodeErrorKind::Operation`] and [`DecodeErrorKind::HardwareLength`].
    pub fn to_message(&self) -> Result<Message, DecodeError> {
        let kind = DecodeErrorKind::Operation(self.op());
        let op = Op::from_octet(self.op()).ok_or(DecodeError { at: 0, kind })?;
        let too_long = DecodeError { at: 2, kind: DecodeErrorKind::HardwareLength(self.hlen()) };
        if usize::from(self.hlen()) > CHADDR_LEN {
            return Err(too_long);
        }
        let hw = HwAddr::new(self.htype().into(), self.chaddr()).map_err(|_| too_long)?;
        Ok(Message {
            op,
            hw,
            hops: self.hops(),
            xid: self.xid(),
            secs: self.secs(),
            flags: self.flags(),
            ciaddr: self.ciaddr(),
            yiaddr: self.yiaddr(),
            siaddr: self.siaddr(),
            giaddr: self.giaddr(),
            sname: if self.overload.sname { Vec::new() } else { text(self.sname()) },
            file: if self.overload.file { Vec::new() } else { text(self.file()) },
            options: self.joined(),
        })
    }

    fn joined(&self) -> Options {
        match self.plain.and_then(|(len, codes)| Some((codes, self.options.get(..len)?))) {
            Some((codes, run)) => Options::from_run(codes, run),
            None => options::join(self.options().map(|option| (option.code, option.value))),
        }
    }

    fn areas(&self) -> impl Iterator<Item = Area> + Clone + use<> {
        let Overload { file, sname } = self.overload;
        [(Area::Options, true), (Area::File, file), (Area::Sname, sname)]
            .into_iter()
            .filter_map(|(area, used)| used.then_some(area))
    }

    fn walk(&self, area: Area) -> Walk<'a> {
        let (octets, at) = match area {
            Area::Options => (self.options, HEADER_LEN),
            Area::File => (self.file(), FILE_AT),
            Area::Sname => (self.sname(), SNAME_AT),
        };
        Walk { area, rest: octets, at, broken: None }
    }

    fn octet<const AT: usize>(&self) -> u8 {
        const { assert!(AT < HEADER_LEN) }
        self.header[AT]
    }

    fn field<const AT: usize, const N: usize>(&self) -> [u8; N] {
        const { assert!(AT + N <= HEADER_LEN) }
        let mut field = [0; N];
        field.copy_from_slice(&self.header[AT..AT + N]);
        field
    }
}

impl Overload {
    fn from_value(value: &[u8]) -> Option<Self> {
        match value {
            [bits @ 1..=3] => Some(Self { file: bits & 1 != 0, sname: bits & 2 != 0 }),
            _ => None,
        }
    }
}

/// The options of one area, up to its end, or to one that runs past it.
#[derive(Clone)]
struct Walk<'a> {
    area: Area,
    rest: &'a [u8],
    at: usize,
    broken: Option<usize>,
}

impl Walk<'_> {
    fn broken_at(mut self) -> Option<usize> {
        self.by_ref().for_each(drop);
        self.broken
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = RawOption<'a>;

    fn next(&mut self) -> Option<RawOption<'a>> {
        let (code, tail) = loop {
            let (code, tail) = self.rest.split_first()?;
            if *code != code::PAD {
                break (*code, tail);
            }
            self.rest = tail;
            self.at += 1;
        };
        self.rest = &[];
        if code == code::END {
            return None;
        }
        let at = self.at;
        let split =
            tail.split_first().and_then(|(len, tail)| tail.split_at_checked(usize::from(*len)));
        let Some((value, tail)) = split else {
            self.broken = Some(at);
            return None;
        };
        self.rest = tail;
        self.at += 2 + value.len();
        Some(RawOption { code, value, at, area: self.area })
    }
}

/// A text field, of whole pieces of 16 octets, without the zeros that fill it up.
fn text(field: &[u8]) -> Vec<u8> {
    let is_zero = |piece: &[u8; 16]| u128::from_ne_bytes(*piece) == 0;
    let (pieces, _) = field.as_chunks();
    let zeros = pieces.iter().rev().take_while(|piece| is_zero(piece)).count() * 16;
    let field = field.get(..field.len() - zeros).unwrap_or_default();
    let len = field.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
    field.get(..len).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests;
