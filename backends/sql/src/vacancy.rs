//! Which addresses of a range are believed to be free.
//!
//! To find an address without a row, a database has to walk over those that have one: the fuller a
//! pool, the farther. So this side keeps a belief, three bits an address, of everything that it reads
//! and writes, and asks only whether what it believes is true. A belief costs nothing when it is
//! wrong: what is proposed is read in the same round trip as everything else, and the write says
//! what it expects to find.
//!
//! In the beginning nothing was seen, and everything is hoped to be free. What is found out is
//! remembered, so that places which are full are passed over, however many there are. Where hope was
//! wrong and nothing is known to be free, the range is walked over in windows: the first time as
//! they are needed, which costs each row once; later as fast as [`ROWS_A_MS`] allows and not faster,
//! however many ask. So what others gave back is found, and a full pool stays cheap.

use std::collections::BTreeMap;

use lessor_lease::{Lease, Space};
use lessor_types::Wall;

/// How many rows may be walked over in a millisecond, for one range.
const ROWS_A_MS: u64 = 32;
/// How many rows may be walked over at once, after a pause.
const CREDIT_MAX: u64 = 8192;
/// The longest window, in rows.
const WINDOW_MAX: u64 = 2048;
/// The shortest window that is worth a round trip, in rows.
const WINDOW_MIN: u64 = 64;
/// The widest window, in addresses.
const SPAN_MAX: u64 = 1 << 16;
/// How many addresses that are known to be free are proposed beside hopes at most.
const KNOWN_MAX: usize = 8;
/// How many addresses of one range are looked after; ranges beyond are seen a part at a time.
const RANGE_MAX: u64 = 1 << 24;
/// How many addresses are looked after altogether, at three bits each.
const ADDRESSES_MAX: u64 = 1 << 26;

/// The first and the last address of a range, as numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Range {
    /// The first address.
    pub first: u32,
    /// The last address.
    pub last: u32,
}

impl Range {
    /// How many addresses it has.
    #[must_use]
    pub fn len(self) -> u64 {
        u64::from(self.last.saturating_sub(self.first)) + 1
    }

    /// Never: a range has an address at least.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        false
    }

    /// The part of the range around an address that is looked after.
    #[must_use]
    pub fn around(self, from: u32) -> Self {
        if self.len() <= RANGE_MAX {
            return self;
        }
        let step = u32::try_from(RANGE_MAX).unwrap_or(u32::MAX);
        let first = self.first + (from.clamp(self.first, self.last) - self.first) / step * step;
        Self { first, last: first.saturating_add(step - 1).min(self.last) }
    }

    /// Whether one window covers it.
    #[must_use]
    pub fn is_small(self) -> bool {
        self.len() <= WINDOW_MAX
    }

    const fn has(self, key: u32) -> bool {
        self.first <= key && key <= self.last
    }
}

/// What is known of one address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slot {
    /// It has no row.
    Empty,
    /// It has one that may be replaced.
    Reusable,
    /// It is somebody's.
    Taken,
}

impl Slot {
    /// What a row, or its absence, says at a time.
    #[must_use]
    pub fn of(row: Option<&Lease>, wall: Wall) -> Self {
        match row {
            None => Self::Empty,
            Some(row) if row.is_reusable(wall) => Self::Reusable,
            Some(_) => Self::Taken,
        }
    }
}

/// A stretch of a range to be walked over, in the order of addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// Whose.
    pub range: Range,
    /// Where to begin.
    pub from: u32,
    /// Where to end.
    pub to: u32,
    /// How many rows to read at most.
    pub rows: u32,
}

impl Window {
    /// Whether it is the whole range.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.from == self.range.first
            && self.to == self.range.last
            && u64::from(self.rows) >= self.range.len()
    }
}

/// A row as a window shows it: its key, and what it says at the time of asking.
pub type Seen = (u32, Slot);

#[derive(Debug)]
struct Belief {
    /// Neither read nor written yet.
    unseen: Space,
    empty: Space,
    reusable: Space,
    /// Where the next window begins.
    cursor: u32,
    credit: u64,
    /// When the credit was reckoned, in milliseconds.
    reckoned: u64,
    asked: u64,
}

/// What is believed of all ranges that were asked about.
#[derive(Debug, Default)]
pub struct Vacancy {
    ranges: BTreeMap<Range, Belief>,
    clock: u64,
}

