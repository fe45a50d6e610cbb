//! What is found at the start: torn ends, bad rows, old versions, other servers, what Kea left.

use lessor_env::files::OsFiles;
use lessor_lease::{Change, Lease};
use lessor_memfile::csv::{LEASES4, Why};
use lessor_memfile::{Memfile, OpenError, Options, Recovered, Trouble};
use lessor_sim_disk::{Crash, Kind, SimDisk};
use lessor_store_contract::rows::{insert, lease, remove, unit};
use lessor_types::{Seed, Unit};

use crate::world::FILE;

/// The text of a file with these changes.
pub(crate) fn text(changes: &[Change]) -> Vec<u8> {
    let mut out = LEASES4.header().into_bytes();
    for change in changes {
        match &change.to {
            Some(lease) => LEASES4.encode(lease, &mut out),
            None => LEASES4.encode_removal(change.unit, change.from.as_deref(), &mut out),
        }
        .expect("a lawful row");
    }
    out
}

pub(crate) fn disk(files: &[(&str, &[u8])]) -> SimDisk {
    let disk = SimDisk::new(Seed(1));
    for (suffix, text) in files {
        disk.place(&format!("{FILE}{suffix}"), text);
    }
    disk
}

pub(crate) fn open(disk: &SimDisk) -> (Memfile<SimDisk>, Recovered) {
    Memfile::open(disk.clone(), FILE, Options::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn units(recovered: &Recovered) -> Vec<Unit> {
    recovered.leases.iter().map(|row| row.unit).collect()
}

fn first(count: u8) -> Vec<Unit> {
    (1..=count).map(unit).collect()
}

/// Cut anywhere, the file keeps its whole rows and says how much was dropped; a row written later
/// is never glued to what was.
#[test]
fn a_torn_end_is_dropped_wherever_it_is() {
    let whole = text(&[insert(lease(1, 1)), insert(lease(2, 2)), insert(lease(3, 3))]);
    for cut in 0..=whole.len() {
        let disk = disk(&[("", &whole[..cut])]);
        let (mut store, recovered) = open(&disk);
        let ends: Vec<_> = (0..cut).filter(|at| whole[*at] == b'\n').collect();
        let rows = u8::try_from(ends.len().saturating_sub(1)).expect("three at most");
        assert_eq!(units(&recovered), first(rows), "cut at {cut}");
        let torn = cut - ends.last().map_or(0, |end| end + 1);
        let found: Vec<_> = recovered.findings.iter().map(|f| &f.trouble).collect();
        if torn == 0 {
            assert!(found.is_empty(), "{found:?}");
        } else {
            assert_eq!(found, [&Trouble::Torn(torn as u64)]);
        }
        assert_eq!(store.commit(&[insert(lease(4, 4))]).len(), 1);
        drop(store);
        let (_, again) = open(&disk);
        assert_eq!(again.findings, []);
        assert_eq!(again.leases.len(), usize::from(rows) + 1);
    }
}

/// Passed over with file, line and column, kept in the file, counted against the limit.
#[test]
fn bad_rows_are_told_and_limited() {
    let mut broken = text(&[insert(lease(1, 1))]);
    broken.extend_from_slice(b"\n10.0.0.7,nonsense,,1,1,1,0,0,,0,,0\nwhat\n");
    broken.extend_from_slice(&text(&[insert(lease(2, 2))])[LEASES4.header().len()..]);
    let bad = disk(&[("", &broken)]);
    let (store, recovered) = open(&bad);
    assert_eq!(units(&recovered), first(2));
    assert_eq!(recovered.bad_rows, 2);
    let told: Vec<_> = recovered.findings.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "kea-leases4.csv, line 4: hwaddr: not hexadecimal pairs joined by colons",
            "kea-leases4.csv, line 5: hwaddr: the row has 1 columns where this file has 12 to 12",
        ]
    );
    drop(store);
    assert_eq!(open(&bad).1.bad_rows, 2, "the operator can still look at them");

    for (max_row_errors, opens) in [(0, true), (2, true), (1, false)] {
        let opened = Memfile::open(bad.clone(), FILE, Options { max_row_errors });
        assert_eq!(opened.is_ok(), opens, "{max_row_errors}");
    }
}

/// A hole that a power cut left may be longer than any row, and hides only what was in it.
#[test]
fn a_hole_is_a_bad_row() {
    for hole in [10, 5 << 20] {
        let mut broken = text(&[insert(lease(1, 1))]);
        broken.resize(broken.len() + hole, 0);
        broken.push(b'\n');
        broken.extend_from_slice(&text(&[insert(lease(2, 2))])[LEASES4.header().len()..]);
        let (_, recovered) = open(&disk(&[("", &broken)]));
        assert_eq!(units(&recovered), first(2));
        let why = recovered.findings.iter().map(|finding| match &finding.trouble {
            Trouble::Row(error) => error.why.clone(),
            other => panic!("{other:?} where a row is bad"),
        });
        let why: Vec<_> = why.collect();
        assert!(matches!(&why[..], [Why::Hole | Why::Long(_)]), "{why:?}");
    }
}

