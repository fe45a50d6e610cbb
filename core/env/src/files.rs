//! The directory and the files of a file store.
//!
//! The calls are the ones whose durability POSIX defines apart: data and directory entries reach
//! the disk only when [`FileHandle::sync_data`] and [`Files::sync_dir`] say so.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// One directory, and what a file store does in it. Names are plain file names.
pub trait Files {
    /// An open file.
    type File: FileHandle;
    /// Holds an advisory lock until it is dropped.
    type Lock;

    /// Opens a file that exists, for reading and appending.
    ///
    /// # Errors
    /// `NotFound` where there is none; else what the system says.
    fn open(&self, name: &str) -> io::Result<Self::File>;

    /// Creates a file, or empties the one that exists. Durable only after [`Files::sync_dir`].
    ///
    /// # Errors
    /// What the system says.
    fn create(&self, name: &str) -> io::Result<Self::File>;

    /// Renames over whatever `to` was. Durable only after [`Files::sync_dir`].
    ///
    /// # Errors
    /// What the system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a name. Durable only after [`Files::sync_dir`].
    ///
    /// # Errors
    /// What the system says.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Whether the name exists.
    ///
    /// # Errors
    /// What the system says when it cannot tell.
    fn exists(&self, name: &str) -> io::Result<bool>;

    /// Puts all creations, renames and removals so far on stable storage.
    ///
    /// # Errors
    /// What the system says; the directory is then to be distrusted.
    fn sync_dir(&self) -> io::Result<()>;

    /// Takes an exclusive advisory lock on a file of this name; `None` if somebody holds it.
    ///
    /// # Errors
    /// What the system says.
    fn try_lock(&self, name: &str) -> io::Result<Option<Self::Lock>>;

    /// How messages call the file: the full path, where there is one.
    fn display(&self, name: &str) -> String;
}

/// What tells a file from every other one that ever had its name, and from itself before a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamp {
    /// The file's number on its volume. Numbers come back when files are removed.
    pub number: u64,
    /// When the file was created, in nanoseconds since 1970.
    pub born: u64,
    /// When its text was last changed, in nanoseconds since 1970.
    pub changed: u64,
}

impl Stamp {
    /// Whether both are of one file, changed meanwhile or not.
    #[must_use]
    pub const fn is_same_file(&self, other: &Self) -> bool {
        self.number == other.number && self.born == other.born
    }
}

/// One open file.
pub trait FileHandle {
    /// Writes at the end. On an error any prefix of `bytes` may have been written.
    ///
    /// # Errors
    /// What the system says; `StorageFull` where the disk is.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Reads at an offset; 0 octets at the end of the file.
    ///
    /// # Errors
    /// What the system says.
    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize>;

    /// The length in octets.
    ///
    /// # Errors
    /// What the system says.
    fn len(&self) -> io::Result<u64>;

    /// Whether there are no octets.
    ///
    /// # Errors
    /// What the system says.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Cuts the file off.
    ///
    /// # Errors
    /// What the system says.
    fn truncate(&mut self, len: u64) -> io::Result<()>;

    /// Puts the file's data, and what is needed to find it, on stable storage.
    ///
    /// # Errors
    /// What the system says. After an error the pages may be clean and lost all the same: the
    /// caller must close the file, reopen it and read it again.
    fn sync_data(&mut self) -> io::Result<()>;

    /// What tells the file from others; `None` where that cannot be told (file systems that keep
    /// no date of birth).
    fn stamp(&self) -> Option<Stamp> {
        None
    }
}

/// A directory of the operating system.
#[derive(Clone, Debug)]
pub struct OsFiles {
    dir: PathBuf,
}

impl OsFiles {
    /// Files in `dir`, which should exist.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

impl Files for OsFiles {
    type File = OsFile;
    type Lock = File;

    fn open(&self, name: &str) -> io::Result<OsFile> {
        OpenOptions::new().read(true).append(true).open(self.path(name)).map(OsFile)
    }

    fn create(&self, name: &str) -> io::Result<OsFile> {
        // Append mode and truncation exclude each other in one call.
        drop(File::create(self.path(name))?);
        self.open(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }

    fn exists(&self, name: &str) -> io::Result<bool> {
        self.path(name).try_exists()
    }

    fn sync_dir(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }

    fn try_lock(&self, name: &str) -> io::Result<Option<File>> {
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).open(self.path(name))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn display(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }
}

/// A file of the operating system, opened for reading and appending.
#[derive(Debug)]
pub struct OsFile(File);

impl FileHandle for OsFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.0.seek(SeekFrom::Start(offset))?;
        self.0.read(into)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn stamp(&self) -> Option<Stamp> {
        let meta = self.0.metadata().ok()?;
        let nanos = |time: SystemTime| {
            let since = time.duration_since(UNIX_EPOCH).ok()?;
            u64::try_from(since.as_nanos()).ok()
        };
        Some(Stamp {
            number: meta.ino(),
            born: nanos(meta.created().ok()?)?,
            changed: nanos(meta.modified().ok()?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_refused_while_it_is_held() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let files = OsFiles::new(dir.path());
        let held = files.try_lock("x.lock")?;
        assert!(held.is_some());
        assert!(files.try_lock("x.lock")?.is_none());
        drop(held);
        assert!(files.try_lock("x.lock")?.is_some());
        Ok(())
    }

    #[test]
    fn append_goes_to_the_end_after_reads_and_truncation() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let files = OsFiles::new(dir.path());
        let mut file = files.create("x")?;
        file.append(b"hello world")?;
        let mut some = [0; 5];
        assert_eq!(file.read_at(0, &mut some)?, 5);
        file.truncate(5)?;
        file.append(b"!")?;
        let mut all = [0; 16];
        let read = file.read_at(0, &mut all)?;
        assert_eq!(&all[..read], b"hello!");
        assert_eq!(files.open("y").map(|_| ()).map_err(|e| e.kind()), Err(io::ErrorKind::NotFound));
        Ok(())
    }
}
