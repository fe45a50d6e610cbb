//! Statistics from the leases themselves: for tables that were filled with triggers off, or by a
//! server whose triggers count wrong.

use lessor_schema::{Dialect, Form, Revision};

use crate::{Connection, Error, upkeep};

/// Counts all leases anew.
///
/// In PostgreSQL nobody writes leases meanwhile; in MySQL whoever does waits.
///
/// # Errors
/// The statement that failed; nothing is changed then.
pub async fn recount(connection: &mut Connection) -> Result<(), Error> {
    let revision = upkeep::revision(connection).await?;
    connection.begin().await?;
    let counted = count(connection, revision).await;
    connection.end(counted).await
}

async fn count(connection: &mut Connection, revision: Revision) -> Result<(), Error> {
    let dialect = connection.dialect();
    if dialect == Dialect::PostgreSql {
        connection.execute("the lock", "LOCK TABLE lease4, lease6 IN SHARE MODE").await?;
    }
    let pools = Form::of(dialect, revision).pools;
    for leases in ["lease4", "lease6"] {
        let kind = if leases == "lease6" { "lease_type, " } else { "" };
        let mut keys = vec![(format!("{leases}_stat"), format!("subnet_id, {kind}"))];
        if pools {
            keys.push((format!("{leases}_pool_stat"), format!("subnet_id, pool_id, {kind}")));
        }
        for (table, key) in keys {
            connection.execute(&table, &format!("DELETE FROM {table}")).await?;
            let sql = format!(
                "INSERT INTO {table} ({key}state, leases) SELECT {key}state, count(*) FROM {leases} \
                 WHERE state IN (0, 1) AND subnet_id IS NOT NULL GROUP BY {key}state"
            );
            connection.execute(&table, &sql).await?;
        }
        let table = format!("{leases}_stat_by_client_class");
        connection.execute(&table, &format!("DELETE FROM {table}")).await?;
        connection.execute(&table, &by_class(dialect, leases, &table)).await?;
    }
    Ok(())
}

/// A lease counts once for each class that its user context names.
fn by_class(dialect: Dialect, leases: &str, table: &str) -> String {
    let kind = if leases == "lease6" { ", l.lease_type" } else { "" };
    let column = kind.replace("l.", "");
    let (name, source) = match dialect {
        Dialect::PostgreSql => (
            "c.name",
            "CROSS JOIN LATERAL json_array_elements_text(CASE WHEN \
             json_typeof(json_cast(l.user_context) -> 'ISC' -> 'client-classes') = 'array' THEN \
             json_cast(l.user_context) -> 'ISC' -> 'client-classes' ELSE '[]' END) AS c (name)",
        ),
        Dialect::MySql => (
            "c.name",
            "CROSS JOIN JSON_TABLE(IF(JSON_VALID(l.user_context), l.user_context, '{}'), \
             '$.ISC.\"client-classes\"[*]' COLUMNS (name VARCHAR(128) PATH '$')) AS c",
        ),
        Dialect::Sqlite => (
            "c.value",
            "JOIN json_each(CASE WHEN json_valid(l.user_context) THEN json_extract(l.user_context, \
             '$.ISC.\"client-classes\"') END) AS c ON c.type = 'text'",
        ),
    };
    format!(
        "INSERT INTO {table} (client_class{column}, leases) SELECT {name}{kind}, count(*) FROM \
         {leases} l {source} WHERE l.state = 0 AND l.user_context LIKE '%client-classes%' GROUP BY \
         {name}{kind}"
    )
}
