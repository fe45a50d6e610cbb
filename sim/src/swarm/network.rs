//! Relays, and what of the network stays broken for ever.

use std::net::Ipv4Addr;

use lessor_types::Seed;

use super::Traits;
use crate::draw::{self, Kind};
use crate::plan;
use crate::schedule::{Core, RelaySpec, Topology};

/// The second relay of the second link.
const DOUBLE: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 2);
/// A relay of the third link whose subnet is the second one's.
const OVERLAPPING: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 3);
/// A relay of the third link whose subnet is its own.
const OWN: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 1);

/// One relay; perhaps a second one that hears the same, and perhaps one for a third link.
pub(super) fn draw_relays(seed: Seed) -> Vec<RelaySpec> {
    let mut rng = draw::draw(seed, Kind::Swarm, 14, 0, 0);
    let mut relay = |lan, addr| RelaySpec { lan, addr, remote_id: rng.chance_ppm(500_000) };
    let relays = [relay(1, plan::RELAY), relay(1, DOUBLE), relay(2, OVERLAPPING), relay(2, OWN)];
    let [only, double, overlapping, own] = relays;
    let mut drawn = vec![only];
    if rng.chance_ppm(300_000) {
        drawn.push(double);
    }
    match rng.below(100) {
        0..25 => drawn.push(overlapping),
        25..50 => drawn.push(own),
        _ => {}
    }
    drawn
}

/// What works again when the faults are over.
pub(super) fn draw_core(traits: &Traits, several: bool) -> Core {
    let mut rng = draw::draw(traits.seed, Kind::Swarm, 13, 0, 0);
    let all = rng.chance_ppm(500_000);
    let clients = if all { u64::MAX } else { rng.next_u64() | rng.next_u64() };
    let some = |yes: bool, drawn: u64| yes.then(|| u8::try_from(drawn % 2).unwrap_or(0));
    let (dies, is_cut) = (rng.below(100) < 25, rng.below(100) < 25);
    let lost = rng.next_u64();
    Core {
        clients,
        dead: some(several && dies, lost),
        cut: some(several && !dies && is_cut, lost),
        alone: traits.topology == Topology::Partner && rng.chance_ppm(300_000),
    }
}

/// In words.
pub(super) fn describe(traits: &Traits, core: Core) -> [String; 2] {
    let relay = |relay: &RelaySpec| {
        let name = if relay.remote_id { " with a name" } else { "" };
        format!("{} of link {}{name}", relay.addr, relay.lan)
    };
    let relays: Vec<String> = traits.relays.iter().map(relay).collect();
    let left = (0..traits.clients).filter(|client| !core.has(*client)).count();
    let mut broken = vec![format!("{left} clients")];
    broken.extend(core.dead.map(|server| format!("server {server} (dead)")));
    broken.extend(core.cut.map(|server| format!("server {server} (cut off)")));
    broken.extend(core.alone.then(|| "the partner".to_owned()));
    [format!("relays: {}", relays.join(", ")), format!("never healed: {}", broken.join(", "))]
}
