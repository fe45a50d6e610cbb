//! A failing schedule made small: what is not needed for the failure is taken out.
//!
//! All draws are keyed, so taking one operation or fault out leaves the fate of everything else as
//! it was. A candidate counts only if the same invariant breaks.
//!
//! - `simpler`: what can be made plainer once nothing more can be taken out.

mod simpler;

use std::time::Instant;

use crate::check::Invariant;
use crate::planted::Bug;
use crate::run::{Heap, Player};
use crate::schedule::{Fault, Op, Schedule};
use crate::time::MS;

/// What a search for something smaller may cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// When it ends, wherever it is.
    pub until: Option<Instant>,
}

/// The smallest schedule that was found.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The schedule.
    pub schedule: Schedule,
    /// What it breaks, as the one that it came from.
    pub invariant: Invariant,
    /// How many schedules were run.
    pub runs: u64,
    /// Whether nothing was left to try.
    pub finished: bool,
}

/// The smallest schedule found that breaks the same invariant; none if this one breaks nothing.
#[must_use]
pub fn shrink(schedule: &Schedule, bug: Option<Bug>) -> Option<Shrunk> {
    shrink_within(schedule, bug, Limits::default())
}

/// As [`shrink`], within limits: what is found until then.
#[must_use]
pub fn shrink_within(schedule: &Schedule, bug: Option<Bug>, limits: Limits) -> Option<Shrunk> {
    shrink_with(&Heap, schedule, bug, limits)
}

/// As [`shrink_within`], of what breaks when somebody else plays it.
#[must_use]
pub fn shrink_with(
    player: &dyn Player,
    schedule: &Schedule,
    bug: Option<Bug>,
    limits: Limits,
) -> Option<Shrunk> {
    let (invariant, at) = player.breaks(schedule, bug)?;
    let until = limits.until;
    let small = schedule.clone();
    let mut search = Search { player, small, bug, invariant, at, until, runs: 1 };
    search.cut_end();
    loop {
        let before = search.size();
        search.without_kinds_of_faults();
        search.without_clients();
        search.without_parts();
        search.simplify();
        search.cut_end();
        if search.size() == before || search.is_late() {
            break;
        }
    }
    let finished = !search.is_late();
    let mut schedule = search.small;
    schedule.drawn = vec![format!("from seed {:#x}", schedule.seed)];
    Some(Shrunk { schedule, invariant, runs: search.runs, finished })
}

/// One thing that can be taken out of a schedule.
#[derive(Clone)]
enum Part {
    Op(Op),
    Fault(Fault),
}

struct Search<'a> {
    player: &'a dyn Player,
    small: Schedule,
    bug: Option<Bug>,
    invariant: Invariant,
    /// When the smallest one fails, in true time.
    at: u64,
    until: Option<Instant>,
    runs: u64,
}

impl Search<'_> {
    fn size(&self) -> (usize, usize) {
        (self.small.ops.len() + self.small.faults.len(), self.small.clients.len())
    }

    fn is_late(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }

    /// Takes a candidate if it fails in the same way; whether it did.
    fn try_one(&mut self, candidate: Schedule) -> bool {
        if self.is_late() || candidate == self.small {
            return false;
        }
        self.runs += 1;
        match self.player.breaks(&candidate, self.bug) {
            Some((invariant, at)) if invariant == self.invariant => {
                self.small = candidate;
                self.at = at;
                true
            }
            _ => false,
        }
    }

    /// Tries the smallest so far with a change.
    fn with(&mut self, change: impl FnOnce(&mut Schedule)) -> bool {
        let mut candidate = self.small.clone();
        change(&mut candidate);
        self.try_one(candidate)
    }

    /// Ends the schedule right behind the failure, where that changes nothing.
    fn cut_end(&mut self) {
        let safety_ms = self.at / MS + 1000;
        if safety_ms < self.small.safety_ms + self.small.liveness_ms {
            self.with(|candidate| {
                candidate.safety_ms = safety_ms.min(candidate.safety_ms);
                candidate.liveness_ms = candidate.liveness_ms.min(1000);
                candidate.ops.retain(|op| op.at_ms <= safety_ms);
                candidate.faults.retain(|fault| fault.at_ms <= safety_ms);
            });
        }
    }

    /// All faults of a kind at once: most kinds have nothing to do with it.
    fn without_kinds_of_faults(&mut self) {
        if self.with(|candidate| candidate.faults.clear()) {
            return;
        }
        let mut kinds: Vec<usize> = self.small.faults.iter().map(|it| it.kind.index()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        for kind in kinds {
            self.with(|candidate| candidate.faults.retain(|fault| fault.kind.index() != kind));
        }
    }

    /// All operations of a client at once, of strangers too; half of the clients first.
    fn without_clients(&mut self) {
        let mut actors: Vec<Option<u16>> =
            self.small.ops.iter().map(|op| op.kind.client()).collect();
        actors.sort_unstable();
        actors.dedup();
        let mut part = actors.len().div_ceil(2);
        while part > 0 {
            let mut at = 0;
            while at < actors.len() && !self.is_late() {
                let end = (at + part).min(actors.len());
                let gone: Vec<Option<u16>> = actors.get(at..end).unwrap_or_default().to_vec();
                if self.with(|it| it.ops.retain(|op| !gone.contains(&op.kind.client()))) {
                    actors.drain(at..end);
                } else {
                    at = end;
                }
            }
            part /= 2;
        }
    }

    /// Operations and faults, in the order of time, large parts first, the latest first: what
    /// happened long before is often what it takes.
    fn without_parts(&mut self) {
        let ops = self.small.ops.iter().cloned().map(Part::Op);
        let faults = self.small.faults.iter().cloned().map(Part::Fault);
        let mut parts: Vec<Part> = ops.chain(faults).collect();
        parts.sort_by_key(|part| match part {
            Part::Op(op) => (op.at_ms, op.id),
            Part::Fault(fault) => (fault.at_ms, fault.id),
        });
        let mut size = parts.len().div_ceil(2);
        while size > 0 && !self.is_late() {
            let mut end = parts.len();
            while end > 0 && !self.is_late() {
                let begin = end.saturating_sub(size);
                let mut fewer = parts.clone();
                fewer.drain(begin..end);
                if self.with(|candidate| keep(candidate, &fewer)) {
                    parts = fewer;
                }
                end = begin;
            }
            size /= 2;
        }
    }
}

fn keep(schedule: &mut Schedule, parts: &[Part]) {
    schedule.ops.clear();
    schedule.faults.clear();
    for part in parts {
        match part.clone() {
            Part::Op(op) => schedule.ops.push(op),
            Part::Fault(fault) => schedule.faults.push(fault),
        }
    }
}
