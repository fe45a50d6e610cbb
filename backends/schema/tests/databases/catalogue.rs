//! What a database says of itself: a line for each thing in it.

use std::collections::BTreeSet;

use lessor_schema::Statement;
use lessor_testbed::{Database, Engine};

/// Runs statements as they are: routines have semicolons inside.
pub(crate) fn run(database: &Database<'_>, statements: &[Statement]) {
    let (before, after) = match database.server().engine() {
        Engine::PostgreSql => ("", ";\n"),
        Engine::MariaDb => ("DELIMITER $$$\n", "\n$$$\n"),
    };
    let text: Vec<String> =
        statements.iter().map(|statement| format!("{}{after}", statement.sql)).collect();
    if let Err(why) = database.query(&format!("{before}{}", text.concat())) {
        panic!("{why}");
    }
}

/// Everything but the bodies of routines.
pub(crate) fn of(database: &Database<'_>) -> BTreeSet<String> {
    let questions = match database.server().engine() {
        Engine::PostgreSql => POSTGRESQL.as_slice(),
        Engine::MariaDb => MARIADB.as_slice(),
    };
    let mut lines = BTreeSet::new();
    for (what, question) in questions {
        let answer = database.query(question).unwrap_or_else(|why| panic!("{why}"));
        lines.extend(answer.lines().map(|line| format!("{what} {line}")));
    }
    lines.extend(rows(database));
    lines
}

/// The rows that are there from the start.
fn rows(database: &Database<'_>) -> Vec<String> {
    const TABLES: [&str; 9] = [
        "lease_state",
        "lease6_types",
        "lease_hwaddr_source",
        "host_identifier_type",
        "dhcp_option_scope",
        "modification",
        "parameter_data_type",
        "ddns_replace_client_name_types",
        "option_def_data_type",
    ];
    let mut lines = Vec::new();
    for table in TABLES {
        // Not every one is in every version.
        let answer = database.query(&format!("SELECT * FROM {table}")).unwrap_or_default();
        lines.extend(answer.lines().map(|line| format!("row of {table} {line}")));
    }
    for (table, columns) in [
        ("dhcp4_server", "id, tag, description"),
        ("dhcp6_server", "id, tag, description"),
        ("schema_version", "version, minor"),
    ] {
        let answer = database.query(&format!("SELECT {columns} FROM {table}")).expect("rows");
        lines.extend(answer.lines().map(|line| format!("row of {table} {line}")));
    }
    lines
}

const POSTGRESQL: [(&str, &str); 6] = [
    (
        "column",
        "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, \
         pg_get_expr(d.adbin, d.adrelid) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
         AND a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND \
         d.adnum = a.attnum WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'",
    ),
    ("index", "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"),
    (
        "constraint",
        "SELECT conrelid::regclass, conname, contype, pg_get_constraintdef(oid) FROM pg_constraint \
         WHERE connamespace = 'public'::regnamespace",
    ),
    (
        "routine",
        "SELECT proname, pg_get_function_identity_arguments(oid), pg_get_function_result(oid) FROM \
         pg_proc WHERE pronamespace = 'public'::regnamespace",
    ),
    (
        "trigger",
        "SELECT tgrelid::regclass, tgname, tgtype, tgfoid::regproc FROM pg_trigger WHERE NOT \
         tgisinternal",
    ),
    (
        "other",
        "SELECT relkind, relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND \
         relkind NOT IN ('r', 'i')",
    ),
];

const MARIADB: [(&str, &str); 6] = [
    (
        "column",
        "SELECT table_name, column_name, column_type, is_nullable, column_default, extra, \
         collation_name FROM information_schema.columns WHERE table_schema = database()",
    ),
    (
        "index",
        "SELECT table_name, index_name, non_unique, group_concat(column_name, coalesce(concat('(', \
         sub_part, ')'), '') ORDER BY seq_in_index) FROM information_schema.statistics WHERE \
         table_schema = database() GROUP BY 1, 2, 3",
    ),
    (
        "constraint",
        "SELECT k.table_name, k.constraint_name, group_concat(k.column_name ORDER BY \
         k.ordinal_position), k.referenced_table_name, group_concat(k.referenced_column_name ORDER \
         BY k.ordinal_position), r.delete_rule, r.update_rule FROM \
         information_schema.key_column_usage k JOIN information_schema.referential_constraints r ON \
         r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name AND \
         r.table_name = k.table_name WHERE k.table_schema = database() GROUP BY 1, 2",
    ),
    (
        "routine",
        "SELECT r.routine_type, r.routine_name, r.dtd_identifier, group_concat(p.parameter_mode, \
         ' ', p.dtd_identifier ORDER BY p.ordinal_position separator ', ') FROM \
         information_schema.routines r LEFT JOIN information_schema.parameters p ON \
         p.specific_schema = r.routine_schema AND p.specific_name = r.routine_name AND \
         p.ordinal_position > 0 WHERE routine_schema = database() GROUP BY 1, 2",
    ),
    (
        "trigger",
        "SELECT event_object_table, trigger_name, action_timing, event_manipulation FROM \
         information_schema.triggers WHERE trigger_schema = database()",
    ),
    (
        "table",
        "SELECT table_name, engine, table_collation, table_type FROM information_schema.tables WHERE \
         table_schema = database()",
    ),
];
