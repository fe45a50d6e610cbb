//! What follows from SQLite's errors.

use lessor_sql::{Class, Failure};

/// The failure that a driver's error is.
pub(crate) fn failure(error: &sqlx::Error) -> Failure {
    let class = match error {
        sqlx::Error::Database(database) => {
            let code = database.code().and_then(|code| code.parse().ok()).unwrap_or(1);
            let what = format!("SQLite says {code}: {}", database.message());
            return Failure::new(class_of(code), what);
        }
        sqlx::Error::Configuration(_) => Class::Denied,
        sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. } => Class::Schema,
        _ => Class::Unknown,
    };
    Failure::new(class, format!("SQLite: {error}"))
}

/// What follows from a result code; its last octet is the kind.
fn class_of(code: u32) -> Class {
    match code & 0xff {
        // Busy, locked, interrupted, changed under us.
        5 | 6 | 9 | 17 => Class::Retry,
        // Read-only, full.
        8 | 13 => Class::Full,
        // No permission, refused.
        3 | 23 => Class::Denied,
        // Something is missing in the tables.
        1 => Class::Schema,
        // A lost disk: whether the log was synced, nobody knows.
        10 => Class::Unknown,
        // No memory, a damaged file, none, another kind of file, another's locks.
        7 | 11 | 14 | 15 | 26 => Class::Unavailable,
        _ => Class::Invalid,
    }
}
