//! What happened, with stable ids, and the counters folded over it.

use std::fmt;

use lessor_lease::{Lost, StoreFailure};
use lessor_messages::{self as messages, Level, Message};
use lessor_policy::{Ask, DropReason, Effect};
use lessor_types::{Holder, SubnetId, Unit, Wall, Xid};

use crate::sanity::Remedy;
use crate::{Backend, ExchangeId, Origin};

/// How a packet ended. There is one for each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// An answer was sent.
    Answered(Effect),
    /// Done, and the protocol has no answer for it.
    Done(Effect),
    /// Nothing was sent.
    Dropped(DropReason),
}

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A packet ended.
    Ended {
        /// The exchange.
        exchange: ExchangeId,
        /// Who asked, where that could be read.
        client: Option<(Holder, Xid)>,
        /// What for, where that could be read.
        ask: Option<Ask>,
        /// How it ended.
        outcome: Outcome,
    },
    /// An answer lacked options that did not fit.
    OptionsLeftOut {
        /// The exchange.
        exchange: ExchangeId,
        /// Their codes.
        codes: Vec<u8>,
    },
    /// A lapsed lease was reclaimed.
    Reclaimed(Unit),
    /// A row that had ended was removed.
    Removed(Unit),
    /// A declined address may be leased again: its probation is over.
    ProbationEnded(Unit),
    /// So many rounds of reclaiming in a row left lapsed leases behind.
    ReclaimSlow(u32),
    /// A reclaim was not written.
    ReclaimFailed(Unit),
    /// A stored lease's subnet is not the one that has its address.
    LeaseMisplaced(Unit, SubnetId, Remedy),
    /// Stored leases were looked over, and some did not fit the configuration.
    LeasesLookedOver {
        /// How many have the wrong subnet.
        misplaced: usize,
        /// How many are changed or deleted.
        put_right: usize,
    },
    /// A client is offered another address than the one reserved for it, which somebody has.
    ReservationMissed(Unit),
    /// An address that was to be offered is in use by somebody.
    AddressInUse(Unit),
    /// An address that answered a probe is on probation.
    Quarantined(Unit),
    /// That was not written.
    QuarantineFailed(Unit),
    /// A probe could not be sent: the address counts as free.
    ProbeUnsent(Unit),
    /// The store can't be written.
    StoreLost(StoreFailure),
    /// The store is open again, with this many rows.
    StoreReopened(usize),
    /// A database is lost.
    DatabaseLost(Backend, StoreFailure),
    /// A database could not be connected to.
    DatabaseUnreachable(Backend, StoreFailure),
    /// A database is connected to.
    DatabaseOpened(Backend),
    /// A database did not come back.
    DatabaseGivenUp {
        /// Which.
        backend: Backend,
        /// The last failure.
        why: StoreFailure,
        /// Whether the server exits; else it goes on without.
        exit: bool,
    },
    /// The partner is there.
    ContactBegan,
    /// The partner is gone.
    ContactEnded,
    /// A new configuration is in effect.
    ConfigApplied {
        /// How many subnets it has.
        subnets: usize,
    },
    /// Somebody switched the service off.
    ServiceDisabled(Origin),
    /// Somebody who had switched the service off took that back, or the time is over.
    ServiceEnabled(Origin),
    /// The wall clock leapt by this many milliseconds.
    ClockLeapt(i64),
    /// The wall clock shows less than it can, and is not believed; leases are dated from here.
    ClockUnset(Wall),
    /// The wall clock is believed from now on.
    ClockSet,
    /// Leases may be missing: addresses go to those alone who use them already.
    HoldOffBegan {
        /// Why.
        why: Lost,
        /// For how many seconds; none: until somebody ends it.
        secs: Option<u64>,
    },
    /// That goes on from before the start.
    HoldOffContinued(Option<u64>),
    /// Addresses are given to everybody again.
    HoldOffEnded,
}

