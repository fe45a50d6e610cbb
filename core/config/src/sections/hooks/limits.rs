//! `libdhcp_limits`: what stands under `limits` in the user contexts of subnets and classes.

use crate::check;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::hooks::{Limits, Rate, Span};
use crate::json::Value;
use crate::keys::Scope;
use crate::sections::section::Section;

/// The limits of a subnet or a class. `on` is whether limits hold at all.
pub(in crate::sections) fn read(owner: &Section<'_>, on: bool, out: &mut Diagnostics) -> Limits {
    let context = owner.section("user-context");
    if context.value("limits").is_none() {
        return Limits::NONE;
    }
    let section = context.section("limits");
    if !on {
        out.push(
            Diagnostic::warning(section.span, section.path, "does nothing by itself")
                .hint("the hooks library `libdhcp_limits` switches limits on"),
        );
        return Limits::NONE;
    }
    super::expect_map(&context, "limits", out);
    check::check_section(section.map(), Scope::Limits, &section.path, out);
    let rate = section.value("rate-limit").and_then(|value| {
        let rate = parse(value.as_text()?);
        if rate.is_none() {
            let told = format!("{} is no rate", shown(value));
            out.push(
                Diagnostic::error(value.span, section.path.key("rate-limit"), told)
                    .hint("expected a rate such as \"10 packets per second\""),
            );
        }
        rate
    });
    Limits { addresses: section.number("address-limit"), rate }
}

fn shown(value: &Value) -> String {
    match value.as_text() {
        Some(text) if text.len() > 40 => value.describe().to_owned(),
        _ => value.to_string(),
    }
}

/// `<number> packets per <unit>`, in words of either number.
fn parse(text: &str) -> Option<Rate> {
    let mut words = text.split_whitespace();
    let packets = words.next()?.parse().ok()?;
    let named = matches!(words.next()?, "packet" | "packets") && words.next()? == "per";
    let unit = words.next()?;
    let (per, _) = Span::ALL.into_iter().find(|(_, name)| *name == unit)?;
    (named && words.next().is_none()).then_some(Rate { packets, per })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_four_words() {
        let rate = |packets, per| Some(Rate { packets, per });
        assert_eq!(parse("10 packets per second"), rate(10, Span::Second));
        assert_eq!(parse("  1 packet per  month "), rate(1, Span::Month));
        for wrong in [
            "",
            "10",
            "10 packets per fortnight",
            "-1 packets per day",
            "4294967296 packets per day",
            "1 packets per day x",
            "1 leases per day",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
