//! Statements as text, for databases that take no arrays.
//!
//! Every value is a number, or octets in hexadecimal: nothing that a client sends can be more than a
//! value. Several statements go in one round trip, so that text is no poorer than parameters.

use std::fmt::Write as _;

use crate::batch::{Act, Counted, Write};
use crate::dialect::{LOOKED_AT, Reuse, Verdict};
use crate::question::Question;
use crate::row::{Row, Shape};
use crate::vacancy::Window;

/// How many rows one statement writes at most.
const ROWS_MAX: usize = 500;

/// That a lease ends at all: of one that does not, the column `expire` says when it began.
const ENDS: &str = "l.valid_lifetime <> 4294967295";

/// What differs between the databases that are spoken to in text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Idiom {
    /// The column `expire` as seconds since 1970, or NULL.
    pub read_time: &'static str,
    /// Around seconds since 1970, a value for the column `expire`.
    pub write_time: (&'static str, &'static str),
    /// Around hexadecimal digits, a text.
    pub text: (&'static str, &'static str),
    /// What follows a read of rows that will be written.
    pub for_update: &'static str,
    /// What comes between the rows of an insert and what is done where they are there already.
    pub upsert: &'static str,
    /// Around a column's name, its value in an insert that found a row.
    pub excluded: (&'static str, &'static str),
    /// Whole division.
    pub divide: &'static str,
}

impl Idiom {
    fn columns(&self, shape: &Shape) -> String {
        let pool = if shape.has_pool { "l.pool_id" } else { "0" };
        format!(
            "l.address, l.hwaddr, l.client_id, l.valid_lifetime, {}, l.subnet_id, l.fqdn_fwd, \
             l.fqdn_rev, l.hostname, l.state, l.user_context, {pool}",
            self.read_time
        )
    }

    fn time(&self, seconds: i64) -> String {
        let (before, after) = self.write_time;
        format!("{before}{seconds}{after}")
    }

    /// Whether a lease may go to another client at a second.
    fn lapsed_by(&self, at: i64) -> String {
        let latest = at.saturating_sub(1);
        format!(
            "{ENDS} AND {} <= {latest} - (l.valid_lifetime {} 4096)",
            self.read_time, self.divide
        )
    }

    /// The statements of a question, each with the columns of a whole row.
    #[must_use]
    pub fn ask(&self, shape: &Shape, asked: &Question) -> String {
        let columns = self.columns(shape);
        let mut sql = String::new();
        if !asked.keys.is_empty() {
            let _ = write!(sql, "SELECT {columns} FROM lease4 l WHERE l.address IN (");
            list(&mut sql, asked.keys.iter(), |sql, key| {
                let _ = write!(sql, "{key}");
            });
            sql.push_str(");");
        }
        for (column, values) in [("hwaddr", &asked.hwaddrs), ("client_id", &asked.client_ids)] {
            if !values.is_empty() {
                let _ = write!(sql, "SELECT {columns} FROM lease4 l WHERE l.{column} IN (");
                list(&mut sql, values.iter(), |sql, value| octets(sql, value));
                sql.push_str(");");
            }
        }
        if let Some(lapsed) = &asked.lapsed {
            let count = lapsed.count;
            let margin = self.lapsed_by(lapsed.ends_by());
            for (states, by, more) in [
                ("0, 4", lapsed.ends_by(), margin.as_str()),
                ("1", lapsed.ends_by(), ENDS),
                ("2, 3", lapsed.kept_by(), ENDS),
            ] {
                let by = self.time(by.clamp(shape.time_min, shape.time_max));
                let _ = write!(
                    sql,
                    "SELECT {columns} FROM lease4 l WHERE l.expire <= {by} \
                     AND l.state IN ({states}) AND {more} ORDER BY l.expire LIMIT {count};"
                );
            }
        }
        sql
    }

