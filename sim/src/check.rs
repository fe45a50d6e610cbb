//! Invariants, judged as the history is made. A broken one says what it saw.
//!
//! - `clients`: who holds what, as clients see it: I1, I3, I4.
//! - `durability`: what an acknowledgement rests on, and what a crash leaves: I2, I16.
//! - `conformance`: pools, offers, declined addresses: I9, V4-036, V4-067.
//! - `probed`: addresses on offer are not in use, as far as the server heard: V4-042.
//! - `accounting`: one outcome for each packet, bounds, errors: I12, I14, I17.
//! - `liveness`: everybody is served once nothing is wrong any more: I6.

pub(crate) mod accounting;
pub(crate) mod clients;
pub(crate) mod conformance;
pub(crate) mod durability;
pub(crate) mod liveness;
pub(crate) mod probed;

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::time::Ns;

/// What must always hold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[repr(u8)]
pub enum Invariant {
    /// I1: one address, one client, as clients see it.
    Uniqueness = 0,
    /// I2: an acknowledged lease is durable, and in contact the partner has it.
    DurableAck,
    /// I3: no server keeps less than it told.
    ToldLifetime,
    /// I4: nothing is freed or given away while its client holds it.
    SafeFree,
    /// I6: clients are served once nothing is wrong any more.
    ClientLiveness,
    /// I9: addresses come from a pool of the client's link.
    Conformance,
    /// V4-036: an address on offer is not offered to anybody else.
    OfferHeld,
    /// V4-067: nobody gets a declined address during its probation.
    DeclinedKept,
    /// V4-042: an address is probed before it is offered, and not offered if it answers.
    Probed,
    /// No more leases at one time than a limit allows.
    Limits,
    /// Operators are told what is so, and what they want is done.
    Commands,
    /// I12: no panic, no growth beyond bounds, no spinning.
    Bounded,
    /// I14: each packet ends once.
    OneOutcome,
    /// I16: what is recovered, and what is in memory, is what was durable.
    RecoveredFold,
    /// I17: no error-level event without a fault.
    NoError,
}

impl Invariant {
    /// All of them, by number.
    pub const ALL: [Self; 15] = [
        Self::Uniqueness,
        Self::DurableAck,
        Self::ToldLifetime,
        Self::SafeFree,
        Self::ClientLiveness,
        Self::Conformance,
        Self::OfferHeld,
        Self::DeclinedKept,
        Self::Probed,
        Self::Limits,
        Self::Commands,
        Self::Bounded,
        Self::OneOutcome,
        Self::RecoveredFold,
        Self::NoError,
    ];

    /// Whether it cannot hold about an address whose row a store has lost after it took it.
    #[must_use]
    pub const fn rests_on_store(self) -> bool {
        matches!(
            self,
            Self::Uniqueness
                | Self::DurableAck
                | Self::ToldLifetime
                | Self::SafeFree
                | Self::OfferHeld
                | Self::DeclinedKept
        )
    }

    /// Its short name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uniqueness => "I1 uniqueness",
            Self::DurableAck => "I2 durable ACK",
            Self::ToldLifetime => "I3 told lifetime",
            Self::SafeFree => "I4 safe free",
            Self::ClientLiveness => "I6 client liveness",
            Self::Conformance => "I9 conformance",
            Self::OfferHeld => "V4-036 offer held",
            Self::DeclinedKept => "V4-067 declined kept",
            Self::Probed => "V4-042 probed",
            Self::Limits => "limits",
            Self::Commands => "commands",
            Self::Bounded => "I12 bounded",
            Self::OneOutcome => "I14 one outcome",
            Self::RecoveredFold => "I16 recovered fold",
            Self::NoError => "I17 no error",
        }
    }
}

/// An invariant that does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Broken {
    /// Which.
    pub invariant: Invariant,
    /// What was seen.
    pub what: String,
    /// The client that it happened to.
    pub client: Option<u16>,
    /// The address that it is about.
    pub addr: Option<Ipv4Addr>,
}

impl Broken {
    pub(crate) const fn new(invariant: Invariant, what: String) -> Self {
        Self { invariant, what, client: None, addr: None }
    }

    pub(crate) const fn client(mut self, client: u16) -> Self {
        self.client = Some(client);
        self
    }

    pub(crate) const fn addr(mut self, addr: Ipv4Addr) -> Self {
        self.addr = Some(addr);
        self
    }
}

/// What a check says.
pub(crate) type Verdict = Result<(), Broken>;

/// What was judged so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// How often each invariant was judged, by number.
    pub(crate) judged: [u64; Invariant::ALL.len()],
    /// The first that did not hold, and when.
    pub(crate) broken: Option<(Ns, Broken)>,
}

impl Findings {
    /// At `t`, an invariant was judged.
    pub(crate) fn add(&mut self, t: Ns, invariant: Invariant, verdict: Verdict) {
        if let Some(count) = self.judged.get_mut(invariant as usize) {
            *count += 1;
        }
        if let Err(broken) = verdict
            && self.broken.is_none()
        {
            self.broken = Some((t, broken));
        }
    }
}
