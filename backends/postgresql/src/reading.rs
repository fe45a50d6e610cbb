//! Questions, windows and pages, one statement each.

use std::sync::Arc;

use lessor_sql::dialect::{LOOKED_AT, Reuse, Walk};
use lessor_sql::{Question, Row, Shape, Window};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row as _};

/// An end as a number. A time without end is none, rather than an error that costs all rows.
const EXPIRE: &str =
    "CASE WHEN isfinite(l.expire) THEN ceil(date_part('epoch', l.expire))::bigint END";

/// That a lease ends at all: of one that does not, the column `expire` says when it began.
const ENDS: &str = "l.valid_lifetime <> 4294967295";

/// Whether a lease may go to another client at the second `{at}`: what
/// [`lessor_lease::Standing::lapses`] says, in SQL.
fn lapsed_by(at: &str) -> String {
    format!(
        "{ENDS} \
         AND l.expire <= to_timestamp(({at} - 1 - l.valid_lifetime / 4096)::float8)"
    )
}

/// The statements that read, for the columns that are there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    /// By which parts of a question are asked: keys, link-layer addresses, client identifiers,
    /// lapsed rows.
    questions: Vec<Arc<String>>,
    /// By whether what may be replaced is looked for too.
    walks: Vec<Arc<String>>,
    page: Arc<String>,
}

type Statement<'a> = Query<'a, Postgres, PgArguments>;

fn statement<'a>(text: Option<&Arc<String>>) -> Statement<'a> {
    sqlx::query(AssertSqlSafe(text.map(Arc::clone).unwrap_or_default()))
}

impl Reading {
    pub(crate) fn of(shape: &Shape) -> Self {
        let columns = columns(shape);
        let page = format!(
            "SELECT {columns} FROM lease4 l WHERE l.address >= $1 ORDER BY l.address LIMIT $2"
        );
        Self {
            questions: (0..16).map(|parts| Arc::new(question(&columns, parts))).collect(),
            walks: vec![Arc::new(windows()), Arc::new(windows_and_reuse())],
            page: Arc::new(page),
        }
    }

    pub(crate) async fn ask(
        &self,
        connection: &mut PgConnection,
        asked: &Question,
    ) -> sqlx::Result<Vec<Row>> {
        let parts = [
            !asked.keys.is_empty(),
            !asked.hwaddrs.is_empty(),
            !asked.client_ids.is_empty(),
            asked.lapsed.is_some(),
        ];
        let parts = parts.iter().rev().fold(0, |parts, part| parts << 1 | usize::from(*part));
        let mut query = statement(self.questions.get(parts));
        if !asked.keys.is_empty() {
            query = query.bind(asked.keys.iter().map(|key| i64::from(*key)).collect::<Vec<_>>());
        }
        if !asked.hwaddrs.is_empty() {
            query = query.bind(asked.hwaddrs.iter().cloned().collect::<Vec<_>>());
        }
        if !asked.client_ids.is_empty() {
            query = query.bind(asked.client_ids.iter().cloned().collect::<Vec<_>>());
        }
        if let Some(lapsed) = &asked.lapsed {
            query = query.bind(lapsed.ends_by()).bind(lapsed.kept_by());
            query = query.bind(i64::from(lapsed.count));
        }
        let rows = query.fetch_all(connection).await?;
        rows.iter().map(read).collect()
    }

    pub(crate) async fn walk(
        &self,
        connection: &mut PgConnection,
        windows: &[Window],
        reuse: &[Reuse],
    ) -> sqlx::Result<Walk> {
        let mut query = statement(self.walks.get(usize::from(!reuse.is_empty())));
        let of = |part: fn(&Window) -> u32| -> Vec<i64> {
            windows.iter().map(|window| i64::from(part(window))).collect()
        };
        query = query.bind(of(|it| it.from)).bind(of(|it| it.to)).bind(of(|it| it.rows));
        if !reuse.is_empty() {
            let of = |part: fn(&Reuse) -> i64| -> Vec<i64> { reuse.iter().map(part).collect() };
            query = query.bind(of(|it| it.first.into())).bind(of(|it| it.last.into()));
            query = query.bind(of(|it| it.count.into())).bind(of(|it| it.at));
        }
        let mut walk = Walk::for_windows(windows.len());
        for row in query.fetch_all(connection).await? {
            let numbers: sqlx::Result<Vec<Option<i64>>> =
                (0..5).map(|at| row.try_get(at)).collect();
            walk.add(&numbers?);
        }
        Ok(walk.in_order())
    }

