//! Many seeds, each in a process of its own, and the command line.
//!
//! Engines leak what earlier runs of a process left behind into later ones, so the verdict on a
//! seed is that of a fresh process.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use clap::{Args, Parser, Subcommand};
use lessor_sim::layer::Layer;
use lessor_sim::planted::Bug;
use lessor_sim::swarm::Wish;
use serde::Serialize;

use crate::ground::Ground;
use crate::verdict::Verdict;

/// How many seeds show that a layer cannot see a bug.
const MISSES: u64 = 100;

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
    Planted(Run),
    /// Run one seed here, and print its verdict as a line of JSON.
    One {
        /// The seed.
        seed: u64,
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
    },
}

#[derive(Args, Clone, Debug)]
struct Run {
    /// How many seeds.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first one.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// How many at once.
    #[arg(long)]
    jobs: Option<usize>,
    /// A bug to switch on.
    #[arg(long)]
    planted: Option<String>,
    /// Draw a bug's surroundings, without the bug.
    #[arg(long)]
    like: Option<String>,
    /// Stop at the first failure.
    #[arg(long)]
    fail_fast: bool,
    /// Where to write the summary.
    #[arg(long)]
    json: Option<PathBuf>,
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
    /// The bugs that it is to find.
    pub finds: &'static [Bug],
    /// Bugs that it cannot see, and for which that is shown.
    pub misses: &'static [Bug],
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
        Verb::Planted(run) => planted(program, run),
        Verb::One { seed, planted, like, history, record } => {
            one(program, *seed, planted.as_deref(), like.as_deref(), (*history, *record))
        }
    };
    outcome.unwrap_or_else(|why| {
        say(&why);
        ExitCode::from(64)
    })
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn bug_named(name: Option<&str>) -> Result<Option<Bug>, String> {
    name.map(|name| Bug::named(name).ok_or_else(|| format!("no planted bug is called {name}")))
        .transpose()
}

/// One seed, in this process.
fn one(
    program: &Program,
    seed: u64,
    planted: Option<&str>,
    like: Option<&str>,
    (history, record): (bool, bool),
) -> Result<ExitCode, String> {
    let bug = bug_named(planted)?;
    let wish = Wish { like: bug_named(like)?.or(bug), ..Wish::default() };
    let (schedule, left_out) = program.layer.draw(seed, wish);
    let ground = Ground::new(&schedule, bug, history || record)?;
    let lasted = catch_unwind(AssertUnwindSafe(|| (program.play)(&ground)));
    let lasted = lasted.unwrap_or_else(|panic| {
        let what = panic.downcast_ref::<&str>().map(ToString::to_string);
        let what = what.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        ground.field().panicked(format!("panic: {what}"));
        0
    });
    let field = ground.field();
    if history {
        for record in field.history().records() {
            say(&record.to_string());
        }
    }
    let verdict = Verdict::of(&field, lasted, &left_out);
    say(&serde_json::to_string(&verdict).map_err(|why| why.to_string())?);
    Ok(ExitCode::from(u8::from(verdict.broken.is_some())))
}

/// One seed, in a process of its own.
fn fresh(seed: u64, run: &Run, record: bool) -> Result<Verdict, String> {
    let own = std::env::current_exe().map_err(|why| why.to_string())?;
    let mut command = Command::new(own);
    command.args(["one", &seed.to_string()]);
    for (option, name) in [("--planted", &run.planted), ("--like", &run.like)] {
        if let Some(name) = name {
            command.args([option, name]);
        }
    }
    if record {
        command.arg("--record");
    }
    let output = command.output().map_err(|why| why.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_default();
    serde_json::from_str(last).map_err(|_| {
        let told = String::from_utf8_lossy(&output.stderr);
        format!("seed {seed} gave no verdict ({}):\n{told}", output.status)
    })
}

/// All seeds of a run, in their order of completion, until `each` says that it is enough.
fn for_each(run: &Run, each: impl Fn(u64, Result<Verdict, String>) -> bool + Sync) {
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let jobs =
        run.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let worker = || {
        while !stop.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= run.seeds {
                break;
            }
            let seed = run.from.wrapping_add(number);
            if !each(seed, fresh(seed, run, false)) {
                stop.store(true, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(worker);
        }
    });
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
            broken: Some(("no verdict".to_owned(), String::new(), why)),
            ..Verdict::default()
        });
        sum.0.add(&verdict);
        sum.2 += 1;
        if let Some((invariant, at, what)) = &verdict.broken {
            let again = command_for(program, run, seed);
            say(&format!("seed {seed}: {invariant} at {at} s: {what}\n  {again}"));
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
        "cargo xtask sim one {seed} --engine {}{}{} --history",
        program.layer.name(),
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
    let apart = Mutex::new(Vec::new());
    for_each(run, |seed, first| {
        let again = [fresh(seed, run, false), fresh(seed, run, true)];
        let hash = |verdict: &Result<Verdict, String>| verdict.as_ref().map_or(0, |it| it.hash);
        let equal = first.is_ok() && again.iter().all(|other| hash(other) == hash(&first));
        if !equal && let Ok(mut apart) = apart.lock() {
            apart.push(seed);
        }
        true
    });
    let mut apart = apart.into_inner().unwrap_or_default();
    apart.sort_unstable();
    say(&format!(
        "engine {} ({}): {} seeds, each three times in fresh processes; {} differ {apart:?}",
        program.layer.name(),
        program.cfgs,
        run.seeds,
        apart.len()
    ));
    Ok(ExitCode::from(if apart.is_empty() { 0 } else { 2 }))
}

fn planted(program: &Program, run: &Run) -> Result<ExitCode, String> {
    say(&format!("engine {} ({})", program.layer.name(), program.cfgs));
    let wanted = bug_named(run.planted.as_deref())?;
    let mut failed = false;
    for (bug, finds) in program
        .finds
        .iter()
        .map(|bug| (*bug, true))
        .chain(program.misses.iter().map(|bug| (*bug, false)))
        .filter(|(bug, _)| wanted.is_none_or(|wanted| wanted == *bug))
    {
        let seeds = if finds { run.seeds } else { run.seeds.min(MISSES) };
        let own = Run { planted: Some(bug.name().to_owned()), like: None, seeds, ..run.clone() };
        let found = Mutex::new(BTreeMap::new());
        for_each(&own, |seed, verdict| {
            let broken = verdict.ok().and_then(|verdict| verdict.broken);
            let Some((invariant, ..)) = broken else {
                return true;
            };
            if let Ok(mut found) = found.lock() {
                found.insert(seed, invariant);
            }
            false
        });
        let found = found.into_inner().unwrap_or_default();
        let told = match found.first_key_value() {
            Some((seed, invariant)) => {
                format!("found with seed {} by {invariant}", seed - run.from + 1)
            }
            None => format!("not found in {seeds} seeds"),
        };
        let meant = if finds { "" } else { " (not to be found here)" };
        say(&format!("  {:<22} {told}{meant}", bug.name()));
        failed |= found.is_empty() == finds;
    }
    Ok(ExitCode::from(u8::from(failed)))
}
