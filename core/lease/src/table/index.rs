//! What rows are found by, beside their units.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::ops::Bound;

use lessor_types::{ClientId, Holder, Unit, stable_hash};

use super::drawers::Drawers;
use crate::record::Record;
use crate::{Lease, Standing, State};

/// A unit, in as few octets as its family needs.
pub(super) trait Key: Copy + Ord {
    /// The least of all.
    const FIRST: Self;

    fn unit(self) -> Unit;

    /// The last key that does not come after `unit`.
    fn not_after(unit: Unit) -> Self;
}

/// An IPv4 address as a number, which is quicker to compare.
impl Key for u32 {
    const FIRST: Self = 0;

    fn unit(self) -> Unit {
        Unit::V4(self.into())
    }

    fn not_after(unit: Unit) -> Self {
        // The units of other families come after all of these.
        unit.v4().map_or(Self::MAX, Self::from)
    }
}

impl Key for Unit {
    const FIRST: Self = Self::V4(Ipv4Addr::UNSPECIFIED);

    fn unit(self) -> Unit {
        self
    }

    fn not_after(unit: Unit) -> Self {
        unit
    }
}

/// A second since 1970, in halves, so that it takes no more room beside a key than it needs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Second(i32, u32);

impl From<i64> for Second {
    fn from(secs: i64) -> Self {
        let [a, b, c, d, rest @ ..] = secs.to_be_bytes();
        Self(i32::from_be_bytes([a, b, c, d]), u32::from_be_bytes(rest))
    }
}

impl From<Second> for i64 {
    fn from(Second(high, low): Second) -> Self {
        Self::from(high) << 32 | Self::from(low)
    }
}

/// The indexes of the rows of one family.
///
/// Clients are found by 32 bits of a hash; whoever asks looks at the rows themselves.
#[derive(Clone, Debug)]
pub(super) struct Indexes<K> {
    by_client_id: Drawers<K>,
    by_hw: Drawers<K>,
    /// Assigned and declined rows by the second at which they lapse; infinite ones are absent.
    by_lapse: BTreeSet<(Second, K)>,
    /// Reclaimed and released rows by the second at which they ended.
    by_end: BTreeSet<(Second, K)>,
}

impl<K> Default for Indexes<K> {
    fn default() -> Self {
        Self {
            by_client_id: Drawers::default(),
            by_hw: Drawers::default(),
            by_lapse: BTreeSet::new(),
            by_end: BTreeSet::new(),
        }
    }
}

/// Where a row stands in the indexes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Place {
    client_id: Option<u32>,
    hw: Option<u32>,
    lapse: Option<Second>,
    end: Option<Second>,
}

impl Place {
    pub(super) fn of(row: &Record<'_>) -> Self {
        Self::new(&row.standing, row.hw, row.client_id)
    }

    /// The same of a row that is not packed.
    pub(super) fn of_lease(row: &Lease) -> Self {
        let Holder { hw, client_id } = &row.holder;
        Self::new(&row.standing(), hw.octets(), client_id.as_ref().map(ClientId::octets))
    }

    fn new(standing: &Standing, hw: &[u8], client_id: Option<&[u8]>) -> Self {
        let has_ended = matches!(standing.state, State::Reclaimed | State::Released);
        let at = standing.lapses().map(|at| Second::from(at.secs()));
        Self {
            client_id: client_id.map(hash),
            hw: (!hw.is_empty()).then(|| hash(hw)),
            lapse: at.filter(|_| !has_ended),
            end: at.filter(|_| has_ended),
        }
    }
}

fn hash(octets: &[u8]) -> u32 {
    (stable_hash(octets) >> 32) as u32
}

impl<K: Key> Indexes<K> {
    /// The indexes of these rows, made at once.
    pub(super) fn of(rows: impl Iterator<Item = (K, Place)> + Clone) -> Self {
        fn index<K, V, I: FromIterator<(V, K)>>(
            entries: impl Iterator<Item = (Option<V>, K)>,
        ) -> I {
            entries.filter_map(|(value, key)| Some((value?, key))).collect()
        }
        Self {
            by_client_id: index(rows.clone().map(|(key, place)| (place.client_id, key))),
            by_hw: index(rows.clone().map(|(key, place)| (place.hw, key))),
            by_lapse: index(rows.clone().map(|(key, place)| (place.lapse, key))),
            by_end: index(rows.map(|(key, place)| (place.end, key))),
        }
    }

    /// A row stands here now that stood there.
    pub(super) fn moved(&mut self, key: K, from: Place, to: Place) {
        fn named<K: Key>(index: &mut Drawers<K>, key: K, from: Option<u32>, to: Option<u32>) {
            if from == to {
                return;
            }
            if let Some(from) = from {
                index.remove((from, key));
            }
            if let Some(to) = to {
                index.insert((to, key));
            }
        }
        fn moved<K: Ord + Copy, V: Ord>(
            index: &mut BTreeSet<(V, K)>,
            key: K,
            (from, to): (Option<V>, Option<V>),
        ) {
            if from == to {
                return;
            }
            if let Some(from) = from {
                index.remove(&(from, key));
            }
            if let Some(to) = to {
                index.insert((to, key));
            }
        }
        named(&mut self.by_client_id, key, from.client_id, to.client_id);
        named(&mut self.by_hw, key, from.hw, to.hw);
        moved(&mut self.by_lapse, key, (from.lapse, to.lapse));
        moved(&mut self.by_end, key, (from.end, to.end));
    }

    /// The units behind `after` whose rows may have this link-layer address, in order.
    pub(super) fn with_hw(
        &self,
        octets: &[u8],
        after: Option<Unit>,
    ) -> impl Iterator<Item = Unit> + use<'_, K> {
        matching(&self.by_hw, hash(octets), after)
    }

    /// The units behind `after` whose rows may have this client identifier, in order.
    pub(super) fn with_client_id(
        &self,
        octets: &[u8],
        after: Option<Unit>,
    ) -> impl Iterator<Item = Unit> + use<'_, K> {
        matching(&self.by_client_id, hash(octets), after)
    }

    /// The assigned and declined units by the second at which they lapse, behind a place.
    pub(super) fn lapsing(&self, from: Option<(i64, Unit)>) -> impl Iterator<Item = (i64, Unit)> {
        behind(&self.by_lapse, from)
    }

    /// The reclaimed and released units by the second at which they ended.
    pub(super) fn ended(&self) -> impl Iterator<Item = (i64, Unit)> {
        behind(&self.by_end, None)
    }
}

fn matching<K: Key>(
    index: &Drawers<K>,
    hash: u32,
    after: Option<Unit>,
) -> impl Iterator<Item = Unit> + use<'_, K> {
    index.matching(hash, after.map(K::not_after)).map(Key::unit)
}

fn behind<K: Key>(
    index: &BTreeSet<(Second, K)>,
    from: Option<(i64, Unit)>,
) -> impl Iterator<Item = (i64, Unit)> {
    let from = match from {
        None => Bound::Unbounded,
        Some((secs, unit)) => Bound::Excluded((secs.into(), K::not_after(unit))),
    };
    index.range((from, Bound::Unbounded)).map(|(secs, key)| ((*secs).into(), key.unit()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn seconds_keep_their_order(a in any::<i64>(), b in any::<i64>()) {
            prop_assert_eq!(i64::from(Second::from(a)), a);
            prop_assert_eq!(Second::from(a).cmp(&Second::from(b)), a.cmp(&b));
        }
    }
}
