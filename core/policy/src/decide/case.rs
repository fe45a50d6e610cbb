//! Everything that one decision is about.

use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_config::{Config, Host, Pool, Subnet};
use lessor_lease::{Lease, State};
use lessor_types::{Holder, Identifier, PoolId, Unit, Wall};

use super::World;
use crate::facts::Known;
use crate::names::Names;
use crate::reply::Reply;
use crate::{Classes, Decision, DropReason, Effect, Facts, Plan, PoolKey};

/// One client's question, with what is known of the client.
pub(super) struct Case<'a, F> {
    pub(super) world: World<'a, F>,
    /// The subnet that was selected for the client's link.
    pub(super) selected: &'a Subnet,
    /// The other subnets of the link that are for it.
    others: Vec<&'a Subnet>,
    /// The classes that count for what the client is given, but for additional ones.
    pub(super) classes: Classes<'a>,
    /// What names the client in reservations.
    pub(super) identifiers: Vec<Identifier>,
    /// Its reservations in subnets of its link, and then its global one, as far as they count.
    pub(super) hosts: Vec<Arc<Host>>,
    /// The client, by what counts in the subnet selected.
    pub(super) holder: Holder,
}

/// Where a client may have an address.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) subnet: &'a Subnet,
    /// The pool's number; 0 outside of pools.
    pub(super) pool: PoolId,
}

impl<'a> Place<'a> {
    fn new(subnet: &'a Subnet, pool: Option<&Pool>) -> Self {
        Self { subnet, pool: pool.map_or(PoolId(0), |pool| pool.id) }
    }
}

impl<'a, F: Facts> Case<'a, F> {
    pub(super) fn new(
        world: World<'a, F>,
        selected: &'a Subnet,
        classes: Classes<'a>,
        identifiers: Vec<Identifier>,
    ) -> Known<Self> {
        let World { facts, topology, query, .. } = world;
        let mut others: Vec<&Subnet> = topology.beside(selected).skip(1).collect();
        let mut hosts = Vec::new();
        if facts.has_hosts() {
            let subnets = [selected].into_iter().chain(others.iter().copied());
            for subnet in subnets.filter(|subnet| subnet.host_scopes.in_subnet) {
                hosts.extend(facts.host(Some(subnet.id), &identifiers)?);
            }
            if selected.host_scopes.global {
                hosts.extend(facts.host(None, &identifiers)?);
            }
        }
        let classes = classes.with_hosts(hosts.iter().map(|host| &**host));
        others.retain(|subnet| topology.admits(subnet, &classes));
        let mut holder = query.holder.clone();
        if !selected.match_client_id && !holder.hw.is_empty() {
            holder.client_id = None;
        }
        Ok(Self { world, selected, others, classes, identifiers, hosts, holder })
    }

