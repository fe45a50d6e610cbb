//! `option-def`: options that a file defines.

use std::collections::{BTreeMap, BTreeSet};

use lessor_wire::v4::{Layout, OptionType, code};

use super::section::{Section, within};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::json::Value;
use crate::option_def::{self, OptionDef};
use crate::option_set::Space;
use crate::source::Span;
use crate::spelling;

/// Whose definitions they are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Everybody,
    Class,
}

/// The definitions of a file: everybody's, and those of each class by its place in the file.
pub(super) struct OptionDefs {
    pub(super) global: Vec<OptionDef>,
    pub(super) classes: Vec<Vec<OptionDef>>,
}

/// Reads all definitions of a file.
pub(super) fn read(dhcp4: &Section<'_>, out: &mut Diagnostics) -> OptionDefs {
    let mut places = Vec::new();
    let global = read_list(dhcp4, Owner::Everybody, &mut places, out);
    let list = dhcp4.path.key("client-classes");
    let classes = dhcp4.list("client-classes").iter().enumerate().map(|(index, value)| {
        let Some(map) = value.as_map() else {
            return Vec::new();
        };
        let class = Section::new(map, value.span, list.index(index));
        read_list(&class, Owner::Class, &mut places, out)
    });
    let classes = classes.collect();
    check_nesting(&places, out);
    OptionDefs { global, classes }
}

/// One definition that leads from a space to another.
struct Nesting {
    from: Space,
    to: Space,
    place: Span,
    path: String,
}

fn read_list(
    owner: &Section<'_>,
    whose: Owner,
    nestings: &mut Vec<Nesting>,
    out: &mut Diagnostics,
) -> Vec<OptionDef> {
    let list = owner.path.key("option-def");
    let mut found: Vec<OptionDef> = Vec::new();
    let mut codes: BTreeMap<(Space, u8), Span> = BTreeMap::new();
    let mut names: BTreeMap<(Space, String), Span> = BTreeMap::new();
    for (index, value) in owner.list("option-def").iter().enumerate() {
        let Some(map) = value.as_map() else {
            continue;
        };
        let section = Section::new(map, value.span, list.index(index));
        let Some(read) = read_one(&section, whose, out) else {
            continue;
        };
        let by_code = codes.entry((read.space.clone(), read.code)).or_insert(section.span);
        let by_name = names.entry((read.space.clone(), read.name.clone())).or_insert(section.span);
        let twins = [
            ("code", format!("option {}", read.code), *by_code),
            ("name", format!("`{}`", read.name), *by_name),
        ];
        if let Some((key, told, place)) =
            twins.into_iter().find(|(.., place)| *place != section.span)
        {
            out.push(
                Diagnostic::error(
                    section.place(key),
                    section.path.key(key),
                    format!("{told} of the space `{}` is defined twice", read.space),
                )
                .hint("codes and names are given once in a space")
                .related(place, "the other definition"),
            );
            continue;
        }
        if let Some(to) = &read.encapsulates {
            nestings.push(Nesting {
                from: read.space.clone(),
                to: to.clone(),
                place: section.place("encapsulate"),
                path: section.path.key("encapsulate").to_string(),
            });
        }
        found.push(read);
    }
    found
}

fn read_one(section: &Section<'_>, whose: Owner, out: &mut Diagnostics) -> Option<OptionDef> {
    let space = section.text("space").map_or(Space::Dhcp4, Space::parse);
    let name = read_name(section, out);
    let code = read_code(section, &space, out);
    let layout = read_layout(section, out);
    let encapsulates = section.text("encapsulate").filter(|name| !name.is_empty());
    let encapsulates = encapsulates.map(Space::parse);
    let (name, code, (fields, array)) = (name?, code?, layout?);
    if array && encapsulates.is_some() {
        out.push(
            Diagnostic::error(
                section.place("encapsulate"),
                section.path.key("encapsulate"),
                "nothing can follow an array",
            )
            .hint("an array goes on to the end of the option: leave out one of both"),
        );
        return None;
    }
    if let Some(refusal) = conflict(section, &space, code, name, whose) {
        out.push(refusal);
        return None;
    }
    let (name, context) = (name.to_owned(), section.context());
    Some(OptionDef { space, code, name, fields, array, encapsulates, context })
}

