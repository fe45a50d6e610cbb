//! Which classes a query is in.
//!
//! Membership is a function of the query, the interface and the configuration, so that a decision
//! that is run again finds the same.

use std::borrow::Cow;

use lessor_config::{Class, Host, Lifetime, Membership, Pool, Subnet, class_names};
use lessor_expression::{Arrival, Expression, Packet};
use lessor_types::{Links, Secs};
use lessor_wire::v4::code;

use crate::topology::Phase;
use crate::{Ask, Query, Topology};

/// The classes of a query, in the order in which they were found.
#[derive(Clone, Debug)]
pub struct Classes<'a> {
    topology: &'a Topology,
    query: &'a Query,
    interface: &'a str,
    members: Vec<Member<'a>>,
}

/// One class of a query.
#[derive(Clone, Debug)]
struct Member<'a> {
    name: Name<'a>,
    /// Its number among the classes of the configuration, if it is one of them.
    defined: Option<usize>,
}

/// The name of a class.
#[derive(Clone, Debug)]
enum Name<'a> {
    Text(Cow<'a, str>),
    /// What the client says of its vendor makes the name, which hardly anybody asks for.
    Vendor(&'a [u8]),
}

impl<'a> Name<'a> {
    fn is(&self, name: &str) -> bool {
        match self {
            Self::Text(own) => own == name,
            Self::Vendor(octets) => {
                name.strip_prefix(class_names::VENDOR_PREFIX).is_some_and(|it| it == text(octets))
            }
        }
    }

    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(own) => Cow::Borrowed(own),
            Self::Vendor(octets) => [class_names::VENDOR_PREFIX, &text(octets)].concat().into(),
        }
    }
}

impl<'a, T: Into<Cow<'a, str>>> From<T> for Name<'a> {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

impl<'a> Classes<'a> {
    /// The classes by which a subnet is selected: the built-in ones, then those of the
    /// configuration in its order, but for what asks whether the client has a reservation.
    #[must_use]
    pub fn of(topology: &'a Topology, query: &'a Query, links: &'a Links) -> Self {
        let interface = interface(query, links);
        let mut classes = Self { topology, query, interface, members: Vec::with_capacity(4) };
        classes.add(class_names::ALL.into());
        if query.ask == Ask::Bootp {
            classes.add(class_names::BOOTP.into());
        }
        if let Some(vendor) = query.message.options.get(code::CLASS_ID) {
            // No other begins as it does.
            classes.add(Name::Vendor(vendor));
        }
        for (number, class, phase) in topology.tested() {
            if phase != Phase::Late {
                classes.test(number, class);
            }
        }
        classes
    }

