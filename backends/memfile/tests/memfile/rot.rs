//! Bits that the disk changes: which are put right, and what is said of the others.

use lessor_lease::Lost;
use lessor_memfile::{
    Boot, Compaction, CompactionError, Memfile, Options, Progress, Recovered, Trouble,
};
use lessor_sim_disk::{Crash, SimDisk};
use lessor_store_contract::rows::{insert, lease};
use lessor_types::{Seed, Wall};

use crate::opening::open;
use crate::world::FILE;

/// A store that holds so many leases and has sealed them.
fn filled(count: u8) -> (SimDisk, Memfile<SimDisk>) {
    let disk = SimDisk::new(Seed(7));
    let (mut store, _) = open(&disk);
    for number in 1..=count {
        let outcomes = store.commit(&[insert(lease(number, number))]);
        assert!(outcomes.iter().all(|it| *it == lessor_lease::Outcome::Done));
    }
    store.seal();
    assert!(!store.is_behind());
    (disk, store)
}

/// The process ends, and the file `name` rots before the next start.
fn restarted(disk: &SimDisk, name: &str, bits: &[(u64, u8)]) -> (Memfile<SimDisk>, Recovered) {
    disk.crash(Crash::Process);
    for (octet, bit) in bits {
        assert!(disk.rot(name, *octet, *bit), "{octet}");
    }
    open(disk)
}

fn lost(recovered: &Recovered) -> Option<Lost> {
    recovered.noted.clone().past(&Boot::default(), Wall::default()).lost
}

#[test]
fn a_flipped_bit_costs_nothing_wherever_it_is() {
    let (disk, store) = filled(40);
    drop(store);
    let whole = disk.contents(FILE).expect("it is there");
    for octet in (0..whole.len() as u64).step_by(13) {
        let disk = disk.fork();
        let (_, recovered) = restarted(&disk, FILE, &[(octet, (octet % 8) as u8)]);
        assert_eq!(recovered.leases.len(), 40, "{octet}");
        assert_eq!(recovered.mended.iter().map(|it| it.octet).collect::<Vec<_>>(), [octet]);
        assert_eq!((recovered.damaged_rows, recovered.bad_rows), (0, 0));
        assert_eq!(lost(&recovered), None);
        assert_eq!(disk.contents(FILE).as_ref(), Some(&whole), "the new file has it right");
    }
}

#[test]
fn rows_that_changed_further_are_not_believed_and_that_is_said_until_it_was_heard() {
    let (disk, store) = filled(100);
    drop(store);
    let (mut store, recovered) = restarted(&disk, FILE, &[(5000, 0), (5001, 0)]);
    assert!(recovered.damaged_rows > 10 && recovered.damaged_rows < 80, "one run of them");
    assert_eq!(recovered.leases.len() as u64, 100 - recovered.damaged_rows);
    assert!(recovered.findings.iter().all(|it| it.trouble == Trouble::Damaged));
    assert_eq!(lost(&recovered), Some(Lost::Damaged));

    let kept = disk.contents(&format!("{FILE}.damaged")).expect("lines are kept");
    let lines = kept.iter().filter(|octet| **octet == b'\n').count() as u64;
    assert_eq!(lines, recovered.damaged_rows);

    // Nobody has heard of it: the process ends before the server has noted anything.
    store.seal();
    drop(store);
    let (mut store, recovered) = restarted(&disk, FILE, &[]);
    assert_eq!(recovered.damaged_rows, 0, "the file is sound now");
    assert!(lost(&recovered).is_some(), "but leases are missing");

    let memory = lessor_lease::Memory {
        at: lessor_types::Now { mono: lessor_types::Mono::ZERO, wall: Wall::from_secs(1) },
        unset: false,
        seen: Wall::from_secs(1),
        longest: lessor_lease::Longest::Endless,
        leaps: Vec::new(),
        hold_off: None,
    };
    store.remember(&memory, &Boot::default()).expect("no faults");
    drop(store);
    let (_, recovered) = restarted(&disk, FILE, &[]);
    assert_eq!(lost(&recovered), None, "the server knows");
}

