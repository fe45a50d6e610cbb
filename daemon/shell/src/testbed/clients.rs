//! Clients that say what DHCP clients say.

use std::net::Ipv4Addr;
use std::time::Duration;

use lessor_types::{Datagram, HwAddr, Transmit, Xid};
use lessor_wire::v4::{DATAGRAM_MIN, Message, MessageType, Op, code};
use tokio::time::timeout;

use super::{Hands, LINK};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// One client, told from the others by a number.
#[derive(Clone, Copy)]
pub(crate) struct Client(pub(crate) u8);

impl Client {
    fn message(self, kind: MessageType) -> Message {
        let hw = HwAddr::ethernet([2, 0, 0, 0, 0, self.0]);
        let mut message = Message::new(Op::Request, Xid(0x100 + u32::from(self.0)), hw);
        message.set_message_type(kind);
        message.set_broadcast(true);
        message
    }

    pub(crate) fn discover(self) -> Datagram {
        datagram(&self.message(MessageType::Discover))
    }

    /// Takes an offer.
    pub(crate) fn request(self, offer: &Message) -> Datagram {
        let mut message = self.message(MessageType::Request);
        let server = offer.server_id().expect("every offer has one");
        message.options.insert(code::REQUESTED_ADDRESS, offer.yiaddr.octets());
        message.options.insert(code::SERVER_ID, server.octets());
        datagram(&message)
    }

    /// Asks for an address that it had before.
    pub(crate) fn reboot(self, addr: Ipv4Addr) -> Datagram {
        let mut message = self.message(MessageType::Request);
        message.options.insert(code::REQUESTED_ADDRESS, addr.octets());
        datagram(&message)
    }

    /// Goes all the way to a lease.
    pub(crate) async fn lease(self, hands: &mut Hands) -> Message {
        let offer = hands.exchange(self.discover()).await;
        assert_eq!(offer.message_type(), Some(MessageType::Offer));
        let ack = hands.exchange(self.request(&offer)).await;
        assert_eq!(ack.message_type(), Some(MessageType::Ack));
        ack
    }
}

impl Hands {
    /// Sends a packet and waits for the next one from the server.
    pub(crate) async fn exchange(&mut self, packet: Datagram) -> Message {
        self.arrive.send(packet).await.expect("the loop runs");
        self.next().await
    }

    /// The next packet from the server.
    pub(crate) async fn next(&mut self) -> Message {
        let packet = timeout(PATIENCE, self.left.recv()).await;
        read(&packet.expect("in time").expect("the loop runs"))
    }

    /// That no packet comes for a while.
    pub(crate) async fn silence(&mut self) {
        let packet = timeout(Duration::from_millis(200), self.left.recv()).await;
        assert!(packet.is_err(), "{packet:?}");
    }
}

/// What a packet says.
pub(crate) fn read(packet: &Transmit) -> Message {
    Message::decode(&packet.payload).expect("servers send lawful messages")
}

fn datagram(message: &Message) -> Datagram {
    Datagram {
        link: LINK,
        source: (Ipv4Addr::UNSPECIFIED, 68).into(),
        dest: Ipv4Addr::BROADCAST.into(),
        payload: message.encode(DATAGRAM_MIN).octets,
    }
}
