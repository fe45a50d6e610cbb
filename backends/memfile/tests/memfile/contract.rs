//! The lease file passes the suite of all stores, on a simulated disk and on a real one.

use std::sync::Arc;

use lessor_env::files::{Files, OsFiles};
use lessor_lease::{Change, Lease, Outcome};
use lessor_memfile::{Memfile, Options};
use lessor_sim_disk::{Crash, SimDisk, Survival};
use lessor_store_contract::{Kind, Subject, run};
use lessor_types::Seed;
use tempfile::TempDir;

use crate::world::FILE;

/// A store, and how its machine crashes.
struct Judged<F: Files + Clone, C> {
    files: F,
    store: Option<Memfile<F>>,
    rows: lessor_lease::Table,
    crash: C,
}

impl<F: Files + Clone, C: Fn(&F)> Judged<F, C> {
    fn new(files: F, crash: C) -> Self {
        let mut judged = Self { files, store: None, rows: lessor_lease::Table::new(), crash };
        judged.open();
        judged
    }

    fn open(&mut self) {
        let opened = Memfile::open(self.files.clone(), FILE, Options::default());
        let (store, recovered) = opened.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(recovered.findings, []);
        self.store = Some(store);
        self.rows = recovered.leases.into();
    }
}

impl<F: Files + Clone, C: Fn(&F)> Subject for Judged<F, C> {
    fn commit(&mut self, batch: &[Change]) -> Vec<Outcome> {
        let outcomes = self.store.as_mut().expect("open").commit(batch);
        for (change, outcome) in batch.iter().zip(&outcomes) {
            if *outcome == Outcome::Done {
                match &change.to {
                    Some(lease) => self.rows.put(lease),
                    None => self.rows.remove(change.unit),
                };
            }
        }
        outcomes
    }

    fn crash_and_reopen(&mut self) {
        (self.crash)(&self.files);
        self.store = None;
        self.open();
    }

    fn rows(&mut self) -> Vec<Arc<Lease>> {
        self.rows.rows().collect()
    }

    fn promises(&self) -> Kind {
        Kind::Log
    }
}

#[test]
fn on_a_disk_that_loses_everything_unsynced() {
    run(|| {
        Judged::new(SimDisk::new(Seed(1)), |disk: &SimDisk| {
            disk.crash(Crash::Power { data: Survival::Nothing, names: Survival::Nothing });
        })
    });
}

#[test]
fn on_a_real_directory() {
    let dirs = std::cell::RefCell::new(Vec::<TempDir>::new());
    run(|| {
        let dir = tempfile::tempdir().expect("a directory");
        let files = OsFiles::new(dir.path());
        dirs.borrow_mut().push(dir);
        Judged::new(files, |_: &OsFiles| {})
    });
}
