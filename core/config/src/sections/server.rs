//! What concerns the server as a whole.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::section::Section;
use super::{databases, leasing, logging, own};
use crate::UserContext;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{
    Compatibility, Config, ControlSocket, Expired, InterfaceSpec, Noted, Outbound, Samples,
    ServiceSockets, SocketType,
};
use crate::source::Span;

/// Everything but options, classes and subnets.
pub(super) fn read(dhcp4: &Section<'_>, out: &mut Diagnostics) -> Config {
    let default = Config::default();
    let interfaces = dhcp4.section("interfaces-config");
    let control_sockets = read_control_sockets(dhcp4, out);
    Config {
        interfaces: read_interfaces(&interfaces, out),
        socket_type: match interfaces.text("dhcp-socket-type") {
            Some(kind) if kind.eq_ignore_ascii_case("udp") => SocketType::Udp,
            _ => SocketType::Raw,
        },
        outbound: match interfaces.text("outbound-interface") {
            Some(way) if way.eq_ignore_ascii_case("use-routing") => Outbound::UseRouting,
            _ => Outbound::SameAsInbound,
        },
        service_sockets: read_service_sockets(&interfaces, default.service_sockets),
        lease_store: databases::read_lease_store(dhcp4, out),
        decline_probation: dhcp4
            .secs("decline-probation-period")
            .unwrap_or(default.decline_probation),
        expired: read_expired(&dhcp4.section("expired-leases-processing")),
        sanity: leasing::read_sanity(&dhcp4.section("sanity-checks")),
        exclude_first_last_24: dhcp4
            .section("compatibility")
            .flag("exclude-first-last-24")
            .unwrap_or(default.exclude_first_last_24),
        parked_max: read_parked_max(dhcp4, out).unwrap_or(default.parked_max),
        samples: read_samples(dhcp4),
        loggers: logging::read(dhcp4, out),
        metrics: own::read_metrics(dhcp4, out),
        echo_client_id: dhcp4.flag("echo-client-id").unwrap_or(default.echo_client_id),
        compatibility: read_compatibility(&dhcp4.section("compatibility")),
        stash_agent_options: dhcp4.flag("stash-agent-options").unwrap_or_default(),
        context: dhcp4.context(),
        contexts: read_contexts(dhcp4, &control_sockets),
        control_sockets,
        ddns_updates: dhcp4.section("dhcp-ddns").flag("enable-updates").unwrap_or_default(),
        server_tag: dhcp4.text("server-tag").unwrap_or_default().to_owned(),
        ..default
    }
}

/// What is noted about parts that are not kept by themselves.
fn read_contexts(dhcp4: &Section<'_>, served: &[ControlSocket]) -> BTreeMap<Noted, UserContext> {
    let parts = [
        ("interfaces-config", Noted::Interfaces),
        ("lease-database", Noted::LeaseDatabase),
        ("multi-threading", Noted::MultiThreading),
        ("dhcp-queue-control", Noted::QueueControl),
    ];
    let parts = parts.into_iter().map(|(key, part)| (part, dhcp4.section(key).context()));
    let one = dhcp4.value("control-socket");
    let sockets = dhcp4.list("control-sockets").iter().chain(one).filter_map(|socket| {
        let map = socket.as_map()?;
        let path = map.get("socket-name")?.as_text()?;
        let is_this = |socket: &ControlSocket| {
            let ControlSocket::Unix { path: served } = socket;
            served == path
        };
        served
            .iter()
            .any(is_this)
            .then(|| (Noted::ControlSocket(path.to_owned()), UserContext::read(map)))
    });
    parts.chain(sockets).filter(|(_, context)| !context.is_empty()).collect()
}

fn read_interfaces(section: &Section<'_>, out: &mut Diagnostics) -> Vec<InterfaceSpec> {
    let list = section.path.key("interfaces");
    let mut specs: Vec<(InterfaceSpec, Span)> = Vec::new();
    for (index, value) in section.list("interfaces").iter().enumerate() {
        let path = list.index(index);
        let Some(text) = value.as_text() else {
            continue;
        };
        let Some(spec) = interface_spec(text) else {
            out.push(
                Diagnostic::error(value.span, path, format!("`{text}` names no interface"))
                    .hint("expected \"*\", \"eth0\" or \"eth0/192.0.2.1\""),
            );
            continue;
        };
        match specs.iter().find(|(earlier, _)| *earlier == spec) {
            Some((_, earlier)) => out.push(
                Diagnostic::error(value.span, path, format!("`{text}` is given twice"))
                    .hint("each interface stands once")
                    .related(*earlier, "the first time"),
            ),
            None => specs.push((spec, value.span)),
        }
    }
    if specs.is_empty() {
        out.push(
            Diagnostic::warning(
                section.place("interfaces"),
                list,
                "no interface: no client is heard",
            )
            .hint("name interfaces, or \"*\" for all"),
        );
    }
    specs.into_iter().map(|(spec, _)| spec).collect()
}

fn read_service_sockets(section: &Section<'_>, default: ServiceSockets) -> ServiceSockets {
    ServiceSockets {
        require_all: section.flag("service-sockets-require-all").unwrap_or(default.require_all),
        retries_max: section.number("service-sockets-max-retries").unwrap_or(default.retries_max),
        retry_wait: section.number("service-sockets-retry-wait-time").unwrap_or(default.retry_wait),
    }
}

