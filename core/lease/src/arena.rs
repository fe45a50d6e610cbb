//! Many short runs of octets, without an allocation for each.
//!
//! A run lies in a place whose size is the next multiple of four; the places of one size lie side
//! by side. A place that is given up is the next one taken. Long runs have allocations of their own.

/// Runs of octets by their places.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arena {
    /// By size: those of four octets, of eight, and so on.
    sizes: Vec<Places>,
    long: Vec<Box<[u8]>>,
    /// Places in `long` that were given up.
    long_free: Vec<u32>,
}

/// The places of one size, in pages: one run of octets for all would have to be moved as it grows.
#[derive(Clone, Debug, Default)]
struct Places {
    pages: Vec<Vec<u8>>,
    /// How many there are, taken or given up.
    count: u32,
    /// One that was given up; its first four octets name another such, plus one.
    free: Option<u32>,
}

/// Where a run is: its size in the high five bits, its number among those in the low ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Slot(u32);

/// Places differ by this much.
const STEP: usize = 4;
/// The number that stands for long runs.
const LONG: u32 = 31;
const NUMBER_BITS: u32 = 27;
/// How many places there may be of one size, some 134 million.
const PLACES_MAX: u32 = 1 << NUMBER_BITS;
/// How many places a page has; the last one grows to that.
const PAGE: usize = 1024;

impl Slot {
    const fn new(size: u32, number: u32) -> Self {
        Self(size << NUMBER_BITS | number)
    }

    const fn size(self) -> u32 {
        self.0 >> NUMBER_BITS
    }

    const fn number(self) -> u32 {
        self.0 & (PLACES_MAX - 1)
    }
}

impl Arena {
    /// Keeps a run.
    pub(crate) fn put(&mut self, run: &[u8]) -> Slot {
        let fitting = run.len().div_ceil(STEP).saturating_sub(1);
        // Where all places of a size are taken, larger ones serve as well.
        let sizes = u32::try_from(fitting).unwrap_or(LONG)..LONG;
        for size in sizes {
            if let Some(number) = self.places(size).put(run, width(size)) {
                return Slot::new(size, number);
            }
        }
        self.put_long(run)
    }

    /// The run of a place, and perhaps a few more octets.
    pub(crate) fn get(&self, slot: Slot) -> &[u8] {
        let number = slot.number() as usize;
        if slot.size() == LONG {
            return self.long.get(number).map_or(&[], AsRef::as_ref);
        }
        let places = self.sizes.get(slot.size() as usize);
        places.and_then(|places| places.get(slot.number(), width(slot.size()))).unwrap_or(&[])
    }

    /// Gives up a place. Its slot must not be used any more.
    pub(crate) fn remove(&mut self, slot: Slot) {
        if slot.size() == LONG {
            if let Some(run) = self.long.get_mut(slot.number() as usize) {
                *run = Box::default();
                self.long_free.push(slot.number());
            }
            return;
        }
        self.places(slot.size()).remove(slot.number(), width(slot.size()));
    }

    fn places(&mut self, size: u32) -> &mut Places {
        let at = size as usize;
        if self.sizes.len() <= at {
            self.sizes.resize_with(at + 1, Places::default);
        }
        &mut self.sizes[at]
    }

    fn put_long(&mut self, run: &[u8]) -> Slot {
        let number = self.long_free.pop().unwrap_or_else(|| {
            self.long.push(Box::default());
            u32::try_from(self.long.len() - 1).unwrap_or(u32::MAX)
        });
        assert!(number < PLACES_MAX, "more long runs than memory can hold");
        self.long[number as usize] = run.into();
        Slot::new(LONG, number)
    }
}

const fn width(size: u32) -> usize {
    (size as usize + 1) * STEP
}

impl Places {
    /// The page of a place, and where in it that begins.
    const fn whereabouts(number: u32, width: usize) -> (usize, usize) {
        let number = number as usize;
        (number / PAGE, number % PAGE * width)
    }

    fn get(&self, number: u32, width: usize) -> Option<&[u8]> {
        let (page, first) = Self::whereabouts(number, width);
        self.pages.get(page)?.get(first..first + width)
    }

    fn get_mut(&mut self, number: u32, width: usize) -> Option<&mut [u8]> {
        let (page, first) = Self::whereabouts(number, width);
        self.pages.get_mut(page)?.get_mut(first..first + width)
    }

    /// Keeps a run; none where there is no place left.
    fn put(&mut self, run: &[u8], width: usize) -> Option<u32> {
        let number = match self.free {
            Some(number) => {
                let named = self.get(number, width)?.first_chunk::<STEP>()?;
                self.free = u32::from_le_bytes(*named).checked_sub(1);
                number
            }
            None => self.add(width)?,
        };
        self.get_mut(number, width)?.get_mut(..run.len())?.copy_from_slice(run);
        Some(number)
    }

    /// A place that there was not.
    fn add(&mut self, width: usize) -> Option<u32> {
        let number = self.count;
        if number >= PLACES_MAX {
            return None;
        }
        if self.pages.last().is_none_or(|page| page.len() >= PAGE * width) {
            self.pages.push(Vec::new());
        }
        let page = self.pages.last_mut()?;
        page.resize(page.len() + width, 0);
        self.count += 1;
        Some(number)
    }

    fn remove(&mut self, number: u32, width: usize) {
        let named = self.free.map_or(0, |number| number + 1);
        if let Some(place) = self.get_mut(number, width).and_then(|it| it.first_chunk_mut()) {
            *place = named.to_le_bytes();
            self.free = Some(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Each place keeps its run until it is given up, and places are used again.
        #[test]
        fn keeps_what_is_put(
            steps in prop::collection::vec((0_u8..20, prop::option::of(0_usize..200)), 1..200),
        ) {
            let mut arena = Arena::default();
            let mut kept: BTreeMap<u8, (Slot, Vec<u8>)> = BTreeMap::new();
            for (at, (key, length)) in steps.into_iter().enumerate() {
                if let Some((slot, _)) = kept.remove(&key) {
                    arena.remove(slot);
                }
                if let Some(length) = length {
                    let run = vec![u8::try_from(at % 251).expect("small"); length];
                    kept.insert(key, (arena.put(&run), run));
                }
                for (slot, run) in kept.values() {
                    prop_assert_eq!(&arena.get(*slot)[..run.len()], run);
                }
            }
            // Never more places of one size than runs at once.
            for places in &arena.sizes {
                prop_assert!(places.count <= 20);
            }
            prop_assert!(arena.long.len() <= 20);
        }
    }

    #[test]
    fn pages_follow_one_another() {
        let mut arena = Arena::default();
        let run = |number: u32| [number.to_le_bytes(), [0xff; 4]].concat();
        let slots: Vec<Slot> = (0..3000).map(|number| arena.put(&run(number))).collect();
        for (number, slot) in (0..).zip(&slots) {
            assert_eq!(arena.get(*slot), run(number));
        }
        assert_eq!(arena.sizes[1].pages.len(), 3);
    }
}
