//! The command line: one module for each verb.
//!
//! - `drawing`: which seeds and which schedules: the options that all verbs share.
//! - `run`, `coverage`: campaigns, and how far they got.
//! - `replay`, `shrink`: one seed or schedule.
//! - `selfcheck`, `planted`: the simulator judged.
//! - `progress`: a line for whoever waits.

mod coverage;
mod drawing;
mod planted;
mod progress;
pub mod replay;
mod run;
mod selfcheck;
pub mod shrink;

use std::io::Write;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use serde::Serialize;

use crate::run::Heap;

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
    after_help = "Exit codes: 0 fine, 1 an invariant is broken, 2 two runs of one seed differ, \
                  3 clients are not served, 4 a goal was missed, 64 the command makes no sense.",
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Runs many seeds.
    Run(run::Args),
    /// Runs one seed, or one schedule, and shows its history.
    Replay(replay::Args),
    /// Makes a failing schedule small, and writes it as the bug base keeps it.
    Shrink(shrink::Args),
    /// Runs seeds in several ways and compares their histories.
    Selfcheck(selfcheck::Args),
    /// Looks for every planted bug.
    Planted(planted::Args),
    /// How far a campaign gets: faults, goals, invariants, marks.
    Coverage(coverage::Args),
    /// What `selfcheck` asks of a fresh process.
    #[command(hide = true)]
    Hash(selfcheck::One),
    /// What `selfcheck` asks of a fresh process.
    #[command(hide = true)]
    History(selfcheck::One),
}

/// Runs the command line of this process; its exit code.
#[must_use]
pub fn main() -> u8 {
    let mut out = std::io::stdout();
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

fn execute(verb: Verb, out: &mut (impl Write + Send)) -> Result<u8, String> {
    match verb {
        Verb::Run(args) => args.execute(out),
        Verb::Replay(args) => args.execute(&Heap, out),
        Verb::Shrink(args) => args.execute(&Heap, out),
        Verb::Selfcheck(args) => args.execute(out),
        Verb::Planted(args) => args.execute(out),
        Verb::Coverage(args) => args.execute(out),
        Verb::Hash(args) => args.hash(out),
        Verb::History(args) => args.history(out),
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
