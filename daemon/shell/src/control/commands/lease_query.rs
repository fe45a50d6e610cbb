//! Which leases are meant, in the order in which clients know the errors.

use std::net::{IpAddr, Ipv4Addr};

use lessor_lease::State;
use lessor_types::{ClientId, Hex, HwAddr, IdentityError, SubnetId, Unit};
use serde_json::{Map, Value};

/// No page is as long as this. A shorter one than asked for would be taken for the last one, so
/// whoever asks for more is refused.
const PAGE_MAX: u32 = 100_000;

/// What finds one lease.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Key {
    Unit(Unit),
    HwAddr(HwAddr, SubnetId),
    ClientId(ClientId, SubnetId),
}

pub(super) fn key(arguments: Option<&Value>) -> Result<Key, String> {
    let Some(Value::Object(fields)) = arguments else {
        return Err("Parameters missing or are not a map.".to_owned());
    };
    if fields.get("update-ddns").is_some_and(|it| !it.is_boolean()) {
        return Err("'update-ddns' is not a boolean".to_owned());
    }
    match fields.get("type") {
        None => {}
        Some(Value::String(kind))
            if ["V4", "IA_NA", "IA_PD", "0", "2"].contains(&kind.as_str()) => {}
        Some(other) => {
            let other = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
            return Err(format!(
                "Invalid lease type specified: {other}, only supported values are: IA_NA, IA_PD and V4"
            ));
        }
    }
    match fields.get("ip-address") {
        Some(Value::String(text)) => v4(text).map(Key::Unit),
        Some(_) => Err("'ip-address' is not a string.".to_owned()),
        None => key_in_subnet(fields),
    }
}

fn key_in_subnet(fields: &Map<String, Value>) -> Result<Key, String> {
    let number = |name: &str| match fields.get(name).map(Value::as_i64) {
        None => Ok(None),
        Some(None) => Err(format!("'{name}' parameter is not integer.")),
        Some(Some(number)) => match u32::try_from(number) {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(format!("'{name}' parameter is not a 32 bit unsigned integer.")),
        },
    };
    let subnet = number("subnet-id")?.ok_or("Mandatory 'subnet-id' parameter missing.")?;
    if fields.contains_key("iaid") {
        return Err("'iaid' parameter is specific to DHCPv6.".to_owned());
    }
    let text = |name: &str| {
        fields.get(name).and_then(Value::as_str).ok_or_else(|| {
            format!("No 'ip-address' provided and '{name}' is either missing or not a string.")
        })
    };
    let (kind, identifier) = (text("identifier-type")?, text("identifier")?);
    let bad = |why| format!("Bad '{kind}' identifier: {why}");
    let subnet = SubnetId(subnet);
    match kind {
        "hw-address" => hw(identifier).map(|hw| Key::HwAddr(hw, subnet)).map_err(bad),
        "client-id" => id(identifier).map(|id| Key::ClientId(id, subnet)).map_err(bad),
        "duid" => Err("Query by duid is not allowed in v4.".to_owned()),
        other => Err(format!(
            "Incorrect identifier type: {other}, the only supported values are: hw-address, duid, \
             client-id"
        )),
    }
}

/// The subnets whose leases are meant; all leases where nothing is said.
pub(super) fn subnets(arguments: Option<&Value>) -> Result<Option<Vec<SubnetId>>, String> {
    let Some(arguments) = arguments else {
        return Ok(None);
    };
    let listed = arguments.get("subnets").ok_or("'subnets' parameter not specified")?;
    let listed = listed.as_array().ok_or("'subnets' parameter must be a list")?;
    let subnet = |value: &Value| {
        let number = value.as_i64().ok_or("listed subnet identifiers must be numbers")?;
        match u32::try_from(number) {
            Ok(number) => Ok(SubnetId(number)),
            Err(_) => Err(format!("out of range subnet identifier {number}")),
        }
    };
    listed.iter().map(subnet).collect::<Result<Vec<_>, _>>().map(Some)
}

