//! Turmoil as an engine: hosts, each with a runtime of tokio whose clock stands still but when
//! turmoil lets a tick pass.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use lessor_env::Timer;
use lessor_sim::time::Ns;
use lessor_sim_shell::engine::DATAGRAM_MAX;
use lessor_sim_shell::{Engine, Host, Socket};
use tokio::time::{Instant, Sleep};
use turmoil::net::{TcpListener, TcpStream, UdpSocket};

use crate::disk::Disk;

/// The host that calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turmoil {
    disk: Disk,
}

impl Engine for Turmoil {
    type Timer = TokioTimer;
    type Stream = TcpStream;
    type Door = TcpListener;
    type Socket = Udp;
    type Files = Disk;

    fn true_time(&self) -> Ns {
        let elapsed = turmoil::sim_elapsed().unwrap_or_default();
        Ns::try_from(elapsed.as_nanos()).unwrap_or(Ns::MAX)
    }

    fn timer(&self) -> TokioTimer {
        TokioTimer(Box::pin(tokio::time::sleep(Duration::ZERO)))
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        tokio::task::spawn_local(task);
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

    async fn open(&self, port: u16) -> io::Result<TcpListener> {
        TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await
    }

    async fn accept(door: &TcpListener) -> io::Result<TcpStream> {
        Ok(door.accept().await?.0)
    }

    async fn connect(&self, host: Host, port: u16) -> io::Result<TcpStream> {
        TcpStream::connect((host.name(), port)).await
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
