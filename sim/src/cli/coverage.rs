//! `coverage`: how far a campaign gets.

use std::io::Write;
use std::path::PathBuf;

use super::run::Many;
use super::{MISSED, OK, say};
use crate::report::{Summary, VERSION};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(flatten)]
    many: Many,
    /// Reads what `run --json` wrote instead of running anything.
    #[arg(long)]
    read: Option<PathBuf>,
}

impl Args {
    pub(super) fn execute(&self, out: &mut impl Write) -> Result<u8, String> {
        let summary = match &self.read {
            Some(path) => {
                let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
                let text = std::fs::read_to_string(path).map_err(|error| told(&error))?;
                serde_json::from_str::<Summary>(&text).map_err(|error| told(&error))?
            }
            None => self.many.campaign(&self.many.plan()?),
        };
        if summary.version != VERSION {
            return Err(format!("the summary's form is {}, not {VERSION}", summary.version));
        }
        say(out, &summary.matrix().to_string())?;
        Ok(if summary.missed.is_empty() { OK } else { MISSED })
    }
}
