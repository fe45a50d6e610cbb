//! Connections, and where they are waited for.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Where connections are waited for. A world of its own may map paths to whatever it has.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// A name in the file system.
    Path(PathBuf),
    /// An address and a port; port 0: one that is free.
    At(SocketAddr),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::At(at) => at.fmt(f),
        }
    }
}

/// A place where connections arrive.
pub trait Listener: Send + 'static {
    /// One of them.
    type Stream: Stream;

    /// The next connection. Dropping the future loses none.
    fn accept(&mut self) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// A connection: octets in order, both ways.
pub trait Stream: Send + Unpin + 'static {
    /// Reads what is there, or waits; 0 octets when the other side has ended its way.
    ///
    /// # Errors
    /// What the system says.
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>>;

    /// Writes some of the octets, or waits.
    ///
    /// # Errors
    /// What the system says.
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>>;

    /// Waits until what was written is on its way.
    ///
    /// # Errors
    /// What the system says.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ends our way.
    ///
    /// # Errors
    /// What the system says.
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// As [`Stream::poll_read`].
    fn read(&mut self, into: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        std::future::poll_fn(move |context| Pin::new(&mut *self).poll_read(context, into))
    }

    /// Writes all of it.
    fn write_all(&mut self, octets: &[u8]) -> impl Future<Output = io::Result<()>> + Send {
        let mut written = 0;
        std::future::poll_fn(move |context| {
            while let Some(rest) = octets.get(written..).filter(|rest| !rest.is_empty()) {
                match Pin::new(&mut *self).poll_write(context, rest) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    Poll::Ready(Ok(more)) => written += more,
                    Poll::Ready(Err(why)) => return Poll::Ready(Err(why)),
                    Poll::Pending => return Poll::Pending,
                }
            }
            Pin::new(&mut *self).poll_flush(context)
        })
    }

    /// As [`Stream::poll_shutdown`].
    fn shutdown(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        std::future::poll_fn(move |context| Pin::new(&mut *self).poll_shutdown(context))
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::Waker;

    use super::*;

    /// Takes three octets at a time, and every other time nothing yet.
    #[derive(Default)]
    struct Narrow {
        taken: Vec<u8>,
        waits: bool,
        flushed: bool,
    }

    impl Stream for Narrow {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(0))
        }

        fn poll_write(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            octets: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.waits = !self.waits;
            if self.waits {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let some = octets.get(..3).unwrap_or(octets);
            self.taken.extend_from_slice(some);
            Poll::Ready(Ok(some.len()))
        }

        fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.flushed = true;
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn all_of_it_is_written_however_little_goes_at_once() {
        let mut stream = Narrow::default();
        let mut context = Context::from_waker(Waker::noop());
        {
            let mut writing = pin!(stream.write_all(b"eight oc"));
            let polls = (1..).find(|_| writing.as_mut().poll(&mut context).is_ready());
            assert_eq!(polls, Some(4), "three pieces, each waited for, and the end");
        }
        assert_eq!(stream.taken, b"eight oc");
        assert!(stream.flushed);
    }
}
