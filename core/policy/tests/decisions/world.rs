//! What the tests' decisions rest on.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use lessor_config::{Config, Host};
use lessor_lease::{Candidate, Lease};
use lessor_policy::facts::Known;
use lessor_policy::{Assembled, Facts, Hold, PoolKey, Query, Topology};
use lessor_types::{
    Datagram, Holder, HwAddr, Identifier, Link, LinkId, Links, SubnetId, Unit, Wall, Xid,
};
use lessor_wire::v4::{Message, MessageType, Op, code};

/// The server's address, which is the link's first.
pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
/// The first address of the pools.
pub(crate) const ADDR: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 10);
/// The client's link-layer address.
pub(crate) const CLIENT: [u8; 6] = [2, 0, 0, 0, 0, 7];
/// The time of every decision, in seconds.
pub(crate) const NOW: i64 = 1_000_000;

/// One row and one offer at most; everything else is free.
pub(crate) struct World {
    pub(crate) topology: Topology,
    pub(crate) row: Option<Arc<Lease>>,
    pub(crate) hold: Option<Hold>,
    /// Whether leases are confirmed without a write.
    pub(crate) reuses: bool,
    /// What is remembered of earlier answers.
    pub(crate) assembled: Option<Assembled>,
}

impl World {
    /// A world of these members of `Dhcp4`, with nothing leased.
    pub(crate) fn new(dhcp4: &str) -> Self {
        let text = format!(r#"{{ "Dhcp4": {{ {dhcp4} }} }}"#);
        let (config, _) = Config::parse(&text, "test").unwrap_or_else(|errors| panic!("{errors}"));
        let topology = Topology::new(Arc::new(config));
        Self { topology, row: None, hold: None, reuses: false, assembled: None }
    }
}

impl Facts for World {
    fn row(&self, unit: Unit) -> Known<Option<Arc<Lease>>> {
        Ok(self.row.clone().filter(|row| row.unit == unit))
    }
    fn rows_of(&self, holder: &Holder) -> Known<Vec<Arc<Lease>>> {
        Ok(self.row.iter().filter(|row| row.holder.same_client(holder)).cloned().collect())
    }
    fn free_in(&self, pool: PoolKey, _: &Holder) -> Known<Option<Candidate>> {
        let range = self.topology.pool_range(pool);
        Ok(range.map(|(first, _)| Candidate { unit: Unit::V4(first), row: None }))
    }
    fn host(&self, net: Option<SubnetId>, ids: &[Identifier]) -> Known<Option<Arc<Host>>> {
        Ok(self.topology.host(net, ids).cloned())
    }
    fn hosts_at(&self, subnet: SubnetId, addr: Ipv4Addr) -> Known<Vec<Arc<Host>>> {
        Ok(self.topology.hosts_at(subnet, addr).cloned().collect())
    }
    fn hold(&self, unit: Unit) -> Option<&Hold> {
        self.hold.as_ref().filter(|hold| hold.unit == unit)
    }
    fn hold_of(&self, holder: &Holder) -> Option<&Hold> {
        self.hold.as_ref().filter(|hold| hold.holder.same_client(holder))
    }
    fn judged(&self) -> Wall {
        Wall::from_secs(NOW)
    }
    fn confirmed_just_now(&self, _: &Lease) -> bool {
        false
    }
    fn may_reuse(&self) -> bool {
        self.reuses
    }
    fn assembled(&self) -> Option<&Assembled> {
        self.assembled.as_ref()
    }
}

/// A message of the client.
pub(crate) fn message(kind: MessageType) -> Message {
    let mut message = Message::new(Op::Request, Xid(42), HwAddr::ethernet(CLIENT));
    message.set_message_type(kind);
    message
}

/// Its REQUEST of [`ADDR`], in SELECTING.
pub(crate) fn request() -> Message {
    let mut message = message(MessageType::Request);
    message.options.insert(code::SERVER_ID, SERVER.octets());
    message.options.insert(code::REQUESTED_ADDRESS, ADDR.octets());
    message
}

/// The one interface.
pub(crate) fn links() -> Links {
    Links(vec![Link { id: LinkId(1), name: "lan0".into(), addrs: vec![(SERVER, 24)] }])
}

/// A message on its way to the server: from its relay, or from the client itself.
pub(crate) fn datagram(message: &Message, dest: Ipv4Addr) -> Datagram {
    let from = if message.giaddr.is_unspecified() { message.ciaddr } else { message.giaddr };
    Datagram {
        link: LinkId(1),
        source: SocketAddr::from((from, 67)),
        dest: IpAddr::V4(dest),
        payload: message.encode(1500).octets,
    }
}

/// A lawful message as a query.
pub(crate) fn query(message: &Message, dest: Ipv4Addr) -> Query {
    Query::read(&datagram(message, dest)).expect("a lawful query")
}
