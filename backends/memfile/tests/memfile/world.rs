//! A store, its compaction and its disk, driven by a list of actions and watched by an oracle.

use std::sync::Arc;

use lessor_lease::{Change, Lease, Rows};
use lessor_memfile::{Compaction, Memfile, OpenError, Options, Progress};
use lessor_sim_disk::{Crash, Kind, SimDisk};
use lessor_types::{Seed, Unit};

use crate::oracle::Oracle;

pub(crate) const FILE: &str = "kea-leases4.csv";

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Commit(Vec<(Unit, Option<Lease>)>),
    Rotate,
    /// Begins a compaction, if none runs, and does some steps of so many rows.
    Compact(usize, usize),
    /// Drops the compaction where it stands.
    Abandon,
    FailNext(Kind),
    /// Leaves so much room on the disk; `None`: enough.
    Room(Option<u64>),
    Reopen,
    Crash(Crash),
}

pub(crate) struct World {
    pub(crate) disk: SimDisk,
    store: Option<Memfile<SimDisk>>,
    compaction: Option<Compaction<SimDisk>>,
    pub(crate) oracle: Oracle,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            disk: SimDisk::new(Seed(seed)),
            store: None,
            compaction: None,
            oracle: Oracle::default(),
        }
    }

    /// Acts until the disk crashes for good or the actions end.
    pub(crate) fn run(&mut self, actions: &[Action]) -> Result<(), String> {
        for action in actions {
            if self.disk.crashed() {
                break;
            }
            self.act(action).map_err(|why| format!("at {action:?}: {why}"))?;
        }
        Ok(())
    }

    fn act(&mut self, action: &Action) -> Result<(), String> {
        match action {
            Action::FailNext(kind) => self.disk.fail_next(*kind),
            Action::Room(room) => {
                let used = |name: &String| self.disk.contents(name).map_or(0, |text| text.len());
                let used: usize = self.disk.names().iter().map(used).sum();
                self.disk.set_capacity(room.map(|room| room + used as u64));
            }
            Action::Crash(crash) => {
                self.disk.crash(*crash);
                self.store = None;
                self.compaction = None;
                self.open()?;
            }
            Action::Commit(goals) => self.commit(goals)?,
            Action::Rotate => {
                self.open_if_closed()?;
                if let Some(store) = &mut self.store {
                    // Whether it failed shows at the next commit.
                    let _ = store.rotate();
                }
            }
            Action::Compact(steps, rows) => self.compact(*steps, *rows),
            Action::Abandon => self.compaction = None,
            Action::Reopen => {
                self.compaction = None;
                if let Some(store) = self.store.take() {
                    let reopened = store.reopen();
                    self.opened(reopened)?;
                }
            }
        }
        Ok(())
    }

    fn commit(&mut self, goals: &[(Unit, Option<Lease>)]) -> Result<(), String> {
        self.open_if_closed()?;
        let Some(store) = &mut self.store else {
            return Ok(());
        };
        let change = |(unit, to): &(Unit, Option<Lease>)| Change {
            unit: *unit,
            from: self.oracle.certain(*unit),
            to: to.clone().map(Arc::new),
        };
        let batch: Vec<_> = goals.iter().map(change).collect();
        self.oracle.begin(&batch);
        let outcomes = store.commit(&batch);
        self.oracle.end(&batch, &outcomes);
        Ok(())
    }

    fn compact(&mut self, steps: usize, rows: usize) {
        if self.compaction.is_none() {
            self.compaction = Compaction::new(self.disk.clone(), FILE).ok();
        }
        for _ in 0..steps {
            let Some(compaction) = &mut self.compaction else {
                return;
            };
            match compaction.step(rows) {
                Ok(Progress::Working) => {}
                Ok(Progress::Finished(_)) | Err(_) => self.compaction = None,
            }
        }
    }

    fn open_if_closed(&mut self) -> Result<(), String> {
        if self.store.as_ref().is_some_and(Memfile::is_open) {
            return Ok(());
        }
        self.store = None;
        self.compaction = None;
        self.open()
    }

    /// Opens the store, with a second try (and room on the disk) if the first one fails.
    fn open(&mut self) -> Result<(), String> {
        let first = Memfile::open(self.disk.clone(), FILE, Options::default());
        if first.is_err() && !self.disk.crashed() {
            self.disk.set_capacity(None);
            let second = Memfile::open(self.disk.clone(), FILE, Options::default());
            return self.opened(second);
        }
        self.opened(first)
    }

    fn opened(
        &mut self,
        opened: Result<(Memfile<SimDisk>, lessor_memfile::Recovered), OpenError>,
    ) -> Result<(), String> {
        if let Ok((store, recovered)) = opened {
            self.store = Some(store);
            self.oracle.check(&recovered.leases)?;
            self.oracle.settle(&recovered.leases);
        }
        Ok(())
    }
}

/// Opens the files of a disk that has no faults, and closes them.
pub(crate) fn recover(disk: &SimDisk) -> Result<Rows, OpenError> {
    Memfile::open(disk.clone(), FILE, Options::default()).map(|(_, recovered)| recovered.leases)
}
