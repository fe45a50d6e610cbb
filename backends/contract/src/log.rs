//! What every store keeps: durability, last writer wins, every field.

use std::sync::Arc;

use lessor_lease::{Change, Lease, Outcome};
use lessor_types::{Secs, Unit};

use crate::Subject;
use crate::rows::{gallery, insert, lease, remove, replace};

/// Every case.
#[must_use]
pub fn cases<S: Subject>() -> Vec<fn(S)> {
    vec![
        an_empty_store_is_empty,
        an_empty_batch_is_nothing,
        done_is_durable,
        the_last_writer_wins,
        a_removed_row_stays_away,
        every_field_is_kept,
        every_field_can_change,
        a_big_batch_is_whole,
    ]
}

/// Commits changes that nothing stands against.
///
/// # Panics
/// If one of them is not `Done`.
pub fn commit_all<S: Subject>(store: &mut S, batch: &[Change]) {
    let outcomes = store.commit(batch);
    assert_eq!(outcomes.len(), batch.len(), "an outcome for each change");
    for (change, outcome) in batch.iter().zip(outcomes) {
        assert_eq!(outcome, Outcome::Done, "{change}");
    }
}

/// Asserts that the store has these rows, by unit, before and after a crash.
///
/// # Panics
/// If it has others.
pub fn expect_rows<S: Subject>(store: &mut S, rows: &[Lease]) {
    let mut expected: Vec<_> = rows.iter().cloned().map(Arc::new).collect();
    expected.sort_by_key(|row| row.unit);
    assert_eq!(store.rows(), expected, "before a crash");
    store.crash_and_reopen();
    assert_eq!(store.rows(), expected, "after a crash");
}

fn an_empty_store_is_empty<S: Subject>(mut store: S) {
    expect_rows(&mut store, &[]);
}

fn an_empty_batch_is_nothing<S: Subject>(mut store: S) {
    assert_eq!(store.commit(&[]), []);
    commit_all(&mut store, &[insert(lease(1, 1))]);
    assert_eq!(store.commit(&[]), []);
    expect_rows(&mut store, &[lease(1, 1)]);
}

fn done_is_durable<S: Subject>(mut store: S) {
    commit_all(&mut store, &[insert(lease(1, 1)), insert(lease(2, 2))]);
    store.crash_and_reopen();
    commit_all(&mut store, &[insert(lease(3, 3))]);
    store.crash_and_reopen();
    expect_rows(&mut store, &[lease(1, 1), lease(2, 2), lease(3, 3)]);
}

fn the_last_writer_wins<S: Subject>(mut store: S) {
    let mut row = lease(1, 1);
    commit_all(&mut store, &[insert(row.clone())]);
    for client in 2..10 {
        let next = Lease { expires: row.expires.plus_secs(1), ..lease(1, client) };
        commit_all(&mut store, &[replace(&row, next.clone())]);
        row = next;
        if client % 3 == 0 {
            expect_rows(&mut store, std::slice::from_ref(&row));
        }
    }
    expect_rows(&mut store, &[row]);
}

fn a_removed_row_stays_away<S: Subject>(mut store: S) {
    commit_all(&mut store, &[insert(lease(1, 1)), insert(lease(2, 2))]);
    commit_all(&mut store, &[remove(&lease(1, 1))]);
    expect_rows(&mut store, &[lease(2, 2)]);
    commit_all(&mut store, &[insert(lease(1, 3)), remove(&lease(2, 2))]);
    expect_rows(&mut store, &[lease(1, 3)]);
}

/// The gallery, but for what the store says that it cannot keep.
fn kept<S: Subject>(store: &S) -> Vec<Lease> {
    gallery(store.last_time()).into_iter().filter(|lease| store.keeps(lease)).collect()
}

fn every_field_is_kept<S: Subject>(mut store: S) {
    let rows = kept(&store);
    for row in &rows {
        commit_all(&mut store, &[insert(row.clone())]);
    }
    expect_rows(&mut store, &rows);
}

fn every_field_can_change<S: Subject>(mut store: S) {
    let rows = kept(&store);
    let plain = |row: &Lease| Lease { unit: row.unit, valid: Secs(77), ..lease(0, 200) };
    let inserts: Vec<_> = rows.iter().map(|row| insert(plain(row))).collect();
    commit_all(&mut store, &inserts);
    let there: Vec<_> = rows.iter().map(|row| replace(&plain(row), row.clone())).collect();
    commit_all(&mut store, &there);
    expect_rows(&mut store, &rows);
    let back: Vec<_> = rows.iter().map(|row| replace(row, plain(row))).collect();
    commit_all(&mut store, &back);
    expect_rows(&mut store, &rows.iter().map(plain).collect::<Vec<_>>());
}

fn a_big_batch_is_whole<S: Subject>(mut store: S) {
    let rows: Vec<_> = (0..2000_u16)
        .map(|number| {
            let [high, low] = number.to_be_bytes();
            Lease { unit: Unit::V4([198, 18, high, low].into()), ..lease(0, low) }
        })
        .collect();
    let batch: Vec<_> = rows.iter().cloned().map(insert).collect();
    commit_all(&mut store, &batch);
    expect_rows(&mut store, &rows);
}
