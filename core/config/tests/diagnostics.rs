//! What is said of broken files, word for word.

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
fn shared_networks_and_reservations() {
    check(
        &[
            in_dhcp4(
                r#""shared-networks": [
{"name": "a", "min-valid-lifetime": 9000},
{"name": "a", "subnet4": [{"id": 1, "subnet": "192.0.2.0/25", "reservation-mode": "global", "reservations-global": true}]},
{"subnet4": [{"id": 1, "subnet": "192.0.2.0/24"}]}], "subnet4": [{"subnet": "192.0.2.64/26"}]"#,
            ),
            in_subnet(
                r#""reservations": [
{"hw-address": "2:0:0:0:0:1", "ip-address": "192.0.2.7"},
{"hw-address": "020000000001", "client-id": "01:02", "ip-address": "192.0.2.7"},
{"ip-address": "198.51.100.1"}, {"duid": "''", "ip-address": "0.0.0.0"},
{"circuit-id": "'port 7'", "ip-address": "192.0.2.255", "client-classes": ["phones"]}]"#,
            ),
            in_subnet(
                r#""reservations-out-of-pool": true, "pools": [{"pool": "192.0.2.0/28"}], "reservations": [{"flex-id": "'x'", "ip-address": "192.0.2.7"}]"#,
            ),
            in_subnet(r#""reservations-in-subnet": false, "reservations": [{"flex-id": "'x'"}]"#),
            in_dhcp4(
                r#""ip-reservations-unique": false, "host-reservation-identifiers": ["duid", "mac", "duid"], "subnet4": [{"id": 1, "subnet": "192.0.2.0/24", "reservations": [
{"duid": "01", "ip-address": "192.0.2.7"}, {"duid": "02", "ip-address": "192.0.2.7"}]}]"#,
            ),
            in_dhcp4(r#""host-reservation-identifiers": []"#),
        ],
        r##"
t:3:37: error: Dhcp4.shared-networks[0].min-valid-lifetime: min-valid-lifetime 9000 is above valid-lifetime, which is 7200 by default; min-valid-lifetime <= valid-lifetime <= max-valid-lifetime
t:4:10: error: Dhcp4.shared-networks[1].name: `a` is another network's name; each shared network has its own
    t:3:10: the other network
t:4:47: error: Dhcp4.shared-networks[1].subnet4[0].subnet: 192.0.2.0/25 lies in another subnet; an address belongs to one subnet
    t:5:34: Dhcp4.shared-networks[2].subnet4[0].subnet: 192.0.2.0/24
t:4:83: error: Dhcp4.shared-networks[1].subnet4[0].reservation-mode: the old spelling of `reservations-global`, which is there too; take `reservation-mode` out
    t:4:116: reservations-global
t:5:1: error: Dhcp4.shared-networks[2].name: a shared network has no name; expected a `name`
t:5:21: error: Dhcp4.shared-networks[2].subnet4[0].id: 1 is another subnet's number; each subnet has its own
    t:4:34: the other subnet
t:5:66: info: Dhcp4.subnet4[0].id: not given, so this is subnet 1; leases are kept under this number: give it, and it stays the same
t:5:66: error: Dhcp4.subnet4[0].id: 1 is another subnet's number; each subnet has its own
    t:4:34: the other subnet
t:5:77: error: Dhcp4.subnet4[0].subnet: 192.0.2.64/26 lies in another subnet; an address belongs to one subnet
    t:4:47: Dhcp4.shared-networks[1].subnet4[0].subnet: 192.0.2.0/25
t:5:16: error: Dhcp4.subnet4[0].reservations[1].hw-address: this client has another reservation here; one reservation for each client, with all that it gets
    t:4:16: the other reservation
t:5:45: error: Dhcp4.subnet4[0].reservations[1].client-id: named by two identifiers; one identifier in each reservation
    t:5:16: hw-address
t:5:68: error: Dhcp4.subnet4[0].reservations[1].ip-address: 192.0.2.7 is reserved for another client too; `ip-reservations-unique` false allows several clients in turn
    t:4:45: the other reservation
t:6:1: error: Dhcp4.subnet4[0].reservations[2]: nobody is named; expected one of hw-address, duid, circuit-id, client-id, flex-id
t:6:16: error: Dhcp4.subnet4[0].reservations[2].ip-address: 198.51.100.1 is not in 192.0.2.0/24; a reserved address lies in its subnet
    t:2:33: the subnet
t:6:42: error: Dhcp4.subnet4[0].reservations[3].duid: "''" is no duid; expected hexadecimal octets such as "00:0c:01:02:03:04", 1 to 255 of them
t:6:62: error: Dhcp4.subnet4[0].reservations[3].ip-address: 0.0.0.0 can not be reserved; leave `ip-address` out for a reservation without an address
t:7:42: warning: Dhcp4.subnet4[0].reservations[4].ip-address: 192.0.2.255 is the broadcast address; most clients can not use it
t:7:76: warning: Dhcp4.subnet4[0].reservations[4].client-classes[0]: no class is named `phones`: it gives nothing
t:3:122: warning: Dhcp4.subnet4[0].reservations[0].ip-address: 192.0.2.7 is in a pool: it is not kept; `reservations-out-of-pool` says that no reserved address is in a pool
t:3:51: warning: Dhcp4.subnet4[0].reservations: nobody looks for these reservations; `reservations-in-subnet` is false here
t:2:75: error: Dhcp4.host-reservation-identifiers[1]: `mac` is no kind of identifier; expected hw-address, duid, circuit-id, client-id or flex-id
t:2:82: error: Dhcp4.host-reservation-identifiers[2]: `duid` is given twice; each kind stands once
    t:2:67: the first time
