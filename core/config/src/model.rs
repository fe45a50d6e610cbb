//! What a configuration means: plain data, all defaults filled in, all inheritance resolved.
//!
//! Options are inherited when a client is answered and not before, since those of its classes come
//! between a subnet's and the global ones.

mod compatibility;
mod database;
mod leasing;
mod listening;
mod logging;
mod metrics;
mod naming;
mod samples;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_expression::Expression;
use lessor_types::{PoolId, Secs, SubnetId};

use crate::hooks::{Hooks, Limits, PingCheck};
use crate::{
    HostLookup, HostScopes, Hosts, Network, NetworkKey, OptionDef, OptionSet, Prefix4, UserContext,
};

pub use compatibility::Compatibility;
pub use database::{
    Database, DatabaseTimeouts, DatabaseTls, Engine, OnFail, Password, Recovery, Secret, SslMode,
};
pub use leasing::{Allocator, InfoCheck, LeaseCheck, SanityChecks};
pub use listening::{InterfaceSpec, Outbound, ServiceSockets, SocketType};
pub use logging::{Facility, LogDestination, LogOutput, Logger, Severity, Syslog};
pub use metrics::Metrics;
pub use naming::{Naming, Replace};
pub use samples::Samples;

/// A lawful DHCPv4 configuration.
///
/// Subnets have different numbers and share no address; pools lie in their subnets and share no
/// address either; an address reserved in a subnet lies in it; no lifetime is below its minimum or
/// above its maximum; classes have different names, and ask only for those before them; shared
/// networks have different names.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Where to listen; nothing means nowhere.
    pub interfaces: Vec<InterfaceSpec>,
    /// How to listen.
    pub socket_type: SocketType,
    /// Which way answers leave that are routed.
    pub outbound: Outbound,
    /// What a start asks of the sockets.
    pub service_sockets: ServiceSockets,
    /// Where leases are kept.
    pub lease_store: LeaseStore,
    /// Where commands are taken, with different places.
    pub control_sockets: Vec<ControlSocket>,
    /// How long a declined address is left alone.
    pub decline_probation: Secs,
    /// What becomes of expired leases.
    pub expired: Expired,
    /// What is done about stored leases that do not fit.
    pub sanity: SanityChecks,
    /// Whether the first and the last address of each 256 are left out where a subnet has that
    /// many or more.
    pub exclude_first_last_24: bool,
    /// How many exchanges may wait at once, 1 to [`Config::PARKED_MAX`]. It raises the server's own
    /// bound and does not lower it: most of what waits waits for a sync that many share.
    pub parked_max: u32,
    /// How many of its last values a statistic keeps.
    pub samples: Samples,
    /// What is logged where, each name once; nothing means as usual.
    pub loggers: Vec<Logger>,
    /// Where figures and health are told by HTTP, if anywhere.
    pub metrics: Option<Metrics>,
    /// Whether replies carry the client identifier (RFC 6842).
    pub echo_client_id: bool,
    /// Where clients and relays are met halfway.
    pub compatibility: Compatibility,
    /// Whether a unicast message without relay information gets that of its client's lease.
    pub stash_agent_options: bool,
    /// Whether clients' names are put into the DNS at all (`dhcp-ddns`).
    pub ddns_updates: bool,
    /// What clients are called, where no subnet says otherwise.
    pub naming: Arc<Naming>,
    /// This server's name among those that share one configuration database; may be empty.
    pub server_tag: String,
    /// Features that Kea has in libraries.
    pub hooks: Hooks,
    /// The options that are defined for everybody.
    pub option_defs: Vec<OptionDef>,
    /// The options of every client, which everything else wins over.
    pub options: OptionSet,
    /// The classes in the order in which they are tested.
    pub classes: Vec<Class>,
    /// The shared networks.
    pub networks: Vec<Network>,
    /// The subnets by ascending number.
    pub subnets: Vec<Subnet>,
    /// The reservations, global ones and those of subnets.
    pub hosts: Hosts,
    /// How reservations are looked for.
    pub host_lookup: HostLookup,
    /// What was noted about the whole.
    pub context: UserContext,
    /// What was noted about parts that are not kept by themselves; none of it is empty.
    pub contexts: BTreeMap<Noted, UserContext>,
}

