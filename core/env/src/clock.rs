//! The two clocks.

use lessor_types::Now;

/// Where time comes from.
pub trait Clock: Send + Sync {
    /// Both clocks at one moment.
    fn now(&self) -> Now;
}
