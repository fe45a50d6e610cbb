//! The disk as a test holds it: faults, crashes, copies, the trace.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::rc::Rc;

use lessor_types::Seed;

use crate::image::Image;
use crate::{Crash, Kind, Op, Survival};

/// A directory on a simulated disk. Clones are the same disk; [`SimDisk::fork`] makes another.
#[derive(Clone, Debug)]
pub struct SimDisk(pub(crate) Rc<RefCell<State>>);

/// What every call fails with once the disk has met its crash point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Crashed;

impl fmt::Display for Crashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the simulated machine has crashed")
    }
}

impl std::error::Error for Crashed {}

/// Whether a call failed because the simulated machine has crashed, and not for a fault that a
/// program should handle.
#[must_use]
pub fn is_crash(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Crashed>())
}

#[derive(Clone, Debug)]
enum DirOp {
    Link(String, u64),
    Rename(String, String),
    Remove(String),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    seed: Seed,
    pub(crate) files: BTreeMap<u64, Image>,
    next_file: u64,
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    pending_names: Vec<DirOp>,
    locks: BTreeSet<String>,
    /// How many handles each file has: one without a name lives as long as they do.
    open: BTreeMap<u64, usize>,
    /// Handles of an earlier life are dead.
    pub(crate) life: u64,
    /// How many calls from now the machine crashes.
    crash_in: Option<u64>,
    crashed: bool,
    failing: BTreeSet<Kind>,
    capacity: Option<u64>,
    forget_syncs: bool,
    forget_dir_syncs: bool,
    trace: Vec<Op>,
    ops: u64,
}

/// How a call is to go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// It succeeds.
    Works,
    /// The machine crashes in the middle of it: it may have happened or not.
    Cut,
    /// It fails.
    Fails,
}

