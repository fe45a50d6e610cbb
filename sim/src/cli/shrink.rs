//! `shrink`: a failing schedule made small.

use std::io::Write;
use std::path::PathBuf;

use super::drawing::{Drawing, schedule};
use super::{BROKEN, OK, save, say};
use crate::bugbase::Kept;
use crate::shrink::shrink;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// A seed, or a file with a schedule.
    what: String,
    #[command(flatten)]
    drawing: Drawing,
    /// What it shows.
    #[arg(long)]
    title: Option<String>,
    /// Where to write it.
    #[arg(short, long)]
    out: Option<PathBuf>,
}

impl Args {
    pub(super) fn execute(&self, out: &mut impl Write) -> Result<u8, String> {
        let (wish, bug) = self.drawing.read()?;
        let (before, kept_for) = schedule(&self.what, wish)?;
        let bug = bug.or(kept_for);
        let Some((schedule, invariant)) = shrink(&before, bug) else {
            say(out, "nothing breaks\n")?;
            return Ok(OK);
        };
        let told = format!(
            "{}: {} operations and {} faults before, {} and {} now\n",
            invariant.name(),
            before.ops.len(),
            before.faults.len(),
            schedule.ops.len(),
            schedule.faults.len()
        );
        say(out, &told)?;
        let kept = Kept {
            title: self.title.clone().unwrap_or_else(|| invariant.name().to_owned()),
            planted: bug.map(|bug| bug.name().to_owned()),
            breaks: Some(invariant),
            schedule,
        };
        save(self.out.as_ref(), &kept)?;
        Ok(BROKEN)
    }
}
