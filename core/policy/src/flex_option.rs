//! What expressions do to the options of a reply (`libdhcp_flex_option`).

use std::collections::BTreeMap;

use lessor_config::option_def::{self, OptionDef};
use lessor_config::option_set::Space;
use lessor_config::{FlexAction, FlexChange, FlexOption, FlexSubOption, FlexValue};
use lessor_wire::v4::{Message, vendor};

use crate::Classes;

/// Does to a reply, which has all its options, what the configuration says, in its order.
///
/// `classes` know the query that the expressions are about; `definitions` are those that apply to
/// the client, the highest first. A value that its option cannot hold changes nothing.
pub(crate) fn amend(
    reply: &mut Message,
    options: &[FlexOption],
    classes: &Classes<'_>,
    definitions: &[&[OptionDef]],
) {
    let client = Client { classes, definitions };
    for option in options.iter().filter(|option| client.is_in(option.class.as_deref())) {
        match &option.change {
            FlexChange::Whole(action) => client.change(reply, option.code, action),
            FlexChange::Within(subs) => {
                for sub in subs.iter().filter(|sub| client.is_in(sub.class.as_deref())) {
                    client.change_within(reply, option.code, sub);
                }
            }
        }
    }
}

/// What an action comes to for one query.
enum Outcome {
    /// Nothing is done.
    Nothing,
    /// The option gets a value if it is not there.
    Add(Vec<u8>),
    /// The option gets a value.
    Set(Vec<u8>),
    /// The option goes.
    Remove,
}

/// Whose reply it is.
#[derive(Clone, Copy)]
struct Client<'a> {
    classes: &'a Classes<'a>,
    definitions: &'a [&'a [OptionDef]],
}

impl Client<'_> {
    fn is_in(self, class: Option<&str>) -> bool {
        class.is_none_or(|class| self.classes.contains(class))
    }

    fn outcome(self, action: &FlexAction, space: &Space, code: u8) -> Outcome {
        let octets = |value| self.octets(value, space, code);
        match action {
            FlexAction::Add(value) => octets(value).map_or(Outcome::Nothing, Outcome::Add),
            FlexAction::Supersede(value) => octets(value).map_or(Outcome::Nothing, Outcome::Set),
            FlexAction::Remove(test) if self.classes.ask(|packet| test.matches(packet)) => {
                Outcome::Remove
            }
            FlexAction::Remove(_) => Outcome::Nothing,
        }
    }

    /// The octets that an expression makes, if it makes any.
    fn octets(self, value: &FlexValue, space: &Space, code: u8) -> Option<Vec<u8>> {
        let made = self.classes.ask(|packet| value.expression.value(packet));
        if made.is_empty() || !value.csv {
            return Some(made).filter(|made| !made.is_empty());
        }
        let text = std::str::from_utf8(&made).ok()?;
        option_def::find_code(self.definitions, space, code)?.encode(text)
    }

    fn change(self, reply: &mut Message, code: u8, action: &FlexAction) {
        match self.outcome(action, &Space::Dhcp4, code) {
            Outcome::Add(octets) if !reply.options.contains(code) => {
                reply.options.insert(code, octets);
            }
            Outcome::Set(octets) => reply.options.insert(code, octets),
            Outcome::Remove => {
                reply.options.remove(code);
            }
            Outcome::Add(_) | Outcome::Nothing => {}
        }
    }

    fn change_within(self, reply: &mut Message, code: u8, sub: &FlexSubOption) {
        let outcome = self.outcome(&sub.action, &sub.space, sub.code);
        let Some(mut content) = Content::parse(&sub.space, reply.options.get(code)) else {
            return;
        };
        if !content.change(sub, outcome) {
            return;
        }
        if content.0.is_empty() {
            reply.options.remove(code);
        } else {
            reply.options.insert(code, content.octets());
        }
    }
}

/// Codes and values, in the order in which they lie there.
type SubOptions = Vec<(u8, Vec<u8>)>;

/// What an option holds: the sub-options of each vendor, or of nobody in particular.
struct Content(BTreeMap<Option<u32>, SubOptions>);

impl Content {
    /// The longest value of a sub-option, in octets, as its length field states it.
    const VALUE_MAX: usize = 255;
    /// The longest in a vendor's block, which has a length field of its own.
    const VENDOR_VALUE_MAX: usize = 253;
    /// The octets of an enterprise number and of a length field (RFC 3925 §4).
    const BLOCK_HEAD: usize = 5;

    /// Takes an option's value apart, if it has one; none if that is not made up of sub-options
    /// from its beginning to its end.
    fn parse(space: &Space, octets: Option<&[u8]>) -> Option<Self> {
        let mut content = Self(BTreeMap::new());
        let Some(octets) = octets else {
            return Some(content);
        };
        if vendor_of(space).is_none() {
            content.0.insert(None, sub_options(octets)?);
            return Some(content);
        }
        let mut read = 0;
        for (enterprise, data) in vendor::blocks(octets) {
            content.0.entry(Some(enterprise)).or_default().extend(sub_options(data)?);
            read += Self::BLOCK_HEAD + data.len();
        }
        (read == octets.len()).then_some(content)
    }

