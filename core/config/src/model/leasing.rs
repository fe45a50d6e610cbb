//! How addresses are chosen, and how stored leases are looked over.

/// Which free address a client gets that has no claim to a certain one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Allocator {
    /// The next one behind the last that was given out.
    #[default]
    Iterative,
    /// Any one.
    Random,
    /// The one that has been free for the longest time.
    FreeLeaseQueue,
}

impl Allocator {
    /// All of them, by their words in files.
    pub const WORDS: [(&'static str, Self); 3] =
        [("iterative", Self::Iterative), ("random", Self::Random), ("flq", Self::FreeLeaseQueue)];

    /// Its word in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Iterative => "iterative",
            Self::Random => "random",
            Self::FreeLeaseQueue => "flq",
        }
    }
}

/// What is done about stored leases that do not fit the configuration (`sanity-checks`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SanityChecks {
    /// About leases whose subnet is not the one that has their address.
    pub lease: LeaseCheck,
    /// About what leases remember of relays.
    pub extended_info: InfoCheck,
}

/// What is done about a lease whose subnet number is not that of the subnet with its address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum LeaseCheck {
    /// Nothing.
    None,
    /// It is told.
    #[default]
    Warn,
    /// The lease gets the right number; without one, it stays and is told.
    Fix,
    /// The lease gets the right number; without one, it is deleted.
    FixDel,
    /// The lease is deleted.
    Del,
}

impl LeaseCheck {
    /// All of them, by their words in files.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("none", Self::None),
        ("warn", Self::Warn),
        ("fix", Self::Fix),
        ("fix-del", Self::FixDel),
        ("del", Self::Del),
    ];

    /// Its word in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Warn => "warn",
            Self::Fix => "fix",
            Self::FixDel => "fix-del",
            Self::Del => "del",
        }
    }
}

/// How closely the memory of relays is looked at. Each looks at what those before it do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum InfoCheck {
    /// Not at all.
    None,
    /// The form of old versions is brought up to date.
    #[default]
    Fix,
    /// What cannot be read is taken out, and what stands beside the sub-options is made to agree
    /// with them.
    Strict,
    /// What Kea does not write is taken out.
    Pedantic,
}

impl InfoCheck {
    /// All of them, by their words in files.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("none", Self::None),
        ("fix", Self::Fix),
        ("strict", Self::Strict),
        ("pedantic", Self::Pedantic),
    ];

    /// Its word in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Fix => "fix",
            Self::Strict => "strict",
            Self::Pedantic => "pedantic",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_list() {
        assert!(Allocator::WORDS.iter().all(|(word, it)| it.word() == *word));
        assert!(LeaseCheck::WORDS.iter().all(|(word, it)| it.word() == *word));
        assert!(InfoCheck::WORDS.iter().all(|(word, it)| it.word() == *word));
    }
}
