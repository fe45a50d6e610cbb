//! What becomes of lapsed leases.
//!
//! A lapsed lease is reclaimed: its row stays for a while, so that its client may have the address
//! again. A declined address whose probation is over, and a row that was kept long enough, is
//! removed. None of it is needed for an address to be given out again; it keeps the books.

use std::sync::Arc;

use lessor_config::Expired;
use lessor_lease::{Change, Lease, State};
use lessor_types::Wall;

use crate::Event;
use crate::ledger::Ledger;

/// How many rows are written at once. A round looks at the clock between two such slices.
const SLICE_MAX: usize = 500;

/// What a round is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// To reclaim lapsed leases, and to end probations.
    Reclaim,
    /// To remove rows that were kept long enough.
    Flush,
}

/// What a row becomes at the end of its time.
#[must_use]
pub fn end_of(row: &Arc<Lease>, settings: &Expired) -> Change {
    let is_kept = settings.hold_reclaimed.0 > 0;
    let to = match row.state {
        State::Assigned | State::Registered if is_kept => {
            let mut kept = Lease::clone(row);
            kept.state = State::Reclaimed;
            Some(Arc::new(kept))
        }
        _ => None,
    };
    Change { unit: row.unit, from: Some(Arc::clone(row)), to }
}

/// What to say of what nobody waited for: the end of a row, or of the use of an address.
#[must_use]
pub fn event(change: &Change, done: bool) -> Event {
    let unit = change.unit;
    if change.to.as_ref().is_some_and(|row| row.state == State::Declined) {
        return if done { Event::Quarantined(unit) } else { Event::QuarantineFailed(unit) };
    }
    match change.from.as_ref().map(|row| row.state) {
        _ if !done => Event::ReclaimFailed(unit),
        Some(State::Declined) => Event::ProbationEnded(unit),
        Some(State::Reclaimed | State::Released) | None => Event::Removed(unit),
        Some(State::Assigned | State::Registered) => Event::Reclaimed(unit),
    }
}

/// Up to `count` changes of a round over an exclusive store's rows. Rows with changes on their way
/// are left to the next round.
#[must_use]
pub fn slice(
    kind: Kind,
    ledger: &Ledger,
    settings: &Expired,
    judged: Wall,
    count: usize,
) -> Vec<Change> {
    let table = ledger.table();
    let is_settled = |row: &Arc<Lease>| ledger.is_settled(row.unit);
    let end = |row: Arc<Lease>| end_of(&row, settings);
    match kind {
        Kind::Reclaim => table.lapsed(judged).filter(is_settled).take(count).map(end).collect(),
        Kind::Flush => {
            let forget = judged.plus_secs(-held_back(kind, settings));
            table.ended(forget).filter(is_settled).take(count).map(end).collect()
        }
    }
}

/// How long reclaimed rows are kept, in seconds, as far as a round is concerned.
#[must_use]
pub fn held_back(kind: Kind, settings: &Expired) -> i64 {
    match kind {
        // Longer than any store is old.
        Kind::Reclaim => i64::MAX / 4,
        Kind::Flush => i64::from(settings.hold_reclaimed.0),
    }
}

/// How many rows the next slice of a round takes that has taken `taken`. Only reclaiming is limited:
/// a row that is removed takes no more than its place in the file.
#[must_use]
pub fn slice_max(kind: Kind, settings: &Expired, taken: usize) -> usize {
    match (kind, settings.max_reclaim_leases) {
        (Kind::Flush, _) | (Kind::Reclaim, 0) => SLICE_MAX,
        (Kind::Reclaim, max) => {
            let max = usize::try_from(max).unwrap_or(usize::MAX);
            max.saturating_sub(taken).min(SLICE_MAX)
        }
    }
}
