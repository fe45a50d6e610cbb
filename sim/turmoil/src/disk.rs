//! Turmoil's file system as the lease file's directory. What was not synced is lost when the host
//! crashes, names included.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lessor_env::files::{FileHandle, Files};
use turmoil::fs::shim::std::fs::{self, File, OpenOptions};

/// The directory, whose own name is durable from the beginning.
const DIR: &str = "/";

/// The directory of the host that calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    /// Turmoil has no locks; these go with the tasks that hold them.
    locks: Arc<Mutex<BTreeSet<String>>>,
    open: Arc<Mutex<Open>>,
}

/// Which name each open file has now. Turmoil's handles stay with the name that they were opened
/// by, and those of an operating system with the file: so each call here opens the file anew.
#[derive(Debug, Default)]
struct Open {
    names: BTreeMap<u64, Option<String>>,
    count: u64,
}

/// One open file.
#[derive(Debug)]
pub(crate) struct OpenFile {
    number: u64,
    open: Arc<Mutex<Open>>,
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        lock(&self.open).names.remove(&self.number);
    }
}

impl OpenFile {
    fn file(&self) -> io::Result<File> {
        let name = lock(&self.open).names.get(&self.number).cloned().flatten();
        let name = name.ok_or_else(|| io::Error::other("the file has no name any more"))?;
        OpenOptions::new().read(true).append(true).open(path(&name))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A lock that is held.
#[derive(Debug)]
pub(crate) struct Lock {
    name: String,
    locks: Arc<Mutex<BTreeSet<String>>>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        lock(&self.locks).remove(&self.name);
    }
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(DIR).join(name)
}

impl Files for Disk {
    type File = OpenFile;
    type Lock = Lock;

    fn open(&self, name: &str) -> io::Result<OpenFile> {
        drop(OpenOptions::new().read(true).append(true).open(path(name))?);
        let mut open = lock(&self.open);
        open.count += 1;
        let number = open.count;
        open.names.insert(number, Some(name.to_owned()));
        Ok(OpenFile { number, open: Arc::clone(&self.open) })
    }

    fn create(&self, name: &str) -> io::Result<OpenFile> {
        drop(File::create(path(name))?);
        self.open(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        // What is written to a file and not synced is turmoil's by its name: it would become part
        // of the next file that has this name.
        if let Ok(replaced) = OpenOptions::new().read(true).append(true).open(path(to)) {
            let _ = replaced.sync_data();
        }
        fs::rename(path(from), path(to))?;
        for name in lock(&self.open).names.values_mut() {
            if name.as_deref() == Some(to) {
                *name = None;
            } else if name.as_deref() == Some(from) {
                *name = Some(to.to_owned());
            }
        }
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(path(name))?;
        let mut open = lock(&self.open);
        let gone = open.names.values_mut().filter(|it| it.as_deref() == Some(name));
        gone.for_each(|it| *it = None);
        Ok(())
    }

    fn exists(&self, name: &str) -> io::Result<bool> {
        Ok(fs::exists(path(name)))
    }

    fn sync_dir(&self) -> io::Result<()> {
        fs::sync_dir(DIR)
    }

    fn try_lock(&self, name: &str) -> io::Result<Option<Lock>> {
        let mut held = lock(&self.locks);
        let is_free = held.insert(name.to_owned());
        Ok(is_free.then(|| Lock { name: name.to_owned(), locks: Arc::clone(&self.locks) }))
    }

    fn display(&self, name: &str) -> String {
        path(name).display().to_string()
    }
}

impl FileHandle for OpenFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file()?.write_all(bytes)
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.file()?.read_at(into, offset)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.file()?.metadata()?.len())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file()?.set_len(len)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.file()?.sync_data()
    }
}
