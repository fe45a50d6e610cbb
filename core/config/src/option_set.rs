//! The options of one scope: what a subnet, a class, a host and so on give.

use std::fmt;

use crate::UserContext;

use lessor_wire::v4::{Codes, code, definition};

/// A numbering of options: which option a code means depends on where it stands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Space {
    /// The options of a message (RFC 2132).
    Dhcp4,
    /// A vendor's sub-options in options 124 and 125 (RFC 3925), by enterprise number.
    Vendor(u32),
    /// The sub-options of whatever encapsulates the space of this name.
    Named(String),
}

impl Space {
    /// The sub-options of option 43 where no definition says otherwise (RFC 2132 §8.4).
    pub const VENDOR_ENCAPSULATED: &str = "vendor-encapsulated-options-space";

    /// The space of this name. `vendor-` with an enterprise number is that vendor's.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        let digits =
            name.strip_prefix("vendor-").filter(|it| it.bytes().all(|c| c.is_ascii_digit()));
        match digits.and_then(|digits| digits.parse().ok()) {
            Some(enterprise) => Self::Vendor(enterprise),
            None if name == "dhcp4" => Self::Dhcp4,
            // Kea's own name for the one vendor that it knows.
            None if name == "docsis3-v4" => Self::Vendor(definition::DOCSIS_ENTERPRISE),
            None => Self::Named(name.to_owned()),
        }
    }
}

/// As configuration files have it.
impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dhcp4 => f.write_str("dhcp4"),
            Self::Vendor(enterprise) => write!(f, "vendor-{enterprise}"),
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// Options that the protocol makes. The configuration says nothing of them, but which identifier the
/// server goes by.
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

/// Whether an option of messages is made by the server, whatever the configuration says of it.
#[must_use]
pub fn is_own(code: u8) -> bool {
    OWN.contains(&code)
}

/// When an option is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Sending {
    /// When the client asks for it.
    #[default]
    Asked,
    /// Whether the client asks or not.
    Always,
    /// Not at all, whoever else gives it.
    Never,
}

/// One option as one scope gives it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Given {
    /// The space that its code belongs to.
    pub space: Space,
    /// The option code, 1 to 254 in [`Space::Dhcp4`].
    pub code: u8,
    /// Its value, without the sub-options that it encapsulates.
    pub octets: Vec<u8>,
    /// When it is sent.
    pub sending: Sending,
    /// The classes that it is for: a client in any of them gets it; none means everybody.
    pub classes: Vec<String>,
    /// What was noted about it.
    pub context: UserContext,
}

impl Given {
    /// An option of a message for everybody who asks.
    #[must_use]
    pub fn new(code: u8, octets: impl Into<Vec<u8>>) -> Self {
        Self {
            space: Space::Dhcp4,
            code,
            octets: octets.into(),
            sending: Sending::Asked,
            classes: Vec::new(),
            context: UserContext::NONE,
        }
    }

    fn is(&self, space: &Space, code: u8) -> bool {
        self.code == code && self.space == *space
    }
}

/// The options of one scope, in the order of the file.
///
/// One option may stand there several times, for different classes: the first of them that is for
/// the client counts, and one that is for everybody counts last.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OptionSet {
    given: Vec<Given>,
    /// Whether some are of other spaces than that of messages.
    nested: bool,
    /// The options of messages that everybody gets.
    for_all: Codes,
}

impl OptionSet {
    /// No options.
    #[must_use]
    pub const fn new() -> Self {
        Self { given: Vec::new(), nested: false, for_all: Codes::from_bits([0; 4]) }
    }

    /// Adds an option. It counts only where no earlier one of its code does.
    pub fn push(&mut self, given: Given) {
        let is_nested = given.space != Space::Dhcp4;
        self.nested |= is_nested;
        if !is_nested && given.classes.is_empty() {
            self.for_all.insert(given.code);
        }
        self.given.push(given);
    }

    /// All of them, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Given> {
        self.given.iter()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.given.is_empty()
    }

    /// Whether there are any that go into the values of others.
    #[must_use]
    pub const fn has_nested(&self) -> bool {
        self.nested
    }

    /// Those of a space that count for a client that is in those classes of which `is_in` says so,
    /// each code once, in no particular order.
    pub fn counting<'a>(
        &'a self,
        space: &Space,
        is_in: impl Fn(&str) -> bool,
    ) -> impl Iterator<Item = &'a Given> {
        // By code, the number of what counts so far, counted from one.
        let mut numbers = [0_u8; 256];
        let mut counting: Vec<&Given> = Vec::with_capacity(self.given.len().min(256));
        for given in self.iter().filter(|given| given.space == *space) {
            let is_for_all = given.classes.is_empty();
            if !is_for_all && !given.classes.iter().any(|class| is_in(class)) {
                continue;
            }
            let number = &mut numbers[usize::from(given.code)];
            match number.checked_sub(1).and_then(|at| counting.get_mut(usize::from(at))) {
                None => {
                    counting.push(given);
                    *number = u8::try_from(counting.len()).unwrap_or(0);
                }
                // What is for the client's classes counts before what is for everybody.
                Some(other) if other.classes.is_empty() && !is_for_all => *other = given,
                Some(_) => {}
            }
        }
        counting.into_iter()
    }

    /// The value of an option of a message that everybody gets.
    #[must_use]
    pub fn get(&self, code: u8) -> Option<&[u8]> {
        if !self.for_all.contains(code) {
            return None;
        }
        let is_it = |given: &&Given| given.is(&Space::Dhcp4, code) && given.classes.is_empty();
        self.iter().find(is_it).map(|given| given.octets.as_slice())
    }
}

impl<'a> IntoIterator for &'a OptionSet {
    type Item = &'a Given;
    type IntoIter = std::slice::Iter<'a, Given>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<Given> for OptionSet {
    fn from_iter<I: IntoIterator<Item = Given>>(from: I) -> Self {
        let mut set = Self::new();
        from.into_iter().for_each(|given| set.push(given));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_space_is_known_by_its_name() {
        for (name, space) in [
            ("dhcp4", Space::Dhcp4),
            ("vendor-4491", Space::Vendor(4491)),
            ("vendor-", Space::Named("vendor-".to_owned())),
            ("vendor-+1", Space::Named("vendor-+1".to_owned())),
            ("339", Space::Named("339".to_owned())),
        ] {
            assert_eq!(Space::parse(name), space);
            assert_eq!(space.to_string(), name);
        }
    }

    #[test]
    fn the_first_that_is_for_the_client_counts() {
        let tagged = |octet: u8, class: &str| Given {
            classes: vec![class.to_owned()],
            ..Given::new(6, [octet])
        };
        let set: OptionSet =
            [Given::new(6, [0]), tagged(1, "a"), tagged(2, "b"), Given::new(6, [3])]
                .into_iter()
                .collect();
        let found = |classes: &[&str]| {
            let counting = set.counting(&Space::Dhcp4, |class| classes.contains(&class));
            counting.map(|it| it.octets[0]).collect::<Vec<_>>()
        };
        assert_eq!(found(&["b"]), [2]);
        assert_eq!(found(&["b", "a"]), [1]);
        assert_eq!(found(&[]), [0]);
        assert_eq!(set.get(6), Some(&[0][..]));
        assert_eq!(set.counting(&Space::Vendor(1), |_| true).next(), None);
    }
}
