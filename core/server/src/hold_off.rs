//! The time in which leases may be missing.

use std::time::Duration;

use lessor_lease::Longest;
use lessor_types::{Mono, Wall};

/// How often a server says what is to be remembered, while it writes leases.
pub const REMEMBER_EVERY: Duration = Duration::from_secs(60);

/// While it lasts, no address goes to a client that does not use it already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HoldOff {
    /// When it ends by itself, if it does.
    pub until: Option<Mono>,
    /// No lease that ends later than this can have lapsed and been given to somebody else.
    pub seen: Wall,
}

impl HoldOff {
    /// A hold-off that begins now.
    #[must_use]
    pub fn new(now: Mono, length: Longest, seen: Wall) -> Self {
        let until = match length {
            Longest::For(length) => Some(now.after(length)),
            Longest::Endless => None,
        };
        Self { until, seen }
    }

    /// How long it goes on.
    #[must_use]
    pub fn left(&self, now: Mono) -> Longest {
        self.until.map_or(Longest::Endless, |until| Longest::For(until.since(now)))
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self, now: Mono) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}
