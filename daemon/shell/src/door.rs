//! Letting in those who connect, as many at once as there is room for.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::Semaphore;

/// How long nobody is let in when that has failed. Room for descriptors may come back; asking at
/// once would only burn time.
const PAUSE: Duration = Duration::from_millis(100);

/// Lets in whoever `accept` gives, each into a task of its own that does what `converse` makes of it
/// and holds one of the `slots` until then.
pub(crate) async fn keep<S, F: Future<Output = ()> + Send + 'static>(
    mut accept: impl FnMut(&mut Context<'_>) -> Poll<io::Result<S>>,
    converse: impl Fn(S) -> F,
    slots: Arc<Semaphore>,
) {
    loop {
        // Taken before somebody is let in, so that those who wait cost nothing.
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            return;
        };
        match std::future::poll_fn(&mut accept).await {
            Ok(stream) => {
                let conversation = converse(stream);
                tokio::spawn(async move {
                    conversation.await;
                    drop(slot);
                });
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
