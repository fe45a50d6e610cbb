//! A `Config` in Kea's spelling, everything written out.

mod databases;
mod hooks;
mod logging;
mod naming;
mod options;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use lessor_types::{Hex, Secs, SubnetId};

use crate::UserContext;
use crate::json::{Map, Value};
use crate::model::{
    Class, Config, ControlSocket, Expired, InterfaceSpec, Membership, Noted, Outbound, Pool,
    Samples, SanityChecks, SocketType, Subnet,
};
use crate::{Host, Network, NetworkKey, OptionDef};

/// The tree that reads back as `config`. What subnets inherit stands in each of them,
/// but for options.
pub(crate) fn tree(config: &Config) -> Value {
    let interfaces: Value = config.interfaces.iter().map(interface).collect();
    let socket_type = match config.socket_type {
        SocketType::Raw => "raw",
        SocketType::Udp => "udp",
    };
    let outbound = match config.outbound {
        Outbound::SameAsInbound => "same-as-inbound",
        Outbound::UseRouting => "use-routing",
    };
    let mut subnets = subnets(config);
    let global = config.option_defs.as_slice();
    let classes: Value = config.classes.iter().map(|it| class(it, global)).collect();
    let dhcp4 = Map::default()
        .with_some("user-context", context(&config.context, [("lessor", logging::own(config))]))
        .with(
            "interfaces-config",
            Map::default()
                .with("interfaces", interfaces)
                .with("dhcp-socket-type", socket_type)
                .with("outbound-interface", outbound)
                .with("service-sockets-require-all", config.service_sockets.require_all)
                .with("service-sockets-max-retries", config.service_sockets.retries_max)
                .with("service-sockets-retry-wait-time", config.service_sockets.retry_wait)
                .with_some("user-context", noted(config, &Noted::Interfaces)),
        )
        .with(
            "lease-database",
            databases::lease_store(&config.lease_store)
                .with_some("user-context", noted(config, &Noted::LeaseDatabase)),
        )
        .with_some("multi-threading", only_noted(config, &Noted::MultiThreading))
        .with_some("dhcp-queue-control", only_noted(config, &Noted::QueueControl))
        .with(
            "control-sockets",
            config.control_sockets.iter().map(|it| control_socket(it, config)).collect::<Value>(),
        )
        .with("decline-probation-period", secs(config.decline_probation))
        .with("expired-leases-processing", expired(&config.expired))
        .with("sanity-checks", sanity(config.sanity))
        .with("parked-packet-limit", config.parked_max)
        .with("statistic-default-sample-count", samples(config.samples).0)
        .with("statistic-default-sample-age", samples(config.samples).1)
        .with("echo-client-id", config.echo_client_id)
        .with("compatibility", compatibility(config))
        .with("stash-agent-options", config.stash_agent_options)
        .with("dhcp-ddns", Map::default().with("enable-updates", config.ddns_updates))
        .with("server-tag", config.server_tag.as_str())
        .with("loggers", logging::loggers(config))
        .with("hooks-libraries", hooks::tree(&config.hooks))
        .with("option-def", options::defs(global))
        .with("option-data", options::data(&config.options, &[global]))
        .with("client-classes", classes)
        .with(
            "host-reservation-identifiers",
            config.host_lookup.identifiers.iter().map(|kind| kind.name()).collect::<Value>(),
        )
        .with("early-global-reservations-lookup", config.host_lookup.early_global)
        .with("ip-reservations-unique", config.host_lookup.unique_addrs)
        .with("reservations", hosts(config, None))
        .with("shared-networks", networks(config, &mut subnets))
        .with("subnet4", taken(&mut subnets, None));
    let dhcp4 = naming::write(dhcp4, &config.naming);
    Map::default().with("Dhcp4", dhcp4).into()
}

const fn secs(length: Secs) -> u32 {
    length.0
}

fn share(ppm: u32) -> f64 {
    f64::from(ppm) / 1e6
}

fn addr(addr: Ipv4Addr) -> Value {
    addr.to_string().into()
}

fn interface(spec: &InterfaceSpec) -> String {
    match spec {
        InterfaceSpec::Any => "*".to_owned(),
        InterfaceSpec::Named(name) => name.clone(),
        InterfaceSpec::NamedAddr(name, addr) => format!("{name}/{addr}"),
    }
}

