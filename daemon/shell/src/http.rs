//! Figures and health by HTTP, for those who watch the server.
//!
//! Three pages, for GET and HEAD: `/metrics` in the text format of Prometheus; `/health`, which is
//! 200 while the loop answers; `/ready`, which is 200 while clients are served. Nobody has to prove
//! who they are, and nothing can be changed.
//!
//! # Map
//! - `metrics`: the figures as text.
//! - `pages`: what each page says.
//! - `wire`: connections and timers as the HTTP library wants them.

mod metrics;
mod pages;
mod wire;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use lessor_config::Metrics;
use lessor_env::{Env, Place};
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::door;
use crate::notice::Notice;
use crate::request::Request;
use crate::telemetry::Telemetry;
use crate::waiting::within;
use wire::{HttpTimer, HttpWire};

/// How many connections are served at once; more wait to be let in.
pub const CONNECTIONS_MAX: usize = 16;
/// How long a connection may take as a whole. There is one request on each.
const CONNECTION_MAX: Duration = Duration::from_secs(10);
/// How long the head of a request may take.
const HEAD_MAX: Duration = Duration::from_secs(5);
/// How long the head of a request may be, in octets.
const HEAD_OCTETS_MAX: usize = 8192;

/// The listener, if there is one.
pub struct Http<E> {
    env: E,
    requests: mpsc::Sender<Request>,
    telemetry: Telemetry,
    open: Option<Open>,
    slots: Arc<Semaphore>,
}

/// A listener that is open as long as this is there.
struct Open {
    wanted: Metrics,
    at: SocketAddr,
    _open: oneshot::Sender<()>,
}

impl<E: Env> Http<E> {
    /// Nothing listens yet.
    #[must_use]
    pub fn new(env: E, requests: mpsc::Sender<Request>, telemetry: Telemetry) -> Self {
        let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        Self { env, requests, telemetry, open: None, slots }
    }

    /// Listens here and nowhere else. What stays the same is not touched. Must be called within a
    /// task of the world.
    ///
    /// # Errors
    /// Why that is not possible, in words; everything is as it was.
    pub fn listen(&mut self, wanted: Option<Metrics>) -> Result<(), String> {
        let Some(wanted) = wanted else {
            self.open = None;
            return Ok(());
        };
        if self.open.as_ref().is_some_and(|open| open.wanted == wanted) {
            return Ok(());
        }
        let at = SocketAddr::new(wanted.address, wanted.port);
        let (listener, place) = (self.env.listen(&Place::At(at)))
            .map_err(|why| format!("cannot tell figures at {at}: {why}"))?;
        let at = if let Place::At(at) = place { at } else { at };
        let (open, closed) = oneshot::channel();
        let (env, requests) = (self.env.clone(), self.requests.clone());
        let converse = move |stream| {
            let (env, requests) = (env.clone(), requests.clone());
            // Too slow, or gone: both end it, and there is nobody to tell.
            async move {
                let conversation = converse(env.clone(), stream, requests);
                drop(within(&env, CONNECTION_MAX, conversation).await);
            }
        };
        let slots = Arc::clone(&self.slots);
        self.env.spawn(door::keep(self.env.clone(), listener, converse, slots, closed));
        self.open = Some(Open { wanted, at, _open: open });
        self.telemetry.note(Notice::HttpOpened(at));
        Ok(())
    }

    /// Where it listens, if anywhere.
    #[must_use]
    pub fn at(&self) -> Option<SocketAddr> {
        self.open.as_ref().map(|open| open.at)
    }
}

/// Answers one request.
async fn converse<E: Env>(
    env: E,
    stream: E::Stream,
    requests: mpsc::Sender<Request>,
) -> hyper::Result<()> {
    let timer = HttpTimer(env.clone());
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let (env, requests) = (env.clone(), requests.clone());
        async move {
            let path = request.uri().path();
            let page = pages::answer(request.method(), path, &requests, &env).await;
            Ok::<_, Infallible>(page)
        }
    });
    http1::Builder::new()
        .timer(timer)
        .header_read_timeout(HEAD_MAX)
        .max_buf_size(HEAD_OCTETS_MAX)
        .keep_alive(false)
        .serve_connection(HttpWire(stream), service)
        .await
}

#[cfg(test)]
mod tests;
