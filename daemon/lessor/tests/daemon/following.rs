//! Interfaces that go and come back while clients ask.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use crate::client;
use crate::namespaces::{CLIENT_LINK, Net, SERVER_LINK};
use crate::process::{Daemon, Site};

const SERVICE: &str = r#"
    "interfaces-config": { "interfaces": [ "served0" ] },
    "valid-lifetime": 60,
    "subnet4": [ { "id": 1, "subnet": "192.0.2.0/24",
                   "pools": [ { "pool": "192.0.2.10-192.0.2.99" } ] } ]"#;
/// How long service may take to come back. Looking every few seconds would be too slow for it.
const BACK: Duration = Duration::from_millis(1500);

fn net() -> Option<Net> {
    match Net::new() {
        Ok(net) => Some(net),
        // Not by a macro, whose output the test harness would keep to itself.
        Err(why) => {
            let _ = writeln!(io::stderr(), "SKIPPED: no network namespaces here: {why}");
            None
        }
    }
}

#[test]
fn service_comes_back_at_once_whatever_happens_to_the_interface() {
    let Some(net) = net() else { return };
    let site = Site::new(SERVICE);
    let mut daemon = Daemon::start(net.at_server(&site.serve()));
    daemon.wait_for("DHCP4_STARTED");
    let lease = || {
        let begun = Instant::now();
        let addr = client::leased(net.at_clients(&client::command(CLIENT_LINK, 1)));
        (addr, begun.elapsed())
    };
    let (first, _) = lease();

    let go = ["link set served0 down", "link set served0 name other0", "link del served0"];
    let go = go.into_iter().chain(["addr del 192.0.2.1/24 dev served0"]);
    for change in go {
        if change.contains("name") {
            net.server_ip("link set served0 down");
        }
        net.server_ip(change);
        daemon.wait_for("DHCP4_NOT_LISTENING");
        match change {
            "link set served0 name other0" => {
                net.server_ip("link set other0 up");
                net.server_ip("link set other0 down");
                net.server_ip("link set other0 name served0");
                net.server_ip("link set served0 up");
            }
            "link del served0" => net.lay_cable(),
            "addr del 192.0.2.1/24 dev served0" => {
                net.server_ip("addr add 192.0.2.2/24 dev served0");
            }
            _ => net.server_ip("link set served0 up"),
        }
        let (addr, took) = lease();
        assert_eq!(addr, first, "after {change}");
        assert!(took < BACK, "{took:?} after {change}");
        daemon.wait_for("DHCP4_LISTENING");
    }
    // An address more, and then only that one. (Of one prefix, the second would go with the first.)
    net.server_ip("addr add 192.0.2.3/25 dev served0");
    net.server_ip("addr del 192.0.2.2/24 dev served0");
    daemon.wait_for("served0 (192.0.2.3)");
    assert_eq!(lease().0, first);
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0));
}

/// A start that requires all interfaces waits for them as the configuration says; a reload does
/// not, and the old configuration stays.
#[test]
fn interfaces_that_are_required_are_waited_for() {
    let Some(net) = net() else { return };
    let required = |names: &str| {
        SERVICE.replace(
            r#"[ "served0" ]"#,
            &format!(
                r#"[ {names} ], "service-sockets-require-all": true,
                    "service-sockets-max-retries": 100, "service-sockets-retry-wait-time": 50"#
            ),
        )
    };
    let site = Site::new(&required(r#""served0""#));
    net.server_ip(&format!("link set {SERVER_LINK} down"));
    let mut daemon = Daemon::start(net.at_server(&site.serve()));
    daemon.wait_for("CONTROL_OPENED");
    std::thread::sleep(Duration::from_millis(200));
    net.server_ip(&format!("link set {SERVER_LINK} up"));
    daemon.wait_for("DHCP4_STARTED");
    let first = client::leased(net.at_clients(&client::command(CLIENT_LINK, 1)));

    site.configure(&required(r#""served0", "absent0""#));
    daemon.signal("HUP");
    let refused = daemon.wait_for("CONFIG_REFUSED");
    assert!(refused.contains("absent0 is not served"), "{refused}");
    assert_eq!(client::leased(net.at_clients(&client::command(CLIENT_LINK, 1))), first);
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0));

    let few = required(r#""absent0""#).replace(": 100", ": 2");
    site.configure(&few);
    let begun = Instant::now();
    let mut daemon = Daemon::start(net.at_server(&site.serve()));
    let why = daemon.wait_for("service-sockets-require-all");
    assert!(why.contains("absent0 is not served: there is no such interface"), "{why}");
    assert!(begun.elapsed() >= Duration::from_millis(100), "it looked twice more");
    assert_eq!(daemon.wait().code(), Some(1));
}

#[test]
fn what_keeps_clients_from_being_heard_is_said() {
    let Some(net) = net() else { return };
    net.server_ip("link add bare0 type veth peer name bare1");
    net.server_ip("addr add 198.51.100.1/24 dev bare0");
    net.server_ip("link set bare0 up");
    let everywhere = SERVICE.replace("\"served0\"", "\"*\"");
    let udp = everywhere.replace("[ \"*\" ]", "[ \"*\" ], \"dhcp-socket-type\": \"udp\"");
    let site = Site::new(&everywhere);
    let mut daemon = Daemon::start(net.at_server(&site.serve()));
    let told = daemon.wait_for("DHCP4_SOCKET_REMARK");
    assert!(told.contains("clients on bare0 get nothing"), "{told}");
    client::leased(net.at_clients(&client::command(CLIENT_LINK, 1)));
    site.configure(&udp);
    daemon.signal("HUP");
    let told = daemon.wait_for("DHCP4_SOCKET_REMARK");
    assert!(told.contains("clients on served0") && told.contains("\"raw\""), "{told}");
    client::leased(net.at_clients(&client::command(CLIENT_LINK, 1)));
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0));
}

#[test]
fn packets_that_the_kernel_has_no_room_for_are_told_of() {
    let Some(net) = net() else { return };
    let site = Site::new(SERVICE);
    let mut daemon = Daemon::start(net.at_server(&site.serve()));
    daemon.wait_for("DHCP4_STARTED");
    daemon.signal("STOP");
    client::leased(net.at_clients(&client::command(CLIENT_LINK, client::FLOOD)));
    daemon.signal("CONT");
    let told = daemon.wait_for("packets are lost");
    assert!(told.contains("DHCP4_SOCKET_REMARK") && told.contains("rmem_max"), "{told}");
    client::leased(net.at_clients(&client::command(CLIENT_LINK, 1)));
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0));
}
