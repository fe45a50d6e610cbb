//! The known keys: what each takes, where it may stand, and whether it does anything.
//!
//! The one table drives the checking of files, their diagnostics and the page about all keys.

mod dictionary;
mod page;
mod table;

use std::fmt;

use crate::spelling;

pub use dictionary::dictionary;
pub use page::page;
pub use table::KEYS;

/// A map of the configuration, by what it describes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Scope {
    /// The whole server: the value of `Dhcp4`.
    Dhcp4,
    /// An element of `shared-networks`.
    SharedNetwork,
    /// An element of `subnet4`.
    Subnet,
    /// An element of `pools`.
    Pool,
    /// An element of the global `client-classes`.
    ClientClass,
    /// An element of `reservations`.
    Reservation,
    /// An element of `option-data`.
    OptionData,
    /// An element of `option-def`.
    OptionDef,
    /// `interfaces-config`.
    Interfaces,
    /// `lease-database`, `hosts-database`, an element of `hosts-databases` or `config-databases`.
    Database,
    /// `expired-leases-processing`.
    Expiration,
    /// `control-socket` or an element of `control-sockets`.
    ControlSocket,
    /// An element of `http-headers`.
    HttpHeader,
    /// `authentication`.
    Authentication,
    /// An element of `clients` in `authentication`.
    Credentials,
    /// `multi-threading`.
    MultiThreading,
    /// `dhcp-queue-control`.
    QueueControl,
    /// `dhcp-ddns`.
    DhcpDdns,
    /// `sanity-checks`.
    SanityChecks,
    /// `config-control`.
    ConfigControl,
    /// `compatibility`.
    Compatibility,
    /// An element of `hooks-libraries`.
    HooksLibrary,
    /// The parameters of `libdhcp_flex_id`.
    FlexId,
    /// The parameters of `libdhcp_flex_option`.
    FlexOptions,
    /// An element of `options` there.
    FlexOption,
    /// An element of `sub-options` in one of these.
    FlexSubOption,
    /// `limits` in a user context, for `libdhcp_limits`.
    Limits,
    /// The parameters of `libdhcp_ping_check`, and `ping-check` in a subnet's user context.
    PingCheck,
    /// An element of `loggers`.
    Logger,
    /// An element of `output-options` in a logger.
    LogOutput,
    /// `relay`.
    Relay,
    /// `lessor` in the user context of `Dhcp4`.
    Own,
    /// `metrics` there.
    Metrics,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dhcp4 => "`Dhcp4`",
            Self::SharedNetwork => "a shared network",
            Self::Subnet => "a subnet",
            Self::Pool => "a pool",
            Self::ClientClass => "a client class",
            Self::Reservation => "a reservation",
            Self::OptionData => "an option",
            Self::OptionDef => "an option definition",
            Self::Interfaces => "`interfaces-config`",
            Self::Database => "a database",
            Self::Expiration => "`expired-leases-processing`",
            Self::ControlSocket => "a control socket",
            Self::HttpHeader => "an HTTP header",
            Self::Authentication => "`authentication`",
            Self::Credentials => "an authenticated client",
            Self::MultiThreading => "`multi-threading`",
            Self::QueueControl => "`dhcp-queue-control`",
            Self::DhcpDdns => "`dhcp-ddns`",
            Self::SanityChecks => "`sanity-checks`",
            Self::ConfigControl => "`config-control`",
            Self::Compatibility => "`compatibility`",
            Self::HooksLibrary => "a hooks library",
            Self::FlexId => "`libdhcp_flex_id`",
            Self::FlexOptions => "`libdhcp_flex_option`",
            Self::FlexOption => "an option of `libdhcp_flex_option`",
            Self::FlexSubOption => "a sub-option of `libdhcp_flex_option`",
            Self::Limits => "`limits`",
            Self::PingCheck => "`ping-check`",
            Self::Logger => "a logger",
            Self::LogOutput => "a logger's output",
            Self::Relay => "`relay`",
            Self::Own => "`lessor`",
            Self::Metrics => "`metrics`",
        })
    }
}

