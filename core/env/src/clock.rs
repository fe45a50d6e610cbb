//! The two clocks.

use lessor_types::{Mono, Now};

/// Where time comes from.
pub trait Clock: Send + Sync {
    /// Both clocks at one moment.
    fn now(&self) -> Now;

    /// The monotonic one, for those who only measure how long something takes.
    fn mono(&self) -> Mono {
        self.now().mono
    }
}
