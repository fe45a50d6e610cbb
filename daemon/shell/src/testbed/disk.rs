//! Files that are written down in the record, and whose syncs wait or fail when told to.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use lessor_env::files::{FileHandle, Files};

use super::{Record, Trace};

/// Real files behind a witness.
#[derive(Clone)]
pub(crate) struct Disk<F> {
    files: F,
    record: Record,
    opened: Arc<AtomicUsize>,
    /// How many of the next syncs fail.
    pub(crate) failing_syncs: Arc<AtomicUsize>,
    /// Syncs wait while this is so.
    pub(crate) held: Arc<AtomicBool>,
}

pub(crate) struct Handle<H> {
    file: H,
    number: usize,
    record: Record,
    failing_syncs: Arc<AtomicUsize>,
    held: Arc<AtomicBool>,
}

impl<F: Files> Disk<F> {
    pub(crate) fn new(files: F, record: Record) -> Self {
        Self {
            files,
            record,
            opened: Arc::default(),
            failing_syncs: Arc::default(),
            held: Arc::default(),
        }
    }

    fn handle(&self, file: F::File) -> Handle<F::File> {
        Handle {
            file,
            number: self.opened.fetch_add(1, Ordering::SeqCst),
            record: Arc::clone(&self.record),
            failing_syncs: Arc::clone(&self.failing_syncs),
            held: Arc::clone(&self.held),
        }
    }
}

impl<F: Files> Files for Disk<F> {
    type File = Handle<F::File>;
    type Lock = F::Lock;

    fn open(&self, name: &str) -> io::Result<Self::File> {
        self.files.open(name).map(|file| self.handle(file))
    }

    fn create(&self, name: &str) -> io::Result<Self::File> {
        let handle = self.files.create(name).map(|file| self.handle(file))?;
        if name.ends_with(".past.next") {
            // Notes are beside what is tested: they neither fail nor wait.
            return Ok(Handle { failing_syncs: Arc::default(), held: Arc::default(), ..handle });
        }
        Ok(handle)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.files.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.files.remove(name)
    }

    fn exists(&self, name: &str) -> io::Result<bool> {
        self.files.exists(name)
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.files.sync_dir()
    }

    fn try_lock(&self, name: &str) -> io::Result<Option<Self::Lock>> {
        self.files.try_lock(name)
    }

    fn display(&self, name: &str) -> String {
        self.files.display(name)
    }
}

impl<H: FileHandle> Handle<H> {
    fn note(&self, trace: Trace) {
        let mut record = self.record.lock().expect("nobody panics with it");
        record.push(trace);
    }
}

impl<H: FileHandle> FileHandle for Handle<H> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.append(bytes)?;
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.note(Trace::Appended(self.number, text));
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
        while self.held.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
        let one_less = |left: usize| left.checked_sub(1);
        let failing = &self.failing_syncs;
        if failing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok() {
            return Err(io::Error::other("planted"));
        }
        self.file.sync_data()?;
        self.note(Trace::Synced(self.number));
        Ok(())
    }
}
