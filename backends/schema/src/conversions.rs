//! What old values become: what cannot be told from the tables alone.

use crate::table::Column;
use crate::{Dialect, Revision, Statement};

/// What a writer of the configuration would have to account for is no change of it here.
const UNNOTED_MY: &str = "SET @disable_audit = 1";
const NOTED_MY: &str = "SET @disable_audit = NULL";
const UNNOTED_PG: &str = "SELECT set_config('kea.disable_audit', 'true', false)";
const NOTED_PG: &str = "SELECT set_config('kea.disable_audit', 'false', false)";

const INFORMATION: [&str; 2] = ["lease6_relay_id", "lease6_remote_id"];
const OPTIONS: [&str; 2] = ["dhcp4_options", "dhcp6_options"];

/// Before anything else of a step.
pub(crate) fn before(dialect: Dialect, to: Revision) -> Vec<Statement> {
    if to != Revision::FREE_LEASES || dialect == Dialect::Sqlite {
        return Vec::new();
    }
    // An option that named no classes is for all.
    let mut statements = vec![unnoted(dialect, true)];
    for table in OPTIONS {
        statements.push(Statement::new(
            format!("classes of {table}"),
            format!("UPDATE {table} SET client_classes = '[ ]' WHERE client_classes IS NULL"),
        ));
    }
    statements.push(unnoted(dialect, false));
    statements
}

fn unnoted(dialect: Dialect, begins: bool) -> Statement {
    let sql = match (dialect, begins) {
        (Dialect::PostgreSql, true) => UNNOTED_PG,
        (Dialect::PostgreSql, false) => NOTED_PG,
        (_, true) => UNNOTED_MY,
        (_, false) => NOTED_MY,
    };
    Statement::new("the audit's switch", sql)
}

/// When tables and columns are as they will be, and foreign keys are not yet.
pub(crate) fn within(dialect: Dialect, to: Revision) -> Vec<Statement> {
    match to {
        // What relays said of leases that are gone.
        Revision::EXTENDED_INFO => INFORMATION
            .iter()
            .map(|table| {
                Statement::new(
                    format!("rows of {table} without a lease"),
                    format!(
                        "DELETE FROM {table} WHERE lease_addr NOT IN (SELECT address FROM lease6)"
                    ),
                )
            })
            .collect(),
        Revision::CLASS_LISTS if dialect == Dialect::MySql => {
            let mut statements = vec![unnoted(dialect, true)];
            for table in networks() {
                statements.push(Statement::new(
                    format!("classes of {table}"),
                    format!(
                        "UPDATE {table} SET client_classes = IF(client_classes = '', NULL, \
                         CONCAT('[ ', JSON_QUOTE(client_classes), ' ]')) WHERE client_classes IS \
                         NOT NULL"
                    ),
                ));
            }
            statements.push(unnoted(dialect, false));
            statements
        }
        _ => Vec::new(),
    }
}

/// When all is as it will be, but for the version.
pub(crate) fn after(_dialect: Dialect, to: Revision) -> Vec<Statement> {
    if to == Revision::POOLS {
        // All leases of before are in the pool 0.
        let fill = |table: &str, leases: &str, kind: &str| {
            Statement::new(
                format!("rows of {table}"),
                format!(
                    "INSERT INTO {table} (subnet_id, pool_id, {kind}state, leases) SELECT \
                     subnet_id, pool_id, {kind}state, count(*) FROM {leases} WHERE state IN (0, 1) \
                     AND subnet_id IS NOT NULL GROUP BY subnet_id, pool_id, {kind}state"
                ),
            )
        };
        vec![
            fill("lease4_pool_stat", "lease4", ""),
            fill("lease6_pool_stat", "lease6", "lease_type, "),
        ]
    } else {
        Vec::new()
    }
}

fn networks() -> Vec<String> {
    let mut all: Vec<String> = ["4", "6"]
        .iter()
        .flat_map(|family| {
            ["shared_network", "subnet", "pool"].map(|table| format!("dhcp{family}_{table}"))
        })
        .collect();
    all.push("dhcp6_pd_pool".to_owned());
    all
}

/// In PostgreSQL: what a column's new value is made of.
pub(crate) fn using(old: &Column, new: &Column, name: &str) -> String {
    let [was, is] = [old, new].map(|column| column.definition(Dialect::PostgreSql));
    if was.starts_with("bytea") && is.starts_with("inet") {
        // Sixteen octets, written as eight groups.
        format!("rtrim(regexp_replace(encode({name}, 'hex'), '(....)', '\\1:', 'g'), ':')::inet")
    } else if is.starts_with("inet") {
        format!("{name}::inet")
    } else if new.name == "client_classes" && old.name == "client_class" {
        format!("'[ ' || to_json(nullif({name}, ''))::text || ' ]'")
    } else {
        let kind = is.split(" NOT NULL").next().unwrap_or(is);
        let kind = kind.split(" DEFAULT").next().unwrap_or(kind);
        format!("{name}::{kind}")
    }
}

/// In MySQL: what has to be done with a column before it can have its new type.
pub(crate) fn before_change(
    table: &str,
    old: &Column,
    new: &Column,
    dialect: Dialect,
) -> Vec<Statement> {
    let [was, is] = [old, new].map(|column| column.definition(dialect));
    if !(was.starts_with("varchar(39)") && is.starts_with("binary(16)")) {
        return Vec::new();
    }
    let about = format!("{} of {table}", new.name);
    let name = new.name;
    vec![
        Statement::new(
            about.clone(),
            format!("ALTER TABLE {table} MODIFY {name} varbinary(39) NOT NULL"),
        ),
        Statement::new(
            about,
            format!("UPDATE {table} SET {name} = INET6_ATON(CONVERT({name} USING utf8mb4))"),
        ),
    ]
}
