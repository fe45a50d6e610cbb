//! `planted`: does the simulator notice?

use std::io::Write;
use std::path::PathBuf;

use super::drawing::bug;
use super::{MISSED, OK, cores, save, say};
use crate::hunt;
use crate::planted::Bug;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// How many seeds a range has at most.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// One bug; all without it.
    #[arg(long)]
    bug: Option<String>,
    /// Threads; as many as cores without it.
    #[arg(long)]
    jobs: Option<usize>,
    /// Writes the table as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

impl Args {
    pub(super) fn execute(&self, out: &mut impl Write) -> Result<u8, String> {
        let bugs = match &self.bug {
            Some(name) => vec![bug(name)?],
            None => Bug::all(),
        };
        let found = hunt::hunt(&bugs, self.seeds, self.jobs.unwrap_or_else(cores));
        save(self.json.as_ref(), &found)?;
        let head = format!(
            "{:<26} {:<5} {:>6} {:>6} {:>6}  broke\n",
            "bug", "found", "first", "median", "most"
        );
        say(out, &head)?;
        for found in &found {
            say(out, &format!("{found}\n"))?;
        }
        Ok(if found.iter().all(hunt::Found::everywhere) { OK } else { MISSED })
    }
}
