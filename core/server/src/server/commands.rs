//! What operators ask.

use std::sync::Arc;
use std::time::Duration;

use lessor_lease::{Lease, Lost};
use lessor_types::Unit;

use super::Server;
use crate::{Command, CommandId, Event, LeaseQuery, Output, Reply};

impl Server {
    pub(super) fn on_command(&mut self, id: CommandId, command: Command) {
        let reply = match command {
            Command::Leases { .. } | Command::Snapshot if self.is_shared() => Reply::NotHere,
            Command::Leases { query, after, limit } => match self.leases(&query, after, limit) {
                Some(leases) => Reply::Leases(leases),
                None => Reply::Outdated,
            },
            Command::Snapshot => Reply::Snapshot(self.ledger.snapshots().begin()),
            Command::EndSnapshot(snapshot) => {
                self.ledger.snapshots().end(snapshot);
                Reply::Done
            }
            Command::BeginHoldOff { .. } if self.is_shared() => Reply::NotHere,
            Command::BeginHoldOff { period } => {
                self.begin_hold_off(Lost::Told, period);
                Reply::Done
            }
            Command::EndHoldOff => {
                self.end_hold_off();
                Reply::Done
            }
            Command::Status => Reply::Status(Box::new(self.status())),
            Command::Reclaim { remove } => return self.reclaim_now(id, remove),
            Command::Disable { origin, period } => {
                let until = period
                    .map(|period| self.now.mono.after(Duration::from_secs(u64::from(period.0))));
                self.service.disable(origin, until);
                self.event(Event::ServiceDisabled(origin));
                Reply::Done
            }
            Command::Enable { origin } => {
                if self.service.enable(origin) {
                    self.event(Event::ServiceEnabled(origin));
                }
                Reply::Done
            }
        };
        self.reply(id, reply);
    }

    pub(super) fn reply(&mut self, id: CommandId, reply: Reply) {
        self.outputs.push_back(Output::Reply(id, reply));
    }

    /// None where a snapshot has ended.
    fn leases(
        &self,
        query: &LeaseQuery,
        after: Option<Unit>,
        limit: u32,
    ) -> Option<Vec<Arc<Lease>>> {
        let limit = usize::try_from(limit.min(self.limits.page_max)).unwrap_or(0);
        let table = self.ledger.table();
        Some(match query {
            LeaseQuery::All(snapshot) => {
                self.ledger.rows_then(*snapshot, after)?.take(limit).collect()
            }
            LeaseQuery::Unit(unit) => {
                let row = table.row(*unit).filter(|_| Some(*unit) > after);
                row.into_iter().take(limit).collect()
            }
            LeaseQuery::HwAddr(hw) => table.rows_with_hw(hw, after).take(limit).collect(),
            LeaseQuery::ClientId(id) => table.rows_with_client_id(id, after).take(limit).collect(),
        })
    }
}
