//! Leases by unit, by client and by the time at which they end.

mod drawers;
mod index;

use std::sync::Arc;

use lessor_types::{ClientId, Holder, HwAddr, Unit, Wall};

use crate::record::Record;
use crate::{Lease, Rows, Standing};
use index::{Indexes, Place};

/// The settled leases of one server, in some hundred octets each.
///
/// Rows are kept packed; whoever asks for one gets a value of his own.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: Rows,
    v4: Indexes<u32>,
    others: Indexes<Unit>,
}

impl Table {
    /// A table without leases.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many rows there are, of any state.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row of `unit`.
    #[must_use]
    pub fn row(&self, unit: Unit) -> Option<Arc<Lease>> {
        self.rows.row(unit)
    }

    /// How the row of `unit` stands, for less than the row itself.
    #[must_use]
    pub fn standing(&self, unit: Unit) -> Option<Standing> {
        self.rows.standing(unit)
    }

    /// All rows, by unit.
    pub fn rows(&self) -> impl Iterator<Item = Arc<Lease>> {
        self.rows_after(None)
    }

    /// How all rows stand, by unit.
    pub fn standings(&self) -> impl Iterator<Item = (Unit, Standing)> {
        self.rows.standings()
    }

    /// The rows whose units come after `unit`, by unit; all of them for `None`.
    pub fn rows_after(&self, unit: Option<Unit>) -> impl Iterator<Item = Arc<Lease>> {
        self.rows.records(unit).map(|(unit, record)| record.shared(unit))
    }

    /// The rows of these units that a client is to be found in.
    fn found<'a>(
        &'a self,
        units: impl Iterator<Item = Unit>,
        is_it: impl Fn(&Record<'a>) -> bool,
    ) -> impl Iterator<Item = Arc<Lease>> {
        units.filter_map(move |unit| {
            let record = self.rows.record(unit).filter(&is_it)?;
            Some(record.shared(unit))
        })
    }

    /// The rows behind `after` whose holder has this link-layer address, by unit.
    pub fn rows_with_hw<'a>(
        &'a self,
        hw: &'a HwAddr,
        after: Option<Unit>,
    ) -> impl Iterator<Item = Arc<Lease>> + use<'a> {
        let hw = hw.octets();
        let units = self.v4.with_hw(hw, after).chain(self.others.with_hw(hw, after));
        self.found(units, move |record| record.hw == hw)
    }

    /// The rows behind `after` whose holder has this identifier, by unit.
    pub fn rows_with_client_id<'a>(
        &'a self,
        id: &'a ClientId,
        after: Option<Unit>,
    ) -> impl Iterator<Item = Arc<Lease>> + use<'a> {
        let id = id.octets();
        let units = self.v4.with_client_id(id, after).chain(self.others.with_client_id(id, after));
        self.found(units, move |record| record.client_id == Some(id))
    }

    /// The rows that belong to `holder`, by unit.
    #[must_use]
    pub fn rows_of(&self, holder: &Holder) -> Vec<Arc<Lease>> {
        let hw = holder.hw.octets();
        let mut units = Vec::new();
        if let Some(id) = &holder.client_id {
            units.extend(self.v4.with_client_id(id.octets(), None));
            units.extend(self.others.with_client_id(id.octets(), None));
        }
        if !hw.is_empty() {
            units.extend(self.v4.with_hw(hw, None));
            units.extend(self.others.with_hw(hw, None));
        }
        if units.len() > 1 {
            units.sort_unstable();
            units.dedup();
        }
        self.found(units.into_iter(), |record| record.is_of(holder)).collect()
    }

    /// The assigned and declined units that lapse behind the place `from` and not after `until`,
    /// with their places.
    pub fn lapsing(
        &self,
        from: (i64, Unit),
        until: Wall,
    ) -> impl Iterator<Item = (i64, Unit)> + use<'_> {
        merged(self.v4.lapsing(Some(from)), self.others.lapsing(Some(from)))
            .take_while(move |(at, _)| *at <= until.secs())
    }

    /// The assigned and declined rows that lapsed by `until`, the longest ago first.
    pub fn lapsed(&self, until: Wall) -> impl Iterator<Item = Arc<Lease>> + use<'_> {
        merged(self.v4.lapsing(None), self.others.lapsing(None))
            .take_while(move |(at, _)| *at <= until.secs())
            .filter_map(|(_, unit)| self.rows.row(unit))
    }

    /// The reclaimed and released rows that ended by `until`, the longest ago first.
    pub fn ended(&self, until: Wall) -> impl Iterator<Item = Arc<Lease>> + use<'_> {
        merged(self.v4.ended(), self.others.ended())
            .take_while(move |(at, _)| *at <= until.secs())
            .filter_map(|(_, unit)| self.rows.row(unit))
    }

    /// Puts a row in the place of the one that its unit had.
    pub fn put(&mut self, row: &Lease) -> Option<Arc<Lease>> {
        let before = self.rows.record(row.unit);
        let from = before.as_ref().map(Place::of).unwrap_or_default();
        let before = before.map(|record| record.shared(row.unit));
        self.rows.put(row);
        self.moved(row.unit, from, Place::of_lease(row));
        before
    }

    /// Removes the row of `unit`.
    pub fn remove(&mut self, unit: Unit) -> Option<Arc<Lease>> {
        let record = self.rows.record(unit)?;
        let (from, before) = (Place::of(&record), record.shared(unit));
        self.rows.remove(unit);
        self.moved(unit, from, Place::default());
        Some(before)
    }

    /// The row of `unit` is another one than it was, or none.
    fn moved(&mut self, unit: Unit, from: Place, to: Place) {
        match unit {
            Unit::V4(addr) => self.v4.moved(addr.into(), from, to),
            unit => self.others.moved(unit, from, to),
        }
    }
}

