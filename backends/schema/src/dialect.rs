//! The kinds of database.

/// Whose language the statements are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// PostgreSQL 11 and later.
    PostgreSql,
    /// MySQL 8, MariaDB 10.5 and later.
    MySql,
    /// SQLite 3.37 and later. Kea does not know it: only the newest tables, without routines.
    Sqlite,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::PostgreSql, Self::MySql, Self::Sqlite];
}
