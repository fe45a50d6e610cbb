//! Which configured options an answer carries, and in what order.

use lessor_config::option_set::{Given, Sending, Space};
use lessor_config::{OptionSet, Prefix4};
use lessor_wire::v4::{Message, code};

use crate::Classes;

/// Options that are sent unasked, because few clients get far without them.
const BASIC: [u8; 4] =
    [code::SUBNET_MASK, code::ROUTERS, code::DOMAIN_NAME_SERVERS, code::DOMAIN_NAME];

/// Options that the configuration can't set: they are the protocol's.
const OWN: [u8; 12] = [
    code::REQUESTED_ADDRESS,
    code::LEASE_TIME,
    code::OVERLOAD,
    code::MESSAGE_TYPE,
    code::SERVER_ID,
    code::PARAMETER_LIST,
    code::MAX_SIZE,
    code::RENEWAL_TIME,
    code::REBINDING_TIME,
    code::RAPID_COMMIT,
    code::RELAY_AGENT,
    code::SUBNET_SELECTION,
];

/// What several scopes give one client, the highest first.
#[derive(Clone, Copy)]
pub(crate) struct Layers<'a> {
    scopes: &'a [&'a OptionSet],
    classes: &'a Classes<'a>,
}

impl<'a> Layers<'a> {
    /// The scopes that apply to a client, the highest first, and the classes that it is in.
    pub(crate) const fn new(scopes: &'a [&'a OptionSet], classes: &'a Classes<'a>) -> Self {
        Self { scopes, classes }
    }

    /// What counts of each scope that gives an option, the highest first.
    fn given(self, space: &Space, code: u8) -> impl Iterator<Item = &'a Given> {
        let is_in = move |class: &str| self.classes.contains(class);
        self.scopes.iter().filter_map(move |scope| scope.find(space, code, is_in))
    }

    /// The option that the client gets, unless a scope forbids it.
    fn find(self, space: &Space, code: u8) -> Option<&'a Given> {
        if self.forbid(space, code) { None } else { self.given(space, code).next() }
    }

    fn forbid(self, space: &Space, code: u8) -> bool {
        self.given(space, code).any(|given| given.sending == Sending::Never)
    }

    /// The options of a message that are sent unasked.
    fn always(self) -> impl Iterator<Item = u8> {
        let all = self.scopes.iter().flat_map(|scope| scope.iter());
        all.filter(|given| given.space == Space::Dhcp4 && given.sending == Sending::Always)
            .map(|given| given.code)
            .filter(move |code| {
                self.given(&Space::Dhcp4, *code).any(|it| it.sending == Sending::Always)
            })
    }
}

/// Adds what a client asked for and what is sent unasked to `reply`, which has its own already.
pub(crate) fn put(reply: &mut Message, query: &Message, prefix: Prefix4, layers: Layers<'_>) {
    // The client's order first (RFC 2131 §4.3.1, V4-019).
    let asked = query.parameter_list().iter().copied();
    // RFC 8925 §3.3: never sent unasked.
    let always = layers.always().filter(|code| *code != code::V6_ONLY_PREFERRED);
    // RFC 2563 §2.2: asked for by sending it.
    let by_sending = query.options.contains(code::AUTO_CONFIG).then_some(code::AUTO_CONFIG);
    for code in asked.chain(BASIC).chain(always).chain(by_sending) {
        if OWN.contains(&code) || reply.options.contains(code) {
            continue;
        }
        if let Some(given) = layers.find(&Space::Dhcp4, code) {
            reply.options.insert(code, given.octets.as_slice());
        } else if code == code::SUBNET_MASK && !layers.forbid(&Space::Dhcp4, code) {
            reply.options.insert(code, prefix.mask().octets());
        }
    }
    // RFC 3442: a server that sends classless routes to a client that asked for them leaves the
    // old forms out (V4-086).
    let routes = code::CLASSLESS_STATIC_ROUTE;
    if query.parameter_list().contains(&routes) && reply.options.contains(routes) {
        reply.options.remove(code::ROUTERS);
        reply.options.remove(code::STATIC_ROUTES);
    }
}
