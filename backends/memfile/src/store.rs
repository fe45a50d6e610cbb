//! The store itself: append, sync, commit, rotate.

use lessor_env::files::{FileHandle, Files};
use lessor_lease::{Change, Memory, Outcome, Refusal, StoreFailure};
use lessor_types::Wall;

use crate::csv::{LEASES4, RowError};
use crate::error::{IoFailure, OpenError, RotateError, WriteFailed};
use crate::names::Names;
use crate::note::{self, Boot, Mark, Note};
use crate::recovery::{self, Options, Recovered, Renewed};
use crate::seals::{Runs, Sealer};

/// What a store did since it was opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Batches appended.
    pub batches: u64,
    /// Rows appended.
    pub rows: u64,
    /// Octets appended.
    pub octets: u64,
    /// Syncs that succeeded.
    pub syncs: u64,
    /// Appends that failed, syncs that failed.
    pub failures: u64,
    /// Journals handed over to a compaction.
    pub rotations: u64,
}

/// A lease file that this server owns.
#[derive(Debug)]
pub struct Memfile<F: Files> {
    files: F,
    names: Names,
    options: Options,
    lock: F::Lock,
    live: Result<Live<F::File>, StoreFailure>,
    buffer: Vec<u8>,
    /// The latest date that a row has, as far as it is known.
    newest: Wall,
    counters: Counters,
}

/// The journal while it can be trusted.
#[derive(Debug)]
struct Live<H> {
    file: H,
    /// Its length in octets: all of them whole rows.
    len: u64,
    /// How much of it is known to be durable.
    synced: u64,
    /// The last row, with its line end; nothing if there never was one.
    last: Vec<u8>,
    /// Whether some of it is not known to be durable.
    dirty: bool,
    sealer: Sealer<H>,
}

/// A commit that is written and not synced.
#[derive(Debug)]
pub struct Half {
    outcomes: Vec<Outcome>,
    written: Result<(), WriteFailed>,
}

impl<F: Files> Memfile<F> {
    /// Takes the lock, reads the lease file `name` and what compactions left beside it, and makes
    /// that durable. Files that do not exist are as empty ones.
    ///
    /// # Errors
    /// [`OpenError`]; the files hold the same leases as before.
    pub fn open(files: F, name: &str, options: Options) -> Result<(Self, Recovered), OpenError> {
        let names = Names::of(name);
        let lock = files
            .try_lock(&names.lock)
            .map_err(IoFailure::on(&files, "lock", &names.lock))?
            .ok_or_else(|| OpenError::Locked { file: files.display(name) })?;
        Self::open_locked(files, names, options, lock, Counters::default())
    }

    /// Reads everything again after the store was closed, without giving the lock away. What was
    /// [`Outcome::Unknown`] has an answer then: a row that was read is durable, one that was not
    /// will not appear later.
    ///
    /// # Errors
    /// [`OpenError`]; the lock is given back, and [`Memfile::open`] may be tried.
    pub fn reopen(self) -> Result<(Self, Recovered), OpenError> {
        drop(self.live);
        Self::open_locked(self.files, self.names, self.options, self.lock, self.counters)
    }

    fn open_locked(
        files: F,
        names: Names,
        options: Options,
        lock: F::Lock,
        counters: Counters,
    ) -> Result<(Self, Recovered), OpenError> {
        let compaction = files
            .try_lock(&names.compaction_lock)
            .map_err(IoFailure::on(&files, "lock", &names.compaction_lock))?
            .ok_or_else(|| OpenError::Compacting { file: files.display(&names.live) })?;
        let (renewed, recovered) = recovery::recover(&files, &names, options)?;
        drop(compaction);
        let Renewed { file, len, last, runs } = renewed;
        let sealer = Sealer::new(&files, &names.live_seals, &file, runs);
        let live = Ok(Live { file, len, synced: len, last, dirty: false, sealer });
        let newest = recovered.newest;
        let buffer = Vec::new();
        let store = Self { files, names, options, lock, live, buffer, newest, counters };
        Ok((store, recovered))
    }

