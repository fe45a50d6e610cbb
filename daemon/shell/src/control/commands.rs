//! The commands by name.
//!
//! # Map
//! - [`catalogue`]: what commands there are.
//! - `config`: what shows, tests, sets and writes configurations.
//! - `interfaces`: what shows and adds interfaces.
//! - `lease`: what shows leases.
//! - `lease_query`: which leases are meant.
//! - `selection`: which subnet is selected.
//! - `service`: what switches the service, and how everything is.
//! - `statistics`: what shows, resets and forgets statistics.

pub mod catalogue;
mod config;
mod interfaces;
mod lease;
mod lease_query;
mod selection;
mod service;
mod statistics;

use lessor_env::Env;
use lessor_server::{Command, Reply};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::Desk;
use super::envelope::{Answer, Call};
use crate::request::Request;
use crate::version;

/// What a command led to.
#[derive(Clone, PartialEq, Debug)]
pub struct Done {
    /// What the client is told.
    pub answer: Answer,
    /// The process is to end with this exit code once the client was told.
    pub stop: Option<u8>,
}

impl From<Answer> for Done {
    fn from(answer: Answer) -> Self {
        Self { answer, stop: None }
    }
}

/// Runs a command.
pub async fn run(call: Call, desk: &Desk<impl Env>) -> Done {
    let arguments = call.arguments.as_ref();
    let answer = match call.name.as_str() {
        "build-report" => Answer::success(version::build_report()),
        "config-get" => config::get(desk).await,
        "config-hash-get" => config::hash_get(desk).await,
        "config-reload" => config::reload(desk).await,
        "config-set" => config::set(arguments, desk).await,
        "config-test" => config::test(arguments, desk).await,
        "config-write" => config::write(arguments, desk).await,
        "dhcp-disable" => service::disable(arguments, desk).await,
        "dhcp-enable" => service::enable(arguments, desk).await,
        "interface-add" => interfaces::add(arguments, desk).await,
        "interface-list" => interfaces::list(desk, false).await,
        "interface-redetect" => interfaces::list(desk, true).await,
        "kea-lfc-start" => service::compact(desk).await,
        "hold-off-begin" => service::hold_off_begin(arguments, desk).await,
        "hold-off-end" => service::hold_off_end(desk).await,
        "lease4-get" => lease::get(arguments, desk).await,
        "lease4-get-all" => lease::get_all(arguments, desk).await,
        "lease4-get-by-client-id" => lease::get_by_client_id(arguments, desk).await,
        "lease4-get-by-hostname" => lease::get_by_hostname(arguments, desk).await,
        "lease4-get-by-hw-address" => lease::get_by_hw_address(arguments, desk).await,
        "lease4-get-by-state" => lease::get_by_state(arguments, desk).await,
        "lease4-get-page" => lease::get_page(arguments, desk).await,
        "leases-reclaim" => service::reclaim(arguments, desk).await,
        "list-commands" => Answer::success("").with(names()),
        "server-tag-get" => service::server_tag_get(desk).await,
        "shutdown" => return service::shutdown(arguments),
        "statistic-get" => statistics::get(arguments, desk).await,
        "statistic-get-all" => statistics::get_all(desk).await,
        "statistic-global-get-all" => statistics::global_get_all(desk).await,
        "statistic-remove" => statistics::remove(arguments, desk).await,
        "statistic-remove-all" => statistics::remove_all(desk).await,
        "statistic-reset" => statistics::reset(arguments, desk).await,
        "statistic-reset-all" => statistics::reset_all(desk).await,
        "statistic-sample-age-set" => statistics::age_set(arguments, desk).await,
        "statistic-sample-age-set-all" => statistics::age_set_all(arguments, desk).await,
        "statistic-sample-count-set" => statistics::count_set(arguments, desk).await,
        "statistic-sample-count-set-all" => statistics::count_set_all(arguments, desk).await,
        "status-get" => service::status_get(desk).await,
        "subnet4-select-test" => selection::test4(arguments, desk).await,
        "subnet4o6-select-test" => selection::test4o6(arguments),
        "version-get" => version_get(),
        name => Answer {
            result: Answer::UNSUPPORTED,
            ..Answer::success(format!("'{name}' command not supported."))
        },
    };
    answer.into()
}

/// What takes its time, on another thread: the loop has none.
async fn aside<T: Send + 'static>(
    desk: &Desk<impl Env>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    desk.env.aside(work).await
}

/// Asks the loop and waits for its answer; none if the process is ending.
async fn ask<T>(
    desk: &Desk<impl Env>,
    request: impl FnOnce(oneshot::Sender<T>) -> Request,
) -> Option<T> {
    let (answer, answered) = oneshot::channel();
    desk.requests.send(request(answer)).await.ok()?;
    answered.await.ok()
}

/// As [`ask`], what the machine says.
async fn command(desk: &Desk<impl Env>, command: Command) -> Option<Reply> {
    ask(desk, |answer| Request::Ask(command, answer)).await
}

fn ending() -> Answer {
    Answer::error("the server is shutting down")
}

fn names() -> Value {
    catalogue::ALL.iter().map(|known| json!(known.name)).collect()
}

fn version_get() -> Answer {
    Answer::success(version::VERSION).with(json!({ "extended": version::extended() }))
}

#[cfg(test)]
mod tests;
