//! Clients and what they are made to do.

use lessor_types::Prng;

use super::{FIXED, Profile, Traits};
use crate::draw::{self, Kind, between, log_between, weighted};
use crate::schedule::{ClientSpec, Hostility, Op, OpKind, SecsTold, Topology};

/// The number in the link-layer address of the first client.
const HW_FIRST: u32 = 16;

pub(super) fn draw_clients(traits: &Traits) -> Vec<ClientSpec> {
    (0..traits.clients).map(|client| draw_client(traits, client)).collect()
}

fn draw_client(traits: &Traits, client: u16) -> ClientSpec {
    let mut rng = draw::draw(traits.seed, Kind::Swarm, 4, u32::from(client), 0);
    let number = HW_FIRST + u32::from(client);
    // Pairs with one link-layer address differ by their identifiers, which both must have: without
    // one of them, they would be the same client.
    let twin = traits.twins && client % 4 < 2;
    let hw = if twin { number - u32::from(client % 4) } else { number };
    let mut chance = |percent: u64| rng.below(100) < percent;
    let identified = twin || chance(60);
    let careless = chance(traits.careless);
    let spec = ClientSpec {
        lan: 0,
        hw,
        client_id: identified.then_some(number),
        rate_ppm: 0,
        broadcast: chance(30),
        patience_ms: 0,
        wanted: None,
        probes: traits.probes && chance(60),
        reboots: chance(60),
        keeps_on_silence: chance(40),
        ignores_t1: careless,
        ignores_t2: careless && chance(70),
        eager: chance(50),
        new_xid: chance(30),
        named: chance(30),
        secs: draw_secs(traits, client),
    };
    let relayed = chance(traits.relayed);
    let lan = if relayed { draw_link(traits, client) } else { 0 };
    let patient = chance(30);
    let wanting = chance(25);
    let rate = between(&mut rng, 0, 200);
    ClientSpec {
        lan,
        rate_ppm: i64::try_from(rate).unwrap_or(100) - 100,
        patience_ms: if patient { between(&mut rng, 10, 2000) } else { 0 },
        wanted: wanting
            .then(|| between(&mut rng, 30, u64::from(traits.lifetime) * 3))
            .and_then(|secs| u32::try_from(secs).ok()),
        ..spec
    }
}

/// Which link a client behind a relay is on.
fn draw_link(traits: &Traits, client: u16) -> u8 {
    let links = traits.relays.iter().map(|relay| relay.lan).max().unwrap_or(1);
    let mut rng = draw::draw(traits.seed, Kind::Swarm, 17, u32::from(client), 0);
    if links > 1 && rng.chance_ppm(400_000) { 2 } else { 1 }
}

/// What a client says of how long it has been asking.
fn draw_secs(traits: &Traits, client: u16) -> SecsTold {
    let mut rng = draw::draw(traits.seed, Kind::Swarm, 15, u32::from(client), 0);
    let words =
        [(14, SecsTold::True), (2, SecsTold::Zero), (2, SecsTold::Most), (2, SecsTold::Swapped)];
    weighted(&mut rng, &words).unwrap_or_default()
}

/// What clients do when they are not left alone.
pub(super) fn draw_ops(traits: &Traits, clients: &[ClientSpec]) -> Vec<Op> {
    let mut swarm = draw::draw(traits.seed, Kind::Swarm, 5, 0, 0);
    let herd = swarm.chance_ppm(200_000);
    let drawn = weighted(&mut swarm, &[(1, 50), (2, 120), (1, 300)]).unwrap_or(120);
    let pace = if traits.profile == Profile::Fixed { FIXED.pace } else { drawn };
    let mut ops = Vec::new();
    for client in (0_u16..).take(clients.len()) {
        let mut rng = draw::draw(traits.seed, Kind::Op, u32::from(client), 0, 0);
        let spread = if herd { 500 } else { 120_000 };
        let mut at_ms = between(&mut rng, 0, spread);
        let mut next = OpKind::On { client };
        for step in 0..1000 {
            let id = u32::from(client) * 1000 + step;
            ops.push(Op { at_ms, id, kind: next });
            if !traits.restless && !traits.releases && !traits.moves {
                break;
            }
            let (pause, kind) = draw_next(traits, &mut rng, next, pace);
            at_ms += pause;
            if at_ms >= traits.safety_ms {
                break;
            }
            next = kind;
        }
    }
    ops
}