/// What a key takes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// A share from 0 to 1, or from 0 to less than 1.
    Share {
        /// Whether 1 is allowed.
        one: bool,
    },
    /// Text.
    Text,
    /// Text that is never shown.
    Secret,
    /// Text of a field with fixed size.
    ShortText {
        /// How many octets fit.
        octets_max: usize,
    },
    /// One of some words, in upper or lower case.
    OneOf(&'static [&'static str]),
    /// One of some words, or a truth value, as older files have it.
    OneOfOrBool(&'static [&'static str]),
    /// An IPv4 address as text.
    Addr4,
    /// A list of texts.
    Texts,
    /// A list of IPv4 addresses.
    Addrs4,
    /// A map with known keys.
    Map(Scope),
    /// A list of maps with known keys.
    Maps(Scope),
    /// A map with any keys.
    FreeMap,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |f: &mut fmt::Formatter<'_>, words: &[&str]| {
            for (index, word) in words.iter().enumerate() {
                let gap = if index == 0 { "" } else { ", " };
                write!(f, "{gap}\"{word}\"")?;
            }
            Ok(())
        };
        match self {
            Self::Bool => f.write_str("true or false"),
            Self::Int { min, max } => write!(f, "an integer from {min} to {max}"),
            Self::Share { one: true } => f.write_str("a number from 0 to 1"),
            Self::Share { one: false } => f.write_str("a number from 0 to less than 1"),
            Self::Text | Self::Secret => f.write_str("a string"),
            Self::ShortText { octets_max } => write!(f, "a string of at most {octets_max} octets"),
            Self::OneOf(known) => {
                f.write_str("one of ")?;
                words(f, known)
            }
            Self::OneOfOrBool(known) => {
                f.write_str("true, false or one of ")?;
                words(f, known)
            }
            Self::Addr4 => f.write_str("an IPv4 address such as \"192.0.2.1\""),
            Self::Texts => f.write_str("a list of strings"),
            Self::Addrs4 => f.write_str("a list of IPv4 addresses"),
            Self::Map(_) | Self::FreeMap => f.write_str("a map"),
            Self::Maps(_) => f.write_str("a list of maps"),
        }
    }
}

/// What a key does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// What it says. (A remark does nothing, which is what it says.)
    InEffect,
    /// Nothing yet, and nobody is worse off than without it: a warning.
    NotYet,
    /// Nothing yet, but it closes something or decides who gets what: an error.
    NotYetProtects,
    /// Nothing ever, because what it tunes does not exist here: worth knowing.
    Moot,
}

/// A known key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Where it may stand.
    pub scopes: &'static [Scope],
    /// What holds without it: a value as it would be written, or words in parentheses.
    pub default: &'static str,
    /// What it does.
    pub effect: Effect,
    /// The version of Kea that brought it; none if 2.2 had it already.
    pub since: Option<&'static str>,
    /// Whether no version of Kea has it.
    pub own: bool,
    /// The version of Kea in which another key took its place, though Kea went on to take it.
    pub replaced: Option<&'static str>,
    /// The first version of Kea that does not take it any more.
    pub removed: Option<&'static str>,
    /// What newer files have in its place.
    pub instead: Option<&'static str>,
    /// The version of Kea that changed the default, and what it was before.
    pub was: Option<(&'static str, &'static str)>,
    /// Why it does nothing, where it never will.
    pub why: Option<&'static str>,
}

/// What a line of the table may add.
impl Key {
    /// Kea has it since this version.
    const fn since(self, version: &'static str) -> Self {
        Self { since: Some(version), ..self }
    }

    /// No version of Kea has it.
    const fn own(self) -> Self {
        Self { own: true, ..self }
    }

    /// Another key took its place in this version of Kea.
    const fn replaced(self, version: &'static str) -> Self {
        Self { replaced: Some(version), ..self }
    }

