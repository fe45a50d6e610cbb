//! What follows from the server's errors.

use lessor_sql::{Class, Failure};
use sqlx::mysql::MySqlDatabaseError;

/// The failure that a driver's error is.
pub(crate) fn failure(error: &sqlx::Error) -> Failure {
    let class = match error {
        sqlx::Error::Database(database) => {
            let error = database.try_downcast_ref::<MySqlDatabaseError>();
            let number = error.map_or(0, MySqlDatabaseError::number);
            let what = format!("the database says {number}: {}", database.message());
            return Failure::new(class_of(number), what);
        }
        sqlx::Error::Configuration(_) | sqlx::Error::Tls(_) => Class::Denied,
        sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. } => Class::Schema,
        _ => Class::Unknown,
    };
    Failure::new(class, format!("the database: {error}"))
}

/// What follows from an error of the server's own, by its number. Those from 1900 on are MariaDB's.
fn class_of(number: u16) -> Class {
    match number {
        // A row that came in between, a snapshot that is too old, a deadlock, a lock or a statement
        // that took too long, a statement that was ended by an operator.
        1020 | 1062 | 1205 | 1206 | 1213 | 1317 | 1969 | 3024 | 3572 => Class::Retry,
        1040 | 1203 | 1226 => Class::Unavailable,
        // The session ends. Whether its last statement was committed, it does not say.
        1053 | 1077 | 1079 | 1159 | 1161 | 1927 => Class::Unknown,
        1021 | 1026 | 1030 | 1114 | 1290 | 1792 | 1836 => Class::Full,
        1044 | 1045 | 1142 | 1143 | 1227 | 1370 | 1698 => Class::Denied,
        1049 | 1054 | 1064 | 1109 | 1146 | 1305 | 1356 | 1449 => Class::Schema,
        _ => Class::Invalid,
    }
}

/// A row with that key is there already.
pub(crate) fn is_duplicate(error: &sqlx::Error) -> bool {
    let database = error.as_database_error();
    let error = database.and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>());
    error.is_some_and(|error| error.number() == 1062)
}
