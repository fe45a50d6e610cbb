//! Whether a server answers, by the millisecond: its start and its reloads, as clients see them.

use std::fmt;
use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use lessor_types::{Datagram, Destination};
use lessor_wire::v4::{MessageType, Op, SERVER_PORT, View, code};
use serde_json::{Value, json};

use crate::crowd::Held;
use crate::identity;
use crate::message::{Drafts, Fill, Kind};
use crate::wire::Wire;

/// How long answers are waited for after the last question.
const LINGER: Duration = Duration::from_millis(200);

/// What was seen.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Seen {
    asked: u64,
    answered: u64,
    /// The longest time between two answers.
    gap: Duration,
    /// When the last answer came.
    last: Option<Instant>,
    /// The lifetime that it offered, in seconds; none if it offered none.
    lifetime: Option<u32>,
}

impl Seen {
    /// Takes one answer; whether it differs from the one before.
    fn take(&mut self, lifetime: Option<u32>, now: Instant) -> bool {
        let before = self.last.replace(now);
        self.gap = self.gap.max(before.map_or(Duration::ZERO, |before| now - before));
        self.answered += 1;
        before.is_none() | (std::mem::replace(&mut self.lifetime, lifetime) != lifetime)
    }

    /// The figures for a program.
    pub(crate) fn json(&self) -> Value {
        json!({
            "asked": self.asked,
            "answered": self.answered,
            "longest-gap-ns": u64::try_from(self.gap.as_nanos()).unwrap_or(u64::MAX),
        })
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { asked, answered, gap, .. } = self;
        write!(f, "asked {asked}, answered {answered}, the longest gap {gap:?}")
    }
}

/// Sends a DISCOVER of another client each time, and prints a line `answer SECONDS` for the first
/// OFFER and for each that offers another lifetime than the one before; until the input ends.
///
/// # Errors
/// Why it cannot go on, in words.
pub(crate) fn watch(
    mut wire: Wire,
    server: Ipv4Addr,
    first: u32,
    every: Duration,
) -> Result<Seen, String> {
    let ended = input_end();
    let drafts = Drafts::new(false);
    let (mut seen, mut arrived) = (Seen::default(), Vec::new());
    let source = wire.addr();
    let mut next = Instant::now();
    let mut end = None;
    println!("watching {server}");
    loop {
        let now = Instant::now();
        if end.is_none() && ended.load(Ordering::Relaxed) {
            next = now + LINGER;
            end = Some(next);
        }
        if end.is_some_and(|end| end <= now) {
            return Ok(seen);
        }
        if end.is_none() && next <= now && wire.has_room() {
            let number = first.wrapping_add(u32::try_from(seen.asked).unwrap_or(u32::MAX));
            let held = Held::NOTHING;
            let fill = Fill { xid: number, number, held, giaddr: source, broadcast: false };
            let to = Destination::Routed(SocketAddr::from((server, SERVER_PORT)));
            drafts.write(Kind::Discover, &fill, wire.push(source, to));
            wire.send();
            seen.asked += 1;
            // What could not be asked in time is not made up for.
            next = (next + every).max(now);
        }
        // A server that is not there yet is reported as an error; it is what is watched for.
        let _ = wire.receive(&mut arrived);
        let now = Instant::now();
        for lifetime in arrived.iter().filter_map(offered) {
            if seen.take(lifetime, now) {
                println!("answer {}", lifetime.unwrap_or_default());
            }
        }
        let patience = next.saturating_duration_since(Instant::now()).min(LINGER);
        if !patience.is_zero() {
            wire.wait(Some(patience)).map_err(|why| format!("cannot wait: {why}"))?;
        }
    }
}

/// The lifetime that is offered to one of our clients, if it is an offer to one.
fn offered(datagram: &Datagram) -> Option<Option<u32>> {
    let view = View::parse(&datagram.payload).ok()?;
    let number = view.xid().0;
    let ours = view.op() == Op::Reply.octet()
        && view.message_type() == Some(MessageType::Offer)
        && view.chaddr() == identity::hardware(number);
    let octets = view.option(code::LEASE_TIME);
    let octets: Option<[u8; 4]> = octets.and_then(|octets| octets[..].try_into().ok());
    ours.then(|| octets.map(u32::from_be_bytes))
}

/// What becomes true when the input ends.
fn input_end() -> Arc<AtomicBool> {
    let ended = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&ended);
    thread::spawn(move || {
        let mut input = std::io::stdin();
        let mut octets = [0; 64];
        while matches!(input.read(&mut octets), Ok(1..)) {}
        flag.store(true, Ordering::Relaxed);
    });
    ended
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_answer_and_changes_are_told_and_gaps_are_between_answers() {
        let begun = Instant::now();
        let mut seen = Seen::default();
        let mut told = Vec::new();
        for (millis, lifetime) in [(900, 60), (901, 60), (1000, 70), (1001, 70), (1003, 60)] {
            told.push(seen.take(Some(lifetime), begun + Duration::from_millis(millis)));
        }
        assert_eq!(told, [true, false, true, false, true]);
        assert_eq!((seen.gap, seen.answered), (Duration::from_millis(99), 5));
    }
}
