//! The table as a page to read.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use super::{Effect, KEYS, Key, Kind, Scope};

const INTRODUCTION: &str = "\
# Configuration keys

The configuration is Kea's: a map with the one key `Dhcp4`. This page is made from the table that the server itself checks
files with (`cargo xtask docs` writes it, a test keeps it current), so it cannot say anything else than the server does.

A file may hold comments (`#`, `//`, `/* */`), commas after last elements, and `<?include \"file\"?>` wherever a value or a
member may stand; a relative name is looked up beside the file that the server was given. `lessor -t FILE` tells everything
that is wrong with a file at once, each with its place.

**Value** is what a key takes. Words such as `\"raw\"` are taken in upper and lower case. Times are in seconds, but for
`max-reclaim-time`, `reconnect-wait-time`, `reply-timeout` and `service-sockets-retry-wait-time`, which are in milliseconds;
4294967295 as a lifetime has no end.

**Default** is what holds where nobody says anything, as in Kea 3.2. What stands in `Dhcp4` holds for all shared networks,
what stands in a shared network for all its subnets, and what stands further in wins, where a key may stand at more than one
of these places.

**Kea** says since which of its versions Kea has a key, where 2.2 did not have it, and what became of it. Spellings that newer
versions replaced or dropped keep their meaning here. Of a file in the spelling of Kea 2, a remark says which defaults changed
since, where the file leaves them open. Versions whose second number is odd are development versions.

**Effect** is one of these:

| | |
|---|---|
| yes | It does what it says. |
| not yet | Known, and without effect so far. A warning says so wherever it would change something. |
| refused | Known, and without effect so far; but it protects something or decides who gets what, so a file that has it is refused rather than served without it. |
| none | Nothing here is like what it tunes in Kea. A remark says so. |
";

/// The page, in Markdown.
#[must_use]
pub fn page() -> String {
    let mut text = INTRODUCTION.to_owned();
    let scopes: BTreeSet<Scope> = KEYS.iter().flat_map(|key| key.scopes).copied().collect();
    for scope in scopes {
        // Writing to a string does not fail.
        let _infallible = write_scope(&mut text, scope);
    }
    text
}

fn write_scope(text: &mut String, scope: Scope) -> fmt::Result {
    writeln!(text, "\n## {}\n", heading(scope))?;
    let places = places(scope);
    if !places.is_empty() {
        writeln!(text, "{places}\n")?;
    }
    writeln!(text, "| key | value | default | Kea | effect |\n|---|---|---|---|---|")?;
    for key in KEYS.iter().filter(|key| key.scopes.contains(&scope)) {
        writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            key.name,
            key.kind,
            default(key),
            versions(key),
            effect(key),
        )?;
    }
    Ok(())
}

