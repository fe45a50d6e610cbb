//! What became of packets that were to be sent.

use std::io;

use lessor_types::{Destination, LinkId, Transmit};

/// Why one packet was not sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The interface is not one that is served.
    #[error("interface {} is not served", .0.0)]
    UnknownLink(LinkId),
    /// The destination is an IPv6 address.
    #[error("the destination is not an IPv4 address")]
    NotIpv4,
    /// The payload does not fit an IPv4 packet.
    #[error("a payload of {octets} octets does not fit a packet")]
    TooLong {
        /// Its length.
        octets: usize,
    },
    /// The kernel has no room, and neither has the queue of those that wait.
    #[error("too many packets wait to be sent")]
    QueueFull,
    /// The kernel refused it.
    #[error("the kernel refused the packet")]
    Kernel(#[source] io::Error),
}

/// A packet that was not sent.
#[derive(Debug)]
pub struct Failure {
    /// The interface that it was to leave on.
    pub link: LinkId,
    /// Where it was to go.
    pub to: Destination,
    /// Why it did not.
    pub error: SendError,
}

/// What became of a batch.
#[derive(Debug, Default)]
#[must_use]
pub struct SendReport {
    /// How many packets the kernel took, among them such as had waited.
    pub sent: usize,
    /// How many packets now wait until the kernel has room.
    pub queued: usize,
    /// Those that are lost.
    pub failed: Vec<Failure>,
}

impl SendReport {
    pub(crate) fn fail(&mut self, packet: &Transmit, error: SendError) {
        self.failed.push(Failure { link: packet.link, to: packet.to, error });
    }
}
