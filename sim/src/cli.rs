//! The command line.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use serde::Serialize;

use crate::bugbase::Kept;
use crate::campaign::{Plan, campaign, explain_failure};
use crate::check::Invariant;
use crate::hunt;
use crate::planted::Bug;
use crate::report::Summary;
use crate::run::run;
use crate::schedule::{Schedule, Topology};
use crate::shrink::shrink;
use crate::swarm::{Wish, draw_schedule};

/// Exit code: everything holds.
const OK: u8 = 0;
/// Exit code: an invariant is broken.
const BROKEN: u8 = 1;
/// Exit code: two runs of one seed differ.
const DIFFERENT: u8 = 2;
/// Exit code: clients are not served although nothing is wrong any more.
const STARVED: u8 = 3;
/// Exit code: a goal was missed.
const MISSED: u8 = 4;
/// Exit code: the command makes no sense.
const USAGE: u8 = 64;

#[derive(Parser, Debug)]
#[command(
    name = "sim",
    about = "Runs simulated worlds and judges them",
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Runs many seeds.
    Run(RunArgs),
    /// Runs one seed, or one schedule, and shows its history.
    Replay(ReplayArgs),
    /// Makes a failing schedule small, and writes it as the bug base keeps it.
    Shrink(ShrinkArgs),
    /// Runs seeds in several ways and compares their histories.
    Selfcheck(SelfcheckArgs),
    /// Looks for every planted bug.
    Planted(PlantedArgs),
    /// What `selfcheck` asks of a fresh process.
    #[command(hide = true)]
    Hashes { from: u64, seeds: u64 },
    /// What `selfcheck` asks of a fresh process.
    #[command(hide = true)]
    History { seed: u64 },
}

#[derive(Args, Debug)]
struct ShrinkArgs {
    /// A seed, or a file with a schedule.
    what: String,
    #[command(flatten)]
    drawing: Drawing,
    /// What it shows.
    #[arg(long)]
    title: Option<String>,
    /// Where to write it.
    #[arg(short, long)]
    out: Option<PathBuf>,
}

#[derive(Args, Debug)]
struct SelfcheckArgs {
    /// How many seeds.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value = "1")]
    from: String,
}

