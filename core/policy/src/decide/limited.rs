//! How many leases a subnet and the members of a class may have (`libdhcp_limits`).

use lessor_config::Subnet;
use lessor_lease::{Lease, State};
use lessor_types::Unit;

use super::case::Case;
use crate::Facts;
use crate::limits::Counted;

impl<F: Facts> Case<'_, F> {
    /// Whether a unit of `subnet` with this row may become the client's lease under the limits of
    /// subnet and classes. What is its lease already is not counted again, whatever the limits are
    /// now.
    pub(super) fn is_within_limits(&self, subnet: &Subnet, row: Option<&Lease>) -> bool {
        if !self.config().hooks.limits() {
            return true;
        }
        let judged = self.world.facts.judged();
        let is_held = |row: &Lease| {
            row.state == State::Assigned && self.is_ours(row) && !row.is_reusable(judged)
        };
        row.is_some_and(is_held) || !self.is_over_limit(subnet)
    }

    /// As [`Case::is_within_limits`], in whatever subnet of this link has the unit.
    pub(super) fn is_allowed(&self, unit: Unit, row: Option<&Lease>) -> bool {
        self.subnet_of(unit).is_none_or(|subnet| self.is_within_limits(subnet, row))
    }

    /// Whether one lease more in `subnet` would be too many, of it or of a class.
    pub(super) fn is_over_limit(&self, subnet: &Subnet) -> bool {
        if !self.config().hooks.limits() {
            return false;
        }
        let leased = |under: &Counted| self.world.facts.leased(under);
        let is_full = |limit: Option<u32>, under: &dyn Fn() -> Counted| {
            limit.is_some_and(|limit| leased(&under()) >= u64::from(limit))
        };
        let by_subnet = || is_full(subnet.limits.addresses, &|| Counted::Subnet(subnet.id));
        self.classes
            .defined()
            .any(|class| is_full(class.limits.addresses, &|| Counted::Class(class.name.clone())))
            || by_subnet()
    }

    /// The classes by which the client's lease is counted: those of the configuration, since what
    /// else a client calls itself has no limit and no end.
    pub(super) fn counted_classes(&self) -> Vec<&str> {
        self.classes.defined().map(|class| class.name.as_str()).collect()
    }
}
