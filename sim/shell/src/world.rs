//! A world for the shell, made of an engine and of what all hosts share.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use lessor_env::{Clock, Env, Listener, Place, Stream, Urgency};
use lessor_sim::time::Ns;
use lessor_types::{Now, Seed};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::engine::{CONTROL_PORT, Engine, Host, sleep};
use crate::ground::Ground;
use crate::{operator, server, stations};

/// How long a server that could not start is left alone.
const RESTART_AFTER: Duration = Duration::from_secs(1);

/// The simulation, as one of its hosts sees it. Clones are the same.
#[derive(Clone, Debug)]
pub struct World<G> {
    /// What it runs on.
    pub engine: G,
    /// What all hosts share.
    pub ground: Ground,
    host: Host,
}

impl<G: Engine> World<G> {
    /// That of a host.
    pub const fn new(engine: G, ground: Ground, host: Host) -> Self {
        Self { engine, ground, host }
    }

    /// True time since the beginning.
    #[must_use]
    pub fn true_time(&self) -> Ns {
        self.engine.true_time()
    }

    /// The host, from its beginning until the engine ends it.
    ///
    /// # Errors
    /// What ended it otherwise; only the operator is ever done.
    pub async fn live(self) -> Result<(), String> {
        let task =
            Still { ground: self.ground.clone(), host: self.host, task: Box::pin(life(self)) };
        task.await
    }
}

async fn life<G: Engine>(world: World<G>) -> Result<(), String> {
    match world.host {
        Host::Server => loop {
            match server::serve(world.clone()).await {
                Ok(ending) => break Err(format!("the server stopped: {ending:?}")),
                // A service manager starts it again.
                Err(_) if world.ground.field().may_err() => sleep(&world, RESTART_AFTER).await,
                Err(why) => break Err(why),
            }
        },
        Host::Clients(half) => stations::clients(world, half).await.map_err(|why| why.to_string()),
        Host::Relay => stations::relay(world).await.map_err(|why| why.to_string()),
        Host::Operator => {
            operator::operate(world).await;
            Ok(())
        }
    }
}

/// A task of a host, which does nothing while the host's process stands still. No engine here can
/// hold one of its hosts without holding time as well, or without losing what arrives meanwhile.
struct Still<T> {
    ground: Ground,
    host: Host,
    task: Pin<Box<dyn Future<Output = T> + Send>>,
}

impl<T> Future for Still<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        if self.host == Host::Server && self.ground.stands_still(context.waker()) {
            return Poll::Pending;
        }
        self.task.as_mut().poll(context)
    }
}

impl<G: Engine> Clock for World<G> {
    fn now(&self) -> Now {
        self.ground.now(self.true_time())
    }
}

impl<G: Engine> Env for World<G> {
    type Timer = G::Timer;
    type Stream = Connection<G::Stream>;
    type Listener = Door<G>;

    fn timer(&self) -> G::Timer {
        self.engine.timer()
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let (ground, host) = (self.ground.clone(), self.host);
        self.engine.spawn(Still { ground, host, task: Box::pin(task) });
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

    fn listen(&self, place: &Place) -> io::Result<(Door<G>, Place)> {
        let port = match place {
            Place::Path(_) => CONTROL_PORT,
            Place::At(at) => at.port(),
        };
        Ok((Door { engine: self.engine.clone(), port, open: None }, place.clone()))
    }

    fn leave(&self, _: &Place) {}

    fn seed(&self) -> Seed {
        Seed(self.ground.schedule().seed)
    }
}

/// A port where connections arrive; it is opened when somebody waits there.
pub struct Door<G: Engine> {
    engine: G,
    port: u16,
    open: Option<G::Door>,
}

impl<G: Engine> Listener for Door<G> {
    type Stream = Connection<G::Stream>;

    async fn accept(&mut self) -> io::Result<Self::Stream> {
        if self.open.is_none() {
            self.open = Some(self.engine.open(self.port).await?);
        }
        match &self.open {
            Some(door) => Ok(Connection(G::accept(door).await?)),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

/// A connection of an engine.
pub struct Connection<S>(pub S);

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for Connection<S> {
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
