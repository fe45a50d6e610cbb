//! A value's way into octets.

use super::{
    CHADDR_LEN, DATAGRAM_MIN, FILE_AT, FILE_LEN, HEADER_LEN, MAGIC_COOKIE, MESSAGE_MIN, Message,
    SNAME_AT, SNAME_LEN, code,
};

/// A message as octets, and what they do not say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Encoded {
    /// The message, 300 octets or more.
    pub octets: Vec<u8>,
    /// Codes of the options for which there was no room, the most important first.
    pub left_out: Vec<u8>,
}

/// The place of the client's link-layer address.
const CHADDR_AT: usize = 28;
/// IP and UDP headers, in octets.
const HEADERS: usize = 20 + 8;
/// The largest IPv4 datagram.
const DATAGRAM_MAX: usize = 65_535;
/// The longest piece that a length octet can state.
const PIECE_MAX: usize = 255;
/// Code and length.
const TAG: usize = 2;
/// Option 52 with its one octet.
const OVERLOAD_LEN: usize = TAG + 1;
/// Message type and server identifier, which no client looks for elsewhere than in the options
/// field.
const IDENTITY_LEN: usize = (TAG + 1) + (TAG + 4);
/// What a reply is worth little without; goes before all else, in this order.
const FOREMOST: [u8; 8] = [
    code::MESSAGE_TYPE,
    code::SERVER_ID,
    code::LEASE_TIME,
    code::RENEWAL_TIME,
    code::REBINDING_TIME,
    code::REQUESTED_ADDRESS,
    code::CLIENT_ID,
    code::MESSAGE,
];

/// The rank of those that are not among the foremost.
const OTHER: u8 = 8;
/// By code, what goes before what: the foremost, the others, relay information.
const RANKS: [u8; 256] = {
    let mut ranks = [OTHER; 256];
    let mut rank = 0;
    while rank < OTHER {
        ranks[FOREMOST[rank as usize] as usize] = rank;
        rank += 1;
    }
    ranks[code::RELAY_AGENT as usize] = OTHER + 1;
    ranks
};

impl Message {
    /// Encodes for a datagram of at most `limit` octets, IP and UDP headers included.
    ///
    /// A limit below 576 counts as 576 (RFC 2132 §9.10); see [`Message::datagram_max`]. Without a
    /// message type it is for a BOOTP client, which takes 300 octets at least and knows no other
    /// place for options (RFC 951 §3). Options
    /// that do not fit the options field go into file, then sname, where these are empty (RFC 2132
    /// §9.3). What still does not fit is left out, the later in [`Message::options`] the sooner,
    /// and reported.
    ///
    /// *Order*: message type, server identifier, lease times; then as in [`Message::options`], but
    /// the subnet mask before routers (RFC 2132 §3.3); relay information last (RFC 3046 §2.1).
    #[must_use]
    pub fn encode(&self, limit: usize) -> Encoded {
        let bootp = !self.options.contains(code::MESSAGE_TYPE);
        let least = if bootp { MESSAGE_MIN + HEADERS } else { DATAGRAM_MIN };
        let room = limit.clamp(least, DATAGRAM_MAX) - HEADERS - HEADER_LEN;
        if let Some(run) = self.options.as_run().filter(|run| self.fits(run, room)) {
            let mut octets = Vec::with_capacity((HEADER_LEN + run.len() + 1).max(MESSAGE_MIN));
            self.push_header(&mut octets);
            self.push_ranked(&mut octets, run);
            return Encoded { octets: closed(octets), left_out: Vec::new() };
        }
        let layout = if bootp { Layout::plain(self, room) } else { Layout::best(self, room) };
        let mut octets =
            Vec::with_capacity((HEADER_LEN + layout.options.octets.len() + 1).max(MESSAGE_MIN));
        self.push_header(&mut octets);
        for (at, len, area) in
            [(FILE_AT, FILE_LEN, &layout.file), (SNAME_AT, SNAME_LEN, &layout.sname)]
        {
            if area.octets.is_empty() {
                continue;
            }
            let closed = area.octets.iter().copied().chain([code::END]);
            octets.iter_mut().skip(at).take(len).zip(closed).for_each(|(to, from)| *to = from);
        }
        octets.extend(layout.options.octets);
        Encoded { octets: closed(octets), left_out: layout.left_out }
    }

    /// Whether the options field alone has room for all options, which take these octets.
    fn fits(&self, run: &[u8], room: usize) -> bool {
        let relay = self.options.get(code::RELAY_AGENT);
        let least = relay.map_or(0, |value| encoded_len(value) + IDENTITY_LEN);
        run.len().max(least) < room
    }

