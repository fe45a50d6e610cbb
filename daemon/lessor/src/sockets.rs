//! The kernel's sockets as the loop sees them.

use std::collections::BTreeSet;
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use lessor_config::{Config, InterfaceSpec, SocketType};
use lessor_net::interfaces;
use lessor_net::selection::{self, SkipReason};
use lessor_net::{Echo, Options, SendReport, Skipped, Sockets};
use lessor_server::ProbeId;
use lessor_shell::{Listening, PacketIo, Undelivered};
use lessor_types::{Datagram, Destination, Link, LinkId, Links, Transmit};
use tokio::io::unix::AsyncFd;

/// Sockets on the interfaces of a configuration, opened again when these change.
#[derive(Debug)]
pub(crate) struct KernelPackets {
    options: Options,
    /// Where clients are answered; none for the usual port.
    client_port: Option<u16>,
    open: Option<Open>,
    listening: Listening,
    /// Received by sockets that were replaced.
    left_over: Vec<Datagram>,
    /// Lost while the kernel had no room.
    lost: Vec<Undelivered>,
    echo: Echo,
    /// Second descriptors of its sockets, for polling.
    echo_polled: Vec<AsyncFd<OwnedFd>>,
}

#[derive(Debug)]
struct Open {
    /// Second descriptors of the same sockets, for polling.
    polled: Vec<AsyncFd<OwnedFd>>,
    sockets: Sockets,
    /// Something may be there that nobody has read.
    arrived: bool,
}

impl KernelPackets {
    /// The usual port of clients.
    const CLIENT_PORT: u16 = 68;

    /// Opens what can be opened; the rest is tried again at every refresh. Must be called within a
    /// runtime.
    #[must_use]
    pub(crate) fn new(config: &Config, server_port: u16, client_port: u16) -> Self {
        let mut packets = Self {
            options: options(config, server_port),
            client_port: (client_port != Self::CLIENT_PORT).then_some(client_port),
            open: None,
            listening: Listening::default(),
            left_over: Vec::new(),
            lost: Vec::new(),
            // Its lower half is enough to tell processes apart.
            echo: Echo::new(u16::try_from(std::process::id() & 0xffff).unwrap_or(1)),
            echo_polled: Vec::new(),
        };
        packets.refresh();
        packets
    }

    fn replace(&mut self, open: Open, troubles: Vec<String>) {
        let links = Arc::new(open.sockets.links());
        if let Some(mut old) = self.open.replace(open) {
            // What the old ones still have. The new ones may have it too; a packet that comes twice
            // is nothing new to a DHCP server, one that never comes is.
            let _ = old.sockets.receive(&mut self.left_over);
            note(old.sockets.flush(), &mut self.lost);
        }
        self.listening = Listening { links, troubles };
    }
}

impl PacketIo for KernelPackets {
    async fn ready(&mut self) {
        if !self.left_over.is_empty() || !self.lost.is_empty() {
            return;
        }
        let Some(open) = &mut self.open else {
            return std::future::pending().await;
        };
        let echo = &self.echo_polled;
        if !open.sockets.drained() {
            // There is more, but others want their turn as well.
            return tokio::task::yield_now().await;
        }
        let lost = &mut self.lost;
        std::future::poll_fn(|context| {
            note(open.poll_flush(context), lost);
            let answered = poll_readable(echo, context);
            match (open.poll_readable(context), answered) {
                (Poll::Pending, Poll::Pending) if lost.is_empty() => Poll::Pending,
                _ => Poll::Ready(()),
            }
        })
        .await;
        open.arrived = true;
    }

    fn receive(&mut self, into: &mut Vec<Datagram>) -> io::Result<()> {
        into.append(&mut self.left_over);
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        let mut context = Context::from_waker(Waker::noop());
        if open.arrived || !open.sockets.drained() || open.poll_readable(&mut context).is_ready() {
            open.arrived = false;
            open.sockets.receive(into)?;
        }
        Ok(())
    }

    fn send(&mut self, batch: &[Transmit], lost: &mut Vec<Undelivered>) {
        lost.append(&mut self.lost);
        let Some(open) = &mut self.open else {
            lost.extend(batch.iter().map(|packet| Undelivered {
                to: packet.to,
                why: "no interface is served".to_owned(),
            }));
            return;
        };
        match self.client_port {
            None => note(open.sockets.send(batch), lost),
            Some(port) => {
                let batch: Vec<Transmit> = batch.iter().map(|it| to_port(it, port)).collect();
                note(open.sockets.send(&batch), lost);
            }
        }
    }

    fn probe(&mut self, probe: ProbeId, addr: Ipv4Addr, link: Option<LinkId>) -> io::Result<()> {
        if self.echo.ask(link, addr, probe.0)? {
            self.echo_polled = polled(self.echo.fds())?;
        }
        Ok(())
    }

    fn answered(&mut self, into: &mut Vec<ProbeId>) {
        let mut answers = Vec::new();
        // What cannot be read is as good as silence, which the server knows how to take.
        let _ = self.echo.receive(&mut answers);
        into.extend(answers.into_iter().map(|answer| ProbeId(answer.token)));
    }

