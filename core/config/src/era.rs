//! For which versions of Kea a file was written, and which defaults were others then.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::json::{Map, Value};
use crate::keys::{self, Effect, KEYS, Kind, Scope};
use crate::path::Path;
use crate::source::Span;

/// Whose defaults hold.
const NOW: &str = "3";
/// The series in which the spellings of version 3 came up.
const PREVIEW: &str = "2.7";

/// What the keys of a file tell of its age.
#[derive(Default)]
struct Traces {
    /// The first thing that version 3 has otherwise, and what it is.
    old: Option<(Span, String)>,
    /// Whether there are keys that version 2 did not have.
    new: bool,
    /// The keys whose default was another once and that are given somewhere.
    given: BTreeSet<&'static str>,
}

/// Says of each default that changed with version 3 that it did, if the value of `Dhcp4` is in
/// older spelling and leaves it open.
pub(crate) fn tell(dhcp4: &Map, span: Span, path: &Path<'_>, out: &mut Diagnostics) {
    let mut traces = Traces::default();
    traces.read_map(dhcp4, span, Scope::Dhcp4);
    let (Some((place, what)), false) = (traces.old, traces.new) else {
        return;
    };
    for key in KEYS.iter().filter(|key| key.effect == Effect::InEffect) {
        let Some((version, was)) = key.was.filter(|_| !traces.given.contains(key.name)) else {
            continue;
        };
        let told = format!("not given, so {}; Kea had {was} before {version}", key.default);
        out.push(
            Diagnostic::info(span, path.key(key.name), told)
                .hint(format!("`\"{}\": {was}` is as it was", key.name))
                .related(place, format!("{what}, as in files of Kea 2")),
        );
    }
}

impl Traces {
    fn read_map(&mut self, map: &Map, span: Span, scope: Scope) {
        if scope == Scope::Subnet && map.get("id").is_none() {
            self.add_old(span, || "a subnet without `id`".to_owned());
        }
        for member in &map.0 {
            let Some(key) = keys::find(scope, &member.key) else {
                continue;
            };
            let past = key.replaced.or(key.removed);
            if past.is_some_and(|version| keys::is_before(version, NOW)) {
                self.add_old(member.key_span, || format!("`{}`", key.name));
            }
            self.new |= key.since.is_some_and(|version| !keys::is_before(version, PREVIEW));
            if key.was.is_some() {
                self.given.insert(key.name);
            }
            self.read_value(&member.value, key.kind);
        }
    }

    fn read_value(&mut self, value: &Value, kind: Kind) {
        match kind {
            Kind::Map(scope) => {
                if let Some(map) = value.as_map() {
                    self.read_map(map, value.span, scope);
                }
            }
            Kind::Maps(scope) => {
                for element in value.as_list().unwrap_or_default() {
                    self.read_value(element, Kind::Map(scope));
                }
            }
            _ => {}
        }
    }

    fn add_old(&mut self, place: Span, what: impl FnOnce() -> String) {
        if self.old.as_ref().is_none_or(|(earlier, _)| place < *earlier) {
            self.old = Some((place, what()));
        }
    }
}
