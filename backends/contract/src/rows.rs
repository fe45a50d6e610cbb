//! The leases that the cases store.

use std::sync::Arc;

use lessor_lease::{Change, DnsFlags, Lease, Promises, State};
use lessor_types::{ClientId, Holder, HwAddr, PoolId, Secs, SubnetId, Unit, Wall};
use proptest::prelude::*;

/// The address 192.0.2.`last`.
#[must_use]
pub fn unit(last: u8) -> Unit {
    Unit::V4([192, 0, 2, last].into())
}

/// A client without a client identifier.
#[must_use]
pub fn holder(number: u8) -> Holder {
    Holder { hw: HwAddr::ethernet([2, 0, 0, 0, 0, number]), client_id: None }
}

/// A plain lease of 192.0.2.`last`, for an hour from second 1700000000 on.
#[must_use]
pub fn lease(last: u8, client: u8) -> Lease {
    Lease {
        unit: unit(last),
        subnet: SubnetId(1),
        pool: PoolId(0),
        holder: holder(client),
        state: State::Assigned,
        valid: Secs(3600),
        expires: Wall::from_secs(1_700_003_600),
        hostname: None,
        dns: DnsFlags::default(),
        context: None,
        promises: None,
    }
}

/// The change that puts `lease` where there was nothing.
#[must_use]
pub fn insert(lease: Lease) -> Change {
    Change { unit: lease.unit, from: None, to: Some(Arc::new(lease)) }
}

/// The change from one row to another of the same unit.
#[must_use]
pub fn replace(from: &Lease, to: Lease) -> Change {
    Change { unit: to.unit, from: Some(Arc::new(from.clone())), to: Some(Arc::new(to)) }
}

/// The change that removes a row.
#[must_use]
pub fn remove(from: &Lease) -> Change {
    Change { unit: from.unit, from: Some(Arc::new(from.clone())), to: None }
}

/// One lease for each thing that a store may fail to keep.
#[must_use]
pub fn gallery(last_time: Wall) -> Vec<Lease> {
    let long_id: Vec<u8> = (0..=254).collect();
    let id = |octets: &[u8]| ClientId::new(octets).ok();
    let hw = |htype, octets: &[u8]| HwAddr::new(htype, octets).unwrap_or_default();
    let mut rows = vec![lease(0, 1)];
    let mut add = |change: &dyn Fn(&mut Lease)| {
        let last = u8::try_from(rows.len()).expect("fewer than 256 rows");
        let mut row = lease(last, last);
        change(&mut row);
        rows.push(row);
    };
    for state in [State::Declined, State::Reclaimed, State::Released] {
        add(&|row| row.state = state);
    }
    add(&|row| {
        row.state = State::Declined;
        row.holder = Holder::default();
    });
    add(&|row| row.valid = Secs::INFINITE);
    add(&|row| {
        row.valid = Secs::INFINITE;
        row.expires = row.expires.plus_secs(i64::from(u32::MAX)).min(last_time);
    });
    add(&|row| row.expires = last_time);
    add(&|row| row.expires = Wall::from_secs(1));
    add(&|row| row.valid = Secs(1));
    add(&|row| row.subnet = SubnetId(u32::MAX - 1));
    add(&|row| row.pool = PoolId(u32::MAX));
    add(&|row| row.dns.forward = true);
    add(&|row| row.dns.reverse = true);
    add(&|row| row.holder.client_id = id(&[1, 2, 0, 0, 0, 0, 9]));
    add(&|row| row.holder.client_id = id(&long_id));
    add(&|row| {
        row.holder.hw = HwAddr::default();
        row.holder.client_id = id(&[255]);
    });
    add(&|row| row.holder.hw = hw(HwAddr::ETHERNET, &[0; 16]));
    for name in ["plain", "a,b", "a&b&#x2c", "münchen.例え", "line\nbreak\ttab\"quote\\'", " "] {
        add(&|row| row.hostname = Some(name.into()));
    }
    add(&|row| row.context = Some(r#"{"a":[1,2],"b":{"c":"d,e & é"}}"#.into()));
    let promises = Promises {
        epoch: 1,
        tenancy: u32::MAX,
        version: 3,
        told: Some(Wall::from_secs(1_700_003_600)),
        acked: None,
        high: Some(last_time),
    };
    add(&|row| row.promises = Some(Box::new(promises)));
    add(&|row| row.promises = Some(Box::default()));
    add(&|row| {
        row.promises = Some(Box::new(promises));
        row.context = Some(r#"{"z":1,"a":"2"}"#.into());
    });
    rows
}

prop_compose! {
    /// A lease of 192.0.2.`last`, of one of a few clients.
    pub fn any_lease(last: u8)(
        client in 0_u8..6,
        state in 0_u32..4,
        valid in prop_oneof![1_u32..9000, Just(u32::MAX)],
        confirmed in 1_699_990_000_i64..1_700_010_000,
        hostname in prop::option::of("[a-z,&é]{1,8}"),
        forward in any::<bool>(),
        tenancy in prop::option::of(any::<u32>()),
    ) -> Lease {
        let promises = tenancy.map(|tenancy| Box::new(Promises { tenancy, ..Promises::default() }));
        Lease {
            state: State::from_number(state).unwrap_or_default(),
            valid: Secs(valid),
            expires: Wall::from_secs(confirmed + i64::from(valid)),
            hostname: hostname.map(Into::into),
            dns: DnsFlags { forward, reverse: false },
            promises,
            ..lease(last, client)
        }
    }
}
