//! The kernel's sockets as the loop sees them.

use std::collections::BTreeSet;
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use lessor_config::{Config, InterfaceSpec, Outbound, SocketType};
use lessor_net::selection::{self, SkipReason};
use lessor_net::{
    Demand, Echo, Options, SendReport, Skipped, Sockets, Watch, interfaces, inventory,
};
use lessor_server::ProbeId;
use lessor_shell::bell::{Bells, Rung};
use lessor_shell::{Listening, PacketIo, Undelivered};
use lessor_types::{Datagram, Destination, Interface, LinkId, Transmit};
use tokio::io::Interest;
use tokio::io::unix::{AsyncFd, AsyncFdReadyGuard};
use tokio::time::Instant;

/// Told once for each time that it begins.
const NO_ROOM: &str = "packets are lost, since more came at once than receive buffers hold: the \
                       kernel limits these by the sysctl net.core.rmem_max, and 4194304 there is \
                       enough for thousands of packets";

/// The bells of descriptors, which are asked when theirs has rung: most wake-ups are one socket's.
const SOCKETS: usize = 0;
const WATCH: usize = 1;
const ECHO: usize = 2;

/// Sockets on the interfaces of a configuration, which follow these as they change.
#[derive(Debug)]
pub(crate) struct KernelPackets {
    options: Options,
    /// Where clients are answered; none for the usual port.
    client_port: Option<u16>,
    open: Open,
    listening: Listening,
    bells: Bells<3>,
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
    /// There may be answers to probes.
    echoed: bool,
}

#[derive(Debug)]
struct Open {
    sockets: Sockets,
    /// Second descriptors of the same sockets, for polling: whether there is something to read.
    polled: Vec<AsyncFd<OwnedFd>>,
    /// Third ones, while packets wait: whether there is room for them. The kernel says so after each
    /// packet that leaves, to whoever wants to hear it.
    writable: Vec<AsyncFd<OwnedFd>>,
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
            open: Open {
                sockets: Sockets::closed(),
                polled: Vec::new(),
                writable: Vec::new(),
                unpolled: false,
            },
            bells: Bells::new(),
            listening: Listening::default(),
            watch_polled: polled(watch.as_ref().map(AsFd::as_fd), Interest::READABLE)
                .unwrap_or_default(),
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
            echoed: false,
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
            open.writable.clear();
            open.polled = polled(open.sockets.fds(), Interest::READABLE)
                .map_err(|why| format!("cannot poll the sockets: {why}"))?;
            open.unpolled = false;
            self.bells.ring(SOCKETS);
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

    /// Asks the descriptors whose bells have rung, until they have nothing.
    fn hear(&mut self, rung: Rung) {
        if rung.has(SOCKETS) {
            self.open.hear(&mut self.bells.context(SOCKETS));
        }
        if rung.has(WATCH)
            && let Some(watch) = &self.watch
        {
            while is_readable(&self.watch_polled, &mut self.bells.context(WATCH)) {
                self.stirred |= watch.changed();
            }
        }
        if rung.has(ECHO) {
            self.echoed |= is_readable(&self.echo_polled, &mut self.bells.context(ECHO));
        }
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
        let mut calm = None;
        std::future::poll_fn(|context| {
            let rung = self.bells.listen(context);
            self.hear(rung);
            if self.stirred {
                let end = self.looked + Self::CALM;
                let calm = calm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(end)));
                if calm.as_mut().poll(context).is_ready() {
                    return Poll::Ready(());
                }
            }
            if self.open.has_queue() {
                note(self.open.poll_flush(&mut self.bells.context(SOCKETS)), &mut self.lost);
            }
            let nothing = self.open.sockets.drained() && !self.echoed && self.lost.is_empty();
            if nothing { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }

    fn receive(&mut self, into: &mut Vec<Datagram>) -> io::Result<()> {
        into.append(&mut self.left_over);
        self.hear(self.bells.take());
        self.open.sockets.receive_woken(into)
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
            self.echo_polled = polled(self.echo.fds(), Interest::READABLE)?;
            self.bells.ring(ECHO);
        }
        Ok(())
    }

    fn answered(&mut self, into: &mut Vec<ProbeId>) {
        self.echoed = false;
        let mut answers = Vec::new();
        // What cannot be read is as good as silence, which the server knows how to take.
        let _ = self.echo.receive(&mut answers);
        into.extend(answers.into_iter().map(|answer| ProbeId(answer.token)));
    }

    fn listening(&self) -> &Listening {
        &self.listening
    }

    fn changed(&mut self) -> bool {
        self.hear(self.bells.take());
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
    /// Wakes the sockets where something has arrived.
    fn hear(&mut self, context: &mut Context<'_>) {
        for (at, fd) in self.polled.iter().enumerate() {
            if took_ready(|| fd.poll_read_ready(context)) {
                self.sockets.wake(at);
            }
        }
    }

    /// Whether packets wait for room. If not, it is of no interest where there is some.
    fn has_queue(&mut self) -> bool {
        let queued = self.sockets.queued() > 0;
        if !queued {
            self.writable.clear();
        }
        queued
    }

    /// Sends what waits, if the kernel has room again.
    fn poll_flush(&mut self, context: &mut Context<'_>) -> SendReport {
        if self.writable.is_empty() {
            // Where these cannot be had, what waits leaves with the next packets.
            self.writable = polled(self.sockets.fds(), Interest::WRITABLE).unwrap_or_default();
        }
        let mut has_room = false;
        for fd in &self.writable {
            has_room |= took_ready(|| fd.poll_write_ready(context));
        }
        if has_room { self.sockets.flush() } else { SendReport::default() }
    }
}

/// More descriptors of the same sockets, for polling.
fn polled<'a>(
    fds: impl IntoIterator<Item = BorrowedFd<'a>>,
    interest: Interest,
) -> io::Result<Vec<AsyncFd<OwnedFd>>> {
    #[expect(
        deprecated,
        reason = "its successor is unsafe, for descriptors that are not owned; these are"
    )]
    fds.into_iter().map(|fd| AsyncFd::with_interest(fd.try_clone_to_owned()?, interest)).collect()
}

/// Whether something may have arrived at any of these since this last said so.
fn is_readable(polled: &[AsyncFd<OwnedFd>], context: &mut Context<'_>) -> bool {
    let ready = polled.iter().filter(|fd| took_ready(|| fd.poll_read_ready(context)));
    ready.count() > 0
}

/// Whether a descriptor was ready since this last said so. The answer is used up: whoever gets it
/// goes on until the kernel has no more. Afterwards its bell rings when it is ready again.
fn took_ready<'a>(
    mut poll: impl FnMut() -> Poll<io::Result<AsyncFdReadyGuard<'a, OwnedFd>>>,
) -> bool {
    let mut was_ready = false;
    while let Poll::Ready(Ok(mut guard)) = poll() {
        guard.clear_ready();
        was_ready = true;
    }
    was_ready
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
