//! Where messages come from: what shares a bound, so that a flood from one place leaves room for
//! the others.

use std::net::Ipv4Addr;

use lessor_policy::Query;
use lessor_types::LinkId;

/// A place that messages come from: a port of a relay, or a network that is reached directly.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Quarter {
    link: LinkId,
    /// The relay; without one, the first address of the /24 that the message came from.
    via: Ipv4Addr,
    /// What the relay says of the port, shortened.
    port: u64,
}

impl Quarter {
    /// Nowhere, which comes before everywhere else.
    pub const NOWHERE: Self = Self { link: LinkId(0), via: Ipv4Addr::UNSPECIFIED, port: 0 };

    /// Where a query comes from.
    ///
    /// Nothing here is proven. What a client says of its own port is not even asked: it would have
    /// a place of its own in each message.
    #[must_use]
    pub fn of(query: &Query) -> Self {
        let link = query.link;
        if !query.is_relayed() {
            let [a, b, c, _] = query.source.ip().octets();
            return Self { link, via: Ipv4Addr::new(a, b, c, 0), port: 0 };
        }
        Self { link, via: query.message.giaddr, port: query.circuit }
    }
}
