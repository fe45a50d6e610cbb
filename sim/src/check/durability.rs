//! What an acknowledgement rests on (I2), and what a crash leaves (I16).

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use lessor_lease::{Change, Lease, Rows, State};
use lessor_types::{Holder, Unit, Wall};

use super::{Broken, Invariant, Verdict};
use crate::time::{Ns, SEC};

/// A client's right, as an ACK states it.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) unit: Unit,
    pub(crate) who: Holder,
    /// The lifetime in the ACK.
    pub(crate) life: u32,
    /// The server's wall clock.
    pub(crate) wall: Wall,
    /// How long ago the request arrived.
    pub(crate) age: Ns,
    /// Whether the server's clock has leapt so lately that dates mislead.
    pub(crate) leapt: bool,
}

impl Told {
    /// Whether a row keeps what the ACK says.
    pub(crate) fn is_kept_by(&self, row: &Lease) -> bool {
        if row.state != State::Assigned || !row.holder.same_client(&self.who) {
            return false;
        }
        if row.valid.is_infinite() || self.leapt {
            return true;
        }
        let left = row.expires.nanos_since(self.wall) + i128::from(self.age);
        let slack = i128::from(SEC) / 100;
        left + slack >= i128::from(self.life) * i128::from(SEC)
    }

    /// The failure, where `found` is what was found instead.
    pub(crate) fn broken(&self, place: &str, found: Option<&Arc<Lease>>) -> Broken {
        let found = found.map_or_else(|| "no row".to_owned(), |row| row.to_string());
        let what = format!(
            "{} was told to have {} for {} s, but {place} has \"{found}\"",
            self.who, self.unit, self.life
        );
        let broken = Broken::new(Invariant::DurableAck, what);
        match self.unit.v4() {
            Some(addr) => broken.addr(addr),
            None => broken,
        }
    }
}

/// What a log must hold, whatever happens: the fold of everything that was synced, and the changes
/// that may or may not be there.
#[derive(Debug, Default)]
pub(crate) struct Fold {
    durable: BTreeMap<Unit, Arc<Lease>>,
    doubtful: BTreeMap<Unit, Vec<Option<Arc<Lease>>>>,
    /// Whether nobody knows what will be found, since somebody else has changed the files.
    forgotten: bool,
}

impl Fold {
    /// The durable row of a unit.
    pub(crate) fn row(&self, unit: Unit) -> Option<&Arc<Lease>> {
        self.durable.get(&unit)
    }

    /// All durable rows.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Arc<Lease>> {
        self.durable.values()
    }

    /// How many changes may or may not be there.
    pub(crate) fn doubts(&self) -> usize {
        self.doubtful.len()
    }

    /// Changes were written.
    pub(crate) fn written(&mut self, changes: &[Change]) {
        for change in changes {
            let doubts = self.doubtful.entry(change.unit).or_default();
            doubts.push(change.to.clone());
        }
    }

    /// Changes were taken back, and that is as durable as everything before it.
    pub(crate) fn undone(&mut self, changes: &[Change]) {
        for change in changes {
            let Some(doubts) = self.doubtful.get_mut(&change.unit) else {
                continue;
            };
            if let Some(place) = doubts.iter().rposition(|doubt| *doubt == change.to) {
                doubts.remove(place);
            }
            if doubts.is_empty() {
                self.doubtful.remove(&change.unit);
            }
        }
    }

    /// Everything that was written is synced.
    pub(crate) fn synced(&mut self) {
        for (unit, mut doubts) in std::mem::take(&mut self.doubtful) {
            match doubts.pop().flatten() {
                Some(row) => self.durable.insert(unit, row),
                None => self.durable.remove(&unit),
            };
        }
    }

    /// Somebody else has changed the log.
    pub(crate) const fn forget(&mut self) {
        self.forgotten = true;
    }

    /// I16: the log was read; what it held counts from now on.
    pub(crate) fn recovered(&mut self, rows: &Rows) -> Verdict {
        let found: BTreeMap<Unit, Arc<Lease>> =
            rows.iter().map(|row| (row.unit, Arc::new(row))).collect();
        let units = self.durable.keys().chain(self.doubtful.keys()).chain(found.keys());
        let mut verdict = units.copied().try_for_each(|unit| self.judge(unit, found.get(&unit)));
        if std::mem::take(&mut self.forgotten) {
            verdict = Ok(());
        }
        self.durable = found;
        self.doubtful.clear();
        verdict
    }

    fn judge(&self, unit: Unit, found: Option<&Arc<Lease>>) -> Verdict {
        let durable = self.durable.get(&unit);
        let doubts = self.doubtful.get(&unit).map_or(&[][..], Vec::as_slice);
        if found == durable || doubts.iter().any(|doubt| doubt.as_ref() == found) {
            return Ok(());
        }
        let show =
            |row: Option<&Arc<Lease>>| row.map_or_else(|| "no row".to_owned(), |it| it.to_string());
        let what = format!(
            "recovered of {unit}: \"{}\"; durable was \"{}\", and {} changes were in doubt",
            show(found),
            show(durable),
            doubts.len()
        );
        Err(fold_broken(unit, what))
    }

    /// I16: rows in memory are what is durable.
    pub(crate) fn equals(&self, rows: impl Iterator<Item = Arc<Lease>>) -> Verdict {
        let memory: BTreeMap<Unit, Arc<Lease>> = rows.map(|row| (row.unit, row)).collect();
        for unit in self.durable.keys().chain(memory.keys()) {
            let (kept, has) = (self.durable.get(unit), memory.get(unit));
            if kept != has {
                let show = |row: Option<&Arc<Lease>>| {
                    row.map_or_else(|| "no row".to_owned(), |it| it.to_string())
                };
                let what = format!(
                    "the server has \"{}\" of {unit} where its store has \"{}\"",
                    show(has),
                    show(kept)
                );
                return Err(fold_broken(*unit, what));
            }
        }
        Ok(())
    }
}

fn fold_broken(unit: Unit, what: String) -> Broken {
    let broken = Broken::new(Invariant::RecoveredFold, what);
    match unit.v4() {
        Some(addr) => broken.addr(addr),
        None => broken,
    }
}

/// How long rows of a shared store that have been replaced are remembered.
const REMEMBERED: Ns = 15 * SEC;

/// Rows of a shared store that were there a moment ago: another server may have replaced them
/// between a commit and its answer.
#[derive(Debug, Default)]
pub(crate) struct Lately {
    rows: VecDeque<(Ns, Arc<Lease>)>,
}

impl Lately {
    /// A row is being replaced.
    pub(crate) fn replaced(&mut self, t: Ns, row: &Arc<Lease>) {
        while let Some((at, _)) = self.rows.front()
            && at + REMEMBERED < t
        {
            self.rows.pop_front();
        }
        self.rows.push_back((t, Arc::clone(row)));
    }

    /// The rows of a unit that were there within the time that an exchange may take.
    pub(crate) fn rows_of(&self, t: Ns, unit: Unit) -> impl Iterator<Item = &Arc<Lease>> {
        self.rows
            .iter()
            .filter(move |(at, row)| at + REMEMBERED >= t && row.unit == unit)
            .map(|(_, row)| row)
    }
}
