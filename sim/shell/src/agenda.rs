//! What is to happen when, and what an engine does of it.

use std::collections::VecDeque;

use lessor_sim::draw::{Kind, weighted};
use lessor_sim::schedule::{DiskCall, FaultKind, Schedule};
use lessor_sim::time::{MS, Ns, SEC};

use crate::engine::Host;
use crate::ground::Ground;
use crate::operator::order_of;

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
enum Step {
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

/// What an engine does to its hosts from outside.
pub trait Machines {
    /// The server's machine goes down, or its process alone; with the machine goes what its disk
    /// had not synced.
    fn crash(&mut self, power: bool);
    /// It comes back.
    fn rise(&mut self);
    /// A way is cut.
    fn cut(&mut self, cut: Cut);
    /// It is whole again, if it was not.
    fn mend(&mut self, cut: Cut);
    /// The next call of this kind to the server's disk fails, as such calls do; whether the disk
    /// can.
    fn disk_fails(&mut self, call: DiskCall) -> bool {
        let _ = call;
        false
    }
    /// There is room for so many octets more on the disk, or for whatever comes; whether the disk
    /// can be full.
    fn disk_fills(&mut self, room: Option<u64>) -> bool {
        let _ = room;
        false
    }
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
            if order_of(&fault.kind).is_some() {
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

    /// Does what is due at `t`. Returns how long the run lasted, in milliseconds of simulated time,
    /// when it is over: when its time is, or when an invariant is broken.
    pub fn act(&mut self, ground: &Ground, t: Ns, machines: &mut impl Machines) -> Option<u64> {
        while let Some((_, step)) = self.steps.pop_front_if(|(at, _)| *at <= t) {
            match step {
                Step::Begins(place) => self.begins(ground, t, place, machines),
                Step::Ends(place) => self.ends(ground, t, place, machines),
                Step::Heal => self.heal(ground, t, machines),
                Step::Judge => {
                    let mut field = ground.field();
                    field.judge_liveness(t);
                    field.hush(t);
                }
                Step::Quiet => ground.field().judge_quiet(t),
                Step::End => return Some(t / MS),
            }
        }
        ground.field().broken().map(|_| t / MS)
    }

    /// Nothing is cut, down or still any more.
    fn heal(&mut self, ground: &Ground, t: Ns, machines: &mut impl Machines) {
        for host in Host::ALL.into_iter().filter(|host| *host != Host::Server) {
            machines.mend(Cut::Hold(host));
            machines.mend(Cut::Partition(host));
        }
        if !std::mem::take(&mut self.down).is_empty() {
            machines.rise();
        }
        self.still.clear();
        ground.stand_still(false);
        ground.slow_disk(None);
        fill(ground, None, machines);
        ground.heal_disk();
        ground.field().heal(t);
    }

    fn begins(&mut self, ground: &Ground, t: Ns, place: usize, machines: &mut impl Machines) {
        let Some(fault) = ground.schedule().faults.get(place) else {
            return;
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
            drop(field);
            return machines.cut(cut);
        }
        field.fault_begins(t, place);
        match fault.kind {
            // A machine whose clock has just leapt goes on until that is noted somewhere.
            FaultKind::Crash { .. } if !field.may_fall() => {}
            FaultKind::Crash { power, .. } => {
                let was_up = self.down.is_empty();
                self.down.push(place);
                if was_up {
                    field.effect(place);
                    field.server_falls(t);
                    drop(field);
                    machines.crash(power);
                }
            }
            FaultKind::Pause { .. } => {
                self.still.push(place);
                field.effect(place);
                ground.stand_still(true);
            }
            FaultKind::DiskSlow { max_ms, .. } => {
                field.effect(place);
                ground.slow_disk(Some(max_ms));
            }
            FaultKind::ClockJump { by_ms, .. } => field.clock_jumps(t, place, by_ms),
            FaultKind::DiskFail { call, .. } => {
                field.disk_is_faulty();
                if !machines.disk_fails(call) {
                    ground.fail_disk(call);
                }
            }
            FaultKind::DiskFull { room, .. } => {
                field.disk_is_faulty();
                fill(ground, Some(room), machines);
            }
            _ => {}
        }
    }

    fn ends(&mut self, ground: &Ground, t: Ns, place: usize, machines: &mut impl Machines) {
        let Some(fault) = ground.schedule().faults.get(place) else {
            return;
        };
        ground.field().fault_ends(t, place);
        if let Some(cut) = cut_of(ground, place) {
            return machines.mend(cut);
        }
        let over = |places: &mut Vec<usize>| {
            let was = places.len();
            places.retain(|other| *other != place);
            was > 0 && places.is_empty()
        };
        match fault.kind {
            FaultKind::Crash { .. } if over(&mut self.down) => machines.rise(),
            FaultKind::Pause { .. } if over(&mut self.still) => ground.stand_still(false),
            FaultKind::DiskSlow { .. } => ground.slow_disk(None),
            FaultKind::DiskFull { .. } => fill(ground, None, machines),
            _ => {}
        }
    }
}

fn fill(ground: &Ground, room: Option<u64>, machines: &mut impl Machines) {
    if !machines.disk_fills(room) {
        ground.fill_disk(room);
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
