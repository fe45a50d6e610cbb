//! The loop that sends, reads and counts.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use lessor_types::{Datagram, Destination};
use lessor_wire::v4::{MessageType, Op, SERVER_PORT, View, code};

use crate::crowd::{Crowd, Held};
use crate::flights::{Choice, Flight, Flights, Leg, State};
use crate::identity;
use crate::message::{Drafts, Fill, Kind};
use crate::mix::{Deed, Mix};
use crate::pace::Pace;
use crate::tally::{Measure, Tally};
use crate::wire::Wire;

/// How long second answers are waited for after the last first one.
const LINGER: Duration = Duration::from_millis(20);
/// The server that clients ask who forgo an offer; it is nowhere (RFC 5737).
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// How clients reach the server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// By broadcasts, and from their own address once they have one.
    Link,
    /// Through relays that we are.
    Relayed {
        /// Each client has one of them.
        giaddrs: Vec<Ipv4Addr>,
        server: Ipv4Addr,
    },
}

/// A stretch of work.
#[derive(Clone, Debug)]
pub(crate) struct Phase {
    pub(crate) pace: Pace,
    pub(crate) mix: Mix,
    /// Nanoseconds in which deeds begin.
    pub(crate) last: u64,
    /// Deeds that begin at most.
    pub(crate) deeds: u64,
    /// Nanoseconds at the beginning that do not count; none if nothing counts.
    pub(crate) uncounted: Option<u64>,
    /// How often a message without answer is sent again.
    pub(crate) retries: u8,
}

impl Phase {
    /// Whether no more deeds begin. What was due in time may begin a fiftieth of the time later, so
    /// that a hiccup at the end is not taken for a generator that cannot keep up.
    fn is_over(&self, begun: u64, elapsed: u64) -> bool {
        let late = match self.pace {
            Pace::Open { .. } => self.pace.due(begun, 0, 0).is_some_and(|due| due < self.last),
            Pace::Closed { .. } => false,
        };
        let grace = if late { self.last / 50 } else { 0 };
        elapsed >= self.last.saturating_add(grace)
    }
}

/// All that a run needs and has.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(crate) wire: Wire,
    pub(crate) way: Way,
    pub(crate) drafts: Drafts,
    pub(crate) crowd: Crowd,
    pub(crate) flights: Flights,
    pub(crate) tally: Tally,
    /// The number of the first client.
    pub(crate) first: u32,
    /// Nanoseconds until an answer counts as dropped.
    pub(crate) timeout: u64,
    /// What times count from.
    pub(crate) epoch: Instant,
}

impl Driver {
    /// Works through one phase.
    ///
    /// # Errors
    /// Why it cannot go on, in words.
    pub(crate) fn run(&mut self, mut phase: Phase) -> Result<(), String> {
        let start = self.now();
        let counted_from = phase.uncounted.map(|uncounted| start + uncounted);
        let mut begun = 0;
        let mut arrived = Vec::new();
        loop {
            let now = self.now();
            let over = begun >= phase.deeds || phase.is_over(begun, now - start);
            let next = if over { None } else { self.begin_due(&mut phase, &mut begun, start, now) };
            self.expire(now);
            self.wire.send();
            // What one socket reports as an error, such as a server that is not there yet, shows
            // in the figures as answers that do not come.
            let _ = self.wire.receive(&mut arrived);
            if !arrived.is_empty() {
                self.take(&arrived, counted_from);
                continue;
            }
            if over && self.flights.waiting() == 0 {
                self.note_span(counted_from, start.saturating_add(phase.last).min(now));
                self.count_unstarted(&phase, begun);
                break;
            }
            self.rest(next)?;
        }
        self.linger()
    }

    /// Begins what is due; says when the next deed is, if the clock is to say.
    fn begin_due(
        &mut self,
        phase: &mut Phase,
        begun: &mut u64,
        start: u64,
        now: u64,
    ) -> Option<u64> {
        while *begun < phase.deeds && self.wire.has_room() {
            let waiting = self.flights.waiting();
            let due = phase.pace.due(*begun, waiting, now - start).filter(|due| *due < phase.last);
            let due = start + due?;
            if due > now {
                return Some(due);
            }
            let counted = phase.uncounted.is_some_and(|uncounted| due >= start + uncounted);
            if !self.begin(phase.mix.next(), due, now, counted, phase.retries) {
                let closed = matches!(phase.pace, Pace::Closed { .. });
                if closed && waiting > 0 {
                    // Somebody will be back.
                    return None;
                }
                self.tally.odd.starved += u64::from(counted);
            }
            *begun += 1;
        }
        Some(now)
    }

