//! What a campaign found: one structure, from which both the table and the JSON are made.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::check::Invariant;
use crate::coverage::{Coverage, Goal};
use crate::run::Outcome;
use crate::schedule::{FaultKind, Topology};
use crate::time::SEC;

/// The version of the JSON form.
pub const VERSION: u32 = 1;
/// How many seeds a campaign must have before a missed goal counts against it.
pub const GOALS_FROM: u64 = 1000;

/// A campaign's results.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// The version of the form.
    pub version: u32,
    /// How many seeds were run.
    pub seeds: u64,
    /// The first of them.
    pub from: u64,
    /// How many of each topology.
    pub topologies: BTreeMap<&'static str, u64>,
    /// How long it took, in seconds.
    pub wall_s: f64,
    /// How much simulated time passed, in hours.
    pub sim_hours: f64,
    /// Events of all heaps.
    pub events: u64,
    /// Packets that clients sent.
    pub client_packets: u64,
    /// Client packets per second of wall time.
    pub client_packets_per_s: f64,
    /// Faults that took effect, per second of wall time.
    pub faults_per_s: f64,
    /// By invariant: how often it was judged, and in how many seeds it was broken.
    pub verdicts: BTreeMap<&'static str, Verdicts>,
    /// By kind of fault: how many were injected, and how many changed something.
    pub coverage: BTreeMap<&'static str, Effects>,
    /// By goal: how often it was reached.
    pub goals: BTreeMap<&'static str, u64>,
    /// Goals that were not reached although they could have been.
    pub missed: Vec<&'static str>,
    /// The seeds that failed, by number.
    pub failures: Vec<Failure>,
}

/// What became of one invariant.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Verdicts {
    /// How often it was judged.
    pub judged: u64,
    /// In how many seeds it was broken.
    pub broken: u64,
}

/// What became of one kind of fault.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Effects {
    /// How many were injected.
    pub injected: u64,
    /// How many changed something.
    pub took_effect: u64,
}

/// One seed that failed.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// Its topology.
    pub topology: &'static str,
    /// The invariant that was broken.
    pub invariant: &'static str,
    /// True time, in seconds.
    pub at_s: f64,
    /// What was seen.
    pub what: String,
    /// The entries of the history that bear on it.
    pub slice: Vec<String>,
    /// The command that runs it again.
    pub replay: String,
}

/// Sums over runs, to be made a [`Summary`] at the end.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    seeds: u64,
    topologies: BTreeMap<&'static str, u64>,
    lasted_s: f64,
    events: u64,
    client_packets: u64,
    judged: [u64; Invariant::ALL.len()],
    broken: [u64; Invariant::ALL.len()],
    coverage: Coverage,
    failures: Vec<Failure>,
}

impl Tally {
    /// Adds one run.
    pub fn add(&mut self, topology: Topology, outcome: &Outcome, failure: Option<Failure>) {
        self.seeds += 1;
        *self.topologies.entry(topology.name()).or_default() += 1;
        self.lasted_s += seconds(outcome.lasted);
        self.events += outcome.events;
        self.client_packets += outcome.client_packets;
        for (mine, theirs) in self.judged.iter_mut().zip(outcome.judged) {
            *mine += theirs;
        }
        if let Some((_, broken)) = &outcome.broken
            && let Some(count) = self.broken.get_mut(broken.invariant as usize)
        {
            *count += 1;
        }
        self.coverage.add(&outcome.coverage);
        self.failures.extend(failure);
    }

    /// Adds the runs of another thread.
    pub fn merge(&mut self, other: Self) {
        self.seeds += other.seeds;
        for (name, count) in other.topologies {
            *self.topologies.entry(name).or_default() += count;
        }
        self.lasted_s += other.lasted_s;
        self.events += other.events;
        self.client_packets += other.client_packets;
        for (mine, theirs) in self.judged.iter_mut().zip(other.judged) {
            *mine += theirs;
        }
        for (mine, theirs) in self.broken.iter_mut().zip(other.broken) {
            *mine += theirs;
        }
        self.coverage.add(&other.coverage);
        self.failures.extend(other.failures);
    }