    /// Kea does not take it since this version.
    const fn removed(self, version: &'static str) -> Self {
        Self { removed: Some(version), ..self }
    }

    /// This is what took its place.
    const fn instead(self, keys: &'static str) -> Self {
        Self { instead: Some(keys), ..self }
    }

    /// The default was this before this version of Kea.
    const fn was(self, version: &'static str, default: &'static str) -> Self {
        Self { was: Some((version, default)), ..self }
    }

    /// This is why it does nothing.
    const fn why(self, why: &'static str) -> Self {
        Self { why: Some(why), ..self }
    }
}

/// Whether one version of Kea comes before another.
#[must_use]
pub fn is_before(version: &str, other: &str) -> bool {
    let numbers = |text: &str| -> Vec<u32> { text.split('.').flat_map(str::parse).collect() };
    numbers(version) < numbers(other)
}

/// The key of this name in this scope.
#[must_use]
pub fn find(scope: Scope, name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name && key.scopes.contains(&scope))
}

/// Keys that DHCPv6 has and DHCPv4 does not.
const DHCPV6: [&str; 20] = [
    "subnet6",
    "preferred-lifetime",
    "min-preferred-lifetime",
    "max-preferred-lifetime",
    "mac-sources",
    "relay-supplied-options",
    "server-id",
    "data-directory",
    "allow-address-registration",
    "pd-allocator",
    "pd-pools",
    "prefix",
    "prefix-len",
    "prefixes",
    "delegated-len",
    "excluded-prefix",
    "excluded-prefix-len",
    "excluded-prefixes",
    "interface-id",
    "dhcp6o4-port",
];
/// Where a key belongs is told if it is not too many places to be of help.
const PLACES_MAX: usize = 3;

