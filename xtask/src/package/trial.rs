//! The packages installed on a copy of this machine, and served from.
//!
//! The copy is an overlay in a mount namespace: what dpkg and the server write there is gone
//! afterwards, and the machine is as it was.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{command, packages};

/// What happens inside.
const SCRIPT: &str = include_str!("trial.sh");

pub(super) fn run(folder: &Path, made: &[PathBuf]) -> Result<()> {
    if !packages::can_make_namespaces() {
        bail!("a trial needs root and namespaces of its own, which are not to be had here");
    }
    let missing = packages::ensure(&[packages::IP, packages::UDHCPC]);
    if !missing.is_empty() {
        bail!("{}", missing.join("\n"));
    }
    let place = folder.join("trial");
    fs::create_dir_all(&place).with_context(|| place.display().to_string())?;
    println!("installing on a copy of this machine, and serving by the units' command lines");
    let script = folder.join("trial.sh");
    fs::write(&script, SCRIPT).with_context(|| script.display().to_string())?;
    let mut trial = Command::new("unshare");
    trial.args(["--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-eu"]);
    command::run(trial.arg(&script).arg(&place).args(made))
}
