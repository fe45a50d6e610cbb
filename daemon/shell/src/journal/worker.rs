//! The thread that appends, syncs, reopens and rotates.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use lessor_env::files::Files;
use lessor_lease::{Memory, Outcome, Refusal, StoreBatch, StoreFailure};
use lessor_memfile::{Memfile, OpenError, Recovered, RotateError};
use lessor_server::Input;
use lessor_types::Secs;
use tokio::sync::mpsc::Sender;
use tokio::sync::oneshot;

use super::compactor::Compactor;
use super::{Compacting, JournalSetup, Pace, tell_recovered};
use crate::notice::Notice;
use crate::telemetry::Telemetry;

/// The pause after the first attempt to reopen; it doubles up to the longest.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_LONGEST: Duration = Duration::from_secs(10);
/// How long nothing to do lasts at most.
const IDLE: Duration = Duration::from_secs(3600);

/// What the thread is asked to do.
#[derive(Debug)]
pub(super) enum Work {
    Commit { life: u64, batch: StoreBatch },
    Interval(Secs),
    Compact(oneshot::Sender<Compacting>),
    Remember(Box<Memory>),
    Stop,
}

pub(super) struct Worker<F: Files> {
    setup: JournalSetup<F>,
    store: Store<F>,
    life: u64,
    /// What the next start is to know.
    memory: Option<Box<Memory>>,
    /// Whether the note is about the journal as it is, so that older files may go.
    is_noted: bool,
    /// Whether a note could not be written, and that was said.
    note_failed: bool,
    /// Whether a compaction is to begin when there is a note.
    wants_compaction: bool,
    compactor: Compactor,
    /// When the next compaction is due.
    compact_at: Option<Instant>,
    work: Receiver<Work>,
    done: Sender<Input>,
    telemetry: Telemetry,
    pace: Arc<Pace>,
}

enum Store<F: Files> {
    Open(Memfile<F>),
    Closed {
        /// The closed store, which still holds the lock; none once that is given back.
        held: Option<Memfile<F>>,
        retry_at: Instant,
        pause: Duration,
    },
}

