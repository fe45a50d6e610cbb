//! All sockets of a server together.

mod change;

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use lessor_types::{Datagram, Destination, Links, Transmit};

use crate::channel::{Channel, Socket};
use crate::counters::Counters;
use crate::report::{SendError, SendReport};
use crate::selection::Skipped;
use crate::sys::mmsg::{BATCH, Inbox};

pub use change::{Change, Demand};

/// The most packets that one [`Sockets::receive`] reads, but for what is left of the last batch
/// of each socket.
pub const RECEIVE_MAX: usize = 8 * BATCH;

/// How packets are exchanged with clients on the link (Kea's `dhcp-socket-type`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SocketType {
    /// By AF_PACKET sockets, beside UDP. Needs `CAP_NET_RAW`.
    #[default]
    Raw,
    /// By UDP alone, for servers that only relays talk to. A station without address is answered
    /// by broadcast.
    Udp,
}

/// Which way answers leave that are routed (Kea's `outbound-interface`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Outbound {
    /// By the interface that the query came in on, where the destination can be reached there, and
    /// else as the routing table says.
    #[default]
    SameAsInbound,
    /// As the routing table says.
    UseRouting,
}

/// What to open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Interfaces, as [`selection::select`](crate::selection::select) reads them.
    pub interfaces: Vec<String>,
    /// The server's UDP port.
    pub port: u16,
    /// Which sockets.
    pub socket_type: SocketType,
    /// Which way out.
    pub outbound: Outbound,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            interfaces: vec!["*".to_owned()],
            port: 67,
            socket_type: SocketType::Raw,
            outbound: Outbound::SameAsInbound,
        }
    }
}

/// Why the sockets could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The interfaces could not be listed.
    #[error("cannot list the interfaces")]
    Interfaces(#[source] io::Error),
    /// The raw socket of an interface.
    #[error("cannot open a raw socket on {interface}")]
    Raw {
        /// The interface's name.
        interface: Arc<str>,
        /// Why.
        #[source]
        why: io::Error,
    },
    /// The UDP socket.
    #[error("cannot open UDP port {port}")]
    Udp {
        /// The port.
        port: u16,
        /// Why.
        #[source]
        why: io::Error,
    },
}

/// The open sockets: a raw one for each Ethernet interface, unless UDP alone was asked for, and a
/// UDP one for all of them.
#[derive(Debug)]
pub struct Sockets {
    links: Links,
    skipped: Vec<Skipped>,
    contested: Vec<Arc<str>>,
    /// The UDP socket last.
    channels: Vec<Channel>,
    /// Where the next receive begins.
    turn: usize,
    inbox: Inbox,
    counters: Counters,
}

impl Sockets {
    /// None yet, which hear nothing.
    #[must_use]
    pub fn closed() -> Self {
        Self {
            links: Links::default(),
            skipped: Vec::new(),
            contested: Vec::new(),
            channels: Vec::new(),
            turn: 0,
            inbox: Inbox::new(),
            counters: Counters::default(),
        }
    }

    /// Opens all that `options` ask for.
    ///
    /// # Errors
    /// [`OpenError`]; interfaces that merely cannot serve are in [`Sockets::skipped`].
    pub fn open(options: &Options) -> Result<Self, OpenError> {
        let mut sockets = Self::closed();
        let _ = sockets.change(options, Demand::All, &mut Vec::new())?;
        Ok(sockets)
    }

    /// The interfaces that are served, as they were at the last [`Sockets::change`].
    #[must_use]
    pub fn links(&self) -> Links {
        self.links.clone()
    }

    /// The interfaces that are not served, and why.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// The interfaces on which somebody else had the server's port when it was opened. What comes to
    /// them by UDP may reach either.
    #[must_use]
    pub fn contested(&self) -> &[Arc<str>] {
        &self.contested
    }

