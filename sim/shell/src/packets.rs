//! The server's packets, over the engine's datagrams.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use lessor_config::Config;
use lessor_env::Env as _;
use lessor_server::ProbeId;
use lessor_shell::{Listening, PacketIo, Undelivered};
use lessor_sim::field::links;
use lessor_types::{Datagram, Interface, LinkId, Transmit};
use tokio::sync::mpsc;

use crate::engine::{Engine, Socket as _, carry, sleep};
use crate::world::World;

/// How many packets may wait for the loop: a socket's buffer.
const PACKETS_MAX: usize = 256;

/// The server's sockets.
pub struct Packets<G: Engine> {
    world: World<G>,
    socket: Arc<G::Socket>,
    arriving: mpsc::Receiver<Vec<u8>>,
    arrived: Option<Vec<u8>>,
    answering: mpsc::UnboundedSender<(ProbeId, Ipv4Addr)>,
    answers: mpsc::UnboundedReceiver<(ProbeId, Ipv4Addr)>,
    answered: Option<(ProbeId, Ipv4Addr)>,
    listening: Listening,
}

impl<G: Engine> Packets<G> {
    /// Takes packets from a socket of the host.
    pub fn new(world: World<G>, socket: G::Socket) -> Self {
        let socket = Arc::new(socket);
        let (arrive, arriving) = mpsc::channel(PACKETS_MAX);
        let own = Arc::clone(&socket);
        world.spawn(async move {
            while let Ok(octets) = own.receive().await {
                // A full buffer loses packets.
                let _ = arrive.try_send(octets);
            }
        });
        let (answering, answers) = mpsc::unbounded_channel();
        let listening = Listening { links: Arc::new(links()), ..Listening::default() };
        Self {
            world,
            socket,
            arriving,
            arrived: None,
            answering,
            answers,
            answered: None,
            listening,
        }
    }
}

impl<G: Engine> PacketIo for Packets<G> {
    async fn ready(&mut self) {
        if self.arrived.is_some() || self.answered.is_some() {
            return;
        }
        tokio::select! {
            biased;
            Some(octets) = self.arriving.recv() => self.arrived = Some(octets),
            Some(answer) = self.answers.recv() => self.answered = Some(answer),
            else => std::future::pending().await,
        }
    }

    fn receive(&mut self, into: &mut Vec<Datagram>) -> io::Result<()> {
        let t = self.world.true_time();
        let mut next = self.arrived.take().or_else(|| self.arriving.try_recv().ok());
        while let Some(octets) = next {
            into.extend(self.world.ground.field().server_hears(t, &octets));
            next = self.arriving.try_recv().ok();
        }
        Ok(())
    }

    fn send(&mut self, batch: &[Transmit], _: &mut Vec<Undelivered>) {
        let t = self.world.true_time();
        for transmit in batch {
            let parcels = self.world.ground.field().server_sends(t, transmit);
            carry(&self.world, &self.socket, parcels);
        }
    }

    fn probe(&mut self, probe: ProbeId, addr: Ipv4Addr, _: Option<LinkId>) -> io::Result<()> {
        let answer = self.world.ground.field().probed(self.world.true_time(), probe, addr);
        if let Some(after) = answer {
            let (own, answering) = (self.world.clone(), self.answering.clone());
            self.world.spawn(async move {
                sleep(&own, Duration::from_nanos(after)).await;
                let _ = answering.send((probe, addr));
            });
        }
        Ok(())
    }

    fn answered(&mut self, into: &mut Vec<ProbeId>) {
        let t = self.world.true_time();
        let mut next = self.answered.take().or_else(|| self.answers.try_recv().ok());
        while let Some((probe, addr)) = next {
            self.world.ground.field().probe_answered(t, probe, addr);
            into.push(probe);
            next = self.answers.try_recv().ok();
        }
    }

    fn listening(&self) -> &Listening {
        &self.listening
    }

    fn interfaces(&self) -> io::Result<Vec<Interface>> {
        Ok(Vec::new())
    }

    fn refresh(&mut self) -> bool {
        false
    }

    fn configure(&mut self, _: &Config) -> Result<(), String> {
        Ok(())
    }
}
