//! The lease file, with a worker of its own.
//!
//! One batch is one append and one sync: the server has one batch on its way and lets the next one
//! grow meanwhile, which is all the group commit that is needed.

mod compactor;
mod pace;
pub mod planted;
mod worker;

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lessor_env::files::Files;
use lessor_env::{Env, Urgency};
use lessor_lease::{FetchError, Lookup, Memory, Outcome, Past, Rows, StoreBatch};
use lessor_memfile::{Boot, Memfile, OpenError, Options, Recovered};
use lessor_server::{Backend, FetchId, Input};
use lessor_types::{Secs, Wall};
use tokio::sync::{mpsc, oneshot};

use crate::database::Lane;
use crate::notice::Notice;
use crate::telemetry::Telemetry;
use worker::{Work, Worker};

pub use pace::{Pace, Paced};
use planted::Defect;

/// How many batches or completions may be on their way. The server sends one at a time; the rest is
/// for what a lost store leaves behind.
const QUEUE_MAX: usize = 16;

/// Where the lease file is and how it is treated.
#[derive(Clone, Debug)]
pub struct JournalSetup<F> {
    /// The directory.
    pub files: F,
    /// The file's name in it.
    pub name: String,
    /// The file's place, for those who ask.
    pub path: PathBuf,
    /// How it is read.
    pub options: Options,
    /// How often it is compacted; 0 means never.
    pub lfc_interval: Secs,
    /// Which start of the machine this is.
    pub boot: Boot,
    /// No wall clock is right that shows less.
    pub floor: Wall,
    /// A known defect to have; none in a daemon.
    pub defect: Defect,
}

/// What a server begins with.
#[derive(Clone, Debug, Default)]
pub struct Begun {
    /// The leases that were in the file.
    pub leases: Rows,
    /// What is known of former lives.
    pub past: Past,
}

/// Why there is no journal.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The lease file.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The worker.
    #[error("cannot start the thread that writes leases: {0}")]
    Worker(#[from] io::Error),
}

/// What came of asking for a compaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Compacting {
    /// It has begun.
    Begun,
    /// One is going on.
    GoingOn,
    /// Leases are not written, so there is nothing to compact.
    NothingWritten,
    /// It did not begin.
    Failed(String),
}

/// The reactor's end of the lease store.
#[derive(Debug)]
pub struct Journal(Kind);

#[derive(Debug)]
enum Kind {
    /// Nothing is written: every batch is done at once.
    Memory(VecDeque<Input>),
    File(Channel),
    Database(Lane),
}

#[derive(Debug)]
struct Channel {
    path: PathBuf,
    pace: Arc<Pace>,
    work: mpsc::Sender<Work>,
    /// What there was no room for: the loop does not wait for the disk.
    overflow: VecDeque<Work>,
    done: mpsc::Receiver<Input>,
    /// How often the store was lost and read again, as far as the server knows. A batch of an
    /// earlier life was decided on rows that are not trusted any more, and is refused.
    life: u64,
    /// Ends with the worker.
    ended: oneshot::Receiver<()>,
    /// A known defect to have; none in a daemon.
    defect: Defect,
}

impl Journal {
    /// A journal that keeps nothing.
    #[must_use]
    pub fn memory(telemetry: &Telemetry) -> Self {
        telemetry.note(Notice::JournalAbsent);
        Self(Kind::Memory(VecDeque::new()))
    }