pub(super) fn client_id(arguments: Option<&Value>) -> Result<ClientId, String> {
    id(text(arguments, "client-id")?).map_err(|why| format!("bad 'client-id' parameter: {why}"))
}

pub(super) fn hw_address(arguments: Option<&Value>) -> Result<HwAddr, String> {
    match text(arguments, "hw-address")? {
        "" => Err("'hw-address' parameter must not be empty".to_owned()),
        text => hw(text).map_err(|why| format!("bad 'hw-address' parameter: {why}")),
    }
}

pub(super) fn hostname(arguments: Option<&Value>) -> Result<&str, String> {
    match text(arguments, "hostname")? {
        "" => Err("'hostname' parameter is empty".to_owned()),
        name => Ok(name),
    }
}

/// The number of a state, and the subnet if one is meant.
pub(super) fn state(arguments: Option<&Value>) -> Result<(u32, Option<SubnetId>), String> {
    let fields = map(arguments)?;
    let state = match fields.get("state").ok_or("'state' parameter not specified")? {
        Value::String(name) if name.is_empty() => {
            return Err("'state' parameter is empty".to_owned());
        }
        Value::String(name) => named_state(name).map(|state| u32::from(state.number())),
        Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
        _ => return Err("'state' parameter must be a number or a string".to_owned()),
    };
    let state = state.ok_or_else(|| {
        let given = fields.get("state").and_then(Value::as_str).map(str::to_owned);
        let given = given.unwrap_or_else(|| fields["state"].to_string());
        format!("'state' parameter value ({given}) is not recognized")
    })?;
    let subnet = match fields.get("subnet-id") {
        None => 0,
        Some(value) => {
            let number = value.as_i64().ok_or("'subnet-id' parameter must be a number")?;
            u32::try_from(number)
                .map_err(|_| "'subnet-id' parameter must be a 32 bit unsigned integer")?
        }
    };
    Ok((state, (subnet != 0).then_some(SubnetId(subnet))))
}

/// What clients call a state.
pub(super) fn state_name(state: State) -> &'static str {
    match state {
        State::Assigned => "default",
        State::Declined => "declined",
        State::Reclaimed => "expired-reclaimed",
        State::Released => "released",
        State::Registered => "registered",
    }
}

fn named_state(name: &str) -> Option<State> {
    match name {
        "assigned" => Some(State::Assigned),
        _ => (0..=4).filter_map(State::from_number).find(|state| state_name(*state) == name),
    }
}

/// Where a page begins and how long it is.
pub(super) fn page(arguments: Option<&Value>) -> Result<(Option<Unit>, u32), String> {
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

fn map(arguments: Option<&Value>) -> Result<&Map<String, Value>, String> {
    // Spelled as clients know it.
    let told = "Command arguments missing or a not a map.";
    arguments.and_then(Value::as_object).ok_or_else(|| told.to_owned())
}

fn text<'a>(arguments: Option<&'a Value>, name: &str) -> Result<&'a str, String> {
    let value = map(arguments)?.get(name);
    let value = value.ok_or_else(|| format!("'{name}' parameter not specified"))?;
    value.as_str().ok_or_else(|| format!("'{name}' parameter must be a string"))
}

fn v4(text: &str) -> Result<Unit, String> {
    match text.parse() {
        Ok(IpAddr::V4(addr)) => Ok(Unit::V4(addr)),
        Ok(IpAddr::V6(addr)) => Err(format!("Invalid IPv4 address specified: {addr}")),
        Err(_) => Err(format!("Failed to convert string to address '{text}': Invalid argument")),
    }
}

fn hw(text: &str) -> Result<HwAddr, IdentityError> {
    HwAddr::new(HwAddr::ETHERNET, &Hex::parse(text)?)
}

/// Pairs of digits, with colons or without.
fn id(text: &str) -> Result<ClientId, IdentityError> {
    if text.contains(':') || !text.is_ascii() {
        return text.parse();
    }
    let pairs: Vec<&str> =
        (0..text.len()).step_by(2).map(|at| text.get(at..at + 2).unwrap_or("?")).collect();
    pairs.join(":").parse()
}
