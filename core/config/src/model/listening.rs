//! Where and how packets are exchanged: `interfaces-config`.

use std::net::Ipv4Addr;

/// One place to listen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum InterfaceSpec {
    /// Every interface that is up and can broadcast (`*`).
    Any,
    /// An interface by name.
    Named(String),
    /// One address of an interface.
    NamedAddr(String, Ipv4Addr),
}

/// The kind of socket packets pass through.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SocketType {
    /// Link-layer sockets: clients without an address are reached directly.
    #[default]
    Raw,
    /// UDP sockets: enough where every client is behind a relay.
    Udp,
}

/// Which way an answer leaves that goes to an address and not to a station on the link.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Outbound {
    /// By the interface that the query came in on, as long as the address can be reached there.
    #[default]
    SameAsInbound,
    /// By the interface that the host's routing table names.
    UseRouting,
}

/// What a start, and a new configuration, ask of the sockets. Once the server serves, interfaces
/// are tried for ever.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServiceSockets {
    /// Whether every interface that is named must be served.
    pub require_all: bool,
    /// How often a start looks again for an interface that must be served, before it gives up.
    pub retries_max: u32,
    /// How long it waits each time, in milliseconds.
    pub retry_wait: u32,
}

impl Default for ServiceSockets {
    fn default() -> Self {
        Self { require_all: false, retries_max: 0, retry_wait: 5000 }
    }
}
