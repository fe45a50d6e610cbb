//! Real clients and a real relay: what they tell their scripts is what was configured.

mod site;

use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::path::Path;
use std::thread;
use std::time::Duration;

use site::{Place, Site};

const OFFICE: &str = r#"
    "valid-lifetime": 3600, "calculate-tee-times": true,
    "option-data": [ { "name": "domain-name-servers", "data": "10.0.0.53, 10.0.0.54" },
                     { "name": "domain-name", "data": "example.org" } ],
    "client-classes": [ { "name": "down", "test": "relay4[1].hex == 'down0'" } ],
    "subnet4": [
      { "id": 1, "subnet": "10.0.0.0/24",
        "pools": [ { "pool": "10.0.0.10 - 10.0.0.19" } ],
        "option-data": [ { "name": "routers", "data": "10.0.0.1" },
                         { "name": "ntp-servers", "data": "10.0.0.123" },
                         { "code": 121, "csv-format": false, "data": "180a09080a000001" } ],
        "reservations": [ { "hw-address": "02:4c:00:00:01:0a", "ip-address": "10.0.0.77",
                            "option-data": [ { "name": "host-name", "data": "near" } ] } ] },
      { "id": 2, "subnet": "10.2.0.0/24",
        "pools": [ { "pool": "10.2.0.50 - 10.2.0.59", "client-class": "down" } ],
        "option-data": [ { "name": "routers", "data": "10.2.0.1" } ] } ]"#;

/// A site, or a word about why there is none.
fn site(name: &str, programs: &[&str]) -> Option<Site> {
    site_with(name, programs, OFFICE)
}

fn site_with(name: &str, programs: &[&str], config: &str) -> Option<Site> {
    let folders = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];
    let is_there = |name: &&&str| folders.iter().any(|it| Path::new(it).join(name).is_file());
    let missing: Vec<&&str> = programs.iter().filter(|name| !is_there(name)).collect();
    let why = match missing.as_slice() {
        [] => match Site::new(name, config) {
            Ok(site) => return Some(site),
            Err(why) => why,
        },
        missing => format!("{missing:?} not installed"),
    };
    // Not by a macro, whose output the test harness would keep to itself.
    let _ = writeln!(io::stderr(), "SKIPPED: {name}: needs root, iproute2 and clients ({why})");
    None
}

#[test]
fn dhclient_is_told_what_is_configured() {
    let Some(mut site) = site("dhclient", &["dhclient"]) else {
        return;
    };
    let ask = "request subnet-mask, routers, domain-name-servers, domain-name, host-name, \
               ntp-servers, dhcp-lease-time;\n";
    let told = site.dhclient(Place::Near, ask).expect("a lease");
    assert_eq!(told.addr("new_ip_address"), Ipv4Addr::new(10, 0, 0, 77), "the reserved one");
    for (key, value) in [
        ("new_subnet_mask", "255.255.255.0"),
        ("new_routers", "10.0.0.1"),
        ("new_domain_name_servers", "10.0.0.53 10.0.0.54"),
        ("new_domain_name", "example.org"),
        ("new_host_name", "near"),
        ("new_ntp_servers", "10.0.0.123"),
        ("new_dhcp_lease_time", "3600"),
        ("new_dhcp_renewal_time", "1800"),
        ("new_dhcp_rebinding_time", "3150"),
        ("new_dhcp_server_identifier", "10.0.0.1"),
    ] {
        assert_eq!(told.get(key), Some(value), "{key}");
    }

    // RFC 3442: the same client, asking for classless routes, gets them and no router.
    let ask = "option routes code 121 = array of unsigned integer 8;\n\
               request subnet-mask, routes, routers;\n";
    let told = site.dhclient(Place::Near, ask).expect("a lease");
    assert_eq!(told.addr("new_ip_address"), Ipv4Addr::new(10, 0, 0, 77));
    assert_eq!(told.get("new_routes"), Some("24 10 9 8 10 0 0 1"));
    assert_eq!(told.get("new_routers"), None);
    assert_eq!(told.get("new_ntp_servers"), None, "they were not asked for any more");
}

