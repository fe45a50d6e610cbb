//! What is taken up from a former life, and what is kept for the next one.

use lessor_lease::{Longest, Lost, Memory, Past};
use lessor_types::{Mono, Now, Secs, Wall};

use super::Server;
use crate::hold_off::REMEMBER_EVERY;
use crate::planted::Planted;
use crate::{Event, HoldOff, Output};

/// When something is to be remembered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remember {
    /// When it has been long enough, if there is anything new since.
    at: Mono,
    is_due: bool,
    is_new: bool,
}

impl Remember {
    pub(super) const fn at_once(now: Mono) -> Self {
        Self { at: now, is_due: true, is_new: true }
    }

    pub(super) const fn now(&mut self) {
        self.is_due = true;
    }

    /// A lease changes.
    pub(super) const fn changed(&mut self) {
        self.is_new = true;
    }

    pub(super) fn next(&self) -> Option<Mono> {
        self.is_new.then_some(self.at)
    }
}

impl Server {
    /// Takes up what is known of former lives.
    pub(super) fn look_back(&mut self, past: &Past, leapt: Option<i128>) {
        if self.calendar.is_unset() {
            self.event(Event::ClockUnset(self.now.wall));
        }
        if let Some(leap) = leapt {
            self.event(leap_of(leap));
        }
        let left = past.memory.as_ref().and_then(|memory| memory.hold_off).map(|left| match left {
            Longest::For(left) => {
                let elapsed = past.elapsed(self.now.mono).unwrap_or_default();
                Longest::For(left.saturating_sub(elapsed))
            }
            Longest::Endless => left,
        });
        if let Some(why) = past.lost {
            let longest = self.calendar.longest();
            let length = left.map_or(longest, |left| left.max(longest));
            self.hold_off(length);
            self.event(Event::HoldOffBegan { why, secs: secs_of(length) });
        } else if let Some(length) = left {
            self.hold_off(length);
            self.event(Event::HoldOffContinued(secs_of(length)));
        }
    }

    /// The clocks as far as they are to be believed.
    pub(super) fn believe(&self, now: Now) -> Now {
        self.calendar.believe(now)
    }

    /// The date that leases get when the wall clock shows `wall`, for those who check them.
    #[must_use]
    pub fn date(&self, now: Now) -> Wall {
        self.believe(now).wall
    }

    /// Compares the clocks; `clock` is what the wall clock shows.
    pub(super) fn look_at_clocks(&mut self, clock: Wall) {
        let is_other = self.calendar.look(clock);
        if let Some(leap) = self.calendar.observe(self.now) {
            self.event(leap_of(leap));
            self.remember.now();
        }
        if is_other {
            self.remember.now();
            self.event(if self.calendar.is_unset() {
                Event::ClockUnset(self.now.wall)
            } else {
                Event::ClockSet
            });
        }
    }

    fn hold_off(&mut self, length: Longest) {
        if !self.is_shared() {
            let seen = self.calendar.seen();
            self.hold_off = Some(HoldOff::new(self.now.mono, length, seen));
            self.era += 1;
        }
    }

    /// Leases are missing.
    pub(super) fn begin_hold_off(&mut self, why: Lost, period: Option<Secs>) {
        if self.is_shared() {
            return;
        }
        let length = match period {
            Some(period) => Longest::For(period.duration()),
            None => self.calendar.longest(),
        };
        // One that lasts has its own reason, which does not end sooner for another.
        let lasting = self.hold_off.map(|hold_off| hold_off.left(self.now.mono));
        let length = lasting.map_or(length, |left| left.max(length));
        self.hold_off(length);
        self.event(Event::HoldOffBegan { why, secs: secs_of(length) });
        self.remember.now();
    }

    pub(super) fn end_hold_off(&mut self) {
        if self.hold_off.take().is_some() {
            self.era += 1;
            self.event(Event::HoldOffEnded);
            self.remember.now();
        }
    }

    pub(super) fn end_hold_off_if_due(&mut self) {
        if self.hold_off.is_some_and(|hold_off| hold_off.is_over(self.now.mono)) {
            self.end_hold_off();
        }
    }

    /// Until when addresses cannot have gone to somebody else, while leases may be missing.
    pub(super) fn held_off(&self) -> Option<Wall> {
        if self.defect.is(Planted::HoldOffForgotten) {
            return None;
        }
        self.hold_off.map(|hold_off| hold_off.seen)
    }

    pub(super) fn remember_if_due(&mut self) {
        let now = self.now.mono;
        let is_due = self.remember.is_due || (self.remember.is_new && self.remember.at <= now);
        if self.is_shared() || !is_due {
            return;
        }
        self.remember = Remember { at: now.after(REMEMBER_EVERY), is_due: false, is_new: false };
        let hold_off = self.hold_off.map(|hold_off| hold_off.left(now));
        let memory = Memory { hold_off, ..self.calendar.memory() };
        self.outputs.push_back(Output::Remember(Box::new(memory)));
    }
}

fn leap_of(nanos: i128) -> Event {
    let end = if nanos < 0 { i64::MIN } else { i64::MAX };
    Event::ClockLeapt(i64::try_from(nanos / 1_000_000).unwrap_or(end))
}

const fn secs_of(length: Longest) -> Option<u64> {
    match length {
        Longest::For(length) => Some(length.as_secs()),
        Longest::Endless => None,
    }
}
