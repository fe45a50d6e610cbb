//! The decision, message by message.
//!
//! Each function here reads facts with `?`: a fact that is not known ends the run with the lookup
//! that would tell, and the decision is run again from the top when it has been answered.

mod bootp;
mod discover;
pub(crate) mod identity;
mod request;
mod surrender;

use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_config::class_names::DROP;
use lessor_config::{Pool, Subnet};
use lessor_lease::{Lease, State};
use lessor_types::{Holder, Links, Now, PoolId, Secs, Unit, Wall};

use self::identity::Identity;
use crate::facts::Known;
use crate::reply::{self, Reply};
use crate::{Ask, Classes, Decision, DropReason, Effect, Facts, Plan, Query, Topology};

/// Decides what a query gets.
///
/// Pure: the same arguments give the same decision. It never waits; what it lacks, it names.
#[must_use]
pub fn decide<F: Facts>(
    facts: &F,
    topology: &Topology,
    links: &Links,
    query: &Query,
    now: Now,
) -> Decision {
    let identity = match Identity::of(query, links) {
        Ok(identity) => identity,
        Err(reason) => return Decision::Drop(reason),
    };
    let classes = Classes::of(topology, query, links);
    if classes.contains(DROP) {
        return Decision::Drop(DropReason::ClassDrop);
    }
    let Some(subnet) = topology.subnet_admitting(&classes, query, links) else {
        return Decision::Drop(DropReason::NoSubnet);
    };
    let mut holder = query.holder.clone();
    if !subnet.match_client_id && !holder.hw.is_empty() {
        holder.client_id = None;
    }
    let case = Case { facts, topology, links, query, now, classes, subnet, identity, holder };
    let decided = match query.ask {
        Ask::Discover => discover::discover(&case),
        Ask::Selecting { server, addr } => request::selecting(&case, server, addr),
        Ask::InitReboot { addr } => request::init_reboot(&case, addr),
        Ask::Extend { addr } => request::extend(&case, addr),
        Ask::Decline { addr, server } => surrender::decline(&case, server, addr),
        Ask::Release { addr, server } => surrender::release(&case, server, addr),
        Ask::Inform { addr } => Ok(case.inform(addr)),
        Ask::Bootp => bootp::bootp(&case),
    };
    decided.unwrap_or_else(|lookup| Decision::Need(vec![lookup]))
}

/// Everything one decision is about.
struct Case<'a, F> {
    facts: &'a F,
    topology: &'a Topology,
    links: &'a Links,
    query: &'a Query,
    now: Now,
    /// The classes that count for what the client is given, but for additional ones.
    classes: Classes<'a>,
    subnet: &'a Subnet,
    /// As whom the server speaks.
    identity: Identity,
    /// The client, by what counts in this subnet.
    holder: Holder,
}

impl<F: Facts> Case<'_, F> {
    /// Whether a unit lies in a pool of this subnet that the client may use.
    fn in_pool(&self, unit: Unit) -> bool {
        self.pool_of(unit).is_some()
    }

    /// The pool number that a lease of this unit carries, if the client may use a pool of this
    /// subnet that has it.
    fn pool_of(&self, unit: Unit) -> Option<PoolId> {
        let pool = self.pool_around(unit).filter(|pool| self.classes.admit(&pool.guards));
        pool.map(|pool| pool.id)
    }

    /// The pool of this subnet that has a unit, whoever may use it.
    fn pool_around(&self, unit: Unit) -> Option<&Pool> {
        let (subnet, pool) = self.topology.pool(self.topology.pool_at(unit)?)?;
        (subnet.id == self.subnet.id).then_some(pool)
    }

    /// The lifetime that the client gets.
    fn lifetime(&self) -> Secs {
        if self.query.ask == Ask::Bootp {
            // RFC 1534 §2: the client knows no end.
            return Secs::INFINITE;
        }
        let bounds = self.classes.lifetime().unwrap_or(self.subnet.lifetime);
        reply::lifetime(bounds, self.query.wanted)
    }

    /// Whether somebody else was offered a unit and may still take it.
    fn held_for_another(&self, unit: Unit) -> bool {
        self.facts.hold(unit).is_some_and(|hold| !hold.holder.same_client(&self.holder))
    }

    /// Whether a unit with this row may be given to this client.
    fn may_have(&self, row: Option<&Lease>) -> bool {
        row.is_none_or(|row| self.is_ours(row) || row.is_reusable(self.facts.judged()))
    }

    /// Whether a row is this client's, in whatever state it left it.
    fn is_ours(&self, row: &Lease) -> bool {
        row.state != State::Declined && row.holder.same_client(&self.holder)
    }

    /// This client's rows in this subnet whose units it could still have, the active one first.
    fn rows_here(&self) -> Known<Vec<Arc<Lease>>> {
        let mut rows = self.facts.rows_of(&self.holder)?;
        rows.retain(|row| {
            row.subnet == self.subnet.id && self.is_ours(row) && self.in_pool(row.unit)
        });
        rows.sort_by_key(|row| (row.state != State::Assigned, std::cmp::Reverse(row.expires)));
        Ok(rows)
    }

    /// A plan that tells the client to start again (RFC 2131 §4.3.2).
    fn refuse(&self, unit: Unit) -> Decision {
        Decision::Do(Box::new(Plan {
            changes: Vec::new(),
            read: vec![unit],
            hold: None,
            unhold: true,
            answer: Some(self.reply().refusal()),
            effect: Effect::Refused(unit),
        }))
    }

    /// Silence, unless this server knows every client of the link and may speak for it.
    fn refuse_if_authoritative(&self, unit: Unit) -> Decision {
        if self.subnet.authoritative {
            self.refuse(unit)
        } else {
            Decision::Drop(DropReason::UnknownClient)
        }
    }

    /// Options for a client with an address of its own (RFC 2131 §4.3.5).
    fn inform(&self, addr: Ipv4Addr) -> Decision {
        // Through a relay without an address of its own, the client is answered through it.
        let relay = self.query.is_relayed() && addr == self.query.message.giaddr;
        if !relay && self.topology.subnet_around(addr).is_none() {
            return Decision::Drop(DropReason::NotServed);
        }
        Decision::Do(Box::new(Plan {
            changes: Vec::new(),
            read: Vec::new(),
            hold: None,
            unhold: false,
            answer: Some(self.reply().information(addr)),
            effect: Effect::Informed,
        }))
    }

    fn reply(&self) -> Reply<'_> {
        let Self { query, ref classes, subnet, identity, .. } = *self;
        let client = self.client();
        Reply { query, config: self.config(), classes, subnet, identity, client }
    }

    fn config(&self) -> &lessor_config::Config {
        self.topology.config()
    }

    /// The wall clock in the first whole second that has not begun yet, which lease times count from.
    const fn second(&self) -> Wall {
        self.now.wall.ceil()
    }
}
