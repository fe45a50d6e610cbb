//! What a server under test has to offer.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

/// The links of every scenario: the server's interface, and its address with prefix length.
pub const LINKS: [(&str, Ipv4Addr, u8); 2] =
    [("lan0", Ipv4Addr::new(10, 0, 0, 1), 24), ("lan1", Ipv4Addr::new(10, 1, 0, 1), 24)];

/// The link-layer address of everybody on the link.
pub const EVERYBODY: [u8; 6] = [0xff; 6];

/// What a client or relay sends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Packet {
    /// The link, by its place in [`LINKS`].
    pub link: usize,
    /// The sender's link-layer address.
    pub hw: [u8; 6],
    /// Address and port of the sender.
    pub source: SocketAddrV4,
    /// The address that it is sent to; the port is the server's.
    pub dest: Ipv4Addr,
    /// The message.
    pub octets: Vec<u8>,
}

/// What the server sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// The link that it left on, by its place in [`LINKS`].
    pub link: usize,
    /// The station that it was sent to; none if the host's routing was to find it.
    pub hw: Option<[u8; 6]>,
    /// Address and port of the server.
    pub source: SocketAddrV4,
    /// Address and port that it was sent to.
    pub dest: SocketAddrV4,
    /// The message.
    pub octets: Vec<u8>,
}

/// What only some subjects can do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Need {
    /// Let hours pass in no time, or the wall clock jump.
    Clock,
    /// Let the store wait or fail.
    Store,
    /// Change the lease file while the server is down.
    File,
}

impl Need {
    /// The word in scenario files.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "clock" => Some(Self::Clock),
            "store" => Some(Self::Store),
            "file" => Some(Self::File),
            _ => None,
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clock => "a clock that can be moved",
            Self::Store => "a store that fails when told to",
            Self::File => "a lease file",
        })
    }
}

/// How the store is disposed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StoreMood {
    /// It does what it is asked to.
    Works,
    /// It does not answer yet.
    Waits,
    /// It refuses every write.
    Fails,
}

/// What is done to the server, other than sending to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Act {
    /// It gets another configuration without a restart.
    Reload(String),
    /// It ends without a chance to say farewell, and is started again.
    Kill,
    /// It is stopped in order and started again.
    Restart,
    /// As `Kill`, with these octets at the end of the lease file before the start.
    KillAndAppend(String),
    /// Its wall clock jumps by so many seconds.
    Wall(i64),
    /// The store changes its mood.
    Store(StoreMood),
    /// A station on the first link uses the address: it answers ARP and pings.
    Station(Ipv4Addr),
}

/// A server under test.
pub trait Subject {
    /// Whether it can do this.
    fn can(&self, need: Need) -> bool;

    /// Starts the server with a configuration in Kea's JSON.
    ///
    /// # Errors
    /// Why it does not serve: a refused configuration above all.
    fn start(&mut self, config: &str) -> Result<(), String>;

    /// Delivers a packet to it.
    ///
    /// # Errors
    /// What keeps the packet from leaving.
    fn send(&mut self, packet: &Packet) -> Result<(), String>;

    /// What it sent since this was last asked. Waits until `count` packets are there, but not for
    /// ever, and then long enough that one too many would show.
    ///
    /// # Errors
    /// What became of the server.
    fn replies(&mut self, count: usize) -> Result<Vec<Reply>, String>;

    /// Lets time pass until so much of it has passed since the start.
    ///
    /// # Errors
    /// What became of the server.
    fn wait_until(&mut self, elapsed: Duration) -> Result<(), String>;

    /// Does something to the server.
    ///
    /// # Errors
    /// Why it could not be done, or what the server made of it.
    fn act(&mut self, act: &Act) -> Result<(), String>;
}
