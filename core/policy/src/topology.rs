//! Which subnet and pool an address, a relay or a link belongs to.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_config::{Class, Config, Host, Membership, Pool, Subnet, class_names};
use lessor_types::{Identifier, Links, SubnetId, Unit};
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
    /// The subnets of each shared network.
    by_network: Vec<Vec<usize>>,
    classes: BTreeMap<String, usize>,
    /// When each class is tested.
    phases: Vec<Phase>,
    /// The classes that options of whatever scope are for, but those of reservations.
    tags: Vec<String>,
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
        let mut by_network = vec![Vec::new(); config.networks.len()];
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
            if let Some(network) = subnet.network.and_then(|key| by_network.get_mut(key.0)) {
                network.push(place);
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
        let phases = phases(&config.classes);
        let tags = tags(&config);
        Self { config, by_prefix, by_relay, by_interface, by_network, classes, phases, tags, pools }
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// The class of this name.
    #[must_use]
    pub fn class(&self, name: &str) -> Option<&Class> {
        self.numbered_class(name).map(|(_, class)| class)
    }

    /// The class of this name with its number.
    pub(crate) fn numbered_class(&self, name: &str) -> Option<(usize, &Class)> {
        let number = *self.classes.get(name)?;
        Some((number, self.config.classes.get(number)?))
    }

    /// The number of the class of this name, which is only made where there are classes.
    pub(crate) fn number_of<'a>(&self, name: impl FnOnce() -> Cow<'a, str>) -> Option<usize> {
        if self.classes.is_empty() { None } else { self.classes.get(&*name()).copied() }
    }

    /// The classes that options are for, if so few that each can have a bit.
    pub(crate) fn tags(&self) -> Option<&[String]> {
        (self.tags.len() <= TAGS_MAX).then_some(&self.tags)
    }

    /// The classes with a test of their own, or a template, their numbers, and when they are tested; but for those
    /// that are tested only where they are listed as additional.
    pub(crate) fn tested(&self) -> impl Iterator<Item = (usize, &Class, Phase)> {
        let classes = (0..).zip(&self.config.classes).zip(self.phases.iter().copied());
        let classes = classes.map(|((number, class), phase)| (number, class, phase));
        classes.filter(|(_, class, _)| !class.only_additional)
    }

    /// Whether an address is kept out of the pools, because a reservation of its subnet has it.
    #[must_use]
    pub fn is_kept(&self, unit: Unit) -> bool {
        let Some(addr) = unit.v4() else {
            return false;
        };
        self.config.hosts.at(addr).iter().any(|host| {
            let subnet = host.subnet.and_then(|id| self.config.subnet(id));
            subnet.or_else(|| self.subnet_around(addr)).is_some_and(|it| counts(host, it))
        })
    }

    /// The addresses that are reserved for somebody, each once, in ascending order.
    pub fn reserved(&self) -> impl Iterator<Item = Unit> + '_ {
        self.config.hosts.addrs().map(Unit::V4)
    }

    /// How many addresses of a range are reserved for somebody.
    #[must_use]
    pub fn kept_in(&self, first: Ipv4Addr, last: Ipv4Addr) -> usize {
        self.config.hosts.addrs_in(first, last).count()
    }

    /// The reservation, among those of the configuration, of the client with these identifiers, in a
    /// subnet or the global one. Where several have one, the first identifier's.
    #[must_use]
    pub fn host(&self, subnet: Option<SubnetId>, identifiers: &[Identifier]) -> Option<&Arc<Host>> {
        identifiers.iter().find_map(|identifier| self.config.hosts.of(subnet, identifier))
    }

    /// The reservations, among those of the configuration, of an address in a subnet, and the
    /// global ones.
    pub fn hosts_at(&self, subnet: SubnetId, addr: Ipv4Addr) -> impl Iterator<Item = &Arc<Host>> {
        let hosts = self.config.hosts.at(addr).iter();
        hosts.filter(move |host| host.subnet.is_none_or(|id| id == subnet))
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

    /// Whether addresses of a subnet that end in 0 or 255 are not leased anew
    /// (`exclude-first-last-24`): some hosts take them for a network's or a broadcast address.
    #[must_use]
    pub fn leaves_out_ends(&self, subnet: &Subnet) -> bool {
        self.config.exclude_first_last_24 && subnet.prefix.len() <= 24
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

    /// The subnets of a link, given one of them: itself, and then those that share a network with
    /// it, by ascending number.
    pub fn beside<'a>(&'a self, subnet: &'a Subnet) -> impl Iterator<Item = &'a Subnet> {
        let network = subnet.network.and_then(|key| self.by_network.get(key.0));
        let places = network.into_iter().flatten();
        let subnets = places.filter_map(|place| self.config.subnets.get(*place));
        std::iter::once(subnet).chain(subnets.filter(|other| other.id != subnet.id))
    }

    /// Whether a subnet and its shared network are for members of these classes.
    #[must_use]
    pub fn admits(&self, subnet: &Subnet, classes: &Classes<'_>) -> bool {
        let network = self.config.network_of(subnet);
        classes.admit(&subnet.guards)
            && network.is_none_or(|network| classes.admit(&network.guards))
    }

    /// The address of a subnet that the relay or the client selected.
    fn selected(&self, query: &Query) -> Option<Ipv4Addr> {
        let heeds = !self.config.compatibility.ignore_rai_link_selection;
        let agent = query.relays_word().filter(|_| heeds);
        let by_relay = agent.as_ref().and_then(RelayAgent::link_selection);
        by_relay.filter(|addr| !addr.is_unspecified()).or_else(|| query.selection())
    }

    /// The subnet that serves a query's link.
    #[must_use]
    pub fn subnet_for(&self, query: &Query, links: &Links) -> Option<&Subnet> {
        // Classes cost more than all the rest, and seldom matter.
        let classes = OnceCell::new();
        self.subnet_from(&self.whence(query, links), |subnet| {
            let is_open = subnet.guards.is_empty()
                && self.config.network_of(subnet).is_none_or(|it| it.guards.is_empty());
            is_open || self.admits(subnet, classes.get_or_init(|| Classes::of(self, query, links)))
        })
    }

    /// The subnet that serves a query's link and admits one of its classes.
    ///
    /// In Kea's order: link selection (option 82, sub-option 5, RFC 3527), unless that is switched
    /// off; the client's own selection ([`Query::selection`]); `giaddr` by subnets' relay lists and
    /// then by prefix; of a unicast, `ciaddr` or else the sender; the receiving interface by name;
    /// its addresses. Who selects a subnet gets none but that, or one beside it. Where the subnet
    /// around an address is not for this query, another one of its shared network may be.
    #[must_use]
    pub fn subnet_admitting(
        &self,
        classes: &Classes<'_>,
        query: &Query,
        links: &Links,
    ) -> Option<&Subnet> {
        self.subnet_from(&self.whence(query, links), |subnet| self.admits(subnet, classes))
    }

    /// What says where a query comes from.
    fn whence<'a>(&self, query: &Query, links: &'a Links) -> Whence<'a> {
        let link = links.by_id(query.link);
        Whence {
            selected: self.selected(query),
            relay: query.is_relayed().then_some(query.message.giaddr),
            // A unicast renewal may come from behind a router; a broadcast shows the client's link.
            sender: (!query.dest.is_broadcast()).then(|| sender(query)),
            interface: link.map(|link| (&*link.name, link.addrs.as_slice())),
        }
    }

    /// The subnet for what comes from there, in the order of [`Topology::subnet_admitting`].
    pub fn subnet_from(
        &self,
        whence: &Whence<'_>,
        admits: impl Fn(&Subnet) -> bool,
    ) -> Option<&Subnet> {
        let admitted = |subnet: &&Subnet| admits(subnet);
        let named = |places: Option<&Vec<usize>>| {
            let subnets = places.into_iter().flatten();
            subnets.filter_map(|place| self.config.subnets.get(*place)).find(admitted)
        };
        let around = |addr: Ipv4Addr| self.beside(self.subnet_around(addr)?).find(admitted);
        if let Some(selected) = whence.selected {
            return around(selected);
        }
        if let Some(relay) = whence.relay {
            return named(self.by_relay.get(&relay)).or_else(|| around(relay));
        }
        if let Some(subnet) = whence.sender.and_then(around) {
            return Some(subnet);
        }
        let (name, addrs) = whence.interface?;
        named(self.by_interface.get(name))
            .or_else(|| addrs.iter().find_map(|(addr, _)| around(*addr)))
    }
}

