//! What a store of several writers keeps besides: conditions and lookups.

use std::collections::BTreeSet;
use std::sync::Arc;

use lessor_lease::store::needs_reclaim;
use lessor_lease::{Candidate, Found, Lease, Lookup, Outcome, State};
use lessor_types::{ClientId, Holder, Secs, Wall};

use crate::Subject;
use crate::log::{commit_all, expect_rows};
use crate::rows::{holder, insert, lease, remove, replace, unit};

/// Every case.
#[must_use]
pub fn cases<S: Subject>() -> Vec<fn(S)> {
    vec![
        an_insert_over_a_row_conflicts,
        a_stale_replace_conflicts,
        a_stale_removal_conflicts,
        a_lost_row_conflicts,
        a_conflict_costs_only_its_own_change,
        of_two_writers_one_is_done,
        answers_come_in_order_and_kind,
        a_holder_has_all_rows_of_the_client,
        free_units_are_free,
        a_lease_is_free_when_it_lapses_and_not_before,
        the_lapsed_are_found,
        rows_are_found_by_either_identifier,
        pages_are_all_rows_in_order,
    ]
}

fn conflict(row: &Lease) -> Outcome {
    Outcome::Conflict(Some(Arc::new(row.clone())))
}

fn an_insert_over_a_row_conflicts<S: Subject>(mut store: S) {
    commit_all(&mut store, &[insert(lease(1, 1))]);
    let outcomes = store.commit(&[insert(lease(1, 2))]);
    assert_eq!(outcomes, [conflict(&lease(1, 1))]);
    expect_rows(&mut store, &[lease(1, 1)]);
}

/// A row that differs in what every store compares: client, expiry, state.
fn moved_on(from: &Lease) -> [Lease; 3] {
    [
        Lease { holder: holder(99), ..from.clone() },
        Lease { expires: from.expires.plus_secs(1), ..from.clone() },
        Lease { state: State::Reclaimed, ..from.clone() },
    ]
}

fn a_stale_replace_conflicts<S: Subject>(mut store: S) {
    let mut stale = lease(1, 1);
    commit_all(&mut store, &[insert(stale.clone())]);
    for current in moved_on(&stale.clone()) {
        commit_all(&mut store, &[replace(&stale, current.clone())]);
        let outcomes = store.commit(&[replace(&stale, lease(1, 7))]);
        assert_eq!(outcomes, [conflict(&current)]);
        expect_rows(&mut store, std::slice::from_ref(&current));
        let next = lease(1, 1);
        commit_all(&mut store, &[replace(&current, next.clone())]);
        stale = next;
    }
}

fn a_stale_removal_conflicts<S: Subject>(mut store: S) {
    let stale = lease(1, 1);
    for current in moved_on(&stale) {
        commit_all(&mut store, &[insert(current.clone())]);
        assert_eq!(store.commit(&[remove(&stale)]), [conflict(&current)]);
        expect_rows(&mut store, std::slice::from_ref(&current));
        commit_all(&mut store, &[remove(&current)]);
    }
    expect_rows(&mut store, &[]);
}

fn a_lost_row_conflicts<S: Subject>(mut store: S) {
    let gone = lease(1, 1);
    let outcomes = store.commit(&[replace(&gone, lease(1, 2))]);
    assert_eq!(outcomes, [Outcome::Conflict(None)]);
    assert_eq!(store.commit(&[remove(&gone)]), [Outcome::Conflict(None)]);
    expect_rows(&mut store, &[]);
}

fn a_conflict_costs_only_its_own_change<S: Subject>(mut store: S) {
    commit_all(&mut store, &[insert(lease(2, 2))]);
    let outcomes = store.commit(&[
        insert(lease(1, 1)),
        insert(lease(2, 9)),
        insert(lease(3, 3)),
        remove(&lease(4, 4)),
    ]);
    let expected = [Outcome::Done, conflict(&lease(2, 2)), Outcome::Done, Outcome::Conflict(None)];
    assert_eq!(outcomes, expected);
    expect_rows(&mut store, &[lease(1, 1), lease(2, 2), lease(3, 3)]);
}

fn of_two_writers_one_is_done<S: Subject>(mut store: S) {
    let mut current: Option<Lease> = None;
    for round in 0..6_i64 {
        let bid =
            |client| Lease { expires: Wall::from_secs(1_700_000_000 + round), ..lease(1, client) };
        let change = |to: Lease| match &current {
            Some(from) => replace(from, to),
            None => insert(to),
        };
        let (mine, theirs) = (change(bid(1)), change(bid(2)));
        let (first, second) = if round % 2 == 0 {
            let first = store.commit(&[mine]);
            (first, store.commit_from_another(&[theirs]))
        } else {
            let second = store.commit_from_another(&[theirs]);
            (store.commit(&[mine]), second)
        };
        let winner = if round % 2 == 0 { bid(1) } else { bid(2) };
        let (won, lost) = if round % 2 == 0 { (first, second) } else { (second, first) };
        assert_eq!(won, [Outcome::Done], "round {round}");
        assert_eq!(lost, [conflict(&winner)], "round {round}");
        current = Some(winner);
    }
    let rows: Vec<_> = current.into_iter().collect();
    expect_rows(&mut store, &rows);
}

