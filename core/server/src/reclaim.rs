//! What becomes of lapsed leases.
//!
//! A lapsed lease is reclaimed: its row stays for a while, so that its client may have the address
//! again. A declined address whose probation is over, and a row that was kept long enough, is
//! removed. None of it is needed for an address to be given out again; it keeps the books.

use std::sync::Arc;

use lessor_config::Expired;
use lessor_lease::{Change, Lease, State};
use lessor_types::Wall;

use crate::ledger::Ledger;

/// How many rows one round takes where the configuration sets no bound.
const ROUND_MAX: usize = 10_000;

/// What a row becomes at the end of its time.
#[must_use]
pub fn end_of(row: &Arc<Lease>) -> Change {
    let to = match row.state {
        State::Assigned | State::Registered => {
            let mut kept = Lease::clone(row);
            kept.state = State::Reclaimed;
            Some(Arc::new(kept))
        }
        State::Declined | State::Reclaimed | State::Released => None,
    };
    Change { unit: row.unit, from: Some(Arc::clone(row)), to }
}

/// The changes of one round over an exclusive store's rows. Rows with changes on their way are
/// left to the next round.
#[must_use]
pub fn round(ledger: &Ledger, settings: &Expired, judged: Wall) -> Vec<Change> {
    let table = ledger.table();
    let forget = judged.plus_secs(-i64::from(settings.hold_reclaimed.0));
    table
        .lapsed(judged)
        .chain(table.ended(forget))
        .filter(|row| ledger.unsettled(row.unit).is_empty())
        .take(round_max(settings))
        .map(end_of)
        .collect()
}

/// How many rows one round takes.
#[must_use]
pub fn round_max(settings: &Expired) -> usize {
    match settings.max_reclaim_leases {
        0 => ROUND_MAX,
        max => usize::try_from(max).unwrap_or(ROUND_MAX).min(ROUND_MAX),
    }
}
