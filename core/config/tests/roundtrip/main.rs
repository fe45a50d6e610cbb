//! A configuration that is written out and read again is the same.

mod broken;
mod libraries;
mod options;
mod stores;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use lessor_config::json::{Map, Node, Value};
use lessor_config::{
    Allocator, CharSet, Class, Compatibility, Config, ControlSocket, Expired, Host, HostLookup,
    HostScopes, Hosts, InfoCheck, InterfaceSpec, LeaseCheck, Lifetime, Limits, LogDestination,
    LogOutput, LogPattern, Logger, Membership, Metrics, Naming, Network, NetworkKey, Noted,
    Outbound, Pool, Prefix4, Replace, Samples, SanityChecks, ServiceSockets, Severity, SocketType,
    Subnet, Tee, UserContext,
};
use lessor_expression::Expression;
use lessor_types::{Identifier, IdentifierKind, PoolId, Secs, SubnetId};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;

use libraries::{libraries, limits, ping_check};
use options::{option_defs, options};
use stores::lease_store;

fn secs() -> impl Strategy<Value = Secs> {
    prop_oneof![Just(Secs::INFINITE), (1_u32..100_000).prop_map(Secs)]
}

fn addr() -> impl Strategy<Value = Ipv4Addr> {
    any::<u32>().prop_map(Ipv4Addr::from_bits)
}

fn allocator() -> impl Strategy<Value = Allocator> {
    proptest::sample::select(&Allocator::WORDS[..]).prop_map(|(_, it)| it)
}

fn sanity() -> impl Strategy<Value = SanityChecks> {
    let lease = proptest::sample::select(&LeaseCheck::WORDS[..]).prop_map(|(_, it)| it);
    let info = proptest::sample::select(&InfoCheck::WORDS[..]).prop_map(|(_, it)| it);
    (lease, info).prop_map(|(lease, extended_info)| SanityChecks { lease, extended_info })
}

fn lifetime() -> impl Strategy<Value = Lifetime> {
    [secs(), secs(), secs()].prop_map(|mut lengths| {
        lengths.sort_unstable();
        let [min, default, max] = lengths;
        Lifetime { default, min, max }
    })
}

fn tee() -> impl Strategy<Value = Tee> {
    let share = 0_u32..=1_000_000;
    let timer = || option::of(any::<u32>().prop_map(Secs));
    (timer(), timer(), any::<bool>(), share.clone(), share).prop_map(
        |(renew, rebind, calculate, a, b)| Tee {
            renew,
            rebind,
            calculate: calculate && a != b,
            t1_ppm: a.min(b),
            t2_ppm: a.max(b),
        },
    )
}

/// Names of classes, defined or not, each once.
fn names() -> impl Strategy<Value = Vec<String>> {
    let some = vec!["class-0", "class-7", "ALL", "VENDOR_CLASS_docsis3.0", "\"\\é"];
    proptest::sample::subsequence(some, 0..=3)
        .prop_map(|names| names.into_iter().map(str::to_owned).collect())
}

