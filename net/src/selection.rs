//! Which interfaces are served.

use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::interfaces::Interface;

/// An interface that was asked for, or found, and is not served.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Skipped {
    /// Its name, as asked for or as found.
    pub name: Arc<str>,
    /// Why.
    pub why: SkipReason,
}

/// Why an interface is not served.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SkipReason {
    /// There is none of this name.
    #[error("there is no such interface")]
    Missing,
    /// It is switched off.
    #[error("the interface is down")]
    Down,
    /// It is the loopback interface, which is served only if named.
    #[error("the loopback interface is served only if it is named")]
    Loopback,
    /// It has no IPv4 address that answers could come from.
    #[error("the interface has no IPv4 address")]
    NoAddress,
    /// It does not have the address that was named after the slash.
    #[error("the interface does not have the address {0}")]
    OtherAddress(Ipv4Addr),
    /// What stands after the slash is not an IPv4 address.
    #[error("not an IPv4 address after the slash")]
    NotAnAddress,
    /// The kernel refused a socket; this is the number of its error.
    #[error("its socket cannot be opened: {}", std::io::Error::from_raw_os_error(*.0))]
    Refused(i32),
}

/// Chooses among the interfaces `found` those that `wanted` names: each entry is a name,
/// `name/address` (the address then is the one to send from), or `*` for all.
///
/// Both results are in the order of `found`, entries that name no interface last. A name beside
/// `*` permits what `*` alone would not: the loopback interface.
#[must_use]
pub fn select(found: &[Interface], wanted: &[String]) -> (Vec<Interface>, Vec<Skipped>) {
    let mut chosen = Vec::new();
    let mut skipped = Vec::new();
    let all = wanted.iter().any(|entry| entry == "*");
    for interface in found {
        let name = &interface.link.name;
        let entry = wanted.iter().find(|entry| name_of(entry) == &**name);
        let verdict = match entry {
            Some(entry) => named(interface, entry),
            None if !all => continue,
            None if interface.loopback => Err(SkipReason::Loopback),
            None => usable(interface),
        };
        match verdict {
            Ok(interface) => chosen.push(interface),
            Err(why) => skipped.push(Skipped { name: Arc::clone(name), why }),
        }
    }
    for entry in wanted.iter().filter(|entry| *entry != "*") {
        let known = found.iter().any(|i| name_of(entry) == &*i.link.name);
        if !known {
            skipped.push(Skipped { name: entry.as_str().into(), why: SkipReason::Missing });
        }
    }
    (chosen, skipped)
}

fn name_of(entry: &str) -> &str {
    entry.split_once('/').map_or(entry, |(name, _)| name)
}

fn named(interface: &Interface, entry: &str) -> Result<Interface, SkipReason> {
    let mut interface = usable(interface)?;
    if let Some((_, addr)) = entry.split_once('/') {
        let addr: Ipv4Addr = addr.parse().map_err(|_| SkipReason::NotAnAddress)?;
        let addrs = &mut interface.link.addrs;
        let at =
            addrs.iter().position(|(own, _)| *own == addr).ok_or(SkipReason::OtherAddress(addr))?;
        let first = addrs.remove(at);
        addrs.insert(0, first);
    }
    Ok(interface)
}

/// An interface that is up but has no carrier is usable: the cable may be plugged in later.
fn usable(interface: &Interface) -> Result<Interface, SkipReason> {
    if !interface.up {
        Err(SkipReason::Down)
    } else if interface.link.addrs.is_empty() {
        Err(SkipReason::NoAddress)
    } else {
        Ok(interface.clone())
    }
}

#[cfg(test)]
mod tests {
    use lessor_types::{Link, LinkId};

    use super::*;

    fn interface(index: u32, name: &str, addrs: &[[u8; 4]]) -> Interface {
        Interface {
            link: Link {
                id: LinkId(index),
                name: name.into(),
                addrs: addrs.iter().map(|addr| ((*addr).into(), 24)).collect(),
            },
            hw: [2; 6],
            ethernet: name != "lo",
            up: name != "down",
            running: true,
            loopback: name == "lo",
        }
    }

    fn outcome(wanted: &[&str]) -> (Vec<String>, Vec<(String, SkipReason)>) {
        let found = [
            interface(1, "lo", &[[127, 0, 0, 1]]),
            interface(2, "eth0", &[[192, 0, 2, 1], [10, 0, 0, 1]]),
            interface(3, "down", &[[192, 0, 2, 1]]),
            interface(4, "bare", &[]),
        ];
        let wanted: Vec<_> = wanted.iter().map(|&entry| entry.to_owned()).collect();
        let (chosen, skipped) = select(&found, &wanted);
        let chosen =
            chosen.iter().map(|i| format!("{} {}", i.link.name, i.link.addrs[0].0)).collect();
        let skipped = skipped.iter().map(|s| (s.name.to_string(), s.why)).collect();
        (chosen, skipped)
    }

    #[test]
    fn all_means_all_that_can_serve() {
        let (chosen, skipped) = outcome(&["*"]);
        assert_eq!(chosen, ["eth0 192.0.2.1"]);
        let expected = [
            ("lo".to_owned(), SkipReason::Loopback),
            ("down".to_owned(), SkipReason::Down),
            ("bare".to_owned(), SkipReason::NoAddress),
        ];
        assert_eq!(skipped, expected);
    }

    #[test]
    fn a_name_permits_loopback_and_chooses_the_address() {
        let (chosen, _) = outcome(&["*", "lo", "eth0/10.0.0.1"]);
        assert_eq!(chosen, ["lo 127.0.0.1", "eth0 10.0.0.1"]);
        assert_eq!(outcome(&["eth0", "eth0"]).0, ["eth0 192.0.2.1"]);
        assert_eq!(outcome(&[]), (vec![], vec![]));
    }

    #[test]
    fn what_cannot_be_had_is_said() {
        let why = |entry| outcome(&[entry]).1.first().map(|(_, why)| *why);
        assert_eq!(why("eth9"), Some(SkipReason::Missing));
        assert_eq!(why("down"), Some(SkipReason::Down));
        assert_eq!(why("eth0/x"), Some(SkipReason::NotAnAddress));
        let other = Ipv4Addr::new(10, 0, 0, 9);
        assert_eq!(why("eth0/10.0.0.9"), Some(SkipReason::OtherAddress(other)));
    }
}
