//! What happens to the machine that the server runs on: its wall clock, and its disk.

use std::sync::Arc;

use lessor_policy::Topology as Indexes;
use lessor_types::Mono;

use super::Field;
use crate::check::{Broken, Invariant};
use crate::history::What;
use crate::plan;
use crate::schedule::{FaultKind, Flaw};
use crate::time::{Ns, SEC};

/// What leaps of the wall clock leave behind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Leaps {
    /// How long the longest lease may matter.
    longest: Ns,
    ever: bool,
    /// Until when dates mislead after a leap forward.
    until: Ns,
    /// Until when the server judges lapses by the slower clock, as it has said.
    slow_until: Ns,
    /// Until when it gives addresses only to those who use them already.
    holds_off_until: Ns,
    /// What the monotonic clock showed at a leap forward that is noted nowhere yet.
    open: Option<Mono>,
    /// Whether there is a note since the start.
    noted: bool,
}

impl Leaps {
    pub(super) fn of(configs: &[Arc<Indexes>]) -> Self {
        let longest = Ns::from(plan::longest(configs)) * SEC;
        Self { longest: longest + longest / 1000 + 10 * SEC, ..Self::default() }
    }

    pub(super) const fn ever(&self) -> bool {
        self.ever
    }

    /// Whether dates in the lease file mislead.
    pub(super) const fn mislead(&self, t: Ns) -> bool {
        t < self.until
    }

    /// Whether the server had reason, after `t`, to keep addresses back that seem free.
    pub(super) const fn is_cautious(&self, t: Ns) -> bool {
        self.mislead(t) || t < self.slow_until || t < self.holds_off_until
    }

    pub(super) const fn noticed(&mut self, t: Ns) {
        self.slow_until = t + self.longest;
    }

    pub(super) const fn holds_off(&mut self, until: Ns) {
        self.holds_off_until = until;
    }

    pub(super) const fn restarted(&mut self) {
        self.noted = false;
    }
}

impl Field {
    /// The wall clock jumps: but not forward while the machine is down, or when nothing that it
    /// noted since its start would tell of that.
    pub fn clock_jumps(&mut self, t: Ns, place: usize, by_ms: i64) {
        self.at(t);
        if !self.is_up || (by_ms > 0 && !self.leaps.noted) {
            return;
        }
        self.clock.jump(by_ms);
        self.leaps.ever = true;
        if by_ms > 0 {
            self.leaps.open = Some(self.clock.mono(self.t));
            self.leaps.until = self.t + self.leaps.longest;
        }
        self.effect(place);
    }

    /// The server has noted beside its lease file what was so at that moment.
    pub fn noted(&mut self, at: Mono) {
        self.leaps.noted = true;
        self.leaps.open = self.leaps.open.filter(|open| at < *open);
    }

    /// Whether the machine may go down: not while a leap forward is noted nowhere, since then
    /// nothing but the wall clock would be left to a server that starts.
    #[must_use]
    pub const fn may_fall(&self) -> bool {
        self.leaps.open.is_none()
    }

    /// The disk is made to fail.
    pub const fn disk_is_faulty(&mut self) {
        self.may_err = true;
    }

    /// Whether the disk was made to fail, so that the server may complain.
    #[must_use]
    pub const fn may_err(&self) -> bool {
        self.may_err
    }

    /// A call to the disk failed: the faults that were meant to make it fail took effect.
    pub fn disk_failed(&mut self, t: Ns) {
        self.at(t);
        self.note(None, What::Store(0, "failed", 0));
        let now = self.t / crate::time::MS;
        let guilty = |(place, fault): (usize, &crate::schedule::Fault)| {
            let is_meant =
                matches!(fault.kind, FaultKind::DiskFail { .. } | FaultKind::DiskFull { .. });
            (is_meant && fault.at_ms <= now).then_some(place)
        };
        let places: Vec<usize> =
            self.schedule.faults.iter().enumerate().filter_map(guilty).collect();
        places.into_iter().for_each(|place| self.effect(place));
    }

    /// I9: a configuration with a flaw was loaded; nobody may take it.
    pub fn flaw_loaded(&mut self, t: Ns, place: usize, flaw: Flaw, taken: bool) {
        self.at(t);
        self.effect(place);
        let what = || format!("a configuration with a flaw was taken: {flaw:?}");
        let verdict = if taken { Err(Broken::new(Invariant::Conformance, what())) } else { Ok(()) };
        self.judge(Invariant::Conformance, verdict);
    }
}
