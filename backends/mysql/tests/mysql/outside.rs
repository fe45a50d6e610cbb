//! What others do to the tables while a store is open on them.

use lessor_lease::{Lease, Outcome};
use lessor_schema::Revision;
use lessor_store_contract::outside;
use lessor_store_contract::rows::{insert, lease};
use lessor_types::{Secs, Wall};

use crate::ground;

#[test]
fn what_others_do_is_seen_and_survived() {
    let runtime = ground::runtime();
    let database = ground::tables(Revision::NEWEST);
    let say = |sql: &str| {
        database.query(sql).expect("statements that MariaDB takes");
    };
    let subject = || ground::subject(&runtime, &database);
    let spoiled = [
        (11, "UPDATE lease4 SET expire = NULL WHERE address = 3221225995", "expire"),
        (
            12,
            "SET sql_mode = ''; UPDATE lease4 SET expire = 0 WHERE address = 3221225996",
            "expire",
        ),
        (
            13,
            "UPDATE lease4 SET valid_lifetime = NULL WHERE address = 3221225997",
            "valid_lifetime",
        ),
        (14, "UPDATE lease4 SET subnet_id = NULL WHERE address = 3221225998", "subnet_id"),
        (15, "UPDATE lease4 SET user_context = '[1]' WHERE address = 3221225999", "user_context"),
        (16, "UPDATE lease4 SET hwaddr = NULL WHERE address = 3221226000", "hwaddr"),
        (
            17,
            "INSERT INTO lease_state VALUES (9, 'odd') ON DUPLICATE KEY UPDATE name = 'odd'; \
              UPDATE lease4 SET state = 9 WHERE address = 3221226001",
            "state",
        ),
    ];
    outside::rows_that_cannot_be_read(subject(), &say, &spoiled);
    outside::changes_of_others(
        subject(),
        &say,
        "UPDATE lease4 SET expire = expire + INTERVAL 1 SECOND",
        "DELETE FROM lease4",
    );
    say("ALTER TABLE lease4 ADD CHECK (hostname <> 'refused')");
    outside::a_refused_row(subject());
}

#[test]
fn statistics_stay_right() {
    let runtime = ground::runtime();
    let database = ground::tables(Revision::NEWEST);
    let subject = ground::subject(&runtime, &database);
    outside::statistics_stay_right(subject, &|sql| database.query(sql).expect("an answer"));
}

/// The zones of server, role and session have no say, and neither do the hours that a clock goes
/// through twice.
#[test]
fn times_are_the_same_in_every_zone() {
    let runtime = ground::runtime();
    let database = ground::tables(Revision::NEWEST);
    database.query("SET GLOBAL time_zone = '-05:00'").expect("a zone");
    // 01:30 on the morning when clocks in New York go back: the first time, and the second.
    let ends = [1_699_162_200, 1_699_165_800, 2_147_483_647, 2_147_483_648, 9_000_000_000_000];
    let (store, _) = runtime.block_on(ground::store(&database));
    let rows = ends
        .iter()
        .zip(1..)
        .map(|(ends, last)| Lease { expires: Wall::from_secs(*ends), ..lease(last, last) });
    let rows: Vec<_> = rows.collect();
    let batch: Vec<_> = rows.iter().cloned().map(insert).collect();
    let committed = runtime.block_on(store.commit(&batch));
    assert!(committed.outcomes.iter().all(|outcome| *outcome == Outcome::Done));
    let page = runtime.block_on(store.page(lease(0, 0).unit, 100)).expect("a page");
    assert_eq!(page.leases.iter().map(|row| row.expires.secs()).collect::<Vec<_>>(), ends);
    let kept = "SELECT UNIX_TIMESTAMP(expire) FROM lease4 ORDER BY address";
    let kept = database.query(kept).expect("rows");
    let expected: String =
        ends.iter().map(|ends| format!("{}\n", ends.min(&2_147_483_647))).collect();
    assert_eq!(kept, expected, "as others read it");
}

/// A lease without end is dated as Kea dates it: from its beginning.
#[test]
fn leases_without_end_are_keas() {
    let runtime = ground::runtime();
    let database = ground::tables(Revision::NEWEST);
    database
        .query(
            "INSERT INTO lease4 (address, hwaddr, client_id, valid_lifetime, expire, subnet_id, \
             fqdn_fwd, fqdn_rev, hostname, state) VALUES (3221225985, x'020000000001', NULL, \
             4294967295, FROM_UNIXTIME(1700000000), 1, false, false, '', 0)",
        )
        .expect("a row");
    let (store, _) = runtime.block_on(ground::store(&database));
    let page = runtime.block_on(store.page(lease(0, 0).unit, 100)).expect("a page");
    let ends = Wall::from_secs(1_700_000_000 + i64::from(u32::MAX));
    let read = Lease { valid: Secs::INFINITE, expires: ends, ..lease(1, 1) };
    assert_eq!(
        page.leases.iter().map(|row| row.as_ref().clone()).collect::<Vec<_>>(),
        std::slice::from_ref(&read)
    );
    let later = Lease { expires: ends.plus_secs(60), ..read.clone() };
    let change = lessor_store_contract::rows::replace(&read, later);
    assert_eq!(runtime.block_on(store.commit(&[change])).outcomes, [Outcome::Done]);
    let kept = "SELECT valid_lifetime, UNIX_TIMESTAMP(expire), user_context FROM lease4";
    assert_eq!(database.query(kept).expect("rows"), "4294967295\t1700000060\tNULL\n");
}
