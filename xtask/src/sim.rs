//! The simulator, built with the profile in which its assertions count.
//!
//! Three programs, one for each layer. Those that run the whole shell are compiled in their own
//! way, so each has a target folder of its own.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::command;

/// A layer of the simulator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Engine {
    /// L0: the server machine in a world of its own.
    Heap,
    /// L1: the shell on turmoil.
    Turmoil,
    /// L2: the shell on madsim.
    Madsim,
}

impl Engine {
    const NAMES: [(&'static str, Self); 3] =
        [("heap", Self::Heap), ("turmoil", Self::Turmoil), ("madsim", Self::Madsim)];

    /// Its package, and what that has to be compiled with.
    const fn program(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Heap => ("lessor-sim", None),
            Self::Turmoil => ("lessor-sim-turmoil", Some("--cfg tokio_unstable")),
            Self::Madsim => ("lessor-sim-madsim", Some("--cfg madsim")),
        }
    }
}

/// The simulator with these arguments.
pub(crate) fn command(arguments: &[&str]) -> Command {
    layer(Engine::Heap, arguments)
}

/// The simulator of one layer with these arguments.
pub(crate) fn layer(engine: Engine, arguments: &[&str]) -> Command {
    let mut cargo = cargo(engine, &["run", "-q", "--profile", "sim"]);
    cargo.arg("--").args(arguments);
    cargo
}

/// Clippy over what is compiled for a layer and for nothing else.
pub(crate) fn lints(engine: Engine) -> Command {
    let mut cargo = cargo(engine, &["clippy", "-q", "--all-targets", "--profile", "sim"]);
    cargo.args(["--", "-D", "warnings"]);
    cargo
}

fn cargo(engine: Engine, arguments: &[&str]) -> Command {
    let (package, cfgs) = engine.program();
    let mut cargo = command::cargo(arguments);
    cargo.args(["-p", package]);
    if let Some(cfgs) = cfgs {
        // This replaces whatever flags a configuration has: both programs look for theirs.
        cargo.env("RUSTFLAGS", cfgs).arg("--target-dir").arg(target_dir(package));
    }
    cargo
}

/// The folder of what is compiled in a way of its own: beside the usual one.
fn target_dir(package: &str) -> PathBuf {
    let usual = std::env::var_os("CARGO_TARGET_DIR");
    let usual = usual.map_or_else(|| command::root().join("target"), PathBuf::from);
    usual.join(package.trim_start_matches("lessor-"))
}

/// Runs the simulator and passes its exit code on.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let (engines, arguments) = engines(arguments)?;
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut worst = 0;
    for engine in engines {
        let status = layer(engine, &arguments).status().context("cannot start cargo")?;
        let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
        worst = worst.max(code);
    }
    Ok(ExitCode::from(worst))
}

/// Takes `--engine` out: which layers are meant, and what is left for them.
fn engines(arguments: &[String]) -> Result<(Vec<Engine>, Vec<String>)> {
    let mut engines = vec![Engine::Heap];
    let mut rest = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let name = match argument.strip_prefix("--engine") {
            Some("") => arguments.next().map(String::as_str),
            Some(tail) if tail.starts_with('=') => tail.strip_prefix('='),
            _ => {
                rest.push(argument.clone());
                continue;
            }
        };
        let name = name.context("`--engine` wants heap, turmoil, madsim or all")?;
        engines = match Engine::NAMES.iter().find(|(known, _)| *known == name) {
            Some((_, engine)) => vec![*engine],
            None if name == "all" => Engine::NAMES.iter().map(|(_, engine)| *engine).collect(),
            None => bail!("`{name}` is no engine: heap, turmoil, madsim or all"),
        };
    }
    Ok((engines, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<(Vec<Engine>, Vec<String>)> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        engines(&arguments)
    }

    #[test]
    fn the_engine_is_taken_out_wherever_it_stands() {
        let (engines, rest) = parse("run --seeds 5 --engine turmoil --from 2").expect("lawful");
        assert_eq!(engines, [Engine::Turmoil]);
        assert_eq!(rest, ["run", "--seeds", "5", "--from", "2"]);
        let (engines, rest) = parse("planted --engine=all").expect("lawful");
        assert_eq!(engines.len(), 3);
        assert_eq!(rest, ["planted"]);
        assert_eq!(parse("run").expect("lawful").0, [Engine::Heap]);
        assert!(parse("run --engine steam").is_err());
        assert!(parse("run --engine").is_err());
    }
}
