//! Hash maps with an order that is the same in every run, and ones that have none to show.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};

use crate::Seed;

/// A hash map whose iteration order depends only on what was put in, and when.
///
/// Not hardened against chosen keys: use it where the number of entries is bounded or where the
/// keys are hashed already.
#[allow(clippy::disallowed_types, reason = "the hasher here is fixed, which is the point")]
pub type FixedMap<K, V> = std::collections::HashMap<K, V, FixedState>;

/// The hasher state of [`FixedMap`].
pub type FixedState = BuildHasherDefault<FixedHasher>;

/// A multiply-and-rotate hasher without per-process state.
#[derive(Default)]
pub struct FixedHasher(u64);

impl FixedHasher {
    const fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for FixedHasher {
    fn finish(&self) -> u64 {
        // The multiplication leaves the low bits weak, and the table takes its index from them.
        self.0.rotate_left(26)
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let mut word = [0; 8];
            word.copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word));
        }
        let rest = chunks.remainder();
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.add(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, n: u8) {
        self.add(u64::from(n));
    }

    fn write_u32(&mut self, n: u32) {
        self.add(u64::from(n));
    }

    fn write_u64(&mut self, n: u64) {
        self.add(n);
    }
}

/// A hash map for keys that strangers choose: who does not know the seed cannot make them collide.
///
/// It has no order, and there is no way to see one: whoever wants all keys gets them sorted.
#[derive(Clone)]
pub struct KeyedMap<K, V>(Map<K, V>);

#[allow(clippy::disallowed_types, reason = "keyed by the seed, and never walked")]
type Map<K, V> = std::collections::HashMap<K, V, Keyed>;

impl<K: Hash + Eq, V> KeyedMap<K, V> {
    /// An empty map.
    #[must_use]
    pub fn new(keyed: Keyed) -> Self {
        Self(Map::with_hasher(keyed))
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a key.
    #[must_use]
    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        // Most books are empty most of the time.
        if self.0.is_empty() { None } else { self.0.get(key) }
    }

    /// The value of a key, to be changed.
    pub fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        if self.0.is_empty() { None } else { self.0.get_mut(key) }
    }

    /// Whether a key has a value.
    #[must_use]
    pub fn contains_key<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.get(key).is_some()
    }

    /// Gives a key a value; the one that it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.0.insert(key, value)
    }

    /// The value of a key, which gets one if it has none.
    pub fn or_insert_with(&mut self, key: K, value: impl FnOnce() -> V) -> &mut V {
        self.0.entry(key).or_insert_with(value)
    }

    /// Takes the value of a key away.
    pub fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        if self.0.is_empty() { None } else { self.0.remove(key) }
    }

    /// All keys in their order, at the cost of sorting them.
    #[must_use]
    pub fn sorted_keys(&self) -> Vec<K>
    where
        K: Ord + Clone,
    {
        let mut keys: Vec<K> = self.0.keys().cloned().collect();
        keys.sort_unstable();
        keys
    }
}

impl<K, V> fmt::Debug for KeyedMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedMap").field("len", &self.0.len()).finish_non_exhaustive()
    }
}

/// What makes the hashes of one purpose: two numbers that strangers do not know.
#[derive(Clone, Copy)]
pub struct Keyed {
    start: u64,
    factor: u64,
}

impl Keyed {
    /// The hashes of one purpose.
    #[must_use]
    pub fn of(seed: Seed, purpose: u64) -> Self {
        let mut draws = seed.keyed(0x6b65_7965_6400_0000 | purpose, 0);
        Self { start: draws.next_u64(), factor: draws.next_u64() | 1 }
    }

    /// The hash of these runs of octets, one after the other.
    #[must_use]
    pub fn octets(self, runs: &[&[u8]]) -> u64 {
        let mut hasher = self.build_hasher();
        for run in runs {
            hasher.write(run);
        }
        hasher.finish()
    }
}

