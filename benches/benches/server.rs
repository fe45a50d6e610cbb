//! Decisions and allocation: whole turns of the state machine, without sockets and disks.
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use std::net::Ipv4Addr;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use lessor_benches::client::{self, SERVER};
use lessor_benches::full::{Bench, FIRST, leases};
use lessor_wire::v4::MessageType;

/// A DISCOVER of a new client, and its word that it chose another server, at each fill of the
/// pool: what has to be flat is the search for a free address.
fn allocate(c: &mut Criterion) {
    let mut group = c.benchmark_group("allocate");
    for permille in [0, 900, 990, 999, 1000] {
        let mut bench = Bench::new(leases(permille));
        let mut number = 0;
        group.bench_function(BenchmarkId::from_parameter(f64::from(permille) / 10.0), |b| {
            b.iter_batched(
                || {
                    number += 1;
                    let other = client::request(number, Ipv4Addr::new(10, 0, 0, 9), SERVER);
                    let discover = client::message(number, MessageType::Discover);
                    (client::datagram(&discover), client::datagram(&other))
                },
                |(discover, other)| {
                    bench.packet(discover);
                    bench.packet(other);
                },
                BatchSize::SmallInput,
            );
        });
        let answered = bench.sink.sent;
        assert_eq!(answered > 0, permille < 1000, "a full pool offers nothing, others do");
    }
    group.finish();
}

/// A renewal: decided, written, settled, answered.
fn renew(c: &mut Criterion) {
    let mut bench = Bench::new(leases(900));
    let mut number = 0;
    c.bench_function("decide/renew", |b| {
        b.iter_batched(
            || {
                number = (number + 1) % 50_000;
                let mut message = client::message(0x8000_0000 | number, MessageType::Request);
                message.ciaddr = Ipv4Addr::from(FIRST + number);
                client::datagram(&message)
            },
            |datagram| {
                bench.packet(datagram);
                bench.settle();
            },
            BatchSize::SmallInput,
        );
    });
    assert!(bench.sink.sent > 0, "renewals are answered");
}

criterion_group!(benches, allocate, renew);
criterion_main!(benches);
