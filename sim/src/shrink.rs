//! A failing schedule made small: what is not needed for the failure is taken out.
//!
//! All draws are keyed, so taking one operation or fault out leaves the fate of everything else as
//! it was. A candidate counts only if the same invariant breaks.

use crate::check::Invariant;
use crate::planted::Bug;
use crate::run::run;
use crate::schedule::{Fault, FaultKind, Schedule};
use crate::time::MS;

/// The smallest schedule found that breaks the same invariant; none if this one breaks nothing.
#[must_use]
pub fn shrink(schedule: &Schedule, bug: Option<Bug>) -> Option<(Schedule, Invariant)> {
    let invariant = breaks(schedule, bug)?.0;
    let mut small = schedule.clone();
    cut_end(&mut small, bug, invariant);
    loop {
        let before = small.ops.len() + small.faults.len();
        small = reduce(small, bug, invariant, |schedule| &mut schedule.faults);
        small = reduce(small, bug, invariant, |schedule| &mut schedule.ops);
        if small.ops.len() + small.faults.len() == before {
            break;
        }
    }
    for calm in CALMER {
        let mut candidate = small.clone();
        calm(&mut candidate);
        if is_same(&candidate, bug, invariant) {
            small = candidate;
        }
    }
    cut_end(&mut small, bug, invariant);
    small.drawn = vec![format!("from seed {:#x}", small.seed)];
    Some((small, invariant))
}

/// Simplifications that are tried one by one.
const CALMER: [fn(&mut Schedule); 6] = [
    drop_idle_clients,
    drop_configs,
    |schedule| schedule.lan.loss_ppm = 0,
    |schedule| schedule.lan.duplicate_ppm = 0,
    |schedule| schedule.store.compact_every_ms = None,
    |schedule| schedule.store.late_commits = false,
];

/// Drops the clients behind the last one that is made to do anything.
fn drop_idle_clients(schedule: &mut Schedule) {
    let used = schedule.ops.iter().filter_map(|op| op.kind.client());
    let count = used.max().map_or(0, |last| usize::from(last) + 1);
    schedule.clients.truncate(count);
}

/// Drops the configurations behind the last one that takes effect.
fn drop_configs(schedule: &mut Schedule) {
    let last = |fault: &Fault| match fault.kind {
        FaultKind::Reconfigure { config } => config,
        _ => 0,
    };
    let last = schedule.faults.iter().map(last).max().unwrap_or(0);
    schedule.configs.truncate(last + 1);
}

fn breaks(schedule: &Schedule, bug: Option<Bug>) -> Option<(Invariant, u64)> {
    let (at, broken) = run(schedule, bug, false).ok()?.broken?;
    Some((broken.invariant, at))
}

fn is_same(schedule: &Schedule, bug: Option<Bug>, invariant: Invariant) -> bool {
    breaks(schedule, bug).is_some_and(|(other, _)| other == invariant)
}

/// Ends the schedule right behind the failure, where that changes nothing.
fn cut_end(schedule: &mut Schedule, bug: Option<Bug>, invariant: Invariant) {
    let Some((_, at)) = breaks(schedule, bug) else {
        return;
    };
    let mut candidate = schedule.clone();
    candidate.safety_ms = at / MS + 1000;
    candidate.liveness_ms = 1000;
    candidate.ops.retain(|op| op.at_ms <= candidate.safety_ms);
    candidate.faults.retain(|fault| fault.at_ms <= candidate.safety_ms);
    if candidate.safety_ms < schedule.safety_ms && is_same(&candidate, bug, invariant) {
        *schedule = candidate;
    }
}

/// Takes out parts of a list, large ones first, as long as the failure stays (delta debugging).
fn reduce<T: Clone>(
    mut small: Schedule,
    bug: Option<Bug>,
    invariant: Invariant,
    list: impl Fn(&mut Schedule) -> &mut Vec<T>,
) -> Schedule {
    let mut part = list(&mut small).len().div_ceil(2);
    while part > 0 {
        let mut at = 0;
        while at < list(&mut small).len() {
            let mut candidate = small.clone();
            let items = list(&mut candidate);
            let end = (at + part).min(items.len());
            items.drain(at..end);
            if is_same(&candidate, bug, invariant) {
                small = candidate;
            } else {
                at += part;
            }
        }
        part /= 2;
    }
    small
}