impl Vacancy {
    /// Nothing asked, nothing believed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Some `count` addresses that are believed to be free, from `from` on and around, and a few
    /// more where belief is only hope: those without a row first.
    /// Those that were `tried` are left out.
    pub fn propose(
        &mut self,
        range: Range,
        from: u32,
        count: usize,
        tried: impl Fn(u32) -> bool,
    ) -> Vec<u32> {
        let belief = self.belief(range, from);
        let around = |space: &Space, count: usize| -> Vec<u32> {
            around(space, range, from).filter(|key| !tried(*key)).take(count).collect()
        };
        let known = around(&belief.empty, count);
        let hoped = around(&belief.unseen, count);
        let place = |key: &u32| (*key < from, *key);
        let mut found: Vec<u32> = known.iter().chain(&hoped).copied().collect();
        found.sort_by_key(place);
        found.truncate(count);
        // Hope may be wrong everywhere in a pool that is nearly full: some that are known go along.
        let more = known.iter().filter(|key| !found.contains(key)).copied();
        let more: Vec<u32> = more.take(count.div_ceil(2).min(KNOWN_MAX)).collect();
        found.extend(more);
        if found.len() < count {
            found.extend(around(&belief.reusable, count - found.len()));
        }
        found
    }

    /// Remembers what is known of an address.
    pub fn learn(&mut self, key: u32, slot: Slot) {
        // Ranges of one server seldom overlap: the nearest that begins before the address is it.
        let at_most = Range { first: key, last: u32::MAX };
        let near = self.ranges.range_mut(..=at_most).next_back();
        if let Some((range, belief)) = near.filter(|(range, _)| range.has(key)) {
            belief.set(u64::from(key - range.first), slot);
        }
    }

    /// The next stretch of a range to be walked over, if that is not too soon.
    ///
    /// `now` is in milliseconds, of any clock that does not go back.
    pub fn window(&mut self, range: Range, now: u64) -> Option<Window> {
        let belief = self.ranges.get_mut(&range)?;
        if let Some(window) = belief.first_walk(range) {
            return Some(window);
        }
        let earned = now.saturating_sub(belief.reckoned).saturating_mul(ROWS_A_MS);
        belief.credit = belief.credit.saturating_add(earned).min(CREDIT_MAX);
        belief.reckoned = belief.reckoned.max(now);
        let whole = range.is_small();
        let rows = belief.credit.min(WINDOW_MAX.min(range.len()));
        if rows < if whole { range.len() } else { WINDOW_MIN } {
            return None;
        }
        belief.credit -= rows;
        // A small range is walked over as a whole: nothing in it is missed.
        let from = if whole { range.first } else { belief.cursor };
        let span = u32::try_from(SPAN_MAX - 1).unwrap_or(u32::MAX);
        let to = from.saturating_add(span).min(range.last);
        // Whoever asks meanwhile walks on from there; what the answer says is put right after it.
        belief.step(range, to.min(from.saturating_add(u32::try_from(rows).unwrap_or(u32::MAX))));
        Some(Window { range, from, to, rows: u32::try_from(rows).unwrap_or(u32::MAX) })
    }

    /// Remembers what a window showed: its rows in the order of addresses. Returns the addresses in
    /// it that are free, as many as `count`, those without a row first.
    pub fn learn_window(&mut self, window: &Window, seen: &[Seen], count: usize) -> Vec<u32> {
        let Some(belief) = self.ranges.get_mut(&window.range) else {
            return Vec::new();
        };
        let cut = seen.len() >= usize::try_from(window.rows).unwrap_or(usize::MAX);
        let to = seen.last().map_or(window.to, |(key, _)| if cut { *key } else { window.to });
        let mut rows = seen.iter().peekable();
        let (mut empty, mut reusable) = (Vec::new(), Vec::new());
        for key in window.from..=to {
            let slot = match rows.next_if(|(seen, _)| *seen <= key) {
                Some((_, slot)) => *slot,
                None => Slot::Empty,
            };
            belief.set(u64::from(key.saturating_sub(window.range.first)), slot);
            match slot {
                Slot::Empty if empty.len() < count => empty.push(key),
                Slot::Reusable if reusable.len() < count => reusable.push(key),
                _ => {}
            }
        }
        belief.step(window.range, to);
        empty.extend(reusable);
        empty.truncate(count);
        empty
    }

