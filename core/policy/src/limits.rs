//! What counts against limits: leases and packets, by subnet and by class (`libdhcp_limits`).

use lessor_config::Rate;
use lessor_lease::{Lease, State};
use lessor_types::{Links, SubnetId, Wall};

use crate::{Classes, Query, Topology, members};

/// Under what something is counted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Counted {
    /// A subnet.
    Subnet(SubnetId),
    /// A class, by name.
    Class(String),
}

/// Under what a row is counted at `judged`: nothing, if no client holds it.
pub fn counts(row: &Lease, judged: Wall) -> impl Iterator<Item = Counted> {
    let held = row.state == State::Assigned && !row.is_reusable(judged);
    let classes = if held { members::classes(row.context.as_deref()) } else { Vec::new() };
    let subnet = held.then_some(Counted::Subnet(row.subnet));
    subnet.into_iter().chain(classes.into_iter().map(Counted::Class))
}

/// The rates that a query's packets are held to: those of its classes, and then its subnet's.
#[must_use]
pub fn rates(topology: &Topology, query: &Query, links: &Links) -> Vec<(Counted, Rate)> {
    let config = topology.config();
    if !config.hooks.limits() {
        return Vec::new();
    }
    let classes = Classes::of(topology, query, links);
    let by_class = classes
        .defined()
        .filter_map(|class| Some((Counted::Class(class.name.clone()), class.limits.rate?)));
    let subnet = topology.subnet_admitting(&classes, query, links);
    let by_subnet =
        subnet.and_then(|subnet| Some((Counted::Subnet(subnet.id), subnet.limits.rate?)));
    by_class.chain(by_subnet).collect()
}
