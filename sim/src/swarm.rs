//! From a seed to a schedule: first which kinds of trouble exist at all, then what happens when.
//!
//! Different random subsets of faults and habits find more than everything at once: a world in
//! which clients always come back early never sees a lease lapse.

mod choice;
mod clients;
mod faults;
mod lasting;
mod network;
mod orders;
mod profile;

use lessor_server::Planted;
use lessor_types::{Prng, Seed};

use crate::draw::{self, Kind, between, weighted};
use crate::plan::{POOL_FIRST, SECOND, Settings};
use crate::planted::Bug;
use crate::schedule::{
    Bounds, ClientSpec, Core, FaultKind, LanSpec, RelaySpec, Schedule, StoreSpec, Topology, VERSION,
};
use crate::time::ClockSpec;

pub use choice::Choice;
pub use profile::{FIXED, Fixed, Profile};

/// What a seed is drawn for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// The topology; none: any.
    pub topology: Option<Topology>,
    /// A bug whose surroundings are to be drawn often: its topology, and the faults and habits that
    /// bring it out. The bug itself is switched on elsewhere.
    pub like: Option<Bug>,
    /// Kinds of faults that must be there, or must not.
    pub faults: Choice,
    /// What kind of seed.
    pub profile: Profile,
}

/// Habits and surroundings of one seed.
#[derive(Clone, Debug)]
struct Traits {
    seed: Seed,
    topology: Topology,
    like: Option<Bug>,
    profile: Profile,
    /// The lifetime that clients get, in seconds.
    lifetime: u32,
    safety_ms: u64,
    clients: u16,
    /// How many percent of the clients are behind the relay.
    relayed: u64,
    /// The size of a pool in percent of its clients.
    pool_percent: u64,
    twins: bool,
    /// Whether clients come and go, and how.
    restless: bool,
    releases: bool,
    hostile: bool,
    moves: bool,
    /// How many percent of the clients let T1 and T2 pass.
    careless: u64,
    probes: bool,
    /// Kinds of faults, by [`FaultKind::index`].
    faults: Vec<usize>,
    relays: Vec<RelaySpec>,
}

impl Traits {
    /// The subnet that clients on a link get addresses of.
    fn subnet_of(&self, lan: u8) -> u8 {
        let relay = self.relays.iter().find(|relay| relay.lan == lan);
        relay.map_or(lan, RelaySpec::subnet)
    }
}

/// The schedule of a seed.
#[must_use]
pub fn draw_schedule(seed: u64, wish: Wish) -> Schedule {
    let traits = draw_traits(seed, wish);
    let clients = clients::draw_clients(&traits);
    let configs = draw_configs(&traits, &clients);
    let mut ops = clients::draw_ops(&traits, &clients);
    if traits.hostile {
        ops.extend(clients::draw_attacks(&traits));
    }
    ops.extend(clients::draw_storms(&traits));
    ops.extend(orders::draw_orders(&traits));
    ops.sort_by_key(|op| (op.at_ms, op.id));
    let mut faults = faults::draw_faults(&traits, configs.len());
    faults.sort_by_key(|fault| (fault.at_ms, fault.id));
    let mut rng = draw::draw(traits.seed, Kind::Swarm, 3, 0, 0);
    let servers = if traits.topology == Topology::Shared { 2 } else { 1 };
    let tiny = rng.chance_ppm(150_000);
    let core = network::draw_core(&traits, servers > 1);
    Schedule {
        version: VERSION,
        seed,
        topology: traits.topology,
        drawn: describe(&traits, &configs, core),
        servers: (0..servers).map(|server| draw_clock(&traits, server)).collect(),
        bounds: Bounds {
            inputs_per_turn: if tiny { 3 } else { 256 },
            batch_changes: if tiny { 2 } else { 1024 },
            batches_in_flight: usize::try_from(between(&mut rng, 1, 4)).unwrap_or(1),
            parked: 2,
            surrenders: draw_surrenders(&traits),
        },
        lan: LanSpec {
            loss_ppm: weighted(&mut rng, &[(2, 0), (2, 5_000), (1, 50_000)]).unwrap_or(0),
            duplicate_ppm: weighted(&mut rng, &[(2, 0), (2, 5_000), (1, 50_000)]).unwrap_or(0),
            delay_us: draw::log_between(&mut rng, 200, 40_000),
        },
        store: StoreSpec {
            latency_us: draw::log_between(&mut rng, 200, 60_000),
            compact_every_ms: (traits.topology != Topology::Shared)
                .then(|| draw::log_between(&mut rng, 20_000, 1_200_000))
                .filter(|_| rng.chance_ppm(700_000) || wants(&traits, Bug::NoDirectorySync))
                .map(|drawn| match traits.profile {
                    Profile::Fixed => FIXED.compact_every * 1000,
                    Profile::Quick | Profile::Nightly => drawn,
                }),
            late_commits: rng.chance_ppm(300_000),
        },
        configs,
        clients,
        ops,
        faults,
        safety_ms: traits.safety_ms,
        liveness_ms: 320_000,
        core: Some(core),
        relays: traits.relays.clone(),
    }
}

