//! What a table is made of.

use crate::{Dialect, Revision};

/// In which databases and revisions something is there.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    only: Option<Dialect>,
    since: Revision,
    until: Option<Revision>,
}

impl Span {
    const ALWAYS: Self = Self { only: None, since: Revision::BASE, until: None };

    /// Whether it is there. SQLite has what MySQL has, in its newest form.
    #[must_use]
    pub fn holds(self, dialect: Dialect, revision: Revision) -> bool {
        let dialect = if dialect == Dialect::Sqlite { Dialect::MySql } else { dialect };
        self.only.is_none_or(|only| only == dialect)
            && self.since <= revision
            && self.until.is_none_or(|until| revision < until)
    }
}

/// What has a span says so in the same words.
macro_rules! spanned {
    ($kind:ty) => {
        impl $kind {
            /// In one kind of database alone.
            pub(crate) const fn only(mut self, dialect: Dialect) -> Self {
                self.span.only = Some(dialect);
                self
            }

            /// From a revision on.
            pub(crate) const fn since(mut self, revision: Revision) -> Self {
                self.span.since = revision;
                self
            }
        }
    };
}

spanned!(Table);
spanned!(Column);
spanned!(Key);

/// A table, through all revisions.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// A column of one name may be there several times, for revisions that do not overlap.
    columns: &'static [Column],
    keys: &'static [Key],
    span: Span,
}

impl Table {
    /// Whether it is there.
    #[must_use]
    pub fn is_there(&self, dialect: Dialect, revision: Revision) -> bool {
        self.span.holds(dialect, revision)
    }

    /// Its columns, in order.
    pub fn columns(
        &self,
        dialect: Dialect,
        revision: Revision,
    ) -> impl Iterator<Item = &'static Column> + use<> {
        self.columns.iter().filter(move |column| column.span.holds(dialect, revision))
    }

    /// One of its columns.
    #[must_use]
    pub fn column(
        &self,
        name: &str,
        dialect: Dialect,
        revision: Revision,
    ) -> Option<&'static Column> {
        self.columns(dialect, revision).find(|column| column.name == name)
    }

    /// Its keys: the primary key first, foreign keys last.
    pub fn keys(
        &self,
        dialect: Dialect,
        revision: Revision,
    ) -> impl Iterator<Item = &'static Key> + use<> {
        self.keys.iter().filter(move |key| key.span.holds(dialect, revision))
    }
}

/// A column, through revisions in which its type is the same.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it was called before it came to this name.
    pub was: Option<&'static str>,
    postgresql: &'static str,
    mysql: &'static str,
    span: Span,
}

impl Column {
    pub(crate) const fn until(mut self, revision: Revision) -> Self {
        self.span.until = Some(revision);
        self
    }

    pub(crate) const fn was(mut self, name: &'static str) -> Self {
        self.was = Some(name);
        self
    }

    /// Its type and what follows it, in a kind of database.
    #[must_use]
    pub fn definition(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::PostgreSql => self.postgresql,
            Dialect::MySql => self.mysql,
            Dialect::Sqlite => sqlite(self.mysql),
        }
    }
}

/// SQLite has four types, and times are seconds since 1970.
fn sqlite(mysql: &'static str) -> &'static str {
    let kind = mysql.split([' ', '(']).next().unwrap_or_default();
    let numeric = ["int", "bigint", "smallint", "tinyint", "timestamp"].contains(&kind);
    let kept = mysql.contains("NOT NULL");
    match kind {
        _ if mysql.contains("AUTO_INCREMENT") => "INTEGER PRIMARY KEY AUTOINCREMENT",
        _ if numeric && mysql.contains("DEFAULT 128") => "INTEGER NOT NULL DEFAULT 128",
        _ if numeric && kept && mysql.contains("DEFAULT 0") => "INTEGER NOT NULL DEFAULT 0",
        _ if numeric && mysql.contains("DEFAULT 0") => "INTEGER DEFAULT 0",
        "timestamp" if mysql.contains("DEFAULT CURRENT_TIMESTAMP") => {
            if kept {
                "INTEGER NOT NULL DEFAULT (unixepoch())"
            } else {
                "INTEGER DEFAULT (unixepoch())"
            }
        }
        _ if numeric && kept => "INTEGER NOT NULL",
        _ if numeric => "INTEGER",
        "float" => "REAL",
        "binary" | "varbinary" | "blob" if kept => "BLOB NOT NULL",
        "binary" | "varbinary" | "blob" => "BLOB",
        _ if mysql.contains("DEFAULT '::'") => "TEXT DEFAULT '::'",
        _ if kept => "TEXT NOT NULL",
        _ => "TEXT",
    }
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The table's own.
    Primary,
    /// No two rows are alike in it, by a constraint of that name.
    UniqueConstraint,
    /// No two rows are alike in it.
    Unique,
    /// Rows are found by it.
    Index,
    /// Points at another table's row.
    Foreign,
}

/// A key or an index.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name; empty for a primary key, whose name follows from the table's.
    pub name: &'static str,
    /// What it is for.
    pub role: Role,
    /// What follows its name: columns in brackets, and more.
    pub body: &'static str,
    span: Span,
}

impl Key {
    pub(crate) const fn until(mut self, revision: Revision) -> Self {
        self.span.until = Some(revision);
        self
    }
}

pub(crate) const fn table(
    name: &'static str,
    columns: &'static [Column],
    keys: &'static [Key],
) -> Table {
    Table { name, columns, keys, span: Span::ALWAYS }
}

/// A column that is spelled the same everywhere.
pub(crate) const fn column(name: &'static str, definition: &'static str) -> Column {
    columns(name, definition, definition)
}

pub(crate) const fn columns(
    name: &'static str,
    postgresql: &'static str,
    mysql: &'static str,
) -> Column {
    Column { name, was: None, postgresql, mysql, span: Span::ALWAYS }
}

const fn key(role: Role, name: &'static str, body: &'static str) -> Key {
    Key { name, role, body, span: Span::ALWAYS }
}

pub(crate) const fn primary(body: &'static str) -> Key {
    key(Role::Primary, "", body)
}

pub(crate) const fn unique(name: &'static str, body: &'static str) -> Key {
    key(Role::Unique, name, body)
}

pub(crate) const fn unique_constraint(name: &'static str, body: &'static str) -> Key {
    key(Role::UniqueConstraint, name, body)
}

pub(crate) const fn index(name: &'static str, body: &'static str) -> Key {
    key(Role::Index, name, body)
}

pub(crate) const fn foreign(name: &'static str, body: &'static str) -> Key {
    key(Role::Foreign, name, body)
}
