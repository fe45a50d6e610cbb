//! A flood from one port of a relay, measured by what becomes of everybody else.

use std::collections::BTreeMap;

use lessor_sim::run::run;
use lessor_sim::schedule::{Hostility, LanSpec, Op, OpKind, Schedule, Topology};
use lessor_sim::swarm::{Wish, draw_schedule};

/// When the clients start: the flood has all addresses by then.
const START_MS: u64 = 20_000;
/// As many as there are addresses on each link.
const EACH: u16 = 6;

/// Clients on both links, and nothing that goes wrong.
fn calm(seed: u64) -> Schedule {
    let mut schedule =
        draw_schedule(seed, Wish { topology: Some(Topology::Single), ..Wish::default() });
    let client = schedule.clients.first().expect("there are clients").clone();
    let subnet = |lan: u8| {
        format!(
            r#"{{ "id": {}, "subnet": "10.{lan}.0.0/24",
                "pools": [ {{ "pool": "10.{lan}.0.100 - 10.{lan}.0.119" }} ] }}"#,
            u32::from(lan) + 1
        )
    };
    schedule.configs = vec![format!(
        r#"{{ "Dhcp4": {{ "interfaces-config": {{ "interfaces": [ "eth0" ] }},
            "valid-lifetime": 600, "subnet4": [ {}, {} ] }} }}"#,
        subnet(0),
        subnet(1)
    )];
    schedule.clients = (0..2 * EACH)
        .map(|number| {
            let mut one = client.clone();
            one.lan = u8::from(number >= EACH);
            one.hw = 1000 + u32::from(number);
            one.client_id = None;
            one.probes = false;
            one.patience_ms = 0;
            one
        })
        .collect();
    schedule.ops = (0..2 * EACH)
        .map(|client| Op {
            at_ms: START_MS + 200 * u64::from(client),
            id: u32::from(client),
            kind: OpKind::On { client },
        })
        .collect();
    schedule.faults.clear();
    schedule.lan = LanSpec { loss_ppm: 0, duplicate_ppm: 0, delay_us: 1000 };
    schedule.safety_ms = 80_000;
    schedule
}

/// How long after its start each client had its first address, in milliseconds.
fn waits(schedule: &Schedule) -> BTreeMap<u16, u64> {
    let outcome = run(schedule, None, true).expect("a lawful configuration");
    assert!(outcome.broken.is_none(), "{:?}", outcome.broken);
    let mut waits = BTreeMap::new();
    for record in outcome.records.iter().filter(|record| record.text.contains(" HAS ")) {
        let client = record.client.expect("it is about a client");
        let began = START_MS + 200 * u64::from(client);
        waits.entry(client).or_insert(record.at / 1_000_000 - began);
    }
    waits
}

#[test]
fn a_flood_at_one_port_starves_nobody_else() {
    for seed in 1..=2 {
        let calm = calm(seed);
        let mut stormy = calm.clone();
        let storms = (0_u32..).take_while(|number| u64::from(*number) * 500 < calm.safety_ms);
        stormy.ops.extend(storms.map(|number| Op {
            at_ms: u64::from(number) * 500,
            id: 5000 + number,
            kind: OpKind::Hostile { server: 0, what: Hostility::Storm(30) },
        }));
        stormy.ops.sort_by_key(|op| (op.at_ms, op.id));
        let (before, during) = (waits(&calm), waits(&stormy));
        assert_eq!(before.len(), usize::from(2 * EACH), "{before:?}");
        assert_eq!(during.len(), usize::from(2 * EACH), "{during:?}");
        // A lost race for one address costs a client its first try, and no more.
        for (client, wait) in &during {
            let alone = before.get(client).copied().unwrap_or(0);
            assert!(*wait <= alone + 20_000, "client {client}: {wait} ms, {alone} ms without");
        }
    }
}
