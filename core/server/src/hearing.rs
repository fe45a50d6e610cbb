//! Since when a packet may have been waiting to be heard.
//!
//! A release on a shared store is held against the date at which some server last confirmed the
//! lease. That is worth something only with the time at which the release came, and a process that
//! stood still finds packets in its sockets that came meanwhile. It cannot tell such a standstill
//! from sleep in which nothing came: after both, a packet counts as come when the sleep began.

use std::time::Duration;

use lessor_types::Mono;

/// Two turns that are further apart than this had a silence between them.
const SILENCE: Duration = Duration::from_millis(1500);
/// For how long after a silence packets may still be from it: longer than it takes to hear all that
/// waited.
const CATCH_UP: Duration = Duration::from_secs(2);
/// After a confirmation, when a silence may begin: later than packets overtake each other by, and
/// the second that dates are rounded up by.
const SETTLED: Duration = Duration::from_secs(3);

/// What is known of that.
#[derive(Clone, Copy, Debug)]
pub struct Hearing {
    last_turn: Mono,
    /// Whether more had come than the last turn took.
    is_behind: bool,
    /// When the last silence began, and until when packets that are heard may be from it.
    silence: Option<(Mono, Mono)>,
    confirmed: Option<Mono>,
}

impl Hearing {
    /// A server that hears from now on.
    #[must_use]
    pub const fn new(now: Mono) -> Self {
        Self { last_turn: now, is_behind: false, silence: None, confirmed: None }
    }

    /// A turn begins.
    pub fn turn(&mut self, now: Mono) {
        self.silence = self.silence.filter(|(_, until)| self.is_behind || *until > now);
        if now.since(self.last_turn) > SILENCE {
            let before = self.silence.filter(|_| self.is_behind);
            let since = before.map_or(self.last_turn, |(since, _)| since);
            self.silence = Some((since, now.after(CATCH_UP)));
        }
        self.last_turn = now;
        self.is_behind = true;
    }

    /// A turn has taken all that had come.
    pub const fn heard_all(&mut self) {
        self.is_behind = false;
    }

    /// A client is told that it has a lease.
    pub const fn confirmed(&mut self, now: Mono) {
        self.confirmed = Some(now);
    }

    /// When a packet came at the earliest that is heard in this turn.
    #[must_use]
    pub fn came_after(&self) -> Mono {
        self.silence.map_or(self.last_turn, |(since, _)| since)
    }

    /// When a turn is due so that a silence does not begin right behind a confirmation, if it could:
    /// a release from that silence could never be told from one that the confirmation overtook.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        let settled = self.confirmed?.after(SETTLED);
        (self.last_turn < settled).then_some(settled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Mono {
        Mono::ZERO.after(Duration::from_millis(ms))
    }

    fn came(hearing: &mut Hearing, ms: u64, all: bool) -> Mono {
        hearing.turn(at(ms));
        if all {
            hearing.heard_all();
        }
        hearing.came_after()
    }

    #[test]
    fn after_a_silence_packets_may_be_as_old_as_that() {
        let mut hearing = Hearing::new(at(0));
        assert_eq!(came(&mut hearing, 1500, true), at(1500));
        assert_eq!(came(&mut hearing, 61_500, true), at(1500));
        // It may take a few turns to hear all that waited.
        assert_eq!(came(&mut hearing, 63_000, true), at(1500));
        assert_eq!(came(&mut hearing, 63_500, true), at(63_500));
        // Whoever has heard all begins a new silence, and nobody else does.
        assert_eq!(came(&mut hearing, 70_000, true), at(63_500));
        assert_eq!(came(&mut hearing, 71_600, true), at(70_000));
        assert_eq!(came(&mut hearing, 80_000, false), at(71_600));
        assert_eq!(came(&mut hearing, 81_600, false), at(71_600));
        assert_eq!(came(&mut hearing, 90_000, true), at(71_600));
        assert_eq!(came(&mut hearing, 90_001, true), at(71_600));
    }

    #[test]
    fn no_silence_begins_right_behind_a_confirmation() {
        let mut hearing = Hearing::new(at(0));
        assert_eq!(hearing.next_deadline(), None);
        hearing.confirmed(at(1000));
        came(&mut hearing, 1100, true);
        assert_eq!(hearing.next_deadline(), Some(at(4000)));
        came(&mut hearing, 4000, true);
        assert_eq!(hearing.next_deadline(), None);
        assert_eq!(came(&mut hearing, 90_000, true), at(4000));
    }
}
