//! What can be done to a server: killed, paused, started again.

use std::fs;
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::error::Tried as _;
use crate::{Error, Server};

impl Server {
    /// Ends it as `kill -9` would, with everything that works for it.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.process.take() {
            end(&mut child);
        }
    }

    /// Starts it again after [`Self::kill`], on the data it left.
    ///
    /// # Errors
    /// If it does not answer.
    pub fn start_again(&mut self) -> Result<(), Error> {
        self.kill();
        self.launch()
    }

    /// Ends it as an administrator does, and starts it again.
    ///
    /// # Errors
    /// If it does not end, or does not answer afterwards.
    pub fn restart(&mut self) -> Result<(), Error> {
        if let Some(mut child) = self.process.take() {
            // PostgreSQL's fast way to end; MariaDB's way is TERM.
            let signal = match self.engine() {
                crate::Engine::PostgreSql => Signal::INT,
                crate::Engine::MariaDb => Signal::TERM,
            };
            send(child.id(), signal).tried(|| "cannot end the server".to_owned())?;
            child.wait().tried(|| "the server cannot be waited for".to_owned())?;
        }
        self.launch()
    }

    /// Stops it and everything that works for it, as a suspended machine does (SIGSTOP).
    ///
    /// # Errors
    /// If it does not run.
    pub fn pause(&self) -> Result<(), Error> {
        self.signal(Signal::STOP)
    }

    /// Goes on after [`Self::pause`].
    ///
    /// # Errors
    /// If it does not run.
    pub fn resume(&self) -> Result<(), Error> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> Result<(), Error> {
        let Some(child) = &self.process else { return Ok(()) };
        // The parent first: it starts nothing new meanwhile.
        send(child.id(), signal).tried(|| "cannot signal the server".to_owned())?;
        for id in children(child.id()) {
            // One that has ended meanwhile needs no signal.
            let _ = send(id, signal);
        }
        Ok(())
    }
}

/// Ends a server and its children by SIGKILL, and waits until they are gone.
pub(crate) fn end(child: &mut Child) {
    let others = children(child.id());
    let _ = child.kill();
    for id in &others {
        let _ = send(*id, Signal::KILL);
    }
    let _ = child.wait();
    // Orphans of PostgreSQL hold its shared memory until they are gone.
    let begun = Instant::now();
    while others.iter().any(|id| runs(*id)) && begun.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn children(id: u32) -> Vec<u32> {
    let listed = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
    listed.unwrap_or_default().split_whitespace().filter_map(|id| id.parse().ok()).collect()
}

fn runs(id: u32) -> bool {
    // A zombie's state is the letter after its name, which ends with the last bracket.
    let status = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    status.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

fn send(id: u32, signal: Signal) -> rustix::io::Result<()> {
    let pid = i32::try_from(id).ok().and_then(Pid::from_raw).ok_or(rustix::io::Errno::SRCH)?;
    kill_process(pid, signal)
}
