//! A file, line by line, through one buffer.

use std::io;

use lessor_env::files::FileHandle;

/// The longest line that is held, in octets. (A hole that a power cut left in a file reads as one
/// line, and may be of any length.)
pub const LINE_MAX: usize = 1 << 20;

const CHUNK: usize = 1 << 17;

/// The lines of a file, in order.
#[derive(Debug)]
pub struct Lines<H> {
    file: H,
    buffer: Vec<u8>,
    /// What of the buffer is read and not yet given out.
    start: usize,
    end: usize,
    /// Where in the file the buffer begins.
    base: u64,
    number: u64,
    /// How many octets of the line at `start` were thrown away because there were too many.
    skipped: u64,
}

/// Where a line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Its number; the first is 1.
    pub number: u64,
    /// Where in the file it begins, in octets.
    pub offset: u64,
    start: usize,
    stop: usize,
    /// How many octets of it were thrown away.
    skipped: u64,
}

impl<H: FileHandle> Lines<H> {
    /// The lines of `file`, from its beginning.
    #[must_use]
    pub const fn new(file: H) -> Self {
        Self { file, buffer: Vec::new(), start: 0, end: 0, base: 0, number: 0, skipped: 0 }
    }

    /// The next line that has a line end and (but for the first) is not empty; `None` when there is
    /// none.
    ///
    /// # Errors
    /// What the system says.
    pub fn advance(&mut self) -> io::Result<Option<Place>> {
        let mut searched = self.start;
        let stop = loop {
            let fresh = self.buffer.get(searched..self.end).unwrap_or(&[]);
            match fresh.iter().position(|octet| *octet == b'\n') {
                // An empty first line is given out, because no header is an error.
                Some(0) if searched == self.start && self.skipped == 0 && self.number > 0 => {
                    self.number += 1;
                    self.start += 1;
                    searched = self.start;
                }
                Some(place) => break searched + place,
                None => match self.fill()? {
                    Some(held) => searched = held,
                    None => return Ok(None),
                },
            }
        };
        self.number += 1;
        let place = Place {
            number: self.number,
            offset: self.base + self.start as u64 - self.skipped,
            start: self.start,
            stop,
            skipped: self.skipped,
        };
        self.start = stop + 1;
        self.skipped = 0;
        Ok(Some(place))
    }

    /// The line at the place that [`Lines::advance`] gave last: its octets without the line end;
    /// `None` for more than [`LINE_MAX`].
    #[must_use]
    pub fn octets(&self, place: Place) -> Option<&[u8]> {
        if place.skipped > 0 {
            return None;
        }
        self.buffer.get(place.start..place.stop)
    }

    /// The length of that line with its line end, in octets.
    #[must_use]
    pub const fn len_of(&self, place: Place) -> u64 {
        place.skipped + (place.stop - place.start) as u64 + 1
    }

    /// The number of the line that the tail would be.
    #[must_use]
    pub const fn tail_number(&self) -> u64 {
        self.number + 1
    }

    /// What follows the last line end, once there are no more lines: how much, and its beginning.
    #[must_use]
    pub fn tail(&self) -> (u64, &[u8]) {
        let held = self.buffer.get(self.start..self.end).unwrap_or(&[]);
        (self.skipped + held.len() as u64, held)
    }

    /// The file.
    pub const fn file(&mut self) -> &mut H {
        &mut self.file
    }

    /// Reads more behind what is held, and says how much that is; `None` at the end of the file.
    fn fill(&mut self) -> io::Result<Option<usize>> {
        if self.end - self.start > LINE_MAX {
            self.skipped += (self.end - self.start) as u64;
            self.start = self.end;
        }
        self.buffer.copy_within(self.start..self.end, 0);
        self.base += self.start as u64;
        self.end -= self.start;
        self.start = 0;
        let held = self.end;
        if self.buffer.len() < held + CHUNK {
            let mut larger = vec![0; held + CHUNK];
            if let (Some(to), Some(from)) = (larger.get_mut(..held), self.buffer.get(..held)) {
                to.copy_from_slice(from);
            }
            self.buffer = larger;
        }
        let offset = self.base + held as u64;
        let room = self.buffer.get_mut(held..).unwrap_or_default();
        let read = loop {
            match self.file.read_at(offset, room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.end += read;
        Ok((read > 0).then_some(held))
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    struct Octets(Vec<u8>, usize);

    impl FileHandle for Octets {
        fn append(&mut self, _: &[u8]) -> io::Result<()> {
            Ok(())
        }
        fn read_at(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.0.len());
            let len = (self.0.len() - start).min(into.len()).min(self.1);
            into[..len].copy_from_slice(&self.0[start..start + len]);
            Ok(len)
        }
        fn len(&self) -> io::Result<u64> {
            Ok(self.0.len() as u64)
        }
        fn truncate(&mut self, _: u64) -> io::Result<()> {
            Ok(())
        }
        fn sync_data(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Number, place and octets of a line.
    type Seen = (u64, u64, Option<Vec<u8>>);

    fn all(text: &[u8], at_once: usize) -> (Vec<Seen>, u64) {
        let mut lines = Lines::new(Octets(text.to_vec(), at_once));
        let mut seen = Vec::new();
        while let Some(place) = lines.advance().expect("memory does not fail") {
            let octets = lines.octets(place).map(<[u8]>::to_vec);
            seen.push((place.number, place.offset, octets));
        }
        (seen, lines.tail().0)
    }

    #[test]
    fn lines_are_the_same_however_little_is_read_at_once() {
        let text = b"a\n\nbcd\nef";
        let expected = (vec![(1, 0, Some(b"a".to_vec())), (3, 3, Some(b"bcd".to_vec()))], 2);
        for at_once in 1..12 {
            assert_eq!(all(text, at_once), expected, "{at_once}");
        }
    }

    #[test]
    fn a_line_without_measure_is_passed_over_without_holding_it() {
        let mut text = b"a\n".to_vec();
        text.resize(5 * LINE_MAX, 0);
        text.extend_from_slice(b"\nb\n");
        text.resize(text.len() + 3 * LINE_MAX, 0);
        let (seen, tail) = all(&text, usize::MAX);
        let end = 5 * LINE_MAX as u64;
        assert_eq!(
            seen,
            [(1, 0, Some(b"a".to_vec())), (2, 2, None), (3, end + 1, Some(b"b".to_vec()))]
        );
        assert_eq!(tail, 3 * LINE_MAX as u64);
    }
}
