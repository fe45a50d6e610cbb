//! `hooks-libraries`: which of the features that Kea has in libraries are switched on.

mod flex;
mod limits;
mod ping_check;

pub(super) use limits::read as read_limits;
pub(super) use ping_check::read_override as read_ping_check;

use super::Words;
use super::section::Section;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::hooks::{Feature, Hook, Hooks};
use crate::source::Span;
use crate::spelling;

/// What becomes of a library.
#[derive(Clone, Copy)]
enum Fate {
    /// It has a feature that is built in, and parameters of its own.
    Switch,
    /// What it does is there without it.
    BuiltIn,
    /// What it does is not there yet, and nobody is worse off.
    NotYet(&'static str),
    /// What it does is not there yet, and it restricts, protects or decides who gets what.
    NotYetProtects(&'static str),
    /// There is nothing here that it could do.
    Moot(&'static str),
    /// It is another program's.
    Elsewhere(&'static str),
}

/// All libraries that Kea has had.
const LIBRARIES: &[(&str, Fate)] = &[
    ("libdhcp_bootp", Fate::Switch),
    ("libdhcp_flex_id", Fate::Switch),
    ("libdhcp_flex_option", Fate::Switch),
    ("libdhcp_limits", Fate::Switch),
    ("libdhcp_ping_check", Fate::Switch),
    ("libdhcp_lease_cmds", Fate::BuiltIn),
    ("libdhcp_stat_cmds", Fate::BuiltIn),
    ("libdhcp_cb_cmds", Fate::NotYet("its commands are not there yet")),
    ("libdhcp_class_cmds", Fate::NotYet("its commands are not there yet")),
    ("libdhcp_host_cmds", Fate::NotYet("its commands are not there yet")),
    ("libdhcp_subnet_cmds", Fate::NotYet("its commands are not there yet")),
    ("libdhcp_mysql", Fate::NotYet("there are no databases yet")),
    ("libdhcp_mysql_cb", Fate::NotYet("there are no databases yet")),
    ("libdhcp_pgsql", Fate::NotYet("there are no databases yet")),
    ("libdhcp_pgsql_cb", Fate::NotYet("there are no databases yet")),
    ("libdhcp_ddns_tuning", Fate::NotYet("names are not put into the DNS yet")),
    ("libdhcp_lease_query", Fate::NotYet("lease queries are not answered yet")),
    ("libdhcp_legal_log", Fate::NotYet("nothing is written to a log of its own yet")),
    ("libdhcp_run_script", Fate::NotYet("no script is run yet")),
    ("libdhcp_ha", Fate::NotYetProtects("its partner would lease the same addresses")),
    ("libdhcp_radius", Fate::NotYetProtects("it decides who is served")),
    ("libdhcp_rbac", Fate::NotYetProtects("it decides who may command")),
    ("libdhcp_user_chk", Fate::NotYetProtects("it decides who is served, and where")),
    ("libdhcp_host_cache", Fate::Moot("hosts are in memory")),
    ("libdhcp_perfmon", Fate::NotYet("durations are not measured yet")),
    ("libddns_gss_tsig", Fate::Elsewhere("the DNS updater")),
];

/// The features that are switched on.
pub(super) fn read(dhcp4: &Section<'_>, words: Words<'_>, out: &mut Diagnostics) -> Hooks {
    let list = dhcp4.path.key("hooks-libraries");
    let mut hooks = Hooks::default();
    let mut places: Vec<(&str, Span)> = Vec::new();
    for (index, value) in dhcp4.list("hooks-libraries").iter().enumerate() {
        let Some(map) = value.as_map() else {
            continue;
        };
        let section = Section::new(map, value.span, list.index(index));
        let path = section.path.key("library");
        let place = section.place("library");
        let Some(library) = section.text("library") else {
            if section.value("library").is_none() {
                out.push(
                    Diagnostic::error(section.span, section.path, "`library` is missing")
                        .hint("expected a name such as \"libdhcp_ping_check.so\""),
                );
            }
            continue;
        };
        let name = base_name(library);
        if let Some((_, earlier)) = places.iter().find(|(other, _)| *other == name) {
            out.push(
                Diagnostic::error(place, path, format!("`{name}` is given twice"))
                    .hint("each library stands once")
                    .related(*earlier, "the first time"),
            );
            continue;
        }
        places.push((name, place));
        let Some((name, fate)) = LIBRARIES.iter().find(|(known, _)| *known == name) else {
            out.push(stranger(name, place, path));
            continue;
        };
        if let Some(finding) = told(name, *fate, place, path) {
            out.push(finding);
        }
        let feature = match fate {
            Fate::Switch => read_feature(name, &section, words, out),
            Fate::BuiltIn => Some(Feature::BuiltIn),
            _ => None,
        };
        hooks.0.extend(feature.map(|feature| Hook { library: library.to_owned(), feature }));
    }
    hooks
}

fn read_feature(
    name: &str,
    library: &Section<'_>,
    words: Words<'_>,
    out: &mut Diagnostics,
) -> Option<Feature> {
    let parameters = library.section("parameters");
    Some(match name {
        "libdhcp_bootp" => Feature::Bootp,
        "libdhcp_flex_id" => Feature::FlexId(flex::read_id(&parameters, words, out)?),
        "libdhcp_flex_option" => Feature::FlexOption(flex::read_options(&parameters, words, out)),
        "libdhcp_limits" => Feature::Limits,
        _ => Feature::PingCheck(ping_check::read(&parameters, out)),
    })
}

/// What to say of a library that is known.
fn told(name: &str, fate: Fate, place: Span, path: impl Into<String>) -> Option<Diagnostic> {
    Some(match fate {
        Fate::Switch => return None,
        Fate::BuiltIn => {
            let told = format!("`{name}` is built in: there is nothing to switch on");
            Diagnostic::info(place, path, told)
        }
        Fate::NotYet(why) => {
            let told = format!("`{name}` is accepted but not in effect yet");
            Diagnostic::warning(place, path, told).hint(why)
        }
        Fate::NotYetProtects(why) => {
            let told = format!("`{name}` is not in effect yet");
            let hint = format!("{why}, so it is not ignored: take it out to go on without it");
            Diagnostic::error(place, path, told).hint(hint)
        }
        Fate::Moot(why) => {
            let told = format!("`{name}` is accepted; there is nothing here that it would do");
            Diagnostic::info(place, path, told).hint(why)
        }
        Fate::Elsewhere(program) => {
            let told = format!("`{name}` belongs to {program}");
            Diagnostic::error(place, path, told).hint("take it out")
        }
    })
}

/// What to say of a library that is not: it might have kept somebody out.
fn stranger(name: &str, place: Span, path: impl Into<String>) -> Diagnostic {
    let finding = Diagnostic::error(place, path, format!("no library is known as `{name}`"));
    match spelling::nearest(name, LIBRARIES.iter().map(|(known, _)| *known)) {
        Some(near) => finding.hint(format!("did you mean `{near}`?")),
        None => finding.hint(
            "libraries are not loaded; the names of Kea's switch on what is built in, and others \
             have nothing to switch on",
        ),
    }
}

/// Says so if what stands under a key of a user context is no map.
fn expect_map(context: &Section<'_>, key: &str, out: &mut Diagnostics) {
    if let Some(value) = context.value(key).filter(|value| value.as_map().is_none()) {
        let found = format!("found {}", value.describe());
        out.push(
            Diagnostic::error(value.span, context.path.key(key), found).hint("expected a map"),
        );
    }
}

/// The name without its folder and `.so`.
fn base_name(library: &str) -> &str {
    let name = library.rsplit_once('/').map_or(library, |(_, name)| name);
    name.strip_suffix(".so").unwrap_or(name)
}
