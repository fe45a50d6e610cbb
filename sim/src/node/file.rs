//! The exclusive store: the real lease file code on a simulated disk, one step at a time.

use std::collections::VecDeque;
use std::time::Duration;

use lessor_env::files::{FileHandle, Files};
use lessor_lease::{Memory, Outcome, Past, Rows, StoreBatch, StoreFailure};
use lessor_memfile::{
    Boot, Compaction, Memfile, Names, OpenError, Options, Progress, ReadError, RotateError,
    Trouble, WriteFailed, sealed_runs,
};
use lessor_sim_disk::{Crash, Kind, SimDisk, Survival};
use lessor_types::{Prng, Seed, Wall};

use crate::check::Verdict;
use crate::check::durability::Fold;
use crate::planted::Bug;
use crate::schedule::DiskCall;
use crate::time::EPOCH_SECS;

/// No wall clock is believed that shows less: a month before the world begins.
const FLOOR: Wall = Wall::from_secs(EPOCH_SECS - 30 * 86_400);
/// No first line of a lease file is longer.
const HEADER_MAX: u64 = 400;
/// The lease file's name.
const NAME: &str = "kea-leases4.csv";

/// What a step did.
#[derive(Debug)]
pub(crate) enum Done {
    /// Nothing was to be done.
    Idle,
    /// The batch is written; it has to be synced.
    Written,
    /// The batch is settled.
    Settled(StoreBatch, Vec<Outcome>),
    /// The batch is settled, and the store is closed.
    Lost(StoreBatch, Vec<Outcome>, StoreFailure),
    /// The store is closed.
    Closed(StoreFailure),
    /// The disk has met its crash point.
    Crashed,
}

/// How an opening went.
#[derive(Debug)]
pub(crate) enum Opened {
    /// These are all the rows; `torn`: an end was cut off.
    Rows { rows: Rows, past: Box<Past>, torn: bool, rot: Rot, verdict: Verdict },
    /// It did not; it may be tried again.
    Failed,
    /// The disk has met its crash point.
    Crashed,
}

/// What checksums told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rot {
    /// A bit was put right.
    pub(crate) mended: bool,
    /// Rows were not believed.
    pub(crate) damaged: bool,
}

/// How a step of a compaction went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Compacted {
    Working,
    Finished,
    Failed,
    Crashed,
}

/// How a note was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NoteTaken {
    Kept,
    Failed,
    Crashed,
}

/// The lease files as they once were.
#[derive(Debug)]
struct Backup {
    files: Vec<(String, Vec<u8>)>,
    /// How many batches had been written.
    batches: u64,
}

/// A lease file, the batch in work, and what must be durable.
#[derive(Debug)]
pub(crate) struct FileStore {
    disk: SimDisk,
    file: Option<Memfile<SimDisk>>,
    compaction: Option<Compaction<SimDisk>>,
    batches: VecDeque<StoreBatch>,
    /// Whether the first batch is written and not yet synced.
    written: bool,
    /// For [`Bug::AckOnAppend`]: whether the first batch was reported already.
    reported: bool,
    pub(crate) fold: Fold,
    ack_on_append: bool,
    no_seals: bool,
    /// How often the machine was started.
    boots: u64,
    /// What is noted for the next start.
    memory: Option<Memory>,
    /// The machine's start and the batches written, as of the last note.
    noted: Option<(u64, u64)>,
    batches_written: u64,
    backup: Option<Backup>,
    /// Whether the file was no lease file when it was opened last: only an operator can help.
    pub(crate) refused: bool,
    /// Calls that failed, for the books.
    pub(crate) failures: u64,
}

impl FileStore {
    pub(crate) fn new(seed: Seed, bug: Option<Bug>) -> Self {
        let disk = SimDisk::new(seed);
        disk.forget_syncs(bug == Some(Bug::NoSync));
        disk.forget_dir_syncs(bug == Some(Bug::NoDirectorySync));
        Self {
            disk,
            file: None,
            compaction: None,
            batches: VecDeque::new(),
            written: false,
            reported: false,
            fold: Fold::default(),
            ack_on_append: bug == Some(Bug::AckOnAppend),
            no_seals: bug == Some(Bug::NoSeals),
            boots: 0,
            memory: None,
            noted: None,
            batches_written: 0,
            backup: None,
            refused: false,
            failures: 0,
        }
    }