    /// The statement of a walk. Its rows begin with the number of the window, from one on, or with
    /// 0 for what may be replaced; key, lifetime, end and state follow.
    #[must_use]
    pub fn walk(&self, shape: &Shape, windows: &[Window], reuse: &[Reuse]) -> String {
        let slot = "l.address, l.valid_lifetime, l.expire, l.state";
        let shown = format!("l.address, l.valid_lifetime, {} AS ends, l.state", self.read_time);
        let mut parts = Vec::new();
        for (number, window) in (1..).zip(windows) {
            parts.push(format!(
                "SELECT * FROM (SELECT {number} AS n, {shown} FROM lease4 l \
                 WHERE l.address BETWEEN {} AND {} ORDER BY l.address LIMIT {}) w{number}",
                window.from, window.to, window.rows
            ));
        }
        for (number, reuse) in reuse.iter().enumerate() {
            let by = self.time(reuse.at.clamp(shape.time_min, shape.time_max));
            let margin = self.lapsed_by(reuse.at);
            let looked = |of: &str| {
                format!(
                    "(SELECT {slot} FROM lease4 l WHERE {of} ORDER BY l.expire LIMIT {LOOKED_AT}) l"
                )
            };
            let within = format!("l.address BETWEEN {} AND {}", reuse.first, reuse.last);
            let free = format!("(l.state IN (2, 3) OR (l.state = 1 AND {ENDS}) OR {margin})");
            parts.push(format!(
                "SELECT * FROM (SELECT 0 AS n, {shown} FROM {} WHERE {within} AND {free} \
                 LIMIT {}) r{number}",
                looked(&format!("l.expire <= {by}")),
                reuse.count
            ));
        }
        parts.join(" UNION ALL ")
    }

    /// The statement of a page.
    #[must_use]
    pub fn page(&self, shape: &Shape, from: u32, count: u32) -> String {
        let columns = self.columns(shape);
        format!(
            "SELECT {columns} FROM lease4 l WHERE l.address >= {from} ORDER BY l.address \
             LIMIT {count}"
        )
    }

    /// What reads the rows that writes will change, in the order of keys: key, link-layer address,
    /// client identifier, end, state.
    #[must_use]
    pub fn look(&self, writes: &[Write]) -> String {
        let mut sql = format!(
            "SELECT l.address, l.hwaddr, l.client_id, {}, l.state FROM lease4 l \
             WHERE l.address IN (",
            self.read_time
        );
        list(&mut sql, writes.iter(), |sql, write| {
            let _ = write!(sql, "{}", write.key);
        });
        let _ = write!(sql, ") ORDER BY l.address{}", self.for_update);
        sql
    }

    /// What locks statistics, in the order in which everybody does.
    #[must_use]
    pub fn lock_counted(&self, counted: &[Counted]) -> String {
        if counted.is_empty() || self.for_update.is_empty() {
            return String::new();
        }
        let mut sql = "SELECT leases FROM lease4_stat WHERE (subnet_id, state) IN (".to_owned();
        list(&mut sql, counted.iter(), |sql, it| {
            let _ = write!(sql, "({}, {})", it.subnet, it.state);
        });
        let _ = write!(sql, ") ORDER BY subnet_id, state{};", self.for_update);
        sql
    }

    /// The writes whose rows are as they must be; the statements end with semicolons.
    #[must_use]
    pub fn write(&self, shape: &Shape, writes: &[Write], verdicts: &[Verdict]) -> String {
        let done = || {
            writes.iter().zip(verdicts).filter(|(_, it)| **it == Verdict::Done).map(|(it, _)| it)
        };
        let inserts: Vec<&Row> = done()
            .filter_map(|write| match &write.act {
                Act::Insert(row) => Some(row),
                _ => None,
            })
            .collect();
        let updates: Vec<&Row> = done()
            .filter_map(|write| match &write.act {
                Act::Update(_, row) => Some(row),
                _ => None,
            })
            .collect();
        let deletes: Vec<u32> =
            done().filter(|write| write.act.row().is_none()).map(|write| write.key).collect();
        let mut sql = String::new();
        for rows in inserts.chunks(ROWS_MAX) {
            self.rows(&mut sql, shape, rows);
            sql.push(';');
        }
        for rows in updates.chunks(ROWS_MAX) {
            // They are there, and locked: the rows go where their keys are.
            self.rows(&mut sql, shape, rows);
            let _ = write!(sql, " {} ", self.upsert);
            let (before, after) = self.excluded;
            list(&mut sql, names(shape).skip(1), |sql, name| {
                let _ = write!(sql, "{name} = {before}{name}{after}");
            });
            sql.push(';');
        }
        for keys in deletes.chunks(ROWS_MAX) {
            sql.push_str("DELETE FROM lease4 WHERE address IN (");
            list(&mut sql, keys.iter(), |sql, key| {
                let _ = write!(sql, "{key}");
            });
            sql.push_str(");");
        }
        sql
    }

