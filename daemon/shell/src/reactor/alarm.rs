//! One timer for whatever is due next.

use std::future::Future;
use std::task::{Context, Poll};

use lessor_env::Timer;
use lessor_types::Mono;

/// A timer that is set anew only when something is due earlier: what is due next changes with
/// nearly every packet, mostly to a later moment. So it may ring when nothing is due any more.
#[derive(Debug)]
pub(super) struct Alarm<T> {
    timer: T,
    /// When it rings; none once it has rung.
    at: Option<Mono>,
}

impl<T: Timer> Alarm<T> {
    /// One that is not set.
    pub(super) const fn new(timer: T) -> Self {
        Self { timer, at: None }
    }

    /// Rings at `at`, or earlier.
    pub(super) fn set(&mut self, at: Mono, now: Mono) {
        if self.at.is_none_or(|set| at < set) {
            self.timer.set(at.since(now));
            self.at = Some(at);
        }
    }

    /// Waits until it rings.
    pub(super) fn rung(&mut self) -> impl Future<Output = ()> {
        std::future::poll_fn(move |context| self.poll(context))
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.at.is_none() {
            return Poll::Pending;
        }
        let rung = self.timer.poll_rung(context);
        if rung.is_ready() {
            self.at = None;
        }
        rung
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use lessor_env::Env as _;
    use tokio::time::Instant;

    use super::*;
    use crate::System;

    #[tokio::test(start_paused = true)]
    async fn rings_no_later_than_it_was_ever_set_to() {
        let now = Mono::from_nanos(0);
        let at = |secs| now.after(Duration::from_secs(secs));
        let mut alarm = Alarm::new(System::start().timer());
        let begun = Instant::now();
        alarm.set(at(5), now);
        alarm.set(at(3), now);
        alarm.set(at(9), now);
        alarm.rung().await;
        assert_eq!(begun.elapsed(), Duration::from_secs(3));
        // It has to be set again.
        let silent = tokio::time::timeout(Duration::from_secs(60), alarm.rung()).await;
        assert!(silent.is_err());
        alarm.set(at(9), at(63));
        alarm.rung().await;
        assert_eq!(begun.elapsed(), Duration::from_secs(63));
    }
}
