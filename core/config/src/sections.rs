//! The sections of a checked tree as parts of a `Config`.
//!
//! What the check against the table has refused is passed over here, so that one mistake gives one
//! error and everything else is still looked at.

mod classes;
mod databases;
mod hooks;
mod hosts;
mod leasing;
mod logging;
mod naming;
mod networks;
mod option_data;
mod option_defs;
mod own;
mod pools;
mod section;
mod server;
mod subnets;
mod timing;
mod vocabulary;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::hooks::Hooks;
use crate::host::HostLookup;
use crate::json::{Map, Member, Value};
use crate::model::{Class, Config};
use crate::path::Path;
use crate::{check, era, spelling};
use section::Section;
use subnets::Subnets;
use vocabulary::Vocabulary;

/// Other programs of Kea's family, by the key that their files begin with, and what there is of
/// them here.
const OTHERS: [(&str, &str); 5] = [
    ("Dhcp6", "this configures the DHCPv6 server, and DHCPv6 is not served yet"),
    ("DhcpDdns", "this configures the DNS updater, and the DNS is not updated yet"),
    ("D2", "this configures the DNS updater, and the DNS is not updated yet"),
    (
        "Control-agent",
        "this configures the control agent, and the server takes commands itself here: see \
         `control-sockets`",
    ),
    ("Netconf", "this configures the NETCONF agent, and there is none here"),
];

/// The configuration that a file means, as far as it can be told.
pub(crate) fn read(root: &Value, out: &mut Diagnostics) -> Config {
    let Some(file) = root.as_map() else {
        out.push(
            Diagnostic::error(root.span, "", format!("found {}", root.describe()))
                .hint("expected a map with the key `Dhcp4`"),
        );
        return Config::default();
    };
    let at = Path::ROOT;
    for member in &file.0 {
        if member.key != "Dhcp4" {
            out.push(stranger(member, at.key(&member.key)));
        }
    }
    let Some(member) = file.member("Dhcp4") else {
        if !file.0.iter().any(|member| is_other_program(&member.key)) {
            out.push(
                Diagnostic::error(root.span, "", "`Dhcp4` is missing")
                    .hint("the DHCPv4 server's configuration is the value of this key"),
            );
        }
        return Config::default();
    };
    let path = at.key("Dhcp4");
    let Some(dhcp4) = member.value.as_map() else {
        let found = format!("found {}", member.value.describe());
        out.push(Diagnostic::error(member.value.span, path, found).hint("expected a map"));
        return Config::default();
    };
    check::check(dhcp4, &path, out);
    let mut config = read_dhcp4(&Section::new(dhcp4, member.value.span, path), out);
    take_settings(&mut config);
    // Whoever has errors to mend has no use for remarks on what a lawful file would mean.
    if !out.has_errors() {
        era::tell(dhcp4, member.value.span, &path, out);
    }
    config
}

/// What the whole says for its parts to refer to.
#[derive(Clone, Copy)]
struct Words<'a> {
    vocabulary: &'a Vocabulary,
    classes: &'a [Class],
    hooks: &'a Hooks,
    host_lookup: &'a HostLookup,
}

fn read_dhcp4(dhcp4: &Section<'_>, out: &mut Diagnostics) -> Config {
    let vocabulary = Vocabulary::read(dhcp4, out);
    let options = option_data::read(dhcp4, &vocabulary, out);
    let mut classes = classes::read(dhcp4, &vocabulary, out);
    let host_lookup = hosts::read_lookup(dhcp4, out);
    let words = Words {
        vocabulary: &vocabulary,
        classes: &classes,
        hooks: &Hooks::default(),
        host_lookup: &host_lookup,
    };
    let hooks = hooks::read(dhcp4, words, out);
    classes::read_limits(dhcp4, &mut classes, hooks.limits(), out);
    let words = Words {
        vocabulary: &vocabulary,
        classes: &classes,
        hooks: &hooks,
        host_lookup: &host_lookup,
    };
    let naming = naming::read_global(dhcp4, out);
    let mut subnets = Subnets::new(dhcp4, words, out);
    let networks = networks::read(dhcp4, words, &naming, &mut subnets, out);
    subnets.read(dhcp4, None, &naming, out);
    let (subnets, hosts) = subnets.finish(out);
    Config {
        options,
        networks,
        subnets,
        naming,
        hosts,
        host_lookup,
        classes,
        hooks,
        option_defs: vocabulary.into_global(),
        ..server::read(dhcp4, out)
    }
}

/// Takes out of user contexts what features read there: the parts that they are for hold it now.
fn take_settings(config: &mut Config) {
    config.context.remove("lessor");
    if config.hooks.limits() {
        config.subnets.iter_mut().for_each(|subnet| subnet.context.remove("limits"));
        config.classes.iter_mut().for_each(|class| class.context.remove("limits"));
    }
    if config.hooks.ping_check().is_some() {
        config.subnets.iter_mut().for_each(|subnet| subnet.context.remove("ping-check"));
    }
}

fn is_other_program(key: &str) -> bool {
    OTHERS.iter().any(|(name, _)| *name == key)
}

/// What to say of a key beside `Dhcp4`.
fn stranger(member: &Member, path: Path<'_>) -> Diagnostic {
    let span = member.key_span;
    if member.key == "Logging" {
        return Diagnostic::warning(span, path, "accepted but not in effect")
            .hint("Kea 1.8 and later have `loggers` in `Dhcp4` instead");
    }
    if let Some((_, told)) = OTHERS.iter().find(|(name, _)| *name == member.key) {
        return Diagnostic::error(span, path, *told)
            .hint("the DHCPv4 server's file has the one key `Dhcp4`");
    }
    let hint = match spelling::nearest(&member.key, ["Dhcp4"]) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "the DHCPv4 server's file has the one key `Dhcp4`".to_owned(),
    };
    Diagnostic::error(span, path, "unknown key").hint(hint)
}

/// A map that stands for one that is not there.
const NOTHING: &Map = &Map(Vec::new());