fn control_socket(socket: &ControlSocket, config: &Config) -> Map {
    let ControlSocket::Unix { path } = socket;
    let context = noted(config, &Noted::ControlSocket(path.clone()));
    Map::default()
        .with("socket-type", "unix")
        .with("socket-name", path.as_str())
        .with_some("user-context", context)
}

fn expired(expired: &Expired) -> Map {
    Map::default()
        .with("reclaim-timer-wait-time", secs(expired.reclaim_wait))
        .with("flush-reclaimed-timer-wait-time", secs(expired.flush_wait))
        .with("hold-reclaimed-time", secs(expired.hold_reclaimed))
        .with("max-reclaim-leases", expired.max_reclaim_leases)
        .with("max-reclaim-time", expired.max_reclaim_time_ms)
        .with("unwarned-reclaim-cycles", expired.unwarned_cycles)
}

fn sanity(checks: SanityChecks) -> Map {
    Map::default()
        .with("lease-checks", checks.lease.word())
        .with("extended-info-checks", checks.extended_info.word())
}

/// The number and the age; what does not count is zero.
const fn samples(samples: Samples) -> (u32, u32) {
    match samples {
        Samples::Count(count) => (count, 0),
        Samples::Age(age) => (0, age.0),
    }
}

fn compatibility(config: &Config) -> Map {
    let switches = config.compatibility;
    Map::default()
        .with("lenient-option-parsing", switches.lenient_options)
        .with("ignore-dhcp-server-identifier", switches.ignore_server_id)
        .with("ignore-rai-link-selection", switches.ignore_rai_link_selection)
        .with("exclude-first-last-24", config.exclude_first_last_24)
}

fn class(class: &Class, global: &[OptionDef]) -> Map {
    let (test, template) = match &class.membership {
        Membership::Given => (None, None),
        Membership::Test(test) => (Some(test), None),
        Membership::Template(template) => (None, Some(template)),
    };
    let lifetime = class.lifetime;
    Map::default()
        .with("name", class.name.as_str())
        .with_some("test", test.map(ToString::to_string))
        .with_some("template-test", template.map(ToString::to_string))
        .with("only-in-additional-list", class.only_additional)
        .with_some("valid-lifetime", lifetime.map(|it| secs(it.default)))
        .with_some("min-valid-lifetime", lifetime.map(|it| secs(it.min)))
        .with_some("max-valid-lifetime", lifetime.map(|it| secs(it.max)))
        .with_some("offer-lifetime", class.offer_lifetime.map(secs))
        .with_some("next-server", class.next_server.map(addr))
        .with_some("server-hostname", class.server_hostname.as_deref())
        .with_some("boot-file-name", class.boot_file_name.as_deref())
        .with("option-def", options::defs(&class.option_defs))
        .with("option-data", options::data(&class.options, &[&class.option_defs, global]))
        .with_some(
            "user-context",
            context(&class.context, [("limits", hooks::limits(&class.limits))]),
        )
}

/// A user context: what was noted, and what the server reads there.
fn context<const N: usize>(noted: &UserContext, settings: [(&str, Option<Map>); N]) -> Option<Map> {
    let noted = noted.members().clone();
    let map = settings.into_iter().fold(noted, |map, (key, value)| map.with_some(key, value));
    (map != Map::default()).then_some(map)
}

/// What was noted about a part that is not kept by itself.
fn noted(config: &Config, part: &Noted) -> Option<Map> {
    context(config.contexts.get(part)?, [])
}

/// A part of which nothing is kept but what was noted about it.
fn only_noted(config: &Config, part: &Noted) -> Option<Map> {
    Some(Map::default().with("user-context", noted(config, part)?))
}

fn names(names: &[String]) -> Value {
    names.iter().map(String::as_str).collect()
}

fn networks(config: &Config, subnets: &mut Grouped) -> Value {
    let network = |(network, key): (&Network, usize)| {
        Map::default()
            .with("name", network.name.as_str())
            .with("option-data", options::data(&network.options, &[&config.option_defs]))
            .with("client-classes", names(&network.guards))
            .with("evaluate-additional-classes", names(&network.additional))
            .with_some("user-context", context(&network.context, []))
            .with("subnet4", taken(subnets, Some(NetworkKey(key))))
    };
    config.networks.iter().zip(0..).map(network).collect()
}

/// Subnets by their shared network, which may be none.
type Grouped = BTreeMap<Option<NetworkKey>, Vec<Map>>;

