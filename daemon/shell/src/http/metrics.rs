//! The figures in the text format of Prometheus (0.0.4).

use std::collections::BTreeSet;
use std::fmt::{Display, Write as _};
use std::sync::Arc;

use lessor_config::Config;
use lessor_policy::DropReason;
use lessor_server::Count;

use crate::journal::Paced;
use crate::request::Report;
use crate::statistics::{Key, Name};

/// The media type.
pub(super) const KIND: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Everything that is told.
pub(super) struct Figures {
    pub(super) report: Box<Report>,
    pub(super) config: Arc<Config>,
    /// Subnets and pools, with their sizes and what is counted there.
    pub(super) places: Vec<(Key, u64, Count)>,
}

/// The text. A family is told even if it is zero, so that it can be watched from the start.
pub(super) fn print(figures: &Figures) -> String {
    let mut page = Page(String::new());
    whole(&mut page, &figures.report);
    packets(&mut page, &figures.report);
    events(&mut page, &figures.report);
    store(&mut page, &figures.report);
    places(&mut page, figures);
    page.0
}

struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &dyn Display)], value: impl Display) {
        self.0.push_str(name);
        for (index, (label, value)) in labels.iter().enumerate() {
            let open = if index == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{open}{label}=\"{value}\"");
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        let _ = writeln!(self.0, " {value}");
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "gauge", help);
        self.sample(name, &[], value);
    }

    fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "counter", help);
        self.sample(name, &[], value);
    }
}

fn whole(page: &mut Page, report: &Report) {
    let status = &report.status;
    page.family("lessor_build_info", "gauge", "The program's version.");
    page.sample("lessor_build_info", &[("version", &env!("CARGO_PKG_VERSION"))], 1);
    let help = "Seconds since the server began to serve.";
    page.gauge("lessor_uptime_seconds", help, report.uptime.as_secs_f64());
    let applied = report.at.before(report.configured).secs();
    let help = "When the configuration in effect took effect, in seconds since 1970.";
    page.gauge("lessor_config_applied_timestamp_seconds", help, applied);
    let help = "Whether the service is switched on.";
    page.gauge("lessor_service_enabled", help, u8::from(status.disabled_by.is_empty()));
    let help = "Interfaces that are served.";
    page.gauge("lessor_interfaces_served", help, report.listening.links.0.len());
    let help = "Interfaces and addresses that the configuration names and that cannot be served.";
    page.gauge("lessor_interfaces_troubled", help, report.listening.troubles.len());
    let help = "Lines of the log that nobody took in time.";
    page.counter("lessor_log_lines_lost_total", help, report.lines_lost);
    let help = "Leases in memory, in whatever state.";
    page.gauge("lessor_dhcp4_leases", help, status.leases);
    page.gauge("lessor_dhcp4_offers", "Offers that stand.", status.offers);
    let help = "Exchanges in work, most of them waiting for the store.";
    page.gauge("lessor_dhcp4_exchanges_parked", help, status.parked);
}

fn packets(page: &mut Page, report: &Report) {
    let total = |name: Name| report.totals.get(name as usize).copied().unwrap_or_default();
    let received = [
        ("discover", Name::DiscoverReceived),
        ("request", Name::RequestReceived),
        ("decline", Name::DeclineReceived),
        ("release", Name::ReleaseReceived),
        ("inform", Name::InformReceived),
    ];
    let sent = [("offer", Name::OfferSent), ("ack", Name::AckSent), ("nak", Name::NakSent)];
    let name = "lessor_dhcp4_packets_received_total";
    page.family(name, "counter", "Packets that were worked on to their end, by type of message.");
    by_type(page, name, &received, total(Name::Received), total);
    let name = "lessor_dhcp4_packets_sent_total";
    page.family(name, "counter", "Answers, by type of message.");
    by_type(page, name, &sent, total(Name::Sent), total);
    let name = "lessor_dhcp4_packets_dropped_total";
    page.family(name, "counter", "Packets without an answer, by the id of the reason.");
    for reason in DropReason::ALL {
        page.sample(
            name,
            &[("reason", &reason.id())],
            report.counters.of_message(reason.message()),
        );
    }
    let help = "Clients for whom there was no address.";
    page.counter("lessor_dhcp4_allocation_failures_total", help, total(Name::AllocationFail));
}

