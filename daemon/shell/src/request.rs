//! What the control sockets and signals ask of the loop.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lessor_config::{Config, Prefix4};
use lessor_policy::{Topology, Whence};
use lessor_server::server::Status;
use lessor_server::{Command, Counters, Reply};
use lessor_types::{Interface, Links, SubnetId, Wall};
use tokio::sync::oneshot;

use crate::journal::{Compacting, Paced};
use crate::packets::Listening;
use crate::statistics::{self, Totals};

/// How many requests may wait for the loop.
pub const REQUESTS_MAX: usize = 64;

/// One request. Who no longer waits for an answer does not get one, and that is all.
#[derive(Debug)]
pub enum Request {
    /// A question to the server machine.
    Ask(Command, oneshot::Sender<Reply>),
    /// How everything is.
    Report(oneshot::Sender<Box<Report>>),
    /// The configuration in effect.
    Config(oneshot::Sender<Arc<Config>>),
    /// Read the configuration file again. The answer is the configuration in effect then, or why
    /// the old one stays.
    Reload(Option<oneshot::Sender<Result<Arc<Config>, String>>>),
    /// Use this configuration from now on. The answer is as that to a reload.
    Configure(String, oneshot::Sender<Result<Arc<Config>, String>>),
    /// As that, what is in effect with these interfaces besides (`interface-add`).
    AddInterfaces(Vec<String>, oneshot::Sender<Result<Arc<Config>, String>>),
    /// The interfaces of the host, after another look at them if that is asked for.
    Interfaces {
        /// Whether to look.
        redetect: bool,
        /// Who asks.
        asker: oneshot::Sender<Result<Interfaces, String>>,
    },
    /// Which subnet is selected.
    Select(Box<Whereabouts>, oneshot::Sender<Option<Selected>>),
    /// Compact the lease file now.
    Compact(oneshot::Sender<Compacting>),
    /// A question to the statistics.
    Statistics(statistics::Query, oneshot::Sender<statistics::Told>),
    /// Finish what is in work and end the process with this exit code. A second one does not wait.
    Stop {
        /// The process's exit code.
        exit: u8,
    },
}

/// The interfaces of the host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interfaces {
    /// All of them.
    pub found: Vec<Interface>,
    /// The numbers of those that clients are served on.
    pub served: Vec<u32>,
}

/// Where something comes from, to be asked for its subnet.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Whereabouts {
    /// The name of the interface.
    pub interface: Option<String>,
    /// The client's own address.
    pub address: Option<Ipv4Addr>,
    /// The relay.
    pub relay: Option<Ipv4Addr>,
    /// Where it was sent to.
    pub local: Option<Ipv4Addr>,
    /// Where it was sent from.
    pub remote: Option<Ipv4Addr>,
    /// The relay's selection of a link.
    pub link: Option<Ipv4Addr>,
    /// The client's selection of a subnet.
    pub subnet: Option<Ipv4Addr>,
    /// The classes that it is in.
    pub classes: Vec<String>,
}

impl Whereabouts {
    /// The subnet that is selected.
    #[must_use]
    pub fn select(&self, topology: &Topology, links: &Links) -> Option<Selected> {
        let given = |addr: Option<Ipv4Addr>| addr.filter(|addr| !addr.is_unspecified());
        let config = topology.config();
        let heeded = !config.compatibility.ignore_rai_link_selection;
        let link = links.0.iter().find(|link| Some(&*link.name) == self.interface.as_deref());
        let addrs = link.map_or(&[][..], |link| &link.addrs);
        let broadcast = self.local.is_some_and(|addr| addr.is_broadcast());
        let sender = given(self.address).or_else(|| given(self.remote));
        let whence = Whence {
            selected: given(self.link).filter(|_| heeded).or_else(|| given(self.subnet)),
            relay: given(self.relay),
            sender: sender.filter(|_| !broadcast),
            interface: self.interface.as_deref().map(|name| (name, addrs)),
        };
        let is_in = |guards: &[String]| {
            guards.is_empty() || guards.iter().any(|guard| self.classes.contains(guard))
        };
        let subnet = topology.subnet_from(&whence, |subnet| {
            let network = config.network_of(subnet);
            is_in(&subnet.guards) && network.is_none_or(|network| is_in(&network.guards))
        })?;
        Some(Selected {
            id: subnet.id,
            prefix: subnet.prefix,
            network: config.network_of(subnet).map(|network| network.name.clone()),
        })
    }
}

/// A subnet that was selected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Selected {
    /// Its number.
    pub id: SubnetId,
    /// Its addresses.
    pub prefix: Prefix4,
    /// The shared network that it is part of.
    pub network: Option<String>,
}

/// How everything is.
#[derive(Clone, Debug)]
pub struct Report {
    /// When that is.
    pub at: Wall,
    /// Since the start.
    pub uptime: Duration,
    /// Since a configuration took effect.
    pub configured: Duration,
    /// The lease file; none if leases are not written.
    pub lease_file: Option<PathBuf>,
    /// Where packets are heard.
    pub listening: Listening,
    /// How the server machine is.
    pub status: Status,
    /// How often each event happened.
    pub counters: Counters,
    /// How many packets of each kind there were.
    pub totals: Totals,
    /// How long syncs take; none if leases are not written.
    pub pace: Option<Paced>,
    /// Whether the server finishes what is in work, and takes nothing new up.
    pub stopping: bool,
    /// Lines of the log that nobody took in time.
    pub lines_lost: u64,
}