fn interface_spec(text: &str) -> Option<InterfaceSpec> {
    if text == "*" {
        return Some(InterfaceSpec::Any);
    }
    let is_name = |name: &str| {
        !name.is_empty() && !name.contains(|it: char| it == '*' || it == '/' || it.is_whitespace())
    };
    match text.split_once('/') {
        Some((name, addr)) if is_name(name) => {
            let addr: Ipv4Addr = addr.parse().ok()?;
            Some(InterfaceSpec::NamedAddr(name.to_owned(), addr))
        }
        None if is_name(text) => Some(InterfaceSpec::Named(text.to_owned())),
        _ => None,
    }
}

/// Both spellings: one `control-socket`, and a list of `control-sockets`.
fn read_control_sockets(dhcp4: &Section<'_>, out: &mut Diagnostics) -> Vec<ControlSocket> {
    let list = dhcp4.path.key("control-sockets");
    let elements = dhcp4.list("control-sockets").iter().enumerate();
    let mut found = Vec::new();
    if dhcp4.value("control-socket").is_some() {
        read_control_socket(&dhcp4.section("control-socket"), &mut found, out);
    }
    for (index, value) in elements {
        if let Some(map) = value.as_map() {
            let section = Section::new(map, value.span, list.index(index));
            read_control_socket(&section, &mut found, out);
        }
    }
    found.into_iter().map(|(socket, _)| socket).collect()
}

fn read_control_socket(
    section: &Section<'_>,
    found: &mut Vec<(ControlSocket, Span)>,
    out: &mut Diagnostics,
) {
    let kind_path = section.path.key("socket-type");
    let kind = section.text("socket-type").map(str::to_ascii_lowercase);
    match kind.as_deref() {
        Some("unix") => {}
        Some(other @ ("http" | "https")) => {
            let what = format!("`{other}` is accepted but not in effect yet: no socket is opened");
            out.push(Diagnostic::warning(section.place("socket-type"), kind_path, what));
            return;
        }
        Some(_) => return,
        None => {
            if section.value("socket-type").is_none() {
                out.push(
                    Diagnostic::error(section.span, section.path, "`socket-type` is missing")
                        .hint("expected \"unix\""),
                );
            }
            return;
        }
    }
    let path = section.path.key("socket-name");
    let place = section.place("socket-name");
    let Some(name) = section.text("socket-name").filter(|name| !name.is_empty()) else {
        if section.value("socket-name").is_none_or(|it| it.as_text().is_some()) {
            out.push(
                Diagnostic::error(place, path, "a UNIX socket has no name")
                    .hint("expected a path such as \"/run/kea/kea4-ctrl-socket\""),
            );
        }
        return;
    };
    let socket = ControlSocket::Unix { path: name.to_owned() };
    match found.iter().find(|(earlier, _)| *earlier == socket) {
        Some((_, earlier)) => out.push(
            Diagnostic::error(place, path, format!("`{name}` is given twice"))
                .hint("each socket has a place of its own")
                .related(*earlier, "the first time"),
        ),
        None => found.push((socket, place)),
    }
}

fn read_compatibility(section: &Section<'_>) -> Compatibility {
    let flag = |key| section.flag(key).unwrap_or_default();
    Compatibility {
        lenient_options: flag("lenient-option-parsing"),
        ignore_server_id: flag("ignore-dhcp-server-identifier"),
        ignore_rai_link_selection: flag("ignore-rai-link-selection"),
    }
}

fn read_expired(section: &Section<'_>) -> Expired {
    let default = Expired::default();
    let secs = |key, or| section.secs(key).unwrap_or(or);
    let number = |key, or| section.number(key).unwrap_or(or);
    Expired {
        reclaim_wait: secs("reclaim-timer-wait-time", default.reclaim_wait),
        flush_wait: secs("flush-reclaimed-timer-wait-time", default.flush_wait),
        hold_reclaimed: secs("hold-reclaimed-time", default.hold_reclaimed),
        max_reclaim_leases: number("max-reclaim-leases", default.max_reclaim_leases),
        max_reclaim_time_ms: number("max-reclaim-time", default.max_reclaim_time_ms),
        unwarned_cycles: number("unwarned-reclaim-cycles", default.unwarned_cycles),
    }
}

/// A number counts before an age; there is one by default.
fn read_samples(dhcp4: &Section<'_>) -> Samples {
    let age = dhcp4.secs("statistic-default-sample-age");
    match dhcp4.number("statistic-default-sample-count") {
        None => Samples::default(),
        Some(0) => Samples::Age(age.unwrap_or_default()),
        Some(count) => Samples::Count(count),
    }
}

fn read_parked_max(dhcp4: &Section<'_>, out: &mut Diagnostics) -> Option<u32> {
    let limit = dhcp4.number("parked-packet-limit")?;
    if (1..=Config::PARKED_MAX).contains(&limit) {
        return Some(limit);
    }
    let what = match limit {
        0 => "0 would be no limit",
        _ => "more than can be kept",
    };
    out.push(
        Diagnostic::warning(
            dhcp4.place("parked-packet-limit"),
            dhcp4.path.key("parked-packet-limit"),
            what,
        )
        .hint(format!("the limit is {}", Config::PARKED_MAX)),
    );
    Some(Config::PARKED_MAX)
}
