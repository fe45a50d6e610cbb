//! Draws that depend on what they are for.
//!
//! There is no stream that everybody draws from: each draw is keyed by the entity that it belongs
//! to and by that entity's own count. So when an operation or a fault is deleted from a schedule,
//! all other draws stay as they were.

use lessor_types::{Prng, Seed};

/// Whose draws they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    /// The options of a seed.
    Swarm = 1,
    /// One client's behaviour.
    Client,
    /// The way from one station to another.
    Link,
    /// One server's turns.
    Turn,
    /// One server's disk.
    Disk,
    /// One write to a shared store.
    Write,
    /// One question to a shared store.
    Fetch,
    /// One update to a partner.
    Peer,
    /// One fault.
    Fault,
    /// One server's own seed.
    Server,
    /// Hostile packets.
    Hostile,
    /// One server's restarts.
    Restart,
    /// One operation.
    Op,
    /// One link of those that are clogged one by one.
    Clog,
    /// Octets that change on the way.
    Damage,
    /// Somebody who reads page by page.
    Page,
}

/// A key for an entity of a kind.
#[must_use]
pub const fn key(kind: Kind, a: u32, b: u32) -> u64 {
    ((kind as u64) << 56) | ((a as u64 & 0x0fff_ffff) << 28) | (b as u64 & 0x0fff_ffff)
}

/// The `n`-th draw of an entity.
#[must_use]
pub fn draw(seed: Seed, kind: Kind, a: u32, b: u32, n: u64) -> Prng {
    seed.keyed(key(kind, a, b), n)
}

/// A number from `low` to `high`, both included.
pub fn between(rng: &mut Prng, low: u64, high: u64) -> u64 {
    low + rng.below(high.saturating_sub(low) + 1)
}

/// As [`between`], with each order of magnitude as likely as the next.
pub fn log_between(rng: &mut Prng, low: u64, high: u64) -> u64 {
    let doublings = (high.max(1) / low.max(1)).checked_ilog2().unwrap_or(0);
    let base = low << rng.below(u64::from(doublings) + 1);
    between(rng, base, (base * 2).min(high.max(low)))
}

/// One of the words, by weight.
pub fn weighted<T: Copy>(rng: &mut Prng, words: &[(u32, T)]) -> Option<T> {
    let total: u32 = words.iter().map(|(weight, _)| *weight).sum();
    let mut left = rng.below(u64::from(total));
    for (weight, word) in words {
        if left < u64::from(*weight) {
            return Some(*word);
        }
        left -= u64::from(*weight);
    }
    None
}
