//! A schema's version, a new schema, an upgrade.

use lessor_schema::{Dialect, Revision, Upgrade, Version};

use crate::{Connection, Error};

/// What the database says of itself.
///
/// # Errors
/// [`Error::NoSchema`] if it has no such table, [`Error::Unfinished`] if that is empty, and
/// [`Error::Statement`] if it cannot be read.
pub async fn version(connection: &mut Connection) -> Result<Version, Error> {
    let question = match connection.dialect() {
        Dialect::PostgreSql => "SELECT version::text, coalesce(minor, 0)::text FROM schema_version",
        Dialect::MySql => {
            "SELECT CAST(version AS CHAR), CAST(coalesce(minor, 0) AS CHAR) FROM schema_version"
        }
        Dialect::Sqlite => {
            "SELECT CAST(version AS TEXT), CAST(coalesce(minor, 0) AS TEXT) FROM schema_version"
        }
    };
    let name = connection.name().to_owned();
    let rows = match connection.ask("the version", question).await {
        Ok(rows) => rows,
        Err(Error::Statement { why, .. }) if no_such_table(&why) => {
            return Err(Error::NoSchema { name });
        }
        Err(why) => return Err(why),
    };
    let mut numbers = rows.into_iter().flatten().flatten().map(|text| text.parse().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), Some(minor)) => Ok(Version::new(major, minor)),
        _ => Err(Error::Unfinished { name }),
    }
}

/// Which revision the database is.
///
/// # Errors
/// As [`version`], and [`Error::Version`] if that is not known.
pub async fn revision(connection: &mut Connection) -> Result<Revision, Error> {
    let version = version(connection).await?;
    known(connection, version)
}

fn known(connection: &Connection, version: Version) -> Result<Revision, Error> {
    Revision::of(connection.dialect(), version)
        .map_err(|why| Error::Version { name: connection.name().to_owned(), why })
}

fn no_such_table(why: &sqlx::Error) -> bool {
    let Some(error) = why.as_database_error() else { return false };
    let code = error.code();
    // PostgreSQL's and MySQL's names for it; SQLite has but words.
    matches!(code.as_deref(), Some("42P01" | "42S02")) || error.message().contains("no such table")
}

/// Makes an empty database one of this revision. Gives back how many tables it has then.
///
/// PostgreSQL and SQLite make it whole or not at all. In MySQL the version comes last: if it is
/// interrupted, the database says that it is unfinished.
///
/// # Errors
/// [`Error::NotEmpty`], or the statement that failed.
pub async fn init(connection: &mut Connection, revision: Revision) -> Result<u64, Error> {
    let there = tables(connection).await?;
    if there > 0 {
        let version = match version(connection).await {
            Ok(version) => format!(", and is of schema {version}"),
            Err(_) => String::new(),
        };
        let name = connection.name().to_owned();
        return Err(Error::NotEmpty { name, tables: there, version });
    }
    connection.begin().await?;
    let made = make(connection, revision).await;
    connection.end(made).await?;
    tables(connection).await
}

async fn make(connection: &mut Connection, revision: Revision) -> Result<(), Error> {
    for statement in lessor_schema::create(connection.dialect(), revision) {
        connection.run(&statement).await?;
    }
    Ok(())
}

async fn tables(connection: &mut Connection) -> Result<u64, Error> {
    let question = match connection.dialect() {
        Dialect::PostgreSql => {
            "SELECT count(*)::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = \
             current_schema()::regnamespace"
        }
        Dialect::MySql => {
            "SELECT CAST(count(*) AS CHAR) FROM information_schema.tables WHERE table_schema = \
             database()"
        }
        Dialect::Sqlite => {
            "SELECT CAST(count(*) AS TEXT) FROM sqlite_master WHERE type = 'table' AND name NOT \
             LIKE 'sqlite%'"
        }
    };
    let rows = connection.ask("the tables", question).await?;
    let count = rows.into_iter().flatten().flatten().next();
    Ok(count.and_then(|count| count.parse().ok()).unwrap_or_default())
}

/// Upgrades step by step to a revision; `told` hears of each step that is done.
///
/// Whoever serves from the database has to be stopped meanwhile, and it has to be backed up first:
/// MySQL cannot take a step back.
///
/// # Errors
/// [`Error::Upgrade`] with the step that failed and what to do; [`Error::Version`] if the database
/// is newer than what is known.
pub async fn upgrade(
    connection: &mut Connection,
    to: Revision,
    mut told: impl FnMut(Version, Version),
) -> Result<Version, Error> {
    let mut at = revision(connection).await?;
    while at < to
        && let Some(step) = lessor_schema::upgrade(connection.dialect(), at)
    {
        let (from, becomes) = step.versions(connection.dialect());
        take(connection, &step).await.map_err(|why| Error::Upgrade {
            from,
            to: becomes,
            why: Box::new(why),
            state: match connection.dialect() {
                Dialect::MySql => {
                    "MySQL keeps what was done of this step: restore the backup, mend the cause, \
                     and upgrade again"
                }
                Dialect::PostgreSql | Dialect::Sqlite => {
                    "nothing of this step was kept: mend the cause and upgrade again"
                }
            },
        })?;
        if from != becomes {
            told(from, becomes);
        }
        at = step.to;
    }
    version(connection).await
}

/// One step, if the database is still what the step is for.
async fn take(connection: &mut Connection, step: &Upgrade) -> Result<(), Error> {
    if connection.dialect() == Dialect::MySql {
        // Its transactions end with every table that is changed: a lock of its own keeps others out.
        let lock = "SELECT CAST(GET_LOCK(CONCAT('schema of ', DATABASE()), 0) AS CHAR)";
        let got = connection.ask("the lock", lock).await?;
        if got.into_iter().flatten().flatten().next().as_deref() != Some("1") {
            let (expected, _) = step.versions(connection.dialect());
            return Err(Error::Raced { expected });
        }
        let taken = statements(connection, step).await;
        let unlock = "SELECT CAST(RELEASE_LOCK(CONCAT('schema of ', DATABASE())) AS CHAR)";
        // It is gone with the connection in any case.
        let _ = connection.ask("the lock", unlock).await;
        return taken;
    }
    connection.begin().await?;
    let taken = statements(connection, step).await;
    connection.end(taken).await
}

async fn statements(connection: &mut Connection, step: &Upgrade) -> Result<(), Error> {
    let (expected, becomes) = step.versions(connection.dialect());
    if connection.dialect() == Dialect::PostgreSql {
        let lock = "LOCK TABLE schema_version IN EXCLUSIVE MODE";
        connection.execute("the lock", lock).await?;
    }
    if version(connection).await? != expected {
        return Err(Error::Raced { expected });
    }
    let mut changed = 0;
    for statement in &step.statements {
        changed = connection.run(statement).await?;
    }
    // The last one writes the version, where that is another.
    if expected != becomes && changed != 1 {
        return Err(Error::Raced { expected });
    }
    Ok(())
}
