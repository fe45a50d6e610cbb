//! What an engine has to offer.

use std::future::{Future, poll_fn};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use lessor_env::files::Files;
use lessor_env::{Env, Timer};
use lessor_sim::field::Parcel;
use lessor_sim::history::Station;
use lessor_sim::time::Ns;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::world::World;

/// The port of the server and of the relay.
pub const SERVER_PORT: u16 = 67;
/// The port of hosts with clients.
pub const CLIENT_PORT: u16 = 68;
/// The port that stands for the control socket's path.
pub const CONTROL_PORT: u16 = 8000;
/// The largest datagram, in octets.
pub const DATAGRAM_MAX: usize = 4096;

/// A host of the simulation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Host {
    /// The server.
    Server,
    /// Half of the clients: 0 those with even numbers, 1 the others.
    Clients(u8),
    /// The relay.
    Relay,
    /// Whoever gives commands.
    Operator,
}

impl Host {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Server, Self::Clients(0), Self::Clients(1), Self::Relay, Self::Operator];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Clients(0) => "clients-a",
            Self::Clients(_) => "clients-b",
            Self::Relay => "relay",
            Self::Operator => "operator",
        }
    }

    /// Its number in histories.
    #[must_use]
    pub const fn number(self) -> u64 {
        match self {
            Self::Server => 0,
            Self::Clients(half) => 1 + half as u64,
            Self::Relay => 3,
            Self::Operator => 4,
        }
    }

    /// Where a station is, and the port that it listens at.
    #[must_use]
    pub const fn of(station: Station) -> (Self, u16) {
        match station {
            Station::Server(_) => (Self::Server, SERVER_PORT),
            Station::Relay(_) => (Self::Relay, SERVER_PORT),
            Station::Client(client) if client % 2 == 0 => (Self::Clients(0), CLIENT_PORT),
            Station::Client(_) => (Self::Clients(1), CLIENT_PORT),
            Station::Stranger => (Self::Clients(0), CLIENT_PORT),
        }
    }
}

/// A simulation's engine, as the host that calls sees it. [`World`] makes a whole world of one.
pub trait Engine: Clone + Send + Sync + 'static {
    /// One deadline at a time.
    type Timer: Timer;
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;
    /// A port where connections arrive.
    type Door: Send + Sync + 'static;
    /// A socket for datagrams.
    type Socket: Socket;
    /// A host's directory.
    type Files: Files<File: Send, Lock: Send> + Clone + Send + 'static;

    /// True time since the beginning.
    fn true_time(&self) -> Ns;

    /// A timer that is not set.
    fn timer(&self) -> Self::Timer;

    /// Starts a task on the host that calls.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);

    /// The server's directory.
    fn files(&self) -> Self::Files;

    /// A host's address.
    fn address(&self, host: Host) -> IpAddr;

    /// A socket on the host that calls.
    ///
    /// # Errors
    /// What the engine says.
    fn bind(&self, port: u16) -> impl Future<Output = io::Result<Self::Socket>> + Send;

    /// Opens a port of the host that calls for connections.
    ///
    /// # Errors
    /// What the engine says.
    fn open(&self, port: u16) -> impl Future<Output = io::Result<Self::Door>> + Send;

    /// The next connection that arrives. Dropping the future loses none.
    ///
    /// # Errors
    /// What the engine says.
    fn accept(door: &Self::Door) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// A connection to a port of a host.
    ///
    /// # Errors
    /// What the engine says.
    fn connect(
        &self,
        host: Host,
        port: u16,
    ) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// A socket for datagrams.
pub trait Socket: Send + Sync + 'static {
    /// Sends a datagram, or loses it.
    fn send(&self, octets: &[u8], to: (IpAddr, u16)) -> impl Future<Output = ()> + Send;

    /// The next one that arrives.
    ///
    /// # Errors
    /// What the engine says.
    fn receive(&self) -> impl Future<Output = io::Result<Vec<u8>>> + Send;
}

/// Waits so long.
pub async fn sleep(env: &impl Env, time: Duration) {
    let mut timer = env.timer();
    timer.set(time);
    poll_fn(|context| timer.poll_rung(context)).await;
}

/// Waits until a true time.
pub async fn sleep_until<G: Engine>(world: &World<G>, at: Ns) {
    let now = world.true_time();
    if at > now {
        sleep(world, Duration::from_nanos(at - now)).await;
    }
}

/// Sends parcels on their way, each as late as it says.
pub fn carry<G: Engine>(world: &World<G>, socket: &Arc<G::Socket>, parcels: Vec<Parcel>) {
    for parcel in parcels {
        let (host, port) = Host::of(parcel.to);
        let to = (world.engine.address(host), port);
        let (own, socket) = (world.clone(), Arc::clone(socket));
        world.spawn(async move {
            sleep(&own, Duration::from_nanos(parcel.after)).await;
            socket.send(&parcel.octets, to).await;
        });
    }
}
