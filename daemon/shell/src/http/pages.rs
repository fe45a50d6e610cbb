//! What each page says.

use std::fmt::Write as _;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use hyper::{Method, Response, StatusCode};
use lessor_env::Env;
use lessor_server::Count;
use tokio::sync::{mpsc, oneshot};

use super::metrics::{self, Figures};
use crate::request::{Report, Request};
use crate::statistics::{Key, Query, Told};
use crate::waiting::within;

/// How long the loop may take to answer before it counts as stuck.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// The loop did not answer in time, or has ended.
#[derive(Debug)]
struct Stuck;

/// The answer to a request.
pub(super) async fn answer(
    method: &Method,
    path: &str,
    requests: &mpsc::Sender<Request>,
    env: &impl Env,
) -> Response<Full<Bytes>> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        let mut refused = text(StatusCode::METHOD_NOT_ALLOWED, "GET and HEAD only\n".to_owned());
        refused.headers_mut().insert(ALLOW, "GET, HEAD".parse().unwrap_or(EMPTY));
        return refused;
    }
    match path {
        "/metrics" => figures(requests, env).await,
        "/health" => match report(requests, env).await {
            Ok(_) => text(StatusCode::OK, "ok\n".to_owned()),
            Err(Stuck) => stuck(),
        },
        "/ready" => match report(requests, env).await {
            Ok(report) => ready(&report),
            Err(Stuck) => stuck(),
        },
        _ => {
            let known = "there are /metrics, /health and /ready\n";
            text(StatusCode::NOT_FOUND, known.to_owned())
        }
    }
}

const EMPTY: hyper::header::HeaderValue = hyper::header::HeaderValue::from_static("");

fn text(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    page(status, "text/plain; charset=utf-8", text)
}

fn page(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut page = Response::new(Full::new(Bytes::from(text)));
    *page.status_mut() = status;
    let headers = page.headers_mut();
    headers.insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, hyper::header::HeaderValue::from_static("no-store"));
    page
}

fn stuck() -> Response<Full<Bytes>> {
    let told = format!("the server does not answer within {} s\n", ANSWER_MAX.as_secs());
    text(StatusCode::SERVICE_UNAVAILABLE, told)
}

/// Asks the loop something.
async fn ask<T>(
    requests: &mpsc::Sender<Request>,
    env: &impl Env,
    question: impl FnOnce(oneshot::Sender<T>) -> Request,
) -> Result<T, Stuck> {
    let (asker, answer) = oneshot::channel();
    let asked = async {
        requests.send(question(asker)).await.map_err(|_| Stuck)?;
        answer.await.map_err(|_| Stuck)
    };
    within(env, ANSWER_MAX, asked).await.unwrap_or(Err(Stuck))
}

async fn report(requests: &mpsc::Sender<Request>, env: &impl Env) -> Result<Box<Report>, Stuck> {
    ask(requests, env, Request::Report).await
}

/// Whether clients are served, and if not, why.
fn ready(report: &Report) -> Response<Full<Bytes>> {
    let status = &report.status;
    let reasons = [
        (report.stopping, "the server is stopping"),
        (!status.store_open, "the lease store cannot be written"),
        (!status.disabled_by.is_empty(), "the service is switched off"),
        (report.listening.links.0.is_empty(), "no interface is served"),
    ];
    let mut told = String::new();
    for (_, reason) in reasons.iter().filter(|(holds, _)| *holds) {
        // Writing to a string cannot fail.
        let _ = writeln!(told, "{reason}");
    }
    if told.is_empty() {
        return text(StatusCode::OK, "ready\n".to_owned());
    }
    text(StatusCode::SERVICE_UNAVAILABLE, told)
}

/// All figures. They come in pieces, so that clients of the server do not wait for all at once, and
/// become text on another thread.
async fn figures(requests: &mpsc::Sender<Request>, env: &impl Env) -> Response<Full<Bytes>> {
    let Ok(figures) = gather(requests, env).await else {
        return stuck();
    };
    match env.aside(move || metrics::print(&figures)).await {
        Some(text) => page(StatusCode::OK, metrics::KIND, text),
        None => stuck(),
    }
}

async fn gather(requests: &mpsc::Sender<Request>, env: &impl Env) -> Result<Figures, Stuck> {
    let report = report(requests, env).await?;
    let config = ask(requests, env, Request::Config).await?;
    let mut places: Vec<(Key, u64, Count)> = Vec::new();
    loop {
        let after = places.last().map(|(place, ..)| *place);
        let page = |asker| Request::Statistics(Query::Places(after), asker);
        let told = ask(requests, env, page).await?;
        match told {
            Told::Places(more) if !more.is_empty() => places.extend(more),
            _ => return Ok(Figures { report, config, places }),
        }
    }
}
