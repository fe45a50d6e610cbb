//! The project's own tasks, called as `cargo xtask TASK`.
//!
//! # Map
//! - [`test`]: everything that has to hold before a change goes in.
//! - [`demo`]: the server, real clients and kill -9, with an account of what happened.
//! - [`sim`]: the simulator with the right profile.
//! - [`bench`]: our server and Kea, measured in turns.
//! - [`conformance`]: the scenarios of conformance, and the table of what came of them.
//! - [`decode`]: one message, printed.
//! - [`docs`]: files that are made from the code.
//! - [`package`]: Debian packages, and a trial of them.
//! - [`sbom`]: what the server is made of.
//! - [`tidy`]: rules of the house that the compiler does not know.
//! - [`nightly`]: the long campaigns.
//! - [`mutants`]: the checkers, tried on changed code.
//! - [`packages`]: programs that tasks need, installed if they are missing.
//! - [`command`]: other programs, run with errors that say what they printed.
//!
//! # Does not
//! Hold anything that the server needs: no crate depends on this one.
//!
//! # Invariants
//! A task that leaves something out says so where it happens and once more at its end. A task ends
//! only processes that it started.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a task talks to who called it")]

use std::env;
use std::process::ExitCode;

use anyhow::{Result, bail};

mod bench;
mod command;
mod conformance;
mod decode;
mod demo;
mod docs;
mod mutants;
mod nightly;
mod package;
mod packages;
mod sbom;
mod sim;
mod test;
mod tidy;

const USAGE: &str = "\
usage: cargo xtask TASK [ARGUMENT…]

  test                 all checks: format, lints, tidy, tests, a share of simulator seeds
  demo [OPTION…]       the server with real clients in network namespaces, and kill -9
      --clients N        simulated clients beside the real ones (default 300, at most 700)
      --kills N          how often it is killed (default 2)
      --server PATH      another server that takes `-c FILE` and the same configuration
      --keep             keep the folder with configuration, lease file and logs
      --simulated        the show without privileges: the same story in the simulator
  chaos [OPTION…]      reloads under load, a full disk, and kill -9 ten times
      --rate N           exchanges a second (default 3000)
      --seconds N        for how long there are reloads (default 20)
  sim ARGUMENT…        the simulator: `run`, `replay`, `shrink`, `selfcheck`, `planted` (try `sim help`)
      --engine E       heap (default), or the whole shell on turmoil or madsim; all for all
  conformance [OPTION…] what the standards ask: in process, in the world, live
      --kea              with Kea as well, installed if it is missing
      --bless            write results and docs/conformance-v4.md as they are found
  bench versus-kea [OPTION…]  our server and Kea under the same load, in turns (try `bench`)
  bench table FILE     what versus-kea wrote with --json, as Markdown
  decode [HEX|FILE|-]  print a DHCPv4 message from hexadecimal text or a file of octets
  docs                 write the files that are made from the code
  package [OPTION…]    Debian packages, in target/package
      --program PATH     with this program instead of a new one
      --twice            build once more and compare
      --try              install on a copy of this machine, serve a client, remove
  sbom [--output FILE] what the server is made of, as CycloneDX
  tidy                 rules of the house: dependency arrows, crate maps, lengths, words
  nightly [OPTION…]    long campaigns
      --seeds N          seeds of the main campaign (default 100000)
      --fuzz SECONDS     for each fuzz target (default 600)
  mutants [OPTION…]    do tests and simulator notice changed code? (cargo-mutants' changes)
      --sample N         how many, drawn from all (default 200)
      --seed N           which (default 1)
      --limit N          at most so many this time; `--resume` goes on with the others
      --seeds N          seeds of the campaign that each has to survive (default 150)
      --only STAGE       what `unit tests`, `transcripts`, `bug base` or `campaign` catch alone
      --json PATH        where results go (default target/mutants/results.json)
  help                 this text
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (task, rest) = match arguments.split_first() {
        Some((task, rest)) => (task.as_str(), rest),
        None => ("help", &[][..]),
    };
    match dispatch(task, rest) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask {task}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(task: &str, arguments: &[String]) -> Result<ExitCode> {
    match task {
        "test" => test::run(arguments),
        "demo" => demo::run(arguments),
        "chaos" => demo::run_chaos(arguments),
        "sim" => sim::run(arguments),
        "conformance" => conformance::run(arguments),
        "bench" => bench::run(arguments),
        "decode" => decode::run(arguments),
        "docs" => docs::run(arguments),
        "package" => package::run(arguments),
        "sbom" => sbom::run(arguments),
        "tidy" => tidy::run(arguments),
        "nightly" => nightly::run(arguments),
        "mutants" => mutants::run(arguments),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        // What the demo starts inside its namespaces.
        "demo-part" => demo::run_part(arguments),
        _ => bail!("there is no such task\n\n{USAGE}"),
    }
}

/// What a task takes, in one place: `--name VALUE` and `--name`.
struct Options<'a> {
    rest: std::slice::Iter<'a, String>,
}

impl<'a> Options<'a> {
    fn new(arguments: &'a [String]) -> Self {
        Self { rest: arguments.iter() }
    }

    fn next(&mut self) -> Option<&'a str> {
        self.rest.next().map(String::as_str)
    }

    fn value(&mut self, name: &str) -> Result<&'a str> {
        match self.next() {
            Some(value) => Ok(value),
            None => bail!("{name} takes a value"),
        }
    }

    fn number<N: std::str::FromStr>(&mut self, name: &str) -> Result<N> {
        let value = self.value(name)?;
        match value.parse() {
            Ok(number) => Ok(number),
            Err(_) => bail!("{name} takes a number, not `{value}`"),
        }
    }
}

fn none_expected(arguments: &[String]) -> Result<()> {
    match arguments.first() {
        None => Ok(()),
        Some(first) => bail!("`{first}` was not expected\n\n{USAGE}"),
    }
}
