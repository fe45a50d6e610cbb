//! The two packets that the tests ask about.

use std::net::Ipv4Addr;

use lessor_expression::{Arrival, Packet};
use lessor_types::{HwAddr, Xid};
use lessor_wire::v4::{Message, Op};

/// A message, how it arrived, and the classes that it is in.
pub(crate) struct Sample {
    message: Message,
    arrival: Arrival<'static>,
    classes: &'static [&'static str],
}

impl Sample {
    pub(crate) fn ask<T>(&self, ask: impl FnOnce(&Packet<'_>) -> T) -> T {
        let classes = |class: &str| self.classes.contains(&class);
        ask(&Packet { message: &self.message, arrival: self.arrival, classes: &classes })
    }
}

/// A telephone behind a relay that sends about everything there is.
pub(crate) fn phone() -> Sample {
    let hw = HwAddr::ethernet([2, 0, 0, 0, 0, 0x0a]);
    let mut message = Message::new(Op::Request, Xid(0x1234_5678), hw);
    message.ciaddr = Ipv4Addr::new(10, 0, 0, 7);
    message.giaddr = Ipv4Addr::new(10, 0, 0, 1);
    message.yiaddr = Ipv4Addr::new(10, 0, 0, 8);
    message.siaddr = Ipv4Addr::new(10, 0, 0, 9);
    let options: [(u8, &[u8]); 12] = [
        (53, &[1]),
        (12, b"Phone-1\0\0"),
        (60, b"Aastra 6731i"),
        (61, &[1, 2, 0, 0, 0, 0, 0x0a]),
        (50, &[10, 0, 0, 20]),
        (80, b""),
        (93, &[0, 7]),
        (224, b"own"),
        // Filler, 1 = "ab", 2 = { 5 = "xy" }, the end, and what nobody reads.
        (43, b"\0\x01\x02ab\x02\x04\x05\x02xy\xff\x09\x01z"),
        // 1 = "p/1", 2 = "", 9 = { 7 = "hi" }.
        (82, b"\x01\x03p/1\x02\x00\x09\x04\x07\x02hi"),
        // 4491 = ["docsis3.0", "", "eRouter"], 3561 = ["tr"].
        (124, b"\x00\x00\x11\x8b\x13\x09docsis3.0\x00\x07eRouter\x00\x00\x0d\xe9\x03\x02tr"),
        // 4491 = { 1 = "cm", 2 = { 5 = "k" } }, 3561 = { 4 = "q" }.
        (125, b"\x00\x00\x11\x8b\x09\x01\x02cm\x02\x03\x05\x01k\x00\x00\x0d\xe9\x03\x04\x01q"),
    ];
    options.into_iter().for_each(|(code, value)| message.options.insert(code, value));
    let arrival = Arrival {
        interface: "eth0",
        source: Ipv4Addr::new(10, 0, 0, 1),
        destination: Ipv4Addr::new(10, 0, 0, 2),
        length: 548,
    };
    Sample { message, arrival, classes: &["ALL", "KNOWN", "phones"] }
}

/// A BOOTP message without an address, an option or a reservation.
pub(crate) fn bare() -> Sample {
    let hw = HwAddr::new(6, &[]).expect("short enough");
    let arrival = Arrival {
        interface: "",
        source: Ipv4Addr::UNSPECIFIED,
        destination: Ipv4Addr::BROADCAST,
        length: 300,
    };
    Sample { message: Message::new(Op::Request, Xid(0), hw), arrival, classes: &["ALL"] }
}
