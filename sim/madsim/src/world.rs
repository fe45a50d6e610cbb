//! madsim's nodes as a world for the shell. Whatever is ready runs in random order.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use lessor_env::{Clock, Env, Listener, Place, Stream, Timer, Urgency};
use lessor_sim::time::Ns;
use lessor_sim_shell::engine::{CONTROL_PORT, sleep};
use lessor_sim_shell::{Engine, Ground, Host, Socket};
use lessor_types::{Now, Seed};
use madsim::net::{TcpListener, TcpStream, UdpSocket};
use madsim::time::{Sleep, TimeHandle};
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};

use crate::disk::Disk;

/// The largest datagram, in octets.
const DATAGRAM_MAX: usize = 4096;

/// The simulation, as the node that calls sees it.
#[derive(Clone, Debug)]
pub(crate) struct Madsim {
    ground: Ground,
}

impl Madsim {
    pub(crate) const fn new(ground: Ground) -> Self {
        Self { ground }
    }
}

/// The address of a host.
pub(crate) fn address(host: Host) -> IpAddr {
    let number = u8::try_from(host.number()).unwrap_or(0);
    IpAddr::V4(Ipv4Addr::new(10, 9, 0, number + 1))
}

/// True time.
pub(crate) fn true_time() -> Ns {
    let elapsed = TimeHandle::current().elapsed();
    Ns::try_from(elapsed.as_nanos()).unwrap_or(Ns::MAX)
}

impl Clock for Madsim {
    fn now(&self) -> Now {
        self.ground.clock().now(true_time())
    }
}

impl Env for Madsim {
    type Timer = NodeTimer;
    type Stream = Tcp;
    type Listener = Door;

    fn timer(&self) -> NodeTimer {
        NodeTimer(Box::pin(madsim::time::sleep(Duration::ZERO)))
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        madsim::task::spawn(task);
    }

    fn worker(
        &self,
        _: &str,
        _: Urgency,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        self.spawn(work);
        Ok(())
    }

    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        tokio::task::yield_now().await;
        Some(work())
    }

    async fn disk(&self) {
        sleep(self, self.ground.disk_time()).await;
    }

    fn listen(&self, place: &Place) -> io::Result<(Door, Place)> {
        let port = match place {
            Place::Path(_) => CONTROL_PORT,
            Place::At(at) => at.port(),
        };
        Ok((Door { port, listener: None }, place.clone()))
    }

    fn leave(&self, _: &Place) {}

    fn seed(&self) -> Seed {
        Seed(self.ground.schedule().seed)
    }
}

impl Engine for Madsim {
    type Socket = Udp;
    type Files = Disk;

    fn true_time(&self) -> Ns {
        true_time()
    }

    fn files(&self) -> Disk {
        Disk
    }

    fn address(&self, host: Host) -> IpAddr {
        address(host)
    }

    async fn bind(&self, port: u16) -> io::Result<Udp> {
        Ok(Udp(UdpSocket::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))).await?))
    }

    async fn connect(&self, host: Host, port: u16) -> io::Result<Tcp> {
        Ok(Tcp(TcpStream::connect(SocketAddr::from((address(host), port))).await?))
    }
}

/// A timer of the node.
pub(crate) struct NodeTimer(Pin<Box<Sleep>>);

impl Timer for NodeTimer {
    fn set(&mut self, after: Duration) {
        self.0 = Box::pin(madsim::time::sleep(after));
    }

    fn poll_rung(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(context)
    }
}

/// A socket for datagrams.
pub(crate) struct Udp(UdpSocket);

impl Socket for Udp {
    async fn send(&self, octets: &[u8], to: (IpAddr, u16)) {
        let _ = self.0.send_to(SocketAddr::from(to), octets).await;
    }

    async fn receive(&self) -> io::Result<Vec<u8>> {
        let mut octets = vec![0; DATAGRAM_MAX];
        let (len, _) = self.0.recv_from(&mut octets).await?;
        octets.truncate(len);
        Ok(octets)
    }
}

/// A port where connections arrive; it is opened when somebody waits there.
pub(crate) struct Door {
    port: u16,
    listener: Option<TcpListener>,
}

impl Listener for Door {
    type Stream = Tcp;

    async fn accept(&mut self) -> io::Result<Tcp> {
        if self.listener.is_none() {
            let at = SocketAddr::from((Ipv4Addr::UNSPECIFIED, self.port));
            self.listener = Some(TcpListener::bind(at).await?);
        }
        match &self.listener {
            Some(listener) => Ok(Tcp(listener.accept().await?.0)),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

/// A connection.
pub(crate) struct Tcp(TcpStream);

impl Stream for Tcp {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut into = ReadBuf::new(into);
        ready!(Pin::new(&mut self.0).poll_read(context, &mut into))?;
        Poll::Ready(Ok(into.filled().len()))
    }

    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
