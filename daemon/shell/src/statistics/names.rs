//! What statistics are called.

use std::fmt;
use std::str::FromStr;

use lessor_types::{PoolId, SubnetId};

macro_rules! names {
    ($($(#[$doc:meta])* $variant:ident = $text:literal;)*) => {
        /// What is counted.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Name {
            $($(#[$doc])* $variant,)*
        }

        impl Name {
            /// All names.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Kea's word for it.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

names! {
    /// Packets that ended, one way or another.
    Received = "pkt4-received";
    /// DISCOVERs among them.
    DiscoverReceived = "pkt4-discover-received";
    /// REQUESTs.
    RequestReceived = "pkt4-request-received";
    /// DECLINEs.
    DeclineReceived = "pkt4-decline-received";
    /// RELEASEs.
    ReleaseReceived = "pkt4-release-received";
    /// INFORMs.
    InformReceived = "pkt4-inform-received";
    /// Messages of types that clients do not send.
    UnknownReceived = "pkt4-unknown-received";
    /// Answers.
    Sent = "pkt4-sent";
    /// OFFERs among them.
    OfferSent = "pkt4-offer-sent";
    /// ACKs.
    AckSent = "pkt4-ack-sent";
    /// NAKs.
    NakSent = "pkt4-nak-sent";
    /// Packets that were dropped, for whatever reason.
    ReceiveDrop = "pkt4-receive-drop";
    /// Those that could not be read.
    ParseFailed = "pkt4-parse-failed";
    /// Those that no client may send.
    RfcViolation = "pkt4-rfc-violation";
    /// Those of clients in the class `DROP`.
    AdminFiltered = "pkt4-admin-filtered";
    /// Those that another server, or none, is to answer.
    NotForUs = "pkt4-not-for-us";
    /// Those whose twin is in work.
    Duplicate = "pkt4-duplicate";
    /// Those for which there was no room.
    QueueFull = "pkt4-queue-full";
    /// Those above a limit.
    LimitExceeded = "pkt4-limit-exceeded";
    /// Those that were not finished, in time or at all.
    ProcessingFailed = "pkt4-processing-failed";
    /// Those that came while the service was switched off.
    ServiceDisabled = "pkt4-service-disabled";
    /// Clients for whom there was no address.
    AllocationFail = "v4-allocation-fail";
    /// Leases that were confirmed without a change.
    LeaseReuses = "v4-lease-reuses";
    /// Addresses that may be leased.
    TotalAddresses = "total-addresses";
    /// Addresses that are leased or on probation.
    AssignedAddresses = "assigned-addresses";
    /// How often an address was leased, renewals aside.
    CumulativeAssigned = "cumulative-assigned-addresses";
    /// Addresses on probation.
    DeclinedAddresses = "declined-addresses";
    /// Leases that were reclaimed, and probations that ended.
    ReclaimedLeases = "reclaimed-leases";
    /// Probations that ended.
    ReclaimedDeclined = "reclaimed-declined-addresses";
}

impl Name {
    /// Whether it only grows, by what happens.
    #[must_use]
    pub const fn is_sum(self) -> bool {
        !matches!(self, Self::TotalAddresses | Self::AssignedAddresses | Self::DeclinedAddresses)
    }
}

/// Which statistic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Key {
    /// Of the server.
    Global(Name),
    /// Of a subnet.
    Subnet(SubnetId, Name),
    /// Of the pools of a subnet that share a number.
    Pool(SubnetId, PoolId, Name),
}

impl Key {
    /// Whether it is of the server.
    #[must_use]
    pub const fn is_global(self) -> bool {
        matches!(self, Self::Global(_))
    }

    /// Another statistic of the same.
    #[must_use]
    pub const fn named(self, name: Name) -> Self {
        match self {
            Self::Global(_) => Self::Global(name),
            Self::Subnet(subnet, _) => Self::Subnet(subnet, name),
            Self::Pool(subnet, pool, _) => Self::Pool(subnet, pool, name),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global(name) => f.write_str(name.text()),
            Self::Subnet(subnet, name) => write!(f, "subnet[{subnet}].{}", name.text()),
            Self::Pool(subnet, pool, name) => {
                write!(f, "subnet[{subnet}].pool[{pool}].{}", name.text())
            }
        }
    }
}

/// There is no statistic of that name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoSuchName;

impl FromStr for Key {
    type Err = NoSuchName;

    fn from_str(text: &str) -> Result<Self, NoSuchName> {
        let (subnet, rest) = numbered(text, "subnet[");
        let (pool, name) = numbered(rest, "pool[");
        let name = Name::ALL.iter().copied().find(|it| it.text() == name).ok_or(NoSuchName)?;
        let key = match (subnet, pool) {
            (None, None) => Self::Global(name),
            (Some(subnet), None) => Self::Subnet(SubnetId(subnet), name),
            (Some(subnet), Some(pool)) => Self::Pool(SubnetId(subnet), PoolId(pool), name),
            (None, Some(_)) => return Err(NoSuchName),
        };
        // One name for each: not with zeros in front.
        if key.to_string() == text { Ok(key) } else { Err(NoSuchName) }
    }
}

/// The number in brackets behind `front`, and what follows.
fn numbered<'a>(text: &'a str, front: &str) -> (Option<u32>, &'a str) {
    let parts = text.strip_prefix(front).and_then(|text| text.split_once("]."));
    match parts.map(|(number, rest)| (number.parse(), rest)) {
        Some((Ok(number), rest)) => (Some(number), rest),
        _ => (None, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for name in Name::ALL {
            assert_eq!(Name::ALL[*name as usize], *name);
            let (subnet, pool) = (SubnetId(7), PoolId(0));
            for key in
                [Key::Global(*name), Key::Subnet(subnet, *name), Key::Pool(subnet, pool, *name)]
            {
                assert_eq!(key.to_string().parse(), Ok(key));
            }
        }
        assert_eq!(
            Key::Pool(SubnetId(1), PoolId(2), Name::AssignedAddresses).to_string(),
            "subnet[1].pool[2].assigned-addresses"
        );
        for other in [
            "",
            "subnet[1]",
            "subnet[01].assigned-addresses",
            "subnet[x].assigned-addresses",
            "pool[1].assigned-addresses",
            "subnet[1].pool[].assigned-addresses",
        ] {
            assert_eq!(other.parse::<Key>(), Err(NoSuchName), "{other}");
        }
    }
}
