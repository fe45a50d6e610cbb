//! The addresses of the world, and its configurations as text.

use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_config::{Config, Prefix4};
use lessor_policy::Topology as Indexes;
use lessor_types::{HwAddr, Link, LinkId, Links};
use lessor_wire::v4::RelayAgent;
use lessor_wire::v4::code::relay::{CIRCUIT_ID, REMOTE_ID};
use serde_json::{Value, json};

use crate::client::message::hw;
use crate::schedule::{Flaw, RelaySpec};

/// The relay's address on the second link, which is the `giaddr` of what it passes on.
pub(crate) const RELAY: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 1);
/// The interface that all servers have.
pub(crate) const LINK: LinkId = LinkId(2);
/// The last octet of the first address of the pools.
pub(crate) const POOL_FIRST: u8 = 100;

/// How long the longest lease or probation of some configurations is, in seconds.
pub(crate) fn longest(configs: &[Arc<Indexes>]) -> u32 {
    let lengths = |indexes: &Arc<Indexes>| {
        let config = indexes.config();
        let lifetimes = config.subnets.iter().map(|subnet| subnet.lifetime.max.0);
        lifetimes.chain([config.decline_probation.0]).max()
    };
    configs.iter().filter_map(lengths).max().unwrap_or(0)
}

/// A configuration of a schedule.
///
/// # Errors
/// All that is wrong with it.
pub(crate) fn read_config(text: &str) -> Result<Arc<Indexes>, String> {
    match Config::parse(text, "simulated.json") {
        Ok((config, _)) => Ok(Arc::new(Indexes::new(Arc::new(config)))),
        Err(diagnostics) => Err(format!("{diagnostics}")),
    }
}

/// Whether a subnet's addresses are for clients of a link.
pub(crate) fn is_of_link(prefix: Prefix4, lan: u8) -> bool {
    let [_, link, ..] = prefix.addr().octets();
    link == lan
}

/// The last octet of the first address of a link's second subnet, where a link has two.
pub(crate) const SECOND: u8 = 128;

/// An address of a link.
pub(crate) const fn addr(lan: u8, last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, lan, 0, last)
}

/// The address of a server.
pub(crate) const fn server(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, 2 + number)
}

/// The server with this address.
pub(crate) fn server_at(addr: Ipv4Addr, count: usize) -> Option<u8> {
    (0_u8..).take(count).find(|number| server(*number) == addr)
}

/// The port of the relay that floods come from.
pub(crate) const STORMY_PORT: &[u8] = b"storm";

/// What a relay says of a client: its port, and perhaps the relay's own name (RFC 3046).
pub(crate) fn agent(relay: RelaySpec, client: u16) -> Option<RelayAgent<'static>> {
    let port = client.to_be_bytes();
    let name = relay.addr.octets();
    let subs: [(u8, &[u8]); 2] = [(CIRCUIT_ID, &port), (REMOTE_ID, &name)];
    let count = if relay.remote_id { 2 } else { 1 };
    RelayAgent::from_subs(subs.get(..count)?).ok()
}

/// The link-layer address of a client that nobody ever hears of again.
pub(crate) fn passing(id: u32, number: u8) -> HwAddr {
    let [a, b, c, d] = id.to_be_bytes();
    HwAddr::ethernet([a | 2, b, c, d, PASSING, number])
}

/// Whether a client is [`passing`]. What it was offered may be given to others where it holds so
/// much more than they do.
pub(crate) fn is_passing(who: &HwAddr) -> bool {
    matches!(who.octets(), [.., PASSING, _])
}

const PASSING: u8 = 0xee;

/// The interfaces of a server.
pub(crate) fn links(number: u8) -> Links {
    Links(vec![Link { id: LINK, name: "eth0".into(), addrs: vec![(server(number), 24)] }])
}

/// An interface of a server's machine that it does not serve.
pub(crate) const UNSERVED: LinkId = LinkId(9);

/// The class that nobody serves.
const DROP: &str = "DROP";

/// The first octets of the link-layer addresses that strangers forge.
const STRANGE: [u8; 3] = [6, 6, 6];

/// Whether a configuration, of those made here, serves nothing to a link-layer address.
pub(crate) fn is_dropped(config: &Config, who: &HwAddr) -> bool {
    who.octets().starts_with(&STRANGE) && config.classes.iter().any(|class| class.name == DROP)
}

/// The class of [`is_odd`] clients.
pub(crate) const ODD: &str = "odd";

