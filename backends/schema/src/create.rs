//! A new database of any revision.

use crate::table::{Column, Key, Role, Table};
use crate::tables::{self, lookup};
use crate::{Dialect, Revision, Statement, routines};

/// What makes an empty database one of this revision, in order.
///
/// The version comes last: a database that says its version is whole.
#[must_use]
pub fn create(dialect: Dialect, revision: Revision) -> Vec<Statement> {
    let mut statements = Vec::new();
    for table in tables::of(dialect, revision) {
        statements.extend(self::table(table, dialect, revision));
    }
    if dialect != Dialect::Sqlite {
        for table in tables::of(dialect, revision) {
            let foreign = table.keys(dialect, revision).filter(|key| key.role == Role::Foreign);
            statements.extend(foreign.map(|key| add_key(table, key, dialect)));
        }
    }
    let rows = lookup::ROWS.iter().filter(|row| row.is_there(dialect, revision));
    statements.extend(rows.map(add_row));
    statements.extend(["dhcp4_server", "dhcp6_server"].map(|table| every_server(table, dialect)));
    statements.extend(routines::of(dialect, revision).into_iter().map(|routine| routine.create()));
    let version = revision.version(dialect);
    statements.push(Statement::new(
        "the version",
        format!(
            "INSERT INTO schema_version (version, minor) VALUES ({}, {})",
            version.major, version.minor
        ),
    ));
    statements
}

/// A table with all its keys but foreign ones, which point at tables that may come later. SQLite,
/// which looks at them when rows come, has them at once.
pub(crate) fn table(table: &Table, dialect: Dialect, revision: Revision) -> Vec<Statement> {
    let mut parts: Vec<String> =
        table.columns(dialect, revision).map(|column| self::column(column, dialect)).collect();
    let mut later = Vec::new();
    for key in table.keys(dialect, revision) {
        match (inline_key(table, key, dialect, revision), key.role) {
            (Some(part), _) => parts.push(part),
            (None, Role::Foreign | Role::Primary) => {}
            (None, _) => later.push(add_key(table, key, dialect)),
        }
    }
    let end = match dialect {
        Dialect::PostgreSql => "",
        Dialect::MySql => " ENGINE = InnoDB",
        Dialect::Sqlite => " STRICT",
    };
    let name = quoted(table.name, dialect);
    let sql = format!("CREATE TABLE {name} (\n    {}\n){end}", parts.join(",\n    "));
    let mut statements = vec![Statement::new(format!("table {}", table.name), sql)];
    statements.extend(later);
    statements
}

/// A column as it stands in `CREATE TABLE` and after `ADD COLUMN`.
pub(crate) fn column(column: &Column, dialect: Dialect) -> String {
    format!("{} {}", quoted(column.name, dialect), column.definition(dialect))
}

/// A key as a part of `CREATE TABLE`, if it can be one.
fn inline_key(table: &Table, key: &Key, dialect: Dialect, revision: Revision) -> Option<String> {
    let Key { name, body, role, .. } = key;
    match (dialect, role) {
        (Dialect::PostgreSql, Role::Primary) => {
            Some(format!("CONSTRAINT {}_pkey PRIMARY KEY {body}", table.name))
        }
        (Dialect::PostgreSql, Role::UniqueConstraint) => {
            Some(format!("CONSTRAINT {name} UNIQUE {body}"))
        }
        (Dialect::PostgreSql, _) | (Dialect::MySql, Role::Foreign) => None,
        (Dialect::MySql | Dialect::Sqlite, Role::Primary) => {
            // A column that counts by itself has the key in its own words in SQLite.
            let counts = table
                .columns(dialect, revision)
                .any(|column| column.definition(dialect).contains("PRIMARY KEY"));
            (!counts).then(|| format!("PRIMARY KEY {body}"))
        }
        (Dialect::MySql, Role::Unique | Role::UniqueConstraint) => {
            Some(format!("UNIQUE KEY {name} {body}"))
        }
        (Dialect::MySql, Role::Index) => Some(format!("KEY {name} {body}")),
        (Dialect::Sqlite, Role::Foreign) => Some(format!("FOREIGN KEY {body}")),
        (Dialect::Sqlite, Role::Unique | Role::UniqueConstraint) => Some(format!("UNIQUE {body}")),
        (Dialect::Sqlite, Role::Index) => None,
    }
}

/// A key for a table that is there already.
pub(crate) fn add_key(table: &Table, key: &Key, dialect: Dialect) -> Statement {
    let Key { name, body, role, .. } = key;
    let on = quoted(table.name, dialect);
    let sql = match (role, dialect) {
        (Role::Primary, _) => format!("ALTER TABLE {on} ADD PRIMARY KEY {body}"),
        (Role::UniqueConstraint, _) => {
            format!("ALTER TABLE {on} ADD CONSTRAINT {name} UNIQUE {body}")
        }
        (Role::Foreign, _) => format!("ALTER TABLE {on} ADD CONSTRAINT {name} FOREIGN KEY {body}"),
        (Role::Unique, _) => format!("CREATE UNIQUE INDEX {name} ON {on} {body}"),
        (Role::Index, Dialect::Sqlite) => {
            // SQLite's names of indexes are the database's, not the table's.
            let name = match name.strip_prefix(table.name) {
                Some(rest) => format!("{}{rest}", table.name),
                None => format!("{}_{name}", table.name),
            };
            format!("CREATE INDEX {name} ON {on} {body}")
        }
        (Role::Index, _) => format!("CREATE INDEX {name} ON {on} {body}"),
    };
    let about = if key.name.is_empty() { "primary key" } else { key.name };
    Statement::new(format!("{about} of {}", table.name), sql)
}

pub(crate) fn add_row(row: &lookup::Row) -> Statement {
    let lookup::Row { table, number, name, .. } = row;
    Statement::new(
        format!("`{name}` in {table}"),
        format!("INSERT INTO {table} VALUES ({number}, '{name}')"),
    )
}

/// What is meant for all servers hangs on a server of that name. It gets the number 1, since the
/// table counts by itself and it is the first.
fn every_server(table: &str, dialect: Dialect) -> Statement {
    let now = if dialect == Dialect::Sqlite { "unixepoch()" } else { "CURRENT_TIMESTAMP" };
    Statement::new(
        format!("`all` in {table}"),
        format!(
            "INSERT INTO {table} (tag, description, modification_ts) VALUES ('all', 'special type: \
             all servers', {now})"
        ),
    )
}

/// A name that may be a word of the language, or begin with a digit.
pub(crate) fn quoted(name: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::MySql => format!("`{name}`"),
        Dialect::PostgreSql | Dialect::Sqlite => format!("\"{name}\""),
    }
}
