//! What a decision may ask about leases and reservations.

use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_config::Host;
use lessor_lease::{Candidate, Lease, Lookup};
use lessor_types::{Holder, Identifier, Mono, SubnetId, Unit, Wall};

use crate::limits::Counted;
use crate::{Assembled, PoolKey};

/// An answer, or the question that has to be put to a store first.
pub type Known<T> = Result<T, Lookup>;

/// An outstanding offer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hold {
    /// What was offered.
    pub unit: Unit,
    /// To whom.
    pub holder: Holder,
}

/// How much of a pool is in use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PoolUse {
    /// Addresses that are leased, offered, on probation or kept for reservations.
    pub taken: u64,
    /// Addresses that can be leased at all.
    pub size: u64,
}

/// What a probe of a unit found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Probed {
    /// Whether somebody answered.
    pub answered: bool,
    /// When that was found.
    pub at: Mono,
}

/// What is known at the moment of a decision.
///
/// Rows include what is on its way to the store. A server that is a store's only writer knows
/// everything; one that shares a store knows what it fetched for this exchange.
pub trait Facts {
    /// The row of a unit.
    ///
    /// # Errors
    /// The lookup that would tell.
    fn row(&self, unit: Unit) -> Known<Option<Arc<Lease>>>;

    /// All rows of a client.
    ///
    /// # Errors
    /// The lookup that would tell.
    fn rows_of(&self, holder: &Holder) -> Known<Vec<Arc<Lease>>>;

    /// A unit of the pool that is neither leased nor held for anybody but `asker`, and did not
    /// answer a probe.
    ///
    /// # Errors
    /// The lookup that would tell.
    fn free_in(&self, pool: PoolKey, asker: &Holder) -> Known<Option<Candidate>>;

    /// The reservation of the client with these identifiers, in a subnet or the global one. Where
    /// several have one, the first identifier's.
    ///
    /// # Errors
    /// The lookup that would tell.
    fn host(
        &self,
        subnet: Option<SubnetId>,
        identifiers: &[Identifier],
    ) -> Known<Option<Arc<Host>>>;

    /// The reservations of an address in a subnet, and the global ones.
    ///
    /// # Errors
    /// The lookup that would tell.
    fn hosts_at(&self, subnet: SubnetId, addr: Ipv4Addr) -> Known<Vec<Arc<Host>>>;

    /// Whether there are reservations at all; nobody asks for them where there are none.
    fn has_hosts(&self) -> bool {
        true
    }

    /// What was assembled for clients before, under whatever configuration. It makes decisions
    /// cheaper and no different.
    fn assembled(&self) -> Option<&Assembled> {
        None
    }

    /// How much of a pool is in use; `None` where only a search through a shared store would tell.
    fn in_use(&self, _pool: PoolKey) -> Option<PoolUse> {
        None
    }

    /// The outstanding offer of a unit.
    fn hold(&self, unit: Unit) -> Option<&Hold>;

    /// The outstanding offer to a client.
    fn hold_of(&self, holder: &Holder) -> Option<&Hold>;

    /// The time at which it is judged whether a lease has lapsed; behind the wall clock after that
    /// has leapt forward.
    fn judged(&self) -> Wall;

    /// Whether the row's client was told a moment ago that it has the unit.
    fn confirmed_just_now(&self, row: &Lease) -> bool;

    /// How many leases clients hold under a subnet or a class; only asked where there are limits.
    fn leased(&self, _under: &Counted) -> u64 {
        0
    }

    /// What this exchange's probe of a unit found, if it made one.
    fn probed(&self, _unit: Unit) -> Option<Probed> {
        None
    }

    /// While leases may be missing from the store: a date before which no lease that ends after it
    /// can have gone to somebody else. An address then goes only to a client that uses it already.
    fn hold_off(&self) -> Option<Wall> {
        None
    }

    /// Whether a lease may be confirmed again without a write. Not where other servers could free
    /// it meanwhile.
    fn may_reuse(&self) -> bool;
}
