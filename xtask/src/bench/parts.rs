//! What is measured, part by part. Within a round, every subject has its turn: what drifts on the
//! machine drifts for all.

use std::fmt;

use anyhow::{Result, bail};

use super::Settings;
use super::bed::Bed;
use super::figures::{Better, Figures, Measure};
use super::subject::Subject;

pub(crate) mod agreement;
pub(crate) mod cpu;
pub(crate) mod fill;
pub(crate) mod million;
pub(crate) mod rate;
pub(crate) mod reload;

/// One part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    Rate,
    Cpu,
    Million,
    Reload,
    Fill,
    Agreement,
}

impl Part {
    pub(crate) const ALL: [Self; 6] =
        [Self::Rate, Self::Cpu, Self::Million, Self::Reload, Self::Fill, Self::Agreement];

    const fn name(self) -> &'static str {
        match self {
            Self::Rate => rate::PART,
            Self::Cpu => cpu::PART,
            Self::Million => million::PART,
            Self::Reload => reload::PART,
            Self::Fill => fill::PART,
            Self::Agreement => agreement::PART,
        }
    }

    pub(crate) fn named(name: &str) -> Result<Self> {
        match Self::ALL.iter().find(|part| part.name() == name) {
            Some(part) => Ok(*part),
            None => bail!("`{name}` is none of {}", Self::ALL.map(Self::name).join(", ")),
        }
    }

    /// What it measures, for who waits.
    pub(crate) const fn about(self) -> &'static str {
        match self {
            Self::Rate => "the highest rate at which at most 0.1 % of exchanges are lost",
            Self::Cpu => "processor time and latency at one rate for all",
            Self::Million => "start and memory with a million leases",
            Self::Reload => "reload of 10,000 subnets under questions",
            Self::Fill => "offers from a pool that is more or less full",
            Self::Agreement => "perfdhcp and lessor-load on the same server",
        }
    }

    pub(crate) fn measure(self, bed: &Bed, settings: &Settings, to: &mut Figures) -> Result<()> {
        match self {
            Self::Rate => rate::measure(bed, settings, to),
            Self::Cpu => cpu::measure(bed, settings, to),
            Self::Million => million::measure(bed, settings, to),
            Self::Reload => reload::measure(bed, settings, to),
            Self::Fill => fill::measure(bed, settings, to),
            Self::Agreement => agreement::measure(bed, settings, to),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Where samples of one part go.
struct Book<'f> {
    part: &'static str,
    figures: &'f mut Figures,
}

impl Book<'_> {
    fn less(&mut self, subject: &str, name: &str, unit: &str, sample: f64) {
        self.add(subject, name, unit, Better::Less, sample);
    }

    fn more(&mut self, subject: &str, name: &str, unit: &str, sample: f64) {
        self.add(subject, name, unit, Better::More, sample);
    }

    fn add(&mut self, subject: &str, name: &str, unit: &str, better: Better, sample: f64) {
        let (part, name, unit) = (self.part.to_owned(), name.to_owned(), unit.to_owned());
        self.figures.add(&Measure { part, name, unit, better }, subject, sample);
    }
}

/// Ours, and Kea in one mode of threading: for what Kea does with one thread in any.
fn pair(settings: &Settings) -> Vec<Subject> {
    let mut pair: Vec<Subject> = settings.subjects.clone();
    pair.retain(|subject| *subject != Subject::Null);
    if pair.contains(&Subject::Kea) {
        pair.retain(|subject| *subject != Subject::KeaThreads);
    }
    pair
}
