//! DISCOVER: choose an address and keep it for the client (RFC 2131 §4.3.1).

use std::sync::Arc;

use lessor_lease::Lease;
use lessor_types::Unit;
use lessor_wire::v4::MessageType;

use super::Case;
use crate::facts::Known;
use crate::{Decision, DropReason, Effect, Facts, Plan};

pub(super) fn discover<F: Facts>(case: &Case<'_, F>) -> Known<Decision> {
    let Some(unit) = choose(case)? else {
        return Ok(Decision::Drop(DropReason::NoFreeAddress));
    };
    Ok(Decision::Do(Box::new(Plan {
        changes: Vec::new(),
        read: vec![unit],
        hold: Some(unit),
        unhold: false,
        answer: case.reply().lease(MessageType::Offer, unit, case.lifetime()),
        effect: Effect::Offered(unit),
    })))
}

/// In the RFC's order: the client's own address, past or present; the one it wishes for; any.
pub(super) fn choose<F: Facts>(case: &Case<'_, F>) -> Known<Option<Unit>> {
    let own = case.rows_here()?;
    let is_active = |row: &&Arc<Lease>| row.is_active(case.facts.judged());
    if let Some(row) = own.iter().find(is_active) {
        return Ok(Some(row.unit));
    }
    // A client that asks again while its offer stands gets the same (V4-045).
    if let Some(hold) = case.facts.hold_of(&case.holder)
        && case.in_pool(hold.unit)
        && case.may_have(case.facts.row(hold.unit)?.as_deref())
    {
        return Ok(Some(hold.unit));
    }
    if let Some(row) = own.iter().find(|row| !case.held_for_another(row.unit)) {
        return Ok(Some(row.unit));
    }
    if let Some(wish) = case.query.wish.map(Unit::V4)
        && case.in_pool(wish)
        && !case.held_for_another(wish)
        && case.may_have(case.facts.row(wish)?.as_deref())
    {
        return Ok(Some(wish));
    }
    for pool in case.topology.pools_of(case.subnet) {
        let Some((_, range)) = case.topology.pool(pool) else {
            continue;
        };
        if !case.classes.admit(&range.guards) {
            continue;
        }
        if let Some(candidate) = case.facts.free_in(pool, &case.holder)? {
            return Ok(Some(candidate.unit));
        }
    }
    Ok(None)
}
