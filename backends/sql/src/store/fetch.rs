//! Answers to lookups.

use std::collections::BTreeMap;
use std::sync::Arc;

use lessor_lease::{Candidate, Found, Lease, Lookup};
use lessor_types::{Unit, Wall};

use super::Store;
use crate::dialect::{Dialect, Reuse};
use crate::failure::Failure;
use crate::question::{Lapsed, Leases, Question};
use crate::row::{Quarantined, Row};
use crate::vacancy::{Range, Slot, Vacancy, Window};

/// How many addresses of a range are proposed at once at most.
const PROPOSED_MAX: usize = 4096;
/// How often more is looked for where nothing free was found, each time in a round trip or two.
const ROUNDS_MAX: u8 = 4;

/// What a fetch brought.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Fetched {
    /// The answers, one for each lookup in order.
    pub found: Vec<Found>,
    /// Rows that cannot be read.
    pub quarantined: Vec<Quarantined>,
}

/// A lookup for free units that is being answered.
struct Search {
    range: Range,
    from: u32,
    count: usize,
    wall: Wall,
    /// What was proposed or shown, whatever came of it.
    tried: BTreeMap<u32, Slot>,
    /// Whether the whole range was walked over.
    walked: bool,
}

impl Search {
    fn of(lookup: &Lookup) -> Option<Self> {
        let Lookup::FreeIn { first, last, from, count, wall } = lookup else {
            return None;
        };
        let key = |unit: &Unit| unit.v4().map(u32::from);
        let (first, last, from) = (key(first)?, key(last)?, key(from)?);
        let range = Range { first, last: last.max(first) }.around(from);
        let (tried, walked) = (BTreeMap::new(), false);
        Some(Self { range, from, count: usize::from(*count), wall: *wall, tried, walked })
    }

    /// Proposes addresses that were not tried yet.
    fn propose(&mut self, vacancy: &mut Vacancy, keys: &mut impl Extend<u32>) {
        let wanted = self.count.saturating_sub(self.found()).min(PROPOSED_MAX);
        let tried = |key: u32| self.tried.contains_key(&key);
        let proposed = vacancy.propose(self.range, self.from, wanted, tried);
        // Until the answer is there, they are nobody's to give.
        self.tried.extend(proposed.iter().map(|key| (*key, Slot::Taken)));
        keys.extend(proposed);
    }

    fn found(&self) -> usize {
        self.tried.values().filter(|slot| **slot != Slot::Taken).count()
    }

    /// Whether it has what it wants, or as much as it is worth looking for.
    fn is_over(&self) -> bool {
        let found = self.found();
        found >= self.count
            || self.walked
            || self.tried.len() as u64 >= self.range.len()
            || (found > 0 && !self.range.is_small())
    }

    fn learn(&mut self, leases: &Leases) {
        for (key, slot) in &mut self.tried {
            *slot = Slot::of(leases.by_key.get(key).map(Arc::as_ref), self.wall);
        }
    }

    /// The answer: what has no row first, each from the place of beginning on and around.
    fn answer(&self, leases: &Leases) -> Found {
        let of = |wanted: Slot| {
            let behind = self.tried.range(self.from..);
            let before = self.tried.range(..self.from);
            behind.chain(before).filter(move |(_, slot)| **slot == wanted).map(|(key, _)| *key)
        };
        let candidate = |key: u32| Candidate {
            unit: Unit::V4(key.into()),
            row: leases.by_key.get(&key).cloned(),
        };
        let keys = of(Slot::Empty).chain(of(Slot::Reusable));
        Found::Free(keys.take(self.count).map(candidate).collect())
    }
}

