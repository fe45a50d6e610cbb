//! What others do to the tables of a database, while a store is open on them.

use std::collections::BTreeMap;
use std::sync::Arc;

use lessor_lease::{Candidate, Found, Lease, Lookup, Outcome, State};
use lessor_sql::Dialect;
use lessor_types::{Holder, SubnetId, Wall};

use crate::Subject as _;
use crate::database::Database;
use crate::log::commit_all;
use crate::rows::{insert, lease, remove, replace, unit};

/// A row that no store can read: the address's last octet, the statement that spoils the plain
/// lease there, and the column to blame.
pub type Spoiled = (u8, &'static str, &'static str);

/// Rows that cannot be read cost nobody but themselves, and are told with the column to blame.
///
/// `say` speaks SQL to the database.
///
/// # Panics
/// If one of them costs more, or is not told.
pub fn rows_that_cannot_be_read<D: Dialect>(
    mut subject: Database<'_, D>,
    say: &dyn Fn(&str),
    spoiled: &[Spoiled],
) {
    let good = lease(1, 200);
    let rows = spoiled.iter().map(|(last, ..)| lease(*last, 200));
    let batch: Vec<_> = rows.chain([good.clone()]).map(insert).collect();
    commit_all(&mut subject, &batch);
    for (_, statement, _) in spoiled {
        say(statement);
    }
    let wall = Wall::from_secs(1_700_000_000);
    let owner = Holder { hw: good.holder.hw, client_id: None };
    let mut lookups = vec![
        Lookup::Holder(owner),
        Lookup::FreeIn { first: unit(1), last: unit(60), from: unit(1), count: 100, wall },
        Lookup::Lapsed { count: 100, wall: Wall::from_secs(1_800_000_000), held_back: 0 },
    ];
    lookups.extend(spoiled.iter().map(|(last, ..)| Lookup::Unit(unit(*last))));
    let fetched = subject.fetch_all(&lookups);
    let mut found = fetched.found.into_iter();
    let good = Arc::new(good);
    assert_eq!(found.next(), Some(Found::Rows(vec![Arc::clone(&good)])), "others are served");
    let free = (2..=60).filter(|last| spoiled.iter().all(|(bad, ..)| bad != last));
    let free = free.map(|last| Candidate { unit: unit(last), row: None }).collect();
    assert_eq!(found.next(), Some(Found::Free(free)), "nobody is offered what cannot be read");
    assert_eq!(found.next(), Some(Found::Rows(vec![good])), "nothing is done to it");
    for ((last, _, column), found) in spoiled.iter().zip(found) {
        let told = fetched.quarantined.iter().find(|it| it.unit == unit(*last));
        assert_eq!(told.map(|it| it.error.column), Some(*column), "{:?}", unit(*last));
        let Found::Row(Some(row)) = found else { panic!("{:?} is there", unit(*last)) };
        assert!(row.holder.is_nobody() && !row.is_reusable(Wall::from_secs(1 << 32)), "{row}");
        let ours = subject.commit_batch(&[insert(lease(*last, 9))]);
        assert_eq!(ours.outcomes, [Outcome::Conflict(Some(row))]);
        assert_eq!(ours.quarantined.len(), 1, "whoever meets it is told");
    }
}

/// A change that others make counts from the next packet on, and none is overwritten.
///
/// `confirm` dates the row of 192.0.2.1 a second later by SQL, `remove` takes it away.
///
/// # Panics
/// If it is not so.
pub fn changes_of_others<D: Dialect>(
    mut subject: Database<'_, D>,
    say: &dyn Fn(&str),
    confirm: &str,
    remove: &str,
) {
    let old = lease(1, 1);
    commit_all(&mut subject, &[insert(old.clone())]);
    say(confirm);
    let confirmed = Lease { expires: old.expires.plus_secs(1), ..old.clone() };
    let current = Some(Arc::new(confirmed.clone()));
    let found = subject.fetch_all(&[Lookup::Unit(unit(1))]).found;
    assert_eq!(found, [Found::Row(current.clone())]);
    let late = subject.commit(&[replace(&old, lease(1, 2))]);
    assert_eq!(late, [Outcome::Conflict(current)]);
    say(remove);
    let found = subject.fetch_all(&[Lookup::Unit(unit(1))]).found;
    assert_eq!(found, [Found::Row(None)]);
    assert_eq!(subject.commit(&[replace(&confirmed, lease(1, 2))]), [Outcome::Conflict(None)]);
    // It was ours, so it was believed to be taken: a small range is looked at all the same.
    let wall = Wall::from_secs(1_700_000_000);
    let free = Lookup::FreeIn { first: unit(1), last: unit(1), from: unit(1), count: 1, wall };
    let free = subject.fetch_all(&[free]).found;
    assert_eq!(free, [Found::Free(vec![Candidate { unit: unit(1), row: None }])]);
}

