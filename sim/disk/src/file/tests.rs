use lessor_types::Seed;

use super::*;
use crate::{Crash, Survival, is_crash};

fn power(data: Survival, names: Survival) -> Crash {
    Crash::Power { data, names }
}

fn disk() -> SimDisk {
    SimDisk::new(Seed(1))
}

/// A file `x` with `abc` in it, all durable, and a handle.
fn with_abc() -> io::Result<(SimDisk, SimFile)> {
    let disk = disk();
    let mut file = disk.create("x")?;
    file.append(b"abc")?;
    file.sync_data()?;
    disk.sync_dir()?;
    Ok((disk, file))
}

#[test]
fn synced_octets_under_a_synced_name_survive_any_crash() -> io::Result<()> {
    let (disk, mut file) = with_abc()?;
    file.append(b"def")?;
    assert_eq!(disk.contents("x"), Some(b"abcdef".to_vec()));
    disk.crash(power(Survival::Nothing, Survival::Nothing));
    assert_eq!(disk.contents("x"), Some(b"abc".to_vec()));
    Ok(())
}

#[test]
fn a_name_that_was_not_synced_may_vanish_with_the_synced_file() -> io::Result<()> {
    let disk = disk();
    let mut file = disk.create("x")?;
    file.append(b"abc")?;
    file.sync_data()?;
    let other = disk.fork();
    disk.crash(power(Survival::Everything, Survival::Nothing));
    assert_eq!(disk.contents("x"), None);
    other.crash(power(Survival::Nothing, Survival::Everything));
    assert_eq!(other.contents("x"), Some(b"abc".to_vec()));
    Ok(())
}

#[test]
fn directory_changes_survive_as_a_prefix() -> io::Result<()> {
    let (disk, _) = with_abc()?;
    disk.rename("x", "y")?;
    drop(disk.create("x")?);
    disk.remove("y")?;
    assert_eq!(disk.pending_names(), 3);
    for (kept, names) in [(0, vec!["x"]), (1, vec!["y"]), (2, vec!["x", "y"]), (3, vec!["x"])] {
        let other = disk.fork();
        other.crash(power(Survival::Nothing, Survival::First(kept)));
        assert_eq!(other.names(), names, "{kept}");
    }
    Ok(())
}

#[test]
fn a_write_is_torn_at_any_octet() -> io::Result<()> {
    let (disk, mut file) = with_abc()?;
    file.append(b"de")?;
    file.append(b"fg")?;
    assert_eq!(disk.pending_octets("x"), 4);
    for kept in 0..=4 {
        let other = disk.fork();
        other.crash(power(Survival::First(kept), Survival::Everything));
        let len = 3 + usize::try_from(kept).expect("small");
        assert_eq!(other.contents("x"), Some(b"abcdefg"[..len].to_vec()));
    }
    Ok(())
}

/// Over many seeds every prefix is drawn, and holes where an earlier write was lost.
#[test]
fn drawn_survivors_are_prefixes_and_holes() -> io::Result<()> {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..500 {
        let disk = SimDisk::new(Seed(seed));
        disk.place("x", b"");
        let mut file = disk.open("x")?;
        file.append(b"ab")?;
        file.append(b"cd")?;
        disk.crash(Crash::DRAWN);
        seen.insert(disk.contents("x").unwrap_or_default());
    }
    for text in [&b""[..], b"a", b"ab", b"abc", b"abcd", b"\0\0cd"] {
        assert!(seen.contains(text), "{text:?}");
    }
    assert_eq!(seen.len(), 6);
    Ok(())
}

#[test]
fn after_a_failed_sync_a_later_one_does_not_help() -> io::Result<()> {
    let mut lost = 0;
    for seed in 0..50 {
        let disk = SimDisk::new(Seed(seed));
        disk.place("x", b"");
        let mut file = disk.open("x")?;
        file.append(b"gone")?;
        disk.fail_next_sync();
        assert!(file.sync_data().is_err_and(|error| !is_crash(&error)));
        file.sync_data()?;
        assert_eq!(disk.contents("x"), Some(b"gone".to_vec()));
        disk.crash(power(Survival::Everything, Survival::Everything));
        lost += usize::from(disk.contents("x") != Some(b"gone".to_vec()));
    }
    assert!(lost > 10, "{lost}");
    Ok(())
}

