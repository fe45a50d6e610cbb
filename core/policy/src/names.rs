//! What a client is called, and what it is told of it (RFC 4702, and options 12 and 81).

mod usual;

use std::net::Ipv4Addr;

use lessor_config::{Naming, Replace};
use lessor_wire::name::DomainName;
use lessor_wire::v4::fqdn::{Fqdn, FqdnFlags};
use lessor_wire::v4::{Message, code};

/// A client's name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Names {
    /// As leases keep it, in lower case: with a dot at its end if it came of option 81 and is
    /// complete, as Kea has it.
    pub hostname: Option<Box<str>>,
    /// What the answer says of it.
    pub told: Told,
}

/// What a client is told of its name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Told {
    /// Nothing: it did not ask.
    #[default]
    Nothing,
    /// The name, in option 12.
    HostName,
    /// This value of option 81, in the form in which the client spoke of it.
    Fqdn(Vec<u8>),
}

impl Names {
    /// The option that tells the client.
    #[must_use]
    pub fn answer(&self) -> Option<(u8, &[u8])> {
        match &self.told {
            Told::Nothing => None,
            Told::HostName => Some((code::HOST_NAME, self.hostname.as_deref()?.as_bytes())),
            Told::Fqdn(octets) => Some((code::FQDN, octets)),
        }
    }
}

/// Where a client's name comes from besides its message.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// How names are made where the client gets its address.
    pub naming: &'a Naming,
    /// Whether names are put into the DNS for this client.
    pub updates: bool,
    /// The name that is reserved for the client.
    pub reserved: Option<&'a str>,
    /// The client's address, which names are made of.
    pub addr: Ipv4Addr,
}

