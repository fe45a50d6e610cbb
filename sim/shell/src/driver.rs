//! Many seeds, each in a process of its own, and the command line.
//!
//! Engines leak what earlier runs of a process left behind into later ones, so the verdict on a
//! seed is that of a fresh process.

use std::fs;
use std::io::{Read as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Instant;

use clap::{Args, Parser, Subcommand};
use lessor_sim::check::Invariant;
use lessor_sim::cli::{replay, shrink};
use lessor_sim::history::Record;
use lessor_sim::layer::Layer;
use lessor_sim::planted::Bug;
use lessor_sim::run::{Outcome, Player};
use lessor_sim::schedule::Schedule;
use lessor_sim::swarm::Wish;
use lessor_sim::time::{MS, Ns, show};
use serde::Serialize;

use crate::fresh::{for_each, fresh, fresh_history, fresh_schedule};
use crate::ground::Ground;
use crate::hunting;
use crate::verdict::{Breach, Verdict};

/// The shell in a simulation, whole: the last two layers of the simulator.
#[derive(Parser, Debug)]
struct Line {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Run seeds, each in a process of its own.
    Run(Run),
    /// Run each seed twice in fresh processes, and once with a record: equal histories?
    Selfcheck(Run),
    /// Look for the planted bugs of this layer.
    Planted(hunting::Hunt),
    /// Run one seed, or one schedule, here, and show its history.
    Replay(replay::Args),
    /// Make a failing schedule small.
    Shrink(shrink::Args),
    /// Run one seed here, and print its verdict as a line of JSON.
    #[command(hide = true)]
    One(One),
}

/// One run, for whoever counts.
#[derive(Args, Clone, Debug)]
struct One {
    /// The seed; `-`: a schedule comes from standard input.
    what: String,
    /// A bug to switch on.
    #[arg(long)]
    planted: Option<String>,
    /// Draw a bug's surroundings.
    #[arg(long)]
    like: Option<String>,
    /// Print the history before.
    #[arg(long)]
    history: bool,
    /// Keep a record, which nobody looks at.
    #[arg(long)]
    record: bool,
}

/// Which seeds.
#[derive(Args, Clone, Debug)]
pub(crate) struct Run {
    /// How many seeds.
    #[arg(long, default_value_t = 100)]
    pub(crate) seeds: u64,
    /// The first one.
    #[arg(long, default_value_t = 1)]
    pub(crate) from: u64,
    /// How many at once.
    #[arg(long)]
    pub(crate) jobs: Option<usize>,
    /// A bug to switch on.
    #[arg(long)]
    pub(crate) planted: Option<String>,
    /// Draw a bug's surroundings, without the bug.
    #[arg(long)]
    pub(crate) like: Option<String>,
    /// Stop at the first failure.
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Where to write the summary.
    #[arg(long)]
    pub(crate) json: Option<PathBuf>,
}

/// What a layer's program is.
#[derive(Clone, Copy)]
pub struct Program {
    /// The layer.
    pub layer: Layer,
    /// What it was compiled with.
    pub cfgs: &'static str,
    /// Plays a schedule to its end, or until an invariant is broken. Returns how long it lasted, in
    /// milliseconds of simulated time.
    pub play: fn(&Ground) -> u64,
}

impl Program {
    /// Plays a schedule here, to which nothing else may have been played in this process.
    fn ground(
        &self,
        schedule: &Schedule,
        bug: Option<Bug>,
        recording: bool,
    ) -> Result<(Ground, u64), String> {
        let ground = Ground::new(schedule, bug, recording)?;
        let lasted = catch_unwind(AssertUnwindSafe(|| (self.play)(&ground)));
        let lasted = lasted.unwrap_or_else(|panic| {
            let what = panic.downcast_ref::<&str>().map(ToString::to_string);
            let what = what.or_else(|| panic.downcast_ref::<String>().cloned());
            ground.field().panicked(format!("panic: {}", what.unwrap_or_default()));
            0
        });
        Ok((ground, lasted))
    }
}

/// In fresh processes, and so as often as one likes.
struct Afresh(Layer);

impl Player for Afresh {
    fn layer(&self) -> Layer {
        self.0
    }

    fn play(&self, _: &Schedule, _: Option<Bug>, _: bool) -> Result<Outcome, String> {
        Err("another process has the history".to_owned())
    }

    fn breaks(&self, schedule: &Schedule, bug: Option<Bug>) -> Option<(Invariant, Ns)> {
        let breach = fresh_schedule(schedule, bug).ok()?.broken?;
        Some((breach.invariant, breach.at))
    }
}

/// Here, and so once in a process.
struct Here<'a>(&'a Program);

