//! Checksums beside a lease file, by which a bit that the disk changed is noticed.
//!
//! A lease file is Kea's and has no room for checksums. They are in a file of their own, in lines
//! of text: which file they are about, then for each run of octets its place and its CRC. They are
//! written after the rows are durable, and synced now and then: a run that has no seal is read as it
//! is.
//!
//! Names say little about which file a seal is about: files are replaced by renaming, Kea among
//! others does so. So seals name the file by its number and its date of birth ([`Stamp`]); where
//! there is no file of that kind they are about nothing.
//!
//! # Map
//! - `crc`: checksums, and which single bit explains a wrong one.
//! - `sealer`: writing them.
//! - `sealed`: reading a file under them.

mod crc;
mod sealed;
mod sealer;

use std::io;
use std::ops::Range;

use lessor_env::files::{FileHandle, Files, Stamp};

use crate::names::Names;

pub use sealed::{Mended, Sealed};
pub(crate) use sealer::{Runs, Sealer};

/// How many octets one seal is about at most.
const RUN_MAX: usize = 4096;
/// The most that is read of a file of seals: enough for a lease file of 500 GB.
const SEALS_MAX: u64 = 1 << 32;
const FIRST_WORD: &str = "lessor-seals-1";

/// A run of octets and its checksum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Seal {
    from: u64,
    len: usize,
    crc: u32,
}

impl Seal {
    const fn end(&self) -> u64 {
        self.from + self.len as u64
    }
}

/// One file of seals.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Book {
    of: Stamp,
    seals: Vec<Seal>,
    /// When nobody was to change the file any more: its length, and when it had been changed last.
    whole: Option<(u64, u64)>,
}

/// The seals around a lease file, before anything is changed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Seals {
    books: Vec<Book>,
}

impl Seals {
    /// Reads the seals that there are. What cannot be read seals nothing.
    pub(crate) fn read<F: Files>(files: &F, names: &Names) -> Self {
        let names = [&names.live_seals, &names.copy_seals, &names.previous_seals];
        let read = |name: &&String| read_book(files, name).ok().flatten();
        Self { books: names.iter().filter_map(read).collect() }
    }

    /// Puts a file under the seals that are about it.
    pub(crate) fn over<H: FileHandle>(&self, file: H) -> Sealed<H> {
        let book = file.stamp().and_then(|stamp| self.of(&stamp, file.len().ok()?));
        Sealed::new(file, book.unwrap_or_default())
    }

    fn of(&self, stamp: &Stamp, len: u64) -> Option<Vec<Seal>> {
        let book = self.books.iter().find(|book| book.of.is_same_file(stamp))?;
        // Whoever changed it since then meant to, and did not change the seals.
        let is_as_left = |(whole, changed)| len == whole && stamp.changed == changed;
        book.whole.is_none_or(is_as_left).then(|| book.seals.clone())
    }
}

/// The runs of the files around the lease file `name` in which a change would be noticed.
#[must_use]
pub fn sealed_runs<F: Files>(files: &F, name: &str) -> Vec<(String, Range<u64>)> {
    let names = Names::of(name);
    let seals = Seals::read(files, &names);
    let mut runs = Vec::new();
    for name in [names.live, names.copy, names.previous, names.completed] {
        if let Ok(file) = files.open(&name) {
            let file = seals.over(file);
            runs.extend(file.runs().map(|run| (name.clone(), run)));
        }
    }
    runs
}

fn read_book<F: Files>(files: &F, name: &str) -> io::Result<Option<Book>> {
    let mut file = match files.open(name) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let len = file.len()?.min(SEALS_MAX);
    let mut octets = vec![0; usize::try_from(len).unwrap_or(0)];
    let mut done = 0;
    while let Some(rest) = octets.get_mut(done..)
        && !rest.is_empty()
    {
        match file.read_at(done as u64, rest)? {
            0 => break,
            read => done += read,
        }
    }
    octets.truncate(done);
    Ok(parse(&octets))
}

/// A line of these words, with a checksum of its own.
fn write_line(words: std::fmt::Arguments<'_>, out: &mut Vec<u8>) {
    use std::io::Write as _;
    let begin = out.len();
    // A vector takes everything.
    let _ = write!(out, "{words}");
    let sum = crc::crc(out.get(begin..).unwrap_or_default());
    let _ = writeln!(out, " {sum:08x}");
}

fn read_line(line: &[u8]) -> Option<&str> {
    let (words, sum) = str::from_utf8(line).ok()?.rsplit_once(' ')?;
    let sum = u32::from_str_radix(sum, 16).ok()?;
    (sum == crc::crc(words.as_bytes())).then_some(words)
}

/// What a file of seals says. Lines that are damaged say nothing, but the first one has to be
/// right.
fn parse(octets: &[u8]) -> Option<Book> {
    let mut lines = octets.split_inclusive(|octet| *octet == b'\n');
    let mut words = || lines.next().map(|line| line.strip_suffix(b"\n").and_then(read_line));
    let first = words()??;
    let [FIRST_WORD, number, born] = first.split(' ').collect::<Vec<_>>()[..] else {
        return None;
    };
    let of = Stamp { number: number.parse().ok()?, born: born.parse().ok()?, changed: 0 };
    let mut book = Book { of, seals: Vec::new(), whole: None };
    while let Some(line) = words() {
        let Some(line) = line else {
            continue;
        };
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["whole", len, changed] => {
                book.whole = Some((len.parse().ok()?, changed.parse().ok()?))
            }
            [from, len, crc] => {
                let crc = u32::from_str_radix(crc, 16).ok()?;
                let seal = Seal { from: from.parse().ok()?, len: len.parse().ok()?, crc };
                let behind = book.seals.last().is_none_or(|last| last.end() <= seal.from);
                if behind && (1..=RUN_MAX).contains(&seal.len) && seal.from < u64::MAX / 2 {
                    book.seals.push(seal);
                }
            }
            // Of a later version.
            _ => {}
        }
    }
    Some(book)
}

#[cfg(test)]
mod tests;