    fn take(&mut self, arrived: &[Datagram], counted_from: Option<u64>) {
        let read = self.now();
        for datagram in arrived {
            self.on_answer(datagram, read);
        }
        self.wire.send();
        self.note_span(counted_from, read);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn note_span(&mut self, counted_from: Option<u64>, now: u64) {
        if let Some(from) = counted_from {
            self.tally.span = self.tally.span.max(now.saturating_sub(from));
        }
    }

    fn count_unstarted(&mut self, phase: &Phase, mut begun: u64) {
        let by_clock = matches!(phase.pace, Pace::Open { .. }) && phase.uncounted.is_some();
        while by_clock
            && begun < phase.deeds
            && phase.pace.due(begun, 0, 0).is_some_and(|due| due < phase.last)
        {
            self.tally.odd.unstarted += 1;
            begun += 1;
        }
    }

    /// Sleeps until something is to be done: a deed, an answer, a deadline, room in the kernel.
    fn rest(&mut self, next: Option<u64>) -> Result<(), String> {
        let next = next.filter(|_| self.wire.has_room());
        let next = [next, self.flights.next_deadline()].into_iter().flatten().min();
        let patience = match next {
            Some(next) => Duration::from_nanos(next.saturating_sub(self.now())),
            None => LINGER,
        };
        if patience.is_zero() {
            return Ok(());
        }
        self.wire.wait(Some(patience)).map_err(|why| format!("cannot wait: {why}"))
    }

    /// Takes what comes after the last answer that was waited for.
    fn linger(&mut self) -> Result<(), String> {
        let mut arrived = Vec::new();
        let end = Instant::now() + LINGER;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            self.wire.wait(Some(left)).map_err(|why| format!("cannot wait: {why}"))?;
            let _ = self.wire.receive(&mut arrived);
            self.take(&arrived, None);
        }
        Ok(())
    }

    /// Begins one deed, unless there is no client for it.
    fn begin(&mut self, deed: Deed, scheduled: u64, now: u64, counted: bool, retries: u8) -> bool {
        let taken = match deed {
            Deed::Exchange | Deed::Discover | Deed::Forgo => {
                self.crowd.take_any().map(|client| (client, Held::NOTHING))
            }
            Deed::Renew | Deed::Release => self.crowd.take_bound(),
        };
        let Some((client, held)) = taken else { return false };
        let (leg, choice) = match deed {
            Deed::Exchange => (Leg::Offer, Choice::Take),
            Deed::Discover => (Leg::Offer, Choice::Leave),
            Deed::Forgo => (Leg::Offer, Choice::Forgo),
            Deed::Renew => (Leg::Renewal, Choice::Take),
            Deed::Release => {
                // Nobody answers it, so its transaction is nothing to wait for.
                self.send(Kind::Release, client, client, held);
                self.crowd.free(client);
                if counted {
                    self.tally.row(Measure::Release).sent += 1;
                }
                return true;
            }
        };
        let until = now + self.timeout;
        let state = State::Waiting(leg);
        let flight = Flight {
            client,
            state,
            scheduled,
            leg_from: scheduled,
            until,
            retries,
            held,
            choice,
            counted,
        };
        let xid = self.flights.begin(flight);
        self.send_leg(xid, leg, client, held);
        if counted {
            self.tally.slip.record(now - scheduled);
            for measure in measures(leg, choice) {
                self.tally.row(*measure).sent += 1;
            }
        }
        true
    }

    fn send_leg(&mut self, xid: u32, leg: Leg, client: u32, held: Held) {
        let kind = match leg {
            Leg::Offer => Kind::Discover,
            Leg::Ack => Kind::Select,
            Leg::Renewal => Kind::Renew,
        };
        self.send(kind, xid, client, held);
    }

    fn send(&mut self, kind: Kind, xid: u32, client: u32, held: Held) {
        let number = self.first.wrapping_add(client);
        let unicast = matches!(kind, Kind::Renew | Kind::Release);
        let to_server = |server| Destination::Routed(SocketAddr::from((server, SERVER_PORT)));
        let (source, to, giaddr) = match &self.way {
            Way::Relayed { giaddrs, server } => {
                let at = number as usize % giaddrs.len().max(1);
                let giaddr = giaddrs.get(at).copied().unwrap_or(Ipv4Addr::UNSPECIFIED);
                (giaddr, to_server(*server), giaddr)
            }
            Way::Link if unicast => (held.addr, to_server(held.server), Ipv4Addr::UNSPECIFIED),
            Way::Link => {
                let to = Destination::Broadcast { port: SERVER_PORT };
                (Ipv4Addr::UNSPECIFIED, to, Ipv4Addr::UNSPECIFIED)
            }
        };
        let broadcast = matches!(to, Destination::Broadcast { .. });
        let fill = Fill { xid, number, held, giaddr, broadcast };
        self.drafts.write(kind, &fill, self.wire.push(source, to));
    }

    fn expire(&mut self, now: u64) {
        while let Some((xid, flight)) = self.flights.overdue(now) {
            let State::Waiting(leg) = flight.state else { continue };
            if flight.retries > 0 {
                let until = now + self.timeout;
                let again = Flight { until, retries: flight.retries - 1, ..flight };
                self.flights.go_on(xid, again);
                self.send_leg(xid, leg, flight.client, flight.held);
                self.tally.odd.resent += u64::from(flight.counted);
                continue;
            }
            self.flights.end(xid, State::Dropped);
            self.crowd.give_back(flight.client);
            if flight.counted {
                for measure in measures(leg, flight.choice) {
                    self.tally.row(*measure).dropped += 1;
                }
            }
        }
    }

