//! A database that was made old and upgraded is one that was made new, and keeps its rows.

use lessor_schema::{Dialect, Revision, create, upgrade};
use lessor_testbed::{Database, Engine, Server};

use crate::catalogue;

/// Making a database takes a second: these are compared, the last one above all.
const COMPARED: [Revision; 5] = [
    Revision::POOLS,
    Revision::EXTENDED_INFO,
    Revision::OPTION_TYPES,
    Revision::CLASS_LISTS,
    Revision::NEWEST,
];

#[test]
fn postgresql_is_upgraded_step_by_step() {
    let database = Server::shared(Engine::PostgreSql).fresh_database();
    upgraded(Dialect::PostgreSql, &database, POSTGRESQL_ROWS);
    assert_eq!(told(&database, "SELECT address FROM lease6 ORDER BY 1"), KEPT_ADDRESSES);
    assert_eq!(told(&database, "SELECT address FROM ipv6_reservations"), "2001:db8::5\n");
    kept(&database);
}

#[test]
fn mariadb_is_upgraded_step_by_step() {
    let database = Server::shared(Engine::MariaDb).fresh_database();
    upgraded(Dialect::MySql, &database, MYSQL_ROWS);
    let question = "SELECT inet6_ntoa(address) FROM lease6 ORDER BY address";
    assert_eq!(told(&database, question), KEPT_ADDRESSES);
    let question = "SELECT inet6_ntoa(address) FROM ipv6_reservations";
    assert_eq!(told(&database, question), "2001:db8::5\n");
    kept(&database);
}

const KEPT_ADDRESSES: &str = "2001:db8::1\n2001:db8::2\n";

fn upgraded(dialect: Dialect, database: &Database<'_>, rows: &str) {
    catalogue::run(database, &create(dialect, Revision::BASE));
    database.query(rows).unwrap_or_else(|why| panic!("{why}"));
    let mut revision = Revision::BASE;
    while let Some(step) = upgrade(dialect, revision) {
        catalogue::run(database, &step.statements);
        revision = step.to;
        if COMPARED.contains(&revision) {
            let made = database.server().fresh_database();
            catalogue::run(&made, &create(dialect, revision));
            let (made, upgraded) = (catalogue::of(&made), catalogue::of(database));
            let missing: Vec<&String> = made.difference(&upgraded).collect();
            let more: Vec<&String> = upgraded.difference(&made).collect();
            assert!(missing.is_empty() && more.is_empty(), "{revision:?}: {missing:#?} {more:#?}");
        }
    }
    assert_eq!(revision, Revision::NEWEST);
}

/// What the rows of before have become.
fn kept(database: &Database<'_>) {
    let classes = "SELECT client_classes FROM dhcp4_subnet ORDER BY subnet_id";
    assert_eq!(told(database, classes), "[ \"printers\" ]\nNULL\nNULL\n[ \"a\\\"b\" ]\n");
    let later = "SELECT evaluate_additional_classes FROM dhcp4_subnet WHERE subnet_id = 1";
    assert_eq!(told(database, later), "[ \"later\" ]\n");
    let counted = "SELECT subnet_id, pool_id, state, leases FROM lease4_pool_stat ORDER BY 3";
    assert_eq!(told(database, counted), "1\t0\t0\t1\n1\t0\t1\t1\n");
    let counted = "SELECT lease_type, state, leases FROM lease6_pool_stat ORDER BY 1";
    assert_eq!(told(database, counted), "0\t0\t1\n2\t1\t1\n");
    let options = "SELECT client_classes FROM dhcp4_options";
    assert_eq!(told(database, options), "[ ]\n");
    // An upgrade is no change of the configuration.
    let noted = "SELECT count(*) FROM dhcp4_audit";
    assert_eq!(told(database, noted), "5\n");
}

fn told(database: &Database<'_>, question: &str) -> String {
    database.query(question).unwrap_or_else(|why| panic!("{why}"))
}

const POSTGRESQL_ROWS: &str = r#"
INSERT INTO lease4 (address, subnet_id, state, hwaddr)
VALUES (1, 1, 0, '\x0102'), (2, 1, 1, '\x0103'), (3, 2, 2, '\x0104');
INSERT INTO lease6 (address, subnet_id, state, lease_type)
VALUES ('2001:db8::1', 1, 0, 0), ('2001:DB8:0:0::2', 1, 1, 2);
INSERT INTO hosts (dhcp_identifier, dhcp_identifier_type) VALUES ('\x0102', 0);
INSERT INTO ipv6_reservations (address, host_id) SELECT '2001:db8::5', host_id FROM hosts;
SELECT createAuditRevisionDHCP4('2026-01-01 00:00:00+00', 'all', 'before', false);
INSERT INTO dhcp4_subnet (subnet_id, subnet_prefix, client_class, require_client_classes)
VALUES (1, '10.0.0.0/8', 'printers', '[ "later" ]'), (2, '11.0.0.0/8', '', NULL),
    (3, '12.0.0.0/8', NULL, NULL), (4, '13.0.0.0/8', 'a"b', NULL);
INSERT INTO dhcp4_options (code, scope_id) VALUES (6, 0);
"#;

const MYSQL_ROWS: &str = r#"
INSERT INTO lease4 (address, subnet_id, state, hwaddr)
VALUES (1, 1, 0, x'0102'), (2, 1, 1, x'0103'), (3, 2, 2, x'0104');
INSERT INTO lease6 (address, subnet_id, state, lease_type)
VALUES ('2001:db8::1', 1, 0, 0), ('2001:DB8:0:0::2', 1, 1, 2);
INSERT INTO hosts (dhcp_identifier, dhcp_identifier_type) VALUES (x'0102', 0);
INSERT INTO ipv6_reservations (address, host_id) SELECT '2001:db8::5', host_id FROM hosts;
CALL createAuditRevisionDHCP4('2026-01-01 00:00:00', 'all', 'before', false);
INSERT INTO dhcp4_subnet
    (subnet_id, subnet_prefix, client_class, require_client_classes, modification_ts)
VALUES (1, '10.0.0.0/8', 'printers', '[ "later" ]', now()), (2, '11.0.0.0/8', '', NULL, now()),
    (3, '12.0.0.0/8', NULL, NULL, now()), (4, '13.0.0.0/8', 'a"b', NULL, now());
INSERT INTO dhcp4_options (code, scope_id) VALUES (6, 0);
"#;
