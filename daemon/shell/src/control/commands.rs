//! The commands by name.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use lessor_config::Config;
use lessor_lease::Lease;
use lessor_server::{Command, Reply};
use lessor_types::Unit;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use super::envelope::{self, Answer, Call};
use super::{Desk, leases, status};
use crate::request::Request;

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

/// No page is as long as this. A shorter one than asked for would be taken for the last one, so
/// whoever asks for more is refused.
const PAGE_MAX: u32 = 100_000;

/// All commands. The names are sorted.
const NAMES: [&str; 9] = [
    "build-report",
    "config-get",
    "config-reload",
    "config-test",
    "lease4-get-page",
    "list-commands",
    "shutdown",
    "status-get",
    "version-get",
];

/// Runs a command.
pub async fn run(call: Call, desk: &Desk) -> Done {
    let arguments = call.arguments.as_ref();
    match call.name.as_str() {
        "build-report" => Answer::success(build_report()).into(),
        "config-get" => config_get(desk).await.into(),
        "config-reload" => config_reload(desk).await.into(),
        "config-test" => config_test(arguments).into(),
        "lease4-get-page" => lease4_get_page(arguments, desk).await.into(),
        "list-commands" => Answer::success("").with(json!(NAMES)).into(),
        "shutdown" => shutdown(arguments),
        "status-get" => status_get(desk).await.into(),
        "version-get" => version_get().into(),
        name => Answer {
            result: Answer::UNSUPPORTED,
            ..Answer::success(format!("'{name}' command not supported."))
        }
        .into(),
    }
}

