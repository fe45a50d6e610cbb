//! What waits for answers, by transaction.

use std::collections::VecDeque;

use crate::crowd::Held;

/// What a client is waiting for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Leg {
    /// The OFFER to its DISCOVER.
    Offer,
    /// The ACK to its first REQUEST.
    Ack,
    /// The ACK to its renewal.
    Renewal,
}

/// Where a transaction stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    Waiting(Leg),
    /// It got all its answers.
    Done,
    /// An answer did not come in time.
    Dropped,
    /// The server said no.
    Refused,
}

/// What a client does with the first offer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Choice {
    /// Asks for it.
    Take,
    /// Says nothing.
    Leave,
    /// Asks another server, for this one to hear (RFC 2131 §4.3.2).
    Forgo,
}

/// One transaction. Times are nanoseconds of the run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Flight {
    pub(crate) client: u32,
    pub(crate) state: State,
    /// When it was to begin, whether or not it did.
    pub(crate) scheduled: u64,
    /// When this leg was to begin.
    pub(crate) leg_from: u64,
    /// When this leg has taken too long.
    pub(crate) until: u64,
    /// How often the message may be sent again.
    pub(crate) retries: u8,
    pub(crate) held: Held,
    pub(crate) choice: Choice,
    /// Whether it counts in the figures.
    pub(crate) counted: bool,
}

/// All that wait, and for a while those that do not any more, so that second answers show.
#[derive(Debug)]
pub(crate) struct Flights {
    /// In the order of their transaction numbers.
    ring: VecDeque<Flight>,
    /// The transaction number of the first in the ring.
    first: u32,
    waiting: usize,
    /// Ends of legs, ascending, since all legs have the same time.
    deadlines: VecDeque<(u64, u32)>,
}

impl Flights {
    /// None; the first will have this number.
    pub(crate) const fn new(first: u32) -> Self {
        Self { ring: VecDeque::new(), first, waiting: 0, deadlines: VecDeque::new() }
    }

    /// How many wait.
    pub(crate) const fn waiting(&self) -> usize {
        self.waiting
    }

    /// Takes one that waits; returns its transaction number.
    pub(crate) fn begin(&mut self, flight: Flight) -> u32 {
        // Deadlines of 2^32 transactions never lie in the ring together.
        let len = u32::try_from(self.ring.len()).unwrap_or(u32::MAX);
        let xid = self.first.wrapping_add(len);
        self.deadlines.push_back((flight.until, xid));
        self.ring.push_back(flight);
        self.waiting += 1;
        xid
    }

    pub(crate) fn get(&self, xid: u32) -> Option<Flight> {
        let at = usize::try_from(xid.wrapping_sub(self.first)).ok()?;
        self.ring.get(at).copied()
    }

    /// Goes on to another leg, or waits for the same answer again.
    pub(crate) fn go_on(&mut self, xid: u32, flight: Flight) {
        if let Some(slot) = self.slot(xid) {
            *slot = flight;
            self.deadlines.push_back((flight.until, xid));
        }
    }

    /// It waits no longer.
    pub(crate) fn end(&mut self, xid: u32, state: State) {
        if let Some(slot) = self.slot(xid)
            && matches!(slot.state, State::Waiting(_))
        {
            slot.state = state;
            self.waiting -= 1;
        }
    }

    /// The next whose leg has taken too long. It must be ended or go on.
    pub(crate) fn overdue(&mut self, now: u64) -> Option<(u32, Flight)> {
        while let Some(&(until, xid)) = self.deadlines.front().filter(|(until, _)| *until <= now) {
            self.deadlines.pop_front();
            let flight = self.get(xid).filter(|flight| flight.until == until);
            if let Some(flight) = flight.filter(|it| matches!(it.state, State::Waiting(_))) {
                return Some((xid, flight));
            }
        }
        self.forget(now);
        None
    }

    /// When something may be overdue next.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        self.deadlines.front().map(|(until, _)| *until)
    }

    fn forget(&mut self, now: u64) {
        while let Some(front) = self.ring.front()
            && !matches!(front.state, State::Waiting(_))
            && front.until <= now
        {
            self.ring.pop_front();
            self.first = self.first.wrapping_add(1);
        }
    }

    fn slot(&mut self, xid: u32) -> Option<&mut Flight> {
        self.ring.get_mut(usize::try_from(xid.wrapping_sub(self.first)).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flight(until: u64) -> Flight {
        Flight {
            client: 0,
            state: State::Waiting(Leg::Offer),
            scheduled: 0,
            leg_from: 0,
            until,
            retries: 0,
            held: Held::NOTHING,
            choice: Choice::Take,
            counted: true,
        }
    }

    #[test]
    fn each_is_overdue_once_and_answered_ones_never() {
        let mut flights = Flights::new(u32::MAX);
        let [a, b, c] = [10, 20, 30].map(|until| flights.begin(flight(until)));
        assert_eq!((a, b, c), (u32::MAX, 0, 1), "the numbers wrap");
        flights.end(a, State::Done);
        flights.end(a, State::Dropped);
        flights.go_on(b, flight(40));
        assert_eq!(flights.waiting(), 2);
        assert_eq!(flights.overdue(30), Some((c, flight(30))));
        flights.end(c, State::Dropped);
        assert_eq!(flights.overdue(30), None);
        assert_eq!(flights.get(a), None, "forgotten, but c is kept behind b");
        assert_eq!(flights.get(c).map(|it| it.state), Some(State::Dropped));
        assert_eq!(flights.overdue(40), Some((b, flight(40))));
        flights.end(b, State::Dropped);
        assert_eq!(flights.overdue(40), None);
        assert_eq!((flights.waiting(), flights.get(c)), (0, None));
    }

    #[test]
    fn what_ended_is_known_until_its_time_is_over() {
        let mut flights = Flights::new(5);
        let xid = flights.begin(flight(10));
        flights.end(xid, State::Done);
        assert_eq!(flights.overdue(9), None);
        assert_eq!(flights.get(xid).map(|it| it.state), Some(State::Done));
        assert_eq!(flights.overdue(10), None);
        assert_eq!(flights.get(xid), None);
    }
}
