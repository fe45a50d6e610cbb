//! All sockets of a server together.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use lessor_types::{Datagram, Destination, Links, Transmit};

use crate::channel::{Channel, Socket};
use crate::claim::{Claim, Served};
use crate::counters::Counters;
use crate::interfaces;
use crate::raw::PacketSocket;
use crate::report::{SendError, SendReport};
use crate::selection::{self, Skipped};
use crate::sys::mmsg::{BATCH, Inbox};
use crate::udp::UdpSocket;

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

/// What to open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Interfaces, as [`selection::select`] reads them.
    pub interfaces: Vec<String>,
    /// The server's UDP port.
    pub port: u16,
    /// Which sockets.
    pub socket_type: SocketType,
}

impl Default for Options {
    fn default() -> Self {
        Self { interfaces: vec!["*".to_owned()], port: 67, socket_type: SocketType::Raw }
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
/// UDP one for all; none at all if no interface is served.
#[derive(Debug)]
pub struct Sockets {
    links: Links,
    skipped: Vec<Skipped>,
    /// The UDP socket last.
    channels: Vec<Channel>,
    /// Where the next receive begins.
    turn: usize,
    drained: bool,
    inbox: Inbox,
    counters: Counters,
}

impl Sockets {
    /// Opens what `options` ask for.
    ///
    /// # Errors
    /// [`OpenError`]; interfaces that merely cannot serve are in [`Sockets::skipped`].
    pub fn open(options: &Options) -> Result<Self, OpenError> {
        let found = interfaces::list().map_err(OpenError::Interfaces)?;
        let (chosen, skipped) = selection::select(&found, &options.interfaces);
        let raw = options.socket_type == SocketType::Raw;
        let port = options.port;

        let served: Vec<_> = chosen
            .into_iter()
            .map(|interface| Served {
                claim: (raw && interface.ethernet).then(|| Claim::new(&interface.link)),
                link: interface.link,
            })
            .collect();
        let links = Links(served.iter().map(|served| served.link.clone()).collect());
        let mut channels = Vec::new();
        for Served { link, claim } in &served {
            if let Some(claim) = claim {
                let socket = PacketSocket::open(link.id, port, claim)
                    .map_err(|why| OpenError::Raw { interface: Arc::clone(&link.name), why })?;
                channels.push(Channel::new(Socket::Packet(socket)));
            }
        }
        if !served.is_empty() {
            let socket =
                UdpSocket::open(port, served).map_err(|why| OpenError::Udp { port, why })?;
            channels.push(Channel::new(Socket::Udp(socket)));
        }
        Ok(Self {
            links,
            skipped,
            channels,
            turn: 0,
            drained: true,
            inbox: Inbox::new(),
            counters: Counters::default(),
        })
    }

    /// The interfaces that are served, as they were when the sockets were opened.
    #[must_use]
    pub fn links(&self) -> Links {
        self.links.clone()
    }

    /// The interfaces that are not served, and why.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// The descriptors to poll: for reading always, for writing while [`Sockets::queued`] is not
    /// zero. They stay the same as long as `self` lives.
    #[must_use]
    pub fn fds(&self) -> Vec<BorrowedFd<'_>> {
        self.channels.iter().map(|channel| channel.socket.as_fd()).collect()
    }

    /// Appends what has arrived, about [`RECEIVE_MAX`] packets at most, a batch from each socket
    /// in turn.
    ///
    /// # Errors
    /// What the kernel answered; what all sockets had is in `into` nonetheless. That an interface
    /// went down is counted, not an error.
    pub fn receive(&mut self, into: &mut Vec<Datagram>) -> io::Result<()> {
        let before = into.len();
        let count = self.channels.len();
        let mut live = vec![true; count];
        let mut read = 0;
        let mut first_error = None;
        while live.contains(&true) && read < RECEIVE_MAX {
            for at in (self.turn..count).chain(0..self.turn) {
                let (Some(channel), Some(live)) = (self.channels.get(at), live.get_mut(at)) else {
                    continue;
                };
                if !*live {
                    continue;
                }
                match channel.socket.receive(&mut self.inbox, into, &mut self.counters) {
                    Ok(got) => {
                        read += got;
                        *live = got == BATCH;
                    }
                    Err(error) => {
                        *live = false;
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
        self.drained = !live.contains(&true);
        self.counters.received += (into.len() - before) as u64;
        first_error.map_or(Ok(()), Err)
    }

    /// Whether the last [`Sockets::receive`] read all that was there. If not, call it again before
    /// waiting for descriptors that tell of new packets only.
    #[must_use]
    pub const fn drained(&self) -> bool {
        self.drained
    }

    /// Sends a batch. Packets for one interface keep their order; what the kernel has no room for
    /// waits in a queue of limited length, to be sent first by the next call or by
    /// [`Sockets::flush`].
    pub fn send(&mut self, batch: &[Transmit]) -> SendReport {
        let mut report = SendReport::default();
        let mut by_channel: Vec<Vec<&Transmit>> = vec![Vec::new(); self.channels.len()];
        for packet in batch {
            match self.channel_for(packet).and_then(|at| by_channel.get_mut(at)) {
                Some(packets) => packets.push(packet),
                None => report.fail(packet, SendError::UnknownLink(packet.link)),
            }
        }
        for (channel, packets) in self.channels.iter_mut().zip(by_channel) {
            channel.send(&packets, &mut report);
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
            if let Socket::Packet(socket) = &channel.socket {
                self.counters.kernel_drops += socket.take_drops();
            }
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
