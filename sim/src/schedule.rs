//! A seed made explicit: everything that will be done to the world, as data.
//!
//! Times are milliseconds of true time. What a schedule does not say (the fate of each packet, the
//! latency of each write) is drawn from its seed by key, so a part can be taken out without
//! disturbing the rest.

mod fault;

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::plan;
use crate::time::ClockSpec;

pub use fault::{DiskCall, Fault, FaultKind, Flaw};

/// The version of the format.
pub const VERSION: u32 = 1;

/// Which machines there are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topology {
    /// One server with a lease file.
    Single,
    /// Two servers on one link that share a store.
    Shared,
    /// One server with a lease file, and a partner whose acknowledgement it waits for.
    Partner,
}

impl Topology {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Single, Self::Shared, Self::Partner];

    /// Its name on command lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Shared => "shared",
            Self::Partner => "partner",
        }
    }
}

/// All that is done to one world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// The version of the format.
    pub version: u32,
    /// Where all keyed draws come from.
    pub seed: u64,
    /// The machines.
    pub topology: Topology,
    /// What the swarm drew, for people.
    pub drawn: Vec<String>,
    /// Configurations in Kea's JSON; the first is in effect at the beginning.
    pub configs: Vec<String>,
    /// The servers' clocks.
    pub servers: Vec<ClockSpec>,
    /// The servers' bounds.
    pub bounds: Bounds,
    /// The links.
    pub lan: LanSpec,
    /// The relays; there may be several on one link.
    #[serde(default = "RelaySpec::only")]
    pub relays: Vec<RelaySpec>,
    /// What the stores do when nothing is wrong.
    pub store: StoreSpec,
    /// The clients.
    pub clients: Vec<ClientSpec>,
    /// What clients are made to do.
    pub ops: Vec<Op>,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// How long faults may go on.
    pub safety_ms: u64,
    /// How long the world has afterwards to serve everybody.
    pub liveness_ms: u64,
    /// What is healed when the faults are over; without it, everything, but perhaps one of several
    /// servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core: Option<Core>,
}

/// A relay agent, which is the only way to the servers from its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelaySpec {
    /// The link of the clients that it hears; not 0, which is the servers' own.
    pub lan: u8,
    /// Its address on that link: the `giaddr` of what it passes on. The subnet that it is in is
    /// what its clients get addresses of.
    pub addr: Ipv4Addr,
    /// Whether it says who it is, besides where the client is (RFC 3046 §3.2).
    pub remote_id: bool,
}

impl RelaySpec {
    fn only() -> Vec<Self> {
        vec![Self { lan: 1, addr: plan::RELAY, remote_id: false }]
    }

    /// The number of the subnet that its clients get addresses of.
    #[must_use]
    pub const fn subnet(&self) -> u8 {
        self.addr.octets()[1]
    }
}

/// What works again when the faults are over. Everything else stays broken for ever, and who
/// depends on it is not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Core {
    /// A bit for each client, by number modulo 63: the links of the others stay cut.
    pub clients: u64,
    /// A server that stays down.
    pub dead: Option<u8>,
    /// A server that runs, and that no client can reach.
    pub cut: Option<u8>,
    /// Whether the partner stays silent.
    pub alone: bool,
}

impl Core {
    /// Whether a client is in the core.
    #[must_use]
    pub const fn has(&self, client: u16) -> bool {
        self.clients & (1 << (client % 63)) != 0
    }
}

/// Bounds of the servers that a seed may make small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// Inputs in one turn.
    pub inputs_per_turn: usize,
    /// Changes in one batch.
    pub batch_changes: usize,
    /// Batches on their way to a shared store.
    pub batches_in_flight: usize,
    /// Parked exchanges, where the configuration does not allow more.
    pub parked: u32,
    /// How many releases, and how many declines, one place may send at once; none: as many as the
    /// server allows by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surrenders: Option<u32>,
}

/// The links when nothing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LanSpec {
    /// Packets lost, in parts of a million.
    pub loss_ppm: u32,
    /// Packets duplicated, in parts of a million.
    pub duplicate_ppm: u32,
    /// The longest ordinary delay of a hop, in microseconds.
    pub delay_us: u64,
}

/// The stores when nothing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreSpec {
    /// The longest ordinary sync or round trip, in microseconds.
    pub latency_us: u64,
    /// The time between two compactions of a lease file.
    pub compact_every_ms: Option<u64>,
    /// Whether a write whose connection was cut may take effect after the cut was reported.
    pub late_commits: bool,
}

/// One client: a model of an RFC 2131 stack with its habits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSpec {
    /// The link that it is on at first: 0 with the servers, others behind relays.
    pub lan: u8,
    /// The number in its link-layer address; two clients may share one.
    pub hw: u32,
    /// The number in its client identifier, if it sends one.
    pub client_id: Option<u32>,
    /// How fast its clock is, in parts of a million.
    pub rate_ppm: i64,
    /// Whether it asks for broadcast replies.
    pub broadcast: bool,
    /// How long it collects offers; 0: it takes the first.
    pub patience_ms: u64,
    /// The lifetime that it asks for, in seconds.
    pub wanted: Option<u32>,
    /// Whether it looks for other users of a new address.
    pub probes: bool,
    /// Whether it tries its old address first when it starts.
    pub reboots: bool,
    /// Whether it goes on with its old lease if nobody answers (RFC 2131 §3.2, step 4).
    pub keeps_on_silence: bool,
    /// Whether it lets T1 pass.
    pub ignores_t1: bool,
    /// Whether it lets T2 pass.
    pub ignores_t2: bool,
    /// Whether it repeats renewals at the pace of first requests.
    pub eager: bool,
    /// Whether each retransmission is a new transaction.
    pub new_xid: bool,
    /// Whether it sends a host name.
    pub named: bool,
    /// What it says of how long it has been asking.
    #[serde(default)]
    pub secs: SecsTold,
}