t:2:33: error: Dhcp4.host-reservation-identifiers: no identifier is named; expected hw-address, duid, circuit-id, client-id or flex-id
"##,
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
                r#""hosts-database": {"type": "mysql"}, "lease-database": {"type": "postgresql", "password": "hunter2", "ssl-mode": "require"}"#,
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
t:2:65: error: Dhcp4.lease-database.type: `postgresql` is not in effect yet; expected "memfile"
t:2:79: warning: Dhcp4.lease-database.password: accepted but not in effect yet
t:2:102: error: Dhcp4.lease-database.ssl-mode: not in effect yet; it protects something or decides who gets what, so it is not ignored: take it out to go on without it
"#,
    );
}

#[test]
fn classes_that_are_not_lawful() {
    check(
        &[
            in_dhcp4(
                r#""client-classes": [
{"name": "a", "test": "substring(option[60].hex, 0, 6 == 'Aastra'"},
{"name": "a", "test": "member('b') or member('HA_x')"},
{"name": "b", "test": "member('b')"},
{"name": "c", "template-test": "pkt4.msgtype == 1"},
{"name": "d", "test": "option[60].hex == \"x\""},
{"name": "e", "test": "option[60].exists", "template-test": "option[60].hex"},
{"name": "VENDOR_CLASS_x", "test": "member('ALL')"},
{"name": "REJECT"},
{"test": 7},
{"name": "f", "test": "option[routers].hex =="}]"#,
            ),
            in_dhcp4(
                r#""client-classes": [
{"name": "DROP", "only-in-additional-list": true, "test": "member('KNOWN')"},
{"name": "VENDOR_CLASS_x", "option-def": [], "offer-lifetime": 5},
{"name": "a", "only-if-required": true, "only-in-additional-list": false, "boot-file-name": "x"},
{"name": "b", "min-valid-lifetime": 5, "max-valid-lifetime": 6},
{"name": "c", "min-valid-lifetime": 5, "valid-lifetime": 4}]"#,
            ),
        ],
        r#"
t:3:55: error: Dhcp4.client-classes[0].test: expected `)`, found `==`
t:4:10: error: Dhcp4.client-classes[1].name: `a` is another class's name; each class has its own
    t:3:10: the other class
t:4:31: error: Dhcp4.client-classes[1].test: `b` is not defined before this class; classes are tested in the order of the file
t:5:31: error: Dhcp4.client-classes[2].test: `b` is not defined before this class; classes are tested in the order of the file
t:6:33: error: Dhcp4.client-classes[3].template-test: expected a string, found an expression that is true or false
t:7:42: error: Dhcp4.client-classes[4].test: expected `'` around text, found `"`
t:8:61: error: Dhcp4.client-classes[5].template-test: a class has one test; give `test` or `template-test`
    t:8:23: test
t:9:36: error: Dhcp4.client-classes[6].test: who is in `VENDOR_CLASS_x` is not for a test to say; such classes come from the server itself: choose another name
t:10:10: error: Dhcp4.client-classes[7].name: the class `REJECT` is not in effect yet; `DROP` leaves its members without an answer
t:11:1: error: Dhcp4.client-classes[8].name: a class has no name; expected a `name`
t:11:10: error: Dhcp4.client-classes[8].test: found an integer; expected a string
t:12:46: error: Dhcp4.client-classes[9].test: expected a test or a value, found the end
t:3:45: error: Dhcp4.client-classes[0].only-in-additional-list: `DROP` does not wait for a subnet; expected false
t:5:35: error: Dhcp4.client-classes[2].only-if-required: the old spelling of `only-in-additional-list`, which is there too; take `only-if-required` out
    t:5:68: only-in-additional-list
t:6:37: error: Dhcp4.client-classes[3].min-valid-lifetime: there are bounds and nothing between them; give `valid-lifetime` too
t:7:37: error: Dhcp4.client-classes[4].min-valid-lifetime: min-valid-lifetime 5 is above valid-lifetime, which is 4; min-valid-lifetime <= valid-lifetime <= max-valid-lifetime
    t:7:58: valid-lifetime
"#,
    );
}

#[test]
fn guards_that_name_no_class() {
    check(
        &[
            in_dhcp4(
                r#""client-classes": [{"name": "phones"}, {"name": "t", "template-test": "option[60].hex"}],
"subnet4": [{"id": 1, "subnet": "192.0.2.0/24", "client-class": "phone", "require-client-classes": ["voice", ""],
"pools": [{"pool": "192.0.2.0/28", "client-classes": ["phones", "SPAWN_t_1", "SPAWN_u_1", "HA_server2", "UNKNOWN"]}]}]"#,
            ),
            in_subnet(
                r#""client-class": "ALL", "client-classes": ["ALL"], "evaluate-additional-classes": 7"#,
            ),
        ],
        r#"
t:3:65: warning: Dhcp4.subnet4[0].client-class: no class is named `phone`: nobody is in it; did you mean `phones`?
t:3:101: warning: Dhcp4.subnet4[0].require-client-classes[0]: no class is named `voice`: it gives nothing
t:4:78: warning: Dhcp4.subnet4[0].pools[0].client-classes[2]: no class is named `SPAWN_u_1`: nobody is in it
t:3:17: error: Dhcp4.subnet4[0].client-class: the old spelling of `client-classes`, which is there too; take `client-class` out
    t:3:42: client-classes
t:3:82: error: Dhcp4.subnet4[0].evaluate-additional-classes: found an integer; expected a list of strings
"#,
    );
}

