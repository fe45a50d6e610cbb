//! Four-way exchanges of new clients through the state machine alone, for profilers that count
//! instructions:
//!
//! ```sh
//! cargo build --release -p lessor-benches --example exchanges
//! valgrind --tool=callgrind --toggle-collect='*::serve' target/release/examples/exchanges 5000
//! ```
//!
//! With a second number, only DISCOVERs of new clients, each let go by a REQUEST to another server
//! that does not count, while so many thousandths of the pool are leased.
#![expect(clippy::print_stdout, reason = "an example tells what it did")]

use std::hint::black_box;
use std::net::Ipv4Addr;

use lessor_benches::client::{self, SERVER};
use lessor_benches::full::{Bench, leases};
use lessor_types::Datagram;
use lessor_wire::v4::MessageType;

/// What begins at the server: everything else is the clients' work.
#[inline(never)]
fn serve(bench: &mut Bench, packet: Datagram) {
    bench.packet(packet);
    bench.settle();
}

fn main() {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u32>().ok());
    let count = numbers.next().flatten().unwrap_or(5000).min(60_000);
    if let Some(permille) = numbers.next().flatten() {
        return discovers(count, permille.min(1000));
    }
    let mut bench = Bench::new(leases(0));
    for number in 0..count {
        let discover = client::message(number, MessageType::Discover);
        serve(&mut bench, client::datagram(&discover));
        let offer = bench.sink.answer.as_ref().map_or(&[][..], |packet| &packet.payload);
        // `yiaddr` (RFC 2131 §2).
        let addr = offer.get(16..20).and_then(|octets| octets.try_into().ok()).map(<[u8; 4]>::into);
        let addr = addr.unwrap_or(Ipv4Addr::UNSPECIFIED);
        serve(&mut bench, client::datagram(&client::request(number, SERVER, addr)));
    }
    println!("{count} exchanges, {} answers", black_box(&bench).sink.sent);
}

fn discovers(count: u32, permille: u32) {
    let mut bench = Bench::new(leases(permille));
    for number in 0..count {
        let discover = client::message(number, MessageType::Discover);
        serve(&mut bench, client::datagram(&discover));
        let other = client::request(number, Ipv4Addr::new(10, 0, 0, 9), SERVER);
        bench.packet(client::datagram(&other));
    }
    println!("{count} discovers, {} answers", black_box(&bench).sink.sent);
}