#[derive(Args, Debug)]
struct PlantedArgs {
    /// How many seeds a range has at most.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// One bug; all without it.
    #[arg(long)]
    bug: Option<String>,
    /// Threads; as many as cores without it.
    #[arg(long)]
    jobs: Option<usize>,
    /// Writes the table as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Args, Debug)]
struct Drawing {
    /// The topology: single, shared or partner; any without it.
    #[arg(long)]
    topology: Option<String>,
    /// A bug to plant; its surroundings are drawn often.
    #[arg(long)]
    planted: Option<String>,
    /// A bug whose surroundings are drawn often, without the bug.
    #[arg(long)]
    like: Option<String>,
}

#[derive(Args, Debug)]
struct RunArgs {
    /// One seed.
    #[arg(long)]
    seed: Option<String>,
    /// How many seeds.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value = "1")]
    from: String,
    #[command(flatten)]
    drawing: Drawing,
    /// Threads; as many as cores without it.
    #[arg(long)]
    jobs: Option<usize>,
    /// Stops at the first failure.
    #[arg(long)]
    fail_fast: bool,
    /// Writes the summary as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Whose history is shown.
    #[arg(long, default_value = "fail", value_parser = ["fail", "all", "off"])]
    trace: String,
}

#[derive(Args, Debug)]
struct ReplayArgs {
    /// A seed, or a file with a schedule.
    what: String,
    #[command(flatten)]
    drawing: Drawing,
    /// Shows only what bears on addr=A or client=N.
    #[arg(long)]
    follow: Option<String>,
    /// Writes the schedule.
    #[arg(long)]
    save: Option<PathBuf>,
    /// Shows all of the history.
    #[arg(long)]
    full: bool,
}

/// Runs the command line of this process; its exit code.
#[must_use]
pub fn main() -> u8 {
    let mut out = std::io::stdout().lock();
    match Cli::try_parse() {
        Ok(cli) => match execute(cli.command, &mut out) {
            Ok(code) => code,
            Err(told) => {
                let _ = writeln!(out, "sim: {told}");
                USAGE
            }
        },
        Err(error) => {
            let _ = error.print();
            if error.use_stderr() { USAGE } else { OK }
        }
    }
}

fn execute(verb: Verb, out: &mut impl Write) -> Result<u8, String> {
    match verb {
        Verb::Run(args) => run_many(&args, out),
        Verb::Replay(args) => replay(&args, out),
        Verb::Shrink(args) => shrink_one(&args, out),
        Verb::Selfcheck(args) => check_itself(&args, out),
        Verb::Planted(args) => hunt_all(&args, out),
        Verb::Hashes { from, seeds } => say(out, &hunt::hashes(from, seeds)),
        Verb::History { seed } => say(out, &hunt::history_of(seed)),
    }
}

fn say(out: &mut impl Write, text: &str) -> Result<u8, String> {
    out.write_all(text.as_bytes()).map_err(|error| error.to_string())?;
    Ok(OK)
}

fn save(path: Option<&PathBuf>, what: &impl Serialize) -> Result<(), String> {
    let Some(path) = path else {
        return Ok(());
    };
    let text = serde_json::to_string_pretty(what).map_err(|error| error.to_string())?;
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn shrink_one(args: &ShrinkArgs, out: &mut impl Write) -> Result<u8, String> {
    let (wish, bug) = args.drawing.read()?;
    let before = schedule(&args.what, wish)?;
    let Some((schedule, invariant)) = shrink(&before, bug) else {
        say(out, "nothing breaks\n")?;
        return Ok(OK);
    };
    let told = format!(
        "{}: {} operations and {} faults before, {} and {} now\n",
        invariant.name(),
        before.ops.len(),
        before.faults.len(),
        schedule.ops.len(),
        schedule.faults.len()
    );
    say(out, &told)?;
    let kept = Kept {
        title: args.title.clone().unwrap_or_else(|| invariant.name().to_owned()),
        planted: bug.map(|bug| bug.name().to_owned()),
        breaks: Some(invariant),
        schedule,
    };
    save(args.out.as_ref(), &kept)?;
    Ok(BROKEN)
}

fn check_itself(args: &SelfcheckArgs, out: &mut impl Write) -> Result<u8, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let from = number(&args.from)?;
    match hunt::self_check(&program, from, args.seeds) {
        Ok(()) => say(out, &format!("{} seeds, five runs each: all the same\n", args.seeds)),
        Err(apart) => {
            say(out, &format!("{apart}\n"))?;
            Ok(DIFFERENT)
        }
    }
}

fn hunt_all(args: &PlantedArgs, out: &mut impl Write) -> Result<u8, String> {
    let bugs = match &args.bug {
        Some(name) => vec![bug(name)?],
        None => Bug::all(),
    };
    let found = hunt::hunt(&bugs, args.seeds, args.jobs.unwrap_or_else(cores));
    save(args.json.as_ref(), &found)?;
    let head = format!(
        "{:<26} {:<5} {:>6} {:>6} {:>6}  broke\n",
        "bug", "found", "first", "median", "most"
    );
    say(out, &head)?;
    for found in &found {
        say(out, &format!("{found}\n"))?;
    }
    Ok(if found.iter().all(hunt::Found::everywhere) { OK } else { MISSED })
}

fn number(text: &str) -> Result<u64, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| format!("`{text}` is no seed"))
}

fn bug(name: &str) -> Result<Bug, String> {
    let names = || Bug::all().iter().map(|bug| bug.name()).collect::<Vec<_>>().join(", ");
    Bug::named(name).ok_or_else(|| format!("`{name}` is no planted bug; there are {}", names()))
}

