//! Which subnet a packet from somewhere would get.

use std::net::{Ipv4Addr, Ipv6Addr};

use lessor_env::Env;
use serde_json::{Map, Value};

use super::{ask, ending};
use crate::control::Desk;
use crate::control::envelope::Answer;
use crate::request::{Request, Selected, Whereabouts};

pub(super) async fn test4(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    let asked = match fields(arguments).and_then(whereabouts) {
        Ok(asked) => Box::new(asked),
        Err(why) => return Answer::error(why),
    };
    match ask(desk, |asker| Request::Select(asked, asker)).await {
        Some(Some(Selected { id, prefix, network: None })) => {
            Answer::success(format!("selected subnet '{prefix}' id {}", id.0))
        }
        Some(Some(Selected { id, prefix, network: Some(name) })) => Answer::success(format!(
            "selected shared network '{name}' starting with subnet '{prefix}' id {}",
            id.0
        )),
        Some(None) => none(),
        None => ending(),
    }
}

/// No subnet is for DHCPv4 over DHCPv6 yet, so there is nothing to ask but whether the question is
/// well put.
pub(super) fn test4o6(arguments: Option<&Value>) -> Answer {
    let well_put = fields(arguments).and_then(|fields| {
        for (key, value) in fields {
            match key.as_str() {
                "interface" => text(key, value).map(drop)?,
                "interface-id" => interface_id(text(key, value)?)?,
                "address" | "relay" | "subnet" => ipv4(key, value).map(drop)?,
                "local" | "remote" | "link" => ipv6(key, value).map(drop)?,
                "classes" => classes(value).map(drop)?,
                _ => return Err(unknown(key)),
            }
        }
        Ok(())
    });
    well_put.map_or_else(Answer::error, |()| none())
}

fn none() -> Answer {
    Answer { result: Answer::EMPTY, ..Answer::success("no subnet selected") }
}

fn fields(arguments: Option<&Value>) -> Result<&Map<String, Value>, String> {
    let arguments = arguments.ok_or("empty arguments")?;
    arguments.as_object().ok_or_else(|| "arguments must be a map".to_owned())
}

fn whereabouts(fields: &Map<String, Value>) -> Result<Whereabouts, String> {
    let mut asked = Whereabouts::default();
    for (key, value) in fields {
        match key.as_str() {
            "interface" => asked.interface = Some(text(key, value)?.to_owned()),
            "address" => asked.address = Some(ipv4(key, value)?),
            "relay" => asked.relay = Some(ipv4(key, value)?),
            "local" => asked.local = Some(ipv4(key, value)?),
            "remote" => asked.remote = Some(ipv4(key, value)?),
            "link" => asked.link = Some(ipv4(key, value)?),
            "subnet" => asked.subnet = Some(ipv4(key, value)?),
            "classes" => asked.classes = classes(value)?,
            _ => return Err(unknown(key)),
        }
    }
    Ok(asked)
}

fn unknown(key: &str) -> String {
    format!("unknown entry '{key}'")
}

fn text<'a>(key: &str, value: &'a Value) -> Result<&'a str, String> {
    value.as_str().ok_or_else(|| format!("'{key}' entry must be a string"))
}

fn ipv4(key: &str, value: &Value) -> Result<Ipv4Addr, String> {
    let text = text(key, value)?;
    text.parse().map_err(|_| match text.parse::<Ipv6Addr>() {
        Ok(_) => format!("bad '{key}' entry: not IPv4"),
        Err(_) => not_an_address(key, text),
    })
}

fn ipv6(key: &str, value: &Value) -> Result<Ipv6Addr, String> {
    let text = text(key, value)?;
    text.parse().map_err(|_| match text.parse::<Ipv4Addr>() {
        Ok(_) => format!("bad '{key}' entry: not IPv6"),
        Err(_) => not_an_address(key, text),
    })
}

fn not_an_address(key: &str, text: &str) -> String {
    format!("bad '{key}' entry: `{text}` is not an address")
}

fn classes(value: &Value) -> Result<Vec<String>, String> {
    let names = value.as_array().ok_or("'classes' entry must be a list")?;
    let text = |name: &Value| name.as_str().map(str::to_owned);
    let names = names.iter().map(text).collect::<Option<_>>();
    names.ok_or_else(|| "'classes' entry must be a list of strings".to_owned())
}

/// Quoted text, or octets in hexadecimal digits.
fn interface_id(text: &str) -> Result<(), String> {
    let quoted = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
    let digits = text.strip_prefix("0x").unwrap_or(text).replace(':', "");
    match quoted {
        _ if text.is_empty() => Err("'interface-id' must be not empty".to_owned()),
        Some("") => Err("'interface-id' must be not empty".to_owned()),
        Some(_) => Ok(()),
        None if !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_hexdigit()) => Ok(()),
        None => Err("value of 'interface-id' was not recognized".to_owned()),
    }
}