    fn on_answer(&mut self, datagram: &Datagram, now: u64) {
        let Ok(view) = View::parse(&datagram.payload) else {
            self.tally.odd.stray += 1;
            return;
        };
        let xid = view.xid().0;
        let known = self.flights.get(xid).filter(|flight| {
            let hw = identity::hardware(self.first.wrapping_add(flight.client));
            view.op() == Op::Reply.octet() && view.chaddr() == hw
        });
        let Some(flight) = known else {
            self.tally.odd.stray += 1;
            return;
        };
        match (flight.state, view.message_type()) {
            (State::Waiting(Leg::Offer), Some(MessageType::Offer)) => {
                self.on_offer(xid, flight, &view, now);
            }
            (State::Waiting(leg @ (Leg::Ack | Leg::Renewal)), Some(MessageType::Ack)) => {
                self.on_ack(xid, flight, leg, view.yiaddr(), now);
            }
            (State::Waiting(leg @ (Leg::Ack | Leg::Renewal)), Some(MessageType::Nak)) => {
                self.flights.end(xid, State::Refused);
                self.crowd.free(flight.client);
                if flight.counted {
                    for measure in measures(leg, flight.choice) {
                        self.tally.row(*measure).refused += 1;
                    }
                }
            }
            (State::Dropped, _) => self.tally.odd.late += 1,
            (State::Waiting(Leg::Ack), Some(MessageType::Offer)) | (State::Done, _) => {
                self.tally.odd.doubled += 1;
            }
            _ => self.tally.odd.stray += 1,
        }
    }

    fn on_offer(&mut self, xid: u32, flight: Flight, view: &View<'_>, now: u64) {
        let server = view.option(code::SERVER_ID);
        let server: Option<[u8; 4]> = server.and_then(|octets| octets[..].try_into().ok());
        let held = Held { addr: view.yiaddr(), server: server.unwrap_or_default().into() };
        if flight.choice != Choice::Take {
            self.pass_over(xid, flight, held, now);
            return;
        }
        let state = State::Waiting(Leg::Ack);
        let until = now + self.timeout;
        self.flights.go_on(xid, Flight { state, leg_from: now, until, held, ..flight });
        self.send_leg(xid, Leg::Ack, flight.client, held);
        if flight.counted {
            let row = self.tally.row(Measure::Discover);
            row.answered += 1;
            row.latency.record(now - flight.leg_from);
            self.tally.row(Measure::Request).sent += 1;
        }
    }

    /// It was offered something and does not take it.
    fn pass_over(&mut self, xid: u32, flight: Flight, held: Held, now: u64) {
        self.flights.end(xid, State::Done);
        self.crowd.free(flight.client);
        if flight.choice == Choice::Forgo {
            let elsewhere = Held { server: ELSEWHERE, ..held };
            self.send_leg(xid, Leg::Ack, flight.client, elsewhere);
        }
        if flight.counted {
            let row = self.tally.row(Measure::Offer);
            row.answered += 1;
            row.latency.record(now - flight.scheduled);
        }
    }

    fn on_ack(&mut self, xid: u32, flight: Flight, leg: Leg, addr: Ipv4Addr, now: u64) {
        self.flights.end(xid, State::Done);
        self.crowd.bind(flight.client, Held { addr, ..flight.held });
        if !flight.counted {
            return;
        }
        let (measure, from) = match leg {
            Leg::Renewal => (Measure::Renew, flight.scheduled),
            Leg::Ack | Leg::Offer => {
                let row = self.tally.row(Measure::Request);
                row.answered += 1;
                row.latency.record(now - flight.leg_from);
                (Measure::Exchange, flight.scheduled)
            }
        };
        let row = self.tally.row(measure);
        row.answered += 1;
        row.latency.record(now - from);
    }
}

/// What begins with a first leg, and what fails with any.
const fn measures(leg: Leg, choice: Choice) -> &'static [Measure] {
    match (leg, choice) {
        (Leg::Offer, Choice::Take) => &[Measure::Discover, Measure::Exchange],
        (Leg::Offer, Choice::Leave | Choice::Forgo) => &[Measure::Offer],
        (Leg::Ack, _) => &[Measure::Request, Measure::Exchange],
        (Leg::Renewal, _) => &[Measure::Renew],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_due_in_time_may_begin_a_little_later() {
        let phase = |pace| Phase {
            pace,
            mix: Mix::only(Deed::Exchange),
            last: 1_000_000_000,
            deeds: u64::MAX,
            uncounted: Some(0),
            retries: 0,
        };
        let open = phase(Pace::Open { rate: 100 });
        assert!(!open.is_over(0, 999_999_999));
        assert!(!open.is_over(99, 1_019_999_999), "one is due");
        assert!(open.is_over(99, 1_020_000_000), "too late even so");
        assert!(open.is_over(100, 1_000_000_000), "all have begun");
        assert!(phase(Pace::Closed { window: 1 }).is_over(0, 1_000_000_000));
    }
}
