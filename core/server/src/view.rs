//! Ledger and gathered facts as a decision sees them.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_config::Host;
use lessor_lease::{Candidate, Lease, Lookup};
use lessor_policy::facts::Known;
use lessor_policy::limits::Counted;
use lessor_policy::{Ask, Assembled, Facts, Hold, PoolKey, PoolUse, Probed, Query, Topology};
use lessor_types::{Holder, Identifier, Links, Now, Seed, SubnetId, Unit, Wall};

use crate::StoreMode;
use crate::gathered::Gathered;
use crate::ledger::Ledger;
use crate::planted::{Defect, Planted};
use crate::quarter::Quarter;

/// How many free units are asked for at once: enough that a lost race costs no further question.
const CANDIDATES: u16 = 8;
/// How many offers in a row may be skipped when looking for a free unit.
const SKIPS_MAX: usize = 64;

/// What one decision may know.
pub struct View<'a> {
    /// Everything that does not belong to one exchange.
    pub ledger: &'a Ledger,
    /// What this exchange fetched.
    pub gathered: &'a Gathered,
    /// What its probes found.
    pub probes: &'a BTreeMap<Unit, Probed>,
    /// Pools and their ranges.
    pub topology: &'a Topology,
    /// What was assembled for clients before.
    pub assembled: &'a Assembled,
    /// Whether the ledger's rows are the truth.
    pub store: StoreMode,
    /// The time of the turn.
    pub now: Now,
    /// When the packet came at the earliest, by the wall clock.
    pub came: Wall,
    /// The time by which leases lapse.
    pub judged: Wall,
    /// The server's draws.
    pub seed: Seed,
    /// The query's number among the client's: another one draws anew, a re-run does not.
    pub attempt: u64,
    /// Whether everybody counts as confirmed a moment ago, since the server has just started.
    pub fresh: bool,
    /// Whether leases may be missing ([`Facts::hold_off`]).
    pub hold_off: Option<Wall>,
    /// Where the client is.
    pub place: Quarter,
    /// A defect to show, in simulations.
    pub defect: Defect,
}

impl View<'_> {
    /// The question for free units in a pool; different clients begin at different places, so that
    /// servers that share a pool seldom try the same one.
    fn free_lookup(&self, first: Ipv4Addr, last: Ipv4Addr, asker: &Holder) -> Lookup {
        let size = u64::from(u32::from(last) - u32::from(first)) + 1;
        // What is reserved is found free by the store and passed over here.
        let kept = u16::try_from(self.topology.kept_in(first, last)).unwrap_or(u16::MAX);
        let start = self.seed.keyed(asker.stable_hash(), 0).below(size);
        let from = u32::from(first).saturating_add(u32::try_from(start).unwrap_or(0));
        Lookup::FreeIn {
            first: Unit::V4(first),
            last: Unit::V4(last),
            from: Unit::V4(from.into()),
            count: CANDIDATES.saturating_add(kept),
            wall: self.judged,
        }
    }

    /// What a query will need besides what it asked for, so that one round trip brings it all.
    #[must_use]
    pub fn foresee(&self, query: &Query, links: &Links, mut lookups: Vec<Lookup>) -> Vec<Lookup> {
        lookups.push(Lookup::Holder(query.holder.clone()));
        let addr = if query.ask == Ask::Discover {
            let subnet = self.topology.subnet_for(query, links);
            let pool = subnet.and_then(|subnet| self.topology.pools_of(subnet).next());
            let range = pool.and_then(|pool| self.topology.pool_range(pool));
            lookups.extend(range.map(|(first, last)| self.free_lookup(first, last, &query.holder)));
            query.wish
        } else {
            query.ask.addr()
        };
        lookups.extend(addr.map(|addr| Lookup::Unit(Unit::V4(addr))));
        lookups.sort();
        lookups.dedup();
        lookups.retain(|lookup| match lookup {
            Lookup::Unit(unit) => self.gathered.row(*unit).is_none(),
            Lookup::Holder(holder) => self.gathered.rows_of(holder).is_none(),
            Lookup::FreeIn { first, .. } => self.gathered.free(*first).is_none(),
            // No decision asks for these.
            Lookup::Lapsed { .. }
            | Lookup::HwAddr(_)
            | Lookup::ClientId(_)
            | Lookup::Page { .. } => true,
        });
        lookups
    }

    /// A unit that is only offered, to a client in a place that holds so many more of the pool's that
    /// one may go: else whoever asks in ever new names has them all.
    fn spare_in(&self, pool: PoolKey) -> Option<Candidate> {
        let mut units = self.ledger.spare(self.topology, pool, self.place).take(SKIPS_MAX);
        units.find_map(|unit| {
            let row = self.ledger.row(unit);
            let free = row.as_ref().is_none_or(|row| row.is_reusable(self.judged));
            (free && !self.topology.is_kept(unit)).then_some(Candidate { unit, row })
        })
    }

    fn is_held_for_another(&self, unit: Unit, asker: &Holder) -> bool {
        self.hold(unit).is_some_and(|hold| !hold.holder.same_client(asker))
    }
}

