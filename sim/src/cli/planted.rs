//! `planted`: does the simulator notice?

use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use super::drawing::bug;
use super::run::duration;
use super::{MISSED, OK, cores, save, say};
use crate::hunt::{self, Found};
use crate::planted::Bug;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// How many seeds a range has at most.
    #[arg(long, default_value_t = hunt::SEEDS_MAX)]
    seeds: u64,
    /// One bug; all without it.
    #[arg(long)]
    bug: Option<String>,
    /// Makes an example of each small as well, and says how small.
    #[arg(long)]
    shrink: bool,
    /// How long one example may take to be made small.
    #[arg(long, default_value = "60s", value_parser = duration)]
    time_budget: Duration,
    /// Threads; as many as cores without it.
    #[arg(long)]
    jobs: Option<usize>,
    /// Writes the table as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

impl Args {
    pub(super) fn execute(&self, out: &mut (impl Write + Send)) -> Result<u8, String> {
        let bugs = match &self.bug {
            Some(name) => vec![bug(name)?],
            None => Bug::all(),
        };
        say(out, &format!("{}\n", Found::head()))?;
        // Each line as soon as it is known: all of them take minutes.
        let lines = Mutex::new(&mut *out);
        let tell = |found: &Found| {
            if let Ok(mut out) = lines.lock() {
                let _ = writeln!(out, "{found}");
            }
        };
        let jobs = self.jobs.unwrap_or_else(cores);
        let shrink_for = self.shrink.then_some(self.time_budget);
        let found = hunt::hunt(&bugs, self.seeds, jobs, shrink_for, tell);
        save(self.json.as_ref(), &found)?;
        let complaints = hunt::complaints(&found);
        let medians = found.iter().filter_map(Found::median).collect();
        let most = found.iter().flat_map(|found| found.seeds.iter().flatten()).max();
        let mut told = format!(
            "{} bugs; the median of medians is {} seeds, the most that one took {}\n",
            found.len(),
            hunt::middle(medians).unwrap_or_default(),
            most.copied().unwrap_or_default()
        );
        let sizes: Vec<usize> = found.iter().filter_map(|it| Some(it.shrunk?.after)).collect();
        if let (Some(size), Some(largest)) = (hunt::middle(sizes.clone()), sizes.iter().max()) {
            told.push_str(&format!(
                "made small, the median has {size} operations and faults, the largest {largest}\n"
            ));
        }
        for complaint in &complaints {
            told.push_str(&format!("MISSED: {complaint}\n"));
        }
        say(out, &told)?;
        Ok(if complaints.is_empty() { OK } else { MISSED })
    }
}