/// Whether a client is in the class [`ODD`], by what the class means.
pub(crate) fn is_odd(who: &HwAddr) -> bool {
    who.octets().last().is_some_and(|octet| octet % 2 == 1)
}

/// The class's test: the last digit of the link-layer address.
fn odd_test() -> String {
    let octet = "hexstring(substring(pkt4.mac, -1, 1), '')";
    let is = |digit| format!("substring({octet}, -1, 1) == '{digit}'");
    ['1', '3', '5', '7', '9', 'b', 'd', 'f'].map(is).join(" or ")
}

/// What a configuration says.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Minimum, default and maximum lifetime, in seconds.
    pub(crate) lifetime: [u32; 3],
    /// Whether T1 and T2 are sent.
    pub(crate) tee: bool,
    /// The pools: link, last octets of the first and the last address, and whether it is for
    /// [`is_odd`] clients alone.
    pub(crate) pools: Vec<(u8, u8, u8, bool)>,
    /// What is reserved: link, the client's number, the last octet of its address.
    pub(crate) reserved: Vec<(u8, u32, u8)>,
    /// The share of a lifetime, in percent, within which a renewal is not written.
    pub(crate) cache_percent: u32,
    /// How free addresses are chosen, in Kea's word.
    pub(crate) allocator: &'static str,
    /// How long an offer is stored, in seconds; 0: not at all.
    pub(crate) offer_lifetime: u32,
    /// From above which share of the pools in use on leases are short, in percent.
    pub(crate) adaptive_percent: u32,
    pub(crate) authoritative: bool,
    /// The pause between rounds of reclaiming, in seconds.
    pub(crate) reclaim_wait: u32,
    pub(crate) hold_reclaimed: u32,
    pub(crate) probation: u32,
    pub(crate) parked_max: u32,
    /// How long the answer to a probe is waited for, in milliseconds, and how many times; none:
    /// addresses are not probed.
    pub(crate) ping: Option<(u32, u32)>,
    /// How many leases each subnet may have.
    pub(crate) limit: Option<u32>,
    /// How many packets a second each subnet may send, where it is not limited otherwise.
    pub(crate) rate: Option<u32>,
    /// Whether strangers are in the class that nobody serves.
    pub(crate) drops: bool,
    /// Whether each link has two subnets in a shared network, rather than one.
    pub(crate) shared: bool,
    /// How many links have subnets of their own.
    pub(crate) links: u8,
}

/// The number of a link's first, or only, subnet.
const fn first_of(lan: u8) -> u32 {
    if lan < 2 { lan as u32 + 1 } else { lan as u32 * 2 + 1 }
}

/// The number of a link's second subnet, where it has two.
pub(crate) const fn second_of(lan: u8) -> u32 {
    first_of(lan) + if lan < 2 { 2 } else { 1 }
}

