//! The daemon on a real wire.

use std::io::{self, Write as _};

use serde_json::{Value, json};

use crate::client;
use crate::namespaces::{CLIENT_LINK, Net, SERVER_LINK};
use crate::process::{Daemon, Site};

const SERVICE: &str = r#"
    "interfaces-config": { "interfaces": [ "served0" ] },
    "subnet4": [ { "id": 1, "subnet": "192.0.2.0/24",
                   "pools": [ { "pool": "192.0.2.10-192.0.2.99" } ] } ]"#;

fn leases(site: &Site) -> Vec<Value> {
    let page = json!({ "command": "lease4-get-page",
                       "arguments": { "from": "start", "limit": 100 } });
    let answer = site.ask(&page);
    answer["arguments"]["leases"].as_array().cloned().unwrap_or_default()
}

#[test]
fn a_lease_outlives_kill_9_and_interfaces_come_and_go() {
    let net = match Net::new() {
        Ok(net) => net,
        // Not by a macro, whose output the test harness would keep to itself.
        Err(why) => {
            let told = writeln!(io::stderr(), "SKIPPED: no network namespaces here: {why}");
            return told.expect("there is a standard error");
        }
    };
    let site = Site::new(SERVICE);
    let serve = || Daemon::start(net.at_server(&site.serve()));
    let lease = |number| client::leased(net.at_clients(&client::command(CLIENT_LINK, number)));

    let mut daemon = serve();
    daemon.wait_for("DHCP4_STARTED");
    let first = lease(1);
    daemon.signal("KILL");
    assert!(!daemon.wait().success());

    let mut daemon = serve();
    daemon.wait_for("with 1 leases");
    let kept = leases(&site);
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0]["ip-address"], json!(first.to_string()));
    assert_eq!(kept[0]["hw-address"], "02:00:00:00:01:01");
    assert_ne!(lease(2), first);
    assert_eq!(lease(1), first, "its own address again");

    net.server_ip(&format!("link set {SERVER_LINK} down"));
    daemon.wait_for("DHCP4_NOT_LISTENING");
    net.server_ip(&format!("link set {SERVER_LINK} up"));
    daemon.wait_for("DHCP4_LISTENING");
    assert_eq!(lease(1), first);

    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0));
}
