//! What is to happen when, and what of it the engine has to do.

use std::collections::VecDeque;

use lessor_sim::draw::{Kind, weighted};
use lessor_sim::schedule::{FaultKind, Schedule};
use lessor_sim::time::{MS, Ns, SEC};

use crate::engine::Host;
use crate::ground::Ground;

/// How long nothing is sent at the end before everything must have ended.
const SILENCE: Ns = 20 * SEC;
/// How long the last questions may take.
const QUESTIONS: Ns = 10 * SEC;
/// How long a network may hold a datagram back: servers rely on packets not overtaking each other
/// by more than two seconds.
const HELD_MAX: Ns = SEC;

/// A cut between the server and another host that the engine makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// What is sent arrives when the cut is over: a short outage, as it really is.
    Hold(Host),
    /// What is sent is lost, connections are refused, and old ones stay dead.
    Partition(Host),
}

/// Something that is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// A fault begins, by its place in the schedule.
    Begins(usize),
    /// A fault is over.
    Ends(usize),
    /// All faults are.
    Heal,
    /// Everybody must have been served.
    Judge,
    /// Everything must have ended.
    Quiet,
    /// The run is over.
    End,
}

/// What the engine has to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// Nothing.
    Nothing,
    /// The server's machine goes down; true: with what its disk had not synced.
    Crash(bool),
    /// It comes back.
    Rise,
    /// A way is cut.
    Cut(Cut),
    /// It is mended.
    Mend(Cut),
    /// The server's process stands still.
    Pause,
    /// It goes on.
    Resume,
    /// Nothing is cut, down or still any more.
    HealAll,
    /// The run is over.
    End,
}

/// All steps of a run, in their order.
#[derive(Debug)]
pub struct Agenda {
    steps: VecDeque<(Ns, Step)>,
    /// Faults that keep the server down.
    down: Vec<usize>,
    /// Faults that keep it still.
    still: Vec<usize>,
}

impl Agenda {
    /// That of a schedule.
    #[must_use]
    pub fn new(ground: &Ground) -> Self {
        let schedule = ground.schedule();
        let mut steps = Vec::new();
        for (place, fault) in schedule.faults.iter().enumerate() {
            if matches!(fault.kind, FaultKind::Reconfigure { .. }) {
                // The operator does that.
                continue;
            }
            let begin = fault.at_ms * MS;
            let length = match cut_of(ground, place) {
                Some(Cut::Hold(host)) if host != Host::Operator => {
                    (fault.for_ms * MS).min(HELD_MAX)
                }
                _ => fault.for_ms * MS,
            };
            steps.push((begin, Step::Begins(place)));
            steps.push((begin + length, Step::Ends(place)));
        }
        let heal = schedule.safety_ms * MS;
        steps.retain(|(at, _)| *at < heal);
        steps.sort_by_key(|(at, _)| *at);
        let judge = heal + schedule.liveness_ms * MS;
        let quiet = Self::quiet_at(schedule);
        steps.extend([
            (heal, Step::Heal),
            (judge, Step::Judge),
            (quiet, Step::Quiet),
            (quiet + QUESTIONS, Step::End),
        ]);
        Self { steps: steps.into(), down: Vec::new(), still: Vec::new() }
    }

    /// When nothing goes on any more.
    #[must_use]
    pub const fn quiet_at(schedule: &Schedule) -> Ns {
        (schedule.safety_ms + schedule.liveness_ms) * MS + SILENCE
    }

    /// When the next step is due.
    #[must_use]
    pub fn next(&self) -> Option<Ns> {
        self.steps.front().map(|(at, _)| *at)
    }

    /// Takes the next step, if it is due at `t`.
    pub fn step(&mut self, ground: &Ground, t: Ns) -> Option<Act> {
        let (_, step) = self.steps.pop_front_if(|(at, _)| *at <= t)?;
        Some(match step {
            Step::Begins(place) => self.begins(ground, t, place),
            Step::Ends(place) => self.ends(ground, t, place),
            Step::Heal => {
                self.down.clear();
                self.still.clear();
                ground.slow_disk(None);
                ground.field().heal(t);
                Act::HealAll
            }
            Step::Judge => {
                let mut field = ground.field();
                field.judge_liveness(t);
                field.hush(t);
                Act::Nothing
            }
            Step::Quiet => {
                ground.field().judge_quiet(t);
                Act::Nothing
            }
            Step::End => Act::End,
        })
    }

    fn begins(&mut self, ground: &Ground, t: Ns, place: usize) -> Act {
        let Some(fault) = ground.schedule().faults.get(place) else {
            return Act::Nothing;
        };
        let mut field = ground.field();
        if let Some(cut) = cut_of(ground, place) {
            field.cut_begins(t, place);
            field.effect(place);
            let (what, host) = match cut {
                Cut::Hold(host) => ("holds the way to", host),
                Cut::Partition(host) => ("cuts the way to", host),
            };
            field.note_engine(t, what, host.number());
            return Act::Cut(cut);
        }
        field.fault_begins(t, place);
        match fault.kind {
            FaultKind::Crash { power, .. } => {
                let was_up = self.down.is_empty();
                self.down.push(place);
                if was_up {
                    field.effect(place);
                    field.server_falls(t);
                    return Act::Crash(power);
                }
            }
            FaultKind::Pause { .. } => {
                let went = self.still.is_empty();
                self.still.push(place);
                if went {
                    field.effect(place);
                    return Act::Pause;
                }
            }
            FaultKind::DiskSlow { max_ms, .. } => {
                field.effect(place);
                ground.slow_disk(Some(max_ms));
            }
            _ => {}
        }
        Act::Nothing
    }

    fn ends(&mut self, ground: &Ground, t: Ns, place: usize) -> Act {
        let Some(fault) = ground.schedule().faults.get(place) else {
            return Act::Nothing;
        };
        ground.field().fault_ends(t, place);
        if let Some(cut) = cut_of(ground, place) {
            return Act::Mend(cut);
        }
        let over = |places: &mut Vec<usize>| {
            let was = places.len();
            places.retain(|other| *other != place);
            was > 0 && places.is_empty()
        };
        match fault.kind {
            FaultKind::Crash { .. } if over(&mut self.down) => Act::Rise,
            FaultKind::Pause { .. } if over(&mut self.still) => Act::Resume,
            FaultKind::DiskSlow { .. } => {
                ground.slow_disk(None);
                Act::Nothing
            }
            _ => Act::Nothing,
        }
    }
}

/// How a partition is made: drawn for each, so that every way is known for what it is; none where
/// the links of the field make it, client by client.
fn cut_of(ground: &Ground, place: usize) -> Option<Cut> {
    let fault = ground.schedule().faults.get(place)?;
    if !matches!(fault.kind, FaultKind::Partition { .. }) {
        return None;
    }
    let mut rng = ground.draw(Kind::Fault, fault.id, 1);
    let hosts =
        [(1, Host::Clients(0)), (1, Host::Clients(1)), (1, Host::Relay), (3, Host::Operator)];
    let host = weighted(&mut rng, &hosts)?;
    let ways = [(1, None), (1, Some(Cut::Hold(host))), (1, Some(Cut::Partition(host)))];
    weighted(&mut rng, &ways)?
}
