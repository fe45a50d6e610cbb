//! Octets that change on the way.
//!
//! Never those that say whom a packet is from and what kind it is: a server that is told by a
//! checksum-less packet that somebody gives up his address has no way to know better.

use std::rc::Rc;

use lessor_types::Prng;
use lessor_wire::v4::{DATAGRAM_MIN, Message, MessageType, code};

use super::packets::gist_of_octets;
use super::{Letter, Mail, World};
use crate::coverage::Goal;
use crate::draw::{self, Kind, between};
use crate::history::{Gist, Station};

/// The fixed fields before the link-layer address: what may change among them begins with `hops`.
const HOPS: usize = 3;
/// The relay's address, and the link-layer address with its padding.
const WHO: std::ops::Range<usize> = 24..44;
/// Where the options begin, behind the cookie.
const OPTIONS: usize = 240;

impl World<'_> {
    fn damage_rng(&self, from: Station, number: u64) -> Prng {
        draw::draw(self.seed, Kind::Damage, from.number(), 0, self.t ^ (number << 40))
    }

    /// A packet with changed octets.
    pub(super) fn damaged(&mut self, mail: &Mail, from: Station, number: u64) -> Mail {
        self.reach(Goal::Damaged);
        let mut rng = self.damage_rng(from, number);
        let mut other = mail.clone();
        damage(&mut other.datagram.payload, &mut rng);
        other.gist = gist_of_octets(&other.datagram.payload);
        if self.claims_another(mail.gist, other.gist) { mail.clone() } else { other }
    }

    /// Whether a client seems to say that it uses an address that it does not, where such words are
    /// believed because leases may be missing.
    fn claims_another(&self, before: Gist, after: Gist) -> bool {
        let is_request = before.kind == MessageType::Request.octet();
        self.is_restorable && is_request && before.addr != after.addr
    }

    /// A message with changed octets, if a relay takes it for one.
    pub(super) fn damaged_letter(
        &mut self,
        letter: &Letter,
        from: Station,
        number: u64,
    ) -> Option<Letter> {
        self.reach(Goal::Damaged);
        let mut rng = self.damage_rng(from, number);
        let mut octets = letter.message.encode(DATAGRAM_MIN).octets;
        damage(&mut octets, &mut rng);
        let message = Message::decode(&octets).ok()?;
        let mut letter = letter.clone();
        letter.message = Rc::new(message);
        let before = std::mem::replace(&mut letter.gist, gist_of_octets(&octets));
        (!self.claims_another(before, letter.gist)).then_some(letter)
    }
}

/// Changes a few octets, or cuts so many off that nothing is left of the options.
fn damage(octets: &mut Vec<u8>, rng: &mut Prng) {
    if rng.chance_ppm(200_000) {
        let len = usize::try_from(rng.below(OPTIONS as u64)).unwrap_or(0);
        octets.truncate(len);
        return;
    }
    let places = changeable(octets);
    for _ in 0..between(rng, 1, 3) {
        let at = usize::try_from(rng.below(places.len() as u64)).unwrap_or(0);
        if let Some(octet) = places.get(at).and_then(|at| octets.get_mut(*at)) {
            *octet ^= 1 << rng.below(8);
        }
    }
}

/// The octets that may change: fixed fields, and the values of options that name nobody.
fn changeable(octets: &[u8]) -> Vec<usize> {
    let fields = (HOPS..OPTIONS.min(octets.len())).filter(|at| !WHO.contains(at));
    let mut places: Vec<usize> = fields.collect();
    let mut at = OPTIONS;
    while let (Some(&option), Some(&len)) = (octets.get(at), octets.get(at + 1)) {
        if option == code::END {
            break;
        }
        if option == code::PAD {
            at += 1;
            continue;
        }
        let value = at + 2..at + 2 + usize::from(len);
        if !matches!(option, code::MESSAGE_TYPE | code::CLIENT_ID | code::RELAY_AGENT) {
            places.extend(value.clone());
        }
        at = value.end;
    }
    places
}

#[cfg(test)]
mod tests {
    use lessor_types::{HwAddr, Seed, Xid};
    use lessor_wire::v4::Op;

    use super::*;

    #[test]
    fn whom_a_packet_is_from_does_not_change() {
        let hw = HwAddr::ethernet([2, 0, 0, 0, 0, 9]);
        let mut message = Message::new(Op::Request, Xid(7), hw);
        message.set_message_type(MessageType::Request);
        message.options.insert(code::CLIENT_ID, [0xff, 1, 2, 3]);
        message.options.insert(code::REQUESTED_ADDRESS, [10, 0, 0, 9]);
        let octets = message.encode(DATAGRAM_MIN).octets;
        let mut changed = 0;
        for number in 0..500 {
            let mut other = octets.clone();
            damage(&mut other, &mut Seed(1).keyed(1, number));
            let Ok(read) = Message::decode(&other) else {
                continue;
            };
            changed += u32::from(read != message);
            assert_eq!(read.hw, message.hw);
            assert_eq!(read.client_id(), message.client_id());
            assert_eq!(read.message_type(), message.message_type());
        }
        assert!(changed > 200, "{changed}");
    }
}