    /// Opens the lease file and starts the worker; what was found comes back.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start<E, F>(
        env: &E,
        setup: JournalSetup<F>,
        telemetry: Telemetry,
    ) -> Result<(Self, Begun), StartError>
    where
        E: Env,
        F: Files + Clone + Send + 'static,
        F::File: Send,
        F::Lock: Send,
    {
        let (memfile, recovered) = Memfile::open(setup.files.clone(), &setup.name, setup.options)?;
        tell_recovered(&telemetry, &setup.files.display(&setup.name), &recovered);
        let (work, to_do) = mpsc::channel(QUEUE_MAX);
        let (completions, done) = mpsc::channel(QUEUE_MAX);
        let (path, defect) = (setup.path.clone(), setup.defect);
        let Recovered { leases, noted, needs_compaction, .. } = recovered;
        let is_noted = noted.is_there();
        let past = noted.past(&setup.boot, setup.floor);
        let pace = Arc::new(Pace::default());
        let counted = Arc::clone(&pace);
        let mut worker =
            Worker::new(env.clone(), setup, memfile, to_do, completions, telemetry, counted);
        worker.expects_memory(is_noted);
        if needs_compaction {
            worker.compact();
        }
        let (end, ended) = oneshot::channel();
        env.worker("journal", Urgency::Soon, async move {
            worker.run().await;
            drop(end);
        })?;
        let overflow = VecDeque::new();
        let channel = Channel { path, pace, work, overflow, done, life: 0, ended, defect };
        Ok((Self(Kind::File(channel)), Begun { leases, past }))
    }

    /// A journal that is a database.
    #[must_use]
    pub const fn database(lane: Lane) -> Self {
        Self(Kind::Database(lane))
    }

    /// The lease file, if there is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Kind::Memory(_) | Kind::Database(_) => None,
            Kind::File(channel) => Some(&channel.path),
        }
    }

    /// How long syncs took so far; none if nothing is written.
    #[must_use]
    pub fn pace(&self) -> Option<Paced> {
        match &self.0 {
            Kind::Memory(_) | Kind::Database(_) => None,
            Kind::File(channel) => Some(channel.pace.now()),
        }
    }

    /// Writes a batch. Its outcomes come through [`Journal::next`].
    pub fn put(&mut self, batch: StoreBatch) {
        match &mut self.0 {
            Kind::Memory(done) => done.push_back(Input::Stored {
                first: batch.first,
                outcomes: vec![Outcome::Done; batch.changes.len()],
            }),
            // If the worker is gone, `next` says so.
            Kind::File(channel) => {
                let life = channel.life;
                channel.hand(Work::Commit { life, batch });
            }
            Kind::Database(lane) => lane.put(batch),
        }
    }

    /// Asks. The answer comes back at once where nobody can be asked, else through
    /// [`Journal::next`].
    pub fn fetch(&mut self, fetch: FetchId, lookups: Vec<Lookup>) -> Option<Input> {
        match &self.0 {
            Kind::Memory(_) | Kind::File(_) => {
                Some(Input::Fetched { fetch, result: Err(FetchError::Unavailable) })
            }
            Kind::Database(lane) => {
                lane.fetch(fetch, lookups);
                None
            }
        }
    }

    /// Tries to connect to a database; what comes of it comes through [`Journal::next`].
    pub fn connect(&mut self, backend: Backend) {
        if let (Kind::Database(lane), Backend::Leases) = (&self.0, backend) {
            lane.connect();
        }
    }

    /// Keeps this for the next start, beside the lease file.
    pub fn remember(&mut self, memory: Box<Memory>) {
        if let Kind::File(channel) = &mut self.0 {
            channel.hand(Work::Remember(memory));
        }
    }

    /// Compacts so often from now on; 0 means never.
    pub fn set_interval(&mut self, lfc_interval: Secs) {
        if let Kind::File(channel) = &mut self.0 {
            channel.hand(Work::Interval(lfc_interval));
        }
    }

    /// Compacts now, and counts the interval from here.
    pub fn compact(&mut self, asker: oneshot::Sender<Compacting>) {
        match &mut self.0 {
            Kind::Memory(_) | Kind::Database(_) => {
                let _ = asker.send(Compacting::NothingWritten);
            }
            // If the worker is gone, the asker hears that nobody answers.
            Kind::File(channel) => channel.hand(Work::Compact(asker)),
        }
    }

    /// The next completion; none if the worker has ended. Dropping the future loses nothing; unless
    /// [`Journal::is_restless`], not even the waker that it was polled with last.
    pub async fn next(&mut self) -> Option<Input> {
        match &mut self.0 {
            Kind::Memory(done) => match done.pop_front() {
                Some(input) => Some(input),
                None => std::future::pending().await,
            },
            Kind::File(channel) => {
                let input = channel.recv().await?;
                Some(channel.note(input))
            }
            Kind::Database(lane) => lane.next().await,
        }
    }

    /// Whether [`Journal::next`] must be asked though its waker was not woken: there is something, or
    /// there is more to do than to wait.
    #[must_use]
    pub fn is_restless(&self) -> bool {
        match &self.0 {
            Kind::Memory(done) => !done.is_empty(),
            Kind::File(channel) => !channel.overflow.is_empty(),
            Kind::Database(_) => false,
        }
    }

    /// The next completion, if it is there.
    pub fn try_next(&mut self) -> Option<Input> {
        match &mut self.0 {
            Kind::Memory(done) => done.pop_front(),
            Kind::File(channel) => {
                let input = channel.done.try_recv().ok()?;
                Some(channel.note(input))
            }
            Kind::Database(lane) => lane.try_next(),
        }
    }

    /// Writes what was handed over, closes the file and gives its lock away.
    pub async fn stop(self) {
        if let Kind::File(channel) = self.0 {
            let Channel { work, overflow, done, ended, .. } = channel;
            drop(done);
            for rest in overflow.into_iter().chain([Work::Stop]) {
                let _ = work.send(rest).await;
            }
            let _ = ended.await;
        }
    }
}