#[test]
fn subnets_that_clash() {
    check(
        &[in_dhcp4(
            r#""subnet4": [
{"id": 7, "subnet": "10.0.0.0/8"},
{"id": 7, "subnet": "10.1.0.0/16"},
{"subnet": "10.0.0.0/8"},
{"id": 1, "subnet": "10.1.2.3/24"},
{"id": 4},
{"id": 5, "subnet": "10.0.0.0"}]"#,
        )],
        r#"
t:4:8: error: Dhcp4.subnet4[1].id: 7 is another subnet's number; each subnet has its own
    t:3:8: the other subnet
t:4:21: error: Dhcp4.subnet4[1].subnet: 10.1.0.0/16 lies in another subnet; an address belongs to one subnet
    t:5:12: Dhcp4.subnet4[2].subnet: 10.0.0.0/8
t:5:1: info: Dhcp4.subnet4[2].id: not given, so this is subnet 1; leases are kept under this number: give it, and it stays the same
t:5:12: error: Dhcp4.subnet4[2].subnet: 10.0.0.0/8 is another subnet too; an address belongs to one subnet
    t:3:21: Dhcp4.subnet4[0].subnet: 10.0.0.0/8
t:6:8: error: Dhcp4.subnet4[3].id: 1 is another subnet's number; each subnet has its own
    t:5:1: the other subnet
t:6:21: warning: Dhcp4.subnet4[3].subnet: "10.1.2.3/24" has host bits; read as 10.1.2.0/24
t:6:21: error: Dhcp4.subnet4[3].subnet: 10.1.2.0/24 lies in another subnet; an address belongs to one subnet
    t:4:21: Dhcp4.subnet4[1].subnet: 10.1.0.0/16
t:7:1: error: Dhcp4.subnet4[4]: `subnet` is missing; expected a prefix such as "192.0.2.0/24"
t:8:21: error: Dhcp4.subnet4[5].subnet: "10.0.0.0" is not a prefix; expected a prefix such as "192.0.2.0/24"
"#,
    );
}

#[test]
fn pools_that_clash() {
    check(
        &[in_dhcp4(
            r#""subnet4": [
{"id": 1, "subnet": "192.0.2.0/25", "pools": [
{"pool": "192.0.2.1 - 192.0.2.9"},
{"pool": "192.0.2.9 - 192.0.2.20"},
{"pool": "192.0.2.120 - 192.0.2.130"},
{"pool": "192.0.2.8/30"},
{"pool": "192.0.2.9 - 192.0.2.1"},
{"pool": "192.0.2.9"}, {}]},
{"id": 2, "subnet": "192.0.2.0/24", "pools": [{"pool": "192.0.2.20 - 192.0.2.200"}]}]"#,
        )],
        r#"
t:3:21: error: Dhcp4.subnet4[0].subnet: 192.0.2.0/25 lies in another subnet; an address belongs to one subnet
    t:10:21: Dhcp4.subnet4[1].subnet: 192.0.2.0/24
t:6:10: error: Dhcp4.subnet4[0].pools[2].pool: 192.0.2.120 - 192.0.2.130 is not in 192.0.2.0/25; a pool lies in its subnet
    t:3:21: the subnet
t:7:10: error: Dhcp4.subnet4[0].pools[3].pool: 192.0.2.8 - 192.0.2.11 shares addresses with another pool; an address belongs to one pool
    t:4:10: Dhcp4.subnet4[0].pools[0].pool: 192.0.2.1 - 192.0.2.9
t:7:10: error: Dhcp4.subnet4[0].pools[3].pool: 192.0.2.8 - 192.0.2.11 shares addresses with another pool; an address belongs to one pool
    t:5:10: Dhcp4.subnet4[0].pools[1].pool: 192.0.2.9 - 192.0.2.20
t:8:10: error: Dhcp4.subnet4[0].pools[4].pool: 192.0.2.9 is above 192.0.2.1; the lower end comes first
t:9:10: error: Dhcp4.subnet4[0].pools[5].pool: "192.0.2.9" is not a range of addresses; expected "192.0.2.10 - 192.0.2.99" or "192.0.2.64/26"
t:9:24: error: Dhcp4.subnet4[0].pools[6]: `pool` is missing; expected "192.0.2.10 - 192.0.2.99" or "192.0.2.64/26"
t:10:56: error: Dhcp4.subnet4[1].pools[0].pool: 192.0.2.20 - 192.0.2.200 shares addresses with another pool; an address belongs to one pool
    t:5:10: Dhcp4.subnet4[0].pools[1].pool: 192.0.2.9 - 192.0.2.20
"#,
    );
}

