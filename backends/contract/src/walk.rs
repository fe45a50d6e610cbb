//! One long random history of writes and questions, against a map.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lessor_lease::store::needs_reclaim;
use lessor_lease::{Change, Found, Lease, Lookup, Outcome};
use lessor_types::{Seed, Unit, Wall};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::Subject;
use crate::rows::{any_lease, holder, unit};

/// How many units it walks over.
const UNITS: u8 = 48;

struct Walk<S> {
    store: S,
    map: BTreeMap<Unit, Arc<Lease>>,
    runner: TestRunner,
    draws: Seed,
    step: u64,
}

/// Walks as many steps as the subject says, the same ones in every run.
///
/// # Panics
/// If the store differs from the map.
pub fn run<S: Subject>(store: S) {
    let steps = store.steps();
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut walk = Walk {
        store,
        map: BTreeMap::new(),
        runner: TestRunner::new_with_rng(Config::default(), rng),
        draws: Seed(7),
        step: 0,
    };
    for step in 0..u64::from(steps) {
        walk.step = step;
        match walk.draw(0, 8) {
            0..=3 => walk.commit(),
            4 if step % 5 == 0 => walk.reopen(),
            _ => walk.ask(),
        }
    }
    walk.compare();
}

impl<S: Subject> Walk<S> {
    fn draw(&self, what: u64, below: u64) -> u64 {
        self.draws.keyed(self.step, what).below(below)
    }

    fn draw8(&self, what: u64, below: u8) -> u8 {
        u8::try_from(self.draw(what, below.into())).expect("below a small number")
    }

    /// A time among those at which the leases end.
    fn wall(&self) -> Wall {
        Wall::from_secs(1_699_990_000 + i64::try_from(self.draw(50, 30_000)).expect("small"))
    }

    /// A batch of up to eight changes, most of which know what they replace.
    fn commit(&mut self) {
        let mut units = BTreeSet::new();
        let (mut batch, mut expected) = (Vec::new(), Vec::new());
        for nth in 0..=self.draw(1, 8) {
            let last = self.draw8(10 + nth, UNITS);
            if !units.insert(last) {
                continue;
            }
            let current = self.map.get(&unit(last)).cloned();
            let to = (self.draw(20 + nth, 4) > 0).then(|| Arc::new(self.lease(last)));
            let from = match self.draw(30 + nth, 5) {
                0 => Some(Arc::new(self.lease(last))),
                _ => current.clone(),
            };
            if from.is_none() && to.is_none() {
                continue;
            }
            if from == current {
                match &to {
                    Some(to) => self.map.insert(unit(last), Arc::clone(to)),
                    None => self.map.remove(&unit(last)),
                };
                expected.push(Outcome::Done);
            } else if is_alike(from.as_deref(), current.as_deref()) {
                // The store may or may not tell these two apart: there is nothing to expect.
                continue;
            } else {
                expected.push(Outcome::Conflict(current));
            }
            batch.push(Change { unit: unit(last), from, to });
        }
        let outcomes = if self.draw(2, 2) == 0 {
            self.store.commit(&batch)
        } else {
            self.store.commit_from_another(&batch)
        };
        assert_eq!(outcomes, expected, "step {}: {batch:#?}", self.step);
    }

    fn lease(&mut self, last: u8) -> Lease {
        any_lease(last).new_tree(&mut self.runner).expect("a lease").current()
    }

    fn reopen(&mut self) {
        self.store.crash_and_reopen();
        self.compare();
    }

    fn compare(&mut self) {
        let rows: Vec<_> = self.map.values().cloned().collect();
        assert_eq!(self.store.rows(), rows, "step {}", self.step);
    }

