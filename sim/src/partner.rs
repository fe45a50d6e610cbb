//! The partner of a server, as far as the server can tell: it takes lease changes and says so.

use std::collections::BTreeMap;
use std::sync::Arc;

use lessor_lease::{Change, Lease};
use lessor_server::PeerOutcome;
use lessor_types::{Prng, Unit};

/// What the partner keeps.
#[derive(Debug, Default)]
pub(crate) struct Partner {
    rows: BTreeMap<Unit, Arc<Lease>>,
}

impl Partner {
    /// The row of a unit.
    pub(crate) fn row(&self, unit: Unit) -> Option<&Arc<Lease>> {
        self.rows.get(&unit)
    }

    /// Takes a change, or rejects it with a probability.
    pub(crate) fn take(&mut self, change: &Change, reject_ppm: u32, rng: &mut Prng) -> PeerOutcome {
        if reject_ppm > 0 && rng.chance_ppm(reject_ppm) {
            return PeerOutcome::Rejected;
        }
        match &change.to {
            Some(row) => self.rows.insert(change.unit, Arc::clone(row)),
            None => self.rows.remove(&change.unit),
        };
        PeerOutcome::Acked
    }
}
