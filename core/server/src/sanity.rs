//! Stored leases that do not fit the configuration (`sanity-checks`).
//!
//! They are looked over when rows come in from an exclusive store and when a configuration takes
//! effect. What is put right is a change like any other: it counts when it is written.

use std::fmt;
use std::sync::Arc;

use lessor_config::LeaseCheck;
use lessor_lease::{Change, Lease};
use lessor_policy::{Topology, extended};
use lessor_types::SubnetId;

/// What is done about a lease whose subnet is not the one that has its address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remedy {
    /// It is only told.
    Told,
    /// It gets this subnet's number.
    Moved(SubnetId),
    /// It is deleted.
    Deleted,
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Told => f.write_str("it stays as it is"),
            Self::Moved(subnet) => write!(f, "it belongs to subnet {subnet} now"),
            Self::Deleted => f.write_str("it is deleted"),
        }
    }
}

/// What is done about a row's subnet; `None` if it is right, or if nobody wants to know.
#[must_use]
pub fn misplaced(topology: &Topology, row: &Lease) -> Option<Remedy> {
    let config = topology.config();
    let addr = row.unit.v4()?;
    let own = config.subnet(row.subnet);
    if own.is_some_and(|subnet| subnet.prefix.contains(addr)) {
        return None;
    }
    let right = topology.subnet_around(addr).map(|subnet| subnet.id);
    match (config.sanity.lease, right) {
        (LeaseCheck::None, _) => None,
        (LeaseCheck::Warn, _) | (LeaseCheck::Fix, None) => Some(Remedy::Told),
        (LeaseCheck::Fix | LeaseCheck::FixDel, Some(subnet)) => Some(Remedy::Moved(subnet)),
        (LeaseCheck::FixDel, None) | (LeaseCheck::Del, _) => Some(Remedy::Deleted),
    }
}

/// What puts a row right, with what is done about its subnet.
#[must_use]
pub fn remedy(topology: &Topology, row: &Arc<Lease>, remedy: Option<Remedy>) -> Option<Change> {
    let mut to = Lease::clone(row);
    match remedy {
        Some(Remedy::Deleted) => {
            return Some(Change { unit: row.unit, from: Some(Arc::clone(row)), to: None });
        }
        Some(Remedy::Moved(subnet)) => {
            let place = topology.pool_at(row.unit).and_then(|key| topology.pool(key));
            to.subnet = subnet;
            to.pool = place.map(|(_, pool)| pool.id).unwrap_or_default();
        }
        Some(Remedy::Told) | None => {}
    }
    let level = topology.config().sanity.extended_info;
    if let Some(context) = row.context.as_deref().and_then(|it| extended::checked(it, level)) {
        to.context = context;
    }
    (to != **row).then(|| Change {
        unit: row.unit,
        from: Some(Arc::clone(row)),
        to: Some(Arc::new(to)),
    })
}
