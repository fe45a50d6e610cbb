//! Profiles: what kind of seeds a campaign is made of.
//!
//! The fixed one is all in [`FIXED`], so that figures taken with it stay comparable: it can't be
//! made easy by what the swarm happens to draw.

use super::Traits;
use crate::plan::Settings;
use crate::schedule::FaultKind;

/// What the seeds of a campaign are like.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Profile {
    /// The swarm draws everything: as many seeds as a change has to survive.
    #[default]
    Quick,
    /// [`FIXED`]: what speed is measured with.
    Fixed,
    /// The swarm draws everything: as many seeds as a night is for.
    Nightly,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Quick, Self::Fixed, Self::Nightly];

    /// Its name on command lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Fixed => "fixed",
            Self::Nightly => "nightly",
        }
    }

    /// The profile with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// How many seeds a campaign of it has, where nothing else is asked for.
    #[must_use]
    pub const fn seeds(self) -> u64 {
        match self {
            Self::Quick => 2000,
            Self::Fixed => 1000,
            Self::Nightly => 100_000,
        }
    }
}

/// The fixed profile, as data.
#[derive(Debug)]
pub struct Fixed {
    /// How many clients there are.
    pub clients: u16,
    /// The lifetime that all of them get, in seconds.
    pub lifetime: u32,
    /// How long faults go on, in simulated hours.
    pub hours: u64,
    /// How many percent of the clients are behind relays.
    pub relayed: u64,
    /// The size of pools in percent of their clients.
    pub pool_percent: u64,
    /// How many percent of the clients let T1, and mostly T2, pass.
    pub careless: u64,
    /// The time between two operations of one client, in percent of a lifetime.
    pub pace: u64,
    /// The largest share of a lifetime, in percent, within which a renewal is not written.
    pub cache_percent: u32,
    /// The time between two compactions of a lease file, in seconds: Kea's default.
    pub compact_every: u64,
    /// How often faults happen, by kind: times a simulated day. Those that the topology can have.
    pub faults_a_day: &'static [(&'static str, u64)],
}

/// Fifty clients that move, crash, come back and share addresses, with leases of an hour, for four
/// hours; normal faults are those of a bad day in a large building, every day.
pub const FIXED: Fixed = Fixed {
    clients: 50,
    lifetime: 3600,
    hours: 4,
    relayed: 40,
    pool_percent: 160,
    careless: 20,
    pace: 250,
    cache_percent: 25,
    compact_every: 3600,
    faults_a_day: &[
        // The network.
        ("loss", 12),
        ("duplicate", 6),
        ("delay", 6),
        ("partition", 12),
        ("relay-loss", 6),
        ("relay-duplicate", 6),
        ("squat", 12),
        ("corrupt", 6),
        ("reorder", 6),
        ("clog", 6),
        ("swizzle", 6),
        // Processes and machines.
        ("pause", 12),
        ("crash", 12),
        ("crash-at-disk", 6),
        ("crash-in-turn", 6),
        ("clock-jump", 6),
        ("reconfigure", 6),
        ("bad-config", 3),
        ("restore", 2),
        ("clock-lost", 2),
        // Disks.
        ("disk-slow", 12),
        ("disk-fail", 6),
        ("disk-full", 3),
        ("rot", 2),
        ("compact", 6),
        // Stores and partners.
        ("store-outage", 12),
        ("store-cut-before", 12),
        ("store-cut-after", 12),
        ("store-retry", 12),
        ("store-slow", 12),
        ("store-busy", 6),
        ("store-stale", 6),
        ("store-failover", 3),
        ("store-read-only", 3),
        ("store-bad-row", 3),
        ("store-pool", 6),
        ("store-hang", 6),
        ("partner-slow", 12),
        ("partner-rejects", 12),
        ("partner-gone", 12),
    ],
};

impl Fixed {
    /// How often a kind of fault happens in a run of `safety_ms`, where `rng` decides about the
    /// part of a time that is left over.
    pub(super) fn count(&self, kind: usize, safety_ms: u64, rng: &mut lessor_types::Prng) -> u64 {
        const DAY_MS: u64 = 86_400_000;
        let name = FaultKind::NAMES.get(kind).copied().unwrap_or_default();
        let found = self.faults_a_day.iter().find(|(other, _)| *other == name);
        let parts = found.map_or(0, |(_, times)| times * safety_ms);
        parts / DAY_MS + u64::from(rng.below(DAY_MS) < parts % DAY_MS)
    }

    /// Makes a seed's traits those of this profile.
    pub(super) fn impose(&self, traits: &mut Traits, kinds: Vec<usize>) {
        traits.lifetime = self.lifetime;
        traits.safety_ms = self.hours * 3_600_000;
        traits.clients = self.clients;
        traits.relayed = self.relayed;
        traits.pool_percent = self.pool_percent;
        traits.careless = self.careless;
        traits.twins = true;
        traits.restless = true;
        traits.releases = true;
        traits.hostile = true;
        traits.moves = true;
        traits.probes = true;
        traits.faults = kinds;
    }

    /// Keeps a configuration from making the work less.
    pub(super) fn impose_on(&self, settings: &mut Settings) {
        settings.lifetime = [self.lifetime; 3];
        settings.adaptive_percent = 100;
        settings.cache_percent = settings.cache_percent.min(self.cache_percent);
        settings.limit = None;
        settings.rate = None;
        settings.drops = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::swarm::{Wish, draw_schedule};

    #[test]
    fn the_fixed_profile_is_what_it_says() {
        for (name, _) in FIXED.faults_a_day {
            assert!(FaultKind::NAMES.contains(name), "{name} is no fault");
        }
        let (mut faults, mut hours) = (0, 0);
        for seed in 1..40 {
            let wish = Wish { profile: Profile::Fixed, ..Wish::default() };
            let schedule = draw_schedule(seed, wish);
            assert_eq!(schedule.clients.len(), usize::from(FIXED.clients));
            for config in &schedule.configs {
                assert!(config.contains(r#""valid-lifetime":3600"#), "{config}");
            }
            faults += schedule.faults.len() as u64;
            hours += FIXED.hours;
        }
        // Enough of them for the aim: 500 a second at 200 simulated hours a second.
        assert!(faults > 3 * hours, "{faults} faults in {hours} hours");
    }
}
