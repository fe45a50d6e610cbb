//! A server that runs as another process, held so that its number cannot become somebody else's.

use std::fs;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::options::KEA_NAME;

/// What a server calls itself, by the name that it was started under.
const NAMES: [&str; 2] = ["lessor", KEA_NAME];

/// A server.
#[derive(Debug)]
pub(crate) struct Running {
    pid: Pid,
    /// Names this process and no later one with its number.
    held: OwnedFd,
}

/// Why a process number is that of no server.
#[derive(Debug)]
pub(crate) enum Other {
    /// Of nothing, or of another program.
    NoServer,
    /// It cannot be told.
    Unknown(io::Error),
}

impl Running {
    /// The server with this process number. Kea's own counts as one: what is asked of it is the
    /// same.
    ///
    /// # Errors
    /// [`Other`].
    pub(crate) fn open(pid: i32) -> Result<Self, Other> {
        let pid = Pid::from_raw(pid).filter(|_| pid > 0).ok_or(Other::NoServer)?;
        let held = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(held) => held,
            // The number of a thread is no process's.
            Err(Errno::SRCH | Errno::INVAL) => return Err(Other::NoServer),
            Err(why) => return Err(Other::Unknown(why.into())),
        };
        // Looked at after it is held: this name is that of the process that is held, or the
        // process is gone and signals to it go nowhere.
        let comm = match fs::read_to_string(folder(pid).join("comm")) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => {
                return Err(Other::NoServer);
            }
            comm => comm.map_err(Other::Unknown)?,
        };
        let running = Self { pid, held };
        let is_server = NAMES.contains(&comm.trim()) && !running.ends_within(Duration::ZERO);
        if is_server { Ok(running) } else { Err(Other::NoServer) }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Since when it runs, as far as that can be told.
    pub(crate) fn since(&self) -> Option<SystemTime> {
        fs::metadata(folder(self.pid)).and_then(|it| it.modified()).ok()
    }

    /// # Errors
    /// It is not ours to signal, or has ended.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        Ok(pidfd_send_signal(self.held.as_fd(), signal)?)
    }

    /// Waits for its end, so long and no longer.
    pub(crate) fn ends_within(&self, time: Duration) -> bool {
        let time = Timespec::try_from(time).ok();
        let mut polled = [PollFd::new(&self.held, PollFlags::IN)];
        poll(&mut polled, time.as_ref()).is_ok_and(|ready| ready > 0)
    }
}

fn folder(pid: Pid) -> std::path::PathBuf {
    Path::new("/proc").join(pid.as_raw_nonzero().to_string())
}