/// Who is in the `at`th class.
fn membership(at: usize, kind: u8) -> Membership {
    let test = |text: &str| Membership::Test(Expression::parse_bool(text).expect("a test"));
    let before = at.checked_sub(1).map_or_else(|| "ALL".to_owned(), |at| format!("class-{at}"));
    match kind {
        0 => Membership::Given,
        1 => test(&format!("member('{before}') or known")),
        2 => test(r#"option[60].text == '"\' and not (pkt4.mac == 0x010203)"#),
        _ => Membership::Template(
            Expression::parse_string("substring(option[61].hex, 0, 3) + pkt.iface")
                .expect("a value"),
        ),
    }
}

/// A configuration without what the libraries that it lacks would give it.
fn without_the_rest(mut config: Config) -> Config {
    let limits = config.hooks.limits();
    let ping_check = config.hooks.ping_check().is_some();
    for subnet in &mut config.subnets {
        subnet.limits = if limits { subnet.limits } else { Limits::NONE };
        subnet.ping_check = subnet.ping_check.filter(|it| ping_check && it.enabled);
    }
    for class in &mut config.classes {
        class.limits = if limits { class.limits } else { Limits::NONE };
    }
    config
}

/// What somebody noted.
fn context() -> impl Strategy<Value = UserContext> {
    let leaf = prop_oneof![
        Just(Value::from(Node::Null)),
        any::<bool>().prop_map(Value::from),
        any::<u32>().prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
        Just(Value::from(0.25)),
    ];
    let list = vec(leaf.clone(), 0..3).prop_map(Value::from_iter);
    btree_map("(comment|[a-c]|é)", prop_oneof![leaf, list], 0..3).prop_map(|members| {
        let map = members.iter().fold(Map::default(), |map, (key, value)| {
            let nested = Map::default().with(key, value.clone());
            // A comment is a text wherever it is written.
            let value: Value = if key == "comment" { "noted".into() } else { nested.into() };
            map.with(key, value)
        });
        UserContext::new(map)
    })
}

/// A configuration with notes everywhere.
fn annotated() -> impl Strategy<Value = Config> {
    (config(), vec(context(), 1..9)).prop_map(|(mut config, contexts)| {
        let mut contexts = contexts.into_iter().cycle();
        let mut next = || contexts.next().unwrap_or_default();
        config.context = next();
        config.classes.iter_mut().for_each(|class| class.context = next());
        for subnet in &mut config.subnets {
            subnet.context = next();
            subnet.pools.iter_mut().for_each(|pool| pool.context = next());
        }
        let socket = |socket: &ControlSocket| match socket {
            ControlSocket::Unix { path } => Noted::ControlSocket(path.clone()),
            other => panic!("{other:?} is not generated"),
        };
        let mut parts: Vec<Noted> = config.control_sockets.iter().map(socket).collect();
        parts.extend([Noted::Interfaces, Noted::LeaseDatabase]);
        parts.extend([Noted::MultiThreading, Noted::QueueControl]);
        let contexts = parts.into_iter().map(|part| (part, next()));
        config.contexts = contexts.filter(|(_, context)| !context.is_empty()).collect();
        config
    })
}

/// Up to three classes.
fn classes() -> impl Strategy<Value = Vec<Class>> {
    let boot = || option::of("\\PC{1,12}");
    let some = |addr: &Ipv4Addr| !addr.is_unspecified();
    let server = option::of(addr().prop_filter("none", some));
    let class = (
        (0_u8..4, any::<bool>(), option::of(secs())),
        option::of(lifetime()),
        (server, boot(), boot()),
        (options(), limits(), option_defs()),
    );
    vec(class, 0..4).prop_map(|classes| {
        let class = |(at, (who, lifetime, boot, rest)): (usize, ((u8, bool, _), _, _, _))| {
            let (options, limits, option_defs) = rest;
            let (next_server, server_hostname, boot_file_name): (_, _, _) = boot;
            Class {
                only_additional: who.1,
                lifetime,
                offer_lifetime: who.2,
                next_server,
                server_hostname,
                boot_file_name,
                options,
                option_defs,
                limits,
                ..Class::new(format!("class-{at}"), membership(at, who.0))
            }
        };
        classes.into_iter().enumerate().map(class).collect()
    })
}

/// The `at`th subnet, in a /16 of its own, with up to three pools.
fn subnet(at: u8) -> impl Strategy<Value = Subnet> {
    let pool = (0_u32..60, any::<u32>(), options(), (names(), names(), naming()));
    let own = (
        vec(pool, 0..3),
        btree_set(addr(), 0..3),
        option::of("[a-z]{1,8}"),
        (lifetime(), tee(), any::<u32>().prop_map(Secs), allocator(), 0_u32..=1_000_000),
        (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()),
        (0_u32..1_000_000, option::of(any::<u32>().prop_map(Secs))),
        (addr(), "\\PC{0,12}", "\\PC{0,12}"),
        (options(), names(), names(), naming()),
        (option::of(ping_check()), limits()),
    );
    own.prop_map(move |(pools, relays, interface, timing, flags, cache, boot, rest, hooks)| {
        let prefix = Prefix4::holding(Ipv4Addr::new(10, at, 0, 0), 16).expect("a length");
        let base = prefix.addr().to_bits();
        let pools = pools.into_iter().zip(0_u32..).map(|((size, id, own, names), place)| {
            let first = base + 64 * place;
            Pool {
                first: first.into(),
                last: (first + size).into(),
                id: PoolId(id),
                options: own,
                guards: names.0,
                additional: names.1,
                context: UserContext::NONE,
                naming: names.2,
            }
        });
        Subnet {
            pools: pools.collect(),
            relays: relays.into_iter().collect(),
            interface,
            lifetime: timing.0,
            tee: timing.1,
            offer_lifetime: timing.2,
            allocator: timing.3,
            adaptive_threshold_ppm: timing.4,
            authoritative: flags.0,
            match_client_id: flags.1,
            store_extended_info: flags.2,
            rapid_commit: flags.3,
            cache_threshold_ppm: cache.0,
            cache_max_age: cache.1,
            next_server: boot.0,
            server_hostname: boot.1,
            boot_file_name: boot.2,
            options: rest.0,
            guards: rest.1,
            additional: rest.2,
            naming: rest.3,
            ping_check: hooks.0,
            limits: hooks.1,
            ..Subnet::new(SubnetId(u32::from(at) + 1), prefix)
        }
    })
}

/// What clients are called.
fn naming() -> impl Strategy<Value = Arc<Naming>> {
    let modes = [Replace::Never, Replace::Always, Replace::WhenPresent, Replace::WhenNotPresent];
    let sets = ["[^A-Za-z0-9.-]", "[\"\\\\_]", ""].map(|text| CharSet::parse(text).ok());
    (
        any::<[bool; 3]>(),
        proptest::sample::select(modes.to_vec()),
        ("[a-z]{0,9}", "[a-z]{1,9}(\\.[a-z]{1,9}){0,2}\\.?"),
        (proptest::sample::select(sets.to_vec()), "\\PC{0,2}"),
    )
        .prop_map(|(flags, replace, name, set)| {
            Arc::new(Naming {
                send_updates: flags[0],
                override_no_update: flags[1],
                override_client_update: flags[2],
                replace,
                generated_prefix: name.0,
                qualifying_suffix: name.1,
                char_set: set.0,
                char_replacement: set.1,
            })
        })
}

/// Shared networks for [`subnet`]s to be in.
fn network() -> impl Strategy<Value = Network> {
    (options(), names(), names(), context()).prop_map(|(options, guards, additional, context)| {
        Network { options, guards, additional, context, ..Network::default() }
    })
}

/// Reservations, some global and some of the subnets 1, 2 and 8.
fn hosts() -> impl Strategy<Value = Vec<Host>> {
    let kind = proptest::sample::select(&IdentifierKind::ALL[..]);
    let identifier = (kind, vec(any::<u8>(), 1..9))
        .prop_map(|(kind, octets)| Identifier::new(kind, &octets).expect("short"));
    let home = proptest::sample::select(vec![None, Some(1), Some(2), Some(8)]);
    let boot = || option::of("\\PC{1,12}");
    let own = (
        any::<bool>(),
        option::of("[a-z.]{1,9}"),
        names(),
        (boot(), boot()),
        (options(), context()),
    );
    let host = (home, identifier, own).prop_map(|(home, identifier, own)| {
        let (addressed, hostname, classes, boot, (options, context)) = own;
        let at = |id: u8| Ipv4Addr::new(10, id - 1, 9, identifier.octets()[0]);
        Host {
            addr: addressed.then(|| home.map_or(Ipv4Addr::new(192, 0, 2, 1), at)),
            hostname,
            classes,
            server_hostname: boot.0,
            boot_file_name: boot.1,
            options,
            context,
            ..Host::new(home.map(|id| SubnetId(u32::from(id))), identifier)
        }
    });
    vec(host, 0..5)
}

fn host_lookup() -> impl Strategy<Value = HostLookup> {
    let kinds = proptest::sample::subsequence(&IdentifierKind::ALL[..], 1..=5).prop_shuffle();
    (kinds, any::<bool>()).prop_map(|(identifiers, early_global)| HostLookup {
        identifiers,
        early_global,
        unique_addrs: false,
    })
}

fn interface() -> impl Strategy<Value = InterfaceSpec> {
    prop_oneof![
        Just(InterfaceSpec::Any),
        "[a-z]{1,9}".prop_map(InterfaceSpec::Named),
        ("[a-z0-9.@-]{1,9}", addr()).prop_map(|(name, at)| InterfaceSpec::NamedAddr(name, at)),
    ]
}

fn log_output() -> impl Strategy<Value = LogOutput> {
    let to = prop_oneof!["(stdout|stderr|journald|syslog|syslog:(daemon|own))", "/\\PC{1,9}"];
    let pattern = option::of("(%-5p|%D\\{%q\\}|%m|%|\n|\\PC){1,5}");
    (to, any::<bool>(), 0_u64..1 << 51, 1_u32..=9, pattern).prop_map(
        |(to, flush, max_size, max_files, pattern)| LogOutput {
            to: LogDestination::parse(&to).expect("a place"),
            flush,
            max_size,
            max_files,
            pattern: pattern.map(|text| LogPattern::parse(&text).0),
        },
    )
}

/// Loggers with different names, some of them other programs'.
fn loggers() -> impl Strategy<Value = Vec<Logger>> {
    let severity = prop_oneof![
        (0_u8..=99).prop_map(Severity::Debug),
        Just(Severity::None),
        Just(Severity::Fatal),
        Just(Severity::Error),
        Just(Severity::Warn),
        Just(Severity::Info),
    ];
    let told = (severity, vec(log_output(), 0..3), context());
    btree_map("kea-dhcp4|kea-dhcp4[.][a-z-]{1,9}|\\PC{1,9}", told, 0..4).prop_map(|loggers| {
        let logger =
            |(name, (severity, outputs, context))| Logger { name, severity, outputs, context };
        loggers.into_iter().map(logger).collect()
    })
}

fn metrics() -> impl Strategy<Value = Option<Metrics>> {
    option::of(
        (any::<IpAddr>(), any::<u16>()).prop_map(|(address, port)| Metrics { address, port }),
    )
}

fn expired() -> impl Strategy<Value = Expired> {
    any::<[u32; 6]>().prop_map(|[a, b, c, d, e, f]| Expired {
        reclaim_wait: Secs(a),
        flush_wait: Secs(b),
        hold_reclaimed: Secs(c),
        max_reclaim_leases: d,
        max_reclaim_time_ms: e,
        unwarned_cycles: f,
    })
}

/// Two networks, reservations and how they are found, and where subnets belong.
type Net = (Network, Network, Vec<Host>, HostLookup, [u8; 3]);

/// Puts subnets into networks, and reservations into subnets that are there.
fn linked(mut subnets: Vec<Subnet>, net: Net) -> (Vec<Network>, Vec<Subnet>, Hosts, HostLookup) {
    let (one, two, reserved, lookup, places) = net;
    let networks = vec![
        Network { name: "one".to_owned(), ..one },
        Network { name: "two \"é".to_owned(), ..two },
    ];
    for (subnet, place) in subnets.iter_mut().zip(places) {
        subnet.network = Some(NetworkKey(usize::from(place % 3))).filter(|key| key.0 < 2);
        subnet.host_scopes = HostScopes {
            global: place & 4 != 0,
            in_subnet: place & 8 != 0,
            out_of_pool: place & 16 != 0,
        };
    }
    let mut hosts = Hosts::default();
    for host in reserved {
        let is_home = |subnet: &Subnet| Some(subnet.id) == host.subnet;
        if host.subnet.is_none() || subnets.iter().any(is_home) {
            hosts.add(host);
        }
    }
    (networks, subnets, hosts, lookup)
}

fn sockets() -> impl Strategy<Value = (SocketType, Outbound, ServiceSockets)> {
    let service = (any::<bool>(), any::<u32>(), any::<u32>()).prop_map(
        |(require_all, retries_max, retry_wait)| ServiceSockets {
            require_all,
            retries_max,
            retry_wait,
        },
    );
    (
        prop_oneof![Just(SocketType::Raw), Just(SocketType::Udp)],
        prop_oneof![Just(Outbound::SameAsInbound), Just(Outbound::UseRouting)],
        service,
    )
}

fn config() -> impl Strategy<Value = Config> {
    let subnets = (subnet(0), subnet(1), subnet(7), 0_usize..=3);
    let parts = (
        btree_set(interface(), 0..3),
        sockets(),
        lease_store(),
        btree_set("\\PC{1,9}", 0..3),
        (any::<u32>().prop_map(Secs), expired(), sanity(), any::<bool>(), (loggers(), metrics())),
        1_u32..=Config::PARKED_MAX,
        (any::<bool>(), "\\PC{0,9}", any::<[bool; 5]>(), naming()),
        ((options(), option_defs()), classes(), subnets, libraries()),
        (network(), network(), hosts(), host_lookup(), any::<[u8; 3]>()),
    );
    parts.prop_map(|(interfaces, how, lease_store, sockets, waits, parked, id, clients, net)| {
        let ((options, option_defs), classes, (a, b, c, count), hooks) = clients;
        let sockets = sockets.into_iter().map(|path| ControlSocket::Unix { path });
        let subnets = [a, b, c].into_iter().take(count).collect();
        let (networks, subnets, hosts, host_lookup) = linked(subnets, net);
        without_the_rest(Config {
            interfaces: interfaces.into_iter().collect(),
            socket_type: how.0,
            outbound: how.1,
            service_sockets: how.2,
            lease_store,
            control_sockets: sockets.collect(),
            decline_probation: waits.0,
            expired: waits.1,
            sanity: waits.2,
            exclude_first_last_24: waits.3,
            parked_max: parked,
            samples: match parked % 2 {
                0 => Samples::Count(parked),
                _ => Samples::Age(Secs(parked)),
            },
            loggers: if parked % 3 == 0 { Vec::new() } else { waits.4.0 },
            metrics: waits.4.1,
            echo_client_id: id.0,
            naming: id.3,
            server_tag: id.1,
            hooks,
            options,
            option_defs,
            compatibility: Compatibility {
                lenient_options: id.2[0],
                ignore_server_id: id.2[1],
                ignore_rai_link_selection: id.2[4],
            },
            stash_agent_options: id.2[2],
            ddns_updates: id.2[3],
            classes,
            networks,
            subnets,
            hosts,
            host_lookup,
            context: UserContext::NONE,
            contexts: BTreeMap::new(),
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_is_written_is_read_again(config in annotated()) {
        let text = config.to_json();
        match Config::parse(&text, "again") {
            Ok((again, _)) => prop_assert_eq!(again, config),
            Err(findings) => prop_assert!(false, "{}\n{}", findings, text),
        }
    }
}
