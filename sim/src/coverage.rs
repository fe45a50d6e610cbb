//! How far a campaign got: which faults took effect, and which rare things happened.

use lessor_server::Counters;

use crate::schedule::{FaultKind, Topology};
use crate::swarm::Profile;

/// Where something can happen, and after how many seeds of such topologies it must have happened:
/// after ten times as many as it takes on the average, or [`USUAL`].
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    topologies: &'static [Topology],
    drawn: u64,
    fixed: Option<u64>,
}

/// After how many seeds what is not rare must have happened.
const USUAL: u64 = 250;

impl Reach {
    const fn of(topologies: &'static [Topology]) -> Self {
        Self { topologies, drawn: USUAL, fixed: Some(USUAL) }
    }

    /// Takes so many seeds in the fixed profile.
    const fn fixed(self, seeds: u64) -> Self {
        Self { fixed: Some(seeds), ..self }
    }

    /// Takes so many seeds in profiles that draw everything.
    const fn rare(self, seeds: u64) -> Self {
        Self { drawn: seeds, ..self }
    }

    /// Cannot happen in the fixed profile, which switches off what it takes.
    const fn never_fixed(self) -> Self {
        Self { fixed: None, ..self }
    }

    /// The topologies in which it can happen.
    #[must_use]
    pub const fn topologies(self) -> &'static [Topology] {
        self.topologies
    }

    /// After how many seeds of these topologies it must have happened; none: a campaign of this
    /// profile cannot reach it.
    #[must_use]
    pub const fn within(self, profile: Profile) -> Option<u64> {
        match profile {
            Profile::Quick | Profile::Nightly => Some(self.drawn),
            Profile::Fixed => self.fixed,
        }
    }
}

macro_rules! goals {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $where:expr;)*) => {
        /// Something that must happen in every campaign of some length, or the campaign has shown
        /// nothing about it.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Goal {
            $($(#[$doc])* $variant,)*
        }

        impl Goal {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// A name for reports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Where it can happen, and when it must have.
            #[must_use]
            pub const fn reach(self) -> Reach {
                match self { $(Self::$variant => $where,)* }
            }
        }
    };
}

const ALL: Reach = Reach::of(&Topology::ALL);
const SINGLE: Reach = Reach::of(&[Topology::Single]);
const FILE: Reach = Reach::of(&[Topology::Single, Topology::Partner]);
const SHARED: Reach = Reach::of(&[Topology::Shared]);
const PARTNER: Reach = Reach::of(&[Topology::Partner]);