/// The live file is brought to the newest version at once; older results ask for a compaction.
#[test]
fn old_versions_are_converted() {
    let old =
        b"address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname\n\
        192.0.2.1,02:00:00:00:00:01,,3600,1700003600,1,0,0,\n\
        192.0.2.2,02:00:00:00:00:02,,3600,1700003600,1,0,0,\n\
        192.0.2.2,02:00:00:00:00:02,,0,1700003600,1,0,0,\n";
    let disk_with_old = disk(&[("", old)]);
    let (store, recovered) = open(&disk_with_old);
    assert_eq!(recovered.leases.iter().collect::<Vec<_>>(), [lease(1, 1)]);
    assert!(!recovered.needs_compaction);
    drop(store);
    let text = disk_with_old.contents(FILE).expect("a file");
    assert!(text.starts_with(LEASES4.header().as_bytes()));
    assert_eq!(open(&disk_with_old).1.leases, recovered.leases);

    let (_, recovered) = open(&disk(&[(".2", old)]));
    assert!(recovered.needs_compaction);
    assert_eq!(recovered.leases.len(), 1);
}

#[test]
fn another_file_is_not_taken_for_a_lease_file() {
    for other in [&b"colour,name\nred,x\n"[..], b"\n", b"no line end", b"\x7fELF"] {
        let disk = disk(&[("", other)]);
        let error = Memfile::open(disk.clone(), FILE, Options::default());
        let error = error.map(|_| ()).expect_err("not a lease file");
        assert!(error.to_string().starts_with("kea-leases4.csv, line 1: found"), "{error}");
        assert_eq!(disk.contents(FILE).as_deref(), Some(other), "left as it was");
    }
}

/// F.completed alone, or F.2 and F.1; then F. As Kea leaves them.
#[test]
fn files_are_read_in_their_order() {
    let moved = |client| Lease { ..lease(1, client) };
    let previous = text(&[insert(moved(1)), insert(lease(2, 2)), insert(lease(3, 3))]);
    let copy = text(&[insert(moved(4)), remove(&lease(2, 2))]);
    let live = text(&[remove(&lease(3, 3)), insert(lease(5, 5))]);
    let (_, two) = open(&disk(&[(".2", &previous), (".1", &copy), ("", &live)]));
    assert_eq!(units(&two), [unit(1), unit(5)]);
    assert_eq!(two.leases.row(unit(1)).as_deref(), Some(&moved(4)));
    assert!(two.needs_compaction, "one was interrupted");

    let completed = text(&[insert(moved(9))]);
    let files: [(&str, &[u8]); 5] = [
        (".completed", &completed),
        (".2", &previous),
        (".1", &copy),
        (".output", b"rubbish"),
        ("", &live),
    ];
    let (_, one) = open(&disk(&files));
    assert_eq!(units(&one), [unit(1), unit(5)]);
    assert_eq!(one.leases.row(unit(1)).as_deref(), Some(&moved(9)));
    assert!(one.needs_compaction);
    let (_, none) = open(&disk(&[]));
    assert_eq!(none, Recovered::default());
}

#[test]
fn a_second_server_is_refused_with_the_name_of_the_file() {
    let disk = disk(&[]);
    let (store, _) = open(&disk);
    let second = Memfile::open(disk.clone(), FILE, Options::default()).map(|_| ());
    let error = second.expect_err("it is open");
    assert!(matches!(error, OpenError::Locked { .. }));
    assert_eq!(error.to_string(), "kea-leases4.csv belongs to another server that is running");
    drop(store);
    open(&disk);

    let dir = tempfile::tempdir().expect("a directory");
    let files = OsFiles::new(dir.path());
    let first = Memfile::open(files.clone(), FILE, Options::default()).expect("it opens");
    let second = Memfile::open(files.clone(), FILE, Options::default()).map(|_| ());
    let error = second.expect_err("it is open").to_string();
    assert!(error.contains(&dir.path().join(FILE).display().to_string()), "{error}");
    drop(first);
    assert!(Memfile::open(files, FILE, Options::default()).is_ok());
}

/// A failure of any call leaves the files as they can be opened when it has passed.
#[test]
fn an_opening_that_failed_can_be_tried_again() {
    let previous = text(&[insert(lease(1, 1))]);
    let live = text(&[insert(lease(2, 2))]);
    for kind in [
        Kind::Open,
        Kind::Read,
        Kind::Create,
        Kind::Append,
        Kind::Sync,
        Kind::Rename,
        Kind::SyncDir,
    ] {
        let disk = disk(&[(".2", &previous), ("", &live)]);
        disk.fail_next(kind);
        let failed = Memfile::open(disk.clone(), FILE, Options::default()).map(|_| ());
        assert!(failed.is_err(), "{kind:?}");
        let (_, recovered) = open(&disk);
        assert_eq!(units(&recovered), first(2), "{kind:?}");
        disk.crash(Crash::DRAWN);
        assert_eq!(open(&disk).1.leases, recovered.leases);
    }
}
