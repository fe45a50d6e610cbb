//! Two writers of one row: every interleaving of what they do, and both at once.
//!
//! A writer believes what it read in the beginning, and then what it wrote itself. Which outcomes
//! are allowed is written down below, once for all stores.

use std::fmt::Write as _;
use std::sync::Arc;

use lessor_lease::{Change, Lease, Outcome};
use lessor_types::Wall;

use crate::Subject;
use crate::rows::{lease, unit};

/// What is allowed: for each pair of scripts, each interleaving with the outcomes in its order.
///
/// Small letters are the first writer's steps, capitals the second's: `p` puts a row of one's own,
/// `r` removes the row. An outcome is `+` for done, or the row that stood there: `a` and `b` are
/// the first and the second row of the first writer, `A` and `B` of the second, `o` the old one,
/// `-` none.
const ALLOWED: &str = include_str!("racing.txt");

/// What one writer does, step by step.
const SCRIPTS: [&str; 5] = ["pp", "pr", "rp", "ppr", "prp"];

/// One writer's state of mind.
struct Writer {
    /// Its number: 0 or 1.
    number: u8,
    believes: Option<Arc<Lease>>,
    puts: u8,
}

impl Writer {
    fn new(number: u8, old: Option<&Lease>) -> Self {
        Self { number, believes: old.cloned().map(Arc::new), puts: 0 }
    }

    /// The change of its next step. To remove what one believes is not there is no step.
    fn change(&mut self, step: u8) -> Option<Change> {
        let to = if step == b'p' { Some(Arc::new(bid(self.number, self.puts))) } else { None };
        self.puts += u8::from(step == b'p');
        let from = self.believes.clone();
        (from.is_some() || to.is_some()).then(|| Change { unit: unit(1), from, to })
    }

    /// What it believes afterwards: what it wrote; who lost stays with its belief.
    fn hear(&mut self, change: &Change, outcome: &Outcome) {
        if *outcome == Outcome::Done {
            self.believes.clone_from(&change.to);
        }
    }
}

/// A writer's row, unlike all others.
fn bid(writer: u8, put: u8) -> Lease {
    let ends = 1_700_010_000 + i64::from(put);
    Lease { expires: Wall::from_secs(ends), ..lease(1, 10 + writer) }
}

fn old() -> Lease {
    lease(1, 1)
}

fn letter(outcome: &Outcome) -> char {
    let row = match outcome {
        Outcome::Done => return '+',
        Outcome::Conflict(row) => row.as_deref(),
        other => panic!("a race ends done or in a conflict, not {other:?}"),
    };
    let names = [(0, 0, 'a'), (0, 1, 'b'), (1, 0, 'A'), (1, 1, 'B')];
    match row {
        None => '-',
        Some(row) if *row == old() => 'o',
        Some(row) => names
            .into_iter()
            .find(|(writer, put, _)| bid(*writer, *put) == *row)
            .map_or_else(|| panic!("nobody wrote {row}"), |(_, _, letter)| letter),
    }
}

/// All interleavings of so many steps of the first and so many of the second: who goes when.
fn interleavings(first: usize, second: usize) -> Vec<Vec<usize>> {
    if first == 0 || second == 0 {
        return vec![[vec![0; first], vec![1; second]].concat()];
    }
    let begun = |who: usize, rest: Vec<Vec<usize>>| {
        rest.into_iter().map(move |rest| [vec![who], rest].concat())
    };
    let first_goes = begun(0, interleavings(first - 1, second));
    first_goes.chain(begun(1, interleavings(first, second - 1))).collect()
}

/// Empties the row and puts the old one there, if there is to be one.
fn reset<S: Subject>(store: &mut S, there: Option<&Lease>) {
    let current = store.rows().into_iter().find(|row| row.unit == unit(1));
    let to = there.cloned().map(Arc::new);
    if current.is_some() || to.is_some() {
        let outcomes = store.commit(&[Change { unit: unit(1), from: current, to }]);
        assert_eq!(outcomes, [Outcome::Done], "nobody else writes");
    }
}