impl Event {
    /// The message that tells of it.
    #[must_use]
    pub const fn message(&self) -> Message {
        match self {
            Self::Ended { outcome, .. } => match outcome {
                Outcome::Dropped(reason) => reason.message(),
                Outcome::Answered(effect) | Outcome::Done(effect) => match effect {
                    Effect::Offered(_) => messages::DHCP4_LEASE_OFFERED,
                    Effect::Leased(..) => messages::DHCP4_LEASE_COMMITTED,
                    Effect::Reused(..) => messages::DHCP4_LEASE_CONFIRMED,
                    Effect::Refused(_) => messages::DHCP4_REQUEST_REFUSED,
                    Effect::Declined(_) => messages::DHCP4_LEASE_DECLINED,
                    Effect::Released(_) => messages::DHCP4_LEASE_RELEASED,
                    Effect::Informed => messages::DHCP4_CLIENT_INFORMED,
                    Effect::NoneFree => messages::DHCP4_NO_FREE_ADDRESS_TOLD,
                    Effect::V6Only => messages::DHCP4_V6_ONLY_TOLD,
                    Effect::LetGo => messages::DHCP4_OFFER_NOT_TAKEN,
                },
            },
            Self::OptionsLeftOut { .. } => messages::DHCP4_OPTIONS_LEFT_OUT,
            Self::Reclaimed(_) => messages::LEASE_RECLAIMED,
            Self::Removed(_) => messages::LEASE_REMOVED,
            Self::ProbationEnded(_) => messages::LEASE_PROBATION_ENDED,
            Self::ReclaimSlow(_) => messages::LEASE_RECLAIM_SLOW,
            Self::ReclaimFailed(_) => messages::LEASE_RECLAIM_FAILED,
            Self::LeaseMisplaced(..) => messages::LEASE_MISPLACED,
            Self::LeasesLookedOver { .. } => messages::LEASES_LOOKED_OVER,
            Self::ReservationMissed(_) => messages::DHCP4_RESERVATION_MISSED,
            Self::AddressInUse(_) => messages::DHCP4_ADDRESS_IN_USE,
            Self::Quarantined(_) => messages::DHCP4_SERVER_DECLINED,
            Self::QuarantineFailed(_) => messages::DHCP4_SERVER_DECLINE_FAILED,
            Self::ProbeUnsent(_) => messages::DHCP4_PROBE_UNSENT,
            Self::StoreLost(_) => messages::STORE_LOST,
            Self::StoreReopened(_) => messages::STORE_REOPENED,
            Self::DatabaseLost(..) => messages::DATABASE_LOST,
            Self::DatabaseUnreachable(..) => messages::DATABASE_UNREACHABLE,
            Self::DatabaseOpened(_) => messages::DATABASE_OPENED,
            Self::DatabaseGivenUp { exit: true, .. } => messages::DATABASE_GIVEN_UP,
            Self::DatabaseGivenUp { exit: false, .. } => messages::DATABASE_DONE_WITHOUT,
            Self::ContactBegan => messages::PARTNER_CONTACT_BEGAN,
            Self::ContactEnded => messages::PARTNER_CONTACT_ENDED,
            Self::ConfigApplied { .. } => messages::CONFIG_APPLIED,
            Self::ServiceDisabled(_) => messages::SERVICE_SWITCHED_OFF,
            Self::ServiceEnabled(_) => messages::SERVICE_SWITCHED_ON,
            Self::ClockLeapt(_) => messages::CLOCK_LEAPT,
            Self::ClockUnset(_) => messages::CLOCK_UNSET,
            Self::ClockSet => messages::CLOCK_SET,
            Self::HoldOffBegan { .. } => messages::HOLD_OFF_BEGAN,
            Self::HoldOffContinued(_) => messages::HOLD_OFF_CONTINUED,
            Self::HoldOffEnded => messages::HOLD_OFF_ENDED,
        }
    }

