//! The facts of a message and its arrival.

use std::net::{IpAddr, Ipv4Addr};

use lessor_types::{HwAddr, Xid};
use lessor_wire::v4::{Message, MessageType};

use crate::facts::Facts;

/// A message with what the server knows of it besides.
#[derive(Clone, Copy)]
pub struct Packet<'a> {
    /// The message.
    pub message: &'a Message,
    /// How it arrived.
    pub arrival: Arrival<'a>,
    /// Whether it is in the class of this name.
    pub classes: &'a dyn Fn(&str) -> bool,
}

/// How a message arrived.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arrival<'a> {
    /// The name of the interface.
    pub interface: &'a str,
    /// The address that it was sent from.
    pub source: Ipv4Addr,
    /// The address that it was sent to.
    pub destination: Ipv4Addr,
    /// Its length in octets, without IP and UDP headers.
    pub length: usize,
}

impl Facts for Packet<'_> {
    fn option(&self, code: u8) -> Option<&[u8]> {
        self.message.options.get(code)
    }

    fn is_member(&self, class: &str) -> bool {
        (self.classes)(class)
    }

    fn hw(&self) -> &HwAddr {
        &self.message.hw
    }

    fn ciaddr(&self) -> Ipv4Addr {
        self.message.ciaddr
    }

    fn giaddr(&self) -> Ipv4Addr {
        self.message.giaddr
    }

    fn yiaddr(&self) -> Ipv4Addr {
        self.message.yiaddr
    }

    fn siaddr(&self) -> Ipv4Addr {
        self.message.siaddr
    }

    fn message_type(&self) -> u8 {
        self.message.message_type().map_or(0, MessageType::octet)
    }

    fn xid(&self) -> Xid {
        self.message.xid
    }

    fn interface(&self) -> &str {
        self.arrival.interface
    }

    fn source(&self) -> IpAddr {
        self.arrival.source.into()
    }

    fn destination(&self) -> IpAddr {
        self.arrival.destination.into()
    }

    fn length(&self) -> u32 {
        u32::try_from(self.arrival.length).unwrap_or(u32::MAX)
    }
}