    /// Does what an action came to; false if nothing has changed.
    fn change(&mut self, sub: &FlexSubOption, outcome: Outcome) -> bool {
        let vendor = vendor_of(&sub.space);
        let len_max = if vendor.is_some() { Self::VENDOR_VALUE_MAX } else { Self::VALUE_MAX };
        let subs = self.0.get(&vendor);
        let may_hold = subs.is_some() || sub.container_add;
        let is_there = subs.is_some_and(|subs| subs.iter().any(|(code, _)| *code == sub.code));
        match outcome {
            Outcome::Add(octets) if is_there || !may_hold || octets.len() > len_max => false,
            Outcome::Set(octets) if !may_hold || octets.len() > len_max => false,
            Outcome::Add(octets) | Outcome::Set(octets) => {
                set(self.0.entry(vendor).or_default(), sub.code, octets);
                true
            }
            Outcome::Remove if is_there => {
                let subs = self.0.entry(vendor).or_default();
                subs.retain(|(code, _)| *code != sub.code);
                if subs.is_empty() && sub.container_remove {
                    self.0.remove(&vendor);
                }
                true
            }
            Outcome::Remove | Outcome::Nothing => false,
        }
    }

    fn octets(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        for (vendor, subs) in &self.0 {
            match vendor {
                Some(enterprise) => vendor::push_blocks(&mut octets, *enterprise, subs),
                None => {
                    for (code, value) in subs {
                        vendor::push_sub_option(&mut octets, *code, value);
                    }
                }
            }
        }
        octets
    }
}

const fn vendor_of(space: &Space) -> Option<u32> {
    match space {
        Space::Vendor(enterprise) => Some(*enterprise),
        Space::Dhcp4 | Space::Named(_) => None,
    }
}

/// The sub-options that make up these octets; none if something else does.
fn sub_options(octets: &[u8]) -> Option<SubOptions> {
    let found: SubOptions =
        vendor::sub_options(octets).map(|(code, value)| (code, value.to_vec())).collect();
    let read: usize = found.iter().map(|(_, value)| value.len() + 2).sum();
    (read == octets.len()).then_some(found)
}

/// Gives a sub-option a value in the place of its first, or at the end.
fn set(subs: &mut SubOptions, code: u8, octets: Vec<u8>) {
    let place = subs.iter().position(|(other, _)| *other == code).unwrap_or(subs.len());
    subs.retain(|(other, _)| *other != code);
    subs.insert(place, (code, octets));
}

#[cfg(test)]
mod tests {
    use super::*;
    use lessor_expression::Expression;
    use proptest::prelude::*;

    fn space(vendor: bool) -> Space {
        if vendor { Space::Vendor(1) } else { Space::Named("box".to_owned()) }
    }

    /// Sub-options as they lie in an option, or nearly so.
    fn octets() -> impl Strategy<Value = Vec<u8>> {
        let subs = || {
            proptest::collection::vec((0_u8..4, proptest::collection::vec(any::<u8>(), 0..4)), 0..4)
        };
        let plain = subs().prop_map(|subs| Content(BTreeMap::from([(None, subs)])).octets());
        let blocks = proptest::collection::vec((0_u32..3, subs()), 0..4).prop_map(|blocks| {
            let mut octets = Vec::new();
            for (enterprise, subs) in blocks {
                vendor::push_blocks(&mut octets, enterprise, &subs);
            }
            octets
        });
        prop_oneof![plain, blocks, proptest::collection::vec(0_u8..6, 0..12)]
    }

    proptest! {
        #[test]
        fn nothing_changes_but_the_one(
            octets in octets(),
            vendor in any::<bool>(),
            code in 0_u8..4,
            value in proptest::collection::vec(any::<u8>(), 0..300),
            [adds, removes, container_add, container_remove] in any::<[bool; 4]>(),
        ) {
            let space = space(vendor);
            let Some(mut content) = Content::parse(&space, Some(&octets)) else {
                return Ok(());
            };
            let before = content.0.clone();
            let action = FlexAction::Remove(Expression::parse_bool("member('ALL')").expect("a test"));
            let sub = FlexSubOption {
                space: space.clone(), code, class: None, action, container_add, container_remove,
            };
            let outcome = match (adds, removes) {
                (_, true) => Outcome::Remove,
                (true, false) => Outcome::Add(value.clone()),
                (false, false) => Outcome::Set(value.clone()),
            };
            let changed = content.change(&sub, outcome);
            prop_assert!(changed || content.0 == before);
            // What is written reads as what it is meant to be.
            let read = Content::parse(&space, Some(&content.octets())).expect("sub-options");
            let of = vendor_of(&space);
            let found = |content: &Content| -> Vec<Vec<u8>> {
                let subs = content.0.get(&of).into_iter().flatten();
                subs.filter(|(it, _)| *it == code).map(|(_, value)| value.clone()).collect()
            };
            if changed {
                let expected = if removes { Vec::new() } else { vec![value] };
                prop_assert_eq!(found(&read), expected);
            }
            let others = |all: &BTreeMap<Option<u32>, SubOptions>| -> Vec<(Option<u32>, u8, Vec<u8>)> {
                all.iter()
                    .flat_map(|(vendor, subs)| subs.iter().map(move |(code, it)| (*vendor, *code, it.clone())))
                    .filter(|(vendor, it, _)| *vendor != of || *it != code)
                    .collect()
            };
            prop_assert_eq!(others(&read.0), others(&before));
        }
    }
}
