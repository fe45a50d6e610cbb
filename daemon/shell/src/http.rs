//! Figures and health by HTTP, for those who watch the server.
//!
//! Three pages, for GET and HEAD: `/metrics` in the text format of Prometheus; `/health`, which is
//! 200 while the loop answers; `/ready`, which is 200 while clients are served. Nobody has to prove
//! who they are, and nothing can be changed.
//!
//! # Map
//! - `metrics`: the figures as text.
//! - `pages`: what each page says.

mod metrics;
mod pages;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use lessor_config::Metrics;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::door;
use crate::notice::Notice;
use crate::request::Request;
use crate::telemetry::Telemetry;

/// How many connections are served at once; more wait to be let in.
pub const CONNECTIONS_MAX: usize = 16;
/// How long a connection may take as a whole. There is one request on each.
const CONNECTION_MAX: Duration = Duration::from_secs(10);
/// How long the head of a request may take.
const HEAD_MAX: Duration = Duration::from_secs(5);
/// How long the head of a request may be, in octets.
const HEAD_OCTETS_MAX: usize = 8192;

/// The listener, if there is one.
pub struct Http {
    requests: mpsc::Sender<Request>,
    telemetry: Telemetry,
    open: Option<Open>,
    slots: Arc<Semaphore>,
}

struct Open {
    wanted: Metrics,
    at: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Http {
    /// Nothing listens yet.
    #[must_use]
    pub fn new(requests: mpsc::Sender<Request>, telemetry: Telemetry) -> Self {
        let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        Self { requests, telemetry, open: None, slots }
    }

    /// Listens here and nowhere else. What stays the same is not touched. Must be called within a
    /// runtime.
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
        let (listener, at) =
            bind(at).map_err(|why| format!("cannot tell figures at {at}: {why}"))?;
        let served = serve(listener, self.requests.clone(), Arc::clone(&self.slots));
        self.open = Some(Open { wanted, at, task: tokio::spawn(served) });
        self.telemetry.note(Notice::HttpOpened(at));
        Ok(())
    }

    /// Where it listens, if anywhere.
    #[must_use]
    pub fn at(&self) -> Option<SocketAddr> {
        self.open.as_ref().map(|open| open.at)
    }
}

fn bind(at: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = std::net::TcpListener::bind(at)?;
    listener.set_nonblocking(true)?;
    let at = listener.local_addr()?;
    Ok((TcpListener::from_std(listener)?, at))
}

async fn serve(listener: TcpListener, requests: mpsc::Sender<Request>, slots: Arc<Semaphore>) {
    let accept = |context: &mut Context<'_>| listener.poll_accept(context).map_ok(|(it, _)| it);
    let converse = |stream| {
        let conversation = timeout(CONNECTION_MAX, converse(stream, requests.clone()));
        // Too slow, or gone: both end it, and there is nobody to tell.
        async move { drop(conversation.await) }
    };
    door::keep(accept, converse, slots).await;
}

/// Answers one request.
async fn converse(stream: TcpStream, requests: mpsc::Sender<Request>) -> hyper::Result<()> {
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let requests = requests.clone();
        async move {
            let page = pages::answer(request.method(), request.uri().path(), &requests).await;
            Ok::<_, Infallible>(page)
        }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_MAX)
        .max_buf_size(HEAD_OCTETS_MAX)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .await
}

#[cfg(test)]
mod tests;