impl From<Rows> for Table {
    /// Indexes what was gathered, for less than putting the rows one by one.
    fn from(rows: Rows) -> Self {
        let places = rows.records(None).map(|(unit, record)| (unit, Place::of(&record)));
        let v4 = places.clone().filter_map(|(unit, place)| Some((unit.v4()?.into(), place)));
        let others = places.filter(|(unit, _)| unit.v4().is_none());
        let (v4, others) = (Indexes::of(v4), Indexes::of(others));
        Self { rows, v4, others }
    }
}

/// What two ordered sources hold, in order.
fn merged<T: Ord>(
    a: impl Iterator<Item = T>,
    b: impl Iterator<Item = T>,
) -> impl Iterator<Item = T> {
    let (mut a, mut b) = (a.peekable(), b.peekable());
    std::iter::from_fn(move || match (a.peek(), b.peek()) {
        (Some(first), Some(other)) if other < first => b.next(),
        (Some(_), _) => a.next(),
        (None, _) => b.next(),
    })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use lessor_types::{ClientId, HwAddr, PoolId, Secs, SubnetId};
    use proptest::prelude::*;

    use super::*;
    use crate::{DnsFlags, State};

    fn row(addr: u8, hw: u8, id: Option<u8>, expires: i64) -> Arc<Lease> {
        Arc::new(Lease {
            unit: Unit::V4(Ipv4Addr::new(10, 0, 0, addr)),
            subnet: SubnetId(1),
            pool: PoolId(0),
            holder: Holder {
                hw: HwAddr::ethernet([2, 0, 0, 0, 0, hw]),
                client_id: id.and_then(|id| ClientId::new(&[1, id]).ok()),
            },
            state: State::Assigned,
            valid: Secs(100),
            expires: Wall::from_secs(expires),
            hostname: None,
            dns: DnsFlags::default(),
            context: None,
            promises: None,
        })
    }

    proptest! {
        /// Every index answers as a scan of the rows would.
        #[test]
        fn indexes_agree_with_a_scan(
            steps in prop::collection::vec(
                (0_u8..20, 0_u8..6, prop::option::of(0_u8..6), 0_i64..50, any::<bool>()), 1..80),
            hw in 0_u8..6, id in prop::option::of(0_u8..6), until in 0_i64..60,
        ) {
            let mut table = Table::new();
            for (addr, hw, id, expires, keep) in steps {
                let row = row(addr, hw, id, expires);
                if keep { table.put(&row); } else { table.remove(row.unit); }
            }
            let asked = row(0, hw, id, 0).holder.clone();
            let scan: Vec<_> =
                table.rows().filter(|row| row.holder.same_client(&asked)).collect();
            prop_assert_eq!(table.rows_of(&asked), scan);
            let start = (i64::MIN, Unit::V4(Ipv4Addr::UNSPECIFIED));
            let lapsing = table.lapsing(start, Wall::from_secs(until)).count();
            let scan = table.rows().filter(|row| row.is_reusable(Wall::from_secs(until))).count();
            prop_assert_eq!(lapsing, scan);
            let by_hw: Vec<_> = table.rows_with_hw(&asked.hw, None).collect();
            let scan: Vec<_> =
                table.rows().filter(|row| row.holder.hw == asked.hw).collect();
            prop_assert_eq!(by_hw, scan);
            if let Some(id) = &asked.client_id {
                let behind = Some(row(9, 0, None, 0).unit);
                let by_id: Vec<_> = table.rows_with_client_id(id, behind).collect();
                let has_id = |row: &Arc<Lease>| row.holder.client_id.as_ref() == Some(id);
                let scan: Vec<_> = table.rows_after(behind).filter(has_id).collect();
                prop_assert_eq!(by_id, scan);
            }
            let after = table.rows_after(Some(row(9, 0, None, 0).unit)).count();
            prop_assert_eq!(after, table.rows().filter(|r| r.unit > row(9, 0, None, 0).unit).count());
        }
    }
}
