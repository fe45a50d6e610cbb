//! What clients are called: each setting overrides that of the scope around.

use std::sync::Arc;

use lessor_wire::name::DomainName;

use super::section::Section;
use crate::CharSet;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Naming, Replace};

/// The names of the settings, which older files have in `dhcp-ddns`.
struct Spelling {
    send_updates: &'static str,
    override_no_update: &'static str,
    override_client_update: &'static str,
    replace: &'static str,
    generated_prefix: &'static str,
    qualifying_suffix: &'static str,
}

const NOW: Spelling = Spelling {
    send_updates: "ddns-send-updates",
    override_no_update: "ddns-override-no-update",
    override_client_update: "ddns-override-client-update",
    replace: "ddns-replace-client-name",
    generated_prefix: "ddns-generated-prefix",
    qualifying_suffix: "ddns-qualifying-suffix",
};

const ONCE: Spelling = Spelling {
    // There was no such key in `dhcp-ddns`, so this one is not found there.
    send_updates: "ddns-send-updates",
    override_no_update: "override-no-update",
    override_client_update: "override-client-update",
    replace: "replace-client-name",
    generated_prefix: "generated-prefix",
    qualifying_suffix: "qualifying-suffix",
};

/// The settings of the whole server.
pub(super) fn read_global(dhcp4: &Section<'_>, out: &mut Diagnostics) -> Arc<Naming> {
    let once = overlay(&dhcp4.section("dhcp-ddns"), &ONCE, Naming::default(), out);
    Arc::new(overlay(dhcp4, &NOW, once, out))
}

/// The settings of one scope, `around` being those of the scope that it is in.
pub(super) fn read(
    section: &Section<'_>,
    around: &Arc<Naming>,
    out: &mut Diagnostics,
) -> Arc<Naming> {
    let own = overlay(section, &NOW, Naming::clone(around), out);
    if own == **around { Arc::clone(around) } else { Arc::new(own) }
}

fn overlay(
    section: &Section<'_>,
    spelling: &Spelling,
    around: Naming,
    out: &mut Diagnostics,
) -> Naming {
    let flag = |key, or| section.flag(key).unwrap_or(or);
    let mut name = |key| read_name(section, key, out);
    let generated_prefix = name(spelling.generated_prefix).unwrap_or(around.generated_prefix);
    let qualifying_suffix = name(spelling.qualifying_suffix).unwrap_or(around.qualifying_suffix);
    Naming {
        send_updates: flag(spelling.send_updates, around.send_updates),
        override_no_update: flag(spelling.override_no_update, around.override_no_update),
        override_client_update: flag(
            spelling.override_client_update,
            around.override_client_update,
        ),
        replace: read_replace(section, spelling.replace).unwrap_or(around.replace),
        generated_prefix,
        qualifying_suffix,
        char_set: read_char_set(section, out).unwrap_or(around.char_set),
        char_replacement: section
            .text("hostname-char-replacement")
            .map_or(around.char_replacement, str::to_owned),
    }
}

fn read_replace(section: &Section<'_>, key: &str) -> Option<Replace> {
    match section.flag(key) {
        Some(true) => return Some(Replace::WhenPresent),
        Some(false) => return Some(Replace::Never),
        None => {}
    }
    // Other words were refused by the table.
    Some(match section.text(key)?.to_ascii_lowercase().as_str() {
        "always" => Replace::Always,
        "when-present" => Replace::WhenPresent,
        "when-not-present" => Replace::WhenNotPresent,
        _ => Replace::Never,
    })
}

fn read_name(section: &Section<'_>, key: &str, out: &mut Diagnostics) -> Option<String> {
    let text = section.text(key)?;
    if let Err(error) = DomainName::parse(text) {
        let what = format!("\"{text}\" is not a name: {error}");
        out.push(
            Diagnostic::error(section.place(key), section.path.key(key), what)
                .hint("expected labels of up to 63 octets, joined by dots"),
        );
    }
    Some(text.to_owned())
}

/// The set that the scope names; none in it if it names no set on purpose.
fn read_char_set(section: &Section<'_>, out: &mut Diagnostics) -> Option<Option<CharSet>> {
    const KEY: &str = "hostname-char-set";
    let text = section.text(KEY)?;
    if text.is_empty() {
        return Some(None);
    }
    match CharSet::parse(text) {
        Ok(set) => Some(Some(set)),
        Err(error) => {
            out.push(
                Diagnostic::error(section.place(KEY), section.path.key(KEY), error.to_string())
                    .hint("expected what has no place in a name, such as \"[^A-Za-z0-9.-]\""),
            );
            None
        }
    }
}