    /// The stable id.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.message().id()
    }

    /// How much it asks of an operator.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.message().level()
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended { client, outcome, .. } => {
                match client {
                    Some((holder, xid)) => write!(f, "{holder} xid {xid}: ")?,
                    None => f.write_str("somebody: ")?,
                }
                match outcome {
                    Outcome::Answered(effect) | Outcome::Done(effect) => effect.fmt(f),
                    Outcome::Dropped(reason) => write!(f, "no answer, {reason}"),
                }
            }
            Self::OptionsLeftOut { codes, .. } => {
                write!(f, "options that did not fit the client's datagram: {codes:?}")
            }
            Self::Reclaimed(unit) => write!(f, "{unit} lapsed and was reclaimed"),
            Self::Removed(unit) => write!(f, "{unit} is forgotten"),
            Self::ProbationEnded(unit) => write!(f, "the probation of {unit} is over"),
            Self::ReclaimSlow(rounds) => {
                write!(f, "{rounds} rounds of reclaiming in a row left lapsed leases behind")
            }
            Self::ReclaimFailed(unit) => write!(f, "{unit} could not be reclaimed; next round"),
            Self::LeaseMisplaced(unit, subnet, remedy) => {
                write!(
                    f,
                    "the lease of {unit} says subnet {subnet}, which does not have it: {remedy}"
                )
            }
            Self::LeasesLookedOver { misplaced, put_right } => {
                write!(f, "leases with a wrong subnet: {misplaced}; put right: {put_right}")
            }
            Self::ReservationMissed(unit) => {
                write!(f, "{unit} is reserved for a client, and somebody else has it")
            }
            Self::AddressInUse(unit) => write!(f, "{unit} answers a probe: it is not offered"),
            Self::Quarantined(unit) => write!(f, "{unit} is in use by somebody: on probation"),
            Self::QuarantineFailed(unit) => {
                write!(f, "{unit} is in use by somebody, and could not be put on probation")
            }
            Self::ProbeUnsent(unit) => write!(f, "{unit} could not be probed, and counts as free"),
            Self::StoreLost(failure) => {
                write!(f, "the lease store can't be written, no lease is granted: {failure}")
            }
            Self::StoreReopened(rows) => write!(f, "the lease store is open with {rows} rows"),
            Self::DatabaseLost(backend, why) => write!(f, "{backend} is lost: {why}"),
            Self::DatabaseUnreachable(backend, why) => {
                write!(f, "{backend} cannot be reached: {why}")
            }
            Self::DatabaseOpened(backend) => write!(f, "{backend} is connected to"),
            Self::DatabaseGivenUp { backend, why, exit: true } => {
                write!(f, "{backend} did not come back, the server exits: {why}")
            }
            Self::DatabaseGivenUp { backend, why, exit: false } => {
                write!(f, "{backend} did not come back, the server goes on without: {why}")
            }
            Self::ContactBegan => f.write_str("in contact with the partner"),
            Self::ContactEnded => f.write_str("out of contact with the partner"),
            Self::ConfigApplied { subnets } => {
                write!(f, "a configuration with {subnets} subnets is in effect")
            }
            Self::ServiceDisabled(origin) => {
                write!(f, "the service is switched off by origin {}", origin.0)
            }
            Self::ServiceEnabled(origin) => {
                write!(f, "the service is no longer switched off by origin {}", origin.0)
            }
            Self::ClockLeapt(ms) => write!(f, "the wall clock leapt by {ms} ms"),
            Self::ClockUnset(wall) => write!(
                f,
                "the wall clock shows a date before this program was made, and is not believed: \
                 leases are dated from {wall} on"
            ),
            Self::ClockSet => f.write_str("the wall clock is set, and is believed"),
            Self::HoldOffBegan { why, secs } => {
                write!(f, "leases may be missing ({why}): ")?;
                hold_off(f, *secs)
            }
            Self::HoldOffContinued(secs) => {
                f.write_str("leases may still be missing: ")?;
                hold_off(f, *secs)
            }
            Self::HoldOffEnded => {
                f.write_str("the hold-off is over: addresses are given to everybody")
            }
        }
    }
}

fn hold_off(f: &mut fmt::Formatter<'_>, secs: Option<u64>) -> fmt::Result {
    f.write_str("addresses go only to clients that use them already, ")?;
    match secs {
        Some(secs) => write!(f, "for {secs} s"),
        None => f.write_str("until the command hold-off-end"),
    }
}

/// How often each event happened: a fold over events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counters([u64; Message::COUNT]);

impl Default for Counters {
    fn default() -> Self {
        Self([0; Message::COUNT])
    }
}

impl Counters {
    /// Counts one event.
    pub const fn count(&mut self, event: &Event) {
        self.0[event.message().index()] += 1;
    }

    /// How often the event of this message happened.
    #[must_use]
    pub const fn of_message(&self, message: Message) -> u64 {
        self.0[message.index()]
    }

    /// How often the event with this id happened.
    #[must_use]
    pub fn of(&self, id: &str) -> u64 {
        self.iter().find_map(|(known, count)| (known == id).then_some(count)).unwrap_or(0)
    }

    /// All counters that are not zero, in the order of the table of messages.
    pub fn messages(&self) -> impl Iterator<Item = (Message, u64)> + '_ {
        Message::all().zip(self.0).filter(|(_, count)| *count > 0)
    }

    /// All counters that are not zero, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let mut counted: Vec<_> =
            self.messages().map(|(message, count)| (message.id(), count)).collect();
        counted.sort_unstable();
        counted.into_iter()
    }
}
