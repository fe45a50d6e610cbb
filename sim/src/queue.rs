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
    heap: BinaryHeap<Entry<E>>,
}

#[derive(Debug)]
struct Entry<E> {
    at: Ns,
    tie: u64,
    event: E,
}

impl<E> Queue<E> {
    pub(crate) const fn new(seed: Seed) -> Self {
        Self { seed, heap: BinaryHeap::new() }
    }

    /// Adds an event; `id` tells it from all others of its moment.
    pub(crate) fn push(&mut self, at: Ns, id: u64, event: E) {
        let tie = self.seed.keyed(id, 0x71e).next_u64();
        self.heap.push(Entry { at, tie, event });
    }

    pub(crate) fn pop(&mut self) -> Option<(Ns, E)> {
        self.heap.pop().map(|entry| (entry.at, entry.event))
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

impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        // The heap gives the greatest first.
        (other.at, other.tie).cmp(&(self.at, self.tie))
    }
}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<E> Eq for Entry<E> {}

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
