//! Encrypted DNS resolvers (option 162, RFC 9463 §5).

use std::fmt;
use std::net::Ipv4Addr;

use crate::name::DomainName;
use crate::svc::SvcParams;

/// How many octets a value may say it takes: RFC 3396 has no bound, but a datagram has.
const LIST_MAX: usize = 65_535;

/// One resolver.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dnr {
    /// Smaller is dearer (RFC 9460 §2.4.1); 0 would be an alias.
    pub priority: u16,
    /// The name that the resolver's certificate is for.
    pub adn: DomainName,
    /// How to reach it; none if that is to be found by the name.
    pub reach: Option<Reach>,
}

/// Where a resolver is, and what it speaks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reach {
    /// Its addresses.
    pub addrs: Vec<Ipv4Addr>,
    /// What it speaks and where.
    pub params: SvcParams,
}

impl Dnr {
    /// Reads the option's value; none if it is not one instance or more.
    #[must_use]
    pub fn parse_list(octets: &[u8]) -> Option<Vec<Self>> {
        let mut rest = octets;
        let mut found = Vec::new();
        while !rest.is_empty() {
            let (len, tail) = rest.split_first_chunk::<2>()?;
            let (instance, tail) = tail.split_at_checked(u16::from_be_bytes(*len).into())?;
            found.push(Self::parse(instance)?);
            rest = tail;
        }
        if found.is_empty() { None } else { Some(found) }
    }

    /// The option's value; none if an instance is longer than its length fields can state.
    #[must_use]
    pub fn list_octets(instances: &[Self]) -> Option<Vec<u8>> {
        let mut octets = Vec::new();
        for instance in instances {
            let body = instance.to_octets()?;
            octets.extend(u16::try_from(body.len()).ok()?.to_be_bytes());
            octets.extend(body);
        }
        (octets.len() <= LIST_MAX).then_some(octets)
    }

    fn parse(octets: &[u8]) -> Option<Self> {
        let (priority, tail) = octets.split_first_chunk::<2>()?;
        let (len, tail) = tail.split_first()?;
        let (adn, tail) = tail.split_at_checked(usize::from(*len))?;
        let adn = DomainName::from_wire(adn).filter(DomainName::is_complete)?;
        let reach = match tail.split_first() {
            None => None,
            Some((len, tail)) => {
                let (addrs, params) = tail.split_at_checked(usize::from(*len))?;
                let (addrs, []) = addrs.as_chunks::<4>() else {
                    return None;
                };
                let addrs = addrs.iter().copied().map(Ipv4Addr::from).collect();
                Some(Reach { addrs, params: SvcParams::parse(params)? })
            }
        };
        Some(Self { priority: u16::from_be_bytes(*priority), adn, reach })
    }

    fn to_octets(&self) -> Option<Vec<u8>> {
        let mut octets = self.priority.to_be_bytes().to_vec();
        let adn = self.adn.to_wire();
        octets.push(u8::try_from(adn.len()).ok()?);
        octets.extend(adn);
        if let Some(reach) = &self.reach {
            octets.push(u8::try_from(reach.addrs.len().checked_mul(4)?).ok()?);
            octets.extend(reach.addrs.iter().flat_map(Ipv4Addr::octets));
            octets.extend(reach.params.to_octets());
        }
        Some(octets)
    }
}

/// `100, resolver.example., 192.0.2.1 192.0.2.2, alpn=dot,h2`.
impl fmt::Display for Dnr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.priority, self.adn)?;
        if let Some(Reach { addrs, params }) = &self.reach {
            f.write_str(",")?;
            addrs.iter().try_for_each(|addr| write!(f, " {addr}"))?;
            if !params.is_empty() {
                write!(f, ", {params}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // RFC 9463 §5.1, figure 5: length, priority, name, addresses, parameters.
    #[test]
    fn instances_go_there_and_back() {
        let name_only = &b"\0\x0c\0\x01\x09\x01a\x05exam"[..];
        assert_eq!(Dnr::parse_list(name_only), None, "the name does not end");
        let octets = b"\0\x08\0\x64\x05\x03org\0\
            \0\x17\0\x65\x05\x03org\0\x04\xc0\0\x02\x01\0\x01\0\x06\x02h2\x02h3";
        let found = Dnr::parse_list(octets).expect("well formed");
        let texts: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["100, org.", "101, org., 192.0.2.1, alpn=h2,h3"]);
        assert_eq!(Dnr::list_octets(&found).as_deref(), Some(&octets[..]));
        for malformed in [
            &b""[..],
            b"\0",
            b"\0\x09\0\x64\x05\x03org\0",
            b"\0\x07\0\x64\x04\x03org",
            b"\0\x0c\0\x64\x05\x03org\0\x03\xc0\0\x02",
        ] {
            assert_eq!(Dnr::parse_list(malformed), None, "{malformed:?}");
        }
    }

    proptest! {
        #[test]
        fn octets_are_written_as_they_were_read(
            bodies in proptest::collection::vec(proptest::collection::vec(0_u8..5, 0..24), 0..3),
        ) {
            let octets: Vec<u8> = bodies
                .iter()
                .flat_map(|body| [&[0, u8::try_from(body.len()).expect("short")], body.as_slice()].concat())
                .collect();
            if let Some(found) = Dnr::parse_list(&octets) {
                prop_assert_eq!(Dnr::list_octets(&found), Some(octets));
            }
        }
    }
}
