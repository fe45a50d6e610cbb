//! Tasks, threads, timers and listeners.

use std::future::Future;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use lessor_types::Seed;

use crate::clock::Clock;
use crate::streams::{Listener, Place, Stream};

/// A world that a shell runs in: an operating system, or a simulation of one. Clones are the same
/// world.
pub trait Env: Clock + Clone + 'static {
    /// One deadline at a time.
    type Timer: Timer;
    /// A connection.
    type Stream: Stream;
    /// A place where connections arrive.
    type Listener: Listener<Stream = Self::Stream>;

    /// A timer that is not set. It counts where it was made: by the task or worker that calls this.
    fn timer(&self) -> Self::Timer;

    /// Starts a task beside the one that calls this, on the same thread.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);

    /// Starts a worker, which may keep a processor or a disk busy without holding up any task: on a
    /// thread of its own, where there are threads.
    ///
    /// # Errors
    /// There is no room for one.
    fn worker(
        &self,
        name: &str,
        urgency: Urgency,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()>;

    /// What takes its time and waits for nothing, beside the task that asks for it; none if that is
    /// not to be had any more. It may go on when the future is dropped.
    fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send;

    /// The time that the last call to a disk took, where the calls themselves take none. Real ones
    /// do: then there is nothing to wait for.
    fn disk(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// Waits for connections at a place from now on. What comes back is where that is, with the
    /// port that was free.
    ///
    /// # Errors
    /// Why that is not possible; those about paths name the path.
    fn listen(&self, place: &Place) -> io::Result<(Self::Listener, Place)>;

    /// Takes away what shows at a place that somebody listens there: at once, since the listener
    /// itself may live until its task has noticed.
    fn leave(&self, place: &Place);

    /// A number that differs from start to start. It spreads load and keeps no secret.
    fn seed(&self) -> Seed;
}

/// One deadline, which can be set again before it comes and afterwards.
pub trait Timer: Send + Sync + Unpin + 'static {
    /// Rings when so much time has passed from now on, and not when it was set to ring before.
    fn set(&mut self, after: Duration);

    /// Whether the time has passed; wakes the task when it has.
    fn poll_rung(&mut self, context: &mut Context<'_>) -> Poll<()>;
}

/// How soon a worker's work is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Urgency {
    /// Clients wait for it.
    Soon,
    /// Whenever nobody else needs the processor.
    Idle,
}
