//! Events and notices as lines, written by a thread of its own.
//!
//! The loop hands events over as they are; they become text on the other side, where a slow reader
//! of the log costs lines, which are counted, and never a client's answer.

mod line;

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel,
};
use std::thread;
use std::time::Duration;

use lessor_messages::Level;
use lessor_server::Event;
use lessor_types::Wall;

use crate::clock::Clock;
use crate::notice::Notice;
use line::{Line, What};

/// How many lines may wait to be written.
pub const LINES_MAX: usize = 8192;

/// How long the end of the process waits for the log to be written.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The mouth of the log; each clone speaks into the same.
#[derive(Clone)]
pub struct Telemetry {
    lines: SyncSender<Entry>,
    least: Level,
    lost: Arc<AtomicU64>,
    clock: Arc<dyn Clock>,
}

enum Entry {
    Line(Line),
    /// Everything before it is written when this is dropped.
    Mark(SyncSender<()>),
}

impl Telemetry {
    /// Starts the thread that writes lines of level `least` and above to `out`.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn start(
        out: impl Write + Send + 'static,
        least: Level,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        let (lines, waiting) = sync_channel(LINES_MAX);
        let lost = Arc::new(AtomicU64::new(0));
        let writer = Writer {
            out,
            waiting,
            lost: Arc::clone(&lost),
            told_lost: 0,
            clock: Arc::clone(&clock),
        };
        thread::Builder::new().name("log".to_owned()).spawn(move || writer.run())?;
        Ok(Self { lines, least, lost, clock })
    }

    /// Says what the server machine reported in a turn at `at`.
    pub fn event(&self, at: Wall, event: Event) {
        if event.level() >= self.least {
            self.say(Line { at, what: What::Event(event) });
        }
    }

    /// Says what the shell has to say.
    pub fn note(&self, notice: Notice) {
        if notice.message().level() >= self.least {
            self.say(Line { at: self.clock.now().wall, what: What::Notice(notice) });
        }
    }

    /// How many lines were lost so far.
    #[must_use]
    pub fn lines_lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
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
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

struct Writer<W> {
    out: W,
    waiting: Receiver<Entry>,
    lost: Arc<AtomicU64>,
    told_lost: u64,
    clock: Arc<dyn Clock>,
}

impl<W: Write> Writer<W> {
    fn run(mut self) {
        let mut text = String::new();
        while let Ok(first) = self.waiting.recv() {
            let mut next = Some(first);
            let mut marks = Vec::new();
            // Whatever waits goes out in one write.
            while let Some(entry) = next {
                match entry {
                    Entry::Line(line) => line.print(&mut text),
                    Entry::Mark(mark) => marks.push(mark),
                }
                next = match self.waiting.try_recv() {
                    Ok(entry) if text.len() < 1 << 16 => Some(entry),
                    Ok(entry) => {
                        self.write(&mut text);
                        Some(entry)
                    }
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => None,
                };
            }
            self.tell_lost(&mut text);
            self.write(&mut text);
            drop(marks);
        }
    }

    fn tell_lost(&mut self, text: &mut String) {
        let lost = self.lost.load(Ordering::Relaxed);
        if lost > self.told_lost {
            let notice = Notice::LinesLost(lost - self.told_lost);
            self.told_lost = lost;
            let at = self.clock.now().wall;
            let what = What::Notice(notice);
            Line { at, what }.print(text);
        }
    }

    /// A log that cannot be written is no reason to stop, and there is nobody to tell.
    fn write(&mut self, text: &mut String) {
        let _ = self.out.write_all(text.as_bytes());
        let _ = self.out.flush();
        text.clear();
    }
}

#[cfg(test)]
mod tests;
