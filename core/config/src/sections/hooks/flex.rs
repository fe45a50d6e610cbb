//! `libdhcp_flex_id` and `libdhcp_flex_option`: what their expressions say.

use lessor_expression::{Expression, SyntaxError};
use lessor_types::IdentifierKind;
use lessor_wire::v4::code;

use crate::check;
use crate::class_names::{KNOWN, UNKNOWN};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::hooks::{FlexAction, FlexChange, FlexId, FlexOption, FlexSubOption, FlexValue};
use crate::keys::Scope;
use crate::option_set::Space;
use crate::sections::option_data::{self, Identity};
use crate::sections::section::{Section, within};
use crate::sections::{Words, classes};

const ACTIONS: [&str; 3] = ["add", "supersede", "remove"];

/// How hosts are identified; nothing if that could not be read.
pub(super) fn read_id(
    parameters: &Section<'_>,
    words: Words<'_>,
    out: &mut Diagnostics,
) -> Option<FlexId> {
    const KEY: &str = "identifier-expression";
    check::check_section(parameters.map(), Scope::FlexId, &parameters.path, out);
    if parameters.value(KEY).is_none() {
        let told = "`identifier-expression` is missing";
        out.push(
            Diagnostic::error(parameters.span, parameters.path, told)
                .hint("expected an expression such as \"relay4[2].hex\""),
        );
    }
    let identifier = expression(parameters, KEY, Expression::parse_string, words, out)?;
    if identifier.depends_on().any(|class| matches!(class, KNOWN | UNKNOWN)) {
        let told = "asks who is known, which this is to tell";
        out.push(
            Diagnostic::warning(parameters.place(KEY), parameters.path.key(KEY), told)
                .hint("nobody is in `KNOWN` or `UNKNOWN` then"),
        );
    }
    let replace_client_id = parameters.flag("replace-client-id").unwrap_or(false);
    if !words.host_lookup.identifiers.contains(&IdentifierKind::FlexId) {
        let (place, path) = (parameters.place(KEY), parameters.path.key(KEY));
        let told = "no reservation is found by this";
        let finding = match replace_client_id {
            true => Diagnostic::info(place, path, told),
            false => Diagnostic::warning(place, path, told),
        };
        out.push(finding.hint("add `flex-id` to `host-reservation-identifiers`"));
    }
    Some(FlexId { identifier, replace_client_id })
}

/// What is done to the options of replies, in the order of the file.
pub(super) fn read_options(
    parameters: &Section<'_>,
    words: Words<'_>,
    out: &mut Diagnostics,
) -> Vec<FlexOption> {
    check::check_section(parameters.map(), Scope::FlexOptions, &parameters.path, out);
    let list = parameters.path.key("options");
    let elements = parameters.list("options").iter().enumerate();
    elements
        .filter_map(|(index, value)| {
            let section = Section::new(value.as_map()?, value.span, list.index(index));
            read_option(&section, words, out)
        })
        .collect()
}

fn read_option(
    section: &Section<'_>,
    words: Words<'_>,
    out: &mut Diagnostics,
) -> Option<FlexOption> {
    let space = section.text("space").map_or(Space::Dhcp4, Space::parse);
    if space != Space::Dhcp4 {
        let told = format!("options of the space `{space}` stand in others");
        out.push(
            Diagnostic::error(section.place("space"), section.path.key("space"), told)
                .hint("name the option that holds them, and give them as its `sub-options`"),
        );
        return None;
    }
    let identity = option_data::read_identity(section, &space, (words.vocabulary, &[]), out)
        .filter(|identity| may_change(section, identity.code, out));
    let class = read_class(section, words, out);
    let subs = section.list("sub-options");
    let change = match actions(section).first() {
        Some(action) if !subs.is_empty() => {
            let told = format!("`{action}` is done to the whole option, and something within it");
            out.push(
                Diagnostic::error(section.place(action), section.path.key(action), told)
                    .hint("give these in entries of their own"),
            );
            None
        }
        None if !subs.is_empty() => {
            let identity = identity.as_ref()?;
            Some(FlexChange::Within(read_within(section, identity, words, out)?))
        }
        _ => read_action(section, identity.as_ref(), words, out).map(FlexChange::Whole),
    };
    Some(FlexOption { code: identity?.code, class, change: change? })
}

/// Whether an option is one that may be changed.
fn may_change(section: &Section<'_>, code: u8, out: &mut Diagnostics) -> bool {
    let fixed = FlexOption::is_fixed(code);
    if fixed {
        let key = if section.value("code").is_some() { "code" } else { "name" };
        let told = format!("option {code} is made by the server itself");
        let place = section.place(key);
        out.push(Diagnostic::error(place, section.path.key(key), told).hint("take it out"));
    }
    !fixed
}

fn read_class(section: &Section<'_>, words: Words<'_>, out: &mut Diagnostics) -> Option<String> {
    let class = section.text("client-class").filter(|name| !name.is_empty())?;
    classes::check_name(section, "client-class", class, words.classes, out);
    Some(class.to_owned())
}