    /// Whether changes can be appended. A closed store stays closed until [`Memfile::reopen`].
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.live.is_ok()
    }

    /// Why the store is closed.
    #[must_use]
    pub fn failure(&self) -> Option<&StoreFailure> {
        self.live.as_ref().err()
    }

    /// What it did since it was opened, reopenings included.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        self.counters
    }

    /// The length of the journal, in octets.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.live.as_ref().map_or(0, |live| live.len)
    }

    /// Whether there is no journal, because the store is closed. (An open one has a first line.)
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends changes in one write. They are durable after the next [`Memfile::sync`].
    ///
    /// # Errors
    /// [`WriteFailed`]; it says whether anything was written, which is all of them or none.
    pub fn append(&mut self, changes: &[Change]) -> Result<(), WriteFailed> {
        self.date(changes);
        self.buffer.clear();
        for (index, change) in changes.iter().enumerate() {
            encode(change, &mut self.buffer).map_err(|why| WriteFailed::Invalid { index, why })?;
        }
        self.write(changes.len())
    }

    /// Makes durable what was appended.
    ///
    /// # Errors
    /// [`StoreFailure`]; the store is closed, and what was appended since the last sync may be
    /// there or not.
    pub fn sync(&mut self) -> Result<(), StoreFailure> {
        let live = self.live.as_mut().map_err(|failure| failure.clone())?;
        if !live.dirty {
            return Ok(());
        }
        if let Err(error) = live.file.sync_data() {
            let failure = IoFailure::on(&self.files, "sync", &self.names.live)(error);
            return Err(self.close(failure));
        }
        live.dirty = false;
        live.synced = live.len;
        live.sealer.synced();
        self.counters.syncs += 1;
        Ok(())
    }

    /// Whether durable rows have no checksum yet.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.live.as_ref().is_ok_and(|live| live.sealer.is_behind())
    }

    /// Writes checksums of all durable rows, so that a bit that the disk changes in them is
    /// noticed. [`Memfile::sync`] does so for what is more than a few dozen rows; this is for when
    /// there is nothing else to do. Should it fail, leases are not concerned.
    pub fn seal(&mut self) {
        if let Ok(live) = &mut self.live {
            live.sealer.seal_all();
        }
    }

    /// Seals everything, and that this server does not change it any more.
    pub fn leave(mut self) {
        if let Ok(live) = &mut self.live
            && !live.dirty
        {
            live.sealer.close(&live.file);
        }
    }

    /// Notes durably what the next start has to know, and how far the journal is synced, and makes
    /// its checksums durable. Beside a closed store nothing is done.
    ///
    /// # Errors
    /// [`IoFailure`]; the note before stays, or its end is open. Leases are not concerned.
    pub fn remember(&mut self, memory: &Memory, boot: &Boot) -> Result<(), IoFailure> {
        let Ok(live) = &mut self.live else {
            return Ok(());
        };
        let (files, names) = (&self.files, &self.names);
        let failed = |what, name| IoFailure::on(files, what, name);
        let mark = Mark::of(&mut live.file, live.synced);
        let mark = mark.map_err(failed("read", &names.live))?.unwrap_or_default();
        // Rows may have been written since the server said what to remember.
        let memory = Memory { seen: memory.seen.max(self.newest), ..memory.clone() };
        let text = Note { memory, boot: boot.clone(), mark, damaged: false }.to_text();
        note::write(files, names, &text)?;
        live.sealer.sync();
        Ok(())
    }

    /// Appends and syncs, and answers for each change.
    #[must_use]
    pub fn commit(&mut self, changes: &[Change]) -> Vec<Outcome> {
        let half = self.begin(changes);
        self.finish(half)
    }

    /// Appends: the first half of a [`Memfile::commit`].
    #[must_use = "changes without an answer are neither made nor refused"]
    pub fn begin(&mut self, changes: &[Change]) -> Half {
        self.date(changes);
        self.buffer.clear();
        let mut written = 0;
        let outcomes = changes
            .iter()
            .map(|change| match encode(change, &mut self.buffer) {
                Ok(()) => {
                    written += 1;
                    Outcome::Done
                }
                Err(_) => Outcome::Refused(Refusal::Invalid),
            })
            .collect();
        Half { outcomes, written: self.write(written) }
    }

    /// Syncs, and answers for each change: the second half of a [`Memfile::commit`].
    #[must_use]
    pub fn finish(&mut self, half: Half) -> Vec<Outcome> {
        let Half { mut outcomes, written } = half;
        let outcome = match written {
            Ok(()) => match self.sync() {
                Ok(()) => Outcome::Done,
                Err(_) => Outcome::Unknown,
            },
            Err(WriteFailed::Undone { refusal, .. }) => Outcome::Refused(refusal),
            Err(WriteFailed::Closed(_)) => Outcome::Refused(Refusal::Unavailable),
            Err(WriteFailed::Invalid { .. }) => Outcome::Refused(Refusal::Invalid),
            Err(WriteFailed::Lost(_)) => Outcome::Unknown,
        };
        for place in &mut outcomes {
            if *place == Outcome::Done {
                place.clone_from(&outcome);
            }
        }
        outcomes
    }

    /// Hands the journal over to a [`crate::Compaction`] and begins a new one, with the last row once
    /// more, so that it can be told from others. [`Memfile::remember`] comes next, and the compaction
    /// only when that has succeeded: else nothing is left that the note is about. `false`: the last
    /// compaction is running or did not end; nothing was done.
    ///
    /// # Errors
    /// [`RotateError`]; it says whether the store is still open.
    pub fn rotate(&mut self) -> Result<bool, RotateError> {
        self.sync().map_err(RotateError::Closed)?;
        let names = &self.names;
        let failed = |what, name| IoFailure::on(&self.files, what, name);
        let before = |what, name| {
            let failed = failed(what, name);
            move |error| RotateError::Before(failed(error))
        };
        // A compaction that ends just now would move these names under our eyes.
        let lock = self.files.try_lock(&names.compaction_lock);
        let Some(_lock) = lock.map_err(before("lock", &names.compaction_lock))? else {
            return Ok(false);
        };
        for name in [&names.copy, &names.completed] {
            if self.files.exists(name).map_err(before("find", name))? {
                return Ok(false);
            }
        }
        // The new journal is whole before it has its name, so a full disk changes nothing.
        let mut next = self.files.create(&names.next).map_err(before("create", &names.next))?;
        let last = match &self.live {
            Ok(live) => live.last.clone(),
            Err(failure) => return Err(RotateError::Closed(failure.clone())),
        };
        let mut begin = LEASES4.header().into_bytes();
        begin.extend_from_slice(&last);
        next.append(&begin).map_err(before("write", &names.next))?;
        next.sync_data().map_err(before("sync", &names.next))?;
        let moved = self
            .files
            .rename(&names.live, &names.copy)
            .map_err(failed("rename", &names.live))
            .and_then(|()| {
                let renamed = self.files.rename(&names.next, &names.live);
                renamed.map_err(failed("rename", &names.next))
            })
            .and_then(|()| {
                let synced = self.files.sync_dir();
                synced.map_err(failed("sync the directory of", &names.live))
            });
        if let Err(failure) = moved {
            return Err(RotateError::Closed(self.close(failure)));
        }
        if let Ok(live) = &mut self.live {
            live.sealer.close(&live.file);
        }
        // Seals say themselves what they are about, so nothing depends on where they are.
        let _ = self.files.rename(&names.live_seals, &names.copy_seals);
        let len = begin.len() as u64;
        let mut runs = Runs::default();
        runs.add(&begin);
        let sealer = Sealer::new(&self.files, &names.live_seals, &next, runs);
        self.live = Ok(Live { file: next, len, synced: len, last, dirty: false, sealer });
        self.counters.rotations += 1;
        Ok(true)
    }

    fn date(&mut self, changes: &[Change]) {
        let dates = changes.iter().filter_map(|change| change.to.as_ref().map(|to| to.confirmed()));
        self.newest = dates.fold(self.newest, Wall::max);
    }

    /// Writes the buffer, which holds `rows` rows.
    fn write(&mut self, rows: usize) -> Result<(), WriteFailed> {
        let live = match &mut self.live {
            Ok(live) => live,
            Err(failure) => return Err(WriteFailed::Closed(failure.clone())),
        };
        if rows == 0 {
            return Ok(());
        }
        let Err(error) = live.file.append(&self.buffer) else {
            let octets = self.buffer.len() as u64;
            live.len += octets;
            live.dirty = true;
            live.last.clear();
            live.last.extend_from_slice(last_row(&self.buffer));
            live.sealer.add(&self.buffer);
            self.counters.batches += 1;
            self.counters.rows += rows as u64;
            self.counters.octets += octets;
            return Ok(());
        };
        // Whole rows of the batch may have been written. They are refused, so they must not come
        // back after a power cut either: hence the sync.
        let undone = live.file.truncate(live.len);
        let undone = undone.and_then(|()| live.file.sync_data());
        let failure = IoFailure::on(&self.files, "write", &self.names.live)(error);
        if undone.is_err() {
            return Err(WriteFailed::Lost(self.close(failure)));
        }
        live.dirty = false;
        live.synced = live.len;
        live.sealer.synced();
        self.counters.failures += 1;
        Err(WriteFailed::Undone { refusal: failure.refusal(), failure: failure.into() })
    }

    fn close(&mut self, failure: IoFailure) -> StoreFailure {
        let failure = StoreFailure::from(failure);
        self.live = Err(failure.clone());
        self.counters.failures += 1;
        failure
    }
}

/// The last line of some, with its end.
fn last_row(rows: &[u8]) -> &[u8] {
    let before = rows.split_last().and_then(|(_, rows)| rows.iter().rposition(|it| *it == b'\n'));
    rows.get(before.map_or(0, |at| at + 1)..).unwrap_or(rows)
}

fn encode(change: &Change, out: &mut Vec<u8>) -> Result<(), RowError> {
    match &change.to {
        Some(lease) => LEASES4.encode(lease, out),
        None => LEASES4.encode_removal(change.unit, change.from.as_deref(), out),
    }
}
