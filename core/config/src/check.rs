//! The check of a tree against the table of keys.

use std::net::Ipv4Addr;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::json::{Map, Member, Value};
use crate::keys::{self, Effect, Key, Kind, Scope};
use crate::path::Path;
use crate::source::Span;

/// What is still worth saying about effects below a key that is itself not in effect.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    /// Everything.
    Open,
    /// Only what protects; the rest was said.
    Guarded,
    /// Nothing; an error was given for the whole.
    Settled,
}

/// Finds keys that are unknown, misplaced or not in effect, and values of the wrong kind, in the
/// value of `Dhcp4`.
pub(crate) fn check(dhcp4: &Map, path: &Path<'_>, out: &mut Diagnostics) {
    check_map(dhcp4, Scope::Dhcp4, path, Mood::Open, out);
}

/// Finds the same in a map that is the table's only because of where it stands, such as the
/// parameters of a library.
pub(crate) fn check_section(map: &Map, scope: Scope, path: &Path<'_>, out: &mut Diagnostics) {
    check_map(map, scope, path, Mood::Open, out);
}

fn check_map(map: &Map, scope: Scope, path: &Path<'_>, mood: Mood, out: &mut Diagnostics) {
    for member in &map.0 {
        let path = path.key(&member.key);
        match keys::find(scope, &member.key) {
            None => out.push(
                Diagnostic::error(member.key_span, path, "unknown key")
                    .hint(keys::advice(scope, &member.key)),
            ),
            Some(key) => {
                let below = check_effect(key, member, &path, mood, out);
                check_value(&member.value, key.kind, &path, below, out);
            }
        }
    }
}

/// Says that a key is not in effect, if it is not; returns what is worth saying below it.
fn check_effect(
    key: &Key,
    member: &Member,
    path: &Path<'_>,
    mood: Mood,
    out: &mut Diagnostics,
) -> Mood {
    if key.effect == Effect::InEffect
        || mood == Mood::Settled
        || changes_nothing(key, &member.value)
    {
        return mood;
    }
    let span = member.key_span;
    match key.effect {
        Effect::InEffect => mood,
        Effect::NotYetProtects => {
            out.push(not_yet_protects(span, path));
            Mood::Settled
        }
        Effect::NotYet => {
            if mood == Mood::Open {
                out.push(Diagnostic::warning(span, path, "accepted but not in effect yet"));
            }
            Mood::Guarded
        }
        Effect::Moot => {
            if mood == Mood::Open {
                let why = key.why.unwrap_or("there is nothing here that it would tune");
                out.push(Diagnostic::info(span, path, format!("changes nothing: {why}")));
            }
            Mood::Guarded
        }
    }
}

/// The error for what cannot be ignored without harm.
fn not_yet_protects(span: Span, path: impl Into<String>) -> Diagnostic {
    Diagnostic::error(span, path, "not in effect yet").hint(
        "it protects something or decides who gets what, so it is not ignored: take it out to go \
         on without it",
    )
}

/// Whether things are the same without this key.
fn changes_nothing(key: &Key, value: &Value) -> bool {
    if value.to_string() == key.default {
        return true;
    }
    match (key.kind, value.as_map(), value.as_list()) {
        (Kind::Map(scope), Some(map), _) => map_changes_nothing(map, scope),
        (Kind::OneOf(_) | Kind::OneOfOrBool(_), ..) => {
            value.to_string().eq_ignore_ascii_case(key.default)
        }
        _ => false,
    }
}

fn map_changes_nothing(map: &Map, scope: Scope) -> bool {
    map.0.iter().all(|member| {
        keys::find(scope, &member.key).is_some_and(|key| {
            matches!(key.name, "comment" | "user-context") || changes_nothing(key, &member.value)
        })
    })
}

fn check_value(value: &Value, kind: Kind, path: &Path<'_>, mood: Mood, out: &mut Diagnostics) {
    let text = value.as_text();
    let lawful = match kind {
        Kind::Bool => value.as_bool().is_some(),
        Kind::Int { min, max } => value.as_int().is_some_and(|it| min <= it && it <= max),
        Kind::Share { one } => {
            value.as_real().is_some_and(|it| 0.0 <= it && (it < 1.0 || (one && it <= 1.0)))
        }
        Kind::Text | Kind::Secret => text.is_some(),
        Kind::ShortText { octets_max } => text.is_some_and(|it| it.len() <= octets_max),
        Kind::OneOf(words) => text.is_some_and(|it| is_one_of(it, words)),
        Kind::OneOfOrBool(words) => {
            value.as_bool().is_some() || text.is_some_and(|it| is_one_of(it, words))
        }
        Kind::Addr4 => text.is_some_and(|it| it.parse::<Ipv4Addr>().is_ok()),
        Kind::FreeMap => value.as_map().is_some(),
        Kind::Map(scope) => {
            if let Some(map) = value.as_map() {
                check_map(map, scope, path, mood, out);
            }
            value.as_map().is_some()
        }
        Kind::Texts => check_elements(value, Kind::Text, path, mood, out),
        Kind::Addrs4 => check_elements(value, Kind::Addr4, path, mood, out),
        Kind::Maps(scope) => check_elements(value, Kind::Map(scope), path, mood, out),
    };
    if !lawful {
        out.push(
            Diagnostic::error(value.span, path, found(value, kind))
                .hint(format!("expected {kind}")),
        );
    }
}

/// Checks the elements, if it is a list; returns whether it is.
fn check_elements(
    value: &Value,
    kind: Kind,
    path: &Path<'_>,
    mood: Mood,
    out: &mut Diagnostics,
) -> bool {
    for (index, element) in value.as_list().unwrap_or_default().iter().enumerate() {
        check_value(element, kind, &path.index(index), mood, out);
    }
    value.as_list().is_some()
}

fn is_one_of(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// What stands where something else should; the value itself where the kind is right and no secret
/// can be meant.
fn found(value: &Value, kind: Kind) -> String {
    let shown = match kind {
        Kind::Int { .. } => value.as_int().is_some(),
        Kind::Share { .. } => value.as_real().is_some(),
        Kind::OneOf(_) | Kind::OneOfOrBool(_) | Kind::Addr4 => {
            value.as_text().is_some_and(|text| text.len() <= 40)
        }
        _ => false,
    };
    match (kind, value.as_text()) {
        (Kind::ShortText { .. }, Some(text)) => format!("found {} octets", text.len()),
        _ if shown => format!("found {value}"),
        _ => format!("found {}", value.describe()),
    }
}