/// A row that the database refuses costs only its own change, wherever it is in the batch.
///
/// The database must refuse the host name `refused`.
///
/// # Panics
/// If it costs others.
pub fn a_refused_row<D: Dialect>(mut subject: Database<'_, D>) {
    for bad in [0_u8, 17, 39] {
        let row = |last: u8| Lease {
            hostname: Some(if last == bad { "refused" } else { "plain" }.into()),
            ..lease(last, last)
        };
        let batch: Vec<_> = (0..40).map(|last| insert(row(last))).collect();
        let committed = subject.commit_batch(&batch);
        let mut expected = vec![Outcome::Done; 40];
        if let Some(place) = expected.get_mut(usize::from(bad)) {
            *place = lessor_sql::Class::Invalid.outcome();
        }
        assert_eq!(committed.outcomes, expected, "{bad}");
        assert!(committed.failure.is_some(), "it is told");
        let there: Vec<_> = subject.rows().into_iter().collect();
        assert_eq!(there.len(), 39);
        let removals: Vec<_> = there.iter().map(|row| remove(row)).collect();
        commit_all(&mut subject, &removals);
    }
}

/// Batches of two servers at once, over several subnets and states and in different orders, neither
/// stand in each other's way nor confuse the statistics that the database keeps of them.
///
/// `answer` puts a question in SQL and gives the answer as text.
///
/// # Panics
/// If they do.
pub fn statistics_stay_right<D: Dialect>(
    mut subject: Database<'_, D>,
    answer: &dyn Fn(&str) -> String,
) {
    let row = |last: u8, client: u8| Lease {
        subnet: SubnetId(u32::from(last % 3) + 1),
        state: if last.is_multiple_of(5) { State::Declined } else { State::Assigned },
        ..lease(last, client)
    };
    let mut there: BTreeMap<u8, Lease> = BTreeMap::new();
    for round in 0..12_u8 {
        // What is there is renewed, moved to another subnet or removed; what is not comes.
        let change = |last: u8, client: u8| {
            let to = row(last.wrapping_add(client), client);
            let to = Lease { unit: unit(last), expires: to.expires.plus_secs(round.into()), ..to };
            match there.get(&last) {
                None => insert(to),
                Some(old) if (last + client).is_multiple_of(4) => remove(old),
                Some(old) => replace(old, to),
            }
        };
        let mine: Vec<_> = (0..60).map(|last| change(last, 1 + round % 2)).collect();
        let theirs: Vec<_> = (0..60).rev().map(|last| change(last, 3)).collect();
        let (first, second) = subject.race(&mine, &theirs);
        for outcome in first.iter().chain(&second) {
            let fair = matches!(outcome, Outcome::Done | Outcome::Conflict(_));
            assert!(fair, "round {round}: {outcome:?}");
        }
        let rows = subject.rows().into_iter();
        there = rows.map(|row| (last_octet(&row), row.as_ref().clone())).collect();
        let wrong = answer(
            "SELECT count(*) FROM (SELECT subnet_id, state, count(*) AS n FROM lease4 \
             WHERE state < 2 GROUP BY subnet_id, state) c LEFT JOIN lease4_stat s \
             ON s.subnet_id = c.subnet_id AND s.state = c.state \
             WHERE s.leases IS NULL OR s.leases <> c.n",
        );
        assert_eq!(wrong.trim(), "0", "round {round}");
        let sums =
            answer("SELECT (SELECT sum(leases) FROM lease4_stat) - (SELECT count(*) FROM lease4)");
        assert_eq!(sums.trim(), "0", "round {round}");
    }
}

fn last_octet(row: &Lease) -> u8 {
    let [.., last] = row.unit.v4().expect("an IPv4 address").octets();
    last
}