impl<D: Dialect> Store<D> {
    /// Answers lookups: in one round trip, unless free units are hard to find.
    ///
    /// # Errors
    /// [`Failure`], in words; nothing was learned then.
    pub async fn fetch(&self, lookups: &[Lookup]) -> Result<Fetched, Failure> {
        let mut question = Question::default();
        let mut searches: Vec<Option<Search>> = lookups.iter().map(Search::of).collect();
        for lookup in lookups {
            question.add(lookup);
        }
        {
            let mut vacancy = self.vacancy();
            for search in searches.iter_mut().flatten() {
                search.propose(&mut vacancy, &mut question.keys);
            }
        }
        let mut leases = self.ask(&question).await?;
        self.digest(&question, &leases, &mut searches);
        for _ in 0..ROUNDS_MAX {
            if searches.iter().flatten().all(Search::is_over) {
                break;
            }
            if !self.look_further(&mut searches, &mut leases).await? {
                break;
            }
        }
        let pages = self.pages(lookups, &mut leases).await?;
        let mut pages = pages.into_iter();
        let found = lookups.iter().zip(&searches).map(|(lookup, search)| match (lookup, search) {
            (_, Some(search)) => search.answer(&leases),
            (Lookup::Page { .. }, _) => Found::Rows(pages.next().unwrap_or_default()),
            (Lookup::HwAddr(hw), _) => Found::Rows(leases.meant(|row| row.holder.hw == *hw)),
            (Lookup::ClientId(id), _) => {
                Found::Rows(leases.meant(|row| row.holder.client_id.as_ref() == Some(id)))
            }
            (Lookup::Unit(unit), _) => Found::Row(leases.of(*unit).cloned()),
            (Lookup::Holder(holder), _) => Found::Rows(leases.of_holder(holder)),
            (Lookup::Lapsed { count, wall, held_back }, _) => {
                let asked = Lapsed { count: *count, wall: *wall, held_back: *held_back };
                Found::Rows(leases.lapsed(&asked))
            }
            (Lookup::FreeIn { .. }, None) => Found::Free(Vec::new()),
        });
        let found = found.collect();
        Ok(Fetched { found, quarantined: leases.bad.into_values().collect() })
    }

    /// The pages that are looked up, in their order. Rows that cannot be read leave no gap.
    async fn pages(
        &self,
        lookups: &[Lookup],
        leases: &mut Leases,
    ) -> Result<Vec<Vec<Arc<Lease>>>, Failure> {
        let mut pages = Vec::new();
        for lookup in lookups {
            let Lookup::Page { after, count } = lookup else {
                continue;
            };
            let after = after.and_then(|unit| unit.v4()).map(u32::from);
            let mut from = match after {
                None => Some(0),
                Some(after) => after.checked_add(1),
            };
            let wanted = usize::try_from(*count).unwrap_or(usize::MAX);
            let mut rows: Vec<Arc<Lease>> = Vec::new();
            while let Some(key) = from
                && rows.len() < wanted
            {
                let rest = u32::try_from(wanted - rows.len()).unwrap_or(u32::MAX);
                let page = self.page(Unit::V4(key.into()), rest).await?;
                rows.extend(page.leases);
                let bad = page.quarantined.into_iter();
                leases.bad.extend(bad.filter_map(|row| Some((u32::from(row.unit.v4()?), row))));
                from = page.next.and_then(|unit| unit.v4()).map(u32::from);
            }
            pages.push(rows);
        }
        Ok(pages)
    }

    /// Asks one question; once more if the connection had gone stale.
    pub(super) async fn ask(&self, question: &Question) -> Result<Leases, Failure> {
        let mut leases = Leases::default();
        if question.is_empty() {
            return Ok(leases);
        }
        loop {
            let mut loan = self.pool.lend().await?;
            let was_idle = loan.was_idle;
            let ask = self.pool.dialect().ask(&mut loan.connection, question);
            let result = self.pool.answer(ask).await;
            self.pool.give_back(loan, &result);
            match result {
                Err(failure) if failure.class.is_loss() && was_idle => {}
                Err(failure) => return Err(failure.before_writing()),
                Ok(rows) => {
                    leases.add(&rows, &self.shape);
                    return Ok(leases);
                }
            }
        }
    }

    /// Remembers what an answer says of the searches and of the addresses that were asked for.
    fn digest(&self, question: &Question, leases: &Leases, searches: &mut [Option<Search>]) {
        let mut wall = question.lapsed.map(|lapsed| lapsed.wall);
        for search in searches.iter_mut().flatten() {
            search.learn(leases);
            wall = wall.max(Some(search.wall));
        }
        let row = |key: &u32| leases.by_key.get(key).map(Arc::as_ref);
        let asked = question.keys.iter().map(|key| (Unit::V4((*key).into()), row(key)));
        let came = leases.by_key.values().map(|lease| (lease.unit, Some(lease.as_ref())));
        self.learn(asked.chain(came), wall.unwrap_or_default());
    }

    pub(super) fn learn<'a>(
        &self,
        known: impl Iterator<Item = (Unit, Option<&'a Lease>)>,
        wall: Wall,
    ) {
        let mut vacancy = self.vacancy();
        for (unit, row) in known {
            if let Some(key) = unit.v4().map(u32::from) {
                vacancy.learn(key, Slot::of(row, wall));
            }
        }
    }

