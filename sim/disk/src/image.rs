//! One file's octets: what programs see, what is durable, what lies between.

use lessor_types::Prng;

use crate::Survival;

/// One file.
#[derive(Clone, Debug, Default)]
pub struct Image {
    /// What programs see (the page cache).
    pub cache: Vec<u8>,
    /// What the medium holds.
    durable: Vec<u8>,
    /// What separates the two, in order; without the pages that a failed sync lost.
    pending: Vec<Pending>,
    /// How often programs changed it.
    pub changes: u64,
}

#[derive(Clone, Debug)]
enum Pending {
    Write { at: usize, octets: Vec<u8> },
    Cut(usize),
}

impl Image {
    /// A file with this text, all of it durable.
    #[must_use]
    pub fn durable(text: &[u8]) -> Self {
        Self { cache: text.to_vec(), durable: text.to_vec(), ..Self::default() }
    }

    /// Writes at the end.
    pub fn append(&mut self, octets: &[u8]) {
        if octets.is_empty() {
            return;
        }
        self.changes += 1;
        self.pending.push(Pending::Write { at: self.cache.len(), octets: octets.to_vec() });
        self.cache.extend_from_slice(octets);
    }

    /// Cuts to `len` octets, or fills up to them with zeros.
    pub fn truncate(&mut self, len: usize) {
        self.cache.resize(len, 0);
        self.changes += 1;
        self.pending.push(Pending::Cut(len));
    }

    /// The medium loses a bit; whether there is such an octet on it.
    pub fn rot(&mut self, octet: usize, bit: u8) -> bool {
        let places = [self.cache.get_mut(octet), self.durable.get_mut(octet)];
        if places.iter().any(Option::is_none) {
            return false;
        }
        for place in places.into_iter().flatten() {
            *place ^= 1 << (bit % 8);
        }
        true
    }

    /// Makes all pending changes durable.
    pub fn sync(&mut self) {
        for change in self.pending.drain(..) {
            change.apply(&mut self.durable);
        }
    }

    /// A sync that failed: a drawn part reaches the medium, the rest never will, and programs go
    /// on seeing it.
    pub fn fail_sync(&mut self, rng: &mut Prng) {
        self.survive(Survival::Drawn, rng);
    }

    /// How many octets were written and are not synced.
    #[must_use]
    pub fn pending_octets(&self) -> u64 {
        self.pending
            .iter()
            .map(|change| match change {
                Pending::Write { octets, .. } => octets.len() as u64,
                Pending::Cut(_) => 0,
            })
            .sum()
    }

    /// The power goes: what survives is all that is left.
    pub fn crash(&mut self, survival: Survival, rng: &mut Prng) {
        self.survive(survival, rng);
        self.cache.clone_from(&self.durable);
    }

    fn survive(&mut self, survival: Survival, rng: &mut Prng) {
        let reorder = survival == Survival::Drawn && rng.below(4) == 0;
        let mut left = match survival {
            Survival::Nothing => 0,
            Survival::Everything => u64::MAX,
            Survival::First(octets) => octets,
            Survival::Drawn if reorder => u64::MAX,
            Survival::Drawn => match rng.below(4) {
                0 => 0,
                1 => u64::MAX,
                _ => rng.below(self.pending_octets() + 1),
            },
        };
        if survival == Survival::Nothing {
            self.pending.clear();
        }
        for mut change in self.pending.drain(..) {
            if let Pending::Write { octets, .. } = &mut change {
                if reorder && rng.below(2) == 0 {
                    continue;
                }
                let whole = octets.len();
                octets.truncate(usize::try_from(left).unwrap_or(whole));
                left -= octets.len() as u64;
                if octets.len() < whole {
                    change.apply(&mut self.durable);
                    break;
                }
            }
            change.apply(&mut self.durable);
        }
        self.pending.clear();
    }
}

impl Pending {
    fn apply(self, to: &mut Vec<u8>) {
        match self {
            Self::Cut(len) => to.resize(len, 0),
            Self::Write { octets, .. } if octets.is_empty() => {}
            Self::Write { at, octets } => {
                let end = at + octets.len();
                if to.len() < end {
                    to.resize(end, 0);
                }
                if let Some(place) = to.get_mut(at..end) {
                    place.copy_from_slice(&octets);
                }
            }
        }
    }
}
