//! What goes wrong, and when.

use std::net::Ipv4Addr;

use lessor_server::Planted;
use lessor_types::Prng;

use super::{FIXED, Profile, Traits, lasting};
use crate::draw::{self, Kind, between, log_between, weighted};
use crate::plan;
use crate::planted::Bug;
use crate::schedule::{DiskCall, Fault, FaultKind, Flaw, Topology};

/// One of each kind, as a stencil.
fn stencils() -> [FaultKind; FaultKind::NAMES.len()] {
    let addr = Ipv4Addr::UNSPECIFIED;
    let (server, power, ppm, max_ms) = (0, false, 0, 0);
    [
        FaultKind::Loss { ppm },
        FaultKind::Duplicate { ppm },
        FaultKind::Delay { max_ms },
        FaultKind::Partition { server, clients: 0, up: false, down: false },
        FaultKind::RelayLoss { ppm },
        FaultKind::RelayDuplicate { ppm },
        FaultKind::Squat { addr },
        FaultKind::Pause { server },
        FaultKind::Crash { server, power },
        FaultKind::CrashAtDisk { server, calls: 0, power },
        FaultKind::ClockJump { server, by_ms: 0 },
        FaultKind::Reconfigure { config: 0 },
        FaultKind::DiskSlow { server, max_ms },
        FaultKind::DiskFail { server, call: DiskCall::Sync },
        FaultKind::DiskFull { server, room: 0 },
        FaultKind::StoreOutage,
        FaultKind::StoreCutBefore { ppm },
        FaultKind::StoreCutAfter { ppm },
        FaultKind::StoreRetry { ppm },
        FaultKind::StoreSlow { max_ms },
        FaultKind::PartnerSlow { max_ms },
        FaultKind::PartnerRejects { ppm },
        FaultKind::PartnerGone { detect_ms: 0 },
        FaultKind::Restore { server },
        FaultKind::ClockLost { server },
        FaultKind::Rot { server, further: false },
        FaultKind::Corrupt { ppm, checked: true },
        FaultKind::Reorder { ppm },
        FaultKind::Clog { server, clients: 0, up: false, down: false },
        FaultKind::Swizzle { clients: 0 },
        FaultKind::CrashInTurn { server, outputs: 0, power },
        FaultKind::BadConfig { flaw: Flaw::CutOff },
        FaultKind::Compact { server },
        FaultKind::StoreBusy { ppm },
        FaultKind::StoreStale { by_ms: 0 },
        FaultKind::StoreFailover { commits: 0 },
        FaultKind::StoreReadOnly { full: false },
        FaultKind::StoreBadRow { addr },
        FaultKind::StorePool { ppm },
        FaultKind::StoreHang,
    ]
}

fn named(names: &[&str]) -> Vec<usize> {
    let places = FaultKind::NAMES.iter().enumerate();
    places.filter(|(_, name)| names.contains(name)).map(|(place, _)| place).collect()
}

/// The kinds that a topology can have.
pub(super) fn kinds_of(topology: Topology) -> Vec<usize> {
    let can_be = |kind: &FaultKind| match kind {
        FaultKind::CrashAtDisk { .. }
        | FaultKind::ClockJump { .. }
        | FaultKind::DiskSlow { .. }
        | FaultKind::DiskFail { .. }
        | FaultKind::DiskFull { .. }
        | FaultKind::Compact { .. } => topology != Topology::Shared,
        FaultKind::Restore { .. } | FaultKind::ClockLost { .. } | FaultKind::Rot { .. } => {
            topology == Topology::Single
        }
        FaultKind::StoreOutage
        | FaultKind::StoreCutBefore { .. }
        | FaultKind::StoreCutAfter { .. }
        | FaultKind::StoreRetry { .. }
        | FaultKind::StoreSlow { .. }
        | FaultKind::StoreBusy { .. }
        | FaultKind::StoreStale { .. }
        | FaultKind::StoreFailover { .. }
        | FaultKind::StoreReadOnly { .. }
        | FaultKind::StoreBadRow { .. }
        | FaultKind::StorePool { .. }
        | FaultKind::StoreHang => topology == Topology::Shared,
        FaultKind::PartnerSlow { .. }
        | FaultKind::PartnerRejects { .. }
        | FaultKind::PartnerGone { .. } => topology == Topology::Partner,
        _ => true,
    };
    let kinds = stencils();
    let kinds = kinds.iter().filter(|kind| can_be(kind));
    kinds.map(FaultKind::index).collect()
}

