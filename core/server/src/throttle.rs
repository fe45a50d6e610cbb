//! How often one place may do what a forger could do in others' names.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lessor_types::Mono;

use crate::quarter::Quarter;

/// How often something may happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// The time after which it may happen once more.
    pub every: Duration,
    /// How often it may happen at once, after a long rest.
    pub burst: u32,
}

/// Counts by places. Each has its own allowance; beyond a number of busy places, all further ones
/// share one.
#[derive(Debug)]
pub struct Throttle {
    rate: Rate,
    places_max: usize,
    /// When each place will have its whole allowance again. Places that have it are not kept.
    rested: BTreeMap<Quarter, Mono>,
    by_rest: BTreeSet<(Mono, Quarter)>,
    others: Mono,
}

impl Throttle {
    /// Nobody has done anything yet.
    #[must_use]
    pub const fn new(rate: Rate, places_max: usize) -> Self {
        Self {
            rate,
            places_max,
            rested: BTreeMap::new(),
            by_rest: BTreeSet::new(),
            others: Mono::ZERO,
        }
    }

    /// Whether a place may do it now; if so, it is taken to be done.
    pub fn admit(&mut self, place: Quarter, now: Mono) -> bool {
        while let Some((at, rested)) = self.by_rest.first().copied()
            && at <= now
        {
            self.by_rest.remove(&(at, rested));
            self.rested.remove(&rested);
        }
        let known = self.rested.get(&place).copied();
        let crowded = known.is_none() && self.rested.len() >= self.places_max;
        let rest = if crowded { self.others } else { known.unwrap_or(now) }.max(now);
        let debt = rest.since(now);
        if debt > self.rate.every.saturating_mul(self.rate.burst.saturating_sub(1)) {
            return false;
        }
        let rest = rest.after(self.rate.every);
        if crowded {
            self.others = rest;
            return true;
        }
        if let Some(before) = self.rested.insert(place, rest) {
            self.by_rest.remove(&(before, place));
        }
        self.by_rest.insert((rest, place));
        true
    }

    /// How many places do not have their whole allowance.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rested.len()
    }

    /// Whether every place has its whole allowance.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rested.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, SocketAddr};

    use lessor_policy::Query;
    use lessor_types::{Datagram, HwAddr, LinkId, Xid};
    use lessor_wire::v4::{Message, MessageType, Op};

    use super::*;

    const RATE: Rate = Rate { every: Duration::from_secs(1), burst: 3 };

    fn place(relay: u8) -> Quarter {
        let mut message =
            Message::new(Op::Request, Xid(1), HwAddr::ethernet([2, 0, 0, 0, 0, relay]));
        message.set_message_type(MessageType::Discover);
        message.giaddr = Ipv4Addr::new(10, relay, 0, 1);
        Quarter::of(
            &Query::read(&Datagram {
                link: LinkId(1),
                source: SocketAddr::from((message.giaddr, 67)),
                dest: IpAddr::V4(Ipv4Addr::BROADCAST),
                payload: message.encode(576).octets,
            })
            .expect("a lawful query"),
        )
    }

    fn at(ms: u64) -> Mono {
        Mono::ZERO.after(Duration::from_millis(ms))
    }

    #[test]
    fn each_place_has_an_allowance_that_grows_again() {
        let mut throttle = Throttle::new(RATE, 10);
        let admitted = |throttle: &mut Throttle, relay, ms| throttle.admit(place(relay), at(ms));
        for _ in 0..3 {
            assert!(admitted(&mut throttle, 1, 0));
        }
        assert!(!admitted(&mut throttle, 1, 0));
        assert!(!admitted(&mut throttle, 1, 999));
        assert!(admitted(&mut throttle, 2, 999), "another's allowance is its own");
        assert!(admitted(&mut throttle, 1, 1000));
        assert!(!admitted(&mut throttle, 1, 1001));
        for _ in 0..3 {
            assert!(admitted(&mut throttle, 1, 60_000));
        }
        assert!(!admitted(&mut throttle, 1, 60_000));
        assert_eq!(throttle.len(), 1, "a place that has rested is forgotten");
    }

    #[test]
    fn ever_new_places_share_one_allowance() {
        let mut throttle = Throttle::new(RATE, 2);
        assert!(throttle.admit(place(1), at(0)) && throttle.admit(place(2), at(0)));
        let more = (3..200).filter(|relay| throttle.admit(place(*relay), at(0))).count();
        assert_eq!((more, throttle.len()), (3, 2));
        assert!(throttle.admit(place(1), at(0)), "who was there before has what it had");
    }
}
