//! What came of a run, as data.

use std::collections::BTreeMap;

use lessor_sim::check::Invariant;
use lessor_sim::field::Field;
use lessor_sim::schedule::FaultKind;
use lessor_sim::time::Ns;
use serde::{Deserialize, Serialize};

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breach {
    /// Which.
    pub invariant: Invariant,
    /// When, in nanoseconds of true time.
    pub at: Ns,
    /// What was seen.
    pub what: String,
}

/// What came of one seed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The seed.
    pub seed: u64,
    /// The hash of its history.
    pub hash: u64,
    /// How many entries the history has.
    pub entries: u64,
    /// How long it lasted, in milliseconds of simulated time.
    pub lasted_ms: u64,
    /// What did not hold.
    pub broken: Option<Breach>,
    /// How often each invariant was judged.
    pub judged: BTreeMap<String, u64>,
    /// Faults of each kind: injected, and with an effect.
    pub faults: BTreeMap<String, (u64, u64)>,
    /// Packets that clients sent.
    pub client_packets: u64,
    /// Kinds of faults that were drawn and cannot be done here.
    pub left_out: Vec<String>,
}

impl Verdict {
    /// What a field says in the end.
    #[must_use]
    pub fn of(field: &Field, lasted_ms: u64, left_out: &[&str]) -> Self {
        let coverage = field.coverage();
        let counts = coverage.injected.iter().zip(&coverage.took_effect);
        let faults =
            FaultKind::NAMES.iter().zip(counts).filter(|(_, (injected, _))| **injected > 0);
        let judged = Invariant::ALL.iter().zip(field.judged()).filter(|(_, count)| **count > 0);
        let broken = field.broken().map(|(at, broken)| Breach {
            invariant: broken.invariant,
            at: *at,
            what: broken.what.clone(),
        });
        Self {
            seed: field.schedule().seed,
            hash: field.history().hash(),
            entries: field.history().len(),
            lasted_ms,
            broken,
            judged: judged.map(|(it, count)| (it.name().to_owned(), *count)).collect(),
            faults: faults.map(|(name, (a, b))| ((*name).to_owned(), (*a, *b))).collect(),
            client_packets: field.client_packets(),
            left_out: left_out.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    /// Adds another one's counts.
    pub fn add(&mut self, other: &Self) {
        self.entries += other.entries;
        self.lasted_ms += other.lasted_ms;
        self.client_packets += other.client_packets;
        for (name, count) in &other.judged {
            *self.judged.entry(name.clone()).or_default() += count;
        }
        for (name, (injected, took_effect)) in &other.faults {
            let sum = self.faults.entry(name.clone()).or_default();
            *sum = (sum.0 + injected, sum.1 + took_effect);
        }
        for name in &other.left_out {
            if !self.left_out.contains(name) {
                self.left_out.push(name.clone());
            }
        }
    }
}
