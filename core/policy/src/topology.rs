//! Which subnet and pool an address, a relay or a link belongs to.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_config::{Class, Config, Pool, Subnet};
use lessor_types::{Links, Unit};
use lessor_wire::v4::RelayAgent;

use crate::{Classes, Query};

/// A pool's place among all pools of a configuration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PoolKey(pub usize);

/// One pool, with the subnet it belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct PoolPlace {
    first: u32,
    last: u32,
    subnet: usize,
    pool: usize,
}

/// A configuration with the indexes that decisions need.
#[derive(Clone, PartialEq, Debug)]
pub struct Topology {
    config: Arc<Config>,
    /// First and last address of each subnet with its place, by first address; they don't overlap.
    by_prefix: Vec<(u32, u32, usize)>,
    /// Where several subnets name a relay or an interface, those with lower numbers come first.
    by_relay: BTreeMap<Ipv4Addr, Vec<usize>>,
    by_interface: BTreeMap<String, Vec<usize>>,
    classes: BTreeMap<String, usize>,
    /// By first address; they don't overlap.
    pools: Vec<PoolPlace>,
}

impl Topology {
    /// The indexes of `config`.
    #[must_use]
    pub fn new(config: Arc<Config>) -> Self {
        let mut by_prefix = Vec::new();
        let mut by_relay = BTreeMap::<_, Vec<usize>>::new();
        let mut by_interface = BTreeMap::<_, Vec<usize>>::new();
        let mut pools = Vec::new();
        for (place, subnet) in config.subnets.iter().enumerate() {
            let first = u32::from(subnet.prefix.addr());
            by_prefix.push((first, u32::from(subnet.prefix.broadcast()), place));
            for relay in &subnet.relays {
                by_relay.entry(*relay).or_default().push(place);
            }
            if let Some(interface) = &subnet.interface {
                by_interface.entry(interface.clone()).or_default().push(place);
            }
            pools.extend(subnet.pools.iter().enumerate().map(|(pool, range)| PoolPlace {
                first: u32::from(range.first),
                last: u32::from(range.last),
                subnet: place,
                pool,
            }));
        }
        by_prefix.sort_unstable();
        pools.sort_unstable_by_key(|place| place.first);
        let named = config.classes.iter().zip(0..);
        let classes = named.map(|(class, place)| (class.name.clone(), place)).collect();
        Self { config, by_prefix, by_relay, by_interface, classes, pools }
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// The class of this name.
    #[must_use]
    pub fn class(&self, name: &str) -> Option<&Class> {
        self.config.classes.get(*self.classes.get(name)?)
    }

    /// How many pools there are; keys are below it.
    #[must_use]
    pub const fn pool_count(&self) -> usize {
        self.pools.len()
    }

    /// First and last address of a pool.
    #[must_use]
    pub fn pool_range(&self, key: PoolKey) -> Option<(Ipv4Addr, Ipv4Addr)> {
        let place = self.pools.get(key.0)?;
        Some((place.first.into(), place.last.into()))
    }

    /// The pool that contains a unit.
    #[must_use]
    pub fn pool_at(&self, unit: Unit) -> Option<PoolKey> {
        let addr = u32::from(unit.v4()?);
        let behind = self.pools.partition_point(|place| place.first <= addr);
        let key = behind.checked_sub(1)?;
        (self.pools.get(key)?.last >= addr).then_some(PoolKey(key))
    }

    /// A pool and its subnet.
    #[must_use]
    pub fn pool(&self, key: PoolKey) -> Option<(&Subnet, &Pool)> {
        let place = self.pools.get(key.0)?;
        let subnet = self.config.subnets.get(place.subnet)?;
        Some((subnet, subnet.pools.get(place.pool)?))
    }

    /// The pools of a subnet, in the order of their addresses.
    pub fn pools_of<'a>(&'a self, subnet: &Subnet) -> impl Iterator<Item = PoolKey> + 'a {
        let first = u32::from(subnet.prefix.addr());
        let last = u32::from(subnet.prefix.broadcast());
        let from = self.pools.partition_point(|place| place.first < first);
        (from..self.pools.len())
            .take_while(move |key| self.pools.get(*key).is_some_and(|place| place.first <= last))
            .map(PoolKey)
    }

    /// The subnet whose prefix contains an address.
    #[must_use]
    pub fn subnet_around(&self, addr: Ipv4Addr) -> Option<&Subnet> {
        let addr = u32::from(addr);
        let behind = self.by_prefix.partition_point(|(first, ..)| *first <= addr);
        let (_, last, place) = self.by_prefix.get(behind.checked_sub(1)?)?;
        if *last >= addr { self.config.subnets.get(*place) } else { None }
    }

    /// The subnet that serves a query's link.
    #[must_use]
    pub fn subnet_for(&self, query: &Query, links: &Links) -> Option<&Subnet> {
        self.subnet_admitting(&Classes::of(self, query, links), query, links)
    }

    /// The subnet that serves a query's link and admits one of its classes.
    ///
    /// In Kea's order: link selection (option 82, sub-option 5, RFC 3527) or `giaddr`, each by
    /// subnets' relay lists and then by prefix; `ciaddr` of a unicast; the receiving interface by
    /// name; its addresses.
    #[must_use]
    pub fn subnet_admitting(
        &self,
        classes: &Classes<'_>,
        query: &Query,
        links: &Links,
    ) -> Option<&Subnet> {
        let admitted = |subnet: &&Subnet| classes.admit(&subnet.guards);
        let named = |places: Option<&Vec<usize>>| {
            let subnets = places.into_iter().flatten();
            subnets.filter_map(|place| self.config.subnets.get(*place)).find(admitted)
        };
        let around = |addr: Ipv4Addr| self.subnet_around(addr).filter(admitted);
        if query.is_relayed() {
            let selected =
                query.message.relay_agent().as_ref().and_then(RelayAgent::link_selection);
            let link = selected.unwrap_or(query.message.giaddr);
            return named(self.by_relay.get(&link)).or_else(|| around(link));
        }
        // A unicast renewal may come from behind a router; a broadcast shows the client's link.
        if !query.dest.is_broadcast()
            && let Some(subnet) = around(query.message.ciaddr)
        {
            return Some(subnet);
        }
        let link = links.by_id(query.link)?;
        named(self.by_interface.get(&*link.name))
            .or_else(|| link.addrs.iter().find_map(|(addr, _)| around(*addr)))
    }
}
