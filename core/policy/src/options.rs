//! Which configured options an answer carries, and in what order.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;

use lessor_config::option_def::{self, OptionDef};
use lessor_config::option_set::{self, Given, Sending, Space};
use lessor_config::{OptionSet, Prefix4};
use lessor_wire::v4::definition::DOCSIS_ENTERPRISE;
use lessor_wire::v4::{Codes, Message, Options, code, vendor};

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

/// What all scopes together give in one space.
struct Sum<'a> {
    space: Space,
    /// By code, the number of what is given, counted from one.
    numbers: [u8; 256],
    given: Vec<Together<'a>>,
    /// The codes that any scope gives, for whatever classes.
    codes: Codes,
    /// The codes whose options hold other options.
    holders: Codes,
}

/// What scopes give under one code.
struct Together<'a> {
    /// The highest scope's.
    first: &'a Given,
    /// Whether some scope has it sent unasked.
    always: bool,
    /// Whether some scope forbids it.
    never: bool,
}

impl<'a> Sum<'a> {
    /// The option that the client gets, unless a scope forbids it.
    fn find(&self, code: u8) -> Option<&'a Given> {
        self.together(code).filter(|together| !together.never).map(|together| together.first)
    }

    fn forbids(&self, code: u8) -> bool {
        self.together(code).is_some_and(|together| together.never)
    }

    fn is_always(&self, code: u8) -> bool {
        self.together(code).is_some_and(|together| together.always)
    }

    fn together(&self, code: u8) -> Option<&Together<'a>> {
        let number = usize::from(self.numbers[usize::from(code)]);
        number.checked_sub(1).and_then(|at| self.given.get(at))
    }
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

    fn sum(self, space: Space) -> Sum<'a> {
        let mut sum = Sum {
            numbers: [0; 256],
            given: Vec::with_capacity(16),
            codes: Codes::default(),
            holders: self.holders(&space),
            space,
        };
        let is_in = |class: &str| self.classes.contains(class);
        for scope in self.scopes {
            let all = scope.iter().filter(|given| given.space == sum.space);
            all.for_each(|given| sum.codes.insert(given.code));
            for given in scope.counting(&sum.space, is_in) {
                let number = &mut sum.numbers[usize::from(given.code)];
                if *number == 0 {
                    sum.given.push(Together { first: given, always: false, never: false });
                    *number = u8::try_from(sum.given.len()).unwrap_or(0);
                }
                let at = usize::from(*number).checked_sub(1);
                if let Some(together) = at.and_then(|at| sum.given.get_mut(at)) {
                    together.always |= given.sending == Sending::Always;
                    together.never |= given.sending == Sending::Never;
                }
            }
        }
        sum
    }

    /// What is given in the space whose options follow an option's value; none if nothing can be
    /// there.
    fn inner(self, sum: &Sum<'_>, code: u8) -> Option<Sum<'a>> {
        if !self.scopes.iter().any(|scope| scope.has_nested()) || !sum.holders.contains(code) {
            return None;
        }
        Some(self.sum(option_def::inner(self.definitions, &sum.space, code)?))
    }

    /// The options of a message that are sent unasked, holders of such sub-options among them.
    fn always(self, sum: &Sum<'_>) -> Codes {
        let candidates = sum.codes.with(sum.holders).iter();
        let always = candidates.filter(|code| {
            self.budget.set(Self::BUDGET);
            self.is_unasked(sum, *code, OptionDef::NESTING_MAX)
        });
        always.collect()
    }

    fn is_unasked(self, sum: &Sum<'_>, code: u8, depth: usize) -> bool {
        sum.is_always(code)
            || self.inner(sum, code).is_some_and(|inner| {
                let codes = inner.codes.with(inner.holders);
                depth > 0
                    && self.spend()
                    && codes.iter().any(|code| self.is_unasked(&inner, code, depth - 1))
            })
    }

    /// The codes of a space whose options hold other options.
    fn holders(self, space: &Space) -> Codes {
        let defined = self.definitions.iter().copied().flatten();
        let defined = defined.filter(|def| def.space == *space && def.encapsulates.is_some());
        let mut codes = Codes::from_bits(option_def::standard_holders(space));
        defined.for_each(|def| codes.insert(def.code));
        codes
    }

    /// An option's value with the sub-options that it encapsulates; none if it is neither given
    /// nor has any.
    fn value(self, sum: &Sum<'a>, code: u8, depth: usize) -> Option<Cow<'a, [u8]>> {
        if sum.forbids(code) || !self.spend() {
            return None;
        }
        let given = sum.find(code);
        let mut octets = given.map(|given| Cow::Borrowed(given.octets.as_slice()));
        if let Some(inner) = self.inner(sum, code).filter(|_| depth > 0) {
            for code in inner.codes.with(inner.holders).iter() {
                if let Some(value) = self.value(&inner, code, depth - 1) {
                    let is_there = octets.is_some();
                    let whole = octets.get_or_insert_default().to_mut();
                    if !vendor::push_sub_option(whole, code, &value) && !is_there {
                        octets = None;
                    }
                }
            }
        }
        octets
    }

    /// The whole value of an option of the answer, of whose space this is the sum.
    fn option(self, sum: &Sum<'a>, query: &Message, code: u8) -> Option<Cow<'a, [u8]>> {
        self.budget.set(Self::BUDGET);
        if code == code::VIVSO_SUBOPTIONS {
            return self.vendor_options(sum, query).map(Cow::Owned);
        }
        self.value(sum, code, OptionDef::NESTING_MAX)
    }

    /// Option 125: for each vendor that the client speaks of or that the configuration names, what
    /// the client asks that vendor's way and what is sent unasked (RFC 3925 §4).
    fn vendor_options(self, sum: &Sum<'a>, query: &Message) -> Option<Vec<u8>> {
        let code = code::VIVSO_SUBOPTIONS;
        if sum.forbids(code) {
            return None;
        }
        let wanted = query.parameter_list().contains(&code) || sum.is_always(code);
        let named = sum.find(code).filter(|_| wanted);
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
        let sum = self.sum(space);
        sum.codes
            .with(sum.holders)
            .iter()
            .filter(|code| {
                asked.contains(code) || self.is_unasked(&sum, *code, OptionDef::NESTING_MAX)
            })
            .filter_map(|code| Some((code, self.value(&sum, code, OptionDef::NESTING_MAX)?)))
            .map(|(code, value)| (code, value.into_owned()))
            .collect()
    }
}

/// What a client asked for and what is sent unasked, in the order in which it is sent.
pub(crate) fn given(query: &Message, prefix: Prefix4, layers: Layers<'_>) -> Options {
    let sum = layers.sum(Space::Dhcp4);
    // The client's order first (RFC 2131 §4.3.1, V4-019).
    let asked = query.parameter_list().iter().copied();
    // RFC 8925 §3.3: never sent unasked.
    let always = layers.always(&sum).iter().filter(|code| *code != code::V6_ONLY_PREFERRED);
    // RFC 2563 §2.2: asked for by sending it.
    let by_sending = query.options.contains(code::AUTO_CONFIG).then_some(code::AUTO_CONFIG);
    // RFC 3925 §4: a client that speaks as a vendor's device gets what that vendor's get.
    let vendors = [code::VIVSO_SUBOPTIONS];
    let mut options = Options::new();
    for code in asked.chain(BASIC).chain(always).chain(by_sending).chain(vendors) {
        if option_set::is_own(code) || options.contains(code) {
            continue;
        }
        if let Some(value) = layers.option(&sum, query, code) {
            options.insert(code, value);
        } else if code == code::SUBNET_MASK && !sum.forbids(code) {
            options.insert(code, prefix.mask().octets());
        }
    }
    // RFC 3442: a server that sends classless routes to a client that asked for them leaves the
    // old forms out (V4-086).
    let routes = code::CLASSLESS_STATIC_ROUTE;
    if query.parameter_list().contains(&routes) && options.contains(routes) {
        options.remove(code::ROUTERS);
        options.remove(code::STATIC_ROUTES);
    }
    options
}