/// How many releases and declines one place may send at once, in some seeds.
fn draw_surrenders(traits: &Traits) -> Option<u32> {
    let mut rng = draw::draw(traits.seed, Kind::Swarm, 19, 0, 0);
    let is_tight =
        traits.profile != Profile::Fixed && traits.like.is_none() && rng.chance_ppm(150_000);
    is_tight.then(|| u32::try_from(between(&mut rng, 1, 3)).unwrap_or(1))
}

fn wants(traits: &Traits, bug: Bug) -> bool {
    traits.like == Some(bug)
}

fn is_like(like: Option<Bug>, planted: &[Planted]) -> bool {
    matches!(like, Some(Bug::Server(bug)) if planted.contains(&bug))
}

fn draw_traits(seed: u64, wish: Wish) -> Traits {
    let source = Seed(seed);
    let like = wish.like;
    let mut rng = draw::draw(source, Kind::Swarm, 0, 0, 0);
    let any = [(4, Topology::Single), (4, Topology::Shared), (2, Topology::Partner)];
    let drawn = weighted(&mut rng, &any).unwrap_or(Topology::Single);
    let topology = wish.topology.or_else(|| like.and_then(Bug::topology)).unwrap_or(drawn);
    let span = weighted(&mut rng, &[(7, (120, 600)), (2, (600, 1800)), (1, (3600, 3600))]);
    let (low, high) = span.unwrap_or((120, 600));
    let lifetime = u32::try_from(between(&mut rng, low, high)).unwrap_or(600);
    let safety_ms =
        (u64::from(lifetime) * 1000 * between(&mut rng, 5, 9)).clamp(25 * 60_000, 150 * 60_000);
    let clients = u16::try_from(draw::log_between(&mut rng, 5, 28)).unwrap_or(5);
    let tight = is_like(
        like,
        &[
            Planted::ReclaimRace,
            Planted::WallDeadline,
            Planted::UnconditionalWrite,
            Planted::DeclinedReused,
            Planted::ProbationForgotten,
            Planted::OfferTwice,
            Planted::PastForgotten,
            Planted::HoldOffForgotten,
        ],
    );
    let pool_percent = if tight { between(&mut rng, 60, 110) } else { between(&mut rng, 50, 180) };
    let mut chance = |percent: u32| rng.chance_ppm(percent * 10_000);
    let twins = chance(30) || like == Some(Bug::TakesAnything);
    let restless = chance(70) || tight;
    let releases = chance(60) || is_like(like, &[Planted::LateRelease]);
    let hostile = chance(35);
    let moves = chance(25);
    let probes =
        chance(50) || is_like(like, &[Planted::DeclinedReused, Planted::ProbationForgotten]);
    let careless = if chance(50) || is_like(like, &[Planted::ReclaimRace, Planted::WallDeadline]) {
        between(&mut rng, 20, 80)
    } else {
        0
    };
    let relayed = weighted(&mut rng, &[(2, 0), (2, 25), (2, 50)]).unwrap_or(0);
    let relayed = if is_like(like, &[Planted::RelayInfoLost]) { 50 } else { relayed };
    let kinds = faults::kinds_of(topology);
    let allowed: Vec<usize> =
        kinds.iter().copied().filter(|it| wish.faults.decides(*it) != Some(false)).collect();
    let forced = faults::forced_by(like);
    let share = weighted(&mut rng, &[(1, 5), (2, 25), (3, 45), (1, 80)]).unwrap_or(45);
    let faults = kinds
        .into_iter()
        .filter(|kind| {
            let drawn = forced.contains(kind) || rng.chance_ppm(share * 10_000);
            wish.faults.decides(*kind).unwrap_or(drawn)
        })
        .collect();
    let mut traits = Traits {
        seed: source,
        topology,
        like,
        profile: wish.profile,
        lifetime,
        safety_ms,
        clients,
        relayed,
        pool_percent,
        twins,
        restless,
        releases,
        hostile,
        moves,
        careless,
        probes,
        faults,
        relays: network::draw_relays(source),
    };
    if traits.profile == Profile::Fixed {
        FIXED.impose(&mut traits, allowed);
    }
    traits
}