    pub(crate) async fn page(
        &self,
        connection: &mut PgConnection,
        from: u32,
        count: u32,
    ) -> sqlx::Result<Vec<Row>> {
        let query = statement(Some(&self.page)).bind(i64::from(from)).bind(i64::from(count));
        query.fetch_all(connection).await?.iter().map(read).collect()
    }
}

fn columns(shape: &Shape) -> String {
    let pool = if shape.has_pool { "l.pool_id" } else { "0::bigint" };
    format!(
        "l.address, l.hwaddr, l.client_id, l.valid_lifetime, {EXPIRE}, l.subnet_id, l.fqdn_fwd, \
         l.fqdn_rev, l.hostname, l.state, l.user_context, {pool}"
    )
}

/// Reads a row of all columns.
fn read(row: &PgRow) -> sqlx::Result<Row> {
    Ok(Row {
        address: row.try_get(0)?,
        hwaddr: row.try_get::<Option<_>, _>(1)?.unwrap_or_default(),
        client_id: row.try_get::<Option<_>, _>(2)?.unwrap_or_default(),
        valid_lifetime: row.try_get(3)?,
        expire: row.try_get(4)?,
        subnet_id: row.try_get(5)?,
        fqdn_fwd: row.try_get::<Option<_>, _>(6)?.unwrap_or_default(),
        fqdn_rev: row.try_get::<Option<_>, _>(7)?.unwrap_or_default(),
        hostname: row.try_get::<Option<_>, _>(8)?.unwrap_or_default(),
        state: row.try_get::<Option<_>, _>(9)?.unwrap_or(-1),
        user_context: row.try_get::<Option<_>, _>(10)?.unwrap_or_default(),
        pool_id: row.try_get(11)?,
    })
}

/// The statement for these parts of a question.
fn question(columns: &str, parts: usize) -> String {
    let mut texts = Vec::new();
    let mut bound = 0;
    let mut next = || {
        bound += 1;
        bound
    };
    let equal = [("address", "bigint"), ("hwaddr", "bytea"), ("client_id", "bytea")];
    for (part, (column, kind)) in equal.into_iter().enumerate() {
        if parts & (1 << part) != 0 {
            let at = next();
            texts.push(format!(
                "SELECT {columns} FROM lease4 l WHERE l.{column} = ANY (${at}::{kind}[])"
            ));
        }
    }
    if parts & 8 != 0 {
        let (ends, kept, count) = (next(), next(), next());
        let margin = lapsed_by(&format!("${ends}::bigint"));
        for (state, by, more) in [
            (0, ends, margin.as_str()),
            (1, ends, ENDS),
            (2, kept, ENDS),
            (3, kept, ENDS),
            (4, ends, margin.as_str()),
        ] {
            texts.push(format!(
                "(SELECT {columns} FROM lease4 l WHERE l.state = {state} \
                 AND l.expire <= to_timestamp(${by}::bigint::float8) AND {more} \
                 ORDER BY l.expire LIMIT ${count}::bigint)"
            ));
        }
    }
    texts.join(" UNION ALL ")
}

const SLOT: &str = "l.address, l.valid_lifetime, l.expire, l.state";

fn windows() -> String {
    format!(
        "SELECT w.n, l.address, l.valid_lifetime, {EXPIRE}, l.state \
         FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY w(lo, hi, most, n) \
         CROSS JOIN LATERAL (SELECT {SLOT} FROM lease4 l WHERE l.address BETWEEN w.lo AND w.hi \
         ORDER BY l.address LIMIT w.most) l"
    )
}

fn windows_and_reuse() -> String {
    let margin = lapsed_by("r.at");
    let of_state = |state: u8, of: &str, more: &str| {
        format!(
            "(SELECT {SLOT} FROM (SELECT {SLOT} FROM lease4 l WHERE l.state = {state} AND {of} \
             ORDER BY l.expire LIMIT {LOOKED_AT}) l \
             WHERE l.address BETWEEN r.lo AND r.hi AND {more} LIMIT r.most)"
        )
    };
    let ended = "l.expire <= to_timestamp(r.at::float8)";
    let states = [
        of_state(2, "true", "true"),
        of_state(3, "true", "true"),
        of_state(1, ended, ENDS),
        of_state(0, ended, &margin),
    ];
    format!(
        "{} UNION ALL SELECT 0::bigint, l.address, l.valid_lifetime, {EXPIRE}, l.state \
         FROM unnest($4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[]) r(lo, hi, most, at) \
         CROSS JOIN LATERAL ({}) l",
        windows(),
        states.join(" UNION ALL ")
    )
}
