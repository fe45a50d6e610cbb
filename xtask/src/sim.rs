//! The simulator, built with the profile in which its assertions count.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::command;

/// The simulator with these arguments.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut cargo = command::cargo(&["run", "-q", "--profile", "sim", "-p", "lessor-sim", "--"]);
    cargo.args(arguments);
    cargo
}

/// Runs the simulator and passes its exit code on.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut command = command(&arguments);
    let status = command.status().context("cannot start cargo")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}
