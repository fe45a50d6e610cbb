//! What a message is.

use std::fmt;

/// Who speaks: BOOTP's operation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Op {
    /// A client, perhaps through a relay.
    Request,
    /// A server.
    Reply,
}

impl Op {
    /// The operation with this number.
    #[must_use]
    pub const fn from_octet(octet: u8) -> Option<Self> {
        match octet {
            1 => Some(Self::Request),
            2 => Some(Self::Reply),
            _ => None,
        }
    }

    /// Its number.
    #[must_use]
    pub const fn octet(self) -> u8 {
        match self {
            Self::Request => 1,
            Self::Reply => 2,
        }
    }
}

/// The DHCP message type, option 53 (RFC 2132 §9.6, RFC 3203, RFC 4388).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MessageType {
    /// A client looks for servers.
    Discover,
    /// A server offers an address.
    Offer,
    /// A client takes an offer, verifies an address or extends a lease.
    Request,
    /// A client found its address in use.
    Decline,
    /// A server confirms.
    Ack,
    /// A server refuses.
    Nak,
    /// A client gives its address back.
    Release,
    /// A client with an address asks for options.
    Inform,
    /// A server asks a client to renew.
    ForceRenew,
    /// A relay asks about a lease.
    LeaseQuery,
    /// The address asked about is free.
    LeaseUnassigned,
    /// Nothing is known of what was asked.
    LeaseUnknown,
    /// The address asked about is leased.
    LeaseActive,
    /// Any other number; make it with [`MessageType::from_octet`], so that one number has one form.
    Other(u8),
}

impl MessageType {
    /// The type with this number.
    #[must_use]
    pub const fn from_octet(octet: u8) -> Self {
        match octet {
            1 => Self::Discover,
            2 => Self::Offer,
            3 => Self::Request,
            4 => Self::Decline,
            5 => Self::Ack,
            6 => Self::Nak,
            7 => Self::Release,
            8 => Self::Inform,
            9 => Self::ForceRenew,
            10 => Self::LeaseQuery,
            11 => Self::LeaseUnassigned,
            12 => Self::LeaseUnknown,
            13 => Self::LeaseActive,
            other => Self::Other(other),
        }
    }

    /// Its number.
    #[must_use]
    pub const fn octet(self) -> u8 {
        match self {
            Self::Discover => 1,
            Self::Offer => 2,
            Self::Request => 3,
            Self::Decline => 4,
            Self::Ack => 5,
            Self::Nak => 6,
            Self::Release => 7,
            Self::Inform => 8,
            Self::ForceRenew => 9,
            Self::LeaseQuery => 10,
            Self::LeaseUnassigned => 11,
            Self::LeaseUnknown => 12,
            Self::LeaseActive => 13,
            Self::Other(octet) => octet,
        }
    }

    /// Who sends this type, where that is known.
    #[must_use]
    pub const fn op(self) -> Option<Op> {
        match self {
            Self::Discover
            | Self::Request
            | Self::Decline
            | Self::Release
            | Self::Inform
            | Self::LeaseQuery => Some(Op::Request),
            Self::Offer
            | Self::Ack
            | Self::Nak
            | Self::ForceRenew
            | Self::LeaseUnassigned
            | Self::LeaseUnknown
            | Self::LeaseActive => Some(Op::Reply),
            Self::Other(_) => None,
        }
    }
}

impl fmt::Display for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Discover => "DISCOVER",
            Self::Offer => "OFFER",
            Self::Request => "REQUEST",
            Self::Decline => "DECLINE",
            Self::Ack => "ACK",
            Self::Nak => "NAK",
            Self::Release => "RELEASE",
            Self::Inform => "INFORM",
            Self::ForceRenew => "FORCERENEW",
            Self::LeaseQuery => "LEASEQUERY",
            Self::LeaseUnassigned => "LEASEUNASSIGNED",
            Self::LeaseUnknown => "LEASEUNKNOWN",
            Self::LeaseActive => "LEASEACTIVE",
            Self::Other(octet) => return write!(f, "TYPE-{octet}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_type() {
        for octet in 0..=255 {
            assert_eq!(MessageType::from_octet(octet).octet(), octet);
        }
        assert_eq!(Op::from_octet(0), None);
    }
}
