//! The layers of simulation, and what of a schedule each can do.
//!
//! One draw serves all of them. Layers that run the whole shell have dearer time than the world of
//! this crate, and engines that cannot do everything: their schedules are made shorter, and what
//! they cannot do is taken out and named.

use serde_json::{Value, json};

use lessor_server::Planted;

use crate::check::Invariant;
use crate::planted::Bug;
use crate::schedule::{Fault, FaultKind, Schedule, Topology};
use crate::swarm::{Wish, draw_schedule};

/// A way to run a schedule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layer {
    /// L0: the server machine on an event heap.
    World,
    /// L1: the shell on turmoil's hosts.
    Turmoil,
    /// L2: the shell on madsim's nodes, tasks in random order.
    Madsim,
}

/// How long faults go on in a layer with dear time, in milliseconds.
const SAFETY_MS: u64 = 100_000;
/// How long such a layer has afterwards to serve everybody: the world's bound and some room.
const LIVENESS_MS: u64 = 240_000;
/// The longest fault there.
const FAULT_MS_MAX: u64 = 20_000;
/// How many times longer faults are there than everything else, so that they still outlast what
/// they are to disturb: clients retransmit as late as ever.
const FAULTS_LONGER: u64 = 6;

impl Layer {
    /// Its name on command lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::World => "heap",
            Self::Turmoil => "turmoil",
            Self::Madsim => "madsim",
        }
    }

    /// Its number.
    #[must_use]
    pub const fn short(self) -> &'static str {
        match self {
            Self::World => "L0",
            Self::Turmoil => "L1",
            Self::Madsim => "L2",
        }
    }

    /// Why it cannot show a planted bug; none: it can, and must.
    #[must_use]
    pub const fn blind_to(self, bug: Bug) -> Option<&'static str> {
        const ONE_SERVER: &str = "there is one server, on a lease file";
        Some(match (self, bug) {
            (Self::World, Bug::OrderRace | Bug::CompletionDropped | Bug::StaleBatch) => {
                "the shell's journal does not run here"
            }
            (Self::World, _) => return None,
            (Self::Turmoil, Bug::OrderRace) => "tasks that are woken at once run as they were made",
            (_, Bug::Unsteady) => "it is in the heap of L0",
            (_, Bug::NeverReopened) => "it is in the wiring of L0",
            (_, Bug::NoSeals) => "no bits change here",
            (_, Bug::Server(planted)) => match planted {
                Planted::UnknownIsSuccess
                | Planted::UnconditionalWrite
                | Planted::StaleRelease
                | Planted::RejectionIgnored => ONE_SERVER,
                Planted::DeclinedReused => {
                    "probation lasts seconds here, and nobody asks meanwhile"
                }
                Planted::HoldOffForgotten => "no lease file is restored here",
                Planted::LotUnbounded => "what is parked is counted between turns, in L0",
                _ => return None,
            },
            _ => return None,
        })
    }

    /// Whether some planted bug must break an invariant here.
    #[must_use]
    pub const fn shows(self, invariant: Invariant) -> bool {
        match self {
            Self::World => true,
            // A panic is all that breaks I12 where turns are not seen, and none is planted. Leases
            // and probations last seconds: what is kept too briefly is freed (I4) or offered
            // (V4-036) before anything else is noticed.
            Self::Turmoil | Self::Madsim => !matches!(
                invariant,
                Invariant::Bounded | Invariant::ToldLifetime | Invariant::DeclinedKept
            ),
        }
    }

    /// What chooses it on command lines; a blank before the option.
    #[must_use]
    pub const fn option(self) -> &'static str {
        match self {
            Self::World => "",
            Self::Turmoil => " --engine turmoil",
            Self::Madsim => " --engine madsim",
        }
    }

    /// Whether it can do a fault.
    #[must_use]
    pub const fn can(self, fault: &FaultKind) -> bool {
        match fault {
            _ if matches!(self, Self::World) => true,
            // The engines carry datagrams whole.
            FaultKind::Corrupt { .. } => false,
            FaultKind::Squat { .. }
            | FaultKind::Pause { .. }
            | FaultKind::Crash { .. }
            | FaultKind::ClockJump { .. }
            | FaultKind::Reconfigure { .. }
            | FaultKind::BadConfig { .. }
            | FaultKind::Compact { .. }
            | FaultKind::DiskSlow { .. }
            | FaultKind::DiskFail { .. }
            | FaultKind::DiskFull { .. } => true,
            other => other.is_of_links(),
        }
    }

    /// The schedule of a seed for this layer, and the names of the kinds of faults that were taken
    /// out because it cannot do them.
    #[must_use]
    pub fn draw(self, seed: u64, wish: Wish) -> (Schedule, Vec<&'static str>) {
        if self == Self::World {
            return (draw_schedule(seed, wish), Vec::new());
        }
        let drawn = draw_schedule(seed, Wish { topology: Some(Topology::Single), ..wish });
        let mut left_out: Vec<&'static str> = Vec::new();
        let mut schedule = brief(&drawn);
        schedule.faults.retain(|fault| {
            let can = self.can(&fault.kind);
            let name = FaultKind::NAMES.get(fault.kind.index()).copied().unwrap_or_default();
            if !can && !left_out.contains(&name) {
                left_out.push(name);
            }
            can
        });
        (schedule, left_out)
    }
}

