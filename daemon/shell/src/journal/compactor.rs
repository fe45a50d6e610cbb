//! The worker that compacts, when there is something to compact.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lessor_env::files::Files;
use lessor_env::{Env, Urgency};
use lessor_memfile::{Compaction, CompactionError, Progress};
use tokio::sync::oneshot;

use crate::notice::Notice;
use crate::telemetry::Telemetry;

/// Rows between two looks at whether to stop.
const STEP_ROWS: usize = 1000;

/// At most one running compaction.
pub(super) struct Compactor<E> {
    env: E,
    running: Option<Running>,
    telemetry: Telemetry,
}

struct Running {
    stop: Arc<AtomicBool>,
    /// Ends with the worker, when it has given its lock back.
    ended: oneshot::Receiver<()>,
}

impl<E: Env> Compactor<E> {
    pub(super) const fn new(env: E, telemetry: Telemetry) -> Self {
        Self { env, running: None, telemetry }
    }

    /// Whether one is going on.
    pub(super) fn is_running(&mut self) -> bool {
        // Nobody may wait for the end of one whose end was seen.
        self.running.take_if(|running| {
            !matches!(running.ended.try_recv(), Err(oneshot::error::TryRecvError::Empty))
        });
        self.running.is_some()
    }

    /// Compacts what is there to compact around the lease file `name`, unless that is going on.
    pub(super) fn start<F>(&mut self, files: F, name: &str)
    where
        F: Files + Send + 'static,
        F::File: Send,
        F::Lock: Send,
    {
        if self.is_running() {
            return;
        }
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let name = name.to_owned();
        let telemetry = self.telemetry.clone();
        let env = self.env.clone();
        let (end, ended) = oneshot::channel();
        let begun = self.env.worker("compaction", Urgency::Idle, async move {
            match compact(&env, files, &name, &told).await {
                Ok(Some(notice)) => telemetry.note(notice),
                Ok(None) => {}
                Err(why) => telemetry.note(Notice::CompactionFailed(why.to_string())),
            }
            drop(end);
        });
        match begun {
            Ok(()) => self.running = Some(Running { stop, ended }),
            Err(why) => self.telemetry.note(Notice::CompactionFailed(why.to_string())),
        }
    }

    /// Ends the running compaction, if there is one, after its current step.
    pub(super) async fn stop(&mut self) {
        if let Some(Running { stop, ended }) = self.running.take() {
            stop.store(true, Ordering::Relaxed);
            let _ = ended.await;
        }
    }
}

async fn compact<F: Files>(
    env: &impl Env,
    files: F,
    name: &str,
    stop: &AtomicBool,
) -> Result<Option<Notice>, CompactionError> {
    let mut compaction = Compaction::new(files, name)?;
    while !stop.load(Ordering::Relaxed) {
        if let Progress::Finished(stats) = compaction.step(STEP_ROWS)? {
            return Ok(Some(Notice::Compacted { read: stats.read, written: stats.written }));
        }
        env.disk().await;
    }
    Ok(None)
}
