//! `replay`: one schedule, and what happened.

use std::io::Write;
use std::path::PathBuf;

use super::drawing::{Drawing, schedule};
use super::{BROKEN, OK, STARVED, save, say};
use crate::campaign::explain_failure;
use crate::check::Invariant;
use crate::run::Player;
use crate::story::{Followed, tell};
use crate::timeline;

/// Its options.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A seed, or a file with a schedule.
    what: String,
    #[command(flatten)]
    drawing: Drawing,
    /// Runs a kept schedule without the bug that it is kept for.
    #[arg(long)]
    clean: bool,
    /// Shows only what bears on addr=A or client=N.
    #[arg(long)]
    follow: Option<String>,
    /// Tells the story of what is followed in sentences; of what broke, if nothing is followed.
    #[arg(long)]
    explain: bool,
    /// Draws the history: one HTML file that needs nothing else.
    #[arg(long)]
    html: Option<PathBuf>,
    /// Writes the schedule.
    #[arg(long)]
    save: Option<PathBuf>,
    /// Shows all of the history.
    #[arg(long)]
    full: bool,
}

impl Args {
    /// Does it, and returns the exit code.
    ///
    /// # Errors
    /// A command that makes no sense.
    pub fn execute(&self, player: &dyn Player, out: &mut impl Write) -> Result<u8, String> {
        let (wish, bug) = self.drawing.read()?;
        let (schedule, kept_for) = schedule(player.layer(), &self.what, wish)?;
        let bug = bug.or_else(|| kept_for.filter(|_| !self.clean));
        save(self.save.as_ref(), &schedule)?;
        let followed = self.follow.as_deref().map(Followed::parse).transpose()?;
        let outcome = player.play(&schedule, bug, true)?;
        if let Some(path) = &self.html {
            let page = timeline::page(&schedule, bug, &outcome).map_err(|e| e.to_string())?;
            std::fs::write(path, page).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        if self.explain {
            let broken = outcome.broken.as_ref().map(|(_, broken)| broken);
            let by_failure = broken.and_then(|broken| match (broken.addr, broken.client) {
                (Some(addr), _) => Some(Followed::Addr(addr)),
                (None, client) => client.map(Followed::Client),
            });
            let Some(followed) = followed.or(by_failure) else {
                return Err("whose story? `--follow addr=A` or `--follow client=N`".to_owned());
            };
            say(out, &tell(&schedule, &outcome, followed))?;
            return Ok(verdict(broken.map(|broken| broken.invariant)));
        }
        for line in &schedule.drawn {
            say(out, &format!("{line}\n"))?;
        }
        let shown = outcome.records.iter().filter(|record| match followed {
            Some(followed) => record.general || followed.is_about(record),
            None => self.full,
        });
        for record in shown {
            say(out, &format!("{record}\n"))?;
        }
        let sums = format!(
            "{} events, {} entries, hash {:#018x}\n",
            outcome.events,
            outcome.records.len(),
            outcome.hash
        );
        say(out, &sums)?;
        if let Some(mut failure) = explain_failure(&schedule, bug, wish, &outcome) {
            failure.replay.push_str(player.layer().option());
            say(out, &format!("{failure}\n"))?;
        }
        Ok(verdict(outcome.broken.map(|(_, broken)| broken.invariant)))
    }
}

const fn verdict(broken: Option<Invariant>) -> u8 {
    match broken {
        None => OK,
        Some(Invariant::ClientLiveness) => STARVED,
        Some(_) => BROKEN,
    }
}