/// The scope's name as a title: no article, the first letter large.
fn heading(scope: Scope) -> String {
    let name = scope.to_string();
    let name = ["an ", "a "].iter().find_map(|article| name.strip_prefix(article)).unwrap_or(&name);
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Where maps of this scope stand.
fn places(scope: Scope) -> String {
    let mut places = Vec::new();
    for key in KEYS {
        let what = match key.kind {
            Kind::Map(inner) if inner == scope => "The value of",
            Kind::Maps(inner) if inner == scope => "An element of",
            _ => continue,
        };
        let owners: Vec<String> = key.scopes.iter().map(ToString::to_string).collect();
        places.push(format!("{what} `{}` in {}.", key.name, owners.join(", ")));
    }
    // What other maps hold that are free in themselves.
    let free = match scope {
        Scope::FlexId | Scope::FlexOptions => "The value of `parameters` with that library.",
        Scope::PingCheck => {
            "The value of `parameters` with `libdhcp_ping_check`. The value of `ping-check` in a \
             subnet's `user-context`."
        }
        Scope::Limits => {
            "The value of `limits` in the `user-context` of a subnet or a client class, with \
             `libdhcp_limits`."
        }
        Scope::Own => {
            "The value of `lessor` in the `user-context` of `Dhcp4`: what no Kea has. Kea keeps a \
             user context and does not read it, so a file with these keys is a file for Kea, too."
        }
        Scope::Metrics => {
            "With it, `/metrics`, `/health` and `/ready` are answered by HTTP at this address, to \
             anybody who can reach it; without it, nothing listens."
        }
        Scope::Logger => {
            "A message goes where the entry with the longest name says that its logger's name \
             begins with; an entry without outputs uses those of the one above it, and `kea-dhcp4` \
             without any writes to `stdout`. Without any entry, what is INFO or above goes to \
             `stderr`. `docs/messages.md` has every message with its logger."
        }
        Scope::LogOutput => {
            "`output` is `stdout`, `stderr`, `syslog` (facility `local0`), `syslog:` with a facility \
             or with a name to log under, `journald` (Lessor's own: the journal in its own \
             protocol), or a file, in `/var/log/lessor` if it has no directory. `maxsize` is in \
             octets, and below 204800 nothing is rotated. In `pattern`, of what log4cplus knows, \
             `%D{}` and `%d{}` (local time and UTC, with what `strftime` knows, `%q` and `%Q`), \
             `%p`, `%c`, `%m`, `%n`, `%i`, `%t`, `%T`, `%h`, `%H`, `%r` and `%%` say something, with \
             widths such as `%-5p`; a line always ends with a line end."
        }
        _ => "",
    };
    places.extend((!free.is_empty()).then(|| free.to_owned()));
    places.join(" ")
}

fn default(key: &Key) -> String {
    match key.default.strip_prefix('(').and_then(|words| words.strip_suffix(')')) {
        Some(words) => words.to_owned(),
        None => format!("`{}`", key.default),
    }
}

fn versions(key: &Key) -> String {
    let mut parts = Vec::new();
    parts.extend(key.was.map(|(version, value)| format!("default `{value}` before {version}")));
    parts.extend(key.own.then(|| "none: Lessor's own".to_owned()));
    parts.extend(key.since.map(|version| format!("since {version}")));
    parts.extend(key.replaced.map(|version| format!("replaced in {version}")));
    parts.extend(key.removed.map(|version| format!("dropped in {version}")));
    if let Some(keys) = key.instead {
        let keys: Vec<String> = keys.split(", ").map(|name| format!("`{name}`")).collect();
        parts.push(format!("now {}", keys.join(", ")));
    }
    parts.join("; ")
}

fn effect(key: &Key) -> String {
    match (key.effect, key.why) {
        (Effect::InEffect, _) => "yes".to_owned(),
        (Effect::NotYet, _) => "not yet".to_owned(),
        (Effect::NotYetProtects, _) => "refused".to_owned(),
        (Effect::Moot, None) => "none".to_owned(),
        (Effect::Moot, Some(why)) => format!("none: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_on_the_page_in_each_of_its_scopes() {
        let page = page();
        let rows = page.lines().filter(|line| line.starts_with("| `")).count();
        let keys: usize = KEYS.iter().map(|key| key.scopes.len()).sum();
        assert_eq!(rows, keys);
        for line in page.lines().filter(|line| line.starts_with('|')) {
            let cells = line.matches('|').count();
            assert!(cells == 6 || cells == 3, "{line}");
        }
    }

    #[test]
    fn a_row_says_all_that_the_table_says() {
        let page = page();
        for row in [
            "| `valid-lifetime` | an integer from 1 to 4294967295 | `7200` |  | yes |",
            "| `client-class` | a string | `\"\"` | replaced in 2.7.5; now `client-classes` | yes |",
            "| `rapid-commit` | true or false | `false` | none: Lessor's own | yes |",
            "| `min-valid-lifetime` | an integer from 1 to 4294967295 | as valid-lifetime |  | yes |",
        ] {
            assert!(page.lines().any(|line| line == row), "{row}\n{page}");
        }
        assert!(
            page.contains("\n## Subnet\n\nAn element of `subnet4` in `Dhcp4`, a shared network.\n")
        );
    }
}
