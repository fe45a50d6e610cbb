//! `client-classes`: their tests and what they give, and where subnets and pools ask for them.

use std::collections::BTreeMap;

use lessor_expression::{Expression, SyntaxError};

use super::section::{Chain, Renamed, Section, addr, within};
use super::vocabulary::Vocabulary;
use super::{hooks, option_data, timing};
use crate::class_names;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Class, Lifetime, Membership};
use crate::source::Span;
use crate::spelling;

const ONLY_ADDITIONAL: Renamed =
    Renamed { new: "only-in-additional-list", old: "only-if-required" };
const GUARDS: Renamed = Renamed { new: "client-classes", old: "client-class" };
const ADDITIONAL: Renamed =
    Renamed { new: "evaluate-additional-classes", old: "require-client-classes" };

/// Built in since version 3.1.7 of Kea, to keep its members out.
const REJECT: &str = "REJECT";

/// The classes in the order of the file.
pub(super) fn read(
    dhcp4: &Section<'_>,
    vocabulary: &Vocabulary,
    out: &mut Diagnostics,
) -> Vec<Class> {
    let list = dhcp4.path.key("client-classes");
    let mut classes = Vec::new();
    let mut places = BTreeMap::new();
    for (index, value) in dhcp4.list("client-classes").iter().enumerate() {
        let Some(map) = value.as_map() else {
            continue;
        };
        let section = Section::new(map, value.span, list.index(index));
        let name = read_name(&section, &mut places, out);
        let membership = read_membership(&section, name, &places, out);
        let only_additional = read_only_additional(&section, name, out);
        let own = vocabulary.of_class(index);
        let options = option_data::read_with(&section, vocabulary, own, out);
        let lifetime = read_lifetime(&section, out);
        let boot = |key| section.text(key).filter(|text| !text.is_empty()).map(str::to_owned);
        // Without a name there was an error, and no configuration comes of this.
        classes.extend(name.map(|name| Class {
            only_additional,
            lifetime,
            offer_lifetime: section.secs("offer-lifetime"),
            next_server:
                section.value("next-server").and_then(addr).filter(|it| !it.is_unspecified()),
            server_hostname: boot("server-hostname"),
            boot_file_name: boot("boot-file-name"),
            option_defs: own.to_vec(),
            options,
            context: section.context(),
            ..Class::new(name.to_owned(), membership)
        }));
    }
    classes
}

/// What the classes' user contexts limit. `on` is whether limits hold at all.
pub(super) fn read_limits(
    dhcp4: &Section<'_>,
    classes: &mut [Class],
    on: bool,
    out: &mut Diagnostics,
) {
    let list = dhcp4.path.key("client-classes");
    for (index, value) in dhcp4.list("client-classes").iter().enumerate() {
        let Some(map) = value.as_map() else {
            continue;
        };
        let section = Section::new(map, value.span, list.index(index));
        let limits = hooks::read_limits(&section, on, out);
        let name = section.text("name");
        if let Some(class) = classes.iter_mut().find(|class| Some(class.name.as_str()) == name) {
            class.limits = limits;
        }
    }
}

/// Says so if nobody can be in the class that is named under a key.
pub(super) fn check_name(
    section: &Section<'_>,
    key: &str,
    name: &str,
    classes: &[Class],
    out: &mut Diagnostics,
) {
    if is_defined(name, classes) {
        return;
    }
    let known = classes.iter().map(|class| class.name.as_str());
    let told = format!("no class is named `{name}`: nobody is in it");
    let finding = Diagnostic::warning(section.place(key), section.path.key(key), told);
    out.push(match spelling::nearest(name, known) {
        Some(near) => finding.hint(format!("did you mean `{near}`?")),
        None => finding,
    });
}

/// The classes that a subnet or a pool is for.
pub(super) fn read_guards(
    section: &Section<'_>,
    classes: &[Class],
    out: &mut Diagnostics,
) -> Vec<String> {
    read_names(section, GUARDS, classes, "nobody is in it", out)
}

/// The classes that a subnet or a pool tests its clients for.
pub(super) fn read_additional(
    section: &Section<'_>,
    classes: &[Class],
    out: &mut Diagnostics,
) -> Vec<String> {
    read_names(section, ADDITIONAL, classes, "it gives nothing", out)
}

/// The classes that a reservation puts its client in.
pub(super) fn read_joined(
    section: &Section<'_>,
    classes: &[Class],
    out: &mut Diagnostics,
) -> Vec<String> {
    read_names(section, GUARDS, classes, "it gives nothing", out)
}

/// The name, which is kept in `places` for the classes after this one.
fn read_name<'a>(
    section: &Section<'a>,
    places: &mut BTreeMap<&'a str, Span>,
    out: &mut Diagnostics,
) -> Option<&'a str> {
    let path = section.path.key("name");
    let place = section.place("name");
    let Some(name) = section.text("name").filter(|name| !name.is_empty()) else {
        if section.value("name").is_none_or(|it| it.as_text().is_some()) {
            out.push(
                Diagnostic::error(place, path, "a class has no name").hint("expected a `name`"),
            );
        }
        return None;
    };
    if name == REJECT {
        let told = format!("the class `{REJECT}` is not in effect yet");
        out.push(
            Diagnostic::error(place, path, told)
                .hint(format!("`{}` leaves its members without an answer", class_names::DROP)),
        );
    } else if let Some(earlier) = places.get(name) {
        out.push(
            Diagnostic::error(place, path, format!("`{name}` is another class's name"))
                .hint("each class has its own")
                .related(*earlier, "the other class"),
        );
    }
    places.entry(name).or_insert(place);
    Some(name)
}

