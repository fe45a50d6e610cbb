//! What is said of `lease-database`.

use crate::{check, in_dhcp4};

/// All findings about a lease database with these members.
fn in_lease_database(members: &str) -> String {
    in_dhcp4(&format!("\"lease-database\": {{{members}}}"))
}

#[test]
fn what_only_another_kind_of_store_has() {
    check(
        &[
            in_lease_database(
                r#""type": "postgresql", "name": "kea", "read-timeout": 3, "write-timeout": 0, "cipher-list": "HIGH", "persist": false"#,
            ),
            in_lease_database(
                r#""type": "mysql", "name": "kea", "tcp-user-timeout": 3, "ssl-mode": "require", "host": "a, b", "lfc-interval": 3600"#,
            ),
            in_lease_database(
                r#""type": "sqlite", "name": "/var/lib/kea.db", "host": "a", "password": "hunter2", "port": 0, "user": """#,
            ),
            in_lease_database(r#""type": "cql", "keyspace": "kea""#),
        ],
        r#"
t:2:73: error: Dhcp4.lease-database.read-timeout: only MySQL has this setting; take it out: the type is "postgresql"
t:2:111: error: Dhcp4.lease-database.cipher-list: only MySQL has this setting; take it out: the type is "postgresql"
t:2:130: info: Dhcp4.lease-database.persist: changes nothing: only lease files have this
t:2:72: error: Dhcp4.lease-database.tcp-user-timeout: only PostgreSQL has this setting; take it out: the type is "mysql"
t:2:87: error: Dhcp4.lease-database.ssl-mode: only PostgreSQL has this setting; take it out: the type is "mysql"
t:2:106: error: Dhcp4.lease-database.host: several hosts; PostgreSQL alone tells which of several is the one to write to
t:2:73: error: Dhcp4.lease-database.host: only a database server has this setting; take it out: the type is "sqlite"
t:2:90: error: Dhcp4.lease-database.password: only a database server has this setting; take it out: the type is "sqlite"
t:2:28: error: Dhcp4.lease-database.type: Cassandra is not supported; Kea 2.1.5 and later do not either; expected "memfile", "postgresql", "mysql" or "sqlite"
t:2:35: warning: Dhcp4.lease-database.keyspace: accepted but not in effect yet
"#,
    );
}

#[test]
fn what_a_connection_needs() {
    check(
        &[
            in_lease_database(r#""type": "mysql", "connect-timeout": 0, "port": 65536"#),
            in_lease_database(
                r#""type": "mysql", "name": "kea", "password": "hunter2", "password-file": "/p", "cert-file": "/c""#,
            ),
            in_lease_database(r#""type": "postgresql", "name": "", "ssl-mode": "verify-full""#),
            in_lease_database(r#""type": "postgresql", "name": "kea", "ssl-mode": "maybe""#),
        ],
        r#"
t:2:19: error: Dhcp4.lease-database: the database has no name; expected `name`, such as "kea"
t:2:56: error: Dhcp4.lease-database.connect-timeout: no time to connect; expected an integer from 1 to 4294967295
t:2:67: error: Dhcp4.lease-database.port: found 65536; expected an integer from 0 to 65535
t:2:92: error: Dhcp4.lease-database.password-file: two passwords; take `password` out, or this
    t:2:64: the other one
t:2:111: error: Dhcp4.lease-database.cert-file: useless without `key-file`; a certificate and its key go together
t:2:50: error: Dhcp4.lease-database: the database has no name; expected `name`, such as "kea"
t:2:66: error: Dhcp4.lease-database.ssl-mode: nobody is trusted to vouch; name the authority's certificate as `trust-anchor`
t:2:69: error: Dhcp4.lease-database.ssl-mode: found "maybe"; expected one of "disable", "prefer", "require", "verify-ca", "verify-full"
"#,
    );
}

#[test]
fn half_a_recovery() {
    check(
        &[
            in_lease_database(r#""type": "mysql", "name": "kea", "max-reconnect-tries": 3"#),
            in_lease_database(r#""type": "mysql", "name": "kea", "reconnect-wait-time": 500"#),
            in_lease_database(r#""type": "mysql", "name": "kea", "retry-on-startup": true"#),
            in_lease_database(
                r#""type": "mysql", "name": "kea", "max-reconnect-tries": 3, "reconnect-wait-time": 500, "retry-on-startup": true, "on-fail": "Serve-Retry-Exit""#,
            ),
        ],
        r#"
t:2:75: warning: Dhcp4.lease-database.max-reconnect-tries: a lost database is not waited for without both `max-reconnect-tries` and `reconnect-wait-time`; give the other one, above 0
t:2:75: warning: Dhcp4.lease-database.reconnect-wait-time: a lost database is not waited for without both `max-reconnect-tries` and `reconnect-wait-time`; give the other one, above 0
t:2:72: warning: Dhcp4.lease-database.retry-on-startup: changes nothing without `max-reconnect-tries` and `reconnect-wait-time`
"#,
    );
}
