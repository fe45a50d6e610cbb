//! The two clocks.

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lessor_memfile::Boot;
use lessor_types::{Mono, Now, Wall};
use tokio::time::Instant;

/// Where time comes from.
pub trait Clock: Send + Sync {
    /// Both clocks at one moment.
    fn now(&self) -> Now;

    /// Which start of the machine this is, and what its monotonic clock shows at [`Mono::ZERO`].
    fn boot(&self) -> Boot;
}

/// The clocks of the operating system.
#[derive(Clone, Debug)]
pub struct SystemClock {
    start: Instant,
    boot: Boot,
}

impl SystemClock {
    /// Clocks whose monotonic side starts now.
    #[must_use]
    pub fn start() -> Self {
        let start = Instant::now();
        let shown = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let secs = u64::try_from(shown.tv_sec).unwrap_or(0);
        let nanos = u32::try_from(shown.tv_nsec).unwrap_or(0);
        let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Self { start, boot: Boot { id: id.trim().into(), ahead: Duration::new(secs, nanos) } }
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

    fn boot(&self) -> Boot {
        self.boot.clone()
    }
}
