//! Our daemon's program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::script::home;

/// The folders that the daemon is made of.
const SOURCES: [&str; 4] = ["core", "net", "backends", "daemon"];

/// The program beside the running test's, built if it is missing or older than its sources.
///
/// Whoever tests the whole workspace has built it, and it is not touched then: others may be running
/// it at this moment.
///
/// # Errors
/// Why it could not be built.
pub fn daemon() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|why| why.to_string())?;
    // The test lies in PROFILE/deps.
    let profile = own.ancestors().nth(2).ok_or("where is the target folder?")?;
    let program = profile.join("lessor");
    let built = fs::metadata(&program).and_then(|it| it.modified());
    let changed = SOURCES.iter().filter_map(|folder| newest(&home().join("..").join(folder))).max();
    if built.is_ok_and(|built| changed.is_none_or(|changed| changed <= built)) {
        return Ok(program);
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "-q", "-p", "lessor"]).current_dir(home());
    if profile.ends_with("release") {
        build.arg("--release");
    }
    match build.status() {
        Ok(status) if status.success() => Ok(program),
        Ok(status) => Err(format!("cargo build: {status}")),
        Err(why) => Err(format!("cargo build: {why}")),
    }
}

/// When a source below a folder last changed.
fn newest(folder: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    let changed = entries.filter_map(|entry| match entry.file_type().ok()?.is_dir() {
        // Tests, and the contract that they share, are no part of the program.
        true if ["tests", "contract"].iter().any(|name| entry.file_name() == *name) => None,
        true => newest(&entry.path()),
        false if entry.path().extension().is_some_and(|it| it == "rs") => {
            entry.metadata().ok()?.modified().ok()
        }
        false => None,
    });
    changed.max()
}
