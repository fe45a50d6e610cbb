//! The simulator judged: does it notice planted bugs, and how soon?

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::check::Invariant;
use crate::planted::Bug;
use crate::run::run;
use crate::shrink::{Limits, shrink_within};
use crate::swarm::{Wish, draw_schedule};

/// The name of what `selfcheck` is about: one seed, one history.
const ONE_HISTORY: &str = "I15 one history";
/// In how many ranges of seeds each bug is looked for.
const RANGES: u64 = 5;
/// The most seeds that any bug may take, in any range.
pub const SEEDS_MAX: u64 = 1000;
/// The most seeds that a bug may take in the middle: the median over bugs of each one's median.
pub const MEDIAN_MAX: u64 = 50;
/// The most operations and faults that a failing schedule may have in the middle, made small.
pub const SIZE_MEDIAN_MAX: usize = 10;

/// How long it took to find one bug.
#[derive(Clone, Debug, Serialize)]
pub struct Found {
    /// The bug.
    pub bug: &'static str,
    /// The engine that it was looked for with: L0 is the heap.
    pub layer: &'static str,
    /// How many seeds it took in each range; none where it was not found.
    pub seeds: Vec<Option<u64>>,
    /// Which invariants it broke, and how often.
    pub broke: Vec<(&'static str, u64)>,
    /// Which it should have broken; none: any will do.
    pub expected: Vec<&'static str>,
    /// A seed that shows it.
    pub example: Option<u64>,
    /// How small the example can be made, where that was tried.
    pub shrunk: Option<Shrunk>,
}

/// A failing schedule before and after it was made small.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Shrunk {
    /// Operations and faults before.
    pub before: usize,
    /// Operations and faults after.
    pub after: usize,
    /// Clients before and after.
    pub clients: (usize, usize),
    /// How often the schedule was run.
    pub runs: u64,
    /// How long it took, in seconds.
    pub seconds: f64,
}

impl Found {
    /// Whether it was found in every range.
    #[must_use]
    pub fn everywhere(&self) -> bool {
        self.seeds.iter().all(Option::is_some)
    }

    /// The seeds that it took in the middle; none where it was missed too often to say.
    #[must_use]
    pub fn median(&self) -> Option<u64> {
        // Where it was not found, it took more than anywhere else.
        let mut seeds: Vec<u64> = self.seeds.iter().map(|it| it.unwrap_or(u64::MAX)).collect();
        seeds.sort_unstable();
        seeds.get(seeds.len() / 2).copied().filter(|median| *median < u64::MAX)
    }

    /// Whether nothing but what should break broke.
    #[must_use]
    pub fn as_expected(&self) -> bool {
        self.expected.is_empty() || self.broke.iter().all(|(name, _)| self.expected.contains(name))
    }

    /// The head of the table whose lines [`Found`] is shown as.
    #[must_use]
    pub fn head() -> String {
        format!(
            "{:<26} {:<5} {:<5} {:>6} {:>6} {:>6}  caught by",
            "bug", "layer", "found", "first", "median", "most"
        )
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |it| it.to_string());
        let found = self.seeds.iter().flatten().count();
        let broke: Vec<String> =
            self.broke.iter().map(|(name, count)| format!("{name} x{count}")).collect();
        write!(
            f,
            "{:<26} {:<5} {found}/{:<3} {:>6} {:>6} {:>6}  {}",
            self.bug,
            self.layer,
            self.seeds.len(),
            number(self.seeds.first().copied().flatten()),
            number(self.median()),
            number(self.seeds.iter().copied().flatten().max()),
            broke.join(", ")
        )?;
        if !self.as_expected() {
            write!(f, "; EXPECTED {}", self.expected.join(" or "))?;
        }
        if let Some(shrunk) = &self.shrunk {
            write!(
                f,
                "; {} operations and faults of {}, {} clients of {}, in {:.1} s",
                shrunk.after, shrunk.before, shrunk.clients.1, shrunk.clients.0, shrunk.seconds
            )?;
        }
        Ok(())
    }
}

/// What is wrong with the results of a hunt, in words; nothing if nothing is.
#[must_use]
pub fn complaints(found: &[Found]) -> Vec<String> {
    let mut told = Vec::new();
    for found in found {
        if !found.everywhere() {
            told.push(format!("{} was not found in every range of seeds", found.bug));
        }
        if found.seeds.iter().flatten().any(|seeds| *seeds > SEEDS_MAX) {
            told.push(format!("{} took more than {SEEDS_MAX} seeds", found.bug));
        }
        if !found.as_expected() {
            told.push(format!("{} was caught by another checker than expected", found.bug));
        }
    }
    let medians = found.iter().map(|found| found.median().unwrap_or(u64::MAX)).collect();
    if let Some(median) = middle(medians).filter(|median| *median > MEDIAN_MAX) {
        told.push(format!("the median over bugs is {median} seeds, more than {MEDIAN_MAX}"));
    }
    let sizes = found.iter().filter_map(|found| Some(found.shrunk?.after)).collect();
    if let Some(size) = middle(sizes).filter(|size| *size > SIZE_MEDIAN_MAX) {
        told.push(format!(
            "the median schedule has {size} operations and faults, more than {SIZE_MEDIAN_MAX}"
        ));
    }
    told
}

