//! The decision, message by message.
//!
//! Each function here reads facts with `?`: a fact that is not known ends the run with the lookup
//! that would tell, and the decision is run again from the top when it has been answered.

mod bootp;
mod case;
mod discover;
mod hold_off;
pub(crate) mod identity;
mod lifetime;
mod limited;
mod offer;
mod probation;
mod request;
mod reserved;
mod stash;
mod surrender;

use lessor_config::class_names::DROP;
use lessor_types::{Links, Now};

use self::identity::Identity;
use crate::facts::Known;
use crate::{Ask, Classes, Decision, DropReason, Facts, Query, Topology};
use case::Case;

pub use probation::probation;

/// Decides what a query gets.
///
/// Pure: the same arguments give the same decision. It never waits; what it lacks, it names. The
/// query goes by the name that `topology` gives it ([`Query::renamed`]).
#[must_use]
pub fn decide<F: Facts>(
    facts: &F,
    topology: &Topology,
    links: &Links,
    query: &Query,
    now: Now,
) -> Decision {
    match stash::recall(facts, topology, query) {
        Ok(Some(query)) => {
            // The relay's word may be what its identifier is made of.
            let query = query.renamed(topology, links).unwrap_or(query);
            decide_on(facts, topology, links, &query, now)
        }
        Ok(None) => decide_on(facts, topology, links, query, now),
        Err(lookup) => Decision::Need(vec![lookup]),
    }
}

fn decide_on<F: Facts>(
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
    let world = World { facts, topology, links, query, now, identity };
    world.decide().unwrap_or_else(|lookup| Decision::Need(vec![lookup]))
}

/// What a decision rests on.
#[derive(Clone, Copy)]
struct World<'a, F> {
    facts: &'a F,
    topology: &'a Topology,
    links: &'a Links,
    query: &'a Query,
    now: Now,
    /// As whom the server speaks.
    identity: Identity,
}

impl<F: Facts> World<'_, F> {
    fn decide(self) -> Known<Decision> {
        let Self { topology, links, query, .. } = self;
        let kinds = &topology.config().host_lookup.identifiers;
        let identifiers =
            if self.facts.has_hosts() { query.identifiers(kinds) } else { Vec::new() };
        let mut classes = Classes::of(topology, query, links);
        if topology.config().host_lookup.early_global
            && let Some(host) = self.facts.host(None, &identifiers)?
        {
            classes = classes.with_hosts(std::iter::once(&*host));
        }
        if classes.contains(DROP) {
            return Ok(Decision::Drop(DropReason::ClassDrop));
        }
        let Some(subnet) = topology.subnet_admitting(&classes, query, links) else {
            return Ok(Decision::Drop(DropReason::NoSubnet));
        };
        let identity = self.identity.in_subnet(query, topology.config(), subnet);
        let world = Self { identity, ..self };
        let case = Case::new(world, subnet, classes, identifiers)?;
        if case.classes.contains(DROP) {
            return Ok(Decision::Drop(DropReason::ClassDrop));
        }
        if let Some(seen) = self.facts.hold_off()
            && !hold_off::lets_pass(&case, seen)?
        {
            return Ok(Decision::Drop(DropReason::HoldOff));
        }
        match query.ask {
            Ask::Discover => discover::discover(&case),
            Ask::Selecting { server, addr } => request::selecting(&case, server, addr),
            Ask::InitReboot { addr } => request::init_reboot(&case, addr),
            Ask::Extend { addr } => request::extend(&case, addr),
            Ask::Decline { addr, server } => surrender::decline(&case, server, addr),
            Ask::Release { addr, server } => surrender::release(&case, server, addr),
            Ask::Inform { addr } => Ok(case.inform(addr)),
            Ask::Bootp => bootp::bootp(&case),
        }
    }
}
