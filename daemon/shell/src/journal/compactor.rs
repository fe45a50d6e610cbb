//! The thread that compacts, when there is something to compact.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use lessor_env::files::Files;
use lessor_memfile::{Compaction, CompactionError, Progress};

use crate::notice::Notice;
use crate::telemetry::Telemetry;

/// Rows between two looks at whether to stop.
const STEP_ROWS: usize = 1000;
/// How much nicer than the server (Kea's compaction has 4).
const NICENESS: i32 = 10;

/// At most one running compaction.
pub(super) struct Compactor {
    running: Option<Running>,
    telemetry: Telemetry,
}

struct Running {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Compactor {
    pub(super) const fn new(telemetry: Telemetry) -> Self {
        Self { running: None, telemetry }
    }

    /// Whether one is going on.
    pub(super) fn is_running(&self) -> bool {
        self.running.as_ref().is_some_and(|running| !running.thread.is_finished())
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
        let thread = thread::Builder::new().name("compaction".to_owned()).spawn(move || {
            // Without the right to be nice it is still right.
            let _ = rustix::process::nice(NICENESS);
            match compact(files, &name, &told) {
                Ok(Some(notice)) => telemetry.note(notice),
                Ok(None) => {}
                Err(why) => telemetry.note(Notice::CompactionFailed(why.to_string())),
            }
        });
        match thread {
            Ok(thread) => self.running = Some(Running { stop, thread }),
            Err(why) => self.telemetry.note(Notice::CompactionFailed(why.to_string())),
        }
    }

    /// Ends the running compaction, if there is one, after its current step.
    pub(super) fn stop(&mut self) {
        if let Some(Running { stop, thread }) = self.running.take() {
            stop.store(true, Ordering::Relaxed);
            let _ = thread.join();
        }
    }
}

fn compact<F: Files>(
    files: F,
    name: &str,
    stop: &AtomicBool,
) -> Result<Option<Notice>, CompactionError> {
    let mut compaction = Compaction::new(files, name)?;
    while !stop.load(Ordering::Relaxed) {
        if let Progress::Finished(stats) = compaction.step(STEP_ROWS)? {
            return Ok(Some(Notice::Compacted { read: stats.read, written: stats.written }));
        }
    }
    Ok(None)
}
