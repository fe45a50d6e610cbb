//! Hash maps with an order that is the same in every run.

use std::hash::{BuildHasherDefault, Hasher};

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
