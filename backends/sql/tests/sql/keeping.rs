//! What becomes of changes and questions when the database fails.

use std::sync::Arc;

use lessor_lease::{Change, Found, Lookup, Outcome, Refusal};
use lessor_sql::{Class, Store};
use lessor_store_contract::database::Database;
use lessor_store_contract::rows::{insert, lease, replace, unit};
use lessor_store_contract::run;
use tokio::runtime::{Builder, Runtime};

use crate::fake::Fake;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("a runtime")
}

fn commit(store: &Store<Fake>, batch: &[Change]) -> Vec<Outcome> {
    runtime().block_on(store.commit(batch)).outcomes
}

fn forty() -> Vec<Change> {
    (0..40).map(|last| insert(lease(last, last))).collect()
}

#[test]
fn the_contract_is_kept_without_any_sql() {
    let runtime = runtime();
    run(|| {
        let fake = Fake::default();
        Database::new(&runtime, Box::new(move |_| fake.store()))
    });
}

#[test]
fn a_row_that_is_refused_costs_only_itself() {
    let fake = Fake::default();
    let key = |last: u8| unit(last).v4().map(u32::from).expect("an address");
    fake.world().refuses = [key(7), key(33)].into();
    let outcomes = commit(&fake.store(), &forty());
    for (last, outcome) in outcomes.iter().enumerate() {
        let bad = [7, 33].contains(&last);
        let expected = if bad { Class::Invalid.outcome() } else { Outcome::Done };
        assert_eq!(*outcome, expected, "{last}");
    }
    let seen = fake.world().seen.len();
    assert!(seen <= 2 * 2 * 6 + 1, "halves, not rows: {seen} transactions");
}

#[test]
fn a_lost_race_is_run_again_but_not_for_ever() {
    let fake = Fake::default();
    fake.world().writes = [Some(Class::Retry), Some(Class::Retry), None].into();
    assert_eq!(commit(&fake.store(), &[insert(lease(1, 1))]), [Outcome::Done]);
    fake.world().writes = [Some(Class::Retry); 9].into();
    let outcomes = commit(&fake.store(), &[insert(lease(2, 1))]);
    assert_eq!(outcomes, [Outcome::Refused(Refusal::Retry)]);
    assert_eq!(fake.world().writes.len(), 6);
}

#[test]
fn what_may_have_been_written_is_unknown_and_not_tried_again() {
    let fake = Fake::default();
    fake.world().writes = [Some(Class::Unknown)].into();
    assert_eq!(commit(&fake.store(), &forty()), vec![Outcome::Unknown; 40]);
    assert_eq!(fake.world().seen, [40]);
}

#[test]
fn without_a_database_all_is_refused_at_once() {
    let fake = Fake::default();
    fake.world().connects = [Some(Class::Unknown), Some(Class::Unknown)].into();
    let store = fake.store();
    let outcomes = commit(&store, &forty());
    assert_eq!(outcomes, vec![Outcome::Refused(Refusal::Unavailable); 40]);
    assert_eq!(fake.world().connects.len(), 1, "it was tried once");
    assert!(!store.health().is_up);
    assert!(store.health().last_failure.is_some());
}

#[test]
fn a_connection_that_went_stale_is_no_loss_for_questions() {
    let fake = Fake::default();
    let store = fake.store();
    let ask = || runtime().block_on(store.fetch(&[Lookup::Unit(unit(1))]));
    assert!(ask().is_ok());
    fake.world().asks = [Some(Class::Unknown)].into();
    assert!(ask().is_ok(), "another connection had the answer");
    assert_eq!(fake.world().connected, 2);
    fake.world().asks = [Some(Class::Unknown), Some(Class::Unknown)].into();
    let failure = ask().expect_err("not twice");
    assert_eq!(failure.class, Class::Unavailable, "nothing was asked to be written");
}

#[test]
fn a_conflict_that_cannot_be_read_is_still_no_write() {
    let fake = Fake::default();
    let store = fake.store();
    assert_eq!(commit(&store, &[insert(lease(1, 1))]), [Outcome::Done]);
    fake.world().asks = [Some(Class::Unknown), Some(Class::Unknown)].into();
    let outcomes = commit(&store, &[insert(lease(1, 2)), insert(lease(2, 2))]);
    assert_eq!(outcomes, [Outcome::Refused(Refusal::Retry), Outcome::Done]);
}

#[test]
fn a_second_change_of_one_unit_waits_for_the_next_batch() {
    let fake = Fake::default();
    let batch = [insert(lease(1, 1)), replace(&lease(1, 1), lease(1, 2))];
    let outcomes = commit(&fake.store(), &batch);
    assert_eq!(outcomes, [Outcome::Done, Outcome::Refused(Refusal::Retry)]);
}

#[test]
fn a_closed_store_refuses() {
    let fake = Fake::default();
    let store = fake.store();
    assert_eq!(commit(&store, &[insert(lease(1, 1))]), [Outcome::Done]);
    runtime().block_on(store.close());
    let outcomes = commit(&store, &[insert(lease(2, 2))]);
    assert_eq!(outcomes, [Outcome::Refused(Refusal::Unavailable)]);
}

/// Many who ask at once for free units of a full range share what little is done about it.
#[test]
fn a_full_range_has_nothing_to_offer_until_something_lapses() {
    let fake = Fake::default();
    let store = fake.store();
    let wall = lessor_types::Wall::from_secs(1_700_000_000);
    let free =
        |wall| Lookup::FreeIn { first: unit(0), last: unit(39), from: unit(5), count: 2, wall };
    assert!(commit(&store, &forty()).iter().all(|outcome| *outcome == Outcome::Done));
    let ask = |wall| {
        let fetched = runtime().block_on(store.fetch(&[free(wall)])).expect("an answer");
        match fetched.found.as_slice() {
            [Found::Free(found)] => found.clone(),
            other => panic!("not {other:?}"),
        }
    };
    assert_eq!(ask(wall), []);
    let later = ask(wall.plus_secs(7200));
    assert_eq!(later.len(), 2);
    assert!(later.iter().all(|it| it.row == Some(Arc::new(row(it.unit)))));
}

fn row(unit: lessor_types::Unit) -> lessor_lease::Lease {
    let last = unit.v4().map_or(0, |addr| addr.octets()[3]);
    lease(last, last)
}