#[test]
fn timing_that_clashes() {
    check(
        &[
            in_dhcp4(
                r#""min-valid-lifetime": 8000, "renew-timer": 9, "rebind-timer": 8,
"subnet4": [{"id": 1, "subnet": "192.0.2.0/24",
"valid-lifetime": 7000, "max-valid-lifetime": 6000},
{"id": 2, "subnet": "198.51.100.0/24", "valid-lifetime": 9000, "calculate-tee-times": true, "t2-percent": 0.5}]"#,
            ),
            in_dhcp4(r#""valid-lifetime": 0"#),
        ],
        r#"
t:2:23: error: Dhcp4.min-valid-lifetime: min-valid-lifetime 8000 is above valid-lifetime, which is 7200 by default; min-valid-lifetime <= valid-lifetime <= max-valid-lifetime
t:2:44: warning: Dhcp4.renew-timer: renew-timer 9 is above rebind-timer 8; a client renews before it rebinds
    t:2:63: rebind-timer
t:4:19: error: Dhcp4.subnet4[0].valid-lifetime: min-valid-lifetime 8000 is above valid-lifetime, which is 7000; min-valid-lifetime <= valid-lifetime <= max-valid-lifetime
    t:2:23: min-valid-lifetime
t:4:47: error: Dhcp4.subnet4[0].max-valid-lifetime: max-valid-lifetime 6000 is below valid-lifetime, which is 7000; min-valid-lifetime <= valid-lifetime <= max-valid-lifetime
    t:4:19: valid-lifetime
t:5:107: error: Dhcp4.subnet4[1].t2-percent: t1-percent is not below t2-percent; a client renews before it rebinds
t:2:19: error: Dhcp4.valid-lifetime: found 0; expected an integer from 1 to 4294967295
"#,
    );
}

#[test]
fn options_that_do_not_fit() {
    check(
        &[in_subnet(
            r#""option-data": [
{"name": "router", "data": "192.0.2.1"},
{"name": "xyzzy", "data": "192.0.2.1"},
{"name": "routers", "data": "192.0.2.1, 192.0.2"},
{"name": "routers", "code": 6, "data": "192.0.2.1"},
{"code": 255, "data": ""},
{"code": 224, "data": "x"},
{"code": 224, "csv-format": true, "data": "01"},
{"name": "dhcp-message-type", "data": "5"},
{"data": "5"},
{"name": "domain-name"},
{"name": "interface-mtu", "data": "1500, 9000"},
{"name": "tcode", "data": "EST5EDT4,M3"},
{"name": "tcode", "data": "UTC"},
{"space": "vendor", "code": 1, "data": "x"}]"#,
        )],
        r#"
t:4:10: error: Dhcp4.subnet4[0].option-data[0].name: `router` is no standard option, and not defined; did you mean `routers`?
t:5:10: error: Dhcp4.subnet4[0].option-data[1].name: `xyzzy` is no standard option, and not defined; give its `code` and, with csv-format false, its octets
t:6:41: error: Dhcp4.subnet4[0].option-data[2].data: `192.0.2` does not fit; expected an IPv4 address such as 192.0.2.1
t:7:10: error: Dhcp4.subnet4[0].option-data[3].name: `routers` is option 3, not 6; give one of both, or both of one option
t:8:10: error: Dhcp4.subnet4[0].option-data[4].code: 255 is no option code; expected 1 to 254
t:9:24: error: Dhcp4.subnet4[0].option-data[5].data: not octets; expected hexadecimal such as "C0000201" or 'text'
t:10:1: warning: Dhcp4.subnet4[0].option-data[6]: option 224 again; the first one counts
    t:9:1: the first one
t:10:29: error: Dhcp4.subnet4[0].option-data[6].csv-format: option 224 is not known, so its form is not; expected false, and octets in hexadecimal as `data`
t:11:10: warning: Dhcp4.subnet4[0].option-data[7].name: `dhcp-message-type` is made by the server itself; what is given here is not sent
t:12:1: error: Dhcp4.subnet4[0].option-data[8]: no option is named; expected `name` or `code`
t:13:1: error: Dhcp4.subnet4[0].option-data[9].data: no text; expected at least a letter
t:14:42: error: Dhcp4.subnet4[0].option-data[10].data: more than one value; this option has one
t:15:27: warning: Dhcp4.subnet4[0].option-data[11].data: holds a comma; taken whole here, though Kea cuts text at it: write `\\,`
t:16:1: warning: Dhcp4.subnet4[0].option-data[12]: option 101 again; the first one counts
    t:15:1: the first one
t:17:11: warning: Dhcp4.subnet4[0].option-data[13].space: nothing encapsulates the space `vendor`; its options are not sent
t:17:41: error: Dhcp4.subnet4[0].option-data[13].data: not octets; expected hexadecimal such as "C0000201" or 'text'
"#,
    );
}

#[test]
fn libraries() {
    check(
        &[
            in_dhcp4(
                r#""hooks-libraries": [
{"library": "/usr/lib/kea/hooks/libdhcp_lease_cmds.so"},
{"library": "libdhcp_pgsql"},
{"library": "/usr/lib/libdhcp_rbac.so", "parameters": {"require-tls": true}},
{"library": "libdhcp_host_cache.so"},
{"library": "libddns_gss_tsig.so"},
{"library": "charging.so"},
{"library": "libdhcp_pingcheck.so"},
{"library": "a/libdhcp_pgsql.so"},
{"parameters": {}}, {"library": 7}]"#,
            ),
            in_dhcp4(
                r#""hooks-libraries": [{"library": "libdhcp_ping_check.so", "parameters": {
"min-ping-requests": 0, "reply-timeout": 9000, "ping-channel-threads": 3, "colour": 1}}],
"subnet4": [{"id": 1, "subnet": "192.0.2.0/24", "user-context": {"ping-check": 7, "limits": {"address-limit": 1}}}]"#,
            ),
            in_dhcp4(
                r#""hooks-libraries": [{"library": "libdhcp_limits.so"}],
"client-classes": [{"name": "a", "user-context": {"limits": {"address-limit": -1, "rate-limit": "10 packets per fortnight", "prefix-limit": 1}}}],
"subnet4": [{"id": 1, "subnet": "192.0.2.0/24", "user-context": {"ping-check": {}, "limits": {"adress-limit": 1}}}]"#,
            ),
        ],
        r#"
