//! The search for planted bugs: does a layer show what it is there to show?

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;

use clap::Args;
use lessor_sim::check::Invariant;
use lessor_sim::hunt::Found;
use lessor_sim::planted::Bug;

use crate::driver::{Program, Run, bug_named, say};
use crate::fresh::for_each;

/// How many seeds show that a layer cannot see a bug that others see.
const MISSES: u64 = 100;

/// What is looked for, and where.
#[derive(Args, Clone, Debug)]
pub(crate) struct Hunt {
    /// How many seeds a bug may take.
    #[arg(long, default_value_t = lessor_sim::hunt::SEEDS_MAX)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// One bug; all without it.
    #[arg(long)]
    bug: Option<String>,
    /// How many processes at once.
    #[arg(long)]
    jobs: Option<usize>,
    /// Writes the table as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Looks for all bugs that the layer claims to show, and for the order race where it cannot.
pub(crate) fn hunt(program: &Program, hunt: &Hunt) -> Result<ExitCode, String> {
    let layer = program.layer;
    let wanted = bug_named(hunt.bug.as_deref())?;
    say(&format!("engine {} ({})\n{}", layer.name(), program.cfgs, Found::head()));
    let mut found = Vec::new();
    let mut complaints = Vec::new();
    for bug in Bug::of_the_shell() {
        if wanted.is_some_and(|wanted| wanted != bug) {
            continue;
        }
        match layer.blind_to(bug) {
            None => {
                let one = look_for(program, hunt, bug, hunt.seeds);
                say(&one.to_string());
                if !one.everywhere() {
                    complaints.push(format!("{} was not found", bug.name()));
                }
                if !one.as_expected() {
                    complaints.push(format!("{} was caught by another checker", bug.name()));
                }
                found.push(one);
            }
            Some(why) if bug == Bug::OrderRace => {
                let one = look_for(program, hunt, bug, hunt.seeds.min(MISSES));
                if one.everywhere() {
                    complaints.push(format!("{} was found, which cannot be", bug.name()));
                }
                let seeds = hunt.seeds.min(MISSES);
                say(&format!(
                    "{:<26} {:<5} not in {seeds} seeds: {why}",
                    bug.name(),
                    layer.short()
                ));
            }
            Some(why) => say(&format!("{:<26} {:<5} no: {why}", bug.name(), layer.short())),
        }
    }
    if wanted.is_none() {
        let caught: BTreeSet<&str> =
            found.iter().flat_map(|one| one.broke.iter().map(|(name, _)| *name)).collect();
        for invariant in Invariant::ALL {
            if !caught.contains(invariant.name()) && layer.shows(invariant) {
                complaints.push(format!("no planted bug broke {}", invariant.name()));
            }
        }
    }
    if let Some(path) = &hunt.json {
        let text = serde_json::to_string_pretty(&found).map_err(|why| why.to_string())?;
        fs::write(path, text).map_err(|why| format!("{}: {why}", path.display()))?;
    }
    let seeds = found.iter().map(|one| one.median().unwrap_or(u64::MAX)).collect();
    let median = lessor_sim::hunt::middle(seeds).unwrap_or_default();
    say(&format!("{} bugs of this layer; the median is {median} seeds", found.len()));
    complaints.iter().for_each(|complaint| say(&format!("MISSED: {complaint}")));
    Ok(ExitCode::from(u8::from(!complaints.is_empty())))
}

fn look_for(program: &Program, hunt: &Hunt, bug: Bug, seeds: u64) -> Found {
    let run = Run {
        seeds,
        from: hunt.from,
        jobs: hunt.jobs,
        planted: Some(bug.name().to_owned()),
        like: None,
        fail_fast: true,
        json: None,
    };
    let first = Mutex::new(None::<(u64, Invariant)>);
    for_each(&run, |seed, verdict| {
        let Some(breach) = verdict.ok().and_then(|verdict| verdict.broken) else {
            return true;
        };
        // All seeds before were begun before, and come to their end.
        if let Ok(mut first) = first.lock()
            && first.is_none_or(|(other, _)| seed < other)
        {
            *first = Some((seed, breach.invariant));
        }
        false
    });
    let first = first.into_inner().unwrap_or_default();
    Found {
        bug: bug.name(),
        layer: program.layer.short(),
        seeds: vec![first.map(|(seed, _)| seed - hunt.from + 1)],
        broke: first.iter().map(|(_, invariant)| (invariant.name(), 1)).collect(),
        expected: bug.breaks().iter().map(|invariant| invariant.name()).collect(),
        example: first.map(|(seed, _)| seed),
        shrunk: None,
    }
}
