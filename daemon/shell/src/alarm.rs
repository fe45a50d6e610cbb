//! One timer for whatever is due next.

use std::task::{Context, Poll};

use lessor_env::Timer;
use lessor_types::Mono;

/// A timer that is set anew only when something is due earlier: what is due next changes with
/// nearly every packet, mostly to a later moment. So it may ring when nothing is due any more.
#[derive(Debug)]
pub(crate) struct Alarm<T> {
    timer: T,
    /// When it rings; none once it has rung.
    at: Option<Mono>,
}

impl<T: Timer> Alarm<T> {
    /// One that is not set.
    pub(crate) const fn new(timer: T) -> Self {
        Self { timer, at: None }
    }

    /// Rings at `at`, or earlier. Returns whether that is earlier than it was to ring before; then it
    /// has to be polled anew.
    pub(crate) fn set(&mut self, at: Mono, now: Mono) -> bool {
        let earlier = self.at.is_none_or(|set| at < set);
        if earlier {
            self.timer.set(at.since(now));
            self.at = Some(at);
        }
        earlier
    }

    /// Whether it rings; it has to be set again then.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
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

    async fn rung(alarm: &mut Alarm<impl Timer>) {
        std::future::poll_fn(|context| alarm.poll(context)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn rings_no_later_than_it_was_ever_set_to() {
        let now = Mono::from_nanos(0);
        let at = |secs| now.after(Duration::from_secs(secs));
        let mut alarm = Alarm::new(System::start().timer());
        let begun = Instant::now();
        assert!(alarm.set(at(5), now));
        assert!(alarm.set(at(3), now));
        assert!(!alarm.set(at(9), now));
        rung(&mut alarm).await;
        assert_eq!(begun.elapsed(), Duration::from_secs(3));
        // It has to be set again.
        let silent = tokio::time::timeout(Duration::from_secs(60), rung(&mut alarm)).await;
        assert!(silent.is_err());
        assert!(alarm.set(at(9), at(63)));
        rung(&mut alarm).await;
        assert_eq!(begun.elapsed(), Duration::from_secs(63));
    }
}
