//! The server's lease file, with somebody watching what becomes durable, and faults where the
//! engine's disk has none.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lessor_env::files::{FileHandle, Files, Stamp};
use lessor_lease::{Change, Rows};
use lessor_memfile::csv::{LEASES4, Row};
use lessor_memfile::{Memfile, Options};
use lessor_sim::planted::Bug;
use lessor_sim::schedule::DiskCall;
use lessor_sim_disk::SimDisk;
use lessor_types::{Mono, Seed};

use crate::engine::Engine;
use crate::world::World;

/// The lease file's name.
pub const NAME: &str = "leases.csv";

/// A directory, and what is known of the files in it.
pub struct Watched<G: Engine> {
    world: World<G>,
    files: G::Files,
    /// Which file each name names.
    names: Arc<Mutex<Names>>,
}

#[derive(Default)]
struct Names {
    by_name: BTreeMap<String, u64>,
    count: u64,
    /// When the server said what the note is that has its name and is not durable yet.
    noted: Option<Mono>,
    /// That of a note that has no name yet.
    written: Option<Mono>,
}

impl Names {
    fn fresh(&mut self, name: &str) -> u64 {
        self.count += 1;
        self.by_name.insert(name.to_owned(), self.count);
        self.count
    }
}

/// One open file.
pub struct WatchedFile<G: Engine> {
    number: u64,
    file: <G::Files as Files>::File,
    world: World<G>,
    names: Arc<Mutex<Names>>,
}

impl<G: Engine> Clone for Watched<G> {
    fn clone(&self) -> Self {
        Self {
            world: self.world.clone(),
            files: self.files.clone(),
            names: Arc::clone(&self.names),
        }
    }
}

impl<G: Engine> Watched<G> {
    /// A result, with an eye on failures.
    fn seen<T>(&self, result: io::Result<T>) -> io::Result<T> {
        seen(&self.world, result)
    }

    /// An error, if a call of this kind is to fail.
    fn fault(&self, call: DiskCall) -> io::Result<()> {
        if self.world.ground.fails(call) { Err(failed()) } else { Ok(()) }
    }

    /// The leases that the files hold, as a server that starts would read them.
    #[must_use]
    pub fn rows(&self) -> Option<Rows> {
        let names = lessor_memfile::Names::of(NAME);
        let copy = SimDisk::new(Seed(0));
        let all = [names.live, names.copy, names.previous, names.completed, names.next];
        for name in all {
            if self.files.exists(&name).unwrap_or(false) {
                copy.place(&name, &whole(&self.files, &name)?);
            }
        }
        let (_, recovered) = Memfile::open(copy, NAME, Options::default()).ok()?;
        Some(recovered.leases)
    }

    /// The directory of one life of the server.
    #[must_use]
    pub fn new(world: World<G>) -> Self {
        Self { files: world.engine.files(), world, names: Arc::default() }
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self, number: u64, file: <G::Files as Files>::File) -> WatchedFile<G> {
        WatchedFile { number, file, world: self.world.clone(), names: Arc::clone(&self.names) }
    }
}

impl<G: Engine> Files for Watched<G> {
    type File = WatchedFile<G>;
    type Lock = <G::Files as Files>::Lock;

    fn open(&self, name: &str) -> io::Result<Self::File> {
        let file = self.seen(self.files.open(name))?;
        let mut names = self.names();
        let known = names.by_name.get(name).copied();
        let number = known.unwrap_or_else(|| names.fresh(name));
        Ok(self.watch(number, file))
    }