/// What a client does after an operation, and how much later, in milliseconds.
fn draw_next(traits: &Traits, rng: &mut Prng, last: OpKind, pace: u64) -> (u64, OpKind) {
    let life_ms = u64::from(traits.lifetime) * 1000;
    let Some(client) = last.client() else {
        return (life_ms, last);
    };
    let off = matches!(
        last,
        OpKind::Off { .. } | OpKind::Forget { .. } | OpKind::Release { again: false, .. }
    );
    if off {
        return (log_between(rng, 1000, life_ms * 2), OpKind::On { client });
    }
    let on = |yes: bool, weight: u32| if yes { weight } else { 0 };
    let words = [
        (on(traits.restless, 3), OpKind::Off { client }),
        (on(traits.restless, 2), OpKind::Forget { client }),
        (on(traits.restless, 2), OpKind::Reboot { client }),
        (on(traits.releases, 3), OpKind::Release { client, again: true }),
        (on(traits.releases, 2), OpKind::Release { client, again: false }),
        (1, OpKind::Inform { client }),
        (on(traits.moves, 2), OpKind::Move { client }),
    ];
    let kind = weighted(rng, &words).unwrap_or(OpKind::Inform { client });
    let mean = life_ms * pace / 100;
    (between(rng, mean / 8, mean * 2), kind)
}

/// Floods from one port of the relay, in some seeds: half a minute of them at a time.
pub(super) fn draw_storms(traits: &Traits) -> Vec<Op> {
    let mut rng = draw::draw(traits.seed, Kind::Swarm, 12, 0, 0);
    let calm = traits.topology == Topology::Shared || traits.profile == Profile::Fixed;
    if calm || !rng.chance_ppm(150_000) {
        return Vec::new();
    }
    let mut ops = Vec::new();
    for storm in 0..u32::try_from(between(&mut rng, 1, 3)).unwrap_or(1) {
        let begin = between(&mut rng, 0, traits.safety_ms);
        let count = u8::try_from(between(&mut rng, 1, 25)).unwrap_or(1);
        ops.extend((0..30_u32).map(|number| Op {
            at_ms: begin + 1000 * u64::from(number),
            id: 2_000_000 + storm * 1000 + number,
            kind: OpKind::Hostile { server: 0, what: Hostility::Storm(count) },
        }));
    }
    ops.retain(|op| op.at_ms < traits.safety_ms);
    ops
}

pub(super) fn draw_attacks(traits: &Traits) -> Vec<Op> {
    let mut rng = draw::draw(traits.seed, Kind::Swarm, 6, 0, 0);
    let servers = if traits.topology == Topology::Shared { 2 } else { 1 };
    let count = log_between(&mut rng, 5, 80);
    let attack = |(number, rng): (u32, &mut Prng)| {
        let flood = u8::try_from(between(rng, 1, 12)).unwrap_or(1);
        let words = [
            (2, Hostility::Noise),
            (3, Hostility::Damaged),
            (3, Hostility::Release),
            (3, Hostility::Decline),
            (2, Hostility::Request),
            (1, Hostility::Flood(flood)),
            (1, Hostility::Answer),
            (1, Hostility::Nobody),
            (1, Hostility::Elsewhere),
            (1, Hostility::Inform),
        ];
        Op {
            at_ms: between(rng, 0, traits.safety_ms),
            id: 1_000_000 + number,
            kind: OpKind::Hostile {
                server: u8::try_from(rng.below(servers)).unwrap_or(0),
                what: weighted(rng, &words).unwrap_or(Hostility::Noise),
            },
        }
    };
    (0_u32..)
        .take(usize::try_from(count).unwrap_or(5))
        .map(|number| {
            let mut rng = draw::draw(traits.seed, Kind::Swarm, 7, number, 0);
            attack((number, &mut rng))
        })
        .collect()
}