    /// The subnet of this link, among those for this client, that has a unit.
    pub(super) fn subnet_of(&self, unit: Unit) -> Option<&'a Subnet> {
        let addr = unit.v4()?;
        self.subnets().find(|subnet| subnet.prefix.contains(addr))
    }

    /// The subnets of the link that are for it, the selected one first.
    pub(super) fn subnets(&self) -> impl Iterator<Item = &'a Subnet> {
        [self.selected].into_iter().chain(self.others.iter().copied())
    }

    /// Where the client may have a unit: in a pool that is for it and not reserved for another, or
    /// as its own reservation.
    pub(super) fn place_of(&self, unit: Unit) -> Known<Option<Place<'a>>> {
        let Some(subnet) = self.subnet_of(unit) else {
            return Ok(None);
        };
        let pool = unit.v4().and_then(|addr| subnet.pool_of(addr));
        let is_open = pool.is_some_and(|pool| self.classes.admit(&pool.guards));
        let may_have =
            self.is_reserved(unit) || (is_open && !self.is_reserved_for_another(unit, subnet)?);
        Ok(may_have.then(|| Place::new(subnet, pool)))
    }

    /// Where a unit belongs on this link, whoever may have it.
    pub(super) fn home_of(&self, unit: Unit) -> Option<Place<'a>> {
        let subnet = self.subnet_of(unit)?;
        let addr = unit.v4()?;
        let pool = subnet.pool_of(addr);
        (pool.is_some() || self.is_reserved(unit)).then(|| Place::new(subnet, pool))
    }

    /// The pools that the client may be given something of, those of the selected subnet first.
    pub(super) fn pools(&self) -> impl Iterator<Item = PoolKey> + '_ {
        let topology = self.world.topology;
        let all = self.subnets().flat_map(|subnet| topology.pools_of(subnet));
        all.filter(|key| {
            topology.pool(*key).is_some_and(|(subnet, pool)| {
                self.classes.admit(&pool.guards) && !self.is_over_limit(subnet)
            })
        })
    }

    /// Whether a unit is one that nobody gets who does not have it already, or by a reservation.
    pub(super) fn is_left_out(&self, unit: Unit) -> bool {
        let is_end = unit.v4().is_some_and(|addr| matches!(addr.octets(), [.., 0 | 255]));
        let leaves_out = |subnet: &Subnet| self.world.topology.leaves_out_ends(subnet);
        is_end && self.subnet_of(unit).is_some_and(leaves_out) && !self.is_reserved(unit)
    }

    /// Whether somebody else was offered a unit and may still take it.
    pub(super) fn held_for_another(&self, unit: Unit) -> bool {
        self.world.facts.hold(unit).is_some_and(|hold| !hold.holder.same_client(&self.holder))
    }

    /// Whether a unit with this row may be given to this client.
    pub(super) fn may_have(&self, row: Option<&Lease>) -> bool {
        row.is_none_or(|row| self.is_ours(row) || row.is_reusable(self.world.facts.judged()))
    }

    /// Whether a row is this client's, in whatever state it left it.
    pub(super) fn is_ours(&self, row: &Lease) -> bool {
        row.state != State::Declined && row.holder.same_client(&self.holder)
    }

    /// This client's rows on this link whose units it could still have, the active one first.
    pub(super) fn rows_here(&self) -> Known<Vec<Arc<Lease>>> {
        let mut rows = Vec::new();
        for row in self.world.facts.rows_of(&self.holder)? {
            let is_here = |place: Place<'_>| place.subnet.id == row.subnet;
            if self.is_ours(&row) && self.place_of(row.unit)?.is_some_and(is_here) {
                rows.push(row);
            }
        }
        rows.sort_by_key(|row| (row.state != State::Assigned, std::cmp::Reverse(row.expires)));
        Ok(rows)
    }

    /// A plan that tells the client to start again (RFC 2131 §4.3.2).
    pub(super) fn refuse(&self, unit: Unit) -> Decision {
        Decision::Do(Plan {
            read: Some(unit),
            unhold: true,
            answer: Some(self.reply(self.selected).refusal()),
            ..Plan::of(Effect::Refused(unit))
        })
    }

    /// Silence, unless this server knows every client of the link and may speak for it.
    pub(super) fn refuse_if_authoritative(&self, unit: Unit) -> Decision {
        if self.selected.authoritative {
            self.refuse(unit)
        } else {
            Decision::Drop(DropReason::UnknownClient)
        }
    }

    /// Options for a client with an address of its own (RFC 2131 §4.3.5).
    pub(super) fn inform(&self, addr: Ipv4Addr) -> Decision {
        let World { query, topology, .. } = self.world;
        // Through a relay without an address of its own, the client is answered through it.
        let relay = query.is_relayed() && addr == query.message.giaddr;
        if !relay && topology.subnet_around(addr).is_none() {
            return Decision::Drop(DropReason::NotServed);
        }
        let subnet = self.subnet_of(Unit::V4(addr)).unwrap_or(self.selected);
        Decision::Do(Plan {
            answer: Some(self.reply(subnet).information(addr)),
            ..Plan::of(Effect::Informed)
        })
    }

    /// What answers are made of, for an address in `subnet`.
    pub(super) fn reply(&self, subnet: &'a Subnet) -> Reply<'_> {
        let World { query, identity, .. } = self.world;
        let (host, client) = (self.host_in(subnet), self.client());
        let (config, classes) = (self.config(), &self.classes);
        let assembled = self.world.facts.assembled();
        Reply { query, config, classes, host, subnet, identity, client, assembled }
    }

    /// What the client is called with a unit.
    pub(super) fn names(&self, subnet: &'a Subnet, unit: Unit) -> Names {
        unit.v4().map(|addr| self.reply(subnet).names(addr)).unwrap_or_default()
    }

    pub(super) fn config(&self) -> &'a Config {
        self.world.topology.config()
    }

    /// The wall clock in the first whole second that has not begun yet, which lease times count
    /// from.
    pub(super) const fn second(&self) -> Wall {
        self.world.now.wall.ceil()
    }
}
