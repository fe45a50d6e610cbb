//! A server whose pool of 65,024 addresses is filled to a degree, with holes spread evenly.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_config::Config;
use lessor_lease::{DnsFlags, Lease, Rows, State};
use lessor_policy::Topology;
use lessor_server::{Input, Limits, Output, Ports, Server, Setup, StoreMode, turn};
use lessor_types::{
    Datagram, Holder, Link, LinkId, Links, Mono, Now, PoolId, Secs, Seed, SubnetId, Transmit, Unit,
    Wall,
};

use crate::client::{SERVER, hw};

/// The first address of the pool.
pub const FIRST: u32 = 0x0a00_0100;
/// How many addresses the pool has.
pub const SIZE: u32 = 65_024;
/// The time at which everything happens.
pub const NOW: Now =
    Now { mono: Mono::from_nanos(10_000_000_000), wall: Wall::from_secs(1_000_000) };

/// Leases for `permille` of the pool: 0 is empty, 1000 is full.
#[must_use]
pub fn leases(permille: u32) -> Rows {
    let wanted = SIZE * permille / 1000;
    (0..SIZE)
        // The n-th hole is where the rounded share does not grow.
        .filter(|n| (n + 1) * wanted / SIZE > n * wanted / SIZE || wanted == SIZE)
        .map(|n| Arc::new(lease(n)))
        .collect()
}

/// The lease of the n-th address, for a client with a link-layer address and nothing more.
#[must_use]
pub fn lease(n: u32) -> Lease {
    Lease {
        unit: Unit::V4(Ipv4Addr::from(FIRST + n)),
        subnet: SubnetId(1),
        pool: PoolId(0),
        holder: Holder { hw: hw(0x8000_0000 | n), client_id: None },
        state: State::Assigned,
        valid: Secs(7200),
        expires: NOW.wall.plus_secs(7200),
        hostname: None,
        dns: DnsFlags::default(),
        context: None,
        promises: None,
    }
}

/// Takes outputs and counts the packets among them.
#[derive(Debug, Default)]
pub struct Sink {
    /// Packets sent so far.
    pub sent: u64,
    /// The last packet sent.
    pub answer: Option<Transmit>,
    /// The last batch for the store.
    pub batch: Option<lessor_lease::StoreBatch>,
}

impl Ports for Sink {
    fn put(&mut self, output: Output) {
        match output {
            Output::Send(packet) => {
                self.sent += 1;
                self.answer = Some(packet);
            }
            Output::Store(batch) => self.batch = Some(batch),
            _ => {}
        }
    }
}

/// A server and what it is driven with.
#[derive(Debug)]
pub struct Bench {
    server: Server,
    inputs: VecDeque<Input>,
    /// What came out.
    pub sink: Sink,
}

impl Bench {
    /// A server with these leases.
    ///
    /// # Panics
    /// Never: the configuration is a constant.
    #[must_use]
    pub fn new(leases: Rows) -> Self {
        Self::with_pool("10.0.1.0 - 10.0.254.255", leases)
    }

    /// A server with another pool.
    ///
    /// # Panics
    /// If the pool is no range of 10.0.0.0/8.
    #[must_use]
    pub fn with_pool(pool: &str, leases: Rows) -> Self {
        let text = format!(
            r#"{{ "Dhcp4": {{ "calculate-tee-times": true, "cache-threshold": 0.0,
            "parked-packet-limit": 65536, "subnet4": [ {{
            "id": 1, "subnet": "10.0.0.0/8",
            "option-data": [ {{ "name": "routers", "data": "10.0.0.1" }},
                {{ "name": "domain-name-servers", "data": "10.0.0.53, 10.0.1.53" }},
                {{ "name": "domain-name", "data": "example.org" }} ],
            "pools": [ {{ "pool": "{pool}" }} ] }} ] }} }}"#
        );
        let (config, _) = Config::parse(&text, "bench").expect("a lawful configuration");
        let lan = Link { id: LinkId(1), name: "lan0".into(), addrs: vec![(SERVER, 8)] };
        let setup = Setup {
            topology: Arc::new(Topology::new(Arc::new(config))),
            links: Arc::new(Links(vec![lan])),
            seed: Seed(1),
            limits: Limits::default(),
            store: StoreMode::Exclusive,
            leases,
            past: Default::default(),
            defect: lessor_server::planted::Defect::default(),
        };
        let server = Server::recover(setup, NOW);
        Self { server, inputs: VecDeque::new(), sink: Sink::default() }
    }

    /// One turn with one packet.
    pub fn packet(&mut self, datagram: Datagram) {
        self.turn(Input::Packet(datagram));
    }

    /// One turn with one input.
    pub fn turn(&mut self, input: Input) {
        self.inputs.push_back(input);
        turn(&mut self.server, NOW, &mut self.inputs, &mut self.sink);
    }

    /// Says that the last batch is durable.
    pub fn settle(&mut self) {
        if let Some(batch) = self.sink.batch.take() {
            let outcomes = vec![lessor_lease::Outcome::Done; batch.changes.len()];
            self.turn(Input::Stored { first: batch.first, outcomes });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_are_what_they_say() {
        for permille in [0, 900, 999, 1000] {
            let count = leases(permille).len();
            assert_eq!(count, usize::try_from(SIZE * permille / 1000).unwrap_or(0));
        }
    }
}
