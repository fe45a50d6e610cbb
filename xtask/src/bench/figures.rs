//! Samples by part, measure and subject; medians and ratios; JSON and back.

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// What is better.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Better {
    More,
    Less,
}

impl Better {
    const fn name(self) -> &'static str {
        match self {
            Self::More => "more",
            Self::Less => "less",
        }
    }
}

/// Something that is measured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Measure {
    pub(crate) part: String,
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) better: Better,
}

/// The samples of one measure and one subject, in the order of the rounds.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Series {
    pub(crate) measure: Measure,
    pub(crate) subject: String,
    pub(crate) samples: Vec<f64>,
}

impl Series {
    /// The middle sample, or the mean of the two in the middle.
    pub(crate) fn median(&self) -> f64 {
        median(&self.samples)
    }

    /// The least and the greatest sample.
    pub(crate) fn spread(&self) -> (f64, f64) {
        let least = self.samples.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = self.samples.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (least, greatest)
    }
}

/// A quotient of medians, and how far quotients within a round lie apart.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Ratio {
    pub(crate) of_medians: f64,
    pub(crate) least: f64,
    pub(crate) greatest: f64,
}

impl Ratio {
    /// One series by another of the same run.
    pub(crate) fn of(one: &Series, other: &Series) -> Option<Self> {
        let by_round = one.samples.iter().zip(&other.samples).map(|(one, other)| one / other);
        let by_round: Vec<f64> = by_round.filter(|ratio| ratio.is_finite()).collect();
        let of_medians = one.median() / other.median();
        if by_round.is_empty() || !of_medians.is_finite() {
            return None;
        }
        let least = by_round.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = by_round.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Some(Self { of_medians, least, greatest })
    }
}

/// All that one run found.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Figures {
    /// The machine, in words.
    pub(crate) machine: String,
    pub(crate) series: Vec<Series>,
    /// What a reader of the figures has to know besides.
    pub(crate) notes: Vec<String>,
}

impl Figures {
    pub(crate) fn new(machine: &str) -> Self {
        Self { machine: machine.to_owned(), series: Vec::new(), notes: Vec::new() }
    }

    /// Adds a sample.
    pub(crate) fn add(&mut self, measure: &Measure, subject: &str, sample: f64) {
        let known = self
            .series
            .iter_mut()
            .find(|series| series.measure == *measure && series.subject == subject);
        match known {
            Some(series) => series.samples.push(sample),
            None => self.series.push(Series {
                measure: measure.clone(),
                subject: subject.to_owned(),
                samples: vec![sample],
            }),
        }
    }

    /// Says something that belongs to the figures, once.
    pub(crate) fn note(&mut self, text: String) {
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }

    pub(crate) fn get(&self, part: &str, name: &str, subject: &str) -> Option<&Series> {
        self.series.iter().find(|series| {
            series.measure.part == part && series.measure.name == name && series.subject == subject
        })
    }

    /// Of several subjects, the series with the best median.
    pub(crate) fn best(&self, part: &str, name: &str, subjects: &[&str]) -> Option<&Series> {
        let measured = subjects.iter().filter_map(|subject| self.get(part, name, subject));
        measured.reduce(|best, other| {
            let better = match best.measure.better {
                Better::More => other.median() > best.median(),
                Better::Less => other.median() < best.median(),
            };
            if better { other } else { best }
        })
    }

    /// For programs, and for the table later.
    pub(crate) fn to_json(&self) -> Value {
        let series: Vec<Value> = self
            .series
            .iter()
            .map(|series| {
                let (least, greatest) = series.spread();
                json!({
                    "part": series.measure.part,
                    "name": series.measure.name,
                    "unit": series.measure.unit,
                    "better": series.measure.better.name(),
                    "subject": series.subject,
                    "samples": series.samples,
                    "median": series.median(),
                    "least": least,
                    "greatest": greatest,
                })
            })
            .collect();
        let bars: Vec<Value> = super::bars::judge(self).iter().map(|bar| bar.to_json()).collect();
        json!({ "machine": self.machine, "notes": self.notes, "figures": series, "bars": bars })
    }

    /// What [`Figures::to_json`] made.
    pub(crate) fn from_json(told: &Value) -> Result<Self> {
        let machine = told["machine"].as_str().context("no `machine`")?;
        let mut figures = Self::new(machine);
        for note in told["notes"].as_array().into_iter().flatten() {
            figures.note(note.as_str().unwrap_or_default().to_owned());
        }
        for (at, told) in told["figures"].as_array().context("no `figures`")?.iter().enumerate() {
            let series = series(told).with_context(|| format!("figure {at}"))?;
            figures.series.push(series);
        }
        Ok(figures)
    }
}

fn series(told: &Value) -> Result<Series> {
    let text = |name: &str| {
        let text = told[name].as_str().with_context(|| format!("no `{name}`"))?;
        anyhow::Ok(text.to_owned())
    };
    let samples = told["samples"].as_array().context("no `samples`")?;
    Ok(Series {
        measure: Measure {
            part: text("part")?,
            name: text("name")?,
            unit: text("unit")?,
            better: if told["better"] == "more" { Better::More } else { Better::Less },
        },
        subject: text("subject")?,
        // JSON has no word for what is not a number, and says null.
        samples: samples.iter().map(|sample| sample.as_f64().unwrap_or(f64::NAN)).collect(),
    })
}

fn median(samples: &[f64]) -> f64 {
    let mut sorted: Vec<f64> = samples.iter().copied().filter(|it| !it.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.get(middle), middle.checked_sub(1).and_then(|before| sorted.get(before))) {
        (Some(high), Some(low)) if sorted.len().is_multiple_of(2) => f64::midpoint(*low, *high),
        (Some(middle), _) => *middle,
        (None, _) => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure() -> Measure {
        Measure {
            part: "cpu".to_owned(),
            name: "user".to_owned(),
            unit: "µs".to_owned(),
            better: Better::Less,
        }
    }

    #[test]
    fn medians_are_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, f64::NAN, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn ratios_are_of_medians_and_spread_by_round() {
        let mut figures = Figures::new("here");
        for (ours, theirs) in [(1.0, 10.0), (2.0, 10.0), (3.0, 6.0)] {
            figures.add(&measure(), "ours", ours);
            figures.add(&measure(), "theirs", theirs);
            figures.add(&measure(), "worse", theirs * 2.0);
        }
        let ours = figures.get("cpu", "user", "ours").expect("measured");
        let theirs = figures.best("cpu", "user", &["worse", "theirs", "absent"]).expect("measured");
        assert_eq!(theirs.subject, "theirs");
        let ratio = Ratio::of(ours, theirs).expect("numbers");
        assert_eq!(ratio, Ratio { of_medians: 0.2, least: 0.1, greatest: 0.5 });
    }

    #[test]
    fn figures_survive_json() {
        let mut figures = Figures::new("here");
        figures.add(&measure(), "ours", 1.25);
        figures.note("measured while others worked".to_owned());
        let read = Figures::from_json(&figures.to_json()).expect("our own");
        assert_eq!(read, figures);
    }
}