impl Config {
    /// The most exchanges that may wait at once. Kea takes a limit of 0 as none; here everything
    /// has a bound, and 0 means this.
    pub const PARKED_MAX: u32 = 65_536;

    /// The subnet with this number.
    #[must_use]
    pub fn subnet(&self, id: SubnetId) -> Option<&Subnet> {
        let index = self.subnets.binary_search_by_key(&id, |subnet| subnet.id);
        index.ok().and_then(|index| self.subnets.get(index))
    }

    /// The shared network that a subnet is part of.
    #[must_use]
    pub fn network_of(&self, subnet: &Subnet) -> Option<&Network> {
        self.networks.get(subnet.network?.0)
    }

    /// The pool that holds an address, with its subnet. There is at most one.
    #[must_use]
    pub fn pool_of(&self, addr: Ipv4Addr) -> Option<(&Subnet, &Pool)> {
        self.subnets
            .iter()
            .filter(|subnet| subnet.prefix.contains(addr))
            .find_map(|subnet| Some((subnet, subnet.pool_of(addr)?)))
    }
}

impl Default for Config {
    /// What an empty `Dhcp4` means.
    fn default() -> Self {
        Self {
            interfaces: Vec::new(),
            socket_type: SocketType::Raw,
            outbound: Outbound::SameAsInbound,
            service_sockets: ServiceSockets::default(),
            lease_store: LeaseStore::Memfile(Memfile::default()),
            control_sockets: Vec::new(),
            decline_probation: Secs(86_400),
            expired: Expired::default(),
            sanity: SanityChecks::default(),
            exclude_first_last_24: false,
            parked_max: 256,
            samples: Samples::default(),
            loggers: Vec::new(),
            metrics: None,
            echo_client_id: true,
            compatibility: Compatibility::default(),
            stash_agent_options: false,
            ddns_updates: false,
            naming: Arc::default(),
            server_tag: String::new(),
            option_defs: Vec::new(),
            hooks: Hooks::default(),
            options: OptionSet::new(),
            classes: Vec::new(),
            networks: Vec::new(),
            subnets: Vec::new(),
            hosts: Hosts::default(),
            host_lookup: HostLookup::default(),
            context: UserContext::NONE,
            contexts: BTreeMap::new(),
        }
    }
}

/// A part of a configuration that something may be noted about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Noted {
    /// `interfaces-config`.
    Interfaces,
    /// `lease-database`.
    LeaseDatabase,
    /// `multi-threading`.
    MultiThreading,
    /// `dhcp-queue-control`.
    QueueControl,
    /// The control socket with this path.
    ControlSocket(String),
}

/// Where leases are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LeaseStore {
    /// In memory, with a file behind.
    Memfile(Memfile),
    /// In a database.
    Database(Box<Database>),
}

/// The settings of the file store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Memfile {
    /// The lease file; none means the place that the installation chose.
    pub path: Option<String>,
    /// Whether leases are written at all.
    pub persist: bool,
    /// How often the file is compacted; 0 means never.
    pub lfc_interval: Secs,
    /// How many unreadable rows a file may have; 0 means any number.
    pub max_row_errors: u32,
}

impl Default for Memfile {
    fn default() -> Self {
        Self { path: None, persist: true, lfc_interval: Secs(3600), max_row_errors: 0 }
    }
}

/// One place where commands are taken.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ControlSocket {
    /// A UNIX stream socket.
    Unix {
        /// Its place in the file system.
        path: String,
    },
}

/// What becomes of expired leases.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Expired {
    /// The pause between two rounds of reclaiming; 0 means that none take place.
    pub reclaim_wait: Secs,
    /// The pause between two rounds of removing reclaimed leases; 0 means that none take place.
    pub flush_wait: Secs,
    /// How long a reclaimed lease is remembered for its client.
    pub hold_reclaimed: Secs,
    /// The most leases reclaimed in one round; 0 means any number.
    pub max_reclaim_leases: u32,
    /// The longest that a round may take, in milliseconds; 0 means any length.
    pub max_reclaim_time_ms: u32,
    /// After how many rounds that left something undone a warning is due; 0 means never.
    pub unwarned_cycles: u32,
}

impl Expired {
    /// Whether released and reclaimed leases are kept for their clients.
    #[must_use]
    pub const fn keeps_affinity(&self) -> bool {
        self.flush_wait.0 > 0 && self.hold_reclaimed.0 > 0
    }
}