    /// The descriptors to poll: for reading always, for writing while [`Sockets::queued`] is not
    /// zero. They stay the same until [`Sockets::change`].
    #[must_use]
    pub fn fds(&self) -> Vec<BorrowedFd<'_>> {
        self.channels.iter().map(|channel| channel.socket.as_fd()).collect()
    }

    /// Says that the socket at this place of [`Sockets::fds`] has something to read.
    pub fn wake(&mut self, at: usize) {
        if let Some(channel) = self.channels.get_mut(at) {
            channel.woken = true;
        }
    }

    /// Appends what has arrived at any socket, as [`Sockets::receive_woken`].
    ///
    /// # Errors
    /// As there.
    pub fn receive(&mut self, into: &mut Vec<Datagram>) -> io::Result<()> {
        for channel in &mut self.channels {
            channel.woken = true;
        }
        self.receive_woken(into)
    }

    /// Appends what has arrived at sockets that were woken, about [`RECEIVE_MAX`] packets at most, a
    /// batch from each socket in turn.
    ///
    /// # Errors
    /// What the kernel answered; what all sockets had is in `into` nonetheless. That an interface
    /// went down is counted, not an error.
    pub fn receive_woken(&mut self, into: &mut Vec<Datagram>) -> io::Result<()> {
        let before = into.len();
        let count = self.channels.len();
        let mut read = 0;
        let mut first_error = None;
        while read < RECEIVE_MAX && !self.drained() {
            for at in (self.turn..count).chain(0..self.turn) {
                let Some(channel) = self.channels.get_mut(at).filter(|it| it.woken) else {
                    continue;
                };
                match channel.socket.receive(&mut self.inbox, into, &mut self.counters) {
                    Ok(got) => {
                        read += got;
                        channel.woken = got == BATCH;
                    }
                    Err(error) => {
                        channel.woken = false;
                        if error.kind() == io::ErrorKind::NetworkDown {
                            self.counters.network_down += 1;
                        } else {
                            first_error.get_or_insert(error);
                        }
                    }
                }
            }
        }
        self.turn = (self.turn + 1) % count.max(1);
        self.counters.received += (into.len() - before) as u64;
        first_error.map_or(Ok(()), Err)
    }

    /// Whether all that woken sockets had was read. If not, call [`Sockets::receive_woken`] again
    /// before waiting for descriptors that tell of new packets only.
    #[must_use]
    pub fn drained(&self) -> bool {
        self.channels.iter().all(|channel| !channel.woken)
    }

    /// Sends a batch. Packets for one interface keep their order; what the kernel has no room for
    /// waits in a queue of limited length, to be sent first by the next call or by
    /// [`Sockets::flush`].
    pub fn send(&mut self, batch: &[Transmit]) -> SendReport {
        let mut report = SendReport::default();
        // Most batches go one way.
        let way = batch.first().and_then(|packet| self.channel_for(packet));
        if way.is_some()
            && batch.iter().skip(1).all(|packet| self.channel_for(packet) == way)
            && let Some(channel) = way.and_then(|at| self.channels.get_mut(at))
        {
            channel.send(batch.iter(), &mut report);
            return self.count(report);
        }
        let ways: Vec<_> = batch.iter().map(|packet| self.channel_for(packet)).collect();
        for (at, way) in ways.iter().enumerate() {
            if ways.get(..at).is_some_and(|before| before.contains(way)) {
                continue;
            }
            let same = batch.iter().zip(&ways).filter(|(_, other)| *other == way);
            let packets = same.map(|(packet, _)| packet);
            match way.and_then(|at| self.channels.get_mut(at)) {
                Some(channel) => channel.send(packets, &mut report),
                None => {
                    for packet in packets {
                        report.fail(packet, SendError::UnknownLink(packet.link));
                    }
                }
            }
        }
        self.count(report)
    }

    /// Sends what waits, as far as the kernel has room.
    pub fn flush(&mut self) -> SendReport {
        let mut report = SendReport::default();
        for channel in &mut self.channels {
            channel.flush(&mut report);
        }
        self.count(report)
    }

    /// How many packets wait for room.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.channels.iter().map(Channel::queued).sum()
    }

    /// What was counted so far.
    pub fn counters(&mut self) -> Counters {
        for channel in &self.channels {
            self.counters.kernel_drops += channel.socket.take_drops();
        }
        self.counters
    }

    /// The raw socket of the link for packets that need no route, if there is one; else UDP.
    fn channel_for(&self, packet: &Transmit) -> Option<usize> {
        self.links.by_id(packet.link)?;
        let raw = match packet.to {
            Destination::Routed(_) => None,
            Destination::Station { .. } | Destination::Broadcast { .. } => {
                self.channels.iter().position(|channel| match &channel.socket {
                    Socket::Packet(socket) => socket.link() == packet.link,
                    Socket::Udp(_) => false,
                })
            }
        };
        raw.or_else(|| self.channels.len().checked_sub(1))
    }

    fn count(&mut self, report: SendReport) -> SendReport {
        self.counters.sent += report.sent as u64;
        self.counters.send_failed += report.failed.len() as u64;
        report
    }
}
