//! Known defects, switched on to see whether the simulator notices.

use lessor_server::Planted;
use lessor_server::planted::Defect;

use crate::check::Invariant;
use crate::schedule::Topology;

/// A planted bug: in the server, or in the way its store is wired up here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Bug {
    /// One of the server's.
    Server(Planted),
    /// The disk says that it has synced a file, and has not.
    NoSync,
    /// The disk says that it has synced the directory, and has not.
    NoDirectorySync,
    /// A batch counts as stored when it is written, before it is synced.
    AckOnAppend,
    /// Checksums are not looked at.
    NoSeals,
    /// A lease file that was lost is never opened again.
    NeverReopened,
    /// Clients take whatever is sent to their link-layer address for an answer.
    TakesAnything,
    /// Events of one moment come in an order that no seed decides.
    Unsteady,
    /// The shell's journal syncs in one task and answers in another, and counts on their order.
    OrderRace,
    /// A completion that the shell's loop waited for is lost if something else ends the wait.
    CompletionDropped,
    /// The shell's journal writes a batch that was decided before the lease file was read again.
    StaleBatch,
}

impl Bug {
    const OURS: [Self; 7] = [
        Self::NoSync,
        Self::NoDirectorySync,
        Self::AckOnAppend,
        Self::NoSeals,
        Self::NeverReopened,
        Self::TakesAnything,
        Self::Unsteady,
    ];
    /// Those that only the shell can have.
    const SHELLS: [Self; 3] = [Self::OrderRace, Self::CompletionDropped, Self::StaleBatch];

    /// All that the world can have.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let servers = Planted::ALL.iter().map(|planted| Self::Server(*planted));
        servers.chain(Self::OURS).collect()
    }

    /// All that the whole shell can have, wherever it runs.
    #[must_use]
    pub fn of_the_shell() -> Vec<Self> {
        Self::all().into_iter().chain(Self::SHELLS).collect()
    }

    /// Its name on command lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server(planted) => planted.name(),
            Self::NoSync => "no-sync",
            Self::NoDirectorySync => "no-directory-sync",
            Self::AckOnAppend => "ack-on-append",
            Self::NoSeals => "no-seals",
            Self::NeverReopened => "never-reopened",
            Self::TakesAnything => "takes-anything",
            Self::Unsteady => "unsteady",
            Self::OrderRace => "order-race",
            Self::CompletionDropped => "completion-dropped",
            Self::StaleBatch => "stale-batch",
        }
    }

    /// The bug with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::of_the_shell().into_iter().find(|bug| bug.name() == name)
    }

    /// The invariants of which it must break one; none: any will do.
    #[must_use]
    pub const fn breaks(self) -> &'static [Invariant] {
        use Invariant as I;
        /// What a client holds is given away or freed. After a crash, that is judged as I2.
        const GIVEN_AWAY: &[Invariant] =
            &[I::Uniqueness, I::ToldLifetime, I::SafeFree, I::DurableAck];
        match self {
            Self::Server(planted) => match planted {
                Planted::UnconditionalWrite
                | Planted::ReclaimRace
                | Planted::WallDeadline
                | Planted::LateRelease
                | Planted::PastForgotten
                | Planted::HoldOffForgotten => GIVEN_AWAY,
                Planted::AnswerBeforeSettlement
                | Planted::UnknownIsSuccess
                | Planted::TwinAnswered
                | Planted::RejectionIgnored
                | Planted::CachedLeaseShort => &[I::DurableAck],
                // What is written all the same counts against limits, too.
                Planted::UnknownIsFailure => &[I::DurableAck, I::RecoveredFold, I::Limits],
                Planted::OfferTwice => &[I::OfferHeld],
                Planted::DeclinedReused => &[I::DeclinedKept],
                // What is declined and not known as such is free for everybody who asks.
                Planted::ProbationForgotten => &[I::DeclinedKept, I::RecoveredFold, I::OfferHeld],
                Planted::StaleRelease => &[I::DurableAck, I::Conformance],
                Planted::ReservationForgotten
                | Planted::GuardForgotten
                | Planted::RelayInfoLost => &[I::Conformance],
                Planted::LimitRaced => &[I::Limits],
                Planted::ProbeIgnored => &[I::Probed],
                // Short leases are freed before anybody looks.
                Planted::RenewalShortened => &[I::ToldLifetime, I::SafeFree],
                Planted::LotUnbounded => &[I::Bounded],
                Planted::TwinSwallowed => &[I::OneOutcome],
                Planted::AlarmWithoutCause => &[I::NoError],
                Planted::SnapshotTorn | Planted::ServedWhileOff => &[I::Commands],
            },
            Self::AckOnAppend => &[I::DurableAck],
            // A file that is not what it was may keep a server from starting, too.
            Self::NoSync | Self::NoDirectorySync => {
                &[I::DurableAck, I::RecoveredFold, I::ClientLiveness]
            }
            // Or an address looks free that is not.
            Self::NoSeals => &[I::DurableAck, I::RecoveredFold, I::ClientLiveness, I::SafeFree],
            Self::NeverReopened => &[I::ClientLiveness],
            Self::TakesAnything => GIVEN_AWAY,
            Self::OrderRace => &[I::DurableAck],
            // Whoever waits for it waits for ever, and so does everybody behind.
            Self::CompletionDropped => &[I::ClientLiveness, I::OneOutcome],
            Self::StaleBatch => &[I::DurableAck, I::RecoveredFold, I::SafeFree],
            // What it breaks shows between two runs, not in one.
            Self::Unsteady => &[],
        }
    }

    /// What the server's own switch is set to.
    #[must_use]
    pub const fn defect(self) -> Defect {
        match self {
            Self::Server(planted) => Defect::planted(Some(planted)),
            _ => Defect::planted(None),
        }
    }

    /// The topology in which it can show itself; `None`: in several.
    #[must_use]
    pub const fn topology(self) -> Option<Topology> {
        match self {
            Self::Server(planted) => match planted {
                Planted::UnknownIsSuccess | Planted::UnconditionalWrite => Some(Topology::Shared),
                // A shared store is read for each exchange, so what was written all the same is
                // found; a conditional write keeps a stale list of lapsed leases from doing harm.
                Planted::UnknownIsFailure
                | Planted::ReclaimRace
                | Planted::LimitRaced
                | Planted::TwinAnswered
                | Planted::ProbationForgotten
                | Planted::CachedLeaseShort
                | Planted::PastForgotten
                | Planted::HoldOffForgotten
                | Planted::SnapshotTorn
                | Planted::WallDeadline => Some(Topology::Single),
                Planted::RejectionIgnored | Planted::StaleRelease => Some(Topology::Partner),
                _ => None,
            },
            Self::NoSync
            | Self::NoDirectorySync
            | Self::AckOnAppend
            | Self::NoSeals
            | Self::NeverReopened
            | Self::OrderRace
            | Self::CompletionDropped
            | Self::StaleBatch => Some(Topology::Single),
            Self::TakesAnything | Self::Unsteady => None,
        }
    }
}
