//! madsim as an engine: nodes, whose ready tasks run in random order.

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
use madsim::net::{TcpListener, TcpStream, UdpSocket};
use madsim::time::{Sleep, TimeHandle};

use crate::disk::Disk;

/// The node that calls.
#[derive(Clone, Debug)]
pub(crate) struct Madsim;

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

fn any(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))
}

impl Engine for Madsim {
    type Timer = NodeTimer;
    type Stream = TcpStream;
    type Door = TcpListener;
    type Socket = Udp;
    type Files = Disk;

    fn true_time(&self) -> Ns {
        true_time()
    }

    fn timer(&self) -> NodeTimer {
        NodeTimer(Box::pin(madsim::time::sleep(Duration::ZERO)))
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        madsim::task::spawn(task);
    }

    fn files(&self) -> Disk {
        Disk
    }

    fn address(&self, host: Host) -> IpAddr {
        address(host)
    }

    async fn bind(&self, port: u16) -> io::Result<Udp> {
        Ok(Udp(UdpSocket::bind(any(port)).await?))
    }

    async fn open(&self, port: u16) -> io::Result<TcpListener> {
        TcpListener::bind(any(port)).await
    }

    async fn accept(door: &TcpListener) -> io::Result<TcpStream> {
        Ok(door.accept().await?.0)
    }

    async fn connect(&self, host: Host, port: u16) -> io::Result<TcpStream> {
        TcpStream::connect(SocketAddr::from((address(host), port))).await
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
