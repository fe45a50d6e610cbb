//! `libdhcp_ping_check`: its parameters, and what a subnet says instead.

use crate::check;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::hooks::{Hooks, PingCheck};
use crate::keys::Scope;
use crate::sections::section::Section;

/// Clients ask again after about four seconds (RFC 2131 §4.1); an offer that comes later is for
/// nothing.
const WAIT_MAX_MS: u64 = 4000;

/// What holds where no subnet says otherwise.
pub(super) fn read(parameters: &Section<'_>, out: &mut Diagnostics) -> PingCheck {
    check::check_section(parameters.map(), Scope::PingCheck, &parameters.path, out);
    settings(parameters, PingCheck::default(), out)
}

/// What holds in a subnet, if addresses are probed there.
pub(in crate::sections) fn read_override(
    subnet: &Section<'_>,
    hooks: &Hooks,
    out: &mut Diagnostics,
) -> Option<PingCheck> {
    let context = subnet.section("user-context");
    let here = context.value("ping-check").is_some();
    let Some(global) = hooks.ping_check() else {
        if here {
            let path = context.path.key("ping-check");
            out.push(
                Diagnostic::info(context.place("ping-check"), path, "does nothing by itself")
                    .hint("the hooks library `libdhcp_ping_check` switches it on"),
            );
        }
        return None;
    };
    let holds = if here {
        let section = context.section("ping-check");
        super::expect_map(&context, "ping-check", out);
        check::check_section(section.map(), Scope::PingCheck, &section.path, out);
        settings(&section, *global, out)
    } else {
        *global
    };
    holds.enabled.then_some(holds)
}

fn settings(section: &Section<'_>, or: PingCheck, out: &mut Diagnostics) -> PingCheck {
    // 0 was reported.
    let above_0 = |key, or| section.number(key).filter(|it| *it > 0).unwrap_or(or);
    let read = PingCheck {
        enabled: section.flag("enable-ping-check").unwrap_or(or.enabled),
        requests: above_0("min-ping-requests", or.requests),
        reply_timeout_ms: above_0("reply-timeout", or.reply_timeout_ms),
        cltt: section.secs("ping-cltt-secs").unwrap_or(or.cltt),
    };
    let wait = u64::from(read.requests) * u64::from(read.reply_timeout_ms);
    let keys = ["reply-timeout", "min-ping-requests"];
    if wait > WAIT_MAX_MS
        && let Some(key) = keys.into_iter().find(|key| section.value(key).is_some())
    {
        let told = format!("an offer would wait for {wait} ms");
        out.push(
            Diagnostic::warning(section.place(key), section.path.key(key), told).hint(
                "clients ask again after 4 s, so no offer waits longer than that for its probe",
            ),
        );
    }
    read
}