impl Settings {
    /// As Kea's JSON.
    pub(crate) fn to_json(&self) -> String {
        let [min, default, max] = self.lifetime;
        // The addresses of a link whose last octets are in a range, as a subnet.
        let subnet = |lan: u8, id: u32, (low, high): (u8, u8), length: u8| {
            let pools: Vec<_> = self
                .pools
                .iter()
                .filter(|(on, first, last, _)| *on == lan && *first <= high && *last >= low)
                .map(|(_, first, last, odd)| {
                    let (first, last) = (addr(lan, low.max(*first)), addr(lan, high.min(*last)));
                    let guards: &[&str] = if *odd { &[ODD] } else { &[] };
                    json!({ "pool": format!("{first} - {last}"), "client-classes": guards })
                })
                .collect();
            let reservations: Vec<_> = self
                .reserved
                .iter()
                .filter(|(on, _, last)| *on == lan && (low..=high).contains(last))
                .map(|(_, number, last)| {
                    let client = hw(*number).to_string();
                    json!({ "hw-address": client, "ip-address": addr(lan, *last) })
                })
                .collect();
            let rate = self.rate.map(|rate| format!("{rate} packets per second"));
            let context = match (self.limit, rate) {
                (Some(limit), _) => json!({ "limits": { "address-limit": limit } }),
                (None, Some(rate)) => json!({ "limits": { "rate-limit": rate } }),
                (None, None) => json!({}),
            };
            json!({
                "id": id,
                "subnet": format!("{}/{length}", addr(lan, low)),
                "pools": pools,
                "reservations": reservations,
                "user-context": context,
            })
        };
        let network = |lan: u8| {
            json!({
                "name": format!("link {lan}"),
                "subnet4": [
                    subnet(lan, first_of(lan), (0, SECOND - 1), 25),
                    subnet(lan, second_of(lan), (SECOND, u8::MAX), 25),
                ],
            })
        };
        let whole = |lan: u8| subnet(lan, first_of(lan), (0, u8::MAX), 24);
        let (networks, subnets): (Vec<_>, Vec<_>) = if self.shared {
            ((0..self.links).map(network).collect(), Vec::new())
        } else {
            (Vec::new(), (0..self.links).map(whole).collect())
        };
        let ping = self.ping.map(|(timeout, requests)| {
            json!({
                "library": "libdhcp_ping_check.so",
                "parameters": { "reply-timeout": timeout, "min-ping-requests": requests },
            })
        });
        let is_limited = self.limit.is_some() || self.rate.is_some();
        let limits = is_limited.then(|| json!({ "library": "libdhcp_limits.so" }));
        let libraries: Vec<_> = ping.into_iter().chain(limits).collect();
        // A class that no pool is for would only be evaluated.
        let is_used = self.pools.iter().any(|(.., odd)| *odd);
        let classes = is_used.then(|| json!({ "name": ODD, "test": odd_test() })).into_iter();
        let dropped = self
            .drops
            .then(|| json!({ "name": DROP, "test": "substring(pkt4.mac, 0, 3) == 0x060606" }));
        let classes: Vec<_> = classes.chain(dropped).collect();
        json!({ "Dhcp4": {
            "interfaces-config": { "interfaces": ["eth0"] },
            "valid-lifetime": default,
            "min-valid-lifetime": min,
            "max-valid-lifetime": max,
            "calculate-tee-times": self.tee,
            "cache-threshold": f64::from(self.cache_percent) / 100.0,
            "allocator": self.allocator,
            "offer-lifetime": self.offer_lifetime,
            "adaptive-lease-time-threshold": f64::from(self.adaptive_percent) / 100.0,
            "authoritative": self.authoritative,
            "decline-probation-period": self.probation,
            "parked-packet-limit": self.parked_max,
            "expired-leases-processing": {
                "reclaim-timer-wait-time": self.reclaim_wait,
                "hold-reclaimed-time": self.hold_reclaimed,
            },
            "client-classes": classes,
            "hooks-libraries": libraries,
            "shared-networks": networks,
            "subnet4": subnets,
        }})
        .to_string()
    }
}

/// A lawful configuration with a flaw.
pub(crate) fn flawed(text: &str, flaw: Flaw) -> String {
    let mut config: Value = serde_json::from_str(text).unwrap_or_default();
    let Some(dhcp) = config.get_mut("Dhcp4").and_then(Value::as_object_mut) else {
        return String::new();
    };
    let mut add = |subnet: Value| {
        if let Some(subnets) = dhcp.get_mut("subnet4").and_then(Value::as_array_mut) {
            subnets.push(subnet);
        }
    };
    match flaw {
        Flaw::CutOff => {
            let most = text.len() * 2 / 3;
            return text.chars().take(most).collect();
        }
        Flaw::PoolOutside => add(json!({
            "id": 70,
            "subnet": "10.70.0.0/24",
            "pools": [{ "pool": "10.71.0.1 - 10.71.0.9" }],
        })),
        Flaw::SubnetsOverlap => add(json!({ "id": 70, "subnet": "10.0.0.192/26" })),
        Flaw::SameNumber => add(json!({ "id": 1, "subnet": "10.70.0.0/24" })),
        Flaw::LifetimesCrossed => {
            dhcp.insert("min-valid-lifetime".to_owned(), json!(9000));
            dhcp.insert("max-valid-lifetime".to_owned(), json!(60));
        }
    }
    config.to_string()
}

#[cfg(test)]
mod tests {
    use lessor_config::Config;

    use super::*;
    use crate::swarm::{Wish, draw_schedule};

    #[test]
    fn flaws_make_lawful_configurations_unlawful() {
        for seed in 1..20 {
            for text in draw_schedule(seed, Wish::default()).configs {
                assert!(Config::parse(&text, "lawful.json").is_ok(), "{text}");
                for flaw in Flaw::ALL {
                    let flawed = flawed(&text, flaw);
                    assert!(Config::parse(&flawed, "flawed.json").is_err(), "{flaw:?}: {flawed}");
                }
            }
        }
    }
}