goals! {
    /// A write whose outcome was unknown had been made.
    AmbiguousApplied = "ambiguous commit that was applied", SHARED;
    /// A write whose outcome was unknown had not been made.
    AmbiguousLost = "ambiguous commit that was not applied", SHARED;
    /// A write took effect after its outcome had been reported as unknown.
    LateCommit = "commit that took effect after the cut was reported", SHARED;
    /// A conditional write met another row.
    LostRace = "lost race in the shared store", SHARED;
    /// A client extended with another server than the one that gave it its lease.
    RebindElsewhere = "lease extended by the other server", SHARED;
    /// An exchange outlived its deadline.
    GaveUp = "exchange that was given up", ALL;
    /// A retransmission met its first copy in work.
    DuplicateParked = "retransmission while the first is parked", ALL;
    /// A release was not believed, because it came right behind a confirmation.
    ReleaseOvertaken = "release that was overtaken", ALL;
    /// A pool had nothing left, and had something again.
    ExhaustedThenServed = "pool exhausted, then freed", ALL;
    /// A client got an address of another subnet than its link's first.
    OtherSubnet = "lease of a link's second subnet", ALL;
    /// A lapsed lease was reclaimed.
    Reclaimed = "lease reclaimed", ALL;
    /// An address went from one client to another.
    Reused = "address given to another client", ALL;
    /// A declined address was given again when its probation was over.
    DeclinedBack = "declined address back after probation", ALL.fixed(600);
    /// A client got nothing because of a limit.
    LimitReached = "client left without a lease by a limit", FILE.never_fixed();
    /// An echo request was answered.
    EchoAnswered = "probe of an address answered", ALL;
    /// A server put an address on probation that answered its probe.
    Quarantined = "address on probation after a probe", ALL.fixed(800);
    /// A configuration changed while an exchange waited.
    ConfigWhileWaiting = "configuration changed while an exchange waited", ALL.fixed(2000);
    /// A client was refused.
    Refused = "client refused", ALL;
    /// A client that started anew kept its address.
    Rebooted = "address kept over a reboot", ALL;
    /// A client was served through the relay.
    Relayed = "lease given through the relay", ALL;
    /// A server had too many parked exchanges.
    LotFull = "parking lot full", ALL;
    /// An offer was stored before it left.
    OfferStored = "offer stored before it left", ALL;
    /// A lease was short, because addresses were scarce.
    ShortLease = "lease shortened because addresses are scarce", FILE.never_fixed();
    /// A renewal was answered without a write.
    CachedRenewal = "renewal answered without a write", FILE;
    /// A wall clock leapt forward.
    LeaptForward = "wall clock leapt forward", FILE;
    /// A wall clock leapt backward.
    LeaptBackward = "wall clock leapt backward", FILE;
    /// A wall clock was not believed.
    ClockUnset = "wall clock in 1970 not believed", SINGLE;
    /// A restored lease file was recognised.
    HoldOffBegan = "restored lease file recognised", SINGLE;
    /// A bit that the disk had changed was put right.
    RotMended = "changed bit put right at recovery", SINGLE;
    /// Rows that the disk had changed were not believed.
    RotNoticed = "changed rows not believed at recovery", SINGLE;
    /// A hold-off was outlived.
    HoldOffEnded = "hold-off outlived", SINGLE;
    /// Recovery cut off a torn end.
    TornTail = "torn tail dropped at recovery", FILE;
    /// A crash interrupted a compaction.
    CompactionInterrupted = "compaction interrupted by a crash", FILE.fixed(800);
    /// A compaction ended.
    Compacted = "compaction finished", FILE;
    /// A crash interrupted a recovery.
    RecoveryInterrupted = "recovery interrupted by a crash", FILE.fixed(3500);
    /// A sync failed, and the store was opened again.
    ReopenedAfterFailedSync = "failed sync, then reopened", FILE;
    /// A full disk refused a batch.
    DiskFull = "batch refused by a full disk", FILE;
    /// A server crashed with exchanges parked.
    CrashWhileParked = "crash with exchanges parked", FILE;
    /// The partner vanished while an answer waited for it.
    PartnerVanished = "partner vanished while an answer waited", PARTNER;
    /// The partner rejected a lease.
    PartnerRejected = "lease rejected by the partner", PARTNER;
    /// The partner was told of a lease that was made without it.
    PartnerReminded = "partner told of a lease made without it", PARTNER;
    /// A packet came before one that was sent before it.
    Overtaken = "packet overtaken by a later one", ALL;
    /// Octets of a packet changed, and no checksum said so.
    Damaged = "packet damaged, and not discarded", ALL;
    /// A relay brought an answer where another one hears the same clients.
    DoubledRelay = "answer through one of two relays of a link", ALL;
    /// A server crashed between two outputs of one turn.
    CrashBetweenOutputs = "crash between two outputs of a turn", ALL;
    /// An unlawful configuration was refused while exchanges waited.
    BadConfigWhileWaiting = "unlawful configuration refused under load", ALL.fixed(2500);
    /// A compaction was ordered while exchanges waited.
    CompactedUnderLoad = "compaction ordered under load", FILE;
    /// A server's message came to the server's port.
    ServersMessage = "server's message discarded", ALL;
    /// A message named nobody.
    Nobody = "message of nobody discarded", ALL;
    /// A message came in on an interface that is not served.
    UnservedLink = "message on an interface that is not served", ALL;
    /// An INFORM came from an address that is in no subnet.
    NotServed = "client outside of all subnets not served", ALL;
    /// A client was in the class `DROP`.
    ClassDropped = "client in the class DROP not served", ALL.never_fixed();
    /// A subnet sent more packets than it may.
    RateLimited = "packet beyond a rate discarded", ALL.never_fixed();
    /// A place gave up more leases than it may.
    SurrenderLimited = "release or decline beyond a rate discarded", ALL.never_fixed();
    /// A place had more exchanges in work than it may.
    PlaceLimited = "one place has its share of the parking lot", ALL.never_fixed();
    /// Everything that was probed for a client answered.
    AllInUse = "each address that was tried is in use", FILE.never_fixed();
    /// An operator had the service switched off.
    SwitchedOff = "client not served while the service is off", ALL.never_fixed();
    /// A server was stopping.
    Stopping = "client not served by a server that is stopping", ALL.never_fixed();
    /// Leases were read page by page, and changed meanwhile.
    WalkedThrough = "leases read page by page while they changed", FILE.never_fixed();
    /// A store was opened anew while somebody read its leases.
    WalkOutdated = "leases read page by page until the store was read anew", FILE.rare(1500).never_fixed();
    /// An operator had everything reclaimed.
    ReclaimedByOrder = "lapsed leases reclaimed by order", ALL.never_fixed();
    /// An operator said that leases may be missing.
    HeldOffByOrder = "hold-off by order", FILE.never_fixed();
    /// Clients stayed cut off for ever.
    CutOffForEver = "clients outside the core cut off for ever", ALL;
    /// One of two servers stayed dead or out of reach for ever.
    LostServer = "server lost for ever", SHARED;
    /// The partner stayed silent for ever.
    AloneForEver = "partner silent for ever", PARTNER;
    /// A write waited for a lock in vain.
    LockTimeout = "write rolled back by a lock timeout", SHARED;
    /// The shared store took something and did not answer.
    StoreHung = "shared store that answers nothing", SHARED;
    /// The shared store took no writes.
    StoreReadOnly = "write refused by a read-only or full store", SHARED;
    /// A replica showed what was no longer so.
    StaleRead = "stale read from a replica", SHARED;
    /// The shared store lost commits.
    CommitsLost = "commits lost by a failover", SHARED;
}

/// What one run, or many, came across.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// Faults of each kind that were injected, by [`FaultKind::index`].
    pub injected: [u64; FaultKind::NAMES.len()],
    /// Faults of each kind that changed something.
    pub took_effect: [u64; FaultKind::NAMES.len()],
    /// How often each goal was reached, in the order of [`Goal::ALL`].
    pub reached: Vec<u64>,
    /// What servers said, by the message that tells of it.
    pub said: Counters,
}

impl Default for Coverage {
    fn default() -> Self {
        Self {
            injected: [0; FaultKind::NAMES.len()],
            took_effect: [0; FaultKind::NAMES.len()],
            reached: vec![0; Goal::ALL.len()],
            said: Counters::default(),
        }
    }
}

impl Coverage {
    /// Counts a goal.
    pub fn reach(&mut self, goal: Goal) {
        if let Some(count) = self.reached.get_mut(goal as usize) {
            *count += 1;
        }
    }
}
