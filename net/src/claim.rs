//! Which socket delivers a packet.
//!
//! With raw sockets open, the kernel hands a packet for this host to the raw socket of the
//! interface and to the UDP socket. The raw socket delivers what it alone can be relied on to
//! see: broadcasts, packets without a source address, and packets to the addresses of its
//! interface, whatever firewall or reverse-path filter stands before UDP, as operators who come
//! from Kea expect. The UDP socket delivers the rest: packets to addresses of other interfaces,
//! to addresses that were added later, and all that arrives on interfaces without raw socket.
//!
//! What is not seen by the raw socket as one packet is nobody's: a fragmented datagram to an
//! address in the claim is lost, as it is with Kea.

use std::net::Ipv4Addr;

use lessor_types::{Link, LinkId};

/// The packets of one interface that its raw socket delivers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    addrs: Vec<Ipv4Addr>,
}

impl Claim {
    /// The claim of an interface with these addresses.
    #[must_use]
    pub fn new(link: &Link) -> Self {
        let mut addrs = vec![Ipv4Addr::BROADCAST];
        for &(addr, prefix_len) in &link.addrs {
            addrs.push(addr);
            addrs.extend(subnet_broadcast(addr, prefix_len));
        }
        addrs.sort_unstable();
        addrs.dedup();
        Self { addrs }
    }

    /// The destinations that are claimed, ascending.
    #[must_use]
    pub fn addrs(&self) -> &[Ipv4Addr] {
        &self.addrs
    }

    /// Whether a packet between these addresses is the raw socket's.
    #[must_use]
    pub fn covers(&self, source: Ipv4Addr, dest: Ipv4Addr) -> bool {
        source.is_unspecified() || self.addrs.binary_search(&dest).is_ok()
    }
}

/// An interface that is served.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Served {
    /// The interface.
    pub link: Link,
    /// What its raw socket delivers; `None` if it has none.
    pub claim: Option<Claim>,
}

impl Served {
    /// Whether the UDP socket delivers a packet that came in on `link`.
    #[must_use]
    pub fn udp_delivers(served: &[Self], link: LinkId, source: Ipv4Addr, dest: Ipv4Addr) -> bool {
        served.iter().find(|served| served.link.id == link).is_some_and(|served| {
            match &served.claim {
                Some(claim) => !claim.covers(source, dest),
                None => true,
            }
        })
    }

    /// Whether `addr` is in a subnet of this interface, or its broadcast.
    #[must_use]
    pub fn is_on_link(&self, addr: Ipv4Addr) -> bool {
        addr.is_broadcast()
            || self.link.addrs.iter().any(|&(own, prefix_len)| {
                let mask = prefix_mask(prefix_len);
                own.to_bits() & mask == addr.to_bits() & mask
            })
    }
}

const fn prefix_mask(prefix_len: u8) -> u32 {
    match prefix_len {
        0 => 0,
        1..32 => u32::MAX << (32 - prefix_len),
        _ => u32::MAX,
    }
}

fn subnet_broadcast(addr: Ipv4Addr, prefix_len: u8) -> Option<Ipv4Addr> {
    // RFC 3021: a subnet of two addresses has no broadcast address.
    (1..31)
        .contains(&prefix_len)
        .then(|| Ipv4Addr::from_bits(addr.to_bits() | !prefix_mask(prefix_len)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(addrs: &[(&str, u8)]) -> Served {
        let link = Link {
            id: LinkId(3),
            name: "eth0".into(),
            addrs: addrs
                .iter()
                .map(|(addr, len)| (addr.parse().expect("an address"), *len))
                .collect(),
        };
        Served { claim: Some(Claim::new(&link)), link }
    }

    fn addr(text: &str) -> Ipv4Addr {
        text.parse().expect("an address")
    }

    #[test]
    fn every_packet_is_delivered_by_one_socket() {
        let all = [served(&[("192.0.2.1", 24), ("10.0.0.1", 31)])];
        let raw = |source, dest| {
            let claim = all[0].claim.as_ref().expect("claimed");
            let covers = claim.covers(addr(source), addr(dest));
            assert_ne!(
                covers,
                Served::udp_delivers(&all, LinkId(3), addr(source), addr(dest)),
                "{source} to {dest}"
            );
            covers
        };
        assert!(raw("0.0.0.0", "255.255.255.255"), "DISCOVER");
        assert!(raw("192.0.2.9", "255.255.255.255"), "REBIND");
        assert!(raw("192.0.2.9", "192.0.2.1"), "RENEW");
        assert!(raw("172.16.0.1", "10.0.0.1"), "relayed");
        assert!(raw("192.0.2.9", "192.0.2.255"), "subnet broadcast");
        assert!(raw("0.0.0.0", "198.51.100.1"), "a client without address");
        assert!(!raw("192.0.2.9", "198.51.100.1"), "an address of elsewhere");
        assert!(!raw("192.0.2.9", "10.0.0.0"), "no broadcast in a /31");
    }

    #[test]
    fn other_interfaces_are_not_served() {
        let all = [served(&[("192.0.2.1", 24)])];
        let any = addr("198.51.100.1");
        assert!(!Served::udp_delivers(&all, LinkId(4), any, any));
    }

    #[test]
    fn on_link_goes_by_prefix() {
        let eth = served(&[("192.0.2.1", 24), ("10.0.0.1", 32)]);
        assert!(eth.is_on_link(addr("192.0.2.77")));
        assert!(eth.is_on_link(addr("255.255.255.255")));
        assert!(!eth.is_on_link(addr("192.0.3.77")));
        assert!(!eth.is_on_link(addr("10.0.0.2")));
        assert!(served(&[("192.0.2.1", 0)]).is_on_link(addr("8.8.8.8")));
    }
}
