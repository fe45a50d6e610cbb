//! Everybody is served once nothing is wrong any more (I6).

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_config::Config;
use lessor_lease::Lease;
use lessor_types::{Unit, Wall};

use super::{Broken, Invariant, Verdict};
use crate::client::Client;
use crate::schedule::{Core, RelaySpec};
use crate::time::{Ns, SEC, show};

/// How long a client may go without an address that is there for it: twice the longest pause
/// between its attempts (64 s), an offer that somebody did not take (30 s), an exchange that timed
/// out (8 s), and some room.
pub(crate) const SERVED_WITHIN: Ns = 200 * SEC;
/// How long an address must have been free to count as being there.
const FREE_FOR: Ns = 60 * SEC;

/// What is known when the world ends.
pub(crate) struct End<'a> {
    pub(crate) t: Ns,
    /// The configuration of a server that runs.
    pub(crate) config: &'a Config,
    /// That server's wall clock, or what it believes of it.
    pub(crate) wall: Wall,
    /// What the store holds.
    pub(crate) rows: &'a [Arc<Lease>],
    /// When rows were stored or removed last.
    pub(crate) changed: &'a BTreeMap<Ipv4Addr, Ns>,
    pub(crate) clients: &'a [Client],
    /// What was healed; none: everything.
    pub(crate) core: Option<Core>,
    pub(crate) relays: &'a [RelaySpec],
}

impl End<'_> {
    /// I6: no client has been in want for long while there were addresses for it. Returns how many
    /// clients were looked at.
    pub(crate) fn judge(&self) -> Verdict {
        let subnets: BTreeSet<u8> =
            [0].into_iter().chain(self.relays.iter().map(RelaySpec::subnet)).collect();
        for subnet in subnets {
            let in_core = |client: &&Client| self.core.is_none_or(|core| core.has(client.id));
            let in_want: Vec<&Client> = self
                .clients
                .iter()
                .filter(|client| self.subnet_of(client.lan) == subnet && client.is_wanting())
                .filter(in_core)
                .collect();
            let free = self.free(subnet);
            for client in &in_want {
                let waited = self.t - client.since();
                if waited < SERVED_WITHIN || free.len() < in_want.len() {
                    continue;
                }
                let what = format!(
                    "client {} has been without an address since {} while {} of them, such as {}, \
                     are free",
                    client.id,
                    show(client.since()),
                    free.len(),
                    free.first().copied().unwrap_or(Ipv4Addr::UNSPECIFIED),
                );
                return Err(Broken::new(Invariant::ClientLiveness, what).client(client.id));
            }
        }
        Ok(())
    }

    /// The subnet that clients on a link get addresses of.
    fn subnet_of(&self, lan: u8) -> u8 {
        let relay = self.relays.iter().find(|relay| relay.lan == lan);
        relay.map_or(lan, RelaySpec::subnet)
    }

    fn free(&self, lan: u8) -> Vec<Ipv4Addr> {
        let secs = i64::try_from(FREE_FOR / SEC).unwrap_or(0);
        let then = self.wall.plus_secs(-secs);
        let lately = |addr: &Ipv4Addr| {
            let changed = self.changed.get(addr);
            changed.is_some_and(|at| at + FREE_FOR > self.t)
        };
        let taken: BTreeSet<Unit> = self
            .rows
            .iter()
            .filter(|row| !(row.is_reusable(then) && row.expires <= then))
            .map(|row| row.unit)
            .collect();
        self.config
            .subnets
            .iter()
            .filter(|subnet| crate::plan::is_of_link(subnet.prefix, lan))
            // Where there is a limit, free addresses may be for nobody.
            .filter(|subnet| subnet.limits.addresses.is_none())
            .flat_map(|subnet| &subnet.pools)
            // What is for some clients only is not counted on.
            .filter(|pool| pool.guards.is_empty())
            .flat_map(|pool| u32::from(pool.first)..=u32::from(pool.last))
            .map(Ipv4Addr::from)
            .filter(|addr| self.config.hosts.at(*addr).is_empty())
            .filter(|addr| !taken.contains(&Unit::V4(*addr)) && !lately(addr))
            .collect()
    }
}
