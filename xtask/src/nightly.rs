//! The long campaigns. A failure does not stop the ones after it.

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;

use crate::sim::Engine;
use crate::{Options, command, sim};

/// How one campaign went.
enum Outcome {
    Passed(Duration),
    Failed(Duration, String),
    Skipped(String),
}

struct Settings {
    seeds: u64,
    fuzz_seconds: u64,
}

/// One seed of the fixed profile for so many of the others: it has as much in it.
const FIXED_SHARE: u64 = 10;

/// How long the contract's walk of writes and questions is in each database.
const CONTRACT_STEPS: &str = "10000";

/// Runs all campaigns and prints a table of them.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let settings = settings(arguments)?;
    let mut table: Vec<(String, Outcome)> = Vec::new();
    let seeds = settings.seeds.to_string();
    let fixed = (settings.seeds / FIXED_SHARE).to_string();
    for arguments in [
        &["run", "--profile", "nightly", "--seeds", seeds.as_str()][..],
        &["run", "--profile", "fixed", "--seeds", fixed.as_str()],
        &["selfcheck", "--seeds", "500"],
        &["planted", "--shrink"],
    ] {
        table.push((format!("sim {}", arguments.join(" ")), attempt(&mut sim::command(arguments))));
    }
    // Compiled in ways of their own, which takes minutes: not for every change.
    for (engine, name, seeds) in
        [(Engine::Turmoil, "turmoil", "500"), (Engine::Madsim, "madsim", "1000")]
    {
        let named = format!("clippy --engine {name}");
        table.push((named, attempt(&mut sim::lints(engine))));
        for arguments in [
            &["run", "--seeds", seeds][..],
            &["selfcheck", "--seeds", "50"],
            &["planted", "--seeds", "1000"],
        ] {
            let named = format!("sim {} --engine {name}", arguments.join(" "));
            table.push((named, attempt(&mut sim::layer(engine, arguments))));
        }
    }
    fuzz(settings.fuzz_seconds, &mut table)?;
    for store in ["postgresql", "mysql", "sqlite"] {
        let mut contract = Command::new("cargo");
        contract.args(["test", "-p", &format!("lessor-{store}"), "contract"]);
        contract.current_dir(command::root()).env("LESSOR_CONTRACT_STEPS", CONTRACT_STEPS);
        table.push((format!("contract {store}"), attempt(&mut contract)));
    }
    bench(&mut table)?;

    println!();
    let width = table.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut failed = 0;
    for (name, outcome) in &table {
        match outcome {
            Outcome::Passed(time) => println!("{name:width$}  passed in {} s", time.as_secs()),
            Outcome::Skipped(why) => println!("{name:width$}  SKIPPED: {why}"),
            Outcome::Failed(time, error) => {
                failed += 1;
                println!("{name:width$}  FAILED after {} s: {error}", time.as_secs());
            }
        }
    }
    println!("nightly: {failed} of {} campaigns failed", table.len());
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn settings(arguments: &[String]) -> Result<Settings> {
    let mut settings = Settings { seeds: 100_000, fuzz_seconds: 600 };
    let mut options = Options::new(arguments);
    while let Some(option) = options.next() {
        match option {
            "--seeds" => settings.seeds = options.number(option)?,
            "--fuzz" => settings.fuzz_seconds = options.number(option)?,
            _ => bail!("`{option}` was not expected\n\n{}", crate::USAGE),
        }
    }
    Ok(settings)
}

fn attempt(command: &mut Command) -> Outcome {
    println!("── {}", command::line(command));
    let begun = Instant::now();
    match command::run(command) {
        Ok(()) => Outcome::Passed(begun.elapsed()),
        Err(error) => Outcome::Failed(begun.elapsed(), format!("{error:#}")),
    }
}

/// Made from the table of keys by `cargo xtask docs`.
const DICTIONARY: &str = "fuzz/dictionaries/kea.dict";

fn fuzz(seconds: u64, table: &mut Vec<(String, Outcome)>) -> Result<()> {
    // The proxy, not the Cargo that runs us: only the proxy knows other toolchains.
    let available =
        command::succeeds(Command::new("cargo").args(["+nightly", "fuzz", "--version"]));
    for target in fuzz_targets()? {
        let name = format!("fuzz {target}");
        if !available {
            let why = "needs a nightly toolchain and cargo-fuzz (`cargo install cargo-fuzz`)";
            table.push((name, Outcome::Skipped(why.to_owned())));
            continue;
        }
        let corpus = format!("fuzz/corpus/{target}");
        let seeds = format!("fuzz/seeds/{target}");
        std::fs::create_dir_all(command::root().join(&corpus))
            .with_context(|| format!("cannot make {corpus}"))?;
        let mut fuzz = Command::new("cargo");
        fuzz.args(["+nightly", "fuzz", "run", &target, &corpus]).current_dir(command::root());
        if command::root().join(&seeds).is_dir() {
            fuzz.arg(&seeds);
        }
        fuzz.args(["--".to_owned(), format!("-max_total_time={seconds}")]);
        if target == "config_parse" {
            fuzz.arg(format!("-dict={DICTIONARY}"));
        }
        // Set by `cargo run` for us; the proxy would obey it and not `+nightly`'s own programs.
        for variable in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
            fuzz.env_remove(variable);
        }
        table.push((name, attempt(&mut fuzz)));
    }
    Ok(())
}

fn fuzz_targets() -> Result<Vec<String>> {
    let folder = command::root().join("fuzz/fuzz_targets");
    let mut targets = Vec::new();
    for entry in std::fs::read_dir(&folder).context("cannot list fuzz/fuzz_targets")? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            targets.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    targets.sort();
    Ok(targets)
}

fn bench(table: &mut Vec<(String, Outcome)>) -> Result<()> {
    let manifest = command::root().join("Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec()?;
    for package in metadata.workspace_packages() {
        for target in package.targets.iter().filter(|target| target.is_bench()) {
            let mut cargo =
                command::cargo(&["bench", "-q", "-p", &package.name, "--bench", &target.name]);
            table.push((format!("bench {} {}", package.name, target.name), attempt(&mut cargo)));
        }
    }
    Ok(())
}
