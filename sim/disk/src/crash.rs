//! How a crash goes, and what survives it.

/// What of the changes that were not synced is found after a crash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Survival {
    /// None.
    Nothing,
    /// All.
    Everything,
    /// The first so many, in order: octets written for each file's data, changes for the directory.
    First(u64),
    /// Drawn from the disk's seed: often a prefix, torn anywhere; sometimes later writes without
    /// earlier ones, with holes of zeros. Directory changes survive as a prefix.
    Drawn,
}

/// How a crash goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Crash {
    /// The process ends; the machine lives on, and what was written may be synced later.
    Process,
    /// The power goes.
    Power {
        /// What was written to files.
        data: Survival,
        /// What was created, renamed and removed.
        names: Survival,
    },
}

impl Crash {
    /// A power cut with everything drawn.
    pub const DRAWN: Self = Self::Power { data: Survival::Drawn, names: Survival::Drawn };
}
