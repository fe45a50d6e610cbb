//! The simulator judged: does it repeat itself?
//!
//! Each seed is run four ways: twice in this process, once more with a record (recording must draw
//! nothing), and in a fresh process of its own.

use std::fmt;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::history::CHECKPOINT_EVERY;
use crate::run::{Outcome, run};
use crate::swarm::{Wish, draw_schedule};

/// How many entries before the first that differs are shown.
const CONTEXT: usize = 6;

/// Two runs of one seed that went apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Apart {
    /// The seed.
    pub seed: u64,
    /// What was compared.
    pub how: &'static str,
    /// Where checkpoints of the hash first differ, if there are any that far.
    pub checkpoint: Option<u64>,
    /// What both had before.
    pub common: Vec<String>,
    /// The first entry that differs, as each had it; none where the records agree and only the
    /// hashes do not.
    pub entries: Option<[String; 2]>,
}

impl fmt::Display for Apart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {:#x} differs, {}", self.seed, self.how)?;
        if let Some(checkpoint) = self.checkpoint {
            writeln!(
                f,
                "the hash differs between entries {} and {checkpoint}",
                checkpoint.saturating_sub(CHECKPOINT_EVERY)
            )?;
        }
        match &self.entries {
            None => write!(f, "the records agree: what differs happens only without one"),
            Some([one, other]) => {
                for line in &self.common {
                    writeln!(f, "      {line}")?;
                }
                write!(f, "  one {one}\nother {other}")
            }
        }
    }
}

/// What a run is compared by.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Print {
    hash: u64,
    checkpoints: Vec<u64>,
}

impl From<Outcome> for Print {
    fn from(outcome: Outcome) -> Self {
        Self { hash: outcome.hash, checkpoints: outcome.checkpoints }
    }
}

fn print(seed: u64, wish: Wish, recording: bool) -> Option<Print> {
    run(&draw_schedule(seed, wish), None, recording).ok().map(Print::from)
}

/// Runs seeds in four ways each, on `jobs` threads; `fresh` asks a fresh process of `program`.
///
/// # Errors
/// The pair of runs that went apart with the least seed among those that were looked at.
pub fn self_check(
    program: &Path,
    wish: Wish,
    from: u64,
    seeds: u64,
    jobs: usize,
) -> Result<(), Box<Apart>> {
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let apart: Mutex<Option<Box<Apart>>> = Mutex::new(None);
    let worker = || {
        while !stop.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= seeds {
                break;
            }
            if let Err(found) = check_one(program, wish, from.wrapping_add(number)) {
                stop.store(true, Ordering::Relaxed);
                if let Ok(mut apart) = apart.lock()
                    && apart.as_ref().is_none_or(|known| found.seed < known.seed)
                {
                    *apart = Some(found);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(worker);
        }
    });
    apart.into_inner().unwrap_or_default().map_or(Ok(()), Err)
}

fn check_one(program: &Path, wish: Wish, seed: u64) -> Result<(), Box<Apart>> {
    let first = print(seed, wish, false);
    let checkpoint = |other: &Option<Print>| {
        let (one, other) = (first.as_ref()?, other.as_ref()?);
        let pairs = one.checkpoints.iter().zip(&other.checkpoints);
        let at = (1_u64..).zip(pairs).find(|(_, (one, other))| one != other)?.0;
        Some(at * CHECKPOINT_EVERY)
    };
    let here = [("twice in one process", false), ("with a record and without", true)];
    for (how, recording) in here {
        let other = print(seed, wish, recording);
        if other != first {
            let (one, two) = (lines(seed, wish), lines(seed, wish));
            return Err(Box::new(apart(seed, how, checkpoint(&other), &one, &two)));
        }
    }
    let fresh = ask_hash(program, wish, seed);
    if fresh != first.as_ref().map(|print| print.hash) {
        let theirs = ask_lines(program, wish, seed);
        let how = "here and in a fresh process";
        return Err(Box::new(apart(seed, how, None, &lines(seed, wish), &theirs)));
    }
    Ok(())
}

fn apart(
    seed: u64,
    how: &'static str,
    checkpoint: Option<u64>,
    one: &[String],
    other: &[String],
) -> Apart {
    let at = (0..one.len().max(other.len())).find(|at| one.get(*at) != other.get(*at));
    let entry = |lines: &[String], at: usize| {
        lines.get(at).cloned().unwrap_or_else(|| "(no such entry)".to_owned())
    };
    let common = at.map(|at| one.get(at.saturating_sub(CONTEXT)..at).unwrap_or_default().to_vec());
    Apart {
        seed,
        how,
        checkpoint,
        common: common.unwrap_or_default(),
        entries: at.map(|at| [entry(one, at), entry(other, at)]),
    }
}

fn lines(seed: u64, wish: Wish) -> Vec<String> {
    let outcome = run(&draw_schedule(seed, wish), None, true);
    outcome.map_or_else(
        |_| Vec::new(),
        |outcome| outcome.records.iter().map(ToString::to_string).collect(),
    )
}

/// The hash of a seed's history: what a fresh process is asked for.
#[must_use]
pub fn hash_of(seed: u64, wish: Wish) -> String {
    print(seed, wish, false).map_or_else(String::new, |print| format!("{:016x}\n", print.hash))
}

/// The history of a seed: what a fresh process is asked for when its hash differs.
#[must_use]
pub fn history_of(seed: u64, wish: Wish) -> String {
    lines(seed, wish).join("\n")
}

fn ask(program: &Path, verb: &str, wish: Wish, seed: u64) -> String {
    let options = crate::campaign::options(wish, None);
    let mut command = Command::new(program);
    command.arg(verb).arg(seed.to_string()).args(options.split_whitespace());
    let output = command.output().map_or_else(|_| Vec::new(), |output| output.stdout);
    String::from_utf8_lossy(&output).into_owned()
}

fn ask_hash(program: &Path, wish: Wish, seed: u64) -> Option<u64> {
    u64::from_str_radix(ask(program, "hash", wish, seed).trim(), 16).ok()
}

fn ask_lines(program: &Path, wish: Wish, seed: u64) -> Vec<String> {
    ask(program, "history", wish, seed).lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_shown_with_what_came_before() {
        let one: Vec<String> = (0..20).map(|n| format!("entry {n}")).collect();
        let mut other = one.clone();
        other[12] = "entry of another kind".to_owned();
        let told = apart(7, "twice", Some(1000), &one, &other);
        assert_eq!(told.common.first().map(String::as_str), Some("entry 6"));
        let text = told.to_string();
        assert!(text.contains("one entry 12\nother entry of another kind"), "{text}");
        assert!(text.contains("between entries 0 and 1000"), "{text}");
        let short = apart(7, "twice", None, &one, &one[..19]);
        assert_eq!(short.entries, Some(["entry 19".to_owned(), "(no such entry)".to_owned()]));
        assert!(apart(7, "twice", None, &one, &one).to_string().contains("only without one"));
    }

    /// Nobody answers in the name of a program that is none.
    #[test]
    fn a_process_that_cannot_be_run_is_a_difference() {
        let nowhere = Path::new("/nowhere/at/all");
        let apart = self_check(nowhere, Wish::default(), 3, 1, 1).expect_err("it is nowhere");
        assert_eq!((apart.seed, apart.how), (3, "here and in a fresh process"));
    }
}
