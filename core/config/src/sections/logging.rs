//! What is logged where (`loggers`).

use super::section::Section;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::json::Value;
use crate::log_pattern::LogPattern;
use crate::model::{LogDestination, LogOutput, Logger, Severity};
use crate::path::Path;
use crate::source::Span;

/// The name of the server as a logger.
const ROOT: &str = "kea-dhcp4";

/// All loggers, each name once.
pub(super) fn read(dhcp4: &Section<'_>, out: &mut Diagnostics) -> Vec<Logger> {
    let list = dhcp4.path.key("loggers");
    let mut loggers: Vec<(Logger, Span)> = Vec::new();
    for (index, value) in dhcp4.list("loggers").iter().enumerate() {
        let Some(map) = value.as_map() else {
            continue;
        };
        let section = Section::new(map, value.span, list.index(index));
        let Some(logger) = read_logger(&section, out) else {
            continue;
        };
        let place = section.place("name");
        if let Some(at) = loggers.iter().position(|(it, _)| it.name == logger.name) {
            let (_, earlier) = loggers.remove(at);
            let told = format!("`{}` is given twice", logger.name);
            out.push(
                Diagnostic::warning(place, section.path.key("name"), told)
                    .hint("the last one counts; a logger may have several outputs")
                    .related(earlier, "the first time"),
            );
        }
        loggers.push((logger, place));
    }
    loggers.into_iter().map(|(logger, _)| logger).collect()
}

fn read_logger(section: &Section<'_>, out: &mut Diagnostics) -> Option<Logger> {
    let path = section.path.key("name");
    let name = match (section.text("name"), section.value("name")) {
        (Some(""), Some(value)) => {
            let told = Diagnostic::error(value.span, path, "a logger without a name");
            out.push(told.hint(format!("expected \"{ROOT}\" or \"{ROOT}.leases\"")));
            return None;
        }
        (Some(name), _) => name,
        (None, Some(_)) => return None,
        (None, None) => {
            out.push(
                Diagnostic::error(section.span, section.path, "`name` is missing")
                    .hint(format!("expected \"{ROOT}\" or \"{ROOT}.leases\"")),
            );
            return None;
        }
    };
    if name != ROOT
        && !name.strip_prefix(ROOT).is_some_and(|it| it.len() > 1 && it.starts_with('.'))
    {
        out.push(
            Diagnostic::warning(section.place("name"), path, "nothing here logs by this name")
                .hint(format!(
                    "loggers of this server are \"{ROOT}\" and \"{ROOT}.leases\" and its like"
                )),
        );
    }
    let detail = section.number("debuglevel").and_then(|it| u8::try_from(it).ok()).unwrap_or(0);
    let severity = section.text("severity").and_then(|word| Severity::parse(word, detail));
    Some(Logger {
        name: name.to_owned(),
        severity: severity.unwrap_or_default(),
        outputs: read_outputs(section, out),
        context: section.context(),
    })
}

/// The outputs, in both spellings of the key.
fn read_outputs(logger: &Section<'_>, out: &mut Diagnostics) -> Vec<LogOutput> {
    let keys = ["output-options", "output_options"];
    let mut outputs = Vec::new();
    for key in keys {
        let list = logger.path.key(key);
        for (index, value) in logger.list(key).iter().enumerate() {
            outputs.extend(read_output(value, list.index(index), out));
        }
    }
    outputs
}

fn read_output(value: &Value, path: Path<'_>, out: &mut Diagnostics) -> Option<LogOutput> {
    let section = Section::new(value.as_map()?, value.span, path);
    let Some(to) = section.text("output") else {
        if section.value("output").is_none() {
            out.push(
                Diagnostic::error(section.span, section.path, "`output` is missing")
                    .hint("expected \"stdout\", \"stderr\", \"syslog\" or a file"),
            );
        }
        return None;
    };
    let Some(to) = LogDestination::parse(to) else {
        out.push(
            Diagnostic::error(
                section.place("output"),
                section.path.key("output"),
                "names no place",
            )
            .hint("expected \"stdout\", \"stderr\", \"syslog\" or a file"),
        );
        return None;
    };
    let usual = LogOutput::new(to);
    let max_size = section.value("maxsize").and_then(Value::as_int);
    Some(LogOutput {
        flush: section.flag("flush").unwrap_or(usual.flush),
        max_size: max_size.and_then(|it| u64::try_from(it).ok()).unwrap_or(usual.max_size),
        max_files: section.number("maxver").unwrap_or(usual.max_files).max(1),
        pattern: read_pattern(&section, out),
        ..usual
    })
}

/// An empty pattern is the usual one.
fn read_pattern(output: &Section<'_>, out: &mut Diagnostics) -> Option<LogPattern> {
    let text = output.text("pattern").filter(|text| !text.is_empty())?;
    let (pattern, flaws) = LogPattern::parse(text);
    for flaw in flaws {
        let path = output.path.key("pattern");
        out.push(Diagnostic::warning(output.place("pattern"), path, flaw.to_string()));
    }
    Some(pattern)
}
