//! DISCOVER: choose an address and keep it for the client (RFC 2131 §4.3.1).
//!
//! A client may be told to do without one (RFC 8925, RFC 2563), or get it at once (RFC 4039).

use std::sync::Arc;

use lessor_lease::Lease;
use lessor_types::Unit;
use lessor_wire::v4::{MessageType, code};

use super::{Case, request};
use crate::facts::Known;
use crate::{Answer, Decision, DropReason, Effect, Facts, Plan};

pub(super) fn discover<F: Facts>(case: &Case<'_, F>) -> Known<Decision> {
    let chosen = choose(case)?;
    if let Some(decision) = without_address(case, chosen) {
        return Ok(decision);
    }
    let Some(unit) = chosen else {
        return Ok(Decision::Drop(DropReason::NoFreeAddress));
    };
    if case.subnet.rapid_commit && case.query.message.options.contains(code::RAPID_COMMIT) {
        let row = case.facts.row(unit)?;
        if case.may_have(row.as_deref()) {
            return Ok(request::grant(case, unit, row));
        }
    }
    Ok(Decision::Do(Box::new(Plan {
        changes: Vec::new(),
        read: vec![unit],
        hold: Some(unit),
        unhold: false,
        answer: case.reply().lease(MessageType::Offer, unit, case.lifetime()),
        effect: Effect::Offered(unit),
    })))
}

/// The offer of no address, if that is what the client asked to be told.
///
/// RFC 8925 §3.3: where IPv6 is enough, a client that can do with it gets no address, however it
/// asked. RFC 2563 §2.3: where there is none, the configuration may tell it not to make one up.
fn without_address<F: Facts>(case: &Case<'_, F>, chosen: Option<Unit>) -> Option<Decision> {
    let query = &case.query.message;
    let v6_only = query.parameter_list().contains(&code::V6_ONLY_PREFERRED);
    let may_be_told = chosen.is_none() && query.options.contains(code::AUTO_CONFIG);
    if !v6_only && !may_be_told {
        return None;
    }
    let answer = case.reply().without_address(chosen);
    let effect = match &answer.message.options {
        options if options.contains(code::V6_ONLY_PREFERRED) => Effect::V6Only,
        options if may_be_told && options.u8(code::AUTO_CONFIG) == Some(0) => Effect::NoneFree,
        _ => return None,
    };
    Some(tell(answer, effect))
}

fn tell(answer: Answer, effect: Effect) -> Decision {
    Decision::Do(Box::new(Plan {
        changes: Vec::new(),
        read: Vec::new(),
        hold: None,
        unhold: true,
        answer: Some(answer),
        effect,
    }))
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