    /// Appends options, which lie in `run`, in the order of sending.
    fn push_ranked(&self, octets: &mut Vec<u8>, run: &[u8]) {
        let (mut last, mut routers, mut is_ranked) = (0, false, true);
        for (code, _) in self.options.iter() {
            let rank = RANKS[usize::from(code)];
            is_ranked &= last <= rank && !(routers && code == code::SUBNET_MASK);
            routers |= code == code::ROUTERS;
            last = rank;
        }
        if is_ranked {
            return octets.extend_from_slice(run);
        }
        let relay = self.options.get(code::RELAY_AGENT).map(|value| (code::RELAY_AGENT, value));
        for (code, value) in self.ranked().into_iter().chain(relay) {
            octets.extend([code, u8::try_from(value.len()).unwrap_or(u8::MAX)]);
            octets.extend_from_slice(value);
        }
    }

    fn push_header(&self, octets: &mut Vec<u8>) {
        let hw = self.hw.octets();
        // RFC 4390 §2.1: an address too long for its field is given as none.
        let chaddr = if hw.len() > CHADDR_LEN { &[] } else { hw };
        let mut header = [0; HEADER_LEN];
        header[0] = self.op.octet();
        header[1] = u8::try_from(self.hw.htype()).unwrap_or(0);
        header[2] = u8::try_from(chaddr.len()).unwrap_or(0);
        header[3] = self.hops;
        header[4..8].copy_from_slice(&self.xid.0.to_be_bytes());
        header[8..10].copy_from_slice(&self.secs.to_be_bytes());
        header[10..12].copy_from_slice(&self.flags.to_be_bytes());
        header[12..16].copy_from_slice(&self.ciaddr.octets());
        header[16..20].copy_from_slice(&self.yiaddr.octets());
        header[20..24].copy_from_slice(&self.siaddr.octets());
        header[24..28].copy_from_slice(&self.giaddr.octets());
        fill(&mut header[CHADDR_AT..CHADDR_AT + CHADDR_LEN], chaddr);
        fill(&mut header[SNAME_AT..SNAME_AT + SNAME_LEN], &self.sname);
        fill(&mut header[FILE_AT..FILE_AT + FILE_LEN], &self.file);
        header[HEADER_LEN - MAGIC_COOKIE.len()..].copy_from_slice(&MAGIC_COOKIE);
        octets.extend_from_slice(&header);
    }

    /// Options in the order of sending, which is that of importance; without relay information.
    fn ranked(&self) -> Vec<(u8, &[u8])> {
        let mut ranked: Vec<(u8, &[u8])> = Vec::with_capacity(self.options.len());
        let foremost = FOREMOST.iter().filter_map(|code| Some((*code, self.options.get(*code)?)));
        ranked.extend(foremost);
        let is_other = |code: u8| RANKS[usize::from(code)] == OTHER;
        ranked.extend(self.options.iter().filter(|(code, _)| is_other(*code)));
        // RFC 2132 §3.3: the subnet mask comes before routers.
        let place = |of: u8| ranked.iter().position(|(code, _)| *code == of);
        if let (Some(mask), Some(routers)) = (place(code::SUBNET_MASK), place(code::ROUTERS))
            && routers < mask
            && let Some(window) = ranked.get_mut(routers..=mask)
        {
            window.rotate_right(1);
        }
        ranked
    }
}

/// Begins a field with as many octets as it has room for.
fn fill(field: &mut [u8], octets: &[u8]) {
    let len = octets.len().min(field.len());
    if let (Some(to), Some(from)) = (field.get_mut(..len), octets.get(..len)) {
        to.copy_from_slice(from);
    }
}

/// A message with its end, and filled up to what is sent at least.
fn closed(mut octets: Vec<u8>) -> Vec<u8> {
    octets.push(code::END);
    octets.resize(octets.len().max(MESSAGE_MIN), 0);
    octets
}

/// Where the options go.
struct Layout {
    options: Field,
    file: Field,
    sname: Field,
    left_out: Vec<u8>,
}

impl Layout {
    /// The layout that uses the options field alone.
    fn plain(message: &Message, room: usize) -> Self {
        Self::fill(&message.ranked(), message.options.get(code::RELAY_AGENT), [room, 0, 0])
    }

    /// The layout that uses the fewest fields among those that leave out the fewest options.
    fn best(message: &Message, room: usize) -> Self {
        let ranked = message.ranked();
        let relay = message.options.get(code::RELAY_AGENT);
        let file = if message.file.is_empty() { FILE_LEN } else { 0 };
        let sname = if message.sname.is_empty() { SNAME_LEN } else { 0 };
        let plain = Self::fill(&ranked, relay, [room, 0, 0]);
        if plain.left_out.is_empty() || file + sname == 0 {
            return plain;
        }
        let narrow = Self::fill(&ranked, relay, [room, file, 0]);
        if narrow.left_out.is_empty() {
            return narrow;
        }
        let wide = Self::fill(&ranked, relay, [room, file, sname]);
        if wide.cost() < plain.cost() { wide } else { plain }
    }