#[test]
fn udhcpc_is_told_what_is_configured() {
    let Some(mut site) = site("udhcpc", &["udhcpc"]) else {
        return;
    };
    let told = site.udhcpc(Place::Near, &["-O", "ntpsrv"]).expect("a lease");
    assert_eq!(told.addr("ip"), Ipv4Addr::new(10, 0, 0, 77), "the reserved one");
    for (key, value) in [
        ("subnet", "255.255.255.0"),
        ("mask", "24"),
        ("router", "10.0.0.1"),
        ("dns", "10.0.0.53 10.0.0.54"),
        ("domain", "example.org"),
        ("hostname", "near"),
        ("ntpsrv", "10.0.0.123"),
        ("lease", "3600"),
        ("serverid", "10.0.0.1"),
    ] {
        assert_eq!(told.get(key), Some(value), "{key}");
    }
    let told = site.udhcpc(Place::Near, &["-O", "staticroutes"]).expect("a lease");
    assert_eq!(told.get("staticroutes"), Some("10.9.8.0/24 10.0.0.1"));
    assert_eq!(told.get("router"), None);
}

#[test]
fn a_relay_s_options_choose_and_are_taken_out_again() {
    let Some(mut site) = site("relay", &["dhclient", "dhcrelay"]) else {
        return;
    };
    site.relay(&["-iu", "up0"]).expect("a relay");
    let ask = "request subnet-mask, routers;\n";
    let told = site.dhclient(Place::Far, ask).expect("a lease");
    assert_eq!(told.get("new_routers"), Some("10.2.0.1"));
    // The circuit identifier is the interface's name; only its class may use that pool.
    let addr = told.addr("new_ip_address");
    assert!((Ipv4Addr::new(10, 2, 0, 50)..=Ipv4Addr::new(10, 2, 0, 59)).contains(&addr), "{addr}");
    assert_eq!(told.named("agent"), Vec::<&String>::new(), "82 is the relay's, not the client's");
    let row = site.row(addr).expect("a row of the lease file");
    assert!(row.starts_with(&format!("{addr},02:4c:00:00:01:0c,")), "{row}");
}

#[test]
fn a_relay_s_link_selection_outranks_its_address() {
    let Some(mut site) = site("link", &["dhclient", "dhcrelay"]) else {
        return;
    };
    // RFC 3527: giaddr is then the relay's address towards the server, in the other subnet.
    site.relay(&["-U", "up0"]).expect("a relay");
    let told = site.dhclient(Place::Far, "request subnet-mask, routers;\n").expect("a lease");
    let addr = told.addr("new_ip_address");
    assert!((Ipv4Addr::new(10, 2, 0, 50)..=Ipv4Addr::new(10, 2, 0, 59)).contains(&addr), "{addr}");
    assert_eq!(told.get("new_routers"), Some("10.2.0.1"));
    assert_eq!(told.named("agent"), Vec::<&String>::new());
}

#[test]
fn dhclient_renews_from_the_address_that_it_uses() {
    let brief = OFFICE.replace("3600", "10");
    let Some(mut site) = site_with("renewal", &["dhclient"], &brief) else {
        return;
    };
    let told = site.dhclient_until("RENEW", Place::Near, "").expect("a renewal");
    assert_eq!(told.addr("new_ip_address"), Ipv4Addr::new(10, 0, 0, 77));
    assert_eq!(told.addr("old_ip_address"), Ipv4Addr::new(10, 0, 0, 77));
    assert_eq!(told.get("new_dhcp_lease_time"), Some("10"));
}

/// Numbers of states in Kea's lease files.
const DECLINED: &str = "1";
const RELEASED: &str = "3";

#[test]
fn udhcpc_declines_what_somebody_else_uses() {
    let Some(mut site) = site("decline", &["udhcpc"]) else {
        return;
    };
    let reserved = Ipv4Addr::new(10, 0, 0, 77);
    site.squat(reserved).expect("an address");
    let told = site.udhcpc(Place::Near, &["-a", "-A", "1"]).expect("a lease");
    let addr = told.addr("ip");
    let pool = Ipv4Addr::new(10, 0, 0, 10)..=Ipv4Addr::new(10, 0, 0, 19);
    assert!(pool.contains(&addr), "{addr}, since the reserved one is in use");
    assert!(site.wait_for_state(reserved, DECLINED), "{:?}", site.row(reserved));
}

#[test]
fn dhclient_gives_its_address_back() {
    let Some(mut site) = site("release", &["dhclient"]) else {
        return;
    };
    let told = site.dhclient(Place::Near, "").expect("a lease");
    let addr = told.addr("new_ip_address");
    // A release within two seconds of a confirmation is taken for one that was overtaken, and a row
    // dates its confirmation up to a second late.
    thread::sleep(Duration::from_millis(3500));
    site.dhclient_releases(Place::Near).expect("it is running");
    assert!(site.wait_for_state(addr, RELEASED), "{:?}", site.row(addr));
}
