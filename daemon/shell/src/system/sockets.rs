//! Listeners on UNIX and TCP sockets, and their connections.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lessor_env::{Listener, Place, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Owner and group may connect.
pub(crate) const MODE: u32 = 0o660;

/// A socket that is listened at.
#[derive(Debug)]
pub enum Door {
    /// At a path.
    Unix(UnixListener),
    /// At an address and a port.
    Tcp(TcpListener),
}

/// A connection to a [`Door`].
#[derive(Debug)]
pub enum Connection {
    /// To one at a path.
    Unix(UnixStream),
    /// To one at an address.
    Tcp(TcpStream),
}

pub(super) fn listen(place: &Place) -> io::Result<(Door, Place)> {
    match place {
        Place::Path(path) => {
            clear_stale(path)?;
            let listener = UnixListener::bind(path).map_err(|why| cannot(path, &why))?;
            fs::set_permissions(path, fs::Permissions::from_mode(MODE))
                .map_err(|why| cannot(path, &why))?;
            Ok((Door::Unix(listener), place.clone()))
        }
        Place::At(at) => {
            let listener = std::net::TcpListener::bind(at)?;
            listener.set_nonblocking(true)?;
            let at = listener.local_addr()?;
            Ok((Door::Tcp(TcpListener::from_std(listener)?), Place::At(at)))
        }
    }
}

pub(super) fn leave(place: &Place) {
    if let Place::Path(path) = place {
        let _ = fs::remove_file(path);
    }
}

fn cannot(path: &Path, why: &io::Error) -> io::Error {
    io::Error::new(why.kind(), format!("cannot listen at {}: {why}", path.display()))
}

/// Removes a socket that a process left behind; one that somebody listens at stays.
fn clear_stale(path: &Path) -> io::Result<()> {
    let refused = |kind, what: String| Err(io::Error::new(kind, what));
    let meta = match fs::symlink_metadata(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(()),
        meta => meta.map_err(|why| cannot(path, &why))?,
    };
    if !meta.file_type().is_socket() {
        let what = format!("{} is there and is not a socket", path.display());
        return refused(io::ErrorKind::AlreadyExists, what);
    }
    match StdUnixStream::connect(path) {
        Ok(_) => {
            let what = format!("another process listens at {}", path.display());
            refused(io::ErrorKind::AddrInUse, what)
        }
        Err(why) if why.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(|why| cannot(path, &why))
        }
        Err(why) => Err(cannot(path, &why)),
    }
}

impl Listener for Door {
    type Stream = Connection;

    async fn accept(&mut self) -> io::Result<Connection> {
        Ok(match self {
            Self::Unix(listener) => Connection::Unix(listener.accept().await?.0),
            Self::Tcp(listener) => Connection::Tcp(listener.accept().await?.0),
        })
    }
}

/// What a connection is, whatever it goes over.
trait Wire: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Wire for T {}

impl Connection {
    fn wire(&mut self) -> Pin<&mut dyn Wire> {
        match self {
            Self::Unix(stream) => Pin::new(stream),
            Self::Tcp(stream) => Pin::new(stream),
        }
    }
}

impl Stream for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut into = ReadBuf::new(into);
        ready!(self.get_mut().wire().poll_read(context, &mut into))?;
        Poll::Ready(Ok(into.filled().len()))
    }

    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().wire().poll_write(context, octets)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().wire().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().wire().poll_shutdown(context)
    }
}
