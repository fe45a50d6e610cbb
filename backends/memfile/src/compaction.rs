//! Two files folded into one, beside the running store.
//!
//! The roles and the order are Kea's. Whatever a crash leaves is safe to read and safe to go on
//! from: until `completed` is durable the inputs are whole; from then on it alone counts, until the
//! last rename makes it `previous`.

use std::collections::BTreeMap;
use std::collections::btree_map;

use lessor_env::files::{FileHandle, Files};
use lessor_types::Unit;

use crate::csv::{LEASES4, Row};
use crate::error::{CompactionError, IoFailure};
use crate::journal::{Entry, Journal};
use crate::names::Names;
use crate::seals::{Runs, Sealer, Seals};

/// How many bad rows an input may have: a compaction forgets them, and forgetting more would hide
/// that the file is damaged. (Kea's number.)
const BAD_ROWS_MAX: u32 = 100;

/// What a compaction did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// Rows read.
    pub read: u64,
    /// Rows written, one for each lease.
    pub written: u64,
    /// Bad rows, which are gone now.
    pub dropped: u64,
}

/// How far a compaction is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// There is more to do.
    Working,
    /// All is done.
    Finished(Stats),
}

/// One compaction. It may run on another thread than the store.
#[derive(Debug)]
pub struct Compaction<F: Files> {
    files: F,
    names: Names,
    _lock: F::Lock,
    stage: Stage<F::File>,
    /// What the output holds, for its seals; nothing if another compaction wrote it.
    runs: Option<Runs>,
    stats: Stats,
}

/// Where a row stands.
#[derive(Clone, Copy, Debug)]
struct Place {
    input: usize,
    offset: u64,
    len: usize,
}

#[derive(Debug)]
enum Stage<H> {
    Load {
        inputs: Vec<Journal<H>>,
        /// The input that is being read.
        at: usize,
        /// The last good row of each unit that has a lease.
        fold: BTreeMap<Unit, Place>,
    },
    Write {
        inputs: Vec<Journal<H>>,
        rows: btree_map::IntoValues<Unit, Place>,
        output: H,
    },
    Sync(H),
    Publish,
    SyncPublished,
    RemoveCopy,
    Replace,
    SyncReplaced,
    Finished,
    Failed,
}

impl<F: Files> Compaction<F> {
    /// Begins a compaction of what [`crate::Memfile::rotate`] handed over, or takes up one that did
    /// not end. Where there is nothing to do it finishes at once.
    ///
    /// # Errors
    /// [`CompactionError`] where another one runs or an input cannot be read.
    pub fn new(files: F, name: &str) -> Result<Self, CompactionError> {
        let names = Names::of(name);
        let lock = files
            .try_lock(&names.compaction_lock)
            .map_err(IoFailure::on(&files, "lock", &names.compaction_lock))?
            .ok_or_else(|| CompactionError::Running { file: files.display(name) })?;
        let stage = Self::begin(&files, &names)?;
        Ok(Self { files, names, _lock: lock, stage, runs: None, stats: Stats::default() })
    }

    fn begin(files: &F, names: &Names) -> Result<Stage<F::File>, CompactionError> {
        let seals = Seals::read(files, names);
        let open = |name: &str| Journal::open(files, name, &LEASES4, BAD_ROWS_MAX, &seals);
        let completed = open(&names.completed)?;
        if let Some(mut completed) = completed {
            // Kea does not sync what it completes, and the inputs are about to go.
            let synced = completed.file().sync_data();
            synced.map_err(IoFailure::on(files, "sync", &names.completed))?;
            return Ok(Stage::SyncPublished);
        }
        let previous = open(&names.previous)?;
        let copy = open(&names.copy)?;
        let old = previous.as_ref().and_then(Journal::format);
        if copy.is_none() && old.is_none_or(|format| format.is_current()) {
            return Ok(Stage::Finished);
        }
        Ok(Stage::Load {
            inputs: previous.into_iter().chain(copy).collect(),
            at: 0,
            fold: BTreeMap::new(),
        })
    }

