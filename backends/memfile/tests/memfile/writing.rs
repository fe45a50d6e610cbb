//! Appending where the disk is full, fails or loses what it said it would sync.

use lessor_lease::{Lease, Outcome, Refusal};
use lessor_memfile::{RotateError, WriteFailed};
use lessor_sim_disk::{Crash, Kind, Op, Survival};
use lessor_store_contract::rows::{insert, lease, remove, replace};
use lessor_types::{Holder, Wall};

use crate::opening::{disk, open, text};
use crate::world::FILE;

const DARK: Crash = Crash::Power { data: Survival::Nothing, names: Survival::Nothing };

#[test]
fn a_batch_is_one_write_and_one_sync() {
    let disk = disk(&[]);
    let (mut store, _) = open(&disk);
    disk.clear_trace();
    let batch = [insert(lease(1, 1)), insert(lease(2, 2)), remove(&lease(3, 3))];
    assert_eq!(store.commit(&batch), vec![Outcome::Done; 3]);
    let octets = usize::try_from(store.counters().octets).expect("a few");
    let expected = [Op::Append(FILE.to_owned(), octets), Op::Sync(FILE.to_owned())];
    assert_eq!(disk.trace(), expected);
    assert_eq!(store.commit(&[]), []);
    assert_eq!(store.sync(), Ok(()));
    assert_eq!(disk.trace(), expected, "nothing to do, nothing done");
    let counters = store.counters();
    assert_eq!((counters.batches, counters.rows, counters.syncs), (1, 3, 1));
}

/// Whatever of the batch fitted is taken back, and no crash brings it again.
#[test]
fn a_full_disk_refuses_and_keeps_no_part() {
    let long = |last| Lease { hostname: Some("h".repeat(60).into()), ..lease(last, last) };
    let batch = [insert(long(2)), insert(long(3))];
    let whole = text(&batch).len() - text(&[]).len();
    for room in 0..whole as u64 {
        let disk = disk(&[]);
        let (mut store, _) = open(&disk);
        assert_eq!(store.commit(&[insert(lease(1, 1))]), [Outcome::Done]);
        let before = disk.contents(FILE).expect("a file");
        disk.set_capacity(Some(before.len() as u64 + room));
        let outcomes = store.commit(&batch);
        assert_eq!(outcomes, vec![Outcome::Refused(Refusal::Full); 2]);
        assert!(store.is_open());
        assert_eq!(disk.contents(FILE), Some(before));
        let after = disk.fork();
        after.crash(Crash::DRAWN);
        after.set_capacity(None);
        assert_eq!(open(&after).1.leases.len(), 1);
        disk.set_capacity(None);
        assert_eq!(store.commit(&[insert(lease(4, 4))]), [Outcome::Done]);
        disk.crash(DARK);
        assert_eq!(open(&disk).1.leases.len(), 2);
    }
}

/// After a failed sync the outcome is unknown and the store closed. What a reopening reads it makes
/// durable, though the kernel would say of the old pages that they are clean.
#[test]
fn a_failed_sync_closes_and_reopening_settles() {
    for kind in [Kind::Sync, Kind::Append] {
        let disk = disk(&[]);
        let (mut store, _) = open(&disk);
        assert_eq!(store.commit(&[insert(lease(1, 1))]), [Outcome::Done]);
        disk.fail_next(kind);
        if kind == Kind::Append {
            // The append fails, and then what it left cannot be taken back.
            disk.fail_next(Kind::Truncate);
        }
        assert_eq!(store.commit(&[insert(lease(2, 2))]), [Outcome::Unknown]);
        assert!(!store.is_open());
        assert!(store.failure().is_some_and(|failure| failure.what.contains(FILE)));
        let refused = store.commit(&[insert(lease(3, 3))]);
        assert_eq!(refused, [Outcome::Refused(Refusal::Unavailable)]);
        assert!(store.sync().is_err());
        assert!(matches!(store.append(&[]), Err(WriteFailed::Closed(_))));
        assert!(matches!(store.rotate(), Err(RotateError::Closed(_))));

        let (mut store, recovered) = store.reopen().expect("the fault has passed");
        let told = recovered.leases.clone();
        let dark = disk.fork();
        dark.crash(DARK);
        assert_eq!(open(&dark).1.leases, told, "{kind:?}");
        assert_eq!(store.commit(&[insert(lease(4, 4))]), [Outcome::Done]);
    }
}

#[test]
fn a_row_that_cannot_be_kept_costs_only_itself() {
    let disk = disk(&[]);
    let (mut store, _) = open(&disk);
    let nobody = Lease { holder: Holder::default(), ..lease(2, 2) };
    let batch = [insert(lease(1, 1)), insert(nobody), insert(lease(3, 3))];
    let outcomes = store.commit(&batch);
    let invalid = Outcome::Refused(Refusal::Invalid);
    assert_eq!(outcomes, [Outcome::Done, invalid, Outcome::Done]);
    let whole = store.append(&batch);
    assert!(matches!(whole, Err(WriteFailed::Invalid { index: 1, .. })));
    drop(store);
    assert_eq!(open(&disk).1.rows, 2);
}

#[test]
fn rotation_hands_over_a_whole_journal_and_only_once() {
    let disk = disk(&[]);
    let (mut store, _) = open(&disk);
    store.append(&[insert(lease(1, 1))]).expect("room");
    assert!(store.rotate().expect("no faults"));
    assert!(!store.rotate().expect("no faults"), "the copy waits");
    let later = Lease { expires: Wall::from_secs(1_800_000_000), ..lease(1, 1) };
    assert_eq!(store.commit(&[replace(&lease(1, 1), later.clone())]), [Outcome::Done]);
    disk.crash(DARK);
    let (_, recovered) = open(&disk);
    assert_eq!(recovered.leases.iter().collect::<Vec<_>>(), [later]);
}

/// Before the names change, a failure changes nothing; after that the store does not trust them.
#[test]
fn a_rotation_that_fails_says_whether_the_store_is_open() {
    for (kind, open_after) in [
        (Kind::Create, true),
        (Kind::Append, true),
        (Kind::Sync, true),
        (Kind::Rename, false),
        (Kind::SyncDir, false),
    ] {
        let disk = disk(&[]);
        let (mut store, _) = open(&disk);
        assert_eq!(store.commit(&[insert(lease(1, 1))]), [Outcome::Done]);
        disk.fail_next(kind);
        assert!(store.rotate().is_err(), "{kind:?}");
        assert_eq!(store.is_open(), open_after, "{kind:?}");
        if !open_after {
            store = store.reopen().expect("the fault has passed").0;
        }
        assert_eq!(store.commit(&[insert(lease(2, 2))]), [Outcome::Done]);
        disk.crash(DARK);
        assert_eq!(open(&disk).1.leases.len(), 2, "{kind:?}");
    }
}
