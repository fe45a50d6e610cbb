//! What lookups ask of a database, and how rows answer them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lessor_lease::store::needs_reclaim;
use lessor_lease::{Lease, Lookup};
use lessor_types::{Holder, Unit, Wall};

use crate::row::{Quarantined, Row, Shape, quarantined, unit};

/// What many lookups need, as one question: a row that answers several is asked for once.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Question {
    /// Rows with these keys.
    pub keys: BTreeSet<u32>,
    /// Rows with these link-layer addresses.
    pub hwaddrs: BTreeSet<Vec<u8>>,
    /// Rows with these client identifiers.
    pub client_ids: BTreeSet<Vec<u8>>,
    /// Rows that have lapsed.
    pub lapsed: Option<Lapsed>,
}

/// Rows that [`Lookup::Lapsed`] asks for, the longest lapsed first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lapsed {
    /// How many at most.
    pub count: u16,
    /// The time at which to judge.
    pub wall: Wall,
    /// How long reclaimed and released rows are kept, in seconds.
    pub held_back: i64,
}

impl Lapsed {
    /// The last second at which a lease may end, or a declined one's probation; a lease's own
    /// margin is still to be taken off.
    #[must_use]
    pub const fn ends_by(&self) -> i64 {
        self.wall.secs()
    }

    /// What answers both: the wider of each rule, and rows enough.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            count: self.count.saturating_add(other.count),
            wall: self.wall.max(other.wall),
            held_back: self.held_back.min(other.held_back),
        }
    }

    /// The last second at which a reclaimed or released row may end to be taken away.
    #[must_use]
    pub const fn kept_by(&self) -> i64 {
        self.wall.secs().saturating_sub(self.held_back)
    }
}

impl Question {
    /// Adds what a lookup needs; free units are another matter ([`crate::vacancy`]), and so are
    /// pages.
    pub fn add(&mut self, lookup: &Lookup) {
        match lookup {
            Lookup::Unit(unit) => self.keys.extend(unit.v4().map(u32::from)),
            Lookup::Holder(Holder { hw, client_id }) => {
                if !hw.is_empty() {
                    self.hwaddrs.insert(hw.octets().to_vec());
                }
                self.client_ids.extend(client_id.as_ref().map(|id| id.octets().to_vec()));
            }
            Lookup::Lapsed { count, wall, held_back } => {
                let more = Lapsed { count: *count, wall: *wall, held_back: *held_back };
                self.lapsed = Some(self.lapsed.map_or(more, |lapsed| lapsed.and(more)));
            }
            Lookup::HwAddr(hw) => {
                self.hwaddrs.insert(hw.octets().to_vec());
            }
            Lookup::ClientId(id) => {
                self.client_ids.insert(id.octets().to_vec());
            }
            Lookup::FreeIn { .. } | Lookup::Page { .. } => {}
        }
    }

    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
            && self.hwaddrs.is_empty()
            && self.client_ids.is_empty()
            && self.lapsed.is_none()
    }
}

/// The leases of rows that came, by key.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Leases {
    /// What the rows say; for one that cannot be read, what stands for it.
    pub by_key: BTreeMap<u32, Arc<Lease>>,
    /// The rows that cannot be read.
    pub bad: BTreeMap<u32, Quarantined>,
}

impl Leases {
    /// Reads rows.
    pub fn add(&mut self, rows: &[Row], shape: &Shape) {
        for row in rows {
            // A row without a lawful key cannot be anybody's address.
            let Ok(unit) = unit(row.address) else {
                continue;
            };
            let Some(key) = unit.v4().map(u32::from) else {
                continue;
            };
            let lease = match shape.decode(row) {
                Ok(lease) => lease,
                Err(error) => {
                    self.bad.insert(key, Quarantined { unit, error });
                    quarantined(unit)
                }
            };
            self.by_key.insert(key, Arc::new(lease));
        }
    }

    /// The lease of a unit.
    #[must_use]
    pub fn of(&self, unit: Unit) -> Option<&Arc<Lease>> {
        self.by_key.get(&u32::from(unit.v4()?))
    }

    /// All leases of a client among them.
    #[must_use]
    pub fn of_holder(&self, holder: &Holder) -> Vec<Arc<Lease>> {
        self.meant(|lease| lease.holder.same_client(holder))
    }

    /// The leases among them that [`Lookup::Lapsed`] asks for, the longest lapsed first.
    #[must_use]
    pub fn lapsed(&self, asked: &Lapsed) -> Vec<Arc<Lease>> {
        let mut rows: Vec<_> = self
            .readable()
            .filter(|lease| needs_reclaim(lease, asked.wall, asked.held_back))
            .cloned()
            .collect();
        rows.sort_by_key(|lease| (lease.expires, lease.unit));
        rows.truncate(asked.count.into());
        rows
    }

    /// Those among them that are meant.
    #[must_use]
    pub fn meant(&self, is_meant: impl Fn(&Lease) -> bool) -> Vec<Arc<Lease>> {
        self.readable().filter(|lease| is_meant(lease)).cloned().collect()
    }

    fn readable(&self) -> impl Iterator<Item = &Arc<Lease>> {
        self.by_key.iter().filter(|(key, _)| !self.bad.contains_key(key)).map(|(_, lease)| lease)
    }
}
