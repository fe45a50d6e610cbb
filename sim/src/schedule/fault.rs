//! What can go wrong.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

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
    /// A machine goes down and comes back with a wall clock in 1970, which is set right at the end.
    ClockLost {
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
    /// Octets of packets change on the way, but not whom they are from and what kind they are.
    Corrupt {
        /// How many of a million packets.
        ppm: u32,
        /// Whether clients and relays send checksums: then these packets are lost.
        checked: bool,
    },
    /// Single packets are late, and those behind them overtake them.
    Reorder {
        /// How many of a million.
        ppm: u32,
    },
    /// What is sent between some clients and a server is held, and comes at the end.
    Clog {
        /// The server.
        server: u8,
        /// A bit for each client, by number modulo 63, and one for the relays.
        clients: u64,
        /// Whether requests are held.
        up: bool,
        /// Whether answers are held.
        down: bool,
    },
    /// Links are clogged one by one, and freed one by one in another order.
    Swizzle {
        /// As for [`FaultKind::Clog`], of all servers.
        clients: u64,
    },
    /// As `Crash`, between two outputs of one turn.
    CrashInTurn {
        /// The server.
        server: u8,
        /// How many outputs before, from now on.
        outputs: u64,
        /// Whether the machine goes down, and not only the process.
        power: bool,
    },
    /// An operator loads a configuration that is not lawful.
    BadConfig {
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// An operator has the lease file compacted at once.
    Compact {
        /// The server.
        server: u8,
    },
    /// Writes to the shared store wait for somebody's lock, and are rolled back.
    StoreBusy {
        /// How many of a million.
        ppm: u32,
    },
    /// Reads come from a replica of the shared store that lags.
    StoreStale {
        /// By how much.
        by_ms: u64,
    },
    /// The shared store fails over to a replica that lacks the last commits.
    StoreFailover {
        /// How many.
        commits: u32,
    },
    /// The shared store can be read and not be written.
    StoreReadOnly {
        /// Whether it says that it has no room, rather than that it takes no writes.
        full: bool,
    },
    /// A row of the shared store cannot be read.
    StoreBadRow {
        /// Its address.
        addr: Ipv4Addr,
    },
    /// There is no connection to the shared store to be had, and whoever waits for one gives up.
    StorePool {
        /// How many of a million questions and writes.
        ppm: u32,
    },
    /// The shared store takes everything and answers nothing.
    StoreHang,
}

/// What is wrong with a configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flaw {
    /// The file ends early.
    CutOff,
    /// A pool lies outside its subnet.
    PoolOutside,
    /// Two subnets overlap.
    SubnetsOverlap,
    /// Two subnets have one number.
    SameNumber,
    /// The least lifetime is more than the greatest.
    LifetimesCrossed,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::CutOff,
        Self::PoolOutside,
        Self::SubnetsOverlap,
        Self::SameNumber,
        Self::LifetimesCrossed,
    ];
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
    /// Whether it is done by the links, and not by what they lead to.
    #[must_use]
    pub const fn is_of_links(&self) -> bool {
        matches!(
            self,
            Self::Loss { .. }
                | Self::Duplicate { .. }
                | Self::Delay { .. }
                | Self::Partition { .. }
                | Self::RelayLoss { .. }
                | Self::RelayDuplicate { .. }
                | Self::Corrupt { .. }
                | Self::Reorder { .. }
                | Self::Clog { .. }
                | Self::Swizzle { .. }
        )
    }

    /// The names of all kinds, by [`FaultKind::index`].
    pub const NAMES: [&'static str; 40] = [
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
        "corrupt",
        "reorder",
        "clog",
        "swizzle",
        "crash-in-turn",
        "bad-config",
        "compact",
        "store-busy",
        "store-stale",
        "store-failover",
        "store-read-only",
        "store-bad-row",
        "store-pool",
        "store-hang",
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
            Self::Corrupt { .. } => 26,
            Self::Reorder { .. } => 27,
            Self::Clog { .. } => 28,
            Self::Swizzle { .. } => 29,
            Self::CrashInTurn { .. } => 30,
            Self::BadConfig { .. } => 31,
            Self::Compact { .. } => 32,
            Self::StoreBusy { .. } => 33,
            Self::StoreStale { .. } => 34,
            Self::StoreFailover { .. } => 35,
            Self::StoreReadOnly { .. } => 36,
            Self::StoreBadRow { .. } => 37,
            Self::StorePool { .. } => 38,
            Self::StoreHang => 39,
        }
    }
}