impl Player for Here<'_> {
    fn layer(&self) -> Layer {
        self.0.layer
    }

    fn play(
        &self,
        schedule: &Schedule,
        bug: Option<Bug>,
        recording: bool,
    ) -> Result<Outcome, String> {
        let (ground, lasted) = self.0.ground(schedule, bug, recording)?;
        let outcome = ground.field().outcome(lasted * MS);
        Ok(outcome)
    }
}

/// The summary of a campaign.
#[derive(Debug, Serialize)]
struct Summary {
    version: u32,
    engine: &'static str,
    cfgs: &'static str,
    from: u64,
    seeds: u64,
    wall_s: f64,
    scenarios_per_s: f64,
    counts: Verdict,
    failures: Vec<Verdict>,
}

/// Reads the command line and does what it says. Exit codes are those of the world's program.
#[must_use]
pub fn main(program: &Program) -> ExitCode {
    let line = match Line::try_parse() {
        Ok(line) => line,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 64 } else { 0 });
        }
    };
    let outcome = match &line.verb {
        Verb::Run(run) => run_seeds(program, run),
        Verb::Selfcheck(run) => self_check(program, run),
        Verb::Planted(hunt) => hunting::hunt(program, hunt),
        Verb::Replay(args) => {
            args.execute(&Here(program), &mut std::io::stdout()).map(ExitCode::from)
        }
        Verb::Shrink(args) => {
            args.execute(&Afresh(program.layer), &mut std::io::stdout()).map(ExitCode::from)
        }
        Verb::One(args) => one(program, args),
    };
    outcome.unwrap_or_else(|why| {
        say(&why);
        ExitCode::from(64)
    })
}

pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

pub(crate) fn bug_named(name: Option<&str>) -> Result<Option<Bug>, String> {
    name.map(|name| Bug::named(name).ok_or_else(|| format!("no planted bug is called {name}")))
        .transpose()
}

/// One run in this process.
fn one(program: &Program, args: &One) -> Result<ExitCode, String> {
    let bug = bug_named(args.planted.as_deref())?;
    let wish = Wish { like: bug_named(args.like.as_deref())?.or(bug), ..Wish::default() };
    let (schedule, left_out) = if args.what == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(|why| why.to_string())?;
        (serde_json::from_str(&text).map_err(|why| why.to_string())?, Vec::new())
    } else {
        let seed = args.what.parse().map_err(|_| format!("`{}` is no seed", args.what))?;
        program.layer.draw(seed, wish)
    };
    let (ground, lasted) = program.ground(&schedule, bug, args.history || args.record)?;
    let field = ground.field();
    if args.history {
        field.history().records().iter().for_each(|record: &Record| say(&record.to_string()));
    }
    let verdict = Verdict::of(&field, lasted, &left_out);
    say(&serde_json::to_string(&verdict).map_err(|why| why.to_string())?);
    Ok(ExitCode::from(u8::from(verdict.broken.is_some())))
}

fn run_seeds(program: &Program, run: &Run) -> Result<ExitCode, String> {
    let begun = Instant::now();
    let sum = Mutex::new((Verdict::default(), Vec::new(), 0_u64));
    for_each(run, |seed, verdict| {
        let Ok(mut sum) = sum.lock() else {
            return false;
        };
        let verdict = verdict.unwrap_or_else(|why| Verdict {
            seed,
            broken: Some(Breach { invariant: Invariant::Bounded, at: 0, what: why }),
            ..Verdict::default()
        });
        sum.0.add(&verdict);
        sum.2 += 1;
        if let Some(Breach { invariant, at, what }) = &verdict.broken {
            let again = command_for(program, run, seed);
            let (name, at) = (invariant.name(), show(*at));
            say(&format!("seed {seed}: {name} at {at} s: {what}\n  {again}"));
            sum.1.push(verdict);
        }
        !run.fail_fast || sum.1.is_empty()
    });
    let (counts, failures, seeds) = sum.into_inner().unwrap_or_default();
    let wall_s = begun.elapsed().as_secs_f64();
    let per_s = f64::from(u32::try_from(seeds).unwrap_or(u32::MAX)) / wall_s.max(0.001);
    let summary = Summary {
        version: 1,
        engine: program.layer.name(),
        cfgs: program.cfgs,
        from: run.from,
        seeds,
        wall_s,
        scenarios_per_s: per_s,
        counts,
        failures,
    };
    say(&table(&summary));
    if let Some(path) = &run.json {
        let text = serde_json::to_string_pretty(&summary).map_err(|why| why.to_string())?;
        fs::write(path, text).map_err(|why| format!("{}: {why}", path.display()))?;
    }
    Ok(ExitCode::from(u8::from(!summary.failures.is_empty())))
}

