//! The worker that appends, syncs, reopens and rotates.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use lessor_env::Env;
use lessor_env::files::Files;
use lessor_lease::{Lost, Memory, Outcome, Refusal, StoreBatch, StoreFailure};
use lessor_memfile::{Memfile, OpenError, Recovered, RotateError};
use lessor_server::Input;
use lessor_types::{Mono, Secs};
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::sync::oneshot;

use super::compactor::Compactor;
use super::{Compacting, JournalSetup, Pace, tell_recovered};
use crate::alarm::Alarm;
use crate::notice::Notice;
use crate::telemetry::Telemetry;

/// The pause after the first attempt to reopen; it doubles up to the longest.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_LONGEST: Duration = Duration::from_secs(10);
/// How long rows wait for their checksums when nothing else comes.
const SEAL_AFTER: Duration = Duration::from_millis(200);
/// How long nothing to do lasts at most.
const IDLE: Duration = Duration::from_secs(3600);

/// What the worker is asked to do.
#[derive(Debug)]
pub(super) enum Work {
    Commit { life: u64, batch: StoreBatch },
    Interval(Secs),
    Compact(oneshot::Sender<Compacting>),
    Remember(Box<Memory>),
    Stop,
}

pub(super) struct Worker<E, F: Files> {
    pub(super) env: E,
    setup: JournalSetup<F>,
    pub(super) store: Store<F>,
    life: u64,
    /// What the next start is to know.
    memory: Option<Box<Memory>>,
    /// Whether the note is about the journal as it is, so that older files may go.
    is_noted: bool,
    /// Whether a note could not be written, and that was said.
    note_failed: bool,
    /// Whether a compaction is to begin when there is a note.
    wants_compaction: bool,
    compactor: Compactor<E>,
    /// When the next compaction is due.
    compact_at: Option<Mono>,
    work: Receiver<Work>,
    pub(super) done: Sender<Input>,
    telemetry: Telemetry,
    pace: Arc<Pace>,
}

pub(super) enum Store<F: Files> {
    Open(Memfile<F>),
    Closed {
        /// The closed store, which still holds the lock; none once that is given back.
        held: Option<Memfile<F>>,
        retry_at: Mono,
        pause: Duration,
    },
}

impl<F: Files> Store<F> {
    /// One that may be tried again at once.
    pub(super) const fn closed(now: Mono) -> Self {
        Self::Closed { held: None, retry_at: now, pause: PAUSE_FIRST }
    }
}

