//! Whose offers stand in which pool.

use std::collections::{BTreeMap, BTreeSet};

use lessor_policy::PoolKey;
use lessor_types::{Mono, Unit};

use crate::quarter::Quarter;

/// Offers by where their clients are, so that what one place holds can be given to another that
/// holds less when there is nothing else left.
#[derive(Debug, Default)]
pub struct Shares {
    /// The offers of a place in a pool, the oldest first.
    offers: BTreeMap<(PoolKey, Quarter), BTreeSet<(Mono, Unit)>>,
    /// How many there are of each place in each pool, the most last.
    in_pool: BTreeSet<(PoolKey, usize, Quarter)>,
    /// The same across all pools.
    in_all: BTreeSet<(usize, PoolKey, Quarter)>,
}

impl Shares {
    /// Notes an offer.
    pub fn add(&mut self, pool: PoolKey, place: Quarter, until: Mono, unit: Unit) {
        self.change(pool, place, |offers| offers.insert((until, unit)));
    }

    /// Notes the end of an offer.
    pub fn remove(&mut self, pool: PoolKey, place: Quarter, until: Mono, unit: Unit) {
        self.change(pool, place, |offers| offers.remove(&(until, unit)));
    }

    /// How many offers a place holds in a pool.
    #[must_use]
    pub fn held(&self, pool: PoolKey, place: Quarter) -> usize {
        self.offers.get(&(pool, place)).map_or(0, BTreeSet::len)
    }

    /// The offers of the place that holds the most in a pool, the oldest first, if it holds so much
    /// more than `asker` that it still has as much without one.
    pub fn spare(&self, pool: PoolKey, asker: Quarter) -> impl Iterator<Item = Unit> + '_ {
        let next = (PoolKey(pool.0.saturating_add(1)), 0, Quarter::NOWHERE);
        let greediest = self.in_pool.range(..next).next_back().filter(|(of, ..)| *of == pool);
        let held = self.held(pool, asker);
        let greedy = greediest.filter(|(_, most, _)| *most >= held + 2);
        let offers = greedy.and_then(|(_, _, place)| self.offers.get(&(pool, *place)));
        offers.into_iter().flatten().map(|(_, unit)| *unit)
    }

    /// The oldest offer of the place that holds the most in one pool.
    #[must_use]
    pub fn greediest(&self) -> Option<Unit> {
        let (_, pool, place) = self.in_all.last()?;
        self.offers.get(&(*pool, *place))?.first().map(|(_, unit)| *unit)
    }

    fn change(
        &mut self,
        pool: PoolKey,
        place: Quarter,
        change: impl FnOnce(&mut BTreeSet<(Mono, Unit)>) -> bool,
    ) {
        let offers = self.offers.entry((pool, place)).or_default();
        let before = offers.len();
        change(offers);
        let after = offers.len();
        if after == 0 {
            self.offers.remove(&(pool, place));
        }
        self.in_pool.remove(&(pool, before, place));
        self.in_all.remove(&(before, pool, place));
        if after > 0 {
            self.in_pool.insert((pool, after, place));
            self.in_all.insert((after, pool, place));
        }
    }
}
