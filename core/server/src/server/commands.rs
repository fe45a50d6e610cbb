//! What operators ask.

use std::sync::Arc;
use std::time::Duration;

use lessor_lease::{FetchError, Found, Lease, Lookup, Lost};
use lessor_types::Unit;

use super::Server;
use crate::planted::Planted;
use crate::{Command, CommandId, Event, FetchId, LeaseQuery, Output, Reply, SnapshotId};

/// A command that a shared store is to answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking {
    id: CommandId,
    /// Only rows behind this are wanted.
    after: Option<Unit>,
    /// And so many at most.
    count: u32,
}

impl Server {
    pub(super) fn on_command(&mut self, id: CommandId, command: Command) {
        let reply = match command {
            Command::Leases { query, after, limit } if self.is_shared() => {
                return self.ask_for_leases(id, query, after, limit);
            }
            // What is in the store changes as it likes: a walk sees each row as it is by then.
            Command::Snapshot if self.is_shared() => Reply::Snapshot(SnapshotId(0)),
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

    /// Has a shared store answer.
    fn ask_for_leases(
        &mut self,
        id: CommandId,
        query: LeaseQuery,
        after: Option<Unit>,
        limit: u32,
    ) {
        if !self.store_open {
            return self.reply(id, Reply::StoreUnavailable);
        }
        let count = limit.min(self.limits.page_max);
        let lookup = match query {
            LeaseQuery::All(_) => Lookup::Page { after, count },
            LeaseQuery::Unit(unit) => Lookup::Unit(unit),
            LeaseQuery::HwAddr(hw) => Lookup::HwAddr(hw),
            LeaseQuery::ClientId(id) => Lookup::ClientId(id),
        };
        let fetch = self.next_fetch();
        self.asking.insert(fetch, Asking { id, after, count });
        self.outputs.push_back(Output::Fetch { fetch, lookups: vec![lookup] });
    }

    /// Whether that was the answer to a command.
    pub(super) fn answer_command(
        &mut self,
        fetch: FetchId,
        result: &Result<Vec<Found>, FetchError>,
    ) -> bool {
        let Some(Asking { id, after, count }) = self.asking.remove(&fetch) else {
            return false;
        };
        let rows = match result.as_deref() {
            Ok([Found::Row(row)]) => row.iter().cloned().collect(),
            Ok([Found::Rows(rows)]) => rows.clone(),
            _ => {
                self.reply(id, Reply::StoreUnavailable);
                return true;
            }
        };
        let mut rows: Vec<_> = rows.into_iter().filter(|row| Some(row.unit) > after).collect();
        rows.sort_by_key(|row| row.unit);
        rows.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        self.reply(id, Reply::Leases(rows));
        true
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
            LeaseQuery::All(_) if self.defect.is(Planted::SnapshotTorn) => {
                table.rows_after(after).take(limit).collect()
            }
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