    fn belief(&mut self, range: Range, from: u32) -> &mut Belief {
        self.clock += 1;
        if !self.ranges.contains_key(&range) {
            self.make_room(range.len());
        }
        let asked = self.clock;
        let belief = self.ranges.entry(range).or_insert_with(|| Belief {
            unseen: Space::full(range.len()),
            empty: Space::empty(range.len()),
            reusable: Space::empty(range.len()),
            cursor: from.clamp(range.first, range.last),
            credit: CREDIT_MAX,
            reckoned: 0,
            asked,
        });
        belief.asked = asked;
        belief
    }

    /// Forgets the ranges that were not asked about for longest, until there is room for another.
    fn make_room(&mut self, more: u64) {
        let mut sum = more + self.ranges.keys().map(|range| range.len()).sum::<u64>();
        while sum > ADDRESSES_MAX {
            let oldest = self.ranges.iter().min_by_key(|(_, belief)| belief.asked);
            let Some(range) = oldest.map(|(range, _)| *range) else {
                break;
            };
            self.ranges.remove(&range);
            sum -= range.len();
        }
    }
}

impl Belief {
    /// The next stretch that was not seen yet.
    fn first_walk(&mut self, range: Range) -> Option<Window> {
        let cursor = u64::from(self.cursor - range.first);
        let place = self.unseen.next_around(cursor)?;
        let from = if range.is_small() {
            range.first
        } else {
            range.first.saturating_add(u32::try_from(place).unwrap_or(u32::MAX))
        };
        let rows = u32::try_from(WINDOW_MAX).unwrap_or(u32::MAX);
        let span = u32::try_from(SPAN_MAX - 1).unwrap_or(u32::MAX);
        let to = from.saturating_add(span).min(range.last);
        self.step(range, to.min(from.saturating_add(rows)));
        Some(Window { range, from, to, rows })
    }

    fn set(&mut self, place: u64, slot: Slot) {
        self.unseen.remove(place);
        if slot == Slot::Empty {
            self.empty.insert(place)
        } else {
            self.empty.remove(place)
        };
        if slot == Slot::Reusable {
            self.reusable.insert(place);
        } else {
            self.reusable.remove(place);
        }
    }

    fn step(&mut self, range: Range, to: u32) {
        self.cursor = if to >= range.last { range.first } else { to + 1 };
    }
}

fn around(space: &Space, range: Range, from: u32) -> impl Iterator<Item = u32> {
    let start = u64::from(from.clamp(range.first, range.last) - range.first);
    let behind = members(space, start, space.bound());
    let before = members(space, 0, start);
    let key = move |place| range.first.saturating_add(u32::try_from(place).unwrap_or(u32::MAX));
    behind.chain(before).map(key)
}

