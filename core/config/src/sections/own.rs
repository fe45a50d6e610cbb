//! What no Kea has: `lessor` in the user context of `Dhcp4`, which Kea keeps and does not read.

use std::net::IpAddr;

use super::section::Section;
use crate::check;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::keys::Scope;
use crate::model::Metrics;

/// Where figures are told, if anywhere.
pub(super) fn read_metrics(dhcp4: &Section<'_>, out: &mut Diagnostics) -> Option<Metrics> {
    let context = dhcp4.section("user-context");
    let value = context.value("lessor")?;
    let own = context.section("lessor");
    let Some(map) = value.as_map() else {
        let found = format!("found {}", value.describe());
        out.push(Diagnostic::error(value.span, own.path, found).hint("expected a map"));
        return None;
    };
    check::check_section(map, Scope::Own, &own.path, out);
    own.value("metrics")?;
    let metrics = own.section("metrics");
    let usual = Metrics::default();
    let address = metrics.text("address").and_then(|text| {
        let address = text.parse::<IpAddr>().ok();
        if address.is_none() {
            let place = metrics.place("address");
            out.push(
                Diagnostic::error(place, metrics.path.key("address"), "not an address")
                    .hint("expected an IPv4 or IPv6 address such as \"127.0.0.1\""),
            );
        }
        address
    });
    let address = address.unwrap_or(usual.address);
    if !address.is_loopback() {
        let place = metrics.place("address");
        out.push(
            Diagnostic::warning(place, metrics.path.key("address"), "others can read the figures")
                .hint("they are told without authentication; a firewall should say to whom"),
        );
    }
    let port = metrics.number("port").and_then(|port| u16::try_from(port).ok());
    Some(Metrics { address, port: port.unwrap_or(usual.port) })
}