fn read_name<'a>(section: &Section<'a>, out: &mut Diagnostics) -> Option<&'a str> {
    let path = section.path.key("name");
    match section.value("name").map(Value::as_text) {
        Some(Some(name)) if name.is_empty() || name.contains([' ', '.']) => {
            out.push(
                Diagnostic::error(section.place("name"), path, format!("`{name}` is no name"))
                    .hint("expected letters without blanks and dots between them"),
            );
            None
        }
        Some(name) => name,
        None => {
            out.push(Diagnostic::error(section.span, section.path, "`name` is missing"));
            None
        }
    }
}

fn read_code(section: &Section<'_>, space: &Space, out: &mut Diagnostics) -> Option<u8> {
    if section.value("code").is_none() {
        out.push(Diagnostic::error(section.span, section.path, "`code` is missing"));
        return None;
    }
    let number = section.number("code")?;
    let code = u8::try_from(number).ok();
    // Pad and end have a meaning in messages only.
    let code =
        code.filter(|code| *space != Space::Dhcp4 || !matches!(*code, code::PAD | code::END));
    if code.is_none() {
        let (least, most) = if *space == Space::Dhcp4 { (1, 254) } else { (0, 255) };
        out.push(
            Diagnostic::error(
                section.place("code"),
                section.path.key("code"),
                format!("{number} is no option code"),
            )
            .hint(format!("expected {least} to {most}")),
        );
    }
    code
}

/// The fields, and whether the last repeats.
fn read_layout(section: &Section<'_>, out: &mut Diagnostics) -> Option<(Vec<OptionType>, bool)> {
    let path = section.path.key("type");
    let Some(value) = section.value("type") else {
        out.push(
            Diagnostic::error(section.span, section.path, "`type` is missing")
                .hint(types_hint("type")),
        );
        return None;
    };
    let kind = value.as_text()?;
    let records = section.value("record-types").filter(|it| it.as_text() != Some(""));
    let fields = match kind {
        "record" => read_record(section, out)?,
        _ if records.is_some() => {
            out.push(
                Diagnostic::error(
                    section.place("record-types"),
                    section.path.key("record-types"),
                    format!("`{kind}` has no fields"),
                )
                .hint("leave it out, or give `type` as \"record\""),
            );
            return None;
        }
        "empty" => Vec::new(),
        _ => match OptionType::parse(kind) {
            Some(kind) => vec![kind],
            None => {
                let told = format!("`{kind}` is no type");
                out.push(Diagnostic::error(value.span, path, told).hint(types_hint(kind)));
                return None;
            }
        },
    };
    let array = section.flag("array").unwrap_or(false);
    let layout = Layout { fields: &fields, array };
    if !layout.is_lawful() {
        let told = match fields.last() {
            None => "an array of nothing",
            Some(_) if array => "an array of what goes on to the end of the option",
            Some(_) => "a field follows one that goes on to the end of the option",
        };
        let key = if array { "array" } else { "record-types" };
        out.push(
            Diagnostic::error(section.place(key), section.path.key(key), told)
                .hint("string and binary stand at the end, once"),
        );
        return None;
    }
    Some((fields, array))
}

fn read_record(section: &Section<'_>, out: &mut Diagnostics) -> Option<Vec<OptionType>> {
    let path = section.path.key("record-types");
    let value = section.value("record-types");
    let text = value.map_or(Some(""), Value::as_text)?;
    let mut fields = Vec::new();
    let mut at = 0;
    for part in text.split(',') {
        let name = part.trim();
        let start = at + (part.len() - part.trim_start().len());
        at += part.len() + 1;
        match OptionType::parse(name) {
            Some(kind) => fields.push(kind),
            None if text.trim().is_empty() => {}
            None => {
                let place = value.map_or(section.span, |value| {
                    within(value, &(start..start + name.len()), out.sources())
                });
                let told = format!("`{name}` is no type of a field");
                out.push(Diagnostic::error(place, path, told).hint(types_hint(name)));
                return None;
            }
        }
    }
    if fields.len() < 2 {
        out.push(
            Diagnostic::error(
                section.place("record-types"),
                path,
                "a record has two fields or more",
            )
            .hint("expected types such as \"uint16, ipv4-address\""),
        );
        return None;
    }
    Some(fields)
}

