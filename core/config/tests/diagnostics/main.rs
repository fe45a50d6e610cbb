//! What is said of broken files, word for word.

mod classes;
mod databases;
mod libraries;
mod logging;
mod networks;
mod options;

use lessor_config::{Config, Level};

/// All findings about a text called `t`.
fn findings(text: &str) -> String {
    match Config::parse(text, "t") {
        Ok((_, findings)) | Err(findings) => findings.to_string(),
    }
}

/// All findings about members of `Dhcp4`, which begin on line 2.
fn in_dhcp4(members: &str) -> String {
    findings(&format!(
        "{{\"Dhcp4\": {{\"interfaces-config\": {{\"interfaces\": [\"*\"]}},\n{members}}}}}"
    ))
}

/// All findings about members of a subnet, which begin on line 3.
fn in_subnet(members: &str) -> String {
    in_dhcp4(&format!("\"subnet4\": [{{\"id\": 1, \"subnet\": \"192.0.2.0/24\",\n{members}}}]"))
}

/// Compares what was said of each text with what should be.
#[track_caller]
fn check(said: &[String], expected: &str) {
    let said = format!("\n{}", said.concat());
    assert!(said == expected, "{said}");
}

#[test]
fn the_top_of_the_file() {
    check(
        &[
            findings("[]"),
            findings("{}"),
            findings(r#"{"Dhcp6": {}}"#),
            findings(r#"{"Control-agent": {}}"#),
            findings(r#"{"Dhcp4": []}"#),
            findings(r#"{"dhcp4": {}}"#),
            findings(r#"{"Dhcp4": {"interfaces-config": {"interfaces": ["*"]}}, "Logging": {}}"#),
            findings(r#"{"Dhcp4": {"interfaces-config": {"interfaces": ["*"]}}, "Dhcp6": {}}"#),
        ],
        r#"
t:1:1: error: found a list; expected a map with the key `Dhcp4`
t:1:1: error: `Dhcp4` is missing; the DHCPv4 server's configuration is the value of this key
t:1:2: error: Dhcp6: this configures the DHCPv6 server, and DHCPv6 is not served yet; the DHCPv4 server's file has the one key `Dhcp4`
t:1:2: error: Control-agent: this configures the control agent, and the server takes commands itself here: see `control-sockets`; the DHCPv4 server's file has the one key `Dhcp4`
t:1:11: error: Dhcp4: found a list; expected a map
t:1:1: error: `Dhcp4` is missing; the DHCPv4 server's configuration is the value of this key
t:1:2: error: dhcp4: unknown key; did you mean `Dhcp4`?
t:1:57: warning: Logging: accepted but not in effect; Kea 1.8 and later have `loggers` in `Dhcp4` instead
t:1:57: error: Dhcp6: this configures the DHCPv6 server, and DHCPv6 is not served yet; the DHCPv4 server's file has the one key `Dhcp4`
"#,
    );
}

#[test]
fn a_syntax_error_is_told_alone() {
    check(
        &[in_dhcp4(r#""valid-lifetime": 7 "foo": 3"#)],
        r#"
t:2:21: error: Dhcp4: found a string; expected `,` or `}`
"#,
    );
}

#[test]
fn unknown_keys() {
    check(
        &[
            in_dhcp4(r#""valid-lifetme": 7, "pools": [], "xyzzy": 1"#),
            in_subnet(
                r#""pools": [{"pool": "192.0.2.1 - 192.0.2.9", "poolid": 1}], "relay": {"colour": 1}"#,
            ),
        ],
        r#"
t:2:1: error: Dhcp4.valid-lifetme: unknown key; did you mean `valid-lifetime`?
t:2:21: error: Dhcp4.pools: unknown key; it belongs in a subnet
t:2:34: error: Dhcp4.xyzzy: unknown key; `Dhcp4` has no such key
t:3:45: error: Dhcp4.subnet4[0].pools[0].poolid: unknown key; did you mean `pool-id`?
t:3:70: error: Dhcp4.subnet4[0].relay.colour: unknown key; `relay` has no such key
"#,
    );
}

#[test]
fn values_of_the_wrong_kind() {
    check(
        &[
            in_dhcp4(
                r#""valid-lifetime": "7", "renew-timer": -1, "echo-client-id": 1, "next-server": "here", "t1-percent": 2, "cache-threshold": 1.0,
"subnet4": {}, "server-tag": null, "interfaces-config": {}"#,
            ),
            findings(
                r#"{"Dhcp4": {"interfaces-config": {"interfaces": [7], "dhcp-socket-type": "tcp"}}}"#,
            ),
            in_subnet(
                r#""server-hostname": "0123456789012345678901234567890123456789012345678901234567890123", "relay": {"ip-addresses": ["192.0.2.1", "x"]}, "pools": [7]"#,
            ),
        ],
        r#"
t:2:19: error: Dhcp4.valid-lifetime: found a string; expected an integer from 1 to 4294967295
t:2:39: error: Dhcp4.renew-timer: found -1; expected an integer from 0 to 4294967295
t:2:61: error: Dhcp4.echo-client-id: found an integer; expected true or false
t:2:79: error: Dhcp4.next-server: found "here"; expected an IPv4 address such as "192.0.2.1"
t:2:101: error: Dhcp4.t1-percent: found 2; expected a number from 0 to 1
t:2:123: error: Dhcp4.cache-threshold: found 1.0; expected a number from 0 to less than 1
t:3:12: error: Dhcp4.subnet4: found a map; expected a list of maps
t:3:30: error: Dhcp4.server-tag: found null; expected a string of at most 255 octets
t:3:36: error: Dhcp4.interfaces-config: given twice; a key stands once in a map
    t:1:12: the first time
t:1:48: warning: Dhcp4.interfaces-config.interfaces: no interface: no client is heard; name interfaces, or "*" for all
t:1:49: error: Dhcp4.interfaces-config.interfaces[0]: found an integer; expected a string
t:1:73: error: Dhcp4.interfaces-config.dhcp-socket-type: found "tcp"; expected one of "raw", "udp"
t:3:20: error: Dhcp4.subnet4[0].server-hostname: found 64 octets; expected a string of at most 63 octets
t:3:128: error: Dhcp4.subnet4[0].relay.ip-addresses[1]: found "x"; expected an IPv4 address such as "192.0.2.1"
t:3:145: error: Dhcp4.subnet4[0].pools[0]: found an integer; expected a map
"#,
    );
}

#[test]
fn keys_not_in_effect() {
    check(
        &[
            in_dhcp4(
                r#""dhcp4o6-port": 7, "dhcp4o6-port": 8, "reservations": [{"hw-address": "x", "colour": 1}],
"hooks-libraries": [{"library": "libdhcp_ha.so"}], "shared-networks": [{"name": "n", "subnet4": []}]"#,
            ),
            in_dhcp4(
                r#""reservations": [], "allocator": "ITERATIVE", "dhcp-ddns": {"enable-updates": false, "comment": "x"}, "re-detect": 1"#,
            ),
            in_subnet(
                r#""option-data": [{"name": "routers", "data": "192.0.2.1", "client-classes": ["a"], "never-send": true}]"#,
            ),
            in_dhcp4(
                r#""hosts-database": {"type": "mysql"}, "lease-database": {"type": "postgresql", "name": "kea", "password": "hunter2", "readonly": true}"#,
            ),
        ],
        r#"
t:2:1: warning: Dhcp4.dhcp4o6-port: accepted but not in effect yet
t:2:20: error: Dhcp4.dhcp4o6-port: given twice; a key stands once in a map
    t:2:1: the first time
t:2:71: error: Dhcp4.reservations[0].hw-address: "x" is no hw-address; expected hexadecimal octets such as "00:0c:01:02:03:04", 1 to 255 of them
t:2:76: error: Dhcp4.reservations[0].colour: unknown key; a reservation has no such key
t:3:33: error: Dhcp4.hooks-libraries[0].library: `libdhcp_ha` is not in effect yet; its partner would lease the same addresses, so it is not ignored: take it out to go on without it
t:2:103: error: Dhcp4.re-detect: unknown key; it belongs in `interfaces-config`
t:3:77: warning: Dhcp4.subnet4[0].option-data[0].client-classes[0]: no class is named `a`: nobody is in it
t:2:1: error: Dhcp4.hosts-database: not in effect yet; it protects something or decides who gets what, so it is not ignored: take it out to go on without it
t:2:117: error: Dhcp4.lease-database.readonly: not in effect yet; it protects something or decides who gets what, so it is not ignored: take it out to go on without it
"#,
    );
}

#[test]
fn the_server_itself() {
    check(
        &[
            in_dhcp4(
                r#""control-socket": {"socket-type": "unix", "socket-name": "/s"}, "control-sockets": [
{"socket-type": "unix", "socket-name": "/s"}, {"socket-type": "unix"}, {"socket-name": "/t"}, {"socket-type": "http"}],
"parked-packet-limit": 0, "lease-database": {"persist": true}"#,
            ),
            findings(
                r#"{"Dhcp4": {"interfaces-config": {"interfaces": ["eth0", "eth0/x", "", "eth0"]}, "lease-database": {"type": "oracle"}}}"#,
            ),
        ],
        r#"
t:3:40: error: Dhcp4.control-sockets[0].socket-name: `/s` is given twice; each socket has a place of its own
    t:2:58: the first time
t:3:47: error: Dhcp4.control-sockets[1].socket-name: a UNIX socket has no name; expected a path such as "/run/kea/kea4-ctrl-socket"
t:3:72: error: Dhcp4.control-sockets[2]: `socket-type` is missing; expected "unix"
t:3:111: warning: Dhcp4.control-sockets[3].socket-type: `http` is accepted but not in effect yet: no socket is opened
t:4:24: warning: Dhcp4.parked-packet-limit: 0 would be no limit; the limit is 65536
t:4:45: error: Dhcp4.lease-database: `type` is missing; expected "memfile", "postgresql", "mysql" or "sqlite"
t:1:57: error: Dhcp4.interfaces-config.interfaces[1]: `eth0/x` names no interface; expected "*", "eth0" or "eth0/192.0.2.1"
t:1:67: error: Dhcp4.interfaces-config.interfaces[2]: `` names no interface; expected "*", "eth0" or "eth0/192.0.2.1"
t:1:71: error: Dhcp4.interfaces-config.interfaces[3]: `eth0` is given twice; each interface stands once
    t:1:49: the first time
t:1:108: error: Dhcp4.lease-database.type: `oracle` is no kind of lease database; expected "memfile", "postgresql", "mysql" or "sqlite"
"#,
    );
}

#[test]
fn defaults_that_changed_since_the_file_was_written() {
    let old = r#""subnet4": [{"subnet": "192.0.2.0/24", "id": 3}], "control-socket": {"socket-type": "unix", "socket-name": "/s"}"#;
    check(
        &[
            in_dhcp4(old),
            in_dhcp4(r#""subnet4": [{"subnet": "192.0.2.0/24"}]"#),
            // Given somewhere: whoever wrote it knows of it.
            in_dhcp4(
                r#""subnet4": [{"subnet": "192.0.2.0/24", "client-class": "ALL", "id": 3, "cache-threshold": 0.1}]"#,
            ),
            // A file of Kea 3 that kept an old word.
            in_dhcp4(&format!(
                r#"{old}, "client-classes": [{{"name": "a", "only-in-additional-list": true}}]"#
            )),
            in_subnet(r#""client-classes": ["ALL"]"#),
        ],
        r#"
t:1:11: info: Dhcp4.cache-threshold: not given, so 0.25; Kea had 0 before 3.0; `"cache-threshold": 0` is as it was
    t:2:51: `control-socket`, as in files of Kea 2
t:1:11: info: Dhcp4.cache-threshold: not given, so 0.25; Kea had 0 before 3.0; `"cache-threshold": 0` is as it was
    t:2:13: a subnet without `id`, as in files of Kea 2
t:2:13: info: Dhcp4.subnet4[0].id: not given, so this is subnet 1; leases are kept under this number: give it, and it stays the same
"#,
    );
}

#[test]
fn secrets_are_not_shown() {
    for text in [
        r#"{"Dhcp4": {"lease-database": {"type": "mysql", "password": "hunter2"}}}"#,
        r#"{"Dhcp4": {"lease-database": {"type": "mysql", "password": hunter2}}}"#,
        r#"{"Dhcp4": {"lease-database": {"type": "mysql", "password" "hunter2"}}}"#,
        r#"{"Dhcp4": {"lease-database": {"password": "a", "password": "hunter2"}}}"#,
        r#"{"Dhcp4": {"lease-database": {"password": ["hunter2"]}}}"#,
        r#"{"Dhcp4": {"control-sockets": [{"authentication": {"clients": "hunter2"}}]}}"#,
    ] {
        let findings = Config::parse(text, "t").expect_err("each is wrong");
        assert!(findings.iter().any(|it| it.level == Level::Error));
        assert!(!format!("{findings}{findings:?}").contains("hunter"), "{findings}");
    }
}
