//! What a server knows of its former lives.
//!
//! Rows are in the store. What is not there, and has to outlive a crash all the same, is small: how
//! far the wall clock had leapt, how long leases may last that no row tells of, and whether leases
//! are missing at all. A server says so as it goes ([`Memory`]), the store notes it beside the rows,
//! and the next one is given it at its start ([`Past`]).

use std::fmt;
use std::time::Duration;

use lessor_types::{Mono, Now, Wall};

/// What a server wants the next one to know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Memory {
    /// Both clocks at the moment for which all of this holds.
    pub at: Now,
    /// Whether the wall clock was not believed, so that the date is a guess, and too early if it is
    /// wrong.
    pub unset: bool,
    /// The latest date that leases were ever given or judged by.
    pub seen: Wall,
    /// The longest lifetime or probation that may have been granted.
    pub longest: Longest,
    /// Forward leaps of the wall clock that are not outlived: how far, and for how long yet.
    pub leaps: Vec<(Duration, Duration)>,
    /// The hold-off that goes on, if one does.
    pub hold_off: Option<Longest>,
}

/// A length of time that may have no end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Longest {
    /// So long.
    For(Duration),
    /// Without end.
    Endless,
}

/// Why leases may be missing from what was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lost {
    /// The lease file had grown beyond what is there now: it comes from a backup.
    Older,
    /// There was a lease file, and there is none.
    Missing,
    /// What was remembered cannot be read.
    Forgotten,
    /// The disk has changed parts of the lease file.
    Damaged,
    /// Somebody says so.
    Told,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Older => "the lease file is older than it was when the server last wrote it",
            Self::Missing => "the lease file is gone",
            Self::Forgotten => "what was noted of the lease file cannot be read",
            Self::Damaged => "parts of the lease file are not as they were written",
            Self::Told => "an operator says so",
        })
    }
}

/// What is known at a start of what was before it. The default: nothing was.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Past {
    /// What the former life left.
    pub memory: Option<Memory>,
    /// What the clock that [`Mono`] counts by, read from the start of the machine, showed at
    /// [`Memory::at`]. None if the machine has been started since: then only the wall clock tells
    /// how long that is ago.
    pub noted: Option<Duration>,
    /// What that clock showed at [`Mono::ZERO`].
    pub ahead: Duration,
    /// Whether leases may be missing.
    pub lost: Option<Lost>,
    /// When the last lease was confirmed of those that were written after the memory was: a later
    /// date than the memory's in the order of things, though the clock may have gone back.
    pub latest: Option<Wall>,
    /// No wall clock is right that shows less.
    pub floor: Wall,
}

impl Past {
    /// How long ago [`Memory::at`] is, where that can be told for certain.
    #[must_use]
    pub fn elapsed(&self, now: Mono) -> Option<Duration> {
        let since_boot = self.ahead + now.since(Mono::ZERO);
        self.noted.and_then(|noted| since_boot.checked_sub(noted))
    }
}
