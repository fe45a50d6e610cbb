use std::sync::Arc;

use lessor_env::Clock as _;
use lessor_lease::{Change, DnsFlags, Lease, Longest, Lost, Refusal, State};
use lessor_types::{Holder, HwAddr, Mono, Now, PoolId, Seq, SubnetId, Unit};
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::worker::Store;
use super::*;
use crate::System;
use crate::testbed::Home;

fn batch(number: u8) -> StoreBatch {
    let unit = Unit::V4([192, 0, 2, number].into());
    let lease = Lease {
        unit,
        subnet: SubnetId(1),
        pool: PoolId(0),
        holder: Holder { hw: HwAddr::ethernet([2, 0, 0, 0, 0, number]), client_id: None },
        state: State::Assigned,
        valid: Secs(3600),
        expires: Wall::from_secs(4_000_000_000),
        hostname: None,
        dns: DnsFlags::default(),
        context: None,
        promises: None,
    };
    StoreBatch {
        first: Seq(u64::from(number)),
        changes: vec![Change { unit, from: None, to: Some(Arc::new(lease)) }],
    }
}

fn units(rows: &Rows) -> Vec<Unit> {
    rows.iter().map(|row| row.unit).collect()
}

async fn outcome(journal: &mut Journal) -> (Seq, Outcome) {
    match journal.next().await {
        Some(Input::Stored { first, outcomes }) => (first, outcomes[0].clone()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_was_decided_before_a_loss_is_not_written_after_it() {
    let home = Home::new();
    let setup = home.journal_setup(Secs(0));
    let (mut journal, _) =
        Journal::start(&System::start(), setup, home.telemetry()).expect("a lease file");
    home.disk.failing_syncs.store(1, Ordering::SeqCst);
    journal.put(batch(1));
    let lost = journal.next().await;
    assert!(matches!(lost, Some(Input::StoreLost(_))), "the loss first: {lost:?}");
    assert_eq!(outcome(&mut journal).await, (Seq(1), Outcome::Unknown));
    // The server has not heard yet that the file was read again.
    home.log.wait_for("JOURNAL_OPENED").await;
    journal.put(batch(2));
    assert!(matches!(journal.next().await, Some(Input::StoreReopened(_))));
    let refused = Outcome::Refused(Refusal::Unavailable);
    assert_eq!(outcome(&mut journal).await, (Seq(2), refused));
    journal.put(batch(3));
    assert_eq!(outcome(&mut journal).await, (Seq(3), Outcome::Done));
    journal.stop().await;
    let setup = home.journal_setup(Secs(0));
    let (journal, rows) =
        Journal::start(&System::start(), setup, home.telemetry()).expect("a lease file");
    let kept = units(&rows.leases);
    assert!(!kept.contains(&Unit::V4([192, 0, 2, 2].into())), "{kept:?}");
    assert!(kept.contains(&Unit::V4([192, 0, 2, 3].into())), "{kept:?}");
    journal.stop().await;
}

#[tokio::test]
async fn a_file_that_stays_lost_is_tried_again() {
    let home = Home::new();
    let setup = home.journal_setup(Secs(0));
    let (mut journal, _) =
        Journal::start(&System::start(), setup, home.telemetry()).expect("a lease file");
    home.disk.failing_syncs.store(3, Ordering::SeqCst);
    journal.put(batch(1));
    assert!(matches!(journal.next().await, Some(Input::StoreLost(_))));
    assert_eq!(outcome(&mut journal).await.1, Outcome::Unknown);
    assert!(matches!(journal.next().await, Some(Input::StoreReopened(_))));
    let attempts = home.log.text().matches("JOURNAL_REOPEN_FAILED").count();
    assert_eq!(attempts, 2);
    journal.stop().await;
}

#[tokio::test]
async fn compaction_goes_on_beside_writing() {
    let home = Home::new();
    let setup = home.journal_setup(Secs(1));
    let (mut journal, _) =
        Journal::start(&System::start(), setup, home.telemetry()).expect("a lease file");
    for _ in 0..50 {
        journal.put(batch(1));
        assert_eq!(outcome(&mut journal).await.1, Outcome::Done);
    }
    home.log.wait_for("a compaction made 1 rows of 50").await;
    journal.put(batch(2));
    assert_eq!(outcome(&mut journal).await.1, Outcome::Done);
    journal.stop().await;
    let setup = home.journal_setup(Secs(0));
    let (journal, rows) =
        Journal::start(&System::start(), setup, home.telemetry()).expect("a lease file");
    assert_eq!(units(&rows.leases).len(), 2);
    journal.stop().await;
}

#[tokio::test]
async fn a_lease_file_has_one_owner() {
    let home = Home::new();
    let setup = home.journal_setup(Secs(0));
    let (journal, _) =
        Journal::start(&System::start(), setup, home.telemetry()).expect("a lease file");
    let again = Journal::start(&System::start(), home.journal_setup(Secs(0)), home.telemetry());
    let why = again.err().map(|why| why.to_string()).unwrap_or_default();
    assert!(why.contains("leases.csv belongs to another server"), "{why}");
    journal.stop().await;
}

fn memory() -> Box<Memory> {
    let at = Now { mono: Mono::ZERO, wall: Wall::from_secs(4_000_000_000) };
    let longest = Longest::For(Duration::from_secs(100));
    Box::new(Memory { at, unset: false, seen: at.wall, longest, leaps: Vec::new(), hold_off: None })
}

async fn write(journal: &mut Journal, number: u8) {
    journal.put(batch(number));
    assert_eq!(outcome(journal).await.1, Outcome::Done);
}

#[tokio::test]
async fn a_restored_lease_file_is_told_from_the_one_that_was_left() {
    let home = Home::new();
    let start = || {
        let setup = home.journal_setup(Secs(0));
        Journal::start(&System::start(), setup, home.telemetry()).expect("a lease file")
    };
    let file = |name: &str| home.path().join(name);
    let (mut journal, begun) = start();
    assert_eq!(begun.past, Past::default());
    journal.remember(memory());
    write(&mut journal, 1).await;
    journal.stop().await;
    // As it was left, nothing is lost; and what is remembered is there.
    let (mut journal, begun) = start();
    assert_eq!(begun.past.lost, None);
    assert_eq!(begun.past.memory, Some(*memory()));
    assert_eq!(begun.past.latest, None, "the note of the end is younger than all rows");
    std::fs::copy(file("leases.csv"), file("backup")).expect("room");
    journal.remember(memory());
    write(&mut journal, 2).await;
    journal.stop().await;
    std::fs::copy(file("backup"), file("leases.csv")).expect("room");
    let (journal, begun) = start();
    assert_eq!(begun.past.lost, Some(Lost::Older));
    // Whoever does not serve has not seen to it.
    journal.stop().await;
    let (mut journal, begun) = start();
    assert_eq!(begun.past.lost, Some(Lost::Older));
    // Once there is a new note, the file is the one that it is about.
    journal.remember(memory());
    write(&mut journal, 3).await;
    journal.stop().await;
    let lost = async || {
        let (journal, begun) = start();
        // Dropped, it would keep the lock until its worker has noticed.
        journal.stop().await;
        begun.past.lost
    };
    assert_eq!(lost().await, None);
    std::fs::write(file("leases.csv.past"), "restored\n").expect("room");
    assert_eq!(lost().await, Some(Lost::Forgotten));
    std::fs::remove_file(file("leases.csv.past")).expect("it is there");
    assert_eq!(lost().await, None);
}

#[tokio::test]
async fn a_lease_file_that_another_server_went_on_with_is_whole() {
    let home = Home::new();
    let start = || {
        let setup = home.journal_setup(Secs(0));
        Journal::start(&System::start(), setup, home.telemetry()).expect("a lease file")
    };
    let (mut journal, _) = start();
    journal.remember(memory());
    write(&mut journal, 1).await;
    journal.stop().await;
    let path = home.path().join("leases.csv");
    let text = std::fs::read_to_string(&path).expect("it is there");
    let rows = text.replace("192.0.2.1", "192.0.2.9").replace("4000000000", "4000009000");
    std::fs::write(&path, rows).expect("room");
    assert_eq!(start().1.past.lost, None, "a row of the year 2096 is younger than the note");
}

#[tokio::test]
async fn a_compaction_waits_for_the_note() {
    let home = Home::new();
    let start = |interval| {
        let setup = home.journal_setup(Secs(interval));
        Journal::start(&System::start(), setup, home.telemetry()).expect("a lease file")
    };
    let (mut journal, _) = start(1);
    journal.remember(memory());
    for _ in 0..20 {
        write(&mut journal, 1).await;
    }
    home.log.wait_for("a compaction made 1 rows of 20").await;
    journal.stop().await;
    // The note is about what the compaction left.
    let (journal, begun) = start(0);
    assert_eq!(begun.past.lost, None);
    assert_eq!(begun.leases.len(), 1);
    journal.stop().await;
}

#[tokio::test]
async fn a_compaction_whose_end_was_seen_is_not_waited_for_again() {
    let home = Home::new();
    let setup = home.journal_setup(Secs(0));
    let (mut journal, _) =
        Journal::start(&System::start(), setup, home.telemetry()).expect("a lease file");
    write(&mut journal, 1).await;
    let compact = async |journal: &mut Journal| {
        let (asker, begun) = oneshot::channel();
        journal.compact(asker);
        begun.await.expect("the worker lives")
    };
    assert_eq!(compact(&mut journal).await, Compacting::Begun);
    home.log.wait_for("a compaction made 1 rows of 1").await;
    // The next one looks whether that has ended, and cannot begin.
    home.disk.failing_syncs.store(1, Ordering::SeqCst);
    let mut begun = Compacting::GoingOn;
    while begun == Compacting::GoingOn {
        begun = compact(&mut journal).await;
    }
    assert!(matches!(begun, Compacting::Failed(_)), "{begun:?}");
    // The file is read again, for which compactions must have ended.
    home.disk.failing_syncs.store(1, Ordering::SeqCst);
    journal.put(batch(2));
    assert!(matches!(journal.next().await, Some(Input::StoreLost(_))));
    assert_eq!(outcome(&mut journal).await.1, Outcome::Unknown);
    assert!(matches!(journal.next().await, Some(Input::StoreReopened(_))), "the worker lives");
    journal.stop().await;
}

#[tokio::test]
async fn a_compaction_that_is_due_does_not_keep_a_worker_busy_whose_file_is_lost() {
    let home = Home::new();
    let setup = home.journal_setup(Secs(1));
    let (memfile, _) =
        Memfile::open(setup.files.clone(), &setup.name, setup.options).expect("a lease file");
    let (_work, to_do) = mpsc::channel(1);
    let (done, _done) = mpsc::channel(1);
    let env = System::start();
    let mut worker =
        Worker::new(env.clone(), setup, memfile, to_do, done, home.telemetry(), Arc::default());
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let now = env.mono();
    assert!(worker.due(now) <= now, "a compaction is due");
    let later = Duration::from_secs(10);
    let retry_at = now.after(later);
    worker.store = Store::Closed { held: None, retry_at, pause: later };
    assert_eq!(worker.due(now), retry_at, "nothing can be done before");
}