    fn rows(&self, sql: &mut String, shape: &Shape, rows: &[&Row]) {
        sql.push_str("INSERT INTO lease4 (");
        list(sql, names(shape), |sql, name| sql.push_str(name));
        sql.push_str(") VALUES ");
        list(sql, rows.iter(), |sql, row| self.row(sql, shape, row));
    }

    fn row(&self, sql: &mut String, shape: &Shape, row: &Row) {
        let _ = write!(sql, "({},", row.address);
        octets_or_null(sql, &row.hwaddr);
        sql.push(',');
        octets_or_null(sql, &row.client_id);
        let (valid, expire) = (row.valid_lifetime.unwrap_or(0), row.expire.unwrap_or(0));
        let (fwd, rev) = (u8::from(row.fqdn_fwd), u8::from(row.fqdn_rev));
        let subnet = row.subnet_id.unwrap_or(0);
        let _ = write!(sql, ",{valid},{},{subnet},{fwd},{rev},", self.time(expire));
        self.text(sql, &row.hostname);
        let _ = write!(sql, ",{},", row.state);
        if row.user_context.is_empty() {
            sql.push_str("NULL");
        } else {
            self.text(sql, &row.user_context);
        }
        if shape.has_pool {
            let _ = write!(sql, ",{}", row.pool_id);
        }
        sql.push(')');
    }

    fn text(&self, sql: &mut String, text: &str) {
        if text.is_empty() {
            return sql.push_str("''");
        }
        let (before, after) = self.text;
        sql.push_str(before);
        hex(sql, text.as_bytes());
        sql.push_str(after);
    }
}

/// What becomes of writes, by the rows that were read of their keys.
#[must_use]
pub fn judge(writes: &[Write], rows: &[Row]) -> Vec<Verdict> {
    let by_key: std::collections::BTreeMap<i64, &Row> =
        rows.iter().map(|row| (row.address, row)).collect();
    let verdict = |write: &Write| {
        let holds = match (write.act.guard(), by_key.get(&i64::from(write.key))) {
            (None, None) => true,
            (Some(guard), Some(row)) => guard.admits(row),
            _ => false,
        };
        if holds { Verdict::Done } else { Verdict::Stood }
    };
    writes.iter().map(verdict).collect()
}

fn names(shape: &Shape) -> impl Iterator<Item = &'static str> {
    let names = [
        "address",
        "hwaddr",
        "client_id",
        "valid_lifetime",
        "expire",
        "subnet_id",
        "fqdn_fwd",
        "fqdn_rev",
        "hostname",
        "state",
        "user_context",
    ];
    names.into_iter().chain(shape.has_pool.then_some("pool_id"))
}

fn list<T>(sql: &mut String, items: impl Iterator<Item = T>, mut put: impl FnMut(&mut String, T)) {
    for (at, item) in items.enumerate() {
        if at > 0 {
            sql.push(',');
        }
        put(sql, item);
    }
}

fn octets_or_null(sql: &mut String, value: &[u8]) {
    if value.is_empty() { sql.push_str("NULL") } else { octets(sql, value) }
}

fn octets(sql: &mut String, value: &[u8]) {
    sql.push_str("x'");
    hex(sql, value);
    sql.push('\'');
}

fn hex(sql: &mut String, value: &[u8]) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    for octet in value {
        sql.extend([DIGITS[usize::from(octet >> 4)], DIGITS[usize::from(octet & 0xf)]]);
    }
}
