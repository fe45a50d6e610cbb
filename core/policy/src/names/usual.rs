//! Names of letters, digits and hyphens: what nearly all clients send, and nothing is done to but that
//! a suffix is added. What comes out is what the long way makes of them.

use lessor_config::Replace;
use lessor_wire::v4::fqdn::{Fqdn, FqdnFlags};

use super::{Names, Sources, Told};

/// The longest label, in octets (RFC 1035 §2.3.4).
const LABEL_MAX: usize = 63;
/// The longest text, in octets, that is a name with any suffix or dot; one that is somewhat longer
/// may be a name too, and goes the long way.
const TEXT_MAX: usize = 250;

impl Sources<'_> {
    /// The name that option 12 says.
    pub(super) fn usual_host_name(self, octets: &[u8]) -> Option<Names> {
        let suffix = self.usual_suffix()?;
        // Just what it takes, since it is kept for long.
        let more = if suffix.is_empty() { 0 } else { 1 + suffix.len() };
        let mut text = Vec::with_capacity(octets.len() + more);
        self.push_label(&mut text, octets)?;
        if !suffix.is_empty() {
            text.push(b'.');
            text.extend_from_slice(suffix.as_bytes());
        }
        Some(Names { hostname: Some(hostname(text)?), told: Told::HostName })
    }

    /// The name that option 81 says, and what the client is told of it.
    pub(super) fn usual_fqdn(self, octets: &[u8]) -> Option<Names> {
        let suffix = self.usual_suffix()?;
        let ([bits, _, _], name) = octets.split_first_chunk::<3>()?;
        let flags = FqdnFlags::from_octet(*bits);
        let mut text = Vec::with_capacity(name.len() - usize::from(flags.e && !name.is_empty()));
        if flags.e {
            self.push_wire(&mut text, name)?;
        } else {
            self.push_ascii(&mut text, name)?;
        }
        let is_partial = !text.ends_with(b".");
        if is_partial && !suffix.is_empty() && !is_below(&text, suffix.as_bytes()) {
            text.push(b'.');
            text.extend_from_slice(suffix.as_bytes());
            text.push(b'.');
        }
        let told = told(self.flags(flags), &text);
        Some(Names { hostname: Some(hostname(text)?), told: Told::Fqdn(told) })
    }

    /// The suffix without a dot at its end, where clients have the names that they say.
    fn usual_suffix(&self) -> Option<&str> {
        let is_kept = self.reserved.is_none()
            && matches!(self.naming.replace, Replace::Never | Replace::WhenNotPresent);
        let suffix = self.naming.qualifying_suffix.as_str();
        let suffix = suffix.strip_suffix('.').unwrap_or(suffix);
        let is_plain = |label: &[u8]| is_label(label) && label.iter().all(|it| is_letter(*it));
        let is_usual = suffix.is_empty() || suffix.as_bytes().split(|it| *it == b'.').all(is_plain);
        (is_kept && is_usual).then_some(suffix)
    }

    /// Appends a label in which nothing is replaced; none if it is no such.
    fn push_label(self, text: &mut Vec<u8>, label: &[u8]) -> Option<()> {
        let bad = self.naming.char_set.as_ref();
        let is_kept = |octet| is_letter(octet) && !bad.is_some_and(|set| set.contains(octet));
        let is_usual = is_label(label) && label.iter().all(|octet| is_kept(*octet));
        is_usual.then(|| text.extend_from_slice(label))
    }

    /// Appends a name in ASCII.
    fn push_ascii(self, text: &mut Vec<u8>, octets: &[u8]) -> Option<()> {
        let len = octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
        let name = octets.get(..len)?;
        let relative = name.strip_suffix(b".");
        for label in relative.unwrap_or(name).split(|octet| *octet == b'.') {
            if !text.is_empty() {
                text.push(b'.');
            }
            self.push_label(text, label)?;
        }
        if relative.is_some() {
            text.push(b'.');
        }
        Some(())
    }

    /// Appends a name in wire form, which is complete if the root ends it.
    fn push_wire(self, text: &mut Vec<u8>, octets: &[u8]) -> Option<()> {
        let mut rest = octets;
        loop {
            match rest.split_first() {
                None if text.is_empty() => return None,
                None => return Some(()),
                Some((0, [])) if !text.is_empty() => {
                    text.push(b'.');
                    return Some(());
                }
                Some((len, tail)) => {
                    let (label, tail) = tail.split_at_checked(usize::from(*len))?;
                    if !text.is_empty() {
                        text.push(b'.');
                    }
                    self.push_label(text, label)?;
                    rest = tail;
                }
            }
        }
    }
}

/// A name as leases keep it.
fn hostname(mut text: Vec<u8>) -> Option<Box<str>> {
    text.make_ascii_lowercase();
    let text = String::from_utf8(text).ok();
    text.filter(|text| text.len() <= TEXT_MAX).map(String::into_boxed_str)
}

/// The value of option 81 with this name.
fn told(flags: FqdnFlags, name: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(name.len() + 5);
    octets.extend_from_slice(&[flags.octet(), Fqdn::RCODE, Fqdn::RCODE]);
    if !flags.e {
        octets.extend_from_slice(name);
        return octets;
    }
    let relative = name.strip_suffix(b".");
    for label in relative.unwrap_or(name).split(|octet| *octet == b'.') {
        octets.push(u8::try_from(label.len()).unwrap_or(0));
        octets.extend_from_slice(label);
    }
    if relative.is_some() {
        octets.push(0);
    }
    octets
}

/// Whether a partial name is of the domain of this name.
fn is_below(name: &[u8], suffix: &[u8]) -> bool {
    let at = name.len().checked_sub(suffix.len());
    let end = at.and_then(|at| name.split_at_checked(at));
    end.is_some_and(|(host, end)| host.ends_with(b".") && end.eq_ignore_ascii_case(suffix))
}

const fn is_label(octets: &[u8]) -> bool {
    matches!(octets.len(), 1..=LABEL_MAX)
}

/// Whether an octet of a name means itself, wherever it stands.
const fn is_letter(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'-'
}