    /// Does a part of it: up to `rows` rows, or one call that changes the directory or syncs.
    ///
    /// # Errors
    /// [`CompactionError`]; this compaction can only be dropped then, and another one begun.
    pub fn step(&mut self, rows: usize) -> Result<Progress, CompactionError> {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Failed) {
            Stage::Load { inputs, at, fold } => self.load(inputs, at, fold, rows)?,
            Stage::Write { inputs, rows: places, output } => {
                self.write(inputs, places, output, rows)?
            }
            Stage::Failed => return Err(CompactionError::Ended),
            stage => self.finish(stage)?,
        };
        Ok(match self.stage {
            Stage::Finished => Progress::Finished(self.stats),
            _ => Progress::Working,
        })
    }

    fn load(
        &mut self,
        mut inputs: Vec<Journal<F::File>>,
        mut at: usize,
        mut fold: BTreeMap<Unit, Place>,
        rows: usize,
    ) -> Result<Stage<F::File>, CompactionError> {
        for _ in 0..rows.max(1) {
            let Some(input) = inputs.get_mut(at) else {
                let output = self.files.create(&self.names.output);
                let mut output = output.map_err(self.failed("create", &self.names.output))?;
                let header = LEASES4.header();
                let mut runs = Runs::default();
                runs.add(header.as_bytes());
                self.runs = Some(runs);
                let wrote = output.append(header.as_bytes());
                wrote.map_err(self.failed("write", &self.names.output))?;
                let rows = fold.into_values();
                return Ok(Stage::Write { inputs, rows, output });
            };
            match input.next_entry()? {
                Some(Entry::Row(row, octets, offset)) => {
                    self.stats.read += 1;
                    let place = Place { input: at, offset, len: octets.len() };
                    match row {
                        Row::Put(lease) => fold.insert(lease.unit, place),
                        Row::Remove(unit) => fold.remove(&unit),
                    };
                }
                Some(Entry::Bad(..)) => self.stats.dropped += 1,
                // The next start reads it with care, and tells the server that leases are missing.
                Some(Entry::Damaged(finding, _)) => {
                    return Err(CompactionError::Damaged(finding));
                }
                Some(Entry::Torn(_)) | None => at += 1,
            }
        }
        Ok(Stage::Load { inputs, at, fold })
    }

    fn write(
        &mut self,
        mut inputs: Vec<Journal<F::File>>,
        mut places: btree_map::IntoValues<Unit, Place>,
        mut output: F::File,
        rows: usize,
    ) -> Result<Stage<F::File>, CompactionError> {
        let mut text = Vec::new();
        let mut line = Vec::new();
        for place in places.by_ref().take(rows.max(1)) {
            let Some(input) = inputs.get_mut(place.input) else {
                continue;
            };
            line.resize(place.len, 0);
            let row = input.reread(place.offset, &mut line)?;
            let encoded = match &row {
                Row::Put(lease) => LEASES4.encode(lease, &mut text),
                Row::Remove(_) => continue,
            };
            encoded.map_err(|why| {
                let why = std::io::Error::new(std::io::ErrorKind::InvalidData, why);
                self.failed("write", &self.names.output)(why)
            })?;
            self.stats.written += 1;
        }
        if text.is_empty() {
            return Ok(Stage::Sync(output));
        }
        if let Some(runs) = &mut self.runs {
            runs.add(&text);
        }
        let wrote = output.append(&text);
        wrote.map_err(self.failed("write", &self.names.output))?;
        Ok(Stage::Write { inputs, rows: places, output })
    }

    /// One call of what follows when the output is written.
    fn finish(&mut self, stage: Stage<F::File>) -> Result<Stage<F::File>, IoFailure> {
        let names = &self.names;
        let synced_dir = || {
            let synced = self.files.sync_dir();
            synced.map_err(self.failed("sync the directory of", &names.live))
        };
        Ok(match stage {
            Stage::Sync(mut output) => {
                let synced = output.sync_data();
                synced.map_err(self.failed("sync", &names.output))?;
                Stage::Publish
            }
            Stage::Publish => {
                let renamed = self.files.rename(&names.output, &names.completed);
                renamed.map_err(self.failed("rename", &names.output))?;
                Stage::SyncPublished
            }
            Stage::SyncPublished => {
                synced_dir()?;
                Stage::RemoveCopy
            }
            Stage::RemoveCopy => {
                match self.files.remove(&names.copy) {
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    removed => removed.map_err(self.failed("remove", &names.copy))?,
                }
                Stage::Replace
            }
            // `previous` goes by this rename, so that there is no moment without either.
            Stage::Replace => {
                let renamed = self.files.rename(&names.completed, &names.previous);
                renamed.map_err(self.failed("rename", &names.completed))?;
                Stage::SyncReplaced
            }
            Stage::SyncReplaced => {
                synced_dir()?;
                self.seal();
                Stage::Finished
            }
            Stage::Finished => Stage::Finished,
            Stage::Load { .. } | Stage::Write { .. } | Stage::Failed => Stage::Failed,
        })
    }

    /// Seals what was written. Should that fail, it is read as it is.
    fn seal(&mut self) {
        let (Some(runs), Ok(file)) = (self.runs.take(), self.files.open(&self.names.previous))
        else {
            return;
        };
        let mut sealer = Sealer::new(&self.files, &self.names.previous_seals, &file, runs);
        sealer.close(&file);
    }

    fn failed(&self, what: &'static str, name: &str) -> impl FnOnce(std::io::Error) -> IoFailure {
        IoFailure::on(&self.files, what, name)
    }
}