fn draw_clock(traits: &Traits, server: u32) -> ClockSpec {
    let mut rng = draw::draw(traits.seed, Kind::Swarm, 1, server, 0);
    let signed = |rng: &mut Prng, max: u64| {
        let drawn = between(rng, 0, 2 * max);
        i64::try_from(drawn).unwrap_or(0) - i64::try_from(max).unwrap_or(0)
    };
    let shared = traits.topology == Topology::Shared;
    ClockSpec {
        rate_ppm: signed(&mut rng, 100),
        phase_ms: between(&mut rng, 0, 10_000_000),
        // Servers that share a store keep their clocks together: it is all that they agree by.
        skew_ms: signed(&mut rng, if shared { 200 } else { 500_000 }),
        disciplined: shared || rng.chance_ppm(300_000),
    }
}

fn draw_configs(traits: &Traits, clients: &[ClientSpec]) -> Vec<String> {
    let mut rng = draw::draw(traits.seed, Kind::Swarm, 2, 0, 0);
    let on = |link: u8| clients.iter().filter(|it| traits.subnet_of(it.lan) == link).count() as u64;
    let pool = |lan: u8, rng: &mut Prng| {
        let size = (on(lan) * traits.pool_percent).div_ceil(100).clamp(2, 60);
        let size = u8::try_from(size).unwrap_or(60);
        let last = POOL_FIRST + size - 1;
        let guarded = is_like(traits.like, &[Planted::GuardForgotten]);
        if size >= 4 && (guarded || rng.chance_ppm(300_000)) {
            let half = POOL_FIRST + size / 2;
            let odd = guarded || rng.chance_ppm(400_000);
            vec![(lan, POOL_FIRST, half - 1, false), (lan, half, last, odd)]
        } else {
            vec![(lan, POOL_FIRST, last, false)]
        }
    };
    let mut pools = pool(0, &mut rng);
    pools.extend(pool(1, &mut rng));
    // Keyed by itself, so that older seeds stay what they were.
    let links = 1 + traits.relays.iter().map(RelaySpec::subnet).max().unwrap_or(1);
    for link in 2..links {
        let mut rng = draw::draw(traits.seed, Kind::Swarm, 16, u32::from(link), 0);
        pools.extend(pool(link, &mut rng));
    }
    let life = traits.lifetime;
    let tiny_lot = rng.chance_ppm(120_000) || is_like(traits.like, &[Planted::LotUnbounded]);
    let cached = is_like(traits.like, &[Planted::TwinAnswered, Planted::CachedLeaseShort]);
    let mut leasing = draw::draw(traits.seed, Kind::Swarm, 9, 0, 0);
    let allocators = [(2, "iterative"), (1, "random"), (1, "flq")];
    let adaptive_percent = weighted(&mut leasing, &[(3, 100), (1, 80), (1, 40)]).unwrap_or(100);
    let first = Settings {
        lifetime: if rng.chance_ppm(500_000) && adaptive_percent == 100 {
            [life, life, life]
        } else {
            [(life / 2).max(60), life, life * 2]
        },
        tee: rng.chance_ppm(500_000),
        pools,
        reserved: draw_reserved(traits, clients, &mut rng),
        cache_percent: weighted(&mut rng, &[(2, 25), (1, 0), (1, 60)])
            .unwrap_or(25)
            .max(if cached { 25 } else { 0 }),
        allocator: weighted(&mut leasing, &allocators).unwrap_or("iterative"),
        offer_lifetime: weighted(&mut leasing, &[(3, 0), (1, 10), (1, 60)]).unwrap_or(0),
        adaptive_percent,
        authoritative: rng.chance_ppm(500_000),
        reclaim_wait: weighted(&mut rng, &[(4, 10), (1, 2), (2, 60), (1, 0)]).unwrap_or(10),
        hold_reclaimed: weighted(&mut rng, &[(1, 3600), (2, 300), (1, 0)]).unwrap_or(3600),
        probation: u32::try_from(draw::log_between(&mut rng, 60, 900)).unwrap_or(300),
        parked_max: if tiny_lot {
            u32::try_from(between(&mut rng, 1, 6)).unwrap_or(4)
        } else {
            256
        },
        ping: None,
        limit: None,
        rate: None,
        drops: false,
        shared: false,
        links,
    };
    // Keyed by itself, so that older seeds stay what they were.
    let mut rng_ping = draw::draw(traits.seed, Kind::Swarm, 10, 0, 0);
    let mut first = first;
    if rng_ping.chance_ppm(300_000) || is_like(traits.like, &[Planted::ProbeIgnored]) {
        let timeout = u32::try_from(draw::log_between(&mut rng_ping, 50, 1000)).unwrap_or(100);
        let requests = u32::try_from(between(&mut rng_ping, 1, 3)).unwrap_or(1);
        first.ping = Some((timeout, requests));
    }
    // Only a server that is its store's only writer can count.
    let raced = is_like(traits.like, &[Planted::LimitRaced]);
    let may_count = traits.topology != Topology::Shared;
    if may_count && (rng_ping.chance_ppm(200_000) || raced) {
        let clients = u64::from(traits.clients);
        let limit = between(&mut rng_ping, clients.div_ceil(4), clients.div_ceil(2));
        first.limit = u32::try_from(limit).ok();
    }
    let mut rng_guards = draw::draw(traits.seed, Kind::Swarm, 18, 0, 0);
    first.drops = rng_guards.chance_ppm(150_000);
    if first.limit.is_none() && traits.like.is_none() && rng_guards.chance_ppm(100_000) {
        first.rate = u32::try_from(between(&mut rng_guards, 5, 12)).ok();
    }
    if !tiny_lot && rng_guards.chance_ppm(150_000) {
        first.parked_max = u32::try_from(between(&mut rng_guards, 16, 20)).unwrap_or(16);
    }
    let mut rng_shared = draw::draw(traits.seed, Kind::Swarm, 11, 0, 0);
    if rng_shared.chance_ppm(300_000) {
        first.shared = true;
        // A few addresses in a link's first subnet, the others in its second.
        let by = SECOND - POOL_FIRST - u8::try_from(between(&mut rng_shared, 1, 5)).unwrap_or(1);
        for (_, first, last, _) in &mut first.pools {
            *first += by;
            *last += by;
        }
    }
    let mut all = vec![first];
    let reconfigure = FaultKind::Reconfigure { config: 0 }.index();
    if traits.faults.contains(&reconfigure) {
        for _ in 0..between(&mut rng, 1, 3) {
            let changed = all.first().map(|first| change(first, &mut rng));
            all.extend(changed);
        }
    }
    if is_like(traits.like, &[Planted::ReclaimRace]) {
        for settings in &mut all {
            settings.reclaim_wait = settings.reclaim_wait.max(10);
        }
    }
    if traits.profile == Profile::Fixed {
        all.iter_mut().for_each(|settings| FIXED.impose_on(settings));
    }
    all.iter().map(Settings::to_json).collect()
}