fn types_hint(word: &str) -> String {
    let known = || OptionType::names().chain(["empty", "record"]);
    match spelling::nearest(word, known()) {
        Some(near) if near != word => format!("did you mean `{near}`?"),
        _ => format!("expected one of {}", known().collect::<Vec<_>>().join(", ")),
    }
}

/// What is wrong with defining this option at all.
fn conflict(
    section: &Section<'_>,
    space: &Space,
    code: u8,
    name: &str,
    whose: Owner,
) -> Option<Diagnostic> {
    if *space != Space::Dhcp4 {
        return None;
    }
    let refuse = |key: &str, told: String, hint: &str| {
        Some(Diagnostic::error(section.place(key), section.path.key(key), told).hint(hint))
    };
    // Option 43 means what the vendor says, 122 is not one of Kea's own.
    let is_open = matches!(code, code::VENDOR_OPTIONS | code::CABLELABS);
    if whose == Owner::Class && !(is_open || (224..=254).contains(&code)) {
        let told = format!("a class cannot define option {code}");
        return refuse("code", told, "expected 43, or 224 to 254 (RFC 3942)");
    }
    let standard = option_def::standard(space);
    if let Some(taken) = standard.iter().find(|it| it.code == code).filter(|_| !is_open) {
        let told = format!("option {code} is `{}` already", taken.name);
        return refuse("code", told, "standard options are known: take the definition out");
    }
    if let Some(taken) = standard.iter().find(|it| it.name == name && it.code != code) {
        let told = format!("`{name}` is the name of option {}", taken.code);
        return refuse("name", told, "choose another name");
    }
    None
}

/// Finds a space that lies in itself, or too deep.
fn check_nesting(nestings: &[Nesting], out: &mut Diagnostics) {
    let mut around: BTreeMap<&Space, Vec<&Nesting>> = BTreeMap::new();
    for nesting in nestings {
        around.entry(&nesting.from).or_default();
        around.entry(&nesting.to).or_default().push(nesting);
    }
    // Spaces with nothing around them, then those with only these around them, and so on.
    let mut shallow: BTreeSet<&Space> = BTreeSet::new();
    for _ in 0..OptionDef::NESTING_MAX {
        let is_next = |ways: &Vec<&Nesting>| ways.iter().all(|way| shallow.contains(&way.from));
        let next = around.iter().filter(|(_, ways)| is_next(ways)).map(|(space, _)| *space);
        shallow = next.collect();
    }
    let Some(mut space) = around.keys().find(|space| !shallow.contains(**space)).copied() else {
        return;
    };
    // From a space that lies too deep, the way out either ends or comes back.
    let mut seen = BTreeSet::new();
    let mut way = None;
    let is_loop = loop {
        if !seen.insert(space) {
            break true;
        }
        let ways = around.get(space).map(Vec::as_slice).unwrap_or_default();
        let Some(deep) = ways.iter().find(|way| !shallow.contains(&way.from)) else {
            way = ways.first();
            break false;
        };
        way = Some(deep);
        space = &deep.from;
    };
    let Some(Nesting { to, place, path, .. }) = way else {
        return;
    };
    let (told, hint) = if is_loop {
        let hint = "options of a space cannot encapsulate it, nor what it lies in";
        (format!("the space `{to}` lies in itself"), hint.to_owned())
    } else {
        let hint = format!("at most {} options lie in one another", OptionDef::NESTING_MAX);
        (format!("the space `{to}` lies too deep"), hint)
    };
    out.push(Diagnostic::error(*place, path.as_str(), told).hint(hint));
}

/// The spaces that any definition of a file encapsulates, lawful or not.
pub(super) fn encapsulated(dhcp4: &Section<'_>) -> BTreeSet<Space> {
    let lists = dhcp4.list("client-classes").iter().filter_map(Value::as_map);
    let lists = lists.filter_map(|class| class.get("option-def")?.as_list());
    lists
        .chain([dhcp4.list("option-def")])
        .flatten()
        .filter_map(|value| value.as_map()?.get("encapsulate")?.as_text())
        .map(Space::parse)
        .collect()
}
