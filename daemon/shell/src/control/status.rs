//! What `status-get` tells.

use std::ops::Range;

use lessor_server::Origin;
use lessor_server::recovery::Reach;
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
    let origins = |range: Range<u32>| -> Vec<u32> {
        let numbers = status.disabled_by.iter().map(|origin| origin.0);
        numbers.filter(|number| range.contains(number)).collect()
    };
    let mut shown = json!({
        "pid": std::process::id(),
        "uptime": report.uptime.as_secs(),
        "reload": report.configured.as_secs(),
        "multi-threading-enabled": false,
        "sockets": sockets,
        "dhcp-state": {
            "globally-disabled": !status.disabled_by.is_empty(),
            "disabled-by-user": status.disabled_by.contains(&Origin::USER),
            "disabled-by-local-command": origins(1000..2000),
            "disabled-by-remote-command": origins(2000..3000),
            "disabled-by-db-connection": origins(3000..4000),
        },
        "lessor": {
            "leases": status.leases,
            "offers": status.offers,
            "parked": status.parked,
            "unsettled": status.unsettled,
            "store-open": status.store_open,
            "hold-off": status.hold_off.is_some(),
            "log-lines-lost": report.lines_lost,
            "counters": counters,
        },
    });
    if !status.backends.is_empty() {
        shown["lessor"]["databases"] = status.backends.iter().map(database).collect();
    }
    if let Some(file) = &report.lease_file {
        shown["csv-lease-file"] = json!(file.to_string_lossy());
    }
    shown
}

/// How a database is: whether it is there, else since when and why not.
fn database(reach: &Reach) -> Value {
    let Some(down) = &reach.down else {
        return json!({ "database": reach.backend.to_string(), "status": "connected" });
    };
    let mut shown = json!({
        "database": reach.backend.to_string(),
        "status": "lost",
        "tries-left": down.tries_left,
    });
    if let Some(since) = down.since {
        shown["since"] = json!(since.secs());
    }
    if let Some(why) = &down.why {
        shown["why"] = json!(why.what);
    }
    shown
}
