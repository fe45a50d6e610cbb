//! What an expression may ask of a packet.

use std::net::{IpAddr, Ipv4Addr};

use lessor_types::{HwAddr, Xid};

/// A DHCPv4 message with what is known of its arrival.
///
/// Everything inside an option (sub-options, the relay's information, vendors' blocks) is read
/// from the option's octets, so it need not be asked for.
pub trait Facts {
    /// The value of an option, joined if it came in pieces (RFC 3396); none if it is not there.
    fn option(&self, code: u8) -> Option<&[u8]>;

    /// Whether the packet is in a class, built-in ones (`ALL`, `KNOWN`, …) included.
    fn is_member(&self, class: &str) -> bool;

    /// The client's hardware type and address.
    fn hw(&self) -> &HwAddr;

    /// The client's address (`ciaddr`).
    fn ciaddr(&self) -> Ipv4Addr;

    /// The relay's address (`giaddr`).
    fn giaddr(&self) -> Ipv4Addr;

    /// The address given (`yiaddr`).
    fn yiaddr(&self) -> Ipv4Addr;

    /// The next server's address (`siaddr`).
    fn siaddr(&self) -> Ipv4Addr;

    /// The value of option 53; 0 for BOOTP.
    fn message_type(&self) -> u8;

    /// The transaction.
    fn xid(&self) -> Xid;

    /// The name of the interface that the packet came in on.
    fn interface(&self) -> &str;

    /// The address that it was sent from.
    fn source(&self) -> IpAddr;

    /// The address that it was sent to.
    fn destination(&self) -> IpAddr;

    /// The length of the message in octets, from `op` to the end of its options.
    fn length(&self) -> u32;
}
