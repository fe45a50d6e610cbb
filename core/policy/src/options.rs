//! Which configured options an answer carries, and in what order.

use std::cell::Cell;
use std::collections::BTreeSet;

use lessor_config::option_def::{self, OptionDef};
use lessor_config::option_set::{self, Given, Sending, Space};
use lessor_config::{OptionSet, Prefix4};
use lessor_wire::v4::definition::DOCSIS_ENTERPRISE;
use lessor_wire::v4::{Message, code, vendor};

use crate::Classes;

/// Options that are sent unasked, because few clients get far without them.
const BASIC: [u8; 4] =
    [code::SUBNET_MASK, code::ROUTERS, code::DOMAIN_NAME_SERVERS, code::DOMAIN_NAME];

/// What several scopes give one client, the highest first.
#[derive(Clone, Copy)]
pub(crate) struct Layers<'a> {
    scopes: &'a [&'a OptionSet],
    definitions: &'a [&'a [OptionDef]],
    classes: &'a Classes<'a>,
    /// How many more options may be looked at. Spaces that several options hold unfold to many.
    budget: &'a Cell<u32>,
}

impl<'a> Layers<'a> {
    /// The scopes and the definitions that apply to a client, the highest first, and the classes
    /// that it is in.
    pub(crate) const fn new(
        scopes: &'a [&'a OptionSet],
        definitions: &'a [&'a [OptionDef]],
        classes: &'a Classes<'a>,
        budget: &'a Cell<u32>,
    ) -> Self {
        Self { scopes, definitions, classes, budget }
    }

    /// How many options may be looked at for one option of an answer.
    pub(crate) const BUDGET: u32 = 2_000;

    fn spend(self) -> bool {
        let left = self.budget.get();
        self.budget.set(left.saturating_sub(1));
        left > 0
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

    fn is_always(self, space: &Space, code: u8) -> bool {
        self.given(space, code).any(|given| given.sending == Sending::Always)
    }

    /// The codes that any scope gives in a space, for whatever classes.
    fn codes(self, space: &Space) -> BTreeSet<u8> {
        let all = self.scopes.iter().flat_map(|scope| scope.iter());
        all.filter(|given| given.space == *space).map(|given| given.code).collect()
    }

    /// The space whose options follow an option's value.
    fn inner(self, space: &Space, code: u8) -> Option<Space> {
        option_def::find_code(self.definitions, space, code)?.encapsulates
    }

    /// The options of a message that are sent unasked, holders of such sub-options among them.
    fn always(self) -> BTreeSet<u8> {
        let space = Space::Dhcp4;
        let mut found = self.codes(&space);
        found.extend(self.holders(&space));
        found.retain(|code| {
            self.budget.set(Self::BUDGET);
            self.is_unasked(&space, *code, OptionDef::NESTING_MAX)
        });
        found
    }

    fn is_unasked(self, space: &Space, code: u8, depth: usize) -> bool {
        self.is_always(space, code)
            || self.inner(space, code).is_some_and(|inner| {
                let mut codes = self.codes(&inner);
                codes.extend(self.holders(&inner));
                depth > 0
                    && self.spend()
                    && codes.iter().any(|code| self.is_unasked(&inner, *code, depth - 1))
            })
    }

    /// The codes of a space whose options hold other options.
    fn holders(self, space: &Space) -> BTreeSet<u8> {
        let defined = self.definitions.iter().copied().flatten();
        let defined = defined.filter(|def| def.space == *space && def.encapsulates.is_some());
        let standard = option_def::standard(space).iter();
        let standard = standard.filter(|def| def.encapsulates.is_some());
        defined.map(|def| def.code).chain(standard.map(|def| def.code)).collect()
    }

    /// An option's value with the sub-options that it encapsulates; none if it is neither given
    /// nor has any.
    fn value(self, space: &Space, code: u8, depth: usize) -> Option<Vec<u8>> {
        if self.forbid(space, code) || !self.spend() {
            return None;
        }
        let given = self.find(space, code);
        let mut octets = given.map(|given| given.octets.clone()).unwrap_or_default();
        let mut is_there = given.is_some();
        if let Some(inner) = self.inner(space, code).filter(|_| depth > 0) {
            let mut codes = self.codes(&inner);
            codes.extend(self.holders(&inner));
            for code in codes {
                if let Some(value) = self.value(&inner, code, depth - 1) {
                    is_there |= vendor::push_sub_option(&mut octets, code, &value);
                }
            }
        }
        is_there.then_some(octets)
    }

    /// The whole value of an option of the answer.
    fn option(self, query: &Message, code: u8) -> Option<Vec<u8>> {
        self.budget.set(Self::BUDGET);
        if code == code::VIVSO_SUBOPTIONS {
            return self.vendor_options(query);
        }
        self.value(&Space::Dhcp4, code, OptionDef::NESTING_MAX)
    }

    /// Option 125: for each vendor that the client speaks of or that the configuration names, what
    /// the client asks that vendor's way and what is sent unasked (RFC 3925 §4).
    fn vendor_options(self, query: &Message) -> Option<Vec<u8>> {
        let code = code::VIVSO_SUBOPTIONS;
        if self.forbid(&Space::Dhcp4, code) {
            return None;
        }
        let wanted = query.parameter_list().contains(&code) || self.is_always(&Space::Dhcp4, code);
        let named = self.find(&Space::Dhcp4, code).filter(|_| wanted);
        let named = named.map(|given| given.octets.as_slice()).unwrap_or_default();
        let mut octets = Vec::new();
        let configured = match named.split_first_chunk::<4>() {
            Some((enterprise, [])) => Some(u32::from_be_bytes(*enterprise)),
            // More than a number: whole blocks, as somebody wrote them.
            _ => {
                octets.extend_from_slice(named);
                None
            }
        };
        let spoken = [code::VIVCO_SUBOPTIONS, code].into_iter();
        let spoken = spoken.filter_map(|code| query.options.get(code)).flat_map(vendor::blocks);
        let mut done = BTreeSet::new();
        for enterprise in configured.into_iter().chain(spoken.map(|(enterprise, _)| enterprise)) {
            if !done.insert(enterprise) {
                continue;
            }
            let subs = self.vendor_subs(query, enterprise);
            if !subs.is_empty() || configured == Some(enterprise) {
                vendor::push_blocks(&mut octets, enterprise, &subs);
            }
        }
        (!octets.is_empty()).then_some(octets)
    }

    /// A vendor's sub-options that a client gets. DOCSIS devices list what they want in
    /// sub-option 1.
    fn vendor_subs(self, query: &Message, enterprise: u32) -> Vec<(u8, Vec<u8>)> {
        const DOCSIS_LIST: u8 = 1;
        let space = Space::Vendor(enterprise);
        let own = query.options.get(code::VIVSO_SUBOPTIONS).unwrap_or_default();
        let own = vendor::blocks(own).filter(|(of, _)| *of == enterprise);
        let lists = own.flat_map(|(_, data)| vendor::sub_options(data));
        let asked: BTreeSet<u8> = lists
            .filter(|(code, _)| enterprise == DOCSIS_ENTERPRISE && *code == DOCSIS_LIST)
            .flat_map(|(_, list)| list.iter().copied())
            .collect();
        let mut codes = self.codes(&space);
        codes.extend(self.holders(&space));
        codes
            .into_iter()
            .filter(|code| {
                asked.contains(code) || self.is_unasked(&space, *code, OptionDef::NESTING_MAX)
            })
            .filter_map(|code| Some((code, self.value(&space, code, OptionDef::NESTING_MAX)?)))
            .collect()
    }
}

/// Adds what a client asked for and what is sent unasked to `reply`, which has its own already.
pub(crate) fn put(reply: &mut Message, query: &Message, prefix: Prefix4, layers: Layers<'_>) {
    // The client's order first (RFC 2131 §4.3.1, V4-019).
    let asked = query.parameter_list().iter().copied();
    // RFC 8925 §3.3: never sent unasked.
    let always = layers.always().into_iter().filter(|code| *code != code::V6_ONLY_PREFERRED);
    // RFC 2563 §2.2: asked for by sending it.
    let by_sending = query.options.contains(code::AUTO_CONFIG).then_some(code::AUTO_CONFIG);
    // RFC 3925 §4: a client that speaks as a vendor's device gets what that vendor's get.
    let vendors = [code::VIVSO_SUBOPTIONS];
    for code in asked.chain(BASIC).chain(always).chain(by_sending).chain(vendors) {
        if option_set::is_own(code) || reply.options.contains(code) {
            continue;
        }
        if let Some(value) = layers.option(query, code) {
            reply.options.insert(code, value);
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
