//! A queue of numbers from which any one can be taken out, each operation at constant cost.
//!
//! A pool whose allocator is the free lease queue keeps in one what was freed, in that order.

use lessor_types::FixedMap;

/// Different numbers in the order in which they came.
///
/// *Memory*: in proportion to what is in it.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    first: Option<u64>,
    last: Option<u64>,
    links: FixedMap<u64, Link>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Link {
    before: Option<u64>,
    behind: Option<u64>,
}

impl Queue {
    /// An empty queue.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many numbers are in it.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.links.len() as u64
    }

    /// Whether none are.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// Whether a number is in it.
    #[must_use]
    pub fn contains(&self, number: u64) -> bool {
        self.links.contains_key(&number)
    }

    /// Puts a number at the end; false if it is in the queue already, where it keeps its place.
    pub fn push(&mut self, number: u64) -> bool {
        if self.contains(number) {
            return false;
        }
        self.links.insert(number, Link { before: self.last, behind: None });
        match self.last.replace(number) {
            Some(last) => self.link(last).behind = Some(number),
            None => self.first = Some(number),
        }
        true
    }

    /// Takes a number out, wherever it stands; false if it is not in the queue.
    pub fn remove(&mut self, number: u64) -> bool {
        let Some(Link { before, behind }) = self.links.remove(&number) else {
            return false;
        };
        match before {
            Some(before) => self.link(before).behind = behind,
            None => self.first = behind,
        }
        match behind {
            Some(behind) => self.link(behind).before = before,
            None => self.last = before,
        }
        true
    }

    /// The numbers in their order.
    pub fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        std::iter::successors(self.first, |at| self.links.get(at)?.behind)
    }

    fn link(&mut self, number: u64) -> &mut Link {
        self.links.entry(number).or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The links agree with a list through any sequence of changes.
        #[test]
        fn agrees_with_a_list(steps in prop::collection::vec((any::<bool>(), 0_u64..12), 0..120)) {
            let mut queue = Queue::new();
            let mut naive: Vec<u64> = Vec::new();
            for (add, number) in steps {
                let place = naive.iter().position(|it| *it == number);
                if add {
                    prop_assert_eq!(queue.push(number), place.is_none());
                    if place.is_none() {
                        naive.push(number);
                    }
                } else {
                    prop_assert_eq!(queue.remove(number), place.is_some());
                    place.map(|place| naive.remove(place));
                }
                prop_assert_eq!(queue.iter().collect::<Vec<_>>(), naive.clone());
                prop_assert_eq!(queue.len(), naive.len() as u64);
                prop_assert_eq!(queue.is_empty(), naive.is_empty());
            }
        }
    }
}
