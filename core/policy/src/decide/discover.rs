//! DISCOVER: choose an address and keep it for the client (RFC 2131 §4.3.1).
//!
//! A client may be told to do without one (RFC 8925, RFC 2563), or get it at once (RFC 4039).

use std::sync::Arc;

use lessor_lease::Lease;
use lessor_types::Unit;
use lessor_wire::v4::{MessageType, code};

use super::case::{Case, Place};
use super::{offer, request};
use crate::facts::Known;
use crate::{Answer, Decision, DropReason, Effect, Facts, Plan};

pub(super) fn discover<F: Facts>(case: &Case<'_, F>) -> Known<Decision> {
    let chosen = placed(case)?;
    if let Some(decision) = without_address(case, chosen) {
        return Ok(decision);
    }
    let Some((unit, place)) = chosen else {
        return Ok(Decision::Drop(none_left(case)));
    };
    let subnet = place.subnet;
    if let Some(probe) = case.probe(unit, subnet)? {
        return Ok(Decision::Probe(probe));
    }
    if subnet.rapid_commit && case.world.query.message.options.contains(code::RAPID_COMMIT) {
        let row = case.world.facts.row(unit)?;
        if case.may_have(row.as_deref()) {
            return Ok(request::grant(case, place, unit, row));
        }
    }
    let (names, lifetime) = (case.names(subnet, unit), case.lifetime(subnet));
    Ok(Decision::Do(Plan {
        changes: offer::changes(case, place, unit, &names)?,
        read: Some(unit),
        hold: Some(unit),
        answer: case.reply(subnet).lease(MessageType::Offer, unit, lifetime, &names),
        missed: case.missed(unit),
        ..Plan::of(Effect::Offered(unit))
    }))
}

/// The offer of no address, if that is what the client asked to be told.
///
/// RFC 8925 §3.3: where IPv6 is enough, a client that can do with it gets no address, however it
/// asked. RFC 2563 §2.3: where there is none, the configuration may tell it not to make one up.
fn without_address<'a, F: Facts>(
    case: &Case<'a, F>,
    chosen: Option<(Unit, Place<'a>)>,
) -> Option<Decision> {
    let query = &case.world.query.message;
    let v6_only = query.parameter_list().contains(&code::V6_ONLY_PREFERRED);
    let may_be_told = chosen.is_none() && query.options.contains(code::AUTO_CONFIG);
    if !v6_only && !may_be_told {
        return None;
    }
    let subnet = chosen.map_or(case.selected, |(_, place)| place.subnet);
    let answer = case.reply(subnet).without_address(chosen.map(|(unit, _)| unit));
    let effect = match &answer.message.options {
        options if options.contains(code::V6_ONLY_PREFERRED) => Effect::V6Only,
        options if may_be_told && options.u8(code::AUTO_CONFIG) == Some(0) => Effect::NoneFree,
        _ => return None,
    };
    Some(tell(answer, effect))
}

fn tell(answer: Box<Answer>, effect: Effect) -> Decision {
    Decision::Do(Plan { unhold: true, answer: Some(answer), ..Plan::of(effect) })
}

/// What the client is to be offered, with the place that it has it in.
pub(super) fn placed<'a, F: Facts>(case: &Case<'a, F>) -> Known<Option<(Unit, Place<'a>)>> {
    let Some(unit) = choose(case)? else {
        return Ok(None);
    };
    Ok(case.place_of(unit)?.map(|place| (unit, place)))
}

/// Why there is nothing for the client: perhaps only because of limits.
fn none_left<F: Facts>(case: &Case<'_, F>) -> DropReason {
    if case.subnets().any(|subnet| case.is_over_limit(subnet)) {
        DropReason::LimitReached
    } else {
        DropReason::NoFreeAddress
    }
}

/// What is reserved for the client (V4-035), and then in the RFC's order: its own address, past or
/// present; the one it wishes for; any.
fn choose<F: Facts>(case: &Case<'_, F>) -> Known<Option<Unit>> {
    let facts = case.world.facts;
    if let Some(unit) = case.reserved_now()? {
        return Ok(Some(unit));
    }
    let mut own = case.rows_here()?;
    own.retain(|row| case.is_quiet(row.unit) && case.is_allowed(row.unit, Some(row)));
    let is_active = |row: &&Arc<Lease>| row.is_active(facts.judged());
    if let Some(row) = own.iter().find(is_active) {
        return Ok(Some(row.unit));
    }
    // A client that asks again while its offer stands gets the same (V4-045).
    if let Some(hold) = facts.hold_of(&case.holder)
        && case.is_quiet(hold.unit)
        && case.place_of(hold.unit)?.is_some()
        && let row = facts.row(hold.unit)?
        && case.may_have(row.as_deref())
        && case.is_allowed(hold.unit, row.as_deref())
    {
        return Ok(Some(hold.unit));
    }
    if let Some(row) = own.iter().find(|row| !case.held_for_another(row.unit)) {
        return Ok(Some(row.unit));
    }
    if let Some(wish) = case.world.query.wish.map(Unit::V4)
        && case.is_quiet(wish)
        && case.place_of(wish)?.is_some()
        && !case.is_left_out(wish)
        && !case.held_for_another(wish)
        && let row = facts.row(wish)?
        && case.may_have(row.as_deref())
        && case.is_allowed(wish, row.as_deref())
    {
        return Ok(Some(wish));
    }
    for pool in case.pools() {
        if let Some(candidate) = facts.free_in(pool, &case.holder)? {
            return Ok(Some(candidate.unit));
        }
    }
    Ok(None)
}
