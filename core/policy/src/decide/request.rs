//! REQUEST in the four states of a client (RFC 2131 §4.3.2).

use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_config::Subnet;
use lessor_lease::{Change, DnsFlags, Lease, State};
use lessor_types::{Secs, Unit};
use lessor_wire::v4::MessageType;

use super::case::{Case, Place};
use super::{World, surrender};
use crate::facts::Known;
use crate::{Answer, Decision, DropReason, Effect, Facts, Plan, extended, members};

/// The client takes an offer, ours or another server's.
pub(super) fn selecting<F: Facts>(
    case: &Case<'_, F>,
    server: Ipv4Addr,
    addr: Ipv4Addr,
) -> Known<Decision> {
    if !case.is_us(server) {
        return Ok(let_go(case));
    }
    let unit = Unit::V4(addr);
    let Some(place) = case.place_of(unit)? else {
        return Ok(case.refuse(unit));
    };
    if case.held_for_another(unit) || case.belongs_elsewhere(unit)? {
        return Ok(case.refuse(unit));
    }
    let facts = case.world.facts;
    let row = facts.row(unit)?;
    let is_new = !row.as_deref().is_some_and(|row| case.is_ours(row));
    if !case.may_have(row.as_deref()) || (is_new && case.is_left_out(unit)) {
        return Ok(case.refuse(unit));
    }
    // An address that was not offered is granted too, since offers are forgotten in a crash; but
    // not to a client that has another one, or one client could collect a whole pool.
    let offered = facts.hold_of(&case.holder).is_some_and(|hold| hold.unit == unit);
    let judged = facts.judged();
    let has_another =
        || Ok(case.rows_here()?.iter().any(|row| row.unit != unit && row.is_active(judged)));
    if !offered && !case.is_reserved(unit) && has_another()? {
        return Ok(case.refuse(unit));
    }
    let mut decision = grant(case, place, unit, row);
    // Only the answer to an offer shows that the client had no address when it asked.
    if offered && let Decision::Do(plan) = &mut decision {
        plan.changes.extend(surrender::left_behind(case, unit)?);
    }
    Ok(decision)
}

/// The client remembers an address from before it restarted.
pub(super) fn init_reboot<F: Facts>(case: &Case<'_, F>, addr: Ipv4Addr) -> Known<Decision> {
    let unit = Unit::V4(addr);
    let own = case.rows_here()?;
    let mut row = own.iter().find(|row| row.unit == unit).map(Arc::clone);
    // What is reserved for a client is known of it, whether it had it before or not.
    let reserved = case.is_reserved(unit);
    if reserved && row.is_none() {
        row = case.world.facts.row(unit)?;
    }
    if reserved || row.is_some() {
        let lost = case.held_for_another(unit) || !case.may_have(row.as_deref());
        return match case.place_of(unit)? {
            Some(place) if !lost && !case.belongs_elsewhere(unit)? => {
                Ok(grant(case, place, unit, row))
            }
            _ => Ok(case.refuse(unit)),
        };
    }
    if !own.is_empty() {
        // A known client with another address than it remembers (V4-057).
        return Ok(case.refuse(unit));
    }
    // No record: another server may have one (V4-058).
    Ok(case.refuse_if_authoritative(unit))
}

/// The client wants to keep the address that it uses.
pub(super) fn extend<F: Facts>(case: &Case<'_, F>, addr: Ipv4Addr) -> Known<Decision> {
    let unit = Unit::V4(addr);
    let facts = case.world.facts;
    let row = facts.row(unit)?;
    let mine = row.as_deref().filter(|row| case.is_ours(row));
    // Where leases may be missing, nobody but its holder renews an address.
    if mine.is_none() && facts.hold_off().is_none() {
        return Ok(case.refuse_if_authoritative(unit));
    }
    // The pool is gone or not for this client any more, the address is reserved for another, or
    // the client has moved to another link (V4-064).
    let is_here = |subnet: &Subnet| mine.is_none_or(|row| row.subnet == subnet.id);
    let place = case.place_of(unit)?.filter(|place| is_here(place.subnet));
    match place {
        Some(place) if !case.held_for_another(unit) && !case.belongs_elsewhere(unit)? => {
            Ok(grant(case, place, unit, row))
        }
        _ => Ok(case.refuse(unit)),
    }
}

/// Another server was chosen: what was kept for the client is free again (V4-049).
fn let_go<F: Facts>(case: &Case<'_, F>) -> Decision {
    if case.world.facts.hold_of(&case.holder).is_none() {
        return Decision::Drop(DropReason::OtherServer);
    }
    Decision::Do(Plan { unhold: true, ..Plan::of(Effect::LetGo) })
}

