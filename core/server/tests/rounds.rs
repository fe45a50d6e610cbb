//! How long a round of reclaiming goes on.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_config::Config;
use lessor_lease::{DnsFlags, Lease, Outcome, Refusal, State, StoreBatch};
use lessor_policy::Topology;
use lessor_server::{Event, Input, Limits, Output, Ports, Server, Setup, StoreMode, turn};
use lessor_types::{Holder, HwAddr, Links, Mono, Now, PoolId, Secs, Seed, SubnetId, Unit, Wall};

/// How many leases have lapsed when the server starts.
const LAPSED: u32 = 1200;

fn lapsed(number: u32) -> Arc<Lease> {
    let [.., high, low] = number.to_be_bytes();
    Arc::new(Lease {
        unit: Unit::V4(Ipv4Addr::new(10, 0, high, low)),
        subnet: SubnetId(1),
        pool: PoolId(0),
        holder: Holder { hw: HwAddr::ethernet([2, 0, 0, 0, high, low]), client_id: None },
        state: State::Assigned,
        valid: Secs(100),
        expires: Wall::from_secs(900),
        hostname: None,
        dns: DnsFlags::default(),
        context: None,
        promises: None,
    })
}

fn server(expiration: &str) -> Server {
    let text = format!(
        r#"{{"Dhcp4": {{"expired-leases-processing": {{{expiration}}},
        "subnet4": [{{"id": 1, "subnet": "10.0.0.0/16", "pools": [{{"pool": "10.0.0.0/16"}}]}}]}}}}"#
    );
    let (config, _) = Config::parse(&text, "t").expect("lawful");
    let setup = Setup {
        topology: Arc::new(Topology::new(Arc::new(config))),
        links: Arc::new(Links(Vec::new())),
        seed: Seed(1),
        limits: Limits { batch_changes_max: 10_000, ..Limits::default() },
        store: StoreMode::Exclusive,
        leases: (0..LAPSED).map(lapsed).collect(),
        past: Default::default(),
        defect: Default::default(),
    };
    Server::recover(setup, at(0))
}

fn at(ms: u64) -> Now {
    let wall = Wall::from_secs(1000).after(std::time::Duration::from_millis(ms));
    Now { mono: Mono::from_nanos(ms * 1_000_000), wall }
}

#[derive(Default)]
struct Kept {
    batches: Vec<StoreBatch>,
    events: Vec<Event>,
}

impl Ports for Kept {
    fn put(&mut self, output: Output) {
        match output {
            Output::Store(batch) => self.batches.push(batch),
            Output::Event(event) => self.events.push(event),
            _ => {}
        }
    }
}

/// The sizes of the batches of the first round, where each takes `sync_ms` to be settled in this
/// way; and how many warnings there were.
fn round(expiration: &str, sync_ms: u64, outcome: &Outcome) -> (Vec<usize>, usize) {
    let mut server = server(expiration);
    let mut kept = Kept::default();
    let mut ms = 10_000;
    turn(&mut server, at(ms), &mut VecDeque::new(), &mut kept);
    let mut sizes = Vec::new();
    while let Some(batch) = kept.batches.pop() {
        sizes.push(batch.changes.len());
        ms += sync_ms;
        let outcomes = vec![outcome.clone(); batch.changes.len()];
        let mut inputs = VecDeque::from([Input::Stored { first: batch.first, outcomes }]);
        turn(&mut server, at(ms), &mut inputs, &mut kept);
    }
    let slow = kept.events.iter().filter(|event| matches!(event, Event::ReclaimSlow(_))).count();
    (sizes, slow)
}

#[test]
fn without_limits_a_round_takes_everything() {
    let settings =
        r#""max-reclaim-leases": 0, "max-reclaim-time": 0, "unwarned-reclaim-cycles": 1"#;
    assert_eq!(round(settings, 300, &Outcome::Done), (vec![500, 500, 200], 0));
}

#[test]
fn a_round_ends_with_its_time() {
    let settings =
        r#""max-reclaim-leases": 0, "max-reclaim-time": 400, "unwarned-reclaim-cycles": 1"#;
    assert_eq!(round(settings, 300, &Outcome::Done), (vec![500, 500], 1));
    assert_eq!(round(settings, 400, &Outcome::Done), (vec![500], 1));
}

#[test]
fn a_round_ends_with_its_number() {
    let settings =
        r#""max-reclaim-leases": 700, "max-reclaim-time": 0, "unwarned-reclaim-cycles": 1"#;
    assert_eq!(round(settings, 300, &Outcome::Done), (vec![500, 200], 1));
}

#[test]
fn a_store_that_refuses_is_not_asked_again_at_once() {
    let settings =
        r#""max-reclaim-leases": 0, "max-reclaim-time": 0, "unwarned-reclaim-cycles": 0"#;
    assert_eq!(round(settings, 1, &Outcome::Refused(Refusal::Full)), (vec![500], 0));
}
