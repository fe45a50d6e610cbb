//! Compactions: what they write, in which order, and what they refuse.

use lessor_memfile::{Compaction, CompactionError, Memfile, OpenError, Options, Progress, Stats};
use lessor_sim_disk::{Kind, SimDisk};
use lessor_store_contract::rows::{insert, lease, remove, unit};

use crate::opening::{disk, open, text};
use crate::world::FILE;

fn compact(disk: &SimDisk) -> Result<Stats, CompactionError> {
    let mut compaction = Compaction::new(disk.clone(), FILE)?;
    loop {
        if let Progress::Finished(stats) = compaction.step(2)? {
            return Ok(stats);
        }
    }
}

fn two_files() -> SimDisk {
    let previous = text(&[insert(lease(1, 1)), insert(lease(2, 2))]);
    let copy = text(&[insert(lease(1, 3)), remove(&lease(2, 2)), insert(lease(4, 4))]);
    disk(&[(".2", &previous), (".1", &copy)])
}

#[test]
fn the_result_has_the_last_row_of_each_lease_and_no_other() {
    let disk = two_files();
    let stats = compact(&disk).expect("no faults");
    let expected = Stats { read: 5, written: 2, dropped: 0 };
    assert_eq!(stats, expected);
    assert_eq!(disk.names(), [format!("{FILE}.2"), format!("{FILE}.2.seals")]);
    let result = disk.contents(&format!("{FILE}.2"));
    assert_eq!(result, Some(text(&[insert(lease(1, 3)), insert(lease(4, 4))])));
    assert_eq!(compact(&disk).expect("no faults"), Stats::default());
}

/// The inputs go only after the result is durable under its own name.
#[test]
fn the_order_of_calls_is_the_one_that_is_safe() {
    let disk = two_files();
    compact(&disk).expect("no faults");
    let calls: Vec<_> = disk
        .trace()
        .iter()
        .map(|op| op.to_string().replace(FILE, "F"))
        .filter(|op| !op.starts_with("append"))
        .collect();
    assert_eq!(
        calls,
        [
            "create F.output",
            "sync F.output",
            "rename F.output to F.completed",
            "sync the directory",
            "remove F.1",
            "rename F.completed to F.2",
            "sync the directory",
            "create F.2.seals",
            "sync F.2.seals",
        ]
    );
}

#[test]
fn one_at_a_time_and_not_while_the_store_opens() {
    let disk = two_files();
    let running = Compaction::new(disk.clone(), FILE).expect("nobody else");
    let second = Compaction::new(disk.clone(), FILE).map(|_| ());
    assert!(matches!(second, Err(CompactionError::Running { .. })));
    let opened = Memfile::open(disk.clone(), FILE, Options::default()).map(|_| ());
    assert!(matches!(opened, Err(OpenError::Compacting { .. })));
    drop(running);
    let (mut store, _) = open(&disk);
    assert!(!store.rotate().expect("no faults"));
    compact(&disk).expect("no faults");
    let running = Compaction::new(disk, FILE).expect("nobody else");
    assert!(!store.rotate().expect("no faults"), "it would move names");
    drop(running);
    assert!(store.rotate().expect("no faults"));
}

#[test]
fn one_that_failed_is_begun_again() {
    for kind in [
        Kind::Open,
        Kind::Read,
        Kind::Create,
        Kind::Append,
        Kind::Sync,
        Kind::Rename,
        Kind::Remove,
        Kind::SyncDir,
    ] {
        let disk = two_files();
        disk.fail_next(kind);
        assert!(compact(&disk).is_err(), "{kind:?}");
        compact(&disk).unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        let (_, recovered) = open(&disk);
        let units: Vec<_> = recovered.leases.iter().map(|row| row.unit).collect();
        assert_eq!(units, [unit(1), unit(4)], "{kind:?}");
        assert!(!recovered.needs_compaction);
    }
    let disk = two_files();
    let mut compaction = Compaction::new(disk.clone(), FILE).expect("nobody else");
    disk.fail_next(Kind::Read);
    while compaction.step(1).is_ok() {}
    assert!(matches!(compaction.step(1), Err(CompactionError::Ended)));
}

/// Bad rows are forgotten, but not if they are many: that is damage for an operator to see.
#[test]
fn many_bad_rows_stop_it() {
    let with_bad = |count: usize| {
        let mut copy = text(&[insert(lease(1, 1))]);
        copy.extend_from_slice("bad\n".repeat(count).as_bytes());
        disk(&[(".1", &copy)])
    };
    let stats = compact(&with_bad(100)).expect("a few bad rows");
    assert_eq!((stats.written, stats.dropped), (1, 100));
    let damaged = with_bad(101);
    assert!(compact(&damaged).is_err());
    assert!(damaged.contents(&format!("{FILE}.1")).is_some());
}
