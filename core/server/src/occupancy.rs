//! The free addresses of each pool.

use std::net::Ipv4Addr;

use lessor_lease::Space;
use lessor_policy::{PoolKey, Topology};
use lessor_types::Unit;

/// What a pool may do with a unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
    /// No row, no offer: free.
    Vacant,
    /// A row that lapsed or was given up: free when nothing vacant is left.
    Reusable,
    /// Leased, on probation, on offer, or about to be.
    Taken,
}

/// One pool's addresses. Finding a free one costs the same at any fill.
#[derive(Clone, Debug)]
struct Pool {
    first: u32,
    vacant: Space,
    reusable: Space,
    /// Where the next search begins: behind the last address offered.
    cursor: u64,
}

/// All pools, by key.
#[derive(Clone, Debug, Default)]
pub struct Occupancy {
    pools: Vec<Pool>,
}

impl Occupancy {
    /// All pools of `topology`, everything vacant.
    #[must_use]
    pub fn new(topology: &Topology) -> Self {
        let pools = (0..topology.pool_count())
            .filter_map(|key| topology.pool_range(PoolKey(key)))
            .map(|(first, last)| {
                let size = u64::from(u32::from(last) - u32::from(first)) + 1;
                Pool {
                    first: first.into(),
                    vacant: Space::full(size),
                    reusable: Space::empty(size),
                    cursor: 0,
                }
            })
            .collect();
        Self { pools }
    }

    /// Records what a unit is; units outside `pool` are ignored.
    pub fn mark(&mut self, pool: PoolKey, unit: Unit, what: Use) {
        let Some((pool, number)) = self.number(pool, unit) else {
            return;
        };
        match what {
            Use::Vacant => {
                pool.vacant.insert(number);
                pool.reusable.remove(number);
            }
            Use::Reusable => {
                pool.vacant.remove(number);
                pool.reusable.insert(number);
            }
            Use::Taken => {
                pool.vacant.remove(number);
                pool.reusable.remove(number);
            }
        }
    }

    /// The next searches begin behind `unit`.
    pub fn move_on(&mut self, pool: PoolKey, unit: Unit) {
        if let Some((pool, number)) = self.number(pool, unit) {
            pool.cursor = number + 1;
        }
    }

    /// Free units, vacant ones first, each once, from the cursor on.
    pub fn free(&self, key: PoolKey) -> impl Iterator<Item = Unit> + '_ {
        let pool = self.pools.get(key.0);
        let walk = |space: fn(&Pool) -> &Space| {
            let cursor = pool.map_or(0, |pool| pool.cursor);
            let mut at = pool.and_then(|pool| space(pool).next_around(cursor));
            let start = at;
            std::iter::from_fn(move || {
                let found = at?;
                at = pool
                    .and_then(|pool| space(pool).next_around(found + 1))
                    .filter(|next| Some(*next) != start);
                Some(found)
            })
        };
        walk(|pool| &pool.vacant).chain(walk(|pool| &pool.reusable)).filter_map(move |number| {
            let addr = u32::try_from(number).ok()?.checked_add(pool?.first)?;
            Some(Unit::V4(Ipv4Addr::from(addr)))
        })
    }

    /// How many units of a pool are free: vacant, and reusable.
    #[must_use]
    pub fn count(&self, key: PoolKey) -> (u64, u64) {
        self.pools.get(key.0).map_or((0, 0), |pool| (pool.vacant.len(), pool.reusable.len()))
    }

    fn number(&mut self, pool: PoolKey, unit: Unit) -> Option<(&mut Pool, u64)> {
        let pool = self.pools.get_mut(pool.0)?;
        let number = u32::from(unit.v4()?).checked_sub(pool.first)?;
        Some((pool, u64::from(number)))
    }
}
