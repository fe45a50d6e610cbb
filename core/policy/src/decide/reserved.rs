//! What reservations say about a client and about an address.

use lessor_config::{Host, Subnet};
use lessor_types::Unit;

use super::case::Case;
use crate::Facts;
use crate::facts::Known;
use crate::topology::counts;

impl<F: Facts> Case<'_, F> {
    /// The client's reservation that counts in a subnet: its own there, or else the global one, or
    /// one in another subnet of the link.
    pub(super) fn host_in(&self, subnet: &Subnet) -> Option<&Host> {
        let own = self.hosts.iter().find(|host| host.subnet == Some(subnet.id));
        let global = || self.hosts.iter().find(|host| host.subnet.is_none());
        own.or_else(global).or_else(|| self.hosts.first()).map(|host| &**host)
    }

    /// The addresses that are reserved for this client on this link, the best first.
    fn reserved(&self) -> impl Iterator<Item = Unit> + '_ {
        self.hosts.iter().filter_map(|host| {
            let unit = Unit::V4(host.addr?);
            let subnet = self.subnet_of(unit)?;
            counts(host, subnet).then_some(unit)
        })
    }

    /// Whether a unit is reserved for this client.
    pub(super) fn is_reserved(&self, unit: Unit) -> bool {
        self.reserved().any(|own| own == unit)
    }

    /// Whether a unit of this subnet is reserved, and not for this client.
    pub(super) fn is_reserved_for_another(&self, unit: Unit, subnet: &Subnet) -> Known<bool> {
        let Some(addr) = unit.v4() else {
            return Ok(false);
        };
        let scopes = subnet.host_scopes;
        if !scopes.global && (!scopes.in_subnet || scopes.out_of_pool) {
            return Ok(false);
        }
        let hosts = self.world.facts.hosts_at(subnet.id, addr)?;
        let mut hosts = hosts.iter().filter(|host| counts(host, subnet)).peekable();
        let is_anybodys = hosts.peek().is_some();
        Ok(is_anybodys && !hosts.any(|host| self.identifiers.contains(&host.identifier)))
    }

    /// The address that is reserved for this client and that it can have now.
    pub(super) fn reserved_now(&self) -> Known<Option<Unit>> {
        for unit in self.reserved() {
            let row = self.world.facts.row(unit)?;
            let free = self.may_have(row.as_deref()) && self.is_allowed(unit, row.as_deref());
            if free && self.is_quiet(unit) && !self.held_for_another(unit) {
                return Ok(Some(unit));
            }
        }
        Ok(None)
    }

    /// The address that is reserved for this client, if it is given `unit`, which is not.
    pub(super) fn missed(&self, unit: Unit) -> Option<Unit> {
        if self.is_reserved(unit) { None } else { self.reserved().next() }
    }

    /// Whether the client should have another address than this one, since that is reserved for
    /// it and can be had.
    pub(super) fn belongs_elsewhere(&self, unit: Unit) -> Known<bool> {
        Ok(!self.is_reserved(unit) && self.reserved_now()?.is_some())
    }
}
