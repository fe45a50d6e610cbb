//! By what a reservation names its client.

use std::fmt;
use std::sync::Arc;

use crate::Hex;

/// The kind of an identifier. The order is that of the numbers that host databases keep.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum IdentifierKind {
    /// The link-layer address, without its hardware type.
    HwAddress,
    /// The DUID in a client identifier of RFC 4361's form.
    Duid,
    /// What the relay says of the circuit (option 82, sub-option 1).
    CircuitId,
    /// The client identifier (option 61), its type octet included.
    ClientId,
    /// What an expression makes of the message.
    FlexId,
}

impl IdentifierKind {
    /// All kinds, by ascending number.
    pub const ALL: [Self; 5] =
        [Self::HwAddress, Self::Duid, Self::CircuitId, Self::ClientId, Self::FlexId];

    /// The name in configurations and commands.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HwAddress => "hw-address",
            Self::Duid => "duid",
            Self::CircuitId => "circuit-id",
            Self::ClientId => "client-id",
            Self::FlexId => "flex-id",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for IdentifierKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a reservation names its client by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Identifier {
    /// What the octets are.
    pub kind: IdentifierKind,
    /// The octets, 1 to [`Identifier::MAX`].
    octets: Arc<[u8]>,
}

impl Identifier {
    /// The longest identifier, in octets: as host databases keep it.
    pub const MAX: usize = 255;

    /// An identifier; none if there are no octets or more than [`Identifier::MAX`].
    #[must_use]
    pub fn new(kind: IdentifierKind, octets: &[u8]) -> Option<Self> {
        (1..=Self::MAX).contains(&octets.len()).then(|| Self { kind, octets: octets.into() })
    }

    /// The octets.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, Hex(&self.octets))
    }
}
