//! `option-data`: what clients are told.

use lessor_wire::v4::OptionType;
use lessor_wire::v4::definition::{self, Definition};

use super::section::{Section, within};
use super::vocabulary::Vocabulary;
use crate::OptionSet;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::option_set::{Given, Sending, Space};
use crate::option_text::{self, Misfit};
use crate::source::Span;
use crate::spelling;

/// The options that a map sets.
pub(super) fn read(
    owner: &Section<'_>,
    vocabulary: &Vocabulary,
    out: &mut Diagnostics,
) -> OptionSet {
    let list = owner.path.key("option-data");
    let mut found = OptionSet::new();
    let mut places: Vec<(u8, Vec<String>, Span)> = Vec::new();
    for (index, value) in owner.list("option-data").iter().enumerate() {
        let Some(map) = value.as_map() else {
            continue;
        };
        let section = Section::new(map, value.span, list.index(index));
        // Other spaces were reported as not in effect yet.
        if section.text("space").is_some_and(|space| space != "dhcp4") {
            continue;
        }
        let classes = read_classes(&section, vocabulary, out);
        let Some(identity) = read_identity(&section, out) else {
            continue;
        };
        let code = identity.code;
        let octets = read_octets(&section, &identity, out);
        let twin = |(other, tags, _): &&(u8, Vec<String>, Span)| *other == code && *tags == classes;
        if let Some((.., earlier)) = places.iter().find(twin) {
            out.push(
                Diagnostic::warning(section.span, section.path, format!("option {code} again"))
                    .hint("the first one counts")
                    .related(*earlier, "the first one"),
            );
            continue;
        }
        places.push((code, classes.clone(), section.span));
        if let Some(octets) = octets {
            let sending = read_sending(&section);
            found.push(Given { space: Space::Dhcp4, code, octets, sending, classes });
        }
    }
    found
}

/// When the option is sent. Of both, `never-send` wins.
fn read_sending(section: &Section<'_>) -> Sending {
    let is_set = |key| section.flag(key).unwrap_or(false);
    if is_set("never-send") {
        Sending::Never
    } else if is_set("always-send") {
        Sending::Always
    } else {
        Sending::Asked
    }
}

/// The classes that the option is for.
fn read_classes(
    section: &Section<'_>,
    vocabulary: &Vocabulary,
    out: &mut Diagnostics,
) -> Vec<String> {
    let path = section.path.key("client-classes");
    let mut names: Vec<String> = Vec::new();
    for (index, value) in section.list("client-classes").iter().enumerate() {
        let Some(name) = value.as_text().filter(|name| !name.is_empty()) else {
            continue;
        };
        if !vocabulary.has_class(name) {
            let told = format!("no class is named `{name}`: nobody is in it");
            let finding = Diagnostic::warning(value.span, path.index(index), told);
            out.push(match spelling::nearest(name, vocabulary.classes()) {
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

/// Which option is meant.
struct Identity {
    code: u8,
    definition: Option<&'static Definition>,
}

fn read_identity(section: &Section<'_>, out: &mut Diagnostics) -> Option<Identity> {
    let mut refuse = |key: &str, told: String, hint: String| {
        let path = section.path.key(key);
        out.push(Diagnostic::error(section.place(key), path, told).hint(hint));
    };
    let definition = match (section.value("code"), section.text("name")) {
        (Some(_), name) => {
            let number = section.number("code")?;
            let code = u8::try_from(number).ok().filter(|it| (1..=254).contains(it));
            let Some(code) = code else {
                let told = format!("{number} is no option code");
                refuse("code", told, "expected 1 to 254".to_owned());
                return None;
            };
            let definition = definition::by_code(code);
            let named = name.and_then(definition::by_name);
            if let Some(named) = named.filter(|named| named.code != code) {
                let told = format!("`{}` is option {}, not {code}", named.name, named.code);
                refuse("name", told, "give one of both, or both of one option".to_owned());
                return None;
            }
            let Some(definition) = definition else {
                return Some(Identity { code, definition: None });
            };
            definition
        }
        (None, Some(name)) => match definition::by_name(name) {
            Some(definition) => definition,
            None => {
                let known = definition::all().iter().map(|it| it.name);
                let hint = match spelling::nearest(name, known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "give its `code` and, with csv-format false, its octets".to_owned(),
                };
                refuse("name", format!("`{name}` is no standard option"), hint);
                return None;
            }
        },
        (None, None) => {
            if section.value("name").is_none() {
                out.push(
                    Diagnostic::error(section.span, section.path, "no option is named")
                        .hint("expected `name` or `code`"),
                );
            }
            return None;
        }
    };
    if definition.kind == OptionType::Internal {
        let told = format!("`{}` is made by the server itself", definition.name);
        refuse("data", told, "take it out".to_owned());
        return None;
    }
    Some(Identity { code: definition.code, definition: Some(definition) })
}

fn read_octets(
    section: &Section<'_>,
    identity: &Identity,
    out: &mut Diagnostics,
) -> Option<Vec<u8>> {
    if section.value("data").is_some() && section.text("data").is_none() {
        return None;
    }
    let text = section.text("data").unwrap_or_default();
    let path = section.path.key("data");
    let csv = section.flag("csv-format");
    let outcome = match identity.definition {
        Some(definition) if csv.unwrap_or(true) => {
            option_text::encode(definition.kind, definition.array, text)
        }
        None if csv == Some(true) => {
            let told = format!("option {} is not known, so its form is not", identity.code);
            out.push(
                Diagnostic::error(
                    section.place("csv-format"),
                    section.path.key("csv-format"),
                    told,
                )
                .hint("expected false, and octets in hexadecimal as `data`"),
            );
            return None;
        }
        Some(_) | None => option_text::parse_hex(text).ok_or_else(|| Misfit {
            at: 0..text.len(),
            told: "not octets".to_owned(),
            hint: "expected hexadecimal such as \"C0000201\" or 'text'".to_owned(),
        }),
    };
    let misfit = match outcome {
        Ok(octets) => {
            let is_text = identity.definition.map(|it| (it.kind, it.array))
                == Some((OptionType::String, false));
            if is_text && csv.unwrap_or(true) && option_text::has_bare_comma(text) {
                out.push(
                    Diagnostic::warning(section.place("data"), path, "holds a comma")
                        .hint("taken whole here, though Kea cuts text at it: write `\\\\,`"),
                );
            }
            return Some(octets);
        }
        Err(misfit) => misfit,
    };
    let place = match section.value("data") {
        Some(value) if !misfit.at.is_empty() => within(value, &misfit.at, out.sources()),
        _ => section.place("data"),
    };
    out.push(Diagnostic::error(place, path, misfit.told).hint(misfit.hint));
    None
}
