//! Known defects of the journal, for simulations that test themselves.

/// A known defect.
#[cfg(feature = "planted")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Planted {
    /// Two tasks wait until a batch is written: one makes it durable, the other tells the loop that
    /// it is. They are woken at the same instant, and the second counts on running second, since it
    /// was started second.
    OrderRace,
    /// The loop is told that a batch is durable as soon as it is written.
    EarlyReport,
    /// A completion that the loop waited for is lost if something else ends the wait.
    CompletionDropped,
    /// A batch that was decided before the lease file was read again is written all the same.
    StaleBatch,
}

/// Which defect the journal has, if any. Without the feature `planted` there is no way to say one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Defect {
    #[cfg(feature = "planted")]
    planted: Option<Planted>,
}

impl Defect {
    /// A journal with this defect.
    #[cfg(feature = "planted")]
    #[must_use]
    pub const fn planted(planted: Option<Planted>) -> Self {
        Self { planted }
    }

    #[cfg(feature = "planted")]
    fn is(self, planted: Planted) -> bool {
        self.planted == Some(planted)
    }

    /// Whether a batch of one life of the store may be written in another.
    #[cfg(feature = "planted")]
    pub(super) fn takes_stale(self) -> bool {
        self.is(Planted::StaleBatch)
    }

    /// Whether a batch of one life of the store may be written in another.
    #[cfg(not(feature = "planted"))]
    pub(super) const fn takes_stale(self) -> bool {
        false
    }

    /// Waits for nothing, with a completion in hand.
    #[cfg(feature = "planted")]
    pub(super) async fn dawdle(self) {
        if self.is(Planted::CompletionDropped) {
            tokio::task::yield_now().await;
        }
    }

    /// Waits for nothing.
    #[cfg(not(feature = "planted"))]
    pub(super) async fn dawdle(self) {}
}

#[cfg(feature = "planted")]
mod commits {
    use std::sync::Arc;

    use lessor_env::Env;
    use lessor_env::files::Files;
    use lessor_lease::{Outcome, StoreBatch};
    use lessor_server::Input;
    use tokio::sync::{Notify, oneshot};

    use super::super::worker::{Store, Worker};
    use super::{Defect, Planted};

    impl<E, F> Worker<E, F>
    where
        E: Env,
        F: Files + Clone + Send + 'static,
        F::File: Send,
        F::Lock: Send,
    {
        /// A commit as a defect has it; the batch comes back if there is none.
        pub(in super::super) async fn commit_wrongly(
            &mut self,
            defect: Defect,
            batch: StoreBatch,
        ) -> Option<StoreBatch> {
            if defect.is(Planted::OrderRace) {
                self.commit_by_two(batch).await;
            } else if defect.is(Planted::EarlyReport) {
                self.commit_after_report(batch).await;
            } else {
                return Some(batch);
            }
            None
        }

        async fn commit_by_two(&mut self, batch: StoreBatch) {
            let closed = Store::closed(self.env.now().mono);
            let Store::Open(mut memfile) = std::mem::replace(&mut self.store, closed) else {
                return;
            };
            let StoreBatch { first, changes } = batch;
            let half = memfile.begin(&changes);
            let written = Arc::new(Notify::new());
            let (give, given) = oneshot::channel();
            // What the first one leaves for the second, which takes all to be well without it.
            let (leave, mut left) = oneshot::channel();
            let syncs = Arc::clone(&written).notified_owned();
            self.env.spawn(async move {
                syncs.await;
                let outcomes = memfile.finish(half);
                let _ = leave.send(outcomes);
                let _ = give.send(memfile);
            });
            let tells = Arc::clone(&written).notified_owned();
            let done = self.done.clone();
            self.env.spawn(async move {
                tells.await;
                let well = vec![Outcome::Done; changes.len()];
                let outcomes = left.try_recv().unwrap_or(well);
                let _ = done.send(Input::Stored { first, outcomes }).await;
            });
            self.env.disk().await;
            written.notify_waiters();
            let Ok(memfile) = given.await else {
                return;
            };
            let failure = memfile.failure().cloned();
            self.store = Store::Open(memfile);
            if let Some(failure) = failure {
                self.lose(failure).await;
            }
        }

        async fn commit_after_report(&mut self, batch: StoreBatch) {
            let StoreBatch { first, changes } = batch;
            let Store::Open(memfile) = &mut self.store else {
                return;
            };
            let half = memfile.begin(&changes);
            let outcomes = vec![Outcome::Done; changes.len()];
            let _ = self.done.send(Input::Stored { first, outcomes }).await;
            self.env.disk().await;
            let _ = memfile.finish(half);
            self.env.disk().await;
            if let Some(failure) = memfile.failure().cloned() {
                self.lose(failure).await;
            }
        }
    }
}