    /// What a layout lacks: relay information, which has to be echoed, weighs more than the rest.
    fn cost(&self) -> (bool, usize) {
        (self.left_out.contains(&code::RELAY_AGENT), self.left_out.len())
    }

    fn fill(ranked: &[(u8, &[u8])], relay: Option<&[u8]>, sizes: [usize; 3]) -> Self {
        let [mut options, file, sname] = sizes.map(Field::of_size);
        let values = ranked.iter().map(|(_, value)| encoded_len(value)).sum::<usize>();
        options.octets.reserve(values.min(options.size));
        let mut layout = Self { options, file, sname, left_out: Vec::new() };
        let overload = if sizes[1] + sizes[2] > 0 { OVERLOAD_LEN } else { 0 };
        let relay = relay.filter(|value| {
            let fits = layout.options.free() >= encoded_len(value) + overload + IDENTITY_LEN;
            if fits {
                layout.options.reserve(encoded_len(value));
            } else {
                layout.left_out.push(code::RELAY_AGENT);
            }
            fits
        });
        layout.options.reserve(overload);
        for (code, value) in ranked {
            if !layout.place(*code, value) {
                layout.left_out.push(*code);
            }
        }
        layout.close(relay);
        layout
    }
}

impl Layout {
    /// Finds room for an option; false if there is none.
    fn place(&mut self, code: u8, value: &[u8]) -> bool {
        let mut fields = [&mut self.options, &mut self.file, &mut self.sname];
        if let Some(field) = fields.iter_mut().find(|field| field.free() >= encoded_len(value)) {
            field.push(code, value);
            return true;
        }
        // RFC 3396 §4: an option is split only if it has to be. One of 255 octets or fewer need
        // not be, and a client that knows nothing of splitting would take the first piece for all.
        let capacity: usize = fields.iter().map(|field| field.capacity()).sum();
        if value.len() <= PIECE_MAX || capacity < value.len() {
            return false;
        }
        let mut rest = value;
        for field in fields {
            let (piece, tail) = rest.split_at(field.capacity().min(rest.len()));
            if !piece.is_empty() {
                field.push(code, piece);
            }
            rest = tail;
        }
        true
    }

    /// Adds what says how the fields are used, and the relay's part, for which room was kept.
    fn close(&mut self, relay: Option<&[u8]>) {
        let file = u8::from(!self.file.octets.is_empty());
        let sname = u8::from(!self.sname.octets.is_empty());
        if file + sname > 0 {
            self.options.push(code::OVERLOAD, &[file + 2 * sname]);
        }
        // RFC 3046 §2.1: relay information is the last option in the options field.
        if let Some(value) = relay {
            self.options.push(code::RELAY_AGENT, value);
        }
    }
}

/// One field of the message that holds options.
struct Field {
    /// How many octets may be used, the end option not counted.
    size: usize,
    octets: Vec<u8>,
}

impl Field {
    const fn of_size(size: usize) -> Self {
        Self { size: size.saturating_sub(1), octets: Vec::new() }
    }

    const fn free(&self) -> usize {
        self.size.saturating_sub(self.octets.len())
    }

    /// How many octets of one value the free room takes, tags deducted.
    const fn capacity(&self) -> usize {
        let (whole, rest) = (self.free() / (TAG + PIECE_MAX), self.free() % (TAG + PIECE_MAX));
        whole * PIECE_MAX + rest.saturating_sub(TAG)
    }

    const fn reserve(&mut self, len: usize) {
        self.size = self.size.saturating_sub(len);
    }

    /// Appends a value in consecutive pieces of at most 255 octets (RFC 3396 §6).
    fn push(&mut self, code: u8, value: &[u8]) {
        let empty: &[u8] = &[];
        for piece in value.chunks(PIECE_MAX).chain(value.is_empty().then_some(empty)) {
            self.octets.extend([code, u8::try_from(piece.len()).unwrap_or(u8::MAX)]);
            self.octets.extend_from_slice(piece);
        }
    }
}

/// The room that a value takes with its tags.
const fn encoded_len(value: &[u8]) -> usize {
    let pieces = value.len().div_ceil(PIECE_MAX);
    value.len() + TAG * if pieces == 0 { 1 } else { pieces }
}

#[cfg(test)]
mod tests;