/// What is done to the options within another, in the order of the file.
fn read_within(
    section: &Section<'_>,
    holder: &Identity<'_>,
    words: Words<'_>,
    out: &mut Diagnostics,
) -> Option<Vec<FlexSubOption>> {
    let list = section.path.key("sub-options");
    let own = holder.definition.as_ref().is_some_and(|it| !it.layout.fields.is_empty());
    if own && holder.code != code::VIVSO_SUBOPTIONS {
        let told = format!("option {} has a value of its own", holder.code);
        out.push(
            Diagnostic::error(section.place("sub-options"), list, told)
                .hint("sub-options are changed in options that hold nothing else"),
        );
        return None;
    }
    let elements = section.list("sub-options").iter().enumerate();
    let subs = elements.filter_map(|(index, value)| {
        let section = Section::new(value.as_map()?, value.span, list.index(index));
        read_sub_option(&section, holder, words, out)
    });
    Some(subs.collect())
}

fn read_sub_option(
    section: &Section<'_>,
    holder: &Identity<'_>,
    words: Words<'_>,
    out: &mut Diagnostics,
) -> Option<FlexSubOption> {
    let space = read_sub_space(section, holder, out)?;
    let identity = option_data::read_identity(section, &space, (words.vocabulary, &[]), out);
    let class = read_class(section, words, out);
    let action = read_action(section, identity.as_ref(), words, out);
    Some(FlexSubOption {
        code: identity?.code,
        class,
        action: action?,
        container_add: section.flag("container-add").unwrap_or(true),
        container_remove: section.flag("container-remove").unwrap_or(true),
        space,
    })
}

/// The space of a sub-option: the one that its option holds, unless it says otherwise.
fn read_sub_space(
    section: &Section<'_>,
    holder: &Identity<'_>,
    out: &mut Diagnostics,
) -> Option<Space> {
    let inner = || holder.definition.as_ref()?.encapsulates.clone();
    let space = section.text("space").map(Space::parse).or_else(inner);
    let vendors = holder.code == code::VIVSO_SUBOPTIONS;
    let fits = match &space {
        Some(Space::Vendor(_)) => vendors,
        Some(Space::Named(_)) => !vendors,
        Some(Space::Dhcp4) | None => false,
    };
    if !fits {
        let told = match &space {
            Some(space) => {
                format!("option {} does not hold options of the space `{space}`", holder.code)
            }
            None => "the option's space is not known".to_owned(),
        };
        let hint = match vendors {
            true => "expected `space` with an enterprise number such as \"vendor-4491\"",
            false => "expected the `space` that the option holds",
        };
        let (place, path) = match section.value("space") {
            Some(_) => (section.place("space"), section.path.key("space")),
            None => (section.span, section.path),
        };
        out.push(Diagnostic::error(place, path, told).hint(hint));
    }
    space.filter(|_| fits)
}

/// The keys of what is done.
fn actions(section: &Section<'_>) -> Vec<&'static str> {
    let given = |key: &&str| section.text(key).is_some_and(|text| !text.is_empty());
    ACTIONS.into_iter().filter(given).collect()
}

fn read_action(
    section: &Section<'_>,
    identity: Option<&Identity<'_>>,
    words: Words<'_>,
    out: &mut Diagnostics,
) -> Option<FlexAction> {
    let given = actions(section);
    let [action] = given.as_slice() else {
        let told = match given.len() {
            0 => "nothing is done to the option",
            _ => "more than one thing is done to the option",
        };
        out.push(
            Diagnostic::error(section.span, section.path, told)
                .hint("expected one of `add`, `supersede` and `remove`"),
        );
        return None;
    };
    if *action == "remove" {
        let test = expression(section, "remove", Expression::parse_bool, words, out)?;
        return Some(FlexAction::Remove(test));
    }
    let csv = section.flag("csv-format").unwrap_or(false);
    if let Some(Identity { code, definition: None }) = identity.filter(|_| csv) {
        let path = section.path.key("csv-format");
        let told = format!("option {code} is not known, so its form is not");
        out.push(
            Diagnostic::error(section.place("csv-format"), path, told)
                .hint("expected false, and an expression that makes its octets"),
        );
    }
    let expression = expression(section, action, Expression::parse_string, words, out)?;
    let value = FlexValue { expression, csv };
    Some(match *action {
        "add" => FlexAction::Add(value),
        _ => FlexAction::Supersede(value),
    })
}

/// The expression under a key.
fn expression(
    section: &Section<'_>,
    key: &str,
    parse: impl Fn(&str) -> Result<Expression, SyntaxError>,
    words: Words<'_>,
    out: &mut Diagnostics,
) -> Option<Expression> {
    let value = section.value(key)?;
    match parse(value.as_text()?) {
        Ok(expression) => {
            for class in expression.depends_on() {
                classes::check_name(section, key, class, words.classes, out);
            }
            Some(expression)
        }
        Err(SyntaxError { span, kind }) => {
            let place = within(value, &span, out.sources());
            out.push(Diagnostic::error(place, section.path.key(key), kind.to_string()));
            None
        }
    }
}