impl Sources<'_> {
    /// The name of the client that sent `query`.
    ///
    /// RFC 4702 §4: option 12 does not count beside option 81.
    #[must_use]
    pub fn names(self, query: &Message) -> Names {
        let Some(octets) = query.options.get(code::FQDN) else {
            return self.plain(query);
        };
        let usual = || self.usual_fqdn(octets);
        let other = || Fqdn::parse(octets).map(|fqdn| self.negotiated(&fqdn));
        usual().or_else(other).unwrap_or_else(|| self.plain(query))
    }

    /// By option 81.
    fn negotiated(self, client: &Fqdn) -> Names {
        let name = match (self.reserved.and_then(parse), self.naming.replace) {
            (Some(reserved), _) => Some(self.qualified(reserved)),
            (None, Replace::Always | Replace::WhenPresent) => None,
            (None, _) => self.cleaned(&client.name).map(|name| self.qualified(name)),
        };
        // A client without a name of its own leaves it to the server (RFC 4702 §2.3).
        let name = name.unwrap_or_else(|| self.made());
        let flags = self.flags(client.flags);
        let answer = Fqdn { flags, rcode1: Fqdn::RCODE, rcode2: Fqdn::RCODE, name };
        Names { hostname: lower(&answer.name.to_string()), told: Told::Fqdn(answer.to_octets()) }
    }

    /// Who updates what (RFC 4702 §4).
    const fn flags(self, client: FqdnFlags) -> FqdnFlags {
        // Where both are set, which is not lawful, the client wants nothing done.
        let wants_none = client.n;
        let n = !self.updates || (wants_none && !self.naming.override_no_update);
        let forward = (client.s && !client.n)
            || (wants_none && self.naming.override_no_update)
            || (!client.s && !wants_none && self.naming.override_client_update);
        let s = !n && forward;
        FqdnFlags { s, n, o: s != client.s, e: client.e }
    }

    /// By option 12, or without any word of the client.
    fn plain(self, query: &Message) -> Names {
        let sent = query.options.get(code::HOST_NAME).filter(|octets| !octets.is_empty());
        if let Some(names) = sent.and_then(|octets| self.usual_host_name(octets)) {
            return names;
        }
        let hostname = self.long_host_name(sent);
        let asked = sent.is_some() || query.parameter_list().contains(&code::HOST_NAME);
        Names { hostname, told: if asked { Told::HostName } else { Told::Nothing } }
    }

    /// The name of a client that sent this for option 12, or nothing.
    fn long_host_name(self, sent: Option<&[u8]>) -> Option<Box<str>> {
        let own = || {
            let name = sent.and_then(|octets| self.host_name(octets))?;
            let single =
                parse(&name).filter(|name| !name.is_complete() && name.labels().len() == 1);
            Some(single.map_or(name, |name| self.qualified(name).to_string()))
        };
        let made = || Some(self.made().to_string());
        let name = match (self.reserved, self.naming.replace) {
            (Some(reserved), _) => parse(reserved).map(|name| self.qualified(name).to_string()),
            (None, Replace::Always) => made(),
            (None, Replace::WhenPresent) if sent.is_some() => made(),
            (None, Replace::WhenNotPresent) => own().or_else(made),
            (None, Replace::Never | Replace::WhenPresent) => own(),
        };
        name.and_then(|name| lower(name.trim_end_matches('.')))
    }

    /// The text of option 12, if it can stand in a lease file and in a log.
    fn host_name(self, octets: &[u8]) -> Option<String> {
        let end = octets.iter().rposition(|octet| *octet != 0)? + 1;
        let text = String::from_utf8(self.clean(octets.get(..end)?)).ok()?;
        let is_name =
            !text.is_empty() && !text.chars().any(|c| c.is_control() || c.is_whitespace());
        is_name.then_some(text)
    }

    /// A name whose labels have nothing in them that has no place there; none if nothing is left.
    fn cleaned(self, name: &DomainName) -> Option<DomainName> {
        let labels = name.labels().iter().map(|label| self.clean(label));
        let labels: Vec<Vec<u8>> = labels.filter(|label| !label.is_empty()).collect();
        if labels.is_empty() {
            return None;
        }
        DomainName::new(labels, name.is_complete()).ok()
    }

    fn clean(self, octets: &[u8]) -> Vec<u8> {
        let is_bad = |octet| self.naming.char_set.as_ref().is_some_and(|set| set.contains(octet));
        let mut clean = Vec::with_capacity(octets.len());
        for octet in octets {
            if is_bad(*octet) {
                clean.extend_from_slice(self.naming.char_replacement.as_bytes());
            } else {
                clean.push(*octet);
            }
        }
        clean
    }

    /// A name with the suffix, if it is partial, and there is one that it does not have already. The
    /// client's own words stay as they are where they say the same (RFC 4702 §2.3).
    fn qualified(self, name: DomainName) -> DomainName {
        let suffix = DomainName::parse(&self.naming.qualifying_suffix).unwrap_or_default();
        let has_suffix = name.labels().len() > suffix.labels().len()
            && name
                .labels()
                .iter()
                .rev()
                .zip(suffix.labels().iter().rev())
                .all(|(own, suffix)| own.eq_ignore_ascii_case(suffix));
        if name.is_complete() || suffix.labels().is_empty() || has_suffix {
            return name;
        }
        let labels = name.labels().iter().chain(suffix.labels()).cloned();
        DomainName::new(labels, true).unwrap_or(name)
    }

    /// A name made of the address.
    fn made(self) -> DomainName {
        let addr = self.addr.to_string().replace('.', "-");
        let text = match self.naming.generated_prefix.trim_end_matches('.') {
            "" => addr,
            prefix => format!("{prefix}-{addr}"),
        };
        parse(&text).map(|name| self.qualified(name)).unwrap_or_default()
    }
}

fn parse(text: &str) -> Option<DomainName> {
    DomainName::parse(text).ok().filter(|name| !name.labels().is_empty())
}

fn lower(name: &str) -> Option<Box<str>> {
    (!name.is_empty()).then(|| name.to_ascii_lowercase().into_boxed_str())
}

#[cfg(test)]
mod tests;
