//! Events and notices as lines, written by a thread of its own.
//!
//! The loop hands events over as they are; they become text on the other side, where a slow reader
//! of the log costs lines, which are counted, and never a client's answer. What nobody wants to
//! read is not handed over at all.
//!
//! # Map
//! - `plan`: which message goes where, by the configuration's loggers.
//! - `writer`: the thread.
//! - `outlet`: one place where lines go, and what happens when they cannot.
//! - `log_file`, `syslog`, `journald`: such places.
//! - `line`, `layout`, `date`: what a line looks like.

mod date;
mod journald;
mod layout;
mod line;
mod log_file;
mod outlet;
mod plan;
mod syslog;
mod writer;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use lessor_config::Logger;
use lessor_env::Clock;
use lessor_messages::{Level, Message};
use lessor_server::Event;
use lessor_types::Wall;

use crate::notice::Notice;
use line::{Line, What};
use outlet::Sink;
use plan::Plan;
use writer::Writer;

/// How many lines may wait to be written.
pub const LINES_MAX: usize = 8192;

/// How long the end of the process waits for the log to be written.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The mouth of the log; each clone speaks into the same.
#[derive(Clone)]
pub struct Telemetry {
    lines: SyncSender<Entry>,
    shared: Arc<Shared>,
    usual: Usual,
    clock: Arc<dyn Clock>,
    ear: Option<Arc<dyn Ear>>,
}

/// Whoever hears everything that is said as it is, and at once: a simulation.
pub trait Ear: Send + Sync {
    /// The server machine reported an event in a turn at `at`.
    fn event(&self, at: Wall, event: &Event);

    /// The shell said something.
    fn notice(&self, notice: &Notice);
}

/// What holds where the configuration says nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Usual {
    /// The least level that is told.
    pub least: Level,
    /// Everything is told, whatever loggers say, and on the console as well.
    pub verbose: bool,
}

/// Where things are that lines go to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Places {
    /// The folder of files that are named without one.
    pub log_dir: PathBuf,
    /// The socket of the system's log.
    pub syslog: PathBuf,
    /// The socket of the journal.
    pub journal: PathBuf,
}

impl Places {
    /// The file of this name.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        if name.contains('/') { name.into() } else { self.log_dir.join(name) }
    }
}

impl Default for Places {
    fn default() -> Self {
        Self {
            log_dir: "/var/log/lessor".into(),
            syslog: "/dev/log".into(),
            journal: "/run/systemd/journal/socket".into(),
        }
    }
}

/// What both sides know.
struct Shared {
    /// Which messages are handed over, by their index.
    wanted: [AtomicBool; Message::COUNT],
    lost: AtomicU64,
    /// What was to be done and found no room in the queue. Whoever has it locked puts plans there
    /// or into the queue, so that they are taken in order.
    overdue: Mutex<Overdue>,
}

#[derive(Default)]
struct Overdue {
    plan: Option<Box<Plan>>,
    reopen: bool,
}

impl Shared {
    fn new() -> Self {
        Self {
            wanted: [const { AtomicBool::new(false) }; Message::COUNT],
            lost: AtomicU64::new(0),
            overdue: Mutex::default(),
        }
    }

    fn wants(&self, message: Message) -> bool {
        self.wanted[message.index()].load(Ordering::Relaxed)
    }

    fn overdue(&self) -> MutexGuard<'_, Overdue> {
        self.overdue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lose(&self, lines: u64) {
        self.lost.fetch_add(lines, Ordering::Relaxed);
    }
}

enum Entry {
    Line(Line),
    /// What to go by from here on.
    Plan(Box<Plan>),
    /// Files are to be opened anew.
    Reopen,
    /// Everything before it is written when this is dropped.
    Mark(SyncSender<()>),
}

