//! Group commit: what a batch costs with its sync, and what it costs a lease.
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use lessor_benches::full::leases;
use lessor_env::files::OsFiles;
use lessor_lease::{Change, Outcome};
use lessor_memfile::{Memfile, Options};

fn commit(c: &mut Criterion) {
    let rows = leases(1000);
    let mut group = c.benchmark_group("journal");
    group.sample_size(20);
    for size in [1_usize, 16, 256, 1024] {
        // In the project's own build folder: a temporary folder may be in memory, where a sync
        // costs nothing.
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the folder exists");
        let files = OsFiles::new(dir.path());
        let (mut memfile, _) =
            Memfile::open(files, "leases.csv", Options::default()).expect("a new file opens");
        let changes: Vec<Change> = rows
            .iter()
            .take(size)
            .map(|row| Change { unit: row.unit, from: None, to: Some(Arc::new(row)) })
            .collect();
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(BenchmarkId::new("commit", size), |b| {
            b.iter(|| {
                let outcomes = memfile.commit(&changes);
                assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done));
            });
        });
    }
    group.finish();
}

criterion_group!(benches, commit);
criterion_main!(benches);
