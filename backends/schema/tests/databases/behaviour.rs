//! What triggers and routines do, here and there.

use lessor_testbed::{Database, Engine};

/// Does the same with both and looks at the same things after each step.
pub(crate) fn assert_same(theirs: &Database<'_>, ours: &Database<'_>) {
    for (number, step) in steps().into_iter().enumerate() {
        let [they, we] = [theirs, ours].map(|database| told(database, &step));
        assert_eq!(they, we, "step {number}: {step}");
        let [they, we] = [theirs, ours].map(|database| told(database, &QUESTIONS.join(";\n")));
        assert_eq!(they, we, "after step {number}: {step}");
    }
    // A script that did nothing would be the same everywhere.
    let noted = told(ours, "SELECT count(*) FROM dhcp4_audit");
    assert!(noted.trim().parse::<u32>().is_ok_and(|noted| noted >= 30), "{noted} entries");
}

/// What is printed, or that it was refused: the words of a refusal are everybody's own.
fn told(database: &Database<'_>, sql: &str) -> String {
    let sql = match database.server().engine() {
        Engine::MariaDb => sql.to_owned(),
        // Procedures are functions there, and octets are written otherwise.
        Engine::PostgreSql => sql.replace("CALL ", "SELECT ").replace("x'", "'\\x"),
    };
    match database.query(&sql) {
        Ok(text) => text.to_lowercase(),
        Err(_) => "refused".to_owned(),
    }
}

const QUESTIONS: [&str; 9] = [
    "SELECT subnet_id, state, leases FROM lease4_stat ORDER BY 1, 2",
    "SELECT subnet_id, lease_type, state, leases FROM lease6_stat ORDER BY 1, 2, 3",
    "SELECT client_class, leases FROM lease4_stat_by_client_class ORDER BY 1",
    "SELECT client_class, lease_type, leases FROM lease6_stat_by_client_class ORDER BY 1, 2",
    "SELECT log_message, server_id FROM dhcp4_audit_revision ORDER BY id",
    "SELECT object_type, object_id, modification_type FROM dhcp4_audit ORDER BY id",
    "SELECT object_type, object_id, modification_type FROM dhcp6_audit ORDER BY id",
    "SELECT c.name, o.order_index, o.depend_on_known_indirectly IN (true) FROM \
     dhcp4_client_class c LEFT JOIN dhcp4_client_class_order o ON o.class_id = c.id ORDER BY 2, 1",
    "SELECT (SELECT count(*) FROM dhcp4_options), (SELECT count(*) FROM dhcp4_pool), (SELECT \
     count(*) FROM dhcp6_options), (SELECT count(*) FROM dhcp6_pd_pool)",
];

/// Within a revision that a writer begins.
fn revised(what: &str, cascade: bool) -> String {
    revised_in('4', what, cascade)
}

fn revised_in(family: char, what: &str, cascade: bool) -> String {
    format!(
        "BEGIN; CALL createAuditRevisionDHCP{family}('2026-01-01 00:00:00', 'all', 'm', \
         {cascade}); {what}; COMMIT"
    )
}

fn steps() -> Vec<String> {
    let mut steps: Vec<String> = LEASES.iter().map(|step| (*step).to_owned()).collect();
    steps.extend(LIMITS.iter().map(|limits| format!("SELECT checkLease4Limits('{limits}')")));
    steps.extend(LIMITS.iter().map(|limits| format!("SELECT checkLease6Limits('{limits}')")));
    steps.extend(CONFIGURATION.iter().map(|(what, cascade)| revised(what, *cascade)));
    steps.extend(CLASSES.iter().map(|what| revised(what, false)));
    steps.extend(SIX.iter().map(|(what, cascade)| revised_in('6', what, *cascade)));
    steps
}

