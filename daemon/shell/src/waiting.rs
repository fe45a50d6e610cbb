//! Waiting for time to pass, in whatever world.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use lessor_env::{Env, Timer as _};

/// Waits so long.
pub(crate) async fn sleep(env: &impl Env, time: Duration) {
    let mut timer = env.timer();
    timer.set(time);
    poll_fn(|context| timer.poll_rung(context)).await;
}

/// What a future comes to within a time; none if that was too short.
pub(crate) async fn within<F: Future>(
    env: &impl Env,
    time: Duration,
    future: F,
) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut timer = env.timer();
    timer.set(time);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => timer.poll_rung(context).map(|()| None),
    })
    .await
}
