//! The simulated store keeps the promise that every shared store keeps.

use std::sync::Arc;

use lessor_lease::{Change, FetchError, Found, Lease, Lookup, Outcome};
use lessor_sim::store::SimStore;
use lessor_store_contract::{Kind, Subject, run};

struct Shared(SimStore);

impl Subject for Shared {
    fn commit(&mut self, batch: &[Change]) -> Vec<Outcome> {
        batch.iter().map(|change| self.0.apply(change)).collect()
    }

    fn crash_and_reopen(&mut self) {
        // What it holds is durable; clients of a database lose no more than their connection.
    }

    fn rows(&mut self) -> Vec<Arc<Lease>> {
        self.0.rows().cloned().collect()
    }

    fn promises(&self) -> Kind {
        Kind::Shared
    }

    fn fetch(&mut self, lookups: &[Lookup]) -> Result<Vec<Found>, FetchError> {
        Ok(lookups.iter().map(|lookup| self.0.look_up(lookup)).collect())
    }
}

#[test]
fn the_simulated_store_keeps_the_contract() {
    run(|| Shared(SimStore::new()));
}
