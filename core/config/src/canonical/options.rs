//! Options and their definitions in Kea's spelling.

use super::{context, names};
use crate::json::{Map, Value};
use crate::option_def::{self, OptionDef};
use crate::option_set::{Given, OptionSet, Sending, Space};
use crate::option_text;

fn def(def: &OptionDef) -> Map {
    let names: Vec<&str> = def.fields.iter().filter_map(|kind| kind.name()).collect();
    let (kind, fields) = match names.as_slice() {
        [] => ("empty", String::new()),
        [one] => (*one, String::new()),
        several => ("record", several.join(", ")),
    };
    Map::default()
        .with("name", def.name.as_str())
        .with("code", u32::from(def.code))
        .with("space", def.space.to_string())
        .with("type", kind)
        .with("record-types", fields)
        .with("array", def.array)
        .with("encapsulate", def.encapsulates.as_ref().map(Space::to_string).unwrap_or_default())
        .with_some("user-context", context(&def.context, []))
}

pub(super) fn defs(defs: &[OptionDef]) -> Value {
    defs.iter().map(def).collect()
}

/// Options, as text where what is known of them says how.
pub(super) fn data(options: &OptionSet, defs: &[&[OptionDef]]) -> Value {
    let option = |given: &Given| {
        let Given { space, code, octets, sending, classes, context: noted } = given;
        let known = option_def::find_code(defs, space, *code);
        let text = known.as_ref().and_then(|it| option_text::print(it.layout, octets));
        let is_empty =
            octets.is_empty() && known.as_ref().is_some_and(|it| it.layout.fields.is_empty());
        let readable = text.is_some() || is_empty;
        Map::default()
            .with_some("name", known.as_ref().map(|it| it.name))
            .with("code", u32::from(*code))
            .with("space", space.to_string())
            .with("csv-format", readable)
            .with("data", text.unwrap_or_else(|| option_text::hex(octets)))
            .with("always-send", *sending == Sending::Always)
            .with("never-send", *sending == Sending::Never)
            .with("client-classes", names(classes))
            .with_some("user-context", context(noted, []))
    };
    options.iter().map(option).collect()
}