/// How many classes may have bits.
const TAGS_MAX: usize = 64;

/// The classes that options are for, each once.
fn tags(config: &Config) -> Vec<String> {
    let of_subnets = config
        .subnets
        .iter()
        .flat_map(|subnet| subnet.pools.iter().map(|pool| &pool.options).chain([&subnet.options]));
    let sets = of_subnets
        .chain(config.networks.iter().map(|network| &network.options))
        .chain(config.classes.iter().map(|class| &class.options))
        .chain([&config.options]);
    let tags: BTreeSet<&String> = sets.flatten().flat_map(|given| &given.classes).collect();
    tags.into_iter().cloned().collect()
}

/// Where something comes from, as far as that tells its subnet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Whence<'a> {
    /// An address in the subnet that a relay or the client selected (RFC 3527, RFC 3011).
    pub selected: Option<Ipv4Addr>,
    /// The relay (`giaddr`).
    pub relay: Option<Ipv4Addr>,
    /// Who sent it, if it was sent to one station.
    pub sender: Option<Ipv4Addr>,
    /// The interface's name, and its addresses with the lengths of their prefixes.
    pub interface: Option<(&'a str, &'a [(Ipv4Addr, u8)])>,
}

/// Where a message says that it comes from, or where it came from.
const fn sender(query: &Query) -> Ipv4Addr {
    if query.message.ciaddr.is_unspecified() { *query.source.ip() } else { query.message.ciaddr }
}