    // --- batches ---

    /// Takes a batch; whether it is the next one to be written.
    pub(crate) fn push(&mut self, batch: StoreBatch) -> bool {
        self.batches.push_back(batch);
        self.batches.len() == 1
    }

    /// Whether a batch waits to be written.
    pub(crate) fn has_work(&self) -> bool {
        !self.batches.is_empty() && !self.written
    }

    /// Writes the first batch.
    pub(crate) fn append(&mut self) -> Done {
        let Some(batch) = self.batches.front().filter(|_| !self.written) else {
            return Done::Idle;
        };
        let Some(file) = &mut self.file else {
            let refused = Outcome::Refused(lessor_lease::Refusal::Unavailable);
            return self.settle(refused, None);
        };
        let result = file.append(&batch.changes);
        self.disk.clear_trace();
        match result {
            Ok(()) => {
                self.fold.written(&batch.changes);
                self.written = true;
                self.batches_written += 1;
                Done::Written
            }
            Err(_) if self.disk.crashed() => {
                self.fold.written(&batch.changes);
                Done::Crashed
            }
            Err(WriteFailed::Undone { refusal, .. }) => {
                self.failures += 1;
                self.settle(Outcome::Refused(refusal), None)
            }
            Err(WriteFailed::Closed(_)) => {
                let refused = Outcome::Refused(lessor_lease::Refusal::Unavailable);
                self.settle(refused, None)
            }
            Err(WriteFailed::Lost(failure)) => {
                self.failures += 1;
                self.fold.written(&batch.changes);
                self.settle(Outcome::Unknown, Some(failure))
            }
            Err(_) => self.settle(Outcome::Refused(lessor_lease::Refusal::Invalid), None),
        }
    }

    /// For [`Bug::AckOnAppend`]: the outcomes of the batch that is written and not yet synced.
    pub(crate) fn report_early(&mut self) -> Option<(StoreBatch, Vec<Outcome>)> {
        let batch = self.batches.front().filter(|_| self.ack_on_append && self.written)?;
        self.reported = true;
        Some((batch.clone(), vec![Outcome::Done; batch.changes.len()]))
    }

    /// Syncs what is written.
    pub(crate) fn sync(&mut self) -> Done {
        if !self.written {
            return Done::Idle;
        }
        let Some(file) = &mut self.file else {
            return Done::Idle;
        };
        let result = file.sync();
        self.disk.clear_trace();
        match result {
            Ok(()) => {
                // As the thread that writes leases does when nothing else comes.
                if self.batches.len() == 1 {
                    file.seal();
                    self.disk.clear_trace();
                }
                self.fold.synced();
                if self.disk.crashed() {
                    return Done::Crashed;
                }
                self.settle(Outcome::Done, None)
            }
            Err(_) if self.disk.crashed() => Done::Crashed,
            Err(failure) => {
                self.failures += 1;
                self.settle(Outcome::Unknown, Some(failure))
            }
        }
    }

    fn settle(&mut self, outcome: Outcome, failure: Option<StoreFailure>) -> Done {
        self.written = false;
        let reported = std::mem::take(&mut self.reported);
        let Some(batch) = self.batches.pop_front().filter(|_| !reported) else {
            return failure.map_or(Done::Idle, Done::Closed);
        };
        let outcomes = vec![outcome; batch.changes.len()];
        match failure {
            None => Done::Settled(batch, outcomes),
            Some(failure) => Done::Lost(batch, outcomes, failure),
        }
    }

    // --- opening ---

