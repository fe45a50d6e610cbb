//! Schedules that once showed something, kept as regression tests.

use serde::{Deserialize, Serialize};

use crate::check::Invariant;
use crate::planted::Bug;
use crate::run::run;
use crate::schedule::Schedule;

/// One kept schedule. As it is, nothing may break; with the planted bug, the named invariant must,
/// or the schedule no longer goes where it once went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// What it shows.
    pub title: String,
    /// The bug that it brings out.
    pub planted: Option<String>,
    /// What that bug breaks.
    pub breaks: Option<Invariant>,
    /// The schedule.
    pub schedule: Schedule,
}

impl Kept {
    /// Runs it both ways.
    ///
    /// # Errors
    /// What was other than it should be.
    pub fn judge(&self) -> Result<(), String> {
        let broken = |bug| -> Result<Option<Invariant>, String> {
            let outcome = run(&self.schedule, bug, false)?;
            Ok(outcome.broken.map(|(_, broken)| broken.invariant))
        };
        if let Some(invariant) = broken(None)? {
            return Err(format!("{}: {} is broken", self.title, invariant.name()));
        }
        let Some(name) = &self.planted else {
            return Ok(());
        };
        let bug = Bug::named(name).ok_or_else(|| format!("`{name}` is no planted bug"))?;
        let found = broken(Some(bug))?;
        if found == self.breaks {
            return Ok(());
        }
        let shown = |it: Option<Invariant>| it.map_or("nothing", Invariant::name);
        Err(format!(
            "{}: with {name}, {} breaks where it should be {}",
            self.title,
            shown(found),
            shown(self.breaks)
        ))
    }
}
