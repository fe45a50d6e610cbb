//! Turmoil's hosts as a world for the shell. Each has a runtime of tokio whose clock stands still
//! but when turmoil lets a tick pass.

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
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::time::{Instant, Sleep};
use turmoil::net::{TcpListener, TcpStream, UdpSocket};

use crate::disk::Disk;

/// The largest datagram, in octets.
const DATAGRAM_MAX: usize = 4096;

/// The simulation, as the host that calls sees it.
#[derive(Clone, Debug)]
pub(crate) struct Turmoil {
    ground: Ground,
    disk: Disk,
}

impl Turmoil {
    pub(crate) fn new(ground: Ground) -> Self {
        Self { ground, disk: Disk::default() }
    }
}

impl Clock for Turmoil {
    fn now(&self) -> Now {
        self.ground.clock().now(self.true_time())
    }
}

impl Env for Turmoil {
    type Timer = TokioTimer;
    type Stream = Tcp;
    type Listener = Door;

    fn timer(&self) -> TokioTimer {
        TokioTimer(Box::pin(tokio::time::sleep(Duration::ZERO)))
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        tokio::task::spawn_local(task);
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

impl Engine for Turmoil {
    type Socket = Udp;
    type Files = Disk;

    fn true_time(&self) -> Ns {
        let elapsed = turmoil::sim_elapsed().unwrap_or_default();
        Ns::try_from(elapsed.as_nanos()).unwrap_or(Ns::MAX)
    }

    fn files(&self) -> Disk {
        self.disk.clone()
    }

    fn address(&self, host: Host) -> IpAddr {
        turmoil::lookup(host.name())
    }

    async fn bind(&self, port: u16) -> io::Result<Udp> {
        Ok(Udp(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).await?))
    }

    async fn connect(&self, host: Host, port: u16) -> io::Result<Tcp> {
        Ok(Tcp(TcpStream::connect((host.name(), port)).await?))
    }
}

/// A timer of the host's runtime.
#[derive(Debug)]
pub(crate) struct TokioTimer(Pin<Box<Sleep>>);

impl Timer for TokioTimer {
    fn set(&mut self, after: Duration) {
        self.0.as_mut().reset(Instant::now() + after);
    }

    fn poll_rung(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(context)
    }
}

/// A socket for datagrams.
pub(crate) struct Udp(UdpSocket);

impl Socket for Udp {
    async fn send(&self, octets: &[u8], to: (IpAddr, u16)) {
        let _ = self.0.send_to(octets, SocketAddr::from(to)).await;
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
            self.listener = Some(TcpListener::bind((Ipv4Addr::UNSPECIFIED, self.port)).await?);
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