    fn create(&self, name: &str) -> io::Result<Self::File> {
        let file =
            self.seen(self.fault(DiskCall::Create).and_then(|()| self.files.create(name)))?;
        let number = self.names().fresh(name);
        Ok(self.watch(number, file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let renamed = self.fault(DiskCall::Rename).and_then(|()| self.files.rename(from, to));
        self.seen(renamed)?;
        let mut names = self.names();
        if to == lessor_memfile::Names::of(NAME).past {
            names.noted = names.written.take();
        }
        if let Some(number) = names.by_name.remove(from) {
            names.by_name.insert(to.to_owned(), number);
        }
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.files.remove(name)?;
        self.names().by_name.remove(name);
        Ok(())
    }

    fn exists(&self, name: &str) -> io::Result<bool> {
        self.files.exists(name)
    }

    fn sync_dir(&self) -> io::Result<()> {
        if let Err(why) = self.fault(DiskCall::SyncDir) {
            // It may be done all the same. Left undone, it would be more than an engine can tell
            // that knows files by their names: `create` is next, of a name that is renamed already.
            let _ = self.files.sync_dir();
            return self.seen(Err(why));
        }
        if self.world.ground.bug() != Some(Bug::NoDirectorySync) {
            self.seen(self.files.sync_dir())?;
        }
        if let Some(noted) = self.names().noted.take() {
            self.world.ground.field().noted(noted);
        }
        Ok(())
    }

    fn try_lock(&self, name: &str) -> io::Result<Option<Self::Lock>> {
        self.files.try_lock(name)
    }

    fn display(&self, name: &str) -> String {
        self.files.display(name)
    }
}

impl<G: Engine> WatchedFile<G> {
    /// Writes what fits and does not fail.
    fn append_some(&mut self, bytes: &[u8]) -> io::Result<()> {
        let fails = self.world.ground.fails(DiskCall::Append);
        let wanted = if fails { bytes.len() / 2 } else { bytes.len() };
        let some = self.world.ground.takes(wanted);
        self.file.append(bytes.get(..some).unwrap_or(bytes))?;
        if fails {
            Err(failed())
        } else if some < bytes.len() {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    }

    /// Whether it is what the lease file's name names.
    fn is_live(&self) -> bool {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.by_name.get(NAME) == Some(&self.number)
    }
}

impl<G: Engine> FileHandle for WatchedFile<G> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let appended = self.append_some(bytes);
        let appended = seen(&self.world, appended);
        let t = self.world.true_time();
        if self.is_live() {
            let mut field = self.world.ground.field();
            match &appended {
                Ok(()) => field.rows_written(t, changes(bytes)),
                Err(_) => field.rows_failed(t, changes(bytes)),
            }
        } else if let Some(noted) = noted_at(bytes) {
            let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            names.written = Some(noted);
        }
        appended
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(offset, into)
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file.truncate(len)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        if self.world.ground.fails(DiskCall::Sync) {
            return seen(&self.world, Err(failed()));
        }
        if self.world.ground.bug() != Some(Bug::NoSync) {
            seen(&self.world, self.file.sync_data())?;
        }
        if self.is_live() {
            let t = self.world.true_time();
            self.world.ground.field().rows_synced(t);
        }
        Ok(())
    }

    fn stamp(&self) -> Option<Stamp> {
        self.file.stamp()
    }
}

fn failed() -> io::Error {
    io::Error::other("input/output error (simulated)")
}

fn seen<G: Engine, T>(world: &World<G>, result: io::Result<T>) -> io::Result<T> {
    if let Err(why) = &result
        && why.kind() != io::ErrorKind::NotFound
    {
        world.ground.field().disk_failed(world.true_time());
    }
    result
}

fn whole<F: Files>(files: &F, name: &str) -> Option<Vec<u8>> {
    let mut file = files.open(name).ok()?;
    let mut octets = vec![0; usize::try_from(file.len().ok()?).ok()?];
    let mut done = 0;
    while let Some(rest) = octets.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read_at(done as u64, rest).ok()? {
            0 => break,
            read => done += read,
        }
    }
    octets.truncate(done);
    Some(octets)
}

/// What the server's clock showed when it said what is in a note; none if this is no note. It says
/// so behind the machine's start, which is each start here.
fn noted_at(text: &[u8]) -> Option<Mono> {
    let text = str::from_utf8(text).ok().filter(|text| text.starts_with("lessor-past "))?;
    let boot = text.lines().find_map(|line| line.strip_prefix("boot "))?;
    let (_, nanos) = boot.split_once(' ')?;
    Some(Mono::from_nanos(nanos.parse().ok()?))
}

/// What rows say.
fn changes(text: &[u8]) -> Vec<Change> {
    let format = LEASES4.current();
    let lines = text.split(|octet| *octet == b'\n').filter(|line| !line.is_empty());
    let rows = lines.filter_map(|line| format.decode(line).ok());
    rows.map(|row| {
        let unit = row.unit();
        let to = if let Row::Put(lease) = row { Some(lease) } else { None };
        Change { unit, from: None, to }
    })
    .collect()
}