impl BuildHasher for Keyed {
    type Hasher = KeyedHasher;

    fn build_hasher(&self) -> KeyedHasher {
        KeyedHasher { state: self.start, factor: self.factor }
    }
}

impl fmt::Debug for Keyed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyed")
    }
}

/// Multiplies by a secret number and folds the product, word by word.
#[derive(Debug)]
pub struct KeyedHasher {
    state: u64,
    factor: u64,
}

impl KeyedHasher {
    fn add(&mut self, word: u64) {
        self.state = folded(self.state ^ word, self.factor);
    }
}

fn folded(a: u64, b: u64) -> u64 {
    let (low, high) = a.carrying_mul(b, 0);
    low ^ high
}

impl Hasher for KeyedHasher {
    fn finish(&self) -> u64 {
        // Once more, since the last word was not mixed into all bits.
        folded(self.state, self.factor.rotate_left(32))
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        // The length tells runs apart that differ by zeros or by where they end.
        let mut last = bytes.len() as u64;
        for octet in rest {
            last = last << 8 | u64::from(*octet);
        }
        self.add(last);
    }

    fn write_u8(&mut self, n: u8) {
        self.add(u64::from(n));
    }

    fn write_u16(&mut self, n: u16) {
        self.add(u64::from(n));
    }

    fn write_u32(&mut self, n: u32) {
        self.add(u64::from(n));
    }

    fn write_u64(&mut self, n: u64) {
        self.add(n);
    }

    fn write_usize(&mut self, n: usize) {
        self.add(n as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_depend_on_seed_purpose_and_every_octet() {
        let keyed = Keyed::of(Seed(1), 2);
        let hash = |octets: &[u8]| keyed.octets(&[octets]);
        assert_eq!(hash(b"abc"), Keyed::of(Seed(1), 2).octets(&[b"abc"]));
        assert_ne!(hash(b"abc"), Keyed::of(Seed(1), 3).octets(&[b"abc"]));
        assert_ne!(hash(b"abc"), Keyed::of(Seed(2), 2).octets(&[b"abc"]));
        let mut seen = Vec::new();
        for length in 0..20 {
            for changed in 0..length.max(1) {
                let mut octets = vec![0; length];
                seen.push(hash(&octets));
                if let Some(octet) = octets.get_mut(changed) {
                    *octet = 1;
                    seen.push(hash(&octets));
                }
            }
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 20 + 19 * 20 / 2);
        assert_ne!(keyed.octets(&[b"ab", b"c"]), keyed.octets(&[b"a", b"bc"]));
    }

    /// Numbers in a row, as addresses are, spread over the low bits and over the high ones.
    #[test]
    fn neighbours_spread() {
        for seed in 0..4 {
            let keyed = Keyed::of(Seed(seed), 0);
            let (mut low, mut high) = (vec![0_u32; 256], vec![0_u32; 128]);
            for number in 0..25_600_u32 {
                let hash = keyed.hash_one(0x0a00_0000 + number);
                low[(hash & 0xff) as usize] += 1;
                high[(hash >> 57) as usize] += 1;
            }
            assert!(low.iter().all(|count| (40..200).contains(count)), "{seed}: {low:?}");
            assert!(high.iter().all(|count| (100..360).contains(count)), "{seed}: {high:?}");
        }
    }

    #[test]
    fn keys_come_sorted() {
        let mut map = KeyedMap::new(Keyed::of(Seed(9), 0));
        for key in [5_u32, 1, 9, 3] {
            *map.or_insert_with(key, || 0) += key;
        }
        assert_eq!(map.insert(1, 7), Some(1));
        assert_eq!((map.remove(&9), map.remove(&9)), (Some(9), None));
        assert_eq!(map.sorted_keys(), [1, 3, 5]);
        assert_eq!((map.get(&1), map.get(&9), map.len()), (Some(&7), None, 3));
    }
}
