//! Sockets that speak DHCPv4 on Linux: AF_PACKET, UDP and the interfaces they sit on.
//!
//! Clients without an address neither have a source address nor answer ARP, so the server takes
//! whole IP packets from AF_PACKET sockets and builds them itself (RFC 2131 §4.1); packets to
//! hosts that do have an address go through UDP and the host's routing.
//!
//! # Map
//! - [`sockets`]: all sockets of a server together: open, receive, send.
//! - [`selection`]: which interfaces are served, and why others are not.
//! - [`interfaces`]: what interfaces the host has.
//! - [`watch`]: when that changes.
//! - [`contest`]: whether somebody else has the server's port.
//! - [`inventory`]: the same in full, for whoever asks.
//! - [`counters`]: what was counted.
//! - [`report`]: what became of packets that were to be sent.
//! - [`raw`]: one interface's AF_PACKET socket.
//! - [`echo`]: whether somebody answers at an address.
//! - [`udp`]: the UDP socket of all interfaces.
//! - [`route`]: whether an address can be reached by way of one interface.
//! - [`claim`]: which of the two delivers a packet.
//! - [`filter`]: that rule as programs for the kernel.
//! - [`frame`]: IPv4 and UDP headers, built and parsed.
//! - [`checksum`]: the Internet checksum.
//! - `channel`: a socket of either kind with the packets that wait for it.
//! - `layout`: socket addresses and control messages as the kernel lays them out.
//! - `sys`: system calls that no safe crate covers; the only unsafe code.
//!
//! # Does not
//! Read DHCP messages (`lessor-wire`), wait for descriptors (the shell's reactor does), start
//! threads, or speak IPv6 yet.
//!
//! # Invariants
//! - No call blocks.
//! - A packet is delivered at most once: [`claim::Claim`] divides them between the raw and the
//!   UDP socket, and both filters are made from it.
//! - No octets from the network make anything here panic.

mod channel;
pub mod checksum;
pub mod claim;
pub mod contest;
pub mod counters;
pub mod echo;
pub mod filter;
pub mod frame;
pub mod interfaces;
pub mod inventory;
mod layout;
pub mod raw;
pub mod report;
pub mod route;
pub mod selection;
pub mod sockets;
#[allow(
    unsafe_code,
    reason = "recvmmsg, sendmmsg, getifaddrs and some socket options have no safe wrapper"
)]
mod sys;
pub mod udp;
pub mod watch;

pub use counters::Counters;
pub use echo::Echo;
pub use interfaces::Interface;
pub use report::{Failure, SendError, SendReport};
pub use selection::{SkipReason, Skipped};
pub use sockets::{Change, Demand, OpenError, Options, Outbound, SocketType, Sockets};
pub use sys::mmsg::{BATCH, Inbox};
pub use watch::Watch;
