//! BOOTP (RFC 951, RFC 1534): one request, one reply, and the address is the client's for good.

use lessor_lease::State;

use super::case::Case;
use super::{discover, request};
use crate::facts::Known;
use crate::{Decision, DropReason, Facts};

pub(super) fn bootp<F: Facts>(case: &Case<'_, F>) -> Known<Decision> {
    let Some((unit, place)) = discover::placed(case)? else {
        return Ok(Decision::Drop(DropReason::NoFreeAddress));
    };
    let row = case.world.facts.row(unit)?;
    if !case.may_have(row.as_deref()) {
        return Ok(Decision::Drop(DropReason::NoFreeAddress));
    }
    // The client asks at each of its starts, and what it has never changes: once is enough.
    if let Some(row) = &row
        && row.state == State::Assigned
        && row.valid.is_infinite()
        && row.holder == case.holder
        && row.subnet == place.subnet.id
        && case.world.facts.may_reuse()
    {
        return Ok(request::confirm_for_good(case, place.subnet, unit));
    }
    if let Some(probe) = case.probe(unit, place.subnet)? {
        return Ok(Decision::Probe(probe));
    }
    Ok(request::grant(case, place, unit, row))
}
