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
        database.query(sql).expect("statements that PostgreSQL takes");
    };
    let subject = || ground::subject(&runtime, &database);
    let spoiled = [
        (11, "UPDATE lease4 SET expire = 'infinity' WHERE address = 3221225995", "expire"),
        (12, "UPDATE lease4 SET expire = NULL WHERE address = 3221225996", "expire"),
        (
            13,
            "UPDATE lease4 SET valid_lifetime = NULL WHERE address = 3221225997",
            "valid_lifetime",
        ),
        (14, "UPDATE lease4 SET valid_lifetime = -1 WHERE address = 3221225998", "valid_lifetime"),
        (15, "UPDATE lease4 SET subnet_id = 4294967296 WHERE address = 3221225999", "subnet_id"),
        (16, "UPDATE lease4 SET user_context = '[1]' WHERE address = 3221226000", "user_context"),
        (
            17,
            "UPDATE lease4 SET hwaddr = decode(repeat('00', 21), 'hex') WHERE address = 3221226001",
            "hwaddr",
        ),
        (18, "UPDATE lease4 SET hwaddr = NULL WHERE address = 3221226002", "hwaddr"),
        (
            19,
            "UPDATE lease4 SET client_id = decode(repeat('00', 256), 'hex') WHERE address = 3221226003",
            "client_id",
        ),
        (
            20,
            "INSERT INTO lease_state VALUES (9, 'odd') ON CONFLICT DO NOTHING; \
              UPDATE lease4 SET state = 9 WHERE address = 3221226004",
            "state",
        ),
        (
            21,
            "INSERT INTO lease4 (address, valid_lifetime, expire) VALUES (-5, 9, to_timestamp(1)), (99999999999, 9, to_timestamp(1)); \
              UPDATE lease4 SET pool_id = -1 WHERE address = 3221226005",
            "pool_id",
        ),
    ];
    outside::rows_that_cannot_be_read(subject(), &say, &spoiled);
    outside::changes_of_others(
        subject(),
        &say,
        "UPDATE lease4 SET expire = expire + interval '1 second'",
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
    database.query("ALTER ROLE lessor SET timezone = 'America/New_York'").expect("a zone");
    // 01:30 on the morning when clocks in New York go back: the first time, and the second.
    let ends = [1_699_162_200, 1_699_165_800, 2_147_483_648, 4_294_967_296, 9_000_000_000_000];
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
    let kept = "SELECT extract(epoch FROM expire)::bigint FROM lease4 ORDER BY address";
    let kept = database.query(kept).expect("rows");
    let expected: String = ends.iter().map(|ends| format!("{ends}\n")).collect();
    assert_eq!(kept, expected, "as others read it");
    // What others date within a second ends when the second is over.
    database
        .query("UPDATE lease4 SET expire = to_timestamp(1700000000.25) WHERE address = 3221225985")
        .expect("a row");
    let page = runtime.block_on(store.page(lease(1, 0).unit, 1)).expect("a page");
    let row = page.leases.first().expect("a row");
    assert_eq!(row.expires, Wall::from_secs(1_700_000_001));
    let next = lessor_store_contract::rows::replace(row, lease(1, 1));
    assert_eq!(runtime.block_on(store.commit(&[next])).outcomes, [Outcome::Done]);
}

/// A lease without end is dated as Kea dates it: from its beginning.
#[test]
fn leases_without_end_are_keas() {
    let runtime = ground::runtime();
    let database = ground::tables(Revision::NEWEST);
    database
        .query(
            "INSERT INTO lease4 (address, hwaddr, client_id, valid_lifetime, expire, subnet_id, \
             fqdn_fwd, fqdn_rev, hostname, state) VALUES (3221225985, '\\x020000000001', NULL, \
             4294967295, to_timestamp(1700000000), 1, false, false, '', 0)",
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
    let kept =
        "SELECT valid_lifetime, extract(epoch FROM expire)::bigint, user_context FROM lease4";
    assert_eq!(database.query(kept).expect("rows"), "4294967295\t1700000060\tNULL\n");
}
