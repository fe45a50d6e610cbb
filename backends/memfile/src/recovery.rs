//! What the files say together, made durable before anybody trusts it.
//!
//! A row that can be read need not be on the disk: it may be a page that was never synced, or one
//! whose sync failed, which the kernel then calls clean and gives out until the power goes. So the
//! journal is copied, line by line, into a new file, and that file is synced and put in the place
//! of the old one. This also drops a torn end, brings an old version to the newest, and leaves
//! nothing to tell apart between a start, a start after a crash and a reopening after a failed
//! sync. The inputs of a compaction are synced as they are: they got their names only after a sync
//! that did not fail (Kea does not sync at all; what it wrote is as safe as this sync makes it).
//!
//! Rows that the disk has changed are not copied, so the files will not tell a second time that
//! leases are missing. That is noted before, and the lines are kept in a file beside.

use lessor_env::files::{FileHandle, Files};
use lessor_lease::Rows;
use lessor_types::Wall;

use crate::csv::{LEASES4, Row};
use crate::error::{IoFailure, OpenError};
use crate::journal::{Entry, Finding, Journal};
use crate::names::Names;
use crate::note::Noted;
use crate::seals::{Mended, Runs, Sealer, Seals};

/// How lease files are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// How many rows of one file may be bad before the file is refused; 0 for any number.
    pub max_row_errors: u32,
}

/// What the lease files held. All of it is on stable storage.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recovered {
    /// The leases.
    pub leases: Rows,
    /// What was wrong, in the order in which it was met; at most [`Recovered::FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// How many rows were read, removals and superseded ones among them.
    pub rows: u64,
    /// How many rows were passed over because they were bad.
    pub bad_rows: u64,
    /// How many rows were passed over because the disk had changed them.
    pub damaged_rows: u64,
    /// Bits that the disk had changed and that were put right; at most [`Recovered::FINDINGS_MAX`].
    pub mended: Vec<Mended>,
    /// The latest date that a row has.
    pub newest: Wall,
    /// What the server that had the files before noted of itself and of them.
    pub noted: Noted,
    /// Whether a compaction is due now: a file is of an old version, or an earlier compaction did
    /// not end.
    pub needs_compaction: bool,
}

impl Recovered {
    /// How many findings are told one by one.
    pub const FINDINGS_MAX: usize = 1000;
}

/// A journal to append to.
pub(crate) struct Renewed<H> {
    pub(crate) file: H,
    /// Its length in octets.
    pub(crate) len: u64,
    /// Its last line, with its end; nothing if there is only the first.
    pub(crate) last: Vec<u8>,
    /// What it holds, for its seals.
    pub(crate) runs: Runs,
}

/// Reads the files of `names` and leaves a journal to append to.
///
/// The caller holds both locks.
pub(crate) fn recover<F: Files>(
    files: &F,
    names: &Names,
    options: Options,
) -> Result<(Renewed<F::File>, Recovered), OpenError> {
    let seals = Seals::read(files, names);
    let open = |name: &str| Journal::open(files, name, &LEASES4, options.max_row_errors, &seals);
    let mut fold = Fold::default();
    // Before anything is changed that it is about.
    fold.found.noted = Noted::read(files, names, &seals)?;
    let inputs = match open(&names.completed)? {
        // It holds all that the other two hold, and one of them may be gone.
        Some(completed) => vec![(&names.completed, completed)],
        None => {
            let mut inputs = Vec::new();
            for name in [&names.previous, &names.copy] {
                inputs.extend(open(name)?.map(|journal| (name, journal)));
            }
            inputs
        }
    };
    for (name, mut journal) in inputs {
        fold.found.needs_compaction |= *name != names.previous;
        fold.found.needs_compaction |= journal.format().is_some_and(|format| !format.is_current());
        while let Some(entry) = journal.next_entry()? {
            fold.add(entry);
        }
        fold.mended(files, name, &mut journal);
        journal.file().sync_data().map_err(IoFailure::on(files, "sync", name))?;
        // Left as it is, it would have one more bit changed some day, or no compaction would take
        // it.
        if journal.file().is_damaged() || !journal.file().mended().is_empty() {
            drop(journal);
            let Renewed { file, runs, .. } =
                rewrite(files, names, (name, open(name)?), &mut fold, false)?;
            let seals = names.seals_of(name);
            Sealer::new(files, seals, &file, runs).close(&file);
        }
    }
    let live = open(&names.live)?;
    let renewed = rewrite(files, names, (&names.live, live), &mut fold, true)?;
    let mut found = fold.found;
    found.noted.compare(found.newest);
    Ok((renewed, found))
}

