//! What operators want of servers.

use lessor_server::Planted;
use lessor_types::Prng;

use super::{Profile, Traits, is_like};
use crate::draw::{self, Kind, between, log_between, weighted};
use crate::schedule::{FaultKind, Op, OpKind, Order, Topology};

/// Orders, in some seeds.
pub(super) fn draw_orders(traits: &Traits) -> Vec<Op> {
    let mut rng = draw::draw(traits.seed, Kind::Swarm, 20, 0, 0);
    let wanted = is_like(traits.like, &[Planted::SnapshotTorn, Planted::ServedWhileOff]);
    let share = match traits.like {
        _ if wanted => 1_000_000,
        Some(_) => 100_000,
        None => 400_000,
    };
    if traits.profile == Profile::Fixed || !rng.chance_ppm(share) {
        return Vec::new();
    }
    let least = if wanted { 20 } else { 4 };
    let count = u32::try_from(log_between(&mut rng, least, 40)).unwrap_or(4);
    // A hold-off keeps everybody out who is new, for as long as the operator says.
    let holds_off = traits.topology != Topology::Shared && rng.chance_ppm(150_000);
    (0..count).flat_map(|number| draw_order(traits, number, holds_off)).collect()
}

fn draw_order(traits: &Traits, number: u32, holds_off: bool) -> Vec<Op> {
    let mut rng = draw::draw(traits.seed, Kind::Swarm, 21, number, 0);
    let servers = if traits.topology == Topology::Shared { 2 } else { 1 };
    let server = u8::try_from(rng.below(servers)).unwrap_or(0);
    let at_ms = between(&mut rng, 0, traits.safety_ms);
    let order = draw_kind(traits, &mut rng, holds_off);
    let id = 3_000_000 + number * 2;
    let op = |at_ms, id, order| Op { at_ms, id, kind: OpKind::Order { server, order } };
    let missing = [FaultKind::Restore { server: 0 }, FaultKind::Rot { server: 0, further: true }];
    let loses = missing.iter().any(|kind| traits.faults.contains(&kind.index()));
    // Whoever switches something off mostly switches it on again.
    let back = match order {
        Order::Disable { .. } => Some(Order::Enable),
        // It is for the operator to know that none is missing.
        Order::HoldOff { .. } if !loses => Some(Order::EndHoldOff),
        _ => None,
    };
    let back = back.filter(|_| rng.chance_ppm(600_000)).map(|back| {
        let life_ms = u64::from(traits.lifetime) * 1000;
        op(at_ms + log_between(&mut rng, 2_000, life_ms), id + 1, back)
    });
    [op(at_ms, id, order)]
        .into_iter()
        .chain(back)
        .filter(|it| it.at_ms < traits.safety_ms)
        .collect()
}

fn draw_kind(traits: &Traits, rng: &mut Prng, holds_off: bool) -> Order {
    let life = u64::from(traits.lifetime);
    let secs = u32::try_from(log_between(rng, 4, life)).unwrap_or(60);
    let page = u32::try_from(between(rng, 1, 9)).unwrap_or(1);
    let client = u16::try_from(rng.below(u64::from(traits.clients))).unwrap_or(0);
    let words = [
        (2, Order::Status),
        (4, Order::Walk { page, pause_ms: log_between(rng, 10, 20_000) }),
        (3, Order::Find { client }),
        (3, Order::Reclaim { remove: rng.chance_ppm(500_000) }),
        (2, Order::Disable { secs: rng.chance_ppm(700_000).then_some(secs) }),
        (if holds_off { 2 } else { 0 }, Order::HoldOff { secs }),
        (
            2,
            Order::Stop {
                grace_ms: log_between(rng, 10, 6_000),
                down_ms: log_between(rng, 50, 30_000),
            },
        ),
    ];
    weighted(rng, &words).unwrap_or(Order::Status)
}
