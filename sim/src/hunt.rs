//! The simulator judged: does it repeat itself, and does it notice planted bugs?

use std::fmt;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

use crate::check::Invariant;
use crate::planted::Bug;
use crate::run::run;
use crate::swarm::{Wish, draw_schedule};

/// In how many ranges of seeds each bug is looked for.
const RANGES: u64 = 5;

/// How long it took to find one bug.
#[derive(Clone, Debug, Serialize)]
pub struct Found {
    /// The bug.
    pub bug: &'static str,
    /// How many seeds it took in each range; none where it was not found.
    pub seeds: Vec<Option<u64>>,
    /// Which invariants it broke, and how often.
    pub broke: Vec<(&'static str, u64)>,
    /// A seed that shows it.
    pub example: Option<u64>,
}

impl Found {
    /// Whether it was found in every range.
    #[must_use]
    pub fn everywhere(&self) -> bool {
        self.seeds.iter().all(Option::is_some)
    }

    fn median(&self) -> Option<u64> {
        let mut seeds: Vec<u64> = self.seeds.iter().copied().flatten().collect();
        seeds.sort_unstable();
        seeds.get(seeds.len() / 2).copied()
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |it| it.to_string());
        let found = self.seeds.iter().flatten().count();
        let broke: Vec<String> =
            self.broke.iter().map(|(name, count)| format!("{name} x{count}")).collect();
        write!(
            f,
            "{:<26} {found}/{:<3} {:>6} {:>6} {:>6}  {}",
            self.bug,
            self.seeds.len(),
            number(self.seeds.first().copied().flatten()),
            number(self.median()),
            number(self.seeds.iter().copied().flatten().max()),
            broke.join(", ")
        )
    }
}

/// Looks for every bug in disjoint ranges of at most `seeds` seeds each.
#[must_use]
pub fn hunt(bugs: &[Bug], seeds: u64, jobs: usize) -> Vec<Found> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    let worker = || {
        while let Some(bug) = bugs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let result = hunt_one(*bug, seeds);
            if let Ok(mut found) = found.lock() {
                found.push((*bug, result));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(worker);
        }
    });
    let mut found = found.into_inner().unwrap_or_default();
    found.sort_by_key(|(bug, _)| *bug);
    found.into_iter().map(|(_, found)| found).collect()
}

fn hunt_one(bug: Bug, seeds: u64) -> Found {
    let wish = Wish { like: Some(bug), ..Wish::default() };
    let mut broke = [0; Invariant::ALL.len()];
    let mut example = None;
    let mut first_in = |range: u64| {
        let from = 1 + range * seeds;
        (0..seeds).find_map(|number| {
            let schedule = draw_schedule(from + number, wish);
            let outcome = run(&schedule, Some(bug), false).ok()?;
            let (_, broken) = outcome.broken?;
            if let Some(count) = broke.get_mut(broken.invariant as usize) {
                *count += 1;
            }
            example = example.or(Some(from + number));
            Some(number + 1)
        })
    };
    let seeds = (0..RANGES).map(&mut first_in).collect();
    Found {
        bug: bug.name(),
        seeds,
        broke: Invariant::ALL
            .iter()
            .zip(broke)
            .filter(|(_, count)| *count > 0)
            .map(|(invariant, count)| (invariant.name(), count))
            .collect(),
        example,
    }
}

/// Two runs of one seed that went apart.
#[derive(Clone, Debug)]
pub struct Apart {
    /// The seed.
    pub seed: u64,
    /// What was compared.
    pub how: &'static str,
    /// The first entry that differs, as each had it.
    pub entries: [String; 2],
}

impl fmt::Display for Apart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, other] = &self.entries;
        write!(f, "seed {:#x} differs, {}:\n  {one}\n  {other}", self.seed, self.how)
    }
}

/// Runs seeds in several ways: twice in this process, once with a record, and twice in fresh
/// processes of `program`.
///
/// # Errors
/// The first pair of runs that went apart, or a message where a process could not be run.
pub fn self_check(program: &Path, from: u64, seeds: u64) -> Result<(), Box<Apart>> {
    let hash = |seed: u64, recording: bool| {
        let schedule = draw_schedule(seed, Wish::default());
        run(&schedule, None, recording).map_or(0, |outcome| outcome.hash)
    };
    for seed in (0..seeds).map(|number| from.wrapping_add(number)) {
        let first = hash(seed, false);
        let ways = [("in one process", hash(seed, false)), ("with a record", hash(seed, true))];
        if let Some((how, _)) = ways.iter().find(|(_, other)| *other != first) {
            let (mine, theirs) = (lines(seed), lines(seed));
            return Err(Box::new(apart(seed, how, &mine, &theirs)));
        }
    }
    for _ in 0..2 {
        let theirs = fresh_hashes(program, from, seeds);
        for (number, theirs) in (0..seeds).zip(&theirs) {
            let seed = from.wrapping_add(number);
            if hash(seed, false) != *theirs {
                let their_lines = fresh_lines(program, seed);
                let how = "in a fresh process";
                return Err(Box::new(apart(seed, how, &lines(seed), &their_lines)));
            }
        }
        if theirs.len() as u64 != seeds {
            return Err(Box::new(apart(from, "no fresh process could be run", &[], &[])));
        }
    }
    Ok(())
}

fn apart(seed: u64, how: &'static str, one: &[String], other: &[String]) -> Apart {
    let at = (0..one.len().max(other.len())).find(|at| one.get(*at) != other.get(*at));
    let entry = |lines: &[String]| {
        let line = at.and_then(|at| lines.get(at));
        line.cloned().unwrap_or_else(|| "(no such entry)".to_owned())
    };
    Apart { seed, how, entries: [entry(one), entry(other)] }
}

fn lines(seed: u64) -> Vec<String> {
    let schedule = draw_schedule(seed, Wish::default());
    let outcome = run(&schedule, None, true);
    outcome.map_or_else(
        |_| Vec::new(),
        |outcome| outcome.records.iter().map(ToString::to_string).collect(),
    )
}

/// The hashes of seeds, one a line: what a fresh process is asked for.
#[must_use]
pub fn hashes(from: u64, seeds: u64) -> String {
    (0..seeds)
        .map(|number| {
            let schedule = draw_schedule(from.wrapping_add(number), Wish::default());
            let hash = run(&schedule, None, false).map_or(0, |outcome| outcome.hash);
            format!("{hash:016x}\n")
        })
        .collect()
}

/// The history of a seed: what a fresh process is asked for when its hash differs.
#[must_use]
pub fn history_of(seed: u64) -> String {
    lines(seed).join("\n")
}

fn fresh_hashes(program: &Path, from: u64, seeds: u64) -> Vec<u64> {
    let (from, seeds) = (from.to_string(), seeds.to_string());
    let output = Command::new(program).args(["hashes", &from, &seeds]).output();
    let text = output.map_or_else(|_| Vec::new(), |output| output.stdout);
    String::from_utf8_lossy(&text)
        .lines()
        .filter_map(|line| u64::from_str_radix(line, 16).ok())
        .collect()
}

fn fresh_lines(program: &Path, seed: u64) -> Vec<String> {
    let seed = seed.to_string();
    let output = Command::new(program).args(["history", &seed]).output();
    let text = output.map_or_else(|_| Vec::new(), |output| output.stdout);
    String::from_utf8_lossy(&text).lines().map(str::to_owned).collect()
}
