//! Whole files, as operators have them, and what they mean.

use std::net::Ipv4Addr;

use lessor_config::option_set::Sending;
use lessor_config::{
    Config, ControlSocket, Diagnostics, Expired, InterfaceSpec, LeaseStore, Lifetime, Memfile,
    OptionSet, SocketType, Tee,
};
use lessor_types::{PoolId, Secs, SubnetId};

/// The configuration and what was said of it.
fn read(text: &str, name: &str) -> (Config, Diagnostics) {
    Config::parse(text, name).unwrap_or_else(|findings| panic!("{findings}"))
}

#[test]
fn an_office_of_version_2() {
    let (config, findings) = read(include_str!("files/office-2.2.conf"), "office");
    assert_eq!(
        findings.to_string(),
        "office:3:14: info: Dhcp4.cache-threshold: not given, so 0.25; Kea had 0 before 3.0; \
         `\"cache-threshold\": 0` is as it was\n    \
         office:8:9: `control-socket`, as in files of Kea 2\n\
         office:32:83: warning: Dhcp4.option-data: a comma after the last element\n\
         office:37:9: info: Dhcp4.multi-threading: changes nothing: one thread decides for all \
         clients, and packets are received and sent in batches by others\n\
         office:40:13: info: Dhcp4.subnet4[0].id: not given, so this is subnet 1; leases are kept \
         under this number: give it, and it stays the same\n\
         office:53:13: info: Dhcp4.subnet4[1].id: not given, so this is subnet 2; leases are kept \
         under this number: give it, and it stays the same\n"
    );
    assert_eq!(
        config.interfaces,
        [
            InterfaceSpec::Named("eth0".to_owned()),
            InterfaceSpec::NamedAddr("eth1".to_owned(), Ipv4Addr::new(192, 0, 2, 2)),
        ]
    );
    assert_eq!(config.socket_type, SocketType::Raw);
    assert_eq!(
        config.control_sockets,
        [ControlSocket::Unix { path: "/run/kea/kea4-ctrl-socket".to_owned() }]
    );
    let memfile = Memfile {
        path: Some("/var/lib/kea/kea-leases4.csv".to_owned()),
        lfc_interval: Secs(1800),
        ..Memfile::default()
    };
    assert_eq!(config.lease_store, LeaseStore::Memfile(memfile));
    let expired =
        Expired { hold_reclaimed: Secs(7200), max_reclaim_time_ms: 500, ..Expired::default() };
    assert_eq!(config.expired, expired);

    let ground = config.subnet(SubnetId(1)).expect("the first");
    assert_eq!(ground.prefix.to_string(), "192.0.2.0/24");
    assert_eq!(ground.interface.as_deref(), Some("eth1"));
    assert!(ground.authoritative && ground.match_client_id);
    let lifetime = Lifetime { default: Secs(3600), min: Secs(3600), max: Secs(86_400) };
    assert_eq!(ground.lifetime, lifetime);
    assert_eq!(ground.tee.renew, Some(Secs(900)));
    assert_eq!(ground.tee.rebind, Some(Secs(1800)));
    assert_eq!(ground.next_server, Ipv4Addr::new(192, 0, 2, 4));
    assert_eq!(ground.options.get(3), Some(&[192, 0, 2, 1][..]));
    assert_eq!(config.options.get(15), Some(&b"example.org"[..]));
    assert_eq!(ground.options.get(15), None);
    assert_eq!(config.options.get(6).map(<[u8]>::len), Some(8));
    let unasked = |options: &OptionSet| -> Vec<u8> {
        let always = options.iter().filter(|given| given.sending == Sending::Always);
        always.map(|given| given.code).collect()
    };
    assert!(unasked(&ground.options).is_empty());

    let (_, pool) = config.pool_of(Ipv4Addr::new(192, 0, 2, 200)).expect("a pool");
    assert_eq!(pool.first, Ipv4Addr::new(192, 0, 2, 128));
    assert_eq!(pool.size(), 128);
    assert_eq!(pool.options.get(3), Some(&[192, 0, 2, 129][..]));
    assert_eq!(config.pool_of(Ipv4Addr::new(192, 0, 2, 100)), None);

    let first = config.subnet(SubnetId(2)).expect("the second");
    assert_eq!(first.relays, [Ipv4Addr::new(203, 0, 113, 1)]);
    assert!(first.lifetime.default.is_infinite());
    assert!(first.authoritative && !first.match_client_id);
    assert_eq!(first.next_server, Ipv4Addr::UNSPECIFIED);
    assert_eq!(first.boot_file_name, "/dev/null");
    assert_eq!(first.options.get(6), Some(&[203, 0, 113, 53][..]));
    assert_eq!(first.options.get(224), Some(&[1, 2, 255][..]));
    assert_eq!(first.options.get(121), Some(&[8, 10, 198, 51, 100, 1][..]));
    assert_eq!(unasked(&first.options), [6]);
}

