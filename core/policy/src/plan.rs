//! What a decision says.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_config::PingCheck;
use lessor_lease::{Change, Lease, Lookup};
use lessor_types::{Destination, LinkId, Secs, Unit};
use lessor_wire::v4::Message;

use crate::DropReason;

/// The outcome of one run of the decision.
#[derive(Clone, PartialEq, Debug)]
pub enum Decision {
    /// No answer, and nothing changes.
    Drop(DropReason),
    /// Something must be known first.
    Need(Vec<Lookup>),
    /// It must be known first whether somebody uses a unit that is meant for the client.
    Probe(Probe),
    /// This is to be done.
    Do(Plan),
}

/// A unit that is to be probed before it is offered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Probe {
    /// Which.
    pub unit: Unit,
    /// Its row.
    pub row: Option<Arc<Lease>>,
    /// Whether an answer puts it on probation. Not where the client has it under a lease: then it
    /// may be the client that answers.
    pub quarantines: bool,
    /// The client's interface; none where the client is behind a relay.
    pub link: Option<LinkId>,
    /// How.
    pub how: PingCheck,
}

/// What is to be done.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// What must be written before the answer may leave.
    pub changes: Vec<Change>,
    /// The unit whose row the answer rests on, whether written or only read.
    pub read: Option<Unit>,
    /// The unit to keep for the client until it asks for it.
    pub hold: Option<Unit>,
    /// Whether the client's outstanding offer ends.
    pub unhold: bool,
    /// The answer, if there is one.
    pub answer: Option<Box<Answer>>,
    /// The address that is reserved for the client, if it is offered another since somebody has it.
    pub missed: Option<Unit>,
    /// What it amounts to.
    pub effect: Effect,
}

impl Plan {
    /// A plan that changes, reads, keeps and says nothing.
    #[must_use]
    pub const fn of(effect: Effect) -> Self {
        Self {
            changes: Vec::new(),
            read: None,
            hold: None,
            unhold: false,
            answer: None,
            missed: None,
            effect,
        }
    }
}

/// An answer that may have to wait.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// The message.
    pub message: Message,
    /// The largest datagram that the client takes, in octets with IP and UDP headers.
    pub limit: usize,
    /// The interface it leaves on.
    pub link: LinkId,
    /// The address it comes from, which is the server identifier.
    pub source: Ipv4Addr,
    /// Where it goes.
    pub to: Destination,
}

/// What a plan amounts to, for the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// An address was offered.
    Offered(Unit),
    /// A lease was granted or extended.
    Leased(Unit, Secs),
    /// A lease was confirmed without a change.
    Reused(Unit, Secs),
    /// The client was told to start again.
    Refused(Unit),
    /// An address is on probation.
    Declined(Unit),
    /// An address was given back.
    Released(Unit),
    /// Options were given to a client that has its own address.
    Informed,
    /// The client was told that there is no address, and that it shall not make one up.
    NoneFree,
    /// The client was told to do without IPv4.
    V6Only,
    /// The client chose another server, and what was kept for it is free.
    LetGo,
}

impl Effect {
    /// Whether a lease is granted, offered or changed.
    #[must_use]
    pub const fn concerns_leases(&self) -> bool {
        !matches!(self, Self::Informed | Self::NoneFree | Self::V6Only | Self::LetGo)
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offered(unit) => write!(f, "offered {unit}"),
            Self::Leased(unit, secs) => write!(f, "leased {unit} for {secs} s"),
            Self::Reused(unit, secs) => write!(f, "confirmed {unit} for {secs} s"),
            Self::Refused(unit) => write!(f, "refused {unit}"),
            Self::Declined(unit) => write!(f, "declined {unit}"),
            Self::Released(unit) => write!(f, "released {unit}"),
            Self::Informed => f.write_str("informed"),
            Self::NoneFree => f.write_str("told that no address is free"),
            Self::V6Only => f.write_str("told to do without IPv4"),
            Self::LetGo => f.write_str("let go"),
        }
    }
}