    fn listening(&self) -> &Listening {
        &self.listening
    }

    fn refresh(&mut self) -> bool {
        let before = self.listening.clone();
        let found = match interfaces::list() {
            Ok(found) => found,
            Err(why) => {
                self.listening.troubles = vec![format!("cannot list the interfaces: {why}")];
                return self.listening != before;
            }
        };
        let (chosen, skipped) = selection::select(&found, &self.options.interfaces);
        let wanted = Links(chosen.into_iter().map(|it| it.link).collect::<Vec<Link>>());
        let as_wanted = self.open.is_some() && *self.listening.links == wanted;
        if as_wanted {
            self.listening.troubles = troubles(&self.options, &skipped);
        } else {
            match Open::new(&self.options) {
                Ok((open, troubles)) => self.replace(open, troubles),
                Err(why) => self.listening.troubles = vec![why],
            }
        }
        self.listening != before
    }

    fn configure(&mut self, config: &Config) -> Result<(), String> {
        let options = options(config, self.options.port);
        if options == self.options && self.open.is_some() {
            return Ok(());
        }
        let (open, troubles) = Open::new(&options)?;
        self.options = options;
        self.replace(open, troubles);
        Ok(())
    }
}

impl Open {
    fn new(options: &Options) -> Result<(Self, Vec<String>), String> {
        let sockets = Sockets::open(options).map_err(|why| with_causes(&why))?;
        let troubles = troubles(options, sockets.skipped());
        let polled = polled(sockets.fds());
        let polled = polled.map_err(|why| format!("cannot poll the sockets: {why}"))?;
        let open = Self { polled, sockets, arrived: true };
        Ok((open, troubles))
    }

    /// Whether something may have arrived since this last said so. The answer is used up: whoever
    /// gets it reads until nothing is left.
    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<()> {
        poll_readable(&self.polled, context)
    }

    /// Sends what waits, if the kernel has room again.
    fn poll_flush(&mut self, context: &mut Context<'_>) -> SendReport {
        let mut writable = false;
        if self.sockets.queued() > 0 {
            for fd in &self.polled {
                while let Poll::Ready(Ok(mut guard)) = fd.poll_write_ready(context) {
                    guard.clear_ready();
                    writable = true;
                }
            }
        }
        if writable { self.sockets.flush() } else { SendReport::default() }
    }
}

/// Second descriptors, for polling.
fn polled<'a>(fds: impl IntoIterator<Item = BorrowedFd<'a>>) -> io::Result<Vec<AsyncFd<OwnedFd>>> {
    #[expect(
        deprecated,
        reason = "its successor is unsafe, for descriptors that are not owned; these are"
    )]
    fds.into_iter().map(|fd| AsyncFd::new(fd.try_clone_to_owned()?)).collect()
}

fn poll_readable(polled: &[AsyncFd<OwnedFd>], context: &mut Context<'_>) -> Poll<()> {
    let mut readable = Poll::Pending;
    for fd in polled {
        if let Poll::Ready(guard) = fd.poll_read_ready(context) {
            if let Ok(mut guard) = guard {
                guard.clear_ready();
            }
            readable = Poll::Ready(());
        }
    }
    readable
}

pub(crate) fn options(config: &Config, port: u16) -> Options {
    let interfaces = config.interfaces.iter().map(|spec| match spec {
        InterfaceSpec::Any => "*".to_owned(),
        InterfaceSpec::Named(name) => name.clone(),
        InterfaceSpec::NamedAddr(name, addr) => format!("{name}/{addr}"),
    });
    Options {
        interfaces: interfaces.collect(),
        port,
        socket_type: match config.socket_type {
            SocketType::Raw => lessor_net::SocketType::Raw,
            SocketType::Udp => lessor_net::SocketType::Udp,
        },
    }
}

/// What an operator asked for by name and does not get. That `*` leaves some out is its meaning.
pub(crate) fn troubles(options: &Options, skipped: &[Skipped]) -> Vec<String> {
    let named: BTreeSet<&str> = options
        .interfaces
        .iter()
        .map(|entry| entry.split_once('/').map_or(entry.as_str(), |(name, _)| name))
        .collect();
    skipped
        .iter()
        .filter(|it| it.why == SkipReason::Missing || named.contains(&*it.name))
        .map(|it| format!("{} is not served: {}", it.name, it.why))
        .collect()
}

fn note(report: SendReport, lost: &mut Vec<Undelivered>) {
    lost.extend(
        report
            .failed
            .into_iter()
            .map(|failure| Undelivered { to: failure.to, why: with_causes(&failure.error) }),
    );
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told.push_str(": ");
        told.push_str(&error.to_string());
        cause = error.source();
    }
    told
}

/// The packet, to another port of clients. What goes to relays stays.
fn to_port(packet: &Transmit, port: u16) -> Transmit {
    let mut packet = packet.clone();
    match &mut packet.to {
        Destination::Routed(addr) | Destination::Station { addr, .. } => {
            if addr.port() == KernelPackets::CLIENT_PORT {
                addr.set_port(port);
            }
        }
        Destination::Broadcast { port: to } => *to = port,
    }
    packet
}
