//! The identifier that an expression makes of a query (`libdhcp_flex_id`).

use std::cell::OnceCell;

use lessor_config::FlexId;
use lessor_types::{ClientId, Holder, Identifier, IdentifierKind, Links};

use crate::classify::{self, Classes};
use crate::{Query, Topology};

impl Query {
    /// This query with what the configuration's expression makes of it for an identifier, if that is
    /// not what it has; to be asked wherever the configuration, or what the relay says, is another.
    ///
    /// What the message itself says stays as it is, so that answers give back the client
    /// identifier that the client sent (RFC 6842).
    #[must_use]
    pub fn renamed(&self, topology: &Topology, links: &Links) -> Option<Self> {
        let setting = topology.config().hooks.flex_id();
        if setting.is_none() && self.flex_id.is_none() && self.goes_by_own_client_id() {
            return None;
        }
        let flex_id = setting.and_then(|setting| made(setting, topology, self, links));
        let replaced = setting
            .filter(|setting| setting.replace_client_id)
            .and(flex_id.as_ref())
            .and_then(|id| ClientId::new(&[&[0], id.octets()].concat()).ok());
        let client_id = replaced.or_else(|| Self::own_client_id(&self.message));
        if flex_id == self.flex_id && client_id == self.holder.client_id {
            return None;
        }
        let holder = Holder { client_id, ..self.holder.clone() };
        Some(Self { flex_id, holder, ..self.clone() })
    }

    /// Whether it goes by the client identifier that the message says.
    fn goes_by_own_client_id(&self) -> bool {
        let own = Self::client_id_octets(&self.message);
        own == self.holder.client_id.as_ref().map(ClientId::octets)
    }
}

/// The value of the expression. It may ask for the classes by which subnets are selected.
fn made(setting: &FlexId, topology: &Topology, query: &Query, links: &Links) -> Option<Identifier> {
    let classes = OnceCell::new();
    let is_in =
        |name: &str| classes.get_or_init(|| Classes::of(topology, query, links)).contains(name);
    let interface = classify::interface(query, links);
    let octets = setting.identifier.value(&classify::packet(query, interface, &is_in));
    Identifier::new(IdentifierKind::FlexId, &octets)
}
