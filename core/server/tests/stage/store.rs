//! The rows that a scenario's store holds.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_lease::{
    Candidate, DnsFlags, Found, Lease, Lookup, Outcome, Refusal, State, StoreBatch, store,
};
use lessor_types::{Holder, HwAddr, PoolId, Secs, SubnetId, Unit, Wall};

#[derive(Clone, Default)]
pub(super) struct Rows(BTreeMap<Unit, Arc<Lease>>);

impl Rows {
    pub(super) fn all(&self) -> lessor_lease::Rows {
        self.0.values().cloned().collect()
    }

    pub(super) fn write(&mut self, addr: Ipv4Addr, hw: HwAddr, life: u32, wall: Wall) {
        let row = Lease {
            unit: Unit::V4(addr),
            subnet: SubnetId(1),
            pool: PoolId(0),
            holder: Holder { hw, client_id: None },
            state: State::Assigned,
            valid: Secs(life),
            expires: wall.ceil().plus_secs(i64::from(life)),
            hostname: None,
            dns: DnsFlags::default(),
            context: None,
            promises: None,
        };
        self.0.insert(row.unit, Arc::new(row));
    }

    pub(super) fn remark(&mut self, addr: Ipv4Addr, text: &str) {
        let row = self.0.get_mut(&Unit::V4(addr)).expect("a row");
        Arc::make_mut(row).context = Some(text.into());
    }

    /// Settles a batch in the way that the step says.
    pub(super) fn settle(&mut self, batch: &StoreBatch, how: &str, shared: bool) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for change in &batch.changes {
            let held = self.0.get(&change.unit);
            if shared && held != change.from.as_ref() {
                outcomes.push(Outcome::Conflict(held.cloned()));
                continue;
            }
            let (written, outcome) = match how {
                "done" => (true, Outcome::Done),
                "unknown" => (false, Outcome::Unknown),
                "unknown-applied" => (true, Outcome::Unknown),
                "retry" => (false, Outcome::Refused(Refusal::Retry)),
                "full" => (false, Outcome::Refused(Refusal::Full)),
                "refused" => (false, Outcome::Refused(Refusal::Unavailable)),
                other => panic!("a store isn't {other}"),
            };
            if written {
                match &change.to {
                    Some(row) => self.0.insert(change.unit, Arc::clone(row)),
                    None => self.0.remove(&change.unit),
                };
            }
            outcomes.push(outcome);
        }
        outcomes
    }

    pub(super) fn answer(&self, lookups: &[Lookup]) -> Vec<Found> {
        lookups.iter().map(|lookup| self.one(lookup)).collect()
    }

    fn one(&self, lookup: &Lookup) -> Found {
        match lookup {
            Lookup::Unit(unit) => Found::Row(self.0.get(unit).cloned()),
            Lookup::Holder(holder) => {
                let own = self.0.values().filter(|row| row.holder.same_client(holder));
                Found::Rows(own.cloned().collect())
            }
            Lookup::FreeIn { first, last, count, wall, .. } => {
                let (Some(first), Some(last)) = (first.v4(), last.v4()) else {
                    return Found::Free(Vec::new());
                };
                let free = (u32::from(first)..=u32::from(last))
                    .map(|addr| Unit::V4(addr.into()))
                    .map(|unit| Candidate { unit, row: self.0.get(&unit).cloned() })
                    .filter(|it| it.row.as_ref().is_none_or(|row| row.is_reusable(*wall)));
                Found::Free(free.take(usize::from(*count)).collect())
            }
            Lookup::Lapsed { count, wall, held_back } => {
                let lapsed =
                    self.0.values().filter(|row| store::needs_reclaim(row, *wall, *held_back));
                Found::Rows(lapsed.take(usize::from(*count)).cloned().collect())
            }
            Lookup::HwAddr(hw) => self.found(|row| row.holder.hw == *hw),
            Lookup::ClientId(id) => self.found(|row| row.holder.client_id.as_ref() == Some(id)),
            Lookup::Page { after, count } => {
                let behind = self.0.values().filter(|row| Some(row.unit) > *after);
                let count = usize::try_from(*count).expect("a page fits");
                Found::Rows(behind.take(count).cloned().collect())
            }
        }
    }
    fn found(&self, is_meant: impl Fn(&Lease) -> bool) -> Found {
        Found::Rows(self.0.values().filter(|row| is_meant(row)).cloned().collect())
    }
}
