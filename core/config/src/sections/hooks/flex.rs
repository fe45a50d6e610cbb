//! `libdhcp_flex_id` and `libdhcp_flex_option`: what their expressions say.

use lessor_expression::{Expression, SyntaxError};
use lessor_wire::v4::{code, definition};

use crate::check;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::hooks::{FlexAction, FlexId, FlexOption};
use crate::keys::Scope;
use crate::model::Class;
use crate::sections::classes;
use crate::sections::section::{Section, within};
use crate::spelling;

/// How hosts are identified; nothing if that could not be read.
pub(super) fn read_id(
    parameters: &Section<'_>,
    known: &[Class],
    out: &mut Diagnostics,
) -> Option<FlexId> {
    check::check_section(parameters.map(), Scope::FlexId, &parameters.path, out);
    if parameters.value("identifier-expression").is_none() {
        let told = "`identifier-expression` is missing";
        out.push(
            Diagnostic::error(parameters.span, parameters.path, told)
                .hint("expected an expression such as \"relay4[2].hex\""),
        );
    }
    let identifier =
        expression(parameters, "identifier-expression", Expression::parse_string, known, out)?;
    let replace_client_id = parameters.flag("replace-client-id").unwrap_or(false);
    Some(FlexId { identifier, replace_client_id })
}

/// What is done to the options of replies, in the order of the file.
pub(super) fn read_options(
    parameters: &Section<'_>,
    known: &[Class],
    out: &mut Diagnostics,
) -> Vec<FlexOption> {
    check::check_section(parameters.map(), Scope::FlexOptions, &parameters.path, out);
    let list = parameters.path.key("options");
    let elements = parameters.list("options").iter().enumerate();
    elements
        .filter_map(|(index, value)| {
            let section = Section::new(value.as_map()?, value.span, list.index(index));
            read_option(&section, known, out)
        })
        .collect()
}

fn read_option(
    section: &Section<'_>,
    known: &[Class],
    out: &mut Diagnostics,
) -> Option<FlexOption> {
    let code = read_code(section, out);
    let action = read_action(section, known, out);
    let class = section.text("client-class").filter(|name| !name.is_empty());
    if let Some(class) = class {
        classes::check_name(section, "client-class", class, known, out);
    }
    let csv = section.flag("csv-format").unwrap_or(false);
    let code = code?;
    if csv && definition::by_code(code).is_none() {
        let path = section.path.key("csv-format");
        let told = format!("option {code} is not known, so its form is not");
        out.push(
            Diagnostic::error(section.place("csv-format"), path, told)
                .hint("expected false, and an expression that makes its octets"),
        );
    }
    Some(FlexOption { code, action: action?, class: class.map(str::to_owned), csv })
}

fn read_code(section: &Section<'_>, out: &mut Diagnostics) -> Option<u8> {
    let mut refuse = |key: &str, told: String, hint: String| {
        let path = section.path.key(key);
        out.push(Diagnostic::error(section.place(key), path, told).hint(hint));
        None
    };
    let given = section.number("code");
    let named = section.text("name").map(|name| (name, definition::by_name(name)));
    let code = match (given, named) {
        (Some(number), named) => {
            let code = u8::try_from(number).ok().filter(|it| (1..=254).contains(it));
            let Some(code) = code else {
                let told = format!("{number} is no option code");
                return refuse("code", told, "expected 1 to 254".to_owned());
            };
            if let Some((name, Some(named))) =
                named.filter(|(_, it)| it.is_some_and(|it| it.code != code))
            {
                let told = format!("`{name}` is option {}, not {code}", named.code);
                let hint = "give one of both, or both of one option".to_owned();
                return refuse("name", told, hint);
            }
            code
        }
        (None, Some((_, Some(named)))) => named.code,
        (None, Some((name, None))) => {
            let known = definition::all().iter().map(|it| it.name);
            let hint = match spelling::nearest(name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "give its `code`".to_owned(),
            };
            return refuse("name", format!("`{name}` is no standard option"), hint);
        }
        (None, None) => {
            if section.value("code").is_none() && section.value("name").is_none() {
                out.push(
                    Diagnostic::error(section.span, section.path, "no option is named")
                        .hint("expected `name` or `code`"),
                );
            }
            return None;
        }
    };
    if matches!(code, code::OVERLOAD | code::MESSAGE_TYPE | code::RELAY_AGENT) {
        let told = format!("option {code} is made by the server itself");
        return refuse("code", told, "take it out".to_owned());
    }
    Some(code)
}

fn read_action(
    section: &Section<'_>,
    known: &[Class],
    out: &mut Diagnostics,
) -> Option<FlexAction> {
    let given: Vec<&str> = ["add", "supersede", "remove"]
        .into_iter()
        .filter(|key| section.text(key).is_some_and(|text| !text.is_empty()))
        .collect();
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
    Some(match *action {
        "add" => FlexAction::Add(expression(section, "add", Expression::parse_string, known, out)?),
        "supersede" => FlexAction::Supersede(expression(
            section,
            "supersede",
            Expression::parse_string,
            known,
            out,
        )?),
        _ => FlexAction::Remove(expression(section, "remove", Expression::parse_bool, known, out)?),
    })
}

/// The expression under a key.
fn expression(
    section: &Section<'_>,
    key: &str,
    parse: impl Fn(&str) -> Result<Expression, SyntaxError>,
    known: &[Class],
    out: &mut Diagnostics,
) -> Option<Expression> {
    let value = section.value(key)?;
    match parse(value.as_text()?) {
        Ok(expression) => {
            for class in expression.depends_on() {
                classes::check_name(section, key, class, known, out);
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