impl SimDisk {
    /// An empty directory; all draws come from `seed`.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        Self(Rc::new(RefCell::new(State { seed, ..State::default() })))
    }

    /// Another disk that is as this one is now. Handles and locks stay behind.
    #[must_use]
    pub fn fork(&self) -> Self {
        let mut state = self.0.borrow().clone();
        state.locks.clear();
        state.open.clear();
        Self(Rc::new(RefCell::new(state)))
    }

    /// The machine or the process goes down and is up again: handles are dead, locks are gone,
    /// faults that were ordered are forgotten, and of what was not synced that survives which
    /// `crash` says. The capacity and the lies stay.
    pub fn crash(&self, crash: Crash) {
        let state = &mut *self.0.borrow_mut();
        state.life += 1;
        state.locks.clear();
        state.open.clear();
        state.failing.clear();
        state.crash_in = None;
        state.crashed = false;
        if let Crash::Power { data, names } = crash {
            state.lose_names(names);
            let kept: BTreeSet<_> = state.names.values().copied().collect();
            state.files.retain(|file, _| kept.contains(file));
            for (file, image) in &mut state.files {
                let mut rng = state.seed.keyed(state.ops, *file);
                image.crash(data, &mut rng);
            }
        }
    }

    /// Lets the machine crash in the middle of the `k`-th change from now (0: the next one). That
    /// change is made but not synced, so [`SimDisk::crash`] decides whether it happened; the call
    /// and all after it fail with an error that [`is_crash`] knows.
    pub fn crash_at(&self, k: u64) {
        self.0.borrow_mut().crash_in = Some(k);
    }

    /// Whether the crash point was reached.
    #[must_use]
    pub fn crashed(&self) -> bool {
        self.0.borrow().crashed
    }

    /// Lets the next call of a kind fail with an I/O error. A failed append writes a drawn part; a
    /// failed sync loses a drawn part, which programs go on seeing and no later sync writes; the
    /// others change nothing.
    pub fn fail_next(&self, kind: Kind) {
        self.0.borrow_mut().failing.insert(kind);
    }

    /// [`SimDisk::fail_next`] of [`Kind::Sync`].
    pub fn fail_next_sync(&self) {
        self.fail_next(Kind::Sync);
    }

    /// How many octets all files together may have. An append beyond it writes what fits.
    pub fn set_capacity(&self, octets: Option<u64>) {
        self.0.borrow_mut().capacity = octets;
    }

    /// Lets file syncs succeed without doing anything (a planted bug).
    pub fn forget_syncs(&self, forget: bool) {
        self.0.borrow_mut().forget_syncs = forget;
    }

    /// Lets directory syncs succeed without doing anything (a planted bug).
    pub fn forget_dir_syncs(&self, forget: bool) {
        self.0.borrow_mut().forget_dir_syncs = forget;
    }

    /// The changes so far.
    #[must_use]
    pub fn trace(&self) -> Vec<Op> {
        self.0.borrow().trace.clone()
    }

    /// Forgets the trace (long simulations do not want it); the count goes on.
    pub fn clear_trace(&self) {
        self.0.borrow_mut().trace.clear();
    }

    /// How many changes there were.
    #[must_use]
    pub fn ops(&self) -> u64 {
        self.0.borrow().ops
    }

    /// How many octets written to the file `name` are not synced.
    #[must_use]
    pub fn pending_octets(&self, name: &str) -> u64 {
        let state = self.0.borrow();
        state.image(name).map_or(0, Image::pending_octets)
    }

    /// How many changes of the directory are not synced.
    #[must_use]
    pub fn pending_names(&self) -> u64 {
        self.0.borrow().pending_names.len() as u64
    }

    /// The text that programs see under `name`.
    #[must_use]
    pub fn contents(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.0.borrow();
        state.image(name).map(|image| image.cache.clone())
    }

    /// The names that programs see.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0.borrow().names.keys().cloned().collect()
    }

    /// Puts a file there, durably, as if it had always been. Not a change of the trace.
    pub fn place(&self, name: &str, text: &[u8]) {
        let state = &mut *self.0.borrow_mut();
        state.settle_names();
        let file = state.new_file(Image::durable(text));
        state.names.insert(name.to_owned(), file);
        state.durable_names.insert(name.to_owned(), file);
    }

    /// A bit of a file changes on the medium, and nobody is told; whether there is such an octet.
    #[must_use]
    pub fn rot(&self, name: &str, octet: u64, bit: u8) -> bool {
        let state = &mut *self.0.borrow_mut();
        let file = state.names.get(name).copied();
        let image = file.and_then(|file| state.files.get_mut(&file));
        let octet = usize::try_from(octet).unwrap_or(usize::MAX);
        image.is_some_and(|image| image.rot(octet, bit))
    }

    /// Takes a file away, durably, as if it had never been. Not a change of the trace.
    pub fn take_away(&self, name: &str) {
        let state = &mut *self.0.borrow_mut();
        state.settle_names();
        state.names.remove(name);
        state.durable_names.remove(name);
    }
}

impl State {
    fn image(&self, name: &str) -> Option<&Image> {
        self.files.get(self.names.get(name)?)
    }

    pub(crate) fn file(&self, name: &str) -> Option<u64> {
        self.names.get(name).copied()
    }

    pub(crate) fn name_of(&self, file: u64) -> String {
        let name = self.names.iter().find(|(_, other)| **other == file);
        name.map_or_else(|| "(no name)".to_owned(), |(name, _)| name.clone())
    }

    fn new_file(&mut self, image: Image) -> u64 {
        let file = self.next_file;
        self.next_file += 1;
        self.files.insert(file, image);
        file
    }

