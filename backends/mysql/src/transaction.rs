//! A batch as a transaction of one round trip or two.
//!
//! Rows that are to be replaced are locked and read first, in the order of their keys, and judged
//! here: neither MySQL nor MariaDB tells which rows of a statement met their condition. What passes
//! goes with the commit in a second round trip. New rows alone go in one: that a key is taken fails
//! the whole statement, and then it goes the long way.
//!
//! Triggers write Kea's statistics with each row. The statement that locks them in their order comes
//! before the first row, so that whoever writes rows of a subnet has its statistics: nobody waits
//! for a row while another waits for the statistics behind it.

use lessor_sql::dialect::Verdict;
use lessor_sql::text::{Idiom, judge};
use lessor_sql::{Act, Class, Counted, Failure, Row, Shape, Write};
use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, MySqlConnection, Row as _};

use crate::fault::{failure, is_duplicate};

/// How MySQL says it.
pub(crate) const IDIOM: Idiom = Idiom {
    // A date of zeros is no time.
    read_time: "NULLIF(UNIX_TIMESTAMP(l.expire), 0)",
    write_time: ("FROM_UNIXTIME(", ")"),
    text: ("_utf8mb4 x'", "'"),
    for_update: " FOR UPDATE",
    upsert: "ON DUPLICATE KEY UPDATE",
    excluded: ("VALUES(", ")"),
    divide: "DIV",
};

const BEGIN: &str = "START TRANSACTION;";

/// What a transaction needs to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transaction<'a> {
    pub(crate) shape: &'a Shape,
    /// The longest text that the server takes, in octets.
    pub(crate) packet_max: usize,
    pub(crate) writes: &'a [Write],
    pub(crate) counted: &'a [Counted],
}

impl Transaction<'_> {
    pub(crate) async fn run(
        &self,
        connection: &mut MySqlConnection,
    ) -> Result<Vec<Verdict>, Failure> {
        let new = self.writes.iter().all(|write| matches!(write.act, Act::Insert(_)));
        if new {
            let verdicts = vec![Verdict::Done; self.writes.len()];
            let sql = format!("{BEGIN}{}", self.rest(&verdicts));
            match self.send(connection, sql).await {
                Ok(()) => return Ok(verdicts),
                Err(Sent::Duplicate) => roll_back(connection).await?,
                Err(Sent::Failed(failure)) => return self.end(connection, failure).await,
            }
        }
        let sql = format!("{BEGIN}{}", IDIOM.look(self.writes));
        let rows = match sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut *connection).await {
            Ok(rows) => rows,
            Err(error) => {
                return self.end(connection, failure(&error).before_writing()).await;
            }
        };
        let rows: Result<Vec<Row>, _> = rows.iter().map(read_guarded).collect();
        let verdicts = match rows {
            Ok(rows) => judge(self.writes, &rows),
            Err(error) => return self.end(connection, failure(&error)).await,
        };
        if verdicts.iter().all(|verdict| *verdict == Verdict::Stood) {
            roll_back(connection).await?;
            return Ok(verdicts);
        }
        match self.send(connection, self.rest(&verdicts)).await {
            Ok(()) => Ok(verdicts),
            Err(Sent::Failed(failure)) => self.end(connection, failure).await,
            Err(Sent::Duplicate) => {
                let what = "another writer was first with one of the keys";
                self.end(connection, Failure::new(Class::Retry, what)).await
            }
        }
    }

    /// Everything but the beginning.
    fn rest(&self, verdicts: &[Verdict]) -> String {
        let counted = IDIOM.lock_counted(self.counted);
        format!("{counted}{}COMMIT", IDIOM.write(self.shape, self.writes, verdicts))
    }

    async fn send(&self, connection: &mut MySqlConnection, sql: String) -> Result<(), Sent> {
        if sql.len() >= self.packet_max {
            let what = format!(
                "the statement has {} octets, and the database takes {} (max_allowed_packet)",
                sql.len(),
                self.packet_max
            );
            return Err(Sent::Failed(Failure::new(Class::Invalid, what)));
        }
        match sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await {
            Ok(_) => Ok(()),
            Err(error) if is_duplicate(&error) => Err(Sent::Duplicate),
            Err(error) => Err(Sent::Failed(failure(&error))),
        }
    }

    /// Ends a transaction that failed; nothing of it is written, unless the connection is lost.
    async fn end(
        &self,
        connection: &mut MySqlConnection,
        failure: Failure,
    ) -> Result<Vec<Verdict>, Failure> {
        if !failure.class.is_loss() {
            roll_back(connection).await?;
        }
        Err(failure)
    }
}

enum Sent {
    Duplicate,
    Failed(Failure),
}

/// Gives up a transaction. If that fails the connection is lost, and the server does it by itself.
async fn roll_back(connection: &mut MySqlConnection) -> Result<(), Failure> {
    let rolled = sqlx::raw_sql("ROLLBACK").execute(connection).await;
    rolled.map(|_| ()).map_err(|error| failure(&error).before_writing())
}

fn read_guarded(row: &MySqlRow) -> sqlx::Result<Row> {
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
pub(crate) fn read(row: &MySqlRow) -> sqlx::Result<Row> {
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

/// A number in text, whatever the width and sign of its column.
pub(crate) fn number(row: &MySqlRow, at: usize) -> sqlx::Result<Option<i64>> {
    row.try_get_unchecked(at)
}

fn octets(row: &MySqlRow, at: usize) -> sqlx::Result<Vec<u8>> {
    Ok(row.try_get_unchecked::<Option<Vec<u8>>, _>(at)?.unwrap_or_default())
}