/// Asks the loop and waits for its answer; none if the process is ending.
async fn ask<T>(desk: &Desk, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Option<T> {
    let (answer, answered) = oneshot::channel();
    desk.requests.send(request(answer)).await.ok()?;
    answered.await.ok()
}

fn ending() -> Answer {
    Answer::error("the server is shutting down")
}

fn version_get() -> Answer {
    let version = env!("CARGO_PKG_VERSION");
    let extended = format!("{version}\nlease backends:\n- Memfile (Kea's CSV), synced\n");
    Answer::success(version).with(json!({ "extended": extended }))
}

fn build_report() -> String {
    let checks = if cfg!(debug_assertions) { "on" } else { "off" };
    format!(
        "lessor {}\ntarget: {}-{}\ndebug assertions: {checks}\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::ARCH,
        std::env::consts::OS,
    )
}

async fn status_get(desk: &Desk) -> Answer {
    match ask(desk, Request::Report).await {
        Some(report) => Answer::success("").with(status::show(&report)),
        None => ending(),
    }
}

async fn config_get(desk: &Desk) -> Answer {
    let Some(config) = ask(desk, Request::Config).await else {
        return ending();
    };
    let mut shown = envelope::without_places(&config.to_tree());
    let hash = hash(&shown);
    shown["hash"] = json!(hash);
    Answer::success("").with(shown)
}

async fn config_reload(desk: &Desk) -> Answer {
    match ask(desk, |answer| Request::Reload(Some(answer))).await {
        Some(Ok(config)) => {
            let hash = hash(&envelope::without_places(&config.to_tree()));
            Answer::success("Configuration successful.").with(json!({ "hash": hash }))
        }
        Some(Err(why)) => Answer::error(format!(
            "Config reload failed: configuration error using file '{}': {why}",
            desk.config_file.path().display()
        )),
        None => ending(),
    }
}

/// SHA-256 of a configuration's one line, as 64 digits.
fn hash(config: &Value) -> String {
    let digest = Sha256::digest(envelope::one_line(config));
    digest.iter().map(|octet| format!("{octet:02X}")).collect()
}

fn config_test(arguments: Option<&Value>) -> Answer {
    const SANE: &str = "Configuration seems sane. Control-sockets, hook-libraries, and D2 \
                        configuration were sanity checked, but not applied.";
    let Some(arguments) = arguments else {
        return Answer::error("Missing mandatory 'arguments' parameter.");
    };
    let Some(dhcp4) = arguments.get("Dhcp4") else {
        return Answer::error("Missing mandatory 'Dhcp4' parameter.");
    };
    if !dhcp4.is_object() {
        return Answer::error("'Dhcp4' parameter expected to be a map.");
    }
    let names = arguments.as_object().into_iter().flat_map(|map| map.keys());
    let others: Vec<&String> = names.filter(|name| *name != "Dhcp4").collect();
    match others.as_slice() {
        [] => {}
        [one] => return Answer::error(format!("Unsupported '{one}' parameter.")),
        [first, second, ..] => {
            let told = format!("Unsupported '{first}' parameter (and '{second}').");
            return Answer::error(told);
        }
    }
    match Config::parse(&arguments.to_string(), "<wire>") {
        Ok(_) => Answer::success(SANE),
        Err(found) => Answer::error(found.to_string().trim_end()),
    }
}

fn shutdown(arguments: Option<&Value>) -> Done {
    let exit = match arguments {
        None => 0,
        Some(Value::Object(fields)) => match fields.get("exit-value") {
            None => 0,
            Some(value) => match value.as_i64() {
                // What a parent process sees of it.
                Some(value) => value.to_le_bytes()[0],
                None => {
                    return Answer::error("parameter 'exit-value' is not an integer").into();
                }
            },
        },
        Some(_) => return Answer::error("Argument must be a map").into(),
    };
    Done { answer: Answer::success("Shutting down."), stop: Some(exit) }
}

async fn lease4_get_page(arguments: Option<&Value>, desk: &Desk) -> Answer {
    let (after, limit) = match page(arguments) {
        Ok(page) => page,
        Err(why) => return Answer::error(why),
    };
    let found = match gather(desk, after, limit).await {
        Ok(found) => found,
        Err(answer) => return answer,
    };
    // Thousands of leases as text take their time, and the loop has none.
    let shown = tokio::task::spawn_blocking(move || {
        let leases: Vec<Value> = found.iter().map(|lease| leases::lease4(lease)).collect();
        let count = leases.len();
        Answer {
            result: match count {
                0 => Answer::EMPTY,
                _ => Answer::SUCCESS,
            },
            text: format!("{count} IPv4 lease(s) found."),
            arguments: Some(json!({ "count": count, "leases": leases })),
        }
    });
    shown.await.unwrap_or_else(|_| ending())
}

/// The leases of one page. The machine gives them in smaller ones, so that none holds it up.
async fn gather(
    desk: &Desk,
    mut after: Option<Unit>,
    limit: u32,
) -> Result<Vec<Arc<Lease>>, Answer> {
    let mut found: Vec<Arc<Lease>> = Vec::new();
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    while found.len() < limit {
        let rest = u32::try_from(limit - found.len()).unwrap_or(u32::MAX);
        let page = Command::LeasePage { after, limit: rest };
        let some = match ask(desk, |answer| Request::Ask(page, answer)).await {
            Some(Reply::Leases(some)) => some,
            Some(_) => return Err(Answer::error("leases are not kept in this server's memory")),
            None => return Err(ending()),
        };
        let Some(last) = some.last() else {
            break;
        };
        after = Some(last.unit);
        found.extend(some);
    }
    Ok(found)
}

/// Where a page begins and how long it is, in the order in which clients know the errors.
fn page(arguments: Option<&Value>) -> Result<(Option<Unit>, u32), String> {
    let Some(arguments) = arguments else {
        return Err("no parameters specified for the lease4-get-page command".to_owned());
    };
    let from = arguments
        .get("from")
        .ok_or("'from' parameter not specified")?
        .as_str()
        .ok_or("'from' parameter must be a string")?;
    let after = match (from, from.parse::<IpAddr>()) {
        ("start", _) => None,
        (_, Ok(IpAddr::V4(Ipv4Addr::UNSPECIFIED))) => None,
        (_, Ok(IpAddr::V4(addr))) => Some(Unit::V4(addr)),
        (_, Ok(IpAddr::V6(addr))) => {
            return Err(format!("'from' parameter value {addr} is not an IPv4 address"));
        }
        (_, Err(_)) => {
            return Err(
                "'from' parameter value is neither 'start' keyword nor a valid IPv4 address"
                    .to_owned(),
            );
        }
    };
    let limit = arguments
        .get("limit")
        .ok_or("'limit' parameter not specified")?
        .as_i64()
        .ok_or("'limit' parameter must be a number")?;
    match u32::try_from(limit) {
        Err(_) => Err("'limit' parameter is not a 32 bit unsigned integer.".to_owned()),
        Ok(0) => Err("'limit' parameter must not be 0.".to_owned()),
        Ok(PAGE_MAX..) => Err(format!("'limit' parameter must be less than {PAGE_MAX}.")),
        Ok(limit) => Ok((after, limit)),
    }
}
