//! Many seeds, on all cores: each world on one thread, nothing shared.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use crate::history;
use crate::planted::Bug;
use crate::report::{Failure, Summary, Tally, Took, seconds};
use crate::run::{Outcome, run};
use crate::schedule::Schedule;
use crate::swarm::{Choice, Profile, Wish, draw_schedule};
use crate::time::MS;

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
    /// When to start no more seeds.
    pub until: Option<Instant>,
}

impl Plan {
    /// As many seeds from the first on, drawn for nothing in particular, on one thread.
    #[must_use]
    pub fn of(seeds: u64) -> Self {
        Self {
            from: 1,
            seeds,
            wish: Wish::default(),
            bug: None,
            jobs: 1,
            fail_fast: false,
            explain: false,
            until: None,
        }
    }
}

/// How far a campaign is, for somebody who looks on.
#[derive(Debug, Default)]
pub struct Progress {
    /// Seeds that were run.
    pub done: AtomicU64,
    /// Seeds that failed.
    pub failed: AtomicU64,
    /// Simulated time that passed, in milliseconds.
    pub lasted_ms: AtomicU64,
    /// Whether it is over.
    pub over: AtomicBool,
}

/// Runs all seeds.
#[must_use]
pub fn campaign(plan: &Plan) -> Summary {
    campaign_watched(plan, &Progress::default())
}

/// Runs all seeds while somebody looks on.
#[must_use]
pub fn campaign_watched(plan: &Plan, progress: &Progress) -> Summary {
    let begin = Instant::now();
    let cpu = processor_s();
    let next = AtomicU64::new(0);
    let explained = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let worker = || {
        let mut tally = Tally::default();
        while !stop.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= plan.seeds || plan.until.is_some_and(|until| Instant::now() >= until) {
                break;
            }
            let schedule = draw_schedule(plan.from.wrapping_add(number), plan.wish);
            let (outcome, failure) = judge(&schedule, plan, &explained);
            if failure.is_some() && plan.fail_fast {
                stop.store(true, Ordering::Relaxed);
            }
            progress.done.fetch_add(1, Ordering::Relaxed);
            progress.failed.fetch_add(u64::from(failure.is_some()), Ordering::Relaxed);
            progress.lasted_ms.fetch_add(outcome.lasted / MS, Ordering::Relaxed);
            tally.add(schedule.seed, schedule.topology, &outcome, failure);
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
    progress.over.store(true, Ordering::Release);
    let took = Took {
        jobs: plan.jobs.max(1),
        wall_s: begin.elapsed().as_secs_f64(),
        cpu_s: cpu.zip(processor_s()).map(|(before, after)| after - before),
    };
    all.summary(plan.from, plan.wish.profile, options(plan.wish, plan.bug), took)
}

/// The processor time that this process has used, in seconds, where the system tells.
///
/// On a machine that others use too, it says more about speed than the clock on the wall.
fn processor_s() -> Option<f64> {
    // proc(5): the name may hold anything but ends with the last parenthesis; the 14th and 15th
    // fields are ticks in user and in system mode, 100 of them a second on every Linux.
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    let ticks: Vec<u32> =
        fields.split_whitespace().skip(11).take(2).filter_map(|it| it.parse().ok()).collect();
    Some(ticks.iter().map(|ticks| f64::from(*ticks) / 100.0).sum())
}

/// What draws the same schedules again, as on the command line; a blank before each option.
#[must_use]
pub fn options(wish: Wish, bug: Option<Bug>) -> String {
    let mut options = String::new();
    if wish.profile != Profile::default() {
        options.push_str(&format!(" --profile {}", wish.profile.name()));
    }
    if let Some(topology) = wish.topology {
        options.push_str(&format!(" --topology {}", topology.name()));
    }
    if wish.faults != Choice::default() {
        options.push_str(&format!(" --faults={}", wish.faults));
    }
    if let Some(bug) = bug {
        options.push_str(&format!(" --planted {}", bug.name()));
    }
    if let Some(like) = wish.like.filter(|like| bug != Some(*like)) {
        options.push_str(&format!(" --like {}", like.name()));
    }
    options
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
    let whom = match (broken.addr, broken.client) {
        (Some(addr), _) => format!(" --follow addr={addr} --explain"),
        (None, Some(client)) => format!(" --follow client={client} --explain"),
        (None, None) => String::new(),
    };
    let options = options(wish, bug);
    Some(Failure {
        seed: schedule.seed,
        topology: schedule.topology.name().to_owned(),
        invariant: broken.invariant.name().to_owned(),
        at_s: seconds(*at),
        what: broken.what.clone(),
        slice,
        replay: format!("cargo xtask sim replay {:#x}{options}{whom}", schedule.seed),
        schedule: None,
    })
}
