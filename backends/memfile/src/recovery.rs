//! What the files say together, made durable before anybody trusts it.
//!
//! A row that can be read need not be on the disk: it may be a page that was never synced, or one
//! whose sync failed, which the kernel then calls clean and gives out until the power goes. So the
//! journal is copied, line by line, into a new file, and that file is synced and put in the place
//! of the old one. This also drops a torn end, brings an old version to the newest, and leaves
//! nothing to tell apart between a start, a start after a crash and a reopening after a failed
//! sync. The inputs of a compaction are synced as they are: they got their names only after a sync
//! that did not fail (Kea does not sync at all; what it wrote is as safe as this sync makes it).

use lessor_env::files::{FileHandle, Files};
use lessor_lease::Rows;
use lessor_types::Wall;

use crate::csv::{LEASES4, Row};
use crate::error::{IoFailure, OpenError};
use crate::journal::{Entry, Finding, Journal};
use crate::names::Names;
use crate::note::Noted;

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
}

/// Reads the files of `names` and leaves a journal to append to.
///
/// The caller holds both locks.
pub(crate) fn recover<F: Files>(
    files: &F,
    names: &Names,
    options: Options,
) -> Result<(Renewed<F::File>, Recovered), OpenError> {
    let mut fold = Fold::default();
    // Before anything is changed that it is about.
    fold.found.noted = Noted::read(files, names)?;
    let completed = Journal::open(files, &names.completed, &LEASES4, options.max_row_errors)?;
    let inputs = match completed {
        // It holds all that the other two hold, and one of them may be gone.
        Some(completed) => vec![(&names.completed, completed)],
        None => {
            let mut inputs = Vec::new();
            for name in [&names.previous, &names.copy] {
                let journal = Journal::open(files, name, &LEASES4, options.max_row_errors)?;
                inputs.extend(journal.map(|journal| (name, journal)));
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
        journal.file().sync_data().map_err(IoFailure::on(files, "sync", name))?;
    }
    let live = Journal::open(files, &names.live, &LEASES4, options.max_row_errors)?;
    let renewed = renew(files, names, live, &mut fold)?;
    let mut found = fold.found;
    found.noted.compare(found.newest);
    Ok((renewed, found))
}

/// Copies the live journal into a new one that takes its place, durably.
fn renew<F: Files>(
    files: &F,
    names: &Names,
    live: Option<Journal<F::File>>,
    fold: &mut Fold,
) -> Result<Renewed<F::File>, OpenError> {
    const CHUNK: usize = 1 << 18;
    let on = |what| IoFailure::on(files, what, &names.next);
    let mut next = files.create(&names.next).map_err(on("create"))?;
    let mut len = 0;
    let mut last = Vec::new();
    let mut row_at = None;
    let mut pending = LEASES4.header().into_bytes();
    if let Some(mut live) = live {
        let current = live.format().is_some_and(|format| format.is_current());
        while let Some(entry) = live.next_entry()? {
            if let Entry::Row(Row::Put(lease), _, at) = &entry {
                fold.found.noted.read_row(*at, lease);
            }
            let before = pending.len();
            copy(&entry, current, &mut pending);
            if pending.len() > before {
                row_at = Some(before);
            }
            fold.add(entry);
            if pending.len() >= CHUNK {
                keep_last(&mut last, &pending, &mut row_at);
                next.append(&pending).map_err(on("write"))?;
                len += pending.len() as u64;
                pending.clear();
            }
        }
    }
    keep_last(&mut last, &pending, &mut row_at);
    next.append(&pending).map_err(on("write"))?;
    len += pending.len() as u64;
    next.sync_data().map_err(on("sync"))?;
    files.rename(&names.next, &names.live).map_err(on("rename"))?;
    files.sync_dir().map_err(IoFailure::on(files, "sync the directory of", &names.live))?;
    Ok(Renewed { file: next, len, last })
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
        Entry::Torn(_) => None,
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
            Entry::Torn(finding) => finding,
        };
        if self.found.findings.len() < Recovered::FINDINGS_MAX {
            self.found.findings.push(finding);
        }
    }
}