fn read_membership(
    section: &Section<'_>,
    name: Option<&str>,
    places: &BTreeMap<&str, Span>,
    out: &mut Diagnostics,
) -> Membership {
    let filled = |key| section.value(key).filter(|value| value.as_text() != Some(""));
    let (key, value, template) = match (filled("test"), filled("template-test")) {
        (None, None) => return Membership::Given,
        (Some(test), None) => ("test", test, false),
        (None, Some(template)) => ("template-test", template, true),
        (Some(test), Some(template)) => {
            out.push(
                Diagnostic::error(
                    template.span,
                    section.path.key("template-test"),
                    "a class has one test",
                )
                .hint("give `test` or `template-test`")
                .related(test.span, "test"),
            );
            return Membership::Given;
        }
    };
    let Some(text) = value.as_text() else {
        return Membership::Given;
    };
    let path = section.path.key(key);
    if let Some(name) = name.filter(|name| class_names::is_built_in(name)) {
        let told = format!("who is in `{name}` is not for a test to say");
        out.push(
            Diagnostic::error(value.span, path, told)
                .hint("such classes come from the server itself: choose another name"),
        );
        return Membership::Given;
    }
    let read = if template { Expression::parse_string(text) } else { Expression::parse_bool(text) };
    let expression = match read {
        Ok(expression) => expression,
        Err(SyntaxError { span, kind }) => {
            let place = within(value, &span, out.sources());
            out.push(Diagnostic::error(place, path, kind.to_string()));
            return Membership::Given;
        }
    };
    for other in expression.depends_on() {
        let earlier = places.contains_key(other) && name != Some(other);
        if !earlier && !class_names::is_known(other) {
            let quoted = format!("'{other}'");
            let place = match text.find(&quoted) {
                Some(at) => within(value, &(at..at + quoted.len()), out.sources()),
                None => value.span,
            };
            let told = format!("`{other}` is not defined before this class");
            out.push(
                Diagnostic::error(place, section.path.key(key), told)
                    .hint("classes are tested in the order of the file"),
            );
        }
    }
    if template { Membership::Template(expression) } else { Membership::Test(expression) }
}

fn read_only_additional(section: &Section<'_>, name: Option<&str>, out: &mut Diagnostics) -> bool {
    let key = ONLY_ADDITIONAL.spelling(section, out);
    let only = section.flag(key).unwrap_or(false);
    let is_early = |name: &&str| class_names::is_known(name) && *name != class_names::SKIP_DDNS;
    if only && let Some(name) = name.filter(is_early) {
        let told = format!("`{name}` does not wait for a subnet");
        out.push(
            Diagnostic::error(section.place(key), section.path.key(key), told)
                .hint("expected false"),
        );
    }
    only
}

/// The lifetimes of a class, if it has any. One bound alone is all three.
fn read_lifetime(section: &Section<'_>, out: &mut Diagnostics) -> Option<Lifetime> {
    if section.value("valid-lifetime").is_some() {
        return Some(timing::read_lifetime(Chain(&[section]), out));
    }
    let all = |secs| Lifetime { default: secs, min: secs, max: secs };
    match (section.secs("min-valid-lifetime"), section.secs("max-valid-lifetime")) {
        (Some(min), Some(max)) if min != max => {
            out.push(
                Diagnostic::error(
                    section.place("min-valid-lifetime"),
                    section.path.key("min-valid-lifetime"),
                    "there are bounds and nothing between them",
                )
                .hint("give `valid-lifetime` too"),
            );
            None
        }
        (min, max) => min.or(max).map(all),
    }
}

/// Names of classes in either spelling, each once.
fn read_names(
    section: &Section<'_>,
    key: Renamed,
    classes: &[Class],
    effect: &str,
    out: &mut Diagnostics,
) -> Vec<String> {
    let spelling = key.spelling(section, out);
    let path = section.path.key(spelling);
    let values = match section.value(spelling) {
        Some(one) if one.as_text().is_some() => std::slice::from_ref(one),
        _ => section.list(spelling),
    };
    let mut names: Vec<String> = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let Some(name) = value.as_text().filter(|name| !name.is_empty()) else {
            continue;
        };
        if !is_defined(name, classes) {
            let known = classes.iter().map(|class| class.name.as_str());
            let told = format!("no class is named `{name}`: {effect}");
            let at = if spelling == GUARDS.old { path } else { path.index(index) };
            let finding = Diagnostic::warning(value.span, at, told);
            out.push(match spelling::nearest(name, known) {
                Some(near) => finding.hint(format!("did you mean `{near}`?")),
                None => finding,
            });
        }
        if !names.iter().any(|other| other == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// Whether anybody can be in the class. What a template makes counts if there is the template.
fn is_defined(name: &str, classes: &[Class]) -> bool {
    if let Some(made) = name.strip_prefix(class_names::SPAWN_PREFIX) {
        return classes.iter().any(|class| {
            let value = made.strip_prefix(class.name.as_str()).and_then(|it| it.strip_prefix('_'));
            matches!(class.membership, Membership::Template(_)) && value.is_some()
        });
    }
    class_names::is_known(name) || classes.iter().any(|class| class.name == name)
}