fn ask<S: Subject>(store: &mut S, lookup: Lookup) -> Found {
    let shown = format!("{lookup:?}");
    let mut found = store.fetch(&[lookup]).expect("the store answers");
    assert_eq!(found.len(), 1, "one answer to {shown}");
    found.remove(0)
}

fn ask_rows<S: Subject>(store: &mut S, lookup: Lookup) -> Vec<Lease> {
    match ask(store, lookup) {
        Found::Rows(mut rows) => {
            rows.sort_by_key(|row| row.unit);
            rows.iter().map(|row| row.as_ref().clone()).collect()
        }
        other => panic!("rows are the answer, not {other:?}"),
    }
}

fn free_in(from: u8, count: u16, wall: Wall) -> Lookup {
    Lookup::FreeIn { first: unit(10), last: unit(19), from: unit(from), count, wall }
}

fn ask_free<S: Subject>(store: &mut S, lookup: Lookup) -> Vec<Candidate> {
    match ask(store, lookup) {
        Found::Free(candidates) => candidates,
        other => panic!("free units are the answer, not {other:?}"),
    }
}

fn answers_come_in_order_and_kind<S: Subject>(mut store: S) {
    commit_all(&mut store, &[insert(lease(1, 1)), insert(lease(2, 2))]);
    let found = store.fetch(&[
        Lookup::Unit(unit(2)),
        Lookup::Holder(holder(1)),
        Lookup::Unit(unit(3)),
        Lookup::Unit(unit(1)),
        Lookup::Holder(holder(3)),
    ]);
    let row = |last| Arc::new(lease(last, last));
    let expected = vec![
        Found::Row(Some(row(2))),
        Found::Rows(vec![row(1)]),
        Found::Row(None),
        Found::Row(Some(row(1))),
        Found::Rows(Vec::new()),
    ];
    assert_eq!(found, Ok(expected));
    assert_eq!(store.fetch(&[]), Ok(Vec::new()));
}

/// By client identifier where both have one, else by link-layer address.
fn a_holder_has_all_rows_of_the_client<S: Subject>(mut store: S) {
    let named =
        |number, id: u8| Holder { client_id: ClientId::new(&[1, id]).ok(), ..holder(number) };
    let row = |last, holder| Lease { holder, ..lease(last, 0) };
    let rows = [
        row(1, named(1, 1)),
        row(2, named(2, 1)),
        row(3, holder(1)),
        row(4, named(1, 2)),
        row(5, holder(2)),
    ];
    let batch: Vec<_> = rows.iter().cloned().map(insert).collect();
    commit_all(&mut store, &batch);
    for asked in [named(1, 1), named(2, 2), holder(1), holder(2), named(7, 7)] {
        let expected: Vec<_> =
            rows.iter().filter(|row| row.holder.same_client(&asked)).cloned().collect();
        let found = ask_rows(&mut store, Lookup::Holder(asked.clone()));
        assert_eq!(found, expected, "{asked}");
    }
}

fn free_units_are_free<S: Subject>(mut store: S) {
    let wall = Wall::from_secs(1_700_000_000);
    let long_ago = Wall::from_secs(1_600_000_000);
    let taken = [10, 12, 15].map(|last| lease(last, last));
    let lapsed = Lease { expires: long_ago, ..lease(13, 13) };
    let reclaimed = Lease { state: State::Reclaimed, ..lease(14, 14) };
    let declined = Lease { state: State::Declined, holder: Holder::default(), ..lease(16, 0) };
    let for_ever = Lease { valid: Secs::INFINITE, expires: long_ago, ..lease(17, 17) };
    let outside = [lease(9, 9), lease(20, 20)];
    let others = [lapsed.clone(), reclaimed.clone(), declined, for_ever];
    let rows = taken.into_iter().chain(others).chain(outside);
    let batch: Vec<_> = rows.map(insert).collect();
    commit_all(&mut store, &batch);

    let reusable = [&lapsed, &reclaimed];
    for from in 10..=19 {
        for count in [0, 1, 2, 3, 4, 100] {
            let found = ask_free(&mut store, free_in(from, count, wall));
            let shown = format!("from {from}, {count} of them: {found:?}");
            assert_eq!(found.len(), usize::from(count).min(5), "{shown}");
            let mut units = BTreeSet::new();
            let mut bare = Vec::new();
            for candidate in &found {
                assert!(units.insert(candidate.unit), "twice in {shown}");
                match &candidate.row {
                    Some(row) => assert!(reusable.contains(&row.as_ref()), "{row} in {shown}"),
                    None => bare.push(candidate.unit),
                }
            }
            // Those without a row come in the order of addresses, from the place asked for around.
            let around = (from..=19).chain(10..from).filter(|last| [11, 18, 19].contains(last));
            let expected: Vec<_> = around.map(unit).take(bare.len()).collect();
            assert_eq!(bare, expected, "{shown}");
        }
    }
}

