//! How many packets were heard lately, by subnet and by class.

use std::collections::BTreeMap;

use lessor_config::Rate;
use lessor_policy::limits::Counted;
use lessor_types::Mono;

/// Into how many parts a stretch of time is divided. A packet counts for a whole part longer than
/// the stretch, so that no stretch of that length ever has more than it may.
const PARTS: u64 = 16;

/// Packets heard in the parts of one stretch of time.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    /// The number of the youngest part.
    part: u64,
    /// By number modulo their count, which is one more than [`PARTS`].
    heard: [u32; 17],
}

impl Window {
    /// Forgets what is older than the stretch.
    fn advance(&mut self, part: u64) {
        let passed = part.saturating_sub(self.part).min(PARTS + 1);
        for step in 0..passed {
            let at = (part - step) % (PARTS + 1);
            if let Some(heard) = usize::try_from(at).ok().and_then(|at| self.heard.get_mut(at)) {
                *heard = 0;
            }
        }
        self.part = self.part.max(part);
    }

    fn sum(&self) -> u64 {
        self.heard.iter().copied().map(u64::from).sum()
    }

    fn count(&mut self) {
        let at = usize::try_from(self.part % (PARTS + 1)).unwrap_or(0);
        if let Some(heard) = self.heard.get_mut(at) {
            *heard = heard.saturating_add(1);
        }
    }
}

/// What was heard under each limit of the configuration.
#[derive(Debug, Default)]
pub struct Rates(BTreeMap<Counted, (Rate, Window)>);

impl Rates {
    /// Whether a packet that counts under these limits is heard; then it is counted.
    pub fn admit(&mut self, now: Mono, limits: &[(Counted, Rate)]) -> bool {
        let mut full = false;
        for (under, rate) in limits {
            let (known, window) =
                self.0.entry(under.clone()).or_insert_with(|| (*rate, Window::default()));
            if known != rate {
                (*known, *window) = (*rate, Window::default());
            }
            let length = u64::try_from(rate.per.length().as_nanos()).unwrap_or(u64::MAX) / PARTS;
            window.advance(now.as_nanos() / length.max(1));
            full |= window.sum() >= u64::from(rate.packets);
        }
        if full {
            return false;
        }
        for (under, _) in limits {
            if let Some((_, window)) = self.0.get_mut(under) {
                window.count();
            }
        }
        true
    }

    /// Forgets everything: another configuration is in effect.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use lessor_config::hooks::Span;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// In no second are more packets heard than may be, and no packet is refused without as many
        /// in the second and a part before it.
        #[test]
        fn no_second_has_too_many(
            packets in 0_u32..6,
            pauses in prop::collection::vec(0_u64..400, 1..60),
        ) {
            let mut rates = Rates::default();
            let limits = [(Counted::Class("a".to_owned()), Rate { packets, per: Span::Second })];
            let mut now = Mono::ZERO;
            let mut heard: Vec<Mono> = Vec::new();
            for pause in pauses {
                now = now.after(Duration::from_millis(pause));
                let within = |ms: u64| {
                    let since = |at: &&Mono| now.since(**at) < Duration::from_millis(ms);
                    heard.iter().filter(since).count() as u64
                };
                if rates.admit(now, &limits) {
                    prop_assert!(within(1000) < u64::from(packets));
                    heard.push(now);
                } else {
                    prop_assert!(within(1000 + 63) >= u64::from(packets));
                }
            }
        }
    }
}