    /// Opens the file for the first time, after a crash, or after a failure.
    pub(crate) fn open(&mut self) -> Opened {
        if self.no_seals {
            let names = Names::of(NAME);
            for name in [names.live_seals, names.copy_seals, names.previous_seals] {
                self.disk.take_away(&name);
            }
        }
        self.batches.clear();
        self.written = false;
        let opened = match self.file.take() {
            Some(closed) => closed.reopen(),
            None => Memfile::open(self.disk.clone(), NAME, Options::default()),
        };
        self.disk.clear_trace();
        match opened {
            _ if self.disk.crashed() => Opened::Crashed,
            Ok((file, recovered)) => {
                self.file = Some(file);
                let is_torn = |trouble: &Trouble| matches!(trouble, Trouble::Torn(_));
                Opened::Rows {
                    torn: recovered.findings.iter().any(|it| is_torn(&it.trouble)),
                    rot: Rot {
                        mended: !recovered.mended.is_empty(),
                        damaged: recovered.damaged_rows > 0,
                    },
                    verdict: self.fold.recovered(&recovered.leases),
                    past: Box::new(recovered.noted.past(&self.boot(), FLOOR)),
                    rows: recovered.leases,
                }
            }
            Err(error) => {
                self.refused = matches!(&error, OpenError::Read(ReadError::Header { .. }));
                self.failures += u64::from(!matches!(error, OpenError::Compacting { .. }));
                Opened::Failed
            }
        }
    }

    // --- notes and backups ---

    fn boot(&self) -> Boot {
        Boot { id: self.boots.to_string().into(), ahead: Duration::ZERO }
    }

    /// Notes what the next start has to know.
    pub(crate) fn remember(&mut self, memory: Memory) -> NoteTaken {
        self.memory = Some(memory);
        self.note()
    }

    fn note(&mut self) -> NoteTaken {
        let boot = self.boot();
        let (Some(memory), Some(file)) = (&self.memory, &mut self.file) else {
            return NoteTaken::Failed;
        };
        if !file.is_open() {
            return NoteTaken::Failed;
        }
        let noted = file.remember(memory, &boot);
        self.disk.clear_trace();
        match noted {
            _ if self.disk.crashed() => NoteTaken::Crashed,
            Ok(()) => {
                // A batch that is written and not synced is not what the note is about.
                let batches = self.batches_written - u64::from(self.written);
                self.noted = Some((self.boots, batches));
                NoteTaken::Kept
            }
            Err(_) => {
                self.failures += 1;
                NoteTaken::Failed
            }
        }
    }

    /// Whether there is a note since the machine's last start.
    pub(crate) fn knows_boot(&self) -> bool {
        self.noted.is_some_and(|(boot, _)| boot == self.boots)
    }

    /// Copies the lease files.
    pub(crate) fn back_up(&mut self) {
        let names = Names::of(NAME);
        let names = [names.live, names.copy, names.previous, names.completed];
        let copy = |name: String| self.disk.contents(&name).map(|text| (name, text));
        let files = names.into_iter().filter_map(copy).collect();
        self.backup = Some(Backup { files, batches: self.batches_written });
    }

    /// Whether the copy can be told from what the files became since.
    pub(crate) fn can_restore(&self) -> bool {
        let Some(backup) = &self.backup else {
            return false;
        };
        let changed = self.noted.is_some_and(|(_, batches)| batches > backup.batches);
        !backup.files.is_empty() && changed
    }

    /// Puts the copy in the place of the files, which nobody uses.
    pub(crate) fn restore(&mut self) {
        let Some(backup) = self.backup.take() else {
            return;
        };
        let names = Names::of(NAME);
        for name in [names.live, names.copy, names.previous, names.completed, names.output] {
            match backup.files.iter().find(|(other, _)| *other == name) {
                Some((_, text)) => self.disk.place(&name, text),
                None => self.disk.take_away(&name),
            }
        }
        self.fold.forget();
    }

    /// A bit, or several of one run, changes in what is sealed; whether there is something to
    /// change.
    pub(crate) fn rot(&mut self, rng: &mut Prng, further: bool) -> bool {
        // What is sealed even if the power goes before the next start is over.
        let dark = self.disk.fork();
        let nothing = Survival::Nothing;
        dark.crash(Crash::Power { data: nothing, names: nothing });
        let stamp = |disk: &SimDisk, name: &str| disk.open(name).ok().and_then(|it| it.stamp());
        let mut runs = sealed_runs(&dark, NAME);
        runs.retain(|(name, _)| stamp(&self.disk, name) == stamp(&dark, name));
        let Some((name, run)) =
            runs.get(usize::try_from(rng.below(runs.len().max(1) as u64)).unwrap_or(0))
        else {
            return false;
        };
        let bit = u8::try_from(rng.below(8)).unwrap_or(0);
        if !further {
            let octet = run.start + rng.below(run.end - run.start);
            return self.disk.rot(name, octet, bit);
        }
        // Without its first line a file is refused, and nobody would be served.
        let from = run.start.max(HEADER_MAX);
        if run.end < from + 2 {
            return false;
        }
        let octet = from + rng.below(run.end - from - 1);
        let done = self.disk.rot(name, octet, bit) && self.disk.rot(name, run.end - 1, bit);
        if done {
            self.fold.forget();
        }
        done
    }

