//! The simulated disk as the lease file's directory.
//!
//! madsim's own forgets nothing. This one belongs to the thread that everything runs on, and what
//! tasks hold of it are numbers, since tasks might go to other threads as far as madsim's types say.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;

use lessor_env::files::{FileHandle, Files, Stamp};
use lessor_sim::schedule::DiskCall;
use lessor_sim_disk::{Crash, Kind, SimDisk, SimFile, SimLock};
use lessor_types::Seed;

thread_local! {
    static SHELF: RefCell<Option<Shelf>> = const { RefCell::new(None) };
}

struct Shelf {
    disk: SimDisk,
    files: BTreeMap<u64, SimFile>,
    locks: BTreeMap<u64, SimLock>,
    count: u64,
}

fn with<T>(act: impl FnOnce(&mut Shelf) -> io::Result<T>) -> io::Result<T> {
    SHELF.with(|shelf| match shelf.borrow_mut().as_mut() {
        Some(shelf) => act(shelf),
        None => Err(io::Error::other("there is no disk on this thread")),
    })
}

fn with_file<T>(number: u64, act: impl FnOnce(&mut SimFile) -> io::Result<T>) -> io::Result<T> {
    with(|shelf| match shelf.files.get_mut(&number) {
        Some(file) => act(file),
        None => Err(io::Error::other("the file is not open")),
    })
}

/// Puts an empty disk in.
pub(crate) fn insert(seed: Seed) {
    let disk = SimDisk::new(seed);
    let shelf = Shelf { disk, files: BTreeMap::new(), locks: BTreeMap::new(), count: 0 };
    SHELF.with(|place| *place.borrow_mut() = Some(shelf));
}

/// The machine goes down, or the process alone.
pub(crate) fn crash(power: bool) {
    let _ = with(|shelf| {
        shelf.disk.crash(if power { Crash::DRAWN } else { Crash::Process });
        Ok(())
    });
}

/// The next call of this kind fails.
pub(crate) fn fail_next(call: DiskCall) {
    let kind = match call {
        DiskCall::Sync => Kind::Sync,
        DiskCall::Append => Kind::Append,
        DiskCall::Create => Kind::Create,
        DiskCall::Rename => Kind::Rename,
        DiskCall::SyncDir => Kind::SyncDir,
    };
    let _ = with(|shelf| {
        shelf.disk.fail_next(kind);
        Ok(())
    });
}

/// There is room for so many octets more, or for whatever comes.
pub(crate) fn fill(room: Option<u64>) {
    let _ = with(|shelf| {
        let disk = &shelf.disk;
        let used = |name: &String| disk.contents(name).map_or(0, |text| text.len() as u64);
        disk.set_capacity(room.map(|room| room + disk.names().iter().map(used).sum::<u64>()));
        Ok(())
    });
}

/// The server's directory.
#[derive(Clone, Debug)]
pub(crate) struct Disk;

/// An open file, by its number.
#[derive(Debug)]
pub(crate) struct OpenFile(u64);

/// A lock that is held, by its number.
#[derive(Debug)]
pub(crate) struct Lock(u64);

impl Drop for OpenFile {
    fn drop(&mut self) {
        let _ = with(|shelf| Ok(shelf.files.remove(&self.0)));
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = with(|shelf| Ok(shelf.locks.remove(&self.0)));
    }
}

fn keep(shelf: &mut Shelf, file: SimFile) -> OpenFile {
    // Nobody reads the trace.
    shelf.disk.clear_trace();
    shelf.count += 1;
    shelf.files.insert(shelf.count, file);
    OpenFile(shelf.count)
}

impl Files for Disk {
    type File = OpenFile;
    type Lock = Lock;

    fn open(&self, name: &str) -> io::Result<OpenFile> {
        with(|shelf| {
            let file = shelf.disk.open(name)?;
            Ok(keep(shelf, file))
        })
    }

    fn create(&self, name: &str) -> io::Result<OpenFile> {
        with(|shelf| {
            let file = shelf.disk.create(name)?;
            Ok(keep(shelf, file))
        })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        with(|shelf| shelf.disk.rename(from, to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        with(|shelf| shelf.disk.remove(name))
    }

    fn exists(&self, name: &str) -> io::Result<bool> {
        with(|shelf| shelf.disk.exists(name))
    }

    fn sync_dir(&self) -> io::Result<()> {
        with(|shelf| shelf.disk.sync_dir())
    }

    fn try_lock(&self, name: &str) -> io::Result<Option<Lock>> {
        with(|shelf| {
            let Some(lock) = shelf.disk.try_lock(name)? else {
                return Ok(None);
            };
            shelf.count += 1;
            shelf.locks.insert(shelf.count, lock);
            Ok(Some(Lock(shelf.count)))
        })
    }

    fn display(&self, name: &str) -> String {
        name.to_owned()
    }
}

impl FileHandle for OpenFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        with_file(self.0, |file| file.append(bytes))
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        with_file(self.0, |file| file.read_at(offset, into))
    }

    fn len(&self) -> io::Result<u64> {
        with_file(self.0, |file| file.len())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        with_file(self.0, |file| file.truncate(len))
    }

    fn sync_data(&mut self) -> io::Result<()> {
        with_file(self.0, FileHandle::sync_data)
    }

    fn stamp(&self) -> Option<Stamp> {
        with_file(self.0, |file| Ok(file.stamp())).ok().flatten()
    }
}
