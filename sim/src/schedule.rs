//! A seed made explicit: everything that will be done to the world, as data.
//!
//! Times are milliseconds of true time. What a schedule does not say (the fate of each packet, the
//! latency of each write) is drawn from its seed by key, so a part can be taken out without
//! disturbing the rest.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::time::ClockSpec;

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
    /// The link that it is on at first: 0 with the servers, 1 behind the relay.
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
}

impl OpKind {
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
            Self::Hostile { .. } => None,
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
}

/// Something that goes wrong for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// When it begins.
    pub at_ms: u64,
    /// How long it lasts.
    pub for_ms: u64,
    /// Names the fault's draws.
    pub id: u32,
    /// What.
    pub kind: FaultKind,
}

/// What a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Packets are lost.
    Loss {
        /// How many of a million.
        ppm: u32,
    },
    /// Packets arrive twice.
    Duplicate {
        /// How many of a million.
        ppm: u32,
    },
    /// Packets are late, and overtake each other.
    Delay {
        /// By how much at most.
        max_ms: u64,
    },
    /// Some clients and a server don't hear each other.
    Partition {
        /// The server.
        server: u8,
        /// A bit for each client, by number modulo 64.
        clients: u64,
        /// Whether requests are cut.
        up: bool,
        /// Whether answers are cut.
        down: bool,
    },
    /// The relay loses packets.
    RelayLoss {
        /// How many of a million.
        ppm: u32,
    },
    /// The relay sends packets twice.
    RelayDuplicate {
        /// How many of a million.
        ppm: u32,
    },
    /// A station with a fixed address uses one that the server leases.
    Squat {
        /// The address.
        addr: Ipv4Addr,
    },
    /// A server does not run, and goes on afterwards.
    Pause {
        /// The server.
        server: u8,
    },
    /// A server goes down; it starts again when the fault is over.
    Crash {
        /// The server.
        server: u8,
        /// Whether the machine goes down, and not only the process.
        power: bool,
    },
    /// As `Crash`, at the n-th call from now on that changes the disk.
    CrashAtDisk {
        /// The server.
        server: u8,
        /// How many calls before.
        calls: u64,
        /// Whether the machine goes down, and not only the process.
        power: bool,
    },
    /// A server's wall clock jumps.
    ClockJump {
        /// The server.
        server: u8,
        /// How far.
        by_ms: i64,
    },
    /// A new configuration takes effect.
    Reconfigure {
        /// Its place among the schedule's configurations.
        config: usize,
    },
    /// Syncs take long.
    DiskSlow {
        /// The server.
        server: u8,
        /// How long at most.
        max_ms: u64,
    },
    /// The next call of a kind fails.
    DiskFail {
        /// The server.
        server: u8,
        /// The call.
        call: DiskCall,
    },
    /// The disk is full.
    DiskFull {
        /// The server.
        server: u8,
        /// How many octets still fit.
        room: u64,
    },
    /// The shared store does not answer.
    StoreOutage,
    /// Connections are lost before a write is sent.
    StoreCutBefore {
        /// How many of a million.
        ppm: u32,
    },
    /// Connections are lost after a write was sent.
    StoreCutAfter {
        /// How many of a million.
        ppm: u32,
    },
    /// Writes are rolled back and may be tried again.
    StoreRetry {
        /// How many of a million.
        ppm: u32,
    },
    /// The shared store is slow.
    StoreSlow {
        /// How long one way takes at most.
        max_ms: u64,
    },
    /// The partner answers late.
    PartnerSlow {
        /// By how much at most.
        max_ms: u64,
    },
    /// The partner does not agree.
    PartnerRejects {
        /// How many of a million changes.
        ppm: u32,
    },
    /// The partner is silent.
    PartnerGone {
        /// After how long that is noticed.
        detect_ms: u64,
    },
    /// The lease files are copied when this begins, and the copies put in their place at its end.
    Restore {
        /// The server.
        server: u8,
    },
    /// A server's process ends, and a bit of its lease files has changed when it starts again.
    Rot {
        /// The server.
        server: u8,
        /// Whether several bits of a run have, so that none can be put right.
        further: bool,
    },
    /// A machine goes down and comes back with a wall clock in 1970, which is set right at the end.
    ClockLost {
        /// The server.
        server: u8,
    },
}

/// Calls to the disk that can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskCall {
    /// Syncing a file.
    Sync,
    /// Appending.
    Append,
    /// Creating a file.
    Create,
    /// Renaming.
    Rename,
    /// Syncing the directory.
    SyncDir,
}

impl FaultKind {
    /// The names of all kinds, by [`FaultKind::index`].
    pub const NAMES: [&'static str; 26] = [
        "loss",
        "duplicate",
        "delay",
        "partition",
        "relay-loss",
        "relay-duplicate",
        "squat",
        "pause",
        "crash",
        "crash-at-disk",
        "clock-jump",
        "reconfigure",
        "disk-slow",
        "disk-fail",
        "disk-full",
        "store-outage",
        "store-cut-before",
        "store-cut-after",
        "store-retry",
        "store-slow",
        "partner-slow",
        "partner-rejects",
        "partner-gone",
        "restore",
        "clock-lost",
        "rot",
    ];

    /// The kind's place among all kinds.
    #[must_use]
    pub const fn index(&self) -> usize {
        match self {
            Self::Loss { .. } => 0,
            Self::Duplicate { .. } => 1,
            Self::Delay { .. } => 2,
            Self::Partition { .. } => 3,
            Self::RelayLoss { .. } => 4,
            Self::RelayDuplicate { .. } => 5,
            Self::Squat { .. } => 6,
            Self::Pause { .. } => 7,
            Self::Crash { .. } => 8,
            Self::CrashAtDisk { .. } => 9,
            Self::ClockJump { .. } => 10,
            Self::Reconfigure { .. } => 11,
            Self::DiskSlow { .. } => 12,
            Self::DiskFail { .. } => 13,
            Self::DiskFull { .. } => 14,
            Self::StoreOutage => 15,
            Self::StoreCutBefore { .. } => 16,
            Self::StoreCutAfter { .. } => 17,
            Self::StoreRetry { .. } => 18,
            Self::StoreSlow { .. } => 19,
            Self::PartnerSlow { .. } => 20,
            Self::PartnerRejects { .. } => 21,
            Self::PartnerGone { .. } => 22,
            Self::Restore { .. } => 23,
            Self::ClockLost { .. } => 24,
            Self::Rot { .. } => 25,
        }
    }
}
