//! Which seeds and which schedules: the options that all verbs share.

use clap::Args;

use crate::bugbase::Kept;
use crate::layer::Layer;
use crate::planted::Bug;
use crate::schedule::{Schedule, Topology};
use crate::swarm::{Choice, Profile, Wish};

/// What seeds are drawn for.
#[derive(Args, Clone, Debug)]
pub(super) struct Drawing {
    /// The topology: single, shared or partner; any without it.
    #[arg(long)]
    topology: Option<String>,
    /// What the seeds are like: quick, fixed or nightly.
    #[arg(long, default_value = "quick")]
    profile: String,
    /// Kinds of faults: `+kind` is in every schedule that can have it, `-kind` in none. Several are
    /// separated by commas; `-all` leaves only what `+` names.
    #[arg(long, allow_hyphen_values = true)]
    faults: Option<String>,
    /// A bug to plant; its surroundings are drawn often.
    #[arg(long)]
    planted: Option<String>,
    /// A bug whose surroundings are drawn often, without the bug.
    #[arg(long)]
    like: Option<String>,
}

impl Drawing {
    /// What is wished for, and the bug that is planted.
    ///
    /// # Errors
    /// A name that means nothing.
    pub(super) fn read(&self) -> Result<(Wish, Option<Bug>), String> {
        let topology = match &self.topology {
            None => None,
            Some(name) => {
                let found = Topology::ALL.into_iter().find(|it| it.name() == name);
                let names = Topology::ALL.map(Topology::name).join(", ");
                Some(found.ok_or_else(|| format!("`{name}` is no topology; there are {names}"))?)
            }
        };
        let faults = self.faults.as_deref().map(Choice::parse).transpose()?.unwrap_or_default();
        let planted = self.planted.as_deref().map(bug).transpose()?;
        let like = self.like.as_deref().map(bug).transpose()?.or(planted);
        let profile = Profile::named(&self.profile).ok_or_else(|| {
            let names = Profile::ALL.map(Profile::name).join(", ");
            format!("`{}` is no profile; there are {names}", self.profile)
        })?;
        Ok((Wish { topology, like, faults, profile }, planted))
    }
}

/// A seed, in decimal or hexadecimal digits.
///
/// # Errors
/// Anything else.
pub(super) fn seed(text: &str) -> Result<u64, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| format!("`{text}` is no seed"))
}

/// A planted bug by its name.
///
/// # Errors
/// A name that none has.
pub(super) fn bug(name: &str) -> Result<Bug, String> {
    let names = || Bug::of_the_shell().iter().map(|bug| bug.name()).collect::<Vec<_>>().join(", ");
    Bug::named(name).ok_or_else(|| format!("`{name}` is no planted bug; there are {}", names()))
}

/// A schedule: a seed's, or one that is kept in a file, with the bug that it was kept for.
///
/// # Errors
/// Neither a seed nor a file with a schedule.
pub(super) fn schedule(
    layer: Layer,
    what: &str,
    wish: Wish,
) -> Result<(Schedule, Option<Bug>), String> {
    if let Ok(seed) = seed(what) {
        return Ok((layer.draw(seed, wish).0, None));
    }
    let text = std::fs::read_to_string(what).map_err(|error| format!("{what}: {error}"))?;
    if let Ok(kept) = serde_json::from_str::<Kept>(&text) {
        let planted = kept.planted.as_deref().map(bug).transpose()?;
        return Ok((kept.schedule, planted));
    }
    let schedule = serde_json::from_str(&text).map_err(|error| format!("{what}: {error}"))?;
    Ok((schedule, None))
}