impl Default for Expired {
    fn default() -> Self {
        Self {
            reclaim_wait: Secs(10),
            flush_wait: Secs(25),
            hold_reclaimed: Secs(3600),
            max_reclaim_leases: 100,
            max_reclaim_time_ms: 250,
            unwarned_cycles: 5,
        }
    }
}

/// A class of clients, and what its members get.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    /// Its name; not empty.
    pub name: String,
    /// Who is in it.
    pub membership: Membership,
    /// Whether it is tested only where a subnet or a pool of the client lists it as additional.
    pub only_additional: bool,
    /// How long its members' leases are valid, instead of what their subnet says.
    pub lifetime: Option<Lifetime>,
    /// How long an offer to a member is stored, instead of what its subnet says.
    pub offer_lifetime: Option<Secs>,
    /// The server that its members boot from; not the unspecified address.
    pub next_server: Option<Ipv4Addr>,
    /// The boot server's name, 1 to 63 octets.
    pub server_hostname: Option<String>,
    /// The boot file's name, 1 to 127 octets.
    pub boot_file_name: Option<String>,
    /// The options that are defined for its members.
    pub option_defs: Vec<OptionDef>,
    /// Its members' options, which win over global ones.
    pub options: OptionSet,
    /// How many leases its members may have, and how often they are heard.
    pub limits: Limits,
    /// What was noted about it.
    pub context: UserContext,
}

impl Class {
    /// A class that gives its members nothing.
    #[must_use]
    pub const fn new(name: String, membership: Membership) -> Self {
        Self {
            name,
            membership,
            only_additional: false,
            lifetime: None,
            offer_lifetime: None,
            next_server: None,
            server_hostname: None,
            boot_file_name: None,
            option_defs: Vec::new(),
            options: OptionSet::new(),
            limits: Limits::NONE,
            context: UserContext::NONE,
        }
    }
}

/// Who is in a class.
#[derive(Clone, Debug, PartialEq)]
pub enum Membership {
    /// Whoever is put there by other means: a built-in class, one that a template makes, or one
    /// that a subnet or a pool lists as additional.
    Given,
    /// Those of whom this is true.
    Test(Expression),
    /// Those for whom this is not empty; they are also in a class that is named after the value.
    Template(Expression),
}

/// One subnet with everything it inherits but options.
#[derive(Clone, Debug, PartialEq)]
pub struct Subnet {
    /// Its number, 1 to 4294967294.
    pub id: SubnetId,
    /// Its addresses.
    pub prefix: Prefix4,
    /// The shared network that it is part of.
    pub network: Option<NetworkKey>,
    /// What may be leased, in the order of the file.
    pub pools: Vec<Pool>,
    /// Relays whose clients belong here, besides those with an address in the prefix.
    pub relays: Vec<Ipv4Addr>,
    /// The interface whose clients belong here.
    pub interface: Option<String>,
    /// How long a lease is valid.
    pub lifetime: Lifetime,
    /// How long an offer is stored as a lease; 0: not at all, it is kept in memory.
    pub offer_lifetime: Secs,
    /// Which free address a client gets.
    pub allocator: Allocator,
    /// From above which share of its addresses in use on leases get the shortest lifetime, in parts
    /// of a million; 1000000 means never.
    pub adaptive_threshold_ppm: u32,
    /// When clients renew and rebind.
    pub tee: Tee,
    /// Whether a request for something unknown is refused rather than ignored.
    pub authoritative: bool,
    /// Whether the client identifier names the client, rather than its link-layer address alone.
    pub match_client_id: bool,
    /// Whether a DISCOVER that asks for it is answered with a lease at once (RFC 4039).
    pub rapid_commit: bool,
    /// What its clients are called.
    pub naming: Arc<Naming>,
    /// Which reservations count.
    pub host_scopes: HostScopes,
    /// A renewal that comes before this share of the lifetime has passed, in parts of a million,
    /// gets the old lease again without a write; 0 means never. Less than 1000000.
    pub cache_threshold_ppm: u32,
    /// The greatest age of a lease that is given again so.
    pub cache_max_age: Option<Secs>,
    /// Whether leases remember the relay that their clients came through.
    pub store_extended_info: bool,
    /// The server to boot from (`siaddr`); unspecified means this one names none.
    pub next_server: Ipv4Addr,
    /// The boot server's name (`sname`), up to 63 octets.
    pub server_hostname: String,
    /// The boot file's name (`file`), up to 127 octets.
    pub boot_file_name: String,
    /// Its own options, which win over those of classes and global ones.
    pub options: OptionSet,
    /// The classes that it is for: a client in any of them is admitted; none admits everybody.
    pub guards: Vec<String>,
    /// The classes that its clients are tested for once it has been selected.
    pub additional: Vec<String>,
    /// How an address is probed before it is offered; none means that it is not. Only where
    /// [`Hooks`] have the feature.
    pub ping_check: Option<PingCheck>,
    /// How many leases it may have, and how often its clients are heard.
    pub limits: Limits,
    /// What was noted about it.
    pub context: UserContext,
}