impl<E, F> Worker<E, F>
where
    E: Env,
    F: Files + Clone + Send + 'static,
    F::File: Send,
    F::Lock: Send,
{
    pub(super) fn new(
        env: E,
        setup: JournalSetup<F>,
        memfile: Memfile<F>,
        work: Receiver<Work>,
        done: Sender<Input>,
        telemetry: Telemetry,
        pace: Arc<Pace>,
    ) -> Self {
        let compactor = Compactor::new(env.clone(), telemetry.clone());
        Self {
            compact_at: next_compaction(env.mono(), setup.lfc_interval),
            env,
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

    pub(super) async fn run(mut self) {
        let mut alarm = Alarm::new(self.env.timer());
        let mut idle_since = self.env.mono();
        loop {
            let at = self.due(idle_since);
            match self.next(at, &mut alarm).await {
                Some(Some(Work::Commit { life, batch })) => self.commit(life, batch).await,
                Some(Some(Work::Interval(interval))) => {
                    self.setup.lfc_interval = interval;
                    self.compact_at = self.next_compaction();
                }
                Some(Some(Work::Compact(asker))) => {
                    let begun = self.compact_now().await;
                    let _ = asker.send(begun);
                }
                Some(Some(Work::Remember(memory))) => {
                    self.memory = Some(memory);
                    self.remember();
                }
                // Nothing came in time, or it came and the alarm was meant for what was before.
                None if self.env.mono() < at => continue,
                None => self.seal(),
                Some(Some(Work::Stop) | None) => break,
            }
            idle_since = self.env.mono();
            self.reopen_if_due(idle_since).await;
            self.rotate_if_due(idle_since).await;
        }
        self.compactor.stop().await;
        self.remember();
        if let Store::Open(memfile) = self.store {
            memfile.leave();
        }
    }

    fn seal(&mut self) {
        if let Store::Open(memfile) = &mut self.store {
            memfile.seal();
        }
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

    /// When there is something to do, if nothing comes.
    pub(super) fn due(&self, idle_since: Mono) -> Mono {
        let due = match &self.store {
            Store::Open(_) => self.compact_at,
            // A compaction that is due waits until there is something to compact.
            Store::Closed { retry_at, .. } => Some(*retry_at),
        };
        let idle = match &self.store {
            Store::Open(memfile) if memfile.is_behind() => SEAL_AFTER,
            _ => IDLE,
        };
        let idle = idle_since.after(idle);
        due.map_or(idle, |at| at.min(idle))
    }

    /// What comes until then; none if nothing does, or if the alarm rings that was set before.
    async fn next(&mut self, at: Mono, alarm: &mut Alarm<E::Timer>) -> Option<Option<Work>> {
        alarm.set(at, self.env.mono());
        let mut work = pin!(self.work.recv());
        let next = poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(work) => Poll::Ready(Some(work)),
            Poll::Pending => alarm.poll(context).map(|()| None),
        });
        next.await
    }

    async fn commit(&mut self, life: u64, batch: StoreBatch) {
        let is_ours = life == self.life || self.setup.defect.takes_stale();
        #[cfg(feature = "planted")]
        let batch = match (is_ours, self.setup.defect) {
            (true, defect) => match self.commit_wrongly(defect, batch).await {
                Some(batch) => batch,
                None => return,
            },
            (false, _) => batch,
        };
        let StoreBatch { first, changes } = batch;
        let memfile = match &mut self.store {
            Store::Open(memfile) if is_ours => memfile,
            _ => {
                let outcomes = vec![Outcome::Refused(Refusal::Unavailable); changes.len()];
                return self.report(Input::Stored { first, outcomes }).await;
            }
        };
        let begun = self.env.mono();
        let half = memfile.begin(&changes);
        self.env.disk().await;
        let outcomes = memfile.finish(half);
        self.env.disk().await;
        let durable = outcomes.iter().filter(|outcome| **outcome == Outcome::Done).count();
        self.pace.count(self.env.mono().since(begun), durable);
        if let Some(failure) = memfile.failure().cloned() {
            // The loss goes first: were the server to hear of this batch alone, it would send the
            // next one, decided on rows that may not be.
            self.lose(failure).await;
        } else if let Some(outcome) = outcomes.iter().find(|it| **it != Outcome::Done) {
            let what = match outcome {
                Outcome::Refused(why) => format!("a batch was not written: {why}"),
                other => format!("a batch was not written: {other:?}"),
            };
            self.telemetry.note(Notice::JournalWriteFailed(what));
        }
        self.report(Input::Stored { first, outcomes }).await;
    }

    pub(super) async fn lose(&mut self, failure: StoreFailure) {
        let closed = Store::closed(self.env.mono());
        let held = match std::mem::replace(&mut self.store, closed) {
            Store::Open(memfile) => Some(memfile),
            Store::Closed { held, .. } => held,
        };
        if let Store::Closed { held: place, .. } = &mut self.store {
            *place = held;
        }
        self.report(Input::StoreLost(failure)).await;
    }

    async fn reopen_if_due(&mut self, now: Mono) {
        let (held, pause) = match &mut self.store {
            Store::Closed { held, retry_at, pause } if *retry_at <= now => (held.take(), *pause),
            _ => return,
        };
        // A running compaction has a lock that reading needs; what it began can be taken up.
        self.compactor.stop().await;
        let opened = match held {
            Some(memfile) => memfile.reopen(),
            None => Memfile::open(self.setup.files.clone(), &self.setup.name, self.setup.options),
        };
        match opened {
            Ok((memfile, recovered)) => self.reopened(memfile, recovered).await,
            Err(why) => self.stay_closed(&why, pause),
        }
    }

    async fn reopened(&mut self, memfile: Memfile<F>, recovered: Recovered) {
        let file = self.setup.files.display(&self.setup.name);
        tell_recovered(&self.telemetry, &file, &recovered);
        self.store = Store::Open(memfile);
        self.life += 1;
        if recovered.damaged_rows > 0 {
            self.report(Input::LeasesMissing(Lost::Damaged)).await;
        }
        self.report(Input::StoreReopened(recovered.leases)).await;
        if recovered.needs_compaction {
            self.renote();
            self.compact();
        }
    }

    fn stay_closed(&mut self, why: &OpenError, pause: Duration) {
        self.telemetry.note(Notice::JournalReopenFailed(why.to_string()));
        self.store = Store::Closed {
            held: None,
            retry_at: self.env.mono().after(pause),
            pause: (pause * 2).min(PAUSE_LONGEST),
        };
    }

    async fn rotate_if_due(&mut self, now: Mono) {
        if self.compact_at.is_none_or(|at| now < at) {
            return;
        }
        let Store::Open(memfile) = &mut self.store else {
            return;
        };
        let rotated = memfile.rotate();
        self.compact_at = self.next_compaction();
        match rotated {
            // Not rotated: the last compaction did not end, and goes on now if it does not run.
            Ok(_) => {
                self.renote();
                self.compact();
            }
            Err(RotateError::Closed(failure)) => self.lose(failure).await,
            Err(why) => self.telemetry.note(Notice::CompactionFailed(why.to_string())),
        }
    }

    async fn compact_now(&mut self) -> Compacting {
        if self.compactor.is_running() {
            return Compacting::GoingOn;
        }
        let Store::Open(memfile) = &mut self.store else {
            return Compacting::Failed("the lease file is not open".to_owned());
        };
        match memfile.rotate() {
            Ok(_) => {
                self.compact_at = self.next_compaction();
                self.renote();
                self.compact();
                Compacting::Begun
            }
            Err(why) => {
                let told = why.to_string();
                if let RotateError::Closed(failure) = why {
                    self.lose(failure).await;
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
    async fn report(&mut self, input: Input) {
        let _ = self.done.send(input).await;
    }

    fn next_compaction(&self) -> Option<Mono> {
        next_compaction(self.env.mono(), self.setup.lfc_interval)
    }
}

fn next_compaction(now: Mono, interval: Secs) -> Option<Mono> {
    (interval.0 > 0).then(|| now.after(interval.duration()))
}