    /// One more round for the searches that found too little: other proposals where there are any,
    /// else a walk. Whether there was anything to look at.
    async fn look_further(
        &self,
        searches: &mut [Option<Search>],
        leases: &mut Leases,
    ) -> Result<bool, Failure> {
        let now = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut question = Question::default();
        let (mut windows, mut reuse): (Vec<Window>, Vec<Reuse>) = (Vec::new(), Vec::new());
        {
            let mut vacancy = self.vacancy();
            for search in searches.iter_mut().flatten().filter(|search| !search.is_over()) {
                // Those who look in one range share what one walk over it finds.
                if let Some(window) = windows.iter().find(|it| it.range == search.range) {
                    search.walked = window.is_whole();
                    continue;
                }
                // A small range is walked over at once: there is nothing left to guess then.
                let at_once = search.range.is_small();
                let before = search.tried.len();
                let window = at_once.then(|| vacancy.window(search.range, now)).flatten();
                if window.is_none() {
                    search.propose(&mut vacancy, &mut question.keys);
                    if search.tried.len() > before {
                        continue;
                    }
                }
                let window = window.or_else(|| vacancy.window(search.range, now));
                let Some(window) = window else {
                    continue;
                };
                search.walked = window.is_whole();
                windows.push(window);
                if search.walked {
                    continue;
                }
                reuse.push(Reuse {
                    first: search.range.first,
                    last: search.range.last,
                    count: u16::try_from(search.count).unwrap_or(u16::MAX).min(64),
                    at: search.wall.secs(),
                });
            }
        }
        if !windows.is_empty() {
            let walls = searches.iter().flatten().map(|search| search.wall).max();
            let free = self.walk(&windows, &reuse, walls.unwrap_or_default()).await?;
            for search in searches.iter_mut().flatten().filter(|it| it.found() < it.count) {
                let wanted = (search.count - search.found()).min(PROPOSED_MAX);
                let new: Vec<u32> = free
                    .iter()
                    .filter(|(range, key)| {
                        *range == search.range && !search.tried.contains_key(key)
                    })
                    .map(|(_, key)| *key)
                    .take(wanted)
                    .collect();
                for key in new {
                    search.tried.insert(key, Slot::Taken);
                    question.keys.insert(key);
                }
            }
        }
        if question.is_empty() {
            return Ok(!windows.is_empty());
        }
        // What was proposed is read like everything else: nobody is offered what was not seen free.
        let more = self.ask(&question).await?;
        self.digest_more(&question, more, searches, leases);
        Ok(true)
    }

    fn digest_more(
        &self,
        question: &Question,
        more: Leases,
        searches: &mut [Option<Search>],
        leases: &mut Leases,
    ) {
        for key in &question.keys {
            leases.by_key.remove(key);
            leases.bad.remove(key);
        }
        leases.by_key.extend(more.by_key.clone());
        leases.bad.extend(more.bad.clone());
        for search in searches.iter_mut().flatten() {
            search.learn(leases);
        }
        self.digest(question, &more, &mut []);
    }

    /// Walks over windows and remembers what they show; the free addresses found, by range.
    async fn walk(
        &self,
        windows: &[Window],
        reuse: &[Reuse],
        wall: Wall,
    ) -> Result<Vec<(Range, u32)>, Failure> {
        let mut loan = self.pool.lend().await?;
        let walk = self.pool.dialect().walk(&mut loan.connection, windows, reuse);
        let result = self.pool.answer(walk).await;
        self.pool.give_back(loan, &result);
        let walk = result.map_err(Failure::before_writing)?;
        let mut free = Vec::new();
        let mut vacancy = self.vacancy();
        for (window, rows) in windows.iter().zip(&walk.windows) {
            let seen: Vec<_> = rows.iter().filter_map(|row| self.seen(row, wall)).collect();
            let count = PROPOSED_MAX;
            let found = vacancy.learn_window(window, &seen, count);
            free.extend(found.into_iter().map(|key| (window.range, key)));
        }
        for (key, slot) in walk.reusable.iter().filter_map(|row| self.seen(row, wall)) {
            let ranges = windows.iter().map(|window| window.range);
            let range = ranges.into_iter().find(|range| range.first <= key && key <= range.last);
            if let Some(range) = range.filter(|_| slot == Slot::Reusable) {
                vacancy.learn(key, slot);
                free.push((range, key));
            }
        }
        Ok(free)
    }

    /// What a row of a window says. One that cannot be read is somebody's.
    fn seen(&self, row: &Row, wall: Wall) -> Option<(u32, Slot)> {
        let key = u32::try_from(row.address).ok()?;
        Some((key, self.shape.slot(row, wall)))
    }
}
