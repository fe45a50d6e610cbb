//! The server's lease file, with somebody watching what becomes durable.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lessor_env::files::{FileHandle, Files, Stamp};
use lessor_lease::Change;
use lessor_memfile::csv::{LEASES4, Row};
use lessor_sim::planted::Bug;

use crate::engine::Engine;
use crate::ground::Ground;

/// The lease file's name.
pub const NAME: &str = "leases.csv";

/// A directory, and what is known of the files in it.
pub struct Watched<G: Engine> {
    engine: G,
    files: G::Files,
    ground: Ground,
    /// Which file each name names.
    names: Arc<Mutex<Names>>,
}

#[derive(Default)]
struct Names {
    by_name: BTreeMap<String, u64>,
    count: u64,
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
    engine: G,
    ground: Ground,
    names: Arc<Mutex<Names>>,
}

impl<G: Engine> Clone for Watched<G> {
    fn clone(&self) -> Self {
        Self {
            engine: self.engine.clone(),
            files: self.files.clone(),
            ground: self.ground.clone(),
            names: Arc::clone(&self.names),
        }
    }
}

impl<G: Engine> Watched<G> {
    /// The directory of one life of the server.
    #[must_use]
    pub fn new(engine: G, ground: Ground) -> Self {
        Self { files: engine.files(), engine, ground, names: Arc::default() }
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self, number: u64, file: <G::Files as Files>::File) -> WatchedFile<G> {
        WatchedFile {
            number,
            file,
            engine: self.engine.clone(),
            ground: self.ground.clone(),
            names: Arc::clone(&self.names),
        }
    }
}

impl<G: Engine> Files for Watched<G> {
    type File = WatchedFile<G>;
    type Lock = <G::Files as Files>::Lock;

    fn open(&self, name: &str) -> io::Result<Self::File> {
        let file = self.files.open(name)?;
        let mut names = self.names();
        let known = names.by_name.get(name).copied();
        let number = known.unwrap_or_else(|| names.fresh(name));
        Ok(self.watch(number, file))
    }

    fn create(&self, name: &str) -> io::Result<Self::File> {
        let file = self.files.create(name)?;
        let number = self.names().fresh(name);
        Ok(self.watch(number, file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.files.rename(from, to)?;
        let mut names = self.names();
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
        match self.ground.bug() {
            Some(Bug::NoDirectorySync) => Ok(()),
            _ => self.files.sync_dir(),
        }
    }

    fn try_lock(&self, name: &str) -> io::Result<Option<Self::Lock>> {
        self.files.try_lock(name)
    }

    fn display(&self, name: &str) -> String {
        self.files.display(name)
    }
}

impl<G: Engine> WatchedFile<G> {
    /// Whether it is what the lease file's name names.
    fn is_live(&self) -> bool {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.by_name.get(NAME) == Some(&self.number)
    }
}

impl<G: Engine> FileHandle for WatchedFile<G> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.append(bytes)?;
        if self.is_live() {
            let t = self.engine.true_time();
            self.ground.field().rows_written(t, changes(bytes));
        }
        Ok(())
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
        if self.ground.bug() != Some(Bug::NoSync) {
            self.file.sync_data()?;
        }
        if self.is_live() {
            let t = self.engine.true_time();
            self.ground.field().rows_synced(t);
        }
        Ok(())
    }

    fn stamp(&self) -> Option<Stamp> {
        self.file.stamp()
    }
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
