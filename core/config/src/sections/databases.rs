//! Where leases are kept.

use lessor_types::Secs;

use super::section::Section;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::json::Value;
use crate::keys::{self, Kind, Scope};
use crate::model::{
    Database, DatabaseTimeouts, DatabaseTls, Engine, LeaseStore, Memfile, OnFail, Password,
    Recovery, Secret, SslMode,
};

/// What is expected of the type of a lease database.
const LEASE_TYPES: &str = "expected \"memfile\", \"postgresql\", \"mysql\" or \"sqlite\"";

/// Keys that only the lease file has.
const OF_FILES: [&str; 3] = ["persist", "lfc-interval", "max-row-errors"];
/// Keys of a database that is reached through a network.
const OF_SERVERS: [&str; 14] = [
    "host",
    "port",
    "user",
    "password",
    "password-file",
    "connect-timeout",
    "read-timeout",
    "write-timeout",
    "tcp-user-timeout",
    "ssl-mode",
    "trust-anchor",
    "cert-file",
    "key-file",
    "cipher-list",
];
/// Keys of those that MySQL alone has, and that PostgreSQL alone has.
const OF_MYSQL: [&str; 3] = ["read-timeout", "write-timeout", "cipher-list"];
const OF_POSTGRESQL: [&str; 2] = ["tcp-user-timeout", "ssl-mode"];

pub(super) fn read_lease_store(dhcp4: &Section<'_>, out: &mut Diagnostics) -> LeaseStore {
    let section = dhcp4.section("lease-database");
    if dhcp4.value("lease-database").is_none() {
        return LeaseStore::Memfile(Memfile::default());
    }
    let place = section.place("type");
    match section.text("type") {
        Some("memfile") => LeaseStore::Memfile(read_memfile(&section)),
        Some("cql") => {
            let told = "Cassandra is not supported; Kea 2.1.5 and later do not either";
            out.push(Diagnostic::error(place, section.path.key("type"), told).hint(LEASE_TYPES));
            LeaseStore::Memfile(Memfile::default())
        }
        Some(word) => match Engine::WORDS.into_iter().find(|(known, _)| *known == word) {
            Some((_, engine)) => LeaseStore::Database(Box::new(read(&section, engine, out))),
            None => {
                let told = format!("`{word}` is no kind of lease database");
                let path = section.path.key("type");
                out.push(Diagnostic::error(place, path, told).hint(LEASE_TYPES));
                LeaseStore::Memfile(Memfile::default())
            }
        },
        None => {
            if section.value("type").is_none() {
                out.push(
                    Diagnostic::error(place, section.path, "`type` is missing").hint(LEASE_TYPES),
                );
            }
            LeaseStore::Memfile(Memfile::default())
        }
    }
}

fn read_memfile(section: &Section<'_>) -> Memfile {
    let default = Memfile::default();
    Memfile {
        path: section.text("name").map(str::to_owned),
        persist: section.flag("persist").unwrap_or(default.persist),
        lfc_interval: section.secs("lfc-interval").unwrap_or(default.lfc_interval),
        max_row_errors: section.number("max-row-errors").unwrap_or(default.max_row_errors),
    }
}

fn read(section: &Section<'_>, engine: Engine, out: &mut Diagnostics) -> Database {
    for (key, value) in said(section, &OF_FILES) {
        let path = section.path.key(key);
        out.push(Diagnostic::info(value.span, path, "changes nothing: only lease files have this"));
    }
    match engine {
        Engine::Mysql => refuse(section, engine, &OF_POSTGRESQL, "PostgreSQL", out),
        Engine::Postgresql => refuse(section, engine, &OF_MYSQL, "MySQL", out),
        Engine::Sqlite => refuse(section, engine, &OF_SERVERS, "a database server", out),
    }
    let name = section.text("name").unwrap_or_default();
    if name.is_empty() && section.value("name").is_none_or(|it| it.as_text().is_some()) {
        out.push(
            Diagnostic::error(section.place("name"), section.path, "the database has no name")
                .hint("expected `name`, such as \"kea\""),
        );
    }
    let text = |key| section.text(key).filter(|it| !it.is_empty()).map(str::to_owned);
    let hosts = section.text("host").unwrap_or_default().split(',').map(str::trim);
    let hosts: Vec<String> = hosts.filter(|host| !host.is_empty()).map(str::to_owned).collect();
    if engine == Engine::Mysql && hosts.len() > 1 {
        out.push(
            Diagnostic::error(section.place("host"), section.path.key("host"), "several hosts")
                .hint("PostgreSQL alone tells which of several is the one to write to"),
        );
    }
    let database = Database {
        engine,
        name: name.to_owned(),
        hosts,
        port: section.number("port").and_then(|port| u16::try_from(port).ok()).unwrap_or(0),
        user: section.text("user").unwrap_or_default().to_owned(),
        password: read_password(section, out),
        timeouts: read_timeouts(section, out),
        tls: DatabaseTls {
            mode: word(section, "ssl-mode", &SslMode::WORDS),
            trust_anchor: text("trust-anchor"),
            cert_file: text("cert-file"),
            key_file: text("key-file"),
            cipher_list: text("cipher-list"),
        },
        recovery: read_recovery(section, out),
    };
    check_tls(section, &database.tls, out);
    database
}

