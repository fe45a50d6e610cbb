//! What the sockets count.

use crate::frame::Malformed;

/// Counts since the sockets were opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Datagrams delivered.
    pub received: u64,
    /// Packets that the kernel took for sending.
    pub sent: u64,
    /// Packets that were not sent and never will be.
    pub send_failed: u64,
    /// Packets that came in but are not whole datagrams.
    pub malformed: MalformedCounters,
    /// Datagrams to the UDP socket that are not its to deliver, where the kernel did not filter.
    pub unclaimed: u64,
    /// Packets that the kernel dropped since a raw socket's buffer was full.
    pub kernel_drops: u64,
    /// How often a socket reported that its interface went down or away.
    pub network_down: u64,
}

/// Packets that passed the filter but could not be delivered, by the first fault found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MalformedCounters {
    /// Too short for the headers.
    pub short: u64,
    /// An impossible IPv4 header.
    pub header: u64,
    /// Cut off: shorter than the headers say, or longer than the receive buffer.
    pub truncated: u64,
    /// A wrong checksum of the IPv4 header.
    pub ip_checksum: u64,
    /// A wrong UDP length.
    pub udp_length: u64,
    /// A wrong UDP checksum.
    pub udp_checksum: u64,
}

impl MalformedCounters {
    pub(crate) const fn count(&mut self, fault: Malformed) {
        let counter = match fault {
            Malformed::Short => &mut self.short,
            Malformed::Header => &mut self.header,
            Malformed::Truncated => &mut self.truncated,
            Malformed::IpChecksum => &mut self.ip_checksum,
            Malformed::UdpLength => &mut self.udp_length,
            Malformed::UdpChecksum => &mut self.udp_checksum,
        };
        *counter += 1;
    }
}