/// The line to copy that shows a failure again.
fn command_for(program: &Program, run: &Run, seed: u64) -> String {
    let planted = run.planted.as_ref().map(|name| format!(" --planted {name}"));
    let like = run.like.as_ref().map(|name| format!(" --like {name}"));
    format!(
        "cargo xtask sim replay {seed}{}{}{} --explain",
        program.layer.option(),
        planted.unwrap_or_default(),
        like.unwrap_or_default()
    )
}

fn table(summary: &Summary) -> String {
    let counts = &summary.counts;
    let mut lines = vec![
        format!("engine {} ({})", summary.engine, summary.cfgs),
        format!(
            "{} seeds from {} in {:.1} s: {:.2} scenarios/s, {:.2} simulated h, {} entries, {} \
             packets of clients",
            summary.seeds,
            summary.from,
            summary.wall_s,
            summary.scenarios_per_s,
            std::time::Duration::from_millis(counts.lasted_ms).as_secs_f64() / 3600.0,
            counts.entries,
            counts.client_packets
        ),
        "fault               injected   took effect".to_owned(),
    ];
    for (name, (injected, took_effect)) in &counts.faults {
        lines.push(format!("  {name:<17} {injected:>8} {took_effect:>13}"));
    }
    lines.push("invariant           judged".to_owned());
    for (name, count) in &counts.judged {
        lines.push(format!("  {name:<22} {count:>8}"));
    }
    lines.push(format!("drawn, and not done here: {}", counts.left_out.join(" ")));
    lines.push(format!("{} seeds failed", summary.failures.len()));
    lines.join("\n")
}

fn self_check(program: &Program, run: &Run) -> Result<ExitCode, String> {
    let begun = Instant::now();
    let apart = Mutex::new(Vec::new());
    let entries = Mutex::new(0_u64);
    for_each(run, |seed, first| {
        let again = [fresh(seed, run, false), fresh(seed, run, true)];
        let hash = |verdict: &Result<Verdict, String>| verdict.as_ref().map_or(0, |it| it.hash);
        let equal = first.is_ok() && again.iter().all(|other| hash(other) == hash(&first));
        if let (Ok(first), Ok(mut entries)) = (&first, entries.lock()) {
            *entries += first.entries;
        }
        if !equal && let Ok(mut apart) = apart.lock() {
            apart.push(seed);
        }
        true
    });
    let mut apart = apart.into_inner().unwrap_or_default();
    apart.sort_unstable();
    say(&format!(
        "engine {} ({}): {} seeds, each three times in fresh processes, once with a record: {} \
         differ ({} entries of history, {:.1} s)",
        program.layer.name(),
        program.cfgs,
        run.seeds,
        apart.len(),
        entries.into_inner().unwrap_or_default(),
        begun.elapsed().as_secs_f64()
    ));
    for seed in &apart {
        say(&format!("seed {seed}: {}", first_difference(*seed, run)));
    }
    Ok(ExitCode::from(if apart.is_empty() { 0 } else { 2 }))
}

/// The first entry that two runs of a seed don't share.
fn first_difference(seed: u64, run: &Run) -> String {
    let (Ok(one), Ok(other)) = (fresh_history(seed, run), fresh_history(seed, run)) else {
        return "gave no history".to_owned();
    };
    let pair = one.lines().zip(other.lines()).find(|(one, other)| one != other);
    match pair {
        Some((one, other)) => format!("first\n  {one}\nwhere the other run has\n  {other}"),
        None if one.len() == other.len() => "two more runs were the same".to_owned(),
        None => "one run ends before the other".to_owned(),
    }
}