/// What a client writes into `secs`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecsTold {
    /// How long it has been asking, in seconds.
    #[default]
    True,
    /// Nothing.
    Zero,
    /// As much as fits.
    Most,
    /// The truth with its octets swapped, as some stacks do.
    Swapped,
}

/// Something that a client is made to do, or that a stranger does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Op {
    /// When.
    pub at_ms: u64,
    /// Names the operation's draws.
    pub id: u32,
    /// What.
    pub kind: OpKind,
}

/// What an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpKind {
    /// A client is switched on.
    On {
        /// Which.
        client: u16,
    },
    /// A client is switched off and remembers its lease.
    Off {
        /// Which.
        client: u16,
    },
    /// A client is switched off and forgets everything.
    Forget {
        /// Which.
        client: u16,
    },
    /// A client is switched off and on.
    Reboot {
        /// Which.
        client: u16,
    },
    /// A client gives its address back.
    Release {
        /// Which.
        client: u16,
        /// Whether it wants an address again at once.
        again: bool,
    },
    /// A client that has an address asks for options.
    Inform {
        /// Which.
        client: u16,
    },
    /// A client is plugged in elsewhere.
    Move {
        /// Which.
        client: u16,
    },
    /// A stranger sends something to a server.
    Hostile {
        /// Which server.
        server: u8,
        /// What.
        what: Hostility,
    },
    /// An operator tells a server something.
    Order {
        /// Which server.
        server: u8,
        /// What.
        order: Order,
    },
}

/// What an operator wants of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// To be told how it is.
    Status,
    /// All leases, page by page.
    Walk {
        /// Leases on a page.
        page: u32,
        /// The longest pause between two pages, in milliseconds.
        pause_ms: u64,
    },
    /// The leases of a client, by link-layer address, by identifier, or by its address.
    Find {
        /// Which client.
        client: u16,
    },
    /// To reclaim whatever has lapsed.
    Reclaim {
        /// Whether the rows go, too.
        remove: bool,
    },
    /// To serve nobody.
    Disable {
        /// For so many seconds; none: until it is taken back.
        secs: Option<u32>,
    },
    /// To serve clients again.
    Enable,
    /// To give addresses to nobody but those who use them.
    HoldOff {
        /// For so many seconds.
        secs: u32,
    },
    /// To end that.
    EndHoldOff,
    /// To finish what is in work and end.
    Stop {
        /// How long it has for that, in milliseconds.
        grace_ms: u64,
        /// After how long it is started again.
        down_ms: u64,
    },
}

impl Order {
    /// Its name in histories.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Status => "asked how it is",
            Self::Walk { .. } => "asked for all leases",
            Self::Find { .. } => "asked for a client's leases",
            Self::Reclaim { .. } => "told to reclaim",
            Self::Disable { .. } => "told to serve nobody",
            Self::Enable => "told to serve again",
            Self::HoldOff { .. } => "told to hold off",
            Self::EndHoldOff => "told that no lease is missing",
            Self::Stop { .. } => "told to stop",
        }
    }
}

impl OpKind {
    /// Its name in histories.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::On { .. } => "on",
            Self::Off { .. } => "off",
            Self::Forget { .. } => "forget",
            Self::Reboot { .. } => "reboot",
            Self::Release { .. } => "release",
            Self::Inform { .. } => "inform",
            Self::Move { .. } => "move",
            Self::Hostile { .. } => "hostile",
            Self::Order { order, .. } => order.name(),
        }
    }

    /// The client that does it, if it is one.
    #[must_use]
    pub const fn client(self) -> Option<u16> {
        match self {
            Self::On { client }
            | Self::Off { client }
            | Self::Forget { client }
            | Self::Reboot { client }
            | Self::Release { client, .. }
            | Self::Inform { client }
            | Self::Move { client } => Some(client),
            Self::Hostile { .. } | Self::Order { .. } => None,
        }
    }
}

/// What a stranger sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hostility {
    /// Random octets.
    Noise,
    /// A lawful message, cut off or with octets changed.
    Damaged,
    /// A RELEASE of somebody else's address.
    Release,
    /// A DECLINE of somebody else's address.
    Decline,
    /// A REQUEST for somebody else's address.
    Request,
    /// DISCOVERs of so many clients that nobody ever hears of again.
    Flood(u8),
    /// As [`Hostility::Flood`], at one port of the relay.
    Storm(u8),
    /// An OFFER, to the server's own port.
    Answer,
    /// A DISCOVER of nobody: without link-layer address and identifier.
    Nobody,
    /// A DISCOVER on an interface that the server does not serve.
    Elsewhere,
    /// An INFORM from an address that is in no subnet.
    Inform,
}