t:3:13: info: Dhcp4.hooks-libraries[0].library: `libdhcp_lease_cmds` is built in: there is nothing to switch on
t:4:13: warning: Dhcp4.hooks-libraries[1].library: `libdhcp_pgsql` is accepted but not in effect yet; there are no databases yet
t:5:13: error: Dhcp4.hooks-libraries[2].library: `libdhcp_rbac` is not in effect yet; it decides who may command, so it is not ignored: take it out to go on without it
t:6:13: info: Dhcp4.hooks-libraries[3].library: `libdhcp_host_cache` is accepted; there is nothing here that it would do; hosts are in memory
t:7:13: error: Dhcp4.hooks-libraries[4].library: `libddns_gss_tsig` belongs to the DNS updater; take it out
t:8:13: error: Dhcp4.hooks-libraries[5].library: no library is known as `charging`; libraries are not loaded; the names of Kea's switch on what is built in, and others have nothing to switch on
t:9:13: error: Dhcp4.hooks-libraries[6].library: no library is known as `libdhcp_pingcheck`; did you mean `libdhcp_ping_check`?
t:10:13: error: Dhcp4.hooks-libraries[7].library: `libdhcp_pgsql` is given twice; each library stands once
    t:4:13: the first time
t:11:1: error: Dhcp4.hooks-libraries[8]: `library` is missing; expected a name such as "libdhcp_ping_check.so"
t:11:33: error: Dhcp4.hooks-libraries[9].library: found an integer; expected a string
t:3:22: error: Dhcp4.hooks-libraries[0].parameters.min-ping-requests: found 0; expected an integer from 1 to 4294967295
t:3:42: warning: Dhcp4.hooks-libraries[0].parameters.reply-timeout: an offer would wait for 9000 ms; clients ask again after 4 s, so no offer waits longer than that for its probe
t:3:48: info: Dhcp4.hooks-libraries[0].parameters.ping-channel-threads: changes nothing: one thread decides for all clients, and packets are received and sent in batches by others
t:3:75: error: Dhcp4.hooks-libraries[0].parameters.colour: unknown key; `ping-check` has no such key
t:4:80: error: Dhcp4.subnet4[0].user-context.ping-check: found an integer; expected a map
t:4:93: warning: Dhcp4.subnet4[0].user-context.limits: does nothing by itself; the hooks library `libdhcp_limits` switches limits on
t:3:79: error: Dhcp4.client-classes[0].user-context.limits.address-limit: found -1; expected an integer from 0 to 4294967295
t:3:97: error: Dhcp4.client-classes[0].user-context.limits.rate-limit: "10 packets per fortnight" is no rate; expected a rate such as "10 packets per second"
t:3:125: info: Dhcp4.client-classes[0].user-context.limits.prefix-limit: changes nothing: DHCPv4 has no prefixes
t:4:80: info: Dhcp4.subnet4[0].user-context.ping-check: does nothing by itself; the hooks library `libdhcp_ping_check` switches it on
t:4:95: error: Dhcp4.subnet4[0].user-context.limits.adress-limit: unknown key; did you mean `address-limit`?
"#,
    );
}

#[test]
fn libraries_with_expressions() {
    check(
        &[
            in_dhcp4(r#""hooks-libraries": [{"library": "libdhcp_flex_id.so"}]"#),
            in_dhcp4(
                r#""hooks-libraries": [{"library": "libdhcp_flex_id.so", "parameters": {
"identifier-expression": "relay4[2].hexx", "ignore-iaid": true, "replace-client-id": 1,
"cid-as-rfc4361-duid": true}}]"#,
            ),
            in_dhcp4(
                r#""hooks-libraries": [{"library": "libdhcp_flex_id.so", "parameters": {
"identifier-expression": "relay4[2].hex", "cid-as-rfc4361-duid": false}}]"#,
            ),
            in_dhcp4(
                r#""hooks-libraries": [{"library": "libdhcp_flex_id.so", "parameters": {
"identifier-expression": "relay4[2].hex", "replace-client-id": true}}]"#,
            ),
            in_dhcp4(
                r#""host-reservation-identifiers": ["flex-id"],
"hooks-libraries": [{"library": "libdhcp_flex_id.so", "parameters": {"identifier-expression": "pkt4.mac"}}]"#,
            ),
        ],
        r#"
