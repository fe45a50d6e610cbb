use lessor_env::files::{FileHandle, Files};
use lessor_sim_disk::SimDisk;
use lessor_types::Seed;

use super::{Runs, Sealer, Seals, parse};
use crate::names::Names;

const TEXT: &[u8] = b"0123456789";

fn names() -> Names {
    Names::of("x")
}

/// A sealed file of `len` octets, written in pieces of `piece`; only the first `before` are there
/// when sealing begins.
fn written(len: usize, piece: usize, before: usize) -> SimDisk {
    let disk = SimDisk::new(Seed(1));
    let octets: Vec<u8> = TEXT.iter().copied().cycle().take(len).collect();
    let mut file = disk.create("x").expect("no faults");
    let (early, late) = octets.split_at(before);
    let mut runs = Runs::default();
    file.append(early).expect("no faults");
    runs.add(early);
    let mut sealer = Sealer::new(&disk, &names().live_seals, &file, runs);
    for part in late.chunks(piece) {
        file.append(part).expect("no faults");
        sealer.add(part);
        sealer.synced();
    }
    sealer.seal_all();
    file.sync_data().expect("no faults");
    disk
}

/// What is read, how many octets were put right, and whether anything is doubted.
fn read(disk: &SimDisk, at_once: usize) -> (Vec<u8>, usize, bool) {
    let seals = Seals::read(disk, &names());
    let mut file = seals.over(disk.open("x").expect("it is there"));
    let mut all = Vec::new();
    let mut some = vec![0; at_once];
    loop {
        match file.read_at(all.len() as u64, &mut some).expect("no faults") {
            0 => break,
            count => all.extend_from_slice(&some[..count]),
        }
    }
    (all, file.mended().len(), file.is_damaged())
}

#[test]
fn a_sound_file_reads_as_it_is() {
    for (len, piece, before) in [(0, 1, 0), (10, 3, 10), (10_000, 70, 5000), (9000, 9000, 0)] {
        let disk = written(len, piece, before);
        for at_once in [7, 4096, 1 << 17] {
            let whole = disk.contents("x").expect("it is there");
            assert_eq!(read(&disk, at_once), (whole, 0, false), "{len} {piece} {before}");
        }
    }
}

#[test]
fn one_changed_bit_is_put_right_wherever_it_is() {
    let disk = written(10_000, 70, 5000);
    let whole = disk.contents("x").expect("it is there");
    for octet in (0..10_000).step_by(97).chain([4095, 4096, 9999]) {
        let rotten = disk.fork();
        assert!(rotten.rot("x", octet, 5));
        assert_eq!(read(&rotten, 1000), (whole.clone(), 1, false), "{octet}");
    }
}

#[test]
fn two_changed_bits_of_a_run_are_doubted_and_others_are_not() {
    let disk = written(10_000, 70, 10_000);
    assert!(disk.rot("x", 5000, 1) && disk.rot("x", 6000, 2));
    assert!(disk.rot("x", 1, 7));
    let seals = Seals::read(&disk, &names());
    let mut file = seals.over(disk.open("x").expect("it is there"));
    let mut some = [0; 10];
    for at in (0..10_000).step_by(10) {
        assert!(file.read_at(at, &mut some).expect("no faults") > 0);
    }
    assert_eq!(file.mended(), [1]);
    assert!(file.is_doubted(4096, 1) && file.is_doubted(4000, 97) && file.is_doubted(8191, 1));
    assert!(!file.is_doubted(0, 4096) && !file.is_doubted(8192, 2000));
}

#[test]
fn seals_of_another_file_are_about_nothing() {
    let disk = written(5000, 70, 0);
    disk.place("x", b"not what was sealed");
    assert_eq!(read(&disk, 100), (b"not what was sealed".to_vec(), 0, false));
}

#[test]
fn who_changes_a_file_that_was_left_whole_meant_to() {
    let disk = written(5000, 70, 0);
    let file = disk.open("x").expect("it is there");
    let mut runs = Runs::default();
    runs.add(&disk.contents("x").expect("it is there"));
    Sealer::new(&disk, &names().live_seals, &file, runs).close(&file);
    let rotten = disk.fork();
    assert!(rotten.rot("x", 17, 0), "the disk tells nobody");
    assert_eq!(read(&rotten, 100).1, 1);

    let mut file = disk.open("x").expect("it is there");
    file.truncate(4000).expect("no faults");
    assert!(disk.rot("x", 17, 0), "an editor");
    assert_eq!(read(&disk, 100), (disk.contents("x").expect("it is there"), 0, false));
}

#[test]
fn a_damaged_seal_seals_nothing_and_the_others_stay() {
    let disk = written(20_000, 70, 0);
    let seals = names().live_seals;
    let text = disk.contents(&seals).expect("it is there");
    let whole = parse(&text).expect("it is sound");
    assert_eq!(whole.seals.len(), 5);
    let first = text.iter().position(|octet| *octet == b'\n').expect("lines");
    for at in 0..text.len() {
        let mut damaged = text.clone();
        damaged[at] ^= 1;
        let left = parse(&damaged).map_or(0, |book| {
            assert!(book.seals.iter().all(|seal| whole.seals.contains(seal)), "{at}");
            book.seals.len()
        });
        let expected = if at <= first { 0..=0 } else { 3..=4 };
        assert!(expected.contains(&left), "{at}: {left}");
    }
    for at in 0..text.len() {
        let left = parse(&text[..at]).map_or(0, |book| book.seals.len());
        assert!(left <= 5, "{at}");
    }
}
