//! What follows from faults of the file.

use std::time::Duration;

use lessor_lease::{Lookup, Outcome, Refusal};
use lessor_sql::{Access, Class, Limits};
use lessor_sqlite::open;
use lessor_store_contract::outside;
use lessor_store_contract::rows::{insert, lease, unit};
use sqlx::{AssertSqlSafe, ConnectOptions as _};

use crate::ground;

#[test]
fn a_file_that_is_none_is_not_opened() {
    let runtime = ground::runtime();
    let folder = tempfile::tempdir().expect("a folder");
    let class = || {
        let opened = runtime.block_on(open(&ground::access(folder.path())));
        opened.map(|_| ()).map_err(|failure| failure.class)
    };
    assert_eq!(class(), Err(Class::Schema), "no file");
    assert!(!folder.path().join("leases").exists(), "none is made");
    std::fs::write(folder.path().join("leases"), [7; 4096]).expect("a file");
    assert_eq!(class(), Err(Class::Unavailable), "another kind of file");
    std::fs::remove_file(folder.path().join("leases")).expect("it goes");
    runtime.block_on(ground::say(folder.path(), "CREATE TABLE other (n)"));
    assert_eq!(class(), Err(Class::Schema), "other tables");
}

#[test]
fn a_writer_that_does_not_end_is_no_reason_to_wait_for_ever() {
    let runtime = ground::runtime();
    let folder = ground::tables(&runtime);
    let patience = Duration::from_millis(400);
    let limits = Limits { answer_within: patience, ..Limits::default() };
    let access = Access { limits, ..ground::access(folder.path()) };
    let store = runtime.block_on(open(&access)).expect("a store").0;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("leases"));
    let mut other = runtime.block_on(options.connect()).expect("another");
    let mut say = |sql: &str| {
        let said = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut other);
        runtime.block_on(said).expect("statements that SQLite takes");
    };
    say("BEGIN IMMEDIATE");
    let committed = runtime.block_on(store.commit(&[insert(lease(1, 1))]));
    assert_eq!(committed.outcomes, [Outcome::Refused(Refusal::Retry)]);
    let fetched = runtime.block_on(store.fetch(&[Lookup::Unit(unit(1))]));
    assert!(fetched.is_ok(), "readers don't wait for writers");
    say("ROLLBACK");
    let committed = runtime.block_on(store.commit(&[insert(lease(1, 1))]));
    assert_eq!(committed.outcomes, [Outcome::Done]);
}

#[test]
fn what_others_do_is_seen_and_survived() {
    let runtime = ground::runtime();
    let folder = ground::tables(&runtime);
    let say = |sql: &str| runtime.block_on(ground::say(folder.path(), sql));
    let subject = || ground::subject(&runtime, folder.path());
    let spoiled = [
        (12, "UPDATE lease4 SET expire = NULL WHERE address = 3221225996", "expire"),
        (
            13,
            "UPDATE lease4 SET valid_lifetime = 4294967296 WHERE address = 3221225997",
            "valid_lifetime",
        ),
        (14, "UPDATE lease4 SET subnet_id = -1 WHERE address = 3221225998", "subnet_id"),
        (15, "UPDATE lease4 SET user_context = '[1]' WHERE address = 3221225999", "user_context"),
        (16, "UPDATE lease4 SET hwaddr = NULL WHERE address = 3221226000", "hwaddr"),
        (17, "UPDATE lease4 SET hwaddr = zeroblob(21) WHERE address = 3221226001", "hwaddr"),
    ];
    outside::rows_that_cannot_be_read(subject(), &say, &spoiled);
    outside::changes_of_others(
        subject(),
        &say,
        "UPDATE lease4 SET expire = expire + 1",
        "DELETE FROM lease4",
    );
    say("CREATE TRIGGER refused BEFORE INSERT ON lease4 WHEN NEW.hostname = 'refused' \
         BEGIN SELECT RAISE(ABORT, 'refused'); END");
    outside::a_refused_row(subject());
}
