//! Where addresses come from: pools and whom they are for (I9), offers (V4-036) and declined
//! addresses (V4-067).

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_config::{Config, Subnet};
use lessor_lease::{Lease, State};
use lessor_types::{Holder, HwAddr, Wall};
use lessor_wire::v4::{Message, RelayAgent, code};

use super::{Broken, Invariant, Verdict};
use crate::plan;
use crate::time::{MS, Ns, SEC, show};

/// How long an offer is kept for its client.
const OFFER_HOLD: Ns = 30 * SEC;

/// The link that an answer is for: the relay's, else the one that the client's address is of, else
/// the servers' own.
pub(crate) fn link_of(config: &Config, answer: &Message) -> u8 {
    if !answer.giaddr.is_unspecified() {
        answer.giaddr.octets()[1]
    } else if config.subnets.iter().any(|subnet| subnet.prefix.contains(answer.ciaddr)) {
        answer.ciaddr.octets()[1]
    } else {
        0
    }
}

/// I9: an address that is given or offered lies in a pool of the subnet of the client's link.
pub(crate) fn in_pool(config: &Config, lan: u8, addr: Ipv4Addr) -> Verdict {
    let found = config.pool_of(addr);
    let mut reserved = config.hosts.at(addr).iter().filter_map(|host| config.subnet(host.subnet?));
    if reserved.any(|subnet| plan::is_of_link(subnet.prefix, lan)) {
        return Ok(());
    }
    if found.is_some_and(|(subnet, _)| plan::is_of_link(subnet.prefix, lan)) {
        return Ok(());
    }
    let what = match found {
        None => format!("{addr} is in no pool of the configuration in effect"),
        Some((subnet, _)) => format!("{addr} of subnet {} is not for link {lan}", subnet.id),
    };
    Err(Broken::new(Invariant::Conformance, what).addr(addr))
}

/// I9: an address that is given or offered is not reserved for somebody else, nor in a pool that is
/// for others.
pub(crate) fn is_for(config: &Config, who: &HwAddr, addr: Ipv4Addr) -> Verdict {
    let mut reserved = config.hosts.at(addr).iter().peekable();
    let what = if reserved.peek().is_some() {
        if reserved.any(|host| host.identifier.octets() == who.octets()) {
            return Ok(());
        }
        format!("{addr} is reserved, and not for {who}")
    } else {
        let guarded = config.pool_of(addr).is_some_and(|(_, pool)| !pool.guards.is_empty());
        if !guarded || plan::is_odd(who) {
            return Ok(());
        }
        format!("the pool of {addr} is not for {who}")
    };
    Err(Broken::new(Invariant::Conformance, what).addr(addr))
}

/// I9: nobody in the class that is not served gets an answer.
pub(crate) fn serves(config: &Config, who: &HwAddr) -> Verdict {
    if plan::is_dropped(config, who) {
        let what = format!("{who} is in the class that nobody serves, and gets an answer");
        return Err(Broken::new(Invariant::Conformance, what));
    }
    Ok(())
}

/// I9: an answer carries what its relay said of the client, as the relay said it.
pub(crate) fn echoes(said: Option<&RelayAgent<'_>>, answer: &Message) -> Verdict {
    let told = answer.options.get(code::RELAY_AGENT);
    if told == said.map(RelayAgent::octets) {
        return Ok(());
    }
    let what = format!("a relay said {said:?} of a client and is told {told:02x?}");
    Err(Broken::new(Invariant::Conformance, what))
}

/// A subnet has no more leases than it may, of which `rows` are all.
pub(crate) fn in_limit<'a>(
    subnet: &Subnet,
    wall: Wall,
    rows: impl Iterator<Item = &'a Arc<Lease>>,
) -> Verdict {
    let Some(limit) = subnet.limits.addresses else {
        return Ok(());
    };
    let is_held = |row: &&Arc<Lease>| {
        row.subnet == subnet.id && row.state == State::Assigned && !row.is_reusable(wall)
    };
    let held = rows.filter(is_held).count();
    if held as u64 <= u64::from(limit) {
        return Ok(());
    }
    let what = format!("subnet {} has {held} leases and may have {limit}", subnet.id);
    Err(Broken::new(Invariant::Limits, what))
}

