//! A batch as one statement, which is a transaction of its own.
//!
//! Its parts lock in one order, so that batches of several servers wait for each other instead of
//! standing in each other's way: leases by key, then Kea's statistics. The triggers that write
//! those come last, when the statement is over, but one row at a time in the order of the leases;
//! that is why the statement locks them first where there are several.

use std::collections::BTreeMap;
use std::sync::Arc;

use lessor_sql::dialect::Verdict;
use lessor_sql::{Act, Counted, Row, Shape, Write};
use sqlx::{AssertSqlSafe, PgConnection, Row as _};

const INSERTS: usize = 1;
const UPDATES: usize = 2;
const DELETES: usize = 4;
const COUNTED: usize = 8;

/// The statements that write, by which kinds of writes a batch has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Writing {
    statements: Vec<Arc<String>>,
    has_pool: bool,
}

/// The columns of a batch, one array each.
#[derive(Default)]
struct Columns {
    act: Vec<i16>,
    address: Vec<i64>,
    was_expire: Vec<i64>,
    was_hwaddr: Vec<Vec<u8>>,
    was_client_id: Vec<Vec<u8>>,
    was_state: Vec<i64>,
    hwaddr: Vec<Vec<u8>>,
    client_id: Vec<Vec<u8>>,
    valid_lifetime: Vec<i64>,
    expire: Vec<i64>,
    subnet_id: Vec<i64>,
    fqdn_fwd: Vec<bool>,
    fqdn_rev: Vec<bool>,
    hostname: Vec<String>,
    state: Vec<i64>,
    user_context: Vec<String>,
    pool_id: Vec<i64>,
}

impl Columns {
    fn push(&mut self, write: &Write) {
        self.act.push(match write.act {
            Act::Insert(_) => 0,
            Act::Update(..) => 1,
            Act::Delete(_) => 2,
        });
        self.address.push(i64::from(write.key));
        let was = write.act.guard().cloned().unwrap_or_default();
        self.was_expire.push(was.expire);
        self.was_hwaddr.push(was.hwaddr);
        self.was_client_id.push(was.client_id);
        self.was_state.push(was.state);
        let nothing = Row::default();
        let row = write.act.row().unwrap_or(&nothing);
        self.hwaddr.push(row.hwaddr.clone());
        self.client_id.push(row.client_id.clone());
        self.valid_lifetime.push(row.valid_lifetime.unwrap_or_default());
        self.expire.push(row.expire.unwrap_or_default());
        self.subnet_id.push(row.subnet_id.unwrap_or_default());
        self.fqdn_fwd.push(row.fqdn_fwd);
        self.fqdn_rev.push(row.fqdn_rev);
        self.hostname.push(row.hostname.clone());
        self.state.push(row.state);
        self.user_context.push(row.user_context.clone());
        self.pool_id.push(row.pool_id);
    }
}

impl Writing {
    pub(crate) fn of(shape: &Shape) -> Self {
        let statements = (0..16).map(|parts| Arc::new(text(parts, shape.has_pool)));
        Self { statements: statements.collect(), has_pool: shape.has_pool }
    }

    pub(crate) async fn write(
        &self,
        connection: &mut PgConnection,
        writes: &[Write],
        counted: &[Counted],
    ) -> sqlx::Result<Vec<Verdict>> {
        let mut columns = Columns::default();
        let mut parts = 0;
        for write in writes {
            columns.push(write);
            parts |= match write.act {
                Act::Insert(_) => INSERTS,
                Act::Update(..) => UPDATES,
                Act::Delete(_) => DELETES,
            };
        }
        let counted = if counted.len() > 1 { counted } else { &[] };
        if !counted.is_empty() {
            parts |= COUNTED;
        }
        let text = self.statements.get(parts).map(Arc::clone).unwrap_or_default();
        let mut query = sqlx::query(AssertSqlSafe(text))
            .bind(columns.act)
            .bind(columns.address)
            .bind(columns.was_expire)
            .bind(columns.was_hwaddr)
            .bind(columns.was_client_id)
            .bind(columns.was_state)
            .bind(columns.hwaddr)
            .bind(columns.client_id)
            .bind(columns.valid_lifetime)
            .bind(columns.expire)
            .bind(columns.subnet_id)
            .bind(columns.fqdn_fwd)
            .bind(columns.fqdn_rev)
            .bind(columns.hostname)
            .bind(columns.state)
            .bind(columns.user_context);
        if self.has_pool {
            query = query.bind(columns.pool_id);
        }
        if !counted.is_empty() {
            let subnets: Vec<i64> = counted.iter().map(|it| i64::from(it.subnet)).collect();
            let states: Vec<i64> = counted.iter().map(|it| i64::from(it.state)).collect();
            query = query.bind(subnets).bind(states);
        }
        let places: BTreeMap<i64, usize> =
            writes.iter().enumerate().map(|(at, write)| (i64::from(write.key), at)).collect();
        let mut verdicts = vec![Verdict::Stood; writes.len()];
        // All rows are waited for: the commit is known to have happened only when the server is
        // ready for more.
        for row in query.fetch_all(connection).await? {
            let place = places.get(&row.try_get::<i64, _>(0)?);
            if let Some(verdict) = place.and_then(|place| verdicts.get_mut(*place)) {
                *verdict = Verdict::Done;
            }
        }
        Ok(verdicts)
    }
}

