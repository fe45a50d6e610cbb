//! DECLINE and RELEASE: the client gives an address up. Neither is answered (RFC 2131 §4.3.3, §4.3.4).

use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_lease::{Change, Lease, State};
use lessor_types::Unit;

use super::World;
use super::case::Case;
use super::probation::declined;
use crate::facts::Known;
use crate::{Decision, DropReason, Effect, Facts, Plan};

/// The client found its address in use: nobody gets it for the probation time.
pub(super) fn decline<F: Facts>(
    case: &Case<'_, F>,
    server: Ipv4Addr,
    addr: Ipv4Addr,
) -> Known<Decision> {
    if !case.is_us(server) {
        return Ok(Decision::Drop(DropReason::OtherServer));
    }
    let unit = Unit::V4(addr);
    // That an address is in use elsewhere is worth knowing from whoever holds it, in whatever class.
    let Some(home) = case.home_of(unit) else {
        return Ok(Decision::Drop(DropReason::DeclineNotHeld));
    };
    let facts = case.world.facts;
    let row = facts.row(unit)?;
    let leased = row.as_deref().is_some_and(|row| {
        row.state == State::Assigned && case.is_ours(row) && row.subnet == home.subnet.id
    });
    let free = row.as_deref().is_none_or(|row| row.is_reusable(facts.judged()));
    let offered =
        free && facts.hold(unit).is_some_and(|hold| hold.holder.same_client(&case.holder));
    if !leased && !offered {
        return Ok(Decision::Drop(DropReason::DeclineNotHeld));
    }
    let place = (home.subnet.id, home.pool);
    let declined = declined(case.config(), place, unit, row.as_deref(), case.world.now);
    Ok(surrender(case, unit, row, Some(declined), Effect::Declined(unit)))
}

/// The client is done with its address.
pub(super) fn release<F: Facts>(
    case: &Case<'_, F>,
    server: Ipv4Addr,
    addr: Ipv4Addr,
) -> Known<Decision> {
    if !case.is_us(server) {
        return Ok(Decision::Drop(DropReason::OtherServer));
    }
    let unit = Unit::V4(addr);
    let facts = case.world.facts;
    let row = facts.row(unit)?;
    let Some(lease) =
        row.as_deref().filter(|row| row.state == State::Assigned && case.is_ours(row))
    else {
        return Ok(Decision::Drop(DropReason::ReleaseNotHeld));
    };
    // A release carries nothing that orders it against a REQUEST. One that comes right behind a
    // confirmation was overtaken on the way, or is a repeat: acting on it would free an address
    // that the client has just been told to use.
    if facts.confirmed_just_now(lease) {
        return Ok(Decision::Drop(DropReason::ReleaseOvertaken));
    }
    let released = released(case, lease);
    Ok(surrender(case, unit, row.clone(), released, Effect::Released(unit)))
}

/// What is left of a lease that its client gave up: kept for the client, unless the configuration
/// forgets at once (V4-072).
fn released<F: Facts>(case: &Case<'_, F>, lease: &Lease) -> Option<Lease> {
    case.config().expired.keeps_affinity().then(|| {
        let mut released = lease.clone();
        released.state = State::Released;
        released.expires = case.second();
        released
    })
}

/// The changes that free what the client has left behind by taking `unit` on the same link: leases
/// that it could not have back, since their addresses are reserved or for others now.
///
/// A client that takes an offer has no address (RFC 2131 §4.4.1), so nobody uses these. The answer
/// promises nothing of them and does not wait for them: what is not written stays leased.
pub(super) fn left_behind<F: Facts>(case: &Case<'_, F>, unit: Unit) -> Known<Vec<Change>> {
    let World { facts, topology, .. } = case.world;
    let is_here = |row: &Lease| topology.beside(case.selected).any(|it| it.id == row.subnet);
    let mut changes = Vec::new();
    for row in facts.rows_of(&case.holder)? {
        let is_active = row.state == State::Assigned && row.is_active(facts.judged());
        if row.unit == unit
            || !is_active
            || !case.is_ours(&row)
            || !is_here(&row)
            || facts.confirmed_just_now(&row)
        {
            continue;
        }
        if case.place_of(row.unit)?.is_none() || case.belongs_elsewhere(row.unit)? {
            let to = released(case, &row).map(Arc::new);
            changes.push(Change { unit: row.unit, from: Some(row), to });
        }
    }
    Ok(changes)
}

fn surrender<F: Facts>(
    case: &Case<'_, F>,
    unit: Unit,
    from: Option<Arc<Lease>>,
    to: Option<Lease>,
    effect: Effect,
) -> Decision {
    Decision::Do(Plan {
        changes: vec![Change { unit, from, to: to.map(Arc::new) }],
        read: Some(unit),
        // An offer of another unit may be younger than this message.
        unhold: case.world.facts.hold_of(&case.holder).is_some_and(|hold| hold.unit == unit),
        ..Plan::of(effect)
    })
}
