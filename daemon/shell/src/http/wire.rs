//! Connections and timers as the HTTP library wants them.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::rt::{Read, ReadBufCursor, Sleep, Write};
use lessor_env::{Env, Stream, Timer};

/// How much is read at once, in octets: more than most requests have.
const PIECE: usize = 2048;

/// A connection.
pub(super) struct HttpWire<S>(pub(super) S);

impl<S: Stream> Read for HttpWire<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut piece = [0; PIECE];
        let room = into.remaining().min(PIECE);
        let piece = piece.get_mut(..room).unwrap_or_default();
        let read = ready!(Pin::new(&mut self.get_mut().0).poll_read(context, piece))?;
        into.put_slice(piece.get(..read).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

impl<S: Stream> Write for HttpWire<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(context, octets)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(context)
    }
}

/// Timers of a world. The library's moments are those of the process; it sets timers by them, and
/// only how far away they are counts here.
pub(super) struct HttpTimer<E>(pub(super) E);

impl<E: Env> hyper::rt::Timer for HttpTimer<E> {
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Sleep>> {
        let mut timer = self.0.timer();
        timer.set(time);
        Box::pin(Sleeping(timer))
    }

    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Sleep>> {
        self.sleep(at.saturating_duration_since(self.now()))
    }
}

struct Sleeping<T>(T);

impl<T: Timer> Sleep for Sleeping<T> {}

impl<T: Timer> Future for Sleeping<T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.get_mut().0.poll_rung(context)
    }
}
