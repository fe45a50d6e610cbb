//! Octets to values and back.
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use lessor_benches::client;
use lessor_wire::v4::{Message, View};

fn codec(c: &mut Criterion) {
    let message = client::relayed(7);
    let octets = message.encode(1500).octets;
    c.bench_function("decode/view", |b| {
        b.iter(|| View::parse(black_box(&octets)).map(|view| view.options().count()));
    });
    c.bench_function("decode/message", |b| b.iter(|| Message::decode(black_box(&octets))));
    c.bench_function("encode/message", |b| b.iter(|| black_box(&message).encode(1500)));
}

criterion_group!(benches, codec);
criterion_main!(benches);