    /// Counts a change and says how it is to go on.
    pub(crate) fn begin(&mut self, op: Op) -> io::Result<Fate> {
        self.check_up()?;
        let kind = op.kind();
        self.ops += 1;
        self.trace.push(op);
        match &mut self.crash_in {
            Some(0) => {
                self.crashed = true;
                return Ok(Fate::Cut);
            }
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(match self.failing.remove(&kind) {
            true => Fate::Fails,
            false => Fate::Works,
        })
    }

    /// Whether a call that changes nothing may go on.
    pub(crate) fn begin_read(&mut self, kind: Kind) -> io::Result<()> {
        self.check_up()?;
        match self.failing.remove(&kind) {
            true => Err(eio()),
            false => Ok(()),
        }
    }

    fn check_up(&self) -> io::Result<()> {
        match self.crashed {
            true => Err(crashed()),
            false => Ok(()),
        }
    }

    pub(crate) fn create(&mut self, name: &str) -> u64 {
        if let Some(file) = self.file(name) {
            if let Some(image) = self.files.get_mut(&file) {
                image.truncate(0);
            }
            return file;
        }
        let file = self.new_file(Image::default());
        self.change_names(DirOp::Link(name.to_owned(), file));
        file
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        self.change_names(DirOp::Rename(from.to_owned(), to.to_owned()));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.change_names(DirOp::Remove(name.to_owned()));
    }

    fn change_names(&mut self, op: DirOp) {
        op.apply(&mut self.names);
        self.pending_names.push(op);
    }

    /// All changes of names so far are durable: nothing of them comes after what somebody does to
    /// the directory while nobody uses it.
    fn settle_names(&mut self) {
        for op in self.pending_names.drain(..) {
            op.apply(&mut self.durable_names);
        }
    }

    pub(crate) fn sync_names(&mut self) {
        if self.forget_dir_syncs {
            return;
        }
        self.settle_names();
        let (names, open) = (&self.names, &self.open);
        self.files
            .retain(|file, _| open.contains_key(file) || names.values().any(|kept| kept == file));
    }

    pub(crate) fn opened(&mut self, file: u64) {
        *self.open.entry(file).or_default() += 1;
    }

    pub(crate) fn closed(&mut self, file: u64) {
        if let Some(count) = self.open.get_mut(&file) {
            *count -= 1;
            if *count == 0 {
                self.open.remove(&file);
            }
        }
    }

    fn lose_names(&mut self, survival: Survival) {
        let count = self.pending_names.len() as u64;
        let kept = match survival {
            Survival::Nothing => 0,
            Survival::Everything => count,
            Survival::First(changes) => changes.min(count),
            Survival::Drawn => self.seed.keyed(self.ops, u64::MAX).below(count + 1),
        };
        let kept = usize::try_from(kept).unwrap_or(usize::MAX);
        for op in self.pending_names.drain(..).take(kept) {
            op.apply(&mut self.durable_names);
        }
        self.names.clone_from(&self.durable_names);
    }

    /// Appends as much as fits; whether that is all.
    pub(crate) fn append(&mut self, file: u64, octets: &[u8]) -> bool {
        let fits = match self.capacity {
            None => octets.len(),
            Some(capacity) => {
                let used: u64 = self
                    .names
                    .values()
                    .filter_map(|file| self.files.get(file))
                    .map(|image| image.cache.len() as u64)
                    .sum();
                let room = usize::try_from(capacity.saturating_sub(used)).unwrap_or(usize::MAX);
                octets.len().min(room)
            }
        };
        self.append_some(file, octets, fits);
        fits == octets.len()
    }

    /// Appends a drawn part.
    pub(crate) fn append_torn(&mut self, file: u64, octets: &[u8]) {
        let mut rng = self.seed.keyed(self.ops, file);
        let part = rng.below(octets.len() as u64 + 1);
        self.append_some(file, octets, usize::try_from(part).unwrap_or(0));
    }

    fn append_some(&mut self, file: u64, octets: &[u8], count: usize) {
        if let (Some(image), Some(part)) = (self.files.get_mut(&file), octets.get(..count)) {
            image.append(part);
        }
    }

    pub(crate) fn sync(&mut self, file: u64, fails: bool) {
        let mut rng = self.seed.keyed(self.ops, file);
        if let Some(image) = self.files.get_mut(&file) {
            if fails {
                image.fail_sync(&mut rng);
            } else if !self.forget_syncs {
                image.sync();
            }
        }
    }

    pub(crate) fn lock(&mut self, name: &str) -> bool {
        self.locks.insert(name.to_owned())
    }

    pub(crate) fn unlock(&mut self, name: &str) {
        self.locks.remove(name);
    }
}

impl DirOp {
    fn apply(&self, names: &mut BTreeMap<String, u64>) {
        match self {
            Self::Link(name, file) => {
                names.insert(name.clone(), *file);
            }
            Self::Rename(from, to) => {
                if let Some(file) = names.remove(from) {
                    names.insert(to.clone(), file);
                }
            }
            Self::Remove(name) => {
                names.remove(name);
            }
        }
    }
}

pub(crate) fn crashed() -> io::Error {
    io::Error::other(Crashed)
}

pub(crate) fn eio() -> io::Error {
    io::Error::other("input/output error (simulated)")
}
