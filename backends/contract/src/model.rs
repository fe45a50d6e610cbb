//! Random histories with crashes, against a map.

use std::collections::BTreeMap;
use std::sync::Arc;

use lessor_lease::{Change, Lease, Outcome};
use lessor_types::Unit;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use crate::rows::{any_lease, lease, unit};
use crate::{Kind, Subject};

/// One step of a history.
#[derive(Clone, Debug)]
pub enum Step {
    /// A batch: for each unit what it should become, and whether the writer knows what it is.
    Commit(Vec<(Unit, Option<Lease>, bool)>),
    /// A crash and a reopening.
    Crash,
}

/// Histories of up to 20 steps over eight units.
pub fn histories() -> impl Strategy<Value = Vec<Step>> {
    let goal = (0_u8..8).prop_flat_map(|last| {
        let to = prop::option::weighted(0.7, any_lease(last));
        (Just(unit(last)), to, prop::bool::weighted(0.8))
    });
    let batch = prop::collection::vec(goal, 0..6).prop_map(|mut goals| {
        goals.sort_by_key(|(unit, ..)| *unit);
        goals.dedup_by_key(|(unit, ..)| *unit);
        Step::Commit(goals)
    });
    let step = prop_oneof![4 => batch, 1 => Just(Step::Crash)];
    prop::collection::vec(step, 0..20)
}

/// Tries histories, the same ones in every run.
///
/// # Panics
/// If the store differs from the map; with the smallest history found.
pub fn run<S: Subject>(make: &impl Fn() -> S) {
    let config =
        Config { cases: make().histories(), failure_persistence: None, ..Config::default() };
    let rng = proptest::test_runner::TestRng::deterministic_rng(config.rng_algorithm);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let result = runner.run(&histories(), |history| check(make(), &history));
    match result {
        Ok(()) => {}
        Err(TestError::Fail(why, history)) => {
            panic!("the store differs from a map: {why}\nin {history:#?}")
        }
        Err(TestError::Abort(why)) => panic!("no history could be made: {why}"),
    }
}

fn check<S: Subject>(mut store: S, history: &[Step]) -> Result<(), TestCaseError> {
    let kind = store.promises();
    let mut map: BTreeMap<Unit, Arc<Lease>> = BTreeMap::new();
    for step in history {
        match step {
            Step::Crash => store.crash_and_reopen(),
            Step::Commit(goals) => {
                let (batch, expected) = plan(kind, &mut map, goals);
                prop_assert_eq!(store.commit(&batch), expected);
            }
        }
        let rows: Vec<_> = map.values().cloned().collect();
        prop_assert_eq!(store.rows(), rows);
    }
    Ok(())
}

/// The changes of a batch, and what must become of them; the map is as it must be afterwards.
fn plan(
    kind: Kind,
    map: &mut BTreeMap<Unit, Arc<Lease>>,
    goals: &[(Unit, Option<Lease>, bool)],
) -> (Vec<Change>, Vec<Outcome>) {
    let mut batch = Vec::new();
    let mut expected = Vec::new();
    for (unit, to, knows) in goals {
        let current = map.get(unit).cloned();
        let believed = || Lease { unit: *unit, ..lease(0, 250) };
        let from = match (knows, &current) {
            (true, current) => current.clone(),
            // It never saw the row, or believes in one that is not there.
            (false, Some(_)) => None,
            (false, None) => Some(Arc::new(believed())),
        };
        let to = to.clone().map(Arc::new);
        if from.is_none() && to.is_none() {
            continue;
        }
        if kind == Kind::Shared && from != current {
            expected.push(Outcome::Conflict(current));
        } else {
            match &to {
                Some(lease) => map.insert(*unit, Arc::clone(lease)),
                None => map.remove(unit),
            };
            expected.push(Outcome::Done);
        }
        batch.push(Change { unit: *unit, from, to });
    }
    (batch, expected)
}
