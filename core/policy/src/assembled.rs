//! What was assembled for clients before, so that others like them get it without work.
//!
//! What a configuration gives is the same for all clients of a pool that are in the same classes and
//! wish for the same. It is looked up by just that, so that a decision is the same with what is
//! remembered here as without.

use std::cell::Cell;
use std::fmt;
use std::hash::Hasher;
use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_config::Config;
use lessor_types::SubnetId;
use lessor_types::map::FixedHasher;
use lessor_wire::v4::Message;

use crate::Topology;
use crate::given::{Given, Scopes, Wishes};

/// How many things one place may hold. What comes there more has another leave.
const WAYS: usize = 4;
/// The fewest and the most places; powers of two.
const PLACES: (usize, usize) = (64, 2048);
/// What takes more octets is not remembered: hardly any client could be sent it.
const OCTETS_MAX: usize = 1024;
/// The longest list of wishes that is.
const WISHES_MAX: usize = 255;

/// What was assembled under one configuration: of limited size, and forgotten with it.
///
/// Clients can drive each other's things out by wishing for ever new ones; then assembling costs
/// what it costs without a memory.
pub struct Assembled {
    config: Arc<Config>,
    /// None until it is needed; the number of places is fixed.
    places: Cell<Vec<[Option<Box<Entry>>; WAYS]>>,
    size: usize,
}

/// One thing that is remembered.
struct Entry {
    key: Key,
    /// In the order in which they were found.
    classes: Box<[usize]>,
    wishes: Box<[u8]>,
    given: Given,
}

/// By what it is looked up, but for the classes and the list of wishes, which lie elsewhere.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    /// Of all by which it is looked up.
    hash: u64,
    subnet: SubnetId,
    /// The first address of the pool.
    pool: Option<Ipv4Addr>,
    /// Of the classes that options are for, those that the client is in.
    tags: u64,
    auto_config: bool,
}

impl Assembled {
    /// Nothing yet, for what is decided under `topology`.
    #[must_use]
    pub fn under(topology: &Topology) -> Self {
        let (least, most) = PLACES;
        let size = topology.pool_count().saturating_mul(2).clamp(least, most).next_power_of_two();
        Self { config: Arc::clone(topology.config()), places: Cell::default(), size }
    }

    /// Puts what `scopes` give into a reply: from memory if it is there.
    pub(crate) fn put(&self, scopes: Scopes<'_>, query: &Message, reply: &mut Message) {
        let is_ours = Arc::ptr_eq(&self.config, scopes.classes.topology().config());
        let wishes = Wishes::of(query).filter(|wishes| wishes.list.len() <= WISHES_MAX);
        let (true, false, Some(wishes), Some(tags)) =
            (is_ours, scopes.are_personal(), wishes, scopes.classes.tags())
        else {
            return scopes.give(query).put(reply);
        };
        let key = Key::new(scopes, tags, wishes);
        let mut places = self.places.take();
        if places.is_empty() {
            places.resize_with(self.size, Default::default);
        }
        let at = usize::try_from(key.hash).unwrap_or(0) & (self.size - 1);
        if let Some(ways) = places.get_mut(at) {
            let found = ways.iter().position(|entry| {
                entry.as_ref().is_some_and(|entry| entry.is(&key, scopes, wishes))
            });
            match found.and_then(|way| ways.get(way)?.as_ref()) {
                Some(entry) => entry.given.put(reply),
                None => {
                    let given = scopes.give(query);
                    given.put(reply);
                    if given.len() <= OCTETS_MAX {
                        ways.rotate_right(1);
                        ways[0] = Some(Box::new(Entry::new(key, scopes, wishes, given)));
                    }
                }
            }
        }
        self.places.set(places);
    }
}

impl Key {
    fn new(scopes: Scopes<'_>, tags: u64, wishes: Wishes<'_>) -> Self {
        let (subnet, pool) = (scopes.subnet.id, scopes.pool.map(|pool| pool.first));
        let mut hasher = FixedHasher::default();
        hasher.write_u32(subnet.0);
        hasher.write_u32(pool.map_or(0, u32::from));
        hasher.write_u64(tags);
        scopes.classes.numbers().for_each(|number| hasher.write_usize(number));
        hasher.write_u8(wishes.auto_config.into());
        hasher.write(wishes.list);
        Self { hash: hasher.finish(), subnet, pool, tags, auto_config: wishes.auto_config }
    }
}

impl Entry {
    fn new(key: Key, scopes: Scopes<'_>, wishes: Wishes<'_>, given: Given) -> Self {
        Self { key, classes: scopes.classes.numbers().collect(), wishes: wishes.list.into(), given }
    }

    fn is(&self, key: &Key, scopes: Scopes<'_>, wishes: Wishes<'_>) -> bool {
        self.key == *key
            && *self.wishes == *wishes.list
            && scopes.classes.numbers().eq(self.classes.iter().copied())
    }
}

impl fmt::Debug for Assembled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assembled").finish_non_exhaustive()
    }
}