/// Copies a journal into a new one that takes its place, durably. `takes`: its rows were not taken
/// up before.
fn rewrite<F: Files>(
    files: &F,
    names: &Names,
    (name, journal): (&String, Option<Journal<F::File>>),
    fold: &mut Fold,
    takes: bool,
) -> Result<Renewed<F::File>, OpenError> {
    const CHUNK: usize = 1 << 18;
    let on = |what| IoFailure::on(files, what, &names.next);
    let mut next = files.create(&names.next).map_err(on("create"))?;
    let mut runs = Runs::default();
    let mut len = 0;
    let mut last = Vec::new();
    let mut row_at = None;
    let mut pending = LEASES4.header().into_bytes();
    let mut damaged = Vec::new();
    if let Some(mut journal) = journal {
        let current = journal.format().is_some_and(|format| format.is_current());
        while let Some(entry) = journal.next_entry()? {
            if let Entry::Row(Row::Put(lease), _, at) = &entry
                && takes
            {
                fold.found.noted.read_row(*at, lease);
            }
            if let Entry::Damaged(_, Some(octets)) = &entry {
                damaged.extend_from_slice(octets);
                damaged.push(b'\n');
            }
            let before = pending.len();
            copy(&entry, current, &mut pending);
            if pending.len() > before {
                row_at = Some(before);
            }
            if takes {
                fold.add(entry);
            }
            if pending.len() >= CHUNK {
                keep_last(&mut last, &pending, &mut row_at);
                next.append(&pending).map_err(on("write"))?;
                runs.add(&pending);
                len += pending.len() as u64;
                pending.clear();
            }
        }
        if takes {
            fold.mended(files, name, &mut journal);
        }
        if journal.file().is_damaged() {
            fold.found.noted.damaged(files, names)?;
            keep(files, names, &damaged)?;
        }
    }
    keep_last(&mut last, &pending, &mut row_at);
    next.append(&pending).map_err(on("write"))?;
    runs.add(&pending);
    len += pending.len() as u64;
    next.sync_data().map_err(on("sync"))?;
    files.rename(&names.next, name).map_err(on("rename"))?;
    files.sync_dir().map_err(IoFailure::on(files, "sync the directory of", &names.live))?;
    Ok(Renewed { file: next, len, last, runs })
}

/// Keeps lines that are not believed, for the operator to look at.
fn keep<F: Files>(files: &F, names: &Names, lines: &[u8]) -> Result<(), IoFailure> {
    let on = |what| IoFailure::on(files, what, &names.damaged);
    let file = match files.exists(&names.damaged).map_err(on("find"))? {
        true => files.open(&names.damaged),
        false => files.create(&names.damaged),
    };
    file.map_err(on("open"))?.append(lines).map_err(on("write"))
}

fn keep_last(last: &mut Vec<u8>, pending: &[u8], row_at: &mut Option<usize>) {
    if let Some(row) = row_at.take().and_then(|at| pending.get(at..)) {
        last.clear();
        last.extend_from_slice(row);
    }
}

/// Appends the line of an entry. Bad lines are kept for the operator to look at, until the next
/// compaction.
fn copy(entry: &Entry<'_>, current: bool, out: &mut Vec<u8>) {
    let octets = match entry {
        Entry::Row(_, octets, _) if current => Some(*octets),
        // A row that was read can be written; were it not so, its old text says more than nothing.
        Entry::Row(row, octets, _) => match row {
            Row::Put(lease) => LEASES4.encode(lease, out),
            Row::Remove(unit) => LEASES4.encode_removal(*unit, None, out),
        }
        .err()
        .map(|_| *octets),
        Entry::Bad(_, octets) => *octets,
        Entry::Torn(_) | Entry::Damaged(..) => None,
    };
    if let Some(octets) = octets {
        out.extend_from_slice(octets);
        out.push(b'\n');
    }
}

#[derive(Default)]
struct Fold {
    found: Recovered,
}

impl Fold {
    fn add(&mut self, entry: Entry<'_>) {
        let finding = match entry {
            Entry::Row(Row::Put(lease), ..) => {
                self.found.newest = self.found.newest.max(lease.confirmed());
                self.found.rows += 1;
                self.found.leases.put(&lease);
                return;
            }
            Entry::Row(Row::Remove(unit), ..) => {
                self.found.rows += 1;
                self.found.leases.remove(unit);
                return;
            }
            Entry::Bad(finding, _) => {
                self.found.bad_rows += 1;
                finding
            }
            Entry::Damaged(finding, _) => {
                self.found.damaged_rows += 1;
                finding
            }
            Entry::Torn(finding) => finding,
        };
        if self.found.findings.len() < Recovered::FINDINGS_MAX {
            self.found.findings.push(finding);
        }
    }

    fn mended<F: Files>(&mut self, files: &F, name: &str, journal: &mut Journal<F::File>) {
        let room = Recovered::FINDINGS_MAX.saturating_sub(self.found.mended.len());
        let octets = journal.file().mended().iter().take(room);
        let mended = octets.map(|octet| Mended { file: files.display(name), octet: *octet });
        self.found.mended.extend(mended);
    }
}
