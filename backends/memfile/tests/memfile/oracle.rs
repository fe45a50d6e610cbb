//! What a lease file may say after what was answered.

use std::collections::BTreeMap;
use std::sync::Arc;

use lessor_lease::{Change, Lease, Outcome, Rows};
use lessor_types::Unit;

/// For each unit the values that may be found: one that was acknowledged, and those on their way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Oracle {
    units: BTreeMap<Unit, Vec<Option<Arc<Lease>>>>,
}

impl Oracle {
    /// The value of a unit, where only one is possible.
    pub(crate) fn certain(&self, unit: Unit) -> Option<Arc<Lease>> {
        match self.units.get(&unit).map(Vec::as_slice) {
            Some([value]) => value.clone(),
            _ => None,
        }
    }

    /// A batch goes to the store.
    pub(crate) fn begin(&mut self, batch: &[Change]) {
        for change in batch {
            let values = self.units.entry(change.unit).or_insert_with(|| vec![None]);
            values.push(change.to.clone());
        }
    }

    /// The store has answered.
    pub(crate) fn end(&mut self, batch: &[Change], outcomes: &[Outcome]) {
        assert_eq!(batch.len(), outcomes.len());
        for (change, outcome) in batch.iter().zip(outcomes) {
            let values = self.units.entry(change.unit).or_default();
            match outcome {
                Outcome::Done => *values = vec![change.to.clone()],
                Outcome::Refused(_) => {
                    values.pop();
                }
                Outcome::Unknown => {}
                Outcome::Conflict(_) => panic!("a log has no conflicts"),
            }
        }
    }

    /// Whether these rows may be found.
    pub(crate) fn check(&self, rows: &Rows) -> Result<(), String> {
        for row in rows.iter() {
            if !self.units.contains_key(&row.unit) {
                return Err(format!("nobody ever wrote {row}"));
            }
        }
        for (unit, values) in &self.units {
            let value = rows.row(*unit);
            if !values.contains(&value) {
                return Err(format!("{unit} is {value:?}\nbut may only be one of {values:?}"));
            }
        }
        Ok(())
    }

    /// These rows were found and told: from now on nothing else may be.
    pub(crate) fn settle(&mut self, rows: &Rows) {
        self.units =
            std::mem::take(&mut self.units).into_keys().map(|unit| (unit, vec![None])).collect();
        for row in rows.iter() {
            self.units.insert(row.unit, vec![Some(Arc::new(row))]);
        }
    }
}
