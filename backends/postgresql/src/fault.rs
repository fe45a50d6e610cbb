//! What follows from PostgreSQL's errors.

use lessor_sql::{Class, Failure};
use sqlx::postgres::{PgDatabaseError, PgSeverity};

/// The failure that a driver's error is.
pub(crate) fn failure(error: &sqlx::Error) -> Failure {
    let class = match error {
        sqlx::Error::Database(database) => {
            let error = database.try_downcast_ref::<PgDatabaseError>();
            let class = error.map_or(Class::Unknown, class_of);
            let (code, words) = (database.code().unwrap_or_default(), database.message());
            let detail = error.and_then(PgDatabaseError::detail);
            let detail = detail.map_or_else(String::new, |detail| format!(" ({detail})"));
            return Failure::new(class, format!("PostgreSQL says {code}: {words}{detail}"));
        }
        sqlx::Error::Configuration(_) | sqlx::Error::Tls(_) => Class::Denied,
        sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. }
        | sqlx::Error::TypeNotFound { .. } => Class::Schema,
        sqlx::Error::Encode(_) => Class::Invalid,
        _ => Class::Unknown,
    };
    Failure::new(class, format!("PostgreSQL: {error}"))
}

/// What follows from an error of the server's own, by its SQLSTATE.
fn class_of(error: &PgDatabaseError) -> Class {
    let code = error.code();
    match code {
        "28000" | "28P01" | "42501" => return Class::Denied,
        "3D000" | "3F000" => return Class::Schema,
        _ => {}
    }
    if !matches!(error.severity(), PgSeverity::Error) {
        // The session is over. Whether its last statement was committed, it does not say.
        return Class::Unknown;
    }
    match code {
        "25006" | "53100" => Class::Full,
        "40001" | "40P01" | "55P03" | "57014" => Class::Retry,
        _ => match code.get(..2).unwrap_or_default() {
            "08" | "53" | "57" | "58" => Class::Unavailable,
            "42" => Class::Schema,
            _ => Class::Invalid,
        },
    }
}