impl Telemetry {
    /// Starts the thread that writes lines. What the configuration says nothing about goes to
    /// `console`; until [`Telemetry::configure`], that is everything.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn start(
        console: impl Write + Send + 'static,
        usual: Usual,
        places: Places,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        Self::start_with(Sink::stream(console), usual, places, clock)
    }

    /// As [`Telemetry::start`] with the standard error as console; if that is the journal, lines
    /// go there in the journal's own protocol.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn start_on_stderr(
        usual: Usual,
        places: Places,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        let journal = journald::is_stderr().then(|| journald::Journal::connect(&places.journal));
        let console = match journal {
            Some(Ok(journal)) => Sink::Journald(journal),
            _ => Sink::stream(io::stderr()),
        };
        Self::start_with(console, usual, places, clock)
    }

    fn start_with(
        console: Sink,
        usual: Usual,
        places: Places,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        let (lines, waiting) = sync_channel(LINES_MAX);
        let shared = Arc::new(Shared::new());
        let writer = Writer::new(console, waiting, Arc::clone(&shared), places, Arc::clone(&clock));
        let telemetry = Self { lines, shared, usual, clock, ear: None };
        telemetry.configure(&[]);
        thread::Builder::new().name("log".to_owned()).spawn(move || writer.run())?;
        Ok(telemetry)
    }

    /// Says everything into an ear, and writes no lines: no thread is started.
    #[must_use]
    pub fn into_ear(ear: Arc<dyn Ear>, clock: Arc<dyn Clock>) -> Self {
        let (lines, _) = sync_channel(0);
        let usual = Usual { least: Level::Fatal, verbose: false };
        Self { lines, shared: Arc::new(Shared::new()), usual, clock, ear: Some(ear) }
    }

    /// Goes by these loggers from now on. Files are opened anew.
    pub fn configure(&self, loggers: &[Logger]) {
        let plan = Plan::new(loggers, self.usual);
        for (message, wanted) in Message::all().zip(&self.shared.wanted) {
            wanted.store(plan.wants(message), Ordering::Relaxed);
        }
        let mut overdue = self.shared.overdue();
        match self.lines.try_send(Entry::Plan(Box::new(plan))) {
            Ok(()) => overdue.plan = None,
            Err(TrySendError::Full(Entry::Plan(plan))) => overdue.plan = Some(plan),
            Err(_) => {}
        }
    }

    /// Opens files anew, since somebody may have moved them.
    pub fn reopen(&self) {
        if self.lines.try_send(Entry::Reopen).is_err() {
            self.shared.overdue().reopen = true;
        }
    }

    /// Says what the server machine reported in a turn at `at`.
    pub fn event(&self, at: Wall, event: Event) {
        if let Some(ear) = &self.ear {
            return ear.event(at, &event);
        }
        if self.shared.wants(event.message()) {
            self.say(Line { at, what: What::Event(event) });
        }
    }

    /// Says what the shell has to say.
    pub fn note(&self, notice: Notice) {
        if let Some(ear) = &self.ear {
            return ear.notice(&notice);
        }
        if self.shared.wants(notice.message()) {
            self.say(Line { at: self.clock.now().wall, what: What::Notice(notice) });
        }
    }

    /// How many lines were lost so far.
    #[must_use]
    pub fn lines_lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// Waits until everything said so far is written, but not for long.
    pub fn flush(&self) {
        const PAUSE: Duration = Duration::from_millis(5);
        let (mark, reached) = sync_channel(0);
        let mut entry = Entry::Mark(mark);
        let mut left = LAST_WORDS;
        while let Err(TrySendError::Full(back)) = self.lines.try_send(entry) {
            if left.is_zero() {
                return;
            }
            left = left.saturating_sub(PAUSE);
            thread::sleep(PAUSE);
            entry = back;
        }
        // Disconnected: the mark was reached, or there is no writer any more.
        let _: Result<(), RecvTimeoutError> = reached.recv_timeout(left);
    }

    fn say(&self, line: Line) {
        if self.lines.try_send(Entry::Line(line)).is_err() {
            self.shared.lose(1);
        }
    }
}

#[cfg(test)]
mod tests;
