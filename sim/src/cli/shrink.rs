//! `shrink`: a failing schedule made small.

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::drawing::{Drawing, schedule};
use super::run::duration;
use super::{BROKEN, OK, save, say};
use crate::bugbase::Kept;
use crate::run::Player;
use crate::shrink::{Limits, shrink_with};

/// Its options.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A seed, or a file with a schedule.
    what: String,
    #[command(flatten)]
    drawing: Drawing,
    /// How long it may take.
    #[arg(long, default_value = "60s", value_parser = duration)]
    time_budget: Duration,
    /// What it shows.
    #[arg(long)]
    title: Option<String>,
    /// Where to write it.
    #[arg(short, long)]
    out: Option<PathBuf>,
}

impl Args {
    /// Does it, and returns the exit code.
    ///
    /// # Errors
    /// A command that makes no sense.
    pub fn execute(&self, player: &dyn Player, out: &mut impl Write) -> Result<u8, String> {
        let (wish, bug) = self.drawing.read()?;
        let (before, kept_for) = schedule(player.layer(), &self.what, wish)?;
        let bug = bug.or(kept_for);
        let begin = Instant::now();
        let limits = Limits { until: Some(begin + self.time_budget) };
        let Some(shrunk) = shrink_with(player, &before, bug, limits) else {
            say(out, "nothing breaks\n")?;
            return Ok(OK);
        };
        let after = &shrunk.schedule;
        let told = format!(
            "{}: {} operations, {} faults, {} clients before; {}, {} and {} now, after {} runs in \
             {:.1} s{}\n",
            shrunk.invariant.name(),
            before.ops.len(),
            before.faults.len(),
            before.clients.len(),
            after.ops.len(),
            after.faults.len(),
            after.clients.len(),
            shrunk.runs,
            begin.elapsed().as_secs_f64(),
            if shrunk.finished { "" } else { ", when the time was over" }
        );
        say(out, &told)?;
        let kept = Kept {
            title: self.title.clone().unwrap_or_else(|| shrunk.invariant.name().to_owned()),
            planted: bug.map(|bug| bug.name().to_owned()),
            breaks: Some(shrunk.invariant),
            schedule: shrunk.schedule,
        };
        save(self.out.as_ref(), &kept)?;
        if let Some(path) = &self.out {
            let option = player.layer().option();
            say(out, &format!("cargo xtask sim replay {}{option} --explain\n", path.display()))?;
        }
        Ok(BROKEN)
    }
}
