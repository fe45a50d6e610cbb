//! One schedule, run once.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::check::{Broken, Invariant};
use crate::coverage::Coverage;
use crate::history::Record;
use crate::layer::Layer;
use crate::planted::Bug;
use crate::schedule::Schedule;
use crate::time::Ns;
use crate::world::World;

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was broken, and when.
    pub broken: Option<(Ns, Broken)>,
    /// How often each invariant was judged, by number.
    pub judged: [u64; Invariant::ALL.len()],
    /// How far it got.
    pub coverage: Coverage,
    /// Events of the heap.
    pub events: u64,
    /// Packets that clients sent.
    pub client_packets: u64,
    /// How long the world lasted.
    pub lasted: Ns,
    /// The hash of the history.
    pub hash: u64,
    /// The hash at each checkpoint.
    pub checkpoints: Vec<u64>,
    /// The history, if it was recorded.
    pub records: Vec<Record>,
}

/// A way to run schedules.
pub trait Player {
    /// What it is called, and what it can do.
    fn layer(&self) -> Layer;

    /// As [`run`].
    ///
    /// # Errors
    /// A schedule with a configuration that is not lawful.
    fn play(
        &self,
        schedule: &Schedule,
        bug: Option<Bug>,
        recording: bool,
    ) -> Result<Outcome, String>;

    /// What a schedule breaks, and when; none: nothing, or it is not lawful.
    fn breaks(&self, schedule: &Schedule, bug: Option<Bug>) -> Option<(Invariant, Ns)> {
        let (at, broken) = self.play(schedule, bug, false).ok()?.broken?;
        Some((broken.invariant, at))
    }
}

/// The world of this crate.
#[derive(Clone, Copy, Debug)]
pub struct Heap;

impl Player for Heap {
    fn layer(&self) -> Layer {
        Layer::World
    }

    fn play(
        &self,
        schedule: &Schedule,
        bug: Option<Bug>,
        recording: bool,
    ) -> Result<Outcome, String> {
        run(schedule, bug, recording)
    }
}

/// Runs a schedule, with a planted bug or without.
///
/// # Errors
/// A schedule with a configuration that is not lawful.
pub fn run(schedule: &Schedule, bug: Option<Bug>, recording: bool) -> Result<Outcome, String> {
    let mut world = World::new(schedule, bug, recording)?;
    let finished = catch_unwind(AssertUnwindSafe(|| world.run()));
    if let Err(panic) = finished {
        let what = panic
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        let broken = Broken::new(Invariant::Bounded, format!("panic: {what}"));
        world.findings.broken = Some((world.t, broken));
    }
    Ok(Outcome {
        broken: world.findings.broken.take(),
        judged: world.findings.judged,
        events: world.events,
        client_packets: world.client_packets,
        lasted: world.t,
        hash: world.history.hash(),
        checkpoints: world.history.checkpoints().to_vec(),
        records: world.history.records().to_vec(),
        coverage: std::mem::take(&mut world.coverage),
    })
}
