//! A lease file, row by row, with what is wrong in it.

use std::fmt;
use std::io;

use lessor_env::files::{FileHandle, Files};

use crate::csv::{Column, Format, Row, RowError, Schema, Why};
use crate::error::{IoFailure, ReadError};
use crate::lines::{LINE_MAX, Lines};
use crate::seals::{Sealed, Seals};

/// Something in a lease file that is not as it should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The file, with its directory.
    pub file: String,
    /// The line; the first is 1.
    pub line: u64,
    /// What is wrong.
    pub trouble: Trouble,
}

/// What is wrong with a line.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Trouble {
    /// The row is passed over: as if it had never been written.
    Row(RowError),
    /// So many octets follow the last line end. They are dropped: nothing tells whether a row that
    /// has no end was to go on, and no such row was ever acknowledged.
    Torn(u64),
    /// The disk has changed more than a bit of what was written around there. The row is passed
    /// over: it may be another one, or say another thing, than was written.
    Damaged,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}: ", self.file, self.line)?;
        match &self.trouble {
            Trouble::Row(error) => error.fmt(f),
            Trouble::Torn(octets) => {
                write!(f, "{octets} octets without a line end were dropped")
            }
            Trouble::Damaged => f.write_str("what the disk holds there is not what was written"),
        }
    }
}

/// One thing in a lease file.
#[derive(Debug)]
pub enum Entry<'a> {
    /// A good row: what it says, its octets without the line end, and where they begin.
    Row(Row, &'a [u8], u64),
    /// A bad row, with its octets unless there are too many.
    Bad(Finding, Option<&'a [u8]>),
    /// A row that is not as it was written, with its octets unless there are too many.
    Damaged(Finding, Option<&'a [u8]>),
    /// The end of the file is torn. Nothing follows.
    Torn(Finding),
}

/// A lease file being read.
#[derive(Debug)]
pub struct Journal<H> {
    lines: Lines<Sealed<H>>,
    file: String,
    format: Option<Format>,
    bad: u32,
    bad_max: u32,
    torn: bool,
}

impl<H: FileHandle> Journal<H> {
    /// Opens the file `name` under its seals and reads its first line; `None` where there is no such
    /// file.
    ///
    /// `bad_max` is how many rows may be bad; 0 for any number.
    ///
    /// # Errors
    /// [`ReadError`] where the system says so or the first line is wrong.
    pub fn open<F: Files<File = H>>(
        files: &F,
        name: &str,
        schema: &'static Schema,
        bad_max: u32,
        seals: &Seals,
    ) -> Result<Option<Self>, ReadError> {
        let file = match files.open(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(IoFailure::on(files, "open", name))?,
        };
        let mut lines = Lines::new(seals.over(file));
        let shown = files.display(name);
        let first = lines.advance().map_err(io_read(&shown))?;
        let format = match first {
            Some(place) => Some(schema.read_header(lines.octets(place).unwrap_or(&[]))),
            // Not one whole line: nothing yet, or the beginning of the first, or another file.
            None if schema.begins_header(lines.tail().1) => None,
            None => Some(schema.read_header(lines.tail().1)),
        };
        let format =
            format.transpose().map_err(|why| ReadError::Header { file: shown.clone(), why })?;
        Ok(Some(Self { lines, file: shown, format, bad: 0, bad_max, torn: false }))
    }

    /// What the first line said; `None` where there is no first line.
    #[must_use]
    pub const fn format(&self) -> Option<Format> {
        self.format
    }

    /// How many rows were bad so far.
    #[must_use]
    pub const fn bad(&self) -> u32 {
        self.bad
    }

    /// The file, for other uses than reading on.
    pub const fn file(&mut self) -> &mut Sealed<H> {
        self.lines.file()
    }

    /// The next entry; `None` at the end.
    ///
    /// # Errors
    /// [`ReadError`] where the system says so or too many rows are bad.
    pub fn next_entry(&mut self) -> Result<Option<Entry<'_>>, ReadError> {
        if self.torn {
            return Ok(None);
        }
        let Some(place) = self.lines.advance().map_err(io_read(&self.file))? else {
            self.torn = true;
            return Ok(self.torn_tail().map(Entry::Torn));
        };
        let len = self.lines.len_of(place);
        if self.lines.file().is_doubted(place.offset, len) {
            let trouble = Trouble::Damaged;
            let finding = Finding { file: self.file.clone(), line: place.number, trouble };
            return Ok(Some(Entry::Damaged(finding, self.lines.octets(place))));
        }
        let line = self.lines.octets(place);
        let decoded = match (line, self.format) {
            (Some(octets), Some(format)) => format.decode(octets).map(|row| (row, octets)),
            _ => Err(Column::Address.blame(Why::Long(LINE_MAX))),
        };
        let error = match decoded {
            Ok((row, octets)) => return Ok(Some(Entry::Row(row, octets, place.offset))),
            Err(error) => error,
        };
        let finding =
            Finding { file: self.file.clone(), line: place.number, trouble: Trouble::Row(error) };
        self.bad = self.bad.saturating_add(1);
        if self.bad_max > 0 && self.bad > self.bad_max {
            return Err(ReadError::TooManyBadRows { allowed: self.bad_max, last: finding });
        }
        Ok(Some(Entry::Bad(finding, line)))
    }

    /// The row at a place that an entry had, read once more.
    ///
    /// # Errors
    /// [`ReadError`] where it is no longer there.
    pub fn reread(&mut self, offset: u64, octets: &mut [u8]) -> Result<Row, ReadError> {
        let mut done = 0;
        while let Some(rest) = octets.get_mut(done..)
            && !rest.is_empty()
        {
            let read = self.lines.file().read_at(offset + done as u64, rest);
            match read.map_err(io_read(&self.file))? {
                0 => break,
                read => done += read,
            }
        }
        let row = self.format.and_then(|format| format.decode(octets).ok());
        row.ok_or_else(|| io_read(&self.file)(io::ErrorKind::InvalidData.into()).into())
    }

    fn torn_tail(&self) -> Option<Finding> {
        let (octets, _) = self.lines.tail();
        (octets > 0).then(|| Finding {
            file: self.file.clone(),
            line: self.lines.tail_number(),
            trouble: Trouble::Torn(octets),
        })
    }
}

fn io_read(file: &str) -> impl FnOnce(io::Error) -> IoFailure {
    move |source| IoFailure { what: "read", file: file.to_owned(), source }
}