/// A sample for each type, and one for what is of none of them.
fn by_type(
    page: &mut Page,
    name: &str,
    types: &[(&str, Name)],
    all: u64,
    total: impl Fn(Name) -> u64,
) {
    let mut known = 0_u64;
    for (kind, counted) in types {
        let count = total(*counted);
        known = known.saturating_add(count);
        page.sample(name, &[("type", kind)], count);
    }
    page.sample(name, &[("type", &"other")], all.saturating_sub(known));
}

fn events(page: &mut Page, report: &Report) {
    let name = "lessor_dhcp4_events_total";
    page.family(name, "counter", "What happened, drops aside, by the id of the message.");
    let drops: BTreeSet<usize> =
        DropReason::ALL.iter().map(|reason| reason.message().index()).collect();
    for (message, count) in report.counters.messages() {
        if !drops.contains(&message.index()) {
            page.sample(name, &[("id", &message), ("level", &message.level())], count);
        }
    }
}

fn store(page: &mut Page, report: &Report) {
    let status = &report.status;
    let help = "Whether the lease store can be written.";
    page.gauge("lessor_store_open", help, u8::from(status.store_open));
    let help = "Lease changes that are not durable yet; no client was told of them.";
    page.gauge("lessor_store_changes_unsettled", help, status.unsettled);
    let Some(Paced { classes, whole, changes }) = report.pace else {
        return;
    };
    let help = "Lease changes that were made durable.";
    page.counter("lessor_store_changes_total", help, changes);
    let name = "lessor_store_sync_seconds";
    page.family(name, "histogram", "How long writing and syncing a batch of changes took.");
    let bucket = format!("{name}_bucket");
    let mut so_far = 0_u64;
    for (bound, count) in classes {
        so_far = so_far.saturating_add(count);
        match bound {
            Some(bound) => page.sample(&bucket, &[("le", &bound.as_secs_f64())], so_far),
            None => page.sample(&bucket, &[("le", &"+Inf")], so_far),
        }
    }
    page.sample(&format!("{name}_sum"), &[], whole.as_secs_f64());
    page.sample(&format!("{name}_count"), &[], so_far);
}

/// What is told of a subnet or pool: the ending of the name, the kind, in words, and from what.
type Told = (&'static str, &'static str, &'static str, fn(u64, Count) -> u64);

const TOLD: [Told; 4] = [
    ("addresses", "gauge", "Addresses that may be leased", |size, _| size),
    ("assigned_addresses", "gauge", "Addresses that are leased or on probation", |_, count| {
        count.assigned
    }),
    ("declined_addresses", "gauge", "Addresses on probation", |_, count| count.declined),
    ("granted_total", "counter", "Leases that were granted, renewals aside", |_, count| {
        count.granted
    }),
];

fn places(page: &mut Page, figures: &Figures) {
    for (ending, kind, help, value) in TOLD {
        let name = format!("lessor_dhcp4_subnet_{ending}");
        page.family(&name, kind, &format!("{help}, by subnet."));
        for (place, size, count) in &figures.places {
            if let Key::Subnet(subnet, _) = place
                && let Some(known) = figures.config.subnet(*subnet)
            {
                let labels: [(&str, &dyn Display); 2] =
                    [("subnet", subnet), ("prefix", &known.prefix)];
                page.sample(&name, &labels, value(*size, *count));
            }
        }
        let name = format!("lessor_dhcp4_pool_{ending}");
        page.family(&name, kind, &format!("{help}, by subnet and number of pool."));
        for (place, size, count) in &figures.places {
            if let Key::Pool(subnet, pool, _) = place {
                let labels: [(&str, &dyn Display); 2] = [("subnet", subnet), ("pool", pool)];
                page.sample(&name, &labels, value(*size, *count));
            }
        }
    }
}
