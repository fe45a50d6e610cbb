//! Addresses that somebody uses without a lease: found by a probe, and left alone for a while.

use std::sync::Arc;
use std::time::Duration;

use lessor_config::{Config, Subnet};
use lessor_lease::{Change, DnsFlags, Lease, State};
use lessor_types::{Holder, Now, PoolId, SubnetId, Unit};

use super::case::Case;
use crate::facts::Known;
use crate::{Facts, Probe, Probed, Topology};

/// How long a probe's silence counts: an exchange may be decided again for other reasons.
const FRESH: Duration = Duration::from_secs(2);

impl<F: Facts> Case<'_, F> {
    /// The probe that has to be made before a unit of `subnet` is offered, if one has (V4-042).
    pub(super) fn probe(&self, unit: Unit, subnet: &Subnet) -> Known<Option<Probe>> {
        let (facts, query, now) = (self.world.facts, self.world.query, self.world.now);
        let Some(how) = subnet.ping_check else {
            return Ok(None);
        };
        let is_fresh = |probed: Probed| now.mono.since(probed.at) <= FRESH;
        if facts.probed(unit).is_some_and(is_fresh) {
            return Ok(None);
        }
        let row = facts.row(unit)?;
        let own = row.as_deref().filter(|row| self.is_ours(row) && row.is_active(now.wall));
        // A row from the future tells that the clock went back.
        let confirmed = own.map(Lease::confirmed).filter(|at| *at <= self.second());
        if confirmed.is_some_and(|at| at.secs_until(now.wall) <= u64::from(how.cltt.0)) {
            return Ok(None);
        }
        let link = (!query.is_relayed()).then_some(query.link);
        Ok(Some(Probe { unit, quarantines: own.is_none(), row, link, how }))
    }

    /// Whether nobody answered for a unit, as far as this exchange has asked.
    pub(super) fn is_quiet(&self, unit: Unit) -> bool {
        !self.world.facts.probed(unit).is_some_and(|probed| probed.answered)
    }
}

/// The change that puts a unit on probation which answered a probe; none if it is in no subnet.
///
/// `row` is its row from before the probe: what has changed since must not be replaced.
#[must_use]
pub fn probation(
    topology: &Topology,
    unit: Unit,
    row: Option<Arc<Lease>>,
    now: Now,
) -> Option<Change> {
    let addr = unit.v4()?;
    let subnet = topology.subnet_around(addr)?;
    let place = (subnet.id, subnet.pool_of(addr).map_or(PoolId(0), |pool| pool.id));
    let declined = declined(topology.config(), place, unit, row.as_deref(), now);
    Some(Change { unit, from: row, to: Some(Arc::new(declined)) })
}

/// The row of a unit on probation.
pub(super) fn declined(
    config: &Config,
    (subnet, pool): (SubnetId, PoolId),
    unit: Unit,
    row: Option<&Lease>,
    now: Now,
) -> Lease {
    let valid = config.decline_probation;
    Lease {
        unit,
        subnet,
        pool,
        // The address belongs to nobody now, least of all to the client that refused it.
        holder: Holder::default(),
        state: State::Declined,
        valid,
        expires: now.wall.ceil().plus_secs(i64::from(valid.0)),
        hostname: None,
        dns: DnsFlags::default(),
        context: row.and_then(|row| row.context.clone()),
        promises: row.and_then(|row| row.promises.clone()),
    }
}
