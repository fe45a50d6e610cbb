//! Offers that are stored as leases (`offer-lifetime`).

use std::sync::Arc;

use lessor_lease::{Change, DnsFlags, Lease, State};
use lessor_types::Unit;

use super::case::{Case, Place};
use super::request;
use crate::Facts;
use crate::facts::Known;
use crate::names::Names;

/// What must be written before a unit is offered: nothing where offers are kept in memory, or where
/// the client has the unit for that long already.
pub(super) fn changes<'a, F: Facts>(
    case: &Case<'a, F>,
    place: Place<'a>,
    unit: Unit,
    names: &Names,
) -> Known<Vec<Change>> {
    let length = case.offer_lifetime(place.subnet);
    if length.0 == 0 {
        return Ok(Vec::new());
    }
    let row = case.world.facts.row(unit)?;
    let mine = row.as_deref().filter(|row| case.is_ours(row));
    let expires = case.second().plus_secs(i64::from(length.0));
    let lasts = |row: &Lease| row.valid.is_infinite() || row.expires >= expires;
    if mine.is_some_and(|row| row.state == State::Assigned && lasts(row)) {
        return Ok(Vec::new());
    }
    let lease = Lease {
        unit,
        subnet: place.subnet.id,
        pool: place.pool,
        holder: case.holder.clone(),
        state: State::Assigned,
        valid: length,
        expires,
        hostname: names.hostname.clone(),
        dns: mine.map_or_else(DnsFlags::default, |row| row.dns),
        context: request::context(case, place.subnet, mine),
        promises: row.as_deref().and_then(|row| row.promises.clone()),
    };
    Ok(vec![Change { unit, from: row, to: Some(Arc::new(lease)) }])
}