/// What a row is to be, by the names of the batch.
const VALUES: [(&str, &str); 10] = [
    ("hwaddr", "NULLIF(b.hwaddr, ''::bytea)"),
    ("client_id", "NULLIF(b.client_id, ''::bytea)"),
    ("valid_lifetime", "b.valid_lifetime"),
    ("expire", "to_timestamp(b.expire::float8)"),
    ("subnet_id", "b.subnet_id"),
    ("fqdn_fwd", "b.fqdn_fwd"),
    ("fqdn_rev", "b.fqdn_rev"),
    ("hostname", "b.hostname"),
    ("state", "b.state"),
    ("user_context", "NULLIF(b.user_context, '')"),
];

/// That the row is still the one which was read.
const GUARD: &str = "l.address = b.address \
     AND ceil(date_part('epoch', l.expire)) = b.was_expire::float8 AND l.state = b.was_state \
     AND coalesce(l.hwaddr, '') = b.was_hwaddr AND coalesce(l.client_id, '') = b.was_client_id";

/// The statement for these kinds of writes. Its rows are the keys of what was done.
fn text(parts: usize, has_pool: bool) -> String {
    let has = |part: usize| parts & part != 0;
    let mut values = VALUES.to_vec();
    values.extend(has_pool.then_some(("pool_id", "b.pool_id")));
    let names: Vec<_> = values.iter().map(|(name, _)| *name).collect();
    let of_batch: Vec<_> = values.iter().map(|(_, value)| *value).collect();
    let set: Vec<_> = values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let pool = if has_pool { ", $17::bigint[]" } else { "" };
    let mut with = vec![format!(
        "b AS MATERIALIZED (SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], \
         $4::bytea[], $5::bytea[], $6::bigint[], $7::bytea[], $8::bytea[], $9::bigint[], \
         $10::bigint[], $11::bigint[], $12::bool[], $13::bool[], $14::text[], $15::bigint[], \
         $16::text[]{pool}) b(act, address, was_expire, was_hwaddr, was_client_id, was_state, \
         hwaddr, client_id, valid_lifetime, expire, subnet_id, fqdn_fwd, fqdn_rev, hostname, state, \
         user_context{}))",
        if has_pool { ", pool_id" } else { "" }
    )];
    let mut done = Vec::new();
    if has(UPDATES) && has(DELETES) {
        with.push(
            "locked AS MATERIALIZED (SELECT count(*) AS n FROM (SELECT 1 FROM lease4 l \
             WHERE l.address = ANY (SELECT b.address FROM b WHERE b.act <> 0) \
             ORDER BY l.address FOR UPDATE) l)"
                .to_owned(),
        );
        done.push("SELECT -1::bigint FROM locked".to_owned());
    }
    if has(INSERTS) {
        with.push(format!(
            "inserted AS (INSERT INTO lease4 (address, {}) SELECT b.address, {} FROM b \
             WHERE b.act = 0 ON CONFLICT (address) DO NOTHING RETURNING address)",
            names.join(", "),
            of_batch.join(", ")
        ));
        done.push("SELECT address FROM inserted".to_owned());
    }
    if has(UPDATES) {
        with.push(format!(
            "updated AS (UPDATE lease4 l SET {} FROM b WHERE b.act = 1 AND {GUARD} \
             RETURNING l.address)",
            set.join(", ")
        ));
        done.push("SELECT address FROM updated".to_owned());
    }
    if has(DELETES) {
        with.push(format!(
            "deleted AS (DELETE FROM lease4 l USING b WHERE b.act = 2 AND {GUARD} \
             RETURNING l.address)"
        ));
        done.push("SELECT address FROM deleted".to_owned());
    }
    if has(COUNTED) {
        let (subnets, states) = if has_pool { (18, 19) } else { (17, 18) };
        with.push(format!(
            "counted AS MATERIALIZED (SELECT count(*) AS n FROM (SELECT 1 \
             FROM unnest(${subnets}::bigint[], ${states}::bigint[]) c(subnet_id, state) \
             JOIN lease4_stat s ON s.subnet_id = c.subnet_id AND s.state = c.state \
             ORDER BY s.subnet_id, s.state FOR UPDATE OF s) c)"
        ));
        done.push("SELECT -1::bigint FROM counted".to_owned());
    }
    format!("WITH {} {}", with.join(", "), done.join(" UNION ALL "))
}