fn members(space: &Space, from: u64, to: u64) -> impl Iterator<Item = u64> {
    let next = move |place: u64| space.next(place).filter(|place| *place < to);
    std::iter::successors(next(from), move |place| next(place + 1))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Nothing was tried yet.
    fn fresh(_: u32) -> bool {
        false
    }

    const RANGE: Range = Range { first: 1000, last: 1999 };

    /// Walks over the windows that are due, against a table; returns how many rows were read.
    fn walk(vacancy: &mut Vacancy, range: Range, taken: &BTreeSet<u32>, now: u64) -> usize {
        let mut read = 0;
        while let Some(window) = vacancy.window(range, now) {
            let rows: Vec<Seen> = taken
                .range(window.from..=window.to)
                .take(window.rows as usize)
                .map(|key| (*key, Slot::Taken))
                .collect();
            read += rows.len();
            vacancy.learn_window(&window, &rows, 8);
        }
        read
    }

    #[test]
    fn in_the_beginning_all_is_free_from_where_one_begins() {
        let mut vacancy = Vacancy::new();
        assert_eq!(vacancy.propose(RANGE, 1998, 4, fresh), [1998, 1999, 1000, 1001]);
        assert_eq!(vacancy.propose(RANGE, 5, 2, fresh), [1000, 1001]);
        assert_eq!(vacancy.propose(Range { first: 7, last: 7 }, 7, 9, fresh), [7]);
    }

    #[test]
    fn what_has_no_row_goes_before_what_may_be_replaced() {
        let mut vacancy = Vacancy::new();
        vacancy.propose(RANGE, 1000, 1, fresh);
        for key in 1000..=1999 {
            vacancy.learn(key, Slot::Taken);
        }
        vacancy.learn(1500, Slot::Reusable);
        vacancy.learn(1400, Slot::Empty);
        vacancy.learn(2000, Slot::Empty);
        assert_eq!(vacancy.propose(RANGE, 1450, 9, fresh), [1400, 1500]);
    }

    #[test]
    fn a_full_range_costs_a_bounded_number_of_rows_a_second() {
        let range = Range { first: 0, last: 999_999 };
        let taken: BTreeSet<u32> = (0..1_000_000).collect();
        let mut vacancy = Vacancy::new();
        vacancy.propose(range, 0, 8, fresh);
        let first = walk(&mut vacancy, range, &taken, 0);
        assert_eq!(first as u64, range.len() + CREDIT_MAX, "each row once");
        assert!(vacancy.propose(range, 0, 8, fresh).is_empty(), "all was seen");
        assert_eq!(walk(&mut vacancy, range, &taken, 0), 0, "no matter how many ask");
        let second: usize = (1..=1000).map(|ms| walk(&mut vacancy, range, &taken, ms)).sum();
        assert!(second as u64 <= ROWS_A_MS * 1000, "{second}");
        assert!(second as u64 >= ROWS_A_MS * 900, "{second}");
        let mut taken = taken;
        taken.remove(&123_456);
        let found = (1001..34_000).find(|ms| {
            walk(&mut vacancy, range, &taken, *ms);
            vacancy.propose(range, 0, 8, fresh) == [123_456]
        });
        assert!(found.is_some(), "what others gave back is found");
    }

    /// In a pool that is nearly full, what one walk found is proposed to all, beside hopes.
    #[test]
    fn what_is_known_goes_along_with_hopes() {
        let range = Range { first: 0, last: 999_999 };
        let mut vacancy = Vacancy::new();
        vacancy.propose(range, 500_000, 8, fresh);
        let window = vacancy.window(range, 0).expect("it is the first");
        assert_eq!(window.from, 500_000);
        let rows: Vec<Seen> =
            (0..2048).map(|n| (500_000 + n + u32::from(n > 700), Slot::Taken)).collect();
        assert_eq!(vacancy.learn_window(&window, &rows, 8), [500_701]);
        let proposed = vacancy.propose(range, 7, 8, fresh);
        assert_eq!(proposed, [7, 8, 9, 10, 11, 12, 13, 14, 500_701]);
        vacancy.learn(500_701, Slot::Taken);
        assert_eq!(
            vacancy.propose(range, 500_000, 1, fresh),
            [502_049],
            "what was seen is passed over"
        );
    }

    #[test]
    fn memory_is_bounded() {
        let mut vacancy = Vacancy::new();
        for n in 0..20_u32 {
            let range = Range { first: n << 24, last: (n << 24) + 0xff_ffff };
            vacancy.propose(range, range.first, 1, fresh);
        }
        assert_eq!(vacancy.ranges.len() as u64, ADDRESSES_MAX / RANGE_MAX);
        let all = Range { first: 0, last: u32::MAX };
        let part = all.around(0x0a00_0001);
        assert_eq!(part, Range { first: 0x0a00_0000, last: 0x0aff_ffff });
    }

    proptest! {
        /// After a walk over the whole range, beliefs are the truth, in the order of asking.
        #[test]
        fn windows_show_the_truth(
            taken in prop::collection::btree_set(0_u32..300, 0..300),
            reusable in prop::collection::btree_set(0_u32..300, 0..20),
            lies in prop::collection::vec((0_u32..300, 0_u8..3), 0..100),
            from in 0_u32..300,
        ) {
            let range = Range { first: 0, last: 299 };
            let mut vacancy = Vacancy::new();
            vacancy.propose(range, from, 1, fresh);
            for (key, lie) in lies {
                let slot = [Slot::Empty, Slot::Reusable, Slot::Taken][usize::from(lie)];
                vacancy.learn(key, slot);
            }
            let slot = |key: &u32| match (reusable.contains(key), taken.contains(key)) {
                (true, _) => Some((*key, Slot::Reusable)),
                (false, true) => Some((*key, Slot::Taken)),
                (false, false) => None,
            };
            for now in 0..2 {
                let window = vacancy.window(range, now * 1000).expect("credit enough");
                let rows: Vec<Seen> = (window.from..=window.to).filter_map(|key| slot(&key)).collect();
                let rows = &rows[..rows.len().min(window.rows as usize)];
                vacancy.learn_window(&window, rows, 8);
            }
            let around: Vec<u32> = (from..300).chain(0..from).collect();
            let mut expected: Vec<u32> =
                around.iter().copied().filter(|key| slot(key).is_none()).collect();
            expected.extend(around.iter().filter(|key| reusable.contains(key)));
            prop_assert_eq!(vacancy.propose(range, from, 300, fresh), expected);
        }
    }
}