/// Offers that stand, by server.
#[derive(Debug, Default)]
pub(crate) struct Offers {
    standing: BTreeMap<(u8, Ipv4Addr), (Holder, Ns)>,
    /// When clients last sent something else than a DISCOVER.
    asked: BTreeMap<(u8, Holder), Ns>,
}

impl Offers {
    /// V4-036: a server offers an address, asked by a DISCOVER that arrived at `heard`.
    pub(crate) fn offered(
        &mut self,
        t: Ns,
        server: u8,
        who: &Holder,
        addr: Ipv4Addr,
        heard: Ns,
    ) -> Verdict {
        let before = self.standing.get(&(server, addr)).cloned();
        // A client has one offer at a time, and none if it went on while this one was decided.
        self.settled(server, who);
        let asked = self.asked.get(&(server, who.clone()));
        if asked.is_none_or(|asked| *asked < heard) {
            self.standing.insert((server, addr), (who.clone(), heard));
        }
        match before {
            Some((other, at))
                if !other.same_client(who)
                    && !plan::is_passing(&other.hw)
                    && t + 10 * MS < at + OFFER_HOLD =>
            {
                let what = format!(
                    "server {server} offers {addr} to {who}, and offered it to {other} at {}",
                    show(at)
                );
                Err(Broken::new(Invariant::OfferHeld, what).addr(addr))
            }
            _ => Ok(()),
        }
    }

    /// A client sends something else than a DISCOVER.
    pub(crate) fn asked(&mut self, t: Ns, server: u8, who: &Holder) {
        self.settled(server, who);
        self.asked.insert((server, who.clone()), t);
    }

    /// A client asks anew from a link: it needs nothing that it was offered on another one.
    pub(crate) fn sought(&mut self, server: u8, who: &Holder, link: u8) {
        self.standing.retain(|(at, addr), (holder, _)| {
            *at != server || addr.octets()[1] == link || !holder.same_client(who)
        });
    }

    /// A client has taken, refused or given up what it was offered.
    pub(crate) fn settled(&mut self, server: u8, who: &Holder) {
        self.standing.retain(|(at, _), (holder, _)| *at != server || !holder.same_client(who));
    }

    /// A server has forgotten its offers.
    pub(crate) fn restarted(&mut self, server: u8) {
        self.standing.retain(|(at, _), _| *at != server);
    }
}

/// Addresses on probation.
#[derive(Debug, Default)]
pub(crate) struct Declined {
    /// When each was declined, and until when it is left alone.
    until: BTreeMap<Ipv4Addr, (Ns, Ns)>,
}

impl Declined {
    /// An address is on probation for `local` nanoseconds of its server's clock.
    pub(crate) fn declined(&mut self, t: Ns, addr: Ipv4Addr, local: Ns) {
        // Clocks may be fast, and those of two servers differ.
        let until = t + local.saturating_sub(local / 5000 + SEC);
        self.until.insert(addr, (t, until));
    }

    /// V4-067: an address is given, to a request that arrived at `heard`. (An answer may cross with
    /// a decline that another server has taken.) Returns whether it was declined once.
    pub(crate) fn given(&mut self, t: Ns, addr: Ipv4Addr, heard: Ns) -> Result<bool, Broken> {
        match self.until.get(&addr) {
            None => Ok(false),
            Some((at, _)) if heard < *at => Ok(false),
            Some((_, until)) if *until > t => {
                let what =
                    format!("{addr} is given while it is on probation until {}", show(*until));
                Err(Broken::new(Invariant::DeclinedKept, what).addr(addr))
            }
            Some(_) => {
                self.until.remove(&addr);
                Ok(true)
            }
        }
    }
}
