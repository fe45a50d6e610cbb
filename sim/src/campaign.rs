//! Many seeds, on all cores: each world on one thread, nothing shared.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use crate::history;
use crate::planted::Bug;
use crate::report::{Failure, Summary, Tally, seconds};
use crate::run::{Outcome, run};
use crate::schedule::Schedule;
use crate::swarm::{Wish, draw_schedule};

/// How many entries of the history a failure shows.
const SLICE_MAX: usize = 60;
/// How many failures are explained; the others only name their seeds.
const EXPLAINED_MAX: u64 = 8;

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The first seed.
    pub from: u64,
    /// How many.
    pub seeds: u64,
    /// What they are drawn for.
    pub wish: Wish,
    /// A bug to switch on.
    pub bug: Option<Bug>,
    /// How many threads.
    pub jobs: usize,
    /// Whether to stop at the first failure.
    pub fail_fast: bool,
    /// Whether failures are run again with a record, to explain them.
    pub explain: bool,
}

/// Runs all seeds.
#[must_use]
pub fn campaign(plan: &Plan) -> Summary {
    let begin = Instant::now();
    let next = AtomicU64::new(0);
    let explained = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let worker = || {
        let mut tally = Tally::default();
        while !stop.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= plan.seeds {
                break;
            }
            let schedule = draw_schedule(plan.from.wrapping_add(number), plan.wish);
            let (outcome, failure) = judge(&schedule, plan, &explained);
            if failure.is_some() && plan.fail_fast {
                stop.store(true, Ordering::Relaxed);
            }
            tally.add(schedule.topology, &outcome, failure);
        }
        tally
    };
    let mut all = Tally::default();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..plan.jobs.max(1)).map(|_| scope.spawn(worker)).collect();
        for thread in threads {
            if let Ok(tally) = thread.join() {
                all.merge(tally);
            }
        }
    });
    all.summary(plan.from, begin.elapsed().as_secs_f64())
}

fn judge(schedule: &Schedule, plan: &Plan, explained: &AtomicU64) -> (Outcome, Option<Failure>) {
    let outcome = run_drawn(schedule, plan.bug, false);
    let failure = outcome.broken.is_some().then(|| {
        let explain = plan.explain && explained.fetch_add(1, Ordering::Relaxed) < EXPLAINED_MAX;
        if explain {
            let again = run_drawn(schedule, plan.bug, true);
            explain_failure(schedule, plan.bug, plan.wish, &again)
        } else {
            explain_failure(schedule, plan.bug, plan.wish, &outcome)
        }
    });
    (outcome, failure.flatten())
}

/// Runs a schedule that the swarm drew.
fn run_drawn(schedule: &Schedule, bug: Option<Bug>, recording: bool) -> Outcome {
    run(schedule, bug, recording).expect("the swarm draws lawful configurations")
}

/// A failed run, explained by its record, if it has one.
#[must_use]
pub fn explain_failure(
    schedule: &Schedule,
    bug: Option<Bug>,
    wish: Wish,
    outcome: &Outcome,
) -> Option<Failure> {
    let (at, broken) = outcome.broken.as_ref()?;
    let slice = history::slice(&outcome.records, broken.client, broken.addr, SLICE_MAX);
    let mut replay = format!("cargo xtask sim replay {:#x}", schedule.seed);
    if let Some(topology) = wish.topology {
        replay.push_str(&format!(" --topology {}", topology.name()));
    }
    if let Some(bug) = bug {
        replay.push_str(&format!(" --planted {}", bug.name()));
    } else if let Some(like) = wish.like {
        replay.push_str(&format!(" --like {}", like.name()));
    }
    Some(Failure {
        seed: schedule.seed,
        topology: schedule.topology.name(),
        invariant: broken.invariant.name(),
        at_s: seconds(*at),
        what: broken.what.clone(),
        slice,
        replay,
    })
}