impl Channel {
    /// Hands work over, in order. The server has one batch on its way, notes replace each other,
    /// and commands are bounded, so what there is no room for is bounded too.
    fn hand(&mut self, work: Work) {
        self.push_overflow();
        if !self.overflow.is_empty() {
            return self.put_off(work);
        }
        if let Err(mpsc::error::TrySendError::Full(work)) = self.work.try_send(work) {
            self.put_off(work);
        }
    }

    fn put_off(&mut self, work: Work) {
        if matches!(work, Work::Remember(_)) {
            self.overflow.retain(|other| !matches!(other, Work::Remember(_)));
        }
        self.overflow.push_back(work);
    }

    fn push_overflow(&mut self) {
        while let Some(work) = self.overflow.pop_front() {
            if let Err(mpsc::error::TrySendError::Full(work)) = self.work.try_send(work) {
                return self.overflow.push_front(work);
            }
        }
    }

    /// The next completion. Meanwhile, what is waiting is handed over.
    async fn recv(&mut self) -> Option<Input> {
        while !self.overflow.is_empty() {
            tokio::select! {
                biased;
                input = self.done.recv() => return input,
                room = self.work.reserve() => match (room, self.overflow.pop_front()) {
                    (Ok(room), Some(work)) => room.send(work),
                    _ => self.overflow.clear(),
                },
            }
        }
        let input = self.done.recv().await;
        self.defect.dawdle().await;
        input
    }

    fn note(&mut self, input: Input) -> Input {
        // Whoever takes this gives it to the server before the next batch comes out of it.
        self.life += u64::from(matches!(input, Input::StoreReopened(_)));
        input
    }
}

/// Says what was found in the files.
fn tell_recovered(telemetry: &Telemetry, file: &str, recovered: &Recovered) {
    for finding in &recovered.findings {
        telemetry.note(Notice::JournalFinding(finding.to_string()));
    }
    if recovered.bad_rows > 0 {
        telemetry.note(Notice::JournalBadRows(recovered.bad_rows));
    }
    for mended in &recovered.mended {
        let place = format!("{}, octet {}", mended.file, mended.octet);
        telemetry.note(Notice::JournalMended(place));
    }
    if recovered.damaged_rows > 0 {
        telemetry.note(Notice::JournalDamaged(recovered.damaged_rows));
    }
    telemetry.note(Notice::JournalOpened {
        file: file.to_owned(),
        rows: recovered.rows,
        leases: recovered.leases.len(),
    });
}

#[cfg(test)]
mod tests;