    // --- compaction ---

    pub(crate) const fn is_compacting(&self) -> bool {
        self.compaction.is_some()
    }

    /// Hands the journal to a compaction, and begins that one or one that did not end.
    pub(crate) fn rotate(&mut self) -> Done {
        if self.is_compacting() || self.written {
            return Done::Idle;
        }
        let Some(file) = self.file.as_mut().filter(|file| file.is_open()) else {
            return Done::Idle;
        };
        let rotated = file.rotate();
        self.disk.clear_trace();
        match rotated {
            _ if self.disk.crashed() => return Done::Crashed,
            Ok(_) => {}
            Err(RotateError::Closed(failure)) => {
                self.failures += 1;
                return Done::Closed(failure);
            }
            Err(_) => {
                self.failures += 1;
                return Done::Idle;
            }
        }
        // What the note before is about may go only when there is a new one.
        match self.note() {
            NoteTaken::Kept => {}
            NoteTaken::Failed => return Done::Idle,
            NoteTaken::Crashed => return Done::Crashed,
        }
        let begun = Compaction::new(self.disk.clone(), NAME);
        self.disk.clear_trace();
        match begun {
            Ok(compaction) => self.compaction = Some(compaction),
            Err(_) if self.disk.crashed() => return Done::Crashed,
            Err(_) => self.failures += 1,
        }
        Done::Idle
    }

    /// Goes on with the compaction.
    pub(crate) fn step(&mut self, rows: usize) -> Compacted {
        let Some(compaction) = &mut self.compaction else {
            return Compacted::Finished;
        };
        let stepped = compaction.step(rows);
        self.disk.clear_trace();
        let went = match stepped {
            _ if self.disk.crashed() => return Compacted::Crashed,
            Ok(Progress::Working) => return Compacted::Working,
            Ok(Progress::Finished(_)) => Compacted::Finished,
            Err(_) => {
                self.failures += 1;
                Compacted::Failed
            }
        };
        self.compaction = None;
        went
    }

    // --- faults ---

    pub(crate) fn fail_next(&self, call: DiskCall) {
        self.disk.fail_next(match call {
            DiskCall::Sync => Kind::Sync,
            DiskCall::Append => Kind::Append,
            DiskCall::Create => Kind::Create,
            DiskCall::Rename => Kind::Rename,
            DiskCall::SyncDir => Kind::SyncDir,
        });
    }

    /// Leaves room for so many octets more; `None`: there is room.
    pub(crate) fn set_room(&self, room: Option<u64>) {
        let used = |name: &String| self.disk.contents(name).map_or(0, |text| text.len() as u64);
        let capacity = room.map(|room| room + self.disk.names().iter().map(used).sum::<u64>());
        self.disk.set_capacity(capacity);
    }

    /// Lets the machine crash at the call that comes after so many; `None`: not any more.
    pub(crate) fn crash_at(&self, calls: Option<u64>) {
        self.disk.crash_at(calls.unwrap_or(u64::MAX));
    }

    /// Somebody else writes at the end of the file while nobody uses it.
    pub(crate) fn append_foreign(&self, text: &str) {
        let mut contents = self.disk.contents(NAME).unwrap_or_default();
        contents.extend(text.as_bytes());
        self.disk.place(NAME, &contents);
    }

    /// The process or the machine goes down.
    pub(crate) fn crash(&mut self, power: bool) {
        self.file = None;
        self.compaction = None;
        self.batches.clear();
        self.written = false;
        self.reported = false;
        self.memory = None;
        self.boots += u64::from(power);
        self.disk.crash(if power { Crash::DRAWN } else { Crash::Process });
    }
}
