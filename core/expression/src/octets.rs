//! Values on their way through an evaluation.

use std::net::IpAddr;
use std::ops::Range;

/// Octets of the packet or of the expression, a few that were computed, or many.
#[derive(Clone, Debug)]
pub(crate) enum Octets<'a> {
    Borrowed(&'a [u8]),
    Few { octets: [u8; 16], len: u8 },
    Owned(Vec<u8>),
}

impl Octets<'_> {
    pub(crate) const EMPTY: Self = Octets::Borrowed(&[]);

    pub(crate) fn number(number: u32) -> Self {
        Self::few(&number.to_be_bytes())
    }

    pub(crate) fn address(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::few(&address.octets()),
            IpAddr::V6(address) => Self::few(&address.octets()),
        }
    }

    /// At most 16 octets.
    fn few<const N: usize>(from: &[u8; N]) -> Self {
        const { assert!(N <= 16) };
        let mut octets = [0; 16];
        octets.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        Octets::Few { octets, len: u8::try_from(N).unwrap_or(16) }
    }

    /// The octets of a range; what lies outside is not there.
    pub(crate) fn part(self, range: Range<usize>) -> Self {
        match self {
            Octets::Borrowed(octets) => Octets::Borrowed(octets.get(range).unwrap_or_default()),
            computed => Octets::Owned(computed.as_ref().get(range).unwrap_or_default().to_vec()),
        }
    }

    pub(crate) fn into_vec(self) -> Vec<u8> {
        match self {
            Octets::Owned(octets) => octets,
            other => other.as_ref().to_vec(),
        }
    }
}

impl AsRef<[u8]> for Octets<'_> {
    fn as_ref(&self) -> &[u8] {
        match self {
            Octets::Borrowed(octets) => octets,
            Octets::Few { octets, len } => octets.get(..usize::from(*len)).unwrap_or(octets),
            Octets::Owned(octets) => octets,
        }
    }
}
