//! The simulator, built with the profile in which its assertions count.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::command;

/// The simulator with these arguments.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut cargo = command::cargo(&["run", "-q", "--profile", "sim", "-p", "lessor-sim", "--"]);
    cargo.args(arguments);
    if let Some(commit) = commit() {
        cargo.env("LESSOR_COMMIT", commit);
    }
    cargo
}

/// What is built, for reports: a seed means nothing without it.
fn commit() -> Option<String> {
    let git = |arguments: &[&str]| {
        command::capture(Command::new("git").args(arguments).current_dir(command::root())).ok()
    };
    let hash = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changed = git(&["status", "--porcelain"]).is_some_and(|changes| !changes.is_empty());
    Some(format!("{}{}", hash.trim(), if changed { " with changes" } else { "" }))
}

/// Runs the simulator and passes its exit code on.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut command = command(&arguments);
    let status = command.status().context("cannot start cargo")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}
