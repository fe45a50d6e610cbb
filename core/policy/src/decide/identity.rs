//! As whom the server speaks, and whom it answers.

use std::net::Ipv4Addr;

use lessor_config::{Config, Subnet};
use lessor_types::Links;
use lessor_wire::v4::{RelayAgent, code};

use super::case::Case;
use crate::{DropReason, Facts, Query};

/// The addresses that a server speaks with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Identity {
    /// The address that packets leave from: the first one of the link.
    pub(crate) source: Ipv4Addr,
    /// The server identifier (option 54).
    pub(crate) server: Ipv4Addr,
}

impl Identity {
    /// The addresses for a query.
    pub(crate) fn of(query: &Query, links: &Links) -> Result<Self, DropReason> {
        let link = links.by_id(query.link).ok_or(DropReason::UnknownLink)?;
        let (source, _) = *link.addrs.first().ok_or(DropReason::UnknownLink)?;
        Ok(Self { source, server: relays_name(query).unwrap_or(source) })
    }

    /// The addresses for clients of a subnet: for it, its shared network or everybody, the
    /// configuration may have the server go by another identifier. A relay's word goes before that.
    pub(crate) fn in_subnet(self, query: &Query, config: &Config, subnet: &Subnet) -> Self {
        let network = config.network_of(subnet).map(|network| &network.options);
        let scopes = [Some(&subnet.options), network, Some(&config.options)];
        let given = scopes.into_iter().flatten().find_map(|options| options.get(code::SERVER_ID));
        let given: Option<[u8; 4]> = given.and_then(|octets| octets.try_into().ok());
        match given.map(Ipv4Addr::from).filter(|addr| !addr.is_unspecified()) {
            Some(server) if relays_name(query).is_none() => Self { server, ..self },
            _ => self,
        }
    }
}

/// The identifier that a relay wants the server to have, so that renewals come through it
/// (RFC 5107 §4).
fn relays_name(query: &Query) -> Option<Ipv4Addr> {
    let agent = query.relays_word();
    let name = agent.as_ref().and_then(RelayAgent::server_id_override);
    name.filter(|addr| !addr.is_unspecified())
}

impl<F: Facts> Case<'_, F> {
    /// Whether a server identifier names this server, or need not.
    pub(super) fn is_us(&self, server: Ipv4Addr) -> bool {
        let own = || self.world.links.0.iter().flat_map(|link| &link.addrs);
        self.config().compatibility.ignore_server_id
            || server == self.world.identity.server
            || own().any(|(addr, _)| *addr == server)
    }

    /// The client's own address, if answers may go there: it is in a subnet that is served. What
    /// else a message says of itself would send answers to whom its sender likes (V4-012).
    pub(super) fn client(&self) -> Option<Ipv4Addr> {
        let addr = self.world.query.message.ciaddr;
        self.world.topology.subnet_around(addr).map(|_| addr)
    }
}