/// Whether what is reserved so counts for clients of this subnet, which has the address if there
/// is one.
pub(crate) fn counts(host: &Host, subnet: &Subnet) -> bool {
    let scopes = subnet.host_scopes;
    let in_pool = || host.addr.is_some_and(|addr| subnet.pool_of(addr).is_some());
    match host.subnet {
        None => scopes.global,
        Some(id) => scopes.in_subnet && id == subnet.id && !(scopes.out_of_pool && in_pool()),
    }
}

/// When a class is tested.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// Before a subnet is selected.
    Early,
    /// Then, and again once reservations are known, since one of them can put the client in a class
    /// that the test asks for.
    Twice,
    /// Only once reservations are known: the test asks whether there is one.
    Late,
}

/// Each class's phase. A class asks only for those before it.
fn phases(classes: &[Class]) -> Vec<Phase> {
    let mut phases: BTreeMap<&str, Phase> = BTreeMap::new();
    classes
        .iter()
        .map(|class| {
            let asked = |name: &str| match phases.get(name) {
                _ if matches!(name, class_names::KNOWN | class_names::UNKNOWN) => Phase::Late,
                Some(phase) => *phase,
                None if class_names::is_built_in(name) => Phase::Early,
                None => Phase::Twice,
            };
            let phase = match &class.membership {
                Membership::Given => Phase::Twice,
                Membership::Test(test) | Membership::Template(test) => {
                    let mut of: Vec<Phase> = test.depends_on().map(asked).collect();
                    of.sort_by_key(|phase| match phase {
                        Phase::Late => 0,
                        Phase::Twice => 1,
                        Phase::Early => 2,
                    });
                    of.first().copied().unwrap_or(Phase::Early)
                }
            };
            phases.insert(&class.name, phase);
            phase
        })
        .collect()
}
