//! Sockets that follow the interfaces and the configuration.
//!
//! New sockets are open before old ones are read for the last time and closed, so that between them
//! nothing is lost; a packet may come to both, which a DHCP server takes for a retransmission.

use std::io;
use std::sync::Arc;

use lessor_types::{Datagram, Link, Links};

use super::{OpenError, Options, SocketType, Sockets};
use crate::channel::{Channel, Socket};
use crate::claim::{Claim, Served};
use crate::contest;
use crate::interfaces;
use crate::raw::PacketSocket;
use crate::report::SendReport;
use crate::selection::{self, SkipReason, Skipped};
use crate::sys::mmsg::BATCH;
use crate::udp::UdpSocket;

/// Batches that are read from a socket before it is closed: more than its buffer holds.
const LAST_BATCHES_MAX: usize = 512;

/// What must succeed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Demand {
    /// Every socket of an interface that can serve, or nothing changes.
    All,
    /// As many as can be had; the interfaces of others are among [`Sockets::skipped`].
    Possible,
}

/// What a change came to.
#[derive(Debug, Default)]
#[must_use]
pub struct Change {
    /// Whether [`Sockets::fds`] are others now.
    pub fds: bool,
    /// What became of packets that waited for sockets that are closed.
    pub report: SendReport,
}

/// What is open before anything is closed.
struct Prepared {
    served: Vec<Served>,
    skipped: Vec<Skipped>,
    /// Raw sockets for interfaces that had none, or another.
    raw: Vec<PacketSocket>,
    /// The UDP socket, if there was none for the port, and where somebody else has the port.
    udp: Option<(UdpSocket, Vec<Arc<str>>)>,
}

impl Sockets {
    /// Makes the sockets what `options` ask for, on the interfaces as they are now. Sockets of
    /// interfaces that did not change stay as they are; what others have received is appended to
    /// `into`.
    ///
    /// # Errors
    /// [`OpenError`]; all is as it was.
    pub fn change(
        &mut self,
        options: &Options,
        demand: Demand,
        into: &mut Vec<Datagram>,
    ) -> Result<Change, OpenError> {
        let Prepared { served, skipped, raw, udp } = self.prepare(options, demand)?;
        let mut change = Change { fds: !raw.is_empty() || udp.is_some(), ..Change::default() };
        let mut channels: Vec<_> =
            raw.into_iter().map(|socket| Channel::new(Socket::Packet(socket))).collect();
        let links = Links(served.iter().map(|served| served.link.clone()).collect());
        let same_links = links == self.links;
        let mut shared = None;
        if let Some((socket, contested)) = udp {
            self.contested = contested;
            shared = Some(Channel::new(Socket::Udp(socket)));
        }
        for mut channel in std::mem::take(&mut self.channels) {
            match &mut channel.socket {
                Socket::Packet(socket) if is_wanted(socket, options.port, &served) => {
                    channels.push(channel);
                }
                Socket::Udp(_) if shared.is_none() && !served.is_empty() => {
                    if !same_links {
                        self.read_out(&channel, into);
                    }
                    if let Socket::Udp(socket) = &mut channel.socket {
                        socket.serve(served.clone(), options.outbound);
                    }
                    shared = Some(channel);
                }
                Socket::Packet(_) | Socket::Udp(_) => {
                    self.read_out(&channel, into);
                    self.counters.kernel_drops += channel.socket.take_drops();
                    channel.close(&mut change.report);
                    change.fds = true;
                }
            }
        }
        channels.extend(shared);
        self.channels = channels;
        self.links = links;
        self.skipped = skipped;
        if change.fds {
            self.turn = 0;
            // Who polls them has yet to find out.
            for channel in &mut self.channels {
                channel.woken = true;
            }
        }
        change.report = self.count(change.report);
        Ok(change)
    }

    fn prepare(&self, options: &Options, demand: Demand) -> Result<Prepared, OpenError> {
        let found = interfaces::list().map_err(OpenError::Interfaces)?;
        let (chosen, mut skipped) = selection::select(&found, &options.interfaces);
        let port = options.port;
        let (mut served, mut raw) = (Vec::new(), Vec::new());
        for interface in chosen {
            let link = interface.link;
            let claims = options.socket_type == SocketType::Raw && interface.ethernet;
            let claim = claims.then(|| Claim::new(&link));
            if let Some(claim) = &claim
                && !self.has_raw(&link, port, claim)
            {
                match PacketSocket::open(link.id, port, claim.clone()) {
                    Ok(socket) => raw.push(socket),
                    Err(why) => {
                        skipped.push(refused(&link, why, demand)?);
                        continue;
                    }
                }
            }
            served.push(Served { link, claim });
        }
        let has_udp = self.channels.iter().any(|channel| match &channel.socket {
            Socket::Udp(socket) => socket.port() == port,
            Socket::Packet(_) => false,
        });
        let udp = if served.is_empty() || has_udp {
            None
        } else {
            let contested = contested(port, &served);
            let socket = UdpSocket::open(port, served.clone(), options.outbound)
                .map_err(|why| OpenError::Udp { port, why })?;
            Some((socket, contested))
        };
        Ok(Prepared { served, skipped, raw, udp })
    }

    fn has_raw(&self, link: &Link, port: u16, claim: &Claim) -> bool {
        self.channels.iter().any(|channel| match &channel.socket {
            Socket::Packet(socket) => socket.serves(link.id, port, claim),
            Socket::Udp(_) => false,
        })
    }

    /// Reads what a socket has received.
    fn read_out(&mut self, channel: &Channel, into: &mut Vec<Datagram>) {
        let before = into.len();
        for _ in 0..LAST_BATCHES_MAX {
            // An error is the last thing that a socket of a lost interface has to say.
            match channel.socket.receive(&mut self.inbox, into, &mut self.counters) {
                Ok(BATCH) => {}
                Ok(_) | Err(_) => break,
            }
        }
        self.counters.received += (into.len() - before) as u64;
    }
}

fn is_wanted(socket: &PacketSocket, port: u16, served: &[Served]) -> bool {
    served.iter().any(|served| {
        served.claim.as_ref().is_some_and(|claim| socket.serves(served.link.id, port, claim))
    })
}

/// What an interface is if its socket cannot be opened.
fn refused(link: &Link, why: io::Error, demand: Demand) -> Result<Skipped, OpenError> {
    let interface = Arc::clone(&link.name);
    match why.raw_os_error() {
        // It has gone since it was listed.
        Some(libc::ENODEV | libc::ENXIO) => {
            Ok(Skipped { name: interface, why: SkipReason::Missing })
        }
        Some(number) if demand == Demand::Possible => {
            Ok(Skipped { name: interface, why: SkipReason::Refused(number) })
        }
        _ => Err(OpenError::Raw { interface, why }),
    }
}

fn contested(port: u16, served: &[Served]) -> Vec<Arc<str>> {
    let taken = served.iter().filter(|served| contest::is_taken(port, &served.link));
    taken.map(|served| Arc::clone(&served.link.name)).collect()
}
