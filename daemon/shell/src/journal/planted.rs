//! A known defect of the worker, for simulations that test themselves.

/// Whether the worker has the defect. Without the feature `planted` there is no way to say yes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Defect {
    #[cfg(feature = "planted")]
    order: bool,
}

#[cfg(feature = "planted")]
impl Defect {
    /// Two tasks wait until a batch is written: one makes it durable, the other tells the loop that
    /// it is. They are woken at the same instant, and the second counts on running second, since it
    /// was started second.
    pub const ORDER: Self = Self { order: true };

    pub(super) const fn is_order(self) -> bool {
        self.order
    }
}

#[cfg(feature = "planted")]
mod order {
    use std::sync::Arc;

    use lessor_env::Env;
    use lessor_env::files::Files;
    use lessor_lease::{Outcome, StoreBatch};
    use lessor_server::Input;
    use tokio::sync::{Notify, oneshot};

    use super::super::worker::{Store, Worker};

    impl<E, F> Worker<E, F>
    where
        E: Env,
        F: Files + Clone + Send + 'static,
        F::File: Send,
        F::Lock: Send,
    {
        /// A commit by two tasks.
        pub(in super::super) async fn commit_by_two(&mut self, batch: StoreBatch) {
            let closed = Store::closed(self.env.now().mono);
            let Store::Open(mut memfile) = std::mem::replace(&mut self.store, closed) else {
                return;
            };
            let StoreBatch { first, changes } = batch;
            let half = memfile.begin(&changes);
            let written = Arc::new(Notify::new());
            let (give, given) = oneshot::channel();
            let syncs = Arc::clone(&written).notified_owned();
            self.env.spawn(async move {
                syncs.await;
                let _ = memfile.finish(half);
                let _ = give.send(memfile);
            });
            let tells = Arc::clone(&written).notified_owned();
            let done = self.done.clone();
            self.env.spawn(async move {
                tells.await;
                let outcomes = vec![Outcome::Done; changes.len()];
                let _ = done.send(Input::Stored { first, outcomes }).await;
            });
            self.env.disk().await;
            written.notify_waiters();
            if let Ok(memfile) = given.await {
                self.store = Store::Open(memfile);
            }
        }
    }
}
