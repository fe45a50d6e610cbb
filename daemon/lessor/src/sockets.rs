//! The kernel's sockets as the loop sees them.

use std::collections::BTreeSet;
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use lessor_config::{Config, InterfaceSpec, Outbound, SocketType};
use lessor_net::selection::{self, SkipReason};
use lessor_net::{
    Demand, Echo, Options, SendReport, Skipped, Sockets, Watch, interfaces, inventory,
};
use lessor_server::ProbeId;
use lessor_shell::{Listening, PacketIo, Undelivered};
use lessor_types::{Datagram, Destination, Interface, LinkId, Transmit};
use tokio::io::unix::AsyncFd;
use tokio::time::Instant;

/// Told once for each time that it begins.
const NO_ROOM: &str = "packets are lost, since more came at once than receive buffers hold: the \
                       kernel limits these by the sysctl net.core.rmem_max, and 4194304 there is \
                       enough for thousands of packets";

/// Sockets on the interfaces of a configuration, which follow these as they change.
#[derive(Debug)]
pub(crate) struct KernelPackets {
    options: Options,
    /// Where clients are answered; none for the usual port.
    client_port: Option<u16>,
    open: Open,
    listening: Listening,
    /// Hears of interfaces that change.
    watch: Option<Watch>,
    /// A second descriptor of its socket, for polling.
    watch_polled: Vec<AsyncFd<OwnedFd>>,
    /// They have changed since [`KernelPackets::looked`].
    stirred: bool,
    looked: Instant,
    /// Packets that the kernel had dropped when this was last asked, and whether they were more than
    /// before.
    dropped: u64,
    dropping: bool,
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
    sockets: Sockets,
    /// Second descriptors of the same sockets, for polling.
    polled: Vec<AsyncFd<OwnedFd>>,
    /// Those are of other sockets.
    unpolled: bool,
}

impl KernelPackets {
    /// The usual port of clients.
    const CLIENT_PORT: u16 = 68;
    /// Changes come in bursts: between two looks at the interfaces, this much passes.
    const CALM: Duration = Duration::from_millis(20);

    /// Opens what can be opened; the rest is tried again at every refresh. If the configuration
    /// requires all of it, that is waited for first, as long as the configuration says. Must be
    /// called within a runtime.
    ///
    /// # Errors
    /// What is required and cannot be had, in words.
    pub(crate) async fn open(
        config: &Config,
        server_port: u16,
        client_port: u16,
    ) -> Result<Self, String> {
        // Without it, changes are found by looking.
        let watch = Watch::open().ok();
        let mut packets = Self {
            options: options(config, server_port),
            client_port: (client_port != Self::CLIENT_PORT).then_some(client_port),
            open: Open { sockets: Sockets::closed(), polled: Vec::new(), unpolled: false },
            listening: Listening::default(),
            watch_polled: polled(watch.as_ref().map(AsFd::as_fd)).unwrap_or_default(),
            watch,
            stirred: false,
            looked: Instant::now(),
            dropped: 0,
            dropping: false,
            left_over: Vec::new(),
            lost: Vec::new(),
            // Its lower half is enough to tell processes apart.
            echo: Echo::new(u16::try_from(std::process::id() & 0xffff).unwrap_or(1)),
            echo_polled: Vec::new(),
        };
        packets.refresh();
        let required = config.service_sockets;
        let mut retries = required.retries_max;
        while required.require_all && !packets.listening.troubles.is_empty() {
            if retries == 0 {
                return Err(all_required(&packets.listening.troubles));
            }
            retries -= 1;
            tokio::time::sleep(Duration::from_millis(required.retry_wait.into())).await;
            packets.refresh();
        }
        Ok(packets)
    }

    /// Makes the sockets what the options ask for.
    fn adjust(&mut self, options: &Options, demand: Demand) -> Result<(), String> {
        let open = &mut self.open;
        let change = open
            .sockets
            .change(options, demand, &mut self.left_over)
            .map_err(|why| with_causes(&why))?;
        note(change.report, &mut self.lost);
        if change.fds || open.unpolled {
            open.unpolled = true;
            open.polled = polled(open.sockets.fds())
                .map_err(|why| format!("cannot poll the sockets: {why}"))?;
            open.unpolled = false;
        }
        Ok(())
    }

    /// Says where packets are heard now.
    fn take_stock(&mut self) {
        let sockets = &mut self.open.sockets;
        let dropped = sockets.counters().kernel_drops;
        self.dropping = dropped > self.dropped;
        self.dropped = dropped;
        let links = sockets.links();
        if *self.listening.links != links {
            self.listening.links = Arc::new(links);
        }
        let nobody = self.listening.links.0.is_empty();
        self.listening.troubles = troubles(&self.options, sockets.skipped(), nobody);
        self.listening.remarks = contested(self.options.port, sockets.contested());
        if self.dropping {
            self.listening.remarks.push(NO_ROOM.to_owned());
        }
    }

    fn poll_changed(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(watch) = &self.watch else {
            return Poll::Pending;
        };
        let mut heard = Poll::Pending;
        while poll_readable(&self.watch_polled, context).is_ready() {
            if watch.changed() {
                self.stirred = true;
                heard = Poll::Ready(());
            }
        }
        heard
    }
}

