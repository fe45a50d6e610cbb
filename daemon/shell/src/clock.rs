//! The two clocks.

use std::time::{SystemTime, UNIX_EPOCH};

use lessor_types::{Mono, Now, Wall};
use tokio::time::Instant;

/// Where time comes from.
pub trait Clock: Send + Sync {
    /// Both clocks at one moment.
    fn now(&self) -> Now;
}

/// The clocks of the operating system.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// Clocks whose monotonic side starts now.
    #[must_use]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let mono = Mono::ZERO.after(self.start.elapsed());
        let wall = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => Wall::default().after(since),
            // A host that believes to be before 1970 has no calendar; leases are judged by the
            // other clock until it gets one.
            Err(_) => Wall::default(),
        };
        Now { mono, wall }
    }
}