#[test]
fn a_full_disk_takes_what_fits() -> io::Result<()> {
    let (disk, mut file) = with_abc()?;
    disk.set_capacity(Some(5));
    let full = file.append(b"defg").map_err(|error| error.kind());
    assert_eq!(full, Err(io::ErrorKind::StorageFull));
    assert_eq!(disk.contents("x"), Some(b"abcde".to_vec()));
    Ok(())
}

#[test]
fn each_kind_of_call_fails_once_when_told() -> io::Result<()> {
    let (disk, mut file) = with_abc()?;
    let mut octets = [0; 3];
    for kind in [Kind::Read, Kind::Open, Kind::Truncate, Kind::Rename, Kind::SyncDir] {
        disk.fail_next(kind);
        let failed = match kind {
            Kind::Read => file.read_at(0, &mut octets).is_err(),
            Kind::Open => disk.open("x").is_err(),
            Kind::Truncate => file.truncate(0).is_err(),
            Kind::Rename => disk.rename("x", "y").is_err(),
            _ => disk.sync_dir().is_err(),
        };
        assert!(failed, "{kind:?}");
    }
    assert_eq!(file.read_at(0, &mut octets)?, 3);
    assert_eq!(&octets, b"abc");
    Ok(())
}

/// The change at the crash point may have happened or not; nothing after it does.
#[test]
fn a_crash_point_cuts_one_call_and_stops_the_rest() -> io::Result<()> {
    let (disk, mut file) = with_abc()?;
    disk.crash_at(1);
    file.append(b"d")?;
    assert!(file.sync_data().is_err_and(|error| is_crash(&error)));
    assert!(disk.crashed());
    assert!(file.append(b"e").is_err_and(|error| is_crash(&error)));
    assert!(disk.open("x").is_err_and(|error| is_crash(&error)));
    let ops = disk.trace();
    assert_eq!(ops.last().map(ToString::to_string).as_deref(), Some("sync x"));
    let other = disk.fork();
    disk.crash(power(Survival::Nothing, Survival::Nothing));
    assert_eq!(disk.contents("x"), Some(b"abc".to_vec()));
    other.crash(power(Survival::Everything, Survival::Nothing));
    assert_eq!(other.contents("x"), Some(b"abcd".to_vec()));
    assert!(!disk.crashed());
    assert!(file.append(b"f").is_err(), "an old handle is dead");
    Ok(())
}

#[test]
fn locks_exclude_and_end_with_their_holder_or_a_crash() -> io::Result<()> {
    let disk = disk();
    let held = disk.try_lock("l")?;
    assert!(held.is_some());
    assert!(disk.try_lock("l")?.is_none());
    drop(held);
    let held = disk.try_lock("l")?;
    assert!(held.is_some());
    disk.crash(Crash::Process);
    let again = disk.try_lock("l")?;
    assert!(again.is_some());
    drop(held);
    assert!(disk.try_lock("l")?.is_none(), "a dead lock frees nothing");
    Ok(())
}

#[test]
fn the_end_of_a_process_leaves_the_cache_to_be_synced() -> io::Result<()> {
    let (disk, mut file) = with_abc()?;
    file.append(b"d")?;
    disk.crash(Crash::Process);
    assert!(file.append(b"e").is_err());
    assert_eq!(disk.contents("x"), Some(b"abcd".to_vec()));
    disk.open("x")?.sync_data()?;
    disk.crash(power(Survival::Nothing, Survival::Nothing));
    assert_eq!(disk.contents("x"), Some(b"abcd".to_vec()));
    Ok(())
}

#[test]
fn a_lying_disk_forgets_syncs() -> io::Result<()> {
    let (disk, mut file) = with_abc()?;
    disk.forget_syncs(true);
    disk.forget_dir_syncs(true);
    file.append(b"d")?;
    file.sync_data()?;
    disk.rename("x", "y")?;
    disk.sync_dir()?;
    disk.crash(power(Survival::Nothing, Survival::Nothing));
    assert_eq!(disk.contents("x"), Some(b"abc".to_vec()));
    assert_eq!(disk.names(), ["x"]);
    Ok(())
}

#[test]
fn a_file_without_a_name_lives_as_long_as_its_handle() -> io::Result<()> {
    let (disk, mut file) = with_abc()?;
    disk.remove("x")?;
    disk.sync_dir()?;
    let mut octets = [0; 3];
    assert_eq!(file.read_at(0, &mut octets)?, 3);
    drop(file);
    disk.sync_dir()?;
    assert!(disk.0.borrow().files.is_empty());
    Ok(())
}
