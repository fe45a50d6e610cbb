//! `run`: a campaign.

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::drawing::{Drawing, seed};
use super::progress::Line;
use super::{BROKEN, MISSED, OK, STARVED, cores, save, say};
use crate::campaign::{Plan, Progress, campaign_watched};
use crate::check::Invariant;
use crate::report::Summary;
use crate::run::run;
use crate::swarm::draw_schedule;

/// Which seeds, and for how long.
#[derive(clap::Args, Debug)]
pub(super) struct Many {
    /// One seed.
    #[arg(long)]
    seed: Option<String>,
    /// How many seeds; as many as the profile says without it.
    #[arg(long)]
    seeds: Option<u64>,
    /// The first seed.
    #[arg(long, default_value = "1")]
    from: String,
    #[command(flatten)]
    drawing: Drawing,
    /// Threads; as many as cores without it.
    #[arg(long)]
    jobs: Option<usize>,
    /// Starts no more seeds after so long: `90s`, `10m`, `2h`.
    #[arg(long, value_parser = duration)]
    time_budget: Option<Duration>,
    /// Says how far it is even where standard error is no terminal.
    #[arg(long)]
    progress: bool,
}

impl Many {
    /// The plan of a campaign. With a time budget and no number of seeds, time alone ends it.
    ///
    /// # Errors
    /// A name that means nothing.
    pub(super) fn plan(&self) -> Result<Plan, String> {
        let (wish, bug) = self.drawing.read()?;
        let (from, seeds) = match &self.seed {
            Some(one) => (seed(one)?, 1),
            None => {
                let all = if self.time_budget.is_some() { u64::MAX } else { wish.profile.seeds() };
                (seed(&self.from)?, self.seeds.unwrap_or(all))
            }
        };
        Ok(Plan {
            from,
            seeds,
            wish,
            bug,
            jobs: self.jobs.unwrap_or_else(cores),
            fail_fast: false,
            explain: true,
            until: self.time_budget.map(|budget| Instant::now() + budget),
        })
    }

    /// Runs the campaign, and says how far it is to whoever waits.
    pub(super) fn campaign(&self, plan: &Plan) -> Summary {
        let progress = Progress::default();
        let line = Line::new(self.progress);
        std::thread::scope(|scope| {
            scope.spawn(|| line.show(plan, &progress));
            campaign_watched(plan, &progress)
        })
    }
}

/// A length of time with its unit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let told = || format!("`{text}` is no length of time; `90s`, `10m` and `2h` are");
    let unit = text.chars().last().ok_or_else(told)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return Err(told()),
    };
    let number = text.strip_suffix(unit).and_then(|number| number.parse::<u64>().ok());
    let number = number.and_then(|number| number.checked_mul(seconds)).ok_or_else(told)?;
    Ok(Duration::from_secs(number))
}

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(flatten)]
    many: Many,
    /// Stops at the first failure.
    #[arg(long)]
    fail_fast: bool,
    /// Writes the summary as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Writes the schedules of the failures that are explained into a folder.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Whose history is shown.
    #[arg(long, default_value = "fail", value_parser = ["fail", "all", "off"])]
    trace: String,
}

impl Args {
    pub(super) fn execute(&self, out: &mut impl Write) -> Result<u8, String> {
        let mut plan = self.many.plan()?;
        plan.fail_fast = self.fail_fast;
        plan.explain = self.trace != "off";
        if self.trace == "all" {
            for seed in (0..plan.seeds).map(|number| plan.from.wrapping_add(number)) {
                let outcome = run(&draw_schedule(seed, plan.wish), plan.bug, true)?;
                say(out, &format!("seed {seed:#x}\n"))?;
                for record in &outcome.records {
                    say(out, &format!("{record}\n"))?;
                }
            }
        }
        let mut summary = self.many.campaign(&plan);
        if let Some(folder) = &self.keep {
            keep(folder, &plan, &mut summary)?;
        }
        write!(out, "{summary}").map_err(|error| error.to_string())?;
        save(self.json.as_ref(), &summary)?;
        Ok(verdict(&summary))
    }
}

/// Writes the schedules of failures, and says in the summary where they are.
fn keep(folder: &std::path::Path, plan: &Plan, summary: &mut Summary) -> Result<(), String> {
    let explained = |failure: &&mut crate::report::Failure| !failure.slice.is_empty();
    for failure in summary.failures.iter_mut().filter(explained) {
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let path = folder.join(format!("seed-{:x}.json", failure.seed));
        save(Some(&path), &draw_schedule(failure.seed, plan.wish))?;
        failure.schedule = Some(path.display().to_string());
    }
    Ok(())
}

/// The exit code of a campaign.
pub(super) fn verdict(summary: &Summary) -> u8 {
    let liveness = Invariant::ClientLiveness.name();
    match summary.failures.first() {
        Some(failure) if failure.invariant == liveness => STARVED,
        Some(_) => BROKEN,
        None if !summary.missed.is_empty() => MISSED,
        None => OK,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_have_a_unit() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7200)));
        for wrong in ["", "m", "10", "-1s", "1.5h", "10 m", "99999999999999999999h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