/// Settings that another kind of store has.
fn refuse(
    section: &Section<'_>,
    engine: Engine,
    others: &'static [&'static str],
    whose: &str,
    out: &mut Diagnostics,
) {
    for (key, value) in said(section, others) {
        let told = format!("only {whose} has this setting");
        out.push(
            Diagnostic::error(value.span, section.path.key(key), told)
                .hint(format!("take it out: the type is \"{}\"", engine.word())),
        );
    }
}

/// Those of the settings that say something else than what holds without them.
fn said<'a>(
    section: &Section<'a>,
    settings: &'static [&'static str],
) -> impl Iterator<Item = (&'static str, &'a Value)> {
    let section = *section;
    let is_usual = |key: &str, value: &Value| {
        keys::find(Scope::Database, key).is_some_and(|known| match known.kind {
            Kind::Text | Kind::Secret => value.as_text() == Some(""),
            _ => value.to_string() == known.default,
        })
    };
    let given = settings.iter().filter_map(move |key| Some((*key, section.value(key)?)));
    given.filter(move |(key, value)| !is_usual(key, value))
}

fn read_password(section: &Section<'_>, out: &mut Diagnostics) -> Password {
    let given = section.text("password").unwrap_or_default();
    match section.text("password-file").filter(|file| !file.is_empty()) {
        Some(file) => {
            if !given.is_empty() {
                let path = section.path.key("password-file");
                out.push(
                    Diagnostic::error(section.place("password-file"), path, "two passwords")
                        .hint("take `password` out, or this")
                        .related(section.place("password"), "the other one"),
                );
            }
            Password::InFile(file.to_owned())
        }
        None => Password::Given(Secret(given.to_owned())),
    }
}

fn read_timeouts(section: &Section<'_>, out: &mut Diagnostics) -> DatabaseTimeouts {
    let default = DatabaseTimeouts::default();
    let connect = section.secs("connect-timeout").unwrap_or(default.connect);
    if connect.0 == 0 {
        let path = section.path.key("connect-timeout");
        out.push(
            Diagnostic::error(section.place("connect-timeout"), path, "no time to connect")
                .hint("expected an integer from 1 to 4294967295"),
        );
    }
    DatabaseTimeouts {
        connect: Secs(connect.0.max(1)),
        read: section.secs("read-timeout").unwrap_or(default.read),
        write: section.secs("write-timeout").unwrap_or(default.write),
        tcp_user: section.secs("tcp-user-timeout").unwrap_or(default.tcp_user),
    }
}

fn read_recovery(section: &Section<'_>, out: &mut Diagnostics) -> Recovery {
    let recovery = Recovery {
        tries_max: section.number("max-reconnect-tries").unwrap_or_default(),
        wait: section.number("reconnect-wait-time").unwrap_or_default(),
        on_fail: word(section, "on-fail", &OnFail::WORDS).unwrap_or_default(),
        at_start: section.flag("retry-on-startup").unwrap_or_default(),
    };
    let wished = ["max-reconnect-tries", "reconnect-wait-time"]
        .into_iter()
        .find(|key| section.number(key).is_some_and(|number| number > 0));
    match wished {
        Some(key) if !recovery.is_on() => {
            let told = "a lost database is not waited for without both `max-reconnect-tries` and \
                        `reconnect-wait-time`";
            out.push(
                Diagnostic::warning(section.place(key), section.path.key(key), told)
                    .hint("give the other one, above 0"),
            );
        }
        None if recovery.at_start => {
            let told = "changes nothing without `max-reconnect-tries` and `reconnect-wait-time`";
            let path = section.path.key("retry-on-startup");
            out.push(Diagnostic::warning(section.place("retry-on-startup"), path, told));
        }
        _ => {}
    }
    recovery
}

fn check_tls(section: &Section<'_>, tls: &DatabaseTls, out: &mut Diagnostics) {
    let (given, missing) = match (&tls.cert_file, &tls.key_file) {
        (Some(_), None) => ("cert-file", "key-file"),
        (None, Some(_)) => ("key-file", "cert-file"),
        _ => ("", ""),
    };
    if !given.is_empty() {
        let told = format!("useless without `{missing}`");
        out.push(
            Diagnostic::error(section.place(given), section.path.key(given), told)
                .hint("a certificate and its key go together"),
        );
    }
    if tls.mode() > SslMode::Require && tls.trust_anchor.is_none() {
        let path = section.path.key("ssl-mode");
        out.push(
            Diagnostic::error(section.place("ssl-mode"), path, "nobody is trusted to vouch")
                .hint("name the authority's certificate as `trust-anchor`"),
        );
    }
}

fn word<T: Copy>(section: &Section<'_>, key: &str, words: &[(&str, T)]) -> Option<T> {
    let text = section.text(key)?;
    words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, meaning)| *meaning)
}
