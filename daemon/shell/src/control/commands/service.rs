//! What switches the service, and how everything is.

use lessor_env::Env;
use lessor_server::{Command, Origin, Reply};
use lessor_types::Secs;
use serde_json::{Value, json};

use super::{Done, ask, command, ending};
use crate::control::envelope::Answer;
use crate::control::{Desk, status};
use crate::journal::Compacting;
use crate::request::Request;

pub(super) async fn status_get(desk: &Desk<impl Env>) -> Answer {
    match ask(desk, Request::Report).await {
        Some(report) => Answer::success("").with(status::show(&report)),
        None => ending(),
    }
}

pub(super) async fn compact(desk: &Desk<impl Env>) -> Answer {
    match ask(desk, Request::Compact).await {
        Some(Compacting::Begun) => Answer::success("kea-lfc started"),
        Some(Compacting::GoingOn) => {
            Answer { result: Answer::EMPTY, ..Answer::success("kea-lfc already running") }
        }
        Some(Compacting::NothingWritten) => Answer {
            result: Answer::UNSUPPORTED,
            ..Answer::success(
                "'persist' parameter of 'memfile' lease backend was configured to 'false'",
            )
        },
        Some(Compacting::Failed(why)) => Answer::error(format!("failed to start kea-lfc: {why}")),
        None => ending(),
    }
}

pub(super) async fn server_tag_get(desk: &Desk<impl Env>) -> Answer {
    match ask(desk, Request::Config).await {
        Some(config) => Answer::success("").with(json!({ "server-tag": config.server_tag })),
        None => ending(),
    }
}

pub(super) fn shutdown(arguments: Option<&Value>) -> Done {
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

pub(super) async fn disable(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    let (period, origin) = match (period(arguments), origin("dhcp-disable", arguments)) {
        (Ok(period), Ok(origin)) => (period, origin),
        (Err(why), Err(other)) if why != other => return Answer::error(format!("{why} {other}")),
        (Err(why), _) | (_, Err(why)) => return Answer::error(why),
    };
    match command(desk, Command::Disable { origin, period }).await {
        Some(Reply::Done) => Answer::success(match period {
            Some(period) => format!("DHCPv4 service disabled for {period} seconds"),
            None => "DHCPv4 service disabled".to_owned(),
        }),
        _ => ending(),
    }
}

pub(super) async fn enable(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    let origin = match origin("dhcp-enable", arguments) {
        Ok(origin) => origin,
        Err(why) => return Answer::error(why),
    };
    match command(desk, Command::Enable { origin }).await {
        Some(Reply::Done) => Answer::success("DHCP service successfully enabled"),
        _ => ending(),
    }
}

fn period(arguments: Option<&Value>) -> Result<Option<Secs>, String> {
    let Some(Value::Object(fields)) = arguments else {
        return Ok(None);
    };
    let Some(value) = fields.get("max-period") else {
        return Ok(None);
    };
    let secs = value.as_i64().ok_or("'max-period' argument must be a number")?;
    match u32::try_from(secs) {
        Ok(secs @ 1..) => Ok(Some(Secs(secs))),
        _ => Err("'max-period' must be positive integer".to_owned()),
    }
}

/// Who asks, as far as the arguments tell.
fn origin(name: &str, arguments: Option<&Value>) -> Result<Origin, String> {
    let fields = match arguments {
        None => return Ok(Origin::USER),
        Some(Value::Object(fields)) => fields,
        Some(_) => return Err(format!("arguments for the '{name}' command must be a map")),
    };
    let numbered = |number: i64| match u32::try_from(number) {
        Ok(number @ (1 | 1000..=2999 | 3000)) => Ok(Origin(number)),
        _ => Err(format!("invalid value used for 'origin' parameter: {number}")),
    };
    match (fields.get("origin-id"), fields.get("origin")) {
        (Some(id), _) => numbered(id.as_i64().ok_or("'origin-id' argument must be a number")?),
        (None, None) => Ok(Origin::USER),
        (None, Some(Value::String(word))) => match word.as_str() {
            "user" => Ok(Origin::USER),
            "ha-partner" => Ok(Origin::PARTNER),
            other => {
                let shown = if other.is_empty() { "(empty string)" } else { other };
                Err(format!("invalid value used for 'origin' parameter: {shown}"))
            }
        },
        (None, Some(value)) => {
            numbered(value.as_i64().ok_or("'origin' argument must be a string or a number")?)
        }
    }
}

pub(super) async fn reclaim(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    let remove = match arguments.and_then(|arguments| arguments.get("remove")) {
        Some(Value::Bool(remove)) => *remove,
        Some(_) => return Answer::error("'remove' parameter expected to be a boolean."),
        None => return Answer::error("Missing mandatory 'remove' parameter."),
    };
    match command(desk, Command::Reclaim { remove }).await {
        Some(Reply::Reclaimed(true)) => {
            Answer::success("Reclamation of expired leases is complete.")
        }
        Some(_) => Answer::error("not every expired lease could be reclaimed: see the log"),
        None => ending(),
    }
}

pub(super) async fn hold_off_begin(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    let period = match arguments.and_then(|arguments| arguments.get("period")) {
        None => None,
        Some(value) => match value.as_u64().and_then(|secs| u32::try_from(secs).ok()) {
            Some(secs @ 1..) => Some(Secs(secs)),
            _ => return Answer::error("'period' must be a positive number of seconds"),
        },
    };
    match command(desk, Command::BeginHoldOff { period }).await {
        Some(Reply::Done) => {
            Answer::success("Hold-off begun: addresses go only to clients that use them already.")
        }
        Some(_) => Answer::error("no lease can be missing from a store that others write too"),
        None => ending(),
    }
}

pub(super) async fn hold_off_end(desk: &Desk<impl Env>) -> Answer {
    match command(desk, Command::EndHoldOff).await {
        Some(Reply::Done) => Answer::success("No hold-off lasts: addresses go to everybody."),
        _ => ending(),
    }
}
