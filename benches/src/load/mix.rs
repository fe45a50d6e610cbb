//! What clients do, and in what proportion.

use std::str::FromStr;

/// Something that a client does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Deed {
    /// DISCOVER, OFFER, REQUEST, ACK.
    Exchange,
    /// DISCOVER and OFFER, and nothing more.
    Discover,
    /// DISCOVER and OFFER, and a REQUEST that tells the server that it was not chosen.
    Forgo,
    /// The REQUEST of a client with a lease, and its ACK.
    Renew,
    /// A RELEASE, which nobody answers.
    Release,
}

impl Deed {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Exchange, "exchange"),
        (Self::Discover, "discover"),
        (Self::Forgo, "forgo"),
        (Self::Renew, "renew"),
        (Self::Release, "release"),
    ];
}

/// Deeds by weight, spread as evenly as the weights allow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Mix {
    parts: Vec<Part>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Part {
    deed: Deed,
    weight: u32,
    credit: i64,
}

impl Mix {
    /// One deed only.
    pub(crate) fn only(deed: Deed) -> Self {
        Self { parts: vec![Part { deed, weight: 1, credit: 0 }] }
    }

    /// The next deed: the one that is furthest behind its share.
    pub(crate) fn next(&mut self) -> Deed {
        let total: i64 = self.parts.iter().map(|part| i64::from(part.weight)).sum();
        for part in &mut self.parts {
            part.credit += i64::from(part.weight);
        }
        match self.parts.iter_mut().max_by_key(|part| part.credit) {
            Some(part) => {
                part.credit -= total;
                part.deed
            }
            // A mix has parts, by the way it is made.
            None => Deed::Exchange,
        }
    }
}

impl FromStr for Mix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts: Vec<Part> = Vec::new();
        for word in text.split(',') {
            let (name, weight) = word.split_once('=').unwrap_or((word, "1"));
            let known = Deed::ALL.iter().find(|(_, known)| *known == name);
            let (deed, _) = known.ok_or_else(|| {
                format!("`{name}` is none of {}", Deed::ALL.map(|(_, name)| name).join(", "))
            })?;
            let weight: u32 = weight
                .parse()
                .ok()
                .filter(|weight| *weight > 0)
                .ok_or_else(|| format!("`{weight}` is no weight: a whole number above zero"))?;
            if parts.iter().any(|part| part.deed == *deed) {
                return Err(format!("`{name}` is there twice"));
            }
            parts.push(Part { deed: *deed, weight, credit: 0 });
        }
        Ok(Self { parts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_kept_over_every_round() {
        let mut mix: Mix = "exchange=7,renew=2,release".parse().expect("a mix");
        for _ in 0..3 {
            let round: Vec<Deed> = (0..10).map(|_| mix.next()).collect();
            let count = |deed| round.iter().filter(|it| **it == deed).count();
            assert_eq!(count(Deed::Exchange), 7);
            assert_eq!(count(Deed::Renew), 2);
            assert_eq!(count(Deed::Release), 1);
        }
    }

    #[test]
    fn what_is_no_mix_is_refused() {
        for text in ["", "exchange=0", "renew=x", "inform", "renew,renew", "exchange=-1"] {
            assert!(text.parse::<Mix>().is_err(), "{text}");
        }
    }
}
