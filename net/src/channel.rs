//! A socket of either kind, with the packets that wait for it.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use lessor_types::{Datagram, Transmit};

use crate::counters::Counters;
use crate::raw::PacketSocket;
use crate::report::{SendError, SendReport};
use crate::sys::mmsg::{self, Inbox, Outgoing};
use crate::udp::UdpSocket;

/// The most packets that wait for one socket: beyond, clients are better served by asking again.
const BACKLOG_MAX: usize = 1024;

#[derive(Debug)]
pub(crate) enum Socket {
    Packet(PacketSocket),
    Udp(UdpSocket),
}

impl Socket {
    pub(crate) fn receive(
        &self,
        inbox: &mut Inbox,
        into: &mut Vec<Datagram>,
        counters: &mut Counters,
    ) -> io::Result<usize> {
        match self {
            Self::Packet(socket) => socket.receive(inbox, into, counters),
            Self::Udp(socket) => socket.receive(inbox, into, counters),
        }
    }

    /// How many packets the kernel dropped, for want of room, since this was last asked.
    pub(crate) fn take_drops(&self) -> u64 {
        match self {
            Self::Packet(socket) => socket.take_drops(),
            Self::Udp(_) => 0,
        }
    }

    fn outgoing<'a>(&self, packet: &'a Transmit) -> Result<Outgoing<'a>, SendError> {
        match self {
            Self::Packet(socket) => socket.outgoing(packet),
            Self::Udp(socket) => socket.outgoing(packet),
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Packet(socket) => socket.as_fd(),
            Self::Udp(socket) => socket.as_fd(),
        }
    }
}

/// A socket whose packets leave in the order in which they were given.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) socket: Socket,
    /// It may have something to read.
    pub(crate) woken: bool,
    backlog: VecDeque<Transmit>,
}

impl Channel {
    pub(crate) const fn new(socket: Socket) -> Self {
        Self { socket, woken: true, backlog: VecDeque::new() }
    }

    pub(crate) fn queued(&self) -> usize {
        self.backlog.len()
    }

    /// Sends packets behind those that wait, which are tried first.
    pub(crate) fn send<'a>(
        &mut self,
        packets: impl Iterator<Item = &'a Transmit>,
        report: &mut SendReport,
    ) {
        self.flush(report);
        let ready = lay_out(&self.socket, packets, report);
        let done = if self.backlog.is_empty() { push(&self.socket, &ready, report) } else { 0 };
        for Outgoing { packet, .. } in ready.iter().skip(done) {
            if self.backlog.len() < BACKLOG_MAX {
                self.backlog.push_back((*packet).clone());
                report.queued += 1;
            } else {
                report.fail(packet, SendError::QueueFull);
            }
        }
    }

    /// Sends what waits, as far as the kernel has room; the rest is lost.
    pub(crate) fn close(mut self, report: &mut SendReport) {
        self.flush(report);
        for packet in &self.backlog {
            report.fail(packet, SendError::UnknownLink(packet.link));
        }
    }

    /// Sends packets that wait, as far as the kernel has room.
    pub(crate) fn flush(&mut self, report: &mut SendReport) {
        while !self.backlog.is_empty() {
            // What waits could be laid out when it came, so it can be now.
            let ready = lay_out(&self.socket, self.backlog.iter().take(mmsg::BATCH), report);
            let done = push(&self.socket, &ready, report);
            let full = done == 0 || done < ready.len();
            self.backlog.drain(..done);
            if full {
                return;
            }
        }
    }
}

fn lay_out<'a>(
    socket: &Socket,
    packets: impl Iterator<Item = &'a Transmit>,
    report: &mut SendReport,
) -> Vec<Outgoing<'a>> {
    let mut ready = Vec::with_capacity(packets.size_hint().0);
    for packet in packets {
        match socket.outgoing(packet) {
            Ok(outgoing) => ready.push(outgoing),
            Err(error) => report.fail(packet, error),
        }
    }
    ready
}

/// Sends until the kernel has no more room, and says how many packets are done with, sent or
/// failed.
fn push(socket: &Socket, ready: &[Outgoing<'_>], report: &mut SendReport) -> usize {
    let mut done = 0;
    while let Some(rest @ [first, ..]) = ready.get(done..) {
        match mmsg::send(socket.as_fd(), rest) {
            Ok(sent) => {
                report.sent += sent;
                done += sent;
            }
            Err(error) => match error.kind() {
                io::ErrorKind::Interrupted => {}
                io::ErrorKind::WouldBlock => break,
                // The error is that of the first packet; the others have yet to be tried.
                _ => {
                    report.fail(first.packet, SendError::Kernel(error));
                    done += 1;
                }
            },
        }
    }
    done
}
