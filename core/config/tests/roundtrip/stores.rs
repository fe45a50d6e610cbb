//! Where leases are kept.

use lessor_config::{
    Database, DatabaseTimeouts, DatabaseTls, Engine, LeaseStore, Memfile, OnFail, Password,
    Recovery, Secret, SslMode,
};
use lessor_types::Secs;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

pub(crate) fn lease_store() -> impl Strategy<Value = LeaseStore> {
    prop_oneof![
        memfile().prop_map(LeaseStore::Memfile),
        database().prop_map(|database| LeaseStore::Database(Box::new(database))),
    ]
}

fn memfile() -> impl Strategy<Value = Memfile> {
    (option::of("\\PC{0,9}"), any::<bool>(), any::<u32>(), any::<u32>()).prop_map(
        |(path, persist, interval, max_row_errors)| Memfile {
            path,
            persist,
            lfc_interval: Secs(interval),
            max_row_errors,
        },
    )
}

fn database() -> impl Strategy<Value = Database> {
    let password = prop_oneof![
        "\\PC{0,9}".prop_map(|text| Password::Given(Secret(text))),
        "\\PC{1,9}".prop_map(Password::InFile),
    ];
    let on_fail = select(&OnFail::WORDS[..]).prop_map(|(_, it)| it);
    let recovery = (any::<u32>(), any::<u32>(), on_fail, any::<bool>()).prop_map(
        |(tries_max, wait, on_fail, at_start)| Recovery { tries_max, wait, on_fail, at_start },
    );
    let parts = (
        select(&Engine::WORDS[..]).prop_map(|(_, it)| it),
        "\\PC{1,9}",
        vec("[a-z0-9.:/]{1,9}", 0..3),
        any::<u16>(),
        "\\PC{0,9}",
        password,
        (1_u32.., any::<[u32; 3]>()),
        tls(),
        recovery,
    );
    parts.prop_map(|(engine, name, hosts, port, user, password, timeouts, tls, recovery)| {
        let (connect, [read, write, tcp_user]) = timeouts;
        lawful(Database {
            engine,
            name,
            hosts,
            port,
            user,
            password,
            timeouts: DatabaseTimeouts {
                connect: Secs(connect),
                read: Secs(read),
                write: Secs(write),
                tcp_user: Secs(tcp_user),
            },
            tls,
            recovery,
        })
    })
}

fn tls() -> impl Strategy<Value = DatabaseTls> {
    let file = || option::of("\\PC{1,9}");
    let mode = option::of(select(&SslMode::WORDS[..]).prop_map(|(_, it)| it));
    (mode, file(), option::of(("\\PC{1,9}", "\\PC{1,9}")), file()).prop_map(
        |(mode, trust_anchor, own, cipher_list)| {
            let (cert_file, key_file) = own.unzip();
            DatabaseTls { mode, trust_anchor, cert_file, key_file, cipher_list }
        },
    )
}

/// Takes out what a database of this kind can't have.
fn lawful(mut database: Database) -> Database {
    match database.engine {
        Engine::Sqlite => {
            let Database { engine, name, recovery, .. } = database;
            return Database {
                engine,
                name,
                recovery,
                hosts: Vec::new(),
                port: 0,
                user: String::new(),
                password: Password::default(),
                timeouts: DatabaseTimeouts::default(),
                tls: DatabaseTls::default(),
            };
        }
        Engine::Mysql => {
            database.hosts.truncate(1);
            database.timeouts.tcp_user = Secs(0);
            database.tls.mode = None;
        }
        Engine::Postgresql => {
            database.timeouts.read = Secs(0);
            database.timeouts.write = Secs(0);
            database.tls.cipher_list = None;
        }
    }
    if database.tls.trust_anchor.is_none() {
        database.tls.mode = database.tls.mode.map(|mode| mode.min(SslMode::Require));
    }
    database
}