#[test]
fn a_campus_of_version_3() {
    let (config, findings) = read(include_str!("files/campus-3.conf"), "campus");
    assert_eq!(
        findings.to_string(),
        "campus:6:24: warning: Dhcp4.control-sockets[1].socket-type: `http` is accepted but not in \
         effect yet: no socket is opened\n\
         campus:6:84: warning: Dhcp4.control-sockets: a comma after the last element, here and \
         in 4 other places\n"
    );
    assert_eq!(config.interfaces, [InterfaceSpec::Any]);
    assert_eq!(config.parked_max, 512);
    assert_eq!(config.decline_probation, Secs(600));
    assert!(!config.echo_client_id);
    assert_eq!(config.server_tag, "campus");
    let ids: Vec<u32> = config.subnets.iter().map(|subnet| subnet.id.0).collect();
    assert_eq!(ids, [12, 4096]);
    let tee = Tee { calculate: true, t1_ppm: 400_000, t2_ppm: 800_000, ..Tee::default() };
    let halls = config.subnet(SubnetId(4096)).expect("given");
    assert_eq!(halls.tee, tee);
    assert_eq!(halls.cache_threshold_ppm, 500_000);
    assert_eq!(halls.cache_max_age, Some(Secs(30)));
    let lifetime = Lifetime { default: Secs(7200), min: Secs(600), max: Secs(7200) };
    assert_eq!(halls.lifetime, lifetime);
    assert_eq!(halls.pools[0].id, PoolId(7));
    assert_eq!(config.subnets[0].cache_threshold_ppm, 0);
    assert_eq!(config.subnets[0].server_hostname, "boot.example.org");
}

#[test]
fn an_empty_file_means_the_defaults() {
    let (config, findings) = read("{\"Dhcp4\": {}}", "empty");
    assert_eq!(config, Config::default());
    assert_eq!(
        findings.to_string(),
        "empty:1:11: warning: Dhcp4.interfaces-config.interfaces: no interface: no client is \
         heard; name interfaces, or \"*\" for all\n"
    );
}

#[test]
fn a_file_may_be_spread_over_several() {
    let mut files = |name: &str| match name {
        "subnets.json" => Ok("[\n  {\"id\": 1, \"subnet\": \"x\"} ]".to_owned()),
        _ => Err("no such file".to_owned()),
    };
    let text = "{\"Dhcp4\": {\"interfaces-config\": {\"interfaces\": [\"*\"]},\
                \"subnet4\": <?include \"subnets.json\"?>}}";
    let findings = Config::parse_with(text, "main", &mut files).expect_err("x is no prefix");
    assert_eq!(
        findings.to_string(),
        "subnets.json:2:23: error: Dhcp4.subnet4[0].subnet: \"x\" is not a prefix; expected a \
         prefix such as \"192.0.2.0/24\"\n"
    );
}