/// Leases `unit`, whose row is `row`, to the client, which may have it in `place`.
pub(super) fn grant<'a, F: Facts>(
    case: &Case<'a, F>,
    place: Place<'a>,
    unit: Unit,
    row: Option<Arc<Lease>>,
) -> Decision {
    let subnet = place.subnet;
    if !case.is_within_limits(subnet, row.as_deref()) {
        return case.refuse(unit);
    }
    let lifetime = case.lifetime(subnet);
    let names = case.names(subnet, unit);
    let mine = row.as_deref().filter(|row| case.is_ours(row));
    let context = context(case, subnet, mine);
    if let Some(row) = &row
        && row.context == context
        && let Some(rest) = reusable(case, subnet, row, lifetime, names.hostname.as_deref())
    {
        let answer = case.reply(subnet).lease(MessageType::Ack, unit, rest, &names);
        return confirm(unit, answer, Effect::Reused(unit, rest), Vec::new());
    }
    let begin = case.second();
    // A client that does not hear this answer still believes the last one: what it was told before
    // stays the least that is kept for it.
    let told = mine.filter(|row| row.state == State::Assigned).map(|row| {
        if row.valid.is_infinite() {
            Secs::INFINITE
        } else {
            let rest = Secs(u32::try_from(begin.secs_until(row.expires)).unwrap_or(u32::MAX));
            // Never more than it was told, even if the clock went back since; but another server's
            // clock may have dated the row, up to a second and its rounding ahead of this one.
            if rest.0 <= row.valid.0.saturating_add(2) { rest } else { row.valid }
        }
    });
    let valid = told.map_or(lifetime, |told| told.max(lifetime));
    let answer = case.reply(subnet).lease(MessageType::Ack, unit, lifetime, &names);
    let lease = Lease {
        unit,
        subnet: subnet.id,
        pool: place.pool,
        holder: case.holder.clone(),
        state: State::Assigned,
        valid,
        expires: begin.plus_secs(i64::from(valid.0)),
        hostname: names.hostname,
        dns: mine.map_or_else(DnsFlags::default, |row| row.dns),
        context,
        promises: row.as_deref().and_then(|row| row.promises.clone()),
    };
    // An ambiguous write is found to have been applied: then there is nothing left to write.
    let is_written = row.as_deref() == Some(&lease);
    let change = Change { unit, from: row, to: Some(Arc::new(lease)) };
    let changes = if is_written { Vec::new() } else { vec![change] };
    confirm(unit, answer, Effect::Leased(unit, lifetime), changes)
}

/// The context of a lease that is granted now, in the place of this client's row, if it has one.
pub(super) fn context<F: Facts>(
    case: &Case<'_, F>,
    subnet: &Subnet,
    mine: Option<&Lease>,
) -> Option<Box<str>> {
    let before = mine.and_then(|row| row.context.as_deref());
    let context = match case.world.query.message.relay_agent() {
        Some(agent) if subnet.store_extended_info => extended::with_relay_agent(before, &agent),
        _ => before.map(Box::from),
    };
    if !case.config().hooks.limits() {
        return context;
    }
    members::with_classes(context.as_deref(), &case.counted_classes())
}

/// Says again that `unit` is the client's for good.
pub(super) fn confirm_for_good<'a, F: Facts>(
    case: &Case<'a, F>,
    subnet: &'a Subnet,
    unit: Unit,
) -> Decision {
    let names = case.names(subnet, unit);
    let answer = case.reply(subnet).lease(MessageType::Ack, unit, Secs::INFINITE, &names);
    confirm(unit, answer, Effect::Reused(unit, Secs::INFINITE), Vec::new())
}

/// The rest of a lease that is young enough to be confirmed without a write (`cache-threshold`).
fn reusable<F: Facts>(
    case: &Case<'_, F>,
    subnet: &Subnet,
    row: &Lease,
    lifetime: Secs,
    hostname: Option<&str>,
) -> Option<Secs> {
    let World { facts, now, .. } = case.world;
    let same = row.subnet == subnet.id
        && row.holder == case.holder
        && row.valid == lifetime
        && row.hostname.as_deref() == hostname
        && row.is_active(now.wall)
        && facts.may_reuse();
    if !same || row.valid.is_infinite() || subnet.cache_threshold_ppm == 0 {
        return None;
    }
    let age = row.confirmed().secs_until(now.wall);
    // A row from the future tells that the clock went back: write again.
    if row.confirmed() > case.second() {
        return None;
    }
    let young = age * 1_000_000 < u64::from(row.valid.0) * u64::from(subnet.cache_threshold_ppm);
    let in_age = subnet.cache_max_age.is_none_or(|max| age < u64::from(max.0));
    let rest = u32::try_from(now.wall.secs_until(row.expires)).ok()?;
    (young && in_age && rest > 0).then_some(Secs(rest))
}

fn confirm(
    unit: Unit,
    answer: Option<Box<Answer>>,
    effect: Effect,
    changes: Vec<Change>,
) -> Decision {
    Decision::Do(Plan { changes, read: Some(unit), unhold: true, answer, ..Plan::of(effect) })
}
