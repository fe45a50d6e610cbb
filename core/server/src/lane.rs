//! Numbered changes on their way to a store or a partner, and what waits for them.

use std::collections::BTreeMap;

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

/// One change that is not settled.
#[derive(Clone, Debug)]
struct Unsettled {
    unit: Unit,
    waiters: Vec<Ticket>,
}

/// A lane. While one batch is on its way, the next one grows: no timer decides how big it gets.
#[derive(Debug)]
pub struct Lane {
    next: Seq,
    growing: Vec<Change>,
    unsettled: BTreeMap<Seq, Unsettled>,
    /// First number and length of each batch on its way.
    in_flight: BTreeMap<Seq, usize>,
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
            unsettled: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            in_flight_max,
            batch_max,
        }
    }

    /// Puts a change at the end of the growing batch.
    pub fn push(&mut self, change: Change) -> Seq {
        let seq = self.next;
        self.next = seq.next();
        self.unsettled.insert(seq, Unsettled { unit: change.unit, waiters: Vec::new() });
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
        self.in_flight.insert(first, length);
        Some((first, batch))
    }

    /// Takes a batch off the way; its length, or none if no such batch is on its way.
    pub fn land(&mut self, first: Seq) -> Option<usize> {
        self.in_flight.remove(&first)
    }

    /// Notes that an exchange waits for `seq`; false if that is settled already.
    pub fn wait(&mut self, seq: Seq, ticket: Ticket) -> bool {
        self.unsettled.get_mut(&seq).map(|change| change.waiters.push(ticket)).is_some()
    }

    /// Settles one change; who waited for it, and its unit.
    pub fn settle(&mut self, seq: Seq) -> Option<(Unit, Vec<Ticket>)> {
        self.unsettled.remove(&seq).map(|change| (change.unit, change.waiters))
    }

    /// Gives every change up, on its way or not; what they were.
    pub fn abandon(&mut self) -> Vec<(Seq, Unit, Vec<Ticket>)> {
        self.growing.clear();
        self.in_flight.clear();
        std::mem::take(&mut self.unsettled)
            .into_iter()
            .map(|(seq, change)| (seq, change.unit, change.waiters))
            .collect()
    }

    /// How many changes are not settled.
    #[must_use]
    pub fn len(&self) -> usize {
        self.unsettled.len()
    }

    /// Whether everything is settled.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.unsettled.is_empty()
    }
}
