//! The client FQDN option (81, RFC 4702).

use crate::name::DomainName;

/// The server updates the A record (RFC 4702 §2.1).
const S: u8 = 1;
/// The server does not follow the client's wish about the A record.
const O: u8 = 2;
/// The name is in DNS wire form rather than ASCII.
const E: u8 = 4;
/// The server updates nothing.
const N: u8 = 8;

/// The flags of the option, by their letters in RFC 4702 §2.1.
#[expect(clippy::struct_excessive_bools, reason = "four bits, each with a letter of its own")]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FqdnFlags {
    /// Whether the server updates the address record.
    pub s: bool,
    /// Whether the server overrides what the client wishes for `s`; always false from clients.
    pub o: bool,
    /// Whether the name is in DNS wire form; else in ASCII.
    pub e: bool,
    /// Whether the server updates nothing at all; then `s` is false.
    pub n: bool,
}

impl FqdnFlags {
    /// The flags that an octet has; reserved ones do not count.
    #[must_use]
    pub const fn from_octet(bits: u8) -> Self {
        Self { s: bits & S != 0, o: bits & O != 0, e: bits & E != 0, n: bits & N != 0 }
    }

    /// Their octet.
    #[must_use]
    pub const fn octet(self) -> u8 {
        let Self { s, o, e, n } = self;
        (s as u8 * S) | (o as u8 * O) | (e as u8 * E) | (n as u8 * N)
    }
}

/// What a client says of its name, or a server of what becomes of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Fqdn {
    /// The flags. Reserved ones are not kept.
    pub flags: FqdnFlags,
    /// Without meaning: 0 from clients, [`Fqdn::RCODE`] from servers.
    pub rcode1: u8,
    /// As `rcode1`.
    pub rcode2: u8,
    /// The name: complete, partial, or without labels where the server is to find one.
    pub name: DomainName,
}

impl Fqdn {
    /// What servers put into both result codes (RFC 4702 §2.2).
    pub const RCODE: u8 = 255;

    /// Reads the option's value; none if it is too short or its name is not one.
    ///
    /// In ASCII a name that ends with a dot is complete, and zeros at the end do not count.
    #[must_use]
    pub fn parse(octets: &[u8]) -> Option<Self> {
        let ([bits, rcode1, rcode2], name) = octets.split_first_chunk::<3>()?;
        let flags = FqdnFlags::from_octet(*bits);
        let name = if flags.e { DomainName::from_wire(name)? } else { from_ascii(name)? };
        Some(Self { flags, rcode1: *rcode1, rcode2: *rcode2, name })
    }

    /// The option's value, in the form that the `e` flag names.
    #[must_use]
    pub fn to_octets(&self) -> Vec<u8> {
        let mut octets = vec![self.flags.octet(), self.rcode1, self.rcode2];
        if self.flags.e {
            octets.extend(self.name.to_wire());
        } else {
            octets.extend(self.name.labels().join(&b'.'));
            if self.name.is_complete() {
                octets.push(b'.');
            }
        }
        octets
    }
}

fn from_ascii(octets: &[u8]) -> Option<DomainName> {
    let len = octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
    let text = octets.get(..len)?;
    let (relative, complete) = match text.strip_suffix(b".") {
        Some(relative) => (relative, true),
        None => (text, false),
    };
    if relative.is_empty() {
        let none: [&[u8]; 0] = [];
        return DomainName::new(none, complete).ok();
    }
    DomainName::new(relative.split(|octet| *octet == b'.'), complete).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // RFC 4702 §2.1, §2.3: flags, two result codes, and the name in either form.
    #[test]
    fn both_forms_go_there_and_back() {
        for (octets, bits, text) in [
            (&b"\x05\0\0\x01a\x03org\0"[..], "se", "a.org."),
            (b"\x04\0\0\x01a", "e", "a"),
            (b"\x04\0\0", "e", ""),
            (b"\x01\0\0a.org.", "s", "a.org."),
            (b"\x0b\xff\xffhost", "son", "host"),
            (b"\0\0\0", "", ""),
        ] {
            let fqdn = Fqdn::parse(octets).expect("well formed");
            let FqdnFlags { s, o, e, n } = fqdn.flags;
            let letters = [(s, 's'), (o, 'o'), (e, 'e'), (n, 'n')];
            let set: String = letters.iter().filter(|(on, _)| *on).map(|(_, c)| *c).collect();
            assert_eq!((set.as_str(), fqdn.name.to_string().as_str()), (bits, text));
            assert_eq!(fqdn.to_octets(), octets);
        }
        // Reserved bits are ignored, and so are zeros after ASCII.
        let fqdn = Fqdn::parse(b"\xf1\0\0a.org\0").expect("well formed");
        assert_eq!(fqdn.to_octets(), b"\x01\0\0a.org");
        for malformed in [&b""[..], b"\x04\0", b"\x04\0\0\x05a", b"\0\0\0a..b", b"\x04\0\0\xc0\0"] {
            assert_eq!(Fqdn::parse(malformed), None, "{malformed:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_read_is_written_again(octets in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Some(fqdn) = Fqdn::parse(&octets) {
                prop_assert_eq!(Fqdn::parse(&fqdn.to_octets()), Some(fqdn));
            }
        }
    }
}
