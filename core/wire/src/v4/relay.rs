//! The relay agent information option (82, RFC 3046).

use std::borrow::Cow;
use std::fmt;
use std::net::Ipv4Addr;

use super::code::relay;

/// A relay's sub-options, exactly as received.
///
/// A server echoes them unchanged (RFC 3046 §2.2), so the octets are kept as they are and read on
/// demand; a body that is not well formed is echoed all the same.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RelayAgent<'a>(Cow<'a, [u8]>);

/// A sub-option with more than the 255 octets that its length field can state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SubOptionTooLong {
    /// The sub-option.
    pub code: u8,
    /// Its length in octets.
    pub got: usize,
}

impl fmt::Display for SubOptionTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sub-option {} of {} octets where 255 are allowed", self.code, self.got)
    }
}

impl std::error::Error for SubOptionTooLong {}

impl<'a> RelayAgent<'a> {
    /// Takes the value of option 82, well formed or not.
    #[must_use]
    pub const fn parse(octets: &'a [u8]) -> Self {
        Self(Cow::Borrowed(octets))
    }

    /// The same with octets of its own.
    #[must_use]
    pub fn into_owned(self) -> RelayAgent<'static> {
        RelayAgent(Cow::Owned(self.0.into_owned()))
    }

    /// An option of these sub-options, in this order.
    ///
    /// # Errors
    /// [`SubOptionTooLong`] for a value of more than 255 octets.
    pub fn from_subs(subs: &[(u8, &[u8])]) -> Result<Self, SubOptionTooLong> {
        let mut octets = Vec::new();
        for (code, value) in subs {
            let len = u8::try_from(value.len())
                .map_err(|_| SubOptionTooLong { code: *code, got: value.len() })?;
            octets.extend([*code, len]);
            octets.extend_from_slice(value);
        }
        Ok(Self(Cow::Owned(octets)))
    }

    /// The option's value, as received.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.0
    }

    /// Whether the sub-options fill the option exactly.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let read: usize = self.iter().map(|(_, value)| value.len() + 2).sum();
        read == self.0.len()
    }

    /// Codes and values in order, up to the first that runs past the end.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &[u8])> + '_ {
        let mut rest = self.octets();
        std::iter::from_fn(move || {
            let (&[code, len], tail) = rest.split_first_chunk()?;
            let (value, tail) = tail.split_at_checked(usize::from(len))?;
            rest = tail;
            Some((code, value))
        })
    }

    /// The first sub-option with this code.
    #[must_use]
    pub fn get(&self, code: u8) -> Option<&[u8]> {
        self.iter().find(|(at, _)| *at == code).map(|(_, value)| value)
    }

    /// The port that the client is on, in the relay's own words (RFC 3046 §3.1).
    #[must_use]
    pub fn circuit_id(&self) -> Option<&[u8]> {
        self.get(relay::CIRCUIT_ID)
    }

    /// The far end of the circuit (RFC 3046 §3.2).
    #[must_use]
    pub fn remote_id(&self) -> Option<&[u8]> {
        self.get(relay::REMOTE_ID)
    }

    /// The subnet to serve instead of that of giaddr (RFC 3527).
    #[must_use]
    pub fn link_selection(&self) -> Option<Ipv4Addr> {
        self.ipv4(relay::LINK_SELECTION)
    }

    /// The subscriber, however connected (RFC 3993).
    #[must_use]
    pub fn subscriber_id(&self) -> Option<&[u8]> {
        self.get(relay::SUBSCRIBER_ID)
    }

    /// Whether the relay says that it received the request as unicast (RFC 5010); none if it does
    /// not say.
    #[must_use]
    pub fn unicast(&self) -> Option<bool> {
        match self.get(relay::FLAGS)? {
            [flags] => Some(flags & 0x80 != 0),
            _ => None,
        }
    }

    /// The address to give as server identifier (RFC 5107).
    #[must_use]
    pub fn server_id_override(&self) -> Option<Ipv4Addr> {
        self.ipv4(relay::SERVER_ID_OVERRIDE)
    }

    /// The relay's own DUID (RFC 6925).
    #[must_use]
    pub fn relay_id(&self) -> Option<&[u8]> {
        self.get(relay::RELAY_ID)
    }

    /// Whether replies go to the relay's source port rather than to 67 (RFC 8357).
    #[must_use]
    pub fn relay_port(&self) -> bool {
        self.get(relay::RELAY_PORT).is_some()
    }

    fn ipv4(&self, code: u8) -> Option<Ipv4Addr> {
        let octets: [u8; 4] = self.get(code)?.try_into().ok()?;
        Some(Ipv4Addr::from(octets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sub_options_are_read_in_order() {
        let octets = [1, 3, b'p', b'/', b'1', 5, 4, 10, 1, 0, 0, 19, 0, 11, 4, 10, 0, 0, 1];
        let agent = RelayAgent::parse(&octets);
        assert_eq!(agent.circuit_id(), Some(&b"p/1"[..]));
        assert_eq!(agent.remote_id(), None);
        assert_eq!(agent.link_selection(), Some(Ipv4Addr::new(10, 1, 0, 0)));
        assert_eq!(agent.server_id_override(), Some(Ipv4Addr::new(10, 0, 0, 1)));
        assert!(agent.relay_port());
        assert!(agent.is_well_formed());
        let subs: Vec<_> = agent.iter().collect();
        assert_eq!(RelayAgent::from_subs(&subs), Ok(agent.clone()));
        assert_eq!(agent.octets(), octets);
    }

    #[test]
    fn a_malformed_body_is_kept_as_it_came() {
        for octets in [&[1, 2, b'a'][..], &[1, 1, b'a', 2], &[1, 0, 2, 255, 0]] {
            let agent = RelayAgent::parse(octets);
            assert!(!agent.is_well_formed(), "{octets:?}");
            assert_eq!(agent.octets(), octets);
        }
        assert_eq!(RelayAgent::parse(&[1, 1, b'a', 2]).circuit_id(), Some(&b"a"[..]));
        assert_eq!(RelayAgent::parse(&[5, 3, 1, 2, 3]).link_selection(), None);
        assert!(RelayAgent::parse(&[]).is_well_formed());
    }

    #[test]
    fn flags_state_how_the_request_came() {
        assert_eq!(RelayAgent::parse(&[10, 1, 0x80]).unicast(), Some(true));
        assert_eq!(RelayAgent::parse(&[10, 1, 0]).unicast(), Some(false));
        assert_eq!(RelayAgent::parse(&[10, 0]).unicast(), None);
    }

    #[test]
    fn a_length_that_cannot_be_stated_is_refused() {
        assert_eq!(
            RelayAgent::from_subs(&[(1, &[0; 256])]),
            Err(SubOptionTooLong { code: 1, got: 256 })
        );
    }
}
