//! What commands there are, since which Kea, and what they take.

use std::fmt::Write as _;

/// A command.
pub(super) struct Known {
    /// Its name.
    pub(super) name: &'static str,
    /// The version of Kea that had it first.
    since: &'static str,
    /// The keys of its arguments.
    arguments: &'static str,
    /// What it does.
    does: &'static str,
}

const fn known(
    name: &'static str,
    since: &'static str,
    arguments: &'static str,
    does: &'static str,
) -> Known {
    Known { name, since, arguments, does }
}

/// All commands, by name.
pub(super) const ALL: &[Known] = &[
    known("build-report", "1.2.0", "", "How the program was built, as text."),
    known(
        "config-get",
        "1.2.0",
        "",
        "The configuration in effect, every default filled in, and its hash. Setting it again changes nothing.",
    ),
    known(
        "config-hash-get",
        "2.4.0",
        "",
        "The hash alone: SHA-256 of the configuration's one line.",
    ),
    known(
        "config-reload",
        "1.2.0",
        "",
        "Reads the configuration file again, as SIGHUP does. The new one takes effect as a whole, or the old one stays.",
    ),
    known(
        "config-set",
        "1.2.0",
        "`Dhcp4`",
        "Puts a configuration into effect as a whole, or leaves the old one. The file stays as it is.",
    ),
    known("config-test", "1.2.0", "`Dhcp4`", "Says all that is wrong with a configuration."),
    known(
        "config-write",
        "1.2.0",
        "`filename`",
        "Writes the configuration in effect over its file, or beside it and nowhere else: whole and synced, or not at all.",
    ),
    known(
        "dhcp-disable",
        "1.4.0",
        "`max-period`, `origin`, `origin-id`",
        "Serves nobody from now on.",
    ),
    known("dhcp-enable", "1.4.0", "`origin`, `origin-id`", "Takes that back."),
    known(
        "hold-off-begin",
        "",
        "`period`",
        "Leases may be missing: addresses go only to clients that use them already.",
    ),
    known("hold-off-end", "", "", "No lease is missing: addresses go to everybody."),
    known("interface-add", "3.1.9", "`interfaces`", "Serves these interfaces besides."),
    known(
        "interface-list",
        "3.1.9",
        "",
        "The interfaces of the host, and whether they are served.",
    ),
    known("interface-redetect", "3.1.9", "", "The same after another look."),
    known(
        "kea-lfc-start",
        "3.1.2",
        "",
        "Compacts the lease file now, and counts the interval from here.",
    ),
    known(
        "lease4-get",
        "1.3.0",
        "`ip-address`; or `identifier-type`, `identifier`, `subnet-id`",
        "One lease.",
    ),
    known(
        "lease4-get-all",
        "1.4.0",
        "`subnets`",
        "All leases, or those of some subnets, of one moment.",
    ),
    known("lease4-get-by-client-id", "1.7.1", "`client-id`", "Leases of a client identifier."),
    known("lease4-get-by-hostname", "1.7.1", "`hostname`", "Leases of a name."),
    known("lease4-get-by-hw-address", "1.7.1", "`hw-address`", "Leases of a link-layer address."),
    known("lease4-get-by-state", "3.1.5", "`state`, `subnet-id`", "Leases in a state."),
    known(
        "lease4-get-page",
        "1.5.0",
        "`from`, `limit`",
        "Leases after an address, each page of one moment.",
    ),
    known("leases-reclaim", "1.0.0", "`remove`", "Reclaims all lapsed leases."),
    known("list-commands", "1.0.0", "", "The names of this table."),
    known("server-tag-get", "1.6.0", "", "The server's tag."),
    known("shutdown", "1.0.0", "`exit-value`", "Finishes what is in work and ends the process."),
    known("statistic-get", "1.0.0", "`name`", "One statistic."),
    known("statistic-get-all", "1.0.0", "", "All statistics."),
    known("statistic-global-get-all", "3.1.2", "", "Those of no subnet."),
    known("statistic-remove", "1.0.0", "`name`", "Forgets one until it changes again."),
    known("statistic-remove-all", "1.0.0", "", "Forgets all; deprecated by Kea."),
    known("statistic-reset", "1.0.0", "`name`", "Sets one to zero."),
    known("statistic-reset-all", "1.0.0", "", "Sets all to zero."),
    known(
        "statistic-sample-age-set",
        "1.6.0",
        "`name`, `duration`",
        "How long samples of one are kept.",
    ),
    known("statistic-sample-age-set-all", "1.6.0", "`duration`", "How long samples are kept."),
    known(
        "statistic-sample-count-set",
        "1.6.0",
        "`name`, `max-samples`",
        "How many samples of one are kept.",
    ),
    known("statistic-sample-count-set-all", "1.6.0", "`max-samples`", "How many samples are kept."),
    known("status-get", "1.7.3", "", "How the server is; under `lessor` what Kea does not tell."),
    known(
        "subnet4-select-test",
        "2.7.0",
        "`interface`, `address`, `relay`, `local`, `remote`, `link`, `subnet`, `classes`",
        "Which subnet something from there would get.",
    ),
    known(
        "subnet4o6-select-test",
        "2.7.0",
        "`interface`, `interface-id`, `address`, `relay`, `local`, `remote`, `link`, `subnet`, `classes`",
        "The same for DHCPv4 over DHCPv6, which no subnet is for yet.",
    ),
    known("version-get", "1.2.0", "", "The version, and what the program is made with."),
];

/// The page about them.
#[must_use]
pub fn page() -> String {
    let mut page = PREFACE.to_owned();
    for Known { name, since, arguments, does } in ALL {
        let _ = writeln!(page, "| `{name}` | {since} | {arguments} | {does} |");
    }
    page
}

const PREFACE: &str = "\
# Commands

Kea's commands over a control socket, with Kea's arguments, answers and texts. One command for each connection: send a map with
`command` and, where it takes any, `arguments`; the answer is a map with `result` (0 done, 1 not done, 2 no such command, 3 nothing
found), `text` and `arguments`. A command has at most 32 MiB and 10 seconds of silence; 32 clients are heard at once.

Of the commands of Kea's core, `config-backend-pull` is not there: there is no configuration backend.

| command | Kea since | arguments | what it does |
|---|---|---|---|
";
