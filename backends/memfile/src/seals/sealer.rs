//! Writing seals.

use lessor_env::files::{FileHandle, Files};

use super::{FIRST_WORD, RUN_MAX, Seal, crc, write_line};

/// Seals what is appended to one file. A file that cannot be told from others is not sealed, nor
/// is the rest of one whose seals could not be written: leases do not depend on them.
#[derive(Debug)]
pub(crate) struct Sealer<H> {
    /// Where the seals go.
    to: Option<H>,
    /// How much of the sealed file is sealed.
    from: u64,
    /// What comes after that and is durable.
    open: Vec<u8>,
    /// What comes after that.
    fresh: Vec<u8>,
    text: Vec<u8>,
}

impl<H: FileHandle> Sealer<H> {
    /// Nothing is sealed.
    pub(crate) const fn none() -> Self {
        Self { to: None, from: 0, open: Vec::new(), fresh: Vec::new(), text: Vec::new() }
    }

    /// Seals of `file`, which so far holds `runs`, in a file called `name`.
    pub(crate) fn new<F: Files<File = H>>(files: &F, name: &str, file: &H, runs: Runs) -> Self {
        let mut sealer = Self::none();
        let Some(stamp) = file.stamp() else {
            return sealer;
        };
        sealer.to = files.create(name).ok();
        let first = format_args!("{FIRST_WORD} {} {}", stamp.number, stamp.born);
        write_line(first, &mut sealer.text);
        sealer.from = runs.from;
        sealer.open = runs.open;
        for seal in &runs.done {
            sealer.line(*seal);
        }
        sealer.seal_full();
        sealer
    }

    /// Octets were appended to the file.
    pub(crate) fn add(&mut self, octets: &[u8]) {
        if self.to.is_some() {
            self.fresh.extend_from_slice(octets);
        }
    }

    /// All that was added is durable: what is full is sealed.
    pub(crate) fn synced(&mut self) {
        self.open.append(&mut self.fresh);
        self.seal_full();
    }

    /// Whether there is something to be sealed.
    pub(crate) const fn is_behind(&self) -> bool {
        self.to.is_some() && !self.open.is_empty()
    }

    /// Seals as many full runs as there are.
    fn seal_full(&mut self) {
        if self.open.len() >= RUN_MAX {
            let open = std::mem::take(&mut self.open);
            let mut runs = open.chunks_exact(RUN_MAX);
            for run in runs.by_ref() {
                self.seal(run);
            }
            self.open.extend_from_slice(runs.remainder());
        }
        self.flush();
    }

    /// Seals everything that is durable.
    pub(crate) fn seal_all(&mut self) {
        if self.to.is_some() {
            let open = std::mem::take(&mut self.open);
            for run in open.chunks(RUN_MAX) {
                self.seal(run);
            }
        }
        self.flush();
    }

    /// Seals everything that is durable, and makes the seals durable.
    pub(crate) fn sync(&mut self) {
        self.seal_all();
        if self.to.as_mut().is_some_and(|to| to.sync_data().is_err()) {
            self.stop();
        }
    }

    /// Seals everything, and that nothing comes any more.
    pub(crate) fn close(&mut self, file: &H) {
        self.seal_all();
        if let Some(stamp) = file.stamp() {
            write_line(format_args!("whole {} {}", self.from, stamp.changed), &mut self.text);
            self.flush();
        }
        self.sync();
        self.stop();
    }

    fn stop(&mut self) {
        self.to = None;
        (self.open, self.fresh) = (Vec::new(), Vec::new());
    }

    fn seal(&mut self, run: &[u8]) {
        let seal = Seal { from: self.from, len: run.len(), crc: crc::crc(run) };
        self.from = seal.end();
        self.line(seal);
    }

    fn line(&mut self, Seal { from, len, crc }: Seal) {
        write_line(format_args!("{from} {len} {crc:08x}"), &mut self.text);
    }

    fn flush(&mut self) {
        if self.text.is_empty() {
            return;
        }
        // Half a line may have been written; nothing can follow it.
        if self.to.as_mut().is_some_and(|to| to.append(&self.text).is_err()) {
            self.stop();
        }
        self.text.clear();
    }
}

/// Runs of a file that is being written and has no seals yet.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    done: Vec<Seal>,
    from: u64,
    open: Vec<u8>,
}

impl Runs {
    /// Octets were appended.
    pub(crate) fn add(&mut self, octets: &[u8]) {
        self.open.extend_from_slice(octets);
        let full = self.open.len() / RUN_MAX * RUN_MAX;
        for run in self.open.get(..full).unwrap_or_default().chunks_exact(RUN_MAX) {
            let seal = Seal { from: self.from, len: run.len(), crc: crc::crc(run) };
            self.from = seal.end();
            self.done.push(seal);
        }
        self.open.drain(..full);
    }
}