/// Leases that count, and what the lease file says of them. A lease that had no classes and gets
/// some is left out: Kea's triggers do not notice, ours do.
const LEASES: [&str; 17] = [
    r#"INSERT INTO lease4 (address, subnet_id, state, user_context) VALUES
        (1, 1, 0, '{ "ISC": { "client-classes": [ "a", "b" ] } }'),
        (2, 1, 1, '{ "ISC": { "client-classes": [ "a", "b" ] } }'), 
        (3, 1, 2, '{ "ISC": { "client-classes": [ "a", "b" ] } }'), (4, 2, 0, NULL)"#,
    "UPDATE lease4 SET state = 1 WHERE address = 1",
    "UPDATE lease4 SET state = 2 WHERE address = 2",
    "UPDATE lease4 SET state = 0, subnet_id = 7 WHERE address = 3",
    r#"UPDATE lease4 SET user_context = '{ "ISC": { "client-classes": [ "b", "c", "c" ] } }'
        WHERE address = 3"#,
    "UPDATE lease4 SET hostname = 'x' WHERE address = 3",
    "UPDATE lease4_stat SET leases = 0",
    "DELETE FROM lease4 WHERE address IN (1, 3)",
    r#"INSERT INTO lease6 (address, subnet_id, state, lease_type, user_context) VALUES
        ('2001:db8::1', 1, 0, 0, '{ "ISC": { "client-classes": [ "a" ] } }'),
        ('2001:db8::2', 1, 1, 0, NULL),
        ('2001:db8:1::', 1, 0, 2, '{ "ISC": { "client-classes": [ "a" ] } }')"#,
    "UPDATE lease6 SET lease_type = 2 WHERE address = '2001:db8::2'",
    "CALL lease4Upload('10.0.0.9', '01:02:03:04:05:06', '01:aa', 3600, 1767225600, 5, 1, 0, \
     'h', 0, '{ \"a\": 1 }')",
    "CALL lease6Upload('2001:db8::99', '00:01:02', 3600, 1767225600, 5, 1800, 0, 77, 128, 1, 1, \
     'a,b', '0a:0b', 0, '{ \"a\": 1 }', 1, 2)",
    "SELECT address, hwaddr = x'010203040506', client_id = x'01aa', valid_lifetime, subnet_id, \
     hostname, state, user_context FROM lease4 WHERE subnet_id = 5",
    "SELECT address, duid = x'000102', iaid, prefix_len, hostname, hwaddr = x'0a0b' FROM lease6 \
     WHERE subnet_id = 5",
    "CALL lease4DumpHeader(); CALL lease6DumpHeader(); CALL lease4DumpData(); CALL \
     lease6DumpData()",
    "SELECT colonSeparatedHex('0102ABcd'), colonSeparatedHex(''), colonSeparatedHex('123')",
    "SELECT isJsonSupported()",
];

const LIMITS: [&str; 7] = [
    "{}",
    r#"{"ISC":{"limits":{"client-classes":[{"name":"a","address-limit":1}]}}}"#,
    r#"{"ISC":{"limits":{"client-classes":[{"name":"a","address-limit":9},{"name":"b","address-limit":0}]}}}"#,
    r#"{"ISC":{"limits":{"client-classes":[{"name":"a","prefix-limit":1}]}}}"#,
    r#"{"ISC":{"limits":{"subnet":{"id":5,"address-limit":1}}}}"#,
    r#"{"ISC":{"limits":{"subnet":{"id":5,"address-limit":2}}}}"#,
    r#"{"ISC":{"limits":{"subnet":{"id":1,"address-limit":4,"prefix-limit":1}}}}"#,
];

