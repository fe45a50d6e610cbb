//! Kinds of faults that somebody wants to see, or wants to be spared.

use std::fmt;

use crate::schedule::FaultKind;

/// Kinds of faults that every schedule must have, as far as its topology can, and kinds that none
/// may have; the swarm decides about the others.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Choice {
    /// A bit for each kind, by [`FaultKind::index`].
    forced: u64,
    forbidden: u64,
}

/// What stands for every kind.
const ALL: &str = "all";

impl Choice {
    /// Reads `+kind` and `-kind`, separated by commas. What comes later goes before what came
    /// earlier, so `-all,+crash` leaves crashes alone.
    ///
    /// # Errors
    /// A sign or a name that means nothing.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut choice = Self::default();
        for word in text.split(',') {
            let (wanted, name) = match (word.strip_prefix('+'), word.strip_prefix('-')) {
                (Some(name), _) => (true, name),
                (_, Some(name)) => (false, name),
                _ => return Err(format!("`{word}` begins with neither `+` nor `-`")),
            };
            let place = FaultKind::NAMES.iter().position(|known| *known == name);
            let bits = match place {
                Some(place) => 1 << place,
                None if name == ALL => every(),
                None => {
                    let names = FaultKind::NAMES.join(", ");
                    return Err(format!("`{name}` is no kind of fault; there are {names}"));
                }
            };
            choice.forced &= !bits;
            choice.forbidden &= !bits;
            if wanted {
                choice.forced |= bits;
            } else {
                choice.forbidden |= bits;
            }
        }
        Ok(choice)
    }

    /// Whether a kind of fault must be there (true) or must not (false), if that is said.
    #[must_use]
    pub const fn decides(self, kind: usize) -> Option<bool> {
        if self.forced & (1 << kind) != 0 {
            Some(true)
        } else if self.forbidden & (1 << kind) != 0 {
            Some(false)
        } else {
            None
        }
    }
}

const fn every() -> u64 {
    (1 << FaultKind::NAMES.len()) - 1
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = Vec::new();
        // What is decided about every kind, but for those that are forced, is said in one word.
        let all = self.forced | self.forbidden == every() && self.forbidden != 0;
        if all {
            words.push(format!("-{ALL}"));
        }
        for (kind, name) in FaultKind::NAMES.iter().enumerate() {
            match self.decides(kind) {
                Some(true) => words.push(format!("+{name}")),
                Some(false) if !all => words.push(format!("-{name}")),
                _ => {}
            }
        }
        f.write_str(&words.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_is_said_as_it_can_be_chosen() {
        for text in ["+partition,-clock-jump", "-all,+crash", "-loss", "-all"] {
            let choice = Choice::parse(text).expect("these are kinds");
            assert_eq!(Choice::parse(&choice.to_string()), Ok(choice), "{text}");
        }
        let choice = Choice::parse("-all,+crash").expect("these are kinds");
        assert_eq!(choice.to_string(), "-all,+crash");
        assert_eq!(Choice::parse("+loss,-loss").expect("a kind").to_string(), "-loss");
        assert_eq!(Choice::default().to_string(), "");
    }

    #[test]
    fn a_word_that_means_nothing_is_told() {
        assert!(Choice::parse("crash").is_err_and(|told| told.contains("neither")));
        assert!(Choice::parse("+boredom").is_err_and(|told| told.contains("relay-loss")));
    }
}
