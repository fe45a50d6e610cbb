use std::sync::Arc;

use lessor_lease::{Change, DnsFlags, Lease, Refusal, State};
use lessor_types::{Holder, HwAddr, PoolId, Seq, SubnetId, Unit, Wall};
use std::sync::atomic::Ordering;

use super::*;
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
    let (mut journal, _) = Journal::start(setup, home.telemetry()).expect("a lease file");
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
    journal.stop();
    let setup = home.journal_setup(Secs(0));
    let (journal, rows) = Journal::start(setup, home.telemetry()).expect("a lease file");
    let kept = units(&rows);
    assert!(!kept.contains(&Unit::V4([192, 0, 2, 2].into())), "{kept:?}");
    assert!(kept.contains(&Unit::V4([192, 0, 2, 3].into())), "{kept:?}");
    journal.stop();
}

#[tokio::test]
async fn a_file_that_stays_lost_is_tried_again() {
    let home = Home::new();
    let setup = home.journal_setup(Secs(0));
    let (mut journal, _) = Journal::start(setup, home.telemetry()).expect("a lease file");
    home.disk.failing_syncs.store(3, Ordering::SeqCst);
    journal.put(batch(1));
    assert!(matches!(journal.next().await, Some(Input::StoreLost(_))));
    assert_eq!(outcome(&mut journal).await.1, Outcome::Unknown);
    assert!(matches!(journal.next().await, Some(Input::StoreReopened(_))));
    let attempts = home.log.text().matches("JOURNAL_REOPEN_FAILED").count();
    assert_eq!(attempts, 2);
    journal.stop();
}

#[tokio::test]
async fn compaction_goes_on_beside_writing() {
    let home = Home::new();
    let setup = home.journal_setup(Secs(1));
    let (mut journal, _) = Journal::start(setup, home.telemetry()).expect("a lease file");
    for _ in 0..50 {
        journal.put(batch(1));
        assert_eq!(outcome(&mut journal).await.1, Outcome::Done);
    }
    home.log.wait_for("a compaction made 1 rows of 50").await;
    journal.put(batch(2));
    assert_eq!(outcome(&mut journal).await.1, Outcome::Done);
    journal.stop();
    let setup = home.journal_setup(Secs(0));
    let (journal, rows) = Journal::start(setup, home.telemetry()).expect("a lease file");
    assert_eq!(units(&rows).len(), 2);
    journal.stop();
}

#[tokio::test]
async fn a_lease_file_has_one_owner() {
    let home = Home::new();
    let setup = home.journal_setup(Secs(0));
    let (journal, _) = Journal::start(setup, home.telemetry()).expect("a lease file");
    let again = Journal::start(home.journal_setup(Secs(0)), home.telemetry());
    let why = again.err().map(|why| why.to_string()).unwrap_or_default();
    assert!(why.contains("leases.csv belongs to another server"), "{why}");
    journal.stop();
}