t:2:21: error: Dhcp4.hooks-libraries[0].parameters: `identifier-expression` is missing; expected an expression such as "relay4[2].hex"
t:3:37: error: Dhcp4.hooks-libraries[0].parameters.identifier-expression: expected `hex`, `text`, `exists` or `option`, found `hexx`
t:3:44: info: Dhcp4.hooks-libraries[0].parameters.ignore-iaid: changes nothing: DHCPv4 has no such numbers
t:3:86: error: Dhcp4.hooks-libraries[0].parameters.replace-client-id: found an integer; expected true or false
t:4:1: error: Dhcp4.hooks-libraries[0].parameters.cid-as-rfc4361-duid: not in effect yet; it protects something or decides who gets what, so it is not ignored: take it out to go on without it
t:3:26: warning: Dhcp4.hooks-libraries[0].parameters.identifier-expression: no reservation is found by this; add `flex-id` to `host-reservation-identifiers`
t:3:26: info: Dhcp4.hooks-libraries[0].parameters.identifier-expression: no reservation is found by this; add `flex-id` to `host-reservation-identifiers`
"#,
    );
}

#[test]
fn libraries_that_change_options() {
    let options = |text: &str| {
        in_dhcp4(&format!(
            r#""hooks-libraries": [{{"library": "libdhcp_flex_option.so", "parameters": {{"options": [{text}]}}}}],
"option-def": [{{"name": "boxes", "code": 230, "type": "uint8", "encapsulate": "box"}},
{{"name": "edge", "code": 1, "type": "uint16", "space": "box"}},
{{"name": "crates", "code": 231, "type": "empty", "encapsulate": "box"}}]"#
        ))
    };
    check(
        &[
            options(
                r#"
{"code": 67, "add": "ifelse(option[host-name].exists, concat(option[host-name].text, '.boot'), '')"},
{"name": "crates", "sub-options": [{"name": "edge", "add": "'7'", "csv-format": true, "container-add": false}]},
{"code": 125, "sub-options": [{"space": "vendor-4491", "code": 2, "remove": "member('ALL')", "client-class": "ALL"}]}"#,
            ),
            options(
                r#"
{"code": 67, "name": "routers", "supersede": "'x'"},
{"name": "bootfile", "remove": "member('b')"},
{"code": 300, "add": "'x'", "remove": "member('ALL')"},
{"code": 53, "add": "0x05", "client-class": "a"},
{"name": "dhcp-agent-options", "sub-options": [{"code": 1, "add": "'x'"}]},
{"code": 61, "remove": "member('ALL')"},
{"code": 224, "add": "'x'", "csv-format": true},
{"code": 67},
{"code": 67, "space": "box", "add": "'x'"},
{"code": 67, "add": "'x'", "source": "'x'"},
{"add": "'x"}"#,
            ),
            options(
                r#"
{"code": 43, "add": "'x'", "sub-options": [{"code": 1, "add": "'x'"}]},
{"name": "boxes", "sub-options": [{"code": 1, "add": "'x'"}]},
{"code": 224, "sub-options": [{"code": 1, "add": "'x'"}]},
{"code": 125, "sub-options": [{"code": 1, "add": "'x'"}, {"space": "box", "code": 1, "add": "'x'"}]},
{"code": 43, "sub-options": [{"space": "vendor-9", "code": 1, "add": "'x'"}, {"space": "box", "name": "edges", "add": "'x'"},
{"code": 300, "add": "'x'"}, {"code": 3, "add": "'x'", "supersede": "'x'"}, {"code": 3}, {"code": 3, "add": "'x'", "csv-format": true, "container": true}]}"#,
            ),
        ],
        r#"
t:3:22: error: Dhcp4.hooks-libraries[0].parameters.options[0].name: `routers` is option 3, not 67; give one of both, or both of one option
t:4:10: error: Dhcp4.hooks-libraries[0].parameters.options[1].name: `bootfile` is no standard option, and not defined; give its `code` and, with csv-format false, its octets
t:4:32: warning: Dhcp4.hooks-libraries[0].parameters.options[1].remove: no class is named `b`: nobody is in it
t:5:1: error: Dhcp4.hooks-libraries[0].parameters.options[2]: more than one thing is done to the option; expected one of `add`, `supersede` and `remove`
t:5:10: error: Dhcp4.hooks-libraries[0].parameters.options[2].code: 300 is no option code; expected 1 to 254
t:6:10: error: Dhcp4.hooks-libraries[0].parameters.options[3].code: option 53 is made by the server itself; take it out
t:6:45: warning: Dhcp4.hooks-libraries[0].parameters.options[3].client-class: no class is named `a`: nobody is in it
t:7:10: error: Dhcp4.hooks-libraries[0].parameters.options[4].name: option 82 is made by the server itself; take it out
t:8:10: error: Dhcp4.hooks-libraries[0].parameters.options[5].code: option 61 is made by the server itself; take it out
t:9:43: error: Dhcp4.hooks-libraries[0].parameters.options[6].csv-format: option 224 is not known, so its form is not; expected false, and an expression that makes its octets
t:10:1: error: Dhcp4.hooks-libraries[0].parameters.options[7]: nothing is done to the option; expected one of `add`, `supersede` and `remove`
t:11:23: error: Dhcp4.hooks-libraries[0].parameters.options[8].space: options of the space `box` stand in others; name the option that holds them, and give them as its `sub-options`
t:12:28: error: Dhcp4.hooks-libraries[0].parameters.options[9].source: not in effect yet; it protects something or decides who gets what, so it is not ignored: take it out to go on without it
t:13:1: error: Dhcp4.hooks-libraries[0].parameters.options[10]: no option is named; expected `name` or `code`
t:13:10: error: Dhcp4.hooks-libraries[0].parameters.options[10].add: expected `'` after text, found the end
t:3:21: error: Dhcp4.hooks-libraries[0].parameters.options[0].add: `add` is done to the whole option, and something within it; give these in entries of their own
t:4:34: error: Dhcp4.hooks-libraries[0].parameters.options[1].sub-options: option 230 has a value of its own; sub-options are changed in options that hold nothing else
t:5:31: error: Dhcp4.hooks-libraries[0].parameters.options[2].sub-options[0]: the option's space is not known; expected the `space` that the option holds
t:6:31: error: Dhcp4.hooks-libraries[0].parameters.options[3].sub-options[0]: the option's space is not known; expected `space` with an enterprise number such as "vendor-4491"
t:6:68: error: Dhcp4.hooks-libraries[0].parameters.options[3].sub-options[1].space: option 125 does not hold options of the space `box`; expected `space` with an enterprise number such as "vendor-4491"
t:7:40: error: Dhcp4.hooks-libraries[0].parameters.options[4].sub-options[0].space: option 43 does not hold options of the space `vendor-9`; expected the `space` that the option holds
t:7:103: error: Dhcp4.hooks-libraries[0].parameters.options[4].sub-options[1].name: the space `box` has no option `edges`; did you mean `edge`?
t:8:10: error: Dhcp4.hooks-libraries[0].parameters.options[4].sub-options[2].code: 300 is no option code; expected 0 to 255
t:8:30: error: Dhcp4.hooks-libraries[0].parameters.options[4].sub-options[3]: more than one thing is done to the option; expected one of `add`, `supersede` and `remove`
t:8:77: error: Dhcp4.hooks-libraries[0].parameters.options[4].sub-options[4]: nothing is done to the option; expected one of `add`, `supersede` and `remove`
t:8:130: error: Dhcp4.hooks-libraries[0].parameters.options[4].sub-options[5].csv-format: option 3 is not known, so its form is not; expected false, and an expression that makes its octets
t:8:136: error: Dhcp4.hooks-libraries[0].parameters.options[4].sub-options[5].container: unknown key; did you mean `container-add`?
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
t:4:45: error: Dhcp4.lease-database: `type` is missing; expected "memfile"
t:1:57: error: Dhcp4.interfaces-config.interfaces[1]: `eth0/x` names no interface; expected "*", "eth0" or "eth0/192.0.2.1"
t:1:67: error: Dhcp4.interfaces-config.interfaces[2]: `` names no interface; expected "*", "eth0" or "eth0/192.0.2.1"
t:1:71: error: Dhcp4.interfaces-config.interfaces[3]: `eth0` is given twice; each interface stands once
    t:1:49: the first time
t:1:108: error: Dhcp4.lease-database.type: `oracle` is no kind of lease database; expected "memfile"
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

#[test]
fn how_addresses_are_chosen() {
    check(
        &[
            in_dhcp4(
                r#""allocator": "Shared-FLQ", "subnet4": [{"id": 1, "subnet": "192.0.2.0/24"}]"#,
            ),
            in_subnet(r#""allocator": "shared-flq", "offer-lifetime": -1"#),
            in_subnet(r#""allocator": "first", "adaptive-lease-time-threshold": 1.5"#),
            in_subnet(r#""cache-threshold": 0, "allocator": "FLQ", "offer-lifetime": 60"#),
            in_subnet(r#""cache-threshold": 1.0"#),
            in_dhcp4(
                r#""sanity-checks": {"lease-checks": "Fix-Del", "extended-info-checks": "all"}"#,
            ),
        ],
        r#"
t:2:14: warning: Dhcp4.allocator: `shared-flq` keeps its queue in a database, and leases are in none; the queue is kept in memory, as with "flq"
t:3:14: warning: Dhcp4.subnet4[0].allocator: `shared-flq` keeps its queue in a database, and leases are in none; the queue is kept in memory, as with "flq"
t:3:46: error: Dhcp4.subnet4[0].offer-lifetime: found -1; expected an integer from 0 to 4294967295
t:3:14: error: Dhcp4.subnet4[0].allocator: found "first"; expected one of "iterative", "random", "flq", "shared-flq"
t:3:56: error: Dhcp4.subnet4[0].adaptive-lease-time-threshold: found 1.5; expected a number from 0 to 1
t:3:20: error: Dhcp4.subnet4[0].cache-threshold: found 1.0; expected a number from 0 to less than 1
t:2:70: error: Dhcp4.sanity-checks.extended-info-checks: found "all"; expected one of "none", "fix", "strict", "pedantic"
"#,
    );
}

#[test]
fn definitions_that_are_not_lawful() {
    check(
        &[
            in_dhcp4(
                r#""option-def": [
{},
{"name": "a b", "code": 0, "type": "uint"},
{"name": "a", "code": 224, "type": "record"},
{"name": "a", "code": 224, "type": "record", "record-types": "uint8, strin"},
{"name": "a", "code": 224, "type": "record", "record-types": "string, uint8"},
{"name": "a", "code": 224, "type": "uint8", "record-types": "uint8"},
{"name": "a", "code": 224, "type": "string", "array": true},
{"name": "a", "code": 224, "type": "empty", "array": true},
{"name": "a", "code": 224, "type": "uint8", "array": true, "encapsulate": "s"},
{"name": "a", "code": 3, "type": "uint8"},
{"name": "routers", "code": 224, "type": "uint8"},
{"name": "a", "code": 225, "type": "uint8"},
{"name": "b", "code": 225, "type": "uint8"},
{"name": "a", "code": 226, "type": "uint8"},
{"name": "a", "code": 255, "space": "s", "type": "empty"}]"#,
            ),
            in_dhcp4(
                r#""option-def": [
{"name": "a", "code": 224, "type": "empty", "encapsulate": "s"},
{"name": "b", "code": 1, "space": "s", "type": "empty", "encapsulate": "t"},
{"name": "c", "code": 1, "space": "t", "type": "empty", "encapsulate": "s"}]"#,
            ),
            in_dhcp4(
                r#""option-def": [{"name": "a", "code": 224, "type": "empty", "encapsulate": "dhcp4"}]"#,
            ),
            in_dhcp4(&format!("\"option-def\": [{}]", chain_of_spaces(8))),
            in_dhcp4(
                r#""client-classes": [{"name": "c", "option-def": [{"name": "a", "code": 144, "type": "empty"}]}]"#,
            ),
            in_dhcp4(
                &r#""option-def": [{"name": "inside", "code": 1, "space": "s", "type": "uint8"}],
"option-data": [{"name": "insid", "space": "s", "data": "1"}, {"name": "inside", "space": "s", "data": "1"},
{"name": "oro", "space": "vendor-4491", "data": "300"}, {"code": 1, "space": "vendor-7", "data": "REPEATED"}]"#
                    .replace("REPEATED", &"00".repeat(256)),
            ),
        ],
        r#"
t:3:1: error: Dhcp4.option-def[0]: `name` is missing
t:3:1: error: Dhcp4.option-def[0]: `code` is missing
t:3:1: error: Dhcp4.option-def[0]: `type` is missing; expected one of binary, boolean, uint8, uint16, uint32, int8, int16, int32, ipv4-address, ipv6-address, ipv6-prefix, psid, string, tuple, fqdn, empty, record
t:4:10: error: Dhcp4.option-def[1].name: `a b` is no name; expected letters without blanks and dots between them
t:4:25: error: Dhcp4.option-def[1].code: 0 is no option code; expected 1 to 254
t:4:36: error: Dhcp4.option-def[1].type: `uint` is no type; did you mean `uint8`?
t:5:1: error: Dhcp4.option-def[2].record-types: a record has two fields or more; expected types such as "uint16, ipv4-address"
t:6:70: error: Dhcp4.option-def[3].record-types: `strin` is no type of a field; did you mean `string`?
t:7:62: error: Dhcp4.option-def[4].record-types: a field follows one that goes on to the end of the option; string and binary stand at the end, once
t:8:61: error: Dhcp4.option-def[5].record-types: `uint8` has no fields; leave it out, or give `type` as "record"
t:9:55: error: Dhcp4.option-def[6].array: an array of what goes on to the end of the option; string and binary stand at the end, once
t:10:54: error: Dhcp4.option-def[7].array: an array of nothing; string and binary stand at the end, once
t:11:75: error: Dhcp4.option-def[8].encapsulate: nothing can follow an array; an array goes on to the end of the option: leave out one of both
t:12:23: error: Dhcp4.option-def[9].code: option 3 is `routers` already; standard options are known: take the definition out
t:13:10: error: Dhcp4.option-def[10].name: `routers` is the name of option 3; choose another name
t:15:23: error: Dhcp4.option-def[12].code: option 225 of the space `dhcp4` is defined twice; codes and names are given once in a space
    t:14:1: the other definition
t:16:10: error: Dhcp4.option-def[13].name: `a` of the space `dhcp4` is defined twice; codes and names are given once in a space
    t:14:1: the other definition
t:4:72: error: Dhcp4.option-def[1].encapsulate: the space `t` lies in itself; options of a space cannot encapsulate it, nor what it lies in
t:2:75: error: Dhcp4.option-def[0].encapsulate: the space `dhcp4` lies in itself; options of a space cannot encapsulate it, nor what it lies in
t:9:75: error: Dhcp4.option-def[7].encapsulate: the space `s8` lies too deep; at most 8 options lie in one another
t:2:71: error: Dhcp4.client-classes[0].option-def[0].code: a class cannot define option 144; expected 43, or 224 to 254 (RFC 3942)
t:3:26: error: Dhcp4.option-data[0].name: the space `s` has no option `insid`; did you mean `inside`?
t:3:91: warning: Dhcp4.option-data[1].space: nothing encapsulates the space `s`; its options are not sent
t:4:50: error: Dhcp4.option-data[2].data: `300` does not fit; expected an integer from 0 to 255
t:4:99: error: Dhcp4.option-data[3].data: a sub-option of 256 octets; its length field can state 255 at most
"#,
    );
}

/// Definitions of options that lie in one another, so many deep.
fn chain_of_spaces(depth: usize) -> String {
    let def = |at: usize| {
        let space = if at == 0 { "dhcp4".to_owned() } else { format!("s{at}") };
        let inner = at + 1;
        format!(
            r#"{{"name": "n", "code": 224, "space": "{space}", "type": "empty", "encapsulate": "s{inner}"}}"#
        )
    };
    (0..depth).map(def).collect::<Vec<_>>().join(",\n")
}