/// What somebody who wrote an unknown `name` in `scope` should know: the key that was meant there,
/// or where this one belongs.
#[must_use]
pub fn advice(scope: Scope, name: &str) -> String {
    let here = || KEYS.iter().filter(|key| key.scopes.contains(&scope)).map(|key| key.name);
    if DHCPV6.contains(&name) {
        return "DHCPv6 has this key, DHCPv4 has not".to_owned();
    }
    if let Some(near) = spelling::nearest(name, here()) {
        return format!("did you mean `{near}`?");
    }
    let places: Vec<String> = KEYS
        .iter()
        .filter(|key| key.name == name)
        .flat_map(|key| key.scopes)
        .map(ToString::to_string)
        .collect();
    let belongs = match places.len() {
        1..=PLACES_MAX => Some(format!("it belongs in {}", places.join(", "))),
        _ => None,
    };
    let fuller = spelling::fuller(name, here());
    match (belongs, fuller.filter(|fuller| !places.contains(&format!("`{fuller}`")))) {
        (Some(belongs), Some(fuller)) => format!("{belongs}; or did you mean `{fuller}`?"),
        (None, Some(fuller)) => format!("did you mean `{fuller}`?"),
        (Some(belongs), None) => belongs,
        (None, None) => format!("{scope} has no such key"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_defined_once_in_each_scope() {
        for (index, key) in KEYS.iter().enumerate() {
            for other in KEYS.iter().skip(index + 1) {
                let both = key.scopes.iter().any(|scope| other.scopes.contains(scope));
                assert!(key.name != other.name || !both, "{}", key.name);
            }
            assert!(!key.scopes.is_empty(), "{}", key.name);
        }
    }

    #[test]
    fn what_took_a_keys_place_is_a_key_and_has_a_version() {
        for key in KEYS {
            let past = key.replaced.or(key.removed);
            for other in key.instead.iter().flat_map(|keys| keys.split(", ")) {
                assert!(past.is_some(), "{}", key.name);
                assert!(KEYS.iter().any(|key| key.name == other), "{other}");
            }
            assert_eq!(key.effect == Effect::Moot, key.why.is_some(), "{}", key.name);
            for version in [key.since, key.replaced, key.removed].into_iter().flatten() {
                assert!(version.split('.').all(|part| part.parse::<u8>().is_ok()), "{version}");
            }
        }
    }

    #[test]
    fn a_default_is_words_or_a_value() {
        use crate::json::parse;
        use crate::source::{Source, Sources};
        for key in KEYS {
            if key.default.starts_with('(') {
                continue;
            }
            let mut sources = Sources::default();
            let file = sources.add(Source::new(key.name, key.default)).expect("room");
            let (value, _) = parse(&mut sources, file, None).expect(key.name);
            // What a file says is compared with this text.
            assert_eq!(value.to_string(), key.default, "{}", key.name);
        }
    }

    #[test]
    fn versions_are_numbers_and_not_text() {
        assert!(is_before("2.7.4", "3") && is_before("2.2", "2.10") && is_before("2.6", "2.6.1"));
        assert!(!is_before("3.0", "3.0") && !is_before("3.1.9", "3.1.1"));
    }

    #[test]
    fn advice_is_the_key_that_was_meant_or_the_right_place() {
        for (scope, name, advised) in [
            (Scope::Dhcp4, "valid-lifetme", "did you mean `valid-lifetime`?"),
            (Scope::Dhcp4, "vaild-lifetime", "did you mean `valid-lifetime`?"),
            (Scope::Dhcp4, "validLifetime", "did you mean `valid-lifetime`?"),
            (Scope::Dhcp4, "valid_lifetime", "did you mean `valid-lifetime`?"),
            (Scope::Dhcp4, "lifetime", "did you mean `valid-lifetime`?"),
            (Scope::Dhcp4, "subnets", "did you mean `subnet4`?"),
            (Scope::Dhcp4, "subnet6", "DHCPv6 has this key, DHCPv4 has not"),
            (Scope::Dhcp4, "option_data", "did you mean `option-data`?"),
            (Scope::Dhcp4, "hook-libraries", "did you mean `hooks-libraries`?"),
            (Scope::Dhcp4, "expired-lease-processing", "did you mean `expired-leases-processing`?"),
            (Scope::Dhcp4, "authorative", "did you mean `authoritative`?"),
            (Scope::Dhcp4, "boot-filename", "did you mean `boot-file-name`?"),
            (Scope::Dhcp4, "classes", "did you mean `client-classes`?"),
            (Scope::Dhcp4, "pools", "it belongs in a subnet"),
            (Scope::Dhcp4, "lfc-interval", "it belongs in a database"),
            (Scope::Dhcp4, "interfaces", "it belongs in `interfaces-config`"),
            (Scope::Subnet, "pool", "did you mean `pools`?"),
            (Scope::Subnet, "reservatons", "did you mean `reservations`?"),
            (Scope::Subnet, "interface-id", "DHCPv6 has this key, DHCPv4 has not"),
            (Scope::Subnet, "name", "a subnet has no such key"),
            (Scope::Pool, "poolid", "did you mean `pool-id`?"),
            (Scope::Pool, "id", "it belongs in a subnet; or did you mean `pool-id`?"),
            (Scope::Reservation, "mac-address", "did you mean `hw-address`?"),
            (Scope::Reservation, "ip", "did you mean `ip-address`?"),
            (Scope::OptionData, "csv", "did you mean `csv-format`?"),
            (Scope::Database, "pasword", "did you mean `password`?"),
            (Scope::ControlSocket, "name", "did you mean `socket-name`?"),
            (Scope::ControlSocket, "socket-path", "did you mean `socket-name`?"),
            (Scope::Relay, "addresses", "did you mean `ip-addresses`?"),
            (Scope::Relay, "colour", "`relay` has no such key"),
        ] {
            assert_eq!(advice(scope, name), advised, "{name} in {scope}");
        }
    }

    #[test]
    fn what_dhcpv6_alone_has_is_not_in_the_table() {
        for name in DHCPV6 {
            assert!(KEYS.iter().all(|key| key.name != name), "{name}");
        }
    }
}
