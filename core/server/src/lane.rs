//! Numbered changes on their way to a store or a partner, and what waits for them.

use std::collections::VecDeque;

use lessor_lease::Change;
use lessor_types::{Seq, Unit};

use crate::ExchangeId;

/// Which lane.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LaneId {
    /// To stable storage.
    Store,
    /// To the partner.
    Partner,
}

/// An exchange that waits, and the parking for which it does.
pub type Ticket = (ExchangeId, u32);

/// Who waits for one change: seldom more than one.
#[derive(Clone, Debug, Default)]
pub struct Waiters {
    first: Option<Ticket>,
    others: Vec<Ticket>,
}

impl Waiters {
    fn push(&mut self, ticket: Ticket) {
        match self.first {
            None => self.first = Some(ticket),
            Some(_) => self.others.push(ticket),
        }
    }
}

impl IntoIterator for Waiters {
    type Item = Ticket;
    type IntoIter = std::iter::Chain<std::option::IntoIter<Ticket>, std::vec::IntoIter<Ticket>>;

    /// In the order in which they came.
    fn into_iter(self) -> Self::IntoIter {
        self.first.into_iter().chain(self.others)
    }
}

/// One change that is not settled.
#[derive(Clone, Debug)]
struct Unsettled {
    unit: Unit,
    waiters: Waiters,
}

/// A lane. While one batch is on its way, the next one grows: no timer decides how big it gets.
#[derive(Debug)]
pub struct Lane {
    next: Seq,
    growing: Vec<Change>,
    /// From the first number that is not settled up to `next`; numbers in between may be settled.
    unsettled: VecDeque<Option<Unsettled>>,
    /// How many of these are not.
    unsettled_len: usize,
    /// First number and length of each batch on its way; a handful.
    in_flight: Vec<(Seq, usize)>,
    in_flight_max: usize,
    batch_max: usize,
}

impl Lane {
    /// An empty lane.
    #[must_use]
    pub const fn new(in_flight_max: usize, batch_max: usize) -> Self {
        Self {
            next: Seq(1),
            growing: Vec::new(),
            unsettled: VecDeque::new(),
            unsettled_len: 0,
            in_flight: Vec::new(),
            in_flight_max,
            batch_max,
        }
    }

    /// Puts a change at the end of the growing batch.
    pub fn push(&mut self, change: Change) -> Seq {
        let seq = self.next;
        self.next = seq.next();
        let unsettled = Unsettled { unit: change.unit, waiters: Waiters::default() };
        self.unsettled.push_back(Some(unsettled));
        self.unsettled_len += 1;
        self.growing.push(change);
        seq
    }

    /// Closes the growing batch, if there is one and the way is free.
    pub fn seal(&mut self) -> Option<(Seq, Vec<Change>)> {
        if self.growing.is_empty() || self.in_flight.len() >= self.in_flight_max {
            return None;
        }
        let length = self.growing.len().min(self.batch_max);
        let first = Seq(self.next.0 - self.growing.len() as u64);
        let rest = self.growing.split_off(length);
        let batch = std::mem::replace(&mut self.growing, rest);
        self.in_flight.push((first, length));
        Some((first, batch))
    }

    /// Takes a batch off the way; its length, or none if no such batch is on its way.
    pub fn land(&mut self, first: Seq) -> Option<usize> {
        let at = self.in_flight.iter().position(|(other, _)| *other == first)?;
        Some(self.in_flight.swap_remove(at).1)
    }

    /// The place of a number among those from the first that is not settled on.
    fn place(&mut self, seq: Seq) -> Option<&mut Option<Unsettled>> {
        let first = self.next.0 - self.unsettled.len() as u64;
        let at = usize::try_from(seq.0.checked_sub(first)?).ok()?;
        self.unsettled.get_mut(at)
    }

    /// Notes that an exchange waits for `seq`; false if that is settled already.
    pub fn wait(&mut self, seq: Seq, ticket: Ticket) -> bool {
        let change = self.place(seq).and_then(Option::as_mut);
        change.map(|change| change.waiters.push(ticket)).is_some()
    }

    /// Settles one change; who waited for it, and its unit.
    pub fn settle(&mut self, seq: Seq) -> Option<(Unit, Waiters)> {
        let Unsettled { unit, waiters } = self.place(seq)?.take()?;
        self.unsettled_len -= 1;
        while let Some(None) = self.unsettled.front() {
            self.unsettled.pop_front();
        }
        Some((unit, waiters))
    }

    /// Gives every change up, on its way or not; what they were.
    pub fn abandon(&mut self) -> Vec<(Seq, Unit, Waiters)> {
        self.growing.clear();
        self.in_flight.clear();
        self.unsettled_len = 0;
        let first = self.next.0 - self.unsettled.len() as u64;
        let unsettled = (first..).map(Seq).zip(std::mem::take(&mut self.unsettled));
        let unsettled = unsettled.filter_map(|(seq, change)| Some((seq, change?)));
        unsettled.map(|(seq, change)| (seq, change.unit, change.waiters)).collect()
    }

    /// How many changes are not settled.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.unsettled_len
    }

    /// Whether everything is settled.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.unsettled_len == 0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A lane is an ordered map of numbers, whatever is settled first.
        #[test]
        fn settles_in_any_order(steps in prop::collection::vec((0_u8..4, 0_u64..40), 0..120)) {
            let unit = Unit::V4([10, 0, 0, 1].into());
            let mut lane = Lane::new(1, 8);
            let mut naive: BTreeMap<Seq, Vec<Ticket>> = BTreeMap::new();
            for (what, seq) in steps {
                let ticket = (ExchangeId(seq), 1);
                match what {
                    0 => {
                        let seq = lane.push(Change { unit, from: None, to: None });
                        naive.insert(seq, Vec::new());
                    }
                    1 => {
                        let known = naive.get_mut(&Seq(seq)).map(|waiters| waiters.push(ticket));
                        prop_assert_eq!(lane.wait(Seq(seq), ticket), known.is_some());
                    }
                    2 => {
                        let settled = lane.settle(Seq(seq));
                        let settled = settled.map(|(_, waiters)| waiters.into_iter().collect());
                        prop_assert_eq!(settled, naive.remove(&Seq(seq)));
                    }
                    _ if seq == 0 => {
                        let left = lane.abandon().into_iter();
                        let left: Vec<(Seq, Vec<Ticket>)> =
                            left.map(|(seq, _, it)| (seq, it.into_iter().collect())).collect();
                        let expected: Vec<_> = std::mem::take(&mut naive).into_iter().collect();
                        prop_assert_eq!(left, expected);
                    }
                    _ => {
                        if let Some((first, batch)) = lane.seal() {
                            prop_assert!(lane.seal().is_none(), "one at a time");
                            prop_assert_eq!(lane.land(first), Some(batch.len()));
                            prop_assert_eq!(lane.land(first), None);
                        }
                    }
                }
                prop_assert_eq!((lane.len(), lane.is_empty()), (naive.len(), naive.is_empty()));
            }
        }
    }
}