fn subnets(config: &Config) -> Grouped {
    let mut grouped = Grouped::new();
    for it in &config.subnets {
        let map = subnet(it, config).with("reservations", hosts(config, Some(it.id)));
        grouped.entry(it.network).or_default().push(map);
    }
    grouped
}

fn taken(subnets: &mut Grouped, network: Option<NetworkKey>) -> Value {
    subnets.remove(&network).into_iter().flatten().collect()
}

/// The reservations of a subnet, or the global ones.
fn hosts(config: &Config, subnet: Option<SubnetId>) -> Value {
    config.hosts.within(subnet).map(|it| host(it, &config.option_defs)).collect()
}

fn host(host: &Host, global: &[OptionDef]) -> Map {
    let identifier = &host.identifier;
    Map::default()
        .with(identifier.kind.name(), Hex(identifier.octets()).to_string())
        .with_some("ip-address", host.addr.map(addr))
        .with_some("hostname", host.hostname.as_deref())
        .with("client-classes", names(&host.classes))
        .with_some("next-server", host.next_server.map(addr))
        .with_some("server-hostname", host.server_hostname.as_deref())
        .with_some("boot-file-name", host.boot_file_name.as_deref())
        .with("option-data", options::data(&host.options, &[global]))
        .with_some("user-context", context(&host.context, []))
}

fn subnet(subnet: &Subnet, config: &Config) -> Map {
    let global = config.option_defs.as_slice();
    let ping_check = hooks::ping_check_here(&config.hooks, subnet.ping_check.as_ref());
    let settings = [("limits", hooks::limits(&subnet.limits)), ("ping-check", ping_check)];
    let relays: Value = subnet.relays.iter().copied().map(addr).collect();
    let map = Map::default()
        .with("id", subnet.id.0)
        .with("subnet", subnet.prefix.to_string())
        .with("pools", subnet.pools.iter().map(|it| pool(it, subnet, global)).collect::<Value>())
        .with("relay", Map::default().with("ip-addresses", relays))
        .with_some("interface", subnet.interface.as_deref())
        .with("valid-lifetime", secs(subnet.lifetime.default))
        .with("min-valid-lifetime", secs(subnet.lifetime.min))
        .with("max-valid-lifetime", secs(subnet.lifetime.max))
        .with("offer-lifetime", secs(subnet.offer_lifetime))
        .with("allocator", subnet.allocator.word())
        .with("adaptive-lease-time-threshold", share(subnet.adaptive_threshold_ppm))
        .with_some("renew-timer", subnet.tee.renew.map(secs))
        .with_some("rebind-timer", subnet.tee.rebind.map(secs))
        .with("calculate-tee-times", subnet.tee.calculate)
        .with("t1-percent", share(subnet.tee.t1_ppm))
        .with("t2-percent", share(subnet.tee.t2_ppm))
        .with("authoritative", subnet.authoritative)
        .with("match-client-id", subnet.match_client_id)
        .with("rapid-commit", subnet.rapid_commit)
        .with("reservations-global", subnet.host_scopes.global)
        .with("reservations-in-subnet", subnet.host_scopes.in_subnet)
        .with("reservations-out-of-pool", subnet.host_scopes.out_of_pool)
        .with("cache-threshold", share(subnet.cache_threshold_ppm))
        .with_some("cache-max-age", subnet.cache_max_age.map(secs))
        .with("store-extended-info", subnet.store_extended_info)
        .with("next-server", addr(subnet.next_server))
        .with("server-hostname", subnet.server_hostname.as_str())
        .with("boot-file-name", subnet.boot_file_name.as_str())
        .with("option-data", options::data(&subnet.options, &[global]))
        .with("client-classes", names(&subnet.guards))
        .with("evaluate-additional-classes", names(&subnet.additional))
        .with_some("user-context", context(&subnet.context, settings));
    naming::write(map, &subnet.naming)
}

fn pool(pool: &Pool, subnet: &Subnet, global: &[OptionDef]) -> Map {
    let map = Map::default()
        .with("pool", format!("{} - {}", pool.first, pool.last))
        .with("pool-id", pool.id.0)
        .with("option-data", options::data(&pool.options, &[global]))
        .with("client-classes", names(&pool.guards))
        .with("evaluate-additional-classes", names(&pool.additional))
        .with_some("user-context", context(&pool.context, []));
    if pool.naming == subnet.naming { map } else { naming::write(map, &pool.naming) }
}