/// Reservations for some clients, in pools and below them, no two of one address.
fn draw_reserved(traits: &Traits, clients: &[ClientSpec], rng: &mut Prng) -> Vec<(u8, u32, u8)> {
    let wanted = is_like(traits.like, &[Planted::ReservationForgotten]);
    if !wanted && !rng.chance_ppm(350_000) {
        return Vec::new();
    }
    let mut reserved: Vec<(u8, u32, u8)> = Vec::new();
    for client in clients {
        let link = traits.subnet_of(client.lan);
        let is_new = !reserved.iter().any(|(lan, hw, _)| *lan == link && *hw == client.hw);
        if is_new && rng.chance_ppm(250_000) {
            let last = draw_reserved_addr(rng);
            if !reserved.iter().any(|(lan, _, taken)| *lan == link && *taken == last) {
                reserved.push((link, client.hw, last));
            }
        }
    }
    reserved
}

/// Half of them in pools.
fn draw_reserved_addr(rng: &mut Prng) -> u8 {
    let in_pool = rng.chance_ppm(500_000);
    let (low, high) = if in_pool { (POOL_FIRST, POOL_FIRST + 12) } else { (50, 90) };
    u8::try_from(between(rng, u64::from(low), u64::from(high))).unwrap_or(low)
}

/// Another lawful configuration of the same network.
fn change(from: &Settings, rng: &mut Prng) -> Settings {
    let mut to = from.clone();
    if rng.chance_ppm(600_000) {
        // Pools move up or down a little, and shrink or grow.
        let shift = u8::try_from(rng.below(8)).unwrap_or(0);
        let mut floor = [0_u8; 4];
        for (lan, first, last, _) in &mut to.pools {
            let size = last.abs_diff(*first) + 1;
            let grow = u8::try_from(rng.below(4)).unwrap_or(0);
            let floor = &mut floor[usize::from(*lan % 4)];
            *first = (*first + shift).max(*floor);
            *last = *first + (size + grow).saturating_sub(2).max(2) - 1;
            *floor = *last + 1;
        }
    }
    for (at, place) in from.reserved.iter().enumerate() {
        let last = draw_reserved_addr(rng);
        let is_free = !to.reserved.iter().any(|(lan, _, taken)| *lan == place.0 && *taken == last);
        if is_free
            && rng.chance_ppm(400_000)
            && let Some((_, _, to)) = to.reserved.get_mut(at)
        {
            *to = last;
        }
    }
    if let [.., (_, _, _, odd)] = &mut to.pools[..]
        && from.pools.len() > 2
        && rng.chance_ppm(400_000)
    {
        *odd = !*odd;
    }
    if rng.chance_ppm(500_000) {
        let [_, life, _] = from.lifetime;
        let changed = u32::try_from(between(rng, 60, u64::from(life) * 2)).unwrap_or(life);
        to.lifetime = [changed, changed, changed];
    }
    if to.ping.is_some() && rng.chance_ppm(200_000) {
        to.ping = None;
    }
    if rng.chance_ppm(300_000) {
        to.authoritative = !to.authoritative;
    }
    if rng.chance_ppm(300_000) {
        to.cache_percent = 25 - to.cache_percent.min(25);
    }
    if rng.chance_ppm(300_000) {
        to.allocator =
            weighted(rng, &[(1, "iterative"), (1, "random"), (1, "flq")]).unwrap_or("flq");
        to.offer_lifetime = 30 - to.offer_lifetime.min(30);
    }
    if rng.chance_ppm(300_000) {
        to.reclaim_wait = u32::try_from(between(rng, 1, 60)).unwrap_or(10);
    }
    to
}

fn describe(traits: &Traits, configs: &[String], core: Core) -> Vec<String> {
    let mut words = vec![
        format!("profile {}, topology {}", traits.profile.name(), traits.topology.name()),
        format!(
            "{} clients, {}% behind the relay, pools of {}%",
            traits.clients, traits.relayed, traits.pool_percent
        ),
        format!("lifetime {} s", traits.lifetime),
        format!("{} configurations", configs.len()),
    ];
    let flags = [
        (traits.twins, "twins"),
        (traits.restless, "restless"),
        (traits.releases, "releases"),
        (traits.hostile, "hostile"),
        (traits.moves, "moves"),
        (traits.probes, "probes"),
        (traits.careless > 0, "careless"),
    ];
    let on: Vec<&str> = flags.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
    words.push(format!("habits: {}", on.join(" ")));
    let faults: Vec<&str> =
        traits.faults.iter().filter_map(|kind| FaultKind::NAMES.get(*kind).copied()).collect();
    words.push(format!("faults: {}", faults.join(" ")));
    words.extend(network::describe(traits, core));
    words
}
