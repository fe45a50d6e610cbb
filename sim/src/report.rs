//! What a campaign found: one structure, from which both the tables and the JSON are made.
//!
//! - `table`: the summary for people.
//! - `matrix`: how far it got, kind of fault by topology.

mod matrix;
mod table;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::check::Invariant;
use crate::coverage::{Coverage, Goal};
use crate::run::Outcome;
use crate::schedule::{FaultKind, Topology};
use crate::swarm::Profile;
use crate::time::SEC;

pub use matrix::Matrix;

/// The version of the JSON form. Fields may be added without a new one.
pub const VERSION: u32 = 2;
/// How many seeds a campaign must have before a missed goal counts against it.
pub const GOALS_FROM: u64 = 1000;
/// The variable in which `cargo xtask sim` says what was built.
const COMMIT: &str = "LESSOR_COMMIT";

/// A campaign's results.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Summary {
    /// The version of the form.
    pub version: u32,
    /// What was built, where that is known.
    pub commit: Option<String>,
    /// What the seeds are like.
    pub profile: String,
    /// The options that draw these seeds.
    pub options: String,
    /// How many seeds were run.
    pub seeds: u64,
    /// The first of them.
    pub from: u64,
    /// How many of each topology.
    pub topologies: BTreeMap<String, u64>,
    /// Threads.
    pub jobs: u64,
    /// How long it took, in seconds.
    pub wall_s: f64,
    /// How much processor time it took, in seconds, where the system tells.
    pub cpu_s: Option<f64>,
    /// How much simulated time passed, in hours.
    pub sim_hours: f64,
    /// That, per second of wall time.
    pub sim_hours_per_s: f64,
    /// That, per second of processor time.
    pub sim_hours_per_cpu_s: Option<f64>,
    /// Events of all heaps.
    pub events: u64,
    /// Packets that clients sent.
    pub client_packets: u64,
    /// Client packets per second of wall time.
    pub client_packets_per_s: f64,
    /// Faults that took effect, per second of wall time.
    pub faults_per_s: f64,
    /// The hashes of all histories, folded: equal for equal seeds of equal builds.
    pub hash: String,
    /// By invariant: how often it was judged, and in how many seeds it was broken.
    pub verdicts: BTreeMap<String, Verdicts>,
    /// By kind of fault: how many were injected, and how many changed something.
    pub coverage: BTreeMap<String, Effects>,
    /// The same by topology.
    pub by_topology: BTreeMap<String, BTreeMap<String, Effects>>,
    /// By goal: how often it was reached.
    pub goals: BTreeMap<String, u64>,
    /// Goals that were not reached although they could have been.
    pub missed: Vec<String>,
    /// By the id of a message: how often servers said it.
    pub said: BTreeMap<String, u64>,
    /// The reasons for silence that no server had.
    pub unsaid: Vec<String>,
    /// The seeds that failed, by number.
    pub failures: Vec<Failure>,
}

/// What became of one invariant.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Verdicts {
    /// How often it was judged.
    pub judged: u64,
    /// In how many seeds it was broken.
    pub broken: u64,
}

/// What became of one kind of fault.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Effects {
    /// How many were injected.
    pub injected: u64,
    /// How many changed something.
    pub took_effect: u64,
}

/// One seed that failed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// Its topology.
    pub topology: String,
    /// The invariant that was broken.
    pub invariant: String,
    /// True time, in seconds.
    pub at_s: f64,
    /// What was seen.
    pub what: String,
    /// The entries of the history that bear on it.
    pub slice: Vec<String>,
    /// The command that runs it again and tells what happened.
    pub replay: String,
    /// The file that its schedule was written to.
    pub schedule: Option<String>,
}

/// How long a campaign took, and what it had.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    /// Threads.
    pub jobs: usize,
    /// Seconds on the wall.
    pub wall_s: f64,
    /// Seconds of processor time, where the system tells.
    pub cpu_s: Option<f64>,
}

/// Sums over runs, to be made a [`Summary`] at the end.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    seeds: u64,
    lasted_s: f64,
    events: u64,
    client_packets: u64,
    hash: u64,
    judged: [u64; Invariant::ALL.len()],
    broken: [u64; Invariant::ALL.len()],
    /// By goal; no longer than it must be.
    reached: Vec<u64>,
    topologies: BTreeMap<Topology, (u64, [Effects; FaultKind::NAMES.len()])>,
    said: BTreeMap<&'static str, u64>,
    failures: Vec<Failure>,
}

