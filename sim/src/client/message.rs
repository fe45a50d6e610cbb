//! What clients write.

use std::net::Ipv4Addr;

use lessor_types::{ClientId, Holder, HwAddr, Xid};
use lessor_wire::v4::{Message, MessageType, Op, code};

use crate::schedule::ClientSpec;

/// The options that clients ask for.
const WANTED: [u8; 5] = [
    code::SUBNET_MASK,
    code::ROUTERS,
    code::DOMAIN_NAME_SERVERS,
    code::RENEWAL_TIME,
    code::REBINDING_TIME,
];

/// The link-layer address with this number.
pub(crate) fn hw(number: u32) -> HwAddr {
    let [a, b, c, d] = number.to_be_bytes();
    HwAddr::ethernet([2, 0, a, b, c, d])
}

/// Who a client is.
pub(crate) fn holder(spec: &ClientSpec) -> Holder {
    let id = spec.client_id.map(|number| {
        let [a, b, c, d] = number.to_be_bytes();
        [0xff, a, b, c, d]
    });
    Holder { hw: hw(spec.hw), client_id: id.and_then(|octets| ClientId::new(&octets).ok()) }
}

/// A message of a kind, with what this client puts into every one.
pub(crate) fn begin(spec: &ClientSpec, who: &Holder, kind: MessageType, xid: Xid) -> Message {
    let mut message = Message::new(Op::Request, xid, who.hw);
    message.set_broadcast(spec.broadcast);
    message.set_message_type(kind);
    if let Some(id) = &who.client_id {
        message.options.insert(code::CLIENT_ID, id.octets());
    }
    if matches!(kind, MessageType::Discover | MessageType::Request | MessageType::Inform) {
        message.options.insert(code::PARAMETER_LIST, WANTED);
        if spec.named {
            let name = format!("host-{}", spec.hw);
            message.options.insert(code::HOST_NAME, name.into_bytes());
        }
    }
    message
}

/// Sets option 50.
pub(crate) fn request(message: &mut Message, addr: Ipv4Addr) {
    message.options.insert(code::REQUESTED_ADDRESS, addr.octets());
}

/// Sets option 54.
pub(crate) fn choose(message: &mut Message, server: Ipv4Addr) {
    message.options.insert(code::SERVER_ID, server.octets());
}

/// Sets option 51.
pub(crate) fn want(message: &mut Message, secs: Option<u32>) {
    if let Some(secs) = secs {
        message.options.insert(code::LEASE_TIME, secs.to_be_bytes());
    }
}