fn a_lease_is_free_when_it_lapses_and_not_before<S: Subject>(mut store: S) {
    for (last, valid) in [(10_u8, 60), (11, 4096), (12, 86_400), (13, 31_536_000)] {
        let row = Lease { valid: Secs(valid), ..lease(last, last) };
        commit_all(&mut store, &[insert(row.clone())]);
        let at = row.lapses().expect("it ends");
        for (wall, free) in [(row.expires, false), (at.plus_secs(-1), false), (at, true)] {
            let found = ask_free(&mut store, free_in(last, 100, wall));
            let found = found.iter().any(|candidate| candidate.unit == row.unit);
            assert_eq!(found, free, "{row} at {wall}");
        }
    }
}

fn the_lapsed_are_found<S: Subject>(mut store: S) {
    let ends = 1_700_000_000;
    let states = [State::Assigned, State::Declined, State::Reclaimed, State::Released];
    let mut rows = Vec::new();
    for (age, last) in [-5000_i64, 0, 1, 2, 100, 5000].into_iter().zip((0_u8..).step_by(10)) {
        for (state, nth) in states.into_iter().zip(0..) {
            rows.push(Lease {
                state,
                expires: Wall::from_secs(ends - age),
                ..lease(last + nth, last + nth)
            });
        }
    }
    rows.push(Lease { valid: Secs::INFINITE, ..lease(200, 200) });
    let batch: Vec<_> = rows.iter().cloned().map(insert).collect();
    commit_all(&mut store, &batch);
    let wall = Wall::from_secs(ends);
    for held_back in [0, 50, 1000] {
        let lapsed = |count| Lookup::Lapsed { count, wall, held_back };
        let expected: Vec<_> =
            rows.iter().filter(|row| needs_reclaim(row, wall, held_back)).cloned().collect();
        let found = ask_rows(&mut store, lapsed(1000));
        assert_eq!(found, expected, "held back {held_back}");
        let some = ask_rows(&mut store, lapsed(3));
        assert_eq!(some.len(), 3);
        assert!(some.iter().all(|row| expected.contains(row)));
    }
}

fn rows_are_found_by_either_identifier<S: Subject>(mut store: S) {
    let id = |id: u8| ClientId::new(&[1, id]).expect("octets enough");
    let row = |last, hw, named: Option<u8>| Lease {
        holder: Holder { client_id: named.map(id), ..holder(hw) },
        ..lease(last, 0)
    };
    let rows = [row(1, 1, Some(1)), row(2, 2, Some(1)), row(3, 1, None), row(4, 1, Some(2))];
    let batch: Vec<_> = rows.iter().cloned().map(insert).collect();
    commit_all(&mut store, &batch);
    for number in 1..=3 {
        let hw = holder(number).hw;
        let expected: Vec<_> = rows.iter().filter(|row| row.holder.hw == hw).cloned().collect();
        assert_eq!(ask_rows(&mut store, Lookup::HwAddr(hw)), expected);
        let id = id(number);
        let has_id = |row: &&Lease| row.holder.client_id.as_ref() == Some(&id);
        let expected: Vec<_> = rows.iter().filter(has_id).cloned().collect();
        assert_eq!(ask_rows(&mut store, Lookup::ClientId(id)), expected);
    }
}

fn pages_are_all_rows_in_order<S: Subject>(mut store: S) {
    let rows: Vec<_> = (1..=25).map(|last| lease(last, last)).collect();
    let batch: Vec<_> = rows.iter().rev().cloned().map(insert).collect();
    commit_all(&mut store, &batch);
    for count in [1, 7, 24, 25, 26] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = match ask(&mut store, Lookup::Page { after, count }) {
                Found::Rows(page) => page,
                other => panic!("rows are the answer, not {other:?}"),
            };
            assert!(page.iter().all(|row| Some(row.unit) > after), "behind {after:?}");
            let is_last = page.len() < count as usize;
            after = page.last().map(|row| row.unit).or(after);
            found.extend(page.iter().map(|row| Lease::clone(row)));
            if is_last {
                break;
            }
        }
        assert_eq!(found, rows, "{count} a page");
    }
}
