//! Who is answered while leases may be missing from the store.
//!
//! An address that looks free may have a holder that nobody knows of. Its holder knows: a client
//! that renews uses its address now, so nobody else does, and being asked is how the lost lease is
//! learnt again. Everybody else hears nothing: a refusal would make a holder give up what it has.

use lessor_types::{Unit, Wall};

use super::case::Case;
use crate::facts::Known;
use crate::{Ask, Facts};

/// Whether a query is answered as ever. `seen` is the latest date by which a lease can have been
/// taken for lapsed.
pub(super) fn lets_pass<F: Facts>(case: &Case<'_, F>, seen: Wall) -> Known<bool> {
    let facts = case.world.facts;
    Ok(match case.world.query.ask {
        Ask::Discover | Ask::Bootp => false,
        // Whoever was offered something by this server was so before leases went missing.
        Ask::Selecting { server, .. } => !case.is_us(server),
        // A lease that has not ended cannot have gone to somebody else, unless its client gave it
        // back: and then it does not ask for it.
        Ask::InitReboot { addr } => facts
            .row(Unit::V4(addr))?
            .is_some_and(|row| case.is_ours(&row) && row.is_active(facts.judged().max(seen))),
        Ask::Extend { addr } => case.may_have(facts.row(Unit::V4(addr))?.as_deref()),
        Ask::Decline { .. } | Ask::Release { .. } | Ask::Inform { .. } => true,
    })
}
