//! The lane, with a database that does as it is told.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lessor_types::{Seq, Unit};
use tokio::sync::Notify;

use super::*;

/// What a database of these tests does next, and what it was asked.
#[derive(Default)]
struct Script {
    connects: VecDeque<Result<(), Trouble>>,
    /// How many lookups each round trip asked.
    rounds: Vec<usize>,
    commits: VecDeque<(Outcome, Option<Trouble>)>,
    is_down: bool,
}

#[derive(Clone, Default)]
struct Told {
    script: Arc<Mutex<Script>>,
    /// Holds answers to lookups back until it is notified.
    gate: Option<Arc<Notify>>,
}

impl Told {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lost() -> Trouble {
    Trouble { what: "connection reset".to_owned(), lost: true }
}

impl Connector for Told {
    type Store = Self;

    async fn connect(&self) -> Result<Self, Trouble> {
        self.script().connects.pop_front().unwrap_or(Ok(())).map(|()| self.clone())
    }
}

impl LeaseDatabase for Told {
    async fn fetch(&self, lookups: &[Lookup]) -> Result<Vec<Found>, Trouble> {
        self.script().rounds.push(lookups.len());
        if let Some(gate) = &self.gate {
            gate.notified().await;
        }
        if self.script().is_down {
            return Err(lost());
        }
        Ok(vec![Found::Row(None); lookups.len()])
    }

    async fn commit(&self, changes: &[Change]) -> (Vec<Outcome>, Option<Trouble>) {
        let (outcome, trouble) = self.script().commits.pop_front().unwrap_or((Outcome::Done, None));
        (vec![outcome; changes.len()], trouble)
    }

    async fn ping(&self) -> Result<(), Trouble> {
        if self.script().is_down { Err(lost()) } else { Ok(()) }
    }
}

fn lookups(count: usize) -> Vec<Lookup> {
    vec![Lookup::Unit(Unit::V4(Ipv4Addr::LOCALHOST)); count]
}

fn batch(first: Seq) -> StoreBatch {
    let unit = Unit::V4(Ipv4Addr::LOCALHOST);
    StoreBatch { first, changes: vec![Change { unit, from: None, to: None }] }
}

/// A lane that runs.
fn lane(told: &Told) -> Lane {
    let (lane, worker) = Lane::new("a database of tests", told.clone());
    tokio::spawn(worker);
    lane
}

/// The next completion, in words.
async fn next(lane: &mut Lane) -> String {
    match lane.next().await.expect("the worker is there") {
        Input::Backend(Backend::Leases, news) => format!("{news:?}"),
        Input::Fetched { fetch, result } => match result {
            Ok(found) => format!("{} has {} answers", fetch.0, found.len()),
            Err(why) => format!("{} has none: {why}", fetch.0),
        },
        Input::Stored { first, outcomes } => format!("{first} {outcomes:?}"),
        other => panic!("nobody asked for {other:?}"),
    }
}

async fn connected(told: &Told) -> Lane {
    let mut lane = lane(told);
    lane.connect();
    assert_eq!(next(&mut lane).await, "Opened");
    lane
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_meanwhile_goes_in_one_round_trip() {
    let gate = Arc::new(Notify::new());
    let told = Told { gate: Some(Arc::clone(&gate)), ..Told::default() };
    let mut lane = connected(&told).await;
    for fetch in 1..=2 {
        lane.fetch(FetchId(fetch), lookups(1));
        tokio::task::yield_now().await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // Two are on their way: what follows shares the third.
    for fetch in 3..=9 {
        lane.fetch(FetchId(fetch), lookups(2));
    }
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(1)).await;
        gate.notify_one();
    }
    let mut answered = Vec::new();
    for _ in 1..=9 {
        answered.push(next(&mut lane).await);
    }
    assert_eq!(told.script().rounds, [1, 1, 14]);
    assert_eq!(answered.first().map(String::as_str), Some("1 has 1 answers"));
    assert_eq!(answered.last().map(String::as_str), Some("9 has 2 answers"));
}

#[tokio::test(start_paused = true)]
async fn no_round_trip_asks_without_bounds() {
    let told = Told::default();
    let mut lane = connected(&told).await;
    lane.fetch(FetchId(1), lookups(LOOKUPS_MAX + 1));
    lane.fetch(FetchId(2), lookups(LOOKUPS_MAX));
    lane.fetch(FetchId(3), lookups(1));
    for _ in 1..=3 {
        assert!(next(&mut lane).await.contains("answers"));
    }
    assert_eq!(told.script().rounds, [LOOKUPS_MAX + 1, LOOKUPS_MAX, 1]);
}

#[tokio::test(start_paused = true)]
async fn nothing_waits_for_a_database_that_is_not_there() {
    let told = Told::default();
    told.script().connects.push_back(Err(lost()));
    let mut lane = lane(&told);
    lane.fetch(FetchId(1), lookups(1));
    assert_eq!(next(&mut lane).await, "1 has none: the store is not available");
    lane.put(batch(Seq(1)));
    assert_eq!(next(&mut lane).await, "#1 [Refused(Unavailable)]");
    lane.connect();
    assert!(next(&mut lane).await.starts_with("Unreachable"));
    lane.connect();
    assert_eq!(next(&mut lane).await, "Opened");
}

#[tokio::test(start_paused = true)]
async fn a_loss_is_told_once_and_before_what_it_cost() {
    let told = Told::default();
    let mut lane = connected(&told).await;
    told.script()
        .commits
        .extend([(Outcome::Unknown, Some(lost())), (Outcome::Unknown, Some(lost()))]);
    lane.put(batch(Seq(1)));
    lane.put(batch(Seq(2)));
    let told_of = [next(&mut lane).await, next(&mut lane).await, next(&mut lane).await];
    assert!(told_of[0].starts_with("Lost"), "{told_of:?}");
    assert!(told_of[1..].iter().all(|told| told.ends_with("[Unknown]")), "{told_of:?}");
    lane.connect();
    assert_eq!(next(&mut lane).await, "Opened");
}

#[tokio::test(start_paused = true)]
async fn one_row_that_is_refused_is_no_loss() {
    let told = Told::default();
    let mut lane = connected(&told).await;
    let trouble = Trouble { what: "value too long".to_owned(), lost: false };
    told.script().commits.push_back((Outcome::Refused(Refusal::Invalid), Some(trouble)));
    lane.put(batch(Seq(1)));
    assert_eq!(next(&mut lane).await, "#1 [Refused(Invalid)]");
    lane.fetch(FetchId(1), lookups(1));
    assert_eq!(next(&mut lane).await, "1 has 1 answers");
}

#[tokio::test(start_paused = true)]
async fn a_loss_is_noticed_without_a_client() {
    let told = Told::default();
    let mut lane = connected(&told).await;
    tokio::time::sleep(SILENCE * 5).await;
    assert!(lane.try_next().is_none(), "it is there");
    told.script().is_down = true;
    let begun = Instant::now();
    assert!(next(&mut lane).await.starts_with("Lost"));
    assert!(begun.elapsed() <= SILENCE + Duration::from_millis(10));
}