    /// The results. Goals count only in campaigns of [`GOALS_FROM`] seeds or more.
    #[must_use]
    pub fn summary(mut self, from: u64, wall_s: f64) -> Summary {
        self.failures.sort_by_key(|failure| failure.seed);
        let per_s = |count: u64| if wall_s > 0.0 { float(count) / wall_s } else { 0.0 };
        let effects: u64 = self.coverage.took_effect.iter().sum();
        let reached = |goal: &Goal| {
            let count = self.coverage.reached.get(*goal as usize);
            count.copied().unwrap_or(0)
        };
        let possible = |goal: &&Goal| {
            let seeds = |topology: &Topology| self.topologies.get(topology.name());
            let runs: u64 = goal.topologies().iter().filter_map(seeds).sum();
            runs * 4 >= GOALS_FROM
        };
        let missed = |goal: &&Goal| self.seeds >= GOALS_FROM && reached(goal) == 0;
        Summary {
            version: VERSION,
            seeds: self.seeds,
            from,
            wall_s,
            sim_hours: self.lasted_s / 3600.0,
            events: self.events,
            client_packets: self.client_packets,
            client_packets_per_s: per_s(self.client_packets),
            faults_per_s: per_s(effects),
            verdicts: Invariant::ALL
                .iter()
                .zip(self.judged.iter().zip(self.broken))
                .map(|(invariant, (judged, broken))| {
                    let judged = *judged;
                    (invariant.name(), Verdicts { judged, broken })
                })
                .collect(),
            coverage: FaultKind::NAMES
                .iter()
                .zip(self.coverage.injected.iter().zip(&self.coverage.took_effect))
                .map(|(name, (injected, took_effect))| {
                    let effects = Effects { injected: *injected, took_effect: *took_effect };
                    (*name, effects)
                })
                .collect(),
            goals: Goal::ALL.iter().map(|goal| (goal.name(), reached(goal))).collect(),
            missed: Goal::ALL
                .iter()
                .filter(possible)
                .filter(missed)
                .map(|goal| goal.name())
                .collect(),
            topologies: self.topologies,
            failures: self.failures,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures for people: the first digits are enough")]
fn float(count: u64) -> f64 {
    count as f64
}

/// Seconds of true time, for people.
#[must_use]
pub fn seconds(t: u64) -> f64 {
    float(t / 1_000_000) / float(SEC / 1_000_000)
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let topologies: Vec<String> =
            self.topologies.iter().map(|(name, count)| format!("{count} {name}")).collect();
        writeln!(
            f,
            "{} seeds from {:#x} ({}): {:.0} simulated hours in {:.1} s, {:.0} h/s",
            self.seeds,
            self.from,
            topologies.join(", "),
            self.sim_hours,
            self.wall_s,
            self.sim_hours / self.wall_s.max(0.001),
        )?;
        writeln!(
            f,
            "{} events, {} client packets ({:.0}/s), {:.0} effective faults/s\n",
            self.events, self.client_packets, self.client_packets_per_s, self.faults_per_s
        )?;
        writeln!(f, "{:<24} {:>12} {:>8}", "invariant", "judged", "broken")?;
        for (name, verdicts) in &self.verdicts {
            writeln!(f, "{name:<24} {:>12} {:>8}", verdicts.judged, verdicts.broken)?;
        }
        writeln!(f, "\n{:<24} {:>12} {:>8}", "fault", "took effect", "injected")?;
        for (name, effects) in &self.coverage {
            writeln!(f, "{name:<24} {:>12} {:>8}", effects.took_effect, effects.injected)?;
        }
        writeln!(f, "\n{:<52} {:>8}", "sometimes", "times")?;
        for (name, count) in &self.goals {
            let mark = if self.missed.contains(name) { "  MISSED" } else { "" };
            writeln!(f, "{name:<52} {count:>8}{mark}")?;
        }
        for failure in &self.failures {
            write!(f, "\n{failure}")?;
        }
        let verdict = match (self.failures.len(), self.missed.len()) {
            (0, 0) => "no invariant was broken".to_owned(),
            (0, missed) => format!("no invariant was broken, but {missed} goals were missed"),
            (failed, _) => format!("{failed} SEEDS FAILED"),
        };
        writeln!(f, "\n{verdict}")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "FAILED seed {:#x} ({}) at {:.3} s: {}\n  {}",
            self.seed, self.topology, self.at_s, self.invariant, self.what
        )?;
        for line in &self.slice {
            writeln!(f, "  {line}")?;
        }
        writeln!(f, "  {}", self.replay)
    }
}