/// What a writer of the configuration does, and whether it says that it replaces the whole.
const CONFIGURATION: [(&str, bool); 20] = [
    ("INSERT INTO dhcp4_server (tag, modification_ts) VALUES ('s2', now())", false),
    (
        "INSERT INTO dhcp4_global_parameter (name, value, parameter_type, modification_ts) VALUES \
         ('p', '1', 0, now()); UPDATE dhcp4_global_parameter SET value = '2'; DELETE FROM \
         dhcp4_global_parameter",
        false,
    ),
    (
        "INSERT INTO dhcp4_shared_network (name, modification_ts) VALUES ('n', now()); UPDATE \
         dhcp4_shared_network SET relay = '[]'",
        false,
    ),
    (
        "INSERT INTO dhcp4_subnet (subnet_id, subnet_prefix, shared_network_name, \
         modification_ts) VALUES (1, '10.0.0.0/8', 'n', now())",
        false,
    ),
    ("UPDATE dhcp4_subnet SET valid_lifetime = 5", false),
    ("INSERT INTO dhcp4_options (code, scope_id, modification_ts) VALUES (6, 0, now())", false),
    (
        "INSERT INTO dhcp4_options (code, scope_id, dhcp4_subnet_id, modification_ts) VALUES (6, \
         1, 1, '2026-03-03 00:00:00')",
        false,
    ),
    (
        "INSERT INTO dhcp4_options (code, scope_id, shared_network_name, modification_ts) VALUES \
         (6, 4, 'n', '2026-03-03 00:00:00')",
        false,
    ),
    ("UPDATE dhcp4_options SET code = 7", false),
    ("DELETE FROM dhcp4_options WHERE scope_id = 0", true),
    ("DELETE FROM dhcp4_options WHERE scope_id = 4", false),
    (
        "INSERT INTO dhcp4_option_def (code, name, space, type, is_array, encapsulate, \
         modification_ts) VALUES (222, 'd', 'dhcp4', 1, false, '', now()); UPDATE dhcp4_option_def \
         SET name = 'e'; DELETE FROM dhcp4_option_def",
        false,
    ),
    ("DELETE FROM dhcp4_subnet", true),
    (
        "INSERT INTO dhcp4_subnet (subnet_id, subnet_prefix, shared_network_name, \
         modification_ts) VALUES (2, '11.0.0.0/8', 'n', now()); INSERT INTO dhcp4_options (code, \
         scope_id, dhcp4_subnet_id, modification_ts) VALUES (6, 1, 2, now())",
        true,
    ),
    ("DELETE FROM dhcp4_shared_network", true),
    ("INSERT INTO hosts (dhcp_identifier, dhcp_identifier_type) VALUES (x'01', 0)", false),
    (
        "INSERT INTO dhcp4_options (code, scope_id, host_id, modification_ts) SELECT 6, 3, \
         host_id, now() FROM hosts",
        false,
    ),
    ("DELETE FROM hosts", false),
    ("DELETE FROM dhcp4_subnet", true),
    ("UPDATE dhcp4_server SET description = 'x' WHERE tag = 's2'", false),
];

const CLASSES: [&str; 14] = [
    "INSERT INTO dhcp4_client_class (name, modification_ts) VALUES ('a', now())",
    "INSERT INTO dhcp4_client_class (name, modification_ts) VALUES ('b', now())",
    "INSERT INTO dhcp4_client_class (name, follow_class_name, modification_ts) VALUES ('c', 'a', \
     now())",
    "INSERT INTO dhcp4_client_class (name, follow_class_name, modification_ts) VALUES ('d', \
     'nobody', now())",
    "INSERT INTO dhcp4_client_class (name, depend_on_known_directly, modification_ts) VALUES \
     ('e', true, now())",
    "UPDATE dhcp4_client_class SET follow_class_name = 'e' WHERE name = 'b'",
    "UPDATE dhcp4_client_class SET follow_class_name = NULL WHERE name = 'b'",
    "INSERT INTO dhcp4_client_class_dependency (class_id, dependency_id) SELECT x.id, y.id FROM \
     dhcp4_client_class x, dhcp4_client_class y WHERE x.name = 'b' AND y.name = 'e'",
    "INSERT INTO dhcp4_client_class_dependency (class_id, dependency_id) SELECT x.id, y.id FROM \
     dhcp4_client_class x, dhcp4_client_class y WHERE x.name = 'a' AND y.name = 'b'",
    "INSERT INTO dhcp4_client_class_dependency (class_id, dependency_id) SELECT x.id, x.id FROM \
     dhcp4_client_class x WHERE x.name = 'a'",
    "UPDATE dhcp4_client_class SET follow_class_name = 'b' WHERE name = 'e'",
    "UPDATE dhcp4_client_class SET depend_on_known_directly = false WHERE name = 'e'; CALL \
     checkDHCPv4ClientClassKnownDependencyChange()",
    "DELETE FROM dhcp4_client_class WHERE name = 'c'",
    "DELETE FROM dhcp4_client_class WHERE name = 'e'",
];

const SIX: [(&str, bool); 4] = [
    (
        "INSERT INTO dhcp6_subnet (subnet_id, subnet_prefix, modification_ts) VALUES (1, \
         '2001:db8::/32', now())",
        false,
    ),
    (
        "INSERT INTO dhcp6_pd_pool (prefix, prefix_length, delegated_prefix_length, \
         excluded_prefix_length, subnet_id, modification_ts) VALUES ('2001:db8::', 40, 56, 0, 1, \
         now())",
        false,
    ),
    (
        "INSERT INTO dhcp6_options (code, scope_id, pd_pool_id, modification_ts) SELECT 6, 6, id, \
         '2026-03-03 00:00:00' FROM dhcp6_pd_pool",
        false,
    ),
    ("DELETE FROM dhcp6_subnet", true),
];
