//! How long faults last: many of them about as long as what waits for their end.
//!
//! A fault that is shorter than the timeout that it provokes hides what comes after the timeout,
//! and so does one that is much longer.

use lessor_types::Prng;

use super::{Profile, Traits};
use crate::draw::{self, Kind};
use crate::schedule::FaultKind;

/// How long an exchange may be parked, in milliseconds.
const EXCHANGE: u64 = 8_000;
/// How long an offer stands.
const OFFER: u64 = 30_000;
/// How long a client waits before its first and its last repetition (RFC 2131 §4.1).
const REPETITION: [u64; 2] = [4_000, 64_000];
/// How long a connection to a store, or an answer from it, is waited for.
const STORE: [u64; 2] = [3_000, 10_000];
/// After which standstill a server on a shared store trusts nothing that it hears at once.
const STANDSTILL: u64 = 1_500;
/// The usual pause between rounds of reclaiming.
const RECLAIM: u64 = 10_000;
/// The longest fault of the fixed profile: its figures are about work, not about silence.
const FIXED_MAX: u64 = 600_000;

/// Stretches every second fault to half of a timeout, the whole or the double.
pub(super) fn stretch(traits: &Traits, id: u32, kind: &FaultKind, for_ms: u64) -> u64 {
    let mut rng = draw::draw(traits.seed, Kind::Fault, id, 1, 0);
    let timeouts = timeouts(traits, kind);
    if timeouts.is_empty() || rng.chance_ppm(500_000) {
        return for_ms;
    }
    let stretched = around(&timeouts, &mut rng);
    let most = if traits.profile == Profile::Fixed { FIXED_MAX } else { traits.safety_ms };
    stretched.min(most)
}

/// Half, once or twice one of these, and a little less or more than that.
fn around(timeouts: &[u64], rng: &mut Prng) -> u64 {
    let at = usize::try_from(rng.below(timeouts.len() as u64)).unwrap_or(0);
    let timeout = timeouts.get(at).copied().unwrap_or(EXCHANGE);
    let halves = 1 << rng.below(3);
    let about = timeout * halves / 2;
    about * (95 + rng.below(11)) / 100
}

/// What waits for the end of a fault, in milliseconds; nothing: its length is part of what it is.
fn timeouts(traits: &Traits, kind: &FaultKind) -> Vec<u64> {
    let life = u64::from(traits.lifetime) * 1000;
    let (t1, t2) = (life / 2, life * 7 / 8);
    let [first, last] = REPETITION;
    match kind {
        FaultKind::Loss { .. }
        | FaultKind::Partition { .. }
        | FaultKind::RelayLoss { .. }
        | FaultKind::Corrupt { .. }
        | FaultKind::Clog { .. }
        | FaultKind::Swizzle { .. } => vec![first, EXCHANGE, OFFER, last, t1, t2, life],
        FaultKind::Pause { .. } => vec![STANDSTILL, first, EXCHANGE, RECLAIM, OFFER],
        FaultKind::Crash { .. } => vec![first, EXCHANGE, OFFER, last, t1, life],
        FaultKind::DiskSlow { .. } | FaultKind::DiskFull { .. } => {
            vec![first, EXCHANGE, OFFER, RECLAIM, t1]
        }
        FaultKind::StoreOutage
        | FaultKind::StoreHang
        | FaultKind::StoreReadOnly { .. }
        | FaultKind::StorePool { .. } => vec![STORE[0], EXCHANGE, STORE[1], RECLAIM, OFFER, t1],
        FaultKind::PartnerGone { detect_ms } => vec![*detect_ms, EXCHANGE, t1, life],
        FaultKind::Squat { .. } => vec![OFFER, life],
        FaultKind::Restore { .. } | FaultKind::ClockLost { .. } => vec![t1, life],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use lessor_types::Seed;

    use super::*;

    #[test]
    fn half_once_and_twice_are_all_drawn() {
        let lengths: BTreeSet<u64> =
            (0..200).map(|number| around(&[8000], &mut Seed(1).keyed(0, number)) / 1000).collect();
        assert!(lengths.iter().all(|secs| (3..=17).contains(secs)), "{lengths:?}");
        for secs in [4, 8, 16] {
            assert!(lengths.contains(&secs), "{lengths:?}");
        }
        assert!(!lengths.contains(&6), "{lengths:?}");
    }
}
