//! The disk as a store holds it: `lessor_env::files::Files` and its handles.

use std::io;

use lessor_env::files::{FileHandle, Files, Stamp};

use crate::disk::{Fate, SimDisk, State, crashed, eio};
use crate::{Kind, Op};

/// An open file of a [`SimDisk`]. Dead once the disk has crashed.
#[derive(Debug)]
pub struct SimFile {
    disk: SimDisk,
    file: u64,
    life: u64,
}

impl Drop for SimFile {
    fn drop(&mut self) {
        let mut state = self.disk.0.borrow_mut();
        if state.life == self.life {
            state.closed(self.file);
        }
    }
}

/// An advisory lock on a [`SimDisk`].
#[derive(Debug)]
pub struct SimLock {
    disk: SimDisk,
    name: String,
    life: u64,
}

impl Drop for SimLock {
    fn drop(&mut self) {
        let mut state = self.disk.0.borrow_mut();
        if state.life == self.life {
            state.unlock(&self.name);
        }
    }
}

/// Runs a change of names; one that fails by order changes nothing.
fn change<T>(disk: &SimDisk, op: Op, make: impl FnOnce(&mut State) -> T) -> io::Result<T> {
    let mut state = disk.0.borrow_mut();
    match state.begin(op)? {
        Fate::Fails => Err(eio()),
        Fate::Works => Ok(make(&mut state)),
        Fate::Cut => {
            make(&mut state);
            Err(crashed())
        }
    }
}

impl SimDisk {
    fn handle(&self, file: u64) -> SimFile {
        let mut state = self.0.borrow_mut();
        state.opened(file);
        SimFile { disk: self.clone(), file, life: state.life }
    }

    fn check_name(&self, name: &str) -> io::Result<()> {
        match self.0.borrow().file(name) {
            Some(_) => Ok(()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl Files for SimDisk {
    type File = SimFile;
    type Lock = SimLock;

    fn open(&self, name: &str) -> io::Result<SimFile> {
        self.0.borrow_mut().begin_read(Kind::Open)?;
        let file = self.0.borrow().file(name);
        Ok(self.handle(file.ok_or(io::ErrorKind::NotFound)?))
    }

    fn create(&self, name: &str) -> io::Result<SimFile> {
        let file = change(self, Op::Create(name.to_owned()), |state| state.create(name))?;
        Ok(self.handle(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.check_name(from)?;
        let op = Op::Rename(from.to_owned(), to.to_owned());
        change(self, op, |state| state.rename(from, to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.check_name(name)?;
        change(self, Op::Remove(name.to_owned()), |state| state.remove(name))
    }

    fn exists(&self, name: &str) -> io::Result<bool> {
        let mut state = self.0.borrow_mut();
        state.begin_read(Kind::Open)?;
        Ok(state.file(name).is_some())
    }

    fn sync_dir(&self) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        match state.begin(Op::SyncDir)? {
            Fate::Works => state.sync_names(),
            Fate::Cut => return Err(crashed()),
            Fate::Fails => return Err(eio()),
        }
        Ok(())
    }

    fn try_lock(&self, name: &str) -> io::Result<Option<SimLock>> {
        let mut state = self.0.borrow_mut();
        state.begin_read(Kind::Open)?;
        let life = state.life;
        Ok(state.lock(name).then(|| SimLock { disk: self.clone(), name: name.to_owned(), life }))
    }

    fn display(&self, name: &str) -> String {
        name.to_owned()
    }
}

impl SimFile {
    fn change<T>(
        &self,
        op: impl FnOnce(String) -> Op,
        make: impl FnOnce(&mut State, Fate) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut state = self.disk.0.borrow_mut();
        if state.life != self.life {
            return Err(crashed());
        }
        let op = op(state.name_of(self.file));
        let fate = state.begin(op)?;
        let made = make(&mut state, fate)?;
        match fate {
            Fate::Works => Ok(made),
            Fate::Cut => Err(crashed()),
            Fate::Fails => Err(eio()),
        }
    }

    fn look<T>(&self, kind: Kind, at: impl FnOnce(&[u8]) -> T) -> io::Result<T> {
        let mut state = self.disk.0.borrow_mut();
        if state.life != self.life {
            return Err(crashed());
        }
        state.begin_read(kind)?;
        let image = state.files.get(&self.file);
        Ok(at(image.map_or(&[], |image| &image.cache)))
    }
}

impl FileHandle for SimFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let op = |name| Op::Append(name, bytes.len());
        self.change(op, |state, fate| {
            if fate == Fate::Fails {
                state.append_torn(self.file, bytes);
            } else if !state.append(self.file, bytes) && fate == Fate::Works {
                return Err(io::ErrorKind::StorageFull.into());
            }
            Ok(())
        })
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.look(Kind::Read, |cache| {
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            let rest = cache.get(start..).unwrap_or(&[]);
            let count = rest.len().min(into.len());
            if let (Some(from), Some(to)) = (rest.get(..count), into.get_mut(..count)) {
                to.copy_from_slice(from);
            }
            count
        })
    }

    fn len(&self) -> io::Result<u64> {
        self.look(Kind::Open, |cache| cache.len() as u64)
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        let op = |name| Op::Truncate(name, len);
        self.change(op, |state, fate| {
            if fate != Fate::Fails
                && let Some(image) = state.files.get_mut(&self.file)
            {
                image.truncate(usize::try_from(len).unwrap_or(usize::MAX));
            }
            Ok(())
        })
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.change(Op::Sync, |state, fate| {
            // Cut short, it leaves everything to the draw at the crash.
            if fate != Fate::Cut {
                state.sync(self.file, fate == Fate::Fails);
            }
            Ok(())
        })
    }

    fn stamp(&self) -> Option<Stamp> {
        let state = self.disk.0.borrow();
        let changed = state.files.get(&self.file)?.changes;
        Some(Stamp { number: self.file, born: self.file, changed })
    }
}

#[cfg(test)]
mod tests;