fn add_all<'a>(mine: &mut [u64], theirs: impl IntoIterator<Item = &'a u64>) {
    for (mine, theirs) in mine.iter_mut().zip(theirs) {
        *mine += theirs;
    }
}

/// No runs of a topology, and no faults of any kind.
fn no_effects() -> (u64, [Effects; FaultKind::NAMES.len()]) {
    (0, [Effects::default(); FaultKind::NAMES.len()])
}

impl Tally {
    /// Adds one run.
    pub fn add(
        &mut self,
        seed: u64,
        topology: Topology,
        outcome: &Outcome,
        failure: Option<Failure>,
    ) {
        self.seeds += 1;
        self.lasted_s += seconds(outcome.lasted);
        self.events += outcome.events;
        self.client_packets += outcome.client_packets;
        // A sum, so that the order in which threads finish does not matter.
        let mixed = (seed ^ outcome.hash.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.hash = self.hash.wrapping_add(mixed ^ (mixed >> 29));
        add_all(&mut self.judged, &outcome.judged);
        if let Some((_, broken)) = &outcome.broken
            && let Some(count) = self.broken.get_mut(broken.invariant as usize)
        {
            *count += 1;
        }
        let Coverage { injected, took_effect, reached, said } = &outcome.coverage;
        self.reached.resize(Goal::ALL.len(), 0);
        add_all(&mut self.reached, reached);
        let (seeds, effects) = self.topologies.entry(topology).or_insert_with(no_effects);
        *seeds += 1;
        for (mine, (injected, took_effect)) in
            effects.iter_mut().zip(injected.iter().zip(took_effect))
        {
            mine.injected += injected;
            mine.took_effect += took_effect;
        }
        for (message, count) in said.messages() {
            *self.said.entry(message.id()).or_default() += count;
        }
        self.failures.extend(failure);
    }

    /// Adds the runs of another thread.
    pub fn merge(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.lasted_s += other.lasted_s;
        self.events += other.events;
        self.client_packets += other.client_packets;
        self.hash = self.hash.wrapping_add(other.hash);
        add_all(&mut self.judged, &other.judged);
        add_all(&mut self.broken, &other.broken);
        self.reached.resize(Goal::ALL.len(), 0);
        add_all(&mut self.reached, &other.reached);
        for (topology, (seeds, theirs)) in other.topologies {
            let (mine_seeds, mine) = self.topologies.entry(topology).or_insert_with(no_effects);
            *mine_seeds += seeds;
            for (mine, theirs) in mine.iter_mut().zip(theirs) {
                mine.add(theirs);
            }
        }
        for (id, count) in other.said {
            *self.said.entry(id).or_default() += count;
        }
        self.failures.extend(other.failures);
    }

    /// The results. Goals count only in campaigns of [`GOALS_FROM`] seeds or more, and if they can
    /// be reached in this profile.
    #[must_use]
    pub fn summary(mut self, from: u64, profile: Profile, options: String, took: Took) -> Summary {
        self.failures.sort_by_key(|failure| failure.seed);
        let Took { jobs, wall_s, cpu_s } = took;
        let per = |what: f64, seconds: f64| if seconds > 0.0 { what / seconds } else { 0.0 };
        let named = |effects: &[Effects; FaultKind::NAMES.len()]| {
            let pairs = FaultKind::NAMES.iter().zip(effects);
            pairs.map(|(name, effects)| ((*name).to_owned(), *effects)).collect()
        };
        let mut all = [Effects::default(); FaultKind::NAMES.len()];
        for (_, effects) in self.topologies.values() {
            all.iter_mut().zip(effects).for_each(|(sum, effects)| sum.add(*effects));
        }
        let effective: u64 = all.iter().map(|effects| effects.took_effect).sum();
        let sim_hours = self.lasted_s / 3600.0;
        let reasons = lessor_policy::DropReason::ALL.iter().map(|reason| reason.id());
        Summary {
            version: VERSION,
            commit: std::env::var(COMMIT).ok(),
            profile: profile.name().to_owned(),
            options: options.trim().to_owned(),
            seeds: self.seeds,
            from,
            jobs: jobs as u64,
            wall_s,
            cpu_s,
            sim_hours,
            sim_hours_per_s: per(sim_hours, wall_s),
            sim_hours_per_cpu_s: cpu_s.map(|cpu_s| per(sim_hours, cpu_s)),
            events: self.events,
            client_packets: self.client_packets,
            client_packets_per_s: per(float(self.client_packets), wall_s),
            faults_per_s: per(float(effective), wall_s),
            hash: format!("{:016x}", self.hash),
            verdicts: Invariant::ALL
                .iter()
                .zip(self.judged.iter().zip(self.broken))
                .map(|(invariant, (judged, broken))| {
                    (invariant.name().to_owned(), Verdicts { judged: *judged, broken })
                })
                .collect(),
            coverage: named(&all),
            by_topology: self
                .topologies
                .iter()
                .map(|(topology, (_, effects))| (topology.name().to_owned(), named(effects)))
                .collect(),
            goals: Goal::ALL.iter().map(|it| (it.name().to_owned(), self.reached(*it))).collect(),
            missed: self.missed(profile),
            unsaid: reasons.filter(|id| !self.said.contains_key(id)).map(str::to_owned).collect(),
            said: self.said.into_iter().map(|(id, count)| (id.to_owned(), count)).collect(),
            topologies: self
                .topologies
                .into_iter()
                .map(|(topology, (seeds, _))| (topology.name().to_owned(), seeds))
                .collect(),
            failures: self.failures,
        }
    }

    fn reached(&self, goal: Goal) -> u64 {
        self.reached.get(goal as usize).copied().unwrap_or(0)
    }

    /// Goals that nobody reached, where seeds enough could have.
    fn missed(&self, profile: Profile) -> Vec<String> {
        let is_due = |goal: &&Goal| {
            let seeds = |topology: &Topology| self.topologies.get(topology).map(|(seeds, _)| seeds);
            let reach = goal.reach();
            let runs: u64 = reach.topologies().iter().filter_map(seeds).sum();
            reach.within(profile).is_some_and(|within| runs >= within)
        };
        let missed = |goal: &&Goal| self.seeds >= GOALS_FROM && self.reached(**goal) == 0;
        let goals = Goal::ALL.iter().filter(is_due).filter(missed);
        goals.map(|goal| goal.name().to_owned()).collect()
    }
}

impl Effects {
    const fn add(&mut self, other: Self) {
        self.injected += other.injected;
        self.took_effect += other.took_effect;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::OpKind;

    fn missed(profile: Profile, topology: Topology, seeds: u64) -> Vec<String> {
        let topologies = BTreeMap::from([(topology, (seeds, no_effects().1))]);
        let tally = Tally { seeds, topologies, ..Tally::default() };
        let took = Took { jobs: 1, wall_s: 0.0, cpu_s: None };
        tally.summary(1, profile, String::new(), took).missed
    }

    #[test]
    fn a_goal_counts_where_it_can_be_reached() {
        let limit = Goal::LimitReached.name().to_owned();
        let rare = Goal::RecoveryInterrupted.name().to_owned();
        let shared = Goal::LostRace.name().to_owned();
        let single = |profile, seeds| missed(profile, Topology::Single, seeds);
        assert!(single(Profile::Quick, GOALS_FROM - 1).is_empty());
        assert!(single(Profile::Quick, GOALS_FROM).contains(&limit));
        assert!(!single(Profile::Fixed, 200_000).contains(&limit));
        assert!(!single(Profile::Fixed, GOALS_FROM).contains(&rare));
        assert!(single(Profile::Fixed, 200_000).contains(&rare));
        assert!(!single(Profile::Nightly, 200_000).contains(&shared));
        assert!(missed(Profile::Fixed, Topology::Shared, GOALS_FROM).contains(&shared));
    }

    /// What the fixed profile demands of so many seeds that nothing is too rare, its draws allow.
    #[test]
    fn the_fixed_profile_switches_off_what_it_does_not_demand() {
        let never: Vec<Goal> = Goal::ALL
            .iter()
            .copied()
            .filter(|goal| goal.reach().within(Profile::Fixed).is_none())
            .collect();
        assert!(never.contains(&Goal::LimitReached) && never.contains(&Goal::ShortLease));
        assert!(!never.contains(&Goal::Nobody) && !never.contains(&Goal::RecoveryInterrupted));
        for seed in 1..200 {
            let wish = crate::swarm::Wish { profile: Profile::Fixed, ..Default::default() };
            let schedule = crate::swarm::draw_schedule(seed, wish);
            assert_eq!(schedule.bounds.surrenders, None);
            assert!(!schedule.ops.iter().any(|op| matches!(op.kind, OpKind::Order { .. })));
            for text in &schedule.configs {
                let indexes = crate::plan::read_config(text).expect("the swarm draws lawfully");
                for subnet in &indexes.config().subnets {
                    assert_eq!((subnet.limits.addresses, subnet.limits.rate), (None, None));
                    assert_eq!(subnet.adaptive_threshold_ppm, 1_000_000);
                }
            }
        }
    }
}
