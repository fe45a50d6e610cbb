//! The free addresses of each pool, in the order of its allocator.
//!
//! Finding a free address costs the same at any fill, whatever the allocator: the iterative and the
//! random one search a tree of bits from a place on, and the free lease queue is a list from whose
//! front an address is taken.

use std::net::Ipv4Addr;

use lessor_config::Allocator;
use lessor_lease::{Queue, Space};
use lessor_policy::facts::PoolUse;
use lessor_policy::{PoolKey, Topology};
use lessor_types::{Prng, Unit};

/// How often a random address is drawn in the hope that it is free. Where that fails, the next free
/// one behind the last draw is taken: in a pool that is nearly full it need not be fair.
const DRAWS: usize = 4;

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

/// One pool's addresses.
#[derive(Clone, Debug)]
struct Pool {
    first: u32,
    /// How many addresses may be leased.
    size: u64,
    allocator: Allocator,
    /// Whether addresses that end in 0 or 255 are never leased.
    left_out: bool,
    /// Free and without a row; in a free lease queue, what has been free since the count began.
    vacant: Space,
    /// Free, with a row; not used in a free lease queue.
    reusable: Space,
    /// In a free lease queue, what was freed: the longest ago first.
    freed: Queue,
    /// Where the next search begins: behind the last address offered.
    cursor: u64,
}

impl Pool {
    fn new(first: u32, last: u32, allocator: Allocator, left_out: bool) -> Self {
        let bound = u64::from(last - first) + 1;
        let mut vacant = Space::full(bound);
        if left_out {
            for block in (first >> 8)..=(last >> 8) {
                for addr in [block << 8, block << 8 | 0xff] {
                    addr.checked_sub(first).map(|number| vacant.remove(u64::from(number)));
                }
            }
        }
        Self {
            first,
            size: vacant.len(),
            allocator,
            left_out,
            vacant,
            reusable: Space::empty(bound),
            freed: Queue::new(),
            cursor: 0,
        }
    }

    fn mark(&mut self, number: u64, what: Use) {
        let addr = u64::from(self.first) + number;
        if number >= self.vacant.bound() || (self.left_out && is_first_or_last(addr)) {
            return;
        }
        match (what, self.allocator) {
            (Use::Taken, _) => {
                self.vacant.remove(number);
                self.reusable.remove(number);
                self.freed.remove(number);
            }
            // What has been free all the time is in nobody's way; what was not is the last now.
            (Use::Vacant, Allocator::FreeLeaseQueue) if self.vacant.contains(number) => {}
            (Use::Vacant | Use::Reusable, Allocator::FreeLeaseQueue) => {
                self.vacant.remove(number);
                self.freed.push(number);
            }
            (Use::Vacant, _) => {
                self.vacant.insert(number);
                self.reusable.remove(number);
            }
            (Use::Reusable, _) => {
                self.vacant.remove(number);
                self.reusable.insert(number);
            }
        }
    }

    /// Where a search begins in one of the spaces.
    fn start(&self, space: &Space, chance: &Prng) -> u64 {
        if self.allocator != Allocator::Random {
            return self.cursor;
        }
        let mut chance = chance.clone();
        let mut drawn = 0;
        for _ in 0..DRAWS {
            drawn = chance.below(space.bound());
            if space.contains(drawn) {
                break;
            }
        }
        drawn
    }

    fn free<'a>(&'a self, chance: &Prng) -> impl Iterator<Item = u64> + use<'a> {
        let vacant = around(&self.vacant, self.start(&self.vacant, chance));
        let reusable = around(&self.reusable, self.start(&self.reusable, chance));
        vacant.chain(reusable).chain(self.freed.iter())
    }

    fn free_len(&self) -> u64 {
        self.vacant.len() + self.reusable.len() + self.freed.len()
    }
}

/// Whether an address is the first or the last of the 256 with the same front.
pub(crate) const fn is_first_or_last(addr: u64) -> bool {
    matches!(addr & 0xff, 0 | 0xff)
}

/// The members of a space from `start` on and around, each once.
fn around(space: &Space, start: u64) -> impl Iterator<Item = u64> + '_ {
    let first = space.next_around(start);
    let mut at = first;
    std::iter::from_fn(move || {
        let found = at?;
        at = space.next_around(found + 1).filter(|next| Some(*next) != first);
        Some(found)
    })
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
            .filter_map(|key| {
                let (first, last) = topology.pool_range(PoolKey(key))?;
                let (subnet, _) = topology.pool(PoolKey(key))?;
                let left_out = topology.leaves_out_ends(subnet);
                Some(Pool::new(first.into(), last.into(), subnet.allocator, left_out))
            })
            .collect();
        Self { pools }
    }

    /// Whether some pool cares in which order its units become free.
    #[must_use]
    pub fn has_queues(&self) -> bool {
        self.pools.iter().any(|pool| pool.allocator == Allocator::FreeLeaseQueue)
    }

    /// Records what a unit is; units outside `pool` are ignored. What becomes free is last in a
    /// free lease queue.
    pub fn mark(&mut self, pool: PoolKey, unit: Unit, what: Use) {
        if let Some((pool, number)) = self.number(pool, unit) {
            pool.mark(number, what);
        }
    }

    /// The next searches begin behind `unit`.
    pub fn move_on(&mut self, pool: PoolKey, unit: Unit) {
        if let Some((pool, number)) = self.number(pool, unit) {
            pool.cursor = number + 1;
        }
    }

    /// Free units in the order of the pool's allocator, each once; `chance` is what a random one
    /// draws from. But for a free lease queue, vacant ones come first, so that a client that comes
    /// back finds its last address free.
    pub fn free<'a>(&'a self, key: PoolKey, chance: &Prng) -> impl Iterator<Item = Unit> + use<'a> {
        let pool = self.pools.get(key.0);
        let numbers = pool.map(|pool| pool.free(chance));
        numbers.into_iter().flatten().filter_map(move |number| {
            let addr = u32::try_from(number).ok()?.checked_add(pool?.first)?;
            Some(Unit::V4(Ipv4Addr::from(addr)))
        })
    }

    /// How much of a pool is in use.
    #[must_use]
    pub fn in_use(&self, key: PoolKey) -> Option<PoolUse> {
        let pool = self.pools.get(key.0)?;
        Some(PoolUse { taken: pool.size.saturating_sub(pool.free_len()), size: pool.size })
    }

    fn number(&mut self, pool: PoolKey, unit: Unit) -> Option<(&mut Pool, u64)> {
        let pool = self.pools.get_mut(pool.0)?;
        let number = u32::from(unit.v4()?).checked_sub(pool.first)?;
        Some((pool, u64::from(number)))
    }
}

#[cfg(test)]
mod tests;