/// Takes the steps in the order given; what happened, as a line of the table.
fn take<S: Subject>(store: &mut S, scripts: [&str; 2], order: &[usize], there: bool) -> String {
    let old = there.then(old);
    reset(store, old.as_ref());
    let mut writers = [Writer::new(0, old.as_ref()), Writer::new(1, old.as_ref())];
    let mut steps = scripts.map(|script| script.bytes());
    let (mut names, mut outcomes) = (String::new(), String::new());
    for who in order {
        let (Some(writer), Some(step)) = (writers.get_mut(*who), steps[*who].next()) else {
            continue;
        };
        let name = if *who == 0 { step } else { step.to_ascii_uppercase() };
        names.push(char::from(name));
        let Some(change) = writer.change(step) else {
            outcomes.push('.');
            continue;
        };
        let batch = std::slice::from_ref(&change);
        let heard = if *who == 0 { store.commit(batch) } else { store.commit_from_another(batch) };
        assert_eq!(heard.len(), 1, "one outcome for one change");
        for outcome in heard {
            outcomes.push(letter(&outcome));
            writer.hear(&change, &outcome);
        }
    }
    format!("{} {names} {outcomes}\n", if there { "o" } else { "-" })
}

/// Every interleaving, and both at once.
///
/// # Panics
/// If an outcome is not among those that are allowed.
pub fn run<S: Subject>(store: &mut S) {
    let mut table = String::new();
    for there in [false, true] {
        for first in SCRIPTS {
            for second in SCRIPTS {
                // Three steps on one side are interleavings enough.
                if first.len() + second.len() > 5 {
                    continue;
                }
                for order in interleavings(first.len(), second.len()) {
                    table.push_str(&take(store, [first, second], &order, there));
                }
            }
        }
    }
    if table != ALLOWED {
        let first = table.lines().zip(ALLOWED.lines()).find(|(got, allowed)| got != allowed);
        let mut what = String::new();
        if let Some((got, allowed)) = first {
            let _ = write!(what, "`{got}` where `{allowed}` is allowed");
        }
        panic!("races end otherwise than they may: {what}\n{table}");
    }
    at_once(store);
}

/// Both write at the same time: one is done, the other hears of the one's row.
fn at_once<S: Subject>(store: &mut S) {
    for round in 0..20_u8 {
        let there = round % 2 == 1;
        let old = there.then(old);
        reset(store, old.as_ref());
        let from = old.map(Arc::new);
        let to = |writer: u8| Some(Arc::new(bid(writer, 0)));
        let put = |writer| Change { unit: unit(1), from: from.clone(), to: to(writer) };
        let remove = Change { to: None, ..put(1) };
        let theirs = if there && round % 4 == 1 { remove } else { put(1) };
        let (mine, others) = store.race(&[put(0)], std::slice::from_ref(&theirs));
        let rows = store.rows();
        let left = rows.iter().find(|row| row.unit == unit(1)).cloned();
        let done = vec![Outcome::Done];
        if mine == done {
            assert_eq!(others, [Outcome::Conflict(to(0))], "round {round}");
            assert_eq!(left, to(0), "round {round}");
        } else {
            assert_eq!(others, done, "one of them is done in round {round}");
            assert_eq!(mine, [Outcome::Conflict(theirs.to.clone())], "round {round}");
            assert_eq!(left, theirs.to, "round {round}");
        }
    }
    batches_at_once(store);
}

/// Batches that want the same rows in different orders: each row goes to one of them.
fn batches_at_once<S: Subject>(store: &mut S) {
    for _ in 0..10 {
        let ours =
            |last, client| Change { unit: unit(last), ..crate::rows::insert(lease(last, client)) };
        let mine: Vec<_> = (20..40).map(|last| ours(last, 10)).collect();
        let theirs: Vec<_> = (20..40).rev().map(|last| ours(last, 11)).collect();
        let (first, second) = store.race(&mine, &theirs);
        let rows = store.rows();
        let mut removals = Vec::new();
        for (at, change) in mine.iter().enumerate() {
            let row = rows.iter().find(|row| row.unit == change.unit).cloned();
            let row = row.expect("one of them was done");
            let other = second.get(theirs.len() - 1 - at);
            let lost = Outcome::Conflict(Some(Arc::clone(&row)));
            let ends = [first.get(at), other];
            let fair = [[Some(&Outcome::Done), Some(&lost)], [Some(&lost), Some(&Outcome::Done)]];
            assert!(fair.contains(&ends), "{row}: {ends:?}");
            removals.push(Change { unit: row.unit, from: Some(row), to: None });
        }
        assert!(store.commit(&removals).iter().all(|outcome| *outcome == Outcome::Done));
    }
}
