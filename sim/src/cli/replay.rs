//! `replay`: one schedule, and what happened.

use std::io::Write;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use super::drawing::{Drawing, schedule};
use super::{BROKEN, OK, STARVED, save, say};
use crate::campaign::explain_failure;
use crate::check::Invariant;
use crate::history::Record;
use crate::run::run;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
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
    /// Writes the schedule.
    #[arg(long)]
    save: Option<PathBuf>,
    /// Shows all of the history.
    #[arg(long)]
    full: bool,
}

impl Args {
    pub(super) fn execute(&self, out: &mut impl Write) -> Result<u8, String> {
        let (wish, bug) = self.drawing.read()?;
        let (schedule, kept_for) = schedule(&self.what, wish)?;
        let bug = bug.or_else(|| kept_for.filter(|_| !self.clean));
        save(self.save.as_ref(), &schedule)?;
        let followed = self.follow.as_deref().map(Followed::parse).transpose()?;
        let outcome = run(&schedule, bug, true)?;
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
        let Some(failure) = explain_failure(&schedule, bug, wish, &outcome) else {
            return Ok(OK);
        };
        say(out, &format!("{failure}\n"))?;
        let starved = failure.invariant == Invariant::ClientLiveness.name();
        Ok(if starved { STARVED } else { BROKEN })
    }
}

/// Whom to follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Followed {
    Addr(Ipv4Addr),
    Client(u16),
}

impl Followed {
    fn parse(text: &str) -> Result<Self, String> {
        let parsed = match text.split_once('=') {
            Some(("addr", text)) => text.parse().ok().map(Self::Addr),
            Some(("client", text)) => text.parse().ok().map(Self::Client),
            _ => None,
        };
        parsed.ok_or_else(|| format!("`{text}` is neither addr=A nor client=N"))
    }

    fn is_about(self, record: &Record) -> bool {
        match self {
            Self::Addr(addr) => record.addr == Some(addr),
            Self::Client(client) => record.client == Some(client),
        }
    }
}
