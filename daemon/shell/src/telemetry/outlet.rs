//! One place where lines go, and what happens when they cannot.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use lessor_config::{LogDestination, LogOutput};

use super::Places;
use super::journald::Journal;
use super::layout::Layout;
use super::line::Said;
use super::log_file::LogFile;
use super::syslog::SystemLog;

/// How much text is written at once.
pub(super) const TEXT_MAX: usize = 1 << 16;
/// How long a place that failed is left alone.
const PAUSE: Duration = Duration::from_secs(5);

/// What takes lines.
pub(super) enum Sink {
    Stream(Box<dyn Write + Send>),
    File(LogFile),
    Syslog(SystemLog),
    Journald(Journal),
}

impl Sink {
    pub(super) fn stream(out: impl Write + Send + 'static) -> Self {
        Self::Stream(Box::new(out))
    }

    fn open(output: &LogOutput, places: &Places) -> io::Result<Self> {
        Ok(match &output.to {
            LogDestination::Stdout => Self::stream(io::stdout()),
            LogDestination::Stderr => Self::stream(io::stderr()),
            LogDestination::Syslog(label) => {
                Self::Syslog(SystemLog::connect(&places.syslog, label.clone())?)
            }
            LogDestination::Journald => Self::Journald(Journal::connect(&places.journal)?),
            LogDestination::File(name) => {
                let path = places.file(name);
                Self::File(LogFile::open(path, output.rotated_at(), output.max_files)?)
            }
        })
    }
}

/// A place with what waits to be written there.
pub(super) struct Outlet {
    /// How it is opened; nothing for the console, which is open.
    output: Option<LogOutput>,
    sink: Option<Sink>,
    /// When a place that failed is tried again.
    retry: Option<Instant>,
    held: String,
    /// How many lines that is.
    lines: u64,
}

/// What became of a place.
#[derive(Debug)]
pub(super) enum Turn {
    /// It takes no lines any more, for this reason.
    Failed(String),
    /// It takes lines again.
    Restored(String),
    /// It goes on, but this was not possible.
    Trouble(String),
}

impl Outlet {
    pub(super) const fn console(sink: Sink) -> Self {
        Self { output: None, sink: Some(sink), retry: None, held: String::new(), lines: 0 }
    }

    pub(super) const fn named(output: LogOutput) -> Self {
        Self { output: Some(output), sink: None, retry: None, held: String::new(), lines: 0 }
    }

    /// Whether lines are handed on as soon as there is nothing more to do.
    pub(super) fn is_prompt(&self) -> bool {
        self.output.as_ref().is_none_or(|output| output.flush)
    }

    pub(super) const fn holds(&self) -> bool {
        self.lines > 0
    }

    /// Opens the place, unless it is open or failed a moment ago. Returns whether it is open.
    pub(super) fn open(&mut self, places: &Places, turns: &mut Vec<Turn>) -> bool {
        if self.sink.is_some() {
            return true;
        }
        let Some(output) = &self.output else {
            return false;
        };
        if self.retry.is_some_and(|at| Instant::now() < at) {
            return false;
        }
        match Sink::open(output, places) {
            Ok(sink) => {
                self.sink = Some(sink);
                if self.retry.take().is_some() {
                    turns.push(Turn::Restored(output.to.to_string()));
                }
                true
            }
            Err(why) => {
                // Told once, and not at every try.
                if self.retry.is_none() {
                    turns.push(Turn::Failed(format!("{}: {why}", output.to)));
                }
                self.retry = Some(Instant::now() + PAUSE);
                false
            }
        }
    }

    /// Takes a line. Returns whether there was somebody to take it.
    pub(super) fn take(
        &mut self,
        said: &Said<'_>,
        layout: &mut Layout,
        scratch: &mut String,
        turns: &mut Vec<Turn>,
    ) -> bool {
        let Some(sink) = &mut self.sink else {
            return false;
        };
        let sent = match sink {
            Sink::Stream(_) | Sink::File(_) => {
                layout.print(said, &mut self.held);
                self.lines += 1;
                return true;
            }
            Sink::Syslog(log) => {
                scratch.clear();
                layout.print(said, scratch);
                log.send(said.at, said.message.level(), scratch)
            }
            Sink::Journald(journal) => {
                scratch.clear();
                match layout {
                    Layout::Plain => scratch.extend([said.message.id(), " ", said.words]),
                    layout @ Layout::Pattern(_) => layout.print(said, scratch),
                }
                journal.send(said.message, scratch)
            }
        };
        match sent {
            Ok(()) => true,
            Err(why) => {
                self.fail(&why, turns);
                false
            }
        }
    }

    /// Whether so much waits that it should go out at once.
    pub(super) const fn is_full(&self) -> bool {
        self.held.len() >= TEXT_MAX
    }

    /// Writes what waits. Returns how many lines were lost.
    pub(super) fn write(&mut self, turns: &mut Vec<Turn>) -> u64 {
        let lines = std::mem::take(&mut self.lines);
        if lines == 0 {
            return 0;
        }
        let written = match &mut self.sink {
            Some(Sink::Stream(out)) => {
                out.write_all(self.held.as_bytes()).and_then(|()| out.flush())
            }
            Some(Sink::File(file)) => {
                let written = file.append(&self.held);
                if let (Some(why), Some(output)) = (file.trouble(), &self.output) {
                    turns.push(Turn::Trouble(format!("{} is not rotated: {why}", output.to)));
                }
                written
            }
            _ => Ok(()),
        };
        self.held.clear();
        match written {
            Ok(()) => 0,
            Err(why) => {
                self.fail(&why, turns);
                lines
            }
        }
    }

    /// The console stays open whatever happens: there is nobody else to tell.
    fn fail(&mut self, why: &io::Error, turns: &mut Vec<Turn>) {
        if let Some(output) = &self.output {
            turns.push(Turn::Failed(format!("{}: {why}", output.to)));
            self.sink = None;
            self.retry = Some(Instant::now() + PAUSE);
        }
    }

    /// Lets go of a file that somebody may have moved; it is opened again with the next line.
    pub(super) fn close_file(&mut self) {
        if matches!(self.sink, Some(Sink::File(_))) {
            self.sink = None;
        }
    }
}