/// The value in the middle, the lower one of two.
#[must_use]
pub fn middle<T: Ord + Copy>(mut values: Vec<T>) -> Option<T> {
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) / 2).copied()
}

/// Looks for every bug in disjoint ranges of at most `seeds` seeds each; with `shrink_for`, makes
/// an example of each small, for so long at most. `tell` hears of each bug as it is done.
#[must_use]
pub fn hunt(
    bugs: &[Bug],
    seeds: u64,
    jobs: usize,
    shrink_for: Option<Duration>,
    tell: impl Fn(&Found) + Sync,
) -> Vec<Found> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    let worker = || {
        while let Some(bug) = bugs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut result = hunt_one(*bug, seeds);
            if let Some(budget) = shrink_for {
                result.shrunk = result.example.and_then(|seed| shrink_one(*bug, seed, budget));
            }
            if let Ok(mut found) = found.lock() {
                tell(&result);
                found.push((*bug, result));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(worker);
        }
    });
    let mut found = found.into_inner().unwrap_or_default();
    found.sort_by_key(|(bug, _)| *bug);
    found.into_iter().map(|(_, found)| found).collect()
}

fn wish(bug: Bug) -> Wish {
    Wish { like: Some(bug), ..Wish::default() }
}

fn hunt_one(bug: Bug, seeds: u64) -> Found {
    let mut broke = [0; Invariant::ALL.len()];
    let (mut example, mut unsteady) = (None, 0_u64);
    let mut first_in = |range: u64| {
        let from = 1 + range * seeds;
        (0..seeds).find_map(|number| {
            let schedule = draw_schedule(from + number, wish(bug));
            let outcome = run(&schedule, Some(bug), false).ok()?;
            if outcome.broken.is_none() {
                // I15 is not judged within a run.
                let again = run(&schedule, Some(bug), false).ok()?;
                let differs = again.hash != outcome.hash;
                unsteady += u64::from(differs);
                return differs.then_some(number + 1);
            }
            let (_, broken) = outcome.broken?;
            if let Some(count) = broke.get_mut(broken.invariant as usize) {
                *count += 1;
            }
            example = example.or(Some(from + number));
            Some(number + 1)
        })
    };
    let seeds = (0..RANGES).map(&mut first_in).collect();
    Found {
        bug: bug.name(),
        layer: "L0",
        seeds,
        broke: Invariant::ALL
            .iter()
            .zip(broke)
            .filter(|(_, count)| *count > 0)
            .map(|(invariant, count)| (invariant.name(), count))
            .chain((unsteady > 0).then_some((ONE_HISTORY, unsteady)))
            .collect(),
        expected: bug.breaks().iter().map(|invariant| invariant.name()).collect(),
        example,
        shrunk: None,
    }
}

fn shrink_one(bug: Bug, seed: u64, budget: Duration) -> Option<Shrunk> {
    let begin = Instant::now();
    let before = draw_schedule(seed, wish(bug));
    let shrunk = shrink_within(&before, Some(bug), Limits { until: Some(begin + budget) })?;
    Some(Shrunk {
        before: before.ops.len() + before.faults.len(),
        after: shrunk.schedule.ops.len() + shrunk.schedule.faults.len(),
        clients: (before.clients.len(), shrunk.schedule.clients.len()),
        runs: shrunk.runs,
        seconds: begin.elapsed().as_secs_f64(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(seeds: [Option<u64>; 5], broke: &'static str) -> Found {
        Found {
            bug: "a-bug",
            layer: "L0",
            seeds: seeds.to_vec(),
            broke: vec![(broke, 5)],
            expected: vec!["I1 uniqueness"],
            example: Some(1),
            shrunk: None,
        }
    }

    #[test]
    fn what_is_found_soon_and_by_the_right_checker_is_fine() {
        let fine = found([Some(1), Some(2), Some(3), Some(4), Some(900)], "I1 uniqueness");
        assert_eq!(fine.median(), Some(3));
        assert_eq!(complaints(&[fine]), Vec::<String>::new());
    }

    #[test]
    fn what_is_found_late_or_never_or_by_another_checker_is_told() {
        let late = found([Some(60); 5], "I1 uniqueness");
        assert!(complaints(&[late])[0].contains("60 seeds, more than 50"));
        let never = found([Some(1), None, None, None, Some(1)], "I1 uniqueness");
        assert_eq!(never.median(), None);
        assert!(complaints(std::slice::from_ref(&never))[0].contains("not found in every range"));
        let other = found([Some(1); 5], "I4 safe free");
        assert!(complaints(std::slice::from_ref(&other))[0].contains("another checker"));
        assert!(other.to_string().contains("EXPECTED I1 uniqueness"));
    }
}