impl<F> Worker<F>
where
    F: Files + Clone + Send + 'static,
    F::File: Send,
    F::Lock: Send,
{
    pub(super) fn new(
        setup: JournalSetup<F>,
        memfile: Memfile<F>,
        work: Receiver<Work>,
        done: Sender<Input>,
        telemetry: Telemetry,
        pace: Arc<Pace>,
    ) -> Self {
        let compactor = Compactor::new(telemetry.clone());
        Self {
            compact_at: next_compaction(setup.lfc_interval),
            setup,
            store: Store::Open(memfile),
            life: 0,
            memory: None,
            is_noted: true,
            note_failed: false,
            wants_compaction: false,
            compactor,
            work,
            done,
            telemetry,
            pace,
        }
    }

    pub(super) fn run(mut self) {
        loop {
            match self.work.recv_timeout(self.pause()) {
                Ok(Work::Commit { life, batch }) => self.commit(life, batch),
                Ok(Work::Interval(interval)) => {
                    self.setup.lfc_interval = interval;
                    self.compact_at = next_compaction(interval);
                }
                Ok(Work::Compact(asker)) => {
                    let _ = asker.send(self.compact_now());
                }
                Ok(Work::Remember(memory)) => {
                    self.memory = Some(memory);
                    self.remember();
                }
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Work::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            }
            self.reopen_if_due();
            self.rotate_if_due();
        }
        self.compactor.stop();
        self.remember();
    }

    /// There is a note from before the start: nothing that it is about may go until there is a new
    /// one.
    pub(super) const fn expects_memory(&mut self, is_noted: bool) {
        self.is_noted = !is_noted;
    }

    fn remember(&mut self) {
        let (Some(memory), Store::Open(memfile)) = (&self.memory, &mut self.store) else {
            return;
        };
        match memfile.remember(memory, &self.setup.boot) {
            Ok(()) => {
                self.is_noted = true;
                self.note_failed = false;
                if std::mem::take(&mut self.wants_compaction) {
                    self.compact();
                }
            }
            Err(why) if !std::mem::replace(&mut self.note_failed, true) => {
                self.telemetry.note(Notice::NoteFailed(why.to_string()));
            }
            Err(_) => {}
        }
    }

    fn pause(&self) -> Duration {
        let retry_at = match &self.store {
            Store::Open(_) => None,
            Store::Closed { retry_at, .. } => Some(*retry_at),
        };
        let due = [retry_at, self.compact_at].into_iter().flatten().min();
        due.map_or(IDLE, |at| at.saturating_duration_since(Instant::now()).min(IDLE))
    }

    fn commit(&mut self, life: u64, batch: StoreBatch) {
        let StoreBatch { first, changes } = batch;
        let memfile = match &mut self.store {
            Store::Open(memfile) if life == self.life => memfile,
            _ => {
                let outcomes = vec![Outcome::Refused(Refusal::Unavailable); changes.len()];
                return self.report(Input::Stored { first, outcomes });
            }
        };
        let begun = Instant::now();
        let outcomes = memfile.commit(&changes);
        let durable = outcomes.iter().filter(|outcome| **outcome == Outcome::Done).count();
        self.pace.count(begun.elapsed(), durable);
        if let Some(failure) = memfile.failure().cloned() {
            // The loss goes first: were the server to hear of this batch alone, it would send the
            // next one, decided on rows that may not be.
            self.lose(failure);
        } else if let Some(outcome) = outcomes.iter().find(|it| **it != Outcome::Done) {
            let what = match outcome {
                Outcome::Refused(why) => format!("a batch was not written: {why}"),
                other => format!("a batch was not written: {other:?}"),
            };
            self.telemetry.note(Notice::JournalWriteFailed(what));
        }
        self.report(Input::Stored { first, outcomes });
    }

    fn lose(&mut self, failure: StoreFailure) {
        let closed = Store::Closed { held: None, retry_at: Instant::now(), pause: PAUSE_FIRST };
        let held = match std::mem::replace(&mut self.store, closed) {
            Store::Open(memfile) => Some(memfile),
            Store::Closed { held, .. } => held,
        };
        if let Store::Closed { held: place, .. } = &mut self.store {
            *place = held;
        }
        self.report(Input::StoreLost(failure));
    }

    fn reopen_if_due(&mut self) {
        let (held, pause) = match &mut self.store {
            Store::Closed { held, retry_at, pause } if *retry_at <= Instant::now() => {
                (held.take(), *pause)
            }
            _ => return,
        };
        // A running compaction has a lock that reading needs; what it began can be taken up.
        self.compactor.stop();
        let opened = match held {
            Some(memfile) => memfile.reopen(),
            None => Memfile::open(self.setup.files.clone(), &self.setup.name, self.setup.options),
        };
        match opened {
            Ok((memfile, recovered)) => self.reopened(memfile, recovered),
            Err(why) => self.stay_closed(&why, pause),
        }
    }

    fn reopened(&mut self, memfile: Memfile<F>, recovered: Recovered) {
        let file = self.setup.files.display(&self.setup.name);
        tell_recovered(&self.telemetry, &file, &recovered);
        self.store = Store::Open(memfile);
        self.life += 1;
        self.report(Input::StoreReopened(recovered.leases));
        if recovered.needs_compaction {
            self.renote();
            self.compact();
        }
    }

    fn stay_closed(&mut self, why: &OpenError, pause: Duration) {
        self.telemetry.note(Notice::JournalReopenFailed(why.to_string()));
        self.store = Store::Closed {
            held: None,
            retry_at: Instant::now() + pause,
            pause: (pause * 2).min(PAUSE_LONGEST),
        };
    }

    fn rotate_if_due(&mut self) {
        if self.compact_at.is_none_or(|at| Instant::now() < at) {
            return;
        }
        let Store::Open(memfile) = &mut self.store else {
            return;
        };
        self.compact_at = next_compaction(self.setup.lfc_interval);
        match memfile.rotate() {
            // Not rotated: the last compaction did not end, and goes on now if it does not run.
            Ok(_) => {
                self.renote();
                self.compact();
            }
            Err(RotateError::Closed(failure)) => self.lose(failure),
            Err(why) => self.telemetry.note(Notice::CompactionFailed(why.to_string())),
        }
    }

    fn compact_now(&mut self) -> Compacting {
        if self.compactor.is_running() {
            return Compacting::GoingOn;
        }
        let Store::Open(memfile) = &mut self.store else {
            return Compacting::Failed("the lease file is not open".to_owned());
        };
        match memfile.rotate() {
            Ok(_) => {
                self.compact_at = next_compaction(self.setup.lfc_interval);
                self.renote();
                self.compact();
                Compacting::Begun
            }
            Err(why) => {
                let told = why.to_string();
                if let RotateError::Closed(failure) = why {
                    self.lose(failure);
                }
                Compacting::Failed(told)
            }
        }
    }

    /// The journal is another one now.
    fn renote(&mut self) {
        self.is_noted = self.memory.is_none() && self.is_noted;
        self.remember();
    }

    /// Begins a compaction, or takes up one that did not end; later, if there is no note yet of the
    /// journal as it is.
    pub(super) fn compact(&mut self) {
        if !self.is_noted {
            self.wants_compaction = true;
            return;
        }
        self.compactor.start(self.setup.files.clone(), &self.setup.name);
    }

    /// The loop always takes these, so this waits only while it is in one turn. When it is gone
    /// nobody needs to know.
    fn report(&self, input: Input) {
        let _ = self.done.blocking_send(input);
    }
}

fn next_compaction(interval: Secs) -> Option<Instant> {
    (interval.0 > 0).then(|| Instant::now() + interval.duration())
}
