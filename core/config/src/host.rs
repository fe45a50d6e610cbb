//! Reservations: what single clients are promised, and how they are found.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_types::{Identifier, IdentifierKind, SubnetId};

use crate::{OptionSet, UserContext};

/// What is reserved for one client.
#[derive(Clone, Debug, PartialEq)]
pub struct Host {
    /// The subnet that it is for; none means that it is global.
    pub subnet: Option<SubnetId>,
    /// The client.
    pub identifier: Identifier,
    /// The address kept for it, if any: not the unspecified one.
    pub addr: Option<Ipv4Addr>,
    /// The name that it gets, if any.
    pub hostname: Option<String>,
    /// The classes that it is in, besides those that test it.
    pub classes: Vec<String>,
    /// The server that it boots from; not the unspecified address.
    pub next_server: Option<Ipv4Addr>,
    /// The boot server's name, 1 to 63 octets.
    pub server_hostname: Option<String>,
    /// The boot file's name, 1 to 127 octets.
    pub boot_file_name: Option<String>,
    /// Its options, which win over everything.
    pub options: OptionSet,
    /// What was noted about it.
    pub context: UserContext,
}

impl Host {
    /// A reservation that promises nothing; its client is known all the same.
    #[must_use]
    pub const fn new(subnet: Option<SubnetId>, identifier: Identifier) -> Self {
        Self {
            subnet,
            identifier,
            addr: None,
            hostname: None,
            classes: Vec::new(),
            next_server: None,
            server_hostname: None,
            boot_file_name: None,
            options: OptionSet::new(),
            context: UserContext::NONE,
        }
    }
}

/// The reservations of a configuration. No two have the same subnet and identifier.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hosts {
    by_client: BTreeMap<(Option<SubnetId>, Identifier), Arc<Host>>,
    by_addr: BTreeMap<Ipv4Addr, Vec<Arc<Host>>>,
}

impl Hosts {
    /// Adds a reservation; false if its client has one in the same place, which then stays.
    pub fn add(&mut self, host: Host) -> bool {
        let key = (host.subnet, host.identifier.clone());
        if self.by_client.contains_key(&key) {
            return false;
        }
        let host = Arc::new(host);
        if let Some(addr) = host.addr {
            let all = self.by_addr.entry(addr).or_default();
            let at = all.partition_point(|other| {
                (other.subnet, &other.identifier) < (host.subnet, &host.identifier)
            });
            all.insert(at, Arc::clone(&host));
        }
        self.by_client.insert(key, host);
        true
    }

    /// A client's reservation in a subnet, or its global one.
    #[must_use]
    pub fn of(&self, subnet: Option<SubnetId>, identifier: &Identifier) -> Option<&Arc<Host>> {
        self.by_client.get(&(subnet, identifier.clone()))
    }

    /// The reservations of an address, in whatever scope.
    #[must_use]
    pub fn at(&self, addr: Ipv4Addr) -> &[Arc<Host>] {
        self.by_addr.get(&addr).map_or(&[], Vec::as_slice)
    }

    /// The addresses that are reserved, each once, in ascending order.
    pub fn addrs(&self) -> impl Iterator<Item = Ipv4Addr> + '_ {
        self.by_addr.keys().copied()
    }

    /// Those of them in a range; none if `first` is above `last`.
    pub fn addrs_in(&self, first: Ipv4Addr, last: Ipv4Addr) -> impl Iterator<Item = Ipv4Addr> + '_ {
        let range = (first <= last).then(|| self.by_addr.range(first..=last));
        range.into_iter().flatten().map(|(addr, _)| *addr)
    }

    /// All, global ones first, then by subnet and identifier.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Host>> {
        self.by_client.values()
    }

    /// Those of a subnet, or the global ones, by identifier.
    pub fn within(&self, subnet: Option<SubnetId>) -> impl Iterator<Item = &Arc<Host>> {
        // No identifier comes before one octet of zeros.
        let least = Identifier::new(IdentifierKind::HwAddress, &[0]);
        let from = least.map(|least| self.by_client.range((subnet, least)..));
        from.into_iter()
            .flatten()
            .take_while(move |((place, _), _)| *place == subnet)
            .map(|(_, host)| host)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_client.is_empty()
    }
}

/// How reservations are looked for in general.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostLookup {
    /// By which identifiers, the best first; each once.
    pub identifiers: Vec<IdentifierKind>,
    /// Whether global reservations are looked up before a subnet is selected, so that the classes
    /// that they put a client in can select it.
    pub early_global: bool,
    /// Whether an address is reserved for one client at most in each subnet.
    pub unique_addrs: bool,
}

impl Default for HostLookup {
    fn default() -> Self {
        Self {
            identifiers: vec![
                IdentifierKind::HwAddress,
                IdentifierKind::Duid,
                IdentifierKind::CircuitId,
                IdentifierKind::ClientId,
            ],
            early_global: false,
            unique_addrs: true,
        }
    }
}

/// Which reservations count for the clients of a subnet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostScopes {
    /// Global ones.
    pub global: bool,
    /// The subnet's own.
    pub in_subnet: bool,
    /// The subnet's own reserve no address of its pools: pools need not be asked whether an address
    /// is reserved, and one that is all the same is not kept.
    pub out_of_pool: bool,
}

impl Default for HostScopes {
    fn default() -> Self {
        Self { global: false, in_subnet: true, out_of_pool: false }
    }
}
