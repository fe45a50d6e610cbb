//! Rows that come in, and a configuration that they should fit.

use std::sync::Arc;

use lessor_lease::Lease;

use super::Server;
use crate::{Event, sanity};

/// How many misplaced leases are told one by one; the rest only in the sum.
const TOLD_MAX: usize = 32;

impl Server {
    /// Looks over the rows of an exclusive store. Rows with changes on their way were decided on
    /// under this server's eyes.
    pub(super) fn look_over(&mut self) {
        if self.is_shared() {
            return;
        }
        let topology = Arc::clone(&self.topology);
        let (mut misplaced, mut put_right) = (0, 0);
        let mut events = Vec::new();
        let mut changes = Vec::new();
        let is_settled = |row: &Arc<Lease>| self.ledger.is_settled(row.unit);
        for row in self.ledger.table().rows().filter(is_settled) {
            let remedy = sanity::misplaced(&topology, &row);
            if let Some(remedy) = remedy {
                misplaced += 1;
                if misplaced <= TOLD_MAX {
                    events.push(Event::LeaseMisplaced(row.unit, row.subnet, remedy));
                }
            }
            if let Some(change) = sanity::remedy(&topology, &row, remedy) {
                put_right += 1;
                changes.push(change);
            }
        }
        events.into_iter().for_each(|event| self.event(event));
        changes.into_iter().for_each(|change| self.submit(change));
        if misplaced + put_right > 0 {
            self.event(Event::LeasesLookedOver { misplaced, put_right });
        }
    }
}
