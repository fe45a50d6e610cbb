//! The event heap.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use lessor_types::Seed;

use crate::time::Ns;

/// What is to happen, in the order of true time.
///
/// Events at the same moment come in an order drawn from the seed and each event's own id, so the
/// order between two of them does not change when a third is deleted.
#[derive(Debug)]
pub(crate) struct Queue<E> {
    seed: Seed,
    heap: BinaryHeap<Entry>,
    /// The events, where they stay while their entries move.
    events: Vec<Option<E>>,
    /// Places among them that are free.
    free: Vec<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Entry {
    at: Ns,
    tie: u64,
    place: u32,
}

impl<E> Queue<E> {
    pub(crate) const fn new(seed: Seed) -> Self {
        Self { seed, heap: BinaryHeap::new(), events: Vec::new(), free: Vec::new() }
    }

    /// Adds an event; `id` tells it from all others of its moment.
    pub(crate) fn push(&mut self, at: Ns, id: u64, event: E) {
        let tie = self.seed.keyed(id, 0x71e).next_u64();
        let place = if let Some(place) = self.free.pop() {
            if let Some(free) = usize::try_from(place).ok().and_then(|at| self.events.get_mut(at)) {
                *free = Some(event);
            }
            place
        } else {
            self.events.push(Some(event));
            u32::try_from(self.events.len() - 1).unwrap_or(u32::MAX)
        };
        self.heap.push(Entry { at, tie, place });
    }

    pub(crate) fn pop(&mut self) -> Option<(Ns, E)> {
        let Entry { at, place, .. } = self.heap.pop()?;
        self.free.push(place);
        let event = self.events.get_mut(usize::try_from(place).ok()?)?.take()?;
        Some((at, event))
    }

    /// The next event, if it is due at `t` or before.
    pub(crate) fn pop_until(&mut self, t: Ns) -> Option<(Ns, E)> {
        self.heap.peek().filter(|entry| entry.at <= t)?;
        self.pop()
    }

    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        // The heap gives the greatest first.
        (other.at, other.tie).cmp(&(self.at, self.tie))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(ids: &[u64]) -> Vec<u64> {
        let mut queue = Queue::new(Seed(3));
        for id in ids {
            queue.push(1, *id, *id);
        }
        std::iter::from_fn(|| queue.pop().map(|(_, id)| id)).collect()
    }

    #[test]
    fn the_order_of_a_moment_is_drawn_and_survives_deletions() {
        let all = order(&[1, 2, 3, 4, 5, 6, 7]);
        assert_ne!(all, [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(all, order(&[7, 6, 5, 4, 3, 2, 1]));
        let without: Vec<u64> = all.iter().copied().filter(|id| *id != 4).collect();
        assert_eq!(without, order(&[1, 2, 3, 5, 6, 7]));
    }
}