#[test]
fn damage_in_what_a_compaction_wrote_is_noticed_too() {
    let (disk, mut store) = filled(100);
    assert!(store.rotate().expect("no faults"));
    let mut compaction = Compaction::new(disk.clone(), FILE).expect("nobody else");
    while compaction.step(10).expect("no faults") == Progress::Working {}
    drop((compaction, store));
    let previous = format!("{FILE}.2");
    let mended = disk.fork();
    let (_, recovered) = restarted(&mended, &previous, &[(5000, 3)]);
    assert_eq!((recovered.leases.len(), recovered.mended.len()), (100, 1));
    let (_, recovered) = restarted(&mended, &previous, &[(5004, 3)]);
    assert_eq!(recovered.mended.len(), 1, "the first one is gone");

    let (store, recovered) = restarted(&disk, &previous, &[(5000, 3), (5003, 3)]);
    assert!(recovered.damaged_rows > 10);
    assert_eq!(lost(&recovered), Some(Lost::Damaged));
    drop(store);
    let (_, recovered) = restarted(&disk, &previous, &[]);
    assert_eq!(recovered.damaged_rows, 0, "it was rewritten");
}

/// While the server runs, the rows are in memory, and a compaction must not make the loss durable.
#[test]
fn a_compaction_does_not_take_damaged_rows() {
    let (disk, mut store) = filled(100);
    assert!(store.rotate().expect("no faults"));
    let copy = format!("{FILE}.1");
    let rotten = disk.fork();
    assert!(rotten.rot(&copy, 1000, 0) && rotten.rot(&copy, 2000, 0));
    let mut compaction = Compaction::new(rotten.clone(), FILE).expect("nobody else");
    let failed = loop {
        match compaction.step(10) {
            Ok(Progress::Working) => {}
            other => break other,
        }
    };
    assert!(matches!(failed, Err(CompactionError::Damaged(_))), "{failed:?}");
    assert!(rotten.contents(&copy).is_some());

    assert!(disk.rot(&copy, 100, 0));
    let mut compaction = Compaction::new(disk.clone(), FILE).expect("nobody else");
    while compaction.step(10).expect("one bit is put right") == Progress::Working {}
    drop(compaction);
    drop(store);
    disk.crash(Crash::Process);
    assert_eq!(open(&disk).1.leases.len(), 100);
}

/// On a real disk: seals know the file, and who edits a file that was left whole meant to.
#[test]
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn a_real_file_is_known_again() -> std::io::Result<()> {
    use std::os::unix::fs::FileExt;

    use lessor_env::files::{FileHandle, Files, OsFiles};

    let dir = tempfile::tempdir()?;
    let files = OsFiles::new(dir.path());
    if files.create("probe")?.stamp().is_none() {
        println!("SKIPPED: this file system keeps no date of birth");
        return Ok(());
    }
    let open = || Memfile::open(files.clone(), FILE, Options::default()).expect("a sound disk");
    let spoil = || -> std::io::Result<()> {
        let file =
            std::fs::OpenOptions::new().read(true).write(true).open(dir.path().join(FILE))?;
        let mut octet = [0];
        file.read_exact_at(&mut octet, 150)?;
        file.write_all_at(&[octet[0] ^ 1], 150)
    };
    let (mut store, _) = open();
    let _ = store.commit(&[insert(lease(1, 1))]);
    store.seal();
    drop(store);
    spoil()?;
    let (store, recovered) = open();
    assert_eq!(recovered.mended.iter().map(|it| it.octet).collect::<Vec<_>>(), [150]);

    store.leave();
    spoil()?;
    let (_, recovered) = open();
    assert!(recovered.mended.is_empty(), "an edit");
    Ok(())
}