    /// A few questions at once, of every kind.
    fn ask(&mut self) {
        let wall = self.wall();
        let first = self.draw8(60, UNITS);
        let last = first + self.draw8(61, 20);
        let span = u64::from(last - first) + 1;
        let from = first + u8::try_from(self.draw(62, span)).expect("small");
        let count = u16::from(self.draw8(63, 12));
        let held_back = i64::from(self.draw8(64, 200));
        let lookups = [
            Lookup::Unit(unit(self.draw8(65, UNITS))),
            Lookup::Holder(holder(self.draw8(66, 7))),
            Lookup::FreeIn { first: unit(first), last: unit(last), from: unit(from), count, wall },
            Lookup::Lapsed { count, wall, held_back },
        ];
        let asked = self.draw(67, 16);
        let nth = |at: u64| asked == 0 || asked & (1 << at) != 0;
        let lookups: Vec<_> =
            lookups.into_iter().zip(0..).filter(|(_, at)| nth(*at)).map(|(it, _)| it).collect();
        let found = self.store.fetch(&lookups).expect("the store answers");
        assert_eq!(found.len(), lookups.len(), "step {}", self.step);
        for (lookup, found) in lookups.iter().zip(found) {
            self.check(lookup, found);
        }
    }

    fn check(&self, lookup: &Lookup, found: Found) {
        let shown = format!("step {}: {lookup:?} found {found:?}", self.step);
        match (lookup, found) {
            (Lookup::Unit(unit), Found::Row(row)) => {
                assert_eq!(row.as_ref(), self.map.get(unit), "{shown}");
            }
            (Lookup::Holder(holder), Found::Rows(rows)) => {
                let own = |row: &&Arc<Lease>| row.holder.same_client(holder);
                assert_eq!(sorted(rows), self.rows(own), "{shown}");
            }
            (Lookup::Lapsed { count, wall, held_back }, Found::Rows(rows)) => {
                let lapsed = |row: &&Arc<Lease>| needs_reclaim(row, *wall, *held_back);
                let all = self.rows(lapsed);
                assert_eq!(rows.len(), all.len().min((*count).into()), "{shown}");
                assert!(sorted(rows).iter().all(|row| all.contains(row)), "{shown}");
            }
            (Lookup::FreeIn { first, last, from, count, wall }, Found::Free(free)) => {
                let number = |unit: &Unit| unit.v4().map_or(0, u32::from);
                let (first, last, from) = (number(first), number(last), number(from));
                let around = (from..=last).chain(first..from).map(|key| Unit::V4(key.into()));
                let all: Vec<_> = around
                    .filter(|unit| self.map.get(unit).is_none_or(|row| row.is_reusable(*wall)))
                    .collect();
                assert_eq!(free.len(), all.len().min((*count).into()), "{shown}");
                for candidate in &free {
                    assert!(all.contains(&candidate.unit), "{shown}");
                    assert_eq!(candidate.row.as_ref(), self.map.get(&candidate.unit), "{shown}");
                }
                let is_bare = |unit: &&Unit| !self.map.contains_key(unit);
                let bare: Vec<_> =
                    free.iter().map(|candidate| &candidate.unit).filter(is_bare).collect();
                // Another writer may have removed a row that this store still believes in: some may
                // be passed over, but the order is that of addresses.
                let mut rest = all.iter().filter(is_bare);
                assert!(bare.iter().all(|unit| rest.any(|other| other == *unit)), "{shown}");
            }
            _ => panic!("another kind of answer: {shown}"),
        }
    }

    fn rows(&self, wanted: impl FnMut(&&Arc<Lease>) -> bool) -> Vec<Arc<Lease>> {
        self.map.values().filter(wanted).cloned().collect()
    }
}

fn sorted(mut rows: Vec<Arc<Lease>>) -> Vec<Arc<Lease>> {
    rows.sort_by_key(|row| row.unit);
    rows
}

/// Whether two rows agree in what every store compares.
fn is_alike(one: Option<&Lease>, other: Option<&Lease>) -> bool {
    let (Some(one), Some(other)) = (one, other) else {
        return false;
    };
    one.expires == other.expires && one.holder == other.holder && one.state == other.state
}
