//! What a store is asked, and what it answers.

use std::fmt;
use std::sync::Arc;

use lessor_types::{ClientId, Holder, HwAddr, Seq, Unit, Wall};

use crate::Lease;

/// One conditional write: `unit` goes from one row to another.
///
/// The write happens only if the store still holds `from` (by whatever of it the store can
/// compare: all of it, or expiry, client identity and state together).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The row's key.
    pub unit: Unit,
    /// The row as it was read; `None`: there was none.
    pub from: Option<Arc<Lease>>,
    /// The row to be; `None`: removed.
    pub to: Option<Arc<Lease>>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.to {
            Some(lease) => write!(f, "put {lease}"),
            None => write!(f, "remove {}", self.unit),
        }
    }
}

/// Changes that share one commit, in order; the first is number `first` of the lane.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoreBatch {
    /// The number of the first change.
    pub first: Seq,
    /// The changes; at most one for each unit.
    pub changes: Vec<Change>,
}

/// What became of one change.
///
/// There is deliberately no conversion to `Result`: `Unknown` must not slip into either side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// On stable storage.
    Done,
    /// Not written: the store held another row, this one.
    Conflict(Option<Arc<Lease>>),
    /// Not written.
    Refused(Refusal),
    /// Perhaps written: the store was lost between the write and its answer. Only a read can tell.
    Unknown,
}

/// Why a change was certainly not written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// A lost race inside the store (serialization, deadlock): the same again may succeed.
    Retry,
    /// No store to write to.
    Unavailable,
    /// No room.
    Full,
    /// The row cannot be written, now or ever.
    Invalid,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Retry => "the store asks to try again",
            Self::Unavailable => "the store is not available",
            Self::Full => "the store is full",
            Self::Invalid => "the store cannot keep this row",
        })
    }
}

/// A question to a store that several servers share.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Lookup {
    /// The row of one unit.
    Unit(Unit),
    /// All rows of one client.
    Holder(Holder),
    /// Up to `count` units of a range that are free at `wall`. Those without a row come in the order
    /// of units, from `from` on and around; those with a row that may be replaced come before,
    /// between or behind them, as the store finds them best. Some may be passed over if others are
    /// found; of a small range none is missed, if fewer than `count` are free.
    FreeIn {
        /// The first unit of the range.
        first: Unit,
        /// The last unit of the range.
        last: Unit,
        /// Where to begin.
        from: Unit,
        /// How many to find at most.
        count: u16,
        /// The time at which a lapsed lease counts as free.
        wall: Wall,
    },
    /// Up to `count` rows that have lapsed and are not yet reclaimed, or were reclaimed long ago.
    Lapsed {
        /// How many to find at most.
        count: u16,
        /// The time at which to judge.
        wall: Wall,
        /// How long reclaimed and released rows are kept for their clients, in seconds.
        held_back: i64,
    },
    /// All rows with this link-layer address, whatever client identifier they have.
    HwAddr(HwAddr),
    /// All rows with this client identifier.
    ClientId(ClientId),
    /// Up to `count` rows, by unit, behind a unit; fewer only where there are no more.
    Page {
        /// The last unit of the page before.
        after: Option<Unit>,
        /// How many at most.
        count: u32,
    },
}

/// A free unit, with the row that a write would replace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// The unit.
    pub unit: Unit,
    /// Its reusable row, if it has one.
    pub row: Option<Arc<Lease>>,
}

/// The answer to one [`Lookup`], of the matching kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// To [`Lookup::Unit`].
    Row(Option<Arc<Lease>>),
    /// To [`Lookup::Holder`], [`Lookup::Lapsed`], [`Lookup::HwAddr`], [`Lookup::ClientId`] and
    /// [`Lookup::Page`].
    Rows(Vec<Arc<Lease>>),
    /// To [`Lookup::FreeIn`].
    Free(Vec<Candidate>),
}

/// Why a fetch brought nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FetchError {
    /// No store to ask, or it did not answer in time.
    Unavailable,
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable => f.write_str("the store is not available"),
        }
    }
}

/// Why a store stopped, as an operator should read it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoreFailure {
    /// What failed, with the file or the server named.
    pub what: String,
}

impl fmt::Display for StoreFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// Whether a row is one that [`Lookup::Lapsed`] asks for.
///
/// `held_back` is how long reclaimed and released rows are kept for their clients, in seconds.
#[must_use]
pub fn needs_reclaim(lease: &Lease, wall: Wall, held_back: i64) -> bool {
    match lease.state {
        crate::State::Reclaimed | crate::State::Released => {
            lease.expires.plus_secs(held_back) <= wall
        }
        _ => lease.is_reusable(wall),
    }
}
