//! A batch as a transaction. It has the file for itself, so rows are judged before they are written.

use lessor_sql::dialect::Verdict;
use lessor_sql::text::{Idiom, judge};
use lessor_sql::{Failure, Row, Shape, Write};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::fault::failure;

/// How SQLite says it.
pub(crate) const IDIOM: Idiom = Idiom {
    read_time: "l.expire",
    write_time: ("", ""),
    text: ("CAST(x'", "' AS TEXT)"),
    for_update: "",
    upsert: "ON CONFLICT (address) DO UPDATE SET",
    excluded: ("excluded.", ""),
    divide: "/",
};

/// Makes writes in one transaction.
pub(crate) async fn run(
    connection: &mut SqliteConnection,
    shape: &Shape,
    writes: &[Write],
) -> Result<Vec<Verdict>, Failure> {
    let sql = format!("BEGIN IMMEDIATE;{}", IDIOM.look(writes));
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut *connection).await;
    let rows =
        rows.and_then(|rows| rows.iter().map(read_guarded).collect::<sqlx::Result<Vec<_>>>());
    let rows = match rows {
        Ok(rows) => rows,
        Err(error) => {
            let failure = failure(&error).before_writing();
            roll_back(connection).await;
            return Err(failure);
        }
    };
    let verdicts = judge(writes, &rows);
    if verdicts.iter().all(|verdict| *verdict == Verdict::Stood) {
        roll_back(connection).await;
        return Ok(verdicts);
    }
    let sql = format!("{}COMMIT", IDIOM.write(shape, writes, &verdicts));
    match sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await {
        Ok(_) => Ok(verdicts),
        Err(error) => {
            let failure = failure(&error);
            roll_back(connection).await;
            Err(failure)
        }
    }
}

/// Gives up a transaction. Where SQLite has done that by itself, there is none to give up.
async fn roll_back(connection: &mut SqliteConnection) {
    let _ = sqlx::raw_sql("ROLLBACK").execute(connection).await;
}

fn read_guarded(row: &SqliteRow) -> sqlx::Result<Row> {
    Ok(Row {
        address: number(row, 0)?.unwrap_or(-1),
        hwaddr: octets(row, 1)?,
        client_id: octets(row, 2)?,
        expire: number(row, 3)?,
        state: number(row, 4)?.unwrap_or(-1),
        ..Row::default()
    })
}

/// Reads a row of all columns.
pub(crate) fn read(row: &SqliteRow) -> sqlx::Result<Row> {
    let text = |at| octets(row, at).map(|octets| String::from_utf8_lossy(&octets).into_owned());
    Ok(Row {
        address: number(row, 0)?.unwrap_or(-1),
        hwaddr: octets(row, 1)?,
        client_id: octets(row, 2)?,
        valid_lifetime: number(row, 3)?,
        expire: number(row, 4)?,
        subnet_id: number(row, 5)?,
        fqdn_fwd: number(row, 6)?.unwrap_or(0) != 0,
        fqdn_rev: number(row, 7)?.unwrap_or(0) != 0,
        hostname: text(8)?,
        state: number(row, 9)?.unwrap_or(-1),
        user_context: text(10)?,
        pool_id: number(row, 11)?.unwrap_or(0),
    })
}

/// A number. Any column may hold anything: what is no number is read as one that none is.
pub(crate) fn number(row: &SqliteRow, at: usize) -> sqlx::Result<Option<i64>> {
    use sqlx::{TypeInfo as _, ValueRef as _};
    let value = row.try_get_raw(at)?;
    if value.is_null() {
        return Ok(None);
    }
    if value.type_info().name() != "INTEGER" && value.type_info().name() != "BOOLEAN" {
        return Ok(Some(i64::MIN));
    }
    row.try_get_unchecked(at)
}

fn octets(row: &SqliteRow, at: usize) -> sqlx::Result<Vec<u8>> {
    Ok(row.try_get_unchecked::<Option<Vec<u8>>, _>(at)?.unwrap_or_default())
}
