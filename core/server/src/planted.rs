//! Defects that the simulator switches on to test itself.
//!
//! Without the feature `planted`, which no daemon is built with, the switch does not exist and each
//! question answers "no" at compile time.

use std::sync::Arc;

use lessor_config::Config;
use lessor_lease::{Lease, State};
use lessor_policy::{Ask, Effect, Plan, Topology};
use lessor_types::Secs;
use lessor_wire::v4::code;

/// A known defect.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Planted {
    /// Answers leave when the change is decided, not when it is settled.
    AnswerBeforeSettlement,
    /// An ambiguous write counts as not written, and no read follows.
    UnknownIsFailure,
    /// An ambiguous write counts as written.
    UnknownIsSuccess,
    /// Writes to a shared store don't say what they replace.
    UnconditionalWrite,
    /// An address that is on offer is offered again.
    OfferTwice,
    /// Lapsed leases are reclaimed from a list that was made a round ago.
    ReclaimRace,
    /// Offers and lapses follow the wall clock wherever it leaps.
    WallDeadline,
    /// A declined address is free at once.
    DeclinedReused,
    /// A retransmission is answered while the first is not durable.
    TwinAnswered,
    /// Answers that waited for the partner leave as they were when contact ends.
    StaleRelease,
    /// A release is believed however late it comes.
    LateRelease,
    /// The partner's refusal counts as its agreement.
    RejectionIgnored,
    /// Whom an address is reserved for is not asked when it is renewed.
    ReservationForgotten,
    /// Whom a pool is for is not asked when its addresses are renewed.
    GuardForgotten,
    /// A restart forgets which addresses were declined.
    ProbationForgotten,
    /// A renewal that is not written is told the whole lifetime, not what is left of it.
    CachedLeaseShort,
    /// Leases on their way to the store do not count against limits.
    LimitRaced,
    /// An address that answers a probe is offered all the same.
    ProbeIgnored,
    /// What a former life noted is not taken up: neither leaps of the clock nor lost leases.
    PastForgotten,
    /// Addresses are given to everybody while leases may be missing.
    HoldOffForgotten,
    /// A renewal is granted for less than its client was told before.
    RenewalShortened,
    /// As many exchanges are parked as there are packets.
    LotUnbounded,
    /// A retransmission whose first copy is in work ends without a word.
    TwinSwallowed,
    /// An operator is called when a client is refused.
    AlarmWithoutCause,
    /// What a relay said of a client is not in the answer.
    RelayInfoLost,
    /// The pages of a snapshot show leases as they are by then.
    SnapshotTorn,
    /// Clients are served while the service is switched off.
    ServedWhileOff,
}

impl Planted {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::AnswerBeforeSettlement,
        Self::UnknownIsFailure,
        Self::UnknownIsSuccess,
        Self::UnconditionalWrite,
        Self::OfferTwice,
        Self::ReclaimRace,
        Self::WallDeadline,
        Self::DeclinedReused,
        Self::TwinAnswered,
        Self::StaleRelease,
        Self::LateRelease,
        Self::RejectionIgnored,
        Self::ReservationForgotten,
        Self::GuardForgotten,
        Self::ProbationForgotten,
        Self::CachedLeaseShort,
        Self::LimitRaced,
        Self::ProbeIgnored,
        Self::PastForgotten,
        Self::HoldOffForgotten,
        Self::RenewalShortened,
        Self::LotUnbounded,
        Self::TwinSwallowed,
        Self::AlarmWithoutCause,
        Self::RelayInfoLost,
        Self::SnapshotTorn,
        Self::ServedWhileOff,
    ];

    /// A name for command lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AnswerBeforeSettlement => "answer-before-settlement",
            Self::UnknownIsFailure => "unknown-is-failure",
            Self::UnknownIsSuccess => "unknown-is-success",
            Self::UnconditionalWrite => "unconditional-write",
            Self::OfferTwice => "offer-twice",
            Self::ReclaimRace => "reclaim-race",
            Self::WallDeadline => "wall-deadline",
            Self::DeclinedReused => "declined-reused",
            Self::TwinAnswered => "twin-answered",
            Self::StaleRelease => "stale-release",
            Self::LateRelease => "late-release",
            Self::RejectionIgnored => "rejection-ignored",
            Self::ReservationForgotten => "reservation-forgotten",
            Self::GuardForgotten => "guard-forgotten",
            Self::ProbationForgotten => "probation-forgotten",
            Self::CachedLeaseShort => "cached-lease-short",
            Self::LimitRaced => "limit-raced",
            Self::ProbeIgnored => "probe-ignored",
            Self::PastForgotten => "past-forgotten",
            Self::HoldOffForgotten => "hold-off-forgotten",
            Self::RenewalShortened => "renewal-shortened",
            Self::LotUnbounded => "lot-unbounded",
            Self::TwinSwallowed => "twin-swallowed",
            Self::AlarmWithoutCause => "alarm-without-cause",
            Self::RelayInfoLost => "relay-info-lost",
            Self::SnapshotTorn => "snapshot-torn",
            Self::ServedWhileOff => "served-while-off",
        }
    }
}

/// Which defect a server has, if any.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Defect {
    #[cfg(feature = "planted")]
    planted: Option<Planted>,
}

impl Defect {
    /// A server with this defect.
    #[cfg(feature = "planted")]
    #[must_use]
    pub const fn planted(defect: Option<Planted>) -> Self {
        Self { planted: defect }
    }

    /// What a renewal is decided under, if guards are forgotten: pools that are for everybody.
    #[must_use]
    #[inline]
    pub fn unguarded(self, topology: &Topology, ask: Ask) -> Option<Topology> {
        if !self.is(Planted::GuardForgotten) || !matches!(ask, Ask::Extend { .. }) {
            return None;
        }
        let mut config = Config::clone(topology.config());
        for pool in config.subnets.iter_mut().flat_map(|subnet| &mut subnet.pools) {
            pool.guards.clear();
        }
        Some(Topology::new(Arc::new(config)))
    }

    /// What is made of a plan: a renewal that is shortened, or an answer without its relay's words.
    #[inline]
    pub fn spoil(self, plan: &mut Plan) {
        if self.is(Planted::RelayInfoLost)
            && let Some(answer) = &mut plan.answer
        {
            answer.message.options.remove(code::RELAY_AGENT);
        }
        if self.is(Planted::RenewalShortened) {
            shorten(plan);
        }
    }

    /// Whether it is this one.
    #[must_use]
    #[inline]
    pub fn is(self, defect: Planted) -> bool {
        #[cfg(feature = "planted")]
        {
            self.planted == Some(defect)
        }
        #[cfg(not(feature = "planted"))]
        {
            let _ = defect;
            false
        }
    }
}

/// Grants a renewal for a minute, whatever its client was told before.
fn shorten(plan: &mut Plan) {
    const MINUTE: u32 = 60;
    let renewed = plan.changes.iter_mut().find_map(|change| {
        let (from, to) = (change.from.as_ref()?, change.to.as_mut()?);
        let is_renewal = from.state == State::Assigned && from.holder == to.holder;
        (is_renewal && to.state == State::Assigned).then_some(to)
    });
    let (Some(row), Effect::Leased(..), Some(answer)) = (renewed, plan.effect, &mut plan.answer)
    else {
        return;
    };
    let mut short = Lease::clone(row);
    short.expires = short.confirmed().plus_secs(i64::from(MINUTE));
    short.valid = Secs(MINUTE);
    *row = Arc::new(short);
    answer.message.options.insert(code::LEASE_TIME, MINUTE.to_be_bytes());
}
