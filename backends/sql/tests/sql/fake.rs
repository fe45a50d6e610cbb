//! A database in memory that fails as it is told.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lessor_lease::store::needs_reclaim;
use lessor_sql::dialect::{Reuse, Verdict, Walk};
use lessor_sql::text::judge;
use lessor_sql::{
    Class, Counted, Dialect, Failure, Limits, Question, Row, Shape, Store, Window, Write,
};

pub(crate) const SHAPE: Shape = Shape {
    time_min: 0,
    time_max: 1 << 40,
    state_max: 4,
    client_id_max: 255,
    hostname_max: 255,
    context_max: 65_535,
    has_pool: true,
    zero_in_text: false,
};

/// What it holds, what it will do, and what it was asked.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) rows: BTreeMap<i64, Row>,
    /// What becomes of the next transactions; `None`: nothing special.
    pub(crate) writes: VecDeque<Option<Class>>,
    /// What becomes of the next questions.
    pub(crate) asks: VecDeque<Option<Class>>,
    /// What becomes of the next connections.
    pub(crate) connects: VecDeque<Option<Class>>,
    /// Keys that it refuses.
    pub(crate) refuses: BTreeSet<u32>,
    /// The sizes of the transactions that it saw.
    pub(crate) seen: Vec<usize>,
    pub(crate) connected: usize,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Fake(Arc<Mutex<World>>);

impl Fake {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn store(&self) -> Store<Self> {
        Store::new(self.clone(), Limits::default(), SHAPE)
    }
}

fn fate(fates: &mut VecDeque<Option<Class>>) -> Result<(), Failure> {
    match fates.pop_front().flatten() {
        Some(class) => Err(Failure::new(class, "as it was told")),
        None => Ok(()),
    }
}

impl Dialect for Fake {
    type Connection = ();

    fn place(&self) -> &str {
        "a fake"
    }

    async fn connect(&self) -> Result<(), Failure> {
        let mut world = self.world();
        fate(&mut world.connects)?;
        world.connected += 1;
        Ok(())
    }

    async fn close(&self, (): ()) {}

    async fn ping(&self, (): &mut ()) -> Result<(), Failure> {
        fate(&mut self.world().asks)
    }

    async fn ask(&self, (): &mut (), question: &Question) -> Result<Vec<Row>, Failure> {
        let mut world = self.world();
        fate(&mut world.asks)?;
        let asked = |row: &&Row| {
            u32::try_from(row.address).is_ok_and(|key| question.keys.contains(&key))
                || question.hwaddrs.contains(&row.hwaddr)
                || question.client_ids.contains(&row.client_id)
        };
        let mut rows: Vec<Row> = world.rows.values().filter(asked).cloned().collect();
        if let Some(asked) = &question.lapsed {
            let lapsed = |row: &&Row| {
                SHAPE.decode(row).is_ok_and(|it| needs_reclaim(&it, asked.wall, asked.held_back))
            };
            let lapsed = world.rows.values().filter(lapsed);
            rows.extend(lapsed.take(asked.count.into()).cloned());
        }
        Ok(rows)
    }

    async fn walk(&self, (): &mut (), windows: &[Window], _: &[Reuse]) -> Result<Walk, Failure> {
        let world = self.world();
        let mut walk = Walk::for_windows(windows.len());
        for (window, rows) in windows.iter().zip(&mut walk.windows) {
            let part = world.rows.range(i64::from(window.from)..=i64::from(window.to));
            rows.extend(part.map(|(_, row)| row.clone()).take(window.rows as usize));
        }
        Ok(walk)
    }

    async fn page(&self, (): &mut (), from: u32, count: u32) -> Result<Vec<Row>, Failure> {
        let world = self.world();
        let rows = world.rows.range(i64::from(from)..).map(|(_, row)| row.clone());
        Ok(rows.take(count as usize).collect())
    }

    async fn write(
        &self,
        (): &mut (),
        _: &Shape,
        writes: &[Write],
        _: &[Counted],
    ) -> Result<Vec<Verdict>, Failure> {
        let mut world = self.world();
        world.seen.push(writes.len());
        fate(&mut world.writes)?;
        if writes.iter().any(|write| world.refuses.contains(&write.key)) {
            return Err(Failure::new(Class::Invalid, "a row that is refused"));
        }
        let rows: Vec<Row> = world.rows.values().cloned().collect();
        let verdicts = judge(writes, &rows);
        for (write, _) in writes.iter().zip(&verdicts).filter(|(_, it)| **it == Verdict::Done) {
            match write.act.row() {
                Some(row) => world.rows.insert(write.key.into(), row.clone()),
                None => world.rows.remove(&write.key.into()),
            };
        }
        Ok(verdicts)
    }
}