    /// These, once it is known which reservations the client has: what they put it in, whether it
    /// is known, and then the classes that depend on that.
    #[must_use]
    pub fn with_hosts<'h>(mut self, hosts: impl Iterator<Item = &'h Host>) -> Self {
        // A global reservation may have been found before the subnet was, which may not look there.
        let mut known = self.contains(class_names::KNOWN);
        for host in hosts {
            known = true;
            host.classes.iter().for_each(|name| self.join(name.clone().into()));
        }
        self.join(if known { class_names::KNOWN } else { class_names::UNKNOWN }.into());
        for (number, class, phase) in self.topology.tested() {
            if phase != Phase::Early {
                self.test(number, class);
            }
        }
        self
    }

    /// These and the ones that a pool, a subnet and its shared network list as additional, which
    /// select nothing.
    #[must_use]
    pub fn with_additional(&self, pool: Option<&'a Pool>, subnet: &'a Subnet) -> Cow<'_, Self> {
        let network = self.topology.config().network_of(subnet);
        let lists = pool
            .into_iter()
            .map(|pool| &pool.additional)
            .chain([&subnet.additional])
            .chain(network.map(|network| &network.additional));
        let mut names = lists.flatten().peekable();
        if names.peek().is_none() {
            return Cow::Borrowed(self);
        }
        let mut all = self.clone();
        for name in names {
            let Some((number, class)) = self.topology.numbered_class(name) else {
                continue;
            };
            match class.membership {
                // A class without a test was listed for everybody.
                Membership::Given if !class_names::is_built_in(name) => {
                    all.join(name.as_str().into());
                }
                _ => all.test(number, class),
            }
        }
        Cow::Owned(all)
    }

    /// Whether the query is in a class.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.members.iter().any(|member| member.name.is(name))
    }

    /// Whether what has these guards is for this query: there are none, or it is in one's class.
    #[must_use]
    pub fn admit(&self, guards: &[String]) -> bool {
        guards.is_empty() || guards.iter().any(|guard| self.contains(guard))
    }

    /// The names, in the order in which the query was found to be in the classes.
    pub fn names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.members.iter().map(|member| member.name.text())
    }

    /// Those that the configuration defines, in the same order. What an earlier one gives wins.
    pub fn defined(&self) -> impl Iterator<Item = &'a Class> {
        self.numbers().filter_map(|number| self.topology.config().classes.get(number))
    }

    /// Their numbers among the classes of the configuration.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = usize> {
        self.members.iter().filter_map(|member| member.defined)
    }

    /// Of the classes that options are for, those that the query is in, a bit for each; none if there
    /// are too many.
    pub(crate) fn tags(&self) -> Option<u64> {
        let tags = self.topology.tags()?.iter().zip(0_u32..);
        let bits = tags.map(|(tag, bit)| u64::from(self.contains(tag)) << bit);
        Some(bits.fold(0, |all, bit| all | bit))
    }

    /// What they are classes under.
    pub(crate) const fn topology(&self) -> &'a Topology {
        self.topology
    }

    /// How long the leases of members are valid, if a class says so.
    #[must_use]
    pub fn lifetime(&self) -> Option<Lifetime> {
        self.defined().find_map(|class| class.lifetime)
    }

    /// How long offers to members are stored, if a class says so.
    #[must_use]
    pub fn offer_lifetime(&self) -> Option<Secs> {
        self.defined().find_map(|class| class.offer_lifetime)
    }

    fn join(&mut self, name: Name<'a>) {
        if !self.contains(&name.text()) {
            self.add(name);
        }
    }

    fn add(&mut self, name: Name<'a>) {
        let defined = self.topology.number_of(|| name.text());
        self.members.push(Member { name, defined });
    }

    fn test(&mut self, number: usize, class: &'a Class) {
        match &class.membership {
            Membership::Given => {}
            Membership::Test(test) => {
                if self.ask(|packet| test.matches(packet)) {
                    self.join_defined(number, class);
                }
            }
            Membership::Template(template) => self.spawn(number, class, template),
        }
    }

    fn join_defined(&mut self, number: usize, class: &'a Class) {
        if !self.contains(&class.name) {
            self.members.push(Member { name: class.name.as_str().into(), defined: Some(number) });
        }
    }

    /// The class that a template makes comes before the template, since it says more.
    fn spawn(&mut self, number: usize, class: &'a Class, template: &Expression) {
        let value = self.ask(|packet| template.value(packet));
        if !value.is_empty() {
            let (prefix, name) = (class_names::SPAWN_PREFIX, &class.name);
            self.join(format!("{prefix}{name}_{}", text(&value)).into());
            self.join_defined(number, class);
        }
    }

    /// What an expression says of the query, which is in these classes.
    pub(crate) fn ask<T>(&self, question: impl Fn(&Packet<'_>) -> T) -> T {
        question(&packet(self.query, self.interface, &|name| self.contains(name)))
    }
}

/// The name of the interface that a query came in on.
pub(crate) fn interface<'a>(query: &Query, links: &'a Links) -> &'a str {
    links.by_id(query.link).map_or("", |link| &*link.name)
}

/// What expressions may ask of a query that is in those classes of which `classes` says so.
pub(crate) fn packet<'a>(
    query: &'a Query,
    interface: &'a str,
    classes: &'a dyn Fn(&str) -> bool,
) -> Packet<'a> {
    let arrival = Arrival {
        interface,
        source: *query.source.ip(),
        destination: query.dest,
        length: query.length,
    };
    Packet { message: &query.message, arrival, classes }
}

/// A client's octets as part of a name: without the zeros at their end, and everything that is not
/// text as a percent sign and two digits.
fn text(octets: &[u8]) -> String {
    let len = octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
    let octets = octets.get(..len).unwrap_or_default();
    if octets.iter().all(|octet| matches!(octet, b' '..=b'~')) {
        return String::from_utf8_lossy(octets).into_owned();
    }
    let mut text = String::with_capacity(octets.len());
    for chunk in octets.utf8_chunks() {
        for letter in chunk.valid().chars() {
            if letter.is_control() {
                letter.encode_utf8(&mut [0; 4]).bytes().for_each(|octet| escape(&mut text, octet));
            } else {
                text.push(letter);
            }
        }
        chunk.invalid().iter().for_each(|octet| escape(&mut text, *octet));
    }
    text
}

fn escape(text: &mut String, octet: u8) {
    text.push_str(&format!("%{octet:02X}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_shows_what_is_text() {
        assert_eq!(text(b"docsis3.0\0\0"), "docsis3.0");
        assert_eq!(text("café 5%".as_bytes()), "café 5%");
        assert_eq!(text(b"a\0b\xff\n"), "a%00b%FF%0A");
        assert_eq!(text(b"\0"), "");
    }
}
