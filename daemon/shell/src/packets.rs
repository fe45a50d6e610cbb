//! The trait through which packets come and go.

use std::future::Future;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_config::Config;
use lessor_server::ProbeId;
use lessor_types::{Datagram, Destination, Interface, LinkId, Links, Transmit};

/// The sockets of a server, or what stands for them in a simulation.
pub trait PacketIo {
    /// Waits until [`PacketIo::receive`], [`PacketIo::answered`] or [`PacketIo::changed`] may find
    /// something. Dropping the
    /// future loses nothing.
    fn ready(&mut self) -> impl Future<Output = ()>;

    /// Appends what has arrived, a few hundred datagrams at most, without waiting.
    ///
    /// # Errors
    /// What the system said; what could be received is in `into` nonetheless.
    fn receive(&mut self, into: &mut Vec<Datagram>) -> io::Result<()>;

    /// Sends a batch without waiting, and appends what is lost for good. What there is no room for
    /// now waits inside.
    fn send(&mut self, batch: &[Transmit], lost: &mut Vec<Undelivered>);

    /// Asks once, without waiting, whether somebody uses an address: on an interface, or wherever
    /// the address is routed.
    ///
    /// # Errors
    /// Why that was not possible.
    fn probe(&mut self, probe: ProbeId, addr: Ipv4Addr, link: Option<LinkId>) -> io::Result<()>;

    /// Appends the probes that were answered, without waiting. A probe may be there more than once.
    fn answered(&mut self, into: &mut Vec<ProbeId>);

    /// Where packets are heard.
    fn listening(&self) -> &Listening;

    /// Whether interfaces may have changed since the last [`PacketIo::refresh`].
    fn changed(&mut self) -> bool {
        false
    }

    /// All interfaces of the host, served or not, by ascending index.
    ///
    /// # Errors
    /// What the system said.
    fn interfaces(&self) -> io::Result<Vec<Interface>>;

    /// Looks whether interfaces came, went or changed, and opens what can be opened. Returns
    /// whether [`PacketIo::listening`] says something new.
    fn refresh(&mut self) -> bool;

    /// Serves the interfaces of this configuration from now on.
    ///
    /// # Errors
    /// Why that is not possible; everything is as it was. That an interface is not there, or not
    /// yet, is no error.
    fn configure(&mut self, config: &Config) -> Result<(), String>;
}

/// Where packets are heard.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Listening {
    /// The interfaces that are served.
    pub links: Arc<Links>,
    /// What is wanted and not served, with the reason; tried again at every refresh.
    pub troubles: Vec<String>,
    /// What may keep packets from being heard on interfaces that are served.
    pub remarks: Vec<String>,
}

/// A packet that was not sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Undelivered {
    /// Where it was to go.
    pub to: Destination,
    /// Why it did not.
    pub why: String,
}