impl Drawing {
    fn read(&self) -> Result<(Wish, Option<Bug>), String> {
        let topology = match &self.topology {
            None => None,
            Some(name) => {
                let found = Topology::ALL.into_iter().find(|it| it.name() == name);
                Some(found.ok_or_else(|| format!("`{name}` is no topology"))?)
            }
        };
        let planted = self.planted.as_deref().map(bug).transpose()?;
        let like = self.like.as_deref().map(bug).transpose()?.or(planted);
        Ok((Wish { topology, like }, planted))
    }
}

fn run_many(args: &RunArgs, out: &mut impl Write) -> Result<u8, String> {
    let (wish, bug) = args.drawing.read()?;
    let (from, seeds) = match &args.seed {
        Some(seed) => (number(seed)?, 1),
        None => (number(&args.from)?, args.seeds),
    };
    let plan = Plan {
        from,
        seeds,
        wish,
        bug,
        jobs: args.jobs.unwrap_or_else(cores),
        fail_fast: args.fail_fast,
        explain: args.trace != "off",
    };
    if args.trace == "all" {
        for seed in (0..seeds).map(|number| from.wrapping_add(number)) {
            let outcome = run(&draw_schedule(seed, wish), bug, true)?;
            say(out, &format!("seed {seed:#x}\n"))?;
            for record in &outcome.records {
                say(out, &format!("{record}\n"))?;
            }
        }
    }
    let summary = campaign(&plan);
    write!(out, "{summary}").map_err(|error| error.to_string())?;
    save(args.json.as_ref(), &summary)?;
    Ok(verdict(&summary))
}

fn verdict(summary: &Summary) -> u8 {
    let liveness = Invariant::ClientLiveness.name();
    match summary.failures.first() {
        Some(failure) if failure.invariant == liveness => STARVED,
        Some(_) => BROKEN,
        None if !summary.missed.is_empty() => MISSED,
        None => OK,
    }
}

fn schedule(what: &str, wish: Wish) -> Result<Schedule, String> {
    if let Ok(seed) = number(what) {
        return Ok(draw_schedule(seed, wish));
    }
    let text = std::fs::read_to_string(what).map_err(|error| format!("{what}: {error}"))?;
    let kept: Result<Kept, _> = serde_json::from_str(&text);
    kept.map(|kept| kept.schedule)
        .or_else(|_| serde_json::from_str(&text))
        .map_err(|error| format!("{what}: {error}"))
}

fn replay(args: &ReplayArgs, out: &mut impl Write) -> Result<u8, String> {
    let (wish, bug) = args.drawing.read()?;
    let schedule = schedule(&args.what, wish)?;
    save(args.save.as_ref(), &schedule)?;
    let outcome = run(&schedule, bug, true)?;
    let io = |error: std::io::Error| error.to_string();
    for line in &schedule.drawn {
        writeln!(out, "{line}").map_err(io)?;
    }
    let (mut client, mut addr) = (None, None);
    if let Some(follow) = &args.follow {
        match follow.split_once('=') {
            Some(("addr", text)) => addr = text.parse().ok(),
            Some(("client", text)) => client = text.parse().ok(),
            _ => return Err(format!("`{follow}` is neither addr=A nor client=N")),
        }
    }
    let all = args.full || client.is_some() || addr.is_some();
    let shown = outcome.records.iter().filter(|record| {
        all && (record.general
            || (client.is_none() && addr.is_none())
            || (client.is_some() && record.client == client)
            || (addr.is_some() && record.addr == addr))
    });
    for record in shown {
        writeln!(out, "{record}").map_err(io)?;
    }
    writeln!(
        out,
        "{} events, {} entries, hash {:#018x}",
        outcome.events,
        outcome.records.len(),
        outcome.hash
    )
    .map_err(io)?;
    match explain_failure(&schedule, bug, wish, &outcome) {
        None => Ok(OK),
        Some(failure) => {
            writeln!(out, "{failure}").map_err(io)?;
            let liveness = Invariant::ClientLiveness.name();
            Ok(if failure.invariant == liveness { STARVED } else { BROKEN })
        }
    }
}
