//! Subnets, pools, shared networks, reservations, and what they inherit.

use super::{check, in_dhcp4, in_subnet};

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
