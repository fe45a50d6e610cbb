//! What a lease must remember for safety between partners.
//!
//! None of it exists in Kea's columns; stores carry it in the lease's user context, under one key.

use lessor_types::Wall;

/// The memory of one unit across tenancies and partners.
///
/// Records are ordered by (epoch, tenancy, version); a merge never lowers `told` or `high`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Promises {
    /// The ownership epoch under which it was written.
    pub epoch: u32,
    /// The number of this client's holding of the unit; only the unit's owner starts a new one.
    pub tenancy: u32,
    /// The change within the tenancy.
    pub version: u32,
    /// The latest expiry that any client was told for the unit by this server, in any tenancy.
    pub told: Option<Wall>,
    /// The latest expiry in this tenancy that the partner has acknowledged durably.
    pub acked: Option<Wall>,
    /// The highest expiry ever sent to the partner or acknowledged for it, in any tenancy.
    pub high: Option<Wall>,
}
