//! A million leases at the start of a server: how long reading them takes, how long the server's own
//! books, and what memory each of them keeps.
//!
//! Steps run once, in a process of their own, since memory that was given back is not given to the
//! kernel: three times for the least and the greatest, and for a file of a lease by itself.
#![expect(clippy::print_stdout, reason = "a bench speaks to whoever starts it")]

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use lessor_benches::client::{self, hw};
use lessor_benches::full::{Bench, lease};
use lessor_env::files::OsFiles;
use lessor_lease::{Change, Outcome};
use lessor_memfile::{Memfile, Options};
use lessor_types::ClientId;
use lessor_wire::v4::MessageType;

const LEASES: u32 = 1_000_000;
/// All of [`LEASES`], and some to give.
const POOL: &str = "10.0.1.0 - 10.16.255.255";
const ROUNDS: u32 = 3;
const BATCH: u32 = 10_000;
/// As the kernel counts in `/proc/self/statm`, on the machines that we are built for.
const PAGE: u64 = 4096;

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [_, "write", detail, folder] => write(Path::new(folder), detail == "full"),
        [_, "load", folder] => load(Path::new(folder)),
        // What a runner of tests asks for: there are none.
        _ if arguments.iter().any(|it| *it == "--list" || *it == "--test") => {}
        _ => {
            for detail in ["plain", "full"] {
                measure(detail);
            }
        }
    }
}

fn measure(detail: &str) {
    // In the project's own build folder: a temporary folder may be in memory.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the folder exists");
    part(&["write", detail], dir.path());
    let octets = fs::metadata(dir.path().join("leases.csv")).map_or(0, |file| file.len());
    println!("{detail}: {LEASES} leases, {:.1} octets of the file each", each(octets));
    for _ in 0..ROUNDS {
        part(&["load"], dir.path());
    }
}

fn part(arguments: &[&str], folder: &Path) {
    let own = env::current_exe().expect("a program knows where it is");
    let status = Command::new(own).args(arguments).arg(folder).status().expect("it starts");
    assert!(status.success(), "{arguments:?}: {status}");
}

fn write(folder: &Path, with_names: bool) {
    let (mut memfile, _) =
        Memfile::open(OsFiles::new(folder), "leases.csv", Options::default()).expect("a new file");
    for batch in 0..LEASES / BATCH {
        let rows = (batch * BATCH..(batch + 1) * BATCH).map(|n| {
            let mut row = lease(n);
            if with_names {
                let octets = [&[1][..], hw(0x8000_0000 | n).octets()].concat();
                row.holder.client_id = ClientId::new(&octets).ok();
                row.hostname = Some(format!("client-{n}.example.org").into());
            }
            Change { unit: row.unit, from: None, to: Some(Arc::new(row)) }
        });
        let outcomes = memfile.commit(&rows.collect::<Vec<_>>());
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done), "the disk is in order");
    }
}

fn load(folder: &Path) {
    let before = resident();
    let begun = Instant::now();
    let (_memfile, recovered) =
        Memfile::open(OsFiles::new(folder), "leases.csv", Options::default())
            .expect("our own file");
    assert_eq!(recovered.rows, u64::from(LEASES));
    let (read, rows) = (begun.elapsed(), resident());
    let begun = Instant::now();
    let mut bench = Bench::with_pool(POOL, recovered.leases);
    let (indexed, all) = (begun.elapsed(), resident());
    bench.packet(client::datagram(&client::message(1, MessageType::Discover)));
    assert_eq!(bench.sink.sent, 1, "an offer to somebody new");
    println!(
        "  read in {:.2} s, {:.1} octets of memory each; books in {:.2} s, {:.1} octets more",
        read.as_secs_f64(),
        each(rows.saturating_sub(before)),
        indexed.as_secs_f64(),
        each(all.saturating_sub(rows)),
    );
}

/// Octets of memory that this process has.
fn resident() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * PAGE
}

fn each(octets: u64) -> f64 {
    octets as f64 / f64::from(LEASES)
}