impl PacketIo for KernelPackets {
    async fn ready(&mut self) {
        if !self.left_over.is_empty() || !self.lost.is_empty() {
            return;
        }
        if !self.open.sockets.drained() {
            // There is more, but others want their turn as well.
            return tokio::task::yield_now().await;
        }
        let mut calm = pin!(tokio::time::sleep_until(self.looked + Self::CALM));
        std::future::poll_fn(|context| {
            let changed = self.poll_changed(context);
            let due = self.stirred && calm.as_mut().poll(context).is_ready();
            if due || (changed.is_ready() && self.looked.elapsed() >= Self::CALM) {
                return Poll::Ready(());
            }
            let answered = poll_readable(&self.echo_polled, context);
            let open = &mut self.open;
            note(open.poll_flush(context), &mut self.lost);
            let arrived = open.poll_readable(context);
            match (arrived, answered) {
                (Poll::Pending, Poll::Pending) if self.lost.is_empty() => Poll::Pending,
                _ => Poll::Ready(()),
            }
        })
        .await;
    }

    fn receive(&mut self, into: &mut Vec<Datagram>) -> io::Result<()> {
        into.append(&mut self.left_over);
        let open = &mut self.open;
        let _ = open.poll_readable(&mut Context::from_waker(Waker::noop()));
        open.sockets.receive_woken(into)
    }

    fn send(&mut self, batch: &[Transmit], lost: &mut Vec<Undelivered>) {
        lost.append(&mut self.lost);
        let open = &mut self.open;
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

    fn changed(&mut self) -> bool {
        let _ = self.poll_changed(&mut Context::from_waker(Waker::noop()));
        self.stirred && self.looked.elapsed() >= Self::CALM
    }

    fn interfaces(&self) -> io::Result<Vec<Interface>> {
        inventory::describe()
    }

    fn refresh(&mut self) -> bool {
        let before = self.listening.clone();
        self.stirred = false;
        self.looked = Instant::now();
        let options = self.options.clone();
        match self.adjust(&options, Demand::Possible) {
            Ok(()) => self.take_stock(),
            Err(why) => self.listening.troubles = vec![why],
        }
        self.listening != before
    }

    fn configure(&mut self, config: &Config) -> Result<(), String> {
        let options = options(config, self.options.port);
        if config.service_sockets.require_all {
            let found = interfaces::list().map_err(|why| why.to_string())?;
            let (_, skipped) = selection::select(&found, &options.interfaces);
            let troubles = troubles(&options, &skipped, false);
            if !troubles.is_empty() {
                return Err(all_required(&troubles));
            }
        }
        self.adjust(&options, Demand::All)?;
        self.options = options;
        self.take_stock();
        Ok(())
    }
}

impl Open {
    /// Wakes the sockets where something has arrived; whether there are such.
    fn poll_readable(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut readable = Poll::Pending;
        for (at, fd) in self.polled.iter().enumerate() {
            if take_ready(fd, context) {
                self.sockets.wake(at);
                readable = Poll::Ready(());
            }
        }
        readable
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
    let ready = polled.iter().filter(|fd| take_ready(fd, context)).count();
    if ready > 0 { Poll::Ready(()) } else { Poll::Pending }
}

/// Whether something may have arrived since this last said so. The answer is used up: whoever gets it
/// reads until nothing is left.
fn take_ready(fd: &AsyncFd<OwnedFd>, context: &mut Context<'_>) -> bool {
    match fd.poll_read_ready(context) {
        Poll::Ready(guard) => {
            if let Ok(mut guard) = guard {
                guard.clear_ready();
            }
            true
        }
        Poll::Pending => false,
    }
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
        outbound: match config.outbound {
            Outbound::SameAsInbound => lessor_net::Outbound::SameAsInbound,
            Outbound::UseRouting => lessor_net::Outbound::UseRouting,
        },
    }
}

/// What an operator asked for by name and does not get. That `*` leaves some out is its meaning,
/// unless nothing is left.
pub(crate) fn troubles(options: &Options, skipped: &[Skipped], nobody: bool) -> Vec<String> {
    let named: BTreeSet<&str> = options
        .interfaces
        .iter()
        .map(|entry| entry.split_once('/').map_or(entry.as_str(), |(name, _)| name))
        .collect();
    let is_wanted = |it: &&Skipped| match it.why {
        SkipReason::Missing | SkipReason::Refused(_) => true,
        SkipReason::Loopback => false,
        _ => nobody || named.contains(&*it.name),
    };
    let wanted = skipped.iter().filter(is_wanted);
    wanted.map(|it| format!("{} is not served: {}", it.name, it.why)).collect()
}

fn contested(port: u16, interfaces: &[Arc<str>]) -> Vec<String> {
    if interfaces.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "another process of this host has UDP port {port} on {} too (`ss -ulpn 'sport = :{port}'` \
         shows it): it may answer the same clients, and take packets that come by UDP",
        interfaces.join(", ")
    )]
}

fn all_required(troubles: &[String]) -> String {
    format!("`service-sockets-require-all` is true, and {}", troubles.join("; "))
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
