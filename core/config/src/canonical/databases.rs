//! Where leases are kept.

use super::secs;
use crate::json::Map;
use crate::model::{Database, Engine, LeaseStore, Password};

pub(super) fn lease_store(store: &LeaseStore) -> Map {
    match store {
        LeaseStore::Memfile(memfile) => Map::default()
            .with("type", "memfile")
            .with_some("name", memfile.path.as_deref())
            .with("persist", memfile.persist)
            .with("lfc-interval", secs(memfile.lfc_interval))
            .with("max-row-errors", memfile.max_row_errors),
        LeaseStore::Database(database) => tree(database),
    }
}

fn tree(database: &Database) -> Map {
    let map =
        Map::default().with("type", database.engine.word()).with("name", database.name.as_str());
    let map = match database.engine {
        Engine::Sqlite => map,
        Engine::Mysql | Engine::Postgresql => reached(map, database),
    };
    let recovery = database.recovery;
    map.with("max-reconnect-tries", recovery.tries_max)
        .with("reconnect-wait-time", recovery.wait)
        .with("on-fail", recovery.on_fail.word())
        .with("retry-on-startup", recovery.at_start)
}

/// The settings of a database that is reached through a network.
fn reached(map: Map, database: &Database) -> Map {
    let Database { timeouts, tls, .. } = database;
    let (password, file) = match &database.password {
        Password::Given(secret) => (Some(secret.0.as_str()), None),
        Password::InFile(file) => (None, Some(file.as_str())),
    };
    let map = map
        .with("host", database.hosts.join(","))
        .with("port", u32::from(database.port))
        .with("user", database.user.as_str())
        .with_some("password", password)
        .with_some("password-file", file)
        .with("connect-timeout", secs(timeouts.connect));
    let map = match database.engine {
        Engine::Mysql => map
            .with("read-timeout", secs(timeouts.read))
            .with("write-timeout", secs(timeouts.write))
            .with_some("cipher-list", tls.cipher_list.as_deref()),
        Engine::Postgresql | Engine::Sqlite => map
            .with("tcp-user-timeout", secs(timeouts.tcp_user))
            .with_some("ssl-mode", tls.mode.map(|mode| mode.word())),
    };
    map.with_some("trust-anchor", tls.trust_anchor.as_deref())
        .with_some("cert-file", tls.cert_file.as_deref())
        .with_some("key-file", tls.key_file.as_deref())
}