/// The kinds that bring a bug out.
pub(super) fn forced_by(like: Option<Bug>) -> Vec<usize> {
    named(match like {
        Some(Bug::Server(planted)) => match planted {
            Planted::UnknownIsFailure => &["disk-fail"],
            Planted::UnknownIsSuccess => &["store-cut-after"],
            Planted::UnconditionalWrite => &["store-slow", "delay"],
            Planted::WallDeadline => &["clock-jump"],
            Planted::DeclinedReused | Planted::ProbeIgnored => &["squat"],
            Planted::ProbationForgotten => &["squat", "crash"],
            Planted::LimitRaced => &["disk-slow"],
            Planted::PastForgotten => &["clock-jump", "crash"],
            Planted::HoldOffForgotten => &["restore"],
            Planted::TwinAnswered => &["duplicate", "disk-slow"],
            Planted::StaleRelease => &["reconfigure", "disk-slow", "partner-slow", "partner-gone"],
            Planted::LateRelease => &["duplicate", "delay"],
            Planted::RenewalShortened => &["reconfigure"],
            Planted::LotUnbounded | Planted::TwinSwallowed => {
                &["duplicate", "disk-slow", "store-slow", "partner-slow"]
            }
            Planted::RejectionIgnored => &["partner-rejects"],
            Planted::ReservationForgotten | Planted::GuardForgotten => &["reconfigure"],
            _ => &[],
        },
        Some(Bug::NoSync) => &["crash"],
        Some(Bug::NoSeals) => &["rot"],
        Some(Bug::NoDirectorySync) => &["crash", "crash-at-disk"],
        Some(Bug::NeverReopened | Bug::StaleBatch) => &["disk-fail"],
        Some(Bug::TakesAnything) => &["delay", "reorder"],
        Some(Bug::AckOnAppend | Bug::Unsteady | Bug::OrderRace | Bug::CompletionDropped) | None => {
            &[]
        }
    })
}

pub(super) fn draw_faults(traits: &Traits, configs: usize) -> Vec<Fault> {
    let forced = forced_by(traits.like);
    let stencils = stencils();
    let mut faults = Vec::new();
    for (place, kind) in (0_u32..).zip(&traits.faults) {
        let Some(stencil) = stencils.get(*kind) else {
            continue;
        };
        let mut swarm = draw::draw(traits.seed, Kind::Swarm, 8, place, 0);
        let least = if forced.contains(kind) { 4 } else { 1 };
        let count = match traits.profile {
            Profile::Fixed => FIXED.count(*kind, traits.safety_ms, &mut swarm),
            Profile::Quick | Profile::Nightly => between(&mut swarm, least, 6),
        };
        for number in 0..u32::try_from(count).unwrap_or(1) {
            let id = 1 + u32::try_from(*kind).unwrap_or(0) * 100 + number;
            let mut rng = draw::draw(traits.seed, Kind::Fault, id, 0, 0);
            let (kind, for_ms) = fill_in(traits, *stencil, configs, &mut rng);
            let for_ms = lasting::stretch(traits, id, &kind, for_ms);
            faults.push(Fault {
                at_ms: between(&mut rng, 0, traits.safety_ms.saturating_sub(1000)),
                for_ms,
                id,
                kind,
            });
        }
    }
    faults.extend(draw_crowd(traits));
    faults
}

/// Somebody takes a whole pool, or the beginning of one, in some seeds: more addresses than a server
/// tries for one client.
fn draw_crowd(traits: &Traits) -> Vec<Fault> {
    let mut rng = draw::draw(traits.seed, Kind::Swarm, 22, 0, 0);
    let squats = traits.faults.contains(&FaultKind::Squat { addr: Ipv4Addr::UNSPECIFIED }.index());
    let calm = traits.profile == Profile::Fixed || traits.like.is_some() || !squats;
    if calm || !rng.chance_ppm(200_000) {
        return Vec::new();
    }
    let at_ms = between(&mut rng, 0, traits.safety_ms / 2);
    let for_ms = log_between(&mut rng, 60_000, traits.safety_ms / 2);
    let crowd = (0_u8..16).map(|number| Fault {
        at_ms,
        for_ms,
        id: 900_000 + u32::from(number),
        kind: FaultKind::Squat { addr: plan::addr(0, plan::POOL_FIRST + number) },
    });
    crowd.collect()
}

