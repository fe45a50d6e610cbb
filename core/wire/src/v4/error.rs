//! Why octets are not a message.

use std::fmt;

/// Why octets are not a DHCPv4 message, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DecodeError {
    /// The offset, in octets from the start of the message.
    pub at: usize,
    /// What was wrong there.
    pub kind: DecodeErrorKind,
}

/// What was wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// Fewer octets than header and magic cookie take.
    TooShort,
    /// Another value in place of the magic cookie; perhaps plain BOOTP.
    MagicCookie([u8; 4]),
    /// An operation that is neither request (1) nor reply (2).
    Operation(u8),
    /// A hardware address longer than its field of 16 octets.
    HardwareLength(u8),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            DecodeErrorKind::TooShort => write!(f, "ends after {} octets of 240", self.at),
            DecodeErrorKind::MagicCookie([a, b, c, d]) => {
                write!(f, "magic cookie is {a:02x}{b:02x}{c:02x}{d:02x} at octet {}", self.at)
            }
            DecodeErrorKind::Operation(op) => write!(f, "unknown operation {op}"),
            DecodeErrorKind::HardwareLength(len) => {
                write!(f, "hardware address of {len} octets where 16 are allowed")
            }
        }
    }
}

impl std::error::Error for DecodeError {}
