//! Reading a file under its seals.

use std::io;
use std::ops::Range;

use lessor_env::files::{FileHandle, Stamp};

use super::{Seal, crc};

/// A file that is read under seals. A single bit that changed in a run is put right as it is read;
/// a run that changed further is read as it is, and can be asked for.
#[derive(Debug)]
pub struct Sealed<H> {
    file: H,
    seals: Vec<Seal>,
    /// The run that was read last, put right.
    run: Vec<u8>,
    /// Where that one begins.
    held: Option<u64>,
    mended: Vec<u64>,
    doubted: Vec<Range<u64>>,
}

/// A bit that was put right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mended {
    /// The file, with its directory.
    pub file: String,
    /// The octet; the first is 0.
    pub octet: u64,
}

impl<H: FileHandle> Sealed<H> {
    pub(super) const fn new(file: H, seals: Vec<Seal>) -> Self {
        Self { file, seals, run: Vec::new(), held: None, mended: Vec::new(), doubted: Vec::new() }
    }

    /// A file without seals.
    #[must_use]
    pub const fn unsealed(file: H) -> Self {
        Self::new(file, Vec::new())
    }

    pub(super) fn runs(&self) -> impl Iterator<Item = Range<u64>> {
        self.seals.iter().map(|seal| seal.from..seal.end())
    }

    /// The octets that were put right so far.
    #[must_use]
    pub fn mended(&self) -> &[u64] {
        &self.mended
    }

    /// Whether anything that was read so far was not as it was written, and could not be put right.
    #[must_use]
    pub const fn is_damaged(&self) -> bool {
        !self.doubted.is_empty()
    }

    /// Whether so many octets from there on, which were read, are not to be believed.
    #[must_use]
    pub fn is_doubted(&self, from: u64, len: u64) -> bool {
        self.doubted.iter().any(|run| run.start < from + len && from < run.end)
    }

    /// Holds the run of a seal, put right if it can be.
    fn hold(&mut self, seal: Seal) -> io::Result<()> {
        if self.held == Some(seal.from) {
            return Ok(());
        }
        self.held = None;
        self.run.resize(seal.len, 0);
        let mut done = 0;
        while let Some(rest) = self.run.get_mut(done..)
            && !rest.is_empty()
        {
            match self.file.read_at(seal.from + done as u64, rest)? {
                0 => break,
                read => done += read,
            }
        }
        self.run.truncate(done);
        self.held = Some(seal.from);
        // A file that ends early has lost what was never synced, or a whole end: that shows in
        // other ways.
        if done < seal.len || crc::crc(&self.run) == seal.crc {
            return Ok(());
        }
        match crc::changed_bit(&self.run, seal.crc) {
            Some((place, bit)) => {
                if let Some(octet) = self.run.get_mut(place) {
                    *octet ^= bit;
                }
                let octet = seal.from + place as u64;
                if !self.mended.contains(&octet) {
                    self.mended.push(octet);
                }
            }
            None => {
                let run = seal.from..seal.end();
                if !self.doubted.contains(&run) {
                    self.doubted.push(run);
                }
            }
        }
        Ok(())
    }
}

impl<H: FileHandle> FileHandle for Sealed<H> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.append(bytes)
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let next = self.seals.partition_point(|seal| seal.end() <= offset);
        let Some(seal) = self.seals.get(next).copied() else {
            return self.file.read_at(offset, into);
        };
        if offset < seal.from {
            // Nothing seals what comes before it.
            let gap = usize::try_from(seal.from - offset).unwrap_or(usize::MAX);
            let count = into.len().min(gap);
            return self.file.read_at(offset, into.get_mut(..count).unwrap_or_default());
        }
        self.hold(seal)?;
        let from = usize::try_from(offset - seal.from).unwrap_or(usize::MAX);
        let held = self.run.get(from..).unwrap_or_default();
        let count = held.len().min(into.len());
        if let (Some(to), Some(from)) = (into.get_mut(..count), held.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file.truncate(len)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn stamp(&self) -> Option<Stamp> {
        self.file.stamp()
    }
}