/// Draws what a fault is like, and how long it lasts, in milliseconds.
fn fill_in(
    traits: &Traits,
    stencil: FaultKind,
    configs: usize,
    rng: &mut Prng,
) -> (FaultKind, u64) {
    const MINUTE: u64 = 60_000;
    let servers = if traits.topology == Topology::Shared { 2 } else { 1 };
    let server = u8::try_from(rng.below(servers)).unwrap_or(0);
    let power = rng.chance_ppm(650_000);
    let share =
        |rng: &mut Prng, low, high| u32::try_from(between(rng, low, high)).unwrap_or(0) * 10_000;
    match stencil {
        FaultKind::Loss { .. } => {
            let ppm = share(rng, 10, 90);
            (FaultKind::Loss { ppm }, log_between(rng, 5000, 5 * MINUTE))
        }
        FaultKind::Duplicate { .. } => {
            let ppm = share(rng, 10, 90);
            let long = log_between(rng, 10_000, 15 * MINUTE);
            (FaultKind::Duplicate { ppm }, long)
        }
        FaultKind::Delay { .. } => {
            let max_ms = log_between(rng, 20, 1500);
            (FaultKind::Delay { max_ms }, log_between(rng, 10_000, 15 * MINUTE))
        }
        FaultKind::Partition { .. } => {
            let (up, down) =
                weighted(rng, &[(2, (true, true)), (1, (true, false)), (1, (false, true))])
                    .unwrap_or((true, true));
            let all = rng.chance_ppm(400_000);
            let kind = FaultKind::Partition {
                server,
                clients: if all { u64::MAX } else { rng.next_u64() },
                up,
                down,
            };
            (kind, log_between(rng, 2000, 2 * MINUTE))
        }
        FaultKind::RelayLoss { .. } => {
            let ppm = share(rng, 20, 100);
            (FaultKind::RelayLoss { ppm }, log_between(rng, 2000, 2 * MINUTE))
        }
        FaultKind::RelayDuplicate { .. } => {
            let ppm = share(rng, 20, 100);
            (FaultKind::RelayDuplicate { ppm }, log_between(rng, 10_000, 10 * MINUTE))
        }
        FaultKind::Squat { .. } => {
            let lan = u8::from(traits.relayed > 0 && rng.chance_ppm(300_000));
            let last = plan::POOL_FIRST + u8::try_from(rng.below(12)).unwrap_or(0);
            let addr = plan::addr(lan, last);
            (FaultKind::Squat { addr }, log_between(rng, MINUTE, 20 * MINUTE))
        }
        FaultKind::Pause { .. } => (FaultKind::Pause { server }, log_between(rng, 100, 20_000)),
        FaultKind::Crash { .. } => {
            (FaultKind::Crash { server, power }, log_between(rng, 50, MINUTE))
        }
        FaultKind::Corrupt { .. } => {
            let ppm = share(rng, 5, 60);
            let checked = rng.chance_ppm(500_000);
            (FaultKind::Corrupt { ppm, checked }, log_between(rng, 10_000, 10 * MINUTE))
        }
        FaultKind::Reorder { .. } => {
            let ppm = share(rng, 5, 50);
            (FaultKind::Reorder { ppm }, log_between(rng, 10_000, 15 * MINUTE))
        }
        FaultKind::Clog { .. } => {
            let (up, down) =
                weighted(rng, &[(2, (true, true)), (1, (true, false)), (1, (false, true))])
                    .unwrap_or((true, true));
            let clients = if rng.chance_ppm(300_000) { u64::MAX } else { rng.next_u64() };
            (FaultKind::Clog { server, clients, up, down }, log_between(rng, 1000, 2 * MINUTE))
        }
        FaultKind::Swizzle { .. } => {
            let clients = rng.next_u64();
            (FaultKind::Swizzle { clients }, log_between(rng, 6000, 5 * MINUTE))
        }
        FaultKind::CrashInTurn { .. } => {
            let outputs = between(rng, 0, 40);
            (FaultKind::CrashInTurn { server, outputs, power }, 20 * MINUTE)
        }
        FaultKind::BadConfig { .. } => {
            let at = usize::try_from(rng.below(Flaw::ALL.len() as u64)).unwrap_or(0);
            let flaw = Flaw::ALL.get(at).copied().unwrap_or(Flaw::CutOff);
            (FaultKind::BadConfig { flaw }, 0)
        }
        FaultKind::Compact { .. } => (FaultKind::Compact { server }, 10 * MINUTE),
        other => fill_in_store(traits, other, configs, rng, (server, power)),
    }
}

