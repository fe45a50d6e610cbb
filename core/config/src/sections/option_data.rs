//! `option-data`: what clients are told.

use std::collections::BTreeMap;

use lessor_wire::v4::{OptionType, code};

use super::section::{Section, within};
use super::vocabulary::Vocabulary;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::option_def::{Known, OptionDef};
use crate::option_set::{self, Given, OptionSet, Sending, Space};
use crate::option_text::{self, Misfit};
use crate::source::Span;
use crate::spelling;

/// The longest value of a sub-option, in octets: only options of messages can be split.
const SUB_OPTION_MAX: usize = 255;

/// The options that a map sets.
pub(super) fn read(
    owner: &Section<'_>,
    vocabulary: &Vocabulary,
    out: &mut Diagnostics,
) -> OptionSet {
    read_with(owner, vocabulary, &[], out)
}

/// As [`read`], for a class that has definitions of its own.
pub(super) fn read_with(
    owner: &Section<'_>,
    vocabulary: &Vocabulary,
    own: &[OptionDef],
    out: &mut Diagnostics,
) -> OptionSet {
    let list = owner.path.key("option-data");
    let mut found = OptionSet::new();
    let mut places: BTreeMap<(Space, u8, Vec<String>), Span> = BTreeMap::new();
    for (index, value) in owner.list("option-data").iter().enumerate() {
        let Some(map) = value.as_map() else {
            continue;
        };
        let section = Section::new(map, value.span, list.index(index));
        let space = section.text("space").map_or(Space::Dhcp4, Space::parse);
        let classes = read_classes(&section, vocabulary, out);
        let Some(identity) = read_identity(&section, &space, (vocabulary, own), out) else {
            continue;
        };
        let code = identity.code;
        let octets = read_octets(&section, &space, &identity, out);
        let place = (space.clone(), code, classes.clone());
        if let Some(earlier) = places.get(&place) {
            out.push(
                Diagnostic::warning(section.span, section.path, format!("option {code} again"))
                    .hint("the first one counts")
                    .related(*earlier, "the first one"),
            );
            continue;
        }
        places.insert(place, section.span);
        check_use(&section, &space, &identity, vocabulary, out);
        if let Some(octets) = octets {
            let sending = read_sending(&section);
            let context = section.context();
            found.push(Given { space, code, octets, sending, classes, context });
        }
    }
    found
}

/// Tells of an option that does not get into any message.
fn check_use(
    section: &Section<'_>,
    space: &Space,
    identity: &Identity<'_>,
    vocabulary: &Vocabulary,
    out: &mut Diagnostics,
) {
    if !vocabulary.is_sent(space) {
        let told = format!("nothing encapsulates the space `{space}`");
        out.push(
            Diagnostic::warning(section.place("space"), section.path.key("space"), told)
                .hint("its options are not sent"),
        );
    } else if *space == Space::Dhcp4
        && option_set::is_own(identity.code)
        && identity.code != code::SERVER_ID
    {
        let name = identity.definition.as_ref().map_or("this option", |it| it.name);
        let told = format!("`{name}` is made by the server itself");
        let key = if section.value("name").is_some() { "name" } else { "code" };
        out.push(
            Diagnostic::warning(section.place(key), section.path.key(key), told)
                .hint("what is given here is not sent"),
        );
    }
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
pub(super) struct Identity<'a> {
    pub(super) code: u8,
    pub(super) definition: Option<Known<'a>>,
}

/// Which option of a space a map names, by its code or by its name; `own` are the definitions of
/// the class that it is for.
pub(super) fn read_identity<'a>(
    section: &Section<'_>,
    space: &Space,
    (vocabulary, own): (&'a Vocabulary, &'a [OptionDef]),
    out: &mut Diagnostics,
) -> Option<Identity<'a>> {
    let mut refuse = |key: &str, told: String, hint: String| {
        let path = section.path.key(key);
        out.push(Diagnostic::error(section.place(key), path, told).hint(hint));
    };
    let (value, name) = (section.value("code"), section.text("name"));
    let definition = match (value, name) {
        (Some(_), name) => {
            let number = section.number("code")?;
            let code = u8::try_from(number).ok();
            let lawful = code.filter(|it| *space != Space::Dhcp4 || (1..=254).contains(it));
            let Some(code) = lawful else {
                let told = format!("{number} is no option code");
                let range = if *space == Space::Dhcp4 { "1 to 254" } else { "0 to 255" };
                refuse("code", told, format!("expected {range}"));
                return None;
            };
            let named = name.and_then(|name| vocabulary.by_name(own, space, name));
            if let Some(named) = named.filter(|named| named.code != code) {
                let told = format!("`{}` is option {}, not {code}", named.name, named.code);
                refuse("name", told, "give one of both, or both of one option".to_owned());
                return None;
            }
            let definition = vocabulary.by_code(own, space, code);
            return Some(Identity { code, definition });
        }
        (None, Some(name)) => vocabulary.by_name(own, space, name).or_else(|| {
            let hint = match spelling::nearest(name, vocabulary.names(own, space)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "give its `code` and, with csv-format false, its octets".to_owned(),
            };
            let told = match space {
                Space::Dhcp4 => format!("`{name}` is no standard option, and not defined"),
                space => format!("the space `{space}` has no option `{name}`"),
            };
            refuse("name", told, hint);
            None
        })?,
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
    Some(Identity { code: definition.code, definition: Some(definition) })
}

fn read_octets(
    section: &Section<'_>,
    space: &Space,
    identity: &Identity<'_>,
    out: &mut Diagnostics,
) -> Option<Vec<u8>> {
    if section.value("data").is_some() && section.text("data").is_none() {
        return None;
    }
    let text = section.text("data").unwrap_or_default();
    let path = section.path.key("data");
    let csv = section.flag("csv-format");
    let layout = identity.definition.as_ref().map(|it| it.layout);
    let outcome = match layout {
        // What is not sent needs no value.
        _ if text.is_empty() && read_sending(section) == Sending::Never => Ok(Vec::new()),
        Some(layout) if csv.unwrap_or(true) => option_text::encode(layout, text),
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
        Ok(octets) if *space != Space::Dhcp4 && octets.len() > SUB_OPTION_MAX => Misfit {
            at: 0..text.len(),
            told: format!("a sub-option of {} octets", octets.len()),
            hint: format!("its length field can state {SUB_OPTION_MAX} at most"),
        },
        Ok(octets) => {
            let is_text = layout.is_some_and(|it| it.fields == [OptionType::String] && !it.array);
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