impl Subnet {
    /// A subnet without pools, with every setting at its default.
    #[must_use]
    pub fn new(id: SubnetId, prefix: Prefix4) -> Self {
        Self {
            id,
            prefix,
            network: None,
            pools: Vec::new(),
            relays: Vec::new(),
            interface: None,
            lifetime: Lifetime::default(),
            offer_lifetime: Secs(0),
            allocator: Allocator::default(),
            adaptive_threshold_ppm: 1_000_000,
            tee: Tee::default(),
            authoritative: false,
            match_client_id: true,
            rapid_commit: false,
            naming: Arc::default(),
            host_scopes: HostScopes::default(),
            cache_threshold_ppm: 250_000,
            cache_max_age: None,
            store_extended_info: false,
            next_server: Ipv4Addr::UNSPECIFIED,
            server_hostname: String::new(),
            boot_file_name: String::new(),
            options: OptionSet::new(),
            guards: Vec::new(),
            additional: Vec::new(),
            ping_check: None,
            limits: Limits::NONE,
            context: UserContext::NONE,
        }
    }

    /// The pool of this subnet that holds an address.
    #[must_use]
    pub fn pool_of(&self, addr: Ipv4Addr) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.contains(addr))
    }
}

/// How long a lease is valid: `min <= default <= max`, each at least one second.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lifetime {
    /// What a client gets that does not ask.
    pub default: Secs,
    /// The least that a client may ask for.
    pub min: Secs,
    /// The most that a client may ask for.
    pub max: Secs,
}

impl Default for Lifetime {
    fn default() -> Self {
        Self { default: Secs(7200), min: Secs(7200), max: Secs(7200) }
    }
}

/// When clients renew (T1) and rebind (T2), RFC 2131 §4.4.5.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tee {
    /// A fixed T1.
    pub renew: Option<Secs>,
    /// A fixed T2.
    pub rebind: Option<Secs>,
    /// Whether T1 and T2 are shares of the lifetime where they are not fixed.
    pub calculate: bool,
    /// T1's share, in parts of a million; less than T2's if they are used.
    pub t1_ppm: u32,
    /// T2's share, in parts of a million.
    pub t2_ppm: u32,
}

impl Default for Tee {
    fn default() -> Self {
        Self { renew: None, rebind: None, calculate: false, t1_ppm: 500_000, t2_ppm: 875_000 }
    }
}

/// A range of addresses to lease.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// The lowest address.
    pub first: Ipv4Addr,
    /// The highest address, not below `first`.
    pub last: Ipv4Addr,
    /// Its number in lease files; several pools may share one.
    pub id: PoolId,
    /// Its own options, which win over the subnet's.
    pub options: OptionSet,
    /// The classes that it is for: a client in any of them is admitted; none admits everybody.
    pub guards: Vec<String>,
    /// The classes that clients with an address of this pool are tested for.
    pub additional: Vec<String>,
    /// What was noted about it.
    pub context: UserContext,
    /// What clients with an address of this pool are called.
    pub naming: Arc<Naming>,
}

impl Pool {
    /// Whether an address lies in the range.
    #[must_use]
    pub fn contains(&self, addr: Ipv4Addr) -> bool {
        self.first <= addr && addr <= self.last
    }

    /// How many addresses there are, 1 to 2^32.
    #[must_use]
    pub fn size(&self) -> u64 {
        u64::from(self.last.to_bits().saturating_sub(self.first.to_bits())) + 1
    }
}
