//! Leases become rows of tables of every shape, and leases again.

use lessor_lease::{Lease, State};
use lessor_sql::{Guard, Row, Shape};
use lessor_store_contract::rows::{any_lease, gallery, lease};
use lessor_types::{PoolId, Secs, Wall};
use proptest::prelude::*;

use crate::fake::SHAPE;

/// MySQL's table of Kea 2.2.
const OLD: Shape = Shape {
    time_min: 1,
    time_max: 2_147_483_647,
    state_max: 2,
    client_id_max: 128,
    hostname_max: 255,
    context_max: 65_535,
    has_pool: false,
    zero_in_text: true,
};

proptest! {
    /// Whatever the table has room for comes back, ends and states that it cannot say included.
    #[test]
    fn leases_are_kept_whole(
        lease in any_lease(1),
        expires in prop_oneof![1_i64..4_000_000_000, -10_i64..1 << 40],
        pool in any::<u32>(),
        old in any::<bool>(),
    ) {
        let shape = if old { OLD } else { SHAPE };
        let lease = Lease { expires: Wall::from_secs(expires), pool: PoolId(pool), ..lease };
        let row = shape.encode(&lease).expect("it has room for these");
        let expire = row.expire.expect("a time");
        prop_assert!((shape.time_min..=shape.time_max).contains(&expire));
        prop_assert!(row.state <= i64::from(shape.state_max));
        prop_assert!(shape.guard(&lease).admits(&row), "a write finds what it wrote");
        prop_assert_eq!(shape.decode(&row), Ok(lease));
    }

    /// No row costs more than itself.
    #[test]
    fn no_row_is_too_strange(
        address in any::<i64>(),
        octets in prop::collection::vec(any::<u8>(), 0..30),
        valid_lifetime in prop::option::of(any::<i64>()),
        expire in prop::option::of(any::<i64>()),
        subnet_id in prop::option::of(any::<i64>()),
        state in -1_i64..7,
        user_context in "(\\{\"lessor\":\\{\"(expires|state|pool|htype)\":-?[0-9]{1,20}\\}\\})|.{0,8}",
        pool_id in any::<i64>(),
    ) {
        let row = Row {
            address, hwaddr: octets.clone(), client_id: octets, valid_lifetime, expire, subnet_id,
            state, user_context, pool_id, ..Row::default()
        };
        for shape in [OLD, SHAPE] {
            let _ = shape.slot(&row, Wall::from_secs(1_700_000_000));
            if let Ok(lease) = shape.decode(&row) {
                prop_assert_eq!(Some(i64::from(lease.subnet.0)), row.subnet_id);
            }
        }
    }
}

#[test]
fn the_gallery_fits_old_tables_but_for_long_identifiers() {
    let misfits: Vec<_> = gallery(Wall::from_secs(1 << 40))
        .into_iter()
        .filter_map(|lease| OLD.encode(&lease).err())
        .map(|error| error.column)
        .collect();
    assert_eq!(misfits, ["client_id"]);
}

#[test]
fn a_lease_without_end_is_dated_from_its_beginning() {
    let ends = Wall::from_secs(1_700_000_000 + i64::from(u32::MAX));
    let endless = Lease { valid: Secs::INFINITE, expires: ends, ..lease(1, 1) };
    for shape in [OLD, SHAPE] {
        let row = shape.encode(&endless).expect("it fits");
        assert_eq!((row.expire, row.user_context.as_str()), (Some(1_700_000_000), ""));
    }
}

#[test]
fn whoever_changed_a_column_has_the_last_word() {
    let late = Lease { expires: Wall::from_secs(1 << 33), state: State::Released, ..lease(1, 1) };
    let mut row = OLD.encode(&late).expect("it fits");
    assert_eq!(OLD.decode(&row).as_ref(), Ok(&late));
    row.expire = Some(1_700_000_000);
    row.state = 0;
    let read = OLD.decode(&row).expect("a row");
    assert_eq!((read.expires, read.state), (Wall::from_secs(1_700_000_000), State::Assigned));
}

#[test]
fn parts_of_a_second_are_rounded_up() {
    let lease = Lease { expires: Wall::new(1_700_000_000, 1), ..lease(1, 1) };
    assert_eq!(SHAPE.guard(&lease), Guard { expire: 1_700_000_001, ..SHAPE.guard(&lease) });
}

#[test]
fn what_no_table_can_keep_is_refused_with_the_column() {
    let long = "x".repeat(256);
    for (lease, column) in [
        (Lease { hostname: Some(long.into()), ..lease(1, 1) }, "hostname"),
        (Lease { hostname: Some("a\0b".into()), ..lease(1, 1) }, "hostname"),
        (Lease { context: Some("[]".into()), ..lease(1, 1) }, "user_context"),
        (Lease { unit: lessor_types::Unit::V6([0; 16].into()), ..lease(1, 1) }, "address"),
    ] {
        assert_eq!(SHAPE.encode(&lease).map_err(|error| error.column), Err(column));
    }
}
