//! What shows and adds interfaces.

use lessor_env::Env;
use lessor_types::Interface;
use serde_json::{Value, json};

use super::{ask, ending};
use crate::control::Desk;
use crate::control::envelope::Answer;
use crate::request::{Interfaces, Request};

pub(super) async fn list(desk: &Desk<impl Env>, redetect: bool) -> Answer {
    match ask(desk, |asker| Request::Interfaces { redetect, asker }).await {
        Some(Ok(Interfaces { found, served })) => {
            let told = format!("{} interfaces detected.", found.len());
            let all: Value =
                found.iter().map(|one| show(one, served.contains(&one.index))).collect();
            Answer::success(told).with(json!({ "interfaces": all }))
        }
        Some(Err(why)) => Answer::error(format!(
            "Unexpected error while retrieving the list of detected interfaces: {why}"
        )),
        None => ending(),
    }
}

pub(super) async fn add(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    let names = match names(arguments) {
        Ok(names) => names,
        Err(why) => return Answer::error(why),
    };
    match ask(desk, |asker| Request::AddInterfaces(names, asker)).await {
        Some(Ok(_)) => Answer::success("Interface configuration successfully updated."),
        Some(Err(why)) => Answer::error(format!("Updating used interfaces failed: {why}")),
        None => ending(),
    }
}

fn show(interface: &Interface, in_use: bool) -> Value {
    let octets = interface.mac.iter().flatten();
    let mac: Vec<String> = octets.map(|octet| format!("{octet:02x}")).collect();
    json!({
        "name": interface.name,
        "index": interface.index,
        "mac": mac.join(":"),
        "type": interface.hardware,
        "addresses": interface.addrs,
        "flag-loopback": interface.loopback,
        "flag-up": interface.up,
        "flag-running": interface.running,
        "flag-multicast": interface.multicast,
        "flag-broadcast": interface.broadcast,
        "in-use": in_use,
    })
}

fn names(arguments: Option<&Value>) -> Result<Vec<String>, String> {
    let fields = match arguments {
        None => return Err("Missing mandatory 'arguments' parameter.".to_owned()),
        Some(Value::Object(fields)) => fields,
        Some(_) => {
            return Err("arguments for the 'interface-add' command must be a map".to_owned());
        }
    };
    let names = fields
        .get("interfaces")
        .ok_or("Missing mandatory 'interfaces' map parameter in 'arguments'.")?;
    if let Some(other) = fields.keys().find(|key| *key != "interfaces") {
        return Err(format!("Unsupported '{other}' map parameter in 'arguments'."));
    }
    let failed = |why| format!("Updating used interfaces failed: {why}");
    let names = names.as_array().ok_or_else(|| failed("'interfaces' is not a list"))?;
    let text = |name: &Value| name.as_str().map(str::to_owned);
    names.iter().map(text).collect::<Option<_>>().ok_or_else(|| failed("a name is not a string"))
}