fn fill_in_store(
    traits: &Traits,
    stencil: FaultKind,
    configs: usize,
    rng: &mut Prng,
    (server, power): (u8, bool),
) -> (FaultKind, u64) {
    const MINUTE: u64 = 60_000;
    let share =
        |rng: &mut Prng, low, high| u32::try_from(between(rng, low, high)).unwrap_or(0) * 10_000;
    let kind = match stencil {
        FaultKind::CrashAtDisk { .. } => {
            let calls = between(rng, 0, 30);
            let kind = FaultKind::CrashAtDisk { server, calls, power };
            return (kind, 10 * MINUTE);
        }
        FaultKind::ClockJump { .. } => {
            let size = log_between(rng, 500, 7_200_000);
            let size = i64::try_from(size).unwrap_or(1000);
            let forced = forced_by(traits.like).contains(&stencil.index());
            let forward = rng.chance_ppm(if forced { 900_000 } else { 500_000 });
            let by_ms = if forward { size } else { -size };
            return (FaultKind::ClockJump { server, by_ms }, 0);
        }
        FaultKind::Reconfigure { .. } => {
            let config = usize::try_from(rng.below(configs as u64)).unwrap_or(0);
            return (FaultKind::Reconfigure { config }, 0);
        }
        FaultKind::DiskSlow { .. } => {
            FaultKind::DiskSlow { server, max_ms: log_between(rng, 100, 12_000) }
        }
        FaultKind::DiskFail { .. } => {
            let calls = [
                (5, DiskCall::Sync),
                (2, DiskCall::Append),
                (1, DiskCall::Create),
                (1, DiskCall::Rename),
                (1, DiskCall::SyncDir),
            ];
            let call = weighted(rng, &calls).unwrap_or(DiskCall::Sync);
            return (FaultKind::DiskFail { server, call }, 30 * MINUTE);
        }
        FaultKind::DiskFull { .. } => FaultKind::DiskFull { server, room: between(rng, 0, 400) },
        FaultKind::StoreOutage => return (stencil, log_between(rng, 200, MINUTE)),
        FaultKind::StoreCutBefore { .. } => FaultKind::StoreCutBefore { ppm: share(rng, 5, 50) },
        FaultKind::StoreCutAfter { .. } => FaultKind::StoreCutAfter { ppm: share(rng, 5, 60) },
        FaultKind::StoreRetry { .. } => FaultKind::StoreRetry { ppm: share(rng, 5, 60) },
        FaultKind::StoreSlow { .. } => FaultKind::StoreSlow { max_ms: log_between(rng, 50, 4000) },
        FaultKind::PartnerSlow { .. } => {
            FaultKind::PartnerSlow { max_ms: log_between(rng, 100, 6000) }
        }
        FaultKind::PartnerRejects { .. } => FaultKind::PartnerRejects { ppm: share(rng, 5, 60) },
        FaultKind::PartnerGone { .. } => {
            let detect_ms = log_between(rng, 500, MINUTE);
            return (FaultKind::PartnerGone { detect_ms }, log_between(rng, 1000, 3 * MINUTE));
        }
        FaultKind::Restore { .. } => {
            return (FaultKind::Restore { server }, log_between(rng, 30_000, 20 * MINUTE));
        }
        FaultKind::ClockLost { .. } => {
            return (FaultKind::ClockLost { server }, log_between(rng, 5000, 20 * MINUTE));
        }
        FaultKind::Rot { .. } => {
            let further = rng.chance_ppm(350_000);
            return (FaultKind::Rot { server, further }, log_between(rng, 50, 20_000));
        }
        FaultKind::StoreBusy { .. } => FaultKind::StoreBusy { ppm: share(rng, 5, 60) },
        FaultKind::StoreStale { .. } => FaultKind::StoreStale { by_ms: log_between(rng, 50, 5000) },
        FaultKind::StoreFailover { .. } => {
            let commits = u32::try_from(between(rng, 1, 8)).unwrap_or(1);
            return (FaultKind::StoreFailover { commits }, 0);
        }
        FaultKind::StoreReadOnly { .. } => {
            FaultKind::StoreReadOnly { full: rng.chance_ppm(500_000) }
        }
        FaultKind::StoreBadRow { .. } => {
            let lan = u8::from(traits.relayed > 0 && rng.chance_ppm(300_000));
            let last = plan::POOL_FIRST + u8::try_from(rng.below(12)).unwrap_or(0);
            let addr = plan::addr(lan, last);
            return (FaultKind::StoreBadRow { addr }, log_between(rng, MINUTE, 20 * MINUTE));
        }
        FaultKind::StorePool { .. } => FaultKind::StorePool { ppm: share(rng, 10, 90) },
        FaultKind::StoreHang => return (stencil, log_between(rng, 200, MINUTE)),
        other => other,
    };
    (kind, log_between(rng, 5000, 6 * MINUTE))
}
