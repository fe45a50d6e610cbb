//! What the server answers a relay, seen where the relay sits.
//!
//! dhcrelay takes option 82 out before clients see the answer, so it has to be looked at here.

use std::io::Read as _;
use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use lessor_wire::v4::{Message, Op, SERVER_PORT};
use socket2::{Domain, Protocol, Socket, Type};

const UDP_HEADER: usize = 8;

/// Prints `ADDRESS CIRCUIT-ID` for each relayed answer with option 82, until it is ended.
pub(super) fn run() -> Result<()> {
    let mut socket = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::UDP))
        .context("cannot open a raw socket")?;
    println!("listening");
    let mut packet = vec![0; 65_536];
    loop {
        let len = socket.read(&mut packet).context("cannot read the raw socket")?;
        let seen = packet.get(..len).and_then(relayed_answer);
        if let Some((addr, circuit)) = seen {
            println!("{addr} {circuit}");
        }
    }
}

/// The address and the circuit identifier of an answer to a relay.
fn relayed_answer(packet: &[u8]) -> Option<(Ipv4Addr, String)> {
    let header = usize::from(packet.first()? & 0x0f) * 4;
    let udp = packet.get(header..)?;
    let port = u16::from_be_bytes([*udp.get(2)?, *udp.get(3)?]);
    let message = Message::decode(udp.get(UDP_HEADER..)?).ok()?;
    if port != SERVER_PORT || message.op != Op::Reply || message.giaddr.is_unspecified() {
        return None;
    }
    let circuit = message.relay_agent()?.circuit_id()?.escape_ascii().to_string();
    Some((message.yiaddr, circuit))
}

#[cfg(test)]
mod tests {
    use lessor_types::{HwAddr, Xid};
    use lessor_wire::v4::RelayAgent;

    use super::*;

    #[test]
    fn only_answers_to_relays_are_seen() {
        let mut answer = Message::new(Op::Reply, Xid(1), HwAddr::ethernet([2, 0, 0, 0, 0, 1]));
        answer.yiaddr = Ipv4Addr::new(10, 78, 0, 10);
        answer.giaddr = Ipv4Addr::new(10, 78, 0, 1);
        answer.set_relay_agent(&RelayAgent::from_subs(&[(1, b"far0")]).expect("short"));
        let packet = |message: &Message| {
            let mut packet = vec![0x45; 1];
            packet.resize(20, 0);
            packet.extend([0, 67, 0, 67, 0, 0, 0, 0]);
            packet.extend(message.encode(1500).octets);
            packet
        };
        let seen = relayed_answer(&packet(&answer));
        assert_eq!(seen, Some((answer.yiaddr, "far0".to_owned())));
        answer.giaddr = Ipv4Addr::UNSPECIFIED;
        assert_eq!(relayed_answer(&packet(&answer)), None);
        assert_eq!(relayed_answer(&[0x4f; 3]), None);
    }
}
