//! Letting in those who connect, as many at once as there is room for.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use lessor_env::{Env, Listener as _};
use tokio::sync::{Semaphore, oneshot};

use crate::waiting::sleep;

/// How long nobody is let in when that has failed. Room for descriptors may come back; asking at
/// once would only burn time.
const PAUSE: Duration = Duration::from_millis(100);

/// Lets in whoever connects until `closed` is dropped elsewhere, each into a task of its own that
/// does what `converse` makes of it and holds one of the `slots` until then.
pub(crate) async fn keep<E: Env, F: Future<Output = ()> + Send + 'static>(
    env: E,
    mut listener: E::Listener,
    converse: impl Fn(E::Stream) -> F + Send,
    slots: Arc<Semaphore>,
    mut closed: oneshot::Receiver<()>,
) {
    loop {
        // Taken before somebody is let in, so that those who wait cost nothing.
        let slot = tokio::select! {
            biased;
            _ = &mut closed => return,
            slot = Arc::clone(&slots).acquire_owned() => slot,
        };
        let Ok(slot) = slot else {
            return;
        };
        let accepted = tokio::select! {
            biased;
            _ = &mut closed => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok(stream) => {
                let conversation = converse(stream);
                env.spawn(async move {
                    conversation.await;
                    drop(slot);
                });
            }
            Err(_) => sleep(&env, PAUSE).await,
        }
    }
}