impl Facts for View<'_> {
    fn row(&self, unit: Unit) -> Known<Option<Arc<Lease>>> {
        if let Some(row) = self.ledger.row_to_be(unit) {
            return Ok(row.cloned());
        }
        match self.store {
            StoreMode::Exclusive => Ok(self.ledger.table().row(unit)),
            StoreMode::Shared => self.gathered.row(unit).cloned().ok_or(Lookup::Unit(unit)),
        }
    }

    fn rows_of(&self, holder: &Holder) -> Known<Vec<Arc<Lease>>> {
        let rows = match self.store {
            StoreMode::Exclusive => self.ledger.table().rows_of(holder),
            StoreMode::Shared => self
                .gathered
                .rows_of(holder)
                .cloned()
                .ok_or_else(|| Lookup::Holder(holder.clone()))?,
        };
        Ok(self.ledger.overlay(holder, rows))
    }

    fn free_in(&self, pool: PoolKey, asker: &Holder) -> Known<Option<Candidate>> {
        let candidate = |unit: Unit, found: Option<Arc<Lease>>| {
            let row = self.ledger.row_to_be(unit).map_or(found, Option::<&_>::cloned);
            let free = !self.is_held_for_another(unit, asker)
                && !self.topology.is_kept(unit)
                && !self.probes.get(&unit).is_some_and(|probed| probed.answered)
                && row.as_ref().is_none_or(|row| row.is_reusable(self.judged));
            free.then_some(Candidate { unit, row })
        };
        if self.store == StoreMode::Exclusive {
            let chance = self.seed.keyed(asker.stable_hash(), self.attempt);
            let mut units = self.ledger.free(pool, &chance).take(SKIPS_MAX);
            let free = units.find_map(|unit| candidate(unit, self.ledger.row(unit)));
            return Ok(free.or_else(|| self.spare_in(pool)));
        }
        let Some((first, last)) = self.topology.pool_range(pool) else {
            return Ok(None);
        };
        match self.gathered.free(Unit::V4(first)) {
            Some(found) => Ok(found.iter().find_map(|it| candidate(it.unit, it.row.clone()))),
            None => Err(self.free_lookup(first, last, asker)),
        }
    }

    fn host(
        &self,
        subnet: Option<SubnetId>,
        identifiers: &[Identifier],
    ) -> Known<Option<Arc<Host>>> {
        Ok(self.topology.host(subnet, identifiers).cloned())
    }

    fn hosts_at(&self, subnet: SubnetId, addr: Ipv4Addr) -> Known<Vec<Arc<Host>>> {
        if self.defect.is(Planted::ReservationForgotten) {
            return Ok(Vec::new());
        }
        Ok(self.topology.hosts_at(subnet, addr).cloned().collect())
    }

    fn has_hosts(&self) -> bool {
        !self.topology.config().hosts.is_empty()
    }

    fn assembled(&self) -> Option<&Assembled> {
        Some(self.assembled)
    }

    fn in_use(&self, pool: PoolKey) -> Option<PoolUse> {
        (self.store == StoreMode::Exclusive).then(|| self.ledger.in_use(pool)).flatten()
    }

    fn hold(&self, unit: Unit) -> Option<&Hold> {
        self.ledger.offer_of(unit)
    }

    fn hold_of(&self, holder: &Holder) -> Option<&Hold> {
        self.ledger.offer_to(holder)
    }

    fn judged(&self) -> Wall {
        self.judged
    }

    fn confirmed_just_now(&self, row: &Lease) -> bool {
        if self.defect.is(Planted::LateRelease) {
            return false;
        }
        // Another server may have confirmed it: then only the row's own date tells. It counts from
        // when the packet came, since a slow store makes a release older, not truer.
        let young = self.came.nanos_since(row.confirmed()) < 2_000_000_000;
        young || self.fresh || self.ledger.confirmed_just_now(row.unit, self.now.mono)
    }

    fn leased(&self, under: &Counted) -> u64 {
        self.ledger.leased(under)
    }

    fn probed(&self, unit: Unit) -> Option<Probed> {
        self.probes.get(&unit).copied()
    }

    fn hold_off(&self) -> Option<Wall> {
        self.hold_off
    }

    fn may_reuse(&self) -> bool {
        self.store == StoreMode::Exclusive
    }
}