/// The same in less time: everything that configurations and operations say happens so much sooner.
fn brief(drawn: &Schedule) -> Schedule {
    let by = (drawn.safety_ms / SAFETY_MS).max(1);
    let mut schedule = drawn.clone();
    schedule.safety_ms = drawn.safety_ms / by;
    schedule.liveness_ms = LIVENESS_MS;
    // All of it is healed: there is but one server.
    schedule.core = None;
    for op in &mut schedule.ops {
        op.at_ms /= by;
    }
    for fault in &mut schedule.faults {
        *fault = Fault {
            at_ms: fault.at_ms / by,
            for_ms: (fault.for_ms * FAULTS_LONGER / by).clamp(fault.for_ms.min(50), FAULT_MS_MAX),
            ..fault.clone()
        };
    }
    for client in &mut schedule.clients {
        let wanted = client.wanted.map(u64::from).map(|secs| (secs / by).max(1));
        client.wanted = wanted.and_then(|secs| u32::try_from(secs).ok());
    }
    let every = drawn.store.compact_every_ms.map_or(0, |ms| (ms / by / 1000).max(3));
    let configs = drawn.configs.iter().map(|text| shorten(text, by, every));
    schedule.configs = configs.collect();
    schedule.drawn.push(format!("{by} times as fast"));
    schedule
}

/// A configuration with lifetimes that are so much shorter, a place for commands, and so many
/// seconds between compactions.
fn shorten(text: &str, by: u64, compact_every: u64) -> String {
    const LIFETIMES: [&str; 5] = [
        "valid-lifetime",
        "min-valid-lifetime",
        "max-valid-lifetime",
        "decline-probation-period",
        "offer-lifetime",
    ];
    let Ok(mut tree) = serde_json::from_str::<Value>(text) else {
        return text.to_owned();
    };
    let shorter = |value: &mut Value| {
        if let Some(secs) = value.as_u64().filter(|secs| *secs > 0) {
            *value = json!((secs / by).max(1));
        }
    };
    if let Some(dhcp4) = tree.get_mut("Dhcp4").and_then(Value::as_object_mut) {
        for name in LIFETIMES {
            dhcp4.get_mut(name).map(shorter);
        }
        if let Some(Value::Object(processing)) = dhcp4.get_mut("expired-leases-processing") {
            processing.values_mut().for_each(shorter);
        }
        let place = json!({ "socket-type": "unix", "socket-name": "/run/control" });
        dhcp4.insert("control-socket".to_owned(), place);
        let store = json!({ "type": "memfile", "lfc-interval": compact_every });
        dhcp4.insert("lease-database".to_owned(), store);
    }
    tree.to_string()
}

#[cfg(test)]
mod tests {
    use lessor_config::Config;

    use super::*;

    #[test]
    fn brief_schedules_are_lawful_and_short() {
        for seed in 0..200 {
            for layer in [Layer::Turmoil, Layer::Madsim] {
                let (schedule, left_out) = layer.draw(seed, Wish::default());
                assert_eq!(schedule.topology, Topology::Single);
                assert!(schedule.safety_ms < 2 * SAFETY_MS, "{}", schedule.safety_ms);
                for text in &schedule.configs {
                    let (config, _) = Config::parse(text, "brief.json").expect("lawful");
                    let longest = config.subnets.iter().map(|it| it.lifetime.max.0).max();
                    assert!(longest.is_some_and(|secs| secs <= 300), "{longest:?}");
                }
                let last = schedule.ops.iter().map(|op| op.at_ms).max();
                assert!(last.is_none_or(|at| at <= schedule.safety_ms));
                assert!(schedule.faults.iter().all(|fault| layer.can(&fault.kind)));
                assert!(!left_out.contains(&"loss"));
            }
        }
    }
}
