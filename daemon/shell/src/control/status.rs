//! What `status-get` tells.

use serde_json::{Map, Value, json};

use crate::request::Report;

/// Kea's fields, and ours under `lessor`.
pub(super) fn show(report: &Report) -> Value {
    let mut sockets = json!({ "status": "ready" });
    if !report.listening.troubles.is_empty() {
        sockets = json!({ "status": "retrying", "errors": report.listening.troubles });
    }
    let counters: Map<String, Value> =
        report.counters.iter().map(|(id, count)| (id.to_owned(), json!(count))).collect();
    let status = &report.status;
    let mut shown = json!({
        "pid": std::process::id(),
        "uptime": report.uptime.as_secs(),
        "reload": report.configured.as_secs(),
        "multi-threading-enabled": false,
        "sockets": sockets,
        // Nothing can switch the service off yet.
        "dhcp-state": {
            "globally-disabled": false,
            "disabled-by-user": false,
            "disabled-by-local-command": [],
            "disabled-by-remote-command": [],
            "disabled-by-db-connection": [],
        },
        "lessor": {
            "leases": status.leases,
            "offers": status.offers,
            "parked": status.parked,
            "unsettled": status.unsettled,
            "store-open": status.store_open,
            "log-lines-lost": report.lines_lost,
            "counters": counters,
        },
    });
    if let Some(file) = &report.lease_file {
        shown["csv-lease-file"] = json!(file.to_string_lossy());
    }
    shown
}
