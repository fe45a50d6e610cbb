//! What free units and batches cost a database, for the benches of the stores.
//!
//! CPU time is counted, not time: it says the same on a machine that is busy with other things.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use lessor_lease::{Change, Found, Lease, Lookup, Outcome};
use lessor_sql::{Dialect, Store};
use lessor_types::{Secs, Seed, SubnetId, Unit, Wall};
use tokio::runtime::Runtime;

use crate::rows::{insert, lease, replace};

/// How many addresses the pool has.
pub const POOL: u32 = 1 << 20;
/// Its first address: 10.0.0.0.
pub const FIRST: u32 = 0x0a00_0000;

/// A database that is measured.
pub struct Measured<'a, D: Dialect> {
    /// The runtime of its driver.
    pub runtime: &'a Runtime,
    /// Opens a store on it.
    pub open: &'a dyn Fn() -> Store<D>,
    /// Speaks SQL to it.
    pub say: &'a dyn Fn(&str),
    /// The CPU time that its server has used so far.
    pub cpu: &'a dyn Fn() -> Duration,
}

impl<D: Dialect> Measured<'_, D> {
    /// What it costs to find a free unit in a pool of a million, at these fills, as a table.
    /// `fill` makes the statements that fill the pool but for so many addresses, spread evenly.
    ///
    /// # Panics
    /// If the store does not answer, or finds what is not free.
    pub fn free_units(&self, frees: &[u32], fill: &dyn Fn(u32) -> String) -> String {
        let mut table =
            "| free of 1,048,576 | asked | found | server CPU, µs | ours, µs | first answer |\n\
             |---|---|---|---|---|---|\n"
                .to_owned();
        for free in frees {
            (self.say)(&fill(*free));
            let store = (self.open)();
            let first = Instant::now();
            let _ = self.ask(&store, 0);
            let first = first.elapsed();
            let asked = 1000_u32;
            let (server, began) = ((self.cpu)(), own_cpu());
            let found: usize = (1..=asked).map(|n| self.ask(&store, u64::from(n))).sum();
            let per = |used: Duration| used.as_micros() / u128::from(asked);
            let (server, own) = (per((self.cpu)() - server), per(own_cpu() - began));
            let _ = writeln!(
                table,
                "| {free} | {asked} | {found} | {server} | {own} | {:.1} ms |",
                first.as_secs_f64() * 1000.0
            );
            self.runtime.block_on(store.close());
        }
        table
    }

    /// Whether a client finds something.
    fn ask(&self, store: &Store<D>, client: u64) -> usize {
        let from = u32::try_from(Seed(1).keyed(client, 0).below(POOL.into())).unwrap_or(0);
        let unit = |number: u32| Unit::V4((FIRST + number).into());
        let wall = Wall::from_secs(1_700_000_000);
        let lookup = Lookup::FreeIn {
            first: unit(0),
            last: unit(POOL - 1),
            from: unit(from),
            count: 8,
            wall,
        };
        let fetched = self.runtime.block_on(store.fetch(&[lookup])).expect("an answer");
        match fetched.found.as_slice() {
            [Found::Free(found)] => usize::from(!found.is_empty()),
            other => panic!("not {other:?}"),
        }
    }

    /// What a lease costs in batches of these sizes: new, renewed, removed; in one subnet.
    ///
    /// # Panics
    /// If not all is done.
    pub fn batches(&self, sizes: &[u32]) -> String {
        let mut table = "| batch | new | renewed | removed | (server + ours, µs for each lease)\n\
             |---|---|---|---|\n"
            .to_owned();
        let store = (self.open)();
        for size in sizes {
            let rounds = (2000 / size).clamp(4, 200);
            let row = |number: u32, later: i64| Lease {
                unit: Unit::V4((FIRST + number).into()),
                subnet: SubnetId(7),
                valid: Secs(3600),
                expires: Wall::from_secs(1_700_003_600 + later),
                ..lease(0, u8::try_from(number % 251).unwrap_or(0))
            };
            let mut cells = String::new();
            let kinds: [&dyn Fn(u32) -> Change; 3] = [
                &|number| insert(row(number, 0)),
                &|number| replace(&row(number, 0), row(number, 1)),
                &|number| crate::rows::remove(&row(number, 1)),
            ];
            for change in kinds {
                let (server, own) = ((self.cpu)(), own_cpu());
                for round in 0..rounds {
                    let part = round * size..(round + 1) * size;
                    let batch: Vec<Change> = part.map(change).collect();
                    let committed = self.runtime.block_on(store.commit(&batch));
                    let done = committed.outcomes.iter().all(|it| *it == Outcome::Done);
                    assert!(done, "{:?}", committed.failure);
                }
                let per = |used: Duration| used.as_micros() / u128::from(rounds * size);
                let (server, own) = (per((self.cpu)() - server), per(own_cpu() - own));
                let _ = write!(cells, " {server} + {own} |");
            }
            let _ = writeln!(table, "| {size} |{cells}");
        }
        self.runtime.block_on(store.close());
        table
    }
}

/// The CPU time of this process.
fn own_cpu() -> Duration {
    cpu_of("self")
}

/// The CPU time of a process and of its children that are gone, by its name under `/proc`.
///
/// # Panics
/// If there is no such process.
#[must_use]
pub fn cpu_of(process: &str) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let (_, rest) = stat.rsplit_once(')').unwrap_or_default();
    let ticks = rest.split_whitespace().skip(11).take(4);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    // A tick is a hundredth of a second on every Linux there is.
    Duration::from_millis(ticks * 10)
}

/// The CPU time of a server: a process, its threads, and all children that it has now.
#[must_use]
pub fn cpu_of_server(process: u32) -> Duration {
    let path = format!("/proc/{process}/task/{process}/children");
    let children = std::fs::read_to_string(path).unwrap_or_default();
    let children: Duration = children.split_whitespace().map(cpu_of).sum();
    cpu_of(&process.to_string()) + children
}
