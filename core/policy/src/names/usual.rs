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
        let mut text = String::with_capacity(octets.len() + 1 + suffix.len());
        self.push_label(&mut text, octets)?;
        if !suffix.is_empty() {
            text.extend([".", suffix]);
        }
        text.make_ascii_lowercase();
        let is_name = text.len() <= TEXT_MAX;
        is_name.then(|| Names { hostname: Some(text.into()), told: Told::HostName })
    }

    /// The name that option 81 says, and what the client is told of it.
    pub(super) fn usual_fqdn(self, octets: &[u8]) -> Option<Names> {
        let suffix = self.usual_suffix()?;
        let ([bits, _, _], name) = octets.split_first_chunk::<3>()?;
        let flags = FqdnFlags::from_octet(*bits);
        let mut text = String::with_capacity(name.len() + 2 + suffix.len());
        let read = if flags.e { Self::push_wire } else { Self::push_ascii };
        read(self, &mut text, name)?;
        let is_partial = !text.ends_with('.');
        if is_partial && !suffix.is_empty() && !is_below(&text, suffix) {
            text.extend([".", suffix, "."]);
        }
        if text.len() > TEXT_MAX {
            return None;
        }
        let told = told(self.flags(flags), &text);
        text.make_ascii_lowercase();
        Some(Names { hostname: Some(text.into()), told: Told::Fqdn(told) })
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
    fn push_label(self, text: &mut String, label: &[u8]) -> Option<()> {
        let bad = self.naming.char_set.as_ref();
        let is_kept = |octet| is_letter(octet) && !bad.is_some_and(|set| set.contains(octet));
        let is_usual = is_label(label) && label.iter().all(|octet| is_kept(*octet));
        text.push_str(std::str::from_utf8(label).ok().filter(|_| is_usual)?);
        Some(())
    }

    /// Appends a name in ASCII.
    fn push_ascii(self, text: &mut String, octets: &[u8]) -> Option<()> {
        let len = octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
        let name = octets.get(..len)?;
        let (relative, dot) = match name.strip_suffix(b".") {
            Some(relative) => (relative, "."),
            None => (name, ""),
        };
        for label in relative.split(|octet| *octet == b'.') {
            if !text.is_empty() {
                text.push('.');
            }
            self.push_label(text, label)?;
        }
        text.push_str(dot);
        Some(())
    }

    /// Appends a name in wire form, which is complete if the root ends it.
    fn push_wire(self, text: &mut String, octets: &[u8]) -> Option<()> {
        let mut rest = octets;
        loop {
            match rest.split_first() {
                None if text.is_empty() => return None,
                None => return Some(()),
                Some((0, [])) if !text.is_empty() => {
                    text.push('.');
                    return Some(());
                }
                Some((len, tail)) => {
                    let (label, tail) = tail.split_at_checked(usize::from(*len))?;
                    if !text.is_empty() {
                        text.push('.');
                    }
                    self.push_label(text, label)?;
                    rest = tail;
                }
            }
        }
    }
}

/// The value of option 81 with this name.
fn told(flags: FqdnFlags, name: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(name.len() + 5);
    octets.extend_from_slice(&[flags.octet(), Fqdn::RCODE, Fqdn::RCODE]);
    if !flags.e {
        octets.extend_from_slice(name.as_bytes());
        return octets;
    }
    let relative = name.strip_suffix('.');
    for label in relative.unwrap_or(name).split('.') {
        octets.push(u8::try_from(label.len()).unwrap_or(0));
        octets.extend_from_slice(label.as_bytes());
    }
    if relative.is_some() {
        octets.push(0);
    }
    octets
}

/// Whether a partial name is of the domain of this name.
fn is_below(name: &str, suffix: &str) -> bool {
    let at = name.len().checked_sub(suffix.len());
    let end = at.and_then(|at| name.as_bytes().split_at_checked(at));
    end.is_some_and(|(host, end)| {
        host.ends_with(b".") && end.eq_ignore_ascii_case(suffix.as_bytes())
    })
}

const fn is_label(octets: &[u8]) -> bool {
    matches!(octets.len(), 1..=LABEL_MAX)
}

/// Whether an octet of a name means itself, wherever it stands.
const fn is_letter(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'-'
}
