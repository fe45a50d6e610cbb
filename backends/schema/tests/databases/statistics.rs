//! Whatever is done to leases, the counts are those of a recount.

use std::collections::BTreeMap;

use lessor_schema::{Dialect, Revision, create};
use lessor_testbed::{Database, Engine, Server};

use crate::catalogue;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const CLASSES: [&str; 3] = ["a", "b", "c"];

#[derive(Clone, Debug)]
struct Lease {
    subnet: u8,
    pool: u8,
    kind: u8,
    state: u8,
    classes: Vec<usize>,
}

/// An address and what it is to be; `None` deletes it.
type Step = (u8, Option<Lease>);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let lease = (1..3_u8, 0..2_u8, prop_oneof![Just(0_u8), Just(2)], 0..4_u8, any::<u8>())
        .prop_map(|(subnet, pool, kind, state, bits)| {
            // One of them may be named twice.
            let classes = (0..4).filter(|bit| bits >> bit & 1 == 1).map(|bit| bit % 3).collect();
            Lease { subnet, pool, kind, state, classes }
        });
    prop::collection::vec((1..7_u8, prop::option::weighted(0.8, lease)), 1..40)
}

#[test]
fn postgresql_counts_right() {
    counts_right(Engine::PostgreSql, Dialect::PostgreSql);
}

#[test]
fn mariadb_counts_right() {
    counts_right(Engine::MariaDb, Dialect::MySql);
}

fn counts_right(engine: Engine, dialect: Dialect) {
    let database = Server::shared(engine).fresh_database();
    catalogue::run(&database, &create(dialect, Revision::NEWEST));
    let mut runner = TestRunner::new(Config { cases: 12, ..Config::default() });
    let result = runner.run(&steps(), |steps| {
        let (sql, leases) = script(engine, &steps);
        if let Err(why) = database.query(&sql) {
            return Err(TestCaseError::fail(format!("{why}\n{sql}")));
        }
        for (table, expected) in recounted(&leases) {
            prop_assert_eq!(told(&database, &table), expected, "{}", table);
        }
        Ok(())
    });
    result.unwrap_or_else(|why| panic!("{why}"));
}

/// The statements, and what is left in the end; each case begins with nothing.
fn script(engine: Engine, steps: &[Step]) -> (String, BTreeMap<u8, Lease>) {
    let mut sql = "DELETE FROM lease4; DELETE FROM lease6;\n".to_owned();
    let mut leases: BTreeMap<u8, Lease> = BTreeMap::new();
    for (address, wanted) in steps {
        let is_there = leases.contains_key(address);
        for (table, address) in [("lease4", address.to_string()), ("lease6", six(engine, *address))]
        {
            let at = format!("WHERE address = {address}");
            sql += &match (wanted, is_there) {
                (None, _) => format!("DELETE FROM {table} {at};\n"),
                (Some(lease), false) => {
                    let (names, values): (Vec<_>, Vec<_>) =
                        columns(table, lease).into_iter().unzip();
                    format!(
                        "INSERT INTO {table} (address, {}) VALUES ({address}, {});\n",
                        names.join(", "),
                        values.join(", ")
                    )
                }
                (Some(lease), true) => {
                    let sets: Vec<String> = columns(table, lease)
                        .iter()
                        .map(|(name, value)| format!("{name} = {value}"))
                        .collect();
                    format!("UPDATE {table} SET {} {at};\n", sets.join(", "))
                }
            };
        }
        match wanted {
            Some(lease) => leases.insert(*address, lease.clone()),
            None => leases.remove(address),
        };
    }
    (sql, leases)
}

fn six(engine: Engine, address: u8) -> String {
    match engine {
        Engine::PostgreSql => format!("'2001:db8::{address}'"),
        Engine::MariaDb => format!("inet6_aton('2001:db8::{address}')"),
    }
}

fn columns(table: &str, lease: &Lease) -> Vec<(&'static str, String)> {
    let classes: Vec<String> =
        lease.classes.iter().map(|class| format!("\"{}\"", CLASSES[*class])).collect();
    let context = if classes.is_empty() {
        "NULL".to_owned()
    } else {
        format!("'{{ \"ISC\": {{ \"client-classes\": [ {} ] }} }}'", classes.join(", "))
    };
    let mut all = vec![
        ("subnet_id", lease.subnet.to_string()),
        ("pool_id", lease.pool.to_string()),
        ("state", lease.state.to_string()),
        ("user_context", context),
    ];
    if table == "lease6" {
        all.push(("lease_type", lease.kind.to_string()));
    }
    all
}

/// Questions, and the answers that the leases themselves give.
fn recounted(leases: &BTreeMap<u8, Lease>) -> Vec<(String, String)> {
    let mut subnets = Counts::default();
    let mut pools = Counts::default();
    let mut typed = Counts::default();
    let mut typed_pools = Counts::default();
    let mut classes = Counts::default();
    let mut typed_classes = Counts::default();
    for lease in leases.values() {
        let Lease { subnet, pool, kind, state, .. } = lease;
        if *state < 2 {
            subnets.add(format!("{subnet}\t{state}"));
            pools.add(format!("{subnet}\t{pool}\t{state}"));
            typed.add(format!("{subnet}\t{kind}\t{state}"));
            typed_pools.add(format!("{subnet}\t{pool}\t{kind}\t{state}"));
        }
        if *state == 0 {
            for class in &lease.classes {
                classes.add(CLASSES[*class].to_owned());
                typed_classes.add(format!("{}\t{kind}", CLASSES[*class]));
            }
        }
    }
    [
        ("lease4_stat", "subnet_id, state", subnets),
        ("lease4_pool_stat", "subnet_id, pool_id, state", pools),
        ("lease6_stat", "subnet_id, lease_type, state", typed),
        ("lease6_pool_stat", "subnet_id, pool_id, lease_type, state", typed_pools),
        ("lease4_stat_by_client_class", "client_class", classes),
        ("lease6_stat_by_client_class", "client_class, lease_type", typed_classes),
    ]
    .into_iter()
    .map(|(table, key, counts)| {
        let question =
            format!("SELECT {key}, leases FROM {table} WHERE leases <> 0 ORDER BY {key}");
        (question, counts.text())
    })
    .collect()
}

#[derive(Default)]
struct Counts(BTreeMap<String, u32>);

impl Counts {
    fn add(&mut self, key: String) {
        *self.0.entry(key).or_default() += 1;
    }

    fn text(&self) -> String {
        self.0.iter().map(|(key, count)| format!("{key}\t{count}\n")).collect()
    }
}

fn told(database: &Database<'_>, question: &str) -> String {
    database.query(question).unwrap_or_else(|why| panic!("{why}"))
}
