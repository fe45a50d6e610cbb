//! The operating system as a world for the shell: tokio's tasks and timers, threads, sockets.
//!
//! # Map
//! - [`sockets`]: listeners on UNIX and TCP sockets, and their connections.

pub mod sockets;

use std::fs;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::process;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lessor_env::{Clock, Env, Place, Timer, Urgency};
use lessor_memfile::Boot;
use lessor_types::{Mono, Now, Seed, Wall};
use tokio::time::{Instant, Sleep};

use sockets::{Connection, Door};

/// How much nicer than the server idle work is (Kea's compaction has 4).
const NICENESS: i32 = 10;

/// The operating system, with a monotonic clock that starts when this is made.
#[derive(Clone, Debug)]
pub struct System {
    start: Instant,
    boot: Arc<Boot>,
}

impl System {
    /// Clocks whose monotonic side starts now.
    #[must_use]
    pub fn start() -> Self {
        let start = Instant::now();
        let shown = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let secs = u64::try_from(shown.tv_sec).unwrap_or(0);
        let nanos = u32::try_from(shown.tv_nsec).unwrap_or(0);
        let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let boot = Boot { id: id.trim().into(), ahead: Duration::new(secs, nanos) };
        Self { start, boot: Arc::new(boot) }
    }

    /// Which start of the machine this is, and what its monotonic clock shows at [`Mono::ZERO`].
    #[must_use]
    pub fn boot(&self) -> Boot {
        Boot::clone(&self.boot)
    }
}

/// Runs work on a thread of its own that may use sockets, as those of databases.
///
/// # Errors
/// There is no room for it.
pub fn networked(name: &str, work: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name(name.to_owned()).spawn(move || runtime.block_on(work))?;
    Ok(())
}

impl Clock for System {
    fn now(&self) -> Now {
        let mono = self.mono();
        let wall = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => Wall::default().after(since),
            // A host that believes to be before 1970 has no calendar; leases are judged by the
            // other clock until it gets one.
            Err(_) => Wall::default(),
        };
        Now { mono, wall }
    }

    fn mono(&self) -> Mono {
        Mono::ZERO.after(self.start.elapsed())
    }
}

/// Tasks, timers and listeners must be made within a runtime of tokio; workers have one of their
/// own, which has no sockets.
impl Env for System {
    type Timer = SystemTimer;
    type Stream = Connection;
    type Listener = Door;

    fn timer(&self) -> SystemTimer {
        SystemTimer(Box::pin(tokio::time::sleep(Duration::ZERO)))
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }

    fn worker(
        &self,
        name: &str,
        urgency: Urgency,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            if urgency == Urgency::Idle {
                // Without the right to be nice it is still right.
                let _ = rustix::process::nice(NICENESS);
            }
            runtime.block_on(work);
        })?;
        Ok(())
    }

    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        tokio::task::spawn_blocking(work).await.ok()
    }

    fn listen(&self, place: &Place) -> io::Result<(Door, Place)> {
        sockets::listen(place)
    }

    fn leave(&self, place: &Place) {
        sockets::leave(place);
    }

    /// Time and process number.
    fn seed(&self) -> Seed {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let nanos = since.as_secs().wrapping_mul(1_000_000_000) + u64::from(since.subsec_nanos());
        Seed(nanos ^ u64::from(process::id()).rotate_left(32))
    }
}

/// A timer of tokio's.
#[derive(Debug)]
pub struct SystemTimer(Pin<Box<Sleep>>);

impl Timer for SystemTimer {
    fn set(&mut self, after: Duration) {
        self.0.as_mut().reset(Instant::now() + after);
    }

    fn poll_rung(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(context)
    }
}
